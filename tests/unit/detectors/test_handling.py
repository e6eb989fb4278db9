"""What do people's acts become in the life of a warning, and what may they do next?"""

import pytest

from detectors import events as e
from detectors.facts import FactKind
from detectors.handling import LABELS, SIGNED, Handled, is_signed, why_not
from detectors.measure import Measure
from tests import builders as b

STATES = sorted(LABELS)


def warned():
    """Return an enterprise with an open interview, and the warning."""
    enterprise = b.Enterprise()
    (warning,) = b.issued(enterprise.has(b.food_sample()), "W11")
    return enterprise, warning


def did(warning, state, *, by="p-1", name=None, **more):
    """Return an E58 on a warning."""
    said = {"measure": "interview", "domain": "FSAMP", "actor": by, "authority": "a-1"}
    return e.WarningHandled(warning_id=name or warning.id, state=state, **(said | more))


def act(state, *, by="p-1", measure=Measure.INTERVIEW, day=1):
    """Return an act of somebody."""
    return Handled(
        warning_id="w-1", number="1", uscc=b.USCC, place="410422", measure=measure, state=state,
        at=b.on(day), cause=f"urn:test/{state}-{by}-{day}", actor=by,
    )  # fmt: skip


@pytest.mark.parametrize("state", STATES)
def test_each_state_is_a_record_of_the_warning_s_life(state):
    """Whatever word of E58 is said of a known warning, the life tells it, who and when."""
    enterprise, warning = warned()

    (told,) = b.of_type(enterprise.has(did(warning, state, note="已约谈"), day=1), Handled)

    assert (told.warning_id, told.number, told.uscc) == (warning.id, warning.number, b.USCC)
    assert (told.state, told.actor, told.authority, told.at) == (state, "p-1", "a-1", b.on(1))
    assert (told.note, told.measure) == ("已约谈", Measure.INTERVIEW)


def test_the_states_of_a_life_are_those_of_e58():
    """No word of the event is without an official word of its own."""
    said = e.WarningHandled.__annotations__["state"]

    assert set(LABELS) == set(said.__args__)


@pytest.mark.parametrize("state", ["acknowledged", "closed"])
def test_the_number_that_people_quote_is_as_good_as_the_id(state):
    """By number or by id, the same warning is signed for, or closed."""
    by_number, warning = warned()
    other, _ = warned()

    effects = by_number.has(did(warning, state, name=warning.number), day=1)
    effects_by_id = other.has(did(warning, state), day=1)

    assert [one.warning_id for one in b.of_type(effects, Handled)] == [warning.id]
    assert by_number.open() == other.open()
    assert len(b.closed(effects)) == len(b.closed(effects_by_id)) == (state == "closed")


def test_an_interview_told_by_number_is_done_when_the_warning_is_closed_by_id():
    """The day to act by is a fact of the warning, whatever it was called."""
    enterprise, warning = warned()
    by = b.on(20).date()

    enterprise.has(did(warning, "handling", name=warning.number, due=by), day=1)
    enterprise.has(did(warning, "closed", by="p-2"), day=3)

    due = [one for one in enterprise.state.facts if one.kind == FactKind.INTERVIEW_DUE]
    assert due
    assert not [one for one in due if one.counts_at(b.at(4))]


def test_of_a_warning_that_nobody_knows_nothing_is_told():
    """A wrong number is no life of anything."""
    enterprise, warning = warned()

    assert b.of_type(enterprise.has(did(warning, "acknowledged", name="w-0"), day=1), Handled) == []


def test_a_replay_gives_the_same_acts():
    """The same log gives the same causes, so that a second record is recognised."""
    lives = []
    for _ in range(2):
        enterprise, warning = warned()
        lives.append(b.of_type(enterprise.has(did(warning, "acknowledged"), day=1), Handled))

    assert lives[0] == lives[1]
    assert lives[0][0].cause.startswith(f"{b.SOURCE}/")


def test_what_was_read_is_what_is_signed_for():
    """Who signs the milder notice while a graver one is under way has not signed for that."""
    enterprise, warning = warned()

    effects = enterprise.has(did(warning, "acknowledged", measure="warning"), day=1)

    life = b.of_type(effects, Handled)
    assert not is_signed(life, warning.measure)
    assert is_signed(life, Measure.WARNING)


@pytest.mark.parametrize("state", STATES)
def test_to_give_back_is_no_signature(state):
    """Dispatched, suspended, escalated or returned, nobody has taken the warning on."""
    assert is_signed([act(state)], Measure.INTERVIEW) == (state in SIGNED)
    assert not {"dispatched", "suspended", "escalated", "returned"} & SIGNED


@pytest.mark.parametrize(
    ("life", "asked", "refused"),
    [
        pytest.param([], "acknowledged", "", id="whoever was told may sign"),
        pytest.param([act("acknowledged")], "acknowledged", "已签收", id="one signs once"),
        pytest.param([act("acknowledged", by="q")], "acknowledged", "", id="and so does another"),
        pytest.param([act("acknowledged", measure=Measure.WARNING)], "acknowledged", "",
                     id="a graver notice is signed for anew"),
        pytest.param([], "feedback", "请先签收", id="no report before the signature"),
        pytest.param([act("acknowledged")], "feedback", "", id="who signed may report"),
        pytest.param([act("acknowledged")], "returned", "", id="or give it back"),
        pytest.param([act("acknowledged"), act("returned", day=2)], "acknowledged", "",
                     id="who gave it back may take it again"),
        pytest.param([act("acknowledged"), act("feedback")], "returned", "不能退回",
                     id="who reported keeps it"),
        pytest.param([act("acknowledged")], "closed", "请先反馈", id="no end without a result"),
        pytest.param([act("acknowledged"), act("feedback")], "closed", "不得自行办结",
                     id="who handled does not close"),
        pytest.param([act("acknowledged"), act("feedback", by="q")], "closed", "",
                     id="another closes"),
        pytest.param([act("acknowledged"), act("feedback")], "false_positive", "不得自行办结",
                     id="nor calls it a mistake"),
        pytest.param([act("closed", by="q")], "acknowledged", "已办结", id="closed is closed"),
    ],
)  # fmt: skip
def test_what_may_come_next(life, asked, refused):
    """An interview goes from signature to result to its end, and the end is another's."""
    said = why_not(life, state=asked, measure=Measure.INTERVIEW, actor="p-1")

    assert refused in said
    assert bool(said) == bool(refused)


def test_who_gives_it_back_after_all_has_not_signed():
    """Signed for and then returned, the warning waits for somebody again; unless another has it."""
    given_back = [act("acknowledged"), act("returned", day=2)]

    assert not is_signed(given_back, Measure.INTERVIEW)
    assert is_signed([*given_back, act("acknowledged", by="q")], Measure.INTERVIEW)


@pytest.mark.parametrize("measure", Measure)
def test_four_eyes_are_for_interview_and_inspection(measure):
    """A reminder or a warning may be closed by who dealt with it (design §6)."""
    life = [act("acknowledged", measure=measure), act("feedback", measure=measure)]

    refused = why_not(life, state="closed", measure=measure, actor="p-1")

    assert bool(refused) == (measure in {Measure.INTERVIEW, Measure.INSPECTION})
