"""Who was told what, who still must be, and why was nobody told?  Outbox and journal in one.

Nobody is told twice and nothing is lost, whenever a worker dies and however many work at once:
every change of a row is a pure transition (``alerts.notification_row``) that a store accepts only
for the revision it was made from, and every open row has a moment at which somebody looks again.
"""

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Protocol

import msgspec

from alerts import notification_row as steps
from alerts.delivery import CarriersReport, Heard, Report, Settlement, Way
from alerts.notification import Notification
from alerts.notification_row import Row, RowState
from detectors.measure import Measure
from detectors.warning import WarningStatus

# Rows are changed by one worker at a time but for reports and receipts: a few rounds are plenty.
SWAP_ROUNDS = 20


class LogUnreachableError(Exception):
    """The log cannot be read or written now: wait and try again, send nothing meanwhile."""


class Backlog(msgspec.Struct, frozen=True, kw_only=True):
    """How much is to be done, for gauges.  ``overdue`` is the age of the oldest due row."""

    open: int
    due: int
    uncertain: int
    troubled: int
    untold: int
    overdue: dt.timedelta


class Rows(Protocol):
    """Where rows are kept.  All methods may raise ``LogUnreachableError``."""

    async def insert(self, rows: Sequence[Row]) -> tuple[str, ...]:
        """Keep the rows whose id is new; return their ids.

        What a warning that has ended would have told is not kept.
        """
        ...

    async def bar(self, warning_id: str) -> None:
        """Remember that a warning has ended."""
        ...

    async def load(self, identity: str) -> Row | None:
        """Return a row."""
        ...

    async def swap(self, before: Row, after: Row) -> bool:
        """Replace ``before`` by ``after``, unless it has changed meanwhile."""
        ...

    async def named(self, provider_id: str) -> Row | None:
        """Return the row that a carrier accepted under this name of its own, while one may ask."""
        ...

    async def due(self, now: dt.datetime, *, limit: int) -> tuple[Row, ...]:
        """Return open rows that need attention by ``now``, the longest overdue first."""
        ...

    async def of_warning(self, name: str) -> tuple[Row, ...]:
        """Return every row of a warning, by its id or its number, oldest first."""
        ...

    async def unfinished(self, *, limit: int) -> tuple[Row, ...]:
        """Return open rows, due or not, by when they need attention; change nothing."""
        ...

    async def troubled(self, *, limit: int) -> tuple[Row, ...]:
        """Return rows that ended badly, oldest first."""
        ...

    async def untold(self, *, limit: int) -> tuple[Row, ...]:
        """Return rows with unpublished receipts, oldest first."""
        ...

    async def backlog(self, now: dt.datetime) -> Backlog:
        """Return how much is to be done."""
        ...


