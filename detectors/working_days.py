"""When does a time limit end, by the State Council's calendar of holidays and make-up days?

Working days are counted as 行政处罚法 art. 85 does; the day of issue never counts (民法典 art.
201); a limit in days ends with the last of them, at midnight in China.
"""

import dataclasses
import datetime as dt
import enum
import re
from collections.abc import Iterator, Mapping
from typing import Annotated

import msgspec
from msgspec import Meta

from detectors.warning import CHINA

# The notice for a year has come between October and December of the year before (2023: 25 October,
# 2024: 12 November, 2025: 4 November), so in December a missing table is somebody's omission.
NOTICE_IS_OUT_MONTH = 12
WEEKEND = 5  # date.weekday() of a Saturday
_A_DAY = dt.timedelta(days=1)
_LIMIT = re.compile(r"(?P<count>[1-9]\d{0,3})(?P<unit>小时|个工作日|个自然日|日)")


class InvalidCalendarError(ValueError):
    """The calendar contradicts itself; the operator compares calendar.yaml with the notice."""


class LimitUnit(enum.StrEnum):
    """In what a time limit is counted; 日 and 个自然日 are two spellings of calendar days."""

    HOURS = "小时"
    WORKING_DAYS = "个工作日"
    NATURAL_DAYS = "个自然日"
    DAYS = "日"


class Limit(msgspec.Struct, frozen=True):
    """A time limit as an officer reads it, and as a calendar counts it.

    >>> Limit.parse("4小时")
    Limit(count=4, unit=<LimitUnit.HOURS: '小时'>)
    >>> str(Limit.parse("1个工作日"))
    '1个工作日'
    """

    count: int
    unit: LimitUnit

    @classmethod
    def parse(cls, text: str) -> "Limit":
        """Return the limit that ``text`` states.

        Raises:
            ValueError: the text is no limit; the loader of the document says where.
        """
        found = _LIMIT.fullmatch(text)
        if found is None:
            raise ValueError(
                f"{text!r} is no time limit; 请写如 4小时、1个工作日、30日。write it so"
            )
        return cls(int(found["count"]), LimitUnit(found["unit"]))

    def __str__(self) -> str:
        """Return the wording of the file."""
        return f"{self.count}{self.unit.value}"


class Deadline(msgspec.Struct, frozen=True):
    """The moment at which a limit has run out, in China's time.

    Shapes:
        ``missing_years`` are the years that the count reached into and the calendar does not
        hold: there Monday to Friday counted, and whoever quotes the date must say so.
    """

    at: dt.datetime
    missing_years: tuple[int, ...] = ()

    @property
    def is_midnight(self) -> bool:
        """Return whether the limit ends with a day, not within one."""
        return self.at.time() == dt.time()

    @property
    def last_day(self) -> dt.date:
        """Return the last day on which the limit has not run out."""
        return (self.at - dt.timedelta(microseconds=1)).date()

    def has_passed(self, now: dt.datetime) -> bool:
        """Return whether the limit has run out: at its moment it has."""
        return now >= self.at


class Rest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One holiday with the days off around it, both ends included, and the days worked for it."""

    name: Annotated[str, Meta(min_length=1)]
    first: dt.date
    last: dt.date
    worked: tuple[dt.date, ...] = ()

    def days(self) -> Iterator[dt.date]:
        """Yield the days off."""
        for number in range((self.last - self.first).days + 1):
            yield self.first + number * _A_DAY


class Year(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the notice of one year says; ``source`` is its number."""

    source: Annotated[str, Meta(min_length=1)]
    rests: Annotated[tuple[Rest, ...], Meta(min_length=1)]


