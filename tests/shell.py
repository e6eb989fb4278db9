"""What does a test of the shell need?  Records, batches, twins that keep a journal, a stream."""

import asyncio
import dataclasses
import types
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import Any

from detectors import events as e
from detectors import state as states
from detectors.expertise import Expertise
from detectors.official import Month, OfficialClass
from detectors.state import EnterpriseState
from streams import agents, assess
from streams.batch import Batch
from streams.metrics import Metrics
from streams.official_desk import OfficialDesk
from streams.official_store import MemoryOfficialStore
from streams.publisher import MemoryPublisher, Outgoing
from streams.store import Loaded, MemoryStore, StoreUnavailableError, Written
from streams.topics import Topic
from streams.warning_lives import MemoryLives
from tests import builders as b

PARTITIONS = 4
PUBLISHED, STORED, ACKNOWLEDGED = "published", "stored", "acknowledged"
OFFICIAL = "official"


@dataclasses.dataclass(frozen=True)
class Arrival:
    """A record as the broker hands it over."""

    value: bytes | None
    key: bytes | None = b.USCC.encode()
    offset: int = 0
    timestamp: int = b.START_S * 1000
    headers: tuple[tuple[str, bytes], ...] = ()
    timestamp_type: int = 0


def arrival(happening: e.Event, *, offset: int = 0) -> Arrival:
    """Return the record of an event, stamped with its own time."""
    return Arrival(
        value=e.encode(happening),
        key=happening.subject.encode(),
        offset=offset,
        timestamp=int(happening.time.timestamp() * 1000),
    )


def arrivals(happenings: Iterable[e.Event], *, first: int = 0) -> list[Arrival]:
    """Return the records of events, at successive offsets."""
    return [arrival(one, offset=first + place) for place, one in enumerate(happenings)]


def batch(
    *records: Arrival, topic: str = Topic.EVENT.value, partition: int = 0, generation: int = 1
) -> Batch:
    """Return what one fetch brought."""
    return Batch(topic, partition, records, generation)


@dataclasses.dataclass(slots=True)
class JournalStore(MemoryStore):
    """The store's twin; it notes its writes, and meets what a test arranged for them.

    ``refused_writes`` fail before anything is written, ``lost_answers`` after everything is;
    ``interlopers`` are other workers that write in the moment before we do.
    """

    journal: list[str] = dataclasses.field(default_factory=list)
    refused_writes: int = 0
    lost_answers: int = 0
    interlopers: list[Callable[[], Any]] = dataclasses.field(default_factory=list)

    async def write(self, partition: int, loaded: Loaded, written: Written) -> None:
        """Write, unless it was arranged otherwise."""
        if self.refused_writes:
            self.refused_writes -= 1
            raise StoreUnavailableError("told to fail before the write")
        if self.interlopers:
            await self.interlopers.pop()()
        await MemoryStore.write(self, partition, loaded, written)
        self.journal.append(STORED)
        if self.lost_answers:
            self.lost_answers -= 1
            raise StoreUnavailableError("told to fail after the write")


@dataclasses.dataclass(slots=True)
class JournalPublisher(MemoryPublisher):
    """The publisher's twin; it notes that it published."""

    journal: list[str] = dataclasses.field(default_factory=list)

    async def publish(self, records: Iterable[Outgoing]) -> None:
        """Publish, or fail."""
        await MemoryPublisher.publish(self, records)
        self.journal.append(PUBLISHED)


@dataclasses.dataclass(slots=True)
class JournalOfficial(MemoryOfficialStore):
    """The official classes' twin; it notes what it was told, and fails ``refused`` times."""

    journal: list[str] = dataclasses.field(default_factory=list)
    refused: int = 0

    async def tell(
        self, month: Month, classes: Sequence[OfficialClass], *, over_drafts: bool
    ) -> Sequence[OfficialClass]:
        """Write what was told singly, unless it was arranged otherwise."""
        if self.refused:
            self.refused -= 1
            raise StoreUnavailableError("told to fail")
        self.journal.append(OFFICIAL)
        return await MemoryOfficialStore.tell(self, month, classes, over_drafts=over_drafts)


