"""Is every fetched record delivered, once for each assignment, and committed in order?"""

from __future__ import annotations

import asyncio
import datetime as dt
import time
import types
from dataclasses import dataclass, field, replace
from typing import Any

import faust
import pytest
from aiokafka.structs import ConsumerRecord
from faust.transport.drivers import by_url
from faust.types import TP
from hypothesis import given
from hypothesis import strategies as st

from streams import batch_transport
from streams.batch import Batch, BatchMessage, NotABatchTopicError, RawBatch, batch_of
from streams.batch_transport import (
    BatchConsumer,
    BatchTransport,
    DrainCancelledError,
    is_current,
    register,
    tune,
)
from streams.fetching import BatchConsumerThread, Fetch, Tuning
from streams.foreign_internals import ForeignInternalsError, assert_internals
from streams.ordered_acks import Delivery

TOPIC = "enterprise.event.v1"
P0, P1 = TP(TOPIC, 0), TP(TOPIC, 1)
AT_ONCE = Tuning(back_pressure_poll=dt.timedelta(0), linger=dt.timedelta(0))


def record(offset: int, partition: int = 0) -> ConsumerRecord:
    """Build a raw record as aiokafka returns it."""
    return ConsumerRecord(
        topic=TOPIC,
        partition=partition,
        offset=offset,
        timestamp=1_767_225_600_000 + offset,
        timestamp_type=0,
        key=b"91330100MA27XL0U0D",
        value=b"%d" % offset,
        checksum=None,
        serialized_key_size=18,
        serialized_value_size=1,
        headers=(("trace", b"1"),),
    )


@dataclass(eq=False)
class Assignment:
    """Stand in for aiokafka's assignment: the positions of the partitions a member was given."""

    positions: dict[TP, int]
    active: bool = True
    highwater: int = 1_000

    @property
    def tps(self) -> set[TP]:
        """Return the partitions."""
        return set(self.positions)

    def state_value(self, tp: TP) -> Any:
        """Return the state of ``tp``; all have the same highwater here."""
        position = self.positions[tp]
        return types.SimpleNamespace(
            highwater=self.highwater, position=position, has_valid_position=position is not None
        )


@dataclass
class Broker:
    """Stand in for the consumer's thread: one log per partition, one group, its offsets."""

    logs: dict[TP, list[int]]
    tuning: Tuning = AT_ONCE
    offsets: dict[TP, int] = field(default_factory=dict)
    assigned: Assignment | None = None
    fails_with: BaseException | None = None
    subscribed: list[str] = field(default_factory=list)

    def assign(self) -> Assignment:
        """Give all partitions to the member anew, at the committed offsets."""
        if self.assigned:
            self.assigned.active = False
        self.assigned = Assignment({tp: self.offsets.get(tp, 0) for tp in self.logs})
        return self.assigned

    async def subscribe(self, topics: list[str]) -> None:
        """Note the subscription."""
        self.subscribed = topics

    def current_assignment(self) -> Assignment | None:
        """Return the assignment of this moment."""
        return self.assigned

    def assignment(self) -> set[TP]:
        """Return the partitions of this moment."""
        return set(self.assigned.positions) if self.assigned else set()

    def take(self, wanted: set[TP], limit: int = 3) -> Fetch:
        """Return up to ``limit`` records of each wanted partition and move the positions."""
        positions = self.assigned.positions
        records = {}
        for tp in sorted(wanted):
            unread = [offset for offset in self.logs[tp] if offset >= positions[tp]][:limit]
            if unread:
                records[tp] = [record(offset, tp.partition) for offset in unread]
                positions[tp] = unread[-1] + 1
        return Fetch(records, self.assigned, dict(positions))

    async def fetch(self, wanted: set[TP], *, patience: dt.timedelta) -> Fetch:
        """Answer a poll."""
        assert patience >= dt.timedelta(0)
        if self.fails_with:
            raise self.fails_with
        return self.take(wanted)

    async def give_back(self, assignment: Assignment, offsets: dict[TP, int]) -> None:
        """Seek, as the real thread does, unless the assignment is over."""
        if assignment is self.assigned and assignment.active:
            assignment.positions.update(offsets)

    async def seek_to_committed(self) -> dict[TP, int | None]:
        """Seek to the committed offsets; like aiokafka, stay where nothing was committed."""
        committed = {tp: self.offsets.get(tp) for tp in self.logs}
        self.assigned.positions.update({tp: at for tp, at in committed.items() if at})
        return committed

    def seek(self, tp: TP, offset: int) -> None:
        """Seek one partition."""
        self.assigned.positions[tp] = offset

    async def seek_wait(self, offsets: dict[TP, int]) -> None:
        """Seek some partitions."""
        self.assigned.positions.update(offsets)

    async def commit(self, offsets: dict[TP, int]) -> bool:
        """Store the group's offsets."""
        await asyncio.sleep(0)
        self.offsets.update(offsets)
        return True


