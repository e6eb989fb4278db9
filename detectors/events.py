"""What can happen to an enterprise, and how is it written on the wire?

The envelope is CloudEvents 1.0, structured JSON: ``type`` names the event and its version,
``subject`` the enterprise (USCC), ``time`` when it occurred, ``source`` and ``id`` together the
identity.  Amounts are yuan, moments carry an offset, dates are days in China.
"""

import datetime as dt
import enum
from typing import Annotated, Literal, Union, cast

import msgspec
from msgspec import Meta

MAX_EVENT_BYTES = 256 * 1024  # the largest genuine record seen is 4 KiB; a megabyte is a mistake

Place = Annotated[
    str, Meta(pattern=r"^([0-9]{6}([0-9]{3})?)?$", description="GB/T 2260, 6 or 9 digits")
]
Industry = Annotated[str, Meta(pattern=r"^([A-T][0-9]{0,4})?$", description="GB/T 4754-2017")]
DomainCode = Annotated[str, Meta(pattern=r"^[A-Z]{2,6}$", description="domain reference, §7")]
Share = Annotated[float, Meta(ge=0, le=1)]
Yuan = Annotated[float, Meta(ge=0)]
Text = Annotated[str, Meta(max_length=300)]
Token = Annotated[str, Meta(max_length=120)]
Count = Annotated[int, Meta(ge=0)]
# Numbers by name: few and of a human size, so that no source can make the model grow or overflow.
Context = Annotated[
    dict[
        Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$")],
        Annotated[float, Meta(ge=-1e9, le=1e9)],
    ],
    Meta(max_length=32),
]


class Op(enum.StrEnum):
    """What a source does with a record of its own."""

    ADD = "ADD"
    UPDATE = "UPDATE"
    REVOKE = "REVOKE"
    EXPIRE = "EXPIRE"


