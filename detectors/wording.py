"""How is a fact said in Chinese, so that an officer can quote it?"""

import datetime as dt
from collections.abc import Mapping

from detectors.facts import (
    CONFIRMED,
    CONTESTED,
    OBJECTED,
    PENALTIES,
    PROVISIONAL,
    Fact,
    FactKind,
)
from detectors.warning import CHINA

LABELS = {
    FactKind.ESTABLISHED: "设立登记",
    FactKind.LEGAL_REP_CHANGED: "法定代表人变更",
    FactKind.ADDRESS_CHANGED: "住所变更",
    FactKind.SHAREHOLDER_CHANGED: "股东变更",
    FactKind.REPORT_ALL_ZERO: "年报全零申报",
    FactKind.EQUITY_FROZEN: "股权冻结",
    FactKind.ABNORMAL_LISTED: "列入经营异常名录",
    FactKind.LISTED_UNFILED: "因未报年报列入经营异常名录",
    FactKind.UNREACHABLE: "通过登记的住所无法联系，列入经营异常名录",
    FactKind.SERIOUS_LISTED: "列入严重违法失信名单",
    FactKind.PERMIT: "许可证",
    FactKind.INSPECTION_PASSED: "检查未发现问题",
    FactKind.INSPECTION_FAILED: "检查不合格",
    FactKind.INSPECTION_REFUSED: "拒绝或不配合检查",
    FactKind.FOOD_SAMPLE_PASSED: "食品抽检合格",
    FactKind.FOOD_SAMPLE_FAILED: "食品抽检不合格",
    FactKind.RAPID_TEST_FAILED: "食用农产品快速检测不合格",
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
    FactKind.CAPITAL: "登记注册资本",
    FactKind.CAPITAL_CUT: "减少注册资本",
    FactKind.SUBSCRIPTION_TOO_LONG: "出资期限超过法定年限，未调整",
    FactKind.SCOPE_NEEDS_PERMIT: "登记须经许可的经营项目",
    FactKind.DEREGISTERING_SIMPLY: "公告简易注销",
    FactKind.DEREGISTERING: "公告清算注销",
    FactKind.DEREGISTERED: "注销登记",
    FactKind.LICENCE_REVOKED: "被吊销营业执照、责令关闭或撤销登记",
    FactKind.SUSPENDED: "歇业备案",
    FactKind.FALSE_REGISTRATION: "虚假登记被撤销",
    FactKind.SPECIAL_MARK: "被登记机关特别标注",
    FactKind.REPORT_FILED: "报送年度报告",
    FactKind.DISCLOSURE_FALSE: "公示信息隐瞒真实情况、弄虚作假",
    FactKind.DISCLOSURE_DUE: "应公示信息未公示",
    FactKind.EQUITY_PLEDGED: "股权出质",
    FactKind.ABNORMAL_ENTRY: "曾列入经营异常名录",
    FactKind.SERIOUS_LISTED_ELSEWHERE: "列入其他部门严重失信主体名单",
    FactKind.PERMIT_ENDED: "许可证被注销、撤销、吊销或暂扣",
    FactKind.UNREACHABLE_FOUND: "检查时通过登记的住所无法联系",
    FactKind.RECTIFY_ORDERED: "责令改正",
    FactKind.FOOD_GRADE: "食品安全风险等级评定",
    FactKind.PRODUCT_SAMPLE_PASSED: "产品抽查合格",
    FactKind.PRODUCT_SAMPLE_FAILED: "产品质量抽查不合格",
    FactKind.PRODUCT_STILL_FAILING: "产品质量复查仍不合格",
    FactKind.DRUG_DEFECT: "药械妆飞行检查发现严重缺陷",
    FactKind.FALSE_TEST_REPORT: "出具虚假检验检测报告",
    FactKind.DRUG_SAMPLE_FAILED: "药械妆抽检不合格",
    FactKind.RECALL: "产品召回",
    FactKind.AD_HIT: "监测发现涉嫌违法广告",
    FactKind.NET_HIT: "监测发现网络交易涉嫌违法",
    FactKind.PRICE_HIT: "监测发现价格涉嫌违法",
    FactKind.EQUIPMENT: "特种设备",
    FactKind.EQUIPMENT_HAZARD: "特种设备存在严重事故隐患",
    FactKind.METER: "强制检定计量器具",
    FactKind.CERTIFICATE_LOST: "认证证书暂停、撤销或失效",
    FactKind.PENALTY_DUE: "行政处罚决定待履行",
    FactKind.OFFENCE: "违法行为",
    FactKind.SEIZURE: "查封、扣押",
    FactKind.POLICE_TRANSFER: "移送公安机关",
    FactKind.COMPLAINT_SETTLED: "投诉办结",
    FactKind.RUNAWAY: "反映预付卡商家失联",
    FactKind.OPINION: "负面舆情",
    FactKind.ENFORCEMENT: "被法院强制执行",
    FactKind.LIQUIDATING: "进入破产（强制）清算程序",
    FactKind.REORGANISING: "进入破产重整、和解程序",
    FactKind.TAX_RECORD: "税务部门记录",
    FactKind.ARREARS: "人社部门记录",
    FactKind.OTHER_PENALTY: "其他部门行政处罚",
    FactKind.SAFETY_ACCIDENT: "生产安全事故",
    FactKind.UTILITY_USED: "有用水用电用气记录",
    FactKind.COMMITMENT_KEPT: "履行信用承诺",
    FactKind.COMMITMENT_BROKEN: "违背信用承诺",
    FactKind.INTERVIEW_DUE: "责任约谈，待整改",
    FactKind.CURED: "信用修复",
    FactKind.NEIGHBOUR_LEGAL_REP: "法定代表人关联企业存在风险",
    FactKind.NEIGHBOUR_HOLDER: "控股股东存在风险",
    FactKind.NEIGHBOUR_BRANCH: "分支机构存在风险",
    FactKind.NEIGHBOUR_HEAD_OFFICE: "总部存在风险",
    FactKind.NEIGHBOUR_ADDRESS: "同一住所企业存在风险",
    FactKind.NEIGHBOUR_SUPPLIER: "供货或受托生产企业存在风险",
    FactKind.NEIGHBOUR_AGENT: "同一代理机构企业存在风险",
    FactKind.ADDRESS_DENSITY: "同一住所登记企业密集",
    FactKind.MASS_REGISTRATION: "短期内批量登记",
    FactKind.MASS_REGISTRATION_FOUND: "短期内批量登记达到阈值",
    FactKind.FILED_BY: "代理登记",
    FactKind.DOMICILED: "住所登记",
    FactKind.REPRESENTED: "法定代表人登记",
    FactKind.HOLDER: "持股登记",
    FactKind.BRANCH: "设立分支机构",
    FactKind.SUPPLIER: "供货关系",
}