class Worker:
    """A real consumer of a real Faust app that never starts, on a broker in memory."""

    def __init__(self, broker: Broker) -> None:
        register()
        self.app = faust.App(
            "test", broker="batchkafka://127.0.0.1:1", stream_wait_empty=False, web_enabled=False
        )
        self.app.topics._acking_topics.add(TOPIC)
        self.app.producer.flush = self._nothing
        self.broker = broker
        self.messages: list[BatchMessage] = []
        self.consumer: BatchConsumer = self.app.transport.create_consumer(
            self._receive,
            on_partitions_revoked=self._stop_flow,
            on_partitions_assigned=self._nothing,
        )
        self.app.consumer = self.consumer
        self.consumer._thread.thread_loop.close()
        self.consumer._thread = broker
        self.interrupt = False

    async def _receive(self, message: BatchMessage) -> None:
        message.incref()
        self.messages.append(message)
        if self.interrupt:
            await self.revoke()

    async def _stop_flow(self, _revoked: set[TP]) -> None:
        self.consumer.stop_flow()

    async def _nothing(self, *_: Any) -> None:
        """Do nothing where Faust would."""

    async def revoke(self) -> None:
        """Begin a rebalance."""
        self.app.on_rebalance_start()
        await self.consumer.on_partitions_revoked(set(self.broker.logs))

    async def assign(self) -> None:
        """End a rebalance as Faust does: assign, seek to the committed offsets, resume."""
        self.broker.assign()
        self.app.consumer_generation_id += 1
        await self.consumer.on_partitions_assigned(set(self.broker.logs))
        await self.consumer.perform_seek()
        self.consumer.resume_flow()

    def ack(self, message: BatchMessage) -> None:
        """Acknowledge as ``stream.ack`` does."""
        message.ack(self.consumer)


async def running(*offsets: int, **broker: Any) -> Worker:
    """Return a worker that was assigned two partitions: these offsets, and an empty one."""
    worker = Worker(Broker({P0: list(offsets), P1: []}, **broker))
    await worker.assign()
    return worker


def offsets_of(messages: list[BatchMessage]) -> list[list[int]]:
    """Return the offsets in each message."""
    return [[each.offset for each in message.value.records] for message in messages]


def event(value: Any) -> Any:
    """Build what Faust hands to an agent."""
    app = faust.App("test", broker="batchkafka://127.0.0.1:1")
    batch = Batch(TOPIC, 0, (record(0),), generation=1)
    message = BatchMessage(batch, P0, Delivery(0))
    return faust.Event(app, None, value, None, message)


async def test_a_fetch_becomes_one_message_a_partition():
    """A partition's records of one fetch arrive together, raw, at the offset of the last."""
    worker = Worker(Broker({P0: [4, 6, 9], P1: [2]}))
    await worker.assign()

    await worker.consumer._drain_once()

    first, second = worker.messages
    assert (first.tp, first.offset, second.tp, second.offset) == (P0, 9, P1, 2)
    assert first.value == Batch(TOPIC, 0, (record(4), record(6), record(9)), generation=1)
    assert (first.value.first_offset, first.value.last_offset) == (4, 9)
    assert first.timestamp == 1_767_225_600.009