class CalendarDocument(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The document ``calendar.yaml``."""

    version: str
    years: dict[int, Year]


@dataclasses.dataclass(frozen=True, slots=True)
class WorkingDays:
    """Which days are worked.

    Shapes:
        ``years`` are those whose notice is known; ``off`` and ``worked`` are the exceptions from
        Monday to Friday.
    """

    years: frozenset[int] = frozenset()
    off: frozenset[dt.date] = frozenset()
    worked: frozenset[dt.date] = frozenset()

    def is_working(self, day: dt.date) -> bool:
        """Return whether ``day`` is worked; in a year without a table, Monday to Friday are."""
        if day in self.worked:
            return True
        return day.weekday() < WEEKEND and day not in self.off

    def add(self, since: dt.date | dt.datetime, count: int) -> Deadline:
        """Return the end of the ``count``-th working day after ``since``.

        Raises:
            ValueError: ``count`` is less than one, or ``since`` is a moment without an offset.
        """
        if count < 1:
            raise ValueError(f"count must be at least 1, got {count}")
        day, left = _day_of(since), count
        first = day + _A_DAY
        while left:
            day += _A_DAY
            left -= self.is_working(day)
        return Deadline(_end_of(day), self._missing(first, day))

    def due(self, limit: Limit, since: dt.datetime) -> Deadline:
        """Return when ``limit`` has run out that began at ``since``.

        Hours run on the clock, day and night.  Calendar days that would end on a day off end
        with the next working day (民法典 art. 203).

        Raises:
            ValueError: ``since`` has no offset.
        """
        if limit.unit is LimitUnit.HOURS:
            if since.tzinfo is None:
                raise ValueError(f"since must be aware, got {since.isoformat()}")
            return Deadline(since.astimezone(CHINA) + dt.timedelta(hours=limit.count))
        if limit.unit is LimitUnit.WORKING_DAYS:
            return self.add(since, limit.count)
        last = _day_of(since) + limit.count * _A_DAY
        day = last
        while not self.is_working(day):
            day += _A_DAY
        return Deadline(_end_of(day), self._missing(last, day))

    def missing_on(self, today: dt.date) -> tuple[int, ...]:
        """Return the years whose table an operator should have entered by ``today``.

        This year's always; next year's from December on.
        """
        wanted = [today.year]
        if today.month >= NOTICE_IS_OUT_MONTH:
            wanted.append(today.year + 1)
        return tuple(year for year in wanted if year not in self.years)

    def _missing(self, first: dt.date, last: dt.date) -> tuple[int, ...]:
        return tuple(year for year in range(first.year, last.year + 1) if year not in self.years)


def parse_calendar(document: object, *, file: str = "calendar.yaml") -> WorkingDays:
    """Return the calendar that a document states.

    Raises:
        InvalidCalendarError: a key is unknown or of the wrong type, a rest ends before it begins,
            lies outside its year, or a day is both off and worked; names file and key.
    """
    try:
        found = msgspec.convert(document, CalendarDocument, str_keys=True)
    except msgspec.ValidationError as error:
        raise InvalidCalendarError(f"{file}: {error}") from error
    problems = list(_problems(found.years))
    if problems:
        raise InvalidCalendarError("\n".join(f"{file}: {problem}" for problem in problems))
    rests = [rest for year in found.years.values() for rest in year.rests]
    return WorkingDays(
        years=frozenset(found.years),
        off=frozenset(day for rest in rests for day in rest.days()),
        worked=frozenset(day for rest in rests for day in rest.worked),
    )


def _problems(years: Mapping[int, Year]) -> Iterator[str]:
    """Yield what no notice would say."""
    off = {day for year in years.values() for rest in year.rests for day in rest.days()}
    for number, year in years.items():
        for rest in year.rests:
            where = f"years.{number}.{rest.name}"
            if rest.last < rest.first:
                yield (
                    f"{where}: ends ({rest.last}) before it begins ({rest.first}); "
                    f"首尾颠倒，请对调。swap them"
                )
            # New Year's rest may begin in the December before.
            elif rest.last.year != number:
                yield (
                    f"{where}: ends on {rest.last}, not in {number}; "
                    f"请移到它所在的年份。move it to its own year"
                )
            for day in rest.worked:
                if day in off:
                    yield (
                        f"{where}: {day} is both off and worked; "
                        f"同一天既休又班，请核对 {year.source}。compare with the notice"
                    )
                elif day.weekday() < WEEKEND:
                    yield (
                        f"{where}: {day} is worked anyway, it is no Saturday or Sunday; "
                        f"这天本就上班，请核对 {year.source}。compare with the notice"
                    )


def _day_of(since: dt.date | dt.datetime) -> dt.date:
    """Return the day in China."""
    if not isinstance(since, dt.datetime):
        return since
    if since.tzinfo is None:
        raise ValueError(f"since must be aware, got {since.isoformat()}")
    return since.astimezone(CHINA).date()


def _end_of(day: dt.date) -> dt.datetime:
    """Return the midnight at which a day ends."""
    return dt.datetime.combine(day + _A_DAY, dt.time(), tzinfo=CHINA)
