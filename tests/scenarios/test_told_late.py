"""Do decisions stay right when the order of the world is broken, or a term has no end?"""

import datetime as dt

import msgspec
import pytest

from detectors import events as e
from detectors.effects import Skipped
from detectors.facts import CONFIRMED, DAY_S, FactKind
from detectors.measure import Measure
from tests import builders as b


def kinds_in_force(enterprise):
    """Return the kinds of the facts that count now."""
    return {
        FactKind(fact.kind)
        for fact in enterprise.state.facts
        if fact.counts_at(enterprise.state.as_of)
    }


def test_what_has_ended_does_not_come_back_with_a_later_mark():
    """A removal outlives the many events after it: a revocation elsewhere revives no listing."""
    enterprise = b.Enterprise()
    enterprise.has(e.AbnormalAdded(reason=1), day=0)
    enterprise.has(b.penalty("general"), day=0, name="first")
    enterprise.has(e.AbnormalRemoved(reason=1), day=1)
    enterprise.has(b.repaired("first", from_day=5), day=5)
    for number in range(23):
        equipment = e.EquipmentInspected(equipment=f"Q{number}", passed=True)
        enterprise.has(equipment, day=10 + number * 10)
    enterprise.has(b.penalty("minor"), day=419, name="second")

    effects = enterprise.has(b.revoked(b.penalty("minor"), "second"), day=420)

    assert b.issued(effects, "W03") == []
    assert kinds_in_force(enterprise).isdisjoint(
        {FactKind.ABNORMAL_LISTED, FactKind.PENALTY_GENERAL}
    )


@pytest.mark.parametrize("way", ["in order", "overtaken", "told late"])
def test_a_sample_nobody_contests_becomes_final_whatever_overtakes_it(way):
    """The end of the re-test window is judged, even where later events came before the timer."""
    enterprise = b.Enterprise()
    sample = b.food_sample("label", provisional=True)
    if way == "told late":
        enterprise.has(b.inspection("passed"), day=40)
        enterprise._takes(b.event(sample, day=0))
    else:
        enterprise.has(sample, day=0)
        takes = enterprise.meets if way == "in order" else enterprise._takes
        takes(b.event(b.inspection("passed"), day=30))

    enterprise.waits_until(b.on(60))

    (fact,) = [one for one in enterprise.state.facts if one.kind == FactKind.FOOD_SAMPLE_FAILED]
    assert fact.doubt & CONFIRMED


def test_a_silent_feed_holds_back_its_own_rules_only():
    """A rectification that was dealt with is not told again because the permits are not heard."""
    enterprise = b.Enterprise()
    enterprise.silent_feeds = ("permits",)
    enterprise.has(b.permit(days_left=95), day=0)
    order = e.RectificationOrdered(order="R1", domain="QUAL", due=b.on(10).date())
    enterprise.has(order, day=0)
    enterprise.waits_until(b.on(20))
    told = [one for one in enterprise.state.open_warnings if one.family == "rectification"]
    enterprise.has(
        e.WarningHandled(warning_id=told[0].id, state="closed", measure="interview", domain="QUAL"),
        day=21,
    )

    effects = enterprise.waits_until(b.on(24))

    assert b.issued(effects, "W23") == []


def test_a_feed_silent_over_two_measures_is_told_of_by_the_graver():
    """No report by June (W01), none by July (W02), the feed silent over both: one warning."""
    enterprise = b.Enterprise()
    enterprise.has(b.founded())
    enterprise.silent_feeds = ("annual_report",)
    enterprise.waits_until(b.on(b.days_until(7, 20)))
    enterprise.silent_feeds = ()

    effects = enterprise.waits_until(b.on(b.days_until(9, 30)))

    told = [one for one in b.issued(effects) if one.family == "annual_report"]
    assert [(one.rule, one.measure) for one in told] == [("W02", Measure.WARNING)]


def told_after_new_year(*happenings, founded=11.0):
    """Return an enterprise whose reports were not heard of from May until 10 January."""
    enterprise = b.Enterprise()
    enterprise.has(b.founded(years=founded))
    enterprise.silent_feeds = ("annual_report",)
    enterprise.waits_until(b.on(b.days_until(1, 10, year=2027)))
    enterprise.silent_feeds = ()
    for data in happenings:
        enterprise.has(data, day=b.days_until(1, 11, year=2027))
    while enterprise.state.withheld:
        looked_at = dt.datetime.fromtimestamp(enterprise.state.wake_at, b.CHINA)
        enterprise.effects += enterprise.waits_until(looked_at)
    return enterprise


