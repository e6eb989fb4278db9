"""What would another version of the knowledge have decided on the same records?"""

import collections
import dataclasses
import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from statistics import median
from typing import TypeVar

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from detectors.measure import Measure, RiskClass
from detectors.state import EnterpriseState
from detectors.warning import CHINA, EarlyWarning, WarningStatus
from streams.replay import Replayed

SHOWN = 20
Matter = tuple[str, str, str]  # enterprise, domain, rule family
LeadOf = Callable[[EarlyWarning], str]
K = TypeVar("K")


@dataclasses.dataclass(frozen=True, slots=True)
class ClassMove:
    """An enterprise that would stand in another class by rules."""

    uscc: str
    name: str
    before: RiskClass
    after: RiskClass
    score_before: float
    score_after: float


@dataclasses.dataclass(frozen=True, slots=True)
class Difference:
    """How two replays of the same records differ.

    Shapes:
        ``moves`` gravest first; ``only_before`` and ``only_after`` are matters that one of the two
        never warned of; ``lead_days`` are the days by which the second warned earlier (negative:
        later) where both did; ``per_day`` and ``per_authority`` count warnings (before, after).
    """

    moves: tuple[ClassMove, ...]
    only_before: int
    only_after: int
    lead_days: tuple[float, ...]
    per_day: Mapping[dt.date, tuple[int, int]]
    per_authority: Mapping[str, tuple[int, int]]
    per_measure: Mapping[Measure, tuple[int, int]]


def difference(before: Replayed, after: Replayed, *, leads: tuple[LeadOf, LeadOf]) -> Difference:
    """Return how ``after`` differs.

    ``leads`` name the authority that acts on a warning: by the roster and ladder of each version.
    """
    first, second = _issued(before), _issued(after)
    begun, begun_after = _first_of_each(first), _first_of_each(second)
    both = begun.keys() & begun_after.keys()
    return Difference(
        moves=_moves(before.states, after.states),
        only_before=len(begun.keys() - both),
        only_after=len(begun_after.keys() - both),
        lead_days=tuple(
            (begun[matter] - begun_after[matter]) / dt.timedelta(days=1) for matter in sorted(both)
        ),
        per_day=_paired(first, second, lambda one: one.issued_at.astimezone(CHINA).date()),
        per_authority=_paired(first, second, *leads),
        per_measure=_paired(first, second, lambda one: one.measure),
    )


def _issued(result: Replayed) -> list[EarlyWarning]:
    return [one for one in result.warnings if one.status is WarningStatus.ISSUED]


def _first_of_each(warnings: Iterable[EarlyWarning]) -> dict[Matter, dt.datetime]:
    first: dict[Matter, dt.datetime] = {}
    for one in warnings:
        matter = (one.uscc, one.domain, one.family)
        first[matter] = min(first.get(matter, one.issued_at), one.issued_at)
    return first


def _moves(
    before: Mapping[str, EnterpriseState], after: Mapping[str, EnterpriseState]
) -> tuple[ClassMove, ...]:
    found = [
        ClassMove(
            uscc=uscc,
            name=state.profile.name or uscc,
            before=before[uscc].rule.risk_class,
            after=state.rule.risk_class,
            score_before=before[uscc].rule.score,
            score_after=state.rule.score,
        )
        for uscc, state in after.items()
        if uscc in before and before[uscc].rule.rank != state.rule.rank
    ]
    found.sort(key=lambda move: (-abs(move.after.rank - move.before.rank), move.uscc))
    return tuple(found)


def _paired(
    first: Iterable[EarlyWarning],
    second: Iterable[EarlyWarning],
    key: Callable[[EarlyWarning], K],
    key_after: Callable[[EarlyWarning], K] | None = None,
) -> dict[K, tuple[int, int]]:
    before = collections.Counter(map(key, first))
    after = collections.Counter(map(key_after or key, second))
    return {name: (before[name], after[name]) for name in {**before, **after}}


def difference_in_words(found: Difference) -> RenderableType:
    """Return the difference as an analyst reads it at a terminal."""
    moved = collections.Counter((move.before.value, move.after.value) for move in found.moves)
    head = "、".join(f"{b}→{a} {count}户" for (b, a), count in sorted(moved.items())) or "无"
    classes = _table("企业", "代码", "等级", "规则分")
    for move in found.moves[:SHOWN]:
        classes.add_row(
            move.name, move.uscc,
            f"{move.before.value}→{move.after.value}",
            f"{move.score_before:.1f}→{move.score_after:.1f}",
        )  # fmt: skip
    more = len(found.moves) - SHOWN
    return Group(
        Text(f"等级变化 {len(found.moves)} 户：{head}", style="bold"),
        classes,
        Text(f"其余 {more} 户从略") if more > 0 else Text(),
        Text("预警数量（原 → 新）", style="bold"),
        _counts("措施", {one.label: pair for one, pair in found.per_measure.items()}),
        _counts("责任单位", dict(sorted(found.per_authority.items()))),
        _counts("日期", {f"{day}": pair for day, pair in sorted(found.per_day.items())}),
        Text(_lead(found)),
    )


def _lead(found: Difference) -> str:
    text = f"只有原版预警的事项 {found.only_before}，只有新版预警的事项 {found.only_after}"
    moved = [days for days in found.lead_days if days]
    if not moved:
        return f"{text}；两版都预警的 {len(found.lead_days)} 项时间相同"
    earlier = sum(days > 0 for days in moved)
    return (
        f"{text}；两版都预警的 {len(found.lead_days)} 项中 {earlier} 项提前、"
        f"{len(moved) - earlier} 项推后，中位数 {median(moved):+.1f} 天（正数为提前）"
    )


def _counts(name: str, pairs: Mapping[str, tuple[int, int]]) -> Table:
    table = _table(name, "原", "新")
    for key, (before, after) in pairs.items():
        if before != after:
            table.add_row(key, str(before), str(after))
    if not table.row_count:
        table.add_row("（各项相同）", "", "")
    return table


def _table(*heads: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for head in heads:
        table.add_column(head, overflow="fold")
    return table
