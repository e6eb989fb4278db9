"""How does a warning on an alert topic become messages that are sent once?"""

import asyncio
import dataclasses
import datetime as dt
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import cast

import msgspec

from alerts.awaited import Signatures, awaited
from alerts.batched import bundle_id, member_of
from alerts.channels.sms_aliyun import parse_reports
from alerts.delivery import Heard
from alerts.hours import Span
from alerts.members import Member, merged
from alerts.notification import Notification
from alerts.notification_log import LogUnreachableError, NotificationLog
from alerts.pipeline import AT_ONCE, Plan, plan_notifications, plan_regional
from alerts.responsibility import Matter, resolve
from detectors.clusters import ClusterWarning
from detectors.events import Cause, InvalidEventError
from detectors.warning import EarlyWarning, WarningStatus
from streams.assembly import Desk
from streams.batch import Batch, Record
from streams.codec import decode_data, decode_warning, envelope
from streams.courier import Receipt, Round
from streams.dead_letters import Origin, dead_letter
from streams.metrics import Metrics
from streams.publisher import NotPublishedError, Outgoing, Publisher, partition_of
from streams.topics import WARNING_TOPICS, Topic

logger = logging.getLogger(__name__)

RECEIPT_TYPE = "notification.receipt.v1"
RETRY_S = 1.0
_MEASURES = {topic.value: measure for measure, topic in WARNING_TOPICS.items()}


