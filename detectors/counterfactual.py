"""What would bring an enterprise back to a better class?  Advice on repair (信用修复建议).

The advice rests on facts and rules alone; the learned part follows by itself.
"""

import datetime as dt

import msgspec

from detectors.deadline import deadline_of
from detectors.effects import Position
from detectors.expertise import Expertise
from detectors.facts import DAY_S, PENALTIES, Fact
from detectors.functions import Age, IndustryLevel
from detectors.knowledge import Indicator
from detectors.measure import RiskClass
from detectors.score import reached_rank
from detectors.state import EnterpriseState
from detectors.step import step
from detectors.wording import day

# As far as a publication reaches: three years, and the year in which a severe penalty fades.
LOOK_AHEAD_DAYS = 4 * 365
_PENALTY_KINDS = frozenset(int(kind) for kind in PENALTIES)
_CLASSES = tuple(RiskClass)


class Remedy(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to be done, or to be waited for.

    Units:
        ``score`` is what remains when this and all remedies before it have taken effect;
        ``possible_from`` is a day in China, "" for at once.
    """

    indicator: str
    text: str
    score: float
    risk_class: RiskClass
    possible_from: str = ""


class WayBack(msgspec.Struct, frozen=True, kw_only=True):
    """The shortest list of remedies that reaches a class, and when time alone would reach it.

    A class gets better only below its band's edge by a margin, and after a day of it; so the
    remedies reach below the margin, and ``by_time`` is the day on which the class really moves
    where nothing else happens.

    Shapes:
        ``remedies`` stand heaviest first; ``is_reached`` says whether they suffice (what lies in
        age or trade, nobody can cure).  ``by_time`` is a day, "" where time alone never does.
    """

    target: RiskClass
    remedies: tuple[Remedy, ...]
    is_reached: bool
    by_time: str


def way_back(
    state: EnterpriseState, expertise: Expertise, *, target: RiskClass = RiskClass.B
) -> WayBack | None:
    """Return how an enterprise gets back to ``target``, or None where it stands there already."""
    if state.rule.rank <= target.rank:
        return None
    catalogue = expertise.catalogue
    scoring = expertise.knowledge.scoring
    assessment = catalogue.assess(state.profile, state.facts, state.as_of, unheard=state.withheld)
    left = dict(assessment.severities)
    hard = _hard_places(state, expertise, target)
    remedies = []
    while hard or reached_rank(catalogue.score_of(left), scoring) > target.rank:
        place = hard.pop(0) if hard else _heaviest(left, expertise)
        if place is None:
            break
        left.pop(place, None)
        score = catalogue.score_of(left)
        floor = max([catalogue.floor_of(p, state.profile) for p in hard], default=0)
        rank = min(state.rule.rank, max(reached_rank(score, scoring), floor))
        remedies.append(_remedy(place, state, expertise, score=score, rank=rank))
    is_reached = not hard and reached_rank(catalogue.score_of(left), scoring) <= target.rank
    return WayBack(
        target=target,
        remedies=tuple(remedies),
        is_reached=is_reached,
        by_time=_by_time(state, expertise, target),
    )


def _hard_places(state: EnterpriseState, expertise: Expertise, target: RiskClass) -> list[int]:
    """Return the direct rules that hold the enterprise above the target."""
    rules = expertise.catalogue.direct_rules(state.profile, state.facts, state.as_of)
    return [one.place for one in rules if one.rank > target.rank]


def _heaviest(left: dict[int, float], expertise: Expertise) -> int | None:
    """Return the contribution without which the score is lowest, among those that can end."""
    catalogue = expertise.catalogue
    curable = [
        place
        for place in left
        if not isinstance(catalogue.indicators[place].severity, Age | IndustryLevel)
        and catalogue.points_of(place, left[place]) > 0
    ]
    if not curable:
        return None
    return min(
        curable,
        key=lambda place: (
            catalogue.score_of({other: s for other, s in left.items() if other != place}),
            place,
        ),
    )


def _remedy(
    place: int, state: EnterpriseState, expertise: Expertise, *, score: float, rank: int
) -> Remedy:
    indicator = expertise.catalogue.indicators[place]
    facts = expertise.catalogue.facts_of(place, state.facts, state.as_of)
    text, possible_from = _advice(indicator, facts, state, expertise)
    return Remedy(
        indicator=indicator.id,
        text=text,
        score=score,
        risk_class=_CLASSES[rank],
        possible_from=possible_from,
    )


def _advice(
    indicator: Indicator, facts: list[Fact], state: EnterpriseState, expertise: Expertise
) -> tuple[str, str]:
    penalties = [fact for fact in facts if fact.kind in _PENALTY_KINDS]
    if penalties:
        lives = expertise.knowledge.lives
        starts = [lives.repairable_from(fact) for fact in penalties]
        basis = lives.regime_at(penalties[0].document.decided or penalties[0].at).basis
        documents = "、".join(f.document.doc_no for f in penalties if f.document.doc_no)
        named = f"（{documents}）" if documents else ""
        if None in starts:
            end = day(max(fact.due or lives.published_until(fact) for fact in penalties))
            return f"{indicator.name}{named}：不得提前停止公示，公示期满为止（{basis}）", end
        start = max([one for one in starts if one is not None])
        when = "" if start <= state.as_of else day(start)
        return (
            f"{indicator.name}{named}：履行处罚决定、消除影响后申请信用修复（{basis}）",
            when,
        )
    if indicator.cure:
        return f"{indicator.name}：{indicator.cure}", ""
    window = getattr(indicator.severity, "window_days", 0) * DAY_S
    ends = [fact.end or (window and fact.at + window) for fact in facts]
    when = day(max(ends)) if ends and all(ends) else ""
    return f"{indicator.name}：随时间减轻，无需申请", when


def _by_time(state: EnterpriseState, expertise: Expertise, target: RiskClass) -> str:
    """Return the day on which deadlines alone bring the class back, as the stream would."""
    end = state.as_of + LOOK_AHEAD_DAYS * DAY_S
    while state.rule.rank > target.rank:
        at = state.wake_at or state.as_of + DAY_S
        if at > end:
            return ""
        place = Position(state.epoch, state.partition, state.offset + 1)
        now = dt.datetime.fromtimestamp(at, dt.UTC)
        # Whose deadline it is makes no difference to the class.
        state, _ = step(state, deadline_of("", at), expertise, now=now, position=place)
    return day(state.as_of)
