"""What did the authorities look at, find, order and decide?  E27 to E46."""

import datetime as dt
from typing import ClassVar, Literal

import msgspec

from detectors.payloads import (
    Context,
    Count,
    DomainCode,
    Payload,
    Share,
    Text,
    Token,
    Yuan,
    hold_to_its_word,
)


class InspectionDrawn(Payload, frozen=True, kw_only=True):
    """E27 双随机抽取: feeds the caps on inspections, and carries no points."""

    plan: Token
    domain: DomainCode
    items: Text = ""
    class_at_draw: Literal["", "A", "B", "C", "D"] = ""
    ratio: Share = 0.0


class InspectionStarted(Payload, frozen=True, kw_only=True):
    """E28 检查开始 (扫码亮证): at least two officers; carries no points.

    The model is asked here, before anybody knows the outcome; E29 of the same ``task`` is held
    against what it said then.
    """

    task: Token
    domain: DomainCode
    officers: Count = 2
    code_scanned: bool = False
    form: Token = ""
    category: Token = ""
    inspector: Token = ""
    context: Context = msgspec.field(default_factory=dict)


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
    task: Token = ""
    item: Text = ""
    finding: Literal[
        "", "not_disclosed", "false_disclosure", "unreachable", "rectify", "uncooperative",
        "transfer", "serious_defect", "false_report",
    ] = ""  # fmt: skip


class RectificationOrdered(Payload, frozen=True, kw_only=True):
    """E30 责令改正."""

    order: Token
    domain: DomainCode
    due: dt.date
    items: Text = ""


class RectifiedOrGraded(Payload, frozen=True, kw_only=True):
    """E31 整改复查, or 风险等级评定: exactly one of ``order`` and ``grade`` is said."""

    one_of: ClassVar[tuple[str, ...]] = ("order", "grade")

    domain: DomainCode
    order: Token = ""
    passed: bool = False
    grade: Literal["", "A", "B", "C", "D"] = ""
    score: Yuan = 0.0

    def __post_init__(self) -> None:
        """Hold the record to one of its two matters."""
        hold_to_its_word(self)


class FoodSampled(Payload, frozen=True, kw_only=True):
    """E32 食品抽检结果: an outcome that the model learns from.

    ``received_on`` is the day on which the enterprise got the result: the seven working days for
    a re-test run from it.  ``rapid``: a rapid test of edible agricultural products (快检), whose
    result is handed over on the spot; its four hours run from ``time``.
    """

    sample_no: Token
    verdict: Literal["passed", "failed"]
    problem: Literal["", "label", "physical", "pathogen", "illegal_additive"] = ""
    food: Text = ""
    item: Text = ""
    provisional: bool = False
    received_on: dt.date | None = None
    rapid: bool = False
    stage: Literal["", "production", "sale", "catering"] = ""
    food_class: Token = ""
    value: Token = ""
    limit: Token = ""
    producer: Token = ""
    seller: Token = ""


class ProductSampled(Payload, frozen=True, kw_only=True):
    """E33 产品、药械妆抽检结果: an outcome that the model learns from.

    ``recheck``: the sample was drawn to see whether an earlier failure was cured.  The fifteen
    days for a re-test run from ``received_on``.
    """

    sample_no: Token
    verdict: Literal["passed", "failed"]
    product: Text
    domain: Literal["QUAL", "DRUG"] = "QUAL"
    item: Text = ""
    severity: Share = 1.0
    recheck: bool = False
    provisional: bool = False
    received_on: dt.date | None = None
    producer: Token = ""
    seller: Token = ""


class Reinspected(Payload, frozen=True, kw_only=True):
    """E34 复检、异议结果."""

    sample_no: Token
    passed: bool
    institute: Token = ""


class RecallChanged(Payload, frozen=True, kw_only=True):
    """E35 召回."""

    recall_no: Token
    product: Text
    kind: Literal["ordered", "voluntary"]
    domain: DomainCode = "QUAL"
    level: Literal["", "1", "2", "3"] = ""
    status: Literal["started", "completed"] = "started"


class MonitoringHit(Payload, frozen=True, kw_only=True):
    """E36 监测线索 (广告、网络、价格).  ``evidence`` numbers it; one ``url_hash`` is one ad."""

    channel: Literal["AD", "NET", "PRICE"]
    evidence: Token
    url_hash: Token = ""
    rule: Text = ""
    severity: Share = 1.0
    platform: Token = ""


class EquipmentRegistered(Payload, frozen=True, kw_only=True):
    """E37 设备登记、变更、停用、报废.  ``place`` is where it stands."""

    equipment: Token
    kind: Text = ""
    status: Literal["in_use", "stopped", "scrapped"] = "in_use"
    public_place: bool = False
    next_due: dt.date | None = None
    maintainer: Token = ""


