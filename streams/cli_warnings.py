"""Which enterprises have a warning, of which rule, where and since when?

``sanzao warnings list`` reads the state of every warning from its compacted topic: the list that a
message about a batch refers to, and what a supervisor exports for Excel.
"""

import datetime as dt
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Annotated

import typer
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from alerts.authority import Authority
from alerts.responsibility import Matter, resolve
from config.load import load_settings
from detectors.events import InvalidEventError
from detectors.warning import CHINA, EarlyWarning, WarningStatus
from streams.assembly import Desk, build_wisdom
from streams.codec import decode_warning
from streams.tables import ROWS_SHOWN, csv_of, how_many, table
from streams.terminal import USAGE, Config, Knowledge, err, out, told_plainly, with_knowledge
from streams.topics import BOOTSTRAP_MS, BrokerUnreachableError, Topic, TopicsMissingError

warnings = typer.Typer(
    name="warnings", help="预警名单。What has been warned of.", no_args_is_help=True
)
COLUMNS = (
    "预警编号", "统一社会信用代码", "企业名称", "规则", "事项", "级别", "措施", "状态", "属地",
    "主办单位", "生成时间",
)  # fmt: skip
STATUSES = {
    WarningStatus.ISSUED: "未结",
    WarningStatus.LOWERED: "未结（已降级）",
    WarningStatus.CANCELLED: "已撤销",
    WarningStatus.CLOSED: "已消除",
}
_STANDS = WarningStatus.ISSUED, WarningStatus.LOWERED  # who asks for what is open means both
POLL_MS = 1000
SILENCE_S = 30.0
Wanted = Callable[[EarlyWarning], bool]
Record = tuple[bytes | None, bytes | None]


@warnings.command("list")
def list_(
    rule: Annotated[str, typer.Option(help="规则编号，如 W02")] = "",
    place: Annotated[str, typer.Option(help="属地代码，可只写前几位，如 410422001")] = "",
    authority: Annotated[str, typer.Option(help="主办单位的代码或全称")] = "",
    day: Annotated[
        dt.datetime | None, typer.Option(formats=["%Y-%m-%d"], help="生成日期（北京时间）")
    ] = None,
    status: Annotated[WarningStatus, typer.Option(help="状态")] = WarningStatus.ISSUED,
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
        desk = build_wisdom(settings).desk
        lead = _authority(desk, authority)
        wanted = selection(
            desk, rule=rule, place=place, lead=lead.code if lead else "",
            day=day.date() if day else None, status=None if every else status,
        )  # fmt: skip
        try:
            listed = newest(records(settings.kafka.bootstrap), wanted)
        except KafkaError as error:
            raise BrokerUnreachableError(
                f"reading {Topic.WARNING_STATE} from {settings.kafka.bootstrap} failed "
                f"({type(error).__name__}); check kafka.bootstrap (SANZAO_KAFKA__BOOTSTRAP)"
            ) from error
        rows = [row(one, desk) for one in listed]
        if file is not None:
            file.write_bytes(csv_of(COLUMNS, rows))
    if file is not None:
        out.print(f"{file} rows={len(rows)}", soft_wrap=True)
        return
    out.print(table(COLUMNS, rows[:ROWS_SHOWN]))
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
            and lead in {"", lead and _lead_of(warning, desk).code}
        )

    return is_wanted


def newest(told: Iterable[Record], wanted: Wanted) -> list[EarlyWarning]:
    """Return the wanted warnings as they stand now, by place and enterprise.

    Shapes:
        Only what is wanted is held, whatever the topic carries.  What is no warning is passed
        over: the topic is ours alone, and a list must not fail on one record.
    """
    found: dict[bytes, EarlyWarning] = {}
    for key, value in told:
        if key is None:
            continue
        found.pop(key, None)
        if value is None:
            continue
        try:
            warning = decode_warning(value)
        except InvalidEventError:
            continue
        if wanted(warning):
            found[key] = warning
    return sorted(found.values(), key=lambda one: (one.place, one.uscc, one.issued_at, one.id))


def records(bootstrap: str) -> Iterator[Record]:
    """Yield key and value of every record of the state topic, up to where it ended when asked.

    Raises:
        TopicsMissingError: there is no such topic.
        BrokerUnreachableError: the broker fell silent before the end.
    """
    consumer = KafkaConsumer(
        bootstrap_servers=bootstrap,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        bootstrap_timeout_ms=BOOTSTRAP_MS,
    )
    try:
        topic = Topic.WARNING_STATE.value
        numbers = consumer.partitions_for_topic(topic)
        if not numbers:
            raise TopicsMissingError(f"topic {topic} is missing; run 'sanzao topics create'")
        parts = [TopicPartition(topic, number) for number in sorted(numbers)]
        consumer.assign(parts)
        consumer.seek_to_beginning()
        ends = consumer.end_offsets(parts)
        heard_at = time.monotonic()
        while any(consumer.position(part) < ends[part] for part in parts):
            polled = consumer.poll(timeout_ms=POLL_MS)
            for some in polled.values():
                for record in some:
                    yield record.key, record.value
            if polled:
                heard_at = time.monotonic()
            elif time.monotonic() > heard_at + SILENCE_S:
                raise BrokerUnreachableError(
                    f"{topic} at {bootstrap} was not read to its end: nothing came for "
                    f"{SILENCE_S:g} s; look at the broker, then ask again"
                )
    finally:
        consumer.close()


def row(warning: EarlyWarning, desk: Desk) -> tuple[str, ...]:
    """Return a warning as a line for people; class and score stay behind the login."""
    at = warning.issued_at.astimezone(CHINA)
    return (
        warning.number, warning.uscc, warning.enterprise, warning.rule, warning.matter,
        warning.measure.level.label, warning.measure.label, STATUSES[warning.status],
        warning.place, _lead_of(warning, desk).name, f"{at:%Y-%m-%d %H:%M}",
    )  # fmt: skip


def _lead_of(warning: EarlyWarning, desk: Desk) -> Authority:
    return resolve(Matter.of(warning), tree=desk.tree, ladder=desk.ladder).lead


def _authority(desk: Desk, named: str) -> Authority | None:
    """Return the authority of a code or name, or None where none was named."""
    found = desk.tree.find(named) if named else None
    if named and found is None:
        err.print(f"{named}：机构名录中没有该单位。No such authority in the roster.", style="red")
        raise typer.Exit(USAGE)
    return found
