"""Where does one enterprise stand, and why?  Read from Redis, told in Chinese."""

import dataclasses
import datetime as dt
import math
from collections.abc import Iterable

from redis.asyncio import Redis
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from detectors import learned
from detectors import state as states
from detectors.card import Contribution, RiskCard, as_of_moment, risk_card
from detectors.counterfactual import WayBack, way_back
from detectors.expertise import Expertise
from detectors.features import features
from detectors.model_reasons import ModelReason, reasons
from detectors.official import Month, OfficialClass, Provisional, Source, provisional
from detectors.state import EnterpriseState
from detectors.warning import CHINA
from streams.learning import RedisSnapshots
from streams.official_store import RedisOfficialStore
from streams.publisher import partition_of
from streams.store import RedisStore

VISIBLE = 0.1  # less than this is rounding; more is what the table leaves out as too light
CLASS_STYLES = {"A": "green", "B": "cyan", "C": "yellow", "D": "bold red"}


@dataclasses.dataclass(frozen=True, slots=True)
class Found:
    """All that is told of one enterprise.

    Shapes:
        ``way_back`` is None where it stands in class B or better; ``official`` is the class of the
        last closed month, the province's before our own, None where that month has none;
        ``provisional`` what a direct rule makes of it until the month's end.
    """

    card: RiskCard
    way_back: WayBack | None
    official: OfficialClass | None
    provisional: Provisional | None
    model_reasons: tuple[ModelReason, ...]
    partition: int


async def find_card(
    redis: Redis,
    uscc: str,
    expertise: Expertise,
    *,
    partitions: int,
    at: dt.datetime | None = None,
) -> Found | None:
    """Return the card of an enterprise, or None where nothing is known of it.

    The partition follows from the code; a source with another partitioner may have used another
    one, so the rest is looked through too.  With ``at`` the facts are read as of that moment.
    """
    home = partition_of(uscc, partitions)
    store = RedisStore(redis)
    for partition in (home, *(p for p in range(partitions) if p != home)):
        loaded = await store.load(partition, [uscc])
        if uscc in loaded.states:
            state = states.decode(loaded.states[uscc])
            if at is not None:
                state = as_of_moment(state, expertise, int(at.timestamp()))
            known = expertise.at(state.as_of)
            official = await _official(redis, uscc, state.as_of, partitions=partitions)
            return Found(
                card=risk_card(uscc, state, known),
                way_back=way_back(state, known),
                official=official,
                provisional=provisional(
                    known.catalogue,
                    state.profile,
                    state.facts,
                    official=official.risk_class if official else None,
                    as_of=state.as_of,
                ),
                model_reasons=await _model_reasons(redis, state),
                partition=partition,
            )
    return None


async def _model_reasons(redis: Redis, state: EnterpriseState) -> tuple[ModelReason, ...]:
    """Return why the newest model of the enterprise's domain says what it says."""
    raw = (await RedisSnapshots(redis).load()).get(state.profile.domain)
    if raw is None or not state.learned.version:
        return ()
    try:
        scorer = learned.scorer_of(learned.decode(raw))
    except learned.IncompatibleSnapshotError:
        return ()
    seen = features(state, as_of=state.as_of, rule_score=state.rule.score)
    return reasons(scorer, seen, state.profile.category, state.profile.place)


def model_in_words(found: Found) -> Text:
    """Return the model's reasons, or nothing where no model has spoken."""
    told = "；".join(f"{one.text}（{one.log_odds:+.2f}）" for one in found.model_reasons)
    return Text(f"模型理由：{told}" if told else "")


async def _official(
    redis: Redis, uscc: str, as_of: int, *, partitions: int
) -> OfficialClass | None:
    """Return the official class of the month before a moment."""
    store = RedisOfficialStore(redis, partitions=partitions)
    first = dt.datetime.fromtimestamp(as_of, CHINA).replace(day=1)
    last = first - dt.timedelta(days=1)
    month = Month(last.year, last.month)
    for source in (Source.IMPORTED, Source.FROZEN):
        found = await store.get(month, source, [uscc])
        if uscc in found:
            return found[uscc]
    return None


