"""How do outcomes become a model, with one writer a domain and nothing learned twice?

``LearningDesk`` is the writer: it learns a batch, writes the snapshot behind a fence, and only
then is the batch acknowledged.  ``ModelFeed`` is the reader: between batches the assessing agent
takes the newest scorers.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Protocol, cast

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from detectors import learned
from detectors.example import Example
from detectors.features import FEATURES_VERSION, NAMES
from detectors.learned import IncompatibleSnapshotError, Scorer, Snapshot, scorer_of
from detectors.model import Learner, learner_of
from streams.keys import SNAPSHOTS
from streams.store import FencedError, StoreUnavailableError

# Write a snapshot only where nobody has written since it was read: HGET, compare, HSET.
_SWAP = """
local now = redis.call('HGET', KEYS[1], ARGV[1]) or ''
if now ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
"""


class SnapshotStore(Protocol):
    """Where snapshots live: bytes by domain."""

    async def load(self) -> Mapping[str, bytes]:
        """Return every domain's snapshot."""

    async def swap(self, domain: str, before: bytes, after: bytes) -> None:
        """Replace a snapshot, or raise ``FencedError`` where it is no longer ``before``."""


@dataclasses.dataclass(slots=True)
class MemorySnapshots:
    """The twin in memory."""

    raws: dict[str, bytes] = dataclasses.field(default_factory=dict)

    async def load(self) -> Mapping[str, bytes]:
        """Return every domain's snapshot."""
        return dict(self.raws)

    async def swap(self, domain: str, before: bytes, after: bytes) -> None:
        """Replace a snapshot, or refuse."""
        if self.raws.get(domain, b"") != before:
            raise FencedError(f"model {domain}")
        self.raws[domain] = after


class RedisSnapshots:
    """Snapshots in one Redis hash."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._swap = redis.register_script(_SWAP)

    async def load(self) -> Mapping[str, bytes]:
        """Return every domain's snapshot.

        Raises:
            StoreUnavailableError: Redis does not answer.
        """
        try:
            found = cast("dict[bytes, bytes]", await self._redis.hgetall(SNAPSHOTS))
        except RedisError as error:
            raise StoreUnavailableError(f"{type(error).__name__}: {error}") from error
        return {domain.decode(): raw for domain, raw in found.items()}

    async def swap(self, domain: str, before: bytes, after: bytes) -> None:
        """Replace a snapshot, or refuse.

        Raises:
            FencedError: another writer was here.
            StoreUnavailableError: Redis does not answer.
        """
        try:
            done = await self._swap(keys=[SNAPSHOTS], args=[domain, before, after])
        except RedisError as error:
            raise StoreUnavailableError(f"{type(error).__name__}: {error}") from error
        if not done:
            raise FencedError(f"model {domain} was written by another worker")


@dataclasses.dataclass(frozen=True, slots=True)
class Lesson:
    """What a batch of examples taught.

    Shapes:
        ``snapshots`` are the models written, ``learned`` the examples that were new.
    """

    snapshots: tuple[Snapshot, ...]
    learned: int
    refused: int


class LearningDesk:
    """The single writer of the models of its partitions.

    Shapes:
        State: one learner and its last stored bytes a domain.
    """

    def __init__(self, store: SnapshotStore) -> None:
        self._store = store
        self._learners: dict[str, Learner] = {}
        self._stored: dict[str, bytes] = {}

    async def learn(self, raws: Sequence[bytes]) -> Lesson:
        """Score, then learn each example; store the snapshots; return what came of it.

        An example that cannot be read is ours, not a source's: it is counted and passed over.

        Raises:
            FencedError: another worker writes this domain; forget all and read again.
            StoreUnavailableError: Redis does not answer.
        """
        touched: set[str] = set()
        count = refused = 0
        for example in [one for raw in raws for one in _examples(raw)]:
            if example is None:
                refused += 1
                continue
            learner = await self._learner(example.domain)
            if learner.has_learned(example):
                continue
            learner.learn(example)
            touched.add(example.domain)
            count += 1
        snapshots = []
        for domain in sorted(touched):
            snapshot = self._learners[domain].snapshot()
            after = learned.encode(snapshot)
            try:
                await self._store.swap(domain, self._stored[domain], after)
            except (FencedError, StoreUnavailableError):
                self.forget()
                raise
            self._stored[domain] = after
            snapshots.append(snapshot)
        return Lesson(tuple(snapshots), count, refused)

    def forget(self) -> None:
        """Drop what is in memory: the partitions may have gone to another worker."""
        self._learners.clear()
        self._stored.clear()

    async def _learner(self, domain: str) -> Learner:
        if domain not in self._learners:
            raw = (await self._store.load()).get(domain, b"")
            self._learners[domain] = _restored(domain, raw)
            self._stored[domain] = raw
        return self._learners[domain]


class ModelFeed:
    """The newest scorers, as far as they can be read."""

    def __init__(self, store: SnapshotStore) -> None:
        self._store = store
        self._raws: dict[str, bytes] = {}
        self.scorers: dict[str, Scorer] = {}
        self.snapshots: dict[str, Snapshot] = {}
        self.refused = 0

    async def refresh(self) -> bool:
        """Read what has changed; return whether anything did.

        Raises:
            StoreUnavailableError: Redis does not answer; the last scorers stay in use.
        """
        changed = False
        for domain, raw in (await self._store.load()).items():
            if self._raws.get(domain) == raw:
                continue
            self._raws[domain] = raw
            changed = True
            try:
                snapshot = learned.decode(raw)
            except IncompatibleSnapshotError:
                self.refused += 1
                self.scorers.pop(domain, None)
                continue
            self.snapshots[domain] = snapshot
            # A new mapping: a batch under way keeps the scorers that it began with.
            self.scorers = self.scorers | {domain: scorer_of(snapshot)}
        return changed


def _examples(raw: bytes) -> list[Example | None]:
    """Return the examples of a record, None for what is none of ours."""
    try:
        examples = _DECODER.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return [None]
    return [
        one
        if one.features_version == FEATURES_VERSION and len(one.features) == len(NAMES)
        else None
        for one in examples
    ]


_DECODER = msgspec.json.Decoder(list[Example])


def _restored(domain: str, raw: bytes) -> Learner:
    if not raw:
        return Learner(domain)
    try:
        return learner_of(learned.decode(raw))
    except IncompatibleSnapshotError:
        # Another version's model: start anew beside it, in its place.
        return Learner(domain)
