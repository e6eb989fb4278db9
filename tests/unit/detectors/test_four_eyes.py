"""Does the log hold to it that who ends an interview is not who handled it?"""

import msgspec
import pytest

from detectors import events as e
from detectors import state as states
from detectors.handling import HANDLED, Handled
from detectors.marks import MAX_MARKS
from detectors.measure import Measure
from detectors.reading_society import FINAL
from tests import builders as b

DOWNSTREAM = "urn:pingdingshan:oa"


def warned(data=None):
    """Return an enterprise with an open interview, unless it is warned of something else."""
    enterprise = b.Enterprise()
    (warning, *_) = b.issued(enterprise.has(data or b.food_sample()))
    return enterprise, warning


def said(warning, state, *, by="p-1", name="", **more):
    """Return an E58 of another system."""
    told = {"measure": warning.measure.value, "domain": warning.domain} | more
    return e.WarningHandled(warning_id=name or warning.id, state=state, actor=by, **told)


def has(enterprise, data, *, day):
    """Let another system say something."""
    return enterprise.has(data, day=day, source=DOWNSTREAM)


def refused(enterprise, data, *, day):
    """Return the message with which an end is refused; the state stays as it was."""
    before = states.encode(enterprise.state)
    with pytest.raises(e.InvalidEventError) as error:
        has(enterprise, data, day=day)
    assert error.value.cause is e.Cause.FOUR_EYES
    assert states.encode(enterprise.state) == before
    return str(error.value)


@pytest.mark.parametrize("final", sorted(FINAL))
@pytest.mark.parametrize("handled", sorted(HANDLED))
def test_who_handled_an_interview_does_not_end_it_by_whatever_word(handled, final):
    """Each way to deal with it counts, each way to end it is refused; another person may."""
    enterprise, warning = warned()
    has(enterprise, said(warning, handled), day=1)

    told = refused(enterprise, said(warning, final), day=2)
    effects = has(enterprise, said(warning, final, by="p-2"), day=2)

    assert "'p-1' handled it" in told
    assert warning.number in told
    assert [one.id for one in b.closed(effects)] == [warning.id]


@pytest.mark.parametrize(
    "how",
    [
        pytest.param({"measure": "reminder"}, id="by the name of a milder measure"),
        pytest.param({"op": e.Op.REVOKE, "supersedes": "x"}, id="by taking back what was not said"),
        pytest.param({"by": ""}, id="by nobody"),
    ],
)
def test_no_way_round(how):
    """What counts is the warning that is open here, not what the record calls it."""
    enterprise, warning = warned()
    has(enterprise, said(warning, "feedback"), day=1)

    refused(enterprise, said(warning, "closed", **how), day=2)
    refused(enterprise, said(warning, "closed", name=warning.number, **how), day=2)

    assert enterprise.state.open_warnings


def test_who_named_nobody_cannot_have_been_another():
    """A system that names nobody, neither at the handling nor at the end, ends no interview."""
    enterprise, warning = warned()
    has(enterprise, said(warning, "handling", by=""), day=1)

    assert "nobody is named" in refused(enterprise, said(warning, "closed", by=""), day=2)
    assert b.closed(has(enterprise, said(warning, "closed", by="p-2"), day=3))


@pytest.mark.parametrize(
    ("before", "by"),
    [
        pytest.param(["acknowledged"], "p-1", id="only signed for by the same"),
        pytest.param(["returned"], "p-1", id="given back by the same"),
        pytest.param([], "", id="nobody is known to have handled it"),
    ],
)
def test_what_nobody_handled_is_taken_as_it_is(before, by):
    """A system that tells of the end alone is believed, as ever."""
    enterprise, warning = warned()
    for state in before:
        has(enterprise, said(warning, state), day=1)

    assert b.closed(has(enterprise, said(warning, "closed", by=by), day=2))


def test_a_milder_warning_is_ended_by_who_handled_it():
    """Four eyes are for interviews and inspections."""
    enterprise, warning = warned(e.AbnormalAdded(reason=1, place="410422"))
    assert warning.measure is Measure.WARNING
    has(enterprise, said(warning, "feedback"), day=1)

    assert b.closed(has(enterprise, said(warning, "closed"), day=2))


def test_handled_while_it_was_milder_it_was_handled_all_the_same():
    """The warning has become an interview since: its handler does not end that, either."""
    enterprise, warning = warned(e.AbnormalAdded(reason=1, place="410422"))
    has(enterprise, said(warning, "feedback"), day=1)
    enterprise.has(e.AbnormalAdded(reason=4, place="410422"), day=2)
    assert [one.measure for one in enterprise.state.open_warnings if one.id == warning.id] == [
        Measure.INTERVIEW.rank
    ]

    refused(enterprise, said(warning, "closed"), day=3)


def test_each_warning_has_handlers_of_its_own():
    """Who handled one may end another."""
    enterprise, first = warned()
    (other,) = b.issued(enterprise.has(e.AbnormalAdded(reason=4, place="410422"), day=1), "W03")
    has(enterprise, said(first, "feedback"), day=2)

    assert b.closed(has(enterprise, said(other, "closed"), day=3))


def test_what_was_ended_rightly_is_recognised_when_it_is_sent_again():
    """A second sending is a duplicate, whoever handles it later; it is no dead letter."""
    enterprise, warning = warned()
    ending = b.event(said(warning, "closed", by="p-2"), day=2, source=DOWNSTREAM)
    enterprise.meets(ending)

    assert not b.closed(enterprise.meets(ending))


def test_who_handled_is_remembered_once_and_speaks_of_no_fact():
    """A hundred reports of one person are one mark; no fact or score moves by it."""
    enterprise, warning = warned()
    before = enterprise.state.facts
    for day in range(1, 101):
        has(enterprise, said(warning, "feedback", note=f"第{day}次"), day=day / 10)

    assert len(enterprise.state.marks) == 1
    assert enterprise.state.facts == before
    assert len(b.of_type(enterprise.effects, Handled)) == 100


def test_it_is_remembered_among_many_other_marks():
    """Stored and read again, with a hundred marks that end other matters, who handled is known."""
    enterprise, warning = warned()
    has(enterprise, said(warning, "handling"), day=1)
    enterprise.state = states.decode(states.encode(enterprise.state))
    for number in range(100):
        enterprise.has(e.PermitEnded(permit_no=f"P{number}", kind="cancelled"), day=2 + number / 10)

    assert len(enterprise.state.marks) == MAX_MARKS
    refused(enterprise, said(warning, "closed"), day=20)


def test_a_stranger_s_number_ends_nothing():
    """Of a warning that was never issued here nothing is known: nothing is ended, nothing told."""
    enterprise, warning = warned()
    strange = msgspec.structs.replace(warning, id="w-0", number="0")

    effects = has(enterprise, said(strange, "closed"), day=1)

    assert b.closed(effects) == b.of_type(effects, Handled) == []
    assert [one.id for one in enterprise.state.open_warnings] == [warning.id]