class NotificationLog:
    """The outbox and the journal, over any ``Rows``."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def plan(
        self, notifications: Iterable[Notification], *, now: dt.datetime
    ) -> tuple[str, ...]:
        """Write a row for each new id; return those.  A replayed warning plans nothing."""
        rows = [steps.planned(notification, now=now) for notification in notifications]
        return await self._rows.insert(rows) if rows else ()

    async def regather(
        self, identity: str, change: Callable[[Notification], Notification]
    ) -> Row | None:
        """Say a message that still waits anew; None where it does not, or says so already."""
        return await self._change(identity, lambda row: steps.regathered(row, change))

    async def claim_due(
        self, *, now: dt.datetime, worker: str, lease: dt.timedelta, limit: int
    ) -> tuple[Row, ...]:
        """Take up to ``limit`` due rows into the hands of ``worker``.

        A row whose ``is_doubtful`` is true may have been sent already: ask before sending.
        """
        mine = []
        for row in await self._rows.due(now, limit=limit):
            taken = steps.claimed(row, now=now, worker=worker, lease=lease)
            if taken is not None and await self._rows.swap(row, taken):
                mine.append(taken)
        return tuple(mine)

    async def hand_over(
        self, identity: str, *, attempt: int, now: dt.datetime, lease: dt.timedelta
    ) -> bool:
        """Note that the message is about to leave; False means it belongs to another by now."""
        row = await self._change(
            identity, lambda row: steps.handed(row, attempt=attempt, now=now, lease=lease)
        )
        return row is not None

    async def settle(
        self, identity: str, *, attempt: int, outcome: Settlement, now: dt.datetime
    ) -> Row | None:
        """Note the outcome of an attempt; None means the attempt had no say any more."""
        return await self._change(
            identity, lambda row: steps.settled(row, attempt=attempt, outcome=outcome, now=now)
        )

    async def receipt(self, report: Report, *, now: dt.datetime) -> Heard:
        """Note a carrier's report; return what it changed."""
        identity = report.notification_id
        row = await self._change(identity, lambda row: steps.reported(row, report, now=now))
        if row is None:
            return Heard.UNKNOWN if await self._rows.load(identity) is None else Heard.REFUSED
        return Heard.LATE if row.history[-1].step is steps.Step.LATE_REPORT else Heard.SETTLED

    async def receipt_by_name(self, report: CarriersReport, *, now: dt.datetime) -> Heard:
        """Note the report of a carrier that knows no id of ours; name and phone must fit."""
        row = await self._rows.named(report.provider_id)
        if row is None or row.notification.address != report.address:
            return Heard.UNKNOWN
        return await self.receipt(report.about(row.id), now=now)

    async def release(
        self, identity: str, *, now: dt.datetime, by: str, askable: Collection[Way]
    ) -> bool:
        """Send a troubled message again because a person decided so.

        ``askable`` are the ways whose carrier is asked about a message in doubt first.
        """
        row = await self._change(
            identity, lambda row: steps.released(row, now=now, by=by, askable=askable)
        )
        return row is not None

    async def end(self, warning_id: str, *, now: dt.datetime) -> tuple[Row, ...]:
        """Close what still waits of a warning that has ended, and take no more; return it.

        The topics of its measures know no common order: what was issued may be read after the end.
        """
        await self._rows.bar(warning_id)
        return await self.withdraw(warning_id, now=now)

    async def withdraw(
        self, warning_id: str, *, now: dt.datetime, measure: Measure | None = None
    ) -> tuple[Row, ...]:
        """Close the messages of a warning, or of one measure, that still wait; return them."""
        closed = [
            await self._change(row.id, lambda latest: steps.withdrawn(latest, now=now))
            for row in await self._rows.of_warning(warning_id)
            if measure in {None, row.notification.measure}
        ]
        return tuple(row for row in closed if row is not None)

    async def told_of(self, warning_id: str, *, measure: Measure | None = None) -> frozenset[str]:
        """Return the persons to whom a warning, or one measure of it, was or is being issued."""
        return frozenset(
            row.notification.person_id
            for row in await self._rows.of_warning(warning_id)
            if row.notification.status is WarningStatus.ISSUED
            and row.state is not RowState.WITHDRAWN
            and measure in {None, row.notification.measure}
        )

    async def untold(self, *, limit: int) -> tuple[Row, ...]:
        """Return rows whose receipts are still to be published."""
        return await self._rows.untold(limit=limit)

    async def told(self, row: Row) -> None:
        """Note that the receipts of ``row``, as it was read, are published."""
        await self._change(row.id, lambda latest: steps.told(latest, upto=row.entries))

    async def why(self, name: str) -> tuple[Row, ...]:
        """Return messages with their history: why was nobody told?

        ``name`` is the id or the number of a warning, or the id of one message.  A number has
        four characters of an id, so two warnings of a county and day may share it.
        """
        rows = await self._rows.of_warning(name)
        if rows:
            return rows
        row = await self._rows.load(name)
        return () if row is None else (row,)

    async def unfinished(self, *, limit: int) -> tuple[Row, ...]:
        """Return what still waits or is under way."""
        return await self._rows.unfinished(limit=limit)

    async def troubled(self, *, limit: int) -> tuple[Row, ...]:
        """Return what a person should look at: uncertain, refused, failed."""
        return await self._rows.troubled(limit=limit)

    async def backlog(self, now: dt.datetime) -> Backlog:
        """Return how much is to be done."""
        return await self._rows.backlog(now)

    async def _change(self, identity: str, change: Callable[[Row], Row | None]) -> Row | None:
        """Apply a transition to the newest revision; None where it does not apply."""
        for _ in range(SWAP_ROUNDS):
            row = await self._rows.load(identity)
            after = None if row is None else change(row)
            if row is None or after is None:
                return None
            if await self._rows.swap(row, after):
                return after
        raise LogUnreachableError(f"{identity} was changed by others {SWAP_ROUNDS} times in a row")


