"""What excuses, and which excuse has ended: by its day, by a record told late, or taken back?"""

from collections.abc import Collection

from detectors.facts import numbers_named
from detectors.finding import Moment
from detectors.knowledge import Rule


def excuses_of(rule: Rule) -> frozenset[int]:
    """Return the kinds of which one in force keeps a rule, or a tier of it, silent."""
    return numbers_named(rule.unless).union(*[numbers_named(one.unless) for one in rule.tiers])


def ended_excuses(moment: Moment, excusing: Collection[int]) -> frozenset[int]:
    """Return the kinds of ``excusing`` of which a fact has ended, so that rules may speak again.

    Either this event ended one that was in force before it, whatever day its record names: until
    now nobody was told of what it excused.  Or its own last day has come, which the timer tells.
    """
    over = [f for f in moment.facts if f.kind in excusing and not f.counts_at(moment.as_of)]
    if not over:
        return frozenset()
    held = {
        fact.id: fact.end
        for fact in moment.before
        if fact.kind in excusing and fact.counts_at(moment.last)
    }
    return frozenset([
        fact.kind
        for fact in over
        if held.get(fact.id, fact.end) != fact.end or moment.judged < fact.end <= moment.as_of
    ])  # fmt: skip
