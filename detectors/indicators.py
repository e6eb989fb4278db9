"""On which facts does an indicator rest, and which class do the direct rules force?"""

from collections.abc import Sequence
from typing import NamedTuple

from detectors.collecting import beside, longest, others_of
from detectors.facts import DAY_S, ENDLESS_S, Fact, FactKind, numbers_named
from detectors.functions import Besides, Hard, HardIndustry
from detectors.knowledge import Indicator, Knowledge
from detectors.permits import PERMITS, without_replaced
from detectors.severity import beside_it, lapse_of, lapsed
from detectors.state import Profile


class DirectRule(NamedTuple):
    """A direct rule in force: its place, the class it forces, and its facts, newest first."""

    place: int
    rank: int
    facts: list[Fact]


class Indicators:
    """The indicators of one knowledge version, each asked by itself; known by their places."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.indicators: tuple[Indicator, ...] = knowledge.indicators
        self.places: dict[str, int] = {}
        for place, indicator in enumerate(self.indicators):
            self.places.setdefault(indicator.id, place)
        self.kinds = [numbers_named(one.facts) for one in self.indicators]
        self.others = [others_of(indicator) for indicator in self.indicators]
        self.hard: dict[int, list[int]] = {}  # the places of direct rules, by the kind of a fact
        self.excuses: dict[int, dict[int, frozenset[int]]] = {}
        for place, one in enumerate(self.indicators):
            if isinstance(one.severity, Hard | HardIndustry):
                for kind in self.kinds[place]:
                    self.hard.setdefault(kind, []).append(place)
            if isinstance(one.severity, HardIndustry):
                self.excuses[place] = _excuses_of(one.severity)
        self._elsewhere = [_replaced(knowledge, one) for one in self.indicators]
        self._professional = {
            overlay.name: frozenset(overlay.domains) for overlay in knowledge.overlays
        }

    def others_of(self, name: str, facts: Sequence[Fact], as_of: int) -> list[Fact]:
        """Return the facts beside which an indicator speaks of its own."""
        indicator = self.indicators[self.places[name]]
        function = indicator.severity
        others = beside(indicator, facts, as_of)
        if isinstance(function, Besides):
            others = beside_it(others, as_of=as_of, function=function)
            if function.after_due:
                over = self.facts_of(self.places[name], facts, as_of)
                first = min([lapse_of(fact) for fact in over], default=ENDLESS_S)
                others = [one for one in others if one.at >= first]
        return others

    def kinds_of(self, name: str) -> frozenset[int]:
        """Return the kinds whose coming can change what an indicator says."""
        place = self.places[name]
        return self.kinds[place] | self.others[place]

    def facts_of(self, place: int, facts: Sequence[Fact], as_of: int) -> list[Fact]:
        """Return the facts that an indicator rests on at a moment, newest first."""
        kinds = self.kinds[place]
        indicator = self.indicators[place]
        window = getattr(indicator.severity, "window_days", 0) * DAY_S
        until_due = getattr(indicator.severity, "until_due", False)
        domains = indicator.of or self._professional.get(indicator.overlay, frozenset())
        elsewhere = self._elsewhere[place]
        found = [
            fact
            for fact in facts
            if fact.kind in kinds
            and fact.counts_at(as_of)
            and not (window and as_of - fact.at >= window)
            and not (until_due and fact.due and as_of >= fact.due)
            and (not domains or fact.domain in domains)
            and fact.domain not in elsewhere
        ]
        if place in self.excuses:
            present = [fact for fact in facts if fact.counts_at(as_of)]
            found = [fact for fact in found if not self.is_excused(place, fact.kind, present)]
        if not PERMITS.isdisjoint(kinds):
            found = without_replaced(found, facts, as_of)
        if isinstance(indicator.severity, Besides) and indicator.severity.after_due:
            found = lapsed(found, as_of)
        found.sort(key=lambda fact: (-fact.at, fact.id))
        return found

    def is_excused(self, place: int, kind: int, in_force: Sequence[Fact]) -> bool:
        """Return whether a fact in force explains what a direct rule would rest on."""
        excuses = self.excuses.get(place, {}).get(kind)
        return excuses is not None and any([fact.kind in excuses for fact in in_force])

    def direct_rules(self, profile: Profile, facts: Sequence[Fact], as_of: int) -> list[DirectRule]:
        """Return the direct rules in force at a moment, in the catalogue's order."""
        places = {place for fact in facts for place in self.hard.get(fact.kind, ())}
        return [
            DirectRule(place, rank, found)
            for place in sorted(places)
            if (rank := self.floor_of(place, profile))
            and (found := self.facts_of(place, facts, as_of))
        ]

    def floor_of(self, place: int, profile: Profile) -> int:
        """Return the class that a direct rule forces on an enterprise, 0 to 3."""
        match self.indicators[place].severity:
            case Hard(floor=floor):
                return floor.rank
            case HardIndustry(floors=floors):
                floor_here = longest(floors, profile.industry)
                return floor_here.rank if floor_here else 0
        return 0


def _excuses_of(function: HardIndustry) -> dict[int, frozenset[int]]:
    """Return, by kind, the kinds of which one in force explains it."""
    return {
        int(FactKind[kind.upper()]): numbers_named(names) for kind, names in function.unless.items()
    }


def _replaced(knowledge: Knowledge, indicator: Indicator) -> frozenset[str]:
    """Return the domains in which a professional line stands in a generic one's place."""
    if indicator.overlay:
        return frozenset()
    return frozenset(
        domain
        for overlay in knowledge.overlays
        for domain in overlay.domains
        if any(one.id == indicator.id for one in overlay.indicators)
    )
