"""Who carries what is due to the people, and says what became of it?

``deliver_due`` is one round: publish receipts left over, claim, ask or send, settle, publish.  It
never raises for what the outside world does; what it could not do is in the ``Round`` it returns.
"""

import asyncio
import collections
import datetime as dt
import logging
from collections.abc import Awaitable, Callable, Mapping

import msgspec

from alerts.delivery import (
    Cause,
    Channel,
    Delivered,
    InDoubt,
    NeverSeen,
    Outcome,
    Refused,
    Settlement,
    TryAgain,
    Way,
    masked,
)
from alerts.notification_log import LogUnreachableError, NotificationLog
from alerts.notification_row import Entry, Row, Step
from alerts.responsibility import Role, Why
from detectors.measure import Measure
from detectors.warning import WarningStatus
from streams.outage import Outage

logger = logging.getLogger(__name__)


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one attempt: the record of topic ``notification.v1``.

    ``id`` is the same when a receipt is published twice.  The address is masked.
    """

    id: str
    notification_id: str
    warning_id: str
    warning_number: str
    measure: Measure
    status: WarningStatus
    way: Way
    person_id: str
    authority: str
    role: Role
    why: Why
    address: str
    step: Step
    attempt: int
    cause: Cause | None
    detail: str
    provider_id: str
    at: dt.datetime


class Round(msgspec.Struct, kw_only=True):
    """What one round did, for metrics: ``settled`` counts (way, step, cause)."""

    claimed: int = 0
    settled: "collections.Counter[tuple[Way, Step, Cause | None]]" = msgspec.field(
        default_factory=collections.Counter
    )
    receipts: int = 0
    receipts_kept: int = 0  # could not be published; the next round tries again
    log_is_unreachable: bool = False


SETTLE_AGAIN_S = 1.0
# Receipts wait for a broker; people do not wait for receipts.
RECEIPTS_AGAIN = dt.timedelta(seconds=10)
OnReceipt = Callable[[Receipt], Awaitable[None]]
Clock = Callable[[], dt.datetime]


class Courier:
    """Carries messages; any number of couriers may work on one log.

    Units:
        ``send_timeout`` bounds one attempt, half a lease unless given: a live worker must not
        be taken for a dead one.  ``receipt_within`` bounds the publication of one receipt.
    """

    def __init__(
        self,
        log: NotificationLog,
        channels: Mapping[Way, Channel],
        *,
        clock: Clock,
        worker: str,
        on_receipt: OnReceipt,
        lease: dt.timedelta = dt.timedelta(minutes=2),
        send_timeout: dt.timedelta | None = None,
        concurrency: int = 8,
        receipt_within: dt.timedelta = dt.timedelta(seconds=5),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        send_timeout = lease / 2 if send_timeout is None else send_timeout
        if lease < send_timeout * 2:
            raise ValueError(f"lease {lease} must be at least twice send_timeout {send_timeout}")
        if concurrency < 1:
            raise ValueError(f"concurrency must be at least 1, got {concurrency}")
        self._log = log
        self._channels = dict(channels)
        self._clock = clock
        self._worker = worker
        self._on_receipt = on_receipt
        self._lease = lease
        self._send_timeout = send_timeout
        self._concurrency = concurrency
        self._receipt_within = receipt_within
        self._receipts_at: dt.datetime | None = None
        self._sleep = sleep
        self._outage = Outage(logger, "Redis 已恢复，通知继续。notification log answers again")

    async def run(
        self, must_stop: Callable[[], bool], *, poll_s: float, after_round: Callable[[Round], None]
    ) -> None:
        """Go rounds until the worker stops, or is cancelled; finish what has begun by then.

        Cut off between the hand-over and the answer, a letter would stay in doubt for good.
        """
        most = 10 * self._concurrency  # what a round has settled is counted at its end
        while not must_stop():
            under_way = asyncio.create_task(self.deliver_due(must_stop=must_stop, most=most))
            try:
                done = await asyncio.shield(under_way)
            except asyncio.CancelledError:
                after_round(await under_way)
                raise
            after_round(done)
            if not done.claimed:
                await self._sleep(poll_s)

    async def deliver_due(
        self, *, most: int = 1000, must_stop: Callable[[], bool] = lambda: False
    ) -> Round:
        """Carry what is due, up to ``most`` messages; return what was done."""
        done = Round()
        try:
            await self._publish_receipts(done)
            while done.claimed < most and not must_stop():
                # Only as many as can start at once: a claim that queues would age.
                claims = await self._log.claim_due(
                    now=self._clock(),
                    worker=self._worker,
                    lease=self._lease,
                    limit=self._concurrency,
                )
                self._outage.ended()
                if not claims:
                    break
                done.claimed += len(claims)
                async with asyncio.TaskGroup() as group:
                    for row in claims:
                        group.create_task(self._carry(row, done))
                await self._publish_receipts(done)
        except LogUnreachableError as error:
            done.log_is_unreachable = True
            self._outage.began(
                "Redis 没有应答，通知暂停，恢复后自动继续。notification log unreachable: %s", error
            )
        return done

    async def _carry(self, row: Row, done: Round) -> None:
        """Carry one message and note what became of it."""
        try:
            outcome = await self._attempt(row)
            now = self._clock()
            settled = await self._settle(row, outcome, now=now)
        except LogUnreachableError as error:
            # The row stays claimed or handed; its lease brings it back, with doubt if need be.
            done.log_is_unreachable = True
            logger.warning("%s not settled: %s", row.id, error)
            return
        if settled is None:
            return
        entry = settled.history[-1]
        way = row.notification.way
        done.settled[way, entry.step, entry.cause] += 1
        if entry.step not in {Step.ACCEPTED, Step.RETRY}:
            logger.warning(
                "%s to %s by %s: %s (%s)",
                row.id,
                masked(row.notification.address),
                way,
                entry.step,
                entry.cause,
            )

    async def _settle(self, row: Row, outcome: Settlement, *, now: dt.datetime) -> Row | None:
        """Note an outcome; wait for the log as long as nobody else can have the message.

        A pooled connection that Redis has closed shows when it is used: without a second try, a
        letter that the server took would be one in doubt.
        """
        while True:
            try:
                return await self._log.settle(row.id, attempt=row.attempt, outcome=outcome, now=now)
            except LogUnreachableError:
                if self._clock() >= now + self._lease:
                    raise
            await self._sleep(SETTLE_AGAIN_S)

    async def _attempt(self, row: Row) -> Settlement:
        """Ask where there is doubt, then send unless the carrier already has it."""
        channel = self._channels.get(row.notification.way)
        if channel is None:
            return Refused(Cause.NO_CHANNEL)
        handed_over = False

        async def hand_over() -> bool:
            nonlocal handed_over
            handed_over = await self._log.hand_over(
                row.id, attempt=row.attempt, now=self._clock(), lease=self._lease
            )
            return handed_over

        try:
            async with asyncio.timeout(self._send_timeout.total_seconds()):
                if row.is_doubtful:
                    known = await self._ask(row, channel)
                    if known is not None:
                        return known
                outcome: Outcome = await channel.send(
                    row.notification, now=self._clock(), hand_over=hand_over
                )
                return outcome
        except TimeoutError:
            return TryAgain(Cause.TIMEOUT, doubtful=handed_over)
        except LogUnreachableError:
            raise
        except Exception as error:
            # A channel never raises for the outside world, so this is a fault of ours: it must
            # not keep the other messages from leaving, nor lose this one.
            logger.exception("%s by %s", row.id, row.notification.way)
            detail = type(error).__name__
            return TryAgain(Cause.UNEXPECTED, doubtful=handed_over, detail=detail)

    async def _ask(self, row: Row, channel: Channel) -> Settlement | None:
        """Return what the carrier knows of a doubtful message, or None where it may be sent."""
        now = self._clock()
        sent_at = row.handed_at or row.notification.created_at
        found = await channel.find(row.notification, sent_at=sent_at, now=now)
        match found:
            case NeverSeen():
                return None
            case TryAgain():
                return msgspec.structs.replace(found, doubtful=True)
            case Delivered() | InDoubt():
                return found

    async def _publish_receipts(self, done: Round) -> None:
        """Publish what became of messages since the last time; keep what cannot be published."""
        if self._receipts_at is not None and self._clock() < self._receipts_at:
            return
        while rows := await self._log.untold(limit=100):
            for row in rows:
                try:
                    for receipt in receipts(row):
                        async with asyncio.timeout(self._receipt_within.total_seconds()):
                            await self._on_receipt(receipt)
                        done.receipts += 1
                except Exception as error:  # noqa: BLE001 - the broker is down: keep, count, go on
                    self._receipts_at = self._clock() + RECEIPTS_AGAIN
                    done.receipts_kept += len(row.untold)
                    logger.warning("receipts kept back: %s: %s", type(error).__name__, error)
                    return
                await self._log.told(row)


def receipts(row: Row) -> tuple[Receipt, ...]:
    """Return the receipts of a row that were not published yet."""
    return tuple(_receipt(row, entry) for entry in row.untold)


def _receipt(row: Row, entry: Entry) -> Receipt:
    """Return the receipt for one entry."""
    message = row.notification
    return Receipt(
        id=f"{message.id}/{entry.attempt}/{entry.step}",
        notification_id=message.id,
        warning_id=message.warning_id,
        warning_number=message.warning_number,
        measure=message.measure,
        status=message.status,
        way=message.way,
        person_id=message.person_id,
        authority=message.authority,
        role=message.role,
        why=message.why,
        address=masked(message.address),
        step=entry.step,
        attempt=entry.attempt,
        cause=entry.cause,
        detail=entry.detail,
        provider_id=row.provider_id,
        at=entry.at,
    )
