"""Does a condition of a rule hold at this moment, and by which facts?"""

import collections
import math
from collections.abc import Iterable, Sequence

from detectors.adverse import adverse
from detectors.catalogue import Catalogue
from detectors.facts import DAY_S, Fact, FactKind, gravity, numbers_named
from detectors.finding import Moment
from detectors.functions import (
    Burst,
    ClassWorsened,
    FactsHold,
    NotFiled,
    Reached,
    ScoreRose,
    SurgeHolds,
    Test,
)
from detectors.permits import PERMITS, without_replaced
from detectors.rule_clocks import WEEK_S, RuleClocks
from detectors.score import PLACES
from detectors.severity import open_facts
from detectors.yearly import is_unfiled, last_day, year_of

Kinds = frozenset[int]


class Conditions:
    """The tests of the rules, held against the facts of a moment."""

    def __init__(self, catalogue: Catalogue, clocks: RuleClocks) -> None:
        self._catalogue = catalogue
        self._clocks = clocks

    def own(self, test: Test) -> Kinds:
        """Return the kinds that a test rests on, without those that must stand beside them."""
        match test:
            case FactsHold(facts=names) | Reached(facts=names):
                return numbers_named(names)
            case SurgeHolds(indicator=name):
                return self._catalogue.kinds[self._catalogue.places[name]]
            case _:
                return frozenset()

    def holds(self, test: Test, moment: Moment) -> list[Fact] | None:
        """Return the facts by which a test holds at a moment, or None where it does not."""
        match test:
            case FactsHold():
                return self._facts_hold(test, moment)
            case Reached():
                return self._reached(test, moment)
            case NotFiled():
                return _not_filed(test, moment, numbers_named(test.facts))
            case SurgeHolds():
                return self._surge_holds(test, moment)
            case ClassWorsened(bands=bands, into=into):
                worse = moment.rank - moment.rank_before >= bands and moment.rank >= into.rank
                return (adverse(moment, self._catalogue) or None) if worse else None
            case ScoreRose(points=points):
                rose = moment.rank == moment.rank_before and moment.rise >= points
                return (adverse(moment, self._catalogue) or None) if rose else None

    def _surge_holds(self, test: SurgeHolds, moment: Moment) -> list[Fact] | None:
        catalogue, facts, as_of = self._catalogue, moment.facts, moment.as_of
        # What is open holds on until it has been calm for a while; what is new must be so now.
        looked_at = range(0, 1 if moment.fresh else test.calm_days * DAY_S + 1, WEEK_S)
        if not any(
            [catalogue.severity_of(test.indicator, facts, as_of - ago) >= test.severity
             for ago in looked_at]
        ):  # fmt: skip
            return None
        beside = self._open(test.beside, moment)
        if test.beside and not beside:
            return None
        place = catalogue.places[test.indicator]
        found = catalogue.facts_of(place, facts, as_of)
        if isinstance(catalogue.indicators[place].severity, Burst):
            found = [fact for fact in found if as_of - fact.at < looked_at[-1] + WEEK_S]
        others = catalogue.others_of(test.indicator, facts, as_of)
        return sorted([*found, *others, *beside], key=lambda fact: (-fact.at, fact.id))

    def _open(self, names: tuple[str, ...], moment: Moment) -> list[Fact]:
        """Return the open matters of some kinds: in force, and no settled complaint."""
        return open_facts(moment.facts, numbers_named(names), moment.as_of) if names else []

    def _facts_hold(self, test: FactsHold, moment: Moment) -> list[Fact] | None:
        kinds = numbers_named(test.facts)
        window = test.within_days * DAY_S
        as_of = moment.as_of
        matched: dict[tuple[int, int], Fact] = {}
        for fact in moment.facts:
            if (
                fact.kind in kinds
                and (test.joined or fact.weight >= test.weight_at_least)
                and (not window or as_of - fact.at < window)
                and (not test.domains or fact.domain in test.domains)
                and fact.counts_at(as_of)
            ):
                # What two feeds tell of one document or sample, and several outcomes of one
                # offence, are one matter: the heaviest stands for it, and of two alike the newest.
                matter = (0, fact.ref) if fact.ref else (1, fact.id)
                best = matched.get(matter)
                if best is None or gravity(fact) > gravity(best):
                    matched[matter] = fact
        if test.alike:
            matched = _of_one_sort(matched, test.at_least)
        if len(matched) < test.at_least:
            return None
        if test.joined and _joined(matched.values()) < test.weight_at_least:
            return None
        beside = self._open(test.beside, moment)
        if test.beside and not beside:
            return None
        return sorted([*matched.values(), *beside], key=lambda fact: (-fact.at, fact.id))

    def _reached(self, test: Reached, moment: Moment) -> list[Fact] | None:
        kinds = numbers_named(test.facts)
        found = [
            fact
            for fact in moment.facts
            if fact.kind in kinds
            and fact.weight >= test.weight_at_least
            and (not test.domains or fact.domain in test.domains)
            and fact.counts_at(moment.as_of)
            and 0 < self._clocks.moment_of(test, fact) <= moment.as_of
        ]
        if found and not PERMITS.isdisjoint(kinds):
            found = without_replaced(found, moment.facts, moment.as_of)
        beside = self._open(test.beside, moment)
        if not found or (test.beside and not beside):
            return None
        return [*found, *beside]

    def is_news(self, test: Test, facts: Sequence[Fact], moment: Moment) -> bool:
        """Return whether this event has to do with it: a fact of its own, or a moment come."""
        if any([fact.id in moment.fresh for fact in facts]):
            return True
        if moment.judged >= moment.as_of:
            return False
        if isinstance(test, Reached):
            own = self.own(test)
            return any([self._clocks.moment_of(test, one) > moment.judged for one in facts
                        if one.kind in own])  # fmt: skip
        if isinstance(test, NotFiled):
            return last_day(moment.as_of, (test.day,)) > moment.judged
        return False


def _not_filed(test: NotFiled, moment: Moment, kinds: Kinds) -> list[Fact] | None:
    """Return the registration on which the duty to report rests.

    A day that came last year, and was not judged because a feed was silent, asks for its own year.
    """
    as_of, day, year = moment.as_of, test.day, moment.year
    if not year and (last := last_day(as_of, (day,))) > moment.judged:
        year = year_of(last)
    if not is_unfiled(moment.profile, moment.facts, as_of, kinds=kinds, day=day, year=year):
        return None
    return [fact for fact in moment.facts if fact.kind == FactKind.ESTABLISHED][:1] or None


def _of_one_sort(
    matched: dict[tuple[int, int], Fact], at_least: int
) -> dict[tuple[int, int], Fact]:
    """Return the facts of the sorts of which there are enough; one without a note is of none."""
    counts = collections.Counter(fact.note for fact in matched.values())
    return {
        key: fact for key, fact in matched.items() if fact.note and counts[fact.note] >= at_least
    }


def _joined(facts: Iterable[Fact]) -> float:
    """Return what shares come to that were each taken of what the others left."""
    return round(1.0 - math.prod([1.0 - fact.weight for fact in facts]), PLACES)
