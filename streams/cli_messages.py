"""Who was told, who was not, and may it be sent again?  The outbox, for a person at a terminal.

``sanzao messages list | why | release`` read and change the outbox as the courier does, one row at
a time behind its revision; ``test`` tries the accounts and goes past it.
"""

import asyncio
import dataclasses
import enum
import getpass
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import typer
from redis.asyncio import Redis

from alerts.delivery import Delivered
from alerts.notification_log import NotificationLog
from alerts.notification_row import (
    OPEN_STATES,
    TROUBLED_STATES,
    Row,
    RowState,
    is_asked_about,
)
from config.load import load_settings
from config.schema import Settings
from detectors.warning import WarningStatus
from streams import clock
from streams.account_check import answer, send, specimens
from streams.assembly import build_log, build_redis, build_wisdom
from streams.audit import Look, may_see, record
from streams.message_words import (
    COLUMNS,
    COLUMNS_SHOWN,
    headline,
    line,
    shown,
    standing,
    story,
    told_together,
)
from streams.plain_words import MENDABLE, in_plain_words
from streams.sms_carriers import askable
from streams.tables import ROWS_SHOWN, csv_of, how_many, table
from streams.terminal import (
    DENIED,
    NOT_FOUND,
    Config,
    Knowledge,
    err,
    out,
    told_plainly,
    with_knowledge,
)
from streams.told_warnings import bundled, records

messages = typer.Typer(
    name="messages",
    help="通知：谁没收到、为什么，重新发送，试发。Messages to people: who was told, and who not.",
    no_args_is_help=True,
)
REFUSED = 1
NEVER_BATCHED = ("n-", "b-", "c-")
# A gateway that was down over a weekend leaves some thousands; each is some ten thousand bytes.
MOST_ROWS = 10_000
_MOBILE = re.compile(r"1[3-9]\d{9}")
_MAILBOX = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


class Wanted(enum.StrEnum):
    """Which messages a list is to hold."""

    TROUBLED = "troubled"
    UNCERTAIN = "uncertain"
    REFUSED = "refused"
    FAILED = "failed"
    WAITING = "waiting"

    @property
    def states(self) -> frozenset[RowState]:
        """Return the states that are meant."""
        return {"troubled": TROUBLED_STATES, "waiting": OPEN_STATES}.get(self.value) or frozenset(
            {RowState(self.value)}
        )


@dataclasses.dataclass(frozen=True, slots=True)
class Looked:
    """What a look at some messages found: what may be shown, and what was asked in vain."""

    rows: tuple[Row, ...]
    unknown: tuple[str, ...]
    denied: tuple[str, ...]


@messages.command("list")
def list_(
    state: Annotated[
        Wanted | None,
        typer.Option(
            help="troubled 有问题的全部，uncertain 不确定，refused 未发出，failed 未送达，"
            "waiting 等待发送；默认全部"
        ),
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--csv", help="写入 CSV 文件（Excel 可直接打开）")
    ] = None,
    config: Config = None,
) -> None:
    """列出没有送达或还在等待的通知。What did not arrive, or waits."""
    with told_plainly():
        settings = load_settings(config)
        rows, foreign = asyncio.run(_list(settings, state))
        if file is not None:
            file.write_bytes(csv_of(COLUMNS, map(line, rows)))
    if foreign:
        err.print(f"另有 {foreign} 条不在本单位管辖范围（settings.scope），未列出。")
    if len(rows) + foreign >= MOST_ROWS:
        err.print(f"只读取了最早的 {MOST_ROWS} 条，处理后再列。", style="yellow")
    if file is not None:
        out.print(f"{file} rows={len(rows)}", soft_wrap=True)
        return
    out.print(table(COLUMNS_SHOWN, map(shown, rows[:ROWS_SHOWN])))
    out.print(how_many("messages", rows), soft_wrap=True)


@messages.command()
def why(
    name: Annotated[str, typer.Argument(help="消息编号（n-…）、预警编号或标识（w-…、b-…、c-…）")],
    config: Config = None,
) -> None:
    """说明通知了谁、为什么是他、每一步的时间。Who was told, why they, each step."""
    with told_plainly():
        settings = load_settings(config)
        looked = asyncio.run(_look_up(settings, [name], command="messages why"))
        if looked.unknown and not name.startswith(NEVER_BATCHED):
            looked = asyncio.run(_look_up_bundle(settings, looked, name))
    _tell_in_vain(looked)
    told = ""
    for row in looked.rows:
        if (head := headline(row)) != told:
            out.print(head, markup=False, highlight=False, soft_wrap=True)
            told = head
        for text in story(row):
            out.print(text, markup=False, highlight=False, soft_wrap=True)


