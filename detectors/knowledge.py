"""What does this version of the catalogue say?  Indicators, rules, bands, as checked data.

The documents are YAML under ``config/knowledge``; the shell reads them and hands plain mappings
to ``parse``.  What loads is trusted everywhere; what has a hole does not load.
"""

import datetime as dt
import enum
import itertools
from collections.abc import Mapping
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta

from detectors.facts import FactKind
from detectors.measure import Measure, RiskClass

Points = Annotated[int, Meta(ge=-200, le=1000)]
Severity = Annotated[float, Meta(ge=0, le=1)]
Days = Annotated[int, Meta(ge=0, le=3650)]
Names = Annotated[tuple[str, ...], Meta(min_length=1)]  # an empty one could never hold
# The kinds that carry a day on which they fall due; any other would count as long overdue.
FALLING_DUE = frozenset({FactKind.PERMIT.name.lower()})


class InvalidKnowledgeError(ValueError):
    """A knowledge document has a hole; the analyst who edited it mends the file and key named."""


class Dimension(enum.StrEnum):
    """The five dimensions of the 通用型指标体系 (豫市监〔2022〕21号 三(一))."""

    BASE = "BASE"
    DYN = "DYN"
    SUP = "SUP"
    REL = "REL"
    SOC = "SOC"

    @property
    def label(self) -> str:
        """Return the official Chinese name."""
        return _DIMENSIONS[self]


_DIMENSIONS = dict(
    zip(
        Dimension,
        ("企业基础属性", "企业动态", "监管", "关联关系", "社会评价"),
        strict=True,
    )
)


class Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A document's part: an unknown key is a misspelt one."""


class InForce(Strict, frozen=True, tag_field="function", tag="STATE"):
    """In force or not: the heaviest fact counts."""


class Decay(Strict, frozen=True, tag_field="function", tag="DECAY"):
    """Each fact loses half its weight in ``half_life_days``; several add up, capped at 1."""

    half_life_days: Annotated[int, Meta(gt=0)]
    window_days: Days


class CountIn(Strict, frozen=True, tag_field="function", tag="COUNT"):
    """How many in the window: ``steps`` maps a number of facts to a severity."""

    window_days: Days
    steps: dict[int, Severity]


class Burst(Strict, frozen=True, tag_field="function", tag="BURST"):
    """Distinct complainants x matters in a week, against the twelve weeks before.

    Severity ``some`` from max(``at_least``, mean + 3 sigma) on; 1 from three times that, or from
    ``many`` on.
    """

    at_least: Annotated[int, Meta(ge=1)]
    many: Annotated[int, Meta(ge=1)]
    some: Severity = 0.5


class Countdown(Strict, frozen=True, tag_field="function", tag="COUNTDOWN"):
    """Days left to a day that is due: ``steps`` maps "at most so many days" to a severity."""

    steps: dict[int, Severity]


class Together(Strict, frozen=True, tag_field="function", tag="TOGETHER"):
    """All the kinds of ``facts`` within ``within_days``; then decays from the last of them."""

    within_days: Days
    half_life_days: Annotated[int, Meta(gt=0)]


class Age(Strict, frozen=True, tag_field="function", tag="AGE"):
    """Years since establishment: the first step with "under so many years" gives the severity."""

    steps: dict[int, Severity]


class IndustryLevel(Strict, frozen=True, tag_field="function", tag="INDUSTRY"):
    """The inherent risk of the industry, by the longest prefix of its code (GB/T 4754)."""

    levels: dict[str, Severity]


class Hard(Strict, frozen=True, tag_field="function", tag="HARD"):
    """A direct rule: while a fact is in force the class is at least ``floor``."""

    floor: RiskClass


Function = InForce | Decay | CountIn | Burst | Countdown | Together | Age | IndustryLevel | Hard


class Indicator(Strict, frozen=True):
    """One line of the catalogue.

    ``points`` are what full severity weighs in the score (negative: good news).  Indicators of
    one ``group`` count once, by the heaviest.  ``basis`` is the legal basis, or "proposal".
    """

    id: Annotated[str, Meta(pattern=r"^[BDSRC]\d{2}$")]
    name: str
    english: str
    dimension: Dimension
    domain: str
    events: tuple[str, ...]
    facts: Names
    severity: Function
    points: Points
    group: str = ""
    lead: str = ""
    basis: str = "proposal"