class EquipmentInspected(Payload, frozen=True, kw_only=True):
    """E38 设备检验结果."""

    equipment: Token
    passed: bool
    in_use: bool = True
    public_place: bool = False
    kind: Text = ""
    report_no: Token = ""
    next_due: dt.date | None = None


class EquipmentIncident(Payload, frozen=True, kw_only=True):
    """E39 设备事故."""

    equipment: Token
    casualties: Count = 0
    kind: Text = ""


class EquipmentOrdered(Payload, frozen=True, kw_only=True):
    """E40 特种设备安全监察指令、隐患.  ``serious``: 严重事故隐患 (总局令第57号第二十五条)."""

    order: Token
    items: Text = ""
    due: dt.date | None = None
    serious: bool = False
    status: Literal["issued", "rectified"] = "issued"


class MeterVerified(Payload, frozen=True, kw_only=True):
    """E41 计量器具强制检定."""

    instrument: Token
    passed: bool
    next_due: dt.date | None = None
    kind: Text = ""


class CertificateChanged(Payload, frozen=True, kw_only=True):
    """E42 认证状态."""

    certificate: Token
    kind: Literal["CCC", "system", "product", "organic", "other"]
    status: Literal["valid", "suspended", "revoked", "cancelled", "expired"]


class CaseChanged(Payload, frozen=True, kw_only=True):
    """E43 立案、结案."""

    case_no: Token
    status: Literal["opened", "closed"]
    domain: DomainCode
    cause: Text = ""


class PenaltyDecided(Payload, frozen=True, kw_only=True):
    """E44 行政处罚决定.  Penalties with one ``offence`` count by the heaviest.

    ``offence_kind`` is the kind of violation (违法行为类型): a second one of a kind within a year
    is a relapse.  ``performed_due`` is the last day to pay, ``permit`` what was withdrawn.
    """

    domain: DomainCode
    severity: Literal["minor", "general", "severe"]
    amount: Yuan = 0.0
    offence: Token = ""
    grounds: Text = ""
    publication_end: dt.date | None = None
    offence_kind: Text = ""
    kinds: Text = ""
    content: Text = ""
    confiscated: Yuan = 0.0
    permit: Text = ""
    performed_due: dt.date | None = None


class CoerciveMeasure(Payload, frozen=True, kw_only=True):
    """E45 查封扣押、移送公安."""

    measure_no: Token
    kind: Literal["seizure", "transfer"]
    domain: DomainCode = "CASE"
    items: Text = ""
    status: Literal["in_force", "lifted"] = "in_force"


class PenaltyFollowed(Payload, frozen=True, kw_only=True):
    """E46 处罚履行、延期、变更、撤销.

    ``penalty_no`` is the number of the decision and ``organ`` who took it; ``offence`` is said
    again where the decision named one.  A changed decision is corrected with UPDATE of E44.
    """

    needs: ClassVar[tuple[tuple[str, object, str], ...]] = (("kind", "deferred", "new_due"),)

    penalty_no: Token
    kind: Literal["performed", "deferred", "changed", "revoked"]
    on: dt.date
    offence: Token = ""
    new_due: dt.date | None = None
    reason: Text = ""
    domain: DomainCode = "CASE"

    def __post_init__(self) -> None:
        """Ask a deferral for its new day."""
        hold_to_its_word(self)


TYPES: dict[str, type[Payload]] = {
    "inspection.task_drawn.v1": InspectionDrawn,
    "inspection.started.v1": InspectionStarted,
    "inspection.result.v1": InspectionResult,
    "inspection.rectify_ordered.v1": RectificationOrdered,
    "inspection.rectify_verified_or_grade.v1": RectifiedOrGraded,
    "sampling.food_result.v1": FoodSampled,
    "sampling.product_result.v1": ProductSampled,
    "sampling.reinspection.v1": Reinspected,
    "recall.changed.v1": RecallChanged,
    "monitoring.hit.v1": MonitoringHit,
    "equipment.registered_or_changed.v1": EquipmentRegistered,
    "equipment.inspection_result.v1": EquipmentInspected,
    "equipment.incident.v1": EquipmentIncident,
    "equipment.order.v1": EquipmentOrdered,
    "metering.verification.v1": MeterVerified,
    "certification.status.v1": CertificateChanged,
    "case.opened_or_closed.v1": CaseChanged,
    "penalty.decided.v1": PenaltyDecided,
    "coercive_or_transfer.v1": CoerciveMeasure,
    "penalty.performed_or_changed.v1": PenaltyFollowed,
}
