"""How far does trouble reach, and when is it crowded?  ``neighbours.yaml`` as checked data."""

from typing import Annotated

import msgspec
from msgspec import Meta

from detectors.facts import FactKind
from detectors.functions import Names, Severity, Strict
from detectors.kinds_check import misspelt_kinds
from detectors.measure import RiskClass

FILE = "neighbours.yaml"
Steps = Annotated[dict[int, Severity], Meta(min_length=1)]
AtLeastOne = Annotated[int, Meta(ge=1)]


class Tie(Strict, frozen=True):
    """What a relation carries.

    ``at_least`` so many neighbours must be in trouble, and the least of them sets the severity.
    With ``lasts_days`` it carries failed products, and for so long.
    """

    weight: Severity
    at_least: AtLeastOne = 1
    lasts_days: Annotated[int, Meta(ge=0)] = 0


class Ties(Strict, frozen=True):
    """The relations that carry trouble; a registration alone carries none."""

    legal_rep: Tie
    holder: Tie
    branch: Tie
    head_office: Tie
    address: Tie
    supplier: Tie


class Persons(Strict, frozen=True):
    """Whether ties by way of natural persons are kept, and by which assessment they may be."""

    enabled: bool
    assessment: str = ""


class TroubleStep(Strict, frozen=True):
    """What makes a trouble of this severity: a fact in force, or the class by the own score."""

    severity: Severity
    facts: Names
    from_class: RiskClass


class ProductTrouble(Strict, frozen=True):
    """Which failed samples those hear of who are supplied."""

    facts: Names
    weight_at_least: Severity = 0.0


class Registrations(Strict, frozen=True):
    """When registrations by one person, agent or address are many: number to severity."""

    window_days: AtLeastOne
    steps: Steps


class AddressDensity(Strict, frozen=True):
    """When the enterprises at one address are many: number to severity."""

    steps: Steps


class Excused(Strict, frozen=True):
    """Where crowds are in order: hashes of incubators' addresses, and of filing agents."""

    addresses: frozenset[str] = frozenset()
    agents: frozenset[str] = frozenset()


class NeighbourRules(Strict, frozen=True):
    """All of ``neighbours.yaml``; ``watched`` is worked out: the kinds of fact that radiate."""

    damping: Severity
    fan_out: AtLeastOne
    most_members: AtLeastOne
    least_share: Annotated[float, Meta(gt=0, le=1)]
    persons: Persons
    relations: Ties
    trouble: Annotated[tuple[TroubleStep, ...], Meta(min_length=1)]
    product_trouble: ProductTrouble
    registrations: Registrations
    address_density: AddressDensity
    excused: Excused = Excused()
    watched: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        """Work out once what every event asks for."""
        named = {*self.product_trouble.facts, *(n for step in self.trouble for n in step.facts)}
        watched = frozenset(int(kind) for kind in FactKind if kind.name.lower() in named)
        msgspec.structs.force_setattr(self, "watched", watched)


def problems_of(rules: NeighbourRules) -> list[str]:
    """Return the holes, each with file and key, and what would be right."""
    problems = []
    if rules.persons.enabled and not rules.persons.assessment.strip():
        problems.append(
            f"{FILE}: persons.assessment: enter the number of the personal information impact "
            f"assessment (个人信息保护法第五十五条), or set persons.enabled to false"
        )
    severities = [step.severity for step in rules.trouble]
    if severities != sorted(set(severities), reverse=True):
        problems.append(f"{FILE}: trouble: must stand gravest first, each severity once")
    edges = [_RANK[step.from_class] for step in rules.trouble]
    if edges != sorted(edges, reverse=True) or RiskClass.A in {s.from_class for s in rules.trouble}:
        problems.append(f"{FILE}: trouble: from_class must fall with severity, and A is no trouble")
    if rules.fan_out > rules.most_members:
        problems.append(f"{FILE}: fan_out: {rules.fan_out} is more than most_members")
    named = [(f"trouble[{n}]", step.facts) for n, step in enumerate(rules.trouble)]
    for where, names in [*named, ("product_trouble", rules.product_trouble.facts)]:
        problems += misspelt_kinds(names, f"{FILE}: {where}.facts")
    for where, steps in (
        ("registrations", rules.registrations.steps),
        ("address_density", rules.address_density.steps),
    ):
        ordered = [severity for _, severity in sorted(steps.items())]
        if ordered != sorted(ordered) or min(steps) < 2:  # noqa: PLR2004 - one is no crowd
            problems.append(f"{FILE}: {where}.steps: more must not weigh less, from two on")
    return problems


_RANK = {risk_class: rank for rank, risk_class in enumerate(RiskClass)}
