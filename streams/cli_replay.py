"""``sanzao replay``: the pure core alone on a file, under one knowledge or beside another."""

import collections
import dataclasses
import datetime as dt
import functools
import time
from pathlib import Path
from typing import Annotated

import typer

from alerts.responsibility import Matter, resolve
from config.load import load_settings
from detectors.warning import CHINA, EarlyWarning
from streams import clock
from streams.assembly import Wisdom, build_wisdom, unfounded
from streams.event_files import complain, lines_of
from streams.replay import Replayed
from streams.replay import replay as replay_records
from streams.replay_split import split_of
from streams.terminal import USAGE, Config, File, Knowledge, err, out, told_plainly, with_knowledge
from streams.what_if import LeadOf, difference, difference_in_words


def replay(
    file: File,
    knowledge: Knowledge = None,
    config: Config = None,
    now: Annotated[dt.datetime | None, typer.Option(help="收到时刻（UTC），默认当前时间")] = None,
    diff: Annotated[
        Path | None, typer.Option(help="另一知识目录：同一文件再放一遍，比较等级、预警与提前量")
    ] = None,
    until: Annotated[
        dt.datetime | None,
        typer.Option(help="期限到期至此（北京时间），默认文件中最晚的事件时间"),
    ] = None,
    timers: Annotated[
        bool, typer.Option("--timers/--no-timers", help="期限到期也作为事件重放")
    ] = True,
    neighbours: Annotated[
        bool,
        typer.Option(
            "--neighbours/--no-neighbours",
            help="关联企业的影响重新推算（文件中已记录的不计）；否则只按文件所记",
        ),
    ] = True,
    split: Annotated[
        bool, typer.Option("--split", help="另给出解码、事实、指标、规则、模型各占多少")
    ] = False,
) -> None:
    """离线重放：只用纯核心，不需要 Kafka 与 Redis。The pure core alone on a file."""
    moment = now.replace(tzinfo=dt.UTC) if now else clock.now()
    end = until.replace(tzinfo=CHINA) if until else None
    played = functools.partial(
        replay_records, now=moment, timers=timers, neighbours=neighbours, until=end
    )
    with told_plainly():
        settings = load_settings(config)
        wisdom = build_wisdom(with_knowledge(settings, knowledge))
        other = build_wisdom(with_knowledge(settings, diff)) if diff else None
        lines = lines_of(file)
        began = time.perf_counter()
        result = played(lines, wisdom.expertise)
        elapsed = time.perf_counter() - began
    complain(file, result.complaints, first=lines[0] if lines else b"")
    _print(result, elapsed)
    if not result.states and any(line.strip() for line in lines):
        err.print(f"{file}：没有一行是有效事件。No line of it is an event.", style="red")
        raise typer.Exit(USAGE)
    if split:
        parts = split_of(lines, wisdom.expertise, members=settings.model.members[:1], now=moment)
        told = " ".join(f"{name}={value:.1f}" for name, value in dataclasses.asdict(parts).items())
        out.print(f"split_us_per_event {told}", soft_wrap=True)
    if other is not None:
        second = played(lines, other.expertise)
        _print_heads(wisdom, other, first=result.first)
        leads = (_lead_of(wisdom), _lead_of(other))
        out.print(difference_in_words(difference(result, second, leads=leads)))


def _print_heads(wisdom: Wisdom, other: Wisdom, *, first: int) -> None:
    """Print which knowledge is beside which, and what makes the two hard to tell apart."""
    heads = [f"{one.expertise.knowledge.version}（{one.content}）" for one in (wisdom, other)]
    out.print(f"\n比较 knowledge {' → '.join(heads)}", soft_wrap=True, highlight=False)
    told = []
    if wisdom.content == other.content:
        told.append("两个目录内容相同。")
    elif wisdom.expertise.knowledge.version == other.expertise.knowledge.version:
        told.append("版本号相同而内容不同：启用前请升 knowledge.yaml 的 version。")
    if _earliest(other) > max(first, _earliest(wisdom)):
        told.append(unfounded(other.expertise))
    for one in told:
        out.print(f"注意：{one}", style="yellow", markup=False, soft_wrap=True)


def _earliest(wisdom: Wisdom) -> int:
    return wisdom.expertise.earliest.effective_from


def _print(result: Replayed, elapsed: float) -> None:
    classes = collections.Counter(
        state.learned.live.risk_class.value for state in result.states.values()
    )
    issued = [one for one in result.warnings if one.status.value == "issued"]
    measures = collections.Counter(one.measure.label for one in issued)
    out.print("等级 " + " ".join(f"{name}={classes[name]}" for name in "ABCD"))
    out.print("预警 " + " ".join(f"{name}={count}" for name, count in measures.items()))
    out.print(
        f"events={result.events} deadlines={result.deadlines} states={len(result.states)} "
        f"rejected={result.rejected.total()} skipped={result.skipped.total()} "
        f"warnings={len(issued)} events_per_second={result.events / elapsed:.0f}",
        soft_wrap=True,
    )


def _lead_of(wisdom: Wisdom) -> LeadOf:
    desk = wisdom.desk

    def lead(warning: EarlyWarning) -> str:
        """Return who acts on a warning."""
        return resolve(Matter.of(warning), tree=desk.tree, ladder=desk.ladder).lead.short_name

    return lead
