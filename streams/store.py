"""How are the states of a partition read and written, so that only one worker can?"""

import dataclasses
import itertools
from collections.abc import Awaitable, Mapping, Sequence
from importlib import resources
from typing import Any, NamedTuple, Protocol, cast

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from streams.keys import card_prefix, clock_key, log_key, state_prefix, timers_key

WRITTEN = b"OK"
_PACK = msgspec.msgpack.Encoder().encode


class StoreUnavailableError(RuntimeError):
    """Redis does not answer; the partition waits, nothing is acknowledged."""


async def asked(answer: Awaitable[Any]) -> Any:
    """Return what Redis answers.

    Raises:
        StoreUnavailableError: Redis does not answer.
    """
    try:
        return await answer
    except RedisError as error:
        raise StoreUnavailableError(f"{type(error).__name__}: {error}") from error


class FencedError(RuntimeError):
    """Somebody else has written this partition since it was read; read again, then decide."""


@dataclasses.dataclass(frozen=True, slots=True)
class Loaded:
    """The states of some enterprises, and the partition's fence as it stood.

    Shapes:
        ``states`` holds the stored bytes by USCC, only for those that have a state.
    """

    fence: bytes
    states: Mapping[str, bytes]


@dataclasses.dataclass(frozen=True, slots=True)
class Written:
    """What one batch writes.

    Shapes:
        ``states`` are encoded states, ``cards`` readable fields (name, value, name, value ...),
        ``wakes`` the moments to wake enterprises at (0: no more), all by USCC; ``epoch`` and
        ``offset`` name the last event of the batch.

    Units:
        ``wakes`` and ``latest``, the latest event time of the batch, are seconds of event time.
    """

    epoch: int
    offset: int
    states: Mapping[str, bytes]
    cards: Mapping[str, Sequence[str]]
    wakes: Mapping[str, int] = dataclasses.field(default_factory=dict)
    latest: int = 0

    @property
    def fence(self) -> bytes:
        """Return what the partition's fence is after this batch."""
        return f"{self.epoch}/{self.offset}".encode()


def offset_of(fence: bytes, epoch: int) -> int:
    """Return up to where a fence says that this log is written; -1 for not at all.

    >>> offset_of(b"7/41", 7), offset_of(b"6/41", 7), offset_of(b"", 7)
    (41, -1, -1)
    """
    begun, _, offset = fence.partition(b"/")
    return int(offset) if begun == str(epoch).encode() else -1


class Wake(NamedTuple):
    """An enterprise, and the moment (event time, seconds) at which it wants to be woken."""

    uscc: str
    at: int


class WakeStore(Protocol):
    """When enterprises want to be woken; only ``EnterpriseStore.write`` changes it."""

    async def due(self, partition: int, *, until: int, limit: int) -> Sequence[Wake]:
        """Return those to be woken at or before ``until``, the longest overdue first."""

    async def wakes(self, partition: int, usccs: Sequence[str]) -> Mapping[str, int]:
        """Return when these enterprises want to be woken; who does not is left out."""

    async def latest(self, partition: int) -> int:
        """Return the latest event time that the partition's states have seen, 0 for none."""


class EnterpriseStore(Protocol):
    """Where states live between batches."""

    async def load(self, partition: int, usccs: Sequence[str]) -> Loaded:
        """Return the stored states of these enterprises."""

    async def write(self, partition: int, loaded: Loaded, written: Written) -> None:
        """Write a batch whole, or raise ``FencedError`` where another has written since."""


