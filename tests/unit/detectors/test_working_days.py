"""Do time limits end when the law and the State Council's calendar say so?"""

import copy
import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.warning import CHINA
from detectors.working_days import (
    Deadline,
    InvalidCalendarError,
    Limit,
    WorkingDays,
    parse_calendar,
)
from tests import builders as b

SMALL = {
    "version": "1",
    "years": {
        2026: {
            "source": "国办发明电〔2025〕7号",
            "rests": [
                {
                    "name": "春节",
                    "first": dt.date(2026, 2, 15),
                    "last": dt.date(2026, 2, 23),
                    "worked": [dt.date(2026, 2, 14), dt.date(2026, 2, 28)],
                }
            ],
        }
    },
}


@pytest.fixture(scope="module")
def calendar():
    """Return the shipped calendar."""
    return parse_calendar(b.documents()["calendar.yaml"])


def china(month, day, hour=0, minute=0, *, year=2026):
    """Return a moment in China."""
    return dt.datetime(year, month, day, hour, minute, tzinfo=CHINA)


@pytest.mark.parametrize(
    ("year", "statutory"),
    [pytest.param(2024, 11, id="11 days"), (2025, 13), pytest.param(2026, 13, id="13 since 2025")],
)
def test_a_year_has_as_many_working_days_as_the_law_leaves(calendar, year, statutory):
    """Days, less Saturdays and Sundays, less the statutory holidays: make-up days even out."""
    days = [dt.date(year, 1, 1) + dt.timedelta(n) for n in range(366)]
    days = [day for day in days if day.year == year]

    worked = sum(calendar.is_working(day) for day in days)

    assert worked == sum(day.weekday() < 5 for day in days) - statutory


@pytest.mark.parametrize(
    ("day", "is_working"),
    [
        pytest.param(dt.date(2026, 2, 13), True, id="a Friday"),
        pytest.param(dt.date(2026, 2, 14), True, id="the Saturday worked for the holiday"),
        pytest.param(dt.date(2026, 2, 16), False, id="New Year's Eve, a Monday"),
        pytest.param(dt.date(2026, 2, 23), False, id="the last day of the holiday"),
        pytest.param(dt.date(2026, 2, 28), True, id="the Saturday after"),
        pytest.param(dt.date(2026, 3, 1), False, id="a Sunday"),
        pytest.param(dt.date(2026, 9, 20), True, id="a Sunday worked for the National Day"),
        pytest.param(dt.date(2026, 10, 7), False, id="the end of the National Day"),
    ],
)
def test_days_around_holidays(calendar, day, is_working):
    """Holidays rest, make-up days work, all others follow the week."""
    assert calendar.is_working(day) is is_working


@pytest.mark.parametrize(
    ("since", "limit", "ends"),
    [
        pytest.param(china(7, 1, 9), "3个工作日", china(7, 7), id="over a weekend"),
        pytest.param(china(7, 3, 23, 59), "1个工作日", china(7, 7), id="late on a Friday"),
        pytest.param(china(7, 4, 8), "1个工作日", china(7, 7), id="on a Saturday"),
        pytest.param(
            china(2, 13, 9), "3个工作日", china(2, 26),
            id="over Spring Festival with its make-up Saturday",
        ),
        pytest.param(
            china(2, 24, 9), "5个工作日", china(3, 3),
            id="over the make-up Saturday after Spring Festival",
        ),
        pytest.param(china(9, 30, 15), "2个工作日", china(10, 10), id="over the National Day"),
        pytest.param(china(7, 1, 22, 30), "4小时", china(7, 2, 2, 30), id="hours run at night"),
        pytest.param(china(2, 15, 9), "26小时", china(2, 16, 11), id="and on holidays"),
        pytest.param(china(7, 1, 9), "20日", china(7, 22), id="calendar days"),
        pytest.param(china(7, 1, 9), "20个自然日", china(7, 22), id="by their other name"),
        pytest.param(
            china(2, 1, 9), "15日", china(2, 25), id="that end in a holiday go on until it is over"
        ),
        pytest.param(china(1, 31, 9), "14日", china(2, 15), id="and not past a make-up Saturday"),
    ],
)  # fmt: skip
def test_a_limit_ends(calendar, since, limit, ends):
    """Case 14: the day of issue never counts; days end at midnight, hours where they end."""
    due = calendar.due(Limit.parse(limit), since)

    assert due == Deadline(ends)


def test_the_day_of_issue_is_chinas(calendar):
    """A moment in UTC counts from the day that it is in China."""
    late = dt.datetime(2026, 7, 1, 16, 30, tzinfo=dt.UTC)

    assert calendar.due(Limit.parse("1个工作日"), late) == Deadline(china(7, 4))


