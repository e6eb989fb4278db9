"""What does each indicator say of these facts, at this moment?

``Catalogue`` is the knowledge made ready for speed: one pass over the facts gives the severity
of every indicator; nothing in it depends on the order of the facts.
"""

from bisect import bisect_left
from collections.abc import Collection, Sequence

import msgspec

from detectors.facts import DAY_S, PENALTIES, Fact, FactKind, kinds_named
from detectors.knowledge import (
    Age,
    Burst,
    Countdown,
    CountIn,
    Decay,
    Hard,
    Indicator,
    IndustryLevel,
    InForce,
    Knowledge,
    Together,
)
from detectors.score import FULL_SCALE, PLACES, combined
from detectors.state import Profile
from detectors.surge import surge_severity

YEAR_S = 365.25 * DAY_S
_STATE, _DECAY, _COUNT, _COLLECT = range(4)
# (slot, mode, inverse half-life in 1/s, window in s)
_Entry = tuple[int, int, float, int]


class Assessment(msgspec.Struct, frozen=True, gc=False):
    """What the indicators said.

    Shapes:
        ``severities`` maps the indicator's place in the catalogue to a severity in (0, 1].

    Units:
        ``score`` is 0 to 1000; ``floor_rank`` the class that direct rules force, 0 to 3.
    """

    severities: dict[int, float]
    score: float
    floor_rank: int


_NOTHING = Assessment({}, 0.0, 0)


