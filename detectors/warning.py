"""What does a warning say, and when is it the same warning?"""

import datetime as dt
import enum
import hashlib

import msgspec

from detectors.measure import Measure, RiskClass

# What is said to have undone a fact where nothing more is known.
CORRECTED = "数据源更正"
CHINA = dt.timezone(dt.timedelta(hours=8), "Asia/Shanghai")  # no daylight saving since 1991


class WarningStatus(enum.StrEnum):
    """What has become of a warning, as far as the stream knows it."""

    ISSUED = "issued"
    LOWERED = "lowered"  # it stands, by a milder measure than people were told
    CANCELLED = "cancelled"  # the source took the facts back: nobody needs to act any more
    CLOSED = "closed"  # what it warned of has ended by itself: filed, removed, renewed, cured


ENDS = frozenset({WarningStatus.CANCELLED, WarningStatus.CLOSED})


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """One fact behind a warning, in words an officer can quote.

    ``text`` is Chinese.  ``fact_id`` names the fact in the enterprise's state, ``organ`` and
    ``doc_no`` who decided it, and in which document; ``legal_basis`` the law of just this kind of
    fact, "" where the warning's own says all.
    """

    text: str
    fact_id: str
    doc_no: str = ""
    legal_basis: str = ""
    organ: str = ""


class EarlyWarning(msgspec.Struct, frozen=True, kw_only=True):
    """A rule fired on an enterprise: who acts is decided later, by ``alerts``.

    Shapes:
        ``id`` is stable over the whole life of the warning; a graver measure for the same
        (enterprise, domain, rule family) keeps the id.  ``(id, measure, status, revision)`` is
        what a person is told once; ``revision`` is "" but where the same was said before and has
        changed since.  ``told`` are the measures that people were told of so far, this one among
        them where it is issued.  ``undone`` says in Chinese what took its facts back, "" where
        nothing did.  ``batched`` asks for one list a station and day; ``remark`` says in
        Chinese what else decided (an observation period), ``advice`` what the one who acts should
        do; ``permits`` the domains in which the enterprise holds a permit.  ``place`` is the place
        of the matter, 6 or 9 digits (GB/T 2260 and township); ``approver`` the authority that
        issued the permit the matter hangs on, or "".

    Units:
        ``issued_at`` is event time (aware), and stays when the warning ends; ``changed_at`` is when
        it was lowered, cancelled or closed, None where it was issued.  ``score`` is 0 to 1000,
        higher is riskier; ``learned_probability`` is 0 to 1, or None where no model has spoken.
    """

    id: str
    number: str
    status: WarningStatus
    measure: Measure
    uscc: str
    enterprise: str
    domain: str
    family: str
    rule: str
    matter: str
    place: str
    reasons: tuple[Reason, ...]
    legal_basis: str
    cause: str
    issued_at: dt.datetime
    score: float
    risk_class: RiskClass
    knowledge_version: str
    model_version: str
    approver: str = ""
    batched: bool = False
    remark: str = ""
    learned_probability: float | None = None
    advice: str = ""
    permits: tuple[str, ...] = ()
    told: tuple[Measure, ...] = ()
    revision: str = ""
    undone: str = ""
    changed_at: dt.datetime | None = None

    @property
    def at(self) -> dt.datetime:
        """Return when what it says came about."""
        return self.changed_at or self.issued_at

    @property
    def measures(self) -> tuple[Measure, ...]:
        """Return the measures whose readers it concerns, mildest first."""
        return tuple(one for one in Measure if one is self.measure or one in self.told)


def warning_id(*, uscc: str, domain: str, family: str, cause: str) -> str:
    """Return the identity of a warning, derived from the event that opened it.

    Replaying the event gives the same id, so a second sending is recognised (design §2.4).

    >>> warning_id(uscc="91410422MA3X1A2B83", domain="SE", family="equipment", cause="te/1")
    'w-ca92d77dc681c430'
    """
    material = f"{uscc}\x1f{domain}\x1f{family}\x1f{cause}".encode()
    return "w-" + hashlib.blake2b(material, digest_size=8).hexdigest()


def revision_of(cause: str) -> str:
    """Return what tells a second saying from the first; a replay gives the same.

    >>> revision_of("te/1")
    '72942051'
    """
    return hashlib.blake2b(cause.encode(), digest_size=4).hexdigest()


def warning_number(identity: str, *, place: str, issued_at: dt.datetime) -> str:
    """Return the number that people quote: county, day, and four characters of the id.

    >>> day = dt.datetime(2026, 7, 1, tzinfo=dt.UTC)
    >>> warning_number("w-4e6c4da01a0f8d0e", place="410422001", issued_at=day)
    '41042220260701-4E6C'
    """
    return f"{place[:6]}{issued_at.astimezone(CHINA):%Y%m%d}-{identity[2:6].upper()}"