def test_an_absence_that_was_held_back_over_new_year_is_asked_of_its_own_year():
    """The report due on 1 July 2026 is missed, though the feed speaks again only in 2027."""
    enterprise = told_after_new_year()

    (told,) = b.issued(enterprise.effects, "W02")

    assert told.issued_at.year == 2027
    assert ("PUB", "annual_report", Measure.WARNING.rank) in enterprise.open()


def test_a_report_missed_last_year_closes_when_it_is_filed():
    """It is still owed in the new year, and its coming ends the warning."""
    enterprise = told_after_new_year()

    told_at = (enterprise.state.as_of - b.START_S) / DAY_S
    enterprise.has(e.AnnualReportFiled(year=2025), day=told_at + 9)
    effects = enterprise.waits_until(b.on(told_at + 10))

    assert "W02" in {one.rule for one in b.closed(effects)}


@pytest.mark.parametrize(
    ("happenings", "founded"),
    [
        pytest.param([e.AnnualReportFiled(year=2025)], 11.0, id="filed meanwhile"),
        pytest.param([], 0.1, id="founded in the year of the report"),
    ],
)
def test_who_owed_no_report_last_year_hears_nothing_in_the_new_year(happenings, founded):
    """What the silent feed had to say counts, and so does the year of the founding."""
    enterprise = told_after_new_year(*happenings, founded=founded)

    assert [one for one in b.issued(enterprise.effects) if one.family == "annual_report"] == []


def test_a_feed_that_stays_silent_wakes_ever_more_rarely():
    """A feed that was never connected costs some deadlines more in a year, not one a day."""
    heard, unheard = b.Enterprise(), b.Enterprise()
    unheard.silent_feeds = ("permits",)
    for enterprise in (heard, unheard):
        enterprise.has(b.permit(days_left=10), day=0)
        enterprise.waits_until(b.on(365))

    assert unheard.state.withheld
    assert 0 < unheard.state.offset - heard.state.offset < 40


@pytest.mark.parametrize("silent", [2, 10, 45, 110])
def test_a_rule_speaks_soon_after_its_feed_has(silent):
    """After a silence of n days what was held back is told within n/4 + 1 days."""
    enterprise = b.Enterprise()
    enterprise.has(b.permit(days_left=100), day=0)
    enterprise.silent_feeds = ("permits",)
    enterprise.waits_until(b.on(10 + silent))
    enterprise.silent_feeds = ()

    effects = enterprise.waits_until(b.on(11 + 1.25 * silent))

    assert b.issued(effects, "W06")


def test_the_matter_of_another_department_keeps_nothing_open():
    """The renewed permit closes its warning, though another department's is still to be renewed."""
    enterprise = b.Enterprise()
    enterprise.has(b.permit(days_left=10, number="A", domain="FOODS"), day=0)
    enterprise.has(b.permit(days_left=10, number="B", domain="SE"), day=0)
    enterprise.has(b.permit(days_left=900, number="A", domain="FOODS"), day=3)

    enterprise.waits_until(b.on(5))

    assert {one[0] for one in enterprise.open() if one[1] == "permit"} == {"SE"}


def test_a_look_that_is_told_again_counts_once():
    """A passed look whose fact has gone to the archive is still known to have been heard."""
    enterprise = b.Enterprise()
    for day in range(1, 6):
        enterprise.has(b.inspection("passed"), day=day, name=f"look {day}")
    before = enterprise.state.archive

    effects = enterprise._takes(b.event(b.inspection("passed"), day=1, name="look 1"))

    assert [type(one) for one in effects] == [Skipped]
    assert enterprise.state.archive == before
    assert before.outcomes == 1


ENDLESS = dt.date(9999, 12, 31)


@pytest.mark.parametrize(
    "data",
    [
        e.RectificationOrdered(order="R1", domain="QUAL", due=ENDLESS),
        msgspec.structs.replace(b.permit(days_left=10), valid_to=ENDLESS),
        b.founded(subscribe_due=ENDLESS),
    ],
    ids=["order", "permit", "founding"],
)
def test_a_term_without_end_is_never_due(data):
    """Registers write 9999-12-31 for "no end": it is taken in, and no rule waits for it."""
    enterprise = b.Enterprise()
    enterprise.has(data)

    enterprise.waits_until(b.on(800))

    assert not {one[1] for one in enterprise.open()} & {"rectification", "permit", "capital"}
