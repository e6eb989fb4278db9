"""Who asks a carrier that pushes no delivery reports, and settles what it says?

A report is handed out once, so nothing is fetched before what came last is settled.

Weakness: what a worker holds when it dies is lost; those texts stay without a receipt.
"""

import asyncio
import collections
import datetime as dt
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from alerts.channels.mas_reports import Fetched
from alerts.delivery import CarriersReport, Heard, Refused, TryAgain
from alerts.notification_log import LogUnreachableError, NotificationLog
from streams.metrics import Metrics

logger = logging.getLogger(__name__)

SETTLE_AGAIN_S = 1.0
# A report may overtake our own note of the acceptance; after so many rounds it is another's.
KEPT_ROUNDS = 3


class Source(Protocol):
    """Where reports are fetched, each once."""

    async def fetch(self, *, now: dt.datetime) -> Fetched | TryAgain | Refused:
        """Return what the carrier had."""
        ...


class ReportFetcher:
    """Fetches and settles, round by round; any number of workers may do so on one outbox."""

    def __init__(
        self,
        source: Source,
        log: NotificationLog,
        *,
        metrics: Metrics,
        now: Callable[[], dt.datetime],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._source = source
        self._log = log
        self._metrics = metrics
        self._now = now
        self._sleep = sleep
        self._unknown: collections.deque[tuple[CarriersReport, int]] = collections.deque()

    async def run(self, must_stop: Callable[[], bool], *, every_s: float) -> None:
        """Go rounds until the worker stops; what was fetched is settled even then."""
        while not must_stop():
            under_way = asyncio.create_task(self.round())
            try:
                await asyncio.shield(under_way)
            except asyncio.CancelledError:
                await under_way
                raise
            await self._sleep(every_s)

    async def round(self) -> None:
        """Settle what was not known before, then what is new."""
        for _ in range(len(self._unknown)):
            report, rounds = self._unknown.popleft()
            await self._settle(report, rounds=rounds)
        fetched = await self._source.fetch(now=self._now())
        if not isinstance(fetched, Fetched):
            logger.warning("delivery reports not fetched: %s %s", fetched.cause, fetched.detail)
            return
        if fetched.unreadable:
            logger.error("delivery reports that nobody can read: %d", fetched.unreadable)
        for report in fetched.reports:
            await self._settle(report, rounds=0)

    async def _settle(self, report: CarriersReport, *, rounds: int) -> None:
        """Note one report; wait for the log as long as it takes, for nobody says it again."""
        while True:
            try:
                heard = await self._log.receipt_by_name(report, now=self._now())
                break
            except LogUnreachableError:
                self._metrics.retries.labels("redis").inc()
            await self._sleep(SETTLE_AGAIN_S)
        if heard is Heard.UNKNOWN and rounds < KEPT_ROUNDS:
            self._unknown.append((report, rounds + 1))
            return
        self._metrics.delivery_reports.labels(heard.value).inc()
