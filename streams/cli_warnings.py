"""Which enterprises have a warning, of which rule, where and since when?

``sanzao warnings list`` reads the state of every warning from its compacted topic: the list that a
message about a batch refers to, and what a supervisor exports for Excel.
"""

import asyncio
import datetime as dt
import getpass
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from alerts.authority import Authority
from config.load import load_settings
from config.schema import Settings
from detectors.expertise import Expertise
from detectors.handling import Handled, in_order
from detectors.reading_society import FINAL
from detectors.warning import CHINA, ENDS, EarlyWarning, WarningStatus
from streams import clock
from streams.assembly import Desk, build_redis, build_wisdom
from streams.audit import Look, may_see, record
from streams.cli_handle import handle
from streams.signing import is_unsigned
from streams.tables import ROWS_SHOWN, csv_of, how_many, table
from streams.terminal import USAGE, Config, Knowledge, err, out, told_plainly, with_knowledge
from streams.told_warnings import Wanted, duty_of, newest, records
from streams.warning_lives import without_acts

warnings = typer.Typer(
    name="warnings", help="预警名单。What has been warned of.", no_args_is_help=True
)
warnings.command()(handle)
COLUMNS = (
    "预警编号", "统一社会信用代码", "企业名称", "规则", "事项", "级别", "措施", "状态", "属地",
    "主办单位", "生成时间",
)  # fmt: skip
# What a terminal of eighty columns holds: what the next command asks for, and what it is about.
COLUMNS_SHOWN = ("预警编号", "统一社会信用代码", "企业名称", "规则", "措施")
STATUSES = {
    WarningStatus.ISSUED: "未结",
    WarningStatus.LOWERED: "未结（已降级）",
    WarningStatus.CANCELLED: "已撤销",
    WarningStatus.CLOSED: "已消除",
}
_STANDS = WarningStatus.ISSUED, WarningStatus.LOWERED  # who asks for what is open means both


@warnings.command("list")
def list_(
    rule: Annotated[str, typer.Option(help="规则编号，如 W02")] = "",
    place: Annotated[str, typer.Option(help="属地代码，可只写前几位，如 410422001")] = "",
    authority: Annotated[str, typer.Option(help="主办单位的代码或全称")] = "",
    day: Annotated[
        dt.datetime | None, typer.Option(formats=["%Y-%m-%d"], help="生成日期（北京时间）")
    ] = None,
    status: Annotated[WarningStatus, typer.Option(help="状态")] = WarningStatus.ISSUED,
    unsigned: Annotated[
        bool, typer.Option("--unsigned", help="只列过了签收时限无人签收的，和已退回的")
    ] = False,
    every: Annotated[bool, typer.Option("--all", help="不论状态")] = False,
    file: Annotated[
        Path | None, typer.Option("--csv", help="写入 CSV 文件（Excel 可直接打开）")
    ] = None,
    config: Config = None,
    knowledge: Knowledge = None,
) -> None:
    """列出预警：按规则、属地、主办单位、日期、状态。List warnings, on screen or for Excel."""
    with told_plainly():
        settings = with_knowledge(load_settings(config), knowledge)
        wisdom = build_wisdom(settings)
        desk = wisdom.desk
        lead = _authority(desk, authority)
        rule = _rule(wisdom.expertise, rule)
        wanted = selection(
            desk, rule=rule, place=place, lead=lead.code if lead else "",
            day=day.date() if day else None, status=None if every else status,
        )  # fmt: skip
        lives: dict[str, list[Handled]] = {}
        listed = newest(without_acts(records(settings.kafka.bootstrap), lives), wanted)
        if unsigned:
            listed = [one for one in listed if _waits(one, lives.get(one.id, []), desk, settings)]
        mine = [one for one in listed if may_see(one.place, settings.scope)]
        which = "yes" if unsigned else ""
        asked = {
            "rule": rule,
            "place": place,
            "authority": authority,
            "unsigned": which,
            "csv": file,
        }
        asyncio.run(_leave_trace(settings, {name: one for name, one in asked.items() if one}))
        rows = [row(one, desk, lives.get(one.id, [])) for one in mine]
        if file is not None:
            file.write_bytes(csv_of(COLUMNS, rows))
    if foreign := len(listed) - len(mine):
        err.print(f"另有 {foreign} 条不在本单位管辖范围（settings.scope），未列出。")
    if file is not None:
        out.print(f"{file} rows={len(rows)}", soft_wrap=True)
        return
    out.print(table(COLUMNS_SHOWN, map(shown, mine[:ROWS_SHOWN]), whole=2))
    out.print(how_many("warnings", rows), soft_wrap=True)


