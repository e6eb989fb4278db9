"""What ought each member of a junction to know of the others?"""

import functools
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence

import msgspec

from detectors.facts import DAY_S
from detectors.junction import REGISTERED, Junction, Kind, Member, Told
from detectors.neighbour_rules import Excused, NeighbourRules, Tie
from detectors.neighbours import ADDRESS, AGENT, BondChanged, Relation, junction_of

# A crowd once told thins out by a fifth before it is taken back.
THINNED = 0.8


class Wish(msgspec.Struct, frozen=True, gc=False):
    """What a member ought to know."""

    neighbour: str
    severity: float
    strength: float = 1.0
    until: int = 0
    count: int = 0
    leads: bool = False

    @classmethod
    def of(cls, told: Told) -> "Wish":
        """Return what was told before, unchanged."""
        return cls(told.neighbour, told.severity, told.strength, told.until, told.count, told.leads)


def wishes_of(
    junction: Junction, change: BondChanged, rules: NeighbourRules
) -> tuple[dict[int, dict[str, Wish]], int]:
    """Return what each member ought to know, by the member's identity, within the fan-out."""
    wishes: dict[int, dict[str, Wish]] = {}
    cut = 0
    found = {
        Kind.TROUBLE: _troubled(junction, rules),
        Kind.PRODUCT: _supplied(junction, rules),
        Kind.MASS: [],
        Kind.DENSE: [],
    }
    if change.junction not in _excused(rules.excused):
        found[Kind.MASS] = _registered_in_mass(junction, rules, change)
        found[Kind.DENSE] = _crowded(junction, rules)
    for kind, wanted in found.items():
        # Who was told stays told; free places go to the newest ties.  A crowd is told by and by,
        # so many with each change; trouble reaches so many in all.
        is_bounded_in_all = kind in {Kind.TROUBLE, Kind.PRODUCT}
        wanted.sort(key=lambda one: (one[0].knows(kind) is None, -one[0].since, one[0].uscc))
        places = rules.fan_out
        for member, wish in wanted:
            is_known = member.knows(kind) is not None
            if not is_known and places <= 0:
                cut += 1
                continue
            if is_bounded_in_all or not is_known:
                places -= 1
            wishes.setdefault(id(member), {})[kind] = wish
    return wishes, cut


def _tie_of(member: Member, rules: NeighbourRules) -> Tie | None:
    return getattr(rules.relations, member.relation, None) if member.hears else None


def _troubled(junction: Junction, rules: NeighbourRules) -> list[tuple[Member, Wish]]:
    speakers = _speakers(junction, lambda member: member.severity)
    if not speakers:
        return []
    found = []
    for member in junction.members:
        tie = _tie_of(member, rules)
        if tie is None or tie.lasts_days:
            continue
        others = [one for one in speakers if one.uscc != member.uscc][: tie.at_least]
        if len(others) < tie.at_least:
            continue
        least = others[-1]
        strength = tie.weight * rules.damping * member.strength * least.strength
        if strength:
            neighbour = _familiar(member, speakers, others[0])
            found.append((member, Wish(neighbour, least.severity, round(strength, 6))))
    return found


def _speakers(junction: Junction, severity: Callable[[Member], float]) -> list[Member]:
    """Return one bond of each troubled member, the gravest first."""
    best: dict[str, Member] = {}
    for member in junction.members:
        if not severity(member):
            continue
        rival = best.get(member.uscc)
        if rival is None or rival.strength < member.strength:
            best[member.uscc] = member
    return sorted(best.values(), key=lambda one: (-severity(one) * one.strength, one.uscc))


def _familiar(member: Member, speakers: Sequence[Member], worst: Member) -> str:
    """Return the neighbour to name: the one named before, while it is as bad as the worst."""
    named = {told.neighbour for told in member.told if told.kind == Kind.TROUBLE}
    for one in speakers:
        if one.uscc in named and one.severity * one.strength >= worst.severity * worst.strength:
            return one.uscc
    return worst.uscc


