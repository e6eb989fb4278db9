"""Wherever it is kept, of several workers' hearings of a feed the later moments stay."""

import asyncio

import pytest

from config.schema import Redis, Settings
from detectors.feeds import Heard
from streams.assembly import build_redis
from streams.feeds import FeedLog, MemoryFeedLog, RedisFeedLog
from streams.store import StoreUnavailableError


@pytest.fixture(params=["twin", "redis"])
async def log(request):
    """Return an empty log of each kind."""
    if request.param == "twin":
        yield MemoryFeedLog()
        return
    url = request.getfixturevalue("own_redis").url
    client = build_redis(Settings(redis=Redis(url=url)))
    await client.flushdb()
    yield RedisFeedLog(client)
    await client.aclose()


@pytest.fixture(params=["twin", "redis"])
async def dead_log(request):
    """Return a log of each kind behind which nobody answers."""
    if request.param == "twin":
        yield MemoryFeedLog(failures=1000)
        return
    client = build_redis(Settings(redis=Redis(url="redis://127.0.0.1:1/0")))
    yield RedisFeedLog(client)
    await client.aclose()


async def test_nothing_was_heard_yet(log: FeedLog):
    """An empty log knows no feed, and hearing nothing teaches it none."""
    await log.hear({})

    assert await log.heard() == {}


async def test_the_later_moments_stay(log: FeedLog):
    """Event time and arrival are kept each for itself, whatever comes late."""
    await log.hear({"permits": Heard(event=100, arrival=900), "cases": Heard(1, 2)})

    await log.hear({"permits": Heard(event=50, arrival=950)})
    await log.hear({"permits": Heard(event=99, arrival=10)})

    assert await log.heard() == {"permits": Heard(100, 950), "cases": Heard(1, 2)}


async def test_workers_do_not_push_each_other_back(log: FeedLog):
    """Twenty workers at once leave the latest of all."""
    await asyncio.gather(*(log.hear({"permits": Heard(n, 20 - n)}) for n in range(20)))

    assert await log.heard() == {"permits": Heard(19, 20)}


async def test_an_outage_is_told_as_an_outage(dead_log: FeedLog):
    """A log that does not answer raises the one error that is waited for, on every call."""
    with pytest.raises(StoreUnavailableError):
        await dead_log.hear({"permits": Heard(1, 1)})

    with pytest.raises(StoreUnavailableError):
        await dead_log.heard()
