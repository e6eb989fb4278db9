"""Is a report that is handed out once settled, whatever is down just then?"""

import asyncio
import datetime as dt

import pytest

from alerts.channels.mas_reports import Fetched
from alerts.delivery import CarriersReport, Cause, Delivered, TryAgain, Way
from alerts.notification_log import LogUnreachableError, MemoryRows, NotificationLog
from alerts.notification_row import RowState
from alerts.specimen import specimen_notification
from streams.metrics import Metrics
from streams.report_fetching import KEPT_ROUNDS, ReportFetcher

NOON = dt.datetime(2026, 7, 1, 4, 0, tzinfo=dt.UTC)
REPORT = CarriersReport(way=Way.SMS, provider_id="g1", address="13800000001", arrived=True, at=NOON)


class Shaky(MemoryRows):
    """The twin, and how often it is out of reach from now on."""

    def __init__(self):
        """Begin in order."""
        super().__init__()
        self.outages = 0

    async def named(self, provider_id):
        """Answer, but for the outages."""
        if self.outages:
            self.outages -= 1
            raise LogUnreachableError("down")
        return await super().named(provider_id)


class Desk:
    """A fetcher, what its carrier hands out in turn, and an outbox with one text."""

    def __init__(self, *fetched):
        """Hand out these, then nothing."""
        self.fetched = list(fetched)
        self.asked = 0
        self.rows = Shaky()
        self.log = NotificationLog(self.rows)
        self.metrics = Metrics()
        self.waited = []
        self.fetcher = ReportFetcher(
            self, self.log, metrics=self.metrics, now=lambda: NOON, sleep=self.sleep
        )
        self.row = None

    async def sleep(self, seconds):
        """Pass no time, and let others run."""
        self.waited.append(seconds)
        await asyncio.sleep(0)

    async def fetch(self, *, now):
        """Hand out what is next, once."""
        assert now == NOON
        self.asked += 1
        return self.fetched.pop(0) if self.fetched else Fetched()

    async def accepts(self):
        """Let the text be accepted as g1."""
        await self.log.plan([specimen_notification(now=NOON)], now=NOON)
        (row,) = await self.log.claim_due(
            now=NOON, worker="a", lease=dt.timedelta(minutes=2), limit=1
        )
        self.row = await self.log.settle(row.id, attempt=1, outcome=Delivered("g1"), now=NOON)

    async def state(self):
        """Return where the text stands."""
        (row,) = await self.log.why(self.row.id)
        return row.state

    def heard(self, outcome):
        """Return how many reports came to this."""
        return self.metrics.delivery_reports.labels(outcome)._value.get()


async def test_a_report_that_is_fetched_settles_its_text():
    """Once, and it is counted."""
    desk = Desk(Fetched(reports=(REPORT,)))
    await desk.accepts()

    await desk.fetcher.round()

    assert (await desk.state(), desk.heard("settled")) == (RowState.ARRIVED, 1)


async def test_nothing_more_is_fetched_until_what_came_is_settled():
    """With Redis down the report stays in hand; the carrier is not asked meanwhile."""
    desk = Desk(Fetched(reports=(REPORT,)))
    await desk.accepts()
    desk.rows.outages = 5

    await desk.fetcher.round()

    assert (desk.asked, len(desk.waited)) == (1, 5)
    assert await desk.state() is RowState.ARRIVED


async def test_a_report_that_overtakes_our_own_note_waits_a_round():
    """The gateway may be quicker than we note that it accepted."""
    desk = Desk(Fetched(reports=(REPORT,)))
    await desk.fetcher.round()
    await desk.accepts()

    await desk.fetcher.round()

    assert (await desk.state(), desk.heard("unknown")) == (RowState.ARRIVED, 0)


async def test_a_report_of_another_sender_is_let_go():
    """After some rounds it is counted as nobody's, once."""
    desk = Desk(Fetched(reports=(REPORT,)))

    for _ in range(KEPT_ROUNDS + 3):
        await desk.fetcher.round()

    assert desk.heard("unknown") == 1


@pytest.mark.parametrize(
    "nothing",
    [
        pytest.param(TryAgain(Cause.UNREACHABLE), id="nobody answers"),
        pytest.param(Fetched(unreadable=2), id="nobody can read it"),
    ],
)
async def test_a_question_in_vain_ends_nothing(nothing, caplog):
    """It is said in the log, and the next round asks again."""
    desk = Desk(nothing, Fetched(reports=(REPORT,)))
    await desk.accepts()

    await desk.fetcher.round()
    await desk.fetcher.round()

    assert await desk.state() is RowState.ARRIVED
    assert "delivery reports" in caplog.text


async def test_who_is_told_to_stop_settles_what_is_in_hand():
    """A report in hand is said by nobody again."""
    desk = Desk(Fetched(reports=(REPORT,)))
    await desk.accepts()
    desk.rows.outages = 3
    running = asyncio.create_task(desk.fetcher.run(lambda: False, every_s=60))
    while not desk.waited:  # noqa: ASYNC110 - the twin has no event for it
        await asyncio.sleep(0)

    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    assert (desk.asked, await desk.state()) == (1, RowState.ARRIVED)
