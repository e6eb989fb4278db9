"""When does the worker survey regions by itself, and how does it stay out of the way?

Once a calendar day in China, some hours after midnight, for all days before it: the worker that
owns the first partition of the event log does it for everybody.  The windows follow from the day
alone and a warning's id from place, section, period and level, so a restart, a change of owner or
a person at a terminal tells nothing twice.
"""

import asyncio
import dataclasses
import datetime as dt
import logging
import time
from collections.abc import Awaitable, Callable, Collection
from typing import Protocol

from detectors.warning import CHINA
from streams.clock import midnight
from streams.metrics import Metrics
from streams.outage import Outage
from streams.progress import CatchUp, Progress
from streams.publisher import NotPublishedError
from streams.region_store import RegionStore
from streams.store import StoreUnavailableError, WakeStore
from streams.survey import Surveyor

logger = logging.getLogger(__name__)

OWNER_OF = 0  # whoever owns this partition surveys for all
# A batch of events never waits much longer than a slice, and three quarters of the loop's time are
# left to it.  Measured on two busy cores: 50,000 enterprises in 21 s (3.8 s of CPU); another task
# waited 9.5 ms at the 99th percentile, 19 ms at most.
SLICE_S = 0.005
REST_S = 0.015
NAP_S = 1.0
AGAIN_S = 3600.0
BACK = "区域研判已恢复。survey of regions goes on"


class SurveyAbandonedError(RuntimeError):
    """The partition went to another worker, or the worker stops: the next owner surveys anew."""


class DayClock(Protocol):
    """What says up to which moment all that has happened is known."""

    async def moment(self, owned: Collection[int]) -> int | None:
        """Return the moment in seconds, or None while it is not known."""


class WallDays:
    """The wall clock, but never past what had reached our partitions and is not read yet.

    Weakness: how far the partitions of other workers are read is not known here.
    """

    def __init__(self, caught_up: CatchUp) -> None:
        self._caught_up = caught_up

    async def moment(self, owned: Collection[int]) -> int | None:
        """Return the moment up to which every partition of ours is read."""
        moments = [self._caught_up.read_until(partition) for partition in owned]
        known = [one for one in moments if one is not None]
        return int(min(known)) if known and len(known) == len(moments) else None


class EventDays:
    """The event time that every partition has reached that ever had an event."""

    def __init__(self, store: WakeStore, *, partitions: int) -> None:
        self._store = store
        self._partitions = partitions

    async def moment(self, owned: Collection[int]) -> int | None:  # noqa: ARG002 - all count
        """Return the event time of the partition that is furthest behind."""
        moments = [await self._store.latest(partition) for partition in range(self._partitions)]
        return min((one for one in moments if one), default=None)


async def nap(
    seconds: float, must_stop: Callable[[], bool], sleep: Callable[[float], Awaitable[None]]
) -> None:
    """Sleep, but not past the moment at which the worker stops."""
    left = seconds
    while left > 0 and not must_stop():
        await sleep(min(left, NAP_S))
        left -= NAP_S


class Breath:
    """Gives the loop back after each slice, and gives up when the work is no longer ours."""

    def __init__(
        self, is_ours: Callable[[], bool], sleep: Callable[[float], Awaitable[None]]
    ) -> None:
        self._is_ours = is_ours
        self._sleep = sleep
        self._began = time.monotonic()

    async def __call__(self) -> None:
        """Let others work where a slice is over.

        Raises:
            SurveyAbandonedError: the work is no longer ours.
        """
        if time.monotonic() - self._began < SLICE_S:
            return
        await self._sleep(REST_S)
        if not self._is_ours():
            raise SurveyAbandonedError
        self._began = time.monotonic()


@dataclasses.dataclass(slots=True)
class DailySurvey:
    """The task that surveys once a day, where this worker owns the first partition.

    Units:
        ``after_midnight`` is how long a day waits for what comes late of the day before it.
    """

    surveyor: Surveyor
    regions: RegionStore
    progress: Progress
    clock: DayClock
    metrics: Metrics
    after_midnight: dt.timedelta
    poll_s: float
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    _outage: Outage = dataclasses.field(default_factory=lambda: Outage(logger, BACK))

    async def run(self, must_stop: Callable[[], bool]) -> None:
        """Survey each day that begins, until the worker stops; an outage is waited for."""
        while not must_stop():
            left = self.poll_s
            try:
                await self.survey_due(must_stop)
            except SurveyAbandonedError:
                logger.info("survey of regions given up: the partition is another worker's now")
            except (StoreUnavailableError, NotPublishedError) as error:
                part = "redis" if isinstance(error, StoreUnavailableError) else "kafka"
                self.metrics.retries.labels(part).inc()
                self._outage.began("survey of regions waits: %s", error)
            except Exception:
                # A fault of ours, or one state that cannot be read: events must go on all the
                # same.  The day stays undone, and an alert says so.
                logger.exception("survey of regions failed; it is tried again in an hour")
                left = AGAIN_S
            else:
                self._outage.ended()
            await nap(left, must_stop, self.sleep)

    async def survey_due(self, must_stop: Callable[[], bool] = lambda: False) -> None:
        """Survey the day that has begun, unless it was surveyed or is not ours to survey.

        Raises:
            SurveyAbandonedError: it is not ours any more.
            StoreUnavailableError, NotPublishedError: a part is down; the day is surveyed later.
        """
        owned = self.progress.partitions()
        if OWNER_OF not in owned:
            return
        moment = await self.clock.moment(owned)
        if moment is None:
            return
        begun = dt.datetime.fromtimestamp(moment, CHINA) - self.after_midnight
        day = begun.date()
        done = await self.regions.surveyed()
        self._show(done)
        if done is not None and day <= done:
            return

        def is_ours() -> bool:
            """Return whether this worker still surveys for all."""
            return OWNER_OF in self.progress.partitions() and not must_stop()

        began = time.monotonic()
        report = await self.surveyor.survey(
            now=last_moment_before(day), breathe=Breath(is_ours, self.sleep)
        )
        if not report.enterprises:
            return  # nobody has been heard of yet: the day is not over with that
        await self.regions.remember_surveyed(day)
        self._show(day)
        took = time.monotonic() - began
        self.metrics.survey_seconds.set(took)
        self.metrics.cluster_warnings.inc(report.published)
        logger.info(
            "surveyed regions and industries up to %s: enterprises=%d cells=%d warnings=%d "
            "published=%d undecided=%d, in %.1f s", day, report.enterprises, report.cells,
            report.warnings, report.published, report.undecided, took,
        )  # fmt: skip

    def _show(self, day: dt.date | None) -> None:
        if day is not None:
            self.metrics.survey_day_seconds.set(last_moment_before(day).timestamp() + 1)


def last_moment_before(day: dt.date) -> dt.datetime:
    """Return the last second before a day in China.

    >>> last_moment_before(dt.date(2026, 7, 1)).isoformat()
    '2026-06-30T23:59:59+08:00'
    """
    return midnight(day) - dt.timedelta(seconds=1)
