"""Do the tasks beside the agents show what they see, and live through an outage?"""

import datetime as dt
import types

import pytest

from alerts.notification_log import LogUnreachableError, MemoryRows, NotificationLog
from alerts.specimen import specimen_notification
from detectors.feeds import Feeds
from detectors.working_days import WorkingDays
from streams import clock
from streams.beside import watch_feeds, watch_outbox
from streams.feeds import FeedWatch, MemoryFeedLog
from streams.metrics import Metrics


class Once:
    """An app that stops after its tasks' first turn."""

    turns = 0

    @property
    def should_stop(self):
        """Return whether it was asked before."""
        self.turns += 1
        return self.turns > 1


def bureau(rows):
    """Return the parts of a worker that notifies, over these rows."""
    roles = types.SimpleNamespace(notify=True)
    return types.SimpleNamespace(
        settings=types.SimpleNamespace(roles=roles), log=NotificationLog(rows), metrics=Metrics()
    )


@pytest.fixture
def _hurried(monkeypatch):
    """Let no test wait for the next look."""
    monkeypatch.setattr("streams.beside.OUTBOX_EVERY_S", 0)


@pytest.mark.usefixtures("_hurried")
async def test_an_operator_sees_what_waits_in_the_outbox():
    """How many messages wait, and how long the oldest should have gone: an hour, and nobody did."""
    parts = bureau(MemoryRows())
    an_hour_ago = clock.now() - dt.timedelta(hours=1)
    messages = [specimen_notification(now=an_hour_ago, person_id=one) for one in "pq"]
    await parts.log.plan(messages, now=an_hour_ago)

    await watch_outbox(Once(), parts)

    value = parts.metrics.registry.get_sample_value
    shown = {
        state: value("sanzao_outbox_messages", {"state": state})
        for state in ("open", "due", "uncertain", "troubled", "untold")
    }
    assert shown == {"open": 2, "due": 2, "uncertain": 0, "troubled": 0, "untold": 0}
    assert value("sanzao_outbox_overdue_seconds") == pytest.approx(3600, abs=60)


@pytest.mark.usefixtures("_hurried")
async def test_an_outbox_that_cannot_be_looked_at_ends_nothing(caplog):
    """Redis away: the last figures stand, the log says so, and the worker goes on."""
    rows = MemoryRows()

    async def gone(_):
        """Fail as Redis does."""
        raise LogUnreachableError("gone")

    rows.backlog = gone
    await watch_outbox(Once(), bureau(rows))

    assert "gone" in caplog.text


async def test_redis_is_seen_to_be_down_while_nothing_happens(caplog):
    """At night no event asks Redis for anything; whether it answers is told all the same."""
    log = MemoryFeedLog(failures=1)
    parts = types.SimpleNamespace(
        settings=types.SimpleNamespace(
            roles=types.SimpleNamespace(assess=True), timers=types.SimpleNamespace(poll_s=0)
        ),
        wisdom=types.SimpleNamespace(desk=types.SimpleNamespace(calendar=WorkingDays())),
        feeds=FeedWatch(Feeds((), WorkingDays()), log, by="arrival"),
        metrics=Metrics(),
    )

    def is_up():
        """Return what an operator sees."""
        return parts.metrics.registry.get_sample_value("sanzao_part_up", {"part": "redis"})

    await watch_feeds(Once(), parts)
    down = is_up()
    await watch_feeds(Once(), parts)

    assert (down, is_up()) == (0, 1)
    assert "暂不判断数据源" in caplog.text
