"""Which deadlines have fallen due, and how do they reach the log as events, once each?

A state says when it wants to be woken; the store keeps that beside it.  Here the owner of a
partition turns what is due into events of the same partition; the state that such an event leads
to moves the wake.  Until then the wake is remembered as under way, so that it is not told twice
while its event is still unread; a crash in between tells it once more at the most, under the same
id, which ``step`` recognises.

Bursts (every annual report of a province is missed at 07-01 00:00) are told in bounded batches, at
a bounded rate, and never more at a time than ``window`` in one partition: a source's event never
stands behind more deadlines than that.
"""

import asyncio
import dataclasses
import datetime as dt
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from detectors import events
from streams.metrics import Metrics
from streams.outage import Outage
from streams.progress import CatchUp, Progress
from streams.publisher import NotPublishedError, Outgoing, Publisher
from streams.store import StoreUnavailableError, Wake, WakeStore
from streams.topics import Topic

logger = logging.getLogger(__name__)
BACK = "期限恢复计算。deadlines are told again"

SOURCE = "urn:sanzao:timers"
# While more is due than may be under way: as often as a batch of events is digested.
CROWDED_S = 0.1
# Well below any watchdog's patience, whatever the settings say of polls and rates.
NAP_S = 1.0
# An event that led to no new wake is told again ever later: 1, 2, 4 ... times ``again_after_s``.
MAX_DOUBLINGS = 10


def deadline_record(wake: Wake, silent_feeds: tuple[str, ...], partition: int) -> Outgoing:
    """Return the event by which an enterprise learns that a deadline of its own fell due."""
    event = events.event_of(
        events.DeadlineFellDue(due=wake.at, silent_feeds=silent_feeds),
        id=f"{wake.uscc}/{wake.at}",
        source=SOURCE,
        subject=wake.uscc,
        time=dt.datetime.fromtimestamp(wake.at, dt.UTC),
    )
    return Outgoing(Topic.EVENT.value, partition, wake.uscc.encode(), events.encode(event))


class DueClock(Protocol):
    """What says up to which moment deadlines of a partition have fallen due."""

    async def until(self, partition: int) -> int | None:
        """Return the moment in seconds, or None while it is not known."""


class WallTime:
    """The wall clock, but never past what had reached the log by then and is not read yet.

    A backlog is so read before anything is judged absent.
    """

    def __init__(self, caught_up: CatchUp, *, lateness_s: float) -> None:
        self._caught_up = caught_up
        self._lateness_s = lateness_s

    async def until(self, partition: int) -> int | None:
        """Return the moment up to which the partition is read, less the allowed lateness."""
        moment = self._caught_up.read_until(partition)
        return None if moment is None else int(moment - self._lateness_s)


class EventTime:
    """The latest event time that a partition's states have seen; the wall clock plays no part."""

    def __init__(self, store: WakeStore, *, lateness_s: float) -> None:
        self._store = store
        self._lateness_s = lateness_s

    async def until(self, partition: int) -> int | None:
        """Return the partition's own time, less the allowed lateness."""
        latest = await self._store.latest(partition)
        return int(latest - self._lateness_s) if latest else None


@dataclasses.dataclass(frozen=True, slots=True)
class Pace:
    """How fast deadlines may be told.

    Units:
        ``batch`` and ``window`` are events of one partition: told at once, and under way;
        ``per_second`` are events of this worker.
    """

    batch: int = 500
    window: int = 1000
    per_second: int = 5000
    again_after_s: float = 60.0
    poll_s: float = 1.0


@dataclasses.dataclass(slots=True)
class _Told:
    at: float
    times: int = 0


@dataclasses.dataclass(slots=True)
class _Round:
    """What one round came to: ``crowded`` says that more is due than may be under way."""

    told: int = 0
    crowded: bool = False
    oldest_s: int = 0


