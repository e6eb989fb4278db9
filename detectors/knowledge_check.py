"""Does a version of the knowledge hold together?  From documents to ``Knowledge``, or every hole.

The shell reads the YAML files and hands plain mappings to ``parse``.
"""

import datetime as dt
import itertools
from collections.abc import Mapping

import msgspec

from detectors import indicator_check, neighbour_rules, organs, rule_check, weights
from detectors.documents import document, stated
from detectors.functions import InvalidKnowledgeError, Strict
from detectors.knowledge import Indicator, Knowledge, Overlay, Rule, Scoring
from detectors.legal_lives import LegalLives
from detectors.neighbour_rules import NeighbourRules
from detectors.observation import parse_observation
from detectors.organs import OrganDocument, Organs
from detectors.terms import Terms
from detectors.weights import Weights
from detectors.working_days import InvalidCalendarError, WorkingDays, parse_calendar

CALENDAR = "calendar.yaml"
PROFESSIONAL = "professional/"  # the documents of the overlays stand in this folder


def parse(documents: Mapping[str, object]) -> Knowledge:
    """Return the knowledge that the documents state, one mapping a file name.

    Raises:
        InvalidKnowledgeError: names file and key, and says what would be right.
    """
    professional = {
        name: stated(documents, name, Overlay)
        for name in sorted(documents)
        if name.startswith(PROFESSIONAL)
    }
    knowledge = _stated(documents, tuple(professional.values()))
    problems = [
        *_band_problems(knowledge.scoring),
        *indicator_check.problems_of(knowledge),
        *rule_check.problems_of(knowledge),
        *_overlay_problems(knowledge, professional),
        *knowledge.lives.problems(),
        *knowledge.terms.weights.problems(),
        *knowledge.terms.organs.problems(),
        *neighbour_rules.problems_of(knowledge.neighbours),
    ]
    if problems:
        raise InvalidKnowledgeError("\n".join(problems))
    return knowledge


def _stated(documents: Mapping[str, object], overlays: tuple[Overlay, ...]) -> Knowledge:
    head = stated(documents, "knowledge.yaml", Head)
    return Knowledge(
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


def calendar_of(documents: Mapping[str, object]) -> WorkingDays:
    """Return the calendar of working days.

    Raises:
        InvalidKnowledgeError: it is missing, or contradicts itself.
    """
    try:
        return parse_calendar(document(documents, CALENDAR), file=CALENDAR)
    except InvalidCalendarError as error:
        raise InvalidKnowledgeError(str(error)) from error


class Head(Strict, frozen=True):
    """What the file ``knowledge.yaml`` states."""

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
