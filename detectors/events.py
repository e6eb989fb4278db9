"""What can happen to an enterprise, and how is it written on the wire?

The envelope is CloudEvents 1.0, structured JSON: ``type`` names the event and its version,
``subject`` the enterprise (USCC), ``time`` when it occurred, ``source`` and ``id`` together the
identity.  Amounts are yuan, moments carry an offset, dates are days in China.  The payloads stand
by origin in ``payloads_*``; whoever speaks of events imports them from here.
"""

import datetime as dt
import enum
from typing import Annotated, Literal, Union, cast

import msgspec
from msgspec import Meta

from detectors import (
    payloads_disclosure,
    payloads_neighbours,
    payloads_registration,
    payloads_society,
    payloads_supervision,
)
from detectors.payloads import (
    Count,
    DomainCode,
    Industry,
    Op,
    Payload,
    Place,
    Share,
    Text,
    Token,
    Yuan,
)
from detectors.payloads_disclosure import (
    AbnormalAdded,
    AbnormalRemoved,
    AnnualReportFiled,
    AssetPledged,
    DisclosureCorrected,
    DisclosureOrdered,
    EquityFrozen,
    EquityPledged,
    InstantInfo,
    PermitEnded,
    PermitGranted,
    SeriousListChanged,
)
from detectors.payloads_neighbours import (
    CrowdRelation,
    NeighbourDensity,
    NeighbourRelation,
    NeighbourTrouble,
)
from detectors.payloads_registration import (
    AddressChanged,
    BasicChanged,
    BranchChanged,
    CapitalChanged,
    CapitalReductionNotice,
    Deregistration,
    Established,
    ExecutiveChanged,
    FalseRegistration,
    LegalRepChanged,
    LicenceRevoked,
    ShareholderChanged,
    SpecialMark,
    SuspensionFiled,
)
from detectors.payloads_society import (
    ClassOfMonth,
    CommitmentMade,
    ComplaintClosed,
    ComplaintReceived,
    DeadlineFellDue,
    ExternalRecord,
    FoodIncident,
    HonourGranted,
    JudicialRecord,
    ObjectionChanged,
    OpinionHit,
    RepairDecided,
    ReportVerified,
    UtilityUsage,
    WarningHandled,
)
from detectors.payloads_supervision import (
    CaseChanged,
    CertificateChanged,
    CoerciveMeasure,
    EquipmentIncident,
    EquipmentInspected,
    EquipmentOrdered,
    EquipmentRegistered,
    FoodSampled,
    InspectionDrawn,
    InspectionResult,
    InspectionStarted,
    MeterVerified,
    MonitoringHit,
    PenaltyDecided,
    PenaltyFollowed,
    ProductSampled,
    RecallChanged,
    RectificationOrdered,
    RectifiedOrGraded,
    Reinspected,
)

__all__ = [
    "MAX_EVENT_BYTES",
    "SIGNALS",
    "AbnormalAdded",
    "AbnormalRemoved",
    "AddressChanged",
    "AnnualReportFiled",
    "AssetPledged",
    "BasicChanged",
    "BranchChanged",
    "CapitalChanged",
    "CapitalReductionNotice",
    "CaseChanged",
    "Cause",
    "CertificateChanged",
    "ClassOfMonth",
    "CoerciveMeasure",
    "CommitmentMade",
    "ComplaintClosed",
    "ComplaintReceived",
    "Count",
    "CrowdRelation",
    "DeadlineFellDue",
    "Deregistration",
    "DisclosureCorrected",
    "DisclosureOrdered",
    "DomainCode",
    "EquipmentIncident",
    "EquipmentInspected",
    "EquipmentOrdered",
    "EquipmentRegistered",
    "EquityFrozen",
    "EquityPledged",
    "Established",
    "Event",
    "ExecutiveChanged",
    "ExternalRecord",
    "FalseRegistration",
    "FoodIncident",
    "FoodSampled",
    "HonourGranted",
    "Industry",
    "InspectionDrawn",
    "InspectionResult",
    "InspectionStarted",
    "InstantInfo",
    "InvalidEventError",
    "JudicialRecord",
    "LegalRepChanged",
    "LicenceRevoked",
    "MeterVerified",
    "MonitoringHit",
    "NeighbourDensity",
    "NeighbourRelation",
    "NeighbourTrouble",
    "ObjectionChanged",
    "Op",
    "OpinionHit",
    "Payload",
    "PenaltyDecided",
    "PenaltyFollowed",
    "PermitEnded",
    "PermitGranted",
    "Place",
    "ProductSampled",
    "RecallChanged",
    "RectificationOrdered",
    "RectifiedOrGraded",
    "Reinspected",
    "RepairDecided",
    "ReportVerified",
    "SeriousListChanged",
    "Share",
    "ShareholderChanged",
    "SpecialMark",
    "SuspensionFiled",
    "Text",
    "Token",
    "UtilityUsage",
    "WarningHandled",
    "Yuan",
    "decode",
    "encode",
    "event_class",
    "event_of",
    "event_types",
    "type_of",
]

