"""How do outcomes become a model, with one writer a domain and nothing learned twice?

``LearningDesk`` is the writer: it learns a batch, writes the snapshot behind a fence, and only
then is the batch acknowledged.  With it, in one script, goes what a restart needs: the learner's
notebook, and the examples kept for those experts that are relearned.  ``ModelFeed`` is the reader:
between batches the assessing agent takes the newest scorers; it never loads a notebook.
"""

import asyncio
import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, cast

import msgspec
from redis.asyncio import Redis

from detectors import learned, model
from detectors.example import Example
from detectors.experts import GENERATION, MEMBERS
from detectors.features import FEATURES_VERSION, NAMES
from detectors.learned import IncompatibleSnapshotError, Scorer, Snapshot, scorer_of
from detectors.model import Learner
from detectors.model_health import Health
from streams.keys import NOTEBOOKS, SNAPSHOTS, rows_key
from streams.store import FencedError, asked

MOST_ROWS = 2 * GENERATION
# So many examples, then the others' turn.  An example took 6.3 ms where six experts learned 8,000
# on two busy cores: at once, they held the loop for 51 s, and the watchdog's patience is 60.
BREATH = 16
# Write only where nobody has written since the snapshot was read: HGET, compare, write all.
_SWAP = """
local now = redis.call('HGET', KEYS[1], ARGV[1]) or ''
if now ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[4])
for place = 6, #ARGV do redis.call('RPUSH', KEYS[3], ARGV[place]) end
redis.call('LTRIM', KEYS[3], -ARGV[5], -1)
return 1
"""


@dataclasses.dataclass(frozen=True, slots=True)
class Kept:
    """What a learner needs to go on: its notebook, and the examples kept, the oldest first."""

    notebook: bytes = b""
    rows: tuple[bytes, ...] = ()


class SnapshotStore(Protocol):
    """Where models live: bytes by domain."""

    async def load(self) -> Mapping[str, bytes]:
        """Return every domain's snapshot."""

    async def recall(self, domain: str) -> Kept:
        """Return what was kept with the last snapshot of a domain."""

    async def swap(self, domain: str, before: bytes, after: bytes, kept: Kept) -> None:
        """Replace a snapshot and its notebook, and append rows; all of it or nothing.

        Raises ``FencedError`` where the snapshot is no longer ``before``.  At most ``MOST_ROWS``
        rows stay, the newest.
        """


@dataclasses.dataclass(slots=True)
class MemorySnapshots:
    """The twin in memory."""

    raws: dict[str, bytes] = dataclasses.field(default_factory=dict)
    kept: dict[str, Kept] = dataclasses.field(default_factory=dict)

    async def load(self) -> Mapping[str, bytes]:
        """Return every domain's snapshot."""
        return dict(self.raws)

    async def recall(self, domain: str) -> Kept:
        """Return what was kept with the last snapshot of a domain."""
        return self.kept.get(domain, Kept())

    async def swap(self, domain: str, before: bytes, after: bytes, kept: Kept) -> None:
        """Replace a snapshot, or refuse."""
        if self.raws.get(domain, b"") != before:
            raise FencedError(f"model {domain}")
        rows = self.kept.get(domain, Kept()).rows
        self.raws[domain] = after
        self.kept[domain] = Kept(kept.notebook, (*rows, *kept.rows)[-MOST_ROWS:])