@dataclasses.dataclass(slots=True)
class Timers:
    """The task that tells deadlines, for the partitions that this worker owns.

    ``unsure`` returns the feeds that are late as of a moment; ``alive`` is called at every sign
    of progress or of a known outage.
    """

    store: WakeStore
    publisher: Publisher
    progress: Progress
    clock: DueClock
    caught_up: CatchUp
    unsure: Callable[[int], Awaitable[tuple[str, ...]]]
    metrics: Metrics
    now: Callable[[], dt.datetime]
    pace: Pace = dataclasses.field(default_factory=Pace)
    alive: Callable[[], None] = lambda: None
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    _under_way: dict[int, dict[Wake, _Told]] = dataclasses.field(default_factory=dict)
    _outage: Outage = dataclasses.field(default_factory=lambda: Outage(logger, BACK))

    async def run(self, must_stop: Callable[[], bool]) -> None:
        """Tell what falls due until the worker stops; an outage is waited for, nothing skipped."""
        while not must_stop():
            self.alive()
            done = await self._round()
            self.metrics.deadline_delay_seconds.set(done.oldest_s)
            if not done.told:
                await self._nap(CROWDED_S if done.crowded else self.pace.poll_s)

    async def _round(self) -> _Round:
        """Tell one batch of each partition; one that cannot be told keeps no other waiting."""
        done = _Round()
        owned = self.progress.partitions()
        self.caught_up.keep(owned)
        for partition in self._under_way.keys() - set(owned):
            del self._under_way[partition]
        all_answered = True
        for partition in owned:
            try:
                until = await self.clock.until(partition)
                if until is not None:
                    await self._tell(partition, until, done)
            except (StoreUnavailableError, NotPublishedError) as error:
                part = "redis" if isinstance(error, StoreUnavailableError) else "kafka"
                self.metrics.retries.labels(part).inc()
                all_answered = False
                self._outage.began(
                    "期限暂缓，恢复后自动继续。deadlines wait (partition %d): %s", partition, error
                )
                self.alive()
        if owned and all_answered:
            self._outage.ended()
        return done

    async def _tell(self, partition: int, until: int, done: _Round) -> None:
        under_way = await self._still_under_way(partition)
        due = await self.store.due(partition, until=until, limit=len(under_way) + self.pace.batch)
        if not due:
            return
        done.oldest_s = max(done.oldest_s, until - due[0].at)
        room = min(self.pace.batch, self.pace.window - len(under_way))
        fresh = [wake for wake in due if wake not in under_way]
        done.crowded |= len(fresh) > room
        again = self._to_tell_again(partition, under_way)
        wakes = [*fresh[:room], *again]
        # The answers took their time: who has lost the partition meanwhile says nothing.
        if not wakes or partition not in self.progress.partitions():
            return
        silent = await self.unsure(until)
        await self.publisher.publish(deadline_record(wake, silent, partition) for wake in wakes)
        self._note(under_way, wakes)
        self.metrics.deadlines.inc(len(wakes))
        self.metrics.deadlines_again.inc(len(again))
        done.told += len(wakes)
        await self._nap(len(wakes) / self.pace.per_second)

    async def _nap(self, seconds: float) -> None:
        """Let time pass; who means to wait is not stuck, and says so."""
        while seconds > 0:
            self.alive()
            await self.sleep(min(seconds, NAP_S))
            seconds -= NAP_S

    async def _still_under_way(self, partition: int) -> dict[Wake, _Told]:
        """Return what was told and has not moved: the state behind a moved wake has its event."""
        under_way = self._under_way.setdefault(partition, {})
        if under_way:
            stored = await self.store.wakes(partition, [wake.uscc for wake in under_way])
            for wake in [one for one in under_way if stored.get(one.uscc) != one.at]:
                del under_way[wake]
        return under_way

    def _to_tell_again(self, partition: int, under_way: dict[Wake, _Told]) -> Sequence[Wake]:
        """Return what was told long ago, is read for certain, and yet has not moved."""
        read_until = self.caught_up.read_until(partition)
        if read_until is None:
            return ()
        late = [
            wake
            for wake, told in under_way.items()
            if read_until - told.at >= self.pace.again_after_s * 2 ** min(told.times, MAX_DOUBLINGS)
        ]
        return late[: self.pace.batch]

    def _note(self, under_way: dict[Wake, _Told], wakes: Sequence[Wake]) -> None:
        moment = self.now().timestamp()
        for wake in wakes:
            before = under_way.get(wake)
            under_way[wake] = _Told(moment, before.times + 1 if before else 0)
