"""Why does an enterprise stand where it stands?  The risk card: score, class, reasons."""

import datetime as dt

import msgspec
from msgspec.structs import replace

from detectors.assessment import Assessment
from detectors.expertise import Expertise
from detectors.facts import DAY_S, ENDLESS_S, Fact
from detectors.measure import Measure, RiskClass
from detectors.score import band_rank
from detectors.state import EnterpriseState, Learned, Standing
from detectors.wording import day, fact_in_words

LEARNED = "LEARNED"
LEARNED_NAME = "模型关注度"
# A contribution under half a point cannot be seen in a score of whole points.
SHOW_FROM = 0.5
MAX_FACTS_SHOWN = 5


class Contribution(msgspec.Struct, frozen=True, kw_only=True):
    """What one indicator adds, and on what it rests.

    ``counted`` is false where a weightier one of its group stands for it: the score is the product
    of the counted lines alone.

    Units:
        ``points`` are points of 0 to 1000 before they are combined (negative: good news);
        ``without`` is the score that would remain if this contribution were taken out.
    """

    indicator: str
    name: str
    dimension: str
    points: float
    without: float
    text: str
    fact_ids: tuple[str, ...] = ()
    doc_nos: tuple[str, ...] = ()
    basis: str = ""
    lapses: str = ""
    counted: bool = True


class OpenMatter(msgspec.Struct, frozen=True, kw_only=True):
    """A warning that is open."""

    id: str
    rule: str
    measure: Measure
    opened: dt.datetime
    number: str = ""


class RiskCard(msgspec.Struct, frozen=True, kw_only=True):
    """The readable standing of one enterprise.

    Units:
        Scores are 0 to 1000, higher is riskier; ``probability`` is 0 to 1 or None; ``as_of`` is
        event time.  ``rule_score`` and ``rule_class`` leave the model out.
    """

    uscc: str
    enterprise: str
    score: float
    risk_class: RiskClass
    rule_score: float
    rule_class: RiskClass
    probability: float | None
    as_of: dt.datetime
    place: str
    contributions: tuple[Contribution, ...]
    open_warnings: tuple[OpenMatter, ...]
    knowledge_version: str
    model_version: str


def risk_card(
    uscc: str,
    state: EnterpriseState,
    expertise: Expertise,
    assessment: Assessment | None = None,
) -> RiskCard:
    """Return the card of a state as of its own clock, gravest contribution first.

    ``assessment`` is what the indicators say of the state, where it is known already.
    """
    probability = state.learned.probability
    return RiskCard(
        uscc=uscc,
        enterprise=state.profile.name or uscc,
        score=state.learned.live.score,
        risk_class=state.learned.live.risk_class,
        rule_score=state.rule.score,
        rule_class=state.rule.risk_class,
        probability=probability if state.learned.version else None,
        as_of=dt.datetime.fromtimestamp(state.as_of, dt.UTC),
        place=state.profile.place,
        contributions=contributions(state, expertise, assessment),
        open_warnings=tuple(
            OpenMatter(
                id=one.id,
                rule=one.rule,
                measure=Measure.of_rank(one.measure),
                opened=dt.datetime.fromtimestamp(one.opened, dt.UTC),
                number=one.number,
            )
            for one in state.open_warnings
        ),
        knowledge_version=expertise.knowledge.version,
        model_version=state.learned.version,
    )


def as_of_moment(state: EnterpriseState, expertise: Expertise, moment: int) -> EnterpriseState:
    """Return the state as its facts stand at another moment, in the past or to come.

    The classes are those of the scores alone: how long they have stood is not looked at.  What the
    model said then is not kept, so a moment in the past has no part of it; nor are the warnings
    that were open then and are closed by now.
    """
    known = expertise.at(moment)
    scoring = known.knowledge.scoring
    catalogue = known.catalogue
    assessment = catalogue.assess(state.profile, state.facts, moment, unheard=state.withheld)
    floor = assessment.floor_rank
    learned = Learned() if moment < state.as_of else state.learned
    extra = scoring.learned_points * max(0.0, learned.probability)
    live = catalogue.score_of(assessment.severities, extra)
    rank = max(band_rank(assessment.score, scoring.bands), floor)
    live_rank = min(rank + 1, max(band_rank(live, scoring.bands), floor))
    return replace(
        state,
        as_of=moment,
        wake_at=0,
        rule=Standing(assessment.score, rank),
        learned=replace(learned, live=Standing(live, live_rank)),
        open_warnings=[one for one in state.open_warnings if one.opened <= moment],
    )


