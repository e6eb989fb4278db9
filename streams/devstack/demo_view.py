"""What does the person at the terminal see while the demo runs, and at its end?

Pure rendering over plain data, with rich; ``DemoScreen`` redraws in place on a terminal and
prints a plain line now and then where there is none (CI).  Colour never speaks alone: class and
measure are always written out.  Chinese terminals may draw ``…``, ``·`` and ``■`` two cells wide
where rich counts one, so none of them is used.
"""

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

from rich import box
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from alerts.delivery import Way
from detectors.measure import Level, Measure, RiskClass
from detectors.warning import CHINA
from streams.devstack.demo_progress import DemoProgress, DemoSummary, Latency, WarningRow

TITLE = "三早  企业信用风险实时监测预警"
SHOWN_WARNINGS = 12
# Without a terminal a line at each tenth of the way says enough, and a log stays readable.
LINES_WITHOUT_TERMINAL = 10

LEVEL_STYLES = {
    Level.BLUE: "bold white on blue",
    Level.YELLOW: "bold black on bright_yellow",
    Level.ORANGE: "bold black on dark_orange",
    Level.RED: "bold white on red3",
}
CLASS_STYLES = {
    RiskClass.A: "bold green",
    RiskClass.B: "bold bright_yellow",
    RiskClass.C: "bold dark_orange",
    RiskClass.D: "bold bright_red",
}


def render_live(progress: DemoProgress) -> RenderableType:
    """Return the live screen: how far, how much, how fast, and the newest warnings."""
    return Group(
        Panel(
            Group(_bar(progress), _figures(progress)),
            title=Text(TITLE, style="bold"),
            subtitle=_clock(progress),
            box=box.ROUNDED,
            border_style="cyan",
        ),
        _warnings_table(progress.recent),
    )


def render_summary(summary: DemoSummary) -> RenderableType:
    """Return the panel that stays: the figures, and where to look."""
    progress = summary.progress
    took_s = summary.took.total_seconds()
    head = Text.assemble(
        ("演示完成", "bold green"),
        f"，用时 {took_s:.1f} 秒，平均每秒 {progress.assessed / took_s:,.0f} 个事件。"
        if took_s > 0
        else "。",
    )
    parts: list[RenderableType] = [head, Text(), _figures(progress)]
    places = _places(summary)
    if places.row_count:
        parts += [Text(), Text("到哪里看", style="bold"), places]
    if summary.topics:
        parts += [Text(), Text("主题（Kafka）", style="bold"), _topics(summary.topics)]
    return Panel(
        Group(*parts),
        title=Text(TITLE, style="bold"),
        box=box.ROUNDED,
        border_style="green",
        padding=(1, 2),
    )


def plain_line(progress: DemoProgress) -> str:
    """Return one line that says how far the demo is, for a log.

    >>> plain_line(DemoProgress(total=200, published=120, assessed=100))
    '[ 50%] 已发布 120，已研判 100，提醒 0，警示 0，约谈 0，检查 0，已送达 0'
    """
    warned = "，".join(
        f"{measure.label} {progress.warnings.get(measure, 0):,}" for measure in Measure
    )
    return (
        f"[{progress.done:4.0%}] 已发布 {progress.published:,}，已研判 {progress.assessed:,}，"
        f"{warned}，已送达 {sum(progress.delivered.values()):,}"
    )


class DemoScreen:
    """The screen of the demo: redrawn in place on a terminal, plain lines elsewhere.

    The caller decides how often to ``show``; nothing here reads a clock or starts a thread.
    """

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console()
        self._live: Live | None = None
        self._lines = 0

    def __enter__(self) -> Self:
        """Take the terminal over, where there is one."""
        if self._console.is_terminal:
            self._live = Live(console=self._console, auto_refresh=False, transient=False)
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the terminal back, whatever happened."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def show(self, progress: DemoProgress) -> None:
        """Show the progress: redraw, or add a line where another tenth is done."""
        if self._live is not None:
            self._live.update(render_live(progress), refresh=True)
            return
        tenths = int(progress.done * LINES_WITHOUT_TERMINAL)
        if tenths >= self._lines:
            self._lines = tenths + 1
            self._console.print(plain_line(progress), markup=False, highlight=False, soft_wrap=True)

    def finish(self, summary: DemoSummary) -> None:
        """Stop redrawing and leave the summary on the screen."""
        self.__exit__(None, None, None)
        self._console.print(render_summary(summary))


def _bar(progress: DemoProgress) -> RenderableType:
    bar = Table.grid(padding=(0, 1), expand=True)
    bar.add_column(ratio=1)
    bar.add_column(justify="right", no_wrap=True)
    bar.add_row(
        ProgressBar(
            total=1.0, completed=progress.done, complete_style="cyan", finished_style="green"
        ),
        Text.assemble(
            (f"{progress.done:4.0%}", "bold"),
            f"  {progress.assessed:,} / {progress.total + progress.deadlines + progress.signals:,}"
            " 个事件",
        ),
    )
    return bar


def _clock(progress: DemoProgress) -> Text | None:
    if progress.event_time is None:
        return None
    moment = progress.event_time.astimezone(CHINA)
    speed = f"  {progress.events_per_s:,.0f} 个事件/秒" if progress.events_per_s else ""
    return Text(f"叶县时间 {moment:%Y-%m-%d %H:%M}{speed}", style="dim")


