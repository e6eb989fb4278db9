"""Can every indicator be worked out, and does it say where it comes from?"""

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence

from detectors.functions import (
    Besides,
    CapitalLevel,
    Countdown,
    CountIn,
    Gathering,
    HardIndustry,
    IndustryLevel,
    InForce,
    Lasting,
    Overdue,
    Unfiled,
)
from detectors.groups import groups_of, linked
from detectors.kinds_check import misspelt_kinds, undue
from detectors.knowledge import Dimension, Indicator, Knowledge

EVENTS = frozenset([*(f"E{n:02}" for n in range(1, 61)), "T01", "T02", "T03"])
# The choices within a cluster of groups double with each indicator; the shipped one has three.
MOST_TANGLED = 10


def problems_of(knowledge: Knowledge) -> list[str]:
    """Return what is wrong with the indicators, each by file, place and key."""
    return [*_indicator_problems(knowledge), *_group_problems(knowledge.indicators)]


def _indicator_problems(knowledge: Knowledge) -> list[str]:
    problems = []
    seen: set[tuple[str, str]] = set()
    for index, indicator in enumerate(knowledge.indicators):
        file = f"professional/{indicator.overlay}.yaml" if indicator.overlay else "indicators.yaml"
        where = f"{file}: [{index}] {indicator.id}"
        if (indicator.overlay, indicator.id) in seen:
            problems.append(f"{where}: the id stands twice; ids are permanent, take a new one")
        seen.add((indicator.overlay, indicator.id))
        problems += misspelt_kinds(indicator.facts, f"{where}.facts")
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
            return [
                *_rising(steps, at),
                *misspelt_kinds(fled, f"{at}.fled"),
                *misspelt_kinds(signs, f"{at}.signs"),
            ]
        case Lasting(steps=steps, times=times, again=again):
            told = [] if bool(times) == bool(again) else [f"{at}: again and times go together"]
            return [
                *told,
                *_rising(steps, at),
                *_rising(times, at),
                *misspelt_kinds(again, f"{at}.again"),
            ]
        case Overdue(steps=steps, unless=unless):
            met = misspelt_kinds(unless, f"{at}.unless")
            return [*_rising(steps, at), *met, *undue(indicator.facts, f"{where}.facts")]
        case Countdown(steps=steps):
            return [*_falling(steps, at), *undue(indicator.facts, f"{where}.facts")]
        case Besides(others=others):
            return misspelt_kinds(others, f"{at}.others")
        case Unfiled(filed=filed, unless=unless):
            return [*misspelt_kinds(filed, f"{at}.filed"), *misspelt_kinds(unless, f"{at}.unless")]
        case InForce(unless=unless):
            return misspelt_kinds(unless, f"{at}.unless")
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
            return [*_codes(floors, f"{at}.floors"), *misspelt_kinds(named, f"{at}.unless")]
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