async def test_batches_follow_each_other_without_a_hole():
    """Successive polls deliver the log from its beginning to its end."""
    worker = await running(0, 1, 2, 3, 4)

    counts = [await worker.consumer._drain_once() for _ in range(3)]

    assert counts == [3, 2, 0]
    assert offsets_of(worker.messages) == [[0, 1, 2], [3, 4]]


async def test_read_records_are_passed_over():
    """Records before the read offset are not delivered again under one assignment."""
    worker = await running(0, 1, 2, 3)
    await worker.consumer._drain_once()
    worker.broker.seek(P0, 1)  # behind Faust's back, as a rewound broker would

    await worker.consumer._drain_once()
    await worker.consumer._drain_once()

    assert offsets_of(worker.messages) == [[0, 1, 2], [3]]


async def test_a_fetch_of_nothing_but_read_records_delivers_nothing():
    """A batch has at least one record."""
    worker = await running(0, 1, 2)
    await worker.consumer._drain_once()
    worker.broker.seek(P0, 0)

    await worker.consumer._drain_once()

    assert offsets_of(worker.messages) == [[0, 1, 2]]


async def test_what_a_paused_partition_fetched_is_sought_back():
    """Faust drops such records and commits past them later; here they come after the pause."""
    worker = await running(0, 1)
    fetch = worker.broker.take({P0})
    worker.broker.fetch = lambda *_, **__: asyncio.sleep(0, fetch)
    worker.consumer.pause_partitions({P0})
    worker.consumer._active_partitions.add(P1)

    await worker.consumer._drain_once()

    assert worker.messages == []
    assert worker.broker.assigned.positions[P0] == 0


async def test_what_came_while_the_flow_was_stopped_is_sought_back():
    """A new group has no committed offset to seek to, so the first records must not be dropped."""
    worker = await running(0, 1)
    fetch = worker.broker.take({P0})
    worker.broker.fetch = lambda *_, **__: asyncio.sleep(0, fetch)
    worker.consumer.resume_flow()
    drain = asyncio.ensure_future(worker.consumer._drain_once())
    worker.consumer.stop_flow()
    worker.consumer.can_resume_flow.set()

    await drain

    assert worker.messages == []
    assert worker.broker.assigned.positions[P0] == 0


async def test_a_revoked_assignment_delivers_nothing_more():
    """What was fetched before a rebalance is not delivered after it, nor given back."""
    worker = await running(0, 1)
    stale = worker.broker.take({P0})
    await worker.revoke()
    await worker.assign()
    worker.broker.fetch = lambda *_, **__: asyncio.sleep(0, stale)

    await worker.consumer._drain_once()

    assert worker.messages == []
    assert worker.broker.assigned.positions[P0] == 0


async def test_nothing_is_delivered_between_revocation_and_assignment():
    """Faust may resume the flow of the last rebalance when the next one has begun already."""
    worker = await running(0, 1)
    await worker.revoke()
    worker.consumer.resume_partitions({P0})
    worker.consumer.resume_flow()

    await worker.consumer._drain_once()

    assert worker.messages == []


async def test_an_assignment_before_the_last_one_delivers_nothing():
    """A fetch that slept through two rebalances is as dead as one that slept through one."""
    worker = await running(0, 1)
    stale = worker.broker.take({P0})
    for _ in range(2):
        await worker.revoke()
        await worker.assign()
    worker.broker.fetch = lambda *_, **__: asyncio.sleep(0, stale)

    await worker.consumer._drain_once()

    assert worker.messages == []


async def test_a_rebalance_interrupts_the_delivery_of_a_fetch():
    """When a rebalance begins at one partition's batch, the next partition's waits for its end."""
    worker = Worker(Broker({P0: [0], P1: [0]}))
    await worker.assign()
    worker.interrupt = True

    await worker.consumer._drain_once()

    assert [message.tp for message in worker.messages] == [P0]
    assert worker.consumer._read_offset[P0] is None


async def test_an_unacknowledged_batch_holds_the_commit():
    """Later batches acknowledged out of order are committed when the first one is, not before."""
    worker = await running(*range(9))
    for _ in range(3):
        await worker.consumer._drain_once()
    first, second, third = worker.messages

    worker.ack(third)
    worker.ack(second)
    await worker.consumer.commit()
    before = dict(worker.broker.offsets)
    worker.ack(first)
    await worker.consumer.commit()

    assert before == {}
    assert worker.broker.offsets == {P0: 9}


