"""When may a message reach a person, and when does a limit of some hours begin?

Most of what is told comes to light at midnight, when a day has passed.  Nobody is woken for an
order that was not met: such a message waits for the morning, and its hours for the office.  An
accident waits for nothing (``urgent`` in ladder.yaml).
"""

import datetime as dt
import re
from typing import Self

import msgspec

from detectors.warning import CHINA
from detectors.working_days import WorkingDays

_A_DAY = dt.timedelta(days=1)
_SPAN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


class Span(msgspec.Struct, frozen=True):
    """A span of the day in China, half-open; it may pass midnight.

    >>> Span.parse("22:00-07:30").passes_midnight
    True
    """

    begin: dt.time
    end: dt.time

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the span that a text states.

        Raises:
            ValueError: it is none; whoever edits the file mends it.
        """
        found = _SPAN.fullmatch(text)
        if found is None or found[1] + found[2] == found[3] + found[4]:
            raise ValueError(f"{text!r} is no span of the day; 请写如 write it as 22:00-07:30")
        hours = [int(part) for part in found.groups()]
        return cls(dt.time(hours[0], hours[1]), dt.time(hours[2], hours[3]))

    @property
    def passes_midnight(self) -> bool:
        """Whether the span ends on the day after."""
        return self.end < self.begin

    def holds(self, time: dt.time) -> bool:
        """Return whether a time of the day lies within."""
        if self.passes_midnight:
            return time >= self.begin or time < self.end
        return self.begin <= time < self.end


def awake(moment: dt.datetime, quiet: Span | None) -> dt.datetime:
    """Return the moment itself, or the end of the quiet hours that it falls into.

    >>> night = dt.datetime(2026, 7, 1, tzinfo=CHINA)
    >>> awake(night, Span.parse("22:00-07:30")).isoformat()
    '2026-07-01T07:30:00+08:00'
    """
    at = moment.astimezone(CHINA)
    if quiet is None or not quiet.holds(at.time()):
        return moment
    morning = dt.datetime.combine(at.date(), quiet.end, tzinfo=CHINA)
    return morning if morning > at else morning + _A_DAY


def at_work(moment: dt.datetime, office: Span | None, calendar: WorkingDays) -> dt.datetime:
    """Return the moment itself, or the next at which the office opens on a working day.

    >>> sunday = dt.datetime(2026, 7, 5, 10, tzinfo=CHINA)
    >>> at_work(sunday, Span.parse("08:30-17:30"), WorkingDays()).isoformat()
    '2026-07-06T08:30:00+08:00'
    """
    if office is None:
        return moment
    at = moment.astimezone(CHINA)
    day = at.date()
    if calendar.is_working(day) and office.holds(at.time()):
        return moment
    opens = dt.datetime.combine(day, office.begin, tzinfo=CHINA)
    while opens < at or not calendar.is_working(opens.date()):
        opens += _A_DAY
    return opens
