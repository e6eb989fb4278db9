"""How are the states of a partition read and written, so that only one worker can?"""

import dataclasses
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Protocol, cast

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from streams.keys import card_prefix, log_key, state_prefix

WRITTEN = b"OK"
_PACK = msgspec.msgpack.Encoder().encode


class StoreUnavailableError(RuntimeError):
    """Redis does not answer; the partition waits, nothing is acknowledged."""


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
        both by USCC; ``epoch`` and ``offset`` name the last event of the batch.
    """

    epoch: int
    offset: int
    states: Mapping[str, bytes]
    cards: Mapping[str, Sequence[str]]

    @property
    def fence(self) -> bytes:
        """Return what the partition's fence is after this batch."""
        return f"{self.epoch}/{self.offset}".encode()


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
        self.fences[partition] = written.fence

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
        try:
            fence, *raws = cast("list[bytes | None]", await self._redis.mget(keys))
        except RedisError as error:
            raise StoreUnavailableError(f"{type(error).__name__}: {error}") from error
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
            *(states + uscc for uscc in written.states),
            *(cards + uscc for uscc in written.cards),
        ]
        arguments: list[bytes | int] = [
            loaded.fence,
            written.fence,
            len(written.states),
            *written.states.values(),
            *map(_PACK, written.cards.values()),
        ]
        try:
            answer = await self._script(keys=keys, args=arguments)
        except RedisError as error:
            raise StoreUnavailableError(f"{type(error).__name__}: {error}") from error
        if answer != WRITTEN:
            raise FencedError(f"partition {partition} was read at {loaded.fence!r}, is {answer!r}")
