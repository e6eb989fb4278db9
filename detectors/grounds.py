"""What does a rule say of a matter: what it is called, what is to be done, on which law?

One rule may rest on several laws: an accident of a crane is no matter of the food law.  So a basis
may be given by fact kind or by domain, and the words by measure (a permit that will run out is not
yet one that did).
"""

from collections.abc import Iterable

from detectors.facts import Fact, FactKind
from detectors.knowledge import Rule
from detectors.measure import Measure


def matter_of(rule: Rule, measure: Measure) -> str:
    """Return what the matter is called where this measure is taken."""
    return rule.matter_at.get(measure, rule.matter)


def advice_of(rule: Rule, measure: Measure) -> str:
    """Return what the officer should do where this measure is taken."""
    return rule.advice_at.get(measure, rule.advice)


def own_basis(rule: Rule, fact: Fact) -> str:
    """Return the law of this fact's kind or else domain; "" where the rule's own says all."""
    kind = FactKind(fact.kind).name.lower()
    return rule.basis_of.get(kind, "") or rule.basis_of.get(fact.domain, "")


def basis_of(rule: Rule, facts: Iterable[Fact]) -> str:
    """Return all that a warning rests on, each once: the law of its facts, then the rule's own."""
    own = [basis for fact in facts if (basis := own_basis(rule, fact))]
    return "；".join(dict.fromkeys([*own, rule.basis]))
