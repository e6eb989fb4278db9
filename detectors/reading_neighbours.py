"""Which facts do ties, and the signals of neighbours, state?

Ties become facts like everything else, so that a revoked registration unties and a late one does
not undo a newer.  A signal is already weighed and damped by the junction that sent it.
"""

from collections.abc import Iterable, Mapping, Sequence

from detectors import events as e
from detectors.facts import DAY_S, Fact, FactKind, hash_of
from detectors.neighbours import ADDRESS, AGENT, ENTERPRISE, PERSON, is_enterprise, junction_of

# Who sold a producer's goods is presumed to do so for a year after the last sample that says so:
# food is sampled once or twice a year at a seller, and a tie that never ends would be untrue.
SUPPLY_LASTS_S = 365 * DAY_S
# These come by the hundred (a bank's branches, a supermarket's suppliers): no number of them may
# wash away a listing that is in force (detectors.absorb, FLOODING).
NUMEROUS: frozenset[int] = frozenset({
    FactKind.HOLDER, FactKind.BRANCH, FactKind.SUPPLIER,
    FactKind.NEIGHBOUR_LEGAL_REP, FactKind.NEIGHBOUR_HOLDER, FactKind.NEIGHBOUR_BRANCH,
    FactKind.NEIGHBOUR_HEAD_OFFICE, FactKind.NEIGHBOUR_ADDRESS, FactKind.NEIGHBOUR_SUPPLIER,
})  # fmt: skip
# Ties are no evidence: a warning must not quote who filed a registration as its cause.
TIES: frozenset[int] = frozenset({
    FactKind.FILED_BY, FactKind.DOMICILED, FactKind.HOLDER, FactKind.BRANCH, FactKind.SUPPLIER,
})  # fmt: skip
_TROUBLES: Mapping[str, tuple[FactKind, str, str]] = {
    "legal_rep": (FactKind.NEIGHBOUR_LEGAL_REP, "REG", "同一法定代表人的企业"),
    "holder": (FactKind.NEIGHBOUR_HOLDER, "REG", "控股股东一方的企业"),
    "branch": (FactKind.NEIGHBOUR_BRANCH, "REG", "分支机构"),
    "head_office": (FactKind.NEIGHBOUR_HEAD_OFFICE, "REG", "总公司"),
    "address": (FactKind.NEIGHBOUR_ADDRESS, "REG", "同一住所的企业"),
    "supplier": (FactKind.NEIGHBOUR_SUPPLIER, "FOODP", "供应商"),
}
_ONE_MATTER = frozenset(kind for kind, _, _ in _TROUBLES.values()) - {FactKind.NEIGHBOUR_SUPPLIER}
_CROWDS = {"legal_rep": "同一法定代表人", "agent": "同一代理人", "address": "同一住所"}


def person(token: str) -> int:
    """Return the junction of a person, 0 for none."""
    return junction_of(PERSON, token)


def address(token: str) -> int:
    """Return the junction of an address, 0 for none."""
    return junction_of(ADDRESS, token)


def enterprise(token: str) -> int:
    """Return the junction of an enterprise, 0 for none."""
    return junction_of(ENTERPRISE, token)


def registration(data: e.Established, identity: int, at: int) -> Iterable[Fact]:
    """Return who filed a registration, and where; the founder hangs on ESTABLISHED itself."""
    if data.agent:
        yield _tie(identity + 1, FactKind.FILED_BY, at, ref=junction_of(AGENT, data.agent))
    if data.address_hash:
        yield _tie(identity + 2, FactKind.DOMICILED, at, ref=address(data.address_hash))


def holding(data: e.ShareholderChanged, identity: int, at: int) -> Fact:
    """Return who holds how much; an enterprise by its code, which is public, a person by hash."""
    code = data.holder if is_enterprise(data.holder) else ""
    ref = enterprise(code) if code else person(data.holder)
    return _tie(identity + 1, FactKind.HOLDER, at, ref=ref, weight=data.after, note=code)


