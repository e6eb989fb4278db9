"""By which way does a message reach a person, and what can come of sending it?

``Outcome`` is closed: delivered to the carrier, to be tried again, or refused for good.  Causes
are a closed set too, so they serve as metric labels.  The port ``Channel`` and its in-memory twin
stand here; the real ways are in ``alerts.channels``.
"""

import datetime as dt
import enum
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Protocol

import msgspec

if TYPE_CHECKING:
    from alerts.notification import Notification


class Way(enum.StrEnum):
    """A way to a person."""

    SMS = "sms"
    EMAIL = "email"

    @property
    def label(self) -> str:
        """Return the Chinese name.

        >>> Way.SMS.label
        '短信'
        """
        return "短信" if self is Way.SMS else "电子邮件"


class Cause(enum.StrEnum):
    """Why a message was not delivered: closed, for metric labels and for the operator."""

    UNREACHABLE = "unreachable"  # the other side does not answer, or hung up
    TIMEOUT = "timeout"
    SERVER_ERROR = "server_error"
    RATE_LIMITED = "rate_limited"
    NO_CREDIT = "no_credit"  # the account with the carrier is empty or suspended
    AUTH = "auth"  # our credentials were not accepted
    MISCONFIGURED = "misconfigured"  # signature, template, sender or TLS: the operator mends it
    BAD_ADDRESS = "bad_address"
    MAILBOX_FULL = "mailbox_full"
    CONTENT_REJECTED = "content_rejected"
    HANDSET_UNREACHABLE = "handset_unreachable"  # accepted, but the handset never got it
    LEASE_LOST = "lease_lost"  # another worker took the message over: this one did not send
    CANNOT_ASK = "cannot_ask"  # perhaps sent; this way has no means to find out
    GAVE_UP = "gave_up"  # tried until it was of no use any more
    NO_CHANNEL = "no_channel"  # this way is switched off in the settings
    UNEXPECTED = "unexpected"  # a fault of ours, or an answer nobody has described


class Delivered(msgspec.Struct, frozen=True, tag=True):
    """The carrier accepted the message and named it ``provider_id``."""

    provider_id: str


class TryAgain(msgspec.Struct, frozen=True, tag=True):
    """Not accepted, as far as we know; worth another attempt, ``after`` at the soonest.

    ``doubtful``: the request left us and no answer came, so it may have been accepted all the
    same.  Whoever tries again asks the carrier first.
    """

    cause: Cause
    after: dt.timedelta | None = None
    doubtful: bool = False
    detail: str = ""


class Refused(msgspec.Struct, frozen=True, tag=True):
    """Not accepted, and it will not be however often it is sent."""

    cause: Cause
    detail: str = ""


Outcome = Delivered | TryAgain | Refused


class InDoubt(msgspec.Struct, frozen=True, tag=True):
    """It may have been sent and nobody can be asked: a person decides, never a retry."""

    cause: Cause = Cause.CANNOT_ASK


Settlement = Delivered | TryAgain | Refused | InDoubt


class NeverSeen(msgspec.Struct, frozen=True, tag=True):
    """The carrier has no record of the message: it may be sent."""


Found = Delivered | NeverSeen | TryAgain | InDoubt


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """A carrier's word on what became of a message that it had accepted by its way."""

    way: Way
    notification_id: str
    arrived: bool
    at: dt.datetime
    provider_id: str = ""
    detail: str = ""


class CarriersReport(msgspec.Struct, frozen=True, kw_only=True):
    """A report by a carrier that knows no id of ours: only its own name for the message."""

    way: Way
    provider_id: str
    address: str
    arrived: bool
    at: dt.datetime
    detail: str = ""

    def about(self, notification_id: str) -> Report:
        """Return the report under our id."""
        return Report(
            way=self.way,
            notification_id=notification_id,
            arrived=self.arrived,
            at=self.at,
            provider_id=self.provider_id,
            detail=self.detail,
        )


class Heard(enum.StrEnum):
    """What a report changed: closed, for metric labels."""

    SETTLED = "settled"
    LATE = "late"  # another report, or a newer attempt, decides
    UNKNOWN = "unknown"  # no message of ours has that id
    REFUSED = "refused"  # no carrier can have that message: the report is wrong, or forged


class InvalidReportError(ValueError):
    """A delivery report cannot be read; the gateway's owner must be asked, retrying is no use."""


HandOver = Callable[[], Awaitable[bool]]


class Channel(Protocol):
    """One way to people.  A channel never raises for what the outside world does."""

    async def send(
        self, notification: "Notification", *, now: dt.datetime, hand_over: HandOver
    ) -> Outcome:
        """Send; await ``hand_over`` right before the point of no return.

        When ``hand_over`` says no, the message belongs to another worker by now: nothing may
        be sent, and the outcome is ``TryAgain(Cause.LEASE_LOST)``.
        """
        ...

    async def find(
        self, notification: "Notification", *, sent_at: dt.datetime, now: dt.datetime
    ) -> Found:
        """Ask the carrier whether it accepted the message handed over at ``sent_at``."""
        ...


class MemoryChannel:
    """The twin: keeps what was accepted; answers with ``outcomes`` in turn, then delivers.

    ``can_ask`` is how carriers differ: whether this one tells what it accepted.
    """

    def __init__(self, *outcomes: Outcome, can_ask: bool = True) -> None:
        self.accepted: "dict[str, Notification]" = {}  # noqa: UP037 - named for the type checker
        self.handed_over = 0
        self._outcomes = list(outcomes)
        self._can_ask = can_ask

    async def send(
        self, notification: "Notification", *, now: dt.datetime, hand_over: HandOver
    ) -> Outcome:
        """Accept the message, or answer as told beforehand."""
        del now
        if not await hand_over():
            return TryAgain(Cause.LEASE_LOST)
        self.handed_over += 1
        outcome = self._outcomes.pop(0) if self._outcomes else Delivered(f"m-{notification.id}")
        if isinstance(outcome, Delivered):
            if notification.id in self.accepted:
                raise ValueError(f"{notification.id} was accepted twice")
            self.accepted[notification.id] = notification
        return outcome

    async def find(
        self, notification: "Notification", *, sent_at: dt.datetime, now: dt.datetime
    ) -> Found:
        """Say whether the message was accepted, if this way can be asked at all."""
        del sent_at, now
        if not self._can_ask:
            return InDoubt()
        if notification.id in self.accepted:
            return Delivered(f"m-{notification.id}")
        return NeverSeen()


def masked(address: str) -> str:
    """Return an address fit for a log: enough to recognise it, not enough to use it.

    >>> masked("13812345678"), masked("zhang.san@example.org")
    ('138****5678', 'z***@example.org')
    """
    local, at, host = address.partition("@")
    if at:
        return f"{local[:1]}***@{host}"
    return f"{address[:3]}****{address[-4:]}" if len(address) > len("1380000") else "****"
