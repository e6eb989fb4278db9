"""Wherever official classes live: written once, read as they were, whoever writes again.

One suite over the twin and over a real Redis; so for the regional index and the walk over states.
"""

import asyncio
import datetime as dt
import socket

import msgspec
import pytest

from config.schema import Redis, Settings
from detectors import state as states
from detectors.clusters import Past
from detectors.measure import RiskClass
from detectors.official import Correction, Draw, Month, OfficialClass, Source
from detectors.regions import Cell, Span, Standing
from detectors.state import EnterpriseState
from streams.assembly import build_redis
from streams.keys import official_key, region_key
from streams.official_store import (
    KEEP_S,
    Head,
    MemoryOfficialStore,
    OfficialStore,
    Progress,
    RedisOfficialStore,
)
from streams.publisher import partition_of
from streams.region_store import MemoryRegionStore, RedisRegionStore, RegionStore
from streams.state_scan import PIECE, MemoryScan, RedisScan, roam, walk
from streams.store import MemoryStore, RedisStore, StoreUnavailableError, Written
from tests import builders as b

PARTITIONS = 4
JUNE, JULY = Month.of("2026-06"), Month.of("2026-07")
OTHER = "91350200776049653A"
HEAD = Head(
    month="2026-06", source=Source.FROZEN, progress=Progress.OPEN, catalogue_version="2026.1",
    sampling_version="2026.1", begun_at=dt.datetime(2026, 7, 1, tzinfo=dt.UTC),
)  # fmt: skip


def official(uscc=b.USCC, *, month="2026-06", source=Source.FROZEN, risk_class=RiskClass.B):
    """Return an official class."""
    draw = Draw(domain="FOODS", ratio=1.0, why="两年未查", last_inspected=dt.date(2024, 5, 1))
    return OfficialClass(
        uscc=uscc, name="叶县样例", month=month, risk_class=risk_class, score=250.5,
        catalogue_version="2026.1", domain="FOODS", ratio=1.0, place="410422001",
        industry="F5212", source=source, draws=(draw,),
    )  # fmt: skip


def late(uscc=b.USCC, *, would_be=RiskClass.C):
    """Return a correction."""
    return Correction(
        uscc=uscc, month="2026-06", official_class=RiskClass.B, official_score=250.5,
        would_be_class=would_be, would_be_score=600.0, floor_cause="", catalogue_version="2026.1",
    )  # fmt: skip


@pytest.fixture
async def client(request):
    """Return a client of an empty Redis."""
    url = request.getfixturevalue("own_redis").url
    redis = build_redis(Settings(redis=Redis(url=url)))
    await redis.flushdb()
    yield redis
    await redis.aclose()


@pytest.fixture(params=["twin", "redis"])
def store(request):
    """Return an empty store of each kind."""
    if request.param == "twin":
        return MemoryOfficialStore(PARTITIONS)
    return RedisOfficialStore(request.getfixturevalue("client"), partitions=PARTITIONS)


@pytest.fixture(params=["twin", "redis"])
def regions(request):
    """Return an empty store of regions of each kind."""
    if request.param == "twin":
        return MemoryRegionStore()
    return RedisRegionStore(request.getfixturevalue("client"))


async def test_a_class_is_read_as_it_was_written(store: OfficialStore):
    """Everything comes back; who is not there is left out."""
    await store.put([official(), official(OTHER)])

    found = await store.get(JUNE, Source.FROZEN, [b.USCC, "nobody", OTHER])

    assert found == {b.USCC: official(), OTHER: official(OTHER)}


async def test_a_class_is_written_once(store: OfficialStore):
    """The second writing of the same month and source is ignored by the store itself."""
    await store.put([official()])

    await store.put([official(risk_class=RiskClass.D), official(OTHER)])

    found = await store.get(JUNE, Source.FROZEN, [b.USCC, OTHER])
    assert found == {b.USCC: official(), OTHER: official(OTHER)}


async def test_months_and_sources_are_worlds_apart(store: OfficialStore):
    """The province's June, ours, and July are three things."""
    imported = official(source=Source.IMPORTED, risk_class=RiskClass.D)
    july = official(month="2026-07", risk_class=RiskClass.A)
    await store.put([official(), imported, july])

    assert await store.get(JUNE, Source.IMPORTED, [b.USCC]) == {b.USCC: imported}
    assert await store.get(JULY, Source.FROZEN, [b.USCC]) == {b.USCC: july}
    assert await store.get(JULY, Source.IMPORTED, [b.USCC]) == {}


async def test_a_snapshot_that_broke_off_is_forgotten(store: OfficialStore):
    """What was discarded is gone, in its month and source alone."""
    imported = official(source=Source.IMPORTED)
    await store.put([official(), official(OTHER), imported])

    await store.discard(JUNE, Source.FROZEN)

    assert await store.get(JUNE, Source.FROZEN, [b.USCC, OTHER]) == {}
    assert await store.get(JUNE, Source.IMPORTED, [b.USCC]) == {b.USCC: imported}


