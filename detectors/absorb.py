"""What do the facts become when an event is taken in, whatever the order of arrival?

An event states facts, marks, or both.  A mark ends, voids, revokes, repairs or replaces; it is kept
beside the facts, and what a fact is worth follows from the marks that speak of it.  So a removal
may come before its listing, a revocation before the fact, and a mark that is itself revoked is as
if it had never been.
"""

from collections.abc import Iterable, Sequence

import msgspec
from msgspec.structs import replace

from detectors.events import (
    AddressChanged,
    BasicChanged,
    Established,
    Event,
    Op,
    RepairDecided,
)
from detectors.facts import DAY_S, FACTS_AN_EVENT, Fact, FactKind, Mark, MarkAct, hash_of
from detectors.features import PASSED
from detectors.reading import Outcome, Reading, moment, read
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
MAX_MARKS = 64
# What can come by the hundred; no number of them may wash away a listing that is in force.
FLOODING = frozenset({FactKind.COMPLAINT})
_ADD = Op.ADD
_REGISTER = (Established, BasicChanged, AddressChanged)
_OF_A_MATTER = frozenset({MarkAct.END, MarkAct.VOID, MarkAct.CONFIRM})
_UNDOING = frozenset({MarkAct.REVOKE, MarkAct.REPLACE})


class Absorbed(msgspec.Struct, frozen=True, gc=False):
    """What an event made of the facts.

    Shapes:
        ``fresh`` are the facts that it added and that count for something; ``retracted`` says
        that facts were taken back; ``unknown`` that it spoke of an event that is not there (yet).
    """

    facts: list[Fact]
    marks: list[Mark]
    profile: Profile
    register: Profile
    archive: Archive
    fresh: tuple[Fact, ...] = ()
    outcome: Outcome | None = None
    retracted: bool = False
    unknown: bool = False


def absorb(state: EnterpriseState, event: Event, *, identity: int, at: int) -> Absorbed:
    """Return what an event makes of the facts; the state itself is not touched."""
    data = event.data
    if data.op is not _ADD or isinstance(data, RepairDecided):
        return _retold(state, event, identity, at)
    return _told(state, event, identity, at, marks=[])


def _retold(state: EnterpriseState, event: Event, identity: int, at: int) -> Absorbed:
    """Take in what speaks of an earlier event."""
    data = event.data
    target = hash_of(event.source, data.supersedes)
    if isinstance(data, RepairDecided):
        if data.decision == "refused":
            return _told(state, event, identity, at, marks=[])
        act = MarkAct.UNREPAIR if data.op is Op.REVOKE else MarkAct.REPAIR
        mark = Mark(identity, act, at=at, ref=target, since=moment(data.effective))
    elif data.op is Op.UPDATE:
        return _told(
            state, event, identity, at, marks=[Mark(identity, MarkAct.REPLACE, at=at, ref=target)]
        )
    else:
        act = MarkAct.REVOKE if data.op is Op.REVOKE else MarkAct.EXPIRE
        mark = Mark(identity, act, at=at, ref=target)
    is_known = any(_is_of(fact, target) for fact in state.facts) or any(
        one.id == target for one in state.marks
    )
    return _marked(state, [mark], facts=state.facts, unknown=not is_known, register=state.register)


def _told(
    state: EnterpriseState, event: Event, identity: int, at: int, *, marks: list[Mark]
) -> Absorbed:
    """Take in what an event states."""
    reading = read(event, identity=identity, at=at)
    if reading.marks:
        marks = [*marks, *reading.marks]
    register = state.register
    if isinstance(event.data, Established):
        data = event.data
        register = Profile(data.name, data.place, data.industry, "", moment(data.established_on))
    if marks:
        return _marked(
            state, marks, facts=state.facts + list(reading.facts), reading=reading,
            register=register, at=at,
        )  # fmt: skip
    added: Sequence[Fact] = reading.facts
    if state.marks and added:
        added = settled(added, state.marks)
    facts = state.facts + list(added)
    archive = state.archive
    if len(facts) > KEEP_PASSED and (reading.outcome is not None or len(facts) > PRUNE_ABOVE):
        facts, archive = _pruned(facts, archive, as_of=max(state.as_of, at))
    profile = state.profile
    outcome = reading.outcome
    if outcome is not None:
        profile = _looked_at(profile, outcome)
    elif isinstance(event.data, _REGISTER):
        profile = _profile(profile, register, facts)
    return Absorbed(
        facts,
        state.marks,
        profile,
        register,
        archive,
        tuple([fact for fact in added if not fact.revoked]),
        outcome,
    )


def _marked(
    state: EnterpriseState,
    marks: list[Mark],
    *,
    facts: list[Fact],
    register: Profile,
    reading: Reading | None = None,
    unknown: bool = False,
    at: int = 0,
) -> Absorbed:
    """Take in marks: what every fact is worth is worked out anew."""
    reading = reading or Reading()
    known = {fact.id: fact for fact in state.facts}
    all_marks = _bounded([*state.marks, *marks], as_of=max(state.as_of, at))
    facts = settled(facts, all_marks)
    facts, archive = _pruned(facts, state.archive, as_of=max(state.as_of, at))
    return Absorbed(
        facts=facts,
        marks=all_marks,
        profile=_profile(
            _looked_at(state.profile, reading.outcome) if reading.outcome else state.profile,
            register,
            facts,
        ),
        register=register,
        archive=archive,
        fresh=tuple(fact for fact in facts if fact.id not in known and not fact.revoked),
        outcome=reading.outcome,
        retracted=any(
            fact.revoked and fact.id in known and not known[fact.id].revoked for fact in facts
        ),
        unknown=unknown,
    )


