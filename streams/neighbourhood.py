"""How do changed ties become signals to neighbours, none lost and none that acts twice?

The assessing agent publishes each changed bond, keyed by its junction, before it writes the state
of the enterprise.  Here one worker a partition owns a junction.  The order carries the guarantee as
it does there: read the junctions, publish the signals and wait for the receipts, write the
junctions behind a fence, only then acknowledge (docs/decisions/0015).
"""

import asyncio
import dataclasses
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol, cast

import msgspec
from redis.asyncio import Redis

from detectors import events, junction
from detectors.events import Cause, InvalidEventError
from detectors.junction import Junction
from detectors.meeting import Meeting, meet
from detectors.neighbour_rules import NeighbourRules
from detectors.neighbours import BondChanged
from streams.batch import Batch, Record
from streams.dead_letters import Origin, dead_letter
from streams.keys import junction_log_key, junction_prefix
from streams.metrics import Metrics
from streams.publisher import NotPublishedError, Outgoing, Publisher, partition_of
from streams.store import FencedError, StoreUnavailableError, asked
from streams.topics import Topic

logger = logging.getLogger(__name__)

_BACKOFF_S = (0.05, 0.2, 0.5, 1.0, 2.0)
# Write the junctions of a batch where nobody has written the partition since it was read; one
# without members is deleted.
_WRITE = """
local fence = redis.call('GET', KEYS[1]) or ''
if fence ~= ARGV[1] then return fence end
for i = 2, #KEYS do
  if ARGV[i + 1] == '' then redis.call('DEL', KEYS[i])
  else redis.call('SET', KEYS[i], ARGV[i + 1]) end
end
redis.call('SET', KEYS[1], ARGV[2])
return 'OK'
"""
_ENCODE = msgspec.json.Encoder().encode
_DECODE = msgspec.json.Decoder(BondChanged).decode


def change_record(change: BondChanged, partitions: int) -> Outgoing:
    """Return the record by which an enterprise's worker tells a junction of a bond."""
    key = f"{change.junction:016x}"
    partition = partition_of(key, partitions)
    return Outgoing(Topic.BOND.value, partition, key.encode(), _ENCODE(change))


@dataclasses.dataclass(frozen=True, slots=True)
class Found:
    """Some junctions as stored, by number, and the partition's fence as it stood."""

    fence: bytes
    junctions: Mapping[int, bytes]


class JunctionStore(Protocol):
    """Where junctions live between batches."""

    async def load(self, partition: int, numbers: Sequence[int]) -> Found:
        """Return the stored junctions."""

    async def write(
        self, partition: int, *, before: bytes, after: bytes, junctions: Mapping[int, bytes]
    ) -> None:
        """Write a batch whole, or raise ``FencedError`` where the fence is no longer ``before``.

        A junction of no bytes is deleted.
        """


@dataclasses.dataclass(slots=True)
class MemoryJunctions:
    """The twin in memory; fails as often as it is told to."""

    fences: dict[int, bytes] = dataclasses.field(default_factory=dict)
    raws: dict[tuple[int, int], bytes] = dataclasses.field(default_factory=dict)
    failures: int = 0

    async def load(self, partition: int, numbers: Sequence[int]) -> Found:
        """Return the stored junctions."""
        self._fail()
        found = {n: self.raws[partition, n] for n in numbers if (partition, n) in self.raws}
        return Found(self.fences.get(partition, b""), found)

    async def write(
        self, partition: int, *, before: bytes, after: bytes, junctions: Mapping[int, bytes]
    ) -> None:
        """Write a batch whole, or refuse it."""
        self._fail()
        if self.fences.get(partition, b"") != before:
            raise FencedError(f"junctions of partition {partition}: {self.fences[partition]!r}")
        for number, raw in junctions.items():
            if raw:
                self.raws[partition, number] = raw
            else:
                self.raws.pop((partition, number), None)
        self.fences[partition] = after

    def _fail(self) -> None:
        if self.failures:
            self.failures -= 1
            raise StoreUnavailableError("told to fail")