class Life:
    """A store that was last seen alive at a moment of our choice."""

    def __init__(self) -> None:
        self.seen = 0.0

    def __call__(self) -> float:
        """Return the moment."""
        return self.seen


async def test_a_commit_waits_until_the_store_cannot_lose_it_any_more():
    """Acknowledged is not committed: first the store must have lived for a while after it."""
    life = Life()
    held = replace(AT_ONCE, commit_after=dt.timedelta(seconds=60), vouched=life)
    worker = await running(0, 1, tuning=held)
    await worker.consumer._drain_once()
    worker.ack(worker.messages[0])

    await worker.consumer.commit()
    before = dict(worker.broker.offsets), worker.consumer.done(P0)
    life.seen = time.monotonic() + 60
    await worker.consumer.commit()

    assert before == ({}, 2)  # done, but not committed
    assert worker.broker.offsets == {P0: 2}


async def test_what_was_not_committed_is_read_again_by_the_next_owner():
    """A rebalance takes the acknowledgements that could still be lost with it."""
    held = replace(AT_ONCE, commit_after=dt.timedelta(seconds=60), vouched=time.monotonic)
    worker = await running(0, 1, tuning=held)
    await worker.consumer._drain_once()
    worker.ack(worker.messages[0])

    await worker.revoke()
    await worker.assign()
    await worker.consumer._drain_once()

    assert worker.broker.offsets == {}
    assert offsets_of(worker.messages) == [[0, 1], [0, 1]]


async def test_an_acknowledgement_by_flag_alone_counts():
    """Faust's compiled stream sets the flag and calls no method; that must be enough."""
    worker = await running(0)
    await worker.consumer._drain_once()

    worker.messages[0].acked = True
    await worker.consumer.commit()

    assert worker.broker.offsets == {P0: 1}


async def test_what_was_acknowledged_is_committed_when_revoked():
    """A rebalance repeats the batches in work, not those that were done."""
    worker = await running(*range(6))
    await worker.consumer._drain_once()
    await worker.consumer._drain_once()
    worker.ack(worker.messages[0])

    await worker.revoke()

    assert worker.broker.offsets == {P0: 3}


async def test_a_late_acknowledgement_commits_nothing_of_the_new_assignment():
    """The same batch delivered again after a rebalance must be acknowledged again."""
    worker = await running(0, 1)
    await worker.consumer._drain_once()
    await worker.revoke()
    await worker.assign()
    await worker.consumer._drain_once()
    late, again = worker.messages

    worker.ack(late)
    await worker.consumer.commit()
    before = dict(worker.broker.offsets)
    worker.ack(again)
    await worker.consumer.commit()

    assert before == {}
    assert worker.broker.offsets == {P0: 2}


async def test_a_stop_commits_the_last_acknowledged_plus_one():
    """An orderly stop leaves nothing that was acknowledged to be done again."""
    worker = await running(0, 1, 2, 3)
    await worker.consumer._drain_once()
    await worker.consumer._drain_once()
    worker.ack(worker.messages[0])

    await worker.consumer.on_stop()

    assert worker.broker.offsets == {P0: 3}


async def test_a_stop_during_a_commit_commits_the_rest():
    """What was acknowledged while the last commit was under way is committed too."""
    worker = await running(0, 1, 2, 3)
    await worker.consumer._drain_once()
    await worker.consumer._drain_once()
    worker.ack(worker.messages[0])
    under_way = asyncio.ensure_future(worker.consumer.commit())
    await asyncio.sleep(0)
    worker.ack(worker.messages[1])

    await worker.consumer.on_stop()

    assert await under_way
    assert worker.broker.offsets == {P0: 4}


async def test_nothing_is_remembered_of_what_is_committed_or_revoked():
    """Neither this consumer nor Faust below it grows with the log or with rebalances."""
    worker = await running(0, 1, 2, 3)
    await worker.consumer._drain_once()
    await worker.consumer._drain_once()
    worker.ack(worker.messages[0])

    await worker.consumer.commit()
    in_flight = len(worker.consumer._in_flight[P0])
    of_faust = {**worker.consumer._acked, **worker.consumer._acked_index}
    await worker.revoke()

    assert (in_flight, of_faust) == (1, {})
    assert not worker.consumer._in_flight