@messages.command()
def release(
    names: Annotated[
        list[str], typer.Argument(help="消息编号（n-…）；给出预警编号则为其全部有问题的通知")
    ],
    yes: Annotated[bool, typer.Option("--yes", help="不再询问")] = False,
    twice: Annotated[
        bool,
        typer.Option(
            "--may-arrive-twice",
            help="同意：不确定的邮件、云MAS短信无法查询，可能收到两次",
        ),
    ] = False,
    config: Config = None,
) -> None:
    """重新发送未送达或不确定的通知（人工核实后）。Send again, because a person decided so."""
    with told_plainly():
        settings = load_settings(config)
        looked = asyncio.run(_look_up(settings, names, command="messages release"))
    _tell_in_vain(looked)
    with told_plainly():
        ready = asyncio.run(_without_objection(settings, looked.rows))
    risky = _never_known(settings, ready)
    if ready:
        _warn(ready, risky)
    if risky and not twice:
        err.print(
            "未重新发送任何通知。确要重发请加 --may-arrive-twice，或只列其余编号。Nothing was sent."
        )
        raise typer.Exit(REFUSED)
    if ready and not yes and not typer.confirm(f"重新发送以上 {len(ready)} 条？Send again?"):
        err.print("未重新发送任何通知。Nothing was sent.")
        raise typer.Exit(REFUSED)
    with told_plainly():
        released = asyncio.run(_release(settings, ready))
    out.print(f"released={released}", soft_wrap=True)
    if released:
        out.print("由运行中的预警进程发送；结果用 sanzao messages why 编号 查看。", soft_wrap=True)


@messages.command("test")
def try_out(
    phone: Annotated[str, typer.Option(help="试发短信的手机号")] = "",
    email: Annotated[str, typer.Option(help="试发邮件的地址")] = "",
    template: Annotated[
        str, typer.Option(help="短信模板名（sms_templates.yaml），上线前逐个试发")
    ] = "reminder",
    config: Config = None,
    knowledge: Knowledge = None,
) -> None:
    """用现有账号试发一条，说明对方的应答；不进发件箱。Try the accounts before going live."""
    _check_addresses(phone, email)
    with told_plainly():
        settings = with_knowledge(load_settings(config), knowledge)
        sent = list(specimens(settings, phone=phone, email=email, template=template))
        answers = asyncio.run(send(settings, sent))
    for one, outcome in zip(sent, answers, strict=True):
        is_accepted = isinstance(outcome, Delivered)
        to = out if is_accepted else err
        to.print(
            f"{one.way.label} {one.address}：{answer(outcome, one.way)}",
            style=None if is_accepted else "red", markup=False, highlight=False, soft_wrap=True,
        )  # fmt: skip
    if not all(isinstance(outcome, Delivered) for outcome in answers):
        raise typer.Exit(REFUSED)


def _check_addresses(phone: str, email: str) -> None:
    """Refuse what no message could reach before anybody is asked."""
    if not phone and not email:
        raise typer.BadParameter("请给出 --phone 或 --email", param_hint="--phone / --email")
    if phone and not _MOBILE.fullmatch(phone):
        raise typer.BadParameter(f"{phone} 不是手机号", param_hint="--phone")
    if email and not _MAILBOX.fullmatch(email):
        raise typer.BadParameter(f"{email} 不是邮箱地址", param_hint="--email")


@asynccontextmanager
async def _outbox(settings: Settings) -> AsyncIterator[tuple[NotificationLog, Redis]]:
    """Open the outbox and the trail."""
    redis = build_redis(settings)
    try:
        yield build_log(redis), redis
    finally:
        await redis.aclose()


async def _list(settings: Settings, state: Wanted | None) -> tuple[list[Row], int]:
    """Return the wanted messages of this desk, the oldest first, and how many are others'."""
    async with _outbox(settings) as (log, redis):
        await record(redis, _look("messages list", "", allowed=True))
        rows: list[Row] = []
        if state is not Wanted.WAITING:
            rows += await log.troubled(limit=MOST_ROWS)
        if state in {None, Wanted.WAITING}:
            rows += await log.unfinished(limit=MOST_ROWS)
    wanted = [row for row in rows if state is None or row.state in state.states]
    mine = [row for row in wanted if may_see(row.notification.place, settings.scope)]
    return sorted(mine, key=lambda row: row.history[-1].at), len(wanted) - len(mine)


async def _look_up(settings: Settings, names: Sequence[str], *, command: str) -> Looked:
    """Return what is known under some names and may be shown; leave a trace of each look."""
    found: dict[str, Row] = {}
    unknown, denied = [], []
    async with _outbox(settings) as (log, redis):
        for name in dict.fromkeys(names):
            rows = await log.why(name)
            mine = [row for row in rows if may_see(row.notification.place, settings.scope)]
            for uscc in sorted({row.notification.uscc for row in rows}):
                allowed = any(row.notification.uscc == uscc for row in mine)
                await record(redis, _look(f"{command} {name}", uscc, allowed=allowed))
            found |= {row.id: row for row in mine}
            unknown += [] if rows else [name]
            denied += [name] if rows and not mine else []
    return Looked(tuple(found.values()), tuple(unknown), tuple(denied))


