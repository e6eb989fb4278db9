"""Is a report that was missed in July still missed in the spring, until it is filed?

企业信息公示暂行条例 art. 8 and 17: due by 30 June, owed until filed; the catalogue's D01, "07-01
until filed".
"""

import pytest

from detectors import events as e
from detectors.card import as_of_moment, contributions
from detectors.official import Month, frozen_class
from detectors.regions import month_window, watched
from detectors.regions_plan import parse_regions
from tests import builders as b

MISSED = 150.0
SEEN = b.inspection("passed")
YEAR = b.START.year


def filed(year):
    """Return that the report on a year was filed."""
    return e.AnnualReportFiled(year=year)


def firm():
    """Return an old firm whose report of the year before last was handed over with it."""
    enterprise = b.Enterprise()
    enterprise.has(b.founded())
    enterprise.has(filed(YEAR - 2))
    return enterprise


def owed(enterprise):
    """Return the points of an enterprise for a missing report."""
    lines = contributions(enterprise.state, enterprise.knowing)
    return sum(one.points for one in lines if one.indicator == "D01")


def day(month, of_month, *, later=1):
    """Return how many days after the start a day of a later year is."""
    return b.days_until(month, of_month, year=YEAR + later)


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param(day(12, 31, later=0), id="on the last day of the year"),
        pytest.param(day(1, 2), id="after New Year"),
        pytest.param(day(6, 30) - 0.01, id="until the next report is due"),
    ],
)
def test_a_missed_report_is_missing_over_new_year(moment):
    """Who did not file by 30 June has the points until the report is there."""
    enterprise = firm()
    enterprise.has(SEEN, day=moment)

    assert owed(enterprise) == MISSED


@pytest.mark.parametrize(
    ("happenings", "points"),
    [
        pytest.param([(filed(YEAR - 1), 150), (SEEN, day(2, 1))], 0.0, id="in good time"),
        pytest.param([(filed(YEAR - 1), day(1, 20)), (SEEN, day(2, 1))], 0.0, id="late"),
        pytest.param([(filed(YEAR), day(1, 20)), (SEEN, day(2, 1))], MISSED,
                     id="only the newer one: the older is owed"),
        pytest.param([(e.LicenceRevoked(kind="revoked"), 200), (SEEN, day(2, 1))], 0.0,
                     id="nobody is left to file"),
    ],
)  # fmt: skip
def test_filing_ends_the_duty_and_the_turn_of_the_year_does_not(happenings, points):
    """The report of the year asked for counts, whenever it comes."""
    enterprise = firm()
    for data, at in happenings:
        enterprise.has(data, day=at)

    assert owed(enterprise) == points


def test_a_report_that_was_taken_back_was_never_filed():
    """The source revokes the report of the year asked for: it is missing after all."""
    enterprise = firm()
    enterprise.has(filed(YEAR - 1), day=150, name="report")
    enterprise.takes_back("report", filed(YEAR - 1), day=day(1, 20))

    assert owed(enterprise) == MISSED


def test_a_firm_founded_in_the_year_of_the_last_call_owes_nothing_yet():
    """Founded this year: the first report is asked for in July of the next."""
    enterprise = b.Enterprise()
    enterprise.has(b.founded(years=0))
    enterprise.has(SEEN, day=day(3, 1))

    before = owed(enterprise)
    enterprise.waits_until(b.on(day(7, 2)))

    assert (before, owed(enterprise)) == (0.0, MISSED)


def test_what_a_firm_filed_before_it_was_handed_over_is_not_held_against_it():
    """No report of it was ever handed over: nobody knows of last July's, and the next is asked."""
    enterprise = b.Enterprise()
    enterprise.has(b.founded(), day=-3650)
    enterprise.has(SEEN, day=30)

    before = owed(enterprise)
    enterprise.waits_until(b.on(b.days_until(7, 2)))

    assert (before, owed(enterprise)) == (0.0, MISSED)


JULY = b.days_until(7, 2)


def unheard_in_july(*, until, heard_again=None):
    """Return a firm whose reports were not heard of from the spring on, at some day."""
    enterprise = firm()
    enterprise.silent_feeds = ("annual_report",)
    if heard_again is not None:
        enterprise.waits_until(b.on(heard_again))
        enterprise.silent_feeds = ()
    enterprise.has(SEEN, day=until)
    return enterprise


def test_a_silent_feed_is_no_missing_report():
    """Domain reference §4.5: while the feed is silent its absence weighs nothing, nor any class."""
    heard, unheard = firm(), unheard_in_july(until=JULY + 10)
    heard.has(SEEN, day=JULY + 10)

    assert (owed(heard), owed(unheard)) == (MISSED, 0.0)
    assert unheard.state.rule.score == heard.state.rule.score - MISSED


def test_whoever_reads_the_state_leaves_out_what_nobody_can_know():
    """The card of a past moment, the official class and the survey say the same as the score."""
    month = Month.of(f"{YEAR}-07")
    enterprise = unheard_in_july(until=b.days_until(7, 31))
    state, knowing = enterprise.state, enterprise.knowing
    moment = int(month.last_s)

    card = as_of_moment(state, knowing, moment)
    official = frozen_class(b.USCC, state, knowing, b.sampling_plan(), month)
    plan, window = parse_regions(b.documents()), month_window(month)
    survey = watched(b.USCC, state, knowing, plan, window=window, domain="PUB")

    assert official is not None
    assert {card.rule.score, official.score, survey.score} == {state.rule.score}


def test_what_a_silent_feed_held_back_weighs_once_it_speaks():
    """The points come with the warning: when the rule may be judged."""
    enterprise = unheard_in_july(until=JULY + 60, heard_again=JULY + 20)

    assert owed(enterprise) == MISSED
    assert b.issued(enterprise.effects, "W02")


def test_a_report_that_was_known_to_be_missing_stays_so_while_the_feed_is_silent():
    """What was judged in July does not fall away because the feed is silent in October."""
    enterprise = firm()
    enterprise.has(b.permit(days_left=JULY + 100), day=1)
    enterprise.waits_until(b.on(JULY))
    enterprise.silent_feeds = ("annual_report",)
    effects = enterprise.waits_until(b.on(JULY + 105))
    enterprise.has(SEEN, day=JULY + 105)

    assert b.issued(effects, "W06")
    assert owed(enterprise) == MISSED


def test_next_june_s_reminder_that_is_held_back_leaves_last_july_s_points():
    """The reminder of June waits for the feed; the report missed a year ago was judged in time."""
    enterprise = firm()
    enterprise.waits_until(b.on(JULY))
    enterprise.silent_feeds = ("annual_report",)
    enterprise.has(SEEN, day=day(6, 20))

    assert enterprise.state.withheld
    assert owed(enterprise) == MISSED


def test_the_feed_of_the_annual_reports_is_one_of_the_feeds():
    """A misspelt feed would never be silent."""
    catalogue = b.expertise().catalogue
    function = catalogue.indicators[catalogue.places["D01"]].severity

    assert function.feed in b.feeds().codes