@dataclasses.dataclass(slots=True)
class MemoryStore:
    """The store's twin in memory; fails as often as it is told to."""

    fences: dict[int, bytes] = dataclasses.field(default_factory=dict)
    states: dict[tuple[int, str], bytes] = dataclasses.field(default_factory=dict)
    cards: dict[tuple[int, str], Sequence[str]] = dataclasses.field(default_factory=dict)
    timers: dict[int, dict[str, int]] = dataclasses.field(default_factory=dict)
    clocks: dict[int, int] = dataclasses.field(default_factory=dict)
    failures: int = 0

    async def load(self, partition: int, usccs: Sequence[str]) -> Loaded:
        """Return the stored states of these enterprises."""
        self._fail()
        found = {
            uscc: self.states[partition, uscc] for uscc in usccs if (partition, uscc) in self.states
        }
        return Loaded(self.fences.get(partition, b""), found)

    async def write(self, partition: int, loaded: Loaded, written: Written) -> None:
        """Write a batch whole, or refuse it."""
        self._fail()
        if self.fences.get(partition, b"") != loaded.fence:
            raise FencedError(f"partition {partition}: {self.fences[partition]!r}")
        self.states |= {(partition, uscc): raw for uscc, raw in written.states.items()}
        self.cards |= {(partition, uscc): card for uscc, card in written.cards.items()}
        timers = self.timers.setdefault(partition, {})
        for uscc, at in written.wakes.items():
            if at:
                timers[uscc] = at
            else:
                timers.pop(uscc, None)
        self.clocks[partition] = max(self.clocks.get(partition, 0), written.latest)
        self.fences[partition] = written.fence

    async def due(self, partition: int, *, until: int, limit: int) -> Sequence[Wake]:
        """Return those to be woken at or before ``until``."""
        self._fail()
        timers = self.timers.get(partition, {})
        found = sorted((at, uscc) for uscc, at in timers.items() if at <= until)
        return [Wake(uscc, at) for at, uscc in found[:limit]]

    async def wakes(self, partition: int, usccs: Sequence[str]) -> Mapping[str, int]:
        """Return when these enterprises want to be woken."""
        self._fail()
        timers = self.timers.get(partition, {})
        return {uscc: timers[uscc] for uscc in usccs if uscc in timers}

    async def latest(self, partition: int) -> int:
        """Return the latest event time that the partition's states have seen."""
        self._fail()
        return self.clocks.get(partition, 0)

    def _fail(self) -> None:
        if self.failures:
            self.failures -= 1
            raise StoreUnavailableError("told to fail")


class RedisStore:
    """States in Redis: one read and one script a batch, whatever its size."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        script = resources.files("streams").joinpath("store.lua").read_text()
        self._script = redis.register_script(script)

    async def load(self, partition: int, usccs: Sequence[str]) -> Loaded:
        """Return the stored states of these enterprises.

        Raises:
            StoreUnavailableError: Redis does not answer.
        """
        prefix = state_prefix(partition)
        keys = [log_key(partition), *(prefix + uscc for uscc in usccs)]
        fence, *raws = cast("list[bytes | None]", await asked(self._redis.mget(keys)))
        states = {uscc: raw for uscc, raw in zip(usccs, raws, strict=True) if raw is not None}
        return Loaded(fence or b"", states)

    async def write(self, partition: int, loaded: Loaded, written: Written) -> None:
        """Write a batch whole, or refuse it.

        Raises:
            FencedError: another worker has written this partition since ``loaded``.
            StoreUnavailableError: Redis does not answer; whether it wrote is not known.
        """
        states, cards = state_prefix(partition), card_prefix(partition)
        keys = [
            log_key(partition),
            timers_key(partition),
            clock_key(partition),
            *(states + uscc for uscc in written.states),
            *(cards + uscc for uscc in written.cards),
        ]
        arguments: list[bytes | int] = [
            loaded.fence,
            written.fence,
            written.latest,
            _PACK(tuple(itertools.chain.from_iterable(written.wakes.items()))),
            len(written.states),
            *written.states.values(),
            *map(_PACK, written.cards.values()),
        ]
        answer = await asked(self._script(keys=keys, args=arguments))
        if answer != WRITTEN:
            raise FencedError(f"partition {partition} was read at {loaded.fence!r}, is {answer!r}")

    async def due(self, partition: int, *, until: int, limit: int) -> Sequence[Wake]:
        """Return those to be woken at or before ``until``, the longest overdue first.

        Raises:
            StoreUnavailableError: Redis does not answer.
        """
        found = await asked(
            self._redis.zrangebyscore(
                timers_key(partition), "-inf", until, start=0, num=limit, withscores=True
            )
        )
        scored = cast("list[tuple[bytes, float]]", found)
        return [Wake(uscc.decode(), int(at)) for uscc, at in scored]

    async def wakes(self, partition: int, usccs: Sequence[str]) -> Mapping[str, int]:
        """Return when these enterprises want to be woken.

        Raises:
            StoreUnavailableError: Redis does not answer.
        """
        if not usccs:
            return {}
        moments = await asked(self._redis.zmscore(timers_key(partition), list(usccs)))
        pairs = zip(usccs, moments, strict=True)
        return {uscc: int(at) for uscc, at in pairs if at is not None}

    async def latest(self, partition: int) -> int:
        """Return the latest event time that the partition's states have seen.

        Raises:
            StoreUnavailableError: Redis does not answer.
        """
        return int(await asked(self._redis.get(clock_key(partition))) or 0)
