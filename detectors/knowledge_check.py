"""Does a version of the knowledge hold together?  From documents to ``Knowledge``, or every hole.

The shell reads the YAML files and hands plain mappings to ``parse``.
"""

import datetime as dt
import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar, get_args

import msgspec

from detectors import neighbour_rules, organs, weights
from detectors.documents import document, stated
from detectors.facts import FactKind
from detectors.functions import (
    Besides,
    CapitalLevel,
    Collecting,
    Countdown,
    CountIn,
    FactsHold,
    Gathering,
    HardIndustry,
    IndustryLevel,
    InForce,
    InvalidKnowledgeError,
    Lasting,
    NotFiled,
    Overdue,
    Reached,
    Strict,
    SurgeHolds,
    Test,
    Unfiled,
)
from detectors.groups import groups_of, linked
from detectors.knowledge import Dimension, Indicator, Knowledge, Overlay, Rule, Scoring
from detectors.legal_lives import LegalLives
from detectors.measure import Measure
from detectors.neighbour_rules import NeighbourRules
from detectors.observation import parse_observation
from detectors.organs import OrganDocument, Organs
from detectors.repetition import RAISED_TO
from detectors.terms import Terms
from detectors.weights import Weights
from detectors.working_days import InvalidCalendarError, WorkingDays, parse_calendar

# The kinds that carry a day on which they fall due; any other would count as long overdue.
FALLING_DUE = frozenset(
    kind.name.lower()
    for kind in (
        FactKind.PERMIT,
        FactKind.ABNORMAL_LISTED,
        FactKind.UNREACHABLE,
        FactKind.CASE_OPEN,
        FactKind.SUBSCRIPTION_TOO_LONG,
        FactKind.SCOPE_NEEDS_PERMIT,
        FactKind.DEREGISTERING_SIMPLY,
        FactKind.DEREGISTERING,
        FactKind.DISCLOSURE_DUE,
        FactKind.RECTIFY_ORDERED,
        FactKind.EQUIPMENT,
        FactKind.PUBLIC_EQUIPMENT,
        FactKind.METER,
        FactKind.PENALTY_DUE,
        FactKind.INTERVIEW_DUE,
    )
)

_COLLECTING = get_args(Collecting)
EVENTS = frozenset([*(f"E{n:02}" for n in range(1, 61)), "T01", "T02", "T03"])
# 约谈 and 检查 reach into an enterprise's business: they need a law or a document by number.
_NEED_A_LAW = frozenset({Measure.INTERVIEW, Measure.INSPECTION})
_LAW = re.compile(r"第.+[条章]|〔\d{4}〕\d+号|令第\d+号")
# The choices within a cluster of groups double with each indicator; the shipped one has three.
MOST_TANGLED = 10

T = TypeVar("T")
CALENDAR = "calendar.yaml"
PROFESSIONAL = "professional/"  # the documents of the overlays stand in this folder


def parse(documents: Mapping[str, object]) -> Knowledge:
    """Return the knowledge that the documents state, one mapping a file name.

    Raises:
        InvalidKnowledgeError: names file and key, and says what would be right.
    """
    head = stated(documents, "knowledge.yaml", _Head)
    professional = {
        name: stated(documents, name, Overlay)
        for name in sorted(documents)
        if name.startswith(PROFESSIONAL)
    }
    overlays = tuple(professional.values())
    knowledge = Knowledge(
        version=head.version,
        effective_from=head.effective_from,
        scoring=head.scoring,
        domains=head.domains,
        allowed_usccs=head.allowed_usccs,
        class_sources=head.class_sources,
        indicators=(
            *stated(documents, "indicators.yaml", tuple[Indicator, ...]),
            *(
                msgspec.structs.replace(one, overlay=overlay.name)
                for overlay in overlays
                for one in overlay.indicators
            ),
        ),
        rules=stated(documents, "rules.yaml", tuple[Rule, ...]),
        overlays=overlays,
        terms=Terms(
            lives=stated(documents, "repair.yaml", LegalLives),
            weights=stated(documents, weights.FILE, Weights),
            organs=Organs(stated(documents, organs.FILE, OrganDocument)),
        ),
        neighbours=stated(documents, neighbour_rules.FILE, NeighbourRules),
        calendar=calendar_of(documents),
        observation=parse_observation(documents, domains=head.domains),
    )
    problems = [
        *_band_problems(knowledge.scoring),
        *_indicator_problems(knowledge),
        *_rule_problems(knowledge),
        *_group_problems(knowledge.indicators),
        *_overlay_problems(knowledge, professional),
        *knowledge.lives.problems(),
        *knowledge.terms.weights.problems(),
        *knowledge.terms.organs.problems(),
        *neighbour_rules.problems_of(knowledge.neighbours),
    ]
    if problems:
        raise InvalidKnowledgeError("\n".join(problems))
    return knowledge


