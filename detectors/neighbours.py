"""Whom is an enterprise tied to, and what does it radiate?

Ties lead to junctions: a person, an address, an agent, or an enterprise (its head office, holder,
branch or supplier).  Bonds follow from the facts as scores do, so a tie that was revoked is as if
it had never been and the order of arrival does not matter.  ``step`` compares before and after,
and tells the junctions what has changed; who hears of it is the junction's business
(``detectors.junction``).
"""

import enum
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from detectors.facts import Fact, FactKind, hash_of, kinds_named
from detectors.knowledge import Dimension, Indicator, Scoring
from detectors.measure import RiskClass
from detectors.neighbour_rules import NeighbourRules, TroubleStep
from detectors.trouble import CALM, Trouble
from detectors.uscc import InvalidUsccError, status_of


class Relation(enum.StrEnum):
    """What an enterprise is to a junction."""

    SELF = "self"  # the junction is the enterprise itself: it speaks there
    LEGAL_REP = "legal_rep"
    HOLDER = "holder"
    BRANCH = "branch"  # of the enterprise: it hears of its branch
    HEAD_OFFICE = "head_office"  # it hears of its head office
    ADDRESS = "address"
    SUPPLIER = "supplier"
    # A registration stays one, whoever comes later: these are only counted.
    FOUNDED_BY = "founded_by"
    FILED_BY = "filed_by"
    FOUNDED_AT = "founded_at"


PERSON, ADDRESS, AGENT, ENTERPRISE = "person", "address", "agent", "enterprise"
BONDING = frozenset({
    FactKind.REPRESENTED, FactKind.DOMICILED, FactKind.FILED_BY, FactKind.HOLDER,
    FactKind.BRANCH, FactKind.SUPPLIER, FactKind.DEREGISTERED,
})  # fmt: skip

FOUNDING = "founding"  # the note of a tie that the registration itself states


def junction_of(kind: str, token: str) -> int:
    """Return the number of a junction; nothing leads back from it to a person or an address.

    >>> junction_of(PERSON, "h1") != junction_of(ADDRESS, "h1")
    True
    """
    return hash_of("junction", kind, token) if token else 0


def is_enterprise(token: str) -> bool:
    """Return whether a token is an enterprise's code, not the hash of a person.

    >>> is_enterprise("91350200776049653A"), is_enterprise("h:4f2a")
    (True, False)
    """
    try:
        status_of(token)
    except InvalidUsccError:
        return False
    return True


class Bond(msgspec.Struct, frozen=True, gc=False):
    """A tie of ``member`` to a junction, and in which directions it carries."""

    junction: int
    member: str
    relation: Relation
    since: int
    hears: bool = True
    speaks: bool = False
    strength: float = 1.0

    @property
    def key(self) -> tuple[int, str, str]:
        """Return what makes two bonds the same."""
        return self.junction, self.member, self.relation


class Tied(msgspec.Struct, frozen=True, gc=False):
    """What decides an enterprise's ties at one moment."""

    facts: Sequence[Fact]
    as_of: int
    trouble: Trouble