async def test_what_holds_no_record_is_no_work():
    """Behind the last record a log may have markers, or only what has expired: nothing waits.

    What was fetched and not acknowledged waits, however far the position has come.
    """
    worker = await running(0, 1, 2)
    await worker.consumer._drain_once()
    worker.broker.seek(P0, 4)  # aiokafka has passed the marker at 3
    worker.broker.seek(P1, 9)  # and begun behind what has expired
    await worker.consumer._drain_once()
    waiting = worker.consumer.done(P0), worker.consumer.done(P1)

    worker.ack(worker.messages[0])
    acknowledged = worker.consumer.done(P0)
    await worker.revoke()

    assert waiting == (0, 9)
    assert acknowledged == 4
    assert (worker.consumer.done(P0), worker.consumer.done(P1)) == (3, 0)


async def test_what_is_given_back_is_not_passed():
    """A paused partition's records are fetched again: until then they wait."""
    worker = await running(0, 1, 2)
    worker.consumer._paused_partitions.add(P0)
    worker.consumer._get_active_partitions = lambda: {P0, P1}

    await worker.consumer._drain_once()

    assert (worker.messages, worker.consumer.done(P0)) == ([], 0)


async def test_topics_without_acknowledgements_are_not_committed():
    """A topic that asks for no acknowledgements leaves no trace in the group's offsets."""
    worker = await running(0)
    worker.app.topics._acking_topics.clear()
    await worker.consumer._drain_once()

    worker.ack(worker.messages[0])
    await worker.consumer.commit()

    assert worker.broker.offsets == {}


async def test_a_seek_to_the_committed_offsets_repeats_what_is_in_flight():
    """What will come again need not be acknowledged twice."""
    worker = await running(*range(6))
    await worker.consumer._drain_once()
    worker.ack(worker.messages[0])
    await worker.consumer.commit()
    await worker.consumer._drain_once()

    await worker.consumer.perform_seek()
    await worker.consumer._drain_once()
    worker.ack(worker.messages[2])
    await worker.consumer.commit()

    assert offsets_of(worker.messages) == [[0, 1, 2], [3, 4, 5], [3, 4, 5]]
    assert worker.broker.offsets == {P0: 6}


async def test_a_seek_without_committed_offsets_forgets_nothing():
    """A new group's position stays, so what is in flight will not come again and still counts."""
    worker = await running(*range(6))
    await worker.consumer._drain_once()

    await worker.consumer.perform_seek()
    await worker.consumer._drain_once()
    worker.ack(worker.messages[1])
    await worker.consumer.commit()

    assert worker.broker.offsets == {}


@pytest.mark.parametrize("seek", ["seek", "seek_wait"])
async def test_a_seek_back_delivers_again_and_is_not_blocked_by_the_first_delivery(seek):
    """After a seek the records come again; what the first delivery left open does not matter."""
    worker = await running(0, 1)
    await worker.consumer._drain_once()

    await (worker.consumer.seek(P0, 0) if seek == "seek" else worker.consumer.seek_wait({P0: 0}))
    worker.consumer._read_offset[P0] = None  # the real thread does this in seek_wait
    await worker.consumer._drain_once()
    worker.ack(worker.messages[1])
    await worker.consumer.commit()

    assert offsets_of(worker.messages) == [[0, 1], [0, 1]]
    assert worker.broker.offsets == {P0: 2}


STEPS = st.lists(
    st.one_of(
        st.sampled_from(
            ["drain", "drain", "commit", "rebalance", "pause", "resume", "seek", "seek committed"]
        ),
        st.integers(0, 30),
    ),
    max_size=60,
)


