"""Is a report that was missed in July still missed in the spring, until it is filed?

企业信息公示暂行条例 art. 8 and 17: due by 30 June, owed until filed; the catalogue's D01, "07-01
until filed".
"""

import pytest

from detectors import events as e
from detectors.card import contributions
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
