"""What do the facts become when an event is taken in?  Added, ended, voided, repaired, let go."""

from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

from detectors.events import AddressChanged, BasicChanged, Established, Event, Op, RepairDecided
from detectors.facts import DAY_S, Fact, FactKind, hash_of
from detectors.features import PASSED
from detectors.reading import Ending, Outcome, Reading, moment, read
from detectors.state import Archive, EnterpriseState, Profile

# Passed looks carry nothing but a count; four of them keep "the last look" right even when a
# late one arrives or one is revoked.
KEEP_PASSED = 4
# Annual corrections come up to 400 days late (domain reference §9): an ended fact may be needed.
KEEP_ENDED_S = 400 * DAY_S
KEEP_COMPLAINTS_S = 92 * DAY_S  # the surge looks back 13 weeks
# Above it the state is pruned; a typical enterprise has under twenty facts.
PRUNE_ABOVE = 24
# No enterprise of the two cities measured has more than this many that still count.
MAX_FACTS = 256
MAX_TOMBSTONES = 16
# What can come by the hundred; no number of them may wash away a listing that is in force.
FLOODING = frozenset({FactKind.COMPLAINT, FactKind.TOMBSTONE})


class Absorbed(msgspec.Struct, frozen=True, gc=False):
    """The facts after an event.

    Shapes:
        ``fresh`` are the ids that the event added; ``unknown`` says that it spoke of a fact that
        is not there (a tombstone waits for it, where it was taken back).
    """

    facts: list[Fact]
    profile: Profile
    archive: Archive
    fresh: tuple[int, ...]
    outcome: Outcome | None = None
    retracted: bool = False
    unknown: bool = False


def absorb(state: EnterpriseState, event: Event, *, identity: int, at: int) -> Absorbed:
    """Return what an event makes of the facts; the state itself is not touched."""
    data = event.data
    if isinstance(data, RepairDecided):
        return _repaired(state, event, data)
    if data.op is not Op.ADD:
        if data.op is Op.REVOKE:
            return _revoked(state, event, at)
        if data.op is Op.EXPIRE:
            return _expired(state, event, at)
    reading = read(event, identity=identity, at=at)
    facts = state.facts
    retracted = False
    if data.op is Op.UPDATE:
        superseded = hash_of(event.source, data.supersedes)
        facts = [fact for fact in facts if not _is_of(fact, superseded)]
        retracted = len(facts) < len(state.facts)
    voided = False
    if reading.endings:
        facts, voided = _with_endings(facts, reading, identity=identity, at=at)
    added = [_ended_by_tombstone(facts, fact) if fact.ref else fact for fact in reading.facts]
    facts = facts + added
    archive = state.archive
    if reading.outcome is not None or len(facts) > PRUNE_ABOVE:
        facts, archive = _pruned(facts, archive, as_of=max(state.as_of, at))
    return Absorbed(
        facts=facts,
        profile=_profile(state, event, reading, at),
        archive=archive,
        fresh=tuple([fact.id for fact in added]),
        outcome=reading.outcome,
        retracted=retracted or voided,
    )


def _is_of(fact: Fact, identity: int) -> bool:
    """Return whether a fact came from the event with this identity (one event states up to two)."""
    return fact.id in (identity, identity + 1)


def _unchanged(
    state: EnterpriseState, facts: list[Fact], *, retracted: bool = False, unknown: bool = False
) -> Absorbed:
    return Absorbed(facts, state.profile, state.archive, (), retracted=retracted, unknown=unknown)


def _revoked(state: EnterpriseState, event: Event, at: int) -> Absorbed:
    identity = hash_of(event.source, event.data.supersedes)
    facts = [replace(fact, revoked=at) if _is_of(fact, identity) else fact for fact in state.facts]
    if facts != state.facts:
        return _unchanged(state, facts, retracted=True)
    tombstones = [fact for fact in facts if fact.kind == FactKind.TOMBSTONE]
    if len(tombstones) >= MAX_TOMBSTONES:
        facts.remove(min(tombstones, key=lambda fact: (fact.at, fact.id)))
    facts.append(Fact(identity, FactKind.TOMBSTONE, at=at, revoked=at))
    return _unchanged(state, facts, unknown=True)


def _expired(state: EnterpriseState, event: Event, at: int) -> Absorbed:
    identity = hash_of(event.source, event.data.supersedes)
    facts = [replace(fact, until=at) if _is_of(fact, identity) else fact for fact in state.facts]
    return _unchanged(state, facts, unknown=facts == state.facts)


