"""Which rules are broken at this moment, and by which facts?"""

import types
from collections.abc import Collection, Sequence

from msgspec.structs import replace

from detectors.catalogue import KINDS, Catalogue
from detectors.conditions import Conditions, Kinds
from detectors.excuses import ended_excuses, excuses_of
from detectors.facts import Fact, numbers_named
from detectors.finding import Finding, Moment
from detectors.functions import (
    ClassWorsened,
    FactsHold,
    NotFiled,
    Reached,
    ScoreRose,
    SurgeHolds,
    Test,
)
from detectors.knowledge import Knowledge, Rule
from detectors.rule_clocks import AddWorkingDays, RuleClocks
from detectors.yearly import last_day, year_of


class RuleBook:
    """The rules of one knowledge version, by what can set them off."""

    def __init__(
        self, knowledge: Knowledge, catalogue: Catalogue, add_working_days: AddWorkingDays
    ) -> None:
        rules = knowledge.rules
        self._catalogue = catalogue
        self.clocks = RuleClocks(rules, catalogue, add_working_days)
        self._conditions = Conditions(catalogue, self.clocks)
        self.by_id = {rule.id: rule for rule in rules}
        self._rests_on = {rule.id: self._own_kinds(rule) for rule in rules}
        # While one of these is in force, a rule or a tier is silent.
        self._excuses = {rule.id: excuses_of(rule) for rule in rules}
        self._excusing = frozenset[int]().union(*self._excuses.values())
        by_kind: list[list[Rule]] = [[] for _ in range(KINDS)]
        for rule in rules:
            for kind in self._setting_off(rule):
                by_kind[kind].append(rule)
        self._by_kind = [tuple(rules) for rules in by_kind]
        self._always = _testing(rules, ClassWorsened | ScoreRose)
        self._timed = _testing(rules, Reached | NotFiled)

    def _own_kinds(self, rule: Rule) -> Kinds:
        """Return the kinds without a fact of which no tier can hold; none where one always may."""
        kinds = [self._conditions.own(tier.when) for tier in rule.tiers]
        return frozenset[int]().union(*kinds) if all(kinds) else frozenset()

    def _setting_off(self, rule: Rule) -> Kinds:
        """Return the kinds whose coming can make a tier hold."""
        return frozenset[int]().union(*[self._moved_by(tier.when) for tier in rule.tiers])

    def _moved_by(self, test: Test) -> Kinds:
        match test:
            case FactsHold(facts=names, beside=beside) | Reached(facts=names, beside=beside):
                return numbers_named(names) | numbers_named(beside)
            case SurgeHolds(indicator=name, beside=beside):
                return self._catalogue.kinds_of(name) | numbers_named(beside)
            case _:
                return frozenset()

    def is_set_off(self, fresh: Sequence[Fact]) -> bool:
        """Return whether a fact of this event concerns any rule."""
        by_kind = self._by_kind
        return any([bool(by_kind[fact.kind]) for fact in fresh])

    def is_momentary(self, rule: Rule) -> bool:
        """Return whether a rule speaks of a change at a moment, which cannot hold on."""
        return rule in self._always

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
        conditions = self._conditions
        for silencing in (rule.unless, rule.settled_by):
            if silencing and _in_force(numbers_named(silencing), moment):
                return None
        for tier in rule.tiers:
            if tier.unless and _in_force(numbers_named(tier.unless), moment):
                continue
            facts = conditions.holds(tier.when, moment)
            if facts is None or (news_only and not conditions.is_news(tier.when, facts, moment)):
                continue
            domain = rule.domain
            if domain == "fact":
                own = conditions.own(tier.when)
                rests_on = [fact for fact in facts if fact.kind in own] or facts
                domain = max(rests_on, key=lambda fact: (fact.at, fact.id)).domain
            return Finding(rule, tier.measure, tuple(facts), domain)
        return None

    def _matters(self, rule: Rule, moment: Moment) -> Sequence[Moment]:
        """Return the moment as the departments see it: each looks at the facts of its domain."""
        kinds: Kinds = frozenset()
        for tier in rule.tiers:
            if isinstance(tier.when, Reached):
                kinds |= numbers_named(tier.when.facts)
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


def _since_judged(rule: Rule, moment: Moment) -> Moment:
    """Return the moment with what is news to a rule that a silent feed has held back."""
    since = moment.withheld.get(rule.feed) if rule.feed else None
    return moment if since is None else replace(moment, judged=since)


def _testing(rules: Sequence[Rule], tests: type | types.UnionType) -> tuple[Rule, ...]:
    """Return the rules with a tier of these tests."""
    return tuple(rule for rule in rules if any(isinstance(t.when, tests) for t in rule.tiers))


def _in_force(kinds: Kinds, moment: Moment) -> list[Fact]:
    return [fact for fact in moment.facts if fact.kind in kinds and fact.counts_at(moment.as_of)]