def official_in_words(found: Found) -> Text:
    """Return the official class beside the live one: two classes, never mixed."""
    official = found.official
    if official is None:
        text = "上月官方等级：未冻结、未导入"
    else:
        origin = "省局导入" if official.source is Source.IMPORTED else "月末冻结"
        text = f"{official.month} 官方等级 {official.risk_class.value}（{origin}）"
    if found.provisional is not None:
        text += f"\n{found.provisional.text}"
    return Text(text)


def card_in_words(card: RiskCard) -> RenderableType:
    """Return the card as a person reads it at a terminal."""
    style = CLASS_STYLES[card.risk_class.value]
    head = Text.assemble(
        (f"{card.enterprise}  ", "bold"),
        (f"{card.uscc}\n", "dim"),
        "实时等级 ", (card.risk_class.value, style), f"   风险分 {card.score:.1f}",
        f"（规则部分 {card.rule_score:.1f}，{card.rule_class.value}级）\n",
        f"截至 {card.as_of.astimezone(CHINA):%Y-%m-%d %H:%M}（北京时间）   "
        f"指标版本 {card.knowledge_version}   模型版本 {card.model_version or '无'}\n",
        ("实时等级仅供内部预警，不是当月公示的分类结果。", "dim"),
    )  # fmt: skip
    table = Table(box=None, pad_edge=False)
    for name in ("指标", "分值", "去除后", "依据事实", "文号", "失效日", "事实编号"):
        table.add_column(name, overflow="fold")
    for line in card.contributions:
        table.add_row(
            f"{line.indicator} {line.name}",
            f"{line.points:.1f}" + ("" if line.counted else " 同组不计"),
            f"{line.without:.1f}",
            line.text,
            "、".join(line.doc_nos),
            line.lapses,
            " ".join(line.fact_ids),
        )
    matters = [
        Text(
            f"未结预警 {one.number or one.id}：{one.measure.label}"
            f"（规则{one.rule}，{one.opened.astimezone(CHINA):%Y-%m-%d}）"
        )
        for one in card.open_warnings
    ]
    return Group(
        head, Text(), table, Text(arithmetic(card.contributions, card.score)), Text(), *matters
    )


def arithmetic(lines: Iterable[Contribution], score: float) -> str:
    """Return the score as a person can work it out with the table's points, "" where it is none.

    >>> lines = [Contribution(indicator=i, name="", dimension="", points=p, without=0.0, text="",
    ...     counted=i != "S13") for i, p in (("S01", 300.0), ("S13", 100.0), ("S14", 100.0))]
    >>> arithmetic(lines, 370.0)
    '算式：1000×(1－0.7000×0.9000)＝370.0（各因子为1－分值÷1000，同组只计最重的）'
    """
    counted = [one.points for one in lines if one.counted]
    factors = [1 - points / 1000 for points in counted if points > 0]
    if not factors:
        return ""
    product = 1000 * (1 - math.prod(factors))
    text = f"算式：1000×(1－{'×'.join(f'{one:.4f}' for one in factors)})"
    off = product - score
    if any(points < 0 for points in counted):
        text += f"－{off:.1f}（加分项，合计有上限）"
        off = 0.0
    sign = "＝" if abs(off) < VISIBLE else "≈"
    return f"{text}{sign}{score:.1f}（各因子为1－分值÷1000，同组只计最重的）"


def way_back_in_words(way: WayBack) -> RenderableType:
    """Return what would bring an enterprise back, as a person reads it at a terminal."""
    head = Text.assemble(("信用修复建议", "bold"), f"（回到{way.target.value}级，按影响大小排列）")
    lines = []
    for number, remedy in enumerate(way.remedies, start=1):
        when = f"，{remedy.possible_from}起可办" if remedy.possible_from else ""
        after = f"此后规则分 {remedy.score:.1f}（{remedy.risk_class.value}级）"
        lines.append(Text(f"{number}. {remedy.text}{when}；{after}"))
    if not way.is_reached:
        lines.append(Text(f"以上尚不足以回到{way.target.value}级，其余为登记属性。"))
    alone = f"不采取措施，{way.by_time}起随时间回到{way.target.value}级。"
    never = f"不采取措施，四年内不会随时间回到{way.target.value}级。"
    return Group(Text(), head, *lines, Text(alone if way.by_time else never))
