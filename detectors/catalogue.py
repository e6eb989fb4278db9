"""What does each indicator say of these facts, at this moment?

``Catalogue`` is the knowledge made ready for speed: one pass over the facts gives the severity
of every indicator; nothing in it depends on the order of the facts.
"""

import types
from bisect import bisect_left
from collections.abc import Mapping, Sequence

from detectors.assessment import NOTHING, Assessment
from detectors.collecting import collector_of, longest
from detectors.facts import (
    CONTESTED,
    DAY_S,
    OBJECTED,
    PENALTIES,
    PROVISIONAL,
    Fact,
    FactKind,
    gravity,
    numbers_named,
)
from detectors.functions import (
    Age,
    CountIn,
    Decay,
    IndustryLevel,
    InForce,
    Unfiled,
)
from detectors.groups import TANGLED, clusters_of, counting, groups_of, numbered
from detectors.indicators import Indicators
from detectors.knowledge import Indicator, Knowledge
from detectors.reading_neighbours import ONE_MATTER, once_a_neighbour
from detectors.score import PLACES, combined
from detectors.state import Profile
from detectors.yearly import is_still_unfiled

YEAR_S = 365.25 * DAY_S
KINDS = max(FactKind) + 1
_DECAY, _DECAY_DUE, _STATE, _COUNT, _COLLECT = 0, 1, 2, 3, 4
# (place in the catalogue, mode, inverse half-life in 1/s, window in s)
_Entry = tuple[int, int, float, int]
_Table = list[tuple[_Entry, ...]]
_PENALTIES = frozenset(int(kind) for kind in PENALTIES)
_FULL = 1000.0
_DISPUTED = CONTESTED | OBJECTED
# No feed is silent: what is not there is absent.
ALL_HEARD: Mapping[str, int] = types.MappingProxyType({})


