"""Wherever states live: a batch is written whole or not at all, and by one worker at a time.

One suite over the twin and over a real Redis.
"""

import asyncio
import socket

import pytest

from config.schema import Redis, Settings
from streams.assembly import build_redis
from streams.keys import card_prefix, clock_key, log_key, state_prefix, timers_key
from streams.store import (
    EnterpriseStore,
    FencedError,
    MemoryStore,
    RedisStore,
    StoreUnavailableError,
    Wake,
    Written,
)
from tests import builders as b

OTHER = "91350200776049653A"
CARD = ["name", "叶县样例酒业", "score", "905.0", "class", "D", "reasons", ""]


def written(offset, states, *, epoch=1, cards=None, wakes=None, latest=0):
    """Return what a batch writes."""
    return Written(
        epoch=epoch,
        offset=offset,
        states=states,
        cards=cards or {},
        wakes=wakes or {},
        latest=latest,
    )


async def twin_card(store, partition, uscc):
    """Read a card as people do, from the twin."""
    fields = store.cards[partition, uscc]
    return dict(zip(fields[::2], fields[1::2], strict=True))


async def redis_card(store, partition, uscc):
    """Read a card as people do, with HGETALL."""
    found = await store._redis.hgetall(card_prefix(partition) + uscc)
    return {name.decode(): text.decode() for name, text in found.items()}


def client_of(url):
    """Return a client as a worker has it."""
    return build_redis(Settings(redis=Redis(url=url)))


@pytest.fixture(params=["twin", "redis"])
async def store(request):
    """Return an empty store of each kind."""
    if request.param == "twin":
        yield MemoryStore()
        return
    client = client_of(request.getfixturevalue("own_redis").url)
    await client.flushdb()
    yield RedisStore(client)
    await client.aclose()


@pytest.fixture
def read_card(store):
    """Return how people read a card of this store."""
    return twin_card if isinstance(store, MemoryStore) else redis_card


async def test_what_was_written_is_read(store: EnterpriseStore):
    """Bytes come back as they went, whatever they are; who has no state is left out."""
    raw = bytes(range(256))

    await store.write(0, await store.load(0, []), written(7, {b.USCC: raw, OTHER: b"\x00"}))

    loaded = await store.load(0, [b.USCC, OTHER, "nobody"])
    assert loaded.states == {b.USCC: raw, OTHER: b"\x00"}
    assert loaded.fence == b"1/7"


async def test_nothing_was_written_yet(store: EnterpriseStore):
    """A partition that nobody has written has no fence and no states."""
    loaded = await store.load(5, [b.USCC])

    assert (loaded.fence, dict(loaded.states)) == (b"", {})


async def test_partitions_are_worlds_apart(store: EnterpriseStore):
    """One partition's states and fence are none of another's."""
    await store.write(0, await store.load(0, []), written(7, {b.USCC: b"zero"}))

    await store.write(1, await store.load(1, []), written(3, {b.USCC: b"one"}))

    assert (await store.load(0, [b.USCC])).states == {b.USCC: b"zero"}
    assert (await store.load(1, [b.USCC])).fence == b"1/3"


async def test_a_later_batch_replaces_what_it_names(store: EnterpriseStore):
    """A batch changes the states that it names and leaves the others."""
    await store.write(0, await store.load(0, []), written(1, {b.USCC: b"old", OTHER: b"kept"}))

    await store.write(0, await store.load(0, []), written(2, {b.USCC: b"new"}))

    loaded = await store.load(0, [b.USCC, OTHER])
    assert loaded.states == {b.USCC: b"new", OTHER: b"kept"}


