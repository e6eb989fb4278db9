"""How does time pass in the demo, so that every run comes to the same counts?

Deadlines follow the events' own time (``timers.clock: events``).  Left to themselves, timers would
tell a deadline before or after a source's event of the same hour, as the machine happens to be
busy, and an event that comes first may spare the deadline.  So the demo holds the time of each
partition still while a stretch of days is read, and lets it pass at the end of the stretch: every
deadline of these days is told then, before anything of the next day.
"""

import dataclasses
import datetime as dt
from collections.abc import Iterator, Sequence

import redis

from detectors.events import Event
from detectors.warning import CHINA
from streams.clock import midnight
from streams.devstack.stack import Stack
from streams.keys import clock_key, timers_key

A_DAY = dt.timedelta(days=1)
# The opening balance passes by the fortnight: nobody watches it.
STRETCH_DAYS = 14
# A deadline waits for longer than a stretch lasts: no event of a stretch makes one fall due.
LATENESS = A_DAY * (STRETCH_DAYS + 1)


@dataclasses.dataclass(frozen=True, slots=True)
class Stretch:
    """Some days, the events that arrive in them, and the midnight at which they end."""

    events: Sequence[Event]
    ends: dt.datetime
    is_watched: bool


def stretches(events: Sequence[Event], *, start: dt.date) -> Iterator[Stretch]:
    """Yield the events in their order: the history by the fortnight, then day by day.

    A late event stays with the day that brings it.
    """
    chunk: list[Event] = []
    newest = last = events[0].time.astimezone(CHINA).date()
    for event in events:
        day = event.time.astimezone(CHINA).date()
        if day > last:
            yield _stretch(chunk, newest, start)
            chunk, last = [], day if day >= start else _end_of_fortnight(day, start)
        newest = max(newest, day)
        chunk.append(event)
    yield _stretch(chunk, newest, start)


def _stretch(events: Sequence[Event], newest: dt.date, start: dt.date) -> Stretch:
    return Stretch(events, midnight(newest + A_DAY), is_watched=newest >= start)


def _end_of_fortnight(day: dt.date, start: dt.date) -> dt.date:
    """Return the last day of a stretch of the history that begins on ``day``."""
    return min(day + A_DAY * (STRETCH_DAYS - 1), start - A_DAY)


class SimulatedTime:
    """The time of the partitions of a running stack."""

    def __init__(self, stack: Stack) -> None:
        self._redis = redis.Redis.from_url(stack.redis_url)
        self._partitions = range(stack.partitions)

    def close(self) -> None:
        """Hang up."""
        self._redis.close()

    def pass_until(self, moment: dt.datetime) -> None:
        """Let everything fall due up to a moment."""
        reached = int((moment + LATENESS).timestamp())
        for partition in self._partitions:
            self._redis.set(clock_key(partition), reached)

    def waiting(self, moment: dt.datetime) -> int:
        """Return how many deadlines up to a moment have not reached their enterprise yet."""
        until = int(moment.timestamp())
        counts = [self._redis.zcount(timers_key(p), "-inf", until) for p in self._partitions]
        return sum(int(str(count)) for count in counts)