def calendar_of(documents: Mapping[str, object]) -> WorkingDays:
    """Return the calendar of working days.

    Raises:
        InvalidKnowledgeError: it is missing, or contradicts itself.
    """
    try:
        return parse_calendar(document(documents, CALENDAR), file=CALENDAR)
    except InvalidCalendarError as error:
        raise InvalidKnowledgeError(str(error)) from error


class _Head(Strict, frozen=True):
    version: str
    effective_from: dt.date
    scoring: Scoring
    domains: dict[str, str]
    allowed_usccs: frozenset[str] = frozenset()
    class_sources: tuple[str, ...] = ()


def _band_problems(scoring: Scoring) -> list[str]:
    bands = scoring.bands
    problems = []
    if not 0 < bands.b < bands.c < bands.d < 1000:  # noqa: PLR2004 - the scale's own end
        problems.append(
            f"knowledge.yaml: scoring.bands: 0 < b < c < d < 1000 must hold, "
            f"got b={bands.b} c={bands.c} d={bands.d}: a gap or an overlap has no class"
        )
    if scoring.better_below_band >= bands.b:
        problems.append(
            f"knowledge.yaml: scoring.better_below_band: {scoring.better_below_band:g} reaches "
            f"below 0 from b={bands.b:g}: nobody could come back to A; lower it"
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


def _rising(steps: Mapping[int, float], where: str) -> list[str]:
    ordered = [severity for _, severity in sorted(steps.items())]
    return [] if ordered == sorted(ordered) else [f"{where}.steps: more must not weigh less"]


def _falling(steps: Mapping[int, float], where: str) -> list[str]:
    ordered = [severity for _, severity in sorted(steps.items(), reverse=True)]
    return (
        []
        if ordered == sorted(ordered)
        else [f"{where}.steps: fewer days left must not weigh less"]
    )


def _indicator_problems(knowledge: Knowledge) -> list[str]:
    problems = []
    seen: set[tuple[str, str]] = set()
    for index, indicator in enumerate(knowledge.indicators):
        file = f"professional/{indicator.overlay}.yaml" if indicator.overlay else "indicators.yaml"
        where = f"{file}: [{index}] {indicator.id}"
        if (indicator.overlay, indicator.id) in seen:
            problems.append(f"{where}: the id stands twice; ids are permanent, take a new one")
        seen.add((indicator.overlay, indicator.id))
        problems += _kinds(indicator.facts, f"{where}.facts")
        problems += _function_problems(indicator, where)
        problems += [
            f"{where}.{key}: {one!r} is not under domains"
            for key, names in (("domain", (indicator.domain,)), ("of", indicator.of))
            for one in names
            if one not in knowledge.domains and (key, one) != ("domain", "fact")
        ]
        problems += [
            f"{where}.events: {code!r} is no event; E01 to E60, or T01 or T02"
            for code in indicator.events
            if code not in EVENTS
        ]
        problems += [
            f"{where}.{key}: must say something: {hint}"
            for key, text, hint in (
                ("lead", indicator.lead, "the department of the province that leads"),
                ("basis", indicator.basis, 'the article of a law, or "proposal"'),
            )
            if not text.strip()
        ]
    missing = set(Dimension) - {indicator.dimension for indicator in knowledge.indicators}
    problems += [f"indicators.yaml: no indicator of dimension {one}" for one in sorted(missing)]
    return problems


def _function_problems(indicator: Indicator, where: str) -> list[str]:  # noqa: C901, PLR0911 - one arm a function
    at = f"{where}.severity"
    match indicator.severity:
        case CountIn(steps=steps):
            return _rising(steps, at)
        case Gathering(steps=steps, fled=fled, signs=signs):
            return [*_rising(steps, at), *_kinds(fled, f"{at}.fled"), *_kinds(signs, f"{at}.signs")]
        case Lasting(steps=steps, times=times, again=again):
            told = [] if bool(times) == bool(again) else [f"{at}: again and times go together"]
            return [*told, *_rising(steps, at), *_rising(times, at), *_kinds(again, f"{at}.again")]
        case Overdue(steps=steps, unless=unless):
            met = _kinds(unless, f"{at}.unless")
            return [*_rising(steps, at), *met, *_undue(indicator.facts, f"{where}.facts")]
        case Countdown(steps=steps):
            return [*_falling(steps, at), *_undue(indicator.facts, f"{where}.facts")]
        case Besides(others=others):
            return _kinds(others, f"{at}.others")
        case Unfiled(filed=filed, unless=unless):
            return [*_kinds(filed, f"{at}.filed"), *_kinds(unless, f"{at}.unless")]
        case InForce(unless=unless):
            return _kinds(unless, f"{at}.unless")
        case CapitalLevel(ranges=ranges):
            return [
                *_codes(ranges, f"{at}.ranges"),
                *(f"{at}.ranges.{code}: low must lie below high" for code, (low, high)
                  in ranges.items() if low >= high),
            ]  # fmt: skip
        case IndustryLevel(levels=levels):
            return _codes(levels, f"{at}.levels")
        case HardIndustry(floors=floors, unless=unless):
            named = (*unless, *itertools.chain.from_iterable(unless.values()))
            return [*_codes(floors, f"{at}.floors"), *_kinds(named, f"{at}.unless")]
        case _:
            return []


def _codes(codes: Iterable[str], where: str) -> list[str]:
    return [
        f"{where}: {code!r} is no industry; a section A to T and up to four digits (GB/T 4754)"
        for code in codes
        if not re.fullmatch(r"([A-T][0-9]{0,4})?", code)
    ]


def _group_problems(indicators: Sequence[Indicator]) -> list[str]:
    members: dict[str, set[str]] = {}
    for one in indicators:
        for name in one.groups:
            members.setdefault(name, set()).add(one.id)
    problems = [
        f"indicators.yaml: {next(iter(ids))}.groups: {name!r} has no other member; take it out, or "
        f"mend the name"
        for name, ids in sorted(members.items())
        if len(ids) == 1
    ]
    groups = groups_of(indicators)
    for cluster in linked(groups):
        if any(len(groups[p]) > 1 for p in cluster) and len(cluster) > MOST_TANGLED:
            names = sorted(frozenset[str]().union(*[groups[place] for place in cluster]))
            problems.append(
                f"indicators.yaml: groups: {', '.join(names)} share indicators and hold "
                f"{len(cluster)}; at most {MOST_TANGLED} may, take some apart"
            )
    return problems


def _overlay_problems(knowledge: Knowledge, professional: Mapping[str, Overlay]) -> list[str]:
    problems = []
    owners: dict[str, str] = {}
    for where, overlay in professional.items():
        if where != f"{PROFESSIONAL}{overlay.name}.yaml":
            problems.append(f"{where}: name: {overlay.name!r} must be the file's own name")
        problems += [
            f"{where}: [{n}] {one.id}.why: a professional line must give its reason"
            for n, one in enumerate(overlay.indicators)
            if not one.why.strip()
        ]
        for domain in overlay.domains:
            if domain not in knowledge.domains:
                problems.append(f"{where}.domains: {domain!r} is not under domains")
            if domain in owners:
                problems.append(
                    f"{where}.domains: {domain} belongs to {owners[domain]} too; a fact has one "
                    f"professional catalogue, take it out of one of them"
                )
            owners[domain] = overlay.name
    return problems


def _rule_problems(knowledge: Knowledge) -> list[str]:
    problems = []
    seen: set[str] = set()
    for index, rule in enumerate(knowledge.rules):
        where = f"rules.yaml: [{index}] {rule.id}"
        if rule.id in seen:
            problems.append(f"{where}: the id stands twice; ids are permanent, take a new one")
        seen.add(rule.id)
        if rule.domain != "fact" and rule.domain not in knowledge.domains:
            problems.append(f"{where}.domain: {rule.domain!r} is not under domains")
        problems += _kinds(rule.unless, f"{where}.unless")
        problems += _kinds(rule.settled_by, f"{where}.settled_by")
        asked = [tier.measure for tier in rule.tiers]
        if rule.again_within_days:
            if Measure.WARNING not in asked:
                problems.append(f"{where}.again_within_days: no tier is a warning; take it out")
            asked.append(RAISED_TO)
        graver = [measure for measure in asked if measure in _NEED_A_LAW]
        if graver and not _LAW.search(rule.basis):
            problems.append(
                f"{where}.basis: {rule.basis!r} is no law; an {graver[0]} must name the article or "
                f"the document it rests on"
            )
        if not rule.advice.strip():
            problems.append(f"{where}.advice: must say what the officer should do")
        problems += _word_problems(rule, where, knowledge)
        ranks = [tier.measure.rank for tier in rule.tiers]
        if ranks != sorted(ranks, reverse=True):
            problems.append(f"{where}.tiers: must stand gravest first")
        for tier in rule.tiers:
            problems += _kinds(tier.unless, f"{where}.tiers.{tier.measure}.unless")
            problems += _test_problems(tier.when, f"{where}.tiers.{tier.measure}", knowledge)
    return problems


def _word_problems(rule: Rule, where: str, knowledge: Knowledge) -> list[str]:
    """Return what is wrong with the words that hold for a measure, a kind or a domain alone."""
    taken = {tier.measure for tier in rule.tiers}
    problems = [
        f"{where}.{key}: {measure.value} is no measure of this rule; take it out"
        for key, words in (("matter_at", rule.matter_at), ("advice_at", rule.advice_at))
        for measure in words
        if measure not in taken
    ]
    problems += [
        f"{where}.advice_at.{measure.value}: must say what the officer should do"
        for measure, advice in rule.advice_at.items()
        if not advice.strip()
    ]
    for name, basis in rule.basis_of.items():
        if name not in knowledge.domains and name.upper() not in FactKind.__members__:
            problems.append(f"{where}.basis_of: {name!r} is neither a fact kind nor a domain")
        if not _LAW.search(basis):
            problems.append(f"{where}.basis_of.{name}: {basis!r} is no law; name the article")
    return problems


def _test_problems(test: Test, where: str, knowledge: Knowledge) -> list[str]:
    match test:
        case FactsHold(facts=facts, domains=domains, beside=beside):
            return [
                *_kinds((*facts, *beside), f"{where}.facts"),
                *(
                    f"{where}.domains: {one!r} is not under domains"
                    for one in domains
                    if one not in knowledge.domains
                ),
            ]
        case Reached(facts=facts, since=since, domains=domains, beside=beside):
            undue = _undue(facts, f"{where}.facts") if since == "due" else []
            return [
                *_kinds((*facts, *beside), f"{where}.facts"),
                *undue,
                *(
                    f"{where}.domains: {one!r} is not under domains"
                    for one in domains
                    if one not in knowledge.domains
                ),
            ]
        case NotFiled(facts=facts):
            return _kinds(facts, f"{where}.facts")
        case SurgeHolds():
            return _surge_problems(test, where, knowledge)
        case _:
            return []


def _surge_problems(test: SurgeHolds, where: str, knowledge: Knowledge) -> list[str]:
    name = test.indicator
    problems = _kinds(test.beside, f"{where}.beside")
    generic = {one.id: one.severity for one in knowledge.indicators if not one.overlay}
    if not isinstance(generic.get(name), _COLLECTING):
        problems.append(f"{where}.indicator: {name!r} is no indicator that collects facts")
    problems += [
        f"{where}.indicator: {name} has a line in professional/{one.overlay}.yaml too; a rule "
        f"looks at the generic one alone, take that line out"
        for one in knowledge.indicators
        if one.id == name and one.overlay
    ]
    return problems