def imported(uscc=b.USCC, *, risk_class=RiskClass.B):
    """Return a class that the province decided."""
    return official(uscc, source=Source.IMPORTED, risk_class=risk_class)


async def test_what_was_told_singly_stands(store: OfficialStore):
    """The first word stands, and whoever tells another hears of it, within one call too."""
    codes = [b.USCC, OTHER, b.USCC]
    words = [imported(), imported(OTHER), imported(risk_class=RiskClass.D)]

    first = await store.tell(JUNE, words, over_drafts=False)
    again = await store.tell(JUNE, [imported(risk_class=RiskClass.A)], over_drafts=True)

    assert list(first) == [imported(), imported(OTHER), imported()]
    assert list(again) == [imported()]
    assert await store.get(JUNE, Source.IMPORTED, codes) == {
        b.USCC: imported(), OTHER: imported(OTHER),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("over_drafts", "standing"),
    [
        pytest.param(False, RiskClass.B, id="a closed month is never changed"),
        pytest.param(True, RiskClass.D, id="a file that may break off gives way"),
    ],
)
async def test_what_a_file_said_before(store: OfficialStore, over_drafts, standing):
    """A class told singly yields to a month that is closed, not to a draft."""
    await store.put([imported()])
    word = imported(risk_class=RiskClass.D)

    (stands,) = await store.tell(JUNE, [word], over_drafts=over_drafts)

    assert stands.risk_class is standing
    assert await store.get(JUNE, Source.IMPORTED, [b.USCC]) == {b.USCC: stands}


async def test_an_import_that_broke_off_takes_nothing_told_singly_with_it(store: OfficialStore):
    """Discarding forgets the file's drafts; what was told has been told."""
    await store.tell(JUNE, [imported()], over_drafts=False)
    await store.put([imported(OTHER), imported(risk_class=RiskClass.D)])

    await store.discard(JUNE, Source.IMPORTED)

    assert await store.get(JUNE, Source.IMPORTED, [b.USCC, OTHER]) == {b.USCC: imported()}


async def test_the_first_head_stands(store: OfficialStore):
    """Whoever begins a month that was begun learns how far it is."""
    closed = msgspec.structs.replace(HEAD, progress=Progress.CLOSED, count=7)

    assert await store.begin(HEAD) == HEAD
    await store.write_head(closed)
    assert await store.begin(HEAD) == closed


async def test_codes_come_in_order_by_partition(store: OfficialStore):
    """Each enterprise stands in the partition of its code, in the order of the codes."""
    codes = [f"9141042200000{n:04d}A" for n in range(40)]
    await store.put([official(code) for code in reversed(codes)])

    found = [await store.usccs(JUNE, Source.FROZEN, one) for one in range(PARTITIONS)]

    assert found == [
        [code for code in codes if partition_of(code, PARTITIONS) == one]
        for one in range(PARTITIONS)
    ]


async def test_a_head_is_read_as_it_was_written(store: OfficialStore):
    """How far a snapshot has come; the other source's is another."""
    assert await store.head(JUNE, Source.FROZEN) is None
    closed = msgspec.structs.replace(HEAD, progress=Progress.CLOSED, count=7)

    await store.write_head(HEAD)
    await store.write_head(closed)

    assert await store.head(JUNE, Source.FROZEN) == closed
    assert await store.head(JUNE, Source.IMPORTED) is None
    assert await store.head(JULY, Source.FROZEN) is None


async def test_the_last_correction_stands(store: OfficialStore):
    """A later correction of the same enterprise takes the place of the earlier."""
    await store.remember(JUNE, [late(), late(OTHER)])
    await store.remember(JUNE, [late(would_be=RiskClass.D)])

    found = await store.corrections(JUNE, [b.USCC, OTHER, "nobody"])

    assert found == {b.USCC: late(would_be=RiskClass.D), OTHER: late(OTHER)}
    assert await store.corrections(JULY, [b.USCC]) == {}


async def test_nothing_is_asked_of_nobody(store: OfficialStore):
    """No enterprises: no answer, and no error."""
    await store.put([])
    await store.remember(JUNE, [])

    assert await store.get(JUNE, Source.FROZEN, []) == {}
    assert await store.usccs(JUNE, Source.FROZEN, 0) == []


async def test_classes_leave_redis_after_half_a_year(client):
    """A month stays 190 days, so that the store does not grow for ever."""
    await RedisOfficialStore(client, partitions=PARTITIONS).put([official()])

    left = await client.ttl(official_key(partition_of(b.USCC, PARTITIONS), "2026-06", "frozen"))

    assert KEEP_S - 60 < left <= KEEP_S


