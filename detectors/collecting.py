"""How does an indicator that sees all its facts together come to a severity?

What follows fact by fact (STATE, DECAY, COUNT) stands in ``detectors.catalogue``.  Each function is
compiled once into a closure that leaves early: most facts say nothing at most moments.
"""

import functools
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from detectors.facts import DAY_S, Fact, kinds_named, numbers_named
from detectors.functions import (
    Besides,
    Burst,
    CapitalLevel,
    Countdown,
    CountIn,
    Decay,
    Gathering,
    HardIndustry,
    InForce,
    Lasting,
    Overdue,
    Relapse,
    Together,
    Unfiled,
    WordLevel,
)
from detectors.knowledge import Indicator
from detectors.permits import PERMITS, without_replaced
from detectors.reading_registration import capital_weight
from detectors.severity import (
    besides_severity,
    decay_severity,
    in_force_severity,
    lapsed,
    open_facts,
    reached_severity,
    relapse_severity,
    strength_of,
    together_severity,
    worded_severity,
)
from detectors.surge import gathering_severity, surge_severity

Facts = Sequence[Fact]
# (the facts it rests on, all facts of the state, as_of, the industry) -> severity
Collect = Callable[[Facts, Facts, int, str], float]
_T = TypeVar("_T")


def others_of(indicator: Indicator) -> frozenset[int]:
    """Return the kinds that an indicator looks at beside those that it rests on."""
    match indicator.severity:
        case Besides(others=names) | Lasting(again=names) | Gathering(signs=names):
            pass
        case Overdue(unless=names) | InForce(unless=names):
            pass
        case Unfiled(filed=filed, unless=unless):
            names = (*filed, *unless)
        case HardIndustry(unless=excuses):
            names = tuple([name for kinds in excuses.values() for name in kinds])
        case _:
            names = ()
    return numbers_named(names)


def beside(indicator: Indicator, facts: Facts, as_of: int) -> list[Fact]:
    """Return the facts that an indicator looks at beside those that it rests on."""
    kinds = others_of(indicator)
    function = indicator.severity
    if isinstance(function, Besides) and not function.after_due:
        return open_facts(facts, kinds, as_of)
    return [one for one in facts if one.kind in kinds and one.counts_at(as_of)]


def collector_of(indicator: Indicator, half: float) -> Collect | None:
    """Return what an indicator makes of all its facts; None where it goes fact by fact.

    ``half`` is what a contested or provisional fact weighs.
    """
    function = indicator.severity
    maker = _MAKERS.get(type(function))
    collect = maker(function, indicator, half) if maker is not None else None
    if collect is None or PERMITS.isdisjoint(kinds_named(indicator.facts)):
        return collect
    return _of_permits_held(collect)


def _of_permits_held(collect: Collect) -> Collect:
    """Return what is made of the permits that no later one has taken the place of."""

    def of_held(facts: Facts, all_facts: Facts, as_of: int, industry: str) -> float:
        facts = without_replaced(list(facts), all_facts, as_of)
        return collect(facts, all_facts, as_of, industry) if facts else 0.0

    return of_held


def longest(levels: Mapping[str, _T], code: str) -> _T | None:
    """Return what stands under the longest prefix of a code.

    >>> longest({"": 1, "C": 2, "C14": 3}, "C1411")
    3
    """
    for length in range(len(code), -1, -1):
        if code[:length] in levels:
            return levels[code[:length]]
    return None


def _burst(function: Burst, _: Indicator, __: float) -> Collect:
    def collect(facts: Facts, _: Facts, as_of: int, __: str) -> float:
        if len(facts) < function.at_least:
            return 0.0
        return surge_severity(facts, as_of=as_of, burst=function)

    return collect


def _gathering(function: Gathering, indicator: Indicator, half: float) -> Collect:
    fewest = min(function.steps, default=0)
    fled = kinds_named(function.fled) if function.fled else frozenset()

    def collect(facts: Facts, all_facts: Facts, as_of: int, _: str) -> float:
        signs = []
        if fled and any([one.kind in fled for one in facts]):
            signs = beside(indicator, all_facts, as_of)
        if not signs and len(facts) < fewest:
            return 0.0
        return gathering_severity(facts, signs, as_of=as_of, gathering=function, half=half)

    return collect


def _countdown(function: Countdown, _: Indicator, half: float) -> Collect:
    ordered = sorted(function.steps.items())
    days = [day * DAY_S for day, _ in ordered]
    levels = [level for _, level in ordered]
    farthest = days[-1] if days else -1

    def collect(facts: Facts, _: Facts, as_of: int, __: str) -> float:
        worst = 0.0
        for one in facts:
            left = one.due - as_of
            if left <= farthest:
                worst = max(worst, strength_of(one, half) * levels[bisect_left(days, left)])
        return worst

    return collect


