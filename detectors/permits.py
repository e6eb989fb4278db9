"""Which permits has a later one of the same kind and place taken the place of?

A renewal often comes under a new number.  What matters is whether the enterprise holds the permit,
not whether a certain number has run out.
"""

from collections.abc import Sequence

from detectors.facts import Fact, FactKind

PERMITS = frozenset({int(FactKind.PERMIT), int(FactKind.PERMIT_ENDED)})
_PERMIT = int(FactKind.PERMIT)
_COUNTY = 6  # digits of a place; the township has three more
_Sort = tuple[str, str, str]


def named(words: str, permit_no: str) -> str:
    """Return what is said of a permit, with its number.

    >>> named("食品经营许可证", "JY1410")
    '食品经营许可证（JY1410）'
    """
    return f"{words}（{permit_no}）"


def type_of(fact: Fact) -> str:
    """Return the type of a granted permit, as its source writes it.

    >>> type_of(Fact(1, FactKind.PERMIT, at=0, note=named("食品经营许可证", "JY1410")))
    '食品经营许可证'
    """
    return fact.note.rpartition("（")[0] or fact.note


def without_replaced(permits: list[Fact], facts: Sequence[Fact], as_of: int) -> list[Fact]:
    """Return the facts of ``permits`` that nothing has taken the place of.

    A permit gives way to one in force that lasts longer, of its type, domain and place; one that
    was ended (吊销) to one that is valid.  A place that names the county alone is any place in it.

    Shapes:
        ``facts`` are all facts of the enterprise: the type of an ended permit stands in its grant,
        and where that is not known, any permit granted after the ending takes its place.
    """
    grants = {fact.ref: fact for fact in facts if fact.kind == _PERMIT}
    held = [fact for fact in facts if fact.kind == _PERMIT and fact.counts_at(as_of)]
    if not held or (len(held) == 1 and permits == held):
        return permits
    here, around = _lasting_longest(held)
    staying = []
    for one in permits:
        granted = one if one.kind == _PERMIT else grants.get(one.ref)
        if one.kind not in PERMITS:
            is_replaced = False
        elif granted is None:
            is_replaced = any(
                new.at >= one.at and new.due > as_of and _is_alike(one, new) for new in held
            )
        else:
            kind, domain, place = type_of(granted), granted.domain, one.place or granted.place
            longest = max(
                around.get((kind, domain, place), 0),
                here.get((kind, domain, place[:_COUNTY]), 0),
                here.get((kind, domain, ""), 0),
            )
            is_replaced = longest > (one.due if granted is one else as_of)
        if not is_replaced:
            staying.append(one)
    return staying


def _is_alike(ended: Fact, new: Fact) -> bool:
    """Return whether a permit is of the domain and place of one of which only the end is known."""
    places = sorted((ended.place, new.place))
    return ended.domain == new.domain and places[1].startswith(places[0])


def _lasting_longest(held: Sequence[Fact]) -> tuple[dict[_Sort, int], dict[_Sort, int]]:
    """Return the latest last day by type, domain and place: said just so, and of all within it."""
    here: dict[_Sort, int] = {}
    around: dict[_Sort, int] = {}
    for one in held:
        kind = type_of(one)
        sort = kind, one.domain, one.place
        here[sort] = max(here.get(sort, 0), one.due)
        for place in {one.place, one.place[:_COUNTY], ""}:
            sort = kind, one.domain, place
            around[sort] = max(around.get(sort, 0), one.due)
    return here, around