class History:
    """A worker whose life is a list of steps, and the records that it has acknowledged."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.done: set[int] = set()

    def acknowledge(self, index: int) -> None:
        """Acknowledge a message that was delivered at any time, if there are so many."""
        for message in self.worker.messages[index : index + 1]:
            self.done.update(each.offset for each in message.value.records)
            self.worker.ack(message)

    async def take(self, step: str | int) -> None:
        """Take one step: the number of a message to acknowledge, or a word."""
        consumer, broker = self.worker.consumer, self.worker.broker
        match step:
            case int():
                self.acknowledge(step)
            case "drain":
                await consumer._drain_once()
            case "commit":
                await consumer.commit()
            case "pause":
                consumer.pause_partitions({P0})
            case "resume":
                consumer.resume_partitions({P0})
            case "seek":
                await consumer.seek(P0, broker.offsets.get(P0, 0))
            case "seek committed":
                await consumer.perform_seek()
            case "rebalance":
                await self.worker.revoke()
                await self.worker.assign()

    async def finish(self) -> None:
        """Read to the end, acknowledge all in the wrong order, and commit."""
        await self.take("resume")
        while await self.worker.consumer._drain_once():
            pass
        for index in reversed(range(len(self.worker.messages))):
            self.acknowledge(index)
        await self.take("commit")


@given(log=st.lists(st.integers(0, 80), unique=True, min_size=1).map(sorted), steps=STEPS)
def test_no_history_commits_a_record_that_nobody_acknowledged(log, steps):
    """Through polls, acks in any order, pauses, seeks and rebalances: no record is ever lost.

    Nor is one told to be processed that is not.
    """

    async def live() -> None:
        """Live the history in a loop of its own."""
        history = History(await running(*log))
        offsets = history.worker.broker.offsets

        for step in steps:
            await history.take(step)
            assert {offset for offset in log if offset < offsets.get(P0, 0)} <= history.done
            told = history.worker.consumer.done(P0)
            assert {offset for offset in log if offset < told} <= history.done
        await history.finish()

        assert offsets[P0] == log[-1] + 1 == history.worker.consumer.done(P0)

    asyncio.run(live())


async def test_an_error_leaves_the_fetching_loop():
    """What fails while fetching reaches Faust's Fetcher, which ends the worker."""
    worker = await running(0, fails_with=ConnectionError("gone"))

    with pytest.raises(ConnectionError, match="gone"):
        await worker.consumer._drain_messages(worker.consumer)


async def test_a_cancellation_in_a_running_app_is_an_error():
    """Faust would swallow it and live on without fetching."""
    worker = await running(0, fails_with=asyncio.CancelledError())

    with pytest.raises(DrainCancelledError, match="restart the worker"):
        await worker.consumer._drain_messages(worker.consumer)


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(asyncio.CancelledError(), id="cancelled"),
        pytest.param(BatchConsumer.consumer_stopped_errors[0](), id="aiokafka has stopped"),
    ],
)
async def test_ending_while_the_app_stops_is_no_error(error):
    """In a stopping app, the loop ends as it is told."""
    worker = await running(0, fails_with=error)
    worker.app._stopped.set()

    task = asyncio.ensure_future(worker.consumer._drain_messages(worker.consumer))
    await asyncio.wait([task])

    assert task.cancelled() or task.exception() is None


async def test_a_stopped_consumer_in_a_running_app_is_an_error():
    """When aiokafka stops by itself, the worker must not live on."""
    stopped = BatchConsumer.consumer_stopped_errors[0]
    worker = await running(0, fails_with=stopped())

    with pytest.raises(stopped):
        await worker.consumer._drain_messages(worker.consumer)


async def test_the_loop_drains_until_the_consumer_stops():
    """The loop goes on after a batch and ends when the consumer is stopped."""
    worker = await running(0, 1, 2, 3)
    task = asyncio.ensure_future(worker.consumer._drain_messages(worker.consumer))

    while len(worker.messages) < 2:  # noqa: ASYNC110 - the loop under test is the other task
        await asyncio.sleep(0)
    worker.consumer._stopped.set()
    await task

    assert offsets_of(worker.messages) == [[0, 1, 2], [3]]


async def test_back_pressure_on_every_partition_polls_nothing():
    """With every buffer full, nothing is fetched, and the loop comes back at once."""
    worker = await running(0)
    worker.consumer.on_buffer_full(P0)
    worker.consumer.on_buffer_full(P1)

    assert await worker.consumer._drain_once() == 0
    assert worker.broker.assigned.positions[P0] == 0