@dataclasses.dataclass(slots=True)
class Notifier:
    """The notifying agent's hands: plan the messages of each warning; the courier carries them.

    A batch is acknowledged once its messages stand in the outbox: from then on they cannot be
    lost, and a replayed warning plans nothing new.  ``in_event_time``: people's limits run from
    when they would have been told, as in a simulation.  ``batch_delay`` is how long the message
    about a batch waits, ``quiet`` when only what is urgent is told.  What was issued before
    ``since`` is told to nobody.  ``signatures`` holds until when somebody must have signed for what
    was told; without it nobody is chased.
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
    quiet: Span | None = None
    signatures: Signatures | None = None

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
        bundles: dict[str, list[EarlyWarning]] = {}
        for record in batch.records:
            self.alive()  # the wording of a large batch takes its time
            try:
                warning = self._warning_of(batch.topic, record)
                if warning is None:
                    continue
                bundle = self._bundle_of(warning)
                if bundle in bundles:  # of one bundle all are worded alike: one trial is enough
                    bundles[bundle].append(cast("EarlyWarning", warning))
                    continue
                plan = self._planned(warning, now=now)
            except InvalidEventError as error:
                origin = Origin(batch.topic, batch.partition, record.offset)
                letter = dead_letter(origin, key=record.key, value=record.value, error=error)
                await self.publisher.publish([letter])
                self.metrics.rejected.labels(error.cause.value).inc()
                continue
            if bundle:
                bundles[bundle] = [cast("EarlyWarning", warning)]
                continue
            notifications = plan.notifications
            if plan.change is not None:
                told = await self._take_back(plan.change, batch.topic, now=now)
                notifications = tuple(one for one in notifications if one.person_id in told)
            if await self.log.plan(notifications, now=now) and not plan.duty.is_routed:
                self.metrics.unrouted.inc()
            await self._expect([warning], plan)
        for warnings in bundles.values():
            await self._gather(warnings, now=now)

    async def _gather(self, warnings: list[EarlyWarning], *, now: dt.datetime) -> None:
        """Plan the messages about a bundle, or add to the list of those that still wait."""
        came = [member_of(one) for one in warnings if one.status is WarningStatus.ISSUED]
        gone = {one.uscc for one in warnings if one.status is not WarningStatus.ISSUED}
        any_one = msgspec.structs.replace(warnings[0], status=WarningStatus.ISSUED)

        def said(since: dt.datetime, members: tuple[Member, ...]) -> dict[str, Notification]:
            plan = self._planned(any_one, now=since, members=members)
            return {one.id: one for one in plan.notifications}

        def regathered(before: Notification) -> Notification:
            members = merged(before.members, came, gone=gone)
            if members == before.members:
                return before
            return said(before.created_at, members).get(before.id, before)

        planned = self._planned(any_one, now=now, members=merged((), came, gone=gone))
        new: tuple[str, ...] = ()
        if came:
            new = await self.log.plan(planned.notifications, now=now)
            if new and not planned.duty.is_routed:
                self.metrics.unrouted.inc()
            await self._expect(
                [one for one in warnings if one.status is WarningStatus.ISSUED], planned
            )
        for one in planned.notifications:
            if one.id not in new:
                await self.log.regather(one.id, regathered)

    async def _expect(self, warnings: Sequence[EarlyWarning | ClusterWarning], plan: Plan) -> None:
        """Note until when somebody must have signed for what has just been planned.

        After the messages: where a crash comes between, a replay notes a moment that is not before
        the one that they print.
        """
        if self.signatures is None or plan.change is not None or plan.told_at is None:
            return
        those = [
            awaited(
                one, plan.duty, told_at=plan.told_at, renderer=self.desk.renderer,
                calendar=self.desk.calendar, quiet=self.quiet,
            )
            for one in warnings
            if isinstance(one, EarlyWarning)
        ]  # fmt: skip
        await self.signatures.expect([one for one in those if one is not None])

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
            if self.signatures is not None:  # issued again it has a time of its own
                await self.signatures.settle(f"{change.id}/{measure}", [change.id])
        else:
            withdrawn = await self.log.end(change.id, now=now)
        for row in withdrawn:
            self.metrics.notifications.labels(row.notification.way.value, row.state.value).inc()
        return await self.log.told_of(change.id, measure=measure)

    def _warning_of(self, topic: str, record: Record) -> EarlyWarning | ClusterWarning | None:
        """Return what a record warns of, or None where it is history."""
        raw = record.value or b""
        warning = (
            decode_data(raw, ClusterWarning) if topic == Topic.CLUSTER else decode_warning(raw)
        )
        is_change = isinstance(warning, EarlyWarning) and warning.changed_at is not None
        if self.since is not None and warning.issued_at < self.since:
            if not is_change:
                self.metrics.history.inc()
            return None
        return warning

    def _planned(
        self,
        warning: EarlyWarning | ClusterWarning,
        *,
        now: dt.datetime,
        members: tuple[Member, ...] = (),
    ) -> Plan:
        """Return the plan of a warning."""
        desk = self.desk
        try:
            if isinstance(warning, ClusterWarning):
                return plan_regional(
                    warning, tree=desk.tree, ladder=desk.ladder, renderer=desk.renderer,
                    now=now, in_event_time=self.in_event_time, quiet=self.quiet,
                )  # fmt: skip
            return plan_notifications(
                warning, tree=desk.tree, ladder=desk.ladder, renderer=desk.renderer,
                now=now, in_event_time=self.in_event_time, batch_delay=self.batch_delay,
                quiet=self.quiet, members=members, chased=self.signatures is not None,
            )  # fmt: skip
        except Exception as error:
            # Planning is pure, so it would fail for ever: one warning must not stop all others.
            raise InvalidEventError(Cause.CRASH, f"{type(error).__name__}: {error}") from error

    def _bundle_of(self, warning: EarlyWarning | ClusterWarning) -> str:
        """Return the bundle of a batched warning, or ""."""
        if isinstance(warning, ClusterWarning) or not warning.batched:
            return ""
        try:
            duty = resolve(Matter.of(warning), tree=self.desk.tree, ladder=self.desk.ladder)
        except Exception as error:  # as in _planned
            raise InvalidEventError(Cause.CRASH, f"{type(error).__name__}: {error}") from error
        return bundle_id(warning, duty)

    async def take_reports(self, body: bytes) -> int:
        """Settle the messages that a gateway's delivery report names; return how many it settled.

        One about a message that no gateway has is said in the log: a second sender under our
        account, or somebody who must not reach this port.

        Raises:
            alerts.delivery.InvalidReportError: the body is no report.
        """
        now = self.now()
        settled = 0
        for report in parse_reports(body, now=now):
            heard = await self.log.receipt(report, now=now)
            self.metrics.delivery_reports.labels(heard.value).inc()
            settled += heard is Heard.SETTLED
            if heard is Heard.REFUSED:
                logger.warning(
                    "delivery report refused: %s is with no gateway (it says arrived=%s)",
                    report.notification_id, report.arrived,
                )  # fmt: skip
        return settled


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
        envelope(
            RECEIPT_TYPE,
            identity=receipt.id,
            subject=receipt.warning_id,
            time=receipt.at,
            data=receipt,
        ),
    )
