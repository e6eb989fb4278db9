"""What is known of an enterprise, and until when does it count?

A fact is what a source stated, with its legal life.  Scores are derived from facts as of a
moment; nothing else is remembered of the past.
"""

import enum
import functools
from hashlib import blake2b as _blake2b

import msgspec

DAY_S = 86_400
# Registers write 9999-12-31 for "without end"; the day after it is no date any more.
ENDLESS_S = 253_399_622_400  # 9999-12-01


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
    CAPITAL = 34  # weight: the size of the registered capital, on a scale of its own
    CAPITAL_CUT = 35  # weight: the share that went
    SUBSCRIPTION_TOO_LONG = 36  # due: the last day to adjust it
    SCOPE_NEEDS_PERMIT = 37  # due: from when on it must be there
    DEREGISTERING_SIMPLY = 38  # due: the end of the 20 days
    DEREGISTERING = 39  # due: the end of the 45 days
    DEREGISTERED = 40
    LICENCE_REVOKED = 41
    SUSPENDED = 42  # 歇业
    FALSE_REGISTRATION = 43
    SPECIAL_MARK = 44
    REPORT_FILED = 45  # ref: the year reported on
    DISCLOSURE_FALSE = 46
    DISCLOSURE_DUE = 47  # instant information, or an order to publish; due: its last day
    EQUITY_PLEDGED = 48
    ABNORMAL_ENTRY = 49  # that there was a listing, removed or not
    SERIOUS_LISTED_ELSEWHERE = 50
    PERMIT_ENDED = 51
    UNREACHABLE_FOUND = 52
    RECTIFY_ORDERED = 53  # due: the last day
    FOOD_GRADE = 54
    PRODUCT_SAMPLE_PASSED = 55
    PRODUCT_SAMPLE_FAILED = 56
    PRODUCT_STILL_FAILING = 57
    DRUG_DEFECT = 58
    FALSE_TEST_REPORT = 59
    RECALL = 60
    AD_HIT = 61
    NET_HIT = 62
    PRICE_HIT = 63
    EQUIPMENT = 64  # due: the next inspection
    EQUIPMENT_HAZARD = 65
    METER = 66  # due: the next verification; at once where it failed
    CERTIFICATE_LOST = 67
    PENALTY_DUE = 68  # due: the last day to pay or perform
    OFFENCE = 69  # ref: which offence; note: of which kind
    SEIZURE = 70
    POLICE_TRANSFER = 71
    COMPLAINT_SETTLED = 72
    RUNAWAY = 73  # prepaid, and the shop has gone
    OPINION = 74
    ENFORCEMENT = 75  # 被执行人, not dishonest
    TAX_RECORD = 76
    ARREARS = 77  # wages, social insurance
    OTHER_PENALTY = 78
    SAFETY_ACCIDENT = 79
    UTILITY_USED = 80
    COMMITMENT_KEPT = 81
    COMMITMENT_BROKEN = 82
    INTERVIEW_DUE = 83  # due: by when it must have been acted on
    CURED = 84  # repaired of its own accord
    NEIGHBOUR_LEGAL_REP = 85
    NEIGHBOUR_HOLDER = 86
    NEIGHBOUR_BRANCH = 87
    NEIGHBOUR_HEAD_OFFICE = 88
    NEIGHBOUR_ADDRESS = 89
    NEIGHBOUR_SUPPLIER = 90
    NEIGHBOUR_AGENT = 91
    ADDRESS_DENSITY = 92
    MASS_REGISTRATION = 93
    DRUG_SAMPLE_FAILED = 94
    LIQUIDATING = 95  # by a court: the administrator winds the firm up
    REORGANISING = 96  # by a court: 重整 or 和解, the firm is to live on
    RAPID_TEST_FAILED = 97  # 快检 of edible agricultural products: four hours to ask for a re-test
    # Whom an enterprise is tied to (detectors.neighbours); ref: the junction.
    FILED_BY = 100
    DOMICILED = 101  # note: as REPRESENTED
    HOLDER = 102
    BRANCH = 103
    SUPPLIER = 104
    REPRESENTED = 106  # note: FOUNDING where the registration itself says so
    LISTED_UNFILED = 107  # beside ABNORMAL_LISTED: the reason was the annual report
    MASS_REGISTRATION_FOUND = 105  # the registration that crossed the threshold: one case for all


@functools.cache
def kinds_named(names: tuple[str, ...]) -> frozenset[FactKind]:
    """Return the kinds that a knowledge document names.

    >>> kinds_named(("permit",)) == {FactKind.PERMIT}
    True
    """
    return frozenset(FactKind[name.upper()] for name in names)


@functools.cache
def numbers_named(names: tuple[str, ...]) -> frozenset[int]:
    """Return the same kinds as plain numbers, among which a fact's kind is found faster."""
    return frozenset(int(kind) for kind in kinds_named(names))


