"""How does a warning on an alert topic become messages that are sent once?"""

import asyncio
import dataclasses
import datetime as dt
from collections.abc import Awaitable, Callable

import msgspec

from alerts.batched import bundle_id
from alerts.channels.sms_aliyun import parse_reports
from alerts.notification_log import LogUnreachableError, NotificationLog
from alerts.pipeline import AT_ONCE, Plan, plan_notifications, plan_regional
from alerts.responsibility import Matter, resolve
from detectors.clusters import ClusterWarning
from detectors.events import Cause, InvalidEventError
from detectors.warning import EarlyWarning, WarningStatus
from streams.assembly import Desk
from streams.batch import Batch, Record
from streams.codec import decode_data, decode_warning
from streams.courier import Receipt, Round
from streams.dead_letters import Origin, dead_letter
from streams.metrics import Metrics
from streams.publisher import NotPublishedError, Outgoing, Publisher, partition_of
from streams.topics import WARNING_TOPICS, Topic

RETRY_S = 1.0
# Stations x rules x measures x days: a province's 07-01 has some thousands, of 60 bytes each.
BUNDLES_KNOWN = 20_000
_MEASURES = {topic.value: measure for measure, topic in WARNING_TOPICS.items()}


@dataclasses.dataclass(slots=True)
class Notifier:
    """The notifying agent's hands: plan the messages of each warning; the courier carries them.

    A batch is acknowledged once its messages stand in the outbox: from then on they cannot be
    lost, and a replayed warning plans nothing new.  ``in_event_time``: people's limits run from a
    warning's issue, not from when they are told, as in a simulation.  ``batch_delay`` is how long
    the message about a batch waits.  What was issued before ``since`` is told to nobody.
    """

    desk: Desk
    log: NotificationLog
    publisher: Publisher
    metrics: Metrics
    now: Callable[[], dt.datetime]
    alive: Callable[[], None] = lambda: None
    is_current: Callable[[Batch], bool] = lambda _batch: True
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    in_event_time: bool = False
    since: dt.datetime | None = None
    batch_delay: dt.timedelta = AT_ONCE
    bundles_known: int = BUNDLES_KNOWN
    _bundles: set[str] = dataclasses.field(default_factory=set)

    async def digest(self, batch: Batch) -> bool:
        """Plan the messages of a batch of warnings; return whether it may be acknowledged."""
        while self.is_current(batch):
            try:
                await self._plan(batch)
            except LogUnreachableError:
                self.metrics.retries.labels("redis").inc()
                self.alive()
                await self.sleep(RETRY_S)
            except NotPublishedError:
                self.metrics.retries.labels("kafka").inc()
                self.alive()
                await self.sleep(RETRY_S)
            else:
                self.alive()
                return True
        return False

    async def _plan(self, batch: Batch) -> None:
        now = self.now()
        for record in batch.records:
            try:
                bundle, plan = self._plan_of(batch.topic, record, now=now)
            except InvalidEventError as error:
                origin = Origin(batch.topic, batch.partition, record.offset)
                letter = dead_letter(origin, key=record.key, value=record.value, error=error)
                await self.publisher.publish([letter])
                self.metrics.rejected.labels(error.cause.value).inc()
                continue
            if plan is None:
                continue
            notifications = plan.notifications
            if plan.change is not None:
                told = await self._take_back(plan.change, batch.topic, now=now)
                notifications = tuple(one for one in notifications if one.person_id in told)
            if await self.log.plan(notifications, now=now) and not plan.duty.is_routed:
                self.metrics.unrouted.inc()
            if bundle and plan.notifications:
                self._remember(bundle)

    async def _take_back(
        self, change: EarlyWarning, topic: str, *, now: dt.datetime
    ) -> frozenset[str]:
        """Hold back what a change has overtaken: read after it, it would be acted on.

        Return the persons who were told what has changed: who heard nothing need not hear of its
        end.  An end is one for all topics; a lowering may be followed by a rise, so each topic
        speaks of its own measure, which knows the order of the two.
        """
        measure = None
        if change.status is WarningStatus.LOWERED:
            measure = _MEASURES[topic]
            if measure.rank <= change.measure.rank:
                return frozenset()
            withdrawn = await self.log.withdraw(change.id, now=now, measure=measure)
        else:
            withdrawn = await self.log.end(change.id, now=now)
        for row in withdrawn:
            self.metrics.notifications.labels(row.notification.way.value, row.state.value).inc()
        return await self.log.told_of(change.id, measure=measure)

    def _plan_of(self, topic: str, record: Record, *, now: dt.datetime) -> tuple[str, Plan | None]:
        """Return the bundle that a warning belongs to, and its plan.

        Without one it is planned already, or is history.
        """
        raw = record.value or b""
        warning = (
            decode_data(raw, ClusterWarning) if topic == Topic.CLUSTER else decode_warning(raw)
        )
        is_change = isinstance(warning, EarlyWarning) and warning.changed_at is not None
        if self.since is not None and warning.issued_at < self.since:
            if not is_change:
                self.metrics.history.inc()
            return "", None
        told_at = warning.issued_at if self.in_event_time else None
        desk = self.desk
        try:
            if isinstance(warning, ClusterWarning):
                return "", plan_regional(
                    warning, tree=desk.tree, ladder=desk.ladder, renderer=desk.renderer,
                    now=now, told_at=told_at,
                )  # fmt: skip
            bundle = self._bundle_of(warning)
            if bundle in self._bundles:
                return bundle, None
            return bundle, plan_notifications(
                warning, tree=desk.tree, ladder=desk.ladder, renderer=desk.renderer,
                now=now, told_at=told_at, batch_delay=self.batch_delay,
            )  # fmt: skip
        except Exception as error:
            # Planning is pure, so it would fail for ever: one warning must not stop all others.
            raise InvalidEventError(Cause.CRASH, f"{type(error).__name__}: {error}") from error

    def _bundle_of(self, warning: EarlyWarning) -> str:
        """Return the bundle of a batched warning, or ""."""
        if not warning.batched:
            return ""
        return bundle_id(
            warning, resolve(Matter.of(warning), tree=self.desk.tree, ladder=self.desk.ladder)
        )

    def _remember(self, bundle: str) -> None:
        """Spare the log and the wording the other hundred thousand warnings of a bundle."""
        if len(self._bundles) >= self.bundles_known:
            self._bundles.clear()
        self._bundles.add(bundle)

    async def take_reports(self, body: bytes) -> int:
        """Settle the messages that a gateway's delivery report names; return how many are ours.

        Raises:
            alerts.delivery.InvalidReportError: the body is no report.
        """
        now = self.now()
        reports = parse_reports(body, now=now)
        return sum([await self.log.receipt(report, now=now) for report in reports])


def count_round(metrics: Metrics, done: Round) -> None:
    """Count what one round of the courier did."""
    for (way, state, cause), count in done.settled.items():
        metrics.notifications.labels(way.value, state.value).inc(count)
        if cause is not None:
            metrics.notification_failures.labels(way.value, cause.value).inc(count)


def receipt_record(receipt: Receipt, partitions: int) -> Outgoing:
    """Return the record of ``notification.v1``, keyed by the warning."""
    return Outgoing(
        Topic.NOTIFICATION.value,
        partition_of(receipt.warning_id, partitions),
        receipt.warning_id.encode(),
        msgspec.json.encode(receipt),
    )
