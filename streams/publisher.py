"""How does a batch of records reach the broker, with receipts?"""

import asyncio
import contextlib
import dataclasses
import functools
from collections import defaultdict
from collections.abc import Awaitable, Iterable, Sequence
from typing import Protocol

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.producer.message_accumulator import BatchBuilder
from kafka.partitioner.default import murmur2

from streams import clock
from streams.broker_refusals import refused_or_unreachable

# One produce request a (topic, partition) and batch, where it fits; a larger one is split.
BATCH_BYTES = 1024 * 1024
REQUEST_BYTES = 4 * 1024 * 1024 + 64 * 1024
# A retired producer waits for its last receipts; without a broker it would wait for ever.
RETIRED_WITHIN_S = 1.0
Headers = Sequence[tuple[str, bytes]]


class Outgoing(msgspec.Struct, frozen=True, gc=False):
    """A record to be published; keys and values are bytes already."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()


class NotPublishedError(RuntimeError):
    """The broker gave no receipt; nothing was acknowledged, the caller tries again."""


class Publisher(Protocol):
    """Whoever can publish a batch and wait for its receipts."""

    async def publish(self, records: Iterable[Outgoing]) -> None:
        """Publish all records; return when the broker has acknowledged each."""


@dataclasses.dataclass(slots=True)
class MemoryPublisher:
    """Keeps what was published, in order; fails as often as it is told to."""

    records: list[Outgoing] = dataclasses.field(default_factory=list)
    failures: int = 0

    async def publish(self, records: Iterable[Outgoing]) -> None:
        """Publish, or fail."""
        if self.failures:
            self.failures -= 1
            raise NotPublishedError("told to fail")
        self.records += records

    def to(self, topic: str) -> list[Outgoing]:
        """Return what went to a topic."""
        return [record for record in self.records if record.topic == topic]


class KafkaPublisher:
    """aiokafka with whole batches: a tenth of the cost of a send for each record.

    A producer that has once failed is replaced.  aiokafka numbers an idempotent producer's batches
    before they leave and never renumbers: after a batch that was refused, or that waited in vain
    for a leader, the broker finds a gap and takes nothing more of that producer (Apache Kafka
    4.4: OutOfOrderSequenceNumber, for ever).
    """

    def __init__(self, bootstrap: str, *, idempotent: bool) -> None:
        self._bootstrap = bootstrap
        self._idempotent = idempotent
        self._producer: AIOKafkaProducer | None = None
        self._is_open = False
        self._opening = asyncio.Lock()
        self._retired: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Connect.

        Raises:
            streams.topics.BrokerUnreachableError: nobody answers there.
            streams.broker_refusals.BrokerRefusedError: the broker answers, and takes nothing of us.
        """
        self._is_open = True
        try:
            await self._current()
        except (KafkaError, ValueError) as error:  # aiokafka asserts nothing of an address
            raise refused_or_unreachable(self._bootstrap, error) from error

    async def stop(self) -> None:
        """Disconnect; what was published has its receipt already."""
        if self._retired:
            _, late = await asyncio.wait(self._retired, timeout=RETIRED_WITHIN_S)
            for task in late:
                task.cancel()
        if self._producer is not None:
            await self._producer.stop()

    async def publish(self, records: Iterable[Outgoing]) -> None:
        """Publish all records; return when the broker has acknowledged each.

        Raises:
            NotPublishedError: the broker refused or did not answer.
        """
        assert self._is_open, "start() comes first"
        grouped: defaultdict[tuple[str, int], list[Outgoing]] = defaultdict(list)
        for record in records:
            grouped[record.topic, record.partition].append(record)
        if not grouped:
            return
        producer = None
        try:
            producer = await self._current()
            futures: list[Awaitable[object]] = []
            for (topic, partition), group in grouped.items():
                futures += await _sent(producer, topic, partition, group)
            for future in futures:
                await future
        except KafkaError as error:
            if producer is not None:
                self._retire(producer)
            raise NotPublishedError(f"{type(error).__name__}: {error}") from error

    async def _current(self) -> AIOKafkaProducer:
        """Return the producer in use, or a new one where the last has failed."""
        async with self._opening:
            if self._producer is None:
                producer = self._new_producer()
                try:
                    await producer.start()
                except BaseException:
                    await producer.stop()
                    raise
                self._producer = producer
            return self._producer

    def _new_producer(self) -> AIOKafkaProducer:
        return AIOKafkaProducer(
            bootstrap_servers=self._bootstrap,
            acks="all",
            enable_idempotence=self._idempotent,
            max_batch_size=BATCH_BYTES,
            max_request_size=REQUEST_BYTES,
            request_timeout_ms=15_000,
        )

    def _retire(self, producer: AIOKafkaProducer) -> None:
        """Publish through it no more; others may still wait for their receipts from it."""
        if producer is not self._producer:
            return
        self._producer = None
        task = asyncio.create_task(_closed(producer))
        self._retired.add(task)
        task.add_done_callback(self._retired.discard)


def check_publisher(bootstrap: str, *, idempotent: bool) -> None:
    """Connect once and hang up, before anything is joined that would have to be left again.

    Raises:
        streams.topics.BrokerUnreachableError: nobody answers there.
        streams.broker_refusals.BrokerRefusedError: the broker answers, and takes nothing of us.
    """

    async def connect() -> None:
        """Connect and hang up."""
        publisher = KafkaPublisher(bootstrap, idempotent=idempotent)
        await publisher.start()
        await publisher.stop()

    loop = asyncio.new_event_loop()  # asyncio.run would leave Faust without one
    try:
        loop.run_until_complete(connect())
    finally:
        loop.close()


async def _closed(producer: AIOKafkaProducer) -> None:
    """Close a producer, whatever ails it."""
    with contextlib.suppress(KafkaError):
        await producer.stop()


async def _sent(
    producer: AIOKafkaProducer, topic: str, partition: int, group: list[Outgoing]
) -> list[Awaitable[object]]:
    """Hand the records of one partition over; return what their receipts are awaited by."""
    now_ms = int(clock.now().timestamp() * 1000)
    futures: list[Awaitable[object]] = []
    batch = producer.create_batch()
    for record in group:
        if _appended(batch, record, now_ms):
            continue
        batch.close()
        futures.append(await producer.send_batch(batch, topic, partition=partition))
        # An empty batch takes a record of any size; the broker has the last word on it.
        batch = producer.create_batch()
        if not _appended(batch, record, now_ms):
            raise NotPublishedError(f"a record for {topic} fits no batch")
    if batch.record_count():
        batch.close()
        futures.append(await producer.send_batch(batch, topic, partition=partition))
    return futures


def _appended(batch: BatchBuilder, record: Outgoing, now_ms: int) -> bool:
    """Add a record to a batch; return False where it no longer fits."""
    taken = batch.append(
        timestamp=now_ms, key=record.key, value=record.value, headers=list(record.headers)
    )
    return taken is not None


# Domains and warnings repeat; computed in Python a hash costs as much as decoding an event.
@functools.lru_cache(maxsize=8192)
def partition_of(key: str, partitions: int) -> int:
    """Return the partition of a key, as every Java and Python producer computes it.

    >>> partition_of("91410422MA3X1A2B83", 8)
    4
    """
    return int(murmur2(key.encode()) & 0x7FFFFFFF) % partitions
