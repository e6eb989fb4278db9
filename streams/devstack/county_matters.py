"""Which matters of the wider catalogue must be seen in every county?

Stories like those of ``county_stories``: each befalls one firm in good order, and together they
show the event types that no other story and no dice bring.
"""

from collections.abc import Callable

from detectors import events as e
from streams.devstack.county_diary import A_DAY, Diary, Source
from streams.devstack.county_people import AMR

PRODUCT = "电动自行车充电器"


def _shrinks(diary: Diary) -> None:
    """A firm pledges what it has, owes taxes, and takes four fifths of its capital out."""
    at = diary.span.at
    pledge = e.EquityPledged(
        pledge_no="（叶）股质登记设字〔2026〕第8号", share=0.55, amount=550_000.0
    )
    diary.write(Source.REGISTRY, diary.office(at(0.05)), pledge)
    machines = e.AssetPledged(pledge_no="动产登记20260302000177", kind="chattel", amount=300_000.0)
    diary.write(Source.REGISTRY, diary.office(at(0.1)), machines)
    arrears = e.ExternalRecord(
        record_no="叶税欠〔2026〕31号",
        kind="tax_arrears",
        amount=86_000.0,
        organ="国家税务总局叶县税务局",
    )
    diary.write(Source.SHARING, diary.office(at(0.15)), arrears)
    notice = e.CapitalReductionNotice(before=1_000_000.0, after=200_000.0, notice_from=at(0.2))
    diary.write(Source.PUBLICITY, diary.office(at(0.2)), notice)
    changed = e.CapitalChanged(before=1_000_000.0, after=200_000.0)
    diary.write(Source.REGISTRY, diary.office(at(0.85)), changed)


def _leaves(diary: Diary) -> None:
    """A firm closes its branch, stops trading, and announces that it will go."""
    at = diary.span.at
    branch = e.BranchChanged(branch="91410422MA40ABCD1G", action="removed")
    diary.write(Source.REGISTRY, diary.office(at(0.1)), branch)
    rests = e.SuspensionFiled(from_on=at(0.2), to_on=at(0.2) + A_DAY * 365)
    diary.write(Source.REGISTRY, diary.office(at(0.2)), rests)
    goes = e.Deregistration(kind="simple", stage="announced", notice_from=at(0.5))
    diary.write(Source.REGISTRY, diary.office(at(0.5)), goes)


def _forged(diary: Diary) -> None:
    """A registration in a stranger's name: a barred manager, a mark, the end of the licence."""
    at = diary.span.at
    barred = e.ExecutiveChanged(person="person-f1", role="manager", action="in", barred=True)
    diary.write(Source.REGISTRY, diary.office(at(0.1)), barred)
    marked = e.SpecialMark(kind="涉嫌冒名登记")
    diary.write(Source.REGISTRY, diary.office(at(0.3)), marked)
    false = e.FalseRegistration(items="冒用他人身份办理的变更登记", organ=AMR, place=diary.place)
    diary.write(Source.REGISTRY, diary.office(at(0.5)), false)
    revoked = e.LicenceRevoked(kind="revoked", reason="提交虚假材料取得登记", organ=AMR)
    diary.write(Source.ENFORCEMENT, diary.office(at(0.8)), revoked)


def _discloses(diary: Diary) -> None:
    """What was left unpublished is ordered, published, corrected, and promised for the future."""
    at = diary.span.at
    ordered = e.DisclosureOrdered(item="股权变更信息", due=at(0.4), organ=AMR)
    diary.write(Source.PUBLICITY, diary.office(at(0.2)), ordered)
    published = e.InstantInfo(item="股权变更信息", formed_on=at(0.0), published_on=at(0.5))
    diary.write(Source.PUBLICITY, diary.daytime(at(0.5)), published)
    corrected = e.DisclosureCorrected(field="参保人数", before="50", after="5", found_false=True)
    diary.write(Source.PUBLICITY, diary.office(at(0.55)), corrected)
    kept = e.CommitmentMade(commitment="承诺2026-0088", result="kept", kind="信用修复承诺")
    diary.write(Source.PUBLICITY, diary.office(at(0.9)), kept)


def _rectified(diary: Diary) -> None:
    """A kitchen is drawn, inspected, ordered to be put right, talked to, and put right late."""
    at = diary.span.at
    domain = diary.firm.trade.domain
    drawn = e.InspectionDrawn(plan="叶双随机〔2026〕03号", domain=domain, ratio=0.03)
    diary.write(Source.SUPERVISION, diary.office(at(0.05)), drawn)
    started = e.InspectionStarted(task="叶双随机〔2026〕03号-7", domain=domain, code_scanned=True)
    diary.write(Source.SUPERVISION, diary.office(at(0.1)), started)
    diary.inspected(at(0.12), weight=0.5)
    order = "叶市监责改〔2026〕15号"
    ordered = e.RectificationOrdered(
        order=order, domain=domain, due=at(0.3), items="补齐防鼠板，餐具密闭保洁", place=diary.place
    )
    diary.write(Source.SUPERVISION, diary.office(at(0.15)), ordered)
    talked = e.WarningHandled(
        warning_id="demo-1", state="handling", measure="interview", domain=domain, due=at(0.6)
    )
    diary.write(Source.OFFICERS, diary.office(at(0.4)), talked)
    done = e.RectifiedOrGraded(domain=domain, order=order, passed=True)
    diary.write(Source.SUPERVISION, diary.office(at(0.7)), done)


