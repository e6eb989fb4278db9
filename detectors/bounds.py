"""Which facts stay when there are more than a state may hold?

Each kind has its own share of the places, so that no number of facts of one kind (elevators,
meters, complaints, the branches of a bank) washes away one of another that is in force: a listing,
a penalty, the founding.
"""

from collections.abc import Iterable, Sequence

from detectors.facts import Fact, FactKind

# A keeper of two hundred lifts in places where many people come has twice as many facts in force.
# So many take 11 KB packed, and 0.7 ms an event (measured: lifts, one shared core).  No kind is
# left with fewer than four places: there are some hundred kinds.
MAX_FACTS = 512
# Of these the one whose day comes first speaks first; of all others the newest stays longest.
_DUE_FIRST = frozenset({
    FactKind.PERMIT, FactKind.EQUIPMENT, FactKind.PUBLIC_EQUIPMENT, FactKind.METER,
    FactKind.RECTIFY_ORDERED, FactKind.PENALTY_DUE, FactKind.DISCLOSURE_DUE,
})  # fmt: skip


def within_bounds(facts: Sequence[Fact], as_of: int, *, most: int = MAX_FACTS) -> list[Fact]:
    """Return the facts that stay, in their order: those in force first, then the newest others.

    >>> listing = Fact(1, FactKind.SERIOUS_LISTED, at=1)
    >>> meters = [Fact(9 + n, FactKind.METER, at=9 + n) for n in range(9)]
    >>> [fact.id for fact in within_bounds([listing, *meters], 99, most=4)]
    [1, 15, 16, 17]
    """
    in_force = [fact for fact in facts if fact.counts_at(as_of)]
    over = [fact for fact in facts if not fact.counts_at(as_of)]
    staying = _shared_out(in_force, most)
    over.sort(key=lambda fact: (-fact.at, -fact.id))
    staying |= {fact.id for fact in over[: most - len(staying)]}
    return [fact for fact in facts if fact.id in staying]


def _shared_out(facts: Iterable[Fact], most: int) -> set[int]:
    """Return whom the places go to: what a small kind leaves of its share goes to the large."""
    kinds: dict[int, list[Fact]] = {}
    for fact in facts:
        kinds.setdefault(fact.kind, []).append(fact)
    staying: set[int] = set()
    waiting = sorted(kinds.values(), key=lambda alike: (len(alike), alike[0].kind))
    for place, alike in enumerate(waiting):
        share = (most - len(staying)) // (len(waiting) - place)
        alike.sort(key=_place_in_line)
        staying |= {fact.id for fact in alike[:share]}
    return staying


def _place_in_line(fact: Fact) -> tuple[int, int, int]:
    first = fact.due if fact.due and fact.kind in _DUE_FIRST else -fact.at
    return first, -fact.at, -fact.id
