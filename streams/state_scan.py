"""Which enterprises have a state?  A walk over all of them, a partition at a time, in order.

A partition's codes are held in memory (some 70 bytes each), its states only in pieces, so a walk
over a million enterprises in eight partitions needs about ten megabytes.
"""

import itertools
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from typing import Protocol, TypeVar

from redis.asyncio import Redis
from redis.exceptions import RedisError

from detectors import state as states
from detectors.state import EnterpriseState
from streams.keys import state_prefix
from streams.store import EnterpriseStore, MemoryStore, StoreUnavailableError

# 500 states of 1 KiB are half a megabyte: one answer, and far under the timeout.
PIECE = 500
SCAN_COUNT = 2000
T = TypeVar("T")


class StateScan(Protocol):
    """Whoever can tell which enterprises a partition holds."""

    async def usccs(self, partition: int) -> Sequence[str]:
        """Return the codes of a partition's enterprises, each once, in order."""


class MemoryScan:
    """The scan's twin over a store in memory."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def usccs(self, partition: int) -> Sequence[str]:
        """Return the codes of a partition's enterprises, each once, in order."""
        return sorted(uscc for at, uscc in self._store.states if at == partition)


class RedisScan:
    """A scan over Redis: it blocks nobody, and sees all that was there from first to last."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def usccs(self, partition: int) -> Sequence[str]:
        """Return the codes of a partition's enterprises, each once, in order.

        Raises:
            StoreUnavailableError: Redis does not answer.
        """
        prefix = state_prefix(partition)
        found: set[str] = set()
        try:
            async for key in self._redis.scan_iter(match=f"{prefix}*", count=SCAN_COUNT):
                found.add(key.decode().removeprefix(prefix))
        except RedisError as error:
            raise StoreUnavailableError(f"{type(error).__name__}: {error}") from error
        return sorted(found)


async def walk(
    scan: StateScan, store: EnterpriseStore, *, partitions: int
) -> AsyncIterator[tuple[str, EnterpriseState]]:
    """Yield every enterprise's code and state, by partition and code."""
    for partition in range(partitions):
        for piece in pieces(await scan.usccs(partition)):
            loaded = await store.load(partition, piece)
            for uscc in piece:
                if uscc in loaded.states:
                    yield uscc, states.decode(loaded.states[uscc])


def pieces(values: Iterable[T], size: int = PIECE) -> Iterator[list[T]]:
    """Yield the values in pieces.

    >>> list(pieces("abcde", 2))
    [['a', 'b'], ['c', 'd'], ['e']]
    """
    left = iter(values)
    while piece := list(itertools.islice(left, size)):
        yield piece
