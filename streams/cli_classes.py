"""What can a person do about the official classes from a terminal?

``sanzao classes freeze|import|export|survey``: the month's end, the file for the 双随机 platform,
and the survey of regions and industries.
"""

import asyncio
import dataclasses
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from config.load import load_settings
from config.schema import Settings
from detectors.official import Month
from detectors.uscc import InvalidUsccError, UsccStatus, status_of
from streams import clock
from streams.assembly import build_redis, build_wisdom
from streams.month_end import MonthEnd, Outcome, Report
from streams.official_files import (
    Written,
    read_told,
    write_classes,
    write_differences,
    write_draws,
)
from streams.official_store import Head, Progress, RedisOfficialStore
from streams.plans import build_plans, build_surveyor
from streams.publisher import KafkaPublisher
from streams.state_scan import RedisScan
from streams.store import RedisStore
from streams.survey import Surveyor
from streams.terminal import Config, Knowledge, err, out, told_plainly, with_knowledge
from streams.topics import check_partitions

classes = typer.Typer(
    name="classes",
    help="月度官方等级与双随机名单。Official classes of a month.",
    no_args_is_help=True,
)
MonthText = Annotated[str, typer.Option("--month", help="月份，如 2026-06")]
Folder = Annotated[Path, typer.Option("--out", help="文件输出目录")]
T = TypeVar("T")
REFUSED = 1


@dataclasses.dataclass(frozen=True, slots=True)
class Office:
    """The month's end and the survey, with their connections open."""

    month_end: MonthEnd
    surveyor: Surveyor


@classes.command()
def freeze(
    month: MonthText,
    folder: Folder = Path("run/classes"),
    config: Config = None,
    knowledge: Knowledge = None,
) -> None:
    """冻结当月官方等级；已冻结的月份不改，只写更正记录。Freeze a month, once."""
    when = _month(month)

    async def act(office: Office) -> tuple[Report, list[Written]]:
        """Freeze, then write the files of the official snapshot."""
        report = await office.month_end.freeze(when, now=clock.now())
        return report, await _snapshot_files(office.month_end, when, folder)

    report, files = _in_office(act, config, knowledge)
    _tell(files)
    out.print(
        f"month={month} outcome={report.outcome.value} enterprises={report.count} "
        f"differing={report.differing} corrections={report.corrections}",
        soft_wrap=True,
    )
    if report.outcome is Outcome.CORRECTED:
        err.print(
            f"{month} 已冻结，未改动；现有事实与官方等级不同的 {report.differing} 家，"
            f"新写更正记录 {report.corrections} 条（class.correction.v1）",
            style="yellow",
        )
        raise typer.Exit(REFUSED)


@classes.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="省局结果：CSV 或 E57 事件（.jsonl）")],
    month: MonthText,
    folder: Folder = Path("run/classes"),
    config: Config = None,
    knowledge: Knowledge = None,
) -> None:
    """导入省局月度分类结果：以导入为准，本系统结果另存差异表。The province's result wins."""
    when = _month(month)
    with told_plainly():  # a file that cannot be used is told of before anybody is asked
        settings = with_knowledge(load_settings(config), knowledge)
        allowed = build_wisdom(settings).expertise.knowledge.allowed_usccs
        told = read_told(file, when, valid=lambda uscc: _fault_of(uscc, allowed))

    async def act(office: Office) -> tuple[Report, list[Written]]:
        """Import, then write the files of the official snapshot and the differences."""
        report = await office.month_end.import_month(when, told, now=clock.now())
        return report, await _snapshot_files(office.month_end, when, folder)

    report, files = _in_office(act, config, knowledge)
    _tell(files)
    out.print(
        f"month={month} outcome={report.outcome.value} enterprises={report.count} "
        f"differing={report.differing}",
        soft_wrap=True,
    )