def _supplied(junction: Junction, rules: NeighbourRules) -> list[tuple[Member, Wish]]:
    found = []
    for speaker in _speakers(junction, lambda member: member.product)[:1]:
        for member in junction.members:
            tie = _tie_of(member, rules)
            if tie is None or not tie.lasts_days or member.uscc == speaker.uscc:
                continue
            until = speaker.product_at + tie.lasts_days * DAY_S
            strength = round(tie.weight * rules.damping * member.strength, 6)
            if until > junction.clock and strength:
                found.append((member, Wish(speaker.uscc, speaker.product, strength, until)))
    return found


def _registered_in_mass(
    junction: Junction, rules: NeighbourRules, change: BondChanged
) -> list[tuple[Member, Wish]]:
    found = []
    steps = rules.registrations.steps
    window = rules.registrations.window_days * DAY_S
    for relation in REGISTERED:
        registered = [m for m in junction.members if m.relation == relation and m.linked]
        if len(registered) < min(steps):
            continue
        count = _peak([m.since for m in registered], window, junction.clock)
        severity = _step(steps, count)
        if not severity:
            continue
        crowd = []
        for member in registered:
            told = member.knows(Kind.MASS)
            is_in_force = told is not None and told.until > junction.clock
            if is_in_force or member.since > junction.clock - window:
                crowd.append((member, told if is_in_force else None))
        leader = _leader(crowd, change)
        wish = Wish("", severity, until=junction.clock + window, count=count)
        for member, told in crowd:
            if told is not None and told.severity >= severity:
                found.append((member, Wish.of(told)))
            else:
                leads = member is leader
                found.append((member, msgspec.structs.replace(wish, leads=leads)))
    return found


def _leader(crowd: Sequence[tuple[Member, Told | None]], change: BondChanged) -> Member:
    """Return whose registration stands for the crowd: who did so far, or who completed it."""
    return max(
        (member for member, _ in crowd),
        key=lambda member: (
            any(told.leads for told in member.told),
            member.uscc == change.member,
            member.since,
            member.uscc,
        ),
    )


def _peak(moments: list[int], window: int, clock: int) -> int:
    """Return the most registrations within one window that ended within the last one.

    >>> _peak([1, 2, 3, 50], window=10, clock=12), _peak([1, 2, 3, 50], window=10, clock=55)
    (3, 1)
    """
    moments = sorted(moments)
    most = 0
    for place, last in enumerate(moments):
        if clock - window < last <= clock:
            most = max(most, place + 1 - bisect_right(moments, last - window))
    return most


def _crowded(junction: Junction, rules: NeighbourRules) -> list[tuple[Member, Wish]]:
    steps = rules.address_density.steps
    here = [m for m in junction.members if m.relation == Relation.ADDRESS and m.linked]
    count = len(here) + junction.unlisted
    # It thins out a little at a time; so much of it must be gone before anybody hears of it.
    severity, thinned = _step(steps, count), _step(steps, count / THINNED)
    if not thinned:
        return []
    found = []
    for member in here:
        told = member.knows(Kind.DENSE)
        if told is not None and severity <= told.severity <= thinned:
            found.append((member, Wish.of(told)))
        elif severity:
            found.append((member, Wish("", severity, 1.0, 0, count)))
    return found


@functools.lru_cache(maxsize=8)
def _excused(excused: Excused) -> frozenset[int]:
    """Return the junctions at which crowds are in order."""
    return frozenset(
        junction_of(kind, token)
        for kind, tokens in ((ADDRESS, excused.addresses), (AGENT, excused.agents))
        for token in tokens
    )


def _step(steps: Mapping[int, float], count: float) -> float:
    """Return the severity of a number: that of the highest step it reaches.

    >>> _step({20: 0.6, 50: 1.0}, 19), _step({20: 0.6, 50: 1.0}, 50)
    (0.0, 1.0)
    """
    return max((severity for least, severity in steps.items() if count >= least), default=0.0)
