"""What is a fact worth under all the marks that speak of it, whatever their order?"""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from detectors.facts import (
    CONFIRMED,
    DAY_S,
    FACTS_AN_EVENT,
    OBJECTED,
    Fact,
    Life,
    Mark,
    MarkAct,
)

# Annual corrections come up to 400 days late (domain reference §9): an ended fact may be needed.
KEEP_ENDED_S = 400 * DAY_S
# Above it marks are let go; a typical enterprise has under ten.
PRUNE_MARKS_ABOVE = 24
MAX_MARKS = 64
_UNDOING = frozenset({MarkAct.REVOKE, MarkAct.REPLACE})
_ENDING = frozenset({MarkAct.END, MarkAct.EXPIRE})
_VOIDING = frozenset({MarkAct.REVOKE, MarkAct.REPLACE, MarkAct.VOID})


def settled(facts: Iterable[Fact], marks: Sequence[Mark]) -> list[Fact]:
    """Return the facts as the marks leave them; the order of the marks does not matter."""
    live = _live(marks)
    return [_under(fact, live) for fact in facts]


def arrived(added: Sequence[Fact], marks: Sequence[Mark]) -> Sequence[Fact]:
    """Return new facts as older marks leave them; for most facts nobody has spoken yet."""
    for fact in added:
        for mark in marks:
            if mark.ref == fact.ref or 0 <= fact.id - mark.ref < FACTS_AN_EVENT:
                return settled(added, marks)
    return added


def resettled(
    facts: Sequence[Fact], added: Sequence[Fact], marks: Sequence[Mark], fresh: Sequence[Mark]
) -> list[Fact]:
    """Return all facts after fresh marks have joined the others.

    Marks of a matter change the facts of that matter alone; only what speaks of an event, and so
    may undo another mark, asks for all facts to be worked out anew.
    """
    if not all([mark.kind for mark in fresh]):
        return settled([*facts, *added], marks)
    live = _live(marks)
    matters = {(mark.kind, mark.ref) for mark in fresh}
    kept = [_under(fact, live) if (fact.kind, fact.ref) in matters else fact for fact in facts]
    return kept + [_under(fact, live) for fact in added]


def is_of(fact: Fact, identity: int) -> bool:
    """Return whether a fact came from the event with this identity."""
    return identity <= fact.id < identity + FACTS_AN_EVENT


def bounded(marks: list[Mark], facts: Sequence[Fact], *, as_of: int) -> list[Mark]:
    """Let go of marks that nothing can be late enough for, and of the oldest above the cap.

    A mark that speaks of a fact still held stays, and so does what undid such a mark: without it
    an ended fact would come back to life.
    """
    if len(marks) <= PRUNE_MARKS_ABOVE:
        return marks
    needed = {mark.id for mark in marks if _is_needed(mark, facts)}
    needed |= {mark.id for mark in marks if not mark.kind and mark.ref in needed}
    kept = [mark for mark in marks if mark.id in needed or as_of - mark.at <= KEEP_ENDED_S]
    # Every passed test ends something that is mostly not there; what takes back is rare.
    kept.sort(key=lambda one: (one.id in needed, one.act != MarkAct.END, one.at, one.id))
    return kept[-max(MAX_MARKS, len(needed)) :]


def _is_needed(mark: Mark, facts: Sequence[Fact]) -> bool:
    """Return whether a mark speaks of a fact that is held."""
    if mark.kind:
        return any([fact.ref == mark.ref and _is_of_matter(fact, mark) for fact in facts])
    return any([is_of(fact, mark.ref) for fact in facts])


def _under(fact: Fact, live: Sequence[Mark]) -> Fact:
    """Return a fact as the live marks leave it."""
    spoken_of = [
        mark
        for mark in live
        if (
            mark.ref == fact.ref and _is_of_matter(fact, mark)
            if mark.kind
            else is_of(fact, mark.ref)
        )
    ]
    if not spoken_of and fact.life is None and not fact.doubt & _BY_MARKS:
        return fact
    unrepaired = max([mark.at for mark in spoken_of if mark.act == MarkAct.UNREPAIR], default=-1)
    life = Life(
        until=fact.bounds.until,
        ended=min([mark.at for mark in spoken_of if mark.act in _ENDING], default=0),
        repaired=min(
            [m.since for m in spoken_of if m.act == MarkAct.REPAIR and m.at > unrepaired],
            default=0,
        ),
        revoked=min([mark.at for mark in spoken_of if mark.act in _VOIDING], default=0),
    )
    return replace(
        fact,
        life=life if life != _UNBOUNDED else None,
        end=life.end,
        doubt=(fact.doubt & ~_BY_MARKS) | _doubt(spoken_of),
    )


def _doubt(marks: Sequence[Mark]) -> int:
    """Return the doubt that marks raise or settle: the last word on an objection counts."""
    doubt = CONFIRMED if any(mark.act == MarkAct.CONFIRM for mark in marks) else 0
    filed = max([mark.at for mark in marks if mark.act == MarkAct.CONTEST], default=-1)
    decided = max([mark.at for mark in marks if mark.act == MarkAct.UNCONTEST], default=-1)
    return doubt | (OBJECTED if filed > decided else 0)


_UNBOUNDED = Life()
_BY_MARKS = CONFIRMED | OBJECTED


def _is_of_matter(fact: Fact, mark: Mark) -> bool:
    """Return whether a mark speaks of the matter a fact hangs on; its own event's it spares."""
    return mark.kind == fact.kind and mark.at >= fact.at and not is_of(fact, mark.id)


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
    return [mark for mark in live if mark.id not in dead] if dead else live