class Catalogue:
    """The indicators of one knowledge version, compiled."""

    __slots__ = ("_collectors", "_counts", "_groups", "_hard", "_kinds", "_levels", "_points",
                 "_table", "_weighty", "_windows", "indicators", "knowledge", "places")  # fmt: skip

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge
        self.indicators: tuple[Indicator, ...] = knowledge.indicators
        self.places = {indicator.id: place for place, indicator in enumerate(self.indicators)}
        self._points = tuple(float(indicator.points) for indicator in self.indicators)
        self._kinds = tuple(kinds_named(one.facts) for one in self.indicators)
        self._windows = tuple(
            getattr(one.severity, "window_days", 0) * DAY_S for one in self.indicators
        )
        names = sorted({one.group for one in self.indicators if one.group})
        self._groups = tuple(names.index(one.group) if one.group else -1 for one in self.indicators)
        table: dict[int, list[_Entry]] = {kind: [] for kind in FactKind}
        self._counts: dict[int, tuple[list[int], list[float]]] = {}
        self._collectors: list[tuple[int, Burst | Countdown | Together]] = []
        self._levels: list[tuple[int, Age | IndustryLevel]] = []
        self._hard: dict[int, int] = {}
        for place, indicator in enumerate(self.indicators):
            kinds = self._kinds[place]
            entry: _Entry | None = None
            match indicator.severity:
                case InForce():
                    entry = (place, _STATE, 0.0, 0)
                case Decay(half_life_days=half_life, window_days=window):
                    entry = (place, _DECAY, 1 / (half_life * DAY_S), window * DAY_S)
                case CountIn(window_days=window, steps=steps):
                    entry = (place, _COUNT, 0.0, window * DAY_S)
                    self._counts[place] = _sorted_steps(steps)
                case Burst() | Countdown() | Together() as function:
                    entry = (place, _COLLECT, 0.0, 0)
                    self._collectors.append((place, function))
                case Age() | IndustryLevel() as level:
                    self._levels.append((place, level))
                case Hard(floor=floor):
                    self._hard |= dict.fromkeys(kinds, floor.rank)
            if entry is not None:
                for kind in kinds:
                    table[kind].append(entry)
        self._table = {int(kind): tuple(entries) for kind, entries in table.items()}
        self._weighty = frozenset(kind for kind, entries in self._table.items() if entries) | set(
            self._hard
        )

    def assess(self, profile: Profile, facts: Sequence[Fact], as_of: int) -> Assessment:
        """Return what the indicators say of ``facts`` at ``as_of`` (event time, seconds)."""
        weighty = self._weighty
        # Most facts are looks that found nothing: no indicator rests on them.
        usable = [fact for fact in facts if fact.kind in weighty and fact.counts_at(as_of)]
        if not usable and not profile.established and not profile.industry:
            return _NOTHING
        severities, floor_rank = self._severities(profile, usable, as_of)
        return Assessment(severities, self.score_of(severities), floor_rank)

    def score_of(self, severities: dict[int, float], extra: float = 0.0) -> float:
        """Return the score of severities; ``extra`` is one more contribution, in points."""
        if not severities:
            return round(extra, PLACES)
        best: dict[int, float] = {}
        contributions = [extra] if extra else []
        positive = 0.0
        # In the catalogue's order: a float product depends on the order of its factors.
        for place in sorted(severities):
            points = severities[place] * self._points[place]
            group = self._groups[place]
            if points < 0:
                positive -= points
            elif group < 0:
                contributions.append(points)
            elif points > best.get(group, 0.0):
                best[group] = points
        contributions += (best[group] for group in sorted(best))
        cap = self.knowledge.scoring.positive_cap
        return combined(contributions, positive=min(cap, positive))

    def burst_of(self, indicator: str, facts: Sequence[Fact], as_of: int) -> float:
        """Return the severity of a BURST indicator alone."""
        place = self.places[indicator]
        function = self.indicators[place].severity
        assert isinstance(function, Burst)
        return surge_severity(self.facts_of(place, facts, as_of), as_of=as_of, burst=function)

    def facts_of(self, place: int, facts: Sequence[Fact], as_of: int) -> list[Fact]:
        """Return the facts that an indicator rests on at a moment, newest first."""
        kinds, window = self._kinds[place], self._windows[place]
        found = [
            fact
            for fact in facts
            if fact.kind in kinds
            and fact.counts_at(as_of)
            and not (window and as_of - fact.at >= window)
        ]
        found.sort(key=lambda fact: (-fact.at, fact.id))
        return found

    def is_hard(self, facts: Sequence[Fact]) -> bool:
        """Return whether any fact could set off a direct rule."""
        return any(fact.kind in self._hard for fact in facts)

    def _severities(
        self, profile: Profile, usable: list[Fact], as_of: int
    ) -> tuple[dict[int, float], int]:
        hard = self._hard
        floor_rank = max([hard[fact.kind] for fact in usable if fact.kind in hard], default=0)
        if len(usable) > 1:
            usable = _heaviest_of_each_offence(usable)
        counts: dict[int, int] = {}
        collected: dict[int, list[Fact]] = {}
        severities = self._weighed(usable, as_of, counts, collected)
        for place, count in counts.items():
            if severity := _step(self._counts[place], count):
                severities[place] = severity
        if collected:
            self._add_collected(severities, collected, as_of)
        if profile.established or profile.industry:
            self._add_levels(severities, profile, as_of)
        return severities, floor_rank

    def _weighed(
        self,
        usable: list[Fact],
        as_of: int,
        counts: dict[int, int],
        collected: dict[int, list[Fact]],
    ) -> dict[int, float]:
        """Return the severities that follow fact by fact; fill in what must be seen together."""
        half = self.knowledge.scoring.provisional_weight
        table = self._table
        severities: dict[int, float] = {}
        for fact in usable:
            weight = fact.weight * half if fact.is_open_question else fact.weight
            for place, mode, inverse, window in table[fact.kind]:
                age = as_of - fact.at
                if window and age >= window:
                    continue
                if mode == _DECAY:
                    total = severities.get(place, 0.0) + weight * 2.0 ** (-age * inverse)
                    severities[place] = min(1.0, total)
                elif mode == _STATE:
                    severities[place] = max(severities.get(place, 0.0), weight)
                elif mode == _COUNT:
                    counts[place] = counts.get(place, 0) + 1
                else:
                    collected.setdefault(place, []).append(fact)
        return severities

    def _add_collected(
        self, severities: dict[int, float], collected: dict[int, list[Fact]], as_of: int
    ) -> None:
        for place, function in self._collectors:
            facts = collected.get(place)
            if not facts:
                continue
            match function:
                case Burst():
                    severity = surge_severity(facts, as_of=as_of, burst=function)
                case Countdown(steps=steps):
                    severity = max(countdown_severity(f.due - as_of, steps) for f in facts)
                case Together():
                    kinds = self._kinds[place]
                    severity = together_severity(facts, kinds, as_of=as_of, function=function)
            if severity > 0.0:
                severities[place] = severity

    def _add_levels(self, severities: dict[int, float], profile: Profile, as_of: int) -> None:
        for place, level in self._levels:
            severity = 0.0
            match level:
                case Age(steps=steps) if profile.established:
                    years = (as_of - profile.established) / YEAR_S
                    severity = next((s for under, s in sorted(steps.items()) if years < under), 0.0)
                case IndustryLevel(levels=levels) if profile.industry:
                    code = profile.industry
                    severity = next(
                        (levels[code[:n]] for n in range(len(code), 0, -1) if code[:n] in levels),
                        0.0,
                    )
                case _:
                    pass
            if severity > 0.0:
                severities[place] = severity

    def points_of(self, place: int, severity: float) -> float:
        """Return what an indicator contributes, in points of 0 to 1000."""
        return min(FULL_SCALE, severity * self._points[place])


