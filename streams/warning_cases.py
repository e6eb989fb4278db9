"""Whose is the link of a mail, and how does each warning behind it stand for that person?

Behind the link of a batch stand all that its letter lists: who they are is what the outbox row
says, how they stand is read anew at every look.
"""

import dataclasses
from collections.abc import Iterable

from alerts.authority import AuthorityTree
from alerts.links import Links, Ticket
from alerts.members import Member
from alerts.notification_log import NotificationLog
from alerts.notification_row import Row
from alerts.rendering import Letter
from alerts.responsibility import Role
from detectors.handling import Handled, is_signed, known_warning, why_not, why_not_end
from detectors.measure import Measure
from detectors.reading_society import FINAL
from detectors.state import EnterpriseState, OpenWarning
from streams.state_scan import states_of
from streams.store import EnterpriseStore
from streams.warning_lives import Lives


@dataclasses.dataclass(frozen=True, slots=True)
class Told:
    """The mail that a link came with; its reader is still in post."""

    ticket: Ticket
    row: Row
    letter: Letter

    @property
    def members(self) -> tuple[Member, ...]:
        """Return who is on the list of a batch; nobody where the mail is about one warning."""
        return self.row.notification.members

    @property
    def measure(self) -> Measure:
        """Return the measure that was read."""
        return self.row.notification.measure


@dataclasses.dataclass(frozen=True, slots=True)
class Case:
    """All that is known of one warning that somebody was told of.

    ``member`` is its line on the list, where it was told with others.
    """

    told: Told
    uscc: str
    state: EnterpriseState
    known: OpenWarning | None
    life: tuple[Handled, ...]
    member: Member | None = None

    @property
    def id(self) -> str:
        """Return the id of the warning."""
        return self.known.id if self.known else self.told.ticket.warning_id

    @property
    def person(self) -> str:
        """Return who looks."""
        return self.told.ticket.person

    @property
    def measure(self) -> Measure:
        """Return the measure that was read, or the milder one to which it has fallen since."""
        read = self.told.measure
        return Measure.of_rank(min(self.known.measure, read.rank)) if self.known else read

    @property
    def has_ended(self) -> bool:
        """Return whether there is nothing to do any more."""
        return self.known is None or self.known not in self.state.open_warnings or self.is_done

    @property
    def is_done(self) -> bool:
        """Return whether people have ended it."""
        return any(one.state in FINAL for one in self.life)

    @property
    def is_signed(self) -> bool:
        """Return whether somebody has taken it on."""
        return is_signed(self.life, self.measure)

    @property
    def is_returned(self) -> bool:
        """Return whether it was given back, and nobody has it."""
        return not self.is_signed and any(one.state == "returned" for one in self.life)

    @property
    def waits(self) -> bool:
        """Return whether it is open, and nobody has said anything of it."""
        return not (self.has_ended or self.is_signed or self.is_returned)

    def why_not(self, act: str) -> str:
        """Return why this person may not do this, or ""."""
        if self.has_ended and not self.is_done:
            return "本预警已撤销、已消除或已归档，无需办理"
        if self.told.row.notification.role is Role.COPY:
            return "本件抄送你单位知悉，无需签收"
        refusal = why_not(self.life, state=act, measure=self.measure, actor=self.person)
        if refusal or self.known is None:
            return refusal
        # It may have become an interview since: who ends it is asked of the warning as it stands.
        stands = Measure.of_rank(self.known.measure)
        return why_not_end(self.life, state=act, measure=stands, actor=self.person)


@dataclasses.dataclass(frozen=True, slots=True)
class Cases:
    """Where the cases are read from."""

    links: Links
    log: NotificationLog
    lives: Lives
    store: EnterpriseStore
    tree: AuthorityTree
    partitions: int

    async def told(self, token: str) -> Told | None:
        """Return the mail of a link; None where the link is forged, void or expired."""
        ticket = self.links.read(token)
        authority = self.tree.find(ticket.authority) if ticket else None
        if ticket is None or authority is None:
            return None
        if not any(seat.person == ticket.person for seat in authority.seats):
            return None  # no longer in post: the matter is their successor's
        rows = [
            row
            for row in await self.log.why(ticket.warning_id)
            if row.notification.person_id == ticket.person
            and row.notification.authority == authority.name
            and isinstance(row.notification.content, Letter)
        ]
        rows = [row for row in rows if not _repeats(row, rows)]
        if not rows:
            return None
        row = max(
            rows, key=lambda one: (one.notification.created_at, one.notification.measure.rank)
        )
        letter = row.notification.content
        assert isinstance(letter, Letter)
        return Told(ticket, row, letter)

    async def single(self, told: Told) -> Case:
        """Return how the one warning of a mail stands."""
        uscc = told.row.notification.uscc
        state = (await states_of(self.store, [uscc], partitions=self.partitions))[uscc]
        known = known_warning(state, told.ticket.warning_id)
        return Case(told, uscc, state, known, await self.lives.of(told.ticket.warning_id))

    async def listed(self, told: Told, members: Iterable[Member]) -> list[Case]:
        """Return how these of the list stand, in its order."""
        asked = list(members)
        usccs = [one.uscc for one in asked]
        found = await states_of(self.store, usccs, partitions=self.partitions)
        known = [known_warning(found[one.uscc], one.number) for one in asked]
        lives = await self.lives.of_each([one.id for one in known if one])
        return [
            Case(told, one.uscc, found[one.uscc], warned, lives[warned.id] if warned else (), one)
            for one, warned in zip(asked, known, strict=True)
        ]


def _repeats(row: Row, rows: Iterable[Row]) -> bool:
    """Return whether a mail only says again (催办) what its reader was told at this measure.

    The page is then the first letter, whose list is whole.  Who had a copy alone oversees it now.
    """
    about = row.notification
    return about.overdue and any(
        one.notification.measure is about.measure
        and one.notification.role is not Role.COPY
        and not one.notification.overdue
        for one in rows
    )