# What lasts and comes nearer is said by its day, not by the day on which it was told: after these
# words.
_VALID_TO = {
    FactKind.PERMIT: "有效期至",
    FactKind.EQUIPMENT: "检验有效期至",
    FactKind.PUBLIC_EQUIPMENT: "（公众聚集场所）检验有效期至",
    FactKind.METER: "检定有效期至",
}
# What is to be done by a day is said with both, the day after these words.
_TO_BE_DONE = {
    FactKind.SUBSCRIPTION_TOO_LONG: "期限",
    FactKind.DISCLOSURE_DUE: "期限",
    FactKind.RECTIFY_ORDERED: "期限",
    FactKind.EQUIPMENT_HAZARD: "期限",
    FactKind.PENALTY_DUE: "期限",
    FactKind.INTERVIEW_DUE: "期限",
    FactKind.DEREGISTERING_SIMPLY: "公告期至",
    FactKind.DEREGISTERING: "公告期至",
}
# What says nothing alone is said with its domain where the source names no item.
_OF_A_DOMAIN = frozenset({
    FactKind.INSPECTION_FAILED,
    FactKind.INSPECTION_REFUSED,
    FactKind.RECTIFY_ORDERED,
    FactKind.CASE_OPEN,
    FactKind.REPORT_VERIFIED,
    FactKind.COMPLAINT,
    *PENALTIES,
})  # fmt: skip


def day(moment_s: int) -> str:
    """Return the day in China of a moment.

    >>> day(1782835200)
    '2026-07-01'
    """
    return f"{dt.datetime.fromtimestamp(moment_s, CHINA):%Y-%m-%d}"


def fact_in_words(fact: Fact, domains: Mapping[str, str] | None = None) -> str:
    """Return one fact as a clause: day, what, details, state.

    ``domains`` are the names of the domains: what the source gives no item of is at least in one.

    Nothing personal is in it: complainants are hashes, and stay in the state.

    >>> fact_in_words(Fact(1, FactKind.FOOD_SAMPLE_FAILED, at=1782835200, note="酱油：苯甲酸"))
    '2026-07-01食品抽检不合格（酱油：苯甲酸）'
    """
    kind = FactKind(fact.kind)
    if kind in _VALID_TO and fact.due:
        return f"{fact.note or LABELS[kind]}{_VALID_TO[kind]}{day(fact.due - 1)}"
    text = f"{day(fact.at)}{LABELS[kind]}"
    note = fact.note
    if not note and domains and kind in _OF_A_DOMAIN and fact.domain in domains:
        note = f"{domains[fact.domain]}领域"
    if note:
        text += f"（{note}）"
    if kind in _TO_BE_DONE and fact.due:
        text += f"，{_TO_BE_DONE[kind]}{day(fact.due - 1)}"
    if fact.doubt & PROVISIONAL and not fact.doubt & CONFIRMED:
        text += "（复检期内，暂定）"
    if fact.doubt & (CONTESTED | OBJECTED):
        text += "（已提出异议，未定）"
    return text