class RedisSnapshots:
    """Models in two Redis hashes and a list for each domain."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._swap = redis.register_script(_SWAP)

    async def load(self) -> Mapping[str, bytes]:
        """Return every domain's snapshot.

        Raises:
            StoreUnavailableError: Redis does not answer.
        """
        found = cast("dict[bytes, bytes]", await asked(self._redis.hgetall(SNAPSHOTS)))
        return {domain.decode(): raw for domain, raw in found.items()}

    async def recall(self, domain: str) -> Kept:
        """Return what was kept with the last snapshot of a domain.

        Raises:
            StoreUnavailableError: Redis does not answer.
        """
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hget(NOTEBOOKS, domain)
            pipe.lrange(rows_key(domain), 0, -1)
            notebook, rows = await asked(pipe.execute())
        return Kept(notebook or b"", tuple(rows))

    async def swap(self, domain: str, before: bytes, after: bytes, kept: Kept) -> None:
        """Replace a snapshot and its notebook and append rows, or refuse.

        Raises:
            FencedError: another writer was here.
            StoreUnavailableError: Redis does not answer.
        """
        done = await asked(
            self._swap(
                keys=[SNAPSHOTS, NOTEBOOKS, rows_key(domain)],
                args=[domain, before, after, kept.notebook, MOST_ROWS, *kept.rows],
            )
        )
        if not done:
            raise FencedError(f"model {domain} was written by another worker")


@dataclasses.dataclass(frozen=True, slots=True)
class Lesson:
    """What a batch of examples taught.

    Shapes:
        ``snapshots`` are the models written, ``learned`` the outcomes that were new, ``refused``
        what could not be read.  ``drifted`` names the domains whose drift alarm was raised, and
        ``over_quota`` counts the outcomes that taught nothing.
    """

    snapshots: tuple[Snapshot, ...]
    learned: int
    refused: int
    drifted: tuple[str, ...] = ()
    over_quota: int = 0


class LearningDesk:
    """The single writer of the models of its partitions.

    Shapes:
        State: one learner and its last stored bytes a domain.
    """

    def __init__(
        self,
        store: SnapshotStore,
        *,
        members: Sequence[str] = MEMBERS,
        alive: Callable[[], None] = lambda: None,
    ) -> None:
        """Take the store, and whom to tell that a long lesson goes on."""
        self._store = store
        self._alive = alive
        self._members = tuple(members)
        self._learners: dict[str, Learner] = {}
        self._stored: dict[str, bytes] = {}

    async def learn(self, raws: Sequence[bytes]) -> Lesson:
        """Score, then learn each example; store the snapshots; return what came of it.

        An example that cannot be read is ours, not a source's: it is counted and passed over.
        A lesson that is broken off, for whatever reason, is forgotten, and so learned again whole.

        Raises:
            FencedError: another worker writes this domain.
            StoreUnavailableError: Redis does not answer.
        """
        try:
            return await self._learn(raws)
        except BaseException:
            self.forget()
            raise

    async def _learn(self, raws: Sequence[bytes]) -> Lesson:
        touched: dict[str, tuple[int, int]] = {}
        count = refused = 0
        examples = [one for raw in raws for one in _examples(raw)]
        for place, example in enumerate(examples, start=1):
            if place % BREATH == 0:
                self._alive()
                await asyncio.sleep(0)
            if example is None:
                refused += 1
                continue
            learner = await self._learner(example.domain)
            if learner.has_learned(example):
                continue
            touched.setdefault(example.domain, (learner.health.drift.alarms, learner.quota.refused))
            if example.found is None:
                learner.ask(example)
            else:
                learner.learn(example)
                count += 1
        now = {domain: self._learners[domain] for domain in sorted(touched)}
        return Lesson(
            snapshots=tuple([await self._store_away(learner) for learner in now.values()]),
            learned=count,
            refused=refused,
            drifted=tuple(
                name for name, one in now.items() if one.health.drift.alarms > touched[name][0]
            ),
            over_quota=sum(one.quota.refused - touched[name][1] for name, one in now.items()),
        )

    async def _store_away(self, learner: Learner) -> Snapshot:
        snapshot, domain = learner.snapshot(), learner.domain
        after = learned.encode(snapshot)
        kept = Kept(model.encode(learner.notebook()), tuple(learner.fresh))
        await self._store.swap(domain, self._stored[domain], after, kept)
        learner.fresh.clear()
        self._stored[domain] = after
        return snapshot

    def health(self) -> Mapping[str, Health]:
        """Return the prequential record of each domain that this desk teaches."""
        return {domain: learner.health for domain, learner in self._learners.items()}

    def forget(self) -> None:
        """Drop what is in memory: the partitions may have gone to another worker."""
        self._learners.clear()
        self._stored.clear()

    async def _learner(self, domain: str) -> Learner:
        if domain not in self._learners:
            raw = (await self._store.load()).get(domain, b"")
            kept = await self._store.recall(domain) if raw else Kept()
            # What is relearned takes seconds.
            learner = await asyncio.to_thread(_restored, domain, kept, self._members)
            self._learners[domain] = learner
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
                self.scorers = {d: one for d, one in self.scorers.items() if d != domain}
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


def _restored(domain: str, kept: Kept, members: Sequence[str]) -> Learner:
    if not kept.notebook:
        return Learner(domain, members=members)
    try:
        notebook = model.decode(kept.notebook)
    except IncompatibleSnapshotError:
        # Another version's model: start anew beside it, in its place.
        return Learner(domain, members=members)
    return Learner(domain, members=members, notebook=notebook, rows=kept.rows)
