"""What does a warning look like when nobody is meant by it?  For previews and checks."""

import datetime as dt

import msgspec

from alerts.awaited import Awaited
from alerts.delivery import Way
from alerts.notification import Notification, notification_id
from alerts.rendering import Letter
from alerts.responsibility import Role, Why
from alerts.sms_text import SmsBook, SmsText, clipped
from detectors.clusters import ClusterMember, ClusterWarning
from detectors.measure import Level, Measure, RiskClass
from detectors.regions import Span
from detectors.warning import CHINA, EarlyWarning, Reason, WarningStatus


def specimen(
    measure: Measure = Measure.INSPECTION, status: WarningStatus = WarningStatus.ISSUED
) -> EarlyWarning:
    """Return a warning about an invented enterprise.

    >>> specimen().number
    '41042220260701-0013'
    """
    return EarlyWarning(
        id="w-0013000000000000",
        number="41042220260701-0013",
        status=status,
        measure=measure,
        uscc="91410422MA3X1A2B83",
        enterprise="叶县样例商场有限公司",
        domain="SE",
        family="equipment",
        rule="W10",
        matter="电梯检验不合格仍在用",
        place="410422002",
        reasons=(
            Reason(
                text="2026年6月28日检验结论为不合格，6月30日现场视频显示仍在使用",
                fact_id="specimen/1",
                doc_no="豫特检电〔2026〕0001号",
                organ="平顶山市特种设备检验所",
            ),
        ),
        legal_basis="《特种设备安全法》第四十条；《特种设备安全监督检查办法》第二十五条",
        cause="specimen/1",
        issued_at=dt.datetime(2026, 7, 1, 9, 30, tzinfo=CHINA),
        score=905.0,
        risk_class=RiskClass.D,
        knowledge_version="specimen",
        model_version="",
        advice="责令立即停止使用，下达特种设备安全监察指令书，整改后复检。",
    )


def lowered_specimen(measure: Measure) -> EarlyWarning:
    """Return a warning that was told by every graver measure before.

    >>> lowered_specimen(Measure.INTERVIEW).measures[-1].value
    'inspection'
    """
    return msgspec.structs.replace(
        specimen(measure, WarningStatus.LOWERED),
        told=tuple(one for one in Measure if one.rank > measure.rank), undone="复检合格",
    )  # fmt: skip


def awaited_specimen(warning: EarlyWarning) -> Awaited:
    """Return a warning for which nobody has signed within a day.

    >>> awaited_specimen(specimen()).sign_by.isoformat()
    '2026-07-02T09:30:00+08:00'
    """
    over = warning.issued_at + dt.timedelta(days=1)
    return Awaited(
        name=f"{warning.id}/{warning.measure}", warning=warning, told_at=warning.issued_at,
        sign_by=over, look_at=over,
    )  # fmt: skip


# The survey finds nothing blue: a first sign is yellow (domain reference §11).
CLUSTER_LEVELS = (Level.YELLOW, Level.ORANGE, Level.RED)


def specimen_cluster(level: Level = Level.ORANGE, *, place: str = "410422") -> ClusterWarning:
    """Return a regional warning about invented restaurants.

    >>> specimen_cluster(Level.RED).measure
    <Measure.INSPECTION: 'inspection'>
    """
    return ClusterWarning(
        id="c-0013000000000000",
        level=level,
        measure=next(one for one in Measure if one.level is level),
        place=place,
        section="H",
        industry="住宿和餐饮业",
        domain="CATER",
        span=Span.WEEK,
        period="2026-W27",
        index=46.2,
        enterprises=212,
        signals=(
            "风险指数46.2，高于同级上限38.0（均值24.1）",
            "410422001辖区H62行业6家企业30天内同一项目不合格：菌落总数",
        ),
        members=tuple(
            ClusterMember(
                uscc=f"9141042200000000{n:02d}", name=f"叶县样例饭店{n}号", risk_class=RiskClass.C
            )
            for n in range(6)
        ),
        member_count=6,
        proposal="建议开展定向抽查（须经批准）",
        legal_basis="豫市监〔2022〕21号三（十）综合研判",
        ack_working_days=3,
        plan_working_days=10,
        issued_at=dt.datetime(2026, 7, 1, 9, 30, tzinfo=CHINA),
        plan_version="specimen",
    )


def specimen_text(book: SmsBook, template_name: str) -> SmsText:
    """Return a short message of an approved template, whose words say that it is a test."""
    values = {
        "level": "蓝色",
        "number": "00000000000000-TEST",
        "enterprise": "测试企业",
        "matter": "系统测试无需处置",
        "acknowledge": "12月31日",
        "close": "12月31日",
        "lead": "测试单位",
        "day": "12月31日",
        "region": "测试区域",
        "industry": "测试行业",
        "count": "0",
    }
    template = book.templates[template_name]
    variables = {name: clipped(values[name], book.variables[name]) for name in template.variables}
    return SmsText(
        signature=book.signature,
        template_code=template.code,
        variables=variables,
        body=template.filled(variables),
    )


_TEST_SMS = SmsText(
    signature="叶县市监",
    template_code="SMS_480100001",
    variables={
        "level": "蓝色",
        "number": "41042220260701-0013",
        "enterprise": "样例",
        "matter": "测试短信",
        "acknowledge": "7月8日",
        "close": "7月29日",
    },
    body="蓝色提醒41042220260701-0013：样例测试短信，请7月8日前签收、7月29日前处置。",
)
_TEST_LETTER = Letter(
    subject="【测试】三早预警系统测试邮件",
    text="这是一封测试邮件，无需处置。\n",
    html="<p>这是一封测试邮件，无需处置。</p>",
)


def specimen_notification(
    way: Way = Way.SMS,
    *,
    now: dt.datetime,
    address: str = "",
    person_id: str = "specimen",
    warning_id: str = "w-0013000000000000",
    text: SmsText | None = None,
) -> Notification:
    """Return a message that says it is a test; ``sanzao messages test`` sends it past the log.

    ``text`` is what a short message says where the account's own templates are to be tried.
    """
    identity = notification_id(
        warning_id=warning_id,
        measure=Measure.REMINDER,
        status=WarningStatus.ISSUED,
        person_id=person_id,
        way=way,
    )
    return Notification(
        id=identity,
        warning_id=warning_id,
        warning_number="41042220260701-0013",
        measure=Measure.REMINDER,
        status=WarningStatus.ISSUED,
        way=way,
        person_id=person_id,
        person_name="样例",
        authority="叶县市场监督管理局",
        role=Role.LEAD,
        why=Why.PLACE,
        address=address or {Way.SMS: "13800000001", Way.EMAIL: "specimen@example.org"}[way],
        content=(text or _TEST_SMS) if way is Way.SMS else _TEST_LETTER,
        created_at=now,
        due_at=now,
    )