class Catalogue(Indicators):
    """The indicators of one knowledge version, compiled to be asked all at once."""

    def __init__(self, knowledge: Knowledge) -> None:
        super().__init__(knowledge)
        self.knowledge = knowledge
        self._points = [float(indicator.points) for indicator in self.indicators]
        groups = groups_of(self.indicators)
        self._clusters = clusters_of(groups)
        self._groups = numbered(groups, self._clusters)
        self._counts: dict[int, tuple[list[int], list[float]]] = {}
        self._ages: list[tuple[int, list[tuple[int, float]]]] = []
        self._industries: list[int] = []
        self._unfiled: list[tuple[int, frozenset[int], frozenset[int], Unfiled]] = []
        self._of_industry: dict[str, tuple[tuple[int, float], ...]] = {}
        self._neighbour_points = {
            kind: points
            for kinds, points in zip(self.kinds, self._points, strict=True)
            for kind in kinds & ONE_MATTER
        }
        self._half = knowledge.scoring.provisional_weight
        self._collect = {
            place: collect
            for place, one in enumerate(self.indicators)
            if (collect := collector_of(one, self._half)) is not None
        }
        entries = [self._entry(place, one) for place, one in enumerate(self.indicators)]
        professional = {
            domain: overlay.name for overlay in knowledge.overlays for domain in overlay.domains
        }
        special = {domain for one in self.indicators for domain in one.of}
        self._domains = {
            domain: self._table(entries, professional.get(domain, ""), domain)
            for domain in sorted({*professional, *special})
        }
        self._generic = self._table(entries, "", "")
        excusing = frozenset[int]().union(*[k for e in self.excuses.values() for k in e.values()])
        self._speaks = [
            bool(self.hard.get(kind))
            or kind in excusing
            or any(t[kind] for t in (self._generic, *self._domains.values()))
            for kind in range(KINDS)
        ]
        looked_at = frozenset[int]().union(*self.others)
        self.is_weighty = [speaks or kind in looked_at for kind, speaks in enumerate(self._speaks)]

    def _entry(self, place: int, indicator: Indicator) -> _Entry | None:
        """Compile one indicator; return what its facts meet in the table."""
        window_s = getattr(indicator.severity, "window_days", 0) * DAY_S
        match indicator.severity:
            case _ if place in self._collect:
                return (place, _COLLECT, 0.0, window_s)
            case InForce():
                return (place, _STATE, 0.0, window_s)
            case Decay(half_life_days=half_life, until_due=until_due):
                mode = _DECAY_DUE if until_due else _DECAY
                return (place, mode, 1 / (half_life * DAY_S), window_s)
            case CountIn(steps=steps):
                ordered = sorted(steps.items())
                self._counts[place] = [n for n, _ in ordered], [s for _, s in ordered]
                return (place, _COUNT, 0.0, window_s)
            case Age(steps=steps):
                self._ages.append((place, sorted(steps.items())))
            case IndustryLevel():
                self._industries.append(place)
            case Unfiled(filed=filed, unless=unless) as function:
                kinds = numbers_named(filed), numbers_named(unless)
                self._unfiled.append((place, *kinds, function))
        return None

    def _table(self, entries: Sequence[_Entry | None], overlay: str, domain: str) -> _Table:
        """Return, by kind, the entries that speak of facts of a domain ("": of any other)."""
        own = {one.id for one in self.indicators if overlay and one.overlay == overlay}
        table: list[list[_Entry]] = [[] for _ in range(KINDS)]
        for entry, indicator in zip(entries, self.indicators, strict=True):
            speaks = indicator.overlay == overlay or (
                not indicator.overlay and indicator.id not in own
            )
            if entry is None or not speaks or (indicator.of and domain not in indicator.of):
                continue
            for kind in self.kinds[entry[0]]:
                table[kind].append(entry)
        return [tuple(column) for column in table]

    def assess(
        self,
        profile: Profile,
        facts: Sequence[Fact],
        as_of: int,
        *,
        unheard: Mapping[str, int] = ALL_HEARD,
    ) -> Assessment:
        """Return what the indicators say of ``facts`` at ``as_of`` (event time, seconds).

        ``unheard`` maps a silent feed to the moment up to which absences are known: the
        ``withheld`` of a state.
        """
        speaks = self._speaks
        # Most facts are looks that found nothing: no indicator rests on them.
        usable = [
            fact
            for fact in facts
            if speaks[fact.kind] and fact.at <= as_of and (not fact.end or as_of < fact.end)
        ]
        if not usable and not profile.established and not profile.industry:
            return NOTHING
        severities = self._weighed(usable, facts, as_of, profile.industry) if usable else {}
        if profile.industry:
            for place, severity in self._levels_of(profile.industry):
                severities[place] = severity
        if profile.established:
            self._add_ages(severities, profile, facts, as_of, unheard)
        floor = 0
        if self.hard:
            floor = self._floor(profile, usable)
        return Assessment(severities, self.score_of(severities), floor)

    def score_of(self, severities: dict[int, float], extra: float = 0.0) -> float:
        """Return the score of severities; ``extra`` is one more contribution, in points."""
        if not severities:
            return round(extra, PLACES)
        best: dict[int, float] = {}
        tangled: dict[int, float] = {}
        contributions = [extra] if extra else []
        positive = 0.0
        points_of = self._points
        groups = self._groups
        # In the catalogue's order: a float product depends on the order of its factors.
        for place in sorted(severities):
            points = severities[place] * points_of[place]
            group = groups[place]
            if points < 0:
                positive -= points
            elif group == TANGLED:
                tangled[place] = points
            elif group < 0:
                contributions.append(points)
            elif points > best.get(group, 0.0):
                best[group] = points
        if tangled:
            contributions += self._untangled(tangled)
        if best:
            contributions += [best[group] for group in sorted(best)]
        if positive:
            positive = min(self.knowledge.scoring.positive_cap, positive)
        return combined(contributions, positive)

    def _untangled(self, points: dict[int, float]) -> list[float]:
        """Return the contributions of groups that share an indicator: the weightiest choice.

        No two of one group count together; which of them do is decided by what weighs most, so
        that a further fact never takes points away.
        """
        chosen: list[float] = []
        for cluster in self._clusters:
            choices = [[points[p] for p in choice if p in points] for choice in cluster]
            chosen += max(choices, key=combined)
        return chosen

    def counted(self, severities: dict[int, float]) -> frozenset[int]:
        """Return the places that count in ``score_of``; the others share a group with one."""
        points = {place: severity * self._points[place] for place, severity in severities.items()}
        return counting(points, self._groups, self._clusters)

    def severity_of(self, name: str, facts: Sequence[Fact], as_of: int) -> float:
        """Return the severity of one collecting indicator alone."""
        place = self.places[name]
        found = self.facts_of(place, facts, as_of)
        return self._collect[place](found, facts, as_of, "") if found else 0.0

    def points_of(self, place: int, severity: float) -> float:
        """Return what an indicator contributes, in points of 0 to 1000."""
        return min(_FULL, severity * self._points[place])

    def _floor(self, profile: Profile, usable: list[Fact]) -> int:
        floor = 0
        for fact in usable:
            for place in self.hard.get(fact.kind, ()):
                here = self.floor_of(place, profile)
                if here > floor and not self.is_excused(place, fact.kind, usable):
                    floor = here
        return floor

    def _weighed(  # noqa: C901, PLR0912 - one arm a function: a call would cost more than its work
        self, usable: list[Fact], all_facts: Sequence[Fact], as_of: int, industry: str
    ) -> dict[int, float]:
        """Return the severities that rest on facts."""
        if len(usable) > 1:
            usable = _one_of_each_matter(usable)
            if sum([fact.kind in ONE_MATTER for fact in usable]) > 1:
                usable = list(once_a_neighbour(usable, self._neighbour_points, half=self._half))
        severities: dict[int, float] = {}
        counts: dict[int, int] = {}
        collected: dict[int, list[Fact]] = {}
        generic = self._generic
        domains = self._domains
        collect = self._collect
        for fact in usable:
            table = domains.get(fact.domain, generic) if domains else generic
            entries = table[fact.kind]
            if not entries:
                continue
            weight = fact.weight
            if fact.doubt and (fact.doubt & _DISPUTED or fact.doubt == PROVISIONAL):
                weight *= self._half
            age = as_of - fact.at
            for place, mode, inverse, window in entries:
                if window and age >= window:
                    continue
                if mode <= _DECAY_DUE:
                    if mode == _DECAY_DUE and fact.due and as_of >= fact.due:
                        continue
                    total = severities.get(place, 0.0) + weight * 2.0 ** (-age * inverse)
                    severities[place] = min(1.0, total)
                elif mode == _STATE:
                    if weight > severities.get(place, 0.0):
                        severities[place] = weight
                elif mode == _COUNT:
                    counts[place] = counts.get(place, 0) + 1
                elif place in collected:
                    collected[place].append(fact)
                else:
                    collected[place] = [fact]
        for place, count in counts.items():
            steps = self._counts[place]
            reached = bisect_left(steps[0], count + 1)
            if reached and steps[1][reached - 1]:
                severities[place] = steps[1][reached - 1]
        for place, facts in collected.items():
            severity = collect[place](facts, all_facts, as_of, industry)
            if severity > 0.0:
                severities[place] = severity
        return severities

    def _levels_of(self, industry: str) -> tuple[tuple[int, float], ...]:
        """Return what the industry alone says; kept, for there are some hundred industries."""
        known = self._of_industry.get(industry)
        if known is None:
            found = []
            for place in self._industries:
                function = self.indicators[place].severity
                assert isinstance(function, IndustryLevel)
                severity = longest(function.levels, industry)
                if severity:
                    found.append((place, severity))
            known = self._of_industry[industry] = tuple(found)
        return known

    def _add_ages(
        self,
        severities: dict[int, float],
        profile: Profile,
        facts: Sequence[Fact],
        as_of: int,
        unheard: Mapping[str, int],
    ) -> None:
        years = (as_of - profile.established) / YEAR_S
        for place, steps in self._ages:
            for under, severity in steps:
                if years < under:
                    severities[place] = severity
                    break
        for place, filed, excused, function in self._unfiled:
            if is_still_unfiled(
                profile,
                facts,
                as_of,
                kinds=filed,
                excused=excused,
                day=function.day,
                heard_until=unheard.get(function.feed),
            ):
                severities[place] = 1.0


def _one_of_each_matter(facts: list[Fact]) -> list[Fact]:
    """Drop all but the heaviest of one matter: what two feeds tell, the outcomes of one offence."""
    heaviest: dict[tuple[int, int], Fact] = {}
    hanging = 0
    for fact in facts:
        if fact.ref:
            hanging += 1
            matter = _MATTER[fact.kind], fact.ref
            best = heaviest.get(matter)
            if best is None or gravity(fact) > gravity(best):
                heaviest[matter] = fact
    if hanging == len(heaviest):
        return facts
    return [
        fact for fact in facts if not fact.ref or heaviest[_MATTER[fact.kind], fact.ref] is fact
    ]


# Facts of one kind and ref are one matter; all kinds of penalty together.
_MATTER = [0 if kind in _PENALTIES else kind for kind in range(KINDS)]