def contributions(
    state: EnterpriseState, expertise: Expertise, assessment: Assessment | None = None
) -> tuple[Contribution, ...]:
    """Return what makes up the score at the state's own clock, heaviest first.

    Every line can be checked: taking it out and multiplying the rest anew gives ``without``.
    """
    assessment = assessment or expertise.catalogue.assess(
        state.profile, state.facts, state.as_of, unheard=state.withheld
    )
    lines = _own_lines(state, expertise, assessment.severities)
    lines += _hard_lines(state, expertise)
    lines += _learned_line(state, expertise, assessment.severities)
    return tuple(sorted(lines, key=lambda line: (-abs(line.points), line.indicator)))


def _own_lines(
    state: EnterpriseState, expertise: Expertise, severities: dict[int, float]
) -> list[Contribution]:
    """Return what the indicators add, each with the facts on which it rests."""
    catalogue = expertise.catalogue
    extra = _learned_points(state, expertise)
    counted = catalogue.counted(severities)
    lines = []
    for place, severity in severities.items():
        points = catalogue.points_of(place, severity)
        if abs(points) < SHOW_FROM:
            continue
        rest = {other: s for other, s in severities.items() if other != place}
        facts = catalogue.facts_of(place, state.facts, state.as_of)
        indicator = catalogue.indicators[place]
        lines.append(
            Contribution(
                indicator=indicator.id,
                name=indicator.name,
                dimension=indicator.dimension.label,
                points=round(points, 1),
                without=catalogue.score_of(rest, extra=extra),
                text=_in_words(indicator.name, facts, state),
                fact_ids=tuple(fact.name for fact in facts[:MAX_FACTS_SHOWN]),
                doc_nos=_doc_nos(facts),
                basis=indicator.basis,
                lapses=_lapses(indicator.severity, facts),
                counted=place in counted,
            )
        )
    return lines


def _learned_points(state: EnterpriseState, expertise: Expertise) -> float:
    return expertise.knowledge.scoring.learned_points * max(0.0, state.learned.probability)


def _learned_line(
    state: EnterpriseState, expertise: Expertise, severities: dict[int, float]
) -> list[Contribution]:
    """Return what the model adds, where that can be seen."""
    points = _learned_points(state, expertise)
    if points < SHOW_FROM:
        return []
    return [
        Contribution(
            indicator=LEARNED,
            name=LEARNED_NAME,
            dimension="模型",
            points=round(points, 1),
            without=expertise.catalogue.score_of(severities),
            text=f"模型估计此时检查发现问题的可能性为{max(0.0, state.learned.probability):.1%}"
            f"（版本{state.learned.version}，仅供关注，最多影响一级）",
        )
    ]


def _hard_lines(state: EnterpriseState, expertise: Expertise) -> list[Contribution]:
    """Return the direct rules in force: they set the class, not the number."""
    catalogue = expertise.catalogue
    return [
        Contribution(
            indicator=catalogue.indicators[place].id,
            name=catalogue.indicators[place].name,
            dimension=catalogue.indicators[place].dimension.label,
            points=0.0,
            without=state.learned.live.score,
            text=f"{fact_in_words(facts[0])}，直接判定为{'ABCD'[rank]}级",
            fact_ids=tuple(fact.name for fact in facts[:MAX_FACTS_SHOWN]),
            doc_nos=_doc_nos(facts),
            basis=catalogue.indicators[place].basis,
        )
        for place, rank, facts in catalogue.direct_rules(state.profile, state.facts, state.as_of)
    ]


def _doc_nos(facts: list[Fact]) -> tuple[str, ...]:
    return tuple(f.paper.doc_no for f in facts[:MAX_FACTS_SHOWN] if f.paper and f.paper.doc_no)


def _in_words(name: str, facts: list[Fact], state: EnterpriseState) -> str:
    if not facts:
        return f"{name}（{state.profile.industry or '登记信息'}）"
    text = fact_in_words(facts[0])
    return f"{name}：{text}" + (f"等{len(facts)}项" if len(facts) > 1 else "")


def _lapses(severity: object, facts: list[Fact]) -> str:
    """Return the day on which the last of the facts stops counting, or "" where none is known."""
    window = getattr(severity, "window_days", 0) * DAY_S
    until_due = getattr(severity, "until_due", False)
    lasts = [
        min((end for end in (fact.end, window and fact.at + window, until_due and fact.due) if end),
            default=ENDLESS_S)
        for fact in facts
    ]  # fmt: skip
    last = max(lasts, default=ENDLESS_S)
    return day(last) if last < ENDLESS_S else ""
