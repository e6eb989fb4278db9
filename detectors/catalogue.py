"""What does each indicator say of these facts, at this moment?

``Catalogue`` is the knowledge made ready for speed: one pass over the facts gives the severity
of every indicator; nothing in it depends on the order of the facts.
"""

from bisect import bisect_left
from collections.abc import Sequence

from detectors.assessment import NOTHING, Assessment
from detectors.facts import (
    CONTESTED,
    DAY_S,
    OBJECTED,
    PENALTIES,
    PROVISIONAL,
    Fact,
    FactKind,
    kinds_named,
)
from detectors.functions import (
    Age,
    Besides,
    Burst,
    Countdown,
    CountIn,
    Decay,
    Gathering,
    Hard,
    HardIndustry,
    IndustryLevel,
    InForce,
    Lasting,
    Overdue,
    Relapse,
    Together,
    Unfiled,
)
from detectors.knowledge import Indicator, Knowledge
from detectors.score import PLACES, combined
from detectors.severity import (
    besides_severity,
    countdown_severity,
    reached_severity,
    relapse_severity,
    together_severity,
)
from detectors.state import Profile
from detectors.surge import gathering_severity, surge_severity
from detectors.yearly import is_unfiled

YEAR_S = 365.25 * DAY_S
KINDS = max(FactKind) + 1
_STATE, _DECAY, _COUNT, _COLLECT, _DECAY_DUE = 0, 1, 2, 3, 4
# (place in the catalogue, mode, inverse half-life in 1/s, window in s)
_Entry = tuple[int, int, float, int]
_Table = list[tuple[_Entry, ...]]
_PENALTIES = frozenset(int(kind) for kind in PENALTIES)
_FULL = 1000.0
_DISPUTED = CONTESTED | OBJECTED