async def test_a_stale_writer_is_refused_and_changes_nothing(store: EnterpriseStore, read_card):
    """Who read before another wrote is fenced off: states, cards and fence stay the other's."""
    stale = await store.load(0, [b.USCC])
    fresh = written(9, {b.USCC: b"theirs"}, cards={b.USCC: CARD})
    await store.write(0, stale, fresh)
    late = written(4, {b.USCC: b"ours", OTHER: b"ours"}, cards={b.USCC: ["score", "0.0"]})

    with pytest.raises(FencedError):
        await store.write(0, stale, late)

    loaded = await store.load(0, [b.USCC, OTHER])
    assert (loaded.states, loaded.fence) == ({b.USCC: b"theirs"}, b"1/9")
    assert (await read_card(store, 0, b.USCC))["score"] == "905.0"


async def test_of_writers_that_read_the_same_one_wins(store: EnterpriseStore):
    """Ten workers that believe they own a partition write once, not ten times."""
    loaded = await store.load(0, [b.USCC])

    results = await asyncio.gather(
        *(
            store.write(0, loaded, written(n, {b.USCC: b"%d" % n, OTHER: b"%d" % n}))
            for n in range(10)
        ),
        return_exceptions=True,
    )

    winners = [n for n, result in enumerate(results) if result is None]
    assert len(winners) == 1
    assert sum(isinstance(result, FencedError) for result in results) == 9
    after = await store.load(0, [b.USCC, OTHER])
    assert after.states == dict.fromkeys([b.USCC, OTHER], b"%d" % winners[0])


async def test_a_new_epoch_writes_over_an_old_one(store: EnterpriseStore):
    """A log that started anew has smaller offsets; the fence compares what was read, not sizes."""
    await store.write(0, await store.load(0, []), written(99, {b.USCC: b"old"}))

    await store.write(0, await store.load(0, []), written(0, {b.USCC: b"new"}, epoch=2))

    assert (await store.load(0, [])).fence == b"2/0"


async def test_a_batch_is_never_seen_half(store: EnterpriseStore):
    """Whoever reads while a batch is written sees all of it or nothing of it."""
    usccs = [f"U{n:017}" for n in range(300)]
    seen = []

    async def read():
        """Read again and again."""
        for _ in range(30):
            loaded = await store.load(0, usccs)
            seen.append((loaded.fence, set(loaded.states.values()), len(loaded.states)))

    async def write():
        """Write batch after batch."""
        for offset in range(30):
            loaded = await store.load(0, [])
            await store.write(0, loaded, written(offset, dict.fromkeys(usccs, b"%d" % offset)))

    await asyncio.gather(read(), read(), write())

    for fence, values, count in seen:
        whole = fence.removeprefix(b"1/")
        assert (values, count) in [({whole}, len(usccs)), (set(), 0)]
        assert bool(fence) is bool(values)


async def test_cards_are_readable(store: EnterpriseStore, read_card):
    """People and other programs read a card by its code, as text; the last one counts."""
    first = written(1, {b.USCC: b"s"}, cards={b.USCC: [*CARD[:-1], "处罚", "model", "x"]})
    await store.write(0, await store.load(0, []), first)

    await store.write(
        0, await store.load(0, []), written(2, {b.USCC: b"s"}, cards={b.USCC: [*CARD, "model", ""]})
    )

    assert await read_card(store, 0, b.USCC) == {
        "name": "叶县样例酒业", "score": "905.0", "class": "D", "reasons": "", "model": "",
    }  # fmt: skip


async def test_a_full_batch_of_strangers_fits(store: EnterpriseStore, read_card):
    """Two thousand enterprises, each with state and card, are one write and one read."""
    usccs = [f"U{n:017}" for n in range(2000)]
    states = {uscc: uscc.encode() * 60 for uscc in usccs}
    batch = written(1999, states, cards=dict.fromkeys(usccs, CARD))

    await store.write(0, await store.load(0, usccs), batch)

    assert (await store.load(0, usccs)).states == states
    assert (await read_card(store, 0, usccs[-1]))["class"] == "D"


async def put_to_sleep(store, offset, wakes, *, partition=0, latest=0):
    """Write a batch that changes nothing but when enterprises want to be woken."""
    batch = written(offset, {}, wakes=wakes, latest=latest)
    await store.write(partition, await store.load(partition, []), batch)


