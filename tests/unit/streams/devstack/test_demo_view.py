"""Does the person at the terminal see what happened, on any terminal or none?"""

import dataclasses
import datetime as dt
import io

import pytest
from rich.cells import cell_len
from rich.console import Console, RenderableType

from alerts.delivery import Way
from detectors.measure import Measure, RiskClass
from detectors.warning import CHINA
from streams.devstack.demo_progress import DemoProgress, DemoSummary, Latency, WarningRow
from streams.devstack.demo_view import SHOWN_WARNINGS, DemoScreen, render_live, render_summary

NOON = dt.datetime(2026, 6, 30, 12, tzinfo=CHINA)
LONG_NAME = "叶县洪庄杨桃源隆健身服务有限公司第二十三分公司（筹）"
POISONING = WarningRow(
    at=NOON,
    enterprise="叶县昆阳精卫丰饭店",
    risk_class=RiskClass.C,
    reason="2026-06-30食品安全事故（涉及7人）",
    measure=Measure.INSPECTION,
    authority="县局餐饮股",
)
HALF_WAY = DemoProgress(
    total=2_000,
    published=1_200,
    deadlines=310,
    signals=27,
    assessed=993,
    dead_letters=6,
    quarantined=1,
    warnings={Measure.REMINDER: 71, Measure.WARNING: 52, Measure.INTERVIEW: 19},
    delivered={Way.SMS: 163, Way.EMAIL: 151},
    event_to_warning=Latency(p50_ms=18, p99_ms=74),
    event_to_message=Latency(p50_ms=230, p99_ms=1340),
    recent=(POISONING,),
    event_time=NOON,
)
SUMMARY = DemoSummary(
    progress=dataclasses.replace(HALF_WAY, assessed=1_993),
    took=dt.timedelta(seconds=20),
    mail_folder="/tmp/mail",
    mail_url="http://127.0.0.1:8025/",
    sms_url="http://127.0.0.1:8026/",
    metrics_url="http://127.0.0.1:6066/metrics",
    topics={"enterprise.event.v1": "输入：企业事件"},
)


def text_of(renderable: RenderableType, width: int = 100) -> str:
    """Return what a terminal of this width would show, without colour."""
    console = Console(file=io.StringIO(), width=width)
    with console.capture() as captured:
        console.print(renderable)
    return captured.get()


def console_of(*, is_terminal: bool) -> tuple[Console, io.StringIO]:
    """Return a console that writes to memory, and the memory."""
    written = io.StringIO()
    return Console(
        file=written, width=100, force_terminal=is_terminal, legacy_windows=False
    ), written


def test_live_screen_shows_the_figures():
    """What was published, assessed, put aside, warned of, delivered and how fast stands there."""
    shown = text_of(render_live(HALF_WAY))

    for figures in (
        ("43%", "993 / 2,337", "2026-06-30 12:00"),
        ("已发布 1,200", "已研判 993", "死信 6", "待核代码 1"),
        ("期限到期 310", "关联信号 27"),
        ("提醒  71", "警示  52", "约谈  19", "检查  0"),
        ("短信 163", "电子邮件 151", "p50 18 毫秒", "p99 1.3 秒"),
    ):
        assert all(figure in shown for figure in figures), shown


def test_a_warning_is_one_row():
    """Enterprise, class, reason, measure and responsible authority stand in one line, in words."""
    (row,) = [line for line in text_of(render_live(HALF_WAY)).splitlines() if "精卫丰" in line]

    assert row.split() == [
        "06-30", "叶县昆阳精卫丰饭店", "C", "食品安全事故（涉及7人）", "检查", "县局餐饮股",
    ]  # fmt: skip


def test_a_reason_keeps_a_day_of_its_own():
    """Only a day that the row says already is left out of the reason."""
    earlier = dataclasses.replace(POISONING, reason="2026-06-12股权冻结")

    shown = text_of(render_live(dataclasses.replace(HALF_WAY, recent=(earlier,))))

    assert "2026-06-12股权冻结" in shown


def test_only_the_newest_warnings_are_shown():
    """The table keeps to a screen: the newest rows in the order given, the rest not."""
    rows = [
        dataclasses.replace(POISONING, enterprise=f"叶县子虚{n:03d}号饭店")
        for n in range(SHOWN_WARNINGS + 5)
    ]

    shown = text_of(render_live(dataclasses.replace(HALF_WAY, recent=rows)))

    places = [shown.find(row.enterprise) for row in rows]
    assert places[:SHOWN_WARNINGS] == sorted(places[:SHOWN_WARNINGS])
    assert places[0] > 0
    assert set(places[SHOWN_WARNINGS:]) == {-1}


def test_no_warning_yet_is_said():
    """An empty table says so, rather than looking broken."""
    assert "尚无预警" in text_of(render_live(DemoProgress(total=10)))


