"""Which rules do the facts break, now that an event has been added?"""

from collections.abc import Collection, Sequence

import msgspec

from detectors.catalogue import Catalogue
from detectors.facts import DAY_S, PENALTIES, Fact, FactKind, kinds_named
from detectors.knowledge import (
    ClassWorsened,
    FactsHold,
    FallsDue,
    Knowledge,
    Rule,
    ScoreRose,
    SurgeHolds,
    Test,
)
from detectors.measure import Measure

_PERMIT = int(FactKind.PERMIT)


class Finding(msgspec.Struct, frozen=True, gc=False):
    """A rule that fired, with its facts."""

    rule: Rule
    measure: Measure
    facts: tuple[Fact, ...]
    domain: str


class Moment(msgspec.Struct, frozen=True, gc=False):
    """What the rules may look at.

    Shapes:
        ``facts`` are all facts of the state, ``fresh`` the ids that this event brought.

    Units:
        ``as_of`` is event time in seconds; ranks are 0 (A) to 3 (D); ``rise`` is in points.
    """

    facts: Sequence[Fact]
    fresh: Collection[int]
    as_of: int
    rank_before: int
    rank: int
    rise: float


class RuleBook:
    """The rules of one knowledge version, by what can set them off."""

    __slots__ = ("_always", "_by_kind", "_catalogue", "by_id")

    def __init__(self, knowledge: Knowledge, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._by_kind: dict[int, tuple[Rule, ...]] = {}
        self.by_id = {rule.id: rule for rule in knowledge.rules}
        by_kind: dict[int, list[Rule]] = {int(kind): [] for kind in FactKind}
        always = []
        for rule in knowledge.rules:
            kinds = {kind for tier in rule.tiers for kind in self._kinds_of(tier.when)}
            if any(isinstance(tier.when, ClassWorsened | ScoreRose) for tier in rule.tiers):
                always.append(rule)
            for kind in kinds:
                by_kind[kind].append(rule)
        self._always = tuple(always)
        self._by_kind = {kind: tuple(rules) for kind, rules in by_kind.items()}

    def _kinds_of(self, test: Test) -> frozenset[FactKind]:
        match test:
            case FactsHold(facts=names) | FallsDue(facts=names):
                return kinds_named(names)
            case SurgeHolds(indicator=name):
                place = self._catalogue.places[name]
                names = self._catalogue.indicators[place].facts
                return kinds_named(names)
            case _:
                return frozenset()

    def is_set_off(self, facts: Sequence[Fact], fresh: Sequence[Fact]) -> bool:
        """Return whether a fact of this event, or a permit running out, concerns any rule."""
        by_kind = self._by_kind
        return any(by_kind[fact.kind] for fact in fresh) or _PERMIT in [fact.kind for fact in facts]

    def findings(self, moment: Moment) -> list[Finding]:
        """Return what fires at this moment: one finding a rule, and a domain of the matter."""
        rules: dict[str, Rule] = {}
        for fact in moment.facts:
            if fact.id in moment.fresh or fact.kind == FactKind.PERMIT:
                for rule in self._by_kind[fact.kind]:
                    rules[rule.id] = rule
        found = []
        if moment.rank != moment.rank_before or moment.rise > 0:
            for rule in self._always:
                rules[rule.id] = rule
        for rule in rules.values():
            for part in _matters(rule, moment):
                finding = self.check(rule, part, news_only=rule not in self._always)
                if finding is not None:
                    found.append(finding)
        return found

    def check(self, rule: Rule, moment: Moment, *, news_only: bool = False) -> Finding | None:
        """Return what a rule finds: its gravest tier that holds, or None.

        With ``news_only`` a tier counts only where this event has to do with it: an old grave
        fact must not hide a fresh milder one.
        """
        for tier in rule.tiers:
            facts = self._holds(tier.when, moment)
            if facts is not None and (not news_only or _is_news(facts, moment)):
                domain = rule.domain
                if domain == "fact":
                    newest = max(facts, key=lambda fact: (fact.at, fact.id))
                    domain = newest.domain
                return Finding(rule, tier.measure, tuple(facts), domain)
        return None

    def _holds(self, test: Test, moment: Moment) -> list[Fact] | None:
        match test:
            case FactsHold():
                return _facts_hold(test, moment)
            case FallsDue(facts=names, days=days):
                kinds = kinds_named(names)
                due = [
                    fact
                    for fact in moment.facts
                    if fact.kind in kinds
                    and fact.counts_at(moment.as_of)
                    and fact.due - moment.as_of <= days * DAY_S
                ]
                return due or None
            case SurgeHolds(indicator=name, severity=severity):
                severe = self._catalogue.burst_of(name, moment.facts, moment.as_of)
                if severe < severity:
                    return None
                place = self._catalogue.places[name]
                facts = self._catalogue.facts_of(place, moment.facts, moment.as_of)
                return [fact for fact in facts if moment.as_of - fact.at < 7 * DAY_S]
            case ClassWorsened(bands=bands):
                return _newest(moment) if moment.rank - moment.rank_before >= bands else None
            case ScoreRose(points=points):
                unchanged = moment.rank == moment.rank_before
                return _newest(moment) if unchanged and moment.rise >= points else None


def _matters(rule: Rule, moment: Moment) -> list[Moment]:
    """Return the moment as the departments see it: each looks at the permits of its own domain."""
    if rule.domain != "fact" or not any(isinstance(tier.when, FallsDue) for tier in rule.tiers):
        return [moment]
    domains = {fact.domain for fact in moment.facts if fact.kind == _PERMIT}
    return [
        msgspec.structs.replace(
            moment,
            facts=[f for f in moment.facts if f.kind != _PERMIT or f.domain == domain],
        )
        for domain in sorted(domains)
    ]


def _facts_hold(test: FactsHold, moment: Moment) -> list[Fact] | None:
    kinds = kinds_named(test.facts)
    window = test.within_days * DAY_S
    matched: dict[tuple[int, int], Fact] = {}
    for fact in moment.facts:
        if (
            fact.kind in kinds
            and fact.weight >= test.weight_at_least
            and (not window or moment.as_of - fact.at < window)
            and (not test.domains or fact.domain in test.domains)
            and fact.counts_at(moment.as_of)
        ):
            # Several outcomes of one offence are one penalty: the heaviest stands for it.
            offence = (0, fact.ref) if fact.kind in PENALTIES and fact.ref else (1, fact.id)
            best = matched.get(offence)
            if best is None or (fact.kind, fact.weight) > (best.kind, best.weight):
                matched[offence] = fact
    if len(matched) < test.at_least:
        return None
    return sorted(matched.values(), key=lambda fact: (-fact.at, fact.id))


def _is_news(facts: Sequence[Fact], moment: Moment) -> bool:
    """Return whether this event has anything to do with the facts; a due day needs no event."""
    return any(fact.id in moment.fresh or fact.kind == FactKind.PERMIT for fact in facts)


def _newest(moment: Moment) -> list[Fact]:
    """Return the facts that this event brought, or else the newest that count."""
    usable = [fact for fact in moment.facts if fact.counts_at(moment.as_of)]
    fresh = [fact for fact in usable if fact.id in moment.fresh]
    return fresh or sorted(usable, key=lambda fact: (-fact.at, fact.id))[:3]
