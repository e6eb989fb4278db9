"""What can become of one message, and may it be sent now?  Transitions only; no storage.

``WAITING`` → ``CLAIMED`` (a worker prepares) → ``HANDED`` (it is about to write the last byte) →
``ACCEPTED`` → ``ARRIVED`` or ``FAILED`` by the carrier's report.  Side ends: ``REFUSED``,
``UNCERTAIN``, and ``WITHDRAWN`` where its warning was cancelled or closed while it waited.

Decision: a worker may die at any moment.  Dead before the hand-over, nothing was sent: the lease
runs out and the message is due again.  Dead after it, the message may have been sent: the row is
*doubtful*, and whoever claims it asks the carrier first.  Some SMS gateways can be asked (the
message carries our id); SMTP and other gateways cannot, and a second copy of an official notice is
worse than none when the same person gets the same notice by the other way.  So what nobody can be
asked about is never sent again by itself: it becomes ``UNCERTAIN``, is counted and listed, and a
person may ``release`` it.  (A doubtful message whose gateway can be asked becomes so when that did
not answer for days; released, it is asked about.)  The price is the window between our note of
the hand-over and the carrier's answer; e-mail notes it after RCPT and right before DATA, which
keeps the window at one round trip.

Weakness: a worker that is stopped, not killed, between note and write for longer than its lease
can still send after another has.  No fence reaches into a carrier.  Leases are minutes long.
"""

import datetime as dt
import enum
import hashlib
from collections.abc import Callable, Collection

import msgspec

from alerts.delivery import (
    Cause,
    Delivered,
    InDoubt,
    Refused,
    Report,
    Settlement,
    TryAgain,
    Way,
)
from alerts.notification import Notification
from detectors.warning import WarningStatus

# Waits after attempt 1, 2, …; the last one repeats.  A short outage of a gateway is over in
# minutes; one that lasts is the operator's, and an hourly knock does not disturb the repair.
BACKOFF = (
    dt.timedelta(seconds=30),
    dt.timedelta(minutes=2),
    dt.timedelta(minutes=10),
    dt.timedelta(minutes=30),
    dt.timedelta(hours=1),
)
# Longer than a weekend without SMTP; after that the deadlines in the text are past and the
# escalation has spoken.  A row that gives up stays visible.
GIVE_UP_AFTER = dt.timedelta(days=4)
HISTORY_LENGTH = 200