# One event states up to ten facts (a founding whose scope asks for four permits, with its agent,
# address and representative); they take the ids from its identity on.
FACTS_AN_EVENT = 10


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
    CONTEST = 9  # under objection, reconsideration or litigation: half weight
    UNCONTEST = 10  # decided or withdrawn
    HANDLED = 11  # of no fact: somebody (``since``) dealt with a warning (``ref``), both by hash


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


# Failed samples that a source may call provisional while their re-test window is open.
PROVISIONAL_KINDS = frozenset({
    FactKind.FOOD_SAMPLE_FAILED,
    FactKind.RAPID_TEST_FAILED,
    FactKind.PRODUCT_SAMPLE_FAILED,
    FactKind.DRUG_SAMPLE_FAILED,
})  # fmt: skip
PENALTIES = frozenset({FactKind.PENALTY_MINOR, FactKind.PENALTY_GENERAL, FactKind.PENALTY_SEVERE})


class Life(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What bounds the life of a fact, each in seconds of event time, 0 where nothing does.

    ``until`` is stated by the source (a publication's end); ``ended``, ``repaired`` and
    ``revoked`` are what the marks make of it (detectors.absorb).
    """

    until: int = 0
    ended: int = 0
    repaired: int = 0
    revoked: int = 0

    @property
    def end(self) -> int:
        """Return the earliest moment at which the fact stops counting; NEVER_COUNTED if revoked."""
        if self.revoked:
            return NEVER_COUNTED
        return min([end for end in (self.until, self.ended, self.repaired) if end], default=0)


class Paper(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """The document behind a fact: its number, who decided it, and the source's own dates."""

    doc_no: str = ""
    organ: str = ""
    decided: int = 0
    published: int = 0


NEVER_COUNTED = -1
_UNBOUNDED, _NO_PAPER = Life(), Paper()


class Fact(msgspec.Struct, array_like=True, gc=False):
    """One statement of a source about an enterprise.

    Shapes:
        ``id`` and ``ref`` are 63-bit hashes (``hash_of``): ``id`` of source and event id; ``ref``
        of what the fact hangs on (a permit number, a case, a sample, a complainant's matter).
        ``end`` follows from ``life``; ``life`` and ``paper`` are None where there is nothing to
        say, which is so for most facts.

    Units:
        Moments are whole seconds since 1970 (event time), 0 where there is none.  ``weight`` is
        the severity at full strength, 0 to 1.  ``due`` is a day that comes nearer (a permit's
        last day).  ``note`` are a few words of the source.  ``doubt`` holds the bits below.
    """

    id: int
    kind: int  # a FactKind; a plain int decodes and compares faster
    at: int
    end: int = 0
    weight: float = 1.0
    ref: int = 0
    due: int = 0
    domain: str = ""
    place: str = ""
    note: str = ""
    doubt: int = 0
    life: Life | None = None
    paper: Paper | None = None

    def counts_at(self, as_of: int) -> bool:
        """Return whether the fact may be used at a moment.

        A revoked fact is as if it had never been; a repaired one is not used from the day the
        repair takes effect; one whose life has ended is history.

        >>> Fact(1, FactKind.PENALTY_MINOR, at=100, end=200).counts_at(200)
        False
        """
        return self.at <= as_of and (not self.end or as_of < self.end)

    @property
    def is_open_question(self) -> bool:
        """Return whether the fact is contested, or provisional and not yet confirmed."""
        return bool(self.doubt & (CONTESTED | OBJECTED)) or self.doubt == PROVISIONAL

    @property
    def is_revoked(self) -> bool:
        """Return whether the source took the fact back."""
        return self.end == NEVER_COUNTED

    @property
    def bounds(self) -> Life:
        """Return what bounds the fact's life."""
        return self.life or _UNBOUNDED

    @property
    def document(self) -> Paper:
        """Return the document behind the fact."""
        return self.paper or _NO_PAPER

    @property
    def name(self) -> str:
        """Return the id as people quote it.

        >>> Fact(255, FactKind.CASE_OPEN, at=0).name
        'f-00000000000000ff'
        """
        return fact_name(self.id)


# Bits of a fact's ``doubt``.  The source states CONTESTED and PROVISIONAL; marks add CONFIRMED,
# which lifts PROVISIONAL, and OBJECTED, so that the source's own word is kept.
CONTESTED, PROVISIONAL, CONFIRMED, OBJECTED = 1, 2, 4, 8


def gravity(fact: Fact) -> tuple[int, float, int, int]:
    """Return by what a fact stands for its matter: gravest kind, then heaviest, then newest."""
    return fact.kind, fact.weight, fact.at, fact.id


def hash_of(*parts: str) -> int:
    """Return a stable 63-bit hash of the parts; Redis and msgpack hold it as one integer.

    >>> hash_of("urn:a", "1") == hash_of("urn:a", "1") != hash_of("urn:a", "2")
    True
    """
    digest = _blake2b("\x1f".join(parts).encode(), digest_size=8).digest()
    return int.from_bytes(digest) >> 1


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