class Catalogue:
    """The indicators of one knowledge version, compiled."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge
        self.indicators: tuple[Indicator, ...] = knowledge.indicators
        self.places: dict[str, int] = {}
        for place, indicator in enumerate(self.indicators):
            self.places.setdefault(indicator.id, place)
        self._points = [float(indicator.points) for indicator in self.indicators]
        self._groups = _groups_of(self.indicators)
        self._kinds = [frozenset(int(k) for k in kinds_named(i.facts)) for i in self.indicators]
        self._others = [_others_of(indicator) for indicator in self.indicators]
        self._counts: dict[int, tuple[list[int], list[float]]] = {}
        self._ages: list[tuple[int, list[tuple[int, float]]]] = []
        self._industries: list[int] = []
        self._unfiled: list[int] = []
        self._of_industry: dict[str, tuple[tuple[int, float], ...]] = {}
        self._hard: dict[int, list[int]] = {}
        self._half = knowledge.scoring.provisional_weight
        entries = [self._entry(place, one) for place, one in enumerate(self.indicators)]
        self._domains = {
            domain: self._table(entries, overlay.name)
            for overlay in knowledge.overlays
            for domain in overlay.domains
        }
        self._generic = self._table(entries, "")
        self.is_weighty = [
            bool(self._hard.get(kind))
            or any(t[kind] for t in (self._generic, *self._domains.values()))
            for kind in range(KINDS)
        ]
        for place in self._unfiled:
            for kind in self._kinds[place]:
                self.is_weighty[kind] = True

    def _entry(self, place: int, indicator: Indicator) -> _Entry | None:
        """Compile one indicator; return what its facts meet in the table."""
        match indicator.severity:
            case InForce():
                return (place, _STATE, 0.0, 0)
            case Decay(half_life_days=half_life, window_days=window, until_due=until_due):
                mode = _DECAY_DUE if until_due else _DECAY
                return (place, mode, 1 / (half_life * DAY_S), window * DAY_S)
            case CountIn(window_days=window, steps=steps):
                ordered = sorted(steps.items())
                self._counts[place] = [n for n, _ in ordered], [s for _, s in ordered]
                return (place, _COUNT, 0.0, window * DAY_S)
            case Age(steps=steps):
                self._ages.append((place, sorted(steps.items())))
            case IndustryLevel():
                self._industries.append(place)
            case Unfiled():
                self._unfiled.append(place)
            case Hard() | HardIndustry():
                for kind in self._kinds[place]:
                    self._hard.setdefault(kind, []).append(place)
            case _:
                return (place, _COLLECT, 0.0, 0)
        return None

    def _table(self, entries: Sequence[_Entry | None], overlay: str) -> _Table:
        """Return, by kind, the entries that speak of facts under a professional catalogue."""
        own = {one.id for one in self.indicators if overlay and one.overlay == overlay}
        table: list[list[_Entry]] = [[] for _ in range(KINDS)]
        for entry, indicator in zip(entries, self.indicators, strict=True):
            speaks = indicator.overlay == overlay or (
                not indicator.overlay and indicator.id not in own
            )
            if entry is None or not speaks:
                continue
            for kind in self._kinds[entry[0]]:
                table[kind].append(entry)
        return [tuple(column) for column in table]

    def assess(self, profile: Profile, facts: Sequence[Fact], as_of: int) -> Assessment:
        """Return what the indicators say of ``facts`` at ``as_of`` (event time, seconds)."""
        weighty = self.is_weighty
        # Most facts are looks that found nothing: no indicator rests on them.
        usable = [
            fact
            for fact in facts
            if weighty[fact.kind] and fact.at <= as_of and (not fact.end or as_of < fact.end)
        ]
        if not usable and not profile.established and not profile.industry:
            return NOTHING
        severities = self._weighed(usable, as_of) if usable else {}
        if profile.industry:
            for place, severity in self._levels_of(profile.industry):
                severities[place] = severity
        if profile.established:
            self._add_ages(severities, profile, usable, as_of)
        floor = 0
        if self._hard:
            floor = self._floor(profile, usable)
        return Assessment(severities, self.score_of(severities), floor)

    def score_of(self, severities: dict[int, float], extra: float = 0.0) -> float:
        """Return the score of severities; ``extra`` is one more contribution, in points."""
        if not severities:
            return round(extra, PLACES)
        best: dict[int, float] = {}
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
            elif group < 0:
                contributions.append(points)
            elif points > best.get(group, 0.0):
                best[group] = points
        if best:
            contributions += [best[group] for group in sorted(best)]
        if positive:
            positive = min(self.knowledge.scoring.positive_cap, positive)
        return combined(contributions, positive)

    def severity_of(self, name: str, facts: Sequence[Fact], as_of: int) -> float:
        """Return the severity of one collecting indicator alone."""
        place = self.places[name]
        return self._collected(place, self.facts_of(place, facts, as_of), facts, as_of)

    def facts_of(self, place: int, facts: Sequence[Fact], as_of: int) -> list[Fact]:
        """Return the facts that an indicator rests on at a moment, newest first."""
        kinds = self._kinds[place]
        indicator = self.indicators[place]
        window = getattr(indicator.severity, "window_days", 0) * DAY_S
        until_due = getattr(indicator.severity, "until_due", False)
        domains = self._domains_of(indicator)
        found = [
            fact
            for fact in facts
            if fact.kind in kinds
            and fact.counts_at(as_of)
            and not (window and as_of - fact.at >= window)
            and not (until_due and fact.due and as_of >= fact.due)
            and (not domains or fact.domain in domains)
        ]
        found.sort(key=lambda fact: (-fact.at, fact.id))
        return found

    def is_hard(self, facts: Sequence[Fact]) -> bool:
        """Return whether any fact could set off a direct rule."""
        return any(fact.kind in self._hard for fact in facts)

    def floor_of(self, place: int, profile: Profile) -> int:
        """Return the class that a direct rule forces on an enterprise, 0 to 3."""
        match self.indicators[place].severity:
            case Hard(floor=floor):
                return floor.rank
            case HardIndustry(floors=floors):
                code = profile.industry
                for length in range(len(code), 0, -1):
                    if code[:length] in floors:
                        return floors[code[:length]].rank
        return 0

    def points_of(self, place: int, severity: float) -> float:
        """Return what an indicator contributes, in points of 0 to 1000."""
        return min(_FULL, severity * self._points[place])

    def _domains_of(self, indicator: Indicator) -> frozenset[str]:
        """Return the domains that an overlay's indicator is confined to; empty for all."""
        for overlay in self.knowledge.overlays:
            if overlay.name == indicator.overlay:
                return frozenset(overlay.domains)
        return frozenset()

    def _floor(self, profile: Profile, usable: list[Fact]) -> int:
        floor = 0
        for fact in usable:
            for place in self._hard.get(fact.kind, ()):
                floor = max(floor, self.floor_of(place, profile))
        return floor

    def _weighed(self, usable: list[Fact], as_of: int) -> dict[int, float]:
        """Return the severities that rest on facts."""
        if len(usable) > 1:
            usable = _one_of_each_matter(usable)
        severities: dict[int, float] = {}
        counts: dict[int, int] = {}
        collected: dict[int, list[Fact]] = {}
        generic = self._generic
        domains = self._domains
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
                if mode == _DECAY_DUE and fact.due and as_of >= fact.due:
                    continue
                if mode == _DECAY or mode == _DECAY_DUE:
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
            severity = self._collected(place, facts, usable, as_of)
            if severity > 0.0:
                severities[place] = severity
        return severities

    def _collected(
        self, place: int, facts: Sequence[Fact], all_facts: Sequence[Fact], as_of: int
    ) -> float:
        function = self.indicators[place].severity
        match function:
            case Burst():
                return surge_severity(facts, as_of=as_of, burst=function)
            case Gathering():
                return gathering_severity(facts, as_of=as_of, gathering=function)
            case Countdown(steps=steps):
                return max(
                    [countdown_severity(one.due - as_of, steps) for one in facts], default=0.0
                )
            case Overdue(steps=steps):
                return max(
                    [reached_severity(as_of - one.due, steps) for one in facts if one.due],
                    default=0.0,
                )
            case Lasting(steps=steps):
                return max([reached_severity(as_of - one.at, steps) for one in facts], default=0.0)
            case Together():
                return together_severity(facts, self._kinds[place], as_of=as_of, function=function)
            case Relapse():
                return relapse_severity(facts, as_of=as_of, function=function)
            case Besides():
                kinds = self._others[place]
                others = [one for one in all_facts if one.kind in kinds and one.counts_at(as_of)]
                return besides_severity(facts, others, as_of=as_of, function=function)
        raise TypeError(f"{self.indicators[place].id} collects no facts")

    def _levels_of(self, industry: str) -> tuple[tuple[int, float], ...]:
        """Return what the industry alone says; kept, for there are some hundred industries."""
        known = self._of_industry.get(industry)
        if known is None:
            found = []
            for place in self._industries:
                function = self.indicators[place].severity
                assert isinstance(function, IndustryLevel)
                for length in range(len(industry), 0, -1):
                    severity = function.levels.get(industry[:length], 0.0)
                    if severity:
                        found.append((place, severity))
                        break
            known = self._of_industry[industry] = tuple(found)
        return known

    def _add_ages(
        self, severities: dict[int, float], profile: Profile, usable: list[Fact], as_of: int
    ) -> None:
        years = (as_of - profile.established) / YEAR_S
        for place, steps in self._ages:
            for under, severity in steps:
                if years < under:
                    severities[place] = severity
                    break
        for place in self._unfiled:
            function = self.indicators[place].severity
            assert isinstance(function, Unfiled)
            if is_unfiled(profile, usable, as_of, kinds=self._kinds[place], day=function.day):
                severities[place] = 1.0