class FactsHold(Strict, frozen=True, tag_field="test", tag="facts"):
    """At least so many facts of these kinds, each heavy enough, within the window."""

    facts: Names
    at_least: Annotated[int, Meta(ge=1)] = 1
    weight_at_least: Severity = 0.0
    within_days: Days = 0  # 0: as long as they are in force
    domains: tuple[str, ...] = ()


class FallsDue(Strict, frozen=True, tag_field="test", tag="due"):
    """A due day is at most so many days away (0: it has passed)."""

    facts: Names
    days: Days


class SurgeHolds(Strict, frozen=True, tag_field="test", tag="surge"):
    """The burst of an indicator has reached a severity."""

    indicator: str
    severity: Severity


class ClassWorsened(Strict, frozen=True, tag_field="test", tag="worsened"):
    """The class by rules has become worse by at least so many bands with this event."""

    bands: Annotated[int, Meta(ge=1, le=3)]


class ScoreRose(Strict, frozen=True, tag_field="test", tag="rose"):
    """The score by rules stands so far above its lowest of 30 days, the class unchanged."""

    points: Annotated[int, Meta(ge=1, le=1000)]


Test = FactsHold | FallsDue | SurgeHolds | ClassWorsened | ScoreRose


class Tier(Strict, frozen=True):
    """What has to hold for a measure."""

    measure: Measure
    when: Test


class Rule(Strict, frozen=True):
    """When must somebody act?  Tiers stand gravest first; the first that holds fires.

    ``domain`` is a domain code, or "fact" where the facts that fired it name the domain.
    ``matter`` is the short label an officer reads; ``basis`` the article it rests on.
    """

    id: Annotated[str, Meta(pattern=r"^W\d{2}$")]
    name: str
    family: Annotated[str, Meta(pattern=r"^[a-z_]+$")]
    domain: str
    matter: Annotated[str, Meta(max_length=20)]
    basis: Annotated[str, Meta(min_length=1)]
    advice: str
    tiers: Annotated[tuple[Tier, ...], Meta(min_length=1)]


class Bands(Strict, frozen=True):
    """Where the classes begin: B, C and D (A begins at 0, D ends at 1000), half-open."""

    b: float
    c: float
    d: float


class Scoring(Strict, frozen=True):
    """How contributions become a score and a class."""

    bands: Bands
    better_below_band: Annotated[float, Meta(ge=0)]
    better_after_hours: Annotated[int, Meta(ge=0)]
    positive_cap: Annotated[float, Meta(ge=0)]
    provisional_weight: Severity
    learned_points: Annotated[int, Meta(ge=0, le=1000)]


class Knowledge(Strict, frozen=True):
    """One version of everything that decides, but for the model.

    ``domains`` maps a domain's code to its Chinese name; ``allowed_usccs`` lists genuine codes
    whose check digit is wrong.
    """

    version: str
    effective_from: dt.date
    scoring: Scoring
    indicators: tuple[Indicator, ...]
    rules: tuple[Rule, ...]
    domains: dict[str, str]
    allowed_usccs: frozenset[str] = frozenset()


T = TypeVar("T")


def parse(documents: Mapping[str, object]) -> Knowledge:
    """Return the knowledge that the documents state, one mapping a file name.

    Raises:
        InvalidKnowledgeError: names file and key, and says what would be right.
    """
    head = _convert("knowledge.yaml", documents, _Head)
    knowledge = Knowledge(
        version=head.version,
        effective_from=head.effective_from,
        scoring=head.scoring,
        domains=head.domains,
        allowed_usccs=head.allowed_usccs,
        indicators=_convert("indicators.yaml", documents, tuple[Indicator, ...]),
        rules=_convert("rules.yaml", documents, tuple[Rule, ...]),
    )
    problems = [
        *_band_problems(knowledge.scoring),
        *_indicator_problems(knowledge),
        *_rule_problems(knowledge),
    ]
    if problems:
        raise InvalidKnowledgeError("\n".join(problems))
    return knowledge


class _Head(Strict, frozen=True):
    version: str
    effective_from: dt.date
    scoring: Scoring
    domains: dict[str, str]
    allowed_usccs: frozenset[str] = frozenset()


def _convert(name: str, documents: Mapping[str, object], type_: type[T]) -> T:
    if name not in documents:
        raise InvalidKnowledgeError(f"{name} is missing from the knowledge directory; restore it")
    try:
        return msgspec.convert(documents[name], type_, str_keys=False)
    except msgspec.ValidationError as error:
        raise InvalidKnowledgeError(f"{name}: {error}") from error


