"""Is a feed's silence seen by whichever worker looks, and told once?"""

import datetime as dt
import logging

import pytest

from detectors import events as e
from detectors.feeds import Feed, Heard
from streams import feeds as watched
from streams.feeds import FeedWatch, MemoryFeedLog
from streams.metrics import Metrics
from streams.store import StoreUnavailableError
from tests import builders as b

PERMITS = Feed(
    code="permits", name="行政许可", events=("permit.*",), sla="26小时",
    live_from=dt.date(2026, 1, 1), tell="信息中心张工",
)  # fmt: skip
CASES = Feed(
    code="cases", name="案件", events=("case.*", "penalty.*"), sla="26小时",
    sources=("urn:yexian:*",),
)  # fmt: skip
DAY_S = 86_400


def spoken(payload=e.PermitGranted, *, day=0, source=b.SOURCE):
    """Return what one batch says: a source spoke of a type at a time."""
    return {(source, payload): b.on(day)}


@pytest.fixture
def watch():
    """Return a watch over two feeds, one of them live."""
    return b.feed_watch(PERMITS, CASES)


async def test_what_a_batch_brings_is_heard(watch):
    """Feeds are known by source and type; what comes by no feed is nobody's word."""
    watch.note(spoken() | spoken(e.ComplaintReceived), b.at(1))
    watch.note(spoken(e.PenaltyDecided) | spoken(e.CaseChanged, source="urn:hubei"), b.at(2))

    assert await watch.last() == {"permits": b.at(1), "cases": b.at(2)}


@pytest.mark.parametrize(("by", "last"), [("arrival", b.at(3)), ("event", b.at(1))])
async def test_a_feed_is_judged_by_arrival_or_by_event(by, last):
    """By the wall clock it matters when the log took it, by the events' clock when it happened."""
    watch = b.feed_watch(PERMITS, by=by)

    watch.note(spoken(day=1), b.at(2))
    watch.note(spoken(day=0), b.at(3))

    assert await watch.last() == {"permits": last}


async def test_another_worker_knows_too():
    """What one worker hears, all know; a restart forgets nothing that was shared."""
    log = MemoryFeedLog()
    here, there = (FeedWatch(b.feeds(PERMITS), log, by="arrival") for _ in range(2))
    here.note(spoken(), b.at(1))
    await here.last()

    assert await there.last() == {"permits": b.at(1)}


async def test_an_outage_loses_nothing(watch):
    """What could not be shared is shared the next time, with what came meanwhile."""
    watch.note(spoken(), b.at(5))
    watch._log.failures = 1
    with pytest.raises(StoreUnavailableError):
        await watch.last()
    watch.note(spoken(), b.at(4))

    assert await watch.last() == {"permits": b.at(5)}


async def test_a_feed_that_left_the_configuration_is_no_series(watch):
    """Redis may remember more feeds than there are: metrics show those of the configuration."""
    watch._log.known["old_feed"] = Heard(1, 1)

    assert await watch.last() == {}


async def test_silence_is_shown_and_logged_once(watch, caplog):
    """The operator reads once who is silent and whom to tell, and once that it is over."""
    caplog.set_level(logging.WARNING)
    metrics = Metrics()
    watch.note(spoken(), b.at(0))
    quiet = [await watch.report(metrics, now=b.at(1))]
    silent = [await watch.report(metrics, now=b.at(1) + 7200 + n) for n in range(3)]
    shown = metrics.registry.get_sample_value("sanzao_feed_silent", {"feed": "permits"})
    watch.note(spoken(), b.at(2))
    over = await watch.report(metrics, now=b.at(2))

    assert (quiet, silent, over) == ([()], [("permits",)] * 3, ())
    assert shown == 1
    assert [line.getMessage() for line in caplog.records] == [
        "feed permits (行政许可) has said nothing for longer than 26小时; tell 信息中心张工",
        "feed permits (行政许可) speaks again",
    ]


async def test_by_events_time_stands_still_without_events():
    """Years of wall time make no feed of a simulation silent; its other feeds' events do."""
    watch = b.feed_watch(PERMITS, CASES, by="event")
    watch.note(spoken(day=0), b.at(0))
    before = await watch.report(Metrics(), now=b.at(900))

    watch.note(spoken(e.PenaltyDecided, day=3), b.at(0))

    assert before == ()
    assert await watch.report(Metrics(), now=b.at(900)) == ("permits",)


async def test_a_deadline_is_told_what_is_unsure(watch):
    """Late or never heard of: the deadline's event names it, live or not."""
    watch.note(spoken(), b.at(0))

    assert await watch.unsure(b.at(1)) == ("cases",)
    assert await watch.unsure(b.at(2)) == ("permits", "cases")


def test_made_up_sources_do_not_fill_the_memory(watch, monkeypatch):
    """Who invents a new source for each event costs a bounded memory."""
    monkeypatch.setattr(watched, "MAX_COVERING", 100)

    for number in range(1000):
        watch.note(spoken(source=f"urn:made-up:{number}"), b.at(0))

    assert len(watch._covering) <= 100


def test_all_series_exist_from_the_first_scrape():
    """The feeds of the configuration are a closed set, each shown before it speaks."""
    metrics = Metrics()

    metrics.watch_feeds(b.feeds().codes)

    text = metrics.text().decode()
    assert text.count("sanzao_feed_silent{") == len(b.feeds().codes)
    assert text.count("sanzao_feed_last_seconds{") == len(b.feeds().codes)
