"""What does a person see behind the link of a mail, and what happens when they sign?

A look changes nothing: mail scanners follow links.  An act is an E58 on the event log, like one of
any other system; only what the person's own link allows is published.
"""

import dataclasses
import datetime as dt
from collections.abc import Awaitable, Callable, Mapping

from alerts.authority import AuthorityTree
from alerts.links import Links, Ticket
from alerts.notification_log import NotificationLog
from alerts.notification_row import Row
from alerts.rendering import Letter, one_line, without_personal
from alerts.responsibility import Role
from detectors import events as e
from detectors import state as states
from detectors.handling import OUTCOMES, Handled, acts_of, known_warning, why_not
from detectors.reading_society import FINAL
from detectors.state import EnterpriseState, OpenWarning
from streams.audit import Look
from streams.page_words import acts_in_words, page, plain_page
from streams.publisher import Outgoing, Publisher, partition_of
from streams.signing import About, Act, act_event
from streams.store import EnterpriseStore
from streams.topics import Topic
from streams.warning_lives import Lives

SOURCE = "urn:sanzao:page"
ON_THE_PAGE = ("acknowledged", "returned", "feedback", "closed")
NEEDS_WORDS = frozenset({"returned", "feedback"})
MOST_WORDS = 300
OK, SEE_OTHER, REFUSED, UNKNOWN = 200, 303, 409, 404
_UNKNOWN = plain_page("链接无效", "请从最近一封预警邮件中重新打开链接，或联系值班台。")


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """A page, or where to look now."""

    status: int
    html: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class _Case:
    """All that is known of the warning of a link."""

    ticket: Ticket
    row: Row
    letter: Letter
    state: EnterpriseState
    known: OpenWarning | None
    life: tuple[Handled, ...]

    def why_not(self, act: str) -> str:
        """Return why this person may not do this, or ""."""
        about = self.row.notification
        has_ended = self.known is None or self.known not in self.state.open_warnings
        if has_ended and not any(one.state in FINAL for one in self.life):
            return "本预警已撤销、已消除或已归档，无需办理"
        if about.role is Role.COPY:
            return "本件抄送你单位知悉，无需签收"
        return why_not(self.life, state=act, measure=about.measure, actor=self.ticket.person)


@dataclasses.dataclass(frozen=True, slots=True)
class WarningPage:
    """The page of a warning.

    ``now`` is the wall clock, or None where time is event time (a simulation): an act is then of
    the moment at which the enterprise stands.
    """

    links: Links
    log: NotificationLog
    lives: Lives
    store: EnterpriseStore
    publisher: Publisher
    tree: AuthorityTree
    partitions: int
    note: Callable[[Look], Awaitable[None]]
    now: Callable[[], dt.datetime]
    in_event_time: bool = False

    async def show(self, token: str) -> Answer:
        """Return the page of a link; the look is written to the trail before.

        Raises:
            streams.store.StoreUnavailableError: Redis does not answer.
            alerts.notification_log.LogUnreachableError: Redis does not answer.
        """
        case = await self._case(token)
        if case is None:
            return Answer(UNKNOWN, _UNKNOWN)
        await self._trace(case, "look", allowed=True)
        return Answer(OK, self._page(case))

    async def act(self, token: str, form: Mapping[str, str]) -> Answer:
        """Do what a form asks, if this person may; return the page to look at.

        Raises:
            streams.store.StoreUnavailableError: Redis does not answer.
            alerts.notification_log.LogUnreachableError: Redis does not answer.
            streams.publisher.NotPublishedError: the act is not on the log.
        """
        case = await self._case(token)
        if case is None:
            return Answer(UNKNOWN, _UNKNOWN)
        asked = form.get("state", "")
        words = without_personal(one_line(form.get("note", "")))[:MOST_WORDS]
        outcome = form.get("outcome", "")
        refusal = _refusal(case, asked, form, words)
        await self._trace(case, asked if asked in ON_THE_PAGE else "?", allowed=not refusal)
        if refusal:
            return Answer(REFUSED, self._page(case, notice=refusal, is_refused=True))
        event = self._event(case, asked, words, outcome if asked == "closed" else "")
        value, uscc = e.encode(event), event.subject
        await self.publisher.publish([
            Outgoing(
                Topic.EVENT.value, partition_of(uscc, self.partitions), uscc.encode(), value
            )
        ])  # fmt: skip
        # The worker notes it too when it reads it; whoever looks or acts next must see it now.
        await self.lives.note(acts_of(case.state, event))
        return Answer(SEE_OTHER)

    async def _case(self, token: str) -> _Case | None:
        """Return the case of a link; None where it is forged, void or expired."""
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
        if not rows:
            return None
        row = max(
            rows, key=lambda one: (one.notification.created_at, one.notification.measure.rank)
        )
        letter, uscc = row.notification.content, row.notification.uscc
        assert isinstance(letter, Letter)
        loaded = await self.store.load(partition_of(uscc, self.partitions), [uscc])
        raw = loaded.states.get(uscc)
        state = states.decode(raw) if raw is not None else EnterpriseState()
        known = known_warning(state, ticket.warning_id)
        return _Case(ticket, row, letter, state, known, await self.lives.of(ticket.warning_id))

    def _page(self, case: _Case, *, notice: str = "", is_refused: bool = False) -> str:
        refusals = {act: case.why_not(act) for act in ON_THE_PAGE}
        may = [act for act, refusal in refusals.items() if not refusal]
        standing = "" if may == ["closed"] else refusals["feedback" if not may else "closed"]
        if "acknowledged" in may:
            standing = ""
        return page(
            case.letter,
            acts_in_words(
                case.life, tree=self.tree, person=case.ticket.person,
                measure=case.row.notification.measure.value, may=may, standing=standing,
                notice=notice, is_refused=is_refused,
            ),
        )  # fmt: skip

    def _event(self, case: _Case, state: str, words: str, outcome: str) -> e.Event:
        assert case.known is not None
        stands_at = dt.datetime.fromtimestamp(case.state.as_of, dt.UTC)
        return act_event(
            Act(state=state, actor=case.ticket.person, authority=case.ticket.authority,
                note=words, outcome=outcome),
            About(id=case.ticket.warning_id, uscc=case.row.notification.uscc,
                  measure=case.row.notification.measure, domain=case.known.domain),
            source=SOURCE,
            at=stands_at if self.in_event_time else self.now(),
        )  # fmt: skip

    async def _trace(self, case: _Case, what: str, *, allowed: bool) -> None:
        about = case.row.notification
        command = f"page {what} {case.ticket.warning_id}"
        await self.note(Look(self.now(), case.ticket.person, command, about.uscc, allowed=allowed))


def _refusal(case: _Case, asked: str, form: Mapping[str, str], words: str) -> str:
    """Return why what a form asks is not done, or ""."""
    if asked not in ON_THE_PAGE:
        return "请使用页面上的按钮办理"
    if refusal := case.why_not(asked):
        return refusal
    if form.get("measure") != case.row.notification.measure.value:
        return "预警已有变化，请核对后再办理"
    if asked in NEEDS_WORDS and not words:
        return "请填写理由" if asked == "returned" else "请填写处置结果"
    if asked == "closed" and form.get("outcome") not in OUTCOMES:
        return "请选择办结方式"
    return ""