class RowState(enum.StrEnum):
    """Where a message stands."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    HANDED = "handed"
    ACCEPTED = "accepted"
    ARRIVED = "arrived"
    FAILED = "failed"
    REFUSED = "refused"
    UNCERTAIN = "uncertain"
    WITHDRAWN = "withdrawn"


OPEN_STATES = frozenset({RowState.WAITING, RowState.CLAIMED, RowState.HANDED})
TROUBLED_STATES = frozenset({RowState.FAILED, RowState.REFUSED, RowState.UNCERTAIN})


class Step(enum.StrEnum):
    """What happened to a message."""

    PLANNED = "planned"
    CLAIMED = "claimed"
    TAKEN_OVER = "taken_over"  # the former worker's lease ran out
    HANDED = "handed"
    ACCEPTED = "accepted"
    RETRY = "retry"
    REFUSED = "refused"
    UNCERTAIN = "uncertain"
    ARRIVED = "arrived"
    FAILED = "failed"
    LATE_REPORT = "late_report"  # a report that changes nothing any more
    RELEASED = "released"
    WITHDRAWN = "withdrawn"


REPORTED_STEPS = frozenset(
    {
        *(Step.ACCEPTED, Step.RETRY, Step.REFUSED, Step.UNCERTAIN, Step.ARRIVED, Step.FAILED),
        Step.WITHDRAWN,
    }
)


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of a message's history."""

    at: dt.datetime
    step: Step
    attempt: int
    by: str = ""
    cause: Cause | None = None
    detail: str = ""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A message and what has become of it.

    ``next_at`` is when the row needs attention: due, or end of lease; None once it is closed.
    ``handed_at`` is when it last left for the carrier, None where the carrier has it for sure not.
    ``entries`` counts all history ever, ``told`` how much of it was published.  ``revision``
    grows with every change: a store swaps a row only for its successor.
    """

    notification: Notification
    state: RowState
    attempt: int = 0
    next_at: dt.datetime | None = None
    worker: str = ""
    handed_at: dt.datetime | None = None
    is_doubtful: bool = False
    provider_id: str = ""
    cause: Cause | None = None
    history: tuple[Entry, ...] = ()
    entries: int = 1
    told: int = 0
    revision: int = 0

    @property
    def id(self) -> str:
        """The id of the message."""
        return self.notification.id

    @property
    def is_open(self) -> bool:
        """Whether something is still to be done."""
        return self.state in OPEN_STATES

    @property
    def untold(self) -> tuple[Entry, ...]:
        """The entries that are worth a receipt and have not been published."""
        fresh = self.history[max(0, len(self.history) - (self.entries - self.told)) :]
        return tuple(entry for entry in fresh if entry.step in REPORTED_STEPS)


def planned(notification: Notification, *, now: dt.datetime) -> Row:
    """Return a new row."""
    return Row(
        notification=notification,
        state=RowState.WAITING,
        next_at=notification.due_at,
        history=(Entry(at=now, step=Step.PLANNED, attempt=0),),
    )


def regathered(row: Row, change: Callable[[Notification], Notification]) -> Row | None:
    """Return the row with what its message says by now; None once somebody may have begun it."""
    if row.state is not RowState.WAITING or row.attempt:
        return None
    after = change(row.notification)
    if after == row.notification:
        return None
    return msgspec.structs.replace(row, notification=after, revision=row.revision + 1)


def claimed(row: Row, *, now: dt.datetime, worker: str, lease: dt.timedelta) -> Row | None:
    """Return the row in the hands of ``worker``, or None where it is not due."""
    if row.next_at is None or row.next_at > now:
        return None
    was_handed = row.state is RowState.HANDED
    step = Step.CLAIMED if row.state is RowState.WAITING else Step.TAKEN_OVER
    return _with(
        row,
        Entry(at=now, step=step, attempt=row.attempt + 1, by=worker),
        state=RowState.CLAIMED,
        attempt=row.attempt + 1,
        next_at=now + lease,
        worker=worker,
        is_doubtful=row.is_doubtful or was_handed,
    )


def handed(row: Row, *, attempt: int, now: dt.datetime, lease: dt.timedelta) -> Row | None:
    """Return the row right before its last byte is written, or None where the claim is lost.

    The lease starts anew: the time of connecting is not taken from the time of sending.
    """
    lost = row.state is not RowState.CLAIMED or row.attempt != attempt
    if lost or row.next_at is None or now >= row.next_at:
        return None
    return _with(
        row,
        Entry(at=now, step=Step.HANDED, attempt=attempt, by=row.worker),
        state=RowState.HANDED,
        next_at=now + lease,
        handed_at=now,
    )


def settled(row: Row, *, attempt: int, outcome: Settlement, now: dt.datetime) -> Row | None:
    """Return the row after an attempt, or None where the attempt has no say any more.

    The fence is the attempt number, not the lease: a slow worker whose row nobody took over
    still knows best what happened.
    """
    if row.state not in {RowState.CLAIMED, RowState.HANDED} or row.attempt != attempt:
        return None
    match outcome:
        case Delivered(provider_id):
            entry = _entry(row, Step.ACCEPTED, now, detail=provider_id)
            return _closed(row, entry, RowState.ACCEPTED, provider_id=provider_id)
        case Refused(cause, detail):
            entry = _entry(row, Step.REFUSED, now, cause=cause, detail=detail)
            return _closed(_not_taken(row), entry, RowState.REFUSED, cause=cause)
        case InDoubt(cause):
            entry = _entry(row, Step.UNCERTAIN, now, cause=cause)
            return _closed(row, entry, RowState.UNCERTAIN, cause=cause)
        case TryAgain(doubtful=doubtful):
            return _waiting(row if doubtful else _not_taken(row), outcome, now=now)


def reported(row: Row, report: Report, *, now: dt.datetime) -> Row | None:
    """Return the row after a carrier's report, or None where that carrier cannot have it.

    A report is believed of what was handed over and not turned away; then it proves that the
    message was accepted, so it also closes a row still in doubt.  The first report decides; of a
    later one only the history tells.  A failure reported while another attempt is under way
    changes nothing: that attempt decides.

    Weakness: reports are not signed.  Whoever reaches the port and knows the id of a message can
    say that it arrived once it has left, and not before.
    """
    if report.way is not row.notification.way or not (row.handed_at or row.provider_id):
        return None
    step = Step.ARRIVED if report.arrived else Step.FAILED
    entry = _entry(row, step, now, detail=report.detail)
    decided = row.state in {RowState.ARRIVED, RowState.FAILED}
    if decided or (row.is_open and not report.arrived and row.state is not RowState.HANDED):
        late = Entry(at=now, step=Step.LATE_REPORT, attempt=row.attempt, detail=report.detail)
        return _with(row, late)
    provider_id = report.provider_id or row.provider_id
    if report.arrived:
        return _closed(row, entry, RowState.ARRIVED, provider_id=provider_id)
    entry = msgspec.structs.replace(entry, cause=Cause.HANDSET_UNREACHABLE)
    cause = Cause.HANDSET_UNREACHABLE
    return _closed(row, entry, RowState.FAILED, provider_id=provider_id, cause=cause)


def is_asked_about(row: Row, *, askable: Collection[Way]) -> bool:
    """Return whether a carrier tells what became of a message in doubt.

    Not where nobody could be asked when it was given up: the carrier chosen since never saw it.
    """
    is_in_doubt = row.state is RowState.UNCERTAIN
    return is_in_doubt and row.notification.way in askable and row.cause is not Cause.CANNOT_ASK


def released(row: Row, *, now: dt.datetime, by: str, askable: Collection[Way]) -> Row | None:
    """Return a troubled row made due again by a person.

    What is in doubt is asked about first where the carrier tells (by the ways ``askable``); where
    nobody tells, it is the person who takes the risk of a second copy.
    """
    if row.state not in TROUBLED_STATES:
        return None
    entry = Entry(at=now, step=Step.RELEASED, attempt=row.attempt, by=by)
    asks = is_asked_about(row, askable=askable)
    return _with(row, entry, state=RowState.WAITING, next_at=now, is_doubtful=asks, cause=None)


def is_of_issue(row: Row) -> bool:
    """Return whether a message tells that a warning was issued."""
    return row.notification.status is WarningStatus.ISSUED


def withdrawn(row: Row, *, now: dt.datetime) -> Row | None:
    """Return a message that waits closed, for its warning is over; None for any other.

    One in a worker's hands leaves as it would have; a cancellation follows it.
    """
    if row.state is not RowState.WAITING or not is_of_issue(row):
        return None
    entry = Entry(at=now, step=Step.WITHDRAWN, attempt=row.attempt)
    return _closed(row, entry, RowState.WITHDRAWN)


def told(row: Row, *, upto: int) -> Row:
    """Return the row with its receipts published up to an entry."""
    return msgspec.structs.replace(row, told=max(row.told, upto), revision=row.revision + 1)


def wait_before(attempt: int, *, identity: str) -> dt.timedelta:
    """Return how long to wait after ``attempt``: stepped, spread by up to a fifth.

    The spread is taken from the id, so a thousand messages that failed together do not come
    back together, and a replay gives the same times.

    >>> wait_before(1, identity="n-1") < wait_before(2, identity="n-1")
    True
    """
    step = BACKOFF[min(attempt, len(BACKOFF)) - 1]
    spread = hashlib.blake2b(f"{identity}/{attempt}".encode(), digest_size=2).digest()
    return step * (1 + int.from_bytes(spread, "big") / 65536 / 5)


def _not_taken(row: Row) -> Row:
    """Return the row after a clear no: what was handed over in this attempt is not there."""
    return msgspec.structs.replace(row, handed_at=None) if row.state is RowState.HANDED else row


def _waiting(row: Row, outcome: TryAgain, *, now: dt.datetime) -> Row:
    """Return the row as due again, or given up."""
    # An answer to the attempt itself settles an older doubt; a failure before it does not.
    is_doubtful = outcome.doubtful or (row.is_doubtful and row.state is RowState.CLAIMED)
    if now - row.notification.created_at >= GIVE_UP_AFTER:
        step, state = Step.REFUSED, RowState.REFUSED
        if is_doubtful:
            step, state = Step.UNCERTAIN, RowState.UNCERTAIN
        gave_up = _entry(row, step, now, cause=Cause.GAVE_UP, detail=outcome.cause)
        return _closed(row, gave_up, state, cause=Cause.GAVE_UP)
    entry = _entry(row, Step.RETRY, now, cause=outcome.cause, detail=outcome.detail)
    wait = max(outcome.after or dt.timedelta(0), wait_before(row.attempt, identity=row.id))
    return _with(
        row,
        entry,
        state=RowState.WAITING,
        next_at=now + wait,
        cause=outcome.cause,
        is_doubtful=is_doubtful,
    )


def _entry(
    row: Row, step: Step, now: dt.datetime, *, cause: Cause | None = None, detail: str = ""
) -> Entry:
    """Return an entry about the current attempt."""
    return Entry(
        at=now, step=step, attempt=row.attempt, by=row.worker, cause=cause, detail=detail[:200]
    )


def _closed(
    row: Row,
    entry: Entry,
    state: RowState,
    *,
    provider_id: str = "",
    cause: Cause | None = None,
) -> Row:
    """Return the row in an end state."""
    return _with(
        row,
        entry,
        state=state,
        next_at=None,
        is_doubtful=False,
        provider_id=provider_id or row.provider_id,
        cause=cause,
    )


def _with(row: Row, entry: Entry, **changes: object) -> Row:
    """Return the row with an entry and changes; the history keeps its newest lines."""
    history = (*row.history, entry)
    surplus = max(0, len(history) - HISTORY_LENGTH)
    return msgspec.structs.replace(
        row,
        history=history[surplus:],
        entries=row.entries + 1,
        revision=row.revision + 1,
        **changes,
    )
