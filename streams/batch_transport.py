"""How does a fetched batch, and not a single record, become the unit of work of a Faust app?

Faust spends four tasks, a queue and an acknowledgement on each message: 9,000-13,500 events/s on
two cores.  This transport hands an agent ONE event per (partition, fetch), about 300,000 events/s,
and leaves the rest of Faust (agents, topics, groups, rebalance, supervisor, commits) as it is.

    register()
    app = faust.App("sanzao", broker="batchkafka://127.0.0.1:9092", topic_disable_leader=True,
                    stream_wait_empty=False, broker_commit_interval=0.5)
    tune(app, Tuning())
    topic = app.topic("enterprise.event.v1", schema=RawBatch())

    @app.agent(topic)
    async def assess(stream):
        stream = stream.noack()
        async for event in stream.events():
            batch = batch_of(event)
            ...  # the effects, then:
            await stream.ack(event)

EVERY topic that the app consumes is delivered so; an app with Faust tables, a leader or reply
topics does not start.  ``broker_commit_every`` does nothing: the commit interval alone decides.
``stream_buffer_maxsize`` counts batches, so memory is bounded by
``broker_max_poll_records * stream_buffer_maxsize`` records for each topic.

Correctness rests on one notion.  A fetch belongs to one *assignment* of aiokafka, the object that
holds the positions.  An assignment that began to be revoked delivers nothing more, and what it
fetched is dropped: the next assignment reads from the committed offset.  What a live assignment
fetched is either delivered or sought back to, never dropped.

Records of a transaction are delivered once it is committed, those of an aborted one never.  Its
price: a source that leaves a transaction open holds up everything behind it in those partitions,
until it ends or the broker's ``transaction.timeout.ms`` (a minute) aborts it.

Weakness, shared with stock Faust: while the broker is dead, a worker does not heed SIGTERM, since
aiokafka waits for its coordinator to leave the group.  Whoever stops it must be ready to kill it.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections import defaultdict
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar, cast

from aiokafka import AIOKafkaConsumer
from aiokafka.consumer.fetcher import Fetcher as AIOKafkaFetcher
from aiokafka.consumer.subscription_state import (
    Assignment,
    Subscription,
    SubscriptionState,
    TopicPartitionState,
)
from faust.transport.consumer import ensure_TP
from faust.transport.drivers import TRANSPORTS
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, AppT, ConsumerMessage

from streams.batch import Batch, BatchMessage, NotABatchTopicError, RawBatch
from streams.foreign_internals import assert_internals
from streams.ordered_acks import Delivery, OrderedAcks, Seasoned

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from mode import ServiceT

    from streams.batch import Record

SCHEME = "batchkafka"

# Faust's own value.  It bounds how long a stop waits for the consumer's thread.
POLL = dt.timedelta(seconds=1)


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


class DrainCancelledError(RuntimeError):
    """The fetching loop was cancelled in a running app; the worker must end and be restarted."""


def is_current(app: AppT, batch: Batch) -> bool:
    """Return whether this worker still owns what ``batch`` came from.

    False from the moment the partition begins to be revoked, or the worker to stop.  It is a
    courtesy that saves work, not a fence: the answer may be out of date when it arrives.
    """
    return app.consumer.flow_active and batch.generation == app.consumer_generation_id


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
        return cast("BatchTransport", self.transport).tuning

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


class BatchConsumer(driver.Consumer):
    """Faust's consumer, delivering batches and committing in order."""

    _thread: BatchConsumerThread
    _in_flight: defaultdict[TP, OrderedAcks]
    _seasoned: defaultdict[TP, Seasoned]
    _passed: dict[TP, int]
    _revoked_assignment: Any = None

    def _reset_state(self) -> None:
        self._in_flight = defaultdict(OrderedAcks)
        self._seasoned = defaultdict(Seasoned)
        self._passed = {}
        super()._reset_state()

    def _new_consumer_thread(self) -> BatchConsumerThread:
        return BatchConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def subscribe(self, topics: Iterable[str]) -> None:
        """Subscribe, once it is sure that every topic can take batches.

        Raises:
            NotABatchTopicError: a topic would decode a batch as if it were one record.
        """
        for topic in self.app.topics:
            if not isinstance(topic.schema, RawBatch):
                raise NotABatchTopicError(
                    f"topic {topic}: {SCHEME}:// delivers batches only; declare it with "
                    "schema=RawBatch(), use no tables, and set topic_disable_leader=True"
                )
        await super().subscribe(topics)

    async def _drain_messages(self, fetcher: ServiceT) -> None:
        """Fetch and deliver until the worker stops.

        What raises here passes through Faust's Fetcher, which crashes the app and ends the worker.
        A cancellation would not: Fetcher swallows it, and the worker would live on, fetching
        nothing, renewing its membership and starving its partitions.
        """
        tuning = self._thread.tuning
        try:
            while not (self.should_stop or fetcher.should_stop):
                count = await self._drain_once()
                # One step of the event loop at least: a fetch can be ready without waiting.
                few = 0 < count < tuning.few_records
                await asyncio.sleep(tuning.linger.total_seconds() if few else 0)
        except self.consumer_stopped_errors:
            if not self.app.should_stop:
                raise
        except asyncio.CancelledError as error:
            if self.app.should_stop or self.should_stop or fetcher.should_stop:
                raise
            raise DrainCancelledError(
                "fetching was cancelled while the app runs; restart the worker"
            ) from error

    async def _drain_once(self) -> int:
        fetch = await self._fetch()
        undelivered: dict[TP, int] = {}
        for aiokafka_tp, records in fetch.records.items():
            tp = ensure_TP(aiokafka_tp)
            if self._is_live(fetch) and tp not in self._paused_partitions:
                await self._deliver(tp, records, fetch)
            else:
                undelivered[tp] = records[0].offset
        if fetch.positions and self._is_live(fetch):
            self._passed |= {
                tp: position for tp, position in fetch.positions.items() if tp not in undelivered
            }
        if undelivered:
            await self._thread.give_back(fetch.assignment, undelivered)
        return sum(map(len, fetch.records.values()))

    async def _fetch(self) -> Fetch:
        if not self.flow_active:
            await self.wait(self.can_resume_flow)
        wanted = None if self.app.client_only else set(self._get_active_partitions())
        back_pressure_poll = self._thread.tuning.back_pressure_poll
        if wanted is not None and not wanted:
            await asyncio.sleep(back_pressure_poll.total_seconds())
            return Fetch({}, None, {})
        # A partition that resumes during a poll is not part of it, and would wait for its end.
        held_back = self._buffered_partitions or self._paused_partitions
        return await self._thread.fetch(wanted, patience=back_pressure_poll if held_back else POLL)

    def _is_live(self, fetch: Fetch) -> bool:
        return (
            self.flow_active
            and fetch.assignment is not self._revoked_assignment
            and fetch.assignment.active
        )

    async def _deliver(self, tp: TP, records: Sequence[Record], fetch: Fetch) -> None:
        self.app.monitor.track_tp_end_offset(tp, fetch.assignment.state_value(tp).highwater)
        read_from = self._read_offset[tp] or 0
        unread = tuple(record for record in records if record.offset >= read_from)
        if len(unread) < len(records):
            self.log.warning(
                "%s: passed over %d records before offset %d, read already",
                tp,
                len(records) - len(unread),
                read_from,
            )
        if not unread:
            return
        batch = Batch(tp.topic, tp.partition, unread, self.app.consumer_generation_id)
        next_offset = batch.last_offset + 1
        message = BatchMessage(batch, tp, self._delivery(batch, tp))
        # A rebalance must not wait for a full agent: what it interrupts stays unacknowledged.
        await self.wait_first(self.callback(message), self.suspend_flow.wait())
        if self._is_live(fetch):
            self._read_offset[tp] = next_offset

    def _delivery(self, batch: Batch, tp: TP) -> Delivery:
        if self.app.topics.acks_enabled_for(tp.topic):
            return self._in_flight[tp].deliver(batch.last_offset)
        return Delivery(batch.last_offset)

    def done(self, tp: TP) -> int:
        """Return up to where a partition is processed: all before it is acknowledged, or nothing.

        A commit stands right behind the last record.  What the log holds after it without any
        record (the marker of a transaction, what has expired) is passed by the position alone.
        """
        done: int = self._committed_offset.get(tp) or 0
        acks = self._in_flight.get(tp)
        if acks is not None:
            done = max(done, acks.committable() or 0)
        if acks is not None and not acks.all_acked:
            return done
        return max(done, self._passed.get(tp, 0))

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Iterator[TP]:
        delivered = tuple(self._in_flight)
        return (tp for tp in delivered if topics is None or tp in topics or tp.topic in topics)

    def _new_offset(self, tp: TP) -> int | None:
        # Faust's acknowledgements go on filling these, and nobody else empties them here.
        self._acked.pop(tp, None)
        self._acked_index.pop(tp, None)
        tuning = self._thread.tuning
        return self._seasoned[tp].ripe(
            self._in_flight[tp].committable(),
            now=time.monotonic(),
            vouched=tuning.vouched(),
            after=tuning.commit_after.total_seconds(),
        )

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Stop delivering, commit what may be committed, forget the rest."""
        self._revoked_assignment = self._thread.current_assignment()
        await super().on_partitions_revoked(revoked)
        await self.commit()
        for tp in revoked:
            self._in_flight.pop(tp, None)
            self._seasoned.pop(tp, None)
            self._passed.pop(tp, None)

    async def on_stop(self) -> None:
        """Commit what was acknowledged while Faust's last commit was under way."""
        await super().on_stop()
        await self.commit()

    async def perform_seek(self) -> None:
        """Seek to the committed offsets; Faust does this at the end of every rebalance."""
        await super().perform_seek()
        self._passed.clear()
        for tp, acks in self._in_flight.items():
            # Where nothing is committed, aiokafka stays where it is, and nothing comes again.
            if committed := self._read_offset[tp]:
                acks.rewind(committed)

    async def seek(self, partition: TP, offset: int) -> None:
        """Seek one partition."""
        await super().seek(partition, offset)
        self._passed.pop(ensure_TP(partition), None)
        self._in_flight[ensure_TP(partition)].rewind(offset)

    async def seek_wait(self, partitions: Mapping[TP, int]) -> None:
        """Seek partitions and wait until the broker has answered."""
        await super().seek_wait(partitions)
        for tp, offset in partitions.items():
            self._passed.pop(ensure_TP(tp), None)
            self._in_flight[ensure_TP(tp)].rewind(offset)