class MemoryRows:
    """The twin of the Redis store: for tests, and for a dry run that tells nobody."""

    def __init__(self) -> None:
        self._rows: dict[str, Row] = {}
        self._names: dict[str, str] = {}
        self._ended: set[str] = set()

    async def bar(self, warning_id: str) -> None:
        """Remember that a warning has ended."""
        self._ended.add(warning_id)

    async def insert(self, rows: Sequence[Row]) -> tuple[str, ...]:
        """Keep the rows whose id is new, and of no warning that has ended."""
        new = []
        for row in rows:
            if steps.is_of_issue(row) and row.notification.warning_id in self._ended:
                continue
            if row.id not in self._rows:
                self._rows[row.id] = row
                new.append(row.id)
        return tuple(new)

    async def load(self, identity: str) -> Row | None:
        """Return a row."""
        return self._rows.get(identity)

    async def swap(self, before: Row, after: Row) -> bool:
        """Replace a row, unless it has changed meanwhile."""
        stored = self._rows.get(before.id)
        if stored is None or stored.revision != before.revision:
            return False
        self._rows[before.id] = after
        if after.state is RowState.ACCEPTED:
            self._names[after.provider_id] = after.id
        return True

    async def named(self, provider_id: str) -> Row | None:
        """Return the row that a carrier accepted under this name."""
        return self._rows.get(self._names.get(provider_id, ""))

    async def due(self, now: dt.datetime, *, limit: int) -> tuple[Row, ...]:
        """Return what is due, the longest overdue first."""
        due = [row for row in self._rows.values() if row.next_at and row.next_at <= now]
        return tuple(sorted(due, key=_by_attention)[:limit])

    async def of_warning(self, name: str) -> tuple[Row, ...]:
        """Return every row of a warning."""
        return in_order(row for row in self._rows.values() if name in _names(row))

    async def unfinished(self, *, limit: int) -> tuple[Row, ...]:
        """Return open rows."""
        waiting = (row for row in self._rows.values() if row.next_at is not None)
        return tuple(sorted(waiting, key=_by_attention)[:limit])

    async def troubled(self, *, limit: int) -> tuple[Row, ...]:
        """Return rows that ended badly."""
        bad = (row for row in self._rows.values() if row.state in steps.TROUBLED_STATES)
        return tuple(sorted(bad, key=_by_last_entry)[:limit])

    async def untold(self, *, limit: int) -> tuple[Row, ...]:
        """Return rows with unpublished receipts."""
        untold = (row for row in self._rows.values() if row.untold)
        return tuple(sorted(untold, key=_by_last_entry)[:limit])

    async def backlog(self, now: dt.datetime) -> Backlog:
        """Return how much is to be done."""
        rows = list(self._rows.values())
        due = [row.next_at for row in rows if row.next_at and row.next_at <= now]
        return Backlog(
            open=sum(row.is_open for row in rows),
            due=len(due),
            uncertain=sum(row.state is RowState.UNCERTAIN for row in rows),
            troubled=sum(row.state in steps.TROUBLED_STATES for row in rows),
            untold=sum(bool(row.untold) for row in rows),
            overdue=now - min(due, default=now),
        )


def in_order(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Return the rows of a warning as they were planned, then by id."""
    return tuple(sorted(rows, key=lambda row: (row.notification.created_at, row.id)))


def _names(row: Row) -> tuple[str, str]:
    """Return what the warning of a row is called."""
    return row.notification.warning_id, row.notification.warning_number


def _by_attention(row: Row) -> tuple[dt.datetime, str]:
    """Order open rows by when they need attention."""
    assert row.next_at is not None
    return row.next_at, row.id


def _by_last_entry(row: Row) -> tuple[dt.datetime, str]:
    """Order rows by when they last changed."""
    return row.history[-1].at, row.id