async def _look_up_bundle(settings: Settings, looked: Looked, name: str) -> Looked:
    """Return what told of one enterprise's warning together with others', or ``looked``."""
    desk = build_wisdom(settings).desk
    try:
        found = bundled(name, records(settings.kafka.bootstrap), desk)
    except MENDABLE as error:
        err.print(f"未能查找集中事项：{in_plain_words(error)}", style="yellow", markup=False)
        return looked
    mine = {bundle: one for bundle, one in found.items() if may_see(one.place, settings.scope)}
    async with _outbox(settings) as (_, redis):
        for bundle, one in found.items():
            look = _look(f"messages why {name}", one.uscc, allowed=bundle in mine)
            await record(redis, look)
    if not mine:
        return dataclasses.replace(looked, denied=(name,), unknown=()) if found else looked
    for bundle, one in mine.items():
        out.print(told_together(one, bundle), markup=False, highlight=False, soft_wrap=True)
    return await _look_up(settings, list(mine), command="messages why")


def _tell_in_vain(looked: Looked) -> None:
    """Say what is not known or not to be shown, and end there: nothing is done by halves."""
    for name in looked.unknown:
        err.print(
            f"{name}：没有该编号的通知。可能的原因：编号有误；年报到期等集中事项每所每天一条，"
            f"须用该条的编号（sanzao messages why 可查）；预警早于 notify.since；"
            f"已过保存期。No such message.",
            markup=False,
        )
    for name in looked.denied:
        err.print(
            f"{name}：不在本单位管辖范围（settings.scope），未予显示；本次查询已留痕。",
            markup=False,
        )
    if looked.denied:
        raise typer.Exit(DENIED)
    if looked.unknown:
        raise typer.Exit(NOT_FOUND)


async def _without_objection(settings: Settings, rows: Sequence[Row]) -> list[Row]:
    """Return what may be sent again; say of the others why not."""
    ready = []
    async with _outbox(settings) as (log, _):
        for row in rows:
            if objection := await why_not(log, row):
                out.print(f"{row.id}：{objection}", markup=False, highlight=False, soft_wrap=True)
            else:
                ready.append(row)
    return ready


async def why_not(log: NotificationLog, row: Row) -> str:
    """Return why a message is not to be sent again, or "".

    One of a warning that was cancelled would be acted on, read after the cancellation.
    """
    if row.state not in TROUBLED_STATES:
        return f"无需重发，{standing(row)}"
    about = row.notification
    if about.status is not WarningStatus.CANCELLED and any(
        other.notification.status is WarningStatus.CANCELLED
        for other in await log.why(about.warning_id)
    ):
        return "不再发送，该预警已撤销"
    return ""


def _never_known(settings: Settings, rows: Sequence[Row]) -> list[Row]:
    """Return those of which nobody can be asked if they have gone already."""
    tell = askable(settings)
    doubtful = (row for row in rows if row.state is RowState.UNCERTAIN)
    return [row for row in doubtful if not is_asked_about(row, askable=tell)]


def _warn(rows: Sequence[Row], risky: Sequence[Row]) -> None:
    """Show what would be sent again, and what that may bring."""
    out.print(table(COLUMNS_SHOWN, map(shown, rows)))
    if risky:
        out.print(
            f"注意：其中 {len(risky)} 条不确定是否送达（无法向对方查询），"
            f"重发后收件人可能收到两次。",
            style="yellow", soft_wrap=True,
        )  # fmt: skip
    if asked := sum(row.state is RowState.UNCERTAIN for row in rows) - len(risky):
        out.print(
            f"其中 {asked} 条短信不确定是否送达：先向短信网关查询，网关没有收到的才发送。",
            soft_wrap=True,
        )
    out.print("通知中的签收、处置期限仍是原定时间，不因重发顺延。", soft_wrap=True)


async def _release(settings: Settings, rows: Sequence[Row]) -> int:
    """Make messages due again; return how many.  Each is written to the trail before."""
    released = 0
    async with _outbox(settings) as (log, redis):
        for row in rows:
            look = _look(f"messages released {row.id}", row.notification.uscc, allowed=True)
            await record(redis, look)
            if await why_not(log, row):  # a cancellation may have come while the person thought
                continue
            released += await log.release(
                row.id, now=clock.now(), by=look.user, askable=askable(settings)
            )
    return released


def _look(command: str, uscc: str, *, allowed: bool) -> Look:
    """Return a look of whoever sits at the terminal, now."""
    return Look(clock.now(), getpass.getuser(), command, uscc, allowed=allowed)