def _recalled(diary: Diary) -> None:
    """A product fails, fails again, is seized, recalled, and loses its certificate."""
    at = diary.span.at
    failed = e.ProductSampled(
        sample_no="ZJ2026-0318", verdict="failed", product=PRODUCT, item="输入输出短路保护",
        provisional=True, received_on=at(0.1), place=diary.place,
    )  # fmt: skip
    diary.write(Source.QUALITY, diary.office(at(0.1)), failed)
    again = e.ProductSampled(
        sample_no="ZJ2026-0402", verdict="failed", product=PRODUCT, recheck=True
    )
    diary.write(Source.QUALITY, diary.office(at(0.5)), again)
    seized = e.CoerciveMeasure(measure_no="叶市监强〔2026〕4号", kind="seizure", domain="QUAL")
    diary.write(Source.ENFORCEMENT, diary.office(at(0.52)), seized)
    recalled = e.RecallChanged(recall_no="豫召2026-011", product=PRODUCT, kind="ordered")
    diary.write(Source.QUALITY, diary.office(at(0.6)), recalled)
    lost = e.CertificateChanged(certificate="2022010907456789", kind="CCC", status="revoked")
    diary.write(Source.QUALITY, diary.office(at(0.8)), lost)


def _hazard(diary: Diary) -> None:
    """A lift is registered, found a serious hazard, put right; a scale fails its verification."""
    at = diary.span.at
    lift, order = diary.equipment, "（叶）市监特令〔2026〕第3号"
    registered = e.EquipmentRegistered(
        equipment=lift, kind="曳引驱动电梯", public_place=True, next_due=at(0.4), place=diary.place
    )
    diary.write(Source.EQUIPMENT, diary.office(at(0.05)), registered)
    hazard = e.EquipmentOrdered(order=order, items="限速器动作失效", due=at(0.6), serious=True)
    diary.write(Source.SUPERVISION, diary.office(at(0.5)), hazard)
    cured = e.EquipmentOrdered(order=order, status="rectified")
    diary.write(Source.SUPERVISION, diary.office(at(0.7)), cured)
    scale = e.MeterVerified(instrument="电子计价秤0071", passed=False, kind="电子计价秤")
    diary.write(Source.QUALITY, diary.office(at(0.8)), scale)


def _talked_of(diary: Diary) -> None:
    """An advertisement is found, people talk, one complains and withdraws; the lights are on."""
    at = diary.span.at
    hit = e.MonitoringHit(channel="AD", evidence="AD20260302001", rule="广告法第九条：绝对化用语")
    diary.write(Source.SUPERVISION, diary.daytime(at(0.2)), hit)
    talk = e.OpinionHit(topic="宣传与实际不符", url_hash="post-1", heat=0.4, confidence=0.7)
    diary.write(Source.HOTLINE, diary.daytime(at(0.3)), talk)
    person, matter = "person-t1", "虚假宣传"
    complaint = e.ComplaintReceived(ticket="T-t1", complainant=person, matter=matter)
    diary.write(Source.HOTLINE, diary.daytime(at(0.35)), complaint)
    withdrawn = e.ComplaintClosed(
        ticket="T-t1", complainant=person, matter=matter, outcome="withdrawn", days=9
    )
    diary.write(Source.HOTLINE, diary.office(at(0.5)), withdrawn)
    used = e.UtilityUsage(meter="meter-1", period=f"{at(0.5):%Y-%m}", usage=1830.5)
    diary.write(Source.SHARING, diary.early(at(0.6)), used)


def _appealed(diary: Diary) -> None:
    """A fine is contested and upheld, an older one paid; the province's class of the month."""
    at = diary.span.at
    known = diary.punished(at(0.1), severity="general")
    filed = e.ObjectionChanged(
        kind="reconsideration", status="filed", filed_on=at(0.2), about=known
    )
    diary.write(Source.ENFORCEMENT, diary.office(at(0.2)), filed)
    upheld = e.ObjectionChanged(
        kind="reconsideration", status="decided", outcome="upheld", filed_on=at(0.2), about=known
    )
    diary.write(Source.ENFORCEMENT, diary.office(at(0.7)), upheld)
    paid = e.PenaltyFollowed(
        penalty_no="叶市监处罚〔2025〕981号", organ=AMR, kind="performed", on=at(0.8)
    )
    diary.write(Source.ENFORCEMENT, diary.office(at(0.8)), paid)
    before = at(0.0).replace(day=1) - A_DAY  # a month that has ended
    month = e.ClassOfMonth(period=f"{before:%Y-%m}", risk_class="B", score=230.0)
    diary.write(Source.SHARING, diary.early(at(0.9)), month)


# Whom a story can befall: a domain of looks, or anybody.
MATTERS: tuple[tuple[str, Callable[[Diary], None]], ...] = (
    ("", _shrinks),
    ("", _leaves),
    ("", _forged),
    ("", _discloses),
    ("CATER", _rectified),
    ("", _recalled),
    ("", _hazard),
    ("", _talked_of),
    ("", _appealed),
)