def test_a_deadline_knows_its_last_day_and_when_it_has_passed():
    """Midnight ends the day before it; at its own moment a limit has run out."""
    deadline = Deadline(china(10, 10))

    assert deadline.last_day == dt.date(2026, 10, 9)
    assert deadline.is_midnight
    assert not deadline.has_passed(china(10, 9, 23, 59))
    assert deadline.has_passed(china(10, 10))
    assert not Deadline(china(7, 1, 13, 30)).is_midnight


@pytest.mark.parametrize(
    ("since", "limit", "missing"),
    [
        pytest.param(china(12, 30, 9), "1个工作日", (), id="ends within the table"),
        pytest.param(china(12, 30, 9), "3个工作日", (2027,), id="reaches into the next year"),
        pytest.param(china(12, 31, 9), "1日", (2027,), id="calendar days that end there"),
        pytest.param(china(12, 31, 23), "4小时", (), id="hours need no table"),
        pytest.param(china(12, 30, 9, year=2023), "3个工作日", (2023,), id="from before the table"),
        pytest.param(china(12, 31, 9, year=2023), "1个工作日", (), id="issued on its last day"),
    ],
)
def test_a_missing_year_is_told(calendar, since, limit, missing):
    """A count that reaches into a year without a table says so, and counts Monday to Friday."""
    due = calendar.due(Limit.parse(limit), since)

    assert due.missing_years == missing


def test_in_a_missing_year_monday_to_friday_are_worked(calendar):
    """National Day of a year without a table counts as work: the date errs on the early side."""
    due = calendar.due(Limit.parse("2个工作日"), china(9, 30, 9, year=2027))

    assert due == Deadline(china(10, 5, year=2027), (2027,))


@pytest.mark.parametrize(
    ("today", "missing"),
    [
        pytest.param(dt.date(2026, 11, 30), (), id="November: the notice may be yet to come"),
        pytest.param(dt.date(2026, 12, 1), (2027,), id="December: it is out"),
        pytest.param(dt.date(2027, 3, 1), (2027,), id="the year itself"),
        pytest.param(dt.date(2027, 12, 1), (2027, 2028), id="nobody has cared for a year"),
    ],
)
def test_the_operator_hears_of_a_missing_year_from_december_on(calendar, today, missing):
    """Next year's table is wanted once its notice must be out; this year's at any time."""
    assert calendar.missing_on(today) == missing


@given(
    day=st.dates(dt.date(2024, 1, 1), dt.date(2026, 11, 1)),
    hour=st.integers(0, 23),
    count=st.integers(1, 30),
)
def test_working_days_are_counted_one_by_one(calendar, day, hour, count):
    """Between issue and end lie exactly so many working days, and the last day is one."""
    since = dt.datetime.combine(day, dt.time(hour), tzinfo=CHINA)
    deadline = calendar.add(since, count)
    between = (deadline.last_day - since.date()).days

    days = [since.date() + dt.timedelta(n) for n in range(1, between + 1)]
    assert sum(map(calendar.is_working, days)) == count
    assert calendar.is_working(deadline.last_day)


def test_nothing_is_counted_without_an_offset_or_a_count(calendar):
    """A naive moment and a count of nothing are mistakes of the caller."""
    naive = china(7, 1).replace(tzinfo=None)

    with pytest.raises(ValueError, match="since must be aware"):
        calendar.add(naive, 1)
    with pytest.raises(ValueError, match="since must be aware"):
        calendar.due(Limit.parse("4小时"), naive)
    with pytest.raises(ValueError, match="count must be at least 1"):
        calendar.add(dt.date(2026, 7, 1), 0)


def test_without_a_table_every_year_is_missing():
    """An empty calendar counts weekdays and owns that it knows nothing."""
    assert WorkingDays().add(dt.date(2026, 7, 3), 1) == Deadline(china(7, 7), (2026,))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        pytest.param(
            lambda rest: rest.update(last=dt.date(2026, 2, 14)), "before it begins", id="swapped"
        ),
        pytest.param(
            lambda rest: rest.update(last=dt.date(2027, 2, 23)), "not in 2026", id="a wrong year"
        ),
        pytest.param(
            lambda rest: rest.update(worked=[dt.date(2026, 2, 22)]), "both off and worked",
            id="a day both ways",
        ),
        pytest.param(
            lambda rest: rest.update(worked=[dt.date(2026, 2, 27)]), "no Saturday or Sunday",
            id="a make-up Friday",
        ),
        pytest.param(lambda rest: rest.update(frist=1), "unknown field `frist`", id="misspelt"),
    ],
)  # fmt: skip
def test_a_calendar_that_no_notice_would_state_is_refused(spoil, said):
    """What contradicts itself does not load, and the message names file, year and holiday."""
    document = copy.deepcopy(SMALL)
    spoil(document["years"][2026]["rests"][0])

    with pytest.raises(InvalidCalendarError, match=said) as refused:
        parse_calendar(document)

    assert "calendar.yaml" in str(refused.value)


def test_the_small_calendar_is_right_before_it_is_spoilt():
    """The document that the tests spoil loads as it is."""
    assert parse_calendar(SMALL).years == {2026}