@pytest.mark.parametrize("width", [80, 100, 140])
def test_chinese_text_keeps_within_the_terminal(width):
    """No line is wider than the terminal, and the frame closes in one column."""
    long = dataclasses.replace(POISONING, enterprise=LONG_NAME, reason=LONG_NAME * 2)
    progress = dataclasses.replace(HALF_WAY, recent=(long, POISONING))

    lines = text_of(render_live(progress), width).splitlines()
    lines += text_of(render_summary(SUMMARY), width).splitlines()

    assert max(cell_len(line) for line in lines) <= width
    assert {cell_len(line) for line in lines if line[:1] in "╭│╰"} == {width}
    assert not set("".join(lines)) & set("…·■")


@pytest.mark.parametrize("width", [80, 100])
def test_a_row_stays_one_line(width):
    """A long name is cut, never wrapped: one warning, one line."""
    long = dataclasses.replace(POISONING, enterprise=LONG_NAME, reason=LONG_NAME * 2)
    one = text_of(render_live(dataclasses.replace(HALF_WAY, recent=(POISONING,))), width)

    cut = text_of(render_live(dataclasses.replace(HALF_WAY, recent=(long,))), width)

    assert len(cut.splitlines()) == len(one.splitlines())


def test_words_of_sources_are_no_markup():
    """A name in square brackets is shown as it is, not taken for a style."""
    tricky = dataclasses.replace(POISONING, enterprise="叶县[red]饭店", reason="[/b]")

    shown = text_of(render_live(dataclasses.replace(HALF_WAY, recent=(tricky,))))

    assert "叶县[red]饭店" in shown
    assert "[/b]" in shown


def test_summary_says_where_to_look():
    """The end names the mail folder, the pages, the metrics and the topics."""
    shown = text_of(render_summary(SUMMARY))

    assert "用时 20.0 秒，平均每秒 100 个事件" in shown
    for place in ("/tmp/mail", SUMMARY.mail_url, SUMMARY.sms_url, SUMMARY.metrics_url):
        assert place in shown
    assert "输入：企业事件" in shown


def test_summary_leaves_out_what_was_not_started():
    """An address that does not exist is not shown, nor a heading without lines."""
    bare = DemoSummary(progress=DemoProgress(total=10), took=dt.timedelta(0))

    shown = text_of(render_summary(bare))

    assert "到哪里看" not in shown
    assert "主题" not in shown
    assert "未测" in shown


def test_done_counts_what_was_put_aside():
    """Dead letters and quarantined records are through too: the bar reaches its end."""
    progress = DemoProgress(total=10, assessed=7, dead_letters=2, quarantined=1)

    assert progress.done == 1.0


def test_a_demo_without_events_is_refused():
    """A progress without a measure is the caller's mistake."""
    with pytest.raises(ValueError, match="total must be positive, got 0"):
        DemoProgress(total=0)


def test_without_a_terminal_a_line_at_each_tenth():
    """A log gets one plain line a tenth of the way, whatever the number of updates."""
    console, written = console_of(is_terminal=False)

    with DemoScreen(console) as screen:
        for assessed in range(0, 1001, 5):
            screen.show(DemoProgress(total=1000, published=assessed, assessed=assessed))

    lines = written.getvalue().splitlines()
    assert [line[:6] for line in lines] == [f"[{tenth * 10:3d}%]" for tenth in range(11)]
    assert "\x1b" not in written.getvalue()


def test_without_a_terminal_the_summary_is_plain_text():
    """The summary of a log carries no control characters."""
    console, written = console_of(is_terminal=False)

    with DemoScreen(console) as screen:
        screen.finish(SUMMARY)

    assert "http://127.0.0.1:8025/" in written.getvalue()
    assert "\x1b" not in written.getvalue()


def test_on_a_terminal_the_screen_is_redrawn_and_the_summary_stays():
    """Each update draws over the last one; the cursor comes back, the summary ends the screen."""
    console, written = console_of(is_terminal=True)

    with DemoScreen(console) as screen:
        screen.show(HALF_WAY)
        screen.show(dataclasses.replace(HALF_WAY, assessed=1_200))
        screen.finish(SUMMARY)

    drawn = written.getvalue()
    assert drawn.count("\x1b[?25l") == drawn.count("\x1b[?25h") == 1
    assert "\x1b[1A\x1b[2K" in drawn
    assert drawn.rfind("演示完成") > drawn.rfind("\x1b[2K")


def test_the_terminal_comes_back_when_the_demo_fails():
    """An error in the demo leaves a usable terminal, and is not swallowed."""
    console, written = console_of(is_terminal=True)

    def fail_half_way() -> None:
        with DemoScreen(console) as screen:
            screen.show(HALF_WAY)
            raise RuntimeError("no broker")

    with pytest.raises(RuntimeError, match="no broker"):
        fail_half_way()

    assert written.getvalue().rstrip("\n").endswith("\x1b[?25h")