class BondChanged(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """An effect of ``step``: the whole truth about one bond, for the junction that it leads to.

    Shapes:
        ``fresh`` says that the bond is new, ``linked`` that it holds.  ``epoch, partition,
        offset`` are the enterprise's own place in the log: a stale one is recognised.
    """

    junction: int
    member: str
    relation: Relation
    linked: bool
    fresh: bool
    hears: bool
    speaks: bool
    since: int
    strength: float
    trouble: Trouble
    at: int
    cause: str
    epoch: int
    partition: int
    offset: int


class Place(msgspec.Struct, frozen=True, gc=False):
    """Where in the log, and by which event, something changed."""

    epoch: int
    partition: int
    offset: int
    cause: str


def bonds_of(
    subject: str, facts: Sequence[Fact], as_of: int, rules: NeighbourRules
) -> dict[tuple[int, str, str], Bond]:
    """Return the ties that the facts make at a moment."""
    return _bonds(subject, _in_force(facts, as_of), rules)


def _in_force(facts: Sequence[Fact], as_of: int) -> list[Fact]:
    return [fact for fact in facts if fact.kind in BONDING and fact.counts_at(as_of)]


def _bonds(
    subject: str, facts: Sequence[Fact], rules: NeighbourRules
) -> dict[tuple[int, str, str], Bond]:
    if any(fact.kind == FactKind.DEREGISTERED for fact in facts):
        return {}  # it has ceased to be, and is nobody's neighbour
    facts = sorted(facts, key=lambda fact: (fact.at, fact.id))
    bonds = [
        *_of_registration(subject, facts, rules),
        *_of_holders(subject, facts, rules),
    ]
    for fact in facts:
        if fact.kind == FactKind.BRANCH:
            bonds += _of_branch(subject, fact)
        elif fact.kind == FactKind.SUPPLIER:
            bonds += _of_supply(subject, fact)
    return {bond.key: bond for bond in bonds}


def _of_registration(subject: str, facts: Sequence[Fact], rules: NeighbourRules) -> Iterable[Bond]:
    """Return the ties to who founded and filed it, and to its last representative and address."""
    for kind, now, founding in (
        (FactKind.REPRESENTED, Relation.LEGAL_REP, Relation.FOUNDED_BY),
        (FactKind.DOMICILED, Relation.ADDRESS, Relation.FOUNDED_AT),
        (FactKind.FILED_BY, None, Relation.FILED_BY),
    ):
        stated = [fact for fact in facts if fact.kind == kind]
        if not stated or (kind == FactKind.REPRESENTED and not rules.persons.enabled):
            continue
        last = stated[-1]
        if now is not None and last.ref:
            yield Bond(last.ref, subject, now, last.at, speaks=True)
        for fact in stated:
            if fact.note == FOUNDING or now is None:
                yield Bond(fact.ref, subject, founding, fact.at)


def _of_branch(subject: str, fact: Fact) -> list[Bond]:
    """Return how a head office and its branch hear of each other; ``note`` is the branch's code."""
    here = junction_of(ENTERPRISE, subject)
    return [
        Bond(fact.ref, subject, Relation.BRANCH, fact.at),
        Bond(here, fact.note, Relation.HEAD_OFFICE, fact.at),
    ]


def _of_supply(subject: str, fact: Fact) -> list[Bond]:
    """Return who hears of whom in a sample: the seller (``note``) of the producer (``ref``)."""
    here = junction_of(ENTERPRISE, subject)
    if fact.ref not in {0, here}:
        return [Bond(fact.ref, subject, Relation.SUPPLIER, fact.at)]
    if fact.note and fact.note != subject:
        return [Bond(here, fact.note, Relation.SUPPLIER, fact.at)]
    return []


def _of_holders(subject: str, facts: Sequence[Fact], rules: NeighbourRules) -> list[Bond]:
    """Return the ties to holders; a person's other firms hear too, an enterprise hears not."""
    holders = {fact.ref: fact for fact in facts if fact.kind == FactKind.HOLDER}
    bonds = []
    for fact in holders.values():
        is_person = not fact.note
        if fact.weight >= rules.least_share and (rules.persons.enabled or not is_person):
            bonds.append(
                Bond(
                    fact.ref, subject, Relation.HOLDER, fact.at,
                    speaks=is_person, strength=fact.weight,
                )
            )  # fmt: skip
    return bonds


def trouble_of(
    facts: Sequence[Fact],
    *,
    alone: float,
    before: Trouble,
    as_of: int,
    rules: NeighbourRules,
    scoring: Scoring,
) -> Trouble:
    """Return what an enterprise radiates after an event.

    A step once reached is left only ``better_below_band`` points below its edge, so that a score
    at the edge does not flicker.  A floor that is set for a whole trade says nothing of one firm,
    so the class is that of the score.

    Units:
        ``alone`` is the score without the indicators of dimension REL (``without_relations``).
    """
    watched = rules.watched
    facts = [fact for fact in facts if fact.kind in watched and fact.counts_at(as_of)]
    margin = scoring.better_below_band
    if not facts and alone < _edge(rules.trouble[-1], scoring) - margin:
        if not before.severity and not before.product:
            return before  # nearly every event of nearly every enterprise
        return Trouble(0.0, as_of if before.severity else before.since)
    in_force = {fact.kind for fact in facts}
    severity = 0.0
    for step in rules.trouble:
        edge = _edge(step, scoring) - (margin if step.severity <= before.severity else 0.0)
        if alone >= edge or not in_force.isdisjoint(kinds_named(step.facts)):
            severity = step.severity
            break
    since = before.since if severity == before.severity else as_of
    product, product_at = _product(facts, as_of, rules)
    return Trouble(severity, since, product, product_at)


def _edge(step: TroubleStep, scoring: Scoring) -> float:
    """Return where the class of a step begins; A, which begins nowhere, is refused at load."""
    bands = scoring.bands
    return {RiskClass.B: bands.b, RiskClass.C: bands.c, RiskClass.D: bands.d}[step.from_class]


def _product(facts: Sequence[Fact], as_of: int, rules: NeighbourRules) -> tuple[float, int]:
    """Return the last failed sample that still tells something: its severity and its moment."""
    kinds = kinds_named(rules.product_trouble.facts)
    least = rules.product_trouble.weight_at_least
    oldest = as_of - rules.relations.supplier.lasts_days * 86_400
    failed = [f for f in facts if f.kind in kinds and f.weight >= least and f.at > oldest]
    if not failed:
        return 0.0, 0
    last = max(failed, key=lambda fact: (fact.at, fact.id))
    return (0.5 if last.is_open_question else 1.0), last.at


def without_relations(
    severities: Mapping[int, float], indicators: Sequence[Indicator]
) -> dict[int, float]:
    """Return the severities of an enterprise's own doing: what it radiates rests on these alone.

    This is what ends every loop: a signal changes REL points only, and they radiate nothing.
    """
    return {
        place: severity
        for place, severity in severities.items()
        if indicators[place].dimension is not Dimension.REL
    }


def bond_changes(
    subject: str, *, before: Tied, after: Tied, rules: NeighbourRules, place: Place
) -> list[BondChanged]:
    """Return what the junctions must hear after an event; nothing for most events."""
    was, now = _in_force(before.facts, before.as_of), _in_force(after.facts, after.as_of)
    has_news = before.trouble != after.trouble
    if was == now and not has_news:
        return []
    old = _bonds(subject, was, rules)
    new = _bonds(subject, now, rules)
    told = []
    for key, bond in {**old, **new}.items():
        is_fresh, is_linked = key not in old, key in new
        is_news = is_fresh or not is_linked or old[key] != bond or (bond.speaks and has_news)
        if is_news:
            told.append((bond, is_fresh, is_linked))
    if has_news:
        own = Bond(
            junction_of(ENTERPRISE, subject), subject, Relation.SELF, after.trouble.since,
            hears=False, speaks=True,
        )  # fmt: skip
        told.append((own, before.trouble == CALM, True))
    return [
        BondChanged(
            junction=bond.junction,
            member=bond.member,
            relation=bond.relation,
            linked=is_linked,
            fresh=is_fresh,
            hears=bond.hears,
            speaks=bond.speaks,
            since=bond.since,
            strength=bond.strength,
            trouble=after.trouble if bond.speaks else CALM,
            at=after.as_of,
            cause=place.cause,
            epoch=place.epoch,
            partition=place.partition if bond.member == subject else -1,
            offset=place.offset,
        )
        for bond, is_fresh, is_linked in told
    ]
