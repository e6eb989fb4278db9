"""Which rules are broken at this moment, and by which facts?"""

import collections
import math
import types
from collections.abc import Callable, Collection, Iterable, Sequence

from msgspec.structs import replace

from detectors.adverse import adverse
from detectors.catalogue import KINDS, Catalogue
from detectors.excuses import ended_excuses
from detectors.facts import DAY_S, ENDLESS_S, Fact, FactKind, kinds_named
from detectors.finding import Finding, Moment
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
from detectors.knowledge import Knowledge, Rule
from detectors.permits import PERMITS, without_replaced
from detectors.score import PLACES
from detectors.severity import open_facts
from detectors.state import Profile
from detectors.yearly import day_in, is_unfiled, last_day, next_day, year_of

_WEEK_S = 7 * DAY_S
_NEW_YEAR = "01-01"
Kinds = frozenset[int]
AddWorkingDays = Callable[[int, int], int]


class RuleBook:
    """The rules of one knowledge version, by what can set them off."""

    def __init__(
        self, knowledge: Knowledge, catalogue: Catalogue, add_working_days: AddWorkingDays
    ) -> None:
        self._catalogue = catalogue
        self._add_working_days = add_working_days
        self.by_id = {rule.id: rule for rule in knowledge.rules}
        self._kinds: dict[tuple[str, ...], Kinds] = {}
        self._rests_on: dict[str, Kinds] = {}
        self._filed: Kinds = frozenset()
        self._ending: Kinds = frozenset()  # whose coming ends what a rule found
        self._excuses: dict[str, Kinds] = {}  # while one is in force, a rule or a tier is silent
        self._excusing: Kinds = frozenset()
        self._clocks: dict[int, list[Reached]] = {}
        self._calms: dict[int, tuple[int, int]] = {}  # how many make a surge, how long it holds
        by_kind: list[list[Rule]] = [[] for _ in range(KINDS)]
        for rule in knowledge.rules:
            self._add(rule, by_kind)
        self._ending |= self._filed
        for kind in (*self._ending, *self._calms):
            self._clocks.setdefault(kind, [])
        self._by_kind = [tuple(rules) for rules in by_kind]
        self._always = _testing(knowledge.rules, ClassWorsened | ScoreRose)
        self._timed = _testing(knowledge.rules, Reached | NotFiled)
        tests = [tier.when for rule in knowledge.rules for tier in rule.tiers]
        self._days = tuple(sorted({test.day for test in tests if isinstance(test, NotFiled)}))

    def _add(self, rule: Rule, by_kind: list[list[Rule]]) -> None:
        """Compile a rule: what sets it off, what ends it, and when time alone may."""
        tests = [tier.when for tier in rule.tiers]
        self._rests_on[rule.id] = self._own_kinds(tests)
        excuses = self._named(rule.unless).union(*[self._named(t.unless) for t in rule.tiers])
        self._excuses[rule.id] = excuses
        self._excusing |= excuses
        self._ending |= excuses | self._named(rule.settled_by)
        for kind in frozenset[int]().union(*[self._setting_off(test) for test in tests]):
            by_kind[kind].append(rule)
        for test in tests:
            match test:
                case NotFiled(facts=names):
                    self._filed |= self._named(names)
                case Reached(facts=names):
                    self._ending |= self._named(names) & PERMITS  # a new one ends the matter
                    for kind in self._named(names):
                        self._clocks.setdefault(kind, []).append(test)
                case SurgeHolds():
                    self._keep_calm(test)
                case _:
                    pass

    def _keep_calm(self, test: SurgeHolds) -> None:
        """Remember after how long of calm a surge is to be looked at again."""
        function = self._catalogue.indicators[self._catalogue.places[test.indicator]].severity
        if test.calm_days and isinstance(function, Burst):
            for kind in self._own(test):
                self._calms[kind] = (function.at_least, _WEEK_S + test.calm_days * DAY_S)

    def _named(self, names: tuple[str, ...]) -> Kinds:
        known = self._kinds.get(names)
        if known is None:
            known = frozenset(int(kind) for kind in kinds_named(names)) if names else frozenset()
            self._kinds[names] = known
        return known

    def _setting_off(self, test: Test) -> Kinds:
        """Return the kinds whose coming can make a test hold."""
        match test:
            case FactsHold(facts=names, beside=beside) | Reached(facts=names, beside=beside):
                return self._named(names) | self._named(beside)
            case SurgeHolds(indicator=name, beside=beside):
                return self._catalogue.kinds_of(name) | self._named(beside)
            case _:
                return frozenset()

    def is_set_off(self, fresh: Sequence[Fact]) -> bool:
        """Return whether a fact of this event concerns any rule."""
        by_kind = self._by_kind
        return any([bool(by_kind[fact.kind]) for fact in fresh])

    def is_momentary(self, rule: Rule) -> bool:
        """Return whether a rule speaks of a change at a moment, which cannot hold on."""
        return rule in self._always

    def wake_after(self, profile: Profile, facts: Sequence[Fact], as_of: int) -> int:
        """Return the first later moment at which time alone may break a rule; 0 for never.

        What ends a warning by its coming (a report is filed) is looked at a second after it, what
        excused as it ends.
        """
        clocks, calms = self._clocks, self._calms
        wakes = []
        concerned = [fact for fact in facts if fact.kind in clocks and fact.end >= 0]
        if self._days and profile.established:
            wakes.append(self._next_duty(profile, concerned, as_of))
        for fact in concerned:
            kind = fact.kind
            if (
                fact.at >= as_of
                and kind in self._ending
                and not self._ends_nothing(fact, concerned)
            ):
                wakes.append(fact.at + 1)
            if as_of < fact.end < ENDLESS_S and kind in self._excusing:
                wakes.append(fact.end)
            for test in clocks[kind]:
                if not test.domains or fact.domain in test.domains:
                    moment = self.moment_of(test, fact)
                    if moment > as_of:
                        wakes.append(moment)
        for kind, (at_least, holds) in calms.items():
            moments = [fact.at + holds for fact in concerned if fact.kind == kind]
            if len(moments) >= at_least and max(moments) > as_of:
                wakes.append(max(moments))
        return min(wakes, default=0)

    def _next_duty(self, profile: Profile, facts: Sequence[Fact], as_of: int) -> int:
        """Return the next day on which the annual report may be found missing.

        Whoever has filed, or was founded this year, is not asked before the next.
        """
        days, filed = self._days, self._filed
        wake = next_day(as_of, days)
        year = year_of(wake)
        for fact in facts:
            if fact.ref == year - 1 and fact.kind in filed and (not fact.end or fact.end > wake):
                return day_in(year + 1, days[0])
        return wake if profile.established < day_in(year, _NEW_YEAR) else day_in(year + 1, days[0])

    def _ends_nothing(self, fact: Fact, facts: Sequence[Fact]) -> bool:
        """Return whether a report came before any reminder, or a permit has no other to replace."""
        if fact.kind in PERMITS:
            return not any([one.kind == fact.kind and one is not fact for one in facts])
        return fact.kind in self._filed and fact.at < day_in(fact.ref + 1, self._days[0])

    def moment_of(self, test: Reached, fact: Fact) -> int:
        """Return when a fact reaches what a test waits for; 0 where it never does."""
        anchor = fact.due if test.since == "due" else fact.at
        if not anchor:
            return 0
        moment = anchor + test.days * DAY_S
        if moment >= ENDLESS_S:
            return 0
        return self._add_working_days(moment, test.working_days) if test.working_days else moment

    def findings(self, moment: Moment) -> list[Finding]:
        """Return what fires at this moment: one finding a rule, and a domain of the matter."""
        found = []
        for rule in self._concerned(moment):
            for part in self._matters(rule, _since_judged(rule, moment)):
                finding = self.check(rule, part, news_only=rule not in self._always)
                if finding is not None:
                    found.append(finding)
        return found + self._freed(moment, {(one.rule.id, one.domain) for one in found})

    def _freed(self, moment: Moment, found: Collection[tuple[str, str]]) -> list[Finding]:
        """Return what holds of the rules whose excuse is over: nobody was told before."""
        ended = ended_excuses(moment, self._excusing)
        if not ended:
            return []
        again = [
            self.check(rule, part)
            for rule in self.by_id.values()
            if not ended.isdisjoint(self._excuses[rule.id])
            and not (rule.feed and rule.feed in moment.silent_feeds)
            for part in self._matters(rule, moment)
        ]
        return [one for one in again if one and (one.rule.id, one.domain) not in found]

    def _concerned(self, moment: Moment) -> list[Rule]:
        """Return the rules that the event or the passing of time can set off.

        A rule of which no tier has a fact to rest on is none of them.
        """
        rules: dict[str, Rule] = {}
        for fact in moment.facts:
            if fact.id in moment.fresh:
                for rule in self._by_kind[fact.kind]:
                    rules[rule.id] = rule
        if moment.judged < moment.as_of:
            for rule in self._timed:
                if rule.feed not in moment.silent_feeds or not rule.feed:
                    rules[rule.id] = rule
        if moment.rank != moment.rank_before or moment.rise > 0:
            for rule in self._always:
                rules[rule.id] = rule
        if not rules:
            return []
        present = {fact.kind for fact in moment.facts}
        rests_on = self._rests_on
        return [
            rule
            for rule in rules.values()
            if not rests_on[rule.id] or not rests_on[rule.id].isdisjoint(present)
        ]

    def withheld(self, moment: Moment) -> set[str]:
        """Return the feeds without whose silence a rule would speak now."""
        silent = moment.silent_feeds
        return {one.rule.feed for one in self.on_time(moment, feeds=silent)} if silent else set()

    def on_time(self, moment: Moment, *, feeds: tuple[str, ...] = ()) -> list[Finding]:
        """Return what the rules on time find, silent feeds or not; only those of ``feeds``."""
        return [
            finding
            for rule in self._timed
            if not feeds or rule.feed in feeds
            for part in self._matters(rule, _since_judged(rule, moment))
            if (finding := self.check(rule, part, news_only=True)) is not None
        ]

    def still_holds(self, rule: Rule, moment: Moment, domain: str, *, since: int) -> Finding | None:
        """Return what a rule still finds in the matter of a domain, or None.

        ``since`` is when it last fired: a report that was missed last year is still owed this year.
        """
        days = tuple([tier.when.day for tier in rule.tiers if isinstance(tier.when, NotFiled)])
        if days:
            moment = replace(moment, year=year_of(last_day(since, days)))
        parts = self._matters(rule, moment)
        for part in parts:
            finding = self.check(rule, part)
            # Where each department looks at its own matters, another's keeps nothing open.
            if finding is not None and (len(parts) == 1 or finding.domain == domain):
                return finding
        return None

    def check(self, rule: Rule, moment: Moment, *, news_only: bool = False) -> Finding | None:
        """Return what a rule finds: its gravest tier that holds, or None.

        With ``news_only`` a tier counts only where this event has to do with it: an old grave
        fact must not hide a fresh milder one.
        """
        for silencing in (rule.unless, rule.settled_by):
            if silencing and _in_force(self._named(silencing), moment):
                return None
        for tier in rule.tiers:
            if tier.unless and _in_force(self._named(tier.unless), moment):
                continue
            facts = self._holds(tier.when, moment)
            if facts is None or (news_only and not self._is_news(tier.when, facts, moment)):
                continue
            domain = rule.domain
            if domain == "fact":
                own = self._own(tier.when)
                rests_on = [fact for fact in facts if fact.kind in own] or facts
                domain = max(rests_on, key=lambda fact: (fact.at, fact.id)).domain
            return Finding(rule, tier.measure, tuple(facts), domain)
        return None

    def _own_kinds(self, tests: Sequence[Test]) -> Kinds:
        """Return the kinds without a fact of which no tier can hold; none where one always may."""
        kinds = [self._own(test) for test in tests]
        return frozenset[int]().union(*kinds) if all(kinds) else frozenset()

    def _own(self, test: Test) -> Kinds:
        """Return the kinds that a test rests on, without those that must stand beside them."""
        match test:
            case FactsHold(facts=names) | Reached(facts=names):
                return self._named(names)
            case SurgeHolds(indicator=name):
                place = self._catalogue.places[name]
                return self._named(self._catalogue.indicators[place].facts)
            case _:
                return frozenset()

    def _holds(self, test: Test, moment: Moment) -> list[Fact] | None:
        match test:
            case FactsHold():
                return self._facts_hold(test, moment)
            case Reached():
                return self._reached(test, moment)
            case NotFiled():
                return _not_filed(test, moment, self._named(test.facts))
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
        looked_at = range(0, 1 if moment.fresh else test.calm_days * DAY_S + 1, _WEEK_S)
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
            found = [fact for fact in found if as_of - fact.at < looked_at[-1] + _WEEK_S]
        others = catalogue.others_of(test.indicator, facts, as_of)
        return sorted([*found, *others, *beside], key=lambda fact: (-fact.at, fact.id))

    def _open(self, names: tuple[str, ...], moment: Moment) -> list[Fact]:
        """Return the open matters of some kinds: in force, and no settled complaint."""
        return open_facts(moment.facts, self._named(names), moment.as_of) if names else []

    def _matters(self, rule: Rule, moment: Moment) -> Sequence[Moment]:
        """Return the moment as the departments see it: each looks at the facts of its domain."""
        kinds: Kinds = frozenset()
        for tier in rule.tiers:
            if isinstance(tier.when, Reached):
                kinds |= self._named(tier.when.facts)
        if rule.domain != "fact" or not kinds:
            return (moment,)
        domains = {fact.domain for fact in moment.facts if fact.kind in kinds}
        return [
            replace(
                moment,
                facts=[f for f in moment.facts if f.kind not in kinds or f.domain == domain],
            )
            for domain in sorted(domains)
        ]

    def _facts_hold(self, test: FactsHold, moment: Moment) -> list[Fact] | None:
        kinds = self._named(test.facts)
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
                if best is None or _gravity(fact) > _gravity(best):
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
        kinds = self._named(test.facts)
        found = [
            fact
            for fact in moment.facts
            if fact.kind in kinds
            and fact.weight >= test.weight_at_least
            and (not test.domains or fact.domain in test.domains)
            and fact.counts_at(moment.as_of)
            and 0 < self.moment_of(test, fact) <= moment.as_of
        ]
        if found and not PERMITS.isdisjoint(kinds):
            found = without_replaced(found, moment.facts, moment.as_of)
        beside = self._open(test.beside, moment)
        if not found or (test.beside and not beside):
            return None
        return [*found, *beside]

    def _is_news(self, test: Test, facts: Sequence[Fact], moment: Moment) -> bool:
        """Return whether this event has to do with it: a fact of its own, or a moment come."""
        if any([fact.id in moment.fresh for fact in facts]):
            return True
        if moment.judged >= moment.as_of:
            return False
        if isinstance(test, Reached):
            own = self._own(test)
            return any([self.moment_of(test, one) > moment.judged for one in facts
                        if one.kind in own])  # fmt: skip
        if isinstance(test, NotFiled):
            return last_day(moment.as_of, (test.day,)) > moment.judged
        return False


def _since_judged(rule: Rule, moment: Moment) -> Moment:
    """Return the moment with what is news to a rule that a silent feed has held back."""
    since = moment.withheld.get(rule.feed) if rule.feed else None
    return moment if since is None else replace(moment, judged=since)


def _testing(rules: Sequence[Rule], tests: type | types.UnionType) -> tuple[Rule, ...]:
    """Return the rules with a tier of these tests."""
    return tuple(rule for rule in rules if any(isinstance(t.when, tests) for t in rule.tiers))


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


def _gravity(fact: Fact) -> tuple[int, float, int, int]:
    return fact.kind, fact.weight, fact.at, fact.id


def _in_force(kinds: Kinds, moment: Moment) -> list[Fact]:
    return [fact for fact in moment.facts if fact.kind in kinds and fact.counts_at(moment.as_of)]
