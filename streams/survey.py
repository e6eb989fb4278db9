"""Which regions and industries need a warning now?  One walk over the states, two censuses.

The last seven days and the last complete month are counted in one walk.  What was told in a period
is told again only when it has become graver, so a second run publishes nothing new.
"""

import asyncio
import dataclasses
import datetime as dt
from collections.abc import Awaitable, Callable

import msgspec

from alerts.authority import AuthorityTree
from alerts.clusters import handler_of
from detectors.clusters import ClusterWarning, surveyed
from detectors.expertise import Expertise
from detectors.official import Month, subject_of, was_there
from detectors.regions import Census, Window, month_window, watched, week_window
from detectors.regions_plan import RegionPlan
from detectors.sampling import domains_of
from detectors.sampling_plan import SamplingPlan
from detectors.warning import CHINA
from streams.codec import envelope
from streams.publisher import Outgoing, Publisher, partition_of
from streams.region_store import RegionStore
from streams.state_scan import StateScan, roam
from streams.store import EnterpriseStore
from streams.topics import Topic

CLUSTER_TYPE = "cluster.warning.v1"


async def _in_one_go() -> None:
    """Go on at once: nobody waits for a command's loop."""


@dataclasses.dataclass(frozen=True, slots=True)
class SurveyReport:
    """What a survey came to.

    Shapes:
        ``warnings`` hold, of which ``published`` had not been told; ``undecided`` counts tests
        that had too little to go by.
    """

    enterprises: int
    cells: int
    warnings: int
    published: int
    undecided: int


@dataclasses.dataclass(frozen=True, slots=True)
class Surveyor:
    """Everything that a survey needs."""

    store: EnterpriseStore
    scan: StateScan
    regions: RegionStore
    publisher: Publisher
    expertise: Expertise
    plan: RegionPlan
    sampling: SamplingPlan
    tree: AuthorityTree
    partitions: int

    async def survey(
        self, *, now: dt.datetime, breathe: Callable[[], Awaitable[None]] = _in_one_go
    ) -> SurveyReport:
        """Count everybody, publish what is new, and remember the periods.

        ``breathe`` is awaited after each enterprise, so that a worker can do other things between
        two of them; what follows from the counts is worked out beside the loop.
        """
        windows = windows_at(now)
        censuses = [Census(self.plan, window) for window in windows]
        enterprises = 0
        async for uscc, state in roam(self.scan, self.store, partitions=self.partitions):
            await breathe()
            enterprises += 1
            for census in censuses:
                end = census.window.end_s
                if not was_there(state, end):
                    continue
                domain = domains_of(self.sampling, subject_of(uscc, state, end), as_of=end)[0]
                census.add(
                    watched(
                        uscc, state, self.expertise, self.plan,
                        window=census.window, domain=domain,
                    )
                )  # fmt: skip
        cells = warnings = published = undecided = 0
        for census in censuses:
            if not census.cells:
                continue
            history = await self.regions.history(census.window.span)
            found = await asyncio.to_thread(
                surveyed, census, history, general=self.sampling.general
            )
            await breathe()
            published += await self._publish(census.window, found.warnings)
            await self.regions.remember(census.window.span, found.history, found.published)
            cells += len(found.published)
            warnings += len(found.warnings)
            undecided += sum(found.undecided.values())
        return SurveyReport(enterprises, cells, warnings, published, undecided)

    async def _publish(self, window: Window, warnings: tuple[ClusterWarning, ...]) -> int:
        """Publish what has not been told as gravely in this period; return how many."""
        told = await self.regions.told(window.period)
        fresh = [one for one in warnings if one.measure.rank > told.get(one.matter, 0)]
        if fresh:
            await self.publisher.publish([self._record(one) for one in fresh])
            await self.regions.remember_told(
                window.period, {one.matter: one.measure.rank for one in fresh}
            )
        return len(fresh)

    def _record(self, warning: ClusterWarning) -> Outgoing:
        handler = handler_of(domain=warning.domain, place=warning.place, tree=self.tree)
        told = msgspec.structs.replace(warning, handler=handler.code, handler_name=handler.name)
        return Outgoing(
            Topic.CLUSTER.value,
            partition_of(warning.place, self.partitions),
            warning.place.encode(),
            envelope(
                CLUSTER_TYPE,
                identity=warning.id,
                subject=warning.matter,
                time=warning.issued_at,
                data=told,
            ),
        )


def windows_at(now: dt.datetime) -> tuple[Window, Window]:
    """Return the last seven days, and the last complete month in China."""
    week = week_window(int(now.timestamp()))
    before = now.astimezone(CHINA).replace(day=1) - dt.timedelta(days=1)
    return week, month_window(Month(before.year, before.month))