def _groups_of(indicators: Sequence[Indicator]) -> list[int]:
    """Return the group of each indicator, -1 where it stands alone.

    A professional indicator and the generic one of the same id are one group at least.
    """
    ids = [one.id for one in indicators]
    names = [one.group or (one.id if ids.count(one.id) > 1 else "") for one in indicators]
    order = sorted({name for name in names if name})
    return [order.index(name) if name else -1 for name in names]


def _others_of(indicator: Indicator) -> frozenset[int]:
    severity = indicator.severity
    return (
        frozenset(int(kind) for kind in kinds_named(severity.others))
        if isinstance(severity, Besides)
        else frozenset()
    )


def _one_of_each_matter(facts: list[Fact]) -> list[Fact]:
    """Drop all but the heaviest of one matter: what two feeds tell, the outcomes of one offence."""
    heaviest: dict[tuple[int, int], Fact] = {}
    hanging = 0
    for fact in facts:
        if fact.ref:
            hanging += 1
            matter = _MATTER[fact.kind], fact.ref
            best = heaviest.get(matter)
            if best is None or _gravity(fact) > _gravity(best):
                heaviest[matter] = fact
    if hanging == len(heaviest):
        return facts
    return [
        fact for fact in facts if not fact.ref or heaviest[_MATTER[fact.kind], fact.ref] is fact
    ]


# Facts of one kind and ref are one matter; all kinds of penalty together.
_MATTER = [0 if kind in _PENALTIES else kind for kind in range(KINDS)]


def _gravity(fact: Fact) -> tuple[int, float, int, int]:
    return (fact.kind, fact.weight, fact.at, fact.id)
