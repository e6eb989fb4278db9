"""Which enterprises have a state?  A walk over all of them, a partition at a time, in order.

A partition's codes are held in memory (some 70 bytes each), its states only in pieces, so a walk
over a million enterprises in eight partitions needs about ten megabytes.
"""

import itertools
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from typing import Protocol, TypeVar

from redis.asyncio import Redis

from detectors import state as states
from detectors.state import EnterpriseState
from streams.keys import state_prefix
from streams.publisher import partition_of
from streams.store import EnterpriseStore, MemoryStore, asked

# 500 states of 1 KiB are half a megabyte: one answer, and far under the timeout.
PIECE = 500
SCAN_COUNT = 2000
T = TypeVar("T")


class StateScan(Protocol):
    """Whoever can tell which enterprises a partition holds."""

    def found(self, partition: int) -> AsyncIterator[Sequence[str]]:
        """Yield the codes of a partition's enterprises in pieces, each code once, in no order."""

    async def usccs(self, partition: int) -> Sequence[str]:
        """Return the codes of a partition's enterprises, each once, in order."""


class MemoryScan:
    """The scan's twin over a store in memory."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def found(self, partition: int) -> AsyncIterator[Sequence[str]]:
        """Yield the codes of a partition's enterprises in pieces, each code once, in no order."""
        for piece in pieces(uscc for at, uscc in list(self._store.states) if at == partition):
            yield piece

    async def usccs(self, partition: int) -> Sequence[str]:
        """Return the codes of a partition's enterprises, each once, in order."""
        return sorted(uscc for at, uscc in self._store.states if at == partition)


class RedisScan:
    """A scan over Redis: it blocks nobody, and sees all that was there from first to last."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def found(self, partition: int) -> AsyncIterator[Sequence[str]]:
        """Yield the codes of a partition's enterprises in pieces, each code once, in no order.

        Raises:
            StoreUnavailableError: Redis does not answer.
        """
        prefix = state_prefix(partition)
        seen: set[str] = set()  # Redis may name a key twice while its table grows
        cursor = 0
        while True:
            cursor, keys = await asked(
                self._redis.scan(cursor, match=f"{prefix}*", count=SCAN_COUNT)
            )
            fresh = {key.decode().removeprefix(prefix) for key in keys} - seen
            seen |= fresh
            for piece in pieces(fresh):
                yield piece
            if not cursor:
                return

    async def usccs(self, partition: int) -> Sequence[str]:
        """Return the codes of a partition's enterprises, each once, in order.

        Raises:
            StoreUnavailableError: Redis does not answer.
        """
        return sorted([uscc async for piece in self.found(partition) for uscc in piece])


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


async def roam(
    scan: StateScan, store: EnterpriseStore, *, partitions: int
) -> AsyncIterator[tuple[str, EnterpriseState]]:
    """Yield every enterprise's code and state, as they are found: no list is held, none sorted."""
    for partition in range(partitions):
        async for piece in scan.found(partition):
            loaded = await store.load(partition, piece)
            for uscc, raw in loaded.states.items():
                yield uscc, states.decode(raw)


def pieces(values: Iterable[T], size: int = PIECE) -> Iterator[list[T]]:
    """Yield the values in pieces.

    >>> list(pieces("abcde", 2))
    [['a', 'b'], ['c', 'd'], ['e']]
    """
    left = iter(values)
    while piece := list(itertools.islice(left, size)):
        yield piece


async def states_of(
    store: EnterpriseStore, usccs: Iterable[str], *, partitions: int
) -> dict[str, EnterpriseState]:
    """Return the states of some enterprises; who has none has an empty one.

    Raises:
        streams.store.StoreUnavailableError: the store does not answer.
    """
    by_partition: dict[int, list[str]] = {}
    for uscc in usccs:
        by_partition.setdefault(partition_of(uscc, partitions), []).append(uscc)
    found = {}
    for partition, some in by_partition.items():
        loaded = await store.load(partition, some)
        for uscc in some:
            raw = loaded.states.get(uscc)
            found[uscc] = states.decode(raw) if raw is not None else EnterpriseState()
    return found
