"""Is an enterprise under observation (观察期), and what becomes of a measure then?

New industries of low or general risk are left to grow: reminders yes, inspection proposals no,
unless something sets them off (触发式监管, 豫市监〔2022〕21号).  High risk is never spared.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from detectors.documents import stated
from detectors.facts import DAY_S, Fact, FactKind, kinds_named
from detectors.functions import InvalidKnowledgeError, Strict
from detectors.kinds_check import misspelt_kinds
from detectors.measure import Measure, RiskClass
from detectors.state import Profile
from detectors.warning import CHINA
from detectors.wording import LABELS

FILE = "observation.yaml"
Text = Annotated[str, Meta(min_length=1)]


class Spell(Strict, frozen=True, rename={"since": "from"}):
    """From which day until which (the last one included) something is observed, and why."""

    name: Text
    since: dt.date
    until: dt.date
    basis: Text


class IndustrySpell(Spell, frozen=True):
    """An industry under observation; with ``first_days`` only firms younger than so many days."""

    prefix: Annotated[str, Meta(pattern=r"^[A-T][0-9]{0,4}$")]
    first_days: Annotated[int, Meta(ge=0, le=3650)] = 0


class EnterpriseSpell(Spell, frozen=True):
    """One enterprise under observation, by decision of the bureau."""

    uscc: Text


class Observation(Strict, frozen=True):
    """The document ``observation.yaml``, checked.

    ``softened`` says what takes a measure's place; ``triggers`` are the fact kinds that end the
    mildness for ``trigger_days``; ``never_in`` and ``never_industries`` are high risk;
    ``at_most`` is the worst class that still counts as low or general risk.
    """

    version: str
    softened: dict[Measure, Measure]
    triggers: tuple[str, ...]
    trigger_days: Annotated[int, Meta(ge=1, le=3650)]
    never_in: tuple[str, ...]
    never_industries: tuple[str, ...]
    at_most: RiskClass
    industries: tuple[IndustrySpell, ...] = ()
    enterprises: tuple[EnterpriseSpell, ...] = ()

    def spell_of(self, uscc: str, profile: Profile, *, as_of: int) -> Spell | None:
        """Return the observation that an enterprise is under at a moment, or None."""
        day = dt.datetime.fromtimestamp(as_of, CHINA).date()
        if profile.industry.startswith(self.never_industries):
            return None
        for one in self.enterprises:
            if one.uscc == uscc and one.since <= day <= one.until:
                return one
        for spell in self.industries:
            age = as_of - profile.established
            is_young = not spell.first_days or (
                bool(profile.established) and age < spell.first_days * DAY_S
            )
            if (
                profile.industry.startswith(spell.prefix)
                and is_young
                and spell.since <= day <= spell.until
            ):
                return spell
        return None


class Tempered(msgspec.Struct, frozen=True):
    """The measure to be taken, and why it is not the one asked for ("" where it is)."""

    measure: Measure
    why: str = ""


def tempered(
    observation: Observation,
    measure: Measure,
    *,
    uscc: str,
    profile: Profile,
    facts: Sequence[Fact],
    risk_class: RiskClass,
    domain: str,
    as_of: int,
) -> Tempered:
    """Return what becomes of a measure where the enterprise is under observation.

    It stays as it is in a high-risk domain, for a class worse than ``at_most``, and where a
    trigger has come within ``trigger_days``; never is it made graver.
    """
    if measure not in observation.softened or domain in observation.never_in:
        return Tempered(measure)
    if risk_class.rank > observation.at_most.rank:
        return Tempered(measure)
    spell = observation.spell_of(uscc, profile, as_of=as_of)
    if spell is None:
        return Tempered(measure)
    if trigger := _trigger(observation, facts, as_of):
        told = LABELS[FactKind(trigger.kind)]
        return Tempered(measure, f"处于{spell.name}观察期，因{told}触发，按原措施办理")
    softened = observation.softened[measure]
    return Tempered(
        softened,
        f"处于{spell.name}观察期（至{spell.until}），无触发情形，"
        f"{measure.label}改为{softened.label}（{spell.basis}）",
    )


def _trigger(observation: Observation, facts: Sequence[Fact], as_of: int) -> Fact | None:
    """Return the newest fact that ends the mildness, or None."""
    kinds = kinds_named(observation.triggers)
    found = [
        fact
        for fact in facts
        if fact.kind in kinds
        and as_of - fact.at < observation.trigger_days * DAY_S
        and fact.counts_at(as_of)
    ]
    return max(found, key=lambda fact: (fact.at, fact.id), default=None)


def parse_observation(
    documents: Mapping[str, object], *, domains: Mapping[str, str]
) -> Observation:
    """Return what ``observation.yaml`` states.

    Raises:
        InvalidKnowledgeError: names file and key.
    """
    observation = stated(documents, FILE, Observation)
    problems = _problems(observation, domains)
    if problems:
        raise InvalidKnowledgeError("\n".join(problems))
    return observation


def _problems(observation: Observation, domains: Mapping[str, str]) -> list[str]:
    problems = [
        f"{FILE}: softened.{asked.value}: {given.value} is not milder; name a milder measure"
        for asked, given in observation.softened.items()
        if given.rank >= asked.rank
    ]
    if Measure.INSPECTION not in observation.softened:
        problems.append(f"{FILE}: softened: inspection is missing; say what takes its place")
    if Measure.INSPECTION in observation.softened.values():
        problems.append(f"{FILE}: softened: nothing may become an inspection")
    problems += misspelt_kinds(observation.triggers, f"{FILE}: triggers")
    problems += [
        f"{FILE}: never_in: {code!r} is not under domains in knowledge.yaml"
        for code in observation.never_in
        if code not in domains
    ]
    for n, spell in enumerate(observation.industries):
        problems += [
            f"{FILE}: industries[{n}].prefix: {spell.prefix} lies in {high}, which is high "
            f"risk and never observed; leave it out"
            for high in observation.never_industries
            if spell.prefix.startswith(high)
        ]
    spells: list[tuple[str, Spell]] = [
        *((f"industries[{n}]", one) for n, one in enumerate(observation.industries)),
        *((f"enterprises[{n}]", one) for n, one in enumerate(observation.enterprises)),
    ]
    problems += [
        f"{FILE}: {where}: until {spell.until} lies before from {spell.since}; swap them"
        for where, spell in spells
        if spell.until < spell.since
    ]
    return problems