def _figures(progress: DemoProgress) -> RenderableType:
    """Return the figures, a line each: events, warnings, messages, how long they took."""
    figures = Table.grid(padding=(0, 2))
    figures.add_column(style="dim", no_wrap=True)
    figures.add_column()
    figures.add_row("事件", _events(progress))
    figures.add_row("内生", _own(progress))
    figures.add_row("预警", _measures(progress))
    figures.add_row("历史", _history(progress))
    figures.add_row("通知", _messages(progress))
    figures.add_row("时延", _latencies(progress))
    return figures


def _events(progress: DemoProgress) -> Text:
    return _spaced(
        Text.assemble("已发布 ", (f"{progress.published:,}", "bold")),
        Text.assemble("已研判 ", (f"{progress.assessed:,}", "bold")),
        Text.assemble("死信 ", _alarming(progress.dead_letters)),
        Text.assemble("待核代码 ", _alarming(progress.quarantined)),
    )


def _own(progress: DemoProgress) -> Text:
    """Return the events that no source sent: time has come, a neighbour is in trouble."""
    return _spaced(
        Text.assemble("期限到期 ", (f"{progress.deadlines:,}", "bold")),
        Text.assemble("关联信号 ", (f"{progress.signals:,}", "bold")),
    )


def _alarming(count: int) -> tuple[str, str]:
    return f"{count:,}", "bold bright_red" if count else "bold"


def _measures(progress: DemoProgress) -> Text:
    return _spaced(
        *(
            Text.assemble(_chip(measure), " ", (f"{progress.warnings.get(measure, 0):,}", "bold"))
            for measure in Measure
        )
    )


def _history(progress: DemoProgress) -> Text:
    """Return what was found in the records of before the first day: listed, told to nobody."""
    return Text.assemble("上线前预警 ", (f"{progress.history:,}", "bold"), "（只列入名单，不通知）")


def _chip(measure: Measure) -> tuple[str, str]:
    return f" {measure.label} ", LEVEL_STYLES[measure.level]


def _cell_chip(measure: Measure) -> RenderableType:
    style = LEVEL_STYLES[measure.level]
    return Padding(Text(measure.label, style=style), (0, 1), style=style)


def _messages(progress: DemoProgress) -> Text:
    return _spaced(
        *(
            Text.assemble(f"{way.label} ", (f"{progress.delivered.get(way, 0):,}", "bold"))
            for way in Way
        )
    )


def _latencies(progress: DemoProgress) -> Text:
    return _spaced(
        *(
            Text.assemble(f"{name} ", _latency(latency))
            for name, latency in (
                ("到预警", progress.event_to_warning),
                ("到送达", progress.event_to_message),
            )
        )
    )


def _latency(latency: Latency | None) -> Text:
    if latency is None:
        return Text("未测", style="dim")
    return Text.assemble(
        "p50 ", (_duration(latency.p50_ms), "bold"), "、p99 ", (_duration(latency.p99_ms), "bold")
    )


def _duration(milliseconds: float) -> str:
    """Return a duration in words.

    >>> _duration(12.4), _duration(1834.0)
    ('12 毫秒', '1.8 秒')
    """
    if milliseconds < 1000:  # noqa: PLR2004 - a second
        return f"{milliseconds:.0f} 毫秒"
    return f"{milliseconds / 1000:.1f} 秒"


def _spaced(*parts: Text) -> Text:
    return Text("   ").join(parts)


def _warnings_table(recent: Sequence[WarningRow]) -> RenderableType:
    table = Table(
        box=box.SIMPLE_HEAD,
        expand=True,
        header_style="bold cyan",
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    table.add_column("日期", no_wrap=True, style="dim", width=5)
    table.add_column("企业", no_wrap=True, overflow="crop", ratio=10)
    table.add_column("等级", justify="center", width=4)
    table.add_column("理由", no_wrap=True, overflow="crop", ratio=14)
    table.add_column("措施", justify="center", no_wrap=True, width=6)
    table.add_column("责任单位", no_wrap=True, overflow="crop", ratio=6)
    for row in recent[:SHOWN_WARNINGS]:
        table.add_row(
            f"{row.at.astimezone(CHINA):%m-%d}",
            Text(row.enterprise, style="bold"),
            Text(row.risk_class.value, style=CLASS_STYLES[row.risk_class]),
            Text(_without_own_day(row)),
            _cell_chip(row.measure),
            Text(row.authority),
        )
    if not recent:
        table.add_row("", Text("尚无预警", style="dim"), "", "", "", "")
    return table


def _without_own_day(row: WarningRow) -> str:
    """Return the reason, without a day that the row says already: the width is precious."""
    return row.reason.removeprefix(f"{row.at.astimezone(CHINA):%Y-%m-%d}")


def _places(summary: DemoSummary) -> Table:
    places = Table.grid(padding=(0, 2))
    places.add_column(style="dim", no_wrap=True)
    places.add_column(overflow="fold")
    for name, address in (
        ("短信（模拟网关）", summary.sms_url),
        ("邮件（网页）", summary.mail_url),
        ("邮件（文件夹）", summary.mail_folder),
        ("运行指标", summary.metrics_url),
    ):
        if address:
            is_link = "://" in address
            places.add_row(name, Text(address, style=f"cyan link {address}" if is_link else ""))
    return places


def _topics(topics: Mapping[str, str]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(overflow="fold", style="cyan")
    table.add_column()
    for name, content in topics.items():
        table.add_row(name, content)
    return table
