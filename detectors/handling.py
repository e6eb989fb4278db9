"""What have people done with a warning, and what may one of them do next (E58)?

Each act is one record of the warning's life.  The state keeps no acts: whoever shows or checks a
life reads it from where the records are kept.
"""

import datetime as dt
from collections.abc import Iterable, Sequence

import msgspec

from detectors.events import Event, Op, WarningHandled
from detectors.measure import Measure
from detectors.reading_society import FINAL
from detectors.state import EnterpriseState, OpenWarning

# Who has signed for a warning, or done more.  To give it back is no signature.
SIGNED = frozenset({"acknowledged", "verifying", "handling", "feedback", "review"}) | FINAL
# What a person does who deals with the matter: design §6, who closes an interview or an inspection
# is somebody else.
HANDLED = frozenset({"verifying", "handling", "feedback"})
FOUR_EYES = frozenset({Measure.INTERVIEW, Measure.INSPECTION})
# What says something of a warning; the other operations speak of records.
SAYING = frozenset({Op.ADD, Op.UPDATE})
ENDED = "本预警已办结，不能再办理"
LABELS = {
    "dispatched": "已派发", "acknowledged": "已签收", "verifying": "核查中", "handling": "处置中",
    "feedback": "已反馈", "review": "复核中", "closed": "已办结", "returned": "已退回",
    "transferred": "已移送", "suspended": "已中止", "cancelled": "已撤销", "expired": "已到期",
    "escalated": "已督办", "false_positive": "误报",
}  # fmt: skip
OUTCOMES = {
    "rectified": "已整改", "case_filed": "已立案", "listed": "已列入名录", "transferred": "已移送",
    "deregistered": "企业已注销", "false_positive": "误报", "data_corrected": "数据已更正",
    "repaired": "已信用修复",
}  # fmt: skip


class Handled(msgspec.Struct, frozen=True, kw_only=True):
    """One act of somebody on a warning.

    Shapes:
        ``state`` is a word of E58, ``measure`` what they had read: a graver one that was issued
        meanwhile is not signed for.  ``actor`` and ``authority`` are codes of the roster or "".
        ``cause`` is the event: the same act, however often it is read, has the same.

    Units:
        ``at`` is event time.
    """

    warning_id: str
    number: str
    uscc: str
    place: str
    measure: Measure
    state: str
    at: dt.datetime
    cause: str
    actor: str = ""
    authority: str = ""
    outcome: str = ""
    due: dt.date | None = None
    note: str = ""

    @property
    def label(self) -> str:
        """Return the official word for what was done."""
        return LABELS[self.state]


def known_warning(state: EnterpriseState, name: str) -> OpenWarning | None:
    """Return the warning of an id or a number, open or past, as far as the state remembers."""
    for one in (*state.open_warnings, *reversed(state.past_warnings)):
        if name and name in {one.id, one.number}:
            return one
    return None


def by_id(state: EnterpriseState, event: Event) -> Event:
    """Return an event; an E58 names its warning by the id, though told by the number."""
    data = event.data
    if type(data) is not WarningHandled:
        return event
    known = known_warning(state, data.warning_id)
    if known is None or known.id == data.warning_id:
        return event
    return msgspec.structs.replace(event, data=msgspec.structs.replace(data, warning_id=known.id))


def acts_of(state: EnterpriseState, event: Event) -> list[Handled]:
    """Return what an E58 adds to the life of a warning; nothing where the warning is not known."""
    data = event.data
    if not isinstance(data, WarningHandled) or data.op not in SAYING:
        return []
    known = known_warning(state, data.warning_id)
    if known is None:
        return []
    return [
        Handled(
            warning_id=known.id,
            number=known.number,
            uscc=event.subject,
            place=known.place,
            measure=Measure.of_rank(min(known.measure, Measure(data.measure).rank)),
            state=data.state,
            at=event.time,
            cause=f"{event.source}/{event.id}",
            actor=data.actor,
            authority=data.authority,
            outcome=data.outcome,
            due=data.due,
            note=data.note,
        )
    ]


def in_order(life: Iterable[Handled]) -> tuple[Handled, ...]:
    """Return the acts in the order in which they were done, each once."""
    once = {act.cause: act for act in life}
    return tuple(sorted(once.values(), key=lambda act: (act.at, act.cause)))


def is_signed(life: Iterable[Handled], measure: Measure) -> bool:
    """Return whether somebody has taken the warning on at this measure, and has not given it back.

    A graver measure is signed for anew: what was signed for was less.
    """
    holders = set()
    for act in in_order(life):
        if act.state in SIGNED and act.measure.rank >= measure.rank:
            holders.add(act.actor)
        elif act.state == "returned":
            holders.discard(act.actor)
    return bool(holders)


def why_not(life: Sequence[Handled], *, state: str, measure: Measure, actor: str) -> str:
    """Return why somebody may not do this next, in Chinese, or "" where they may.

    Weakness: it can only speak of the acts that it is shown.
    """
    if any(act.state in FINAL for act in life):
        return ENDED
    mine = [act for act in life if act.actor == actor and act.measure.rank >= measure.rank]
    has_signed = is_signed(mine, measure)
    if state == "acknowledged":
        return "已签收，无需重复签收" if has_signed else ""
    if state == "returned":
        return "已反馈处置结果，不能退回" if any(act.state in HANDLED for act in mine) else ""
    if not has_signed:
        return "请先签收"
    return why_not_end(life, state=state, measure=measure, actor=actor)


def why_not_end(life: Sequence[Handled], *, state: str, measure: Measure, actor: str) -> str:
    """Return why somebody may not end the warning so, or ""; what does not end it they may.

    Design §6: for an interview and an inspection, who closes is not who handled; so it takes a
    result to end one in whatever way, and somebody else.
    """
    if any(act.state in FINAL for act in life):
        return ENDED
    if state not in FINAL:
        return ""
    handlers = {act.actor for act in life if act.state in HANDLED}
    if not handlers and (state == "closed" or measure in FOUR_EYES):
        return "尚无处置结果，请先反馈"
    if measure in FOUR_EYES and actor in handlers:
        return f"{measure.label}的处置人不得自行办结，请由协办单位或负责人办结"
    return ""
