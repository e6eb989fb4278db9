"""Does a warning stand as long as its condition, and does everybody hear of its changes?"""

import msgspec
import pytest

from detectors import events as e
from detectors.measure import Measure
from detectors.state import OpenWarning
from detectors.warning import ENDS, EarlyWarning, WarningStatus
from streams.assessed import warning_records
from tests import builders as b

LISTED = e.AbnormalAdded(reason=1)
FINED = b.penalty("minor")


def told(effects, rule):
    """Return all that was said of a rule's warnings, as (status, measure)."""
    return [(one.status, one.measure) for one in b.of_type(effects, EarlyWarning)
            if one.rule == rule]  # fmt: skip


def topics(warning):
    """Return the alert topics that tell of it."""
    return [one.topic for one in warning_records(warning, 0, 4)][:-1]


def fined(times):
    """Return an enterprise that was fined so often, day by day."""
    enterprise = b.Enterprise()
    for n in range(times):
        enterprise.has(FINED, day=n, name=f"p{n}")
    return enterprise


def handled(warning):
    """Return the record by which a person closes a warning."""
    return e.WarningHandled(
        warning_id=warning.id, state="closed", measure=warning.measure.value, domain=warning.domain
    )


@pytest.mark.parametrize("day", [20, 45, 200])
@pytest.mark.parametrize(
    ("rule", "data", "cure"),
    [
        pytest.param("W03", LISTED, e.AbnormalRemoved(reason=1), id="removed from the list"),
        pytest.param("W06", b.permit(days_left=-2), b.permit(days_left=900), id="renewed"),
    ],
)
def test_a_warning_closes_with_its_condition_however_late(rule, data, cure, day):
    """Until the listing is removed or the permit renewed it is open; then it is closed."""
    enterprise = b.Enterprise()
    (warning,) = b.issued(enterprise.has(data), rule)
    enterprise.has(b.inspection("passed"), day=day - 1)
    assert warning.id in {one.id for one in enterprise.state.open_warnings}

    (closed,) = [one for one in b.closed(enterprise.has(cure, day=day)) if one.rule == rule]

    assert closed.id == warning.id
    assert warning.id not in {one.id for one in enterprise.state.open_warnings}


def test_people_close_a_warning_however_late():
    """What an officer has done with on day 45 is closed, once."""
    enterprise = b.Enterprise()
    (warning,) = b.issued(enterprise.has(LISTED), "W03")

    first = enterprise.has(handled(warning), day=45)
    again = enterprise.has(handled(warning), day=46)

    assert ([one.id for one in b.closed(first)], b.closed(again)) == ([warning.id], [])


def test_a_worse_class_is_looked_at_for_a_month():
    """A change is no condition that could end: thirty days after it the warning is closed."""
    enterprise = b.Enterprise()
    (warning,) = b.issued(enterprise.has(b.penalty("severe", domain="QUAL")), "W25")

    early = enterprise.has(b.inspection("passed"), day=29)
    late = enterprise.waits_until(b.on(40))

    assert b.closed(early) == []
    assert [one.id for one in b.closed(late)] == [warning.id]


def test_no_open_warning_is_dropped_in_silence():
    """Whatever an enterprise does for years, what is neither open nor ended was never issued."""
    enterprise = b.Enterprise()
    for n in range(40):
        enterprise.has(b.food_sample("pathogen", number=f"S{n}"), day=n * 31)
        enterprise.has(e.FoodIncident(people=n + 3), day=n * 31 + 1)

    said = b.of_type(enterprise.effects, EarlyWarning)
    ended = {one.id for one in said if one.status in ENDS}
    assert {one.id for one in said} - ended == {one.id for one in enterprise.state.open_warnings}
    assert len(enterprise.state.open_warnings) <= 24


def test_a_lowering_is_told_where_the_graver_measure_was():
    """One of three penalties is revoked: whoever was told to inspect hears that it is a talk."""
    enterprise = fined(3)
    first, second = b.issued(enterprise.effects, "W13")

    effects = enterprise.takes_back("p2", FINED, day=4)

    (lowered,) = [one for one in b.of_type(effects, EarlyWarning) if one.rule == "W13"]
    assert (lowered.status, lowered.measure) == (WarningStatus.LOWERED, Measure.INTERVIEW)
    assert (lowered.id, lowered.issued_at, lowered.changed_at) == (
        first.id, second.issued_at, b.on(4),
    )  # fmt: skip
    assert topics(lowered) == ["warning.interview.v1", "warning.inspection.v1"]