class RedisJunctions:
    """Junctions in Redis: one read and one script a batch."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._script = redis.register_script(_WRITE)

    async def load(self, partition: int, numbers: Sequence[int]) -> Found:
        """Return the stored junctions.

        Raises:
            StoreUnavailableError: Redis does not answer.
        """
        keys = [junction_log_key(partition), *_keys(partition, numbers)]
        fence, *raws = cast("list[bytes | None]", await asked(self._redis.mget(keys)))
        found = {n: raw for n, raw in zip(numbers, raws, strict=True) if raw is not None}
        return Found(fence or b"", found)

    async def write(
        self, partition: int, *, before: bytes, after: bytes, junctions: Mapping[int, bytes]
    ) -> None:
        """Write a batch whole, or refuse it.

        Raises:
            FencedError: another worker has written this partition since it was read.
            StoreUnavailableError: Redis does not answer; whether it wrote is not known.
        """
        keys = [junction_log_key(partition), *_keys(partition, list(junctions))]
        answer = await asked(self._script(keys=keys, args=[before, after, *junctions.values()]))
        if answer != b"OK":
            raise FencedError(f"junctions of {partition} were read at {before!r}, are {answer!r}")


def _keys(partition: int, numbers: Sequence[int]) -> list[str]:
    prefix = junction_prefix(partition)
    return [f"{prefix}{number:016x}" for number in numbers]


@dataclasses.dataclass(slots=True)
class _Work:
    """One batch under way: junctions as they become, and what is published before they are stored.

    ``outcomes`` counts the changes by what became of them.
    """

    junctions: dict[int, Junction] = dataclasses.field(default_factory=dict)
    changed: set[int] = dataclasses.field(default_factory=set)
    outgoing: list[Outgoing] = dataclasses.field(default_factory=list)
    outcomes: Counter[str] = dataclasses.field(default_factory=Counter)
    signals: Counter[tuple[str, str]] = dataclasses.field(default_factory=Counter)
    cut: int = 0


@dataclasses.dataclass(slots=True)
class NeighbourDesk:
    """The neighbours agent's hands: everything but the loop around them."""

    store: JunctionStore
    publisher: Publisher
    rules: NeighbourRules
    epoch: int
    partitions: int
    metrics: Metrics
    alive: Callable[[], None] = lambda: None
    is_current: Callable[[Batch], bool] = lambda _batch: True
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def digest(self, batch: Batch) -> bool:
        """Process a batch to its end; return whether it may be acknowledged.

        What fails for an outside reason is tried again for as long as the partition is ours.

        Raises:
            detectors.state.IncompatibleStateError: another version wrote the junctions.
        """
        tries = 0
        while self.is_current(batch):
            try:
                await self._process(batch)
            except FencedError:
                self.metrics.fenced.inc()
            except (StoreUnavailableError, NotPublishedError) as error:
                part = "redis" if isinstance(error, StoreUnavailableError) else "kafka"
                self.metrics.retries.labels(part).inc()
                await self.sleep(_BACKOFF_S[min(tries, len(_BACKOFF_S) - 1)])
                tries += 1
            else:
                return True
            finally:
                self.alive()
        return False

    async def _process(self, batch: Batch) -> None:
        work = _Work()
        changes = [self._decoded(batch, record, work) for record in batch.records]
        numbers = list({change.junction: None for change in changes if change is not None})
        found = await self.store.load(batch.partition, numbers)
        for record, change in zip(batch.records, changes, strict=True):
            if change is not None:
                self._meet(batch, record, change, found, work)
        if work.outgoing:
            await self.publisher.publish(work.outgoing)
        if work.changed:
            await self.store.write(
                batch.partition,
                before=found.fence,
                after=f"{self.epoch}/{batch.last_offset}".encode(),
                junctions={n: _stored(work.junctions[n]) for n in sorted(work.changed)},
            )
        self._count(work)

    def _decoded(self, batch: Batch, record: Record, work: _Work) -> BondChanged | None:
        try:
            return _DECODE(record.value or b"")
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            self._bury(batch, record, InvalidEventError(Cause.INVALID, f"no bond: {error}"), work)
            return None

    def _meet(
        self, batch: Batch, record: Record, change: BondChanged, found: Found, work: _Work
    ) -> None:
        number = change.junction
        before = work.junctions.get(number)
        if before is None:
            before = junction.decode(found.junctions.get(number, b""))
        try:
            meeting = meet(before, change, self.rules)
        except Exception as error:  # noqa: BLE001 - our own fault must not stop the partition
            crash = InvalidEventError(Cause.CRASH, f"{type(error).__name__}: {error}")
            self._bury(batch, record, crash, work)
            return
        work.junctions[number] = meeting.junction
        if meeting.junction is before:
            work.outcomes["replayed"] += 1
            return
        work.changed.add(number)
        work.outcomes["applied"] += 1
        self._tell(meeting, work)

    def _tell(self, meeting: Meeting, work: _Work) -> None:
        work.cut += meeting.cut
        for signal in meeting.signals:
            event = signal.event
            data = event.data
            assert isinstance(data, events.NeighbourTrouble | events.NeighbourDensity)
            work.signals[data.relation, "ended" if data.ended else "begun"] += 1
            uscc = event.subject
            # The enterprise's own partition, as its source chose it, keeps its one order of events.
            partition = signal.partition
            if partition < 0:
                partition = partition_of(uscc, self.partitions)
            work.outgoing.append(
                Outgoing(Topic.EVENT.value, partition, uscc.encode(), events.encode(event))
            )

    def _bury(self, batch: Batch, record: Record, error: InvalidEventError, work: _Work) -> None:
        origin = Origin(batch.topic, batch.partition, record.offset)
        logger.error("bond at %s[%d] %d: %s", *dataclasses.astuple(origin), error.detail)
        work.outgoing.append(dead_letter(origin, key=record.key, value=record.value, error=error))
        work.outcomes["dead"] += 1

    def _count(self, work: _Work) -> None:
        for outcome, count in work.outcomes.items():
            self.metrics.bonds.labels(outcome).inc(count)
        for (relation, phase), count in work.signals.items():
            self.metrics.neighbour_signals.labels(relation, phase).inc(count)
        self.metrics.neighbours_cut.inc(work.cut)


def _stored(one: Junction) -> bytes:
    return junction.encode(one) if one.members else b""