class Payload(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What every payload may say: who decided, under which number, about which place.

    ``supersedes`` is the ``id`` of the earlier event of the same source that UPDATE, REVOKE and
    EXPIRE speak of.  ``place`` is where the matter is, never where the firm was registered.
    """

    op: Op = Op.ADD
    supersedes: Token = ""
    doc_no: Token = ""
    organ: Token = ""
    place: Place = ""
    decided_at: dt.date | None = None
    published_at: dt.date | None = None
    contested: bool = False


class Established(Payload, frozen=True, kw_only=True):
    """E01 设立登记."""

    name: Text
    established_on: dt.date
    industry: Industry = ""
    capital: Yuan = 0.0


class BasicChanged(Payload, frozen=True, kw_only=True):
    """E02 名称、类型、范围变更."""

    field: Literal["name", "type", "scope", "industry"]
    after: Text
    before: Text = ""


class LegalRepChanged(Payload, frozen=True, kw_only=True):
    """E03 法定代表人变更.  Persons are hashes; ``barred`` says the new one may not serve."""

    new_person: Token
    old_person: Token = ""
    barred: bool = False
    barred_until: dt.date | None = None


class AddressChanged(Payload, frozen=True, kw_only=True):
    """E04 住所变更."""

    new_region: Place
    old_region: Place = ""


class ShareholderChanged(Payload, frozen=True, kw_only=True):
    """E06 股东、股权变更."""

    holder: Token
    before: Share = 0.0
    after: Share = 0.0


class AnnualReportFiled(Payload, frozen=True, kw_only=True):
    """E15 年报报送."""

    year: Annotated[int, Meta(ge=2013, le=2100)]
    late: bool = False
    all_zero: bool = False


class EquityFrozen(Payload, frozen=True, kw_only=True):
    """E20 股权冻结."""

    case_no: Token
    share: Share
    status: Literal["frozen", "released"] = "frozen"


class AbnormalAdded(Payload, frozen=True, kw_only=True):
    """E22 列入经营异常名录.  Reasons: 1 年报 2 责令公示 3 隐瞒虚假 4 住所失联."""

    reason: Literal[1, 2, 3, 4]


class AbnormalRemoved(Payload, frozen=True, kw_only=True):
    """E23 移出经营异常名录."""

    reason: Literal[1, 2, 3, 4]


class SeriousListChanged(Payload, frozen=True, kw_only=True):
    """E24 严重违法失信名单 列入、移出."""

    list_code: Token
    action: Literal["add", "remove"]
    grounds: Text = ""


class PermitGranted(Payload, frozen=True, kw_only=True):
    """E25 许可 准予、变更、延续."""

    permit_no: Token
    permit_type: Text
    domain: DomainCode
    valid_to: dt.date


class PermitEnded(Payload, frozen=True, kw_only=True):
    """E26 许可 注销、撤销、吊销、暂扣."""

    permit_no: Token
    kind: Literal["expired", "cancelled", "withdrawn", "revoked", "suspended"]


class InspectionResult(Payload, frozen=True, kw_only=True):
    """E29 抽查检查结果: an outcome that the model learns from.

    ``severity`` is of what failed; ``defects`` of what was found and put right on the spot though
    the look passed.  ``inspector`` is a hash of who looks, ``context`` numbers that the source
    knew before the look, by name (weather, what happens around): neither may tell of the outcome.
    """

    domain: DomainCode
    result: Literal["passed", "failed", "refused"]
    severity: Share = 1.0
    defects: Share = 0.0
    form: Token = ""
    category: Token = ""
    inspector: Token = ""
    context: Context = msgspec.field(default_factory=dict)


class FoodSampled(Payload, frozen=True, kw_only=True):
    """E32 食品抽检结果: an outcome that the model learns from."""

    sample_no: Token
    verdict: Literal["passed", "failed"]
    problem: Literal["", "label", "physical", "pathogen", "illegal_additive"] = ""
    food: Text = ""
    item: Text = ""
    provisional: bool = False


class Reinspected(Payload, frozen=True, kw_only=True):
    """E34 复检结果."""

    sample_no: Token
    passed: bool


class EquipmentInspected(Payload, frozen=True, kw_only=True):
    """E38 设备检验结果."""

    equipment: Token
    passed: bool
    in_use: bool = True
    public_place: bool = False
    kind: Text = ""


class EquipmentIncident(Payload, frozen=True, kw_only=True):
    """E39 设备事故."""

    equipment: Token
    casualties: Count = 0
    kind: Text = ""


class CaseChanged(Payload, frozen=True, kw_only=True):
    """E43 立案、结案."""

    case_no: Token
    status: Literal["opened", "closed"]
    domain: DomainCode
    cause: Text = ""


class PenaltyDecided(Payload, frozen=True, kw_only=True):
    """E44 行政处罚决定.  Penalties with one ``offence`` count by the heaviest."""

    domain: DomainCode
    severity: Literal["minor", "general", "severe"]
    amount: Yuan = 0.0
    offence: Token = ""
    grounds: Text = ""
    publication_end: dt.date | None = None


class ComplaintReceived(Payload, frozen=True, kw_only=True):
    """E47 投诉登记.  The complainant is a hash, and never leaves the state."""

    ticket: Token
    complainant: Token
    matter: Token
    domain: DomainCode = "CONS"


class FoodIncident(Payload, frozen=True, kw_only=True):
    """E48 食品安全事故."""

    people: Count
    deaths: Count = 0


class ReportVerified(Payload, frozen=True, kw_only=True):
    """E49 举报核查.  The informant is a hash: it bounds how much one person can teach the model."""

    ticket: Token
    verdict: Literal["true", "false"]
    domain: DomainCode = "CONS"
    informant: Token = ""


class JudicialRecord(Payload, frozen=True, kw_only=True):
    """E52 失信被执行人."""

    case_no: Token
    action: Literal["add", "delete"]


class HonourGranted(Payload, frozen=True, kw_only=True):
    """E56 荣誉、质量奖."""

    kind: Text
    valid_to: dt.date | None = None


class RepairDecided(Payload, frozen=True, kw_only=True):
    """E59 信用修复决定: ``supersedes`` names the fact that is repaired."""

    decision: Literal["granted", "refused"]
    effective: dt.date


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", gc=False):
    """The envelope.  Each subclass is one event type; its tag is the ``type`` on the wire."""

    id: Annotated[str, Meta(min_length=1, max_length=120)]
    source: Annotated[str, Meta(min_length=1, max_length=200)]
    subject: Annotated[str, Meta(min_length=1, max_length=64)]
    time: Annotated[dt.datetime, Meta(tz=True)]
    data: Payload
    specversion: Literal["1.0"] = "1.0"
    datacontenttype: str = "application/json"


_TYPES: dict[str, type[Payload]] = {
    "registration.established.v1": Established,
    "registration.basic_changed.v1": BasicChanged,
    "registration.legal_rep_changed.v1": LegalRepChanged,
    "registration.address_changed.v1": AddressChanged,
    "registration.shareholder_changed.v1": ShareholderChanged,
    "disclosure.annual_report_filed.v1": AnnualReportFiled,
    "equity.freeze.v1": EquityFrozen,
    "list.abnormal_added.v1": AbnormalAdded,
    "list.abnormal_removed.v1": AbnormalRemoved,
    "list.serious_changed.v1": SeriousListChanged,
    "permit.granted_or_changed.v1": PermitGranted,
    "permit.ended.v1": PermitEnded,
    "inspection.result.v1": InspectionResult,
    "sampling.food_result.v1": FoodSampled,
    "sampling.reinspection.v1": Reinspected,
    "equipment.inspection_result.v1": EquipmentInspected,
    "equipment.incident.v1": EquipmentIncident,
    "case.opened_or_closed.v1": CaseChanged,
    "penalty.decided.v1": PenaltyDecided,
    "complaint.received.v1": ComplaintReceived,
    "food.incident.v1": FoodIncident,
    "report.verified.v1": ReportVerified,
    "judicial.record.v1": JudicialRecord,
    "honour.granted.v1": HonourGranted,
    "repair.event.v1": RepairDecided,
}


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