async def test_a_topic_without_raw_batches_is_refused():
    """An app that would decode a batch as a record does not start consuming."""
    worker = await running(0)
    worker.app.topics.add(worker.app.topic("plain"))

    with pytest.raises(NotABatchTopicError, match=r"topic .*plain.* schema=RawBatch"):
        await worker.consumer.subscribe(["plain"])


async def test_a_batch_is_current_until_its_partitions_are_revoked():
    """From the beginning of a rebalance on, a batch from before it is not current."""
    worker = await running(0)
    await worker.consumer._drain_once()
    batch = worker.messages[0].value

    before = is_current(worker.app, batch)
    await worker.revoke()
    during = is_current(worker.app, batch)
    await worker.assign()
    after = is_current(worker.app, batch)

    assert (before, during, after) == (True, False, False)


async def test_a_batch_topic_is_subscribed_to():
    """An app whose topics all take batches goes on to subscribe."""
    worker = await running(0)
    worker.app.topics.add(worker.app.topic(TOPIC, schema=RawBatch()))

    await worker.consumer.subscribe([TOPIC])

    assert worker.broker.subscribed == [TOPIC]


async def test_raw_batch_decodes_nothing():
    """The agent receives the batch as the transport made it, and no key."""
    register()
    app = faust.App("test", broker="batchkafka://127.0.0.1:1")
    batch = Batch(TOPIC, 0, (record(0),), generation=3)
    message = BatchMessage(batch, P0, Delivery(0))

    decoded = await RawBatch().decode(app, message, propagate=True)

    assert decoded.key is None
    assert batch_of(decoded) is batch


def test_an_event_without_a_batch_is_refused():
    """What was not delivered by this transport is named, with the remedy."""
    with pytest.raises(NotABatchTopicError, match="bytes is no batch; declare"):
        batch_of(event(b"one record"))


def test_register_teaches_faust_the_scheme():
    """Faust finds the transport by the URL of the broker."""
    register()

    assert by_url("batchkafka://127.0.0.1:9092") is BatchTransport


def test_tune_reaches_the_transport_of_one_app():
    """The tuning of one app does not leak into another."""
    register()
    patient = faust.App("patient", broker="batchkafka://127.0.0.1:1")
    other = faust.App("other", broker="batchkafka://127.0.0.1:1")
    tuning = Tuning(linger=dt.timedelta(milliseconds=20))

    tune(patient, tuning)

    assert patient.transport.tuning is tuning
    assert other.transport.tuning == Tuning()


def test_tune_refuses_an_app_with_another_transport():
    """An app on a stock broker URL cannot be tuned."""
    app = faust.App("test", broker="kafka://127.0.0.1:1")

    with pytest.raises(ValueError, match=r"kafka://127\.0\.0\.1:1 is not batchkafka://"):
        tune(app, Tuning())


@pytest.mark.parametrize("name", ["back_pressure_poll", "fetch_max_wait", "linger", "few_records"])
def test_a_negative_tuning_is_refused(name):
    """A duration or a count below zero is a mistake of whoever wrote it."""
    negative = -1 if name == "few_records" else dt.timedelta(microseconds=-1)

    with pytest.raises(ValueError, match=f"{name} must not be negative"):
        Tuning(**{name: negative})


def test_the_installed_versions_are_the_known_ones():
    """Every private part that the transport touches exists in what is installed here."""
    assert_internals(internals=batch_transport.INTERNALS)


def test_another_version_is_refused():
    """A Faust or aiokafka other than the pinned one is named, with the remedy."""
    with pytest.raises(ForeignInternalsError, match=r"aiokafka is 0\.15\.0, not 0\.14\.0.*pins"):
        assert_internals(internals={}, pins={"aiokafka": "0.14.0"}, version_of=lambda _: "0.15.0")


@pytest.mark.parametrize("owner", batch_transport.INTERNALS, ids=lambda owner: owner.__name__)
def test_a_missing_part_is_refused(owner):
    """A private attribute that has gone is named with its owner."""
    with pytest.raises(ForeignInternalsError, match=f"{owner.__name__} has no _gone_"):
        assert_internals(internals={owner: ("_gone_",)})