MAX_EVENT_BYTES = 256 * 1024  # the largest genuine record seen is 4 KiB; a megabyte is a mistake


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", gc=False):
    """The envelope.  Each subclass is one event type; its tag is the ``type`` on the wire."""

    id: Annotated[str, Meta(min_length=1, max_length=120)]
    source: Annotated[str, Meta(min_length=1, max_length=200)]
    subject: Annotated[str, Meta(min_length=1, max_length=64)]
    time: Annotated[dt.datetime, Meta(tz=True)]
    data: Payload
    specversion: Literal["1.0"] = "1.0"
    datacontenttype: str = "application/json"


# In the order of the domain reference, §9: E01 to E60, then the signals that we make ourselves.
_TYPES: dict[str, type[Payload]] = (
    payloads_registration.TYPES
    | payloads_disclosure.TYPES
    | payloads_supervision.TYPES
    | payloads_society.TYPES
    | payloads_neighbours.TYPES
)
# What we make ourselves: no department sends these.
SIGNALS: frozenset[type[Payload]] = frozenset(
    {
        DeadlineFellDue,
        *payloads_neighbours.TYPES.values(),
    }
)


def _event_class(type_: str, payload: type[Payload]) -> type[Event]:
    """Return the envelope of one event type: the tag on the wire picks the payload's class."""
    made = msgspec.defstruct(
        f"{payload.__name__}Event",
        [("data", payload)],
        bases=(Event,),
        tag=type_,
        tag_field="type",
        frozen=True,
        kw_only=True,
        gc=False,
        module=__name__,
    )
    return cast("type[Event]", made)


_CLASSES = {type_: _event_class(type_, payload) for type_, payload in _TYPES.items()}
_TYPE_OF = {payload: type_ for type_, payload in _TYPES.items()}
_DECODER: msgspec.json.Decoder[Event] = msgspec.json.Decoder(
    Union[tuple(_CLASSES.values())]  # noqa: UP007 - the members are made at run time
)
_ENCODER = msgspec.json.Encoder()


class Cause(enum.StrEnum):
    """Why a record can never become an event; serves as metric label and dead-letter header."""

    TOO_LARGE = "too_large"
    NOT_JSON = "not_json"
    INVALID = "invalid"
    UNKNOWN_TYPE = "unknown_type"
    INVALID_SUBJECT = "invalid_subject"
    QUARANTINED_SUBJECT = "quarantined_subject"
    FUTURE = "future"
    UNKNOWN_DOMAIN = "unknown_domain"
    FOREIGN_SOURCE = "foreign_source"  # who sends it may not
    FOUR_EYES = "four_eyes"  # who handled an interview ends it
    CRASH = "crash"  # our own fault: the record made the core raise


class InvalidEventError(ValueError):
    """An incoming record can never become an event, however often it is read again.

    The source must mend it; the record itself waits, bytes untouched, on the dead-letter topic.
    """

    def __init__(self, cause: Cause, detail: str) -> None:
        super().__init__(detail)
        self.cause = cause
        self.detail = detail


def event_types() -> dict[str, type[Payload]]:
    """Return every event type on the wire with its payload."""
    return dict(_TYPES)


def event_class(type_: str) -> type[Event]:
    """Return the envelope of a type on the wire.

    >>> event_class("penalty.decided.v1").__name__
    'PenaltyDecidedEvent'
    """
    return _CLASSES[type_]


def type_of(payload: type[Payload]) -> str:
    """Return the ``type`` on the wire of a payload's class.

    >>> type_of(PenaltyDecided)
    'penalty.decided.v1'
    """
    return _TYPE_OF[payload]


def event_of(data: Payload, *, id: str, source: str, subject: str, time: dt.datetime) -> Event:  # noqa: A002 - CloudEvents' own word
    """Return the envelope around ``data``; its ``type`` follows from the payload's class."""
    return _CLASSES[_TYPE_OF[type(data)]](
        id=id, source=source, subject=subject, time=time, data=data
    )


def encode(event: Event) -> bytes:
    """Return the event as structured CloudEvents JSON."""
    return _ENCODER.encode(event)


def decode(raw: bytes) -> Event:
    """Return the event that ``raw`` states.

    Raises:
        InvalidEventError: with the cause, and where in the record it stands.

    >>> decode(b"{")
    Traceback (most recent call last):
    detectors.events.InvalidEventError: not JSON: Input data was truncated
    """
    if len(raw) > MAX_EVENT_BYTES:
        raise InvalidEventError(
            Cause.TOO_LARGE,
            f"{len(raw)} bytes, more than {MAX_EVENT_BYTES}: send attachments by hash, not inline",
        )
    try:
        event = _DECODER.decode(raw)
    except msgspec.ValidationError as error:
        text = str(error)
        if "`$.type`" in text:
            raise InvalidEventError(
                Cause.UNKNOWN_TYPE, f"{text}; known types are in docs/events.md"
            ) from error
        raise InvalidEventError(Cause.INVALID, text) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidEventError(Cause.NOT_JSON, f"not JSON: {error}") from error
    data = event.data
    if not data.supersedes and (data.op is not Op.ADD or type(data) is RepairDecided):
        raise InvalidEventError(
            Cause.INVALID,
            f"`$.data.supersedes` is empty: {type_of(type(data))} with {data.op} must name the id "
            f"of the event that it speaks of",
        )
    return event
