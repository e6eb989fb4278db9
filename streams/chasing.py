"""Who is told that nobody has signed for a warning in time (催办、督办), and when is it looked for?

The notifying agent notes until when each message asks for a signature.  The worker that owns the
first partition of the event log takes what is over, asks how the warning stands and what people
have done, tells the lead and those above through the outbox, and says so in the life of the warning
(E58 ``escalated``).  All ids follow from warning and measure: dead at any point, it is done again
and tells nobody twice.
"""

import asyncio
import dataclasses
import datetime as dt
import hashlib
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence

from redis.asyncio import Redis

from alerts.awaited import Awaited, Signatures
from alerts.hours import Span
from alerts.notification_log import LogUnreachableError, NotificationLog
from alerts.overdue import plan_overdue
from alerts.responsibility import Matter, Role, overseers
from config.schema import Settings
from detectors import events as e
from detectors.chasing import ESCALATED, Missed, why_chase
from detectors.measure import Measure
from detectors.warning import EarlyWarning
from streams.assembly import Desk
from streams.metrics import Metrics
from streams.outage import Outage
from streams.progress import CatchUp, Progress
from streams.publisher import NotPublishedError, Outgoing, Publisher
from streams.redis_signatures import RedisSignatures
from streams.signing import act_record
from streams.state_scan import states_of
from streams.store import EnterpriseStore, StoreUnavailableError
from streams.surveying import (
    AGAIN_S,
    OWNER_OF,
    Breath,
    DayClock,
    SurveyAbandonedError,
    WallDays,
    nap,
)
from streams.told_warnings import duty_of
from streams.warning_lives import Lives

logger = logging.getLogger(__name__)

SOURCE = "urn:sanzao:overdue"
BACK = "催办、督办已恢复。chasing goes on"
NAMES = 20  # at once; a name is a warning, or all of a station's of one day
PIECE = 100  # states of a bundle at once: some 100 KiB


@dataclasses.dataclass(frozen=True, slots=True)
class _Case:
    """A warning that nobody has signed for, and what became of it."""

    awaited: Awaited
    missed: Missed
    note: str


