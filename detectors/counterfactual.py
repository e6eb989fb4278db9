"""What would bring an enterprise back to a better class?  Advice on repair (信用修复建议).

The advice rests on facts and rules alone; the learned part follows by itself.
"""

import msgspec

from detectors.expertise import Expertise
from detectors.facts import DAY_S, PENALTIES, Fact
from detectors.functions import Age, Hard, HardIndustry, IndustryLevel
from detectors.knowledge import Indicator
from detectors.measure import RiskClass
from detectors.score import band_rank
from detectors.state import EnterpriseState
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
    catalogue = expertise.catalogue
    as_of = state.as_of
    bands = expertise.knowledge.scoring.bands
    assessment = catalogue.assess(state.profile, state.facts, as_of, unheard=state.withheld)
    left = dict(assessment.severities)
    hard = _hard_places(state, expertise, target)
    if max(band_rank(assessment.score, bands), assessment.floor_rank) <= target.rank:
        return None
    remedies = []
    while hard or band_rank(catalogue.score_of(left), bands) > target.rank:
        place = hard.pop(0) if hard else _heaviest(left, expertise)
        if place is None:
            break
        left.pop(place, None)
        score = catalogue.score_of(left)
        rank = max(
            band_rank(score, bands),
            max([catalogue.floor_of(p, state.profile) for p in hard], default=0),
        )
        remedies.append(_remedy(place, state, expertise, score=score, rank=rank))
    is_reached = not hard and band_rank(catalogue.score_of(left), bands) <= target.rank
    return WayBack(
        target=target,
        remedies=tuple(remedies),
        is_reached=is_reached,
        by_time=_by_time(state, expertise, target),
    )


def _hard_places(state: EnterpriseState, expertise: Expertise, target: RiskClass) -> list[int]:
    """Return the direct rules that hold the enterprise above the target."""
    catalogue = expertise.catalogue
    return [
        place
        for place, indicator in enumerate(catalogue.indicators)
        if isinstance(indicator.severity, Hard | HardIndustry)
        and catalogue.floor_of(place, state.profile) > target.rank
        and catalogue.facts_of(place, state.facts, state.as_of)
    ]


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
    """Return the first day on which the facts at hand no longer stand above the target."""
    bands = expertise.knowledge.scoring.bands
    for ahead in range(1, LOOK_AHEAD_DAYS + 1):
        moment = state.as_of + ahead * DAY_S
        later = expertise.catalogue.assess(
            state.profile, state.facts, moment, unheard=state.withheld
        )
        if max(band_rank(later.score, bands), later.floor_rank) <= target.rank:
            return day(moment)
    return ""