class Shell:
    """The assessing agent's hands over twins.

    ``journal`` keeps the order of what was done; ``naps`` how long it waited between tries.
    """

    def __init__(
        self,
        *,
        store: JournalStore | None = None,
        epoch: int = 1,
        expertise: Expertise | None = None,
        owned_for: int | None = None,
    ) -> None:
        """Own the partition for ever, or until it was asked for ``owned_for`` times."""
        self.store = store or JournalStore()
        self.publisher = JournalPublisher()
        self.journal: list[str] = []
        self.store.journal = self.publisher.journal = self.journal
        self.metrics = Metrics()
        self.naps: list[float] = []
        self._owned_for = owned_for
        self.official = JournalOfficial(PARTITIONS, journal=self.journal)
        self.lives = MemoryLives()
        self.assessor = assess.Assessor(
            store=self.store,
            publisher=self.publisher,
            official=OfficialDesk(self.official, b.sampling_plan(), PARTITIONS),
            lives=self.lives,
            expertise=lambda: expertise or b.expertise(),
            epoch=epoch,
            partitions=PARTITIONS,
            metrics=self.metrics,
            now=lambda: b.START,
            is_current=lambda _batch: self._is_ours(),
            sleep=self._nap,
        )

    async def digest(self, *records: Arrival, partition: int = 0) -> bool:
        """Process one batch; return whether it may be acknowledged."""
        return await self.assessor.digest(batch(*records, partition=partition))

    def state(self, uscc: str = b.USCC, *, partition: int = 0) -> EnterpriseState:
        """Return the stored state of an enterprise."""
        return states.decode(self.store.states[partition, uscc])

    def counted(self, name: str, **labels: str) -> float:
        """Return the value of a series."""
        value = self.metrics.registry.get_sample_value(name, labels)
        assert value is not None, f"no series {name} {labels}"
        return value

    def dead(self) -> list[Outgoing]:
        """Return the dead letters."""
        return self.publisher.to(Topic.DEAD.value)

    def _is_ours(self) -> bool:
        if self._owned_for is None:
            return True
        self._owned_for -= 1
        return self._owned_for >= 0

    async def _nap(self, seconds: float) -> None:
        self.naps.append(seconds)


class Stream:
    """Faust's stream as an agent sees it: batches in, acknowledgements out.

    ``ended`` holds the codes with which the agent ended the process; a real one dies of the first.
    """

    def __init__(self, *batches: Batch, journal: list[str] | None = None) -> None:
        """Deliver these batches, one after the other, and end when all work on them is done."""
        self._waiting = list(batches)
        self.acknowledged: list[Batch] = []
        self.ended: list[int] = []
        self.is_manual = False
        self.journal = [] if journal is None else journal
        self.channel = types.SimpleNamespace(queue=types.SimpleNamespace(empty=self._is_empty))

    def noack(self) -> "Stream":
        """Acknowledge nothing by itself."""
        self.is_manual = True
        return self

    async def events(self) -> AsyncIterator[Any]:
        """Yield the batches as events."""
        bystanders = asyncio.all_tasks()
        while self._waiting:
            yield types.SimpleNamespace(value=self._waiting.pop(0))
            await asyncio.sleep(0)
        # Faust's streams have no end: an agent may still be at work when the last batch is out.
        if under_way := asyncio.all_tasks() - bystanders:
            await asyncio.wait(under_way)

    async def ack(self, event: Any) -> None:
        """Acknowledge an event."""
        assert self.is_manual, "an agent must take its stream by noack()"
        self.acknowledged.append(event.value)
        self.journal.append(ACKNOWLEDGED)

    def _is_empty(self) -> bool:
        return not self._waiting


async def run(digest: agents.Digest, *batches: Batch, journal: list[str] | None = None) -> Stream:
    """Let an agent work on these batches until the stream ends; return the stream."""
    stream = Stream(*batches, journal=journal)
    await agents.agent_of("assess", digest, end=stream.ended.append)(stream)
    return stream
