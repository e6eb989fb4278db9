"""Which facts do ties, and the signals of neighbours, state?

Ties become facts like everything else, so that a revoked registration unties and a late one does
not undo a newer.  A signal is already weighed and damped by the junction that sent it.
"""

from collections.abc import Iterable, Mapping, Sequence

from detectors import events as e
from detectors.facts import DAY_S, Fact, FactKind, hash_of
from detectors.neighbours import (
    ADDRESS,
    AGENT,
    ENTERPRISE,
    FOUNDING,
    PERSON,
    is_enterprise,
    junction_of,
)
from detectors.payloads import Payload
from detectors.stating import NOTHING, Reading, ends, fact, moment

# Who sold a producer's goods is presumed to do so for a year after the last sample that says so:
# food is sampled once or twice a year at a seller, and a tie that never ends would be untrue.
SUPPLY_LASTS_S = 365 * DAY_S
# What is one case for all whom it concerns: the registration that crossed the threshold is told of
# (W22), and not each of the twenty that came with it.
ONE_CASE: frozenset[int] = frozenset({FactKind.MASS_REGISTRATION})
_TROUBLES: Mapping[str, tuple[FactKind, str, str]] = {
    "legal_rep": (FactKind.NEIGHBOUR_LEGAL_REP, "REG", "同一法定代表人的企业"),
    "holder": (FactKind.NEIGHBOUR_HOLDER, "REG", "控股股东一方的企业"),
    "branch": (FactKind.NEIGHBOUR_BRANCH, "REG", "分支机构"),
    "head_office": (FactKind.NEIGHBOUR_HEAD_OFFICE, "REG", "总公司"),
    "address": (FactKind.NEIGHBOUR_ADDRESS, "REG", "同一住所的企业"),
    "supplier": (FactKind.NEIGHBOUR_SUPPLIER, "FOODP", "供应商"),
    "agent": (FactKind.NEIGHBOUR_AGENT, "REG", "同一代理人的企业"),  # no junction tells it
}
ONE_MATTER = frozenset(kind for kind, _, _ in _TROUBLES.values()) - {FactKind.NEIGHBOUR_SUPPLIER}
_CROWDS = {"legal_rep": "同一法定代表人", "agent": "同一代理人", "address": "同一住所"}


def enterprise(token: str) -> int:
    """Return the junction of an enterprise, 0 for none."""
    return junction_of(ENTERPRISE, token)


def registration(data: e.Established, identity: int, at: int) -> Iterable[Fact]:
    """E01: who filed a registration, where, and for whom."""
    if data.agent:
        ref = junction_of(AGENT, data.agent)
        yield fact(data, identity, at, FactKind.FILED_BY, "REG", ref=ref)
    if data.address_hash:
        yield domiciled(data, identity + 1, at, data.address_hash, note=FOUNDING)
    if data.legal_rep:
        yield represented(data, identity + 2, at, data.legal_rep, note=FOUNDING)


def represented(data: Payload, identity: int, at: int, token: str, *, note: str = "") -> Fact:
    """E01, E03: who represents it from here on; without a token nobody who is known."""
    ref = junction_of(PERSON, token)
    return fact(data, identity, at, FactKind.REPRESENTED, "REG", ref=ref, note=note)


def domiciled(data: Payload, identity: int, at: int, token: str, *, note: str = "") -> Fact:
    """E01, E04: where it is from here on; without a token nowhere that is known."""
    ref = junction_of(ADDRESS, token)
    return fact(data, identity, at, FactKind.DOMICILED, "REG", ref=ref, note=note)


def holding(data: e.ShareholderChanged, identity: int, at: int) -> Fact:
    """E06: who holds how much; an enterprise by its code, which is public, a person by hash."""
    code = data.holder if is_enterprise(data.holder) else ""
    ref = enterprise(code) if code else junction_of(PERSON, data.holder)
    return fact(data, identity, at, FactKind.HOLDER, "REG", ref=ref, weight=data.after, note=code)


def branch_changed(data: e.BranchChanged, identity: int, at: int) -> Reading:
    """E12: the branch of a head office; a code that no register issued is none."""
    ref = enterprise(data.branch)
    if data.action == "removed":
        return Reading(marks=(ends(identity, at, FactKind.BRANCH, ref),))
    if not is_enterprise(data.branch):
        return NOTHING
    return Reading((
        fact(data, identity, at, FactKind.BRANCH, "REG", ref=ref, note=data.branch),
    ))  # fmt: skip


def supply(data: e.FoodSampled | e.ProductSampled, identity: int, at: int) -> tuple[Fact, ...]:
    """E32, E33: who made and who sold what was sampled."""
    producer = data.producer if is_enterprise(data.producer) else ""
    seller = data.seller if is_enterprise(data.seller) else ""
    if not producer and not seller:
        return ()
    return (
        fact(data, identity, at, FactKind.SUPPLIER, "FOODP", ref=enterprise(producer), note=seller,
             until=at + SUPPLY_LASTS_S),
    )  # fmt: skip


def trouble(data: e.NeighbourTrouble, identity: int, at: int) -> Reading:
    """T02: a neighbour's trouble; an ending comes as EXPIRE, or else ends the matter."""
    kind, domain, words = _TROUBLES[data.relation]
    ref = hash_of("neighbour", data.neighbour)
    if data.ended:
        return Reading(marks=(ends(identity, at, kind, ref),))
    return Reading((
        fact(data, identity, at, kind, domain, ref=ref, weight=data.severity * data.strength,
             note=f"{words}{data.neighbour}存在风险", until=moment(data.until, end=True)),
    ))  # fmt: skip


def density(data: e.NeighbourDensity, identity: int, at: int) -> Reading:
    """T03: a crowd; the registration that crossed the threshold is a case too."""
    if data.ended:  # it comes as EXPIRE or REVOKE of the signal that it ends
        return NOTHING
    words = _CROWDS[data.relation]
    if data.window_days:
        words += f"{data.window_days}日内"
        kinds = [FactKind.MASS_REGISTRATION]
        if data.leads:
            kinds.append(FactKind.MASS_REGISTRATION_FOUND)
    else:
        kinds = [FactKind.ADDRESS_DENSITY]
    return Reading(
        tuple(
            fact(data, identity + place, at, kind, "REG", weight=data.severity,
                 note=f"{words}登记企业{data.count}户", until=moment(data.until, end=True))
            for place, kind in enumerate(kinds)
        )
    )  # fmt: skip


def once_a_neighbour(
    facts: Sequence[Fact], points: Mapping[int, float], *, half: float = 1.0
) -> Sequence[Fact]:
    """Return the facts with each neighbour's trouble once, over the relation where it weighs most.

    A sister that shares person and holder with a troubled firm has one troubled neighbour, not two
    (domain reference §13, case 19).  A supplier's failed sample is a matter of its own.

    Units:
        ``points`` are those of the indicator that rests on a kind; ``half`` is what doubt leaves
        of a weight.
    """
    told = [one for one in facts if one.kind in ONE_MATTER]
    heaviest: dict[int, Fact] = {}
    for one in told:
        best = heaviest.get(one.ref)
        if best is None or _gravity(one, points, half) > _gravity(best, points, half):
            heaviest[one.ref] = one
    if len(told) == len(heaviest):
        return facts
    return [f for f in facts if f.kind not in ONE_MATTER or heaviest[f.ref] is f]


def _gravity(one: Fact, points: Mapping[int, float], half: float) -> tuple[float, int, int]:
    weight = one.weight * half if one.is_open_question else one.weight
    return weight * points.get(one.kind, 0.0), -one.kind, one.id