async def test_who_is_due_is_woken_in_order(store):
    """Those due by a moment come, the moment included, the longest overdue first, so many."""
    await put_to_sleep(store, 1, {"D": 40, "C": 30, "A": 10, "B": 30})

    assert await store.due(0, until=30, limit=10) == [Wake("A", 10), Wake("B", 30), Wake("C", 30)]
    assert await store.due(0, until=99, limit=2) == [Wake("A", 10), Wake("B", 30)]
    assert await store.due(0, until=9, limit=10) == []
    assert await store.due(1, until=99, limit=10) == []


async def test_a_wake_moves_and_goes(store):
    """The next write moves a wake or, with zero, takes it away; others stay."""
    await put_to_sleep(store, 1, {"A": 10, "B": 20, "C": 30})

    await put_to_sleep(store, 2, {"A": 50, "B": 0, "nobody": 0})

    assert await store.due(0, until=99, limit=10) == [Wake("C", 30), Wake("A", 50)]
    assert await store.wakes(0, ["A", "B", "C", "nobody"]) == {"A": 50, "C": 30}
    assert await store.wakes(0, []) == {}


async def test_a_stale_writer_moves_no_wake(store):
    """Timers and clock stand behind the same fence as the states."""
    stale = await store.load(0, [])
    await put_to_sleep(store, 9, {"A": 10}, latest=100)

    with pytest.raises(FencedError):
        await store.write(0, stale, written(4, {}, wakes={"A": 0, "B": 7}, latest=900))

    assert await store.due(0, until=99, limit=10) == [Wake("A", 10)]
    assert await store.latest(0) == 100


async def test_the_clock_of_a_partition_never_goes_back(store):
    """It is the latest event time applied, whatever comes late; each partition has its own."""
    assert await store.latest(0) == 0
    await put_to_sleep(store, 1, {}, latest=1_800_000_000)

    await put_to_sleep(store, 2, {}, latest=1_700_000_000)

    assert await store.latest(0) == 1_800_000_000
    assert await store.latest(1) == 0


async def test_a_full_batch_of_wakes_fits(store):
    """A first of July moves the wakes of a whole batch in one write."""
    wakes = {f"U{n:017}": 1_782_835_200 for n in range(10_000)}

    await put_to_sleep(store, 1, wakes)

    assert len(await store.due(0, until=1_782_835_200, limit=20_000)) == 10_000
    assert await store.wakes(0, list(wakes)) == wakes


def closed_port():
    """Return a port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(params=["twin", "redis"])
async def dead_store(request):
    """Return a store of each kind behind which nobody answers."""
    if request.param == "twin":
        yield MemoryStore(failures=1000)
        return
    client = client_of(f"redis://127.0.0.1:{closed_port()}/0")
    yield RedisStore(client)
    await client.aclose()


async def test_an_outage_is_told_as_an_outage(dead_store: EnterpriseStore):
    """A store that does not answer raises the one error that is waited for, on every call."""
    with pytest.raises(StoreUnavailableError):
        await dead_store.load(0, [b.USCC])

    with pytest.raises(StoreUnavailableError):
        await dead_store.write(0, await MemoryStore().load(0, []), written(1, {}))

    with pytest.raises(StoreUnavailableError):
        await dead_store.due(0, until=1, limit=1)

    with pytest.raises(StoreUnavailableError):
        await dead_store.wakes(0, [b.USCC])

    with pytest.raises(StoreUnavailableError):
        await dead_store.latest(0)


def test_all_keys_of_a_partition_share_a_slot():
    """On Redis Cluster a batch is one script: all that it writes carries one hash tag."""
    keys = [
        log_key(3),
        timers_key(3),
        clock_key(3),
        state_prefix(3) + b.USCC,
        card_prefix(3) + b.USCC,
    ]

    assert {key[key.index("{") : key.index("}") + 1] for key in keys} == {"{p3}"}
