"""How is a fact said in Chinese, so that an officer can quote it?"""

import datetime as dt

from detectors.facts import Fact, FactKind
from detectors.warning import CHINA

LABELS = {
    FactKind.ESTABLISHED: "设立登记",
    FactKind.LEGAL_REP_CHANGED: "法定代表人变更",
    FactKind.ADDRESS_CHANGED: "住所变更",
    FactKind.SHAREHOLDER_CHANGED: "股东变更",
    FactKind.REPORT_ALL_ZERO: "年报全零申报",
    FactKind.EQUITY_FROZEN: "股权冻结",
    FactKind.ABNORMAL_LISTED: "列入经营异常名录",
    FactKind.UNREACHABLE: "通过登记的住所无法联系，列入经营异常名录",
    FactKind.SERIOUS_LISTED: "列入严重违法失信名单",
    FactKind.PERMIT: "许可证",
    FactKind.INSPECTION_PASSED: "检查未发现问题",
    FactKind.INSPECTION_FAILED: "检查不合格",
    FactKind.INSPECTION_REFUSED: "拒绝或不配合检查",
    FactKind.FOOD_SAMPLE_PASSED: "食品抽检合格",
    FactKind.FOOD_SAMPLE_FAILED: "食品抽检不合格",
    FactKind.EQUIPMENT_FAILED: "特种设备检验不合格仍在使用",
    FactKind.EQUIPMENT_INCIDENT: "特种设备事故",
    FactKind.CASE_OPEN: "立案调查",
    FactKind.PENALTY_MINOR: "轻微行政处罚",
    FactKind.PENALTY_GENERAL: "一般行政处罚",
    FactKind.PENALTY_SEVERE: "严重行政处罚",
    FactKind.COMPLAINT: "投诉",
    FactKind.FOOD_INCIDENT: "食品安全事故",
    FactKind.REPORT_VERIFIED: "举报查证属实",
    FactKind.JUDGMENT_DEBTOR: "列为失信被执行人",
    FactKind.HONOUR: "获得荣誉",
    FactKind.BARRED_PERSON: "受任职限制人员任职",
    FactKind.PUBLIC_EQUIPMENT: "公众聚集场所使用特种设备",
    FactKind.NAME_CHANGED: "名称变更",
    FactKind.INDUSTRY_CHANGED: "行业变更",
    FactKind.EQUIPMENT_PASSED: "特种设备检验合格",
    FactKind.EQUIPMENT_FOUND: "特种设备检验不合格",
    FactKind.FILED_BY: "代理登记",
    FactKind.DOMICILED: "住所登记",
    FactKind.HOLDER: "持股登记",
    FactKind.BRANCH: "设立分支机构",
    FactKind.SUPPLIER: "供货关系",
    FactKind.NEIGHBOUR_LEGAL_REP: "法定代表人关联企业风险",
    FactKind.NEIGHBOUR_HOLDER: "控股方风险",
    FactKind.NEIGHBOUR_BRANCH: "分支机构风险",
    FactKind.NEIGHBOUR_HEAD_OFFICE: "总公司风险",
    FactKind.NEIGHBOUR_ADDRESS: "同址企业风险聚集",
    FactKind.NEIGHBOUR_SUPPLIER: "供应商抽检不合格",
    FactKind.MASS_REGISTRATION: "短期批量登记",
    FactKind.MASS_REGISTRATION_FOUND: "短期批量登记达到阈值",
    FactKind.ADDRESS_DENSE: "一址多照",
}


def day(moment_s: int) -> str:
    """Return the day in China of a moment.

    >>> day(1782835200)
    '2026-07-01'
    """
    return f"{dt.datetime.fromtimestamp(moment_s, CHINA):%Y-%m-%d}"


def fact_in_words(fact: Fact) -> str:
    """Return one fact as a clause: day, what, details, state.

    Nothing personal is in it: complainants are hashes, and stay in the state.

    >>> fact_in_words(Fact(1, FactKind.FOOD_SAMPLE_FAILED, at=1782835200, note="酱油：苯甲酸"))
    '2026-07-01食品抽检不合格（酱油：苯甲酸）'
    """
    if fact.kind == FactKind.PERMIT:
        name = fact.note or "许可证"
        return f"{name}有效期至{day(fact.due - 1)}"
    text = f"{day(fact.at)}{LABELS[FactKind(fact.kind)]}"
    if fact.note:
        text += f"（{fact.note}）"
    if fact.provisional and not fact.final:
        text += "（复检期内，暂定）"
    if fact.contested:
        text += "（已提出异议，未定）"
    return text
