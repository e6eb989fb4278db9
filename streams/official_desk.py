"""What becomes of a result that the province tells through the log (E57)?

It is official at once and for good, in the month that it names, however late it comes; what was
said of that month before stands, and a second word of the province is a correction beside it.
Each part can be repeated: who is written stays, and records carry ids derived from month and code.
"""

import dataclasses
import datetime as dt
import logging
from collections.abc import Sequence

from detectors.official import (
    Correction,
    Month,
    OfficialClass,
    Source,
    correction,
    imported_class,
)
from detectors.sampling_plan import SamplingPlan
from detectors.state import EnterpriseState
from detectors.told import Told
from streams.month_end import class_record, correction_record
from streams.official_store import Head, OfficialStore, Progress
from streams.publisher import Outgoing

logger = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True, slots=True)
class Taken:
    """What the topic must hear of some results: those that stand, and the corrections beside."""

    classes: tuple[OfficialClass, ...] = ()
    corrections: tuple[Correction, ...] = ()

    def records(self, partitions: int) -> list[Outgoing]:
        """Return it as records; told again, they have the same ids."""
        return [
            *(class_record(one, partitions=partitions) for one in self.classes),
            *(correction_record(one, partitions=partitions) for one in self.corrections),
        ]


@dataclasses.dataclass(frozen=True, slots=True)
class OfficialDesk:
    """Whoever writes down what the province tells of single enterprises."""

    official: OfficialStore
    plan: SamplingPlan
    partitions: int

    async def take(
        self, told: Sequence[tuple[Told, EnterpriseState]], *, now: dt.datetime
    ) -> Taken:
        """Write results down, each with the state as it stands; return what the topic must hear.

        Raises:
            streams.store.StoreUnavailableError: Redis does not answer; take them again.
        """
        stand: list[OfficialClass] = []
        others: list[Correction] = []
        for month in sorted({Month.of(one.month) for one, _ in told}):
            classes = [
                imported_class(one, state, self.plan, month)
                for one, state in told
                if one.month == str(month)
            ]
            stands = await self._written(month, classes, now)
            stand += stands
            contradicted = [
                late
                for one, new in zip(stands, classes, strict=True)
                if (late := correction(one, new))
            ]
            others += contradicted
            if contradicted:
                logger.warning(
                    "the province says otherwise of %d enterprises than it has said of %s: what "
                    "was said first stands, class.correction.v1 has the rest",
                    len(contradicted), month,
                )  # fmt: skip
        unique = {(one.month, one.uscc): one for one in stand}
        return Taken(tuple(unique.values()), tuple(others))

    async def _written(
        self, month: Month, classes: Sequence[OfficialClass], now: dt.datetime
    ) -> Sequence[OfficialClass]:
        """Write the classes of a month, each once; return what stands of each."""
        head = await self.official.begin(
            Head(
                month=str(month),
                source=Source.IMPORTED,
                progress=Progress.ARRIVING,
                catalogue_version=classes[0].catalogue_version,
                sampling_version=self.plan.version,
                begun_at=now,
            )
        )
        return await self.official.tell(month, classes, over_drafts=head.progress is Progress.OPEN)