def _repaired(state: EnterpriseState, event: Event, data: RepairDecided) -> Absorbed:
    if data.decision == "refused":
        return _unchanged(state, state.facts)
    identity = hash_of(event.source, data.supersedes)
    facts = [
        replace(fact, repaired=moment(data.effective)) if _is_of(fact, identity) else fact
        for fact in state.facts
    ]
    return _unchanged(state, facts, unknown=facts == state.facts)


def _with_endings(
    facts: list[Fact], reading: Reading, *, identity: int, at: int
) -> tuple[list[Fact], bool]:
    retracted = False
    for ending in reading.endings:
        hits = [
            place
            for place, fact in enumerate(facts)
            if fact.ref == ending.ref
            and fact.kind in ending.kinds
            and fact.at <= at
            and not fact.until
            and not fact.revoked
        ]
        if hits:
            facts = list(facts)
            for place in hits:
                facts[place] = _ended(facts[place], ending, at)
            retracted = retracted or ending.void
        elif not reading.facts:
            # The ending came first: it waits for what it ends (edge case 6).
            facts = [
                *facts,
                Fact(identity, FactKind.TOMBSTONE, at=at, ref=_mark(ending.kinds[0], ending.ref)),
            ]
    return facts, retracted


def _ended(fact: Fact, ending: Ending, at: int) -> Fact:
    if ending.confirms:
        return replace(fact, provisional=False)
    if ending.void:
        return replace(fact, revoked=at)
    return replace(fact, until=at)


def _mark(kind: int, ref: int) -> int:
    return hash_of("ends", str(int(kind)), str(ref))


def _ended_by_tombstone(facts: Iterable[Fact], fact: Fact) -> Fact:
    if fact.until:
        return fact
    tombstones = [one for one in facts if one.kind == FactKind.TOMBSTONE and one.ref]
    if not tombstones:
        return fact
    mark = _mark(fact.kind, fact.ref)
    ends = [one.at for one in tombstones if one.ref == mark and one.at >= fact.at]
    return replace(fact, until=min(ends)) if ends else fact


def _profile(state: EnterpriseState, event: Event, reading: Reading, at: int) -> Profile:
    profile = state.profile
    outcome = reading.outcome
    if outcome is not None:
        if (outcome.domain, outcome.category) == (profile.domain, profile.category):
            return profile
        category = outcome.category or profile.category
        return replace(profile, domain=outcome.domain, category=category)
    match event.data:
        case Established() as data:
            profile = replace(
                profile,
                name=profile.name or data.name,
                place=profile.place or data.place,
                industry=profile.industry or data.industry,
                established=moment(data.established_on),
            )
        case BasicChanged(field="name", after=name):
            profile = replace(profile, name=name)
        case BasicChanged(field="industry", after=industry):
            profile = replace(profile, industry=industry)
        case AddressChanged(new_region=place) if _is_last_move(state, at):
            profile = replace(profile, place=place)
        case _:
            pass
    return profile


def _is_last_move(state: EnterpriseState, at: int) -> bool:
    """Return whether no later move is known: moves may come out of order."""
    return all(fact.at <= at for fact in state.facts if fact.kind == FactKind.ADDRESS_CHANGED)


def _pruned(facts: list[Fact], archive: Archive, *, as_of: int) -> tuple[list[Fact], Archive]:
    """Let go of what can no longer change a score, a rule or a feature.

    Looks become counts; ended facts go 400 days after their end; above the cap complaints and
    what has ended go first, then the oldest.
    """
    passed = [fact for fact in facts if fact.kind in PASSED and not fact.revoked]
    if len(passed) > KEEP_PASSED:
        passed.sort(key=lambda fact: (fact.at, fact.id))
        leaving = {fact.id for fact in passed[:-KEEP_PASSED]}
        archive = Archive(archive.outcomes + len(leaving), archive.failures)
        facts = [fact for fact in facts if fact.id not in leaving]
    if len(facts) <= PRUNE_ABOVE:
        return facts, archive
    kept = [fact for fact in facts if not _is_spent(fact, as_of)]
    if len(kept) > MAX_FACTS:
        kept = sorted(kept, key=lambda fact: (_is_needed(fact, as_of), fact.at, fact.id))
        kept = kept[-MAX_FACTS:]
    return kept, archive


def _is_needed(fact: Fact, as_of: int) -> bool:
    """Return whether a fact must outlast a flood: it is in force, and not one of many like it."""
    return fact.kind not in FLOODING and fact.counts_at(as_of)


def _is_spent(fact: Fact, as_of: int) -> bool:
    if fact.kind == FactKind.COMPLAINT:
        return as_of - fact.at > KEEP_COMPLAINTS_S
    end = fact.revoked or fact.until or fact.repaired
    return bool(end) and as_of - end > KEEP_ENDED_S
