"""Can every rule fire, and does it say on which law it rests and what is to be done?"""

import re
from collections.abc import Iterable
from typing import get_args

from detectors.facts import FactKind
from detectors.functions import Collecting, FactsHold, NotFiled, Reached, SurgeHolds, Test
from detectors.kinds_check import misspelt_kinds, undue
from detectors.knowledge import Knowledge, Rule
from detectors.measure import Measure
from detectors.repetition import RAISED_TO

_COLLECTING = get_args(Collecting)
# 约谈 and 检查 reach into an enterprise's business: they need a law or a document by number.
_NEED_A_LAW = frozenset({Measure.INTERVIEW, Measure.INSPECTION})
_LAW = re.compile(r"第.+[条章]|〔\d{4}〕\d+号|令第\d+号")


def problems_of(knowledge: Knowledge) -> list[str]:
    """Return what is wrong with the rules, each by place and key."""
    problems = []
    seen: set[str] = set()
    for index, rule in enumerate(knowledge.rules):
        where = f"rules.yaml: [{index}] {rule.id}"
        if rule.id in seen:
            problems.append(f"{where}: the id stands twice; ids are permanent, take a new one")
        seen.add(rule.id)
        if rule.domain != "fact" and rule.domain not in knowledge.domains:
            problems.append(f"{where}.domain: {rule.domain!r} is not under domains")
        problems += misspelt_kinds(rule.unless, f"{where}.unless")
        problems += misspelt_kinds(rule.settled_by, f"{where}.settled_by")
        asked = [tier.measure for tier in rule.tiers]
        if rule.again_within_days:
            if Measure.WARNING not in asked:
                problems.append(f"{where}.again_within_days: no tier is a warning; take it out")
            asked.append(RAISED_TO)
        graver = [measure for measure in asked if measure in _NEED_A_LAW]
        if graver and not _LAW.search(rule.basis):
            problems.append(
                f"{where}.basis: {rule.basis!r} is no law; an {graver[0]} must name the article or "
                f"the document it rests on"
            )
        if not rule.advice.strip():
            problems.append(f"{where}.advice: must say what the officer should do")
        problems += _word_problems(rule, where, knowledge)
        ranks = [tier.measure.rank for tier in rule.tiers]
        if ranks != sorted(ranks, reverse=True):
            problems.append(f"{where}.tiers: must stand gravest first")
        for tier in rule.tiers:
            problems += misspelt_kinds(tier.unless, f"{where}.tiers.{tier.measure}.unless")
            problems += _test_problems(tier.when, f"{where}.tiers.{tier.measure}", knowledge)
    return problems


def _word_problems(rule: Rule, where: str, knowledge: Knowledge) -> list[str]:
    """Return what is wrong with the words that hold for a measure, a kind or a domain alone."""
    taken = {tier.measure for tier in rule.tiers}
    problems = [
        f"{where}.{key}: {measure.value} is no measure of this rule; take it out"
        for key, words in (("matter_at", rule.matter_at), ("advice_at", rule.advice_at))
        for measure in words
        if measure not in taken
    ]
    problems += [
        f"{where}.advice_at.{measure.value}: must say what the officer should do"
        for measure, advice in rule.advice_at.items()
        if not advice.strip()
    ]
    for name, basis in rule.basis_of.items():
        if name not in knowledge.domains and name.upper() not in FactKind.__members__:
            problems.append(f"{where}.basis_of: {name!r} is neither a fact kind nor a domain")
        if not _LAW.search(basis):
            problems.append(f"{where}.basis_of.{name}: {basis!r} is no law; name the article")
    return problems


def _test_problems(test: Test, where: str, knowledge: Knowledge) -> list[str]:
    match test:
        case FactsHold(facts=facts, domains=domains, beside=beside):
            return [
                *misspelt_kinds((*facts, *beside), f"{where}.facts"),
                *_no_domains(domains, where, knowledge),
            ]
        case Reached(facts=facts, since=since, domains=domains, beside=beside):
            return [
                *misspelt_kinds((*facts, *beside), f"{where}.facts"),
                *(undue(facts, f"{where}.facts") if since == "due" else ()),
                *_no_domains(domains, where, knowledge),
            ]
        case NotFiled(facts=facts):
            return misspelt_kinds(facts, f"{where}.facts")
        case SurgeHolds():
            return _surge_problems(test, where, knowledge)
        case _:
            return []


def _no_domains(domains: Iterable[str], where: str, knowledge: Knowledge) -> list[str]:
    return [
        f"{where}.domains: {one!r} is not under domains"
        for one in domains
        if one not in knowledge.domains
    ]


def _surge_problems(test: SurgeHolds, where: str, knowledge: Knowledge) -> list[str]:
    name = test.indicator
    problems = misspelt_kinds(test.beside, f"{where}.beside")
    generic = {one.id: one.severity for one in knowledge.indicators if not one.overlay}
    if not isinstance(generic.get(name), _COLLECTING):
        problems.append(f"{where}.indicator: {name!r} is no indicator that collects facts")
    problems += [
        f"{where}.indicator: {name} has a line in professional/{one.overlay}.yaml too; a rule "
        f"looks at the generic one alone, take that line out"
        for one in knowledge.indicators
        if one.id == name and one.overlay
    ]
    return problems