async def test_a_survey_is_remembered_whole(regions: RegionStore):
    """The history of every cell; a cell that is no longer shown leaves."""
    standing = Standing(
        cell=Cell("410422", "H"), n=40, own_share=0.1, parent_share=0.2, share=0.15, index=9.0
    )
    first = {
        "410422/H": (Past("2026-W26", 8.5),),
        "410423/H": (Past("2026-W26", 1.0, noticed=True),),
    }
    second = {"410422/H": (Past("2026-W26", 8.5), Past("2026-W27", 9.0))}

    await regions.remember(Span.WEEK, first, [standing])
    assert dict(await regions.history(Span.WEEK)) == first
    await regions.remember(Span.WEEK, second, [standing])

    assert dict(await regions.history(Span.WEEK)) == second
    assert dict(await regions.history(Span.MONTH)) == {}


async def test_an_empty_survey_is_remembered(regions: RegionStore):
    """A survey without a cell to show leaves nothing behind."""
    await regions.remember(Span.WEEK, {"410422/H": (Past("2026-W26", 8.5),)}, [])

    await regions.remember(Span.WEEK, {}, [])

    assert dict(await regions.history(Span.WEEK)) == {}


async def test_what_was_told_is_remembered_by_period(regions: RegionStore):
    """The gravest level of each matter; another period knows nothing of it."""
    await regions.remember_told("2026-W27", {"410422/H": 2, "410423/F": 2})
    await regions.remember_told("2026-W27", {"410422/H": 3})
    await regions.remember_told("2026-W27", {})

    assert dict(await regions.told("2026-W27")) == {"410422/H": 3, "410423/F": 2}
    assert dict(await regions.told("2026-W28")) == {}


async def test_the_day_of_the_last_survey_is_remembered(regions: RegionStore):
    """None at first, then the day that was surveyed last."""
    assert await regions.surveyed() is None

    await regions.remember_surveyed(dt.date(2026, 7, 1))
    await regions.remember_surveyed(dt.date(2026, 7, 2))

    assert await regions.surveyed() == dt.date(2026, 7, 2)


async def test_the_index_can_be_read_by_other_programs(client):
    """The standing of a cell is JSON in a hash; small cells are not in it."""
    standing = Standing(
        cell=Cell("410422", "H"), n=40, own_share=0.1, parent_share=0.2, share=0.15, index=9.0
    )

    await RedisRegionStore(client).remember(Span.WEEK, {}, [standing])

    raw = await client.hget(region_key("index", "week"), "410422/H")
    assert msgspec.json.decode(raw, type=Standing) == standing


@pytest.fixture(params=["twin", "redis"])
def walked(request):
    """Return an empty store of states of each kind, and who walks over it."""
    if request.param == "twin":
        store = MemoryStore()
        return store, MemoryScan(store)
    client = request.getfixturevalue("client")
    return RedisStore(client), RedisScan(client)


async def filled(store):
    """Write states and a card for 1200 enterprises; return their codes."""
    codes = [f"9141042200000{n:04d}A" for n in range(1200)]
    for partition in range(PARTITIONS):
        mine = [one for one in codes if partition_of(one, PARTITIONS) == partition]
        raws = {one: states.encode(EnterpriseState(as_of=int(one[13:17]) + 1)) for one in mine}
        loaded = await store.load(partition, [])
        written = Written(epoch=1, offset=1, states=raws, cards={OTHER: ["class", "A"]})
        await store.write(partition, loaded, written)
    return codes


async def test_the_walk_meets_everybody_once(walked):
    """Every state of every partition, in the order of the codes; cards are no states."""
    store, scan = walked
    codes = await filled(store)

    met = [(uscc, state.as_of) async for uscc, state in walk(scan, store, partitions=PARTITIONS)]

    assert met == [
        (one, int(one[13:17]) + 1)
        for partition in range(PARTITIONS)
        for one in codes
        if partition_of(one, PARTITIONS) == partition
    ]


async def test_a_scan_in_pieces_finds_everybody_once(walked):
    """In no order, in pieces that one answer can hold, nobody twice; so does who roams by it."""
    store, scan = walked
    codes = await filled(store)

    found = [piece for one in range(PARTITIONS) async for piece in scan.found(one)]

    assert sorted(code for piece in found for code in piece) == sorted(codes)
    assert max(len(piece) for piece in found) <= PIECE
    met = [uscc async for uscc, _ in roam(scan, store, partitions=PARTITIONS)]
    assert sorted(met) == sorted(codes)


async def test_a_redis_that_is_down_is_told():
    """Nothing answers: one error for all, which says so."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"redis://127.0.0.1:{taken.getsockname()[1]}/0"
        redis = build_redis(Settings(redis=Redis(url=url, timeout_s=0.5)))
        down = RedisOfficialStore(redis, partitions=PARTITIONS)
        asked = [
            down.head(JUNE, Source.FROZEN),
            down.put([official()]),
            down.get(JUNE, Source.FROZEN, [b.USCC]),
            RedisRegionStore(redis).history(Span.WEEK),
            RedisScan(redis).usccs(0),
        ]

        answers = await asyncio.gather(*asked, return_exceptions=True)
        await redis.aclose()

    assert [type(one) for one in answers] == [StoreUnavailableError] * len(asked)
