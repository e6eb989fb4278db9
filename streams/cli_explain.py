"""``sanzao explain``: why one enterprise stands where it does, for who may see it."""

import asyncio
import datetime as dt
import getpass
from typing import Annotated

import msgspec
import typer

from config.load import load_settings
from config.schema import Settings
from detectors.uscc import InvalidUsccError, UsccStatus, status_of
from detectors.warning import CHINA
from streams import clock
from streams.assembly import build_redis, build_wisdom
from streams.audit import Look, may_see, record
from streams.explaining import (
    Found,
    card_in_words,
    find_card,
    model_in_words,
    official_in_words,
    way_back_in_words,
)
from streams.terminal import DENIED, NOT_FOUND, USAGE, Config, err, out, told_plainly


def explain(
    uscc: Annotated[str, typer.Argument(help="统一社会信用代码")],
    config: Config = None,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON")] = False,
    at: Annotated[
        dt.datetime | None, typer.Option(help="按某一时刻的事实解释（北京时间），默认最近事件")
    ] = None,
) -> None:
    """解释一家企业的实时等级：分值、事实、文号、修复建议。Why does it stand where it does?"""
    _check_code(uscc)
    moment = at.replace(tzinfo=CHINA) if at else None
    with told_plainly():
        found, is_allowed = asyncio.run(_look_up(load_settings(config), uscc, moment))
    if found is None:
        is_odd = status_of(uscc) is UsccStatus.QUARANTINED
        digit = "校验位不符，请核对代码。The check digit is wrong." if is_odd else ""
        err.print(f"{uscc}：没有该企业的事件。No event of this enterprise has been seen.{digit}")
        raise typer.Exit(NOT_FOUND)
    if not is_allowed:
        err.print(f"{uscc}：不在本单位管辖范围（settings.scope），未予显示；本次查询已留痕。")
        raise typer.Exit(DENIED)
    if as_json:
        told = {name: getattr(found, name) for name in _TOLD}
        out.print_json(msgspec.json.encode(told).decode())
        return
    out.print(card_in_words(found.card))
    if moment is not None:
        out.print("按所给时刻的事实解释；过去的时刻不含模型部分，也不列当时未结而现已结的预警。")
    out.print(official_in_words(found))
    if found.model_reasons:
        out.print(model_in_words(found))
    if found.way_back is not None:
        out.print(way_back_in_words(found.way_back))


def _check_code(uscc: str) -> None:
    """Refuse what no register ever issued before anybody is asked about it."""
    try:
        status_of(uscc)
    except InvalidUsccError as error:
        err.print(f"{uscc}：不是统一社会信用代码，请核对。{error}", style="red", markup=False)
        raise typer.Exit(USAGE) from error


_TOLD = ("card", "way_back", "official", "provisional", "model_reasons")


async def _look_up(
    settings: Settings, uscc: str, at: dt.datetime | None
) -> tuple[Found | None, bool]:
    """Return what is known, and whether it may be shown; leave a trace of the look."""
    expertise = build_wisdom(settings).expertise
    redis = build_redis(settings)
    try:
        found = await find_card(redis, uscc, expertise, partitions=settings.kafka.partitions, at=at)
        is_allowed = found is None or may_see(found.card.place, settings.scope)
        look = Look(clock.now(), getpass.getuser(), "explain", uscc, allowed=is_allowed)
        await record(redis, look)
    finally:
        await redis.aclose()
    return found, is_allowed
