"""Wherever models live: a snapshot replaces the one it was made from, or nothing.

One suite over the twin and over a real Redis.
"""

import asyncio

import pytest

from streams.learning import MOST_ROWS, Kept, MemorySnapshots, RedisSnapshots, SnapshotStore
from streams.store import FencedError, StoreUnavailableError
from tests.contracts.test_enterprise_store import client_of, closed_port

KEPT = Kept(b"book", (b"row",))


@pytest.fixture(params=["twin", "redis"])
async def store(request):
    """Return an empty store of each kind."""
    if request.param == "twin":
        yield MemorySnapshots()
        return
    client = client_of(request.getfixturevalue("own_redis").url)
    await client.flushdb()
    yield RedisSnapshots(client)
    await client.aclose()


async def test_what_was_stored_is_read(store: SnapshotStore):
    """Every domain's last snapshot comes back, byte for byte."""
    await store.swap("FOODS", b"", b"\x00\xff", KEPT)
    await store.swap("QUAL", b"", b"q", KEPT)

    await store.swap("FOODS", b"\x00\xff", b"second", KEPT)

    assert await store.load() == {"FOODS": b"second", "QUAL": b"q"}


async def test_nothing_was_stored_yet(store: SnapshotStore):
    """An empty store has no models."""
    assert await store.load() == {}


@pytest.mark.parametrize(
    "believed",
    [pytest.param(b"", id="none was there"), pytest.param(b"older", id="an older one was there")],
)
async def test_a_stale_learner_is_refused_and_changes_nothing(store: SnapshotStore, believed):
    """Who learned from a model that is no longer the last one does not overwrite it."""
    await store.swap("FOODS", b"", b"theirs", KEPT)

    with pytest.raises(FencedError):
        await store.swap("FOODS", believed, b"ours", KEPT)

    assert await store.load() == {"FOODS": b"theirs"}


async def test_of_learners_that_read_the_same_one_wins(store: SnapshotStore):
    """Ten writers of one domain make one snapshot."""
    results = await asyncio.gather(
        *(store.swap("FOODS", b"", b"%d" % n, KEPT) for n in range(10)), return_exceptions=True
    )

    winners = [n for n, result in enumerate(results) if result is None]
    assert len(winners) == 1
    assert await store.load() == {"FOODS": b"%d" % winners[0]}


async def test_what_a_restart_needs_comes_back(store: SnapshotStore):
    """Notebook and rows of the last write are there, the rows in the order they were appended."""
    await store.swap("FOODS", b"", b"1", Kept(b"first", (b"a\x00", b"b")))

    await store.swap("FOODS", b"1", b"2", Kept(b"second", (b"c",)))

    assert await store.recall("FOODS") == Kept(b"second", (b"a\x00", b"b", b"c"))
    assert await store.recall("QUAL") == Kept()


async def test_a_refused_write_keeps_nothing(store: SnapshotStore):
    """Where the snapshot is refused, so are its notebook and its rows."""
    await store.swap("FOODS", b"", b"1", Kept(b"first", (b"a",)))

    with pytest.raises(FencedError):
        await store.swap("FOODS", b"", b"2", Kept(b"other", (b"b",)))

    assert await store.recall("FOODS") == Kept(b"first", (b"a",))


async def test_old_rows_go(store: SnapshotStore):
    """Only the newest rows stay, as many as two generations need."""
    await store.swap("FOODS", b"", b"1", Kept(b"", (b"old",) * 5))

    await store.swap("FOODS", b"1", b"2", Kept(b"", (b"new",) * (MOST_ROWS - 2)))

    rows = (await store.recall("FOODS")).rows
    assert len(rows) == MOST_ROWS
    assert rows[1:3] == (b"old", b"new")


async def test_what_is_read_does_not_change_under_the_reader(store: SnapshotStore):
    """A reader keeps what it has read while others write."""
    await store.swap("FOODS", b"", b"first", KEPT)
    read = await store.load()

    await store.swap("FOODS", b"first", b"second", KEPT)

    assert read == {"FOODS": b"first"}


async def test_an_outage_is_told_as_an_outage():
    """A Redis that does not answer raises the one error that is waited for."""
    client = client_of(f"redis://127.0.0.1:{closed_port()}/0")
    store = RedisSnapshots(client)

    with pytest.raises(StoreUnavailableError):
        await store.load()
    with pytest.raises(StoreUnavailableError):
        await store.recall("FOODS")
    with pytest.raises(StoreUnavailableError):
        await store.swap("FOODS", b"", b"x", KEPT)

    await client.aclose()
