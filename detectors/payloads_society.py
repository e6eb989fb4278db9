"""What do citizens, courts, other departments and we ourselves say?  E47-E60, and signals."""

import datetime as dt
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from detectors.payloads import (
    END,
    Count,
    DomainCode,
    Payload,
    Share,
    Source,
    Text,
    Token,
    Yuan,
    hold_to_its_word,
)


class ComplaintReceived(Payload, frozen=True, kw_only=True):
    """E47 投诉登记.  The complainant is a hash, and never leaves the state.

    ``accepted`` false: 不予受理, no fact.  ``runaway``: the text speaks of a shop that took
    prepayments and closed (预付卡跑路).
    """

    ticket: Token
    complainant: Token
    matter: Token
    domain: DomainCode = "CONS"
    category: Token = ""
    amount: Yuan = 0.0
    channel: Token = ""
    accepted: bool = True
    runaway: bool = False


class FoodIncident(Payload, frozen=True, kw_only=True):
    """E48 食品安全事故.  ``domain`` is where it arose: at a maker, a shop or a kitchen."""

    people: Count
    deaths: Count = 0
    domain: Literal["FOODP", "FOODS", "CATER"] = "CATER"


class ReportVerified(Payload, frozen=True, kw_only=True):
    """E49 举报核查.  The informant is a hash: it bounds how much one person can teach the model."""

    ticket: Token
    verdict: Literal["true", "false"]
    domain: DomainCode = "CONS"
    informant: Token = ""


class ComplaintClosed(Payload, frozen=True, kw_only=True):
    """E50 投诉办结.  Not accepted, withdrawn or malicious: the complaint never was."""

    ticket: Token
    complainant: Token
    matter: Token
    outcome: Literal["settled", "failed", "refused", "not_accepted", "withdrawn", "malicious"]
    days: Count = 0


class OpinionHit(Payload, frozen=True, kw_only=True):
    """E51 舆情.  ``url_hash`` tells one posting from another."""

    topic: Text
    url_hash: Token
    heat: Share = 1.0
    sentiment: Literal["negative", "neutral", "positive"] = "negative"
    group_size: Count = 0
    domain: DomainCode = "CONS"
    runaway: bool = False


class JudicialRecord(Payload, frozen=True, kw_only=True):
    """E52 失信被执行人、被执行、诉讼、破产.

    ``liquidation``: 破产清算 or 强制清算; ``reorganisation``: 重整 or 和解.  They are added when a
    court takes the case (裁定受理) and deleted when it ends; one may take the other's place.
    """

    case_no: Token
    action: Literal["add", "delete"]
    kind: Literal["dishonest", "enforcement", "litigation", "liquidation", "reorganisation"] = (
        "dishonest"
    )
    court: Token = ""
    amount: Yuan = 0.0


class ExternalRecord(Payload, frozen=True, kw_only=True):
    """E53 税务、人社、应急、环保等部门记录.  ``organ`` is the department."""

    record_no: Token
    kind: Literal[
        "tax_abnormal", "tax_arrears", "wage_arrears", "social_arrears", "penalty",
        "safety_accident",
    ]  # fmt: skip
    action: Literal["add", "remove"] = "add"
    severity: Share = 1.0
    amount: Yuan = 0.0
    grounds: Text = ""
    to_on: dt.date | None = None


class UtilityUsage(Payload, frozen=True, kw_only=True):
    """E54 用水、用电、用气: a sign of activity, never a measure of risk by itself."""

    meter: Token
    period: Annotated[str, Meta(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])" + END)]
    usage: Yuan
    kind: Literal["power", "water", "gas"] = "power"


class CommitmentMade(Payload, frozen=True, kw_only=True):
    """E55 信用承诺 作出、践诺、违背."""

    commitment: Token
    result: Literal["made", "kept", "broken"]
    kind: Text = ""


class HonourGranted(Payload, frozen=True, kw_only=True):
    """E56 荣誉、质量奖."""

    kind: Text
    valid_to: dt.date | None = None
    grade: Token = ""


