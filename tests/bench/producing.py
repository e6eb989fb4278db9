"""How do the records reach the broker: keyed, in order, each with its receipt?"""

import contextlib
import dataclasses
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from kafka import KafkaProducer

from streams.devstack.broker import BrokerKind
from streams.devstack.stack import Stack
from streams.topics import Topic
from tests.bench.records import Planted

MAX_REQUEST = 4 * 1024 * 1024
RECEIPT_WITHIN_S = 60
LONGEST_BURST_S = 0.02  # a sleep is hardly shorter


@dataclasses.dataclass(slots=True)
class Source:
    """Publishes records one after the other.

    Shapes:
        ``places`` holds partition and offset of each record published, in their order;
        ``sent`` counts by partition what was handed to the broker so far.
    """

    producer: Any
    partitions: int
    places: list[tuple[int, int]] = dataclasses.field(default_factory=list)
    reached: dict[int, int] = dataclasses.field(default_factory=dict)
    seconds: float = 0.0

    def publish(
        self,
        records: Sequence[Planted],
        *,
        per_second: float | None = None,
        hold: Callable[[int], None] = lambda _count: None,
    ) -> None:
        """Publish; return when the broker has given every receipt.

        ``hold`` is asked before each record, by its number, and may take its time.
        """
        started = time.monotonic()
        due = started
        futures = []
        for count, record in enumerate(records):
            hold(count)
            if per_second is not None:
                # What was held back is not caught up: the rate is the most, never more.
                due = max(due + 1 / per_second, time.monotonic() - LONGEST_BURST_S)
                if due - time.monotonic() > LONGEST_BURST_S:
                    time.sleep(LONGEST_BURST_S)
            futures.append(
                self.producer.send(Topic.EVENT.value, key=record.key, value=record.value)
            )
            futures[-1].add_callback(self._reached)
        self.producer.flush()
        for future in futures:
            receipt = future.get(timeout=RECEIPT_WITHIN_S)
            self.places.append((receipt.partition, receipt.offset))
        self.seconds += time.monotonic() - started

    def _reached(self, receipt: Any) -> None:
        # In the producer's own thread; one receipt of a partition comes after another.
        self.reached[receipt.partition] = max(
            self.reached.get(receipt.partition, 0), receipt.offset + 1
        )

    @property
    def ends(self) -> dict[tuple[str, int], int]:
        """Return the offset after the last record of each partition."""
        ends: dict[tuple[str, int], int] = {}
        for partition, offset in self.places:
            name = (Topic.EVENT.value, partition)
            ends[name] = max(ends.get(name, 0), offset + 1)
        return ends


@contextlib.contextmanager
def source_of(stack: Stack) -> Iterator[Source]:
    """Open a producer as every source has one: acknowledged by all, murmur2 of the key."""
    producer = KafkaProducer(
        bootstrap_servers=stack.broker.bootstrap,
        acks="all",
        enable_idempotence=stack.broker.kind is not BrokerKind.EMBEDDED,
        linger_ms=10,
        max_request_size=MAX_REQUEST,
    )
    try:
        yield Source(producer, stack.partitions)
    finally:
        producer.close()


class Flow(threading.Thread):
    """A source that goes on by itself at a steady rate, while workers come and go.

    It waits behind every slice until it is let go on, so that no life of a worker is without work.
    """

    def __init__(self, source: Source, records: Sequence[Planted], *, per_second: float) -> None:
        super().__init__(daemon=True, name="flow")
        self._source = source
        self._records = records
        self._per_second = per_second
        self._error: BaseException | None = None
        self._allowed = 0
        self._free = threading.Condition()

    def allow(self, share: float) -> int:
        """Let the source go on up to a share of its records; return how many those are."""
        with self._free:
            self._allowed = round(share * len(self._records))
            self._free.notify()
            return self._allowed

    def _hold(self, count: int) -> None:
        with self._free:
            self._free.wait_for(lambda: count < self._allowed)

    def run(self) -> None:
        """Publish all records."""
        try:
            self._source.publish(self._records, per_second=self._per_second, hold=self._hold)
        except BaseException as error:  # noqa: BLE001 - handed to whoever waits
            self._error = error

    def finish(self, *, within_s: float) -> None:
        """Wait until all is published, and raise what went wrong."""
        self.join(within_s)
        if self._error is not None:
            raise self._error
        if self.is_alive():
            raise TimeoutError(f"records not published after {within_s:g} s")
