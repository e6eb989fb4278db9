"""How long from a record's sending until its state is stored, and beside it a bare round trip?"""

import asyncio
import dataclasses
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

import redis.asyncio
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from streams.devstack.stack import Stack
from streams.keys import log_key
from streams.publisher import partition_of
from streams.store import offset_of
from streams.topics import Topic, read_epoch
from tests.bench.figures import percentile
from tests.bench.records import Planted

TICK_S = 0.005
LOOK_EVERY_S = 0.001
WITHIN_S = 60.0
SHARES = (0.5, 0.95, 0.99)


@dataclasses.dataclass(frozen=True, slots=True)
class Latency:
    """Percentiles in milliseconds."""

    p50: float
    p95: float
    p99: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> "Latency":
        """Return the percentiles of so many seconds.

        >>> Latency.of([0.001, 0.002]).p50
        1.0
        """
        return cls(*(1000 * percentile(seconds, share) for share in SHARES))


@dataclasses.dataclass(slots=True)
class Sending:
    """Sends records at a steady rate, and remembers when each was sent and where it came to lie.

    Shapes:
        ``sent_at`` maps (partition, offset) to the moment before the sending; ``seen`` tells
        whoever watches that it may end.
    """

    sent_at: dict[tuple[int, int], float] = dataclasses.field(default_factory=dict)
    seen: bool = False

    async def send(
        self, bootstrap: str, records: Sequence[Planted], *, per_second: float, partitions: int
    ) -> None:
        """Send all records."""
        producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all")
        await producer.start()
        try:
            started = time.monotonic()
            notes = []
            for count, record in enumerate(records):
                ahead = count / per_second - (time.monotonic() - started)
                if ahead > TICK_S:
                    await asyncio.sleep(ahead)
                notes.append(asyncio.create_task(self._one(producer, record, partitions)))
            await asyncio.gather(*notes)
        finally:
            await producer.stop()

    async def _one(self, producer: AIOKafkaProducer, record: Planted, partitions: int) -> None:
        moment = time.monotonic()
        key = record.key or b""
        partition = partition_of(key.decode(), partitions)
        topic = Topic.EVENT.value
        receipt = await producer.send_and_wait(topic, record.value, key=key, partition=partition)
        self.sent_at[receipt.partition, receipt.offset] = moment


async def until_stored(
    stack: Stack, records: Sequence[Planted], *, per_second: float
) -> list[float]:
    """Return for each record the seconds from its sending to its stored state."""
    client: Any = redis.asyncio.Redis.from_url(stack.redis_url)
    keys = [log_key(partition) for partition in range(stack.partitions)]
    epoch = read_epoch(stack.broker.bootstrap)
    steps: list[tuple[float, list[int]]] = []

    async def watch(sending: Sending) -> None:
        """Read until all have been seen."""
        while not sending.seen:
            raws = await client.mget(keys)
            fences = [offset_of(raw or b"", epoch) for raw in raws]
            if not steps or steps[-1][1] != fences:
                steps.append((time.monotonic(), fences))
            await asyncio.sleep(LOOK_EVERY_S)

    try:
        sending = await _while_watching(watch, stack, records, per_second)
    finally:
        await client.aclose()
    return stored_after(sending.sent_at, steps)


def stored_after(
    sent_at: dict[tuple[int, int], float], steps: Sequence[tuple[float, list[int]]]
) -> list[float]:
    """Return the seconds from sending to the first look that saw each record behind the fence.

    >>> stored_after({(0, 7): 1.0}, [(1.1, [6]), (1.25, [9])])
    [0.25]
    """
    waits = []
    partitions = {partition for partition, _ in sent_at}
    for partition in partitions:
        moves = iter(steps)
        moment, fences = next(moves)
        for offset in sorted(offset for one, offset in sent_at if one == partition):
            while fences[partition] < offset:
                moment, fences = next(moves)
            waits.append(moment - sent_at[partition, offset])
    return waits


async def round_trip(
    stack: Stack,
    records: Sequence[Planted],
    *,
    per_second: float,
    fetch_max_wait_ms: int,
    ends: Mapping[tuple[str, int], int],
) -> list[float]:
    """Return for each record the seconds from its sending to a bare consumer's hands.

    ``ends`` is where each partition ends before: an embedded broker does not know it well.
    """
    consumer = AIOKafkaConsumer(
        bootstrap_servers=stack.broker.bootstrap,
        group_id=None,
        enable_auto_commit=False,
        fetch_max_wait_ms=fetch_max_wait_ms,
    )
    await consumer.start()
    tps = [TopicPartition(Topic.EVENT.value, one) for one in range(stack.partitions)]
    consumer.assign(tps)
    seen: dict[tuple[int, int], float] = {}

    async def watch(sending: Sending) -> None:
        """Read until all have been seen."""
        while not sending.seen:
            polled = await consumer.getmany(timeout_ms=100)
            now = time.monotonic()
            for tp, found in polled.items():
                seen.update(((tp.partition, one.offset), now) for one in found)

    try:
        for tp in tps:
            consumer.seek(tp, ends.get((tp.topic, tp.partition), 0))
        sending = await _while_watching(watch, stack, records, per_second)
    finally:
        await consumer.stop()
    return [seen[place] - moment for place, moment in sending.sent_at.items() if place in seen]


async def _while_watching(
    watch: Callable[[Sending], Coroutine[Any, Any, None]],
    stack: Stack,
    records: Sequence[Planted],
    per_second: float,
) -> Sending:
    """Send while ``watch`` runs, and give it a second more."""
    sending = Sending()
    async with asyncio.timeout(len(records) / per_second + WITHIN_S), asyncio.TaskGroup() as group:
        # Told to end, not cancelled: before Python 3.12 asyncio.wait_for, which redis sends
        # through, can lose a cancellation (120 of 200 in a tight loop here), and it would
        # watch for ever.
        group.create_task(watch(sending))
        await sending.send(
            stack.broker.bootstrap,
            records,
            per_second=per_second,
            partitions=stack.partitions,
        )
        await asyncio.sleep(1.0)
        sending.seen = True
    return sending
