"""``sanzao warnings handle``: what was done with a warning, for a desk without the page."""

import asyncio
import datetime as dt
import enum
import getpass
from collections.abc import Sequence
from typing import Annotated

import typer

from alerts.rendering import one_line, without_personal
from config.load import load_settings
from config.schema import Settings
from detectors.handling import LABELS, OUTCOMES, Handled, in_order, why_not_end
from detectors.warning import ENDS, EarlyWarning
from streams import clock
from streams.assembly import Desk, build_redis, build_wisdom
from streams.audit import Look, may_see, record
from streams.publisher import KafkaPublisher
from streams.signing import About, Act, act_event, act_record, missing, named
from streams.terminal import (
    DENIED,
    NOT_FOUND,
    USAGE,
    Config,
    Knowledge,
    err,
    out,
    told_plainly,
    with_knowledge,
)
from streams.told_warnings import newest, records
from streams.warning_lives import without_acts

SOURCE = "urn:sanzao:desk"
REFUSED = 1
MOST_WORDS = 300

State = enum.StrEnum("State", {name.upper(): name for name in LABELS})  # type: ignore[misc]
Outcome = enum.StrEnum("Outcome", {name.upper(): name for name in OUTCOMES})  # type: ignore[misc]


def handle(
    name: Annotated[
        str, typer.Argument(help="预警编号或标识（w-…）；汇总通知的编号则为名单上的全部")
    ],
    state: Annotated[
        State, typer.Option(help="、".join(f"{code} {word}" for code, word in LABELS.items()))
    ],
    by: Annotated[str, typer.Option(help="经办人：名录（authorities.yaml）中的人员或单位代码")],
    note: Annotated[str, typer.Option(help="处置结果或退回理由")] = "",
    outcome: Annotated[
        Outcome | None,
        typer.Option(help="办结方式：" + "、".join(f"{c} {w}" for c, w in OUTCOMES.items())),
    ] = None,
    due: Annotated[
        dt.datetime | None, typer.Option(formats=["%Y-%m-%d"], help="约谈后的整改期限")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="多户时不再询问")] = False,
    config: Config = None,
    knowledge: Knowledge = None,
) -> None:
    """登记签收、退回、反馈、办结（E58）。Say what was done with a warning."""
    words = without_personal(one_line(note))[:MOST_WORDS]
    if lacks := missing(state.value, note=words, outcome=outcome.value if outcome else ""):
        err.print(f"错误 / error: {lacks}（--note、--outcome）。Say why, or how.", markup=False)
        raise typer.Exit(USAGE)
    with told_plainly():
        settings = with_knowledge(load_settings(config), knowledge)
        desk = build_wisdom(settings).desk
        act = Act(
            state=state.value, note=words,
            outcome=outcome.value if outcome else "", due=due.date() if due else None,
            **_who(desk, by),
        )  # fmt: skip
        lives: dict[str, list[Handled]] = {}
        told = without_acts(records(settings.kafka.bootstrap), lives)
        found = newest(told, named(name, desk))
        mine = [one for one in found if may_see(one.place, settings.scope)]
    _tell_in_vain(name, found, mine)
    _tell_apart(name, mine)
    known = [(one, in_order(lives.get(one.id, []))) for one in mine]
    ready = [(one, life) for one, life in known if _may(one, life, act)]
    if not ready:
        raise typer.Exit(REFUSED)
    if len(ready) > 1 and not yes and not typer.confirm(f"登记以上 {len(ready)} 户？All of them?"):
        raise typer.Exit(REFUSED)
    with told_plainly():
        asyncio.run(_say(settings, act, ready))
    out.print(f"handled={len(ready)} state={act.state}", soft_wrap=True)


def _who(desk: Desk, by: str) -> dict[str, str]:
    """Return person and office of a code of the roster."""
    office = desk.tree.find(by)
    if office is not None:
        return {"actor": office.code, "authority": office.code}
    for one in desk.tree.authorities:
        if any(seat.person == by for seat in one.seats):
            return {"actor": by, "authority": one.code}
    err.print(f"{by}：机构名录中没有该人员或单位。Not in the roster.", markup=False)
    raise typer.Exit(USAGE)


def _tell_in_vain(name: str, found: Sequence[EarlyWarning], mine: Sequence[EarlyWarning]) -> None:
    """End where nothing of that name may be handled here."""
    if not found:
        err.print(f"{name}：没有该编号的预警。No such warning.", markup=False)
        raise typer.Exit(NOT_FOUND)
    if not mine:
        err.print(f"{name}：不在本单位管辖范围（settings.scope），未登记。", markup=False)
        raise typer.Exit(DENIED)


def _tell_apart(name: str, mine: Sequence[EarlyWarning]) -> None:
    """End where a number, four characters of an id, is that of several warnings."""
    same = [one for one in mine if one.number == name]
    if len(same) < 2:  # noqa: PLR2004 - several
        return
    err.print(f"{name}：有 {len(same)} 条预警同号，请改用标识。Several; use the id.", markup=False)
    for one in same:
        what = f"{one.id}  {one.enterprise} {one.matter}"
        err.print(what, markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(USAGE)


def _may(warning: EarlyWarning, life: Sequence[Handled], act: Act) -> bool:
    """Return whether an act may be said of a warning; say which, and of others why not."""
    refusal = why_not_end(life, state=act.state, measure=warning.measure, actor=act.actor)
    if warning.status in ENDS:
        refusal = "已撤销、已消除或已办结"
    what = f"{warning.number} {warning.enterprise} {warning.matter}"
    said = f"未登记，{refusal}" if refusal else LABELS[act.state]
    (err if refusal else out).print(f"{what}：{said}", markup=False, highlight=False)
    return not refusal


async def _say(
    settings: Settings, act: Act, about: Sequence[tuple[EarlyWarning, Sequence[Handled]]]
) -> None:
    """Publish the act on each of these, after what was done before; each leaves a trace first."""
    redis = build_redis(settings)
    publisher = KafkaPublisher(settings.kafka.bootstrap, idempotent=settings.kafka.idempotent)
    in_event_time = settings.timers.clock == "events"
    try:
        for one, _ in about:
            what = f"warnings handle {act.state} {one.id} by {act.actor}"
            await record(redis, Look(clock.now(), getpass.getuser(), what, one.uscc, allowed=True))
        await publisher.start()
        await publisher.publish(
            act_record(
                act_event(
                    act,
                    About(id=one.id, uscc=one.uscc, measure=one.measure, domain=one.domain),
                    source=SOURCE,
                    at=_after(one, life) if in_event_time else clock.now(),
                    life=life,
                ),
                settings.kafka.partitions,
            )
            for one, life in about
        )
    finally:
        await publisher.stop()
        await redis.aclose()


def _after(warning: EarlyWarning, life: Sequence[Handled]) -> dt.datetime:
    """Return a moment of event time for an act: that of the warning, after all acts before it."""
    return max([warning.issued_at, *(act.at + dt.timedelta(seconds=1) for act in life)])
