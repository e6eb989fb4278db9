"""Which share of its kind is drawn for inspection (双随机), and does the law leave a choice?

The table's ratio, then floors, then the cycles that the law sets; and the rest after an inspection.
"""

import datetime as dt
import enum
from collections.abc import Sequence

import msgspec

from detectors.facts import DAY_S, Fact, FactKind, kinds_named
from detectors.measure import RiskClass
from detectors.sampling_plan import Cycle, Floor, SamplingPlan
from detectors.warning import CHINA

PERMIT = int(FactKind.PERMIT)


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """Whom the sampler looks at, as of a moment.

    Shapes:
        ``facts`` are all that are remembered; ``archived`` counts looks whose dates are not.

    Units:
        ``established`` is in seconds, 0 where unknown.
    """

    uscc: str
    name: str
    place: str
    industry: str
    category: str
    established: int
    facts: Sequence[Fact]
    archived: int = 0


class Due(enum.StrEnum):
    """Does the law demand an inspection now?"""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"  # nobody knows since when the enterprise is at work: a person must look

    @property
    def label(self) -> str:
        """Return the word in the export.

        >>> Due.UNKNOWN.label
        '待核对'
        """
        return {"yes": "是", "no": "否", "unknown": "待核对"}[self.value]


class Ratio(msgspec.Struct, frozen=True, kw_only=True):
    """The share to be drawn, and why just that.

    Units:
        ``value`` is 0 to 1 (of the enterprises of this cell, in the plan's year);
        ``last_inspected`` is in seconds, 0 where unknown; before ``rests_until`` the items that
        were looked at last are not looked at again (all of them where none is named).
    """

    value: float
    why: str
    due: Due = Due.NO
    last_inspected: int = 0
    rests_until: dt.date | None = None


def domains_of(plan: SamplingPlan, subject: Subject, *, as_of: int) -> tuple[str, ...]:
    """Return the domains in which an enterprise may be drawn, the main one first.

    Who granted it a permit, looked at it or supervises its trade is one of them; 谁审批、谁监管，
    谁主管、谁监管.
    """
    looks = kinds_named(plan.looks)
    found = {plan.domain_of_industry(subject.industry), plan.general}
    for fact in subject.facts:
        is_bond = fact.kind == PERMIT or fact.kind in looks or fact.domain == "SE"
        if is_bond and fact.counts_at(as_of):
            found.add(fact.domain)
    return tuple(domain for domain in plan.domains if domain in found)


def ratio_for(
    plan: SamplingPlan, subject: Subject, *, risk_class: RiskClass, domain: str, as_of: int
) -> Ratio:
    """Return the share of its cell in which an enterprise is drawn.

    Table, then floors, then the cycles of the law; at last the rest after an inspection, and the
    look in whose place no other is made that year, which suspicion sets aside.  A class, however
    good, never exempts from what the law demands.

    Units:
        ``as_of`` is event time in seconds: the last instant of the month; the ratio is for the
        year of the day after, in which it is used.
    """
    year = _day(as_of + DAY_S).year
    line = plan.line_for(risk_class, domain=domain, place=subject.place, year=year)
    assert line is not None, "parse has proven that every cell resolves"
    value, why = line.ratio, [f"{risk_class.value}级抽查比例{line.ratio:.0%}（{line.basis}）"]
    for floor in plan.floors:
        least = max(floor.at_least, min(1.0, line.ratio * floor.times))
        if least > value and _is_meant(floor, subject, risk_class, domain, as_of):
            value = least
            why.append(f"{floor.name}，不低于{least:.0%}（{floor.basis}）")
    last = _last_look(plan, subject, domain, as_of)
    due = Due.NO
    for cycle in plan.cycles:
        if domain not in cycle.domains:
            continue
        due, reason = _due(cycle, subject, domain, last=last, as_of=as_of)
        if reason:
            why.append(reason)
        if due is Due.YES:
            value = 1.0
    pause = _instead(plan, subject, domain, year=year, as_of=as_of)
    pause = pause or _pause(plan, subject, domain, last=last, as_of=as_of)
    if pause is not None:
        why.append(pause.told)
        if not pause.items:
            value = 0.0  # all items were looked at
    return Ratio(
        value=value,
        why="；".join(why),
        due=due,
        last_inspected=last,
        rests_until=pause.until if pause else None,
    )


