"""What does a person see behind the link of a mail, and what happens when they sign?

A look changes nothing: mail scanners follow links.  An act is an E58 on the event log, like one of
any other system; only what the person's own link allows is published.  The link of a batch leads
to its list: one button signs for all that nobody has, and each line to the page of its warning.
"""

import dataclasses
import datetime as dt
from collections.abc import Awaitable, Callable, Mapping, Sequence

from alerts.rendering import one_line, without_personal
from detectors import events as e
from detectors.handling import acts_of
from streams.audit import Look
from streams.page_words import (
    acts_in_words,
    list_in_words,
    list_page,
    member_page,
    page,
    plain_page,
)
from streams.publisher import Publisher
from streams.signing import About, Act, act_event, act_record, missing
from streams.warning_cases import Case, Cases, Told

SOURCE = "urn:sanzao:page"
SIGN = "acknowledged"
ON_THE_PAGE = (SIGN, "returned", "feedback", "closed")
MOST_WORDS = 300
OK, SEE_OTHER, REFUSED, UNKNOWN = 200, 303, 409, 404
NO_BUTTON = "请使用页面上的按钮办理"
CHANGED = "预警已有变化，请核对后再办理"
ALL_SIGNED = "名单上的预警均已签收、退回或已结束，无需重复签收"
_UNKNOWN = plain_page("链接无效", "请从最近一封预警邮件中重新打开链接，或联系值班台。")


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """A page, or where to look now."""

    status: int
    html: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class WarningPage:
    """The page of a warning, or of a batch.

    ``now`` is the wall clock, or None where time is event time (a simulation): an act is then of
    the moment at which the enterprise stands.
    """

    cases: Cases
    publisher: Publisher
    note: Callable[[Look], Awaitable[None]]
    now: Callable[[], dt.datetime]
    in_event_time: bool = False

    async def show(self, token: str, uscc: str = "") -> Answer:
        """Return the page of a link; the look is written to the trail before.

        ``uscc`` names one of the list, where the link is that of a batch.

        Raises:
            streams.store.StoreUnavailableError: Redis does not answer.
            alerts.notification_log.LogUnreachableError: Redis does not answer.
        """
        told = await self.cases.told(token)
        if told is None:
            return Answer(UNKNOWN, _UNKNOWN)
        if told.members and not uscc:
            await self._trace(told, "look", told.ticket.warning_id, "", allowed=True)
            return Answer(OK, self._list(told, await self.cases.listed(told, told.members)))
        case = await self._case(told, uscc)
        if case is None:
            return Answer(UNKNOWN, _UNKNOWN)
        await self._trace(told, "look", case.id, case.uscc, allowed=True)
        return Answer(OK, self._page(case))

    async def act(self, token: str, form: Mapping[str, str], uscc: str = "") -> Answer:
        """Do what a form asks, if this person may; return the page to look at.

        Raises:
            streams.store.StoreUnavailableError: Redis does not answer.
            alerts.notification_log.LogUnreachableError: Redis does not answer.
            streams.publisher.NotPublishedError: the act is not on the log.
        """
        told = await self.cases.told(token)
        if told is None:
            return Answer(UNKNOWN, _UNKNOWN)
        if told.members and not uscc:
            return await self._sign_all(told, form)
        case = await self._case(told, uscc)
        if case is None:
            return Answer(UNKNOWN, _UNKNOWN)
        asked = form.get("state", "")
        words = without_personal(one_line(form.get("note", "")))[:MOST_WORDS]
        outcome = form.get("outcome", "")
        refusal = _refusal(case, asked, form, words)
        what = asked if asked in ON_THE_PAGE else "?"
        await self._trace(told, what, case.id, case.uscc, allowed=not refusal)
        if refusal:
            return Answer(REFUSED, self._page(case, notice=refusal, is_refused=True))
        await self._say([case], asked, words, outcome if asked == "closed" else "")
        return Answer(SEE_OTHER)

    async def _sign_all(self, told: Told, form: Mapping[str, str]) -> Answer:
        """Sign for all on the list that are open and that nobody has; each is an act of its own."""
        cases = await self.cases.listed(told, told.members)
        waiting = [one for one in cases if one.waits and not one.why_not(SIGN)]
        refusal = ""
        if form.get("state") != SIGN:
            refusal = NO_BUTTON
        elif not waiting:
            refusal = ALL_SIGNED
        elif form.get("measure") != told.measure.value:
            refusal = CHANGED
        if refusal:
            await self._trace(told, SIGN, told.ticket.warning_id, "", allowed=False)
            return Answer(REFUSED, self._list(told, cases, notice=refusal))
        for case in waiting:
            await self._trace(told, SIGN, case.id, case.uscc, allowed=True)
        await self._say(waiting, SIGN)
        return Answer(SEE_OTHER)

    async def _case(self, told: Told, uscc: str) -> Case | None:
        """Return the case of a mail, or of one on its list; None where it is not on it."""
        if not uscc:
            return await self.cases.single(told)
        found = await self.cases.listed(told, [one for one in told.members if one.uscc == uscc])
        return found[0] if found else None

    async def _say(
        self, cases: Sequence[Case], state: str, words: str = "", outcome: str = ""
    ) -> None:
        """Publish an act on each of these; note it, so that whoever looks next sees it."""
        events = [(one, self._event(one, state, words, outcome)) for one in cases]
        partitions = self.cases.partitions
        await self.publisher.publish(act_record(event, partitions) for _, event in events)
        # The worker notes it too when it reads it; whoever looks or acts next must see it now.
        await self.cases.lives.note(
            act for one, event in events for act in acts_of(one.state, event)
        )

    def _page(self, case: Case, *, notice: str = "", is_refused: bool = False) -> str:
        refusals = {act: case.why_not(act) for act in ON_THE_PAGE}
        may = [act for act, refusal in refusals.items() if not refusal]
        standing = "" if may == ["closed"] else refusals["feedback" if not may else "closed"]
        if SIGN in may:
            standing = ""
        return (member_page if case.member else page)(
            case.told.letter,
            acts_in_words(
                case.life, tree=self.cases.tree, person=case.person,
                measure=case.told.measure.value, may=may, standing=standing,
                notice=notice, is_refused=is_refused, member=case.member,
                back=self.cases.links.token(case.told.ticket) if case.member else "",
            ),
        )  # fmt: skip

    def _list(self, told: Told, cases: Sequence[Case], *, notice: str = "") -> str:
        return list_page(
            told.letter,
            list_in_words(
                cases, measure=told.measure.value, notice=notice,
                here=self.cases.links.token(told.ticket),
            ),
        )  # fmt: skip

    def _event(self, case: Case, state: str, words: str, outcome: str) -> e.Event:
        assert case.known is not None
        stands_at = dt.datetime.fromtimestamp(case.state.as_of, dt.UTC)
        return act_event(
            Act(state=state, actor=case.person, authority=case.told.ticket.authority,
                note=words, outcome=outcome),
            About(id=case.id, uscc=case.uscc, measure=case.measure, domain=case.known.domain),
            source=SOURCE,
            at=stands_at if self.in_event_time else self.now(),
            life=case.life,
        )  # fmt: skip

    async def _trace(self, told: Told, what: str, name: str, uscc: str, *, allowed: bool) -> None:
        command = f"page {what} {name}"
        await self.note(Look(self.now(), told.ticket.person, command, uscc, allowed=allowed))


def _refusal(case: Case, asked: str, form: Mapping[str, str], words: str) -> str:
    """Return why what a form asks is not done, or ""."""
    if asked not in ON_THE_PAGE:
        return NO_BUTTON
    if refusal := case.why_not(asked):
        return refusal
    if form.get("measure") != case.told.measure.value:
        return CHANGED
    return missing(asked, note=words, outcome=form.get("outcome", ""))