def branch(data: e.BranchChanged, identity: int, at: int) -> tuple[Fact, ...]:
    """Return the branch of a head office; a code that no register issued is none."""
    if not is_enterprise(data.branch_uscc):
        return ()
    ref = enterprise(data.branch_uscc)
    return (_tie(identity, FactKind.BRANCH, at, ref=ref, note=data.branch_uscc),)


def supply(data: e.FoodSampled, identity: int, at: int) -> tuple[Fact, ...]:
    """Return who made and who sold what was sampled."""
    producer = data.producer_uscc if is_enterprise(data.producer_uscc) else ""
    seller = data.seller_uscc if is_enterprise(data.seller_uscc) else ""
    if not producer and not seller:
        return ()
    until = at + SUPPLY_LASTS_S
    ref = enterprise(producer)
    return (_tie(identity + 1, FactKind.SUPPLIER, at, ref=ref, note=seller, until=until),)


def matter(data: e.NeighbourTrouble) -> tuple[FactKind | None, int]:
    """Return what a signal of trouble hangs on: its kind, None for a tie that carries none."""
    kind = _TROUBLES[data.relation][0] if data.relation in _TROUBLES else None
    return kind, hash_of("neighbour", data.neighbour)


def trouble(data: e.NeighbourTrouble, identity: int, at: int, *, until: int) -> tuple[Fact, ...]:
    """Return the fact of a neighbour's trouble."""
    kind, ref = matter(data)
    if kind is None:
        return ()
    _, domain, words = _TROUBLES[data.relation]
    weight = data.severity * data.strength
    note = f"{words}{data.neighbour}存在风险"
    return (_fact(identity, kind, at, domain, ref=ref, weight=weight, note=note, until=until),)


def density(data: e.NeighbourDensity, identity: int, at: int, *, until: int) -> tuple[Fact, ...]:
    """Return the fact of a crowd; the registration that crossed the threshold is a case too."""
    words = _CROWDS[data.relation]
    if not data.window_days:
        note = f"{words}登记企业{data.count}户"
        return (_fact(identity, FactKind.ADDRESS_DENSE, at, "REG", weight=data.severity, note=note,
                      until=until),)  # fmt: skip
    note = f"{words}{data.window_days}日内登记企业{data.count}户"
    kinds = [FactKind.MASS_REGISTRATION]
    if data.leads:
        kinds.append(FactKind.MASS_REGISTRATION_FOUND)
    return tuple(
        _fact(identity + place, kind, at, "REG", weight=data.severity, note=note, until=until)
        for place, kind in enumerate(kinds)
    )


def once_a_neighbour(facts: Sequence[Fact], points: Mapping[int, float]) -> Sequence[Fact]:
    """Return the facts with each neighbour's trouble once, over the relation where it weighs most.

    A sister that shares person and holder with a troubled firm has one troubled neighbour, not two
    (domain reference §13, case 19).  A supplier's failed sample is a matter of its own.

    Units:
        ``points`` are those of the indicator that rests on a kind.
    """
    heaviest: dict[int, Fact] = {}
    count = 0
    for fact in facts:
        if fact.kind in _ONE_MATTER:
            count += 1
            best = heaviest.get(fact.ref)
            if best is None or _gravity(fact, points) > _gravity(best, points):
                heaviest[fact.ref] = fact
    if count == len(heaviest):
        return facts
    return [f for f in facts if f.kind not in _ONE_MATTER or heaviest[f.ref] is f]


def _gravity(fact: Fact, points: Mapping[int, float]) -> tuple[float, int, int]:
    return fact.weight * points.get(fact.kind, 0.0), -fact.kind, fact.id


def _tie(
    identity: int,
    kind: FactKind,
    at: int,
    *,
    ref: int,
    weight: float = 1.0,
    note: str = "",
    until: int = 0,
) -> Fact:
    return _fact(identity, kind, at, "REG", ref=ref, weight=weight, note=note, until=until)


def _fact(
    identity: int,
    kind: FactKind,
    at: int,
    domain: str,
    *,
    ref: int = 0,
    weight: float = 1.0,
    note: str = "",
    until: int = 0,
) -> Fact:
    return Fact(
        id=identity, kind=kind, at=at, weight=weight, until=until, ref=ref, domain=domain, note=note
    )
