"""Wherever it is kept, the life of a warning holds each act once, in the order of what was done."""

import datetime as dt

import pytest

from config.schema import Redis, Settings
from detectors.handling import Handled
from detectors.measure import Measure
from streams.assembly import build_redis
from streams.keys import life_key
from streams.store import StoreUnavailableError
from streams.warning_lives import KEEP, Lives, MemoryLives, RedisLives
from tests import builders as b


@pytest.fixture(params=["twin", "redis"])
async def lives(request):
    """Return an empty store of each kind."""
    if request.param == "twin":
        yield MemoryLives()
        return
    url = request.getfixturevalue("own_redis").url
    client = build_redis(Settings(redis=Redis(url=url)))
    await client.flushdb()
    yield RedisLives(client)
    await client.aclose()


def act(state, *, day=1, warning="w-1", **more):
    """Return an act on a warning."""
    return Handled(
        warning_id=warning, number="N-1", uscc=b.USCC, place="410422", measure=Measure.INTERVIEW,
        state=state, at=b.on(day), cause=f"urn:test/{state}-{day}", **more,
    )  # fmt: skip


async def test_a_warning_that_nobody_touched_has_no_life(lives: Lives):
    """No act, and to note none is no mistake."""
    await lives.note([])

    assert await lives.of("w-1") == ()


async def test_acts_stand_in_the_order_in_which_they_were_done(lives: Lives):
    """Noted late, an act stands where it was done; all that was said of it is kept."""
    first = act("acknowledged", actor="p-1", authority="a-1")
    last = act("handling", day=2, note="已约谈", due=dt.date(2026, 4, 1), outcome="")

    await lives.note([last])
    await lives.note([first])

    assert await lives.of("w-1") == (first, last)


async def test_an_act_that_is_noted_twice_is_one(lives: Lives):
    """The page notes it, and the worker when it reads it, and again after a crash."""
    for _ in range(3):
        await lives.note([act("acknowledged"), act("feedback", day=2)])

    assert [one.state for one in await lives.of("w-1")] == ["acknowledged", "feedback"]


async def test_each_warning_has_its_own_life(lives: Lives):
    """What was done with one says nothing of another."""
    await lives.note([act("acknowledged"), act("returned", warning="w-2")])

    assert [one.state for one in await lives.of("w-2")] == ["returned"]


async def test_the_lives_of_a_batch_are_read_together(lives: Lives):
    """Each asked for has an answer, in whatever order, and who has no life has none."""
    await lives.note([act("acknowledged"), act("feedback", day=2), act("returned", warning="w-2")])

    found = await lives.of_each(["w-3", "w-2", "w-1"])

    assert {name: [one.state for one in life] for name, life in found.items()} == {
        "w-1": ["acknowledged", "feedback"], "w-2": ["returned"], "w-3": [],
    }  # fmt: skip
    assert await lives.of_each([]) == {}


async def test_a_life_leaves_redis_with_the_messages_of_its_warning(own_redis):
    """The topic keeps it for good; Redis need not."""
    client = build_redis(Settings(redis=Redis(url=own_redis.url)))
    await RedisLives(client).note([act("acknowledged")])

    left = await client.ttl(life_key("w-1"))

    assert 0 < left <= KEEP.total_seconds()
    await client.aclose()


async def test_an_outage_is_told_as_an_outage():
    """A Redis that does not answer raises the one error that is waited for."""
    dead = RedisLives(build_redis(Settings(redis=Redis(url="redis://127.0.0.1:1/0"))))

    with pytest.raises(StoreUnavailableError):
        await dead.note([act("acknowledged")])
    with pytest.raises(StoreUnavailableError):
        await dead.of("w-1")
