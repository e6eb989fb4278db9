"""What do the facts become when an event is taken in, whatever the order of arrival?

An event states facts, marks, or both.  A mark ends, voids, revokes, repairs or replaces; it is kept
beside the facts, and what a fact is worth follows from the marks that speak of it.  So a removal
may come before its listing, a revocation before the fact, and a mark that is itself revoked is as
if it had never been.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from detectors.bounds import MAX_FACTS, within_bounds
from detectors.events import (
    AddressChanged,
    BasicChanged,
    DeadlineFellDue,
    Established,
    Event,
    Op,
    PenaltyDecided,
    RepairDecided,
)
from detectors.facts import DAY_S, Fact, FactKind, Mark, MarkAct, hash_of
from detectors.features import PASSED
from detectors.legal_lives import LegalLives, final_from
from detectors.marks import KEEP_ENDED_S, arrived, bounded, is_of, resettled
from detectors.news import News
from detectors.reading import NOTHING, Outcome, Reading, moment, read
from detectors.state import Archive, EnterpriseState, Profile
from detectors.terms import Terms
from detectors.working_days import WorkingDays

# Passed looks carry nothing but a count; four of them keep "the last look" right even when a
# late one arrives or one is revoked.
KEEP_PASSED = 4
KEEP_COMPLAINTS_S = 92 * DAY_S  # the surge looks back 13 weeks
# Above it the state is pruned; a typical enterprise has under twenty facts.
PRUNE_ABOVE = 24
_ADD = Op.ADD
_REGISTER = (Established, BasicChanged, AddressChanged)
_COMPLAINT = int(FactKind.COMPLAINT)


def absorb(
    state: EnterpriseState,
    event: Event,
    *,
    identity: int,
    at: int,
    terms: Terms,
    calendar: WorkingDays,
) -> News:
    """Take an event into a state; return what is new.

    Shapes:
        ``state`` is changed: the caller hands in a copy of its own.  Its lists are replaced, never
        changed, so an older copy keeps what it held.  ``terms`` say how a record is read; with
        ``calendar`` they end what no source ends.
    """
    data = event.data
    if data.subject_name and not state.profile.name:
        _call(state, data.subject_name)
    if data.op is not _ADD or isinstance(data, RepairDecided):
        return _retold(state, event, identity, at, terms)
    if isinstance(data, DeadlineFellDue):
        return _settled_by_time(state, identity, terms.lives, calendar)
    reading = _read(event, identity, at, terms)
    if reading.marks or isinstance(data, _REGISTER):
        return _told(state, event, at, reading, list(reading.marks))
    added: Sequence[Fact] = reading.facts
    if not added:
        return News(outcome=reading.outcome)
    if state.marks:
        added = arrived(added, state.marks)
    state.facts = [*state.facts, *added]
    outcome = reading.outcome
    if outcome is not None:
        state.profile = _looked_at(state.profile, outcome)
    let_go: tuple[Fact, ...] = ()
    if len(state.facts) > KEEP_PASSED:
        let_go = _prune(state, added, as_of=max(state.as_of, at))
    return News(tuple([fact for fact in added if fact.end >= 0]), outcome, let_go=let_go)


def _settled_by_time(
    state: EnterpriseState, identity: int, lives: LegalLives, calendar: WorkingDays
) -> News:
    """Make final the samples whose re-test window has closed: nobody asked for a re-test."""
    at = state.as_of
    marks = [
        Mark(identity, MarkAct.CONFIRM, at=at, ref=fact.ref, kind=fact.kind)
        for fact in state.facts
        if 0 < final_from(fact, lives, calendar) <= at
    ]
    return _marked(state, marks, NOTHING, at=at) if marks else News()


def _read(event: Event, identity: int, at: int, terms: Terms) -> Reading:
    """Return what an event states, in the terms of the knowledge."""
    reading = read(terms.named(event), identity=identity, at=at)
    if type(event.data) is PenaltyDecided:
        return replace(reading, facts=terms.judged(event.data, reading.facts))
    return reading


def _retold(state: EnterpriseState, event: Event, identity: int, at: int, terms: Terms) -> News:
    """Take in what speaks of an earlier event."""
    data = event.data
    reading = NOTHING
    target = hash_of(event.source, data.supersedes)
    if isinstance(data, RepairDecided):
        if data.decision == "refused":
            return News()
        # Repair is granted by another department than the one that decided the penalty.
        target = hash_of(data.about_source or event.source, data.supersedes)
        act = MarkAct.UNREPAIR if data.op is Op.REVOKE else MarkAct.REPAIR
        marks = [Mark(identity, act, at=at, ref=target, since=moment(data.effective))]
        if act is MarkAct.UNREPAIR:
            marks.append(Mark(identity, MarkAct.VOID, at=at, ref=target, kind=FactKind.CURED))
        else:
            # That it was cured hangs on what was repaired, and goes with the repair.
            cured = _read(event, identity, at, terms)
            reading = replace(cured, facts=tuple([replace(f, ref=target) for f in cured.facts]))
    elif data.op is Op.UPDATE:
        reading = _read(event, identity, at, terms)
        replacing = Mark(identity, MarkAct.REPLACE, at=at, ref=target)
        return _told(state, event, at, reading, [replacing, *reading.marks])
    else:
        act = MarkAct.REVOKE if data.op is Op.REVOKE else MarkAct.EXPIRE
        marks = [Mark(identity, act, at=at, ref=target)]
    is_known = any(is_of(fact, target) for fact in state.facts) or any(
        one.id == target for one in state.marks
    )
    return _marked(state, marks, reading, at=at, unknown=not is_known)


def _told(
    state: EnterpriseState, event: Event, at: int, reading: Reading, marks: list[Mark]
) -> News:
    """Take in what an event states about the register or with marks."""
    data = event.data
    if isinstance(data, Established):
        state.register = Profile(
            data.name, data.place, data.industry, "", moment(data.established_on)
        )
    if reading.outcome is not None:
        state.profile = _looked_at(state.profile, reading.outcome)
    return _marked(state, marks, reading, at=at)


def _marked(
    state: EnterpriseState, marks: list[Mark], reading: Reading, *, at: int, unknown: bool = False
) -> News:
    """Take in marks: what every fact is worth is worked out anew."""
    known = {fact.id: fact for fact in state.facts}
    as_of = max(state.as_of, at)
    held = [*state.facts, *reading.facts]
    state.marks = bounded([*state.marks, *marks], held, as_of=as_of)
    state.facts = resettled(state.facts, reading.facts, state.marks, marks)
    let_go = _prune(state, reading.facts, as_of=as_of)
    state.profile = _profile(state.profile, state.register, state.facts)
    return News(
        fresh=tuple([f for f in state.facts if f.id not in known and not f.is_revoked]),
        outcome=reading.outcome,
        retracted=any(
            fact.is_revoked and fact.id in known and not known[fact.id].is_revoked
            for fact in state.facts
        ),
        resettled=any(
            fact.id in known and fact is not known[fact.id] and fact != known[fact.id]
            for fact in state.facts
        ),
        unknown=unknown,
        let_go=let_go,
    )


def _call(state: EnterpriseState, name: str) -> None:
    """Call an enterprise of which no registered name is known as a record calls it."""
    state.profile = replace(state.profile, name=name)
    if not state.register.established:
        state.register = replace(state.register, name=name)


def _looked_at(profile: Profile, outcome: Outcome) -> Profile:
    category = outcome.category or profile.category
    if outcome.domain == profile.domain and category == profile.category:
        return profile
    return replace(profile, domain=outcome.domain, category=category)


def _profile(profile: Profile, register: Profile, facts: Sequence[Fact]) -> Profile:
    """Return who the enterprise is: as registered, with the last change of each kind by date."""
    name, place, industry = register.name, register.place, register.industry
    established = register.established
    telling = [fact for fact in facts if fact.kind in _TELLING]
    for fact in sorted(telling, key=lambda fact: (fact.at, fact.id)):
        if fact.kind == FactKind.ESTABLISHED and fact.is_revoked:
            name = place = industry = ""
            established = 0
        if fact.is_revoked:
            continue
        if fact.kind == FactKind.NAME_CHANGED:
            name = fact.note
        elif fact.kind == FactKind.INDUSTRY_CHANGED:
            industry = fact.note
        elif fact.kind == FactKind.ADDRESS_CHANGED:
            place = fact.place
    return replace(profile, name=name, place=place, industry=industry, established=established)


_TELLING = frozenset({
    FactKind.ESTABLISHED,
    FactKind.NAME_CHANGED,
    FactKind.INDUSTRY_CHANGED,
    FactKind.ADDRESS_CHANGED,
})  # fmt: skip


def _prune(state: EnterpriseState, added: Sequence[Fact], *, as_of: int) -> tuple[Fact, ...]:
    """Let go of what can no longer change a score, a rule or a feature; return what still counted.

    Looks become counts; ended facts go 400 days after their end; above the cap what has ended goes
    first, then of each kind what is more than its share (``detectors.bounds``).
    """
    if any([fact.kind in PASSED for fact in added]):
        _archive_passed(state)
    if len(state.facts) <= PRUNE_ABOVE:
        return ()
    held = [fact for fact in state.facts if not _is_spent(fact, as_of)]
    if len(held) <= MAX_FACTS:
        state.facts = held
        return ()
    state.facts = within_bounds(held, as_of)
    kept = {fact.id for fact in state.facts}
    return tuple([fact for fact in held if fact.id not in kept and fact.counts_at(as_of)])


def _archive_passed(state: EnterpriseState) -> None:
    passed = [fact for fact in state.facts if fact.kind in PASSED and fact.end >= 0]
    if len(passed) <= KEEP_PASSED:
        return
    passed.sort(key=lambda fact: (fact.at, fact.id))
    leaving = {fact.id for fact in passed[:-KEEP_PASSED]}
    archive = state.archive
    # Their facts no longer remember their events: a source that repeats itself must be known.
    heard = archive.hearing([fact.id for fact in passed[:-KEEP_PASSED]])
    state.archive = Archive(archive.outcomes + len(leaving), archive.failures, heard)
    state.facts = [fact for fact in state.facts if fact.id not in leaving]


def _is_spent(fact: Fact, as_of: int) -> bool:
    if fact.kind == _COMPLAINT:
        return as_of - fact.at > KEEP_COMPLAINTS_S
    if not fact.end:
        return False
    life = fact.bounds
    end = life.revoked or life.ended or life.until or life.repaired
    return as_of - end > KEEP_ENDED_S
