"""What is known of an enterprise, and until when does it count?

A fact is what a source stated, with its legal life.  Scores are derived from facts as of a
moment; nothing else is remembered of the past.
"""

import enum
import functools
from hashlib import blake2b as _blake2b

import msgspec

DAY_S = 86_400


class FactKind(enum.IntEnum):
    """What kind of fact it is.  The numbers are stored: never renumber, never reuse."""

    ESTABLISHED = 1
    LEGAL_REP_CHANGED = 2
    ADDRESS_CHANGED = 3
    SHAREHOLDER_CHANGED = 4
    REPORT_ALL_ZERO = 5
    EQUITY_FROZEN = 6
    ABNORMAL_LISTED = 7
    UNREACHABLE = 8
    SERIOUS_LISTED = 9
    PERMIT = 10
    INSPECTION_PASSED = 11
    INSPECTION_FAILED = 12
    INSPECTION_REFUSED = 13
    FOOD_SAMPLE_PASSED = 14
    FOOD_SAMPLE_FAILED = 15
    EQUIPMENT_FAILED = 16
    EQUIPMENT_INCIDENT = 17
    CASE_OPEN = 18
    PENALTY_MINOR = 19
    PENALTY_GENERAL = 20
    PENALTY_SEVERE = 21
    COMPLAINT = 22
    FOOD_INCIDENT = 23
    REPORT_VERIFIED = 24
    JUDGMENT_DEBTOR = 25
    HONOUR = 26
    BARRED_PERSON = 27
    PUBLIC_EQUIPMENT = 28
    # 29 was a tombstone; marks have taken its place
    NAME_CHANGED = 30
    INDUSTRY_CHANGED = 31
    EQUIPMENT_PASSED = 32
    EQUIPMENT_FOUND = 33  # a test found a problem; EQUIPMENT_FAILED says that it is still there


@functools.cache
def kinds_named(names: tuple[str, ...]) -> frozenset[FactKind]:
    """Return the kinds that a knowledge document names.

    >>> kinds_named(("permit",)) == {FactKind.PERMIT}
    True
    """
    return frozenset(FactKind[name.upper()] for name in names)


# One event states up to three facts; they take the ids from its identity on.
FACTS_AN_EVENT = 3


class MarkAct(enum.IntEnum):
    """What a mark does to the facts it speaks of.  The numbers are stored."""

    END = 1  # the matter is over from here on
    VOID = 2  # the matter never was (a re-test passed)
    CONFIRM = 3  # what was provisional is final
    REVOKE = 4  # the source takes an event back
    REPLACE = 5  # the source corrects an event
    EXPIRE = 6  # the source ends the life of an event's facts
    REPAIR = 7  # not used from a day on (信用修复)
    UNREPAIR = 8  # the repair itself was revoked


class Mark(msgspec.Struct, array_like=True, gc=False):
    """What one event says about others.

    Shapes:
        ``id`` is the identity of the event that says it.  END, VOID and CONFIRM speak of facts of
        ``kind`` that hang on ``ref``; the rest of the event whose identity is ``ref``.

    Units:
        ``at`` and ``since`` are event time in seconds.
    """

    id: int
    act: int
    at: int
    ref: int
    kind: int = 0
    since: int = 0


PENALTIES = frozenset({FactKind.PENALTY_MINOR, FactKind.PENALTY_GENERAL, FactKind.PENALTY_SEVERE})


class Fact(msgspec.Struct, array_like=True, gc=False):
    """One statement of a source about an enterprise.

    Shapes:
        ``id`` and ``ref`` are 63-bit hashes (``hash_of``): ``id`` of source and event id; ``ref``
        of what the fact hangs on (a permit number, a case, a sample, a complainant's matter).

    Units:
        Moments are whole seconds since 1970 (event time), 0 where there is none.  ``weight`` is
        the severity at full strength, 0 to 1.  ``until`` ends the fact; ``due`` is a day that
        comes nearer (a permit's last day).  ``organ`` is who decided it, ``note`` a few words of
        the source; ``decided`` and ``published`` are the source's own dates.
    """

    id: int
    kind: int  # a FactKind; a plain int decodes and compares faster
    at: int
    weight: float = 1.0
    until: int = 0
    ref: int = 0
    domain: str = ""
    place: str = ""
    doc_no: str = ""
    organ: str = ""
    note: str = ""
    contested: bool = False
    provisional: bool = False
    due: int = 0
    decided: int = 0
    published: int = 0
    # What the marks make of it (detectors.absorb); never stated by a source.
    ended: int = 0
    repaired: int = 0
    revoked: int = 0
    final: bool = False

    def counts_at(self, as_of: int) -> bool:
        """Return whether the fact may be used at a moment.

        A revoked fact is as if it had never been; a repaired one is not used from the day the
        repair takes effect; one whose life has ended is history.

        >>> Fact(1, FactKind.PENALTY_MINOR, at=100, until=200).counts_at(200)
        False
        """
        if not (self.revoked or self.until or self.ended or self.repaired):
            return self.at <= as_of  # most facts: nothing has happened to them since
        return (
            self.at <= as_of
            and not self.revoked
            and not (self.until and self.until <= as_of)
            and not (self.ended and self.ended <= as_of)
            and not (self.repaired and self.repaired <= as_of)
        )

    @property
    def is_open_question(self) -> bool:
        """Return whether the fact is contested, or provisional and not yet confirmed."""
        return self.contested or (self.provisional and not self.final)

    @property
    def name(self) -> str:
        """Return the id as people quote it.

        >>> Fact(255, FactKind.CASE_OPEN, at=0).name
        'f-00000000000000ff'
        """
        return fact_name(self.id)


def hash_of(*parts: str) -> int:
    """Return a stable 63-bit hash of the parts; Redis and msgpack hold it as one integer.

    >>> hash_of("urn:a", "1") == hash_of("urn:a", "1") != hash_of("urn:a", "2")
    True
    """
    return int(_blake2b("\x1f".join(parts).encode(), digest_size=8).hexdigest(), 16) >> 1


_MATTER_BITS = 31


def complaint_ref(complainant: str, matter: str) -> int:
    """Return what a complaint hangs on: who complains stands in the upper half.

    >>> person_of(complaint_ref("p", "refund")) == person_of(complaint_ref("p", "scales"))
    True
    """
    person = hash_of(complainant) >> _MATTER_BITS << _MATTER_BITS
    return person | hash_of(complainant, matter) >> (63 - _MATTER_BITS)


def person_of(ref: int) -> int:
    """Return who complains, of a complaint's ``ref``."""
    return ref >> _MATTER_BITS


def fact_name(identity: int) -> str:
    """Return the id of a fact as people quote it."""
    return f"f-{identity:016x}"