@classes.command()
def export(
    month: MonthText,
    folder: Folder = Path("run/classes"),
    config: Config = None,
    knowledge: Knowledge = None,
) -> None:
    """导出双随机平台名单：等级、抽查比例、依据、法定应查。The file for the 双随机 platform."""
    when = _month(month)

    async def act(office: Office) -> tuple[Head, list[Written]]:
        """Write what is drawn from the official snapshot."""
        month_end = office.month_end
        head = await month_end.official_source(when)
        files = await write_draws(folder, when, month_end.official_classes(when, head))
        _write_manifest(folder, when, head, files)
        return head, files

    head, files = _in_office(act, config, knowledge)
    _tell(files)
    out.print(
        f"month={month} source={head.source.value} enterprises={head.count} "
        f"rows={files[0].rows} catalogue={head.catalogue_version} sampling={head.sampling_version}",
        soft_wrap=True,
    )


@classes.command()
def survey(config: Config = None, knowledge: Knowledge = None) -> None:
    """区域、行业综合研判：最近7天与上个整月，只发布新的预警。Survey regions and industries."""
    report = _in_office(lambda office: office.surveyor.survey(now=clock.now()), config, knowledge)
    out.print(
        f"enterprises={report.enterprises} cells={report.cells} warnings={report.warnings} "
        f"published={report.published} undecided={report.undecided}",
        soft_wrap=True,
    )


def _month(text: str) -> Month:
    try:
        return Month.of(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--month") from error


def _fault_of(uscc: str, allowed: frozenset[str]) -> str:
    """Return what is wrong with a code, or ""."""
    try:
        status = status_of(uscc, allowed=allowed)
    except InvalidUsccError as error:
        return str(error)
    if status is UsccStatus.QUARANTINED:
        return f"the check digit of {uscc} is wrong; if a register vouches for it, allow it"
    return ""


async def _snapshot_files(month_end: MonthEnd, month: Month, folder: Path) -> list[Written]:
    head = await month_end.official_source(month)
    files = await write_classes(folder, month, month_end.official_classes(month, head))
    return files + await write_differences(folder, month, month_end.differing(month))


def _write_manifest(folder: Path, month: Month, head: Head, files: Sequence[Written]) -> None:
    """Write what the receiver checks the files against."""
    said = {
        "month": str(month),
        "source": head.source.value,
        "complete": head.progress is not Progress.ARRIVING,
        "catalogue_version": head.catalogue_version,
        "sampling_version": head.sampling_version,
        "enterprises": head.count,
        "files": [{"name": one.path.name, "rows": one.rows, "sha256": one.sha256} for one in files],
    }
    text = json.dumps(said, ensure_ascii=False, indent=2) + "\n"
    (folder / f"sampling-{month}.manifest.json").write_text(text, encoding="utf-8")


def _tell(files: Sequence[Written]) -> None:
    for one in files:
        out.print(f"{one.path} rows={one.rows}", soft_wrap=True)


def _in_office(
    act: Callable[[Office], Awaitable[T]], config: Path | None, knowledge: Path | None
) -> T:
    """Return what is done in an office opened by these settings, or tell what is to be mended."""
    with told_plainly():
        settings = with_knowledge(load_settings(config), knowledge)
        check_partitions(settings.kafka.bootstrap, settings.kafka.partitions)

        async def within() -> T:
            async with _office(settings) as office:
                return await act(office)

        return asyncio.run(within())


@asynccontextmanager
async def _office(settings: Settings) -> AsyncIterator[Office]:
    """Open the connections, and close them again."""
    wisdom = build_wisdom(settings)
    plans = build_plans(settings, wisdom)
    partitions = settings.kafka.partitions
    publisher = KafkaPublisher(settings.kafka.bootstrap, idempotent=settings.kafka.idempotent)
    redis = build_redis(settings)
    try:
        await publisher.start()
        month_end = MonthEnd(
            store=RedisStore(redis),
            scan=RedisScan(redis),
            official=RedisOfficialStore(redis, partitions=partitions),
            publisher=publisher,
            expertise=wisdom.expertise,
            plan=plans.sampling,
            partitions=partitions,
        )
        yield Office(
            month_end,
            build_surveyor(settings, wisdom, plans, redis=redis, publisher=publisher),
        )
    finally:
        await publisher.stop()
        await redis.aclose()