def _band_problems(scoring: Scoring) -> list[str]:
    bands = scoring.bands
    problems = []
    if not 0 < bands.b < bands.c < bands.d < 1000:  # noqa: PLR2004 - the scale's own end
        problems.append(
            f"knowledge.yaml: scoring.bands: 0 < b < c < d < 1000 must hold, "
            f"got b={bands.b} c={bands.c} d={bands.d}: a gap or an overlap has no class"
        )
    # Invariant 6: from the top of a band, the learned factor must not cross a whole band.
    factor = 1 - scoring.learned_points / 1000
    edges = (0.0, bands.b, bands.c, bands.d, 1000.0)
    for low, high in itertools.pairwise(edges[1:]):
        below = low - 1e-9
        if high < 1000 and 1000 * (1 - (1 - below / 1000) * factor) >= high:  # noqa: PLR2004
            problems.append(
                f"knowledge.yaml: scoring.learned_points: {scoring.learned_points} lifts a score "
                f"of {below:.0f} over {high:.0f}, two classes; lower it"
            )
    return problems


def _kinds(names: tuple[str, ...], where: str) -> list[str]:
    known = {kind.name.lower() for kind in FactKind}
    return [
        f"{where}: {name!r} is no fact kind; use one of {', '.join(sorted(known))}"
        for name in names
        if name not in known
    ]


def _undue(names: tuple[str, ...], where: str) -> list[str]:
    return [
        f"{where}: {name!r} never falls due; use one of {', '.join(sorted(FALLING_DUE))}"
        for name in names
        if name not in FALLING_DUE
    ]


def _indicator_problems(knowledge: Knowledge) -> list[str]:
    problems = []
    seen: set[str] = set()
    for index, indicator in enumerate(knowledge.indicators):
        where = f"indicators.yaml: [{index}] {indicator.id}"
        if indicator.id in seen:
            problems.append(f"{where}: the id stands twice; ids are permanent, take a new one")
        seen.add(indicator.id)
        problems += _kinds(indicator.facts, f"{where}.facts")
        match indicator.severity:
            case CountIn(steps=steps):
                ordered = [severity for _, severity in sorted(steps.items())]
                if ordered != sorted(ordered):
                    problems.append(f"{where}.severity.steps: more facts must not weigh less")
            case Countdown():
                problems += _undue(indicator.facts, f"{where}.facts")
            case _:
                pass
        if indicator.domain != "fact" and indicator.domain not in knowledge.domains:
            problems.append(f"{where}.domain: {indicator.domain!r} is not under domains")
    missing = set(Dimension) - {indicator.dimension for indicator in knowledge.indicators}
    problems += [f"indicators.yaml: no indicator of dimension {one}" for one in sorted(missing)]
    return problems


def _rule_problems(knowledge: Knowledge) -> list[str]:
    problems = []
    seen: set[str] = set()
    indicators = {indicator.id: indicator for indicator in knowledge.indicators}
    for index, rule in enumerate(knowledge.rules):
        where = f"rules.yaml: [{index}] {rule.id}"
        if rule.id in seen:
            problems.append(f"{where}: the id stands twice; ids are permanent, take a new one")
        seen.add(rule.id)
        if rule.domain != "fact" and rule.domain not in knowledge.domains:
            problems.append(f"{where}.domain: {rule.domain!r} is not under domains")
        ranks = [tier.measure.rank for tier in rule.tiers]
        if ranks != sorted(set(ranks), reverse=True):
            problems.append(f"{where}.tiers: must stand gravest first, each measure once")
        for tier in rule.tiers:
            match tier.when:
                case FactsHold(facts=facts, domains=domains):
                    problems += _kinds(facts, f"{where}.tiers.{tier.measure}.facts")
                    problems += [
                        f"{where}.tiers.{tier.measure}.domains: {one!r} is not under domains"
                        for one in domains
                        if one not in knowledge.domains
                    ]
                case FallsDue(facts=facts):
                    problems += _undue(facts, f"{where}.tiers.{tier.measure}.facts")
                case SurgeHolds(indicator=name):
                    if name not in indicators or not isinstance(indicators[name].severity, Burst):
                        problems.append(
                            f"{where}.tiers.{tier.measure}.indicator: {name!r} is no BURST "
                            f"indicator"
                        )
                case _:
                    pass
    return problems
