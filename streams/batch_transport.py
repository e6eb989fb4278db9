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
from typing import TYPE_CHECKING, Any, ClassVar

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
from streams.fetching import BatchConsumerThread, Fetch, Tuning
from streams.foreign_internals import assert_internals
from streams.ordered_acks import Delivery, OrderedAcks, Seasoned

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mode import ServiceT

    from streams.batch import Record

SCHEME = "batchkafka"

# Faust's own value.  It bounds how long a stop waits for the consumer's thread.
POLL = dt.timedelta(seconds=1)


class DrainCancelledError(RuntimeError):
    """The fetching loop was cancelled in a running app; the worker must end and be restarted."""


def is_current(app: AppT, batch: Batch) -> bool:
    """Return whether this worker still owns what ``batch`` came from.

    False from the moment the partition begins to be revoked, or the worker to stop.  It is a
    courtesy that saves work, not a fence: the answer may be out of date when it arrives.
    """
    return app.consumer.flow_active and batch.generation == app.consumer_generation_id


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


# All that this file and streams.fetching override, call or set without a public promise, by owner.
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
