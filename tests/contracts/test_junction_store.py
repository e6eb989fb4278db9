"""Wherever junctions live: a batch is written whole or not at all, and by one worker at a time.

One suite over the twin and over a real Redis.
"""

import asyncio

import pytest

from streams.keys import junction_log_key, junction_prefix
from streams.neighbourhood import JunctionStore, MemoryJunctions, RedisJunctions
from streams.store import FencedError, StoreUnavailableError
from tests.contracts.test_enterprise_store import client_of, closed_port

LARGE = 2**63 - 1


@pytest.fixture(params=["twin", "redis"])
async def store(request):
    """Return an empty store of each kind."""
    if request.param == "twin":
        yield MemoryJunctions()
        return
    client = client_of(request.getfixturevalue("own_redis").url)
    await client.flushdb()
    yield RedisJunctions(client)
    await client.aclose()


async def test_what_was_written_is_read(store: JunctionStore):
    """Bytes come back by number; what nobody has written is left out."""
    await store.write(0, before=b"", after=b"1/7", junctions={1: b"\x00\xff", LARGE: b"x"})

    found = await store.load(0, [1, 2, LARGE])

    assert (found.fence, dict(found.junctions)) == (b"1/7", {1: b"\x00\xff", LARGE: b"x"})


async def test_nothing_was_written_yet(store: JunctionStore):
    """A partition that nobody has written has no fence and no junctions."""
    found = await store.load(3, [1])

    assert (found.fence, dict(found.junctions)) == (b"", {})


async def test_a_junction_without_members_is_deleted(store: JunctionStore):
    """A junction of no bytes is gone, and no other with it."""
    await store.write(0, before=b"", after=b"1/1", junctions={1: b"one", 2: b"two"})

    await store.write(0, before=b"1/1", after=b"1/2", junctions={1: b""})

    assert (await store.load(0, [1, 2])).junctions == {2: b"two"}


async def test_partitions_are_worlds_apart(store: JunctionStore):
    """One partition's junctions and fence are none of another's."""
    await store.write(0, before=b"", after=b"1/1", junctions={1: b"zero"})

    await store.write(1, before=b"", after=b"1/9", junctions={1: b"one"})

    assert (await store.load(0, [1])).junctions == {1: b"zero"}
    assert (await store.load(1, [1])).fence == b"1/9"


async def test_of_writers_that_read_the_same_one_wins(store: JunctionStore):
    """Ten workers that believe they own a partition write once, not ten times."""
    results = await asyncio.gather(
        *(
            store.write(0, before=b"", after=b"1/%d" % n, junctions={1: b"%d" % n, 2: b"%d" % n})
            for n in range(10)
        ),
        return_exceptions=True,
    )

    winners = [n for n, result in enumerate(results) if result is None]
    assert len(winners) == 1
    assert sum(isinstance(result, FencedError) for result in results) == 9
    assert (await store.load(0, [1, 2])).junctions == dict.fromkeys([1, 2], b"%d" % winners[0])


@pytest.fixture(params=["twin", "redis"])
async def dead_store(request):
    """Return a store of each kind behind which nobody answers."""
    if request.param == "twin":
        yield MemoryJunctions(failures=1000)
        return
    client = client_of(f"redis://127.0.0.1:{closed_port()}/0")
    yield RedisJunctions(client)
    await client.aclose()


async def test_an_outage_is_told_as_an_outage(dead_store: JunctionStore):
    """A store that does not answer raises the one error that is waited for, on every call."""
    with pytest.raises(StoreUnavailableError):
        await dead_store.load(0, [1])

    with pytest.raises(StoreUnavailableError):
        await dead_store.write(0, before=b"", after=b"1/1", junctions={1: b"x"})


def test_all_keys_of_a_partition_share_a_slot():
    """On Redis Cluster a batch is one script: fence and junctions carry one hash tag."""
    keys = [junction_log_key(3), junction_prefix(3)]

    assert {key[key.index("{") : key.index("}") + 1] for key in keys} == {"{j3}"}
