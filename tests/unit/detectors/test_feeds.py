"""Is a silent source told from one that has nothing to say, and from one that never spoke?"""

import copy
import datetime as dt

import pytest

from detectors import events as e
from detectors.feeds import Feed, Heard, InvalidFeedsError, parse_feeds
from detectors.warning import CHINA
from detectors.working_days import WorkingDays
from tests import builders as b

FILED = "disclosure.annual_report_filed.v1"


def feed(code="annual_report", *, sla="26小时", live_from=dt.date(2026, 1, 1), sources=()):
    """Return a feed of annual reports."""
    return Feed(
        code=code, name="年报", events=("disclosure.*",), sla=sla, live_from=live_from,
        sources=sources,
    )  # fmt: skip


def seconds(month, day, hour=0):
    """Return a moment of 2026 in China, in seconds."""
    return int(dt.datetime(2026, month, day, hour, tzinfo=CHINA).timestamp())


@pytest.mark.parametrize(
    ("sla", "last", "now", "is_silent"),
    [
        pytest.param("26小时", seconds(6, 30, 9), seconds(7, 1, 10), False, id="within hours"),
        pytest.param("26小时", seconds(6, 30, 9), seconds(7, 1, 11), True, id="late by the hour"),
        pytest.param(
            "2个工作日", seconds(2, 13, 9), seconds(2, 24, 23), False,
            id="a holiday is no silence: the make-up Saturday and the 24th are the two days",
        ),
        pytest.param("2个工作日", seconds(2, 13, 9), seconds(2, 25), True, id="after them it is"),
        pytest.param("2日", seconds(7, 1, 9), seconds(7, 3, 23), False, id="calendar days"),
    ],
)  # fmt: skip
def test_a_live_feed_is_silent_beyond_its_sla(sla, last, now, is_silent):
    """Hours run on the clock, working days by the calendar."""
    watched = b.feeds(feed(sla=sla))

    assert watched.silent({"annual_report": last}, now=now) == (
        ("annual_report",) if is_silent else ()
    )


def test_a_feed_that_was_never_live_alarms_nobody():
    """A worker that has just started knows nothing; only a feed declared live is missed."""
    watched = b.feeds(feed(live_from=None))

    assert watched.silent({}, now=seconds(7, 1)) == ()
    assert watched.silent({"annual_report": seconds(1, 1)}, now=seconds(7, 1)) == ()


@pytest.mark.parametrize(
    ("now", "is_silent"),
    [
        pytest.param(seconds(6, 30), False, id="before its first day"),
        pytest.param(seconds(7, 2, 1), False, id="within the first SLA"),
        pytest.param(seconds(7, 2, 2), True, id="it never came"),
    ],
)
def test_a_feed_that_should_have_begun_is_missed(now, is_silent):
    """Its silence is counted from the day on which it goes live."""
    watched = b.feeds(feed(live_from=dt.date(2026, 7, 1)))

    assert bool(watched.silent({}, now=now)) is is_silent


def test_nothing_follows_from_a_feed_that_is_late_or_never_spoke():
    """Absence rests on feeds that speak: late, or never heard of, they are unsure."""
    watched = b.feeds(
        feed("never", live_from=None), feed("late", live_from=None), feed("fresh", live_from=None)
    )
    last = {"late": seconds(6, 29), "fresh": seconds(6, 30, 23)}

    assert watched.unsure(last, now=seconds(7, 1)) == ("never", "late")


@pytest.mark.parametrize(
    ("sources", "source", "covers"),
    [
        pytest.param((), "urn:anybody", True, id="none named: everybody"),
        pytest.param(("urn:henan:nbgs",), "urn:henan:nbgs", True, id="the one named"),
        pytest.param(("urn:henan:nbgs",), "urn:henan:nbgs2", False, id="a longer name"),
        pytest.param(("urn:henan:*",), "urn:henan:nbgs2", True, id="all of a house"),
        pytest.param(("urn:henan:*",), "urn:hubei:nbgs", False, id="another house"),
    ],
)
def test_a_feed_covers_its_sources(sources, source, covers):
    """A name is a name; a trailing star is the rest of it."""
    assert feed(sources=sources).covers(source, FILED) is covers
    assert not feed(sources=sources).covers(source, "permit.ended.v1")


def test_the_later_moment_stays():
    """Of two hearings each moment is the later one, whoever heard first."""
    assert Heard(event=5, arrival=9).or_later(Heard(event=7, arrival=3)) == Heard(7, 9)


def test_every_event_that_a_source_sends_comes_by_a_shipped_feed():
    """But for what nobody misses: incidents, honours, repair, objections, and what we say."""
    shipped = b.feeds()
    free = {
        "food.incident.v1", "honour.granted.v1", "repair.event.v1", "objection.event.v1",
        "classification.monthly.v1", "warning.lifecycle.v1", "deadline.fell_due.v1",
        "neighbour.trouble.v1", "neighbour.density.v1",
    }  # fmt: skip

    without = {one for one in e.event_types() if not shipped.covering("urn:any", one)}

    assert without == free


def test_no_shipped_feed_is_live_until_a_bureau_says_so():
    """A bureau that has not connected a source is not woken for it."""
    assert b.feeds().silent({}, now=seconds(7, 1)) == ()


SMALL = {
    "version": "1",
    "feeds": [{"code": "permits", "name": "许可", "events": ["permit.*"], "sla": "2个工作日"}],
}


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        pytest.param(lambda d: d["feeds"].append(d["feeds"][0]), "occurs twice", id="twice"),
        pytest.param(
            lambda d: d["feeds"][0].update(events=["permits.*"]), "is no event type", id="misspelt"
        ),
        pytest.param(lambda d: d["feeds"][0].update(sla="soon"), "no time limit", id="no SLA"),
        pytest.param(lambda d: d["feeds"][0].update(code="年报"), "code", id="no code"),
        pytest.param(lambda d: d["feeds"][0].update(events=[]), "events", id="covers nothing"),
    ],
)
def test_a_feed_that_could_never_speak_is_refused(spoil, said):
    """What is misspelt does not load, and the message names the file."""
    document = copy.deepcopy(SMALL)
    spoil(document)

    with pytest.raises(InvalidFeedsError, match=said) as refused:
        parse_feeds(document, calendar=WorkingDays(), types=e.event_types())

    assert "feeds.yaml" in str(refused.value)