def test_a_milder_measure_that_nobody_was_told_is_issued():
    """A sample that was a pathogen's is corrected: the inspection falls, a talk is asked for."""
    enterprise = b.Enterprise()
    enterprise.has(b.food_sample("physical", number="S1"), day=0)
    enterprise.has(b.food_sample("pathogen", number="S2"), day=40, name="x")

    effects = enterprise.takes_back("x", b.food_sample("pathogen", number="S2"), day=41)

    assert told(effects, "W11") == [
        (WarningStatus.LOWERED, Measure.INTERVIEW),
        (WarningStatus.ISSUED, Measure.INTERVIEW),
    ]


def test_the_end_is_told_on_every_topic_that_told_of_it():
    """Three penalties are revoked one by one: interview and inspection both hear of the end."""
    enterprise = fined(3)
    for n in (2, 1):
        effects = enterprise.takes_back(f"p{n}", FINED, day=5 - n)

    (back,) = [one for one in b.cancelled(effects) if one.rule == "W13"]
    assert topics(back) == ["warning.interview.v1", "warning.inspection.v1"]


def test_a_warning_that_rises_again_is_no_duplicate():
    """Lowered and risen again, a record of the same measure has an id of its own, the same twice.

    A replay gives the same ids, for they follow from the cause.
    """
    lives = []
    for _ in range(2):
        enterprise = fined(3)
        enterprise.takes_back("p2", FINED, day=4)
        enterprise.effects += enterprise.has(b.penalty("minor"), day=5, name="p3")
        lives.append(
            [(one.id, one.measure, one.status, one.revision)
             for one in b.of_type(enterprise.effects, EarlyWarning) if one.rule == "W13"]
        )  # fmt: skip

    first, second = lives
    assert first == second
    inspections = [one for one in first if one[1:3] == (Measure.INSPECTION, WarningStatus.ISSUED)]
    assert len(set(inspections)) == 2
    assert inspections[0][3] == ""


def test_what_ends_keeps_the_day_of_its_issue():
    """A list of the day on which a report was missed finds the warnings that have ended since."""
    enterprise = b.Enterprise()
    enterprise.has(b.founded())
    july = b.days_until(7, 2)
    (warning,) = b.issued(enterprise.waits_until(b.on(july)), "W02")

    enterprise.has(e.AnnualReportFiled(year=2025), day=july + 5)
    (closed,) = b.closed(enterprise.waits_until(b.on(july + 6)))

    assert (closed.issued_at, closed.at) == (warning.issued_at, closed.changed_at)
    assert closed.changed_at > warning.issued_at


@pytest.mark.parametrize(
    ("first", "undoing", "why"),
    [
        pytest.param(b.food_sample("pathogen", provisional=True),
                     e.Reinspected(sample_no="S1", passed=True), "复检合格", id="a re-test"),
        pytest.param(b.food_sample("pathogen"), b.corrected(b.food_sample("label"), "x"),
                     "数据源更正", id="a correction"),
        pytest.param(LISTED, b.revoked(LISTED, "x"), "数据源撤回该项记录", id="a revocation"),
    ],
)  # fmt: skip
def test_a_cancellation_says_what_undid_the_fact(first, undoing, why):
    """Whoever is told to stop can say why."""
    enterprise = b.Enterprise()
    enterprise.has(first, name="x")

    back = b.cancelled(enterprise.has(undoing, day=1))

    assert {one.undone for one in back} == {why}


def test_a_warning_of_an_older_state_ends_where_it_stands():
    """A state that did not keep what was told is read; its warning ends on its measure's topic."""
    enterprise = b.Enterprise()
    (warning,) = b.issued(enterprise.has(LISTED, name="x"), "W03")
    (one,) = [one for one in enterprise.state.open_warnings if one.id == warning.id]
    older = msgspec.msgpack.decode(msgspec.msgpack.encode(one))[:-2]
    enterprise.state.open_warnings = [msgspec.convert(older, OpenWarning)]

    (back,) = b.cancelled(enterprise.takes_back("x", LISTED, day=3))

    assert topics(back) == topics(warning)
    assert back.issued_at == warning.issued_at


def test_a_later_warning_of_the_same_family_takes_the_place_of_the_older():
    """After a month a further hit is a new warning; nobody is left with two open on one matter."""
    enterprise = b.Enterprise()
    (first,) = b.issued(enterprise.has(LISTED, name="x"), "W03")

    effects = enterprise.has(LISTED, name="y", day=60)

    (second,) = b.issued(effects, "W03")
    assert [one.id for one in b.closed(effects)] == [first.id]
    assert [one.id for one in enterprise.state.open_warnings if one.rule == "W03"] == [second.id]
