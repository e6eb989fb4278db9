"""How does the thread around aiokafka fetch without stalls, and of which assignment?"""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Protocol, cast

from faust.transport.consumer import ensure_TP
from faust.transport.drivers import aiokafka as driver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from aiokafka import AIOKafkaConsumer
    from faust.types import TP

    from streams.batch import Record


@dataclass(frozen=True, slots=True)
class Tuning:
    """How long the transport waits, and for what.

    Source:
        Measured on Tansu and noida-db, two cores (reference/engineering.md, section 1).  With all
        four, 1,000 events/s take 15 ms from creation to stored state at p50, 27 ms at p99.
    """

    # Faust sleeps a whole second when back-pressure has paused every partition.  10 ms costs 100
    # wake-ups a second, and only while the agents are the bottleneck.
    back_pressure_poll: dt.timedelta = dt.timedelta(milliseconds=10)
    # How long a broker holds a fetch that found nothing.  Faust hard-codes 1500 ms, and as only one
    # fetch is in flight per broker, a partition with data waits behind an empty one.  Tansu answers
    # at half of it, data or not: there 20 ms took p50 from 46 to 21 ms at 5,000 events/s.
    fetch_max_wait: dt.timedelta = dt.timedelta(milliseconds=50)
    # aiokafka leaves a broker alone for 100 ms while one of its partitions is undrained, and Faust
    # drains from another thread, so fetching stopped 100 ms at a time: p50 57 -> 13 ms.
    prefetch_backoff: dt.timedelta = dt.timedelta(milliseconds=5)
    # After a small fetch, let the next one fill: without it an agent drowns in batches of two.
    linger: dt.timedelta = dt.timedelta(milliseconds=5)
    # A fetch with fewer records is a small one.  At 500 the cost of a batch (a Redis round trip or
    # two, about 1 ms) is a few microseconds per record, below the work on the record itself.
    few_records: int = 500
    # How long an acknowledged batch stays uncommitted: longer than what the store that the agents
    # write to may lose.  A restart reads that much again.
    commit_after: dt.timedelta = dt.timedelta()
    # The last moment (``time.monotonic``) at which that store was seen alive.
    vouched: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if not callable(value) and value < type(value)():
                raise ValueError(f"{each.name} must not be negative, got {value}")


class Tuned(Protocol):
    """The transport that a thread belongs to."""

    tuning: Tuning


@dataclass(frozen=True, slots=True)
class Fetch:
    """The records of one poll, the assignment whose positions they moved, and where these stand."""

    records: Mapping[TP, Sequence[Record]]
    assignment: Any
    positions: Mapping[TP, int]


class BatchConsumerThread(driver.AIOKafkaConsumerThread):
    """Faust's thread around aiokafka: no stalls, and fetches that know their assignment."""

    @property
    def tuning(self) -> Tuning:
        """How this app's transport was tuned."""
        return cast("Tuned", self.transport).tuning

    def _create_worker_consumer(self, transport: driver.Transport) -> AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        wait = self.tuning.fetch_max_wait
        consumer._fetch_max_wait_ms = round(wait / dt.timedelta(milliseconds=1))  # noqa: SLF001
        # Faust ties this to its own transactions.  What a source took back never happened.
        consumer._isolation_level = "read_committed"  # noqa: SLF001
        return consumer

    def highwater(self, tp: TP) -> int:
        """Return the end of what may be read: what an open transaction holds back waits for it.

        Taken for a backlog, it would keep deadlines from falling due, and have the watchdog end
        a worker that has nothing to read.
        """
        stable: int = self._ensure_consumer().last_stable_offset(tp)
        return stable

    async def on_start(self) -> None:
        """Start aiokafka and shorten its back-off, which has no setting."""
        await super().on_start()
        fetcher = self._ensure_consumer()._fetcher  # noqa: SLF001
        fetcher._prefetch_backoff = self.tuning.prefetch_backoff.total_seconds()  # noqa: SLF001

    def current_assignment(self) -> Any:
        """Return aiokafka's assignment of this moment, None before the first one."""
        subscription = self._ensure_consumer()._subscription.subscription  # noqa: SLF001
        return None if subscription is None else subscription.assignment

    async def fetch(self, wanted: set[TP] | None, *, patience: dt.timedelta) -> Fetch:
        """Return what has arrived for the ``wanted`` partitions, or nothing after ``patience``."""
        fetched: Fetch = await self.call_thread(self._fetch, wanted, patience)
        return fetched

    async def _fetch(self, wanted: set[TP] | None, patience: dt.timedelta) -> Fetch:
        consumer = self._ensure_consumer()
        records = await self._fetch_records(
            consumer,
            cast("set[TP]", wanted),
            timeout=patience.total_seconds(),
            max_records=consumer._max_poll_records,  # noqa: SLF001
        )
        # No await since aiokafka moved the positions: this is the assignment that it moved.
        assignment = self.current_assignment()
        return Fetch(records, assignment, dict(_positions(assignment)))

    async def give_back(self, assignment: Any, offsets: Mapping[TP, int]) -> None:
        """Read again from ``offsets``, unless ``assignment`` is over and the positions with it."""
        await self.call_thread(self._give_back, assignment, offsets)

    async def _give_back(self, assignment: Any, offsets: Mapping[TP, int]) -> None:
        if assignment is self.current_assignment() and assignment.active:
            for tp, offset in offsets.items():
                self._ensure_consumer().seek(driver.ensure_aiokafka_TP(tp), offset)


def _positions(assignment: Any) -> Iterator[tuple[TP, int]]:
    """Yield how far each partition is read that has a position at all."""
    for tp in assignment.tps if assignment is not None else ():
        state = assignment.state_value(tp)
        if state.has_valid_position:
            yield ensure_TP(tp), state.position