def _is_meant(
    floor: Floor, subject: Subject, risk_class: RiskClass, domain: str, as_of: int
) -> bool:
    if floor.classes and risk_class not in floor.classes:
        return False
    if floor.domains and domain not in floor.domains:
        return False
    if floor.is_for_all or any(word in subject.category for word in floor.category_words):
        return True
    kinds, window = kinds_named(floor.facts), floor.within_days * DAY_S
    for fact in subject.facts:
        if not fact.counts_at(as_of) or (not floor.any_domain and fact.domain != domain):
            continue
        if fact.kind in kinds and not (window and as_of - fact.at >= window):
            return True
        if fact.kind == PERMIT and any(word in fact.note for word in floor.permit_words):
            return True
    return False


def _last_look(plan: SamplingPlan, subject: Subject, domain: str, as_of: int) -> int:
    """Return when somebody last inspected in a domain; a repaired result was a visit too."""
    looks = kinds_named(plan.looks)
    return max(
        (
            fact.at
            for fact in subject.facts
            if fact.kind in looks
            and fact.domain == domain
            and fact.at <= as_of
            and not fact.is_revoked
        ),
        default=0,
    )


def _due(cycle: Cycle, subject: Subject, domain: str, *, last: int, as_of: int) -> tuple[Due, str]:
    """Return whether the law's cycle runs out before the next plan, and in which words.

    Without an inspection on record it runs from the later of establishment and first permit.
    """
    permits = [f.at for f in subject.facts if f.kind == PERMIT and f.domain == domain]
    since = last or max(subject.established, min(permits, default=0))
    if not since or (not last and subject.archived):
        return Due.UNKNOWN, f"无{domain}检查日期在案，请核对是否已满法定周期（{cycle.basis}）"
    day = add_months(_day(since), cycle.months)
    if day > _day(as_of) + dt.timedelta(days=cycle.lead_days):
        return Due.NO, ""
    told = f"最近检查{_day(last)}" if last else f"自{_day(since)}起无检查记录"
    return Due.YES, f"{told}，{day}前应检查，不因等级豁免（{cycle.basis}）"


class _Pause(msgspec.Struct, frozen=True, gc=False):
    """Until when which items are left alone; no items: all of them."""

    until: dt.date
    items: str
    told: str


def _pause(
    plan: SamplingPlan, subject: Subject, domain: str, *, last: int, as_of: int
) -> _Pause | None:
    looks = kinds_named(plan.looks)
    for rest in plan.rests:
        if not last or domain not in rest.domains:
            continue
        until = add_months(_day(last), rest.months)
        suspicion = kinds_named(rest.unless)
        if until > _day(as_of + 1) and not any(
            f.kind in suspicion and f.at >= last and f.counts_at(as_of) for f in subject.facts
        ):
            items = {
                f.note
                for f in subject.facts
                if f.kind in looks and f.domain == domain and f.at == last and not f.is_revoked
            }
            named = "" if "" in items else "、".join(sorted(items))
            looked_at = f"（{named}）" if named else ""
            told = f"{_day(last)}已检查{looked_at}，{until}前不重复检查同一项目（{rest.basis}）"
            return _Pause(until, named, told)
    return None


def _instead(
    plan: SamplingPlan, subject: Subject, domain: str, *, year: int, as_of: int
) -> _Pause | None:
    """Return the look that stands in the place of this year's, where there was one."""
    looks = kinds_named(plan.looks)
    for one in plan.replaced:
        suspicion = kinds_named(one.unless)
        seen = [
            fact.at
            for fact in subject.facts
            if fact.kind in looks
            and fact.domain == domain
            and fact.at <= as_of
            and _day(fact.at).year == year
            and not fact.is_revoked
            and any(word in fact.note for word in one.words)
        ]
        if domain not in one.domains or not seen:
            continue
        if not any(
            fact.kind in suspicion and fact.at >= max(seen) and fact.counts_at(as_of)
            for fact in subject.facts
        ):
            told = f"{_day(max(seen))}已作{one.name}，本年度不再作常规监督检查（{one.basis}）"
            return _Pause(dt.date(year + 1, 1, 1), "", told)
    return None


def add_months(day: dt.date, months: int) -> dt.date:
    """Return the same day so many months later, or that month's last.

    >>> add_months(dt.date(2026, 11, 30), 3)
    datetime.date(2027, 2, 28)
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    following = dt.date(year + month // 11, (month + 1) % 12 + 1, 1)
    return dt.date(year, month + 1, min(day.day, (following - dt.timedelta(days=1)).day))


def _day(moment_s: int) -> dt.date:
    return dt.datetime.fromtimestamp(moment_s, CHINA).date()