def countdown_severity(left_s: int, steps: dict[int, float]) -> float:
    """Return the severity of a due day so many seconds away.

    >>> countdown_severity(45 * DAY_S, {90: 0.2, 60: 0.3, 30: 0.5, 0: 1.0})
    0.3
    """
    for days in sorted(steps):
        if left_s <= days * DAY_S:
            return steps[days]
    return 0.0


def together_severity(
    facts: Sequence[Fact], kinds: Collection[FactKind], *, as_of: int, function: Together
) -> float:
    """Return the severity of several kinds of change close together.

    One when the facts of every kind lie within one window; from the last time that they did on,
    it loses half its weight each half-life.  A further change never hides an earlier meeting.
    """
    latest: dict[int, int] = {}
    last: int | None = None
    for fact in sorted(facts, key=lambda fact: fact.at):
        latest[fact.kind] = fact.at
        together = fact.at - min(latest.values()) <= function.within_days * DAY_S
        if together and len(latest) == len(kinds):
            last = fact.at
    if last is None:
        return 0.0
    severity: float = 2.0 ** (-(as_of - last) / (function.half_life_days * DAY_S))
    return severity


def _sorted_steps(steps: dict[int, float]) -> tuple[list[int], list[float]]:
    ordered = sorted(steps.items())
    return [n for n, _ in ordered], [severity for _, severity in ordered]


def _step(steps: tuple[list[int], list[float]], count: int) -> float:
    place = bisect_left(steps[0], count + 1)
    return steps[1][place - 1] if place else 0.0


def _heaviest_of_each_offence(facts: list[Fact]) -> list[Fact]:
    """Drop the lighter penalties of one offence: several outcomes count by the heaviest."""
    heaviest: dict[int, Fact] = {}
    penalties = 0
    for fact in facts:
        if fact.kind in PENALTIES and fact.ref:
            penalties += 1
            best = heaviest.get(fact.ref)
            if best is None or _gravity(fact) > _gravity(best):
                heaviest[fact.ref] = fact
    if penalties == len(heaviest):
        return facts
    return [
        fact
        for fact in facts
        if fact.kind not in PENALTIES or not fact.ref or heaviest[fact.ref] is fact
    ]


def _gravity(fact: Fact) -> tuple[int, float, int]:
    return (fact.kind, fact.weight, fact.id)