def selection(
    desk: Desk,
    *,
    rule: str = "",
    place: str = "",
    lead: str = "",
    day: dt.date | None = None,
    status: WarningStatus | None = WarningStatus.ISSUED,
) -> Wanted:
    """Return the question whether a warning is wanted; what is left open does not matter.

    ``lead`` is the code of the authority that leads by the roster of today.
    """

    def is_wanted(warning: EarlyWarning) -> bool:
        return (
            rule in {"", warning.rule}
            and warning.place.startswith(place)
            and (status in {None, warning.status} or (status, warning.status) == _STANDS)
            and day in {None, warning.issued_at.astimezone(CHINA).date()}
            and lead in {"", lead and duty_of(warning, desk).lead.code}
        )

    return is_wanted


def row(warning: EarlyWarning, desk: Desk, life: Sequence[Handled] = ()) -> tuple[str, ...]:
    """Return a warning as a line for people; class and score stay behind the login.

    What people have done with it last says more than that it is open, or that they ended it.
    """
    at = warning.issued_at.astimezone(CHINA)
    acts = in_order(life)
    is_theirs = bool(acts) and (warning.status not in ENDS or acts[-1].state in FINAL)
    standing = acts[-1].label if is_theirs else STATUSES[warning.status]
    return (
        warning.number, warning.uscc, warning.enterprise, warning.rule, warning.matter,
        warning.measure.level.label, warning.measure.label, standing,
        warning.place, duty_of(warning, desk).lead.name, f"{at:%Y-%m-%d %H:%M}",
    )  # fmt: skip


def shown(warning: EarlyWarning) -> tuple[str, ...]:
    """Return a warning as a line of a terminal; a file has the rest."""
    return (
        warning.number, warning.uscc, warning.enterprise, warning.rule, warning.measure.label,
    )  # fmt: skip


def _waits(warning: EarlyWarning, life: Sequence[Handled], desk: Desk, settings: Settings) -> bool:
    """Return whether a warning that people were told of waits for a signature beyond its time."""
    since = settings.notify.since
    is_history = since is not None and warning.issued_at < clock.midnight(since)
    return not is_history and is_unsigned(warning, life, desk, now=clock.now())


async def _leave_trace(settings: Settings, asked: Mapping[str, object]) -> None:
    """Write to the trail who listed what, before it is shown."""
    words = " ".join(["warnings list", *(f"{name}={one}" for name, one in asked.items())])
    redis = build_redis(settings)
    try:
        await record(redis, Look(clock.now(), getpass.getuser(), words, "", allowed=True))
    finally:
        await redis.aclose()


def _rule(expertise: Expertise, named: str) -> str:
    """Return the rule that was named; an empty list would look as if nobody were late."""
    known: Expertise | None = expertise
    ids = {""}
    while known is not None:
        ids.update(rule.id for rule in known.knowledge.rules)
        known = known.earlier
    if named.upper() not in ids:
        listed = "、".join(sorted(ids - {""}))
        err.print(f"{named}：没有这条规则，可用的有 {listed}。No such rule.", style="red")
        raise typer.Exit(USAGE)
    return named.upper()


def _authority(desk: Desk, named: str) -> Authority | None:
    """Return the authority of a code or name, or None where none was named."""
    found = desk.tree.find(named) if named else None
    if named and found is None:
        err.print(f"{named}：机构名录中没有该单位。No such authority in the roster.", style="red")
        raise typer.Exit(USAGE)
    return found
