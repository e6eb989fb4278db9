"""What falls due once a year: is the annual report missing, and when will that matter?

Units:
    Moments are event time in seconds; a day of the year is "MM-DD" in China.
"""

import datetime as dt
import functools
from collections.abc import Collection, Sequence

from detectors.facts import DAY_S, Fact
from detectors.state import Profile


def year_of(moment: int) -> int:
    """Return the year in China.

    >>> year_of(1782835200)
    2026
    """
    return _year_of_day((moment + _AHEAD_S) // DAY_S)


_AHEAD_S = 8 * 3600  # China stands eight hours before UTC


@functools.lru_cache(maxsize=65_536)
def _year_of_day(day: int) -> int:
    """Return the year of a day counted from 1970; the events of a day share it."""
    return (dt.date(1970, 1, 1) + dt.timedelta(days=day)).year


@functools.lru_cache(maxsize=4096)
def day_in(year: int, day: str) -> int:
    """Return the first second of a day of a year.

    >>> day_in(2026, "07-01")
    1782835200
    """
    return int(dt.datetime.fromisoformat(f"{year}-{day}T00:00:00+08:00").timestamp())


def is_unfiled(
    profile: Profile,
    facts: Sequence[Fact],
    as_of: int,
    *,
    kinds: Collection[int],
    day: str,
    year: int = 0,
) -> bool:
    """Return whether the report on the year before is missing on ``day`` of ``year`` or later.

    Without a ``year`` it is this one.  An enterprise owes none in the year of its establishment
    (企业信息公示暂行条例第八条).
    """
    if year:
        since = day_in(year, day)
    else:
        year, since = _asked_on((as_of + _AHEAD_S) // DAY_S, day)
    if as_of < since or not profile.established or year_of(profile.established) >= year:
        return False
    return not any([f.kind in kinds and f.ref == year - 1 and f.counts_at(as_of) for f in facts])


def is_still_unfiled(
    profile: Profile,
    facts: Sequence[Fact],
    as_of: int,
    *,
    kinds: Collection[int],
    day: str,
    excused: Collection[int],
    heard_until: int | None = None,
) -> bool:
    """Return whether the report asked for last is missing: over New Year, until it is filed.

    Filing late ends the duty, the turn of the year does not (企业信息公示暂行条例第十七条); while a
    fact of a kind of ``excused`` is in force there is none.  What was asked for last year counts
    only of an enterprise of which an earlier report is known: of another nobody knows whether its
    reports were ever handed over.  Where reports were heard of only until before the day
    (``heard_until``; None: they are heard of), it is not missing yet.
    """
    year, since, is_known = _asked_last((as_of + _AHEAD_S) // DAY_S, day)
    if not profile.established or year_of(profile.established) >= year:
        return False
    if heard_until is not None and heard_until < since:
        return False
    for fact in facts:  # one pass: it is asked at every event
        if fact.kind in kinds:
            if fact.ref == year - 1:
                if fact.counts_at(as_of):
                    return False
            elif fact.ref < year and not fact.is_revoked:
                is_known = True
        elif fact.kind in excused and fact.counts_at(as_of):
            return False
    return is_known


@functools.lru_cache(maxsize=65_536)
def _asked_last(number: int, day: str) -> tuple[int, int, bool]:
    """Return the year in which a report was last asked for, since when, and if it is this one."""
    year, since = _asked_on(number, day)
    if number >= (since + _AHEAD_S) // DAY_S:
        return year, since, True
    return year - 1, day_in(year - 1, day), False


@functools.lru_cache(maxsize=65_536)
def _asked_on(number: int, day: str) -> tuple[int, int]:
    """Return the year of a day counted from 1970, and since when the report is asked for in it."""
    year = _year_of_day(number)
    return year, day_in(year, day)


def next_day(as_of: int, days: tuple[str, ...]) -> int:
    """Return the first second of the next of these days of the year after ``as_of``.

    >>> next_day(day_in(2026, "06-25"), ("06-15", "07-01")) == day_in(2026, "07-01")
    True
    """
    return _next_of_day((as_of + _AHEAD_S) // DAY_S, days)


@functools.lru_cache(maxsize=65_536)
def _next_of_day(day: int, days: tuple[str, ...]) -> int:
    """Return the next of the days after one counted from 1970: the same for all its moments."""
    last = (day + 1) * DAY_S - _AHEAD_S - 1
    year = _year_of_day(day)
    moments = [day_in(some, one) for some in (year, year + 1) for one in days]
    return min(moment for moment in moments if moment > last)


def last_day(as_of: int, days: tuple[str, ...]) -> int:
    """Return the first second of the last of these days of the year that has come.

    >>> last_day(day_in(2027, "01-10"), ("06-25", "07-01")) == day_in(2026, "07-01")
    True
    """
    year = year_of(as_of)
    moments = [day_in(some, one) for some in (year - 1, year) for one in days]
    return max(moment for moment in moments if moment <= as_of)