@dataclasses.dataclass(slots=True)
class Chaser:
    """The task that looks for what nobody has signed for.

    ``clock`` says up to when all that people did is read: a signature that waits in the log is
    one.
    """

    desk: Desk
    signatures: Signatures
    log: NotificationLog
    lives: Lives
    store: EnterpriseStore
    publisher: Publisher
    progress: Progress
    clock: DayClock
    metrics: Metrics
    partitions: int
    now: Callable[[], dt.datetime]
    quiet: Span | None
    poll_s: float
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    _outage: Outage = dataclasses.field(default_factory=lambda: Outage(logger, BACK))

    async def run(self, must_stop: Callable[[], bool]) -> None:
        """Look every while, until the worker stops; an outage is waited for."""
        while not must_stop():
            try:
                await self.chase_due(must_stop)
            except SurveyAbandonedError:
                logger.info("chasing given up: the partition is another worker's now")
            except (StoreUnavailableError, LogUnreachableError, NotPublishedError) as error:
                part = "kafka" if isinstance(error, NotPublishedError) else "redis"
                self.metrics.retries.labels(part).inc()
                self._outage.began("chasing waits: %s", error)
            else:
                self._outage.ended()
            await nap(self.poll_s, must_stop, self.sleep)

    async def chase_due(self, must_stop: Callable[[], bool] = lambda: False) -> None:
        """Look at all whose time is over, unless that is another worker's to do.

        Raises:
            SurveyAbandonedError: it is not ours any more.
            StoreUnavailableError, LogUnreachableError, NotPublishedError: a part is down.
        """
        owned = self.progress.partitions()
        if OWNER_OF not in owned:
            return
        moment = await self.clock.moment(owned)
        if moment is None:
            return
        now = dt.datetime.fromtimestamp(moment, dt.UTC)

        def is_ours() -> bool:
            """Return whether this worker still looks for all."""
            return OWNER_OF in self.progress.partitions() and not must_stop()

        breathe = Breath(is_ours, self.sleep)
        while names := await self.signatures.due(now, limit=NAMES):
            for name in names:
                await breathe()
                await self._look(name, now=now, breathe=breathe)

    async def _look(self, name: str, *, now: dt.datetime, breathe: Breath) -> None:
        try:
            those = await self.signatures.of(name)
            cases = []
            for begin in range(0, len(those), PIECE):
                await breathe()
                cases += await self._missed(those[begin : begin + PIECE], now=now)
            if cases:
                await self._tell(cases)
        except (
            SurveyAbandonedError, StoreUnavailableError, LogUnreachableError, NotPublishedError,
        ):  # fmt: skip
            raise
        except Exception:
            # A fault of ours, or what another version wrote: the others must not wait for it.
            logger.exception("%s could not be chased; it is tried again in an hour", name)
            await self.signatures.put_off(name, now + dt.timedelta(seconds=AGAIN_S))
        else:
            await self.signatures.settle(name, [one.warning.id for one in those])

    async def _missed(self, those: Sequence[Awaited], *, now: dt.datetime) -> list[_Case]:
        """Return those of a name that nobody has signed for, though they should have."""
        stands = await self._standing(one.warning for one in those)
        lives = await self.lives.of_each([one.warning.id for one in those])
        found = []
        for one in those:
            life = lives[one.warning.id]
            duty = duty_of(one.warning, self.desk)
            leads = [each.authority.code for each in duty.recipients if each.role is Role.LEAD]
            missed = why_chase(
                life, measure=one.warning.measure, stands_at=stands.get(one.warning.id),
                led_by={duty.lead.code, *leads}, issued_at=one.warning.issued_at,
                sign_by=one.sign_by, now=now,
            )  # fmt: skip
            if missed is not None:
                notes = [act.note for act in life if act.state == "returned"]
                found.append(_Case(one, missed, notes[-1] if notes else ""))
        return found

    async def _standing(self, warnings: Iterable[EarlyWarning]) -> dict[str, Measure]:
        """Return at which measure each open warning stands; what has ended is not in it."""
        usccs = dict.fromkeys(one.uscc for one in warnings)
        found = await states_of(self.store, usccs, partitions=self.partitions)
        return {
            one.id: Measure.of_rank(one.measure)
            for state in found.values()
            for one in state.open_warnings
        }

    async def _tell(self, cases: Sequence[_Case]) -> None:
        """Plan the messages, then say it in the life of each warning.

        In this order: who finds the life saying it plans nothing any more.
        """
        first, now = cases[0].awaited.warning, self.now()
        returned = all(one.missed is Missed.RETURNED for one in cases)
        planned = plan_overdue(
            [one.awaited for one in cases],
            tree=self.desk.tree, ladder=self.desk.ladder, renderer=self.desk.renderer,
            now=now, returned=returned, note=cases[-1].note, quiet=self.quiet,
        )  # fmt: skip
        await self.log.plan(planned, now=now)
        above = self._above(first)
        await self.publisher.publish(self._record(one, above, at=now) for one in cases)
        self.metrics.escalated.labels(first.measure.value).inc(len(cases))

    def _above(self, warning: EarlyWarning) -> str:
        """Return whom a warning is told above, in words."""
        told = overseers(
            Matter.of(warning), duty_of(warning, self.desk),
            tree=self.desk.tree, ladder=self.desk.ladder,
        )  # fmt: skip
        return "、".join(dict.fromkeys(one.authority.short_name for one in told))

    def _record(self, case: _Case, above: str, *, at: dt.datetime) -> Outgoing:
        event = escalation(
            case.awaited.warning, desk=self.desk, above=above, case=case.missed, at=at
        )
        return act_record(event, self.partitions)


def escalation(
    warning: EarlyWarning, *, desk: Desk, above: str, case: Missed, at: dt.datetime
) -> e.Event:
    """Return the E58 that a warning was escalated; of one issue at one measure it is the same.

    It is the duty desk's: what the machine does on its behalf has no other office.
    """
    material = f"{warning.id}\x1f{warning.measure}\x1f{warning.revision}".encode()
    name = hashlib.blake2b(material, digest_size=12).hexdigest()
    what = "主办单位已退回，签收时限内" if case is Missed.RETURNED else "签收时限内"
    data = e.WarningHandled(
        warning_id=warning.id, state=ESCALATED, measure=warning.measure.value,
        domain=warning.domain, authority=desk.tree.duty_desk.code,
        note=f"{what}无人签收，系统自动督办" + (f"：{above}" if above else ""),
    )  # fmt: skip
    return e.event_of(data, id=f"o-{name}", source=SOURCE, subject=warning.uscc, time=at)


def is_chasing(settings: Settings) -> bool:
    """Return whether this process has a part in it; in event time nobody is late."""
    return settings.roles.chase and settings.timers.clock == "wall"


def quiet_hours(settings: Settings) -> Span | None:
    """Return when only what is urgent is told."""
    return Span.parse(settings.notify.quiet_hours) if settings.notify.quiet_hours else None


def build_chaser(
    settings: Settings,
    desk: Desk,
    *,
    redis: Redis,
    log: NotificationLog,
    lives: Lives,
    store: EnterpriseStore,
    publisher: Publisher,
    progress: Progress,
    metrics: Metrics,
    now: Callable[[], dt.datetime],
) -> Chaser:
    """Return the task that chases."""
    return Chaser(
        desk=desk,
        signatures=RedisSignatures(redis),
        log=log,
        lives=lives,
        store=store,
        publisher=publisher,
        progress=progress,
        clock=WallDays(CatchUp(progress, now)),
        metrics=metrics,
        partitions=settings.kafka.partitions,
        now=now,
        quiet=quiet_hours(settings),
        poll_s=settings.chase.poll_s,
    )