class ClassOfMonth(Payload, frozen=True, kw_only=True):
    """E57 月度分类结果 (导入、冻结): the official class; carries no points.

    No ``score`` where the province tells the class alone.  A class of a month stands once told.
    """

    period: Annotated[str, Meta(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])" + END)]
    risk_class: Literal["A", "B", "C", "D"]
    score: Annotated[float, Meta(ge=0, le=1000)] | None = None
    model_version: Token = ""


class WarningHandled(Payload, frozen=True, kw_only=True):
    """E58 预警流转、约谈、处置结果.

    ``warning_id`` is the id of the warning or the number that people quote.  An interview in
    ``handling`` with a ``due`` day is to be acted on by then; any final state ends that.
    ``actor`` and ``authority`` are codes of the roster, never names; ``note`` says what was done,
    or why it is given back.
    """

    warning_id: Token
    state: Literal[
        "dispatched", "acknowledged", "verifying", "handling", "feedback", "review", "closed",
        "returned", "transferred", "suspended", "cancelled", "expired", "escalated",
        "false_positive",
    ]  # fmt: skip
    measure: Literal["reminder", "warning", "interview", "inspection"]
    domain: DomainCode
    actor: Token = ""
    outcome: Literal[
        "", "rectified", "case_filed", "listed", "transferred", "deregistered", "false_positive",
        "data_corrected", "repaired",
    ] = ""  # fmt: skip
    due: dt.date | None = None
    authority: Token = ""
    note: Text = ""


class RepairDecided(Payload, frozen=True, kw_only=True):
    """E59 信用修复决定: ``supersedes`` names the fact that is repaired.

    ``about_source`` is the source of that fact, where it is another than the decision's own.
    """

    decision: Literal["granted", "refused"]
    effective: dt.date
    about_source: Source = ""


class ObjectionChanged(Payload, frozen=True, kw_only=True):
    """E60 异议、复议、诉讼.  What is contested counts half until it is decided.

    Either ``about`` is the id of the contested event (of ``about_source``, where that is another
    source), or ``decision_no`` the penalty decision of ``organ``.
    """

    one_of: ClassVar[tuple[str, ...]] = ("about", "decision_no")
    needs: ClassVar[tuple[tuple[str, object, str], ...]] = (("status", "decided", "outcome"),)

    kind: Literal["objection", "reconsideration", "litigation"]
    status: Literal["filed", "decided", "withdrawn"]
    filed_on: dt.date
    outcome: Literal["", "upheld", "changed", "revoked"] = ""
    about: Token = ""
    about_source: Source = ""
    decision_no: Token = ""

    def __post_init__(self) -> None:
        """Hold the record to one way of saying what is contested, and to an outcome."""
        hold_to_its_word(self)


class DeadlineFellDue(Payload, frozen=True, kw_only=True):
    """T01 期限届满: time alone changed something.  Made by the timers, never by a department.

    ``due`` is in seconds since 1970; ``silent_feeds`` are the feeds that were late at that moment,
    so that no absence is read from their silence.
    """

    due: Annotated[int, Meta(ge=0)]
    silent_feeds: tuple[str, ...] = ()


TYPES: dict[str, type[Payload]] = {
    "complaint.received.v1": ComplaintReceived,
    "food.incident.v1": FoodIncident,
    "report.verified.v1": ReportVerified,
    "complaint.closed.v1": ComplaintClosed,
    "opinion.hit.v1": OpinionHit,
    "judicial.record.v1": JudicialRecord,
    "external.record.v1": ExternalRecord,
    "utility.usage.v1": UtilityUsage,
    "commitment.event.v1": CommitmentMade,
    "honour.granted.v1": HonourGranted,
    "classification.monthly.v1": ClassOfMonth,
    "warning.lifecycle.v1": WarningHandled,
    "repair.event.v1": RepairDecided,
    "objection.event.v1": ObjectionChanged,
    "deadline.fell_due.v1": DeadlineFellDue,
}