def _overdue(function: Overdue, indicator: Indicator, half: float) -> Collect:
    ordered = sorted(function.steps.items())
    days = [day * DAY_S for day, _ in ordered]
    levels = [0.0, *(level for _, level in ordered)]
    first = days[0] if days else 0

    def collect(facts: Facts, all_facts: Facts, as_of: int, _: str) -> float:
        over = [one for one in facts if one.due and as_of - one.due >= first]
        if over and function.unless:
            met = {one.domain for one in beside(indicator, all_facts, as_of)}
            over = [one for one in over if one.domain not in met]
        if not over:
            return 0.0
        worst = max([
            strength_of(one, half) * levels[bisect_right(days, as_of - one.due)] for one in over
        ])  # fmt: skip
        if function.alone == 1.0:
            return worst
        share = len(over) / len([one for one in facts if one.due])
        return worst * (function.alone + (1.0 - function.alone) * share)

    return collect


def _lasting(function: Lasting, indicator: Indicator, half: float) -> Collect:
    again = others_of(indicator)

    def collect(facts: Facts, _: Facts, as_of: int, __: str) -> float:
        lasting = [one for one in facts if one.kind not in again]
        times = reached_severity((len(facts) - len(lasting)) * DAY_S, function.times)
        steps = function.steps
        return max(
            [
                times,
                *[
                    strength_of(one, half) * reached_severity(as_of - one.at, steps)
                    for one in lasting
                ],
            ]
        )

    return collect


def _together(function: Together, indicator: Indicator, _: float) -> Collect:
    kinds = numbers_named(indicator.facts)

    def collect(facts: Facts, _: Facts, as_of: int, __: str) -> float:
        if len(facts) < len(kinds):
            return 0.0
        return together_severity(facts, kinds, as_of=as_of, function=function)

    return collect


def _relapse(function: Relapse, _: Indicator, __: float) -> Collect:
    def collect(facts: Facts, _: Facts, as_of: int, __: str) -> float:
        return relapse_severity(facts, as_of=as_of, function=function) if len(facts) > 1 else 0.0

    return collect


def _besides(function: Besides, indicator: Indicator, half: float) -> Collect:
    def collect(facts: Facts, all_facts: Facts, as_of: int, _: str) -> float:
        if function.after_due:  # a permit that still runs asks for no look at anything else
            facts = lapsed(facts, as_of)
        if not facts:
            return 0.0
        others = beside(indicator, all_facts, as_of)
        return besides_severity(facts, others, as_of=as_of, function=function, half=half)

    return collect


def _in_force(function: InForce, indicator: Indicator, half: float) -> Collect | None:
    if not function.weight_at_least and not function.total and not function.unless:
        return None

    def collect(facts: Facts, all_facts: Facts, as_of: int, _: str) -> float:
        if function.unless and beside(indicator, all_facts, as_of):
            return 0.0
        return in_force_severity(facts, function, half)

    return collect


def _decay(function: Decay, _: Indicator, half: float) -> Collect | None:
    if not function.weight_at_least:
        return None

    def collect(facts: Facts, _: Facts, as_of: int, __: str) -> float:
        return decay_severity(facts, as_of=as_of, function=function, half=half)

    return collect


def _count(function: CountIn, _: Indicator, __: float) -> Collect | None:
    if not function.weight_at_least:
        return None

    def collect(facts: Facts, _: Facts, __: int, ___: str) -> float:
        heavy = [one for one in facts if one.weight >= function.weight_at_least]
        return reached_severity(len(heavy) * DAY_S, function.steps)

    return collect


def _words(function: WordLevel, _: Indicator, __: float) -> Collect:
    @functools.lru_cache(maxsize=4096)
    def level_of(note: str) -> float:
        return worded_severity(note, function.levels)

    def collect(facts: Facts, _: Facts, __: int, ___: str) -> float:
        return max([level_of(one.note) for one in facts], default=0.0)

    return collect


def _capital(function: CapitalLevel, _: Indicator, __: float) -> Collect:
    @functools.lru_cache(maxsize=4096)
    def range_of(industry: str) -> tuple[float, float]:
        low, high = longest(function.ranges, industry) or (0.0, float("inf"))
        return capital_weight(low), capital_weight(high)

    def collect(facts: Facts, _: Facts, __: int, industry: str) -> float:
        low, high = range_of(industry)
        return float(any([not low <= one.weight <= high for one in facts]))

    return collect


_MAKERS: Mapping[type, Callable[..., Collect | None]] = {
    Burst: _burst,
    Gathering: _gathering,
    Countdown: _countdown,
    Overdue: _overdue,
    Lasting: _lasting,
    Together: _together,
    Relapse: _relapse,
    Besides: _besides,
    InForce: _in_force,
    Decay: _decay,
    CountIn: _count,
    WordLevel: _words,
    CapitalLevel: _capital,
}
