"""Which ratios, floors and cycles does ``sampling.yaml`` state, and has the table a hole?

What loads has none: every class, domain and region resolves, no two lines speak of one cell with
the same weight, no line lies under a floor of the law, and a worse class is drawn no less.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from detectors.documents import stated
from detectors.functions import InvalidKnowledgeError, Strict
from detectors.kinds_check import misspelt_kinds
from detectors.measure import RiskClass

FILE = "sampling.yaml"
Share = Annotated[float, Meta(ge=0, le=1)]
Basis = Annotated[str, Meta(min_length=1)]
Region = Annotated[str, Meta(pattern=r"^([0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9})?$")]


class Line(Strict, frozen=True):
    """One line of the table; what it leaves out holds for all."""

    risk_class: RiskClass = msgspec.field(name="class")
    ratio: Share
    basis: Basis
    domains: tuple[str, ...] = ()
    region: Region = ""
    year: Annotated[int, Meta(ge=0, le=2100)] = 0

    @property
    def specificity(self) -> tuple[bool, int, bool]:
        """Return how narrowly a line speaks: by domain first, then by region, then by year.

        A county's line for all domains must not undo the province's line for food or lifts.
        """
        return bool(self.domains), len(self.region), bool(self.year)

    def speaks_of(self, risk_class: RiskClass, domain: str, place: str, year: int) -> bool:
        """Return whether the line holds for a cell."""
        return (
            self.risk_class is risk_class
            and (not self.domains or domain in self.domains)
            and place.startswith(self.region)
            and self.year in {0, year}
        )


class Floor(Strict, frozen=True):
    """Never less than ``at_least``, nor than ``times`` the table's ratio, for whom it is meant.

    With ``facts`` or words it is meant for those only that have such a fact in force (of the
    domain, unless ``any_domain``), or such a permit or category.
    """

    id: Annotated[str, Meta(pattern=r"^[a-z_]+$")]
    name: Basis
    basis: Basis
    at_least: Share = 0.0
    times: Annotated[float, Meta(ge=1)] = 1.0
    classes: tuple[RiskClass, ...] = ()
    domains: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    within_days: Annotated[int, Meta(ge=0, le=3650)] = 0
    any_domain: bool = False
    permit_words: tuple[str, ...] = ()
    category_words: tuple[str, ...] = ()

    @property
    def is_for_all(self) -> bool:
        """Return whether the floor needs nothing but class and domain."""
        return not (self.facts or self.permit_words or self.category_words)


class Cycle(Strict, frozen=True):
    """Everybody of these domains is inspected once in so many months, whatever the class."""

    domains: Annotated[tuple[str, ...], Meta(min_length=1)]
    months: Annotated[int, Meta(ge=1, le=120)]
    lead_days: Annotated[int, Meta(ge=0, le=366)]
    basis: Basis


class Rest(Strict, frozen=True):
    """The same items are not looked at again within so many months, unless there is suspicion."""

    domains: Annotated[tuple[str, ...], Meta(min_length=1)]
    months: Annotated[int, Meta(ge=1, le=24)]
    unless: tuple[str, ...]
    basis: Basis


class Replaced(Strict, frozen=True):
    """Who was looked at in the plan's year, in words of these, is not drawn again in that year.

    ``unless`` are suspicions that came with the look or after it, and set that aside.
    """

    name: Basis
    domains: Annotated[tuple[str, ...], Meta(min_length=1)]
    words: Annotated[tuple[str, ...], Meta(min_length=1)]
    unless: tuple[str, ...]
    basis: Basis


class SamplingPlan(Strict, frozen=True):
    """The document ``sampling.yaml``, checked.

    ``domains`` are those in which inspections are drawn, the main one of an enterprise first;
    ``industries`` says which of them supervises an industry (longest prefix of GB/T 4754);
    ``general`` is the one to which everybody belongs.  ``include_learned`` lets the model's part
    into the official class, which it is kept out of by default.
    """

    version: str
    general: str
    domains: Annotated[tuple[str, ...], Meta(min_length=1)]
    industries: dict[str, str]
    looks: Annotated[tuple[str, ...], Meta(min_length=1)]
    ratios: tuple[Line, ...]
    floors: tuple[Floor, ...] = ()
    cycles: tuple[Cycle, ...] = ()
    rests: tuple[Rest, ...] = ()
    replaced: tuple[Replaced, ...] = ()
    include_learned: bool = False

    def line_for(self, risk_class: RiskClass, *, domain: str, place: str, year: int) -> Line | None:
        """Return the most specific line of a cell; None only before the plan was checked."""
        spoken = [one for one in self.ratios if one.speaks_of(risk_class, domain, place, year)]
        return max(spoken, key=lambda one: one.specificity, default=None)

    def domain_of_industry(self, code: str) -> str:
        """Return the domain that supervises an industry, or "" where none does by itself."""
        prefixes = (code[:n] for n in range(len(code), 0, -1))
        return next((self.industries[one] for one in prefixes if one in self.industries), "")


def parse_sampling(
    documents: Mapping[str, object], *, domains: Mapping[str, str], regions: Sequence[str] = ()
) -> SamplingPlan:
    """Return the plan that ``sampling.yaml`` states.

    ``domains`` are the codes of the knowledge, ``regions`` the places of the authorities.

    Raises:
        InvalidKnowledgeError: names file and key of every hole, overlap and misspelling.
    """
    plan = stated(documents, FILE, SamplingPlan)
    problems = [*_misspelt(plan, domains), *_overlaps(plan)]
    problems = problems or list(_holes(plan, regions))
    if problems:
        raise InvalidKnowledgeError("\n".join(problems))
    return plan


def _misspelt(plan: SamplingPlan, domains: Mapping[str, str]) -> Iterator[str]:
    """Yield what names a domain or a fact kind that is not there."""
    for one in plan.domains:
        if one not in domains:
            yield f"{FILE}: domains: {one!r} is not under domains in knowledge.yaml"
    named = [("general", (plan.general,)), ("industries", tuple(plan.industries.values()))]
    named += [(f"ratios[{n}].domains", one.domains) for n, one in enumerate(plan.ratios)]
    named += [(f"floors[{n}].domains", one.domains) for n, one in enumerate(plan.floors)]
    named += [(f"cycles[{n}].domains", one.domains) for n, one in enumerate(plan.cycles)]
    named += [(f"rests[{n}].domains", one.domains) for n, one in enumerate(plan.rests)]
    named += [(f"replaced[{n}].domains", one.domains) for n, one in enumerate(plan.replaced)]
    for where, codes in named:
        for code in codes:
            if code not in plan.domains:
                yield f"{FILE}: {where}: {code!r} is not among domains; add it there or correct it"
    facts = [("looks", plan.looks)]
    facts += [(f"floors[{n}].facts", one.facts) for n, one in enumerate(plan.floors)]
    facts += [(f"rests[{n}].unless", one.unless) for n, one in enumerate(plan.rests)]
    facts += [(f"replaced[{n}].unless", one.unless) for n, one in enumerate(plan.replaced)]
    for where, names in facts:
        yield from misspelt_kinds(names, f"{FILE}: {where}")


def _overlaps(plan: SamplingPlan) -> Iterator[str]:
    """Yield two lines that speak of the same cell with the same weight."""
    for (n, one), (m, other) in itertools.combinations(enumerate(plan.ratios), 2):
        same = (one.risk_class, one.region, one.year) == (
            other.risk_class,
            other.region,
            other.year,
        )
        shared = set(one.domains) & set(other.domains)
        if same and (shared or not (one.domains or other.domains)):
            yield (
                f"{FILE}: ratios[{m}]: speaks of the same cells as ratios[{n}] "
                f"({one.risk_class.value} {one.region} {sorted(shared)}); leave one out"
            )


def _holes(plan: SamplingPlan, regions: Sequence[str]) -> Iterator[str]:
    """Yield cells without a ratio, under a floor of the law, or milder than a better class."""
    places = sorted({"", *regions, *(one.region for one in plan.ratios)})
    years = sorted({0, *(one.year for one in plan.ratios)})
    for domain, place, year in itertools.product(plan.domains, places, years):
        where = f"domain {domain}, region {place or '(all)'}, year {year or '(any)'}"
        before = 0.0
        for risk_class in RiskClass:
            line = plan.line_for(risk_class, domain=domain, place=place, year=year)
            if line is None:
                yield f"{FILE}: ratios: no line for class {risk_class.value}, {where}; add one"
                continue
            key = f"ratios[{plan.ratios.index(line)}]"
            least = _least(plan, risk_class, domain)
            if line.ratio < least:
                yield f"{FILE}: {key}: {line.ratio} lies under the floor {least} for {where}"
            if line.ratio < before:
                yield (
                    f"{FILE}: {key}: class {risk_class.value} is drawn less ({line.ratio}) than "
                    f"the class before it ({before}) for {where}; a worse class is drawn no less"
                )
            before = max(before, line.ratio)


def _least(plan: SamplingPlan, risk_class: RiskClass, domain: str) -> float:
    return max(
        (
            floor.at_least
            for floor in plan.floors
            if floor.is_for_all
            and (not floor.classes or risk_class in floor.classes)
            and (not floor.domains or domain in floor.domains)
        ),
        default=0.0,
    )
