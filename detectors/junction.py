"""What is remembered of a junction, where enterprises meet, and how is it stored?

Weakness: beyond ``most_members`` a junction counts without listing, so the number of those at a
very crowded address is exact to a few only.
"""

import enum
from collections.abc import Mapping

import msgspec

from detectors.neighbours import Relation
from detectors.state import IncompatibleStateError

SCHEMA = 1
# What a registration is called in the signal about many of them.
REGISTERED: Mapping[str, str] = {
    Relation.FOUNDED_BY: "legal_rep",
    Relation.FILED_BY: "agent",
    Relation.FOUNDED_AT: "address",
}


class Kind(enum.StrEnum):
    """What a member may be told of."""

    TROUBLE = "trouble"
    PRODUCT = "product"
    MASS = "mass"
    DENSE = "dense"


class Told(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What a member knows: the signal that said so, and until when it holds by itself (0: open).

    ``leads`` marks the registration that stands for a crowd of them.
    """

    kind: str
    signal: str
    neighbour: str
    severity: float
    strength: float = 1.0
    until: int = 0
    count: int = 0
    leads: bool = False


class Member(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One bond, as the enterprise last stated it, and what was told along it."""

    uscc: str
    relation: str
    linked: bool
    hears: bool
    since: int
    strength: float
    severity: float
    product: float
    product_at: int
    epoch: int
    partition: int
    offset: int
    told: tuple[Told, ...] = ()

    @property
    def is_gone(self) -> bool:
        """Return whether a bond is only remembered for its place in the log."""
        return self.is_idle and (not self.linked or self.relation == Relation.SELF)

    def knows(self, kind: Kind) -> Told | None:
        """Return what the member was told of a kind, if anything."""
        return next((told for told in self.told if told.kind == kind), None)

    @property
    def is_idle(self) -> bool:
        """Return whether nothing is lost but the count when the member is let go."""
        return not self.told and not self.severity and not self.product


class Junction(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """All that is remembered of one junction.  ``unlisted`` are members beyond the most kept."""

    schema: int = SCHEMA
    clock: int = 0
    unlisted: int = 0
    members: tuple[Member, ...] = ()


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Junction)


def encode(junction: Junction) -> bytes:
    """Return the junction as msgpack, an array with the schema's number first."""
    return _ENCODER.encode(junction)


def decode(raw: bytes) -> Junction:
    """Return the stored junction; without bytes a new one.

    Raises:
        IncompatibleStateError: the bytes are of another schema, or no junction at all.

    >>> decode(b"") == decode(encode(Junction()))
    True
    """
    if not raw:
        return Junction()
    try:
        junction = _DECODER.decode(raw)
    except msgspec.DecodeError as error:
        raise IncompatibleStateError(f"a stored junction cannot be read: {error}") from error
    if junction.schema != SCHEMA:
        raise IncompatibleStateError(
            f"a stored junction has schema {junction.schema}, this program reads {SCHEMA}; run the "
            f"version that wrote it, or replay the log into an empty Redis"
        )
    return junction