class BatchTransport(driver.Transport):
    """Faust's aiokafka transport with the fetched batch as the unit of work."""

    Consumer: ClassVar[type[Any]] = BatchConsumer
    tuning: Tuning = Tuning()


def register() -> None:
    """Teach Faust the URL scheme ``batchkafka://``.

    Raises:
        streams.foreign_internals.ForeignInternalsError: the pinned versions were left.
    """
    assert_internals(internals=INTERNALS)
    TRANSPORTS.aliases[SCHEME] = f"{__name__}:{BatchTransport.__name__}"


def tune(app: AppT, tuning: Tuning) -> None:
    """Let the transport of ``app`` wait as ``tuning`` says; call it before the app starts.

    Raises:
        ValueError: the app's broker is not declared as ``batchkafka://``.
    """
    transport = app.transport
    if not isinstance(transport, BatchTransport):
        raise ValueError(  # noqa: TRY004 - a wrong setting, not a wrong type
            f"broker: {app.conf.broker_consumer[0]} is not {SCHEME}://"
        )
    transport.tuning = tuning


# All that this file overrides, calls or sets without a public promise, by owner.
INTERNALS: Mapping[type[Any], tuple[str, ...]] = {
    driver.Consumer: (
        *("_drain_messages", "_filter_tps_with_pending_acks", "_get_active_partitions"),
        *("_new_consumer_thread", "_new_offset", "_reset_state", "on_partitions_revoked"),
        *("perform_seek", "seek", "seek_wait", "subscribe", "wait_first"),
        *("_acked", "_acked_index", "_buffered_partitions", "_paused_partitions", "_read_offset"),
        "_committed_offset",
        *("callback", "can_resume_flow", "flow_active", "suspend_flow"),
    ),
    driver.AIOKafkaConsumerThread: (
        *("_create_worker_consumer", "_ensure_consumer", "_fetch_records", "call_thread"),
        *("highwater", "on_start"),
    ),
    ConsumerMessage: ("acked", "generation_id"),
    AIOKafkaConsumer: (
        *("_fetch_max_wait_ms", "_fetcher", "_isolation_level", "_max_poll_records"),
        *("_subscription", "last_stable_offset"),
    ),
    AIOKafkaFetcher: ("_prefetch_backoff",),
    SubscriptionState: ("subscription",),
    Subscription: ("assignment",),
    Assignment: ("active", "state_value", "tps"),
    TopicPartitionState: ("has_valid_position", "position"),
}