@dataclass
class AIOKafka:
    """Stand in for aiokafka's consumer inside the real thread service."""

    assignment: Assignment
    _max_poll_records: int = 500
    _prefetch_backoff: float = 0.1
    _closed: bool = False
    started: bool = False
    sought: dict[Any, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._fetcher = self._subscription = self._subscriptions = self.subscription = self

    async def start(self) -> None:
        """Start."""
        self.started = True

    def fetch_context(self) -> AIOKafka:
        """Return a context."""
        return self

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...

    async def fetched_records(self, partitions: set[TP], **limits: float) -> Any:
        """Return one record of each partition."""
        assert limits == {"timeout": 1.0, "max_records": 500}
        return {tp: [record(0)] for tp in partitions}

    def seek(self, tp: Any, offset: int) -> None:
        """Note the seek."""
        self.sought[tp] = offset


class Thread(BatchConsumerThread):
    """The real thread service around a stand-in, its calls made in the caller's loop."""

    driver: AIOKafka

    def _create_consumer(self, loop: Any) -> AIOKafka:  # noqa: ARG002
        return self.driver

    async def call_thread(self, fun: Any, *args: Any) -> Any:
        """Call at once."""
        return await fun(*args)


async def started_thread() -> Thread:
    """Return a thread whose aiokafka has one assignment."""
    worker = Worker(Broker({P0: []}))
    tune(worker.app, Tuning())
    thread = Thread(worker.consumer, loop=asyncio.get_running_loop())
    thread.thread_loop.close()
    thread.driver = AIOKafka(Assignment({P0: 0}))
    await thread.on_start()
    return thread


async def test_a_start_shortens_aiokafkas_back_off():
    """The back-off of a prefetched partition is what the tuning says."""
    thread = await started_thread()

    assert thread.driver.started
    assert thread.driver._prefetch_backoff == 0.005


async def test_the_broker_is_asked_to_wait_as_tuned():
    """The hard-coded 1500 ms of Faust give way to the tuning."""
    worker = Worker(Broker({P0: []}))
    tune(worker.app, Tuning(fetch_max_wait=dt.timedelta(milliseconds=20)))
    thread = BatchConsumerThread(worker.consumer, loop=asyncio.get_running_loop())
    thread.thread_loop.close()

    consumer = thread._create_worker_consumer(worker.app.transport)

    assert consumer._fetch_max_wait_ms == 20
    await consumer.stop()


async def test_what_is_not_committed_is_neither_read_nor_counted_as_waiting():
    """The consumer passes over aborted transactions, and the end is the last stable offset."""
    worker = Worker(Broker({P0: []}))
    thread = Thread(worker.consumer, loop=asyncio.get_running_loop())
    thread.thread_loop.close()
    consumer = thread._create_worker_consumer(worker.app.transport)
    ends = types.SimpleNamespace(last_stable_offset=lambda _tp: 7, highwater=lambda _tp: 9)
    thread._consumer = ends

    assert consumer._isolation_level == "read_committed"
    assert thread.highwater(P0) == 7
    await consumer.stop()


async def test_a_fetch_knows_its_assignment():
    """Records come with the assignment whose positions they moved."""
    thread = await started_thread()

    fetch = await thread.fetch({P0}, patience=batch_transport.POLL)

    assert list(fetch.records) == [P0]
    assert fetch.assignment is thread.driver.assignment


async def test_only_a_living_assignment_is_given_back_to():
    """A seek after the assignment is over would move the positions of its successor."""
    thread = await started_thread()
    over = thread.driver.assignment

    await thread.give_back(over, {P0: 7})
    before = dict(thread.driver.sought)
    thread.driver.assignment = Assignment({P0: 0})
    await thread.give_back(over, {P0: 9})

    assert before == thread.driver.sought == {("enterprise.event.v1", 0): 7}


async def test_before_the_first_subscription_there_is_no_assignment():
    """A revocation at the first join finds nothing to revoke."""
    thread = await started_thread()
    thread.driver.subscription = None

    assert thread.current_assignment() is None
