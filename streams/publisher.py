"""How does a batch of records reach the broker, with receipts?"""

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
from streams.topics import BrokerUnreachableError

# One produce request a (topic, partition) and batch, where it fits; a larger one is split.
BATCH_BYTES = 1024 * 1024
REQUEST_BYTES = 4 * 1024 * 1024 + 64 * 1024
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
    """aiokafka with whole batches: a tenth of the cost of a send for each record."""

    def __init__(self, bootstrap: str, *, idempotent: bool) -> None:
        self._bootstrap = bootstrap
        self._idempotent = idempotent
        self._producer: AIOKafkaProducer | None = None

    async def start(self) -> None:
        """Connect.

        Raises:
            BrokerUnreachableError: nobody answers there.
        """
        self._producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap,
            acks="all",
            enable_idempotence=self._idempotent,
            max_batch_size=BATCH_BYTES,
            max_request_size=REQUEST_BYTES,
            request_timeout_ms=15_000,
        )
        try:
            await self._producer.start()
        except (KafkaError, ValueError) as error:  # aiokafka asserts nothing of an address
            raise BrokerUnreachableError(
                f"no Kafka broker answers at {self._bootstrap} ({type(error).__name__}); check "
                f"kafka.bootstrap (SANZAO_KAFKA__BOOTSTRAP) and that the broker runs"
            ) from error

    async def stop(self) -> None:
        """Disconnect; what was published has its receipt already."""
        if self._producer is not None:
            await self._producer.stop()

    async def publish(self, records: Iterable[Outgoing]) -> None:
        """Publish all records; return when the broker has acknowledged each.

        Raises:
            NotPublishedError: the broker refused or did not answer.
        """
        assert self._producer is not None, "start() comes first"
        grouped: defaultdict[tuple[str, int], list[Outgoing]] = defaultdict(list)
        for record in records:
            grouped[record.topic, record.partition].append(record)
        try:
            futures: list[Awaitable[object]] = []
            for (topic, partition), group in grouped.items():
                futures += await self._send(topic, partition, group)
            for future in futures:
                await future
        except KafkaError as error:
            raise NotPublishedError(f"{type(error).__name__}: {error}") from error

    async def _send(
        self, topic: str, partition: int, group: list[Outgoing]
    ) -> list[Awaitable[object]]:
        producer = self._producer
        assert producer is not None
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
