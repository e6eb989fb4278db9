"""What of the event log is this worker's, and up to when has it read it?"""

import dataclasses
import datetime as dt
from collections.abc import Callable, Collection
from typing import Protocol

import faust
from faust.exceptions import ConsumerNotStarted
from faust.types import TP

from streams.topics import Topic


@dataclasses.dataclass(frozen=True, slots=True)
class Reading:
    """How far a partition is read.

    Units:
        Offsets: ``end`` is the next that the log will give, ``done`` the next to be processed.
    """

    end: int
    done: int

    @property
    def unread(self) -> int:
        """Return how many records wait."""
        return max(0, self.end - self.done)


class Progress(Protocol):
    """The partitions of the event log that are ours, and how far each is read."""

    def partitions(self) -> Collection[int]:
        """Return the partitions that this worker owns at this moment."""

    def reading(self, partition: int) -> Reading | None:
        """Return how far a partition is read, None while the broker has not told of its end."""


class FaustProgress:
    """The progress of a Faust app's consumer.

    Weakness: the end of a partition is what its last fetch said, some 50 ms old where nothing
    comes; an event that arrives within that time may be read after a deadline it precedes.
    """

    def __init__(self, app: faust.App) -> None:
        self._app = app

    def partitions(self) -> Collection[int]:
        """Return the partitions that this worker owns; none while they are being given anew."""
        consumer = self._app.consumer
        return self.assigned() if consumer and consumer.flow_active else ()

    def assigned(self) -> Collection[int]:
        """Return the partitions that the group has given us, whether or not we may work on them."""
        return tuple(sorted(tp.partition for tp in self._assigned({Topic.EVENT})))

    def waits(self, topics: Collection[Topic]) -> bool:
        """Return whether the broker has told of records of these topics that nobody finished."""
        readings = map(self._reading, self._assigned(topics))
        return any(reading is not None and reading.unread for reading in readings)

    def reading(self, partition: int) -> Reading | None:
        """Return how far a partition is read.

        It comes from positions, not from asking the broker for its end: an embedded one counts
        that wrong.
        """
        return self._reading(TP(Topic.EVENT.value, partition))

    def _assigned(self, topics: Collection[Topic]) -> list[TP]:
        try:
            assigned = self._app.consumer.assignment() if self._app.consumer else ()
        except ConsumerNotStarted:
            return []
        return [tp for tp in assigned if tp.topic in topics]

    def _reading(self, tp: TP) -> Reading | None:
        consumer = self._app.consumer
        try:
            end = consumer.highwater(tp)
        except (AssertionError, ConsumerNotStarted):
            return None  # aiokafka asserts that it is ours; its own thread may just have lost it
        return None if end is None else Reading(end, consumer.done(tp))


class CatchUp:
    """Up to which moment is everything read that had reached the log by then?

    Under load a partition is never read to its end, for the end moves on.  So the end is noted
    with its moment, and once it is passed, all of that moment is read.
    """

    def __init__(self, progress: Progress, now: Callable[[], dt.datetime]) -> None:
        self._progress = progress
        self._now = now
        self._awaited: dict[int, tuple[int, float]] = {}
        self._read_until: dict[int, float] = {}

    def read_until(self, partition: int) -> float | None:
        """Return the moment (wall clock, seconds), or None while nothing is known."""
        reading = self._progress.reading(partition)
        if reading is None:
            return None
        moment = self._now().timestamp()
        end, noted_at = self._awaited.get(partition, (reading.end, moment))
        if reading.done >= end:
            self._read_until[partition] = noted_at if reading.unread else moment
            end, noted_at = reading.end, moment
        self._awaited[partition] = end, noted_at
        return self._read_until.get(partition)

    def keep(self, partitions: Collection[int]) -> None:
        """Forget all partitions but these: who gets one back begins anew."""
        for known in (self._awaited, self._read_until):
            for partition in known.keys() - set(partitions):
                del known[partition]
