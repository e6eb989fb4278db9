"""How severe are several facts seen together: a countdown, a delay, a meeting of changes?

What follows fact by fact (STATE, DECAY, COUNT) stands in ``detectors.catalogue``; surges in
``detectors.surge``.
"""

from collections.abc import Collection, Mapping, Sequence

from detectors.facts import DAY_S, Fact, FactKind
from detectors.functions import Besides, Decay, InForce, Relapse, Together

_COMPLAINT, _SETTLED = int(FactKind.COMPLAINT), int(FactKind.COMPLAINT_SETTLED)


def strength_of(fact: Fact, half: float) -> float:
    """Return the weight of a fact: so much of it while it is provisional or contested.

    >>> from detectors.facts import CONTESTED
    >>> strength_of(Fact(1, FactKind.RECALL, at=0, weight=0.8, doubt=CONTESTED), 0.5)
    0.4
    """
    return fact.weight * half if fact.doubt and fact.is_open_question else fact.weight


def open_facts(facts: Sequence[Fact], kinds: Collection[int], as_of: int) -> list[Fact]:
    """Return the facts of some kinds that are open matters: in force, and no settled complaint."""
    found = [fact for fact in facts if fact.kind in kinds and fact.counts_at(as_of)]
    if _COMPLAINT not in kinds or not found:
        return found
    settled = {fact.ref for fact in facts if fact.kind == _SETTLED and fact.counts_at(as_of)}
    return [fact for fact in found if fact.kind != _COMPLAINT or fact.ref not in settled]


def in_force_severity(facts: Sequence[Fact], function: InForce, half: float) -> float:
    """Return the severity of facts in force, together or by the heaviest."""
    weights = [strength_of(fact, half) for fact in facts]
    reached = min(1.0, sum(weights)) if function.total else max(weights, default=0.0)
    return reached if reached >= function.weight_at_least else 0.0


def decay_severity(facts: Sequence[Fact], *, as_of: int, function: Decay, half: float) -> float:
    """Return the severity of fading facts that were heavy enough when they were fresh."""
    life = function.half_life_days * DAY_S
    fading = [
        strength_of(fact, half) * float(2.0 ** (-(as_of - fact.at) / life))
        for fact in facts
        if fact.weight >= function.weight_at_least
    ]
    return min(1.0, sum(fading))


def worded_severity(note: str, levels: Mapping[str, float]) -> float:
    """Return the highest level whose word stands in a note.

    >>> worded_severity("气瓶充装许可证", {"充装": 0.8})
    0.8
    """
    return max([level for word, level in levels.items() if word in note], default=0.0)


def countdown_severity(left_s: int, steps: Mapping[int, float]) -> float:
    """Return the severity of a due day so many seconds away.

    >>> countdown_severity(45 * DAY_S, {90: 0.2, 60: 0.3, 30: 0.5, 0: 1.0})
    0.3
    """
    for days in sorted(steps):
        if left_s <= days * DAY_S:
            return steps[days]
    return 0.0


def reached_severity(past_s: int, steps: Mapping[int, float]) -> float:
    """Return the severity of a moment so many seconds past: the highest step that is reached.

    >>> reached_severity(31 * DAY_S, {1: 0.5, 30: 1.0})
    1.0
    """
    return max([steps[days] for days in steps if past_s >= days * DAY_S], default=0.0)


def together_severity(
    facts: Sequence[Fact], kinds: Collection[int], *, as_of: int, function: Together
) -> float:
    """Return the severity of several kinds of change close together.

    One when the facts of every kind lie within one window; from the last time that they did on,
    it loses half its weight each half-life.  A further change never hides an earlier meeting.
    """
    latest: dict[int, int] = {}
    last = -1
    for fact in sorted(facts, key=lambda fact: fact.at):
        latest[fact.kind] = fact.at
        together = fact.at - min(latest.values()) <= function.within_days * DAY_S
        if together and len(latest) == len(kinds):
            last = fact.at
    if last < 0:
        return 0.0
    return float(2.0 ** (-(as_of - last) / (function.half_life_days * DAY_S)))


def relapse_severity(facts: Sequence[Fact], *, as_of: int, function: Relapse) -> float:
    """Return 1 where the same sort of offence came twice within the window, else 0.

    The sort of an offence is the fact's ``note`` (grounds); one without a note is of no sort.
    """
    window = function.window_days * DAY_S
    latest: dict[tuple[str, str], Fact] = {}
    for fact in sorted(facts, key=lambda fact: (fact.at, fact.id)):
        if not fact.note or as_of - fact.at >= window:
            continue
        before = latest.get((fact.domain, fact.note))
        if before is not None and (not fact.ref or fact.ref != before.ref):
            return 1.0
        latest[fact.domain, fact.note] = fact
    return 0.0


def besides_severity(
    facts: Sequence[Fact], others: Sequence[Fact], *, as_of: int, function: Besides, half: float
) -> float:
    """Return the weight of the heaviest fact that has one of the others beside it."""
    recent = beside_it(others, as_of=as_of, function=function)
    if not recent:
        return 0.0
    if not function.after_due:
        return max([strength_of(fact, half) for fact in facts], default=0.0)
    last = max([one.at for one in recent])
    return max([strength_of(fact, half) for fact in lapsed(facts, last)], default=0.0)


def lapse_of(fact: Fact) -> int:
    """Return since when what a fact speaks of is over: its last day, or where it has none itself.

    >>> lapse_of(Fact(1, FactKind.PERMIT, at=1, due=9)), lapse_of(Fact(2, FactKind.RECALL, at=3))
    (9, 3)
    """
    return fact.due or fact.at


def lapsed(facts: Sequence[Fact], as_of: int) -> list[Fact]:
    """Return the facts of which that moment has come."""
    return [fact for fact in facts if lapse_of(fact) <= as_of]


def beside_it(others: Sequence[Fact], *, as_of: int, function: Besides) -> list[Fact]:
    """Return those of the others that are recent enough."""
    window = function.within_days * DAY_S
    return [one for one in others if not window or as_of - one.at < window]