def settled(facts: Iterable[Fact], marks: Sequence[Mark]) -> list[Fact]:
    """Return the facts as the marks leave them; the order of the marks does not matter."""
    live = _live(marks)
    return [_under(fact, live) for fact in facts]


def _under(fact: Fact, live: Sequence[Mark]) -> Fact:
    """Return a fact as the live marks leave it."""
    spoken_of = [
        mark
        for mark in live
        if (_is_of_matter(fact, mark) if mark.act in _OF_A_MATTER else _is_of(fact, mark.ref))
    ]
    if not spoken_of and not (fact.ended or fact.revoked or fact.repaired or fact.final):
        return fact
    at: dict[int, list[int]] = {act: [] for act in MarkAct}
    for mark in spoken_of:
        at[mark.act].append(mark.at)
    unrepaired = max(at[MarkAct.UNREPAIR], default=-1)
    repairs = [
        mark.since for mark in spoken_of if mark.act == MarkAct.REPAIR and mark.at > unrepaired
    ]
    return replace(
        fact,
        ended=min(at[MarkAct.END] + at[MarkAct.EXPIRE], default=0),
        revoked=min(at[MarkAct.REVOKE] + at[MarkAct.REPLACE] + at[MarkAct.VOID], default=0),
        repaired=min(repairs, default=0),
        final=bool(at[MarkAct.CONFIRM]),
    )


def _is_of_matter(fact: Fact, mark: Mark) -> bool:
    """Return whether a mark speaks of the matter a fact hangs on; its own event's it spares."""
    return (
        mark.kind == fact.kind
        and mark.ref == fact.ref
        and mark.at >= fact.at
        and not _is_of(fact, mark.id)
    )


def _live(marks: Sequence[Mark]) -> list[Mark]:
    """Return the marks that no other mark has undone, the last word first."""
    dead: set[int] = set()
    live = []
    for mark in sorted(marks, key=lambda mark: (-mark.at, mark.id)):
        if mark.id in dead:
            continue
        if mark.act in _UNDOING:
            dead.add(mark.ref)
        live.append(mark)
    return [mark for mark in live if mark.id not in dead]


def _is_of(fact: Fact, identity: int) -> bool:
    """Return whether a fact came from the event with this identity."""
    return identity <= fact.id < identity + FACTS_AN_EVENT


def _bounded(marks: list[Mark], *, as_of: int) -> list[Mark]:
    """Let go of marks that nothing can be late enough for, and of the oldest above the cap."""
    if len(marks) <= PRUNE_ABOVE:
        return marks
    kept = [mark for mark in marks if as_of - mark.at <= KEEP_ENDED_S]
    # Every passed test ends something that is mostly not there; what takes back is rare.
    kept.sort(key=lambda mark: (mark.act != MarkAct.END, mark.at, mark.id))
    return kept[-MAX_MARKS:]


def _looked_at(profile: Profile, outcome: Outcome) -> Profile:
    category = outcome.category or profile.category
    if (outcome.domain, category) == (profile.domain, profile.category):
        return profile
    return replace(profile, domain=outcome.domain, category=category)


def _profile(profile: Profile, register: Profile, facts: Sequence[Fact]) -> Profile:
    """Return who the enterprise is: as registered, with the last change of each kind by date."""
    name, place, industry = register.name, register.place, register.industry
    established = register.established
    for fact in sorted(facts, key=lambda fact: (fact.at, fact.id)):
        if fact.kind == FactKind.ESTABLISHED and fact.revoked:
            name = place = industry = ""
            established = 0
        if fact.revoked:
            continue
        if fact.kind == FactKind.NAME_CHANGED:
            name = fact.note
        elif fact.kind == FactKind.INDUSTRY_CHANGED:
            industry = fact.note
        elif fact.kind == FactKind.ADDRESS_CHANGED:
            place = fact.place
    return replace(profile, name=name, place=place, industry=industry, established=established)


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
        kept.sort(key=lambda fact: (_is_needed(fact, as_of), fact.at, fact.id))
        kept = kept[-MAX_FACTS:]
    return kept, archive


def _is_needed(fact: Fact, as_of: int) -> bool:
    """Return whether a fact must outlast a flood: it is in force, and not one of many like it."""
    return fact.kind not in FLOODING and fact.counts_at(as_of)


def _is_spent(fact: Fact, as_of: int) -> bool:
    if fact.kind == FactKind.COMPLAINT:
        return as_of - fact.at > KEEP_COMPLAINTS_S
    end = fact.revoked or fact.ended or fact.until or fact.repaired
    return bool(end) and as_of - end > KEEP_ENDED_S
