"""Which weights, tests and limits does the survey of regions and industries work with?"""

from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta

from detectors.documents import stated
from detectors.functions import InvalidKnowledgeError, Strict
from detectors.kinds_check import misspelt_kinds

FILE = "regions.yaml"
Share = Annotated[float, Meta(ge=0, le=1)]
Number = Annotated[int, Meta(ge=1)]
Above0 = Annotated[float, Meta(gt=0)]


class Weights(Strict, frozen=True):
    """What the three parts of the index weigh."""

    share: Share
    warnings: Share
    trouble: Share


class Strength(Strict, frozen=True):
    """How many enterprises the parent's share counts for, and within which limits."""

    default: Above0
    least: Above0
    most: Above0


class LevelTest(Strict, frozen=True):
    """Above the mean of the siblings by so many sigmas; fewer siblings decide nothing."""

    sigmas: Above0
    siblings: Annotated[int, Meta(ge=2)]
    least_sigma: Above0


class SpeedTest(Strict, frozen=True):
    """An EWMA over the cell's own periods leaves its control limits."""

    weight: Annotated[float, Meta(gt=0, le=1)]
    sigmas: Above0
    periods: Annotated[int, Meta(ge=2, le=60)]
    least_periods: Annotated[int, Meta(ge=2)]
    least_sigma: Above0


class ConcentrationTest(Strict, frozen=True):
    """So many enterprises of one industry in one township with the same failed item."""

    enterprises: Annotated[int, Meta(ge=2)]
    days: Number
    facts: Annotated[tuple[str, ...], Meta(min_length=1)]


class MassTest(Strict, frozen=True):
    """So many distinct complainants' matters against one enterprise within so many hours."""

    complaints: Number
    hours: Number


class RegionPlan(Strict, frozen=True):
    """The document ``regions.yaml``, checked."""

    version: str
    weights: Weights
    full_warnings: Above0
    full_trouble: Above0
    trouble: tuple[str, ...]
    trouble_cap: Number
    publish_from: Number
    strength: Strength
    level: LevelTest
    speed: SpeedTest
    concentration: ConcentrationTest
    casualties: tuple[str, ...]
    mass_complaints: MassTest
    members_listed: Number
    basis: Annotated[str, Meta(min_length=1)]
    ack_working_days: Number
    plan_working_days: Number


def parse_regions(documents: Mapping[str, object]) -> RegionPlan:
    """Return what ``regions.yaml`` states.

    Raises:
        InvalidKnowledgeError: names file and key.
    """
    plan = stated(documents, FILE, RegionPlan)
    problems = [
        *misspelt_kinds(plan.trouble, f"{FILE}: trouble"),
        *misspelt_kinds(plan.concentration.facts, f"{FILE}: concentration.facts"),
        *misspelt_kinds(plan.casualties, f"{FILE}: casualties"),
    ]
    total = plan.weights.share + plan.weights.warnings + plan.weights.trouble
    if abs(total - 1) > 1e-9:  # noqa: PLR2004 - float dust
        problems.append(f"{FILE}: weights: must add up to 1, are {total:g}")
    if not plan.strength.least <= plan.strength.default <= plan.strength.most:
        problems.append(f"{FILE}: strength: least <= default <= most must hold")
    if plan.speed.least_periods > plan.speed.periods:
        problems.append(f"{FILE}: speed.least_periods: more than the periods kept; lower it")
    if problems:
        raise InvalidKnowledgeError("\n".join(problems))
    return plan
