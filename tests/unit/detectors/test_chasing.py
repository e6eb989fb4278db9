"""When has nobody signed for a warning, so that those above must hear of it?"""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.chasing import Missed, why_chase
from detectors.handling import LABELS, SIGNED, Handled
from detectors.measure import Measure
from tests import builders as b

TOLD, OVER = b.on(0), b.on(2)
INTERVIEW, GRAVER, MILDER = Measure.INTERVIEW, Measure.INSPECTION, Measure.WARNING


def act(state, *, day=1.0, by="p-1", measure=INTERVIEW, authority="a-lead"):
    """Return an act of somebody."""
    return Handled(
        warning_id="w-1", number="1", uscc=b.USCC, place="410422", measure=measure, state=state,
        at=b.on(day), cause=f"urn:test/{state}-{by}-{day}", actor=by, authority=authority,
    )  # fmt: skip


def asked(*life, stands_at=INTERVIEW, now=OVER):
    """Return what was missed of an interview that was told on day 0, to be signed by day 2."""
    return why_chase(
        life, measure=INTERVIEW, stands_at=stands_at, led_by={"a-lead"}, issued_at=TOLD,
        sign_by=OVER, now=now,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("life", "expected"),
    [
        pytest.param([], Missed.UNSIGNED, id="nobody has said a word"),
        pytest.param([act("acknowledged")], None, id="signed"),
        pytest.param([act("acknowledged", by="p-2", authority="a-co")], None, id="signed by a co"),
        pytest.param([act("acknowledged", measure=GRAVER)], None, id="signed when it was graver"),
        pytest.param([act("acknowledged", measure=MILDER)], Missed.UNSIGNED,
                     id="signed when it was milder"),
        pytest.param([act("returned")], Missed.RETURNED, id="given back"),
        pytest.param([act("returned", authority="")], Missed.RETURNED, id="back, by who knows"),
        pytest.param([act("returned", authority="a-co")], Missed.UNSIGNED,
                     id="given back by another than the lead"),
        pytest.param([act("acknowledged"), act("returned", day=1.5)], Missed.RETURNED,
                     id="signed, then given back"),
        pytest.param([act("returned"), act("acknowledged", day=1.5, by="p-2")], None,
                     id="given back by one, taken by another"),
        pytest.param([act("returned"), act("dispatched", day=1.5)], Missed.UNSIGNED,
                     id="given back, passed on, and not signed there"),
        pytest.param([act("returned", measure=MILDER)], Missed.UNSIGNED,
                     id="given back when it was milder"),
        pytest.param([act("suspended")], None, id="people let it rest"),
        pytest.param([act("escalated")], None, id="people have escalated it themselves"),
        pytest.param([act("escalated", measure=MILDER)], Missed.UNSIGNED,
                     id="escalated when it was milder"),
        pytest.param([act("escalated", day=-1)], Missed.UNSIGNED,
                     id="escalated before it was told again"),
    ],
)  # fmt: skip
def test_what_has_been_missed(life, expected):
    """Nobody has it: unsigned, or given back by the lead; else there is nothing to be told."""
    assert asked(*life) is expected


@pytest.mark.parametrize(
    "stands_at",
    [
        pytest.param(GRAVER, id="graver by now: that has a time of its own"),
        pytest.param(MILDER, id="lowered"),
        pytest.param(None, id="ended"),
    ],
)
def test_a_measure_that_does_not_stand_asks_for_no_signature(stands_at):
    """What was told then is not what must be signed for now."""
    assert asked(stands_at=stands_at) is None


def test_nobody_is_late_before_the_moment_that_the_letter_prints():
    """The deadline is half-open: at its moment the time is over."""
    assert asked(now=OVER - dt.timedelta(microseconds=1)) is None
    assert asked(now=OVER) is Missed.UNSIGNED


LIVES = st.lists(
    st.builds(
        act, st.sampled_from(sorted(LABELS)), day=st.floats(0, 5), by=st.sampled_from("pqr"),
        measure=st.sampled_from(list(Measure)), authority=st.sampled_from(["", "a-lead", "a-co"]),
    ),
    max_size=8, unique_by=lambda act: act.cause,
)  # fmt: skip


@given(LIVES, st.sampled_from(sorted(SIGNED)), st.sampled_from([INTERVIEW, GRAVER]))
def test_whoever_holds_it_keeps_everybody_from_being_chased(life, state, measure):
    """Whatever else was done by whom: one who has signed and has not given it back is enough."""
    assert asked(*life, act(state, by="holder", measure=measure)) is None


@given(LIVES, st.permutations(range(8)))
def test_the_order_in_which_acts_are_read_does_not_matter(life, order):
    """A life is read from a hash: it has no order but the moments of its acts."""
    shuffled = [life[place] for place in order if place < len(life)]

    assert asked(*shuffled) is asked(*life)
