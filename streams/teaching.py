"""How does a batch of outcomes become a lesson that is told?  The hands of the learn agent.

``streams.learning`` says what is learned and stored; this is what stands around it: the lesson is
published, counted, and only then acknowledged.
"""

import asyncio
import dataclasses
import logging
from collections.abc import Awaitable, Callable, Sequence

from detectors import learned
from detectors.learned import Snapshot
from streams.batch import Batch
from streams.learning import LearningDesk, Lesson
from streams.metrics import Metrics
from streams.publisher import NotPublishedError, Outgoing, Publisher, partition_of
from streams.store import FencedError, StoreUnavailableError
from streams.topics import Topic

logger = logging.getLogger(__name__)

_RETRY_S = 1.0


@dataclasses.dataclass(slots=True)
class Teacher:
    """The learn agent's hands: everything but the loop around them."""

    desk: LearningDesk
    publisher: Publisher
    partitions: int
    metrics: Metrics
    alive: Callable[[], None] = lambda: None
    is_current: Callable[[Batch], bool] = lambda _batch: True
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def digest(self, batches: Sequence[Batch]) -> bool:
        """Learn the outcomes of some batches; return whether they may be acknowledged.

        What fails for an outside reason is tried again for as long as the partitions are ours.
        """
        raws = [record.value or b"" for batch in batches for record in batch.records]
        lesson: Lesson | None = None
        while all(self.is_current(batch) for batch in batches):
            try:
                # Learned again, it would be empty: the store knows these examples by now.
                lesson = lesson or await self.desk.learn(raws)
                await self.publisher.publish(map(self._record, lesson.snapshots))
            except (StoreUnavailableError, FencedError, NotPublishedError) as error:
                part = "kafka" if isinstance(error, NotPublishedError) else "redis"
                self.metrics.retries.labels(part).inc()
                await self.sleep(_RETRY_S)
                continue
            finally:
                self.alive()
            self._tell(lesson)
            return True
        self.desk.forget()
        return False

    def _record(self, snapshot: Snapshot) -> Outgoing:
        return Outgoing(
            Topic.SNAPSHOT.value,
            partition_of(snapshot.domain, self.partitions),
            snapshot.domain.encode(),
            learned.encode(snapshot),
        )

    def _tell(self, lesson: Lesson) -> None:
        metrics = self.metrics
        metrics.examples.inc(lesson.learned)
        metrics.examples_refused.inc(lesson.refused)
        metrics.examples_over_quota.inc(lesson.over_quota)
        health = self.desk.health()
        for snapshot in lesson.snapshots:
            if snapshot.domain in health:
                metrics.tell_health(snapshot.domain, health[snapshot.domain])
            for expert, share in snapshot.shares.items():
                metrics.model_share.labels(snapshot.domain, expert).set(share)
        for domain in lesson.drifted:
            metrics.model_drift_alarms.labels(domain).inc()
            logger.warning(
                "the model of %s is surprised far more often than it expects: sources or "
                "inspections have changed; look at sanzao_model_quality, and at what its sources "
                "send", domain,
            )  # fmt: skip
