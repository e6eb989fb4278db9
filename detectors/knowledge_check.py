"""Does a version of the knowledge hold together?  From documents to ``Knowledge``, or every hole.

The shell reads the YAML files and hands plain mappings to ``parse``.
"""

import datetime as dt
import itertools
from collections.abc import Mapping
from typing import TypeVar

import msgspec

from detectors import neighbour_rules
from detectors.facts import FactKind
from detectors.functions import (
    Besides,
    Burst,
    Countdown,
    CountIn,
    FactsHold,
    Gathering,
    InvalidKnowledgeError,
    Lasting,
    NotFiled,
    Overdue,
    Reached,
    Strict,
    SurgeHolds,
    Test,
)
from detectors.knowledge import Dimension, Indicator, Knowledge, Overlay, Rule, Scoring
from detectors.legal_lives import LegalLives
from detectors.neighbour_rules import NeighbourRules
from detectors.observation import parse_observation
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
        FactKind.METER,
        FactKind.PENALTY_DUE,
        FactKind.INTERVIEW_DUE,
    )
)

T = TypeVar("T")
CALENDAR = "calendar.yaml"
PROFESSIONAL = "professional/"  # the documents of the overlays stand in this folder


def parse(documents: Mapping[str, object]) -> Knowledge:
    """Return the knowledge that the documents state, one mapping a file name.

    Raises:
        InvalidKnowledgeError: names file and key, and says what would be right.
    """
    head = _convert("knowledge.yaml", documents, _Head)
    overlays = tuple(
        _convert(name, documents, Overlay) for name in sorted(documents) if PROFESSIONAL in name
    )
    knowledge = Knowledge(
        version=head.version,
        effective_from=head.effective_from,
        scoring=head.scoring,
        domains=head.domains,
        allowed_usccs=head.allowed_usccs,
        indicators=(
            *_convert("indicators.yaml", documents, tuple[Indicator, ...]),
            *(
                msgspec.structs.replace(one, overlay=overlay.name)
                for overlay in overlays
                for one in overlay.indicators
            ),
        ),
        rules=_convert("rules.yaml", documents, tuple[Rule, ...]),
        overlays=overlays,
        lives=_convert("repair.yaml", documents, LegalLives),
        neighbours=_convert(neighbour_rules.FILE, documents, NeighbourRules),
        calendar=calendar_of(documents),
        observation=parse_observation(documents, domains=head.domains),
    )
    problems = [
        *_band_problems(knowledge.scoring),
        *_indicator_problems(knowledge),
        *_rule_problems(knowledge),
        *_overlay_problems(knowledge),
        *_life_problems(knowledge),
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


def _convert(name: str, documents: Mapping[str, object], type_: type[T]) -> T:
    try:
        return msgspec.convert(document(documents, name), type_, str_keys=False)
    except msgspec.ValidationError as error:
        raise InvalidKnowledgeError(f"{name}: {error}") from error


def document(documents: Mapping[str, object], name: str) -> object:
    """Return one of the documents.

    Raises:
        InvalidKnowledgeError: it is missing.
    """
    if name not in documents:
        raise InvalidKnowledgeError(f"{name} is missing from the knowledge directory; restore it")
    return documents[name]


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


def _rising(steps: Mapping[int, float], where: str) -> list[str]:
    ordered = [severity for _, severity in sorted(steps.items())]
    return [] if ordered == sorted(ordered) else [f"{where}.steps: more must not weigh less"]


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
        match indicator.severity:
            case CountIn(steps=steps) | Gathering(steps=steps) | Lasting(steps=steps):
                problems += _rising(steps, f"{where}.severity")
            case Overdue(steps=steps):
                problems += _rising(steps, f"{where}.severity")
                problems += _undue(indicator.facts, f"{where}.facts")
            case Countdown():
                problems += _undue(indicator.facts, f"{where}.facts")
            case Besides(others=others):
                problems += _kinds(others, f"{where}.severity.others")
            case _:
                pass
        if indicator.domain != "fact" and indicator.domain not in knowledge.domains:
            problems.append(f"{where}.domain: {indicator.domain!r} is not under domains")
    missing = set(Dimension) - {indicator.dimension for indicator in knowledge.indicators}
    problems += [f"indicators.yaml: no indicator of dimension {one}" for one in sorted(missing)]
    return problems


def _overlay_problems(knowledge: Knowledge) -> list[str]:
    problems = []
    owners: dict[str, str] = {}
    for overlay in knowledge.overlays:
        where = f"professional/{overlay.name}.yaml"
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


def _life_problems(knowledge: Knowledge) -> list[str]:
    days = [regime.effective_from for regime in knowledge.lives.regimes]
    if days == sorted(set(days)):
        return []
    return ["repair.yaml: regimes: must stand in the order of effective_from, each day once"]


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
        ranks = [tier.measure.rank for tier in rule.tiers]
        if ranks != sorted(set(ranks), reverse=True):
            problems.append(f"{where}.tiers: must stand gravest first, each measure once")
        for tier in rule.tiers:
            problems += _test_problems(tier.when, f"{where}.tiers.{tier.measure}", knowledge)
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
        case Reached(facts=facts, since=since, beside=beside):
            undue = _undue(facts, f"{where}.facts") if since == "due" else []
            return [*_kinds((*facts, *beside), f"{where}.facts"), *undue]
        case NotFiled(facts=facts):
            return _kinds(facts, f"{where}.facts")
        case SurgeHolds(indicator=name, beside=beside):
            known = {one.id: one.severity for one in knowledge.indicators if not one.overlay}
            if not isinstance(known.get(name), Burst | Gathering):
                return [f"{where}.indicator: {name!r} is no BURST or GATHERING indicator"]
            return _kinds(beside, f"{where}.beside")
        case _:
            return []
