"""What do the Chinese words of a 双公示 row mean: how severe, of which domain, ended how?"""

import re
from typing import Literal

from streams.publicity_rows import RowRefusedError

Severity = Literal["severe", "general", "minor"]
Ending = Literal["revoked", "withdrawn", "suspended", "cancelled"]

# 行政处罚法 art. 9, from the heaviest down (domain reference §5.3 and §2.4): several kinds for one
# offence count by the heaviest.  Severe is what S09 calls so: stop, downgrade, revoke, bar, detain.
_LADDER: tuple[tuple[Severity, re.Pattern[str]], ...] = (
    (
        "severe",
        re.compile(
            "拘留|吊销|暂扣|降低资质|撤销许可|停产|停业|关闭|限制开展|限制从业|限制生产|禁止从业"
        ),
    ),
    ("general", re.compile("罚款|没收|其他")),
    ("minor", re.compile("警告|通报批评")),
)
_NO_PENALTY = re.compile("不予(行政)?处罚|免予(行政)?处罚")

# Laws and words, the particular before the general.
_DOMAINS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("AD", re.compile("广告")),
    ("ANTI", re.compile("垄断")),
    ("COMP", re.compile("不正当竞争|传销|直销")),
    ("PRICE", re.compile("价格|明码标价|收费")),
    ("SE", re.compile("特种设备|电梯|锅炉|压力容器|起重机械|气瓶")),
    ("DRUG", re.compile("药品|药店|医疗器械|化妆品|疫苗")),
    ("CATER", re.compile("餐饮|食堂|饭店|餐厅|小餐饮")),
    ("FOODP", re.compile("食品生产|食品小作坊|生产加工小作坊")),
    ("FOODS", re.compile("食品|农产品")),
    ("IPR", re.compile("商标|专利|知识产权|地理标志|奥林匹克标志")),
    ("CERT", re.compile("认证")),
    ("TEST", re.compile("检验检测|机动车检验")),
    ("MEAS", re.compile("计量")),
    ("STD", re.compile("标准化法")),
    ("QUAL", re.compile("产品质量|工业产品|生产许可证管理条例|不合格产品")),
    ("NET", re.compile("电子商务|网络交易|平台经营者")),
    ("CONS", re.compile("消费者权益")),
    ("PUB", re.compile("信息公示|年度报告|年报")),
    ("REG", re.compile("市场主体登记|公司法|登记管理|营业执照|无照|无证无照")),
)
_TRADES = tuple(row for row in _DOMAINS if row[0] in {"CATER", "FOODP"})
_ENDED: tuple[tuple[Ending, re.Pattern[str]], ...] = (
    ("revoked", re.compile("吊销")),
    ("withdrawn", re.compile("撤销|撤回|撤消")),
    ("suspended", re.compile("暂扣|中止")),
    ("cancelled", re.compile("注销")),
)


def severity_of(kinds: str, *, permit: str = "") -> Severity:
    """Return how severe the heaviest of the kinds is; a permit taken away is severe.

    An unknown kind counts as 其他, which is general.

    Raises:
        RowRefusedError: no penalty was imposed at all.

    >>> severity_of("警告；罚款"), severity_of("罚款;责令停产停业"), severity_of("警告")
    ('general', 'severe', 'minor')
    """
    if _NO_PENALTY.search(kinds):
        raise RowRefusedError("CF_CFLB: 不予处罚，不转换。no penalty was imposed")
    if permit:
        return "severe"
    return next((name for name, words in _LADDER if words.search(kinds)), "general")


def domain_of(law: str, words: str, *, fallback: str) -> str:
    """Return the domain that the law names, or else the words, or else the fallback.

    >>> domain_of("《食品安全法》第五十四条", "经营超过保质期的食品", fallback="CASE")
    'FOODS'
    >>> domain_of("《食品安全法》第五十六条", "餐饮服务单位未消毒餐具", fallback="CASE")
    'CATER'
    """
    found = _first(_DOMAINS, law) or _first(_DOMAINS, words)
    if found == "FOODS":  # the law is one for three trades
        return next((name for name, one in _TRADES if one.search(f"{law} {words}")), found)
    return found or fallback


def permit_end_of(state: str, *, newer: bool) -> Ending | None:
    """Return how a permit ended, or None where it is in force (newer form: 1 valid, 2 not).

    >>> [permit_end_of(state, newer=True) for state in ("1", "2", "吊销")]
    [None, 'cancelled', 'revoked']
    """
    if ended := next((name for name, words in _ENDED if words.search(state)), None):
        return ended
    if newer:
        return "cancelled" if state in {"2", "无效"} else None
    return "withdrawn" if state == "1" else None


def _first(table: tuple[tuple[str, re.Pattern[str]], ...], text: str) -> str:
    return next((name for name, words in table if words.search(text)), "")
