"""What can a person do from a terminal?"""

import asyncio
import collections
import datetime as dt
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from kafka import KafkaProducer
from kafka.errors import KafkaError
from rich.console import Console

from alerts.knowledge import InvalidKnowledgeError as InvalidAlertsError
from config.load import InvalidConfigError, load_settings
from config.schema import Settings
from detectors.events import InvalidEventError, decode
from detectors.knowledge import InvalidKnowledgeError
from detectors.state import IncompatibleStateError
from detectors.warning import CHINA
from streams import clock
from streams.assembly import build_redis, build_wisdom, calendar_complaint
from streams.explaining import Found, card_in_words, find_card
from streams.replay import replay as replay_records
from streams.store import StoreUnavailableError
from streams.topics import (
    BrokerUnreachableError,
    Topic,
    TopicsMissingError,
    create_topics,
    read_epoch,
)
from streams.worker import plan_of, run_worker

app = typer.Typer(
    name="sanzao",
    help="三早：企业信用风险实时监测与分级预警。Live credit-risk monitoring and early warning.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
topics = typer.Typer(help="主题管理。Kafka topics.", no_args_is_help=True)
app.add_typer(topics, name="topics")

out = Console()
# One message, one line: a path that rich cut in two can be neither copied nor searched for.
err = Console(stderr=True, highlight=False, soft_wrap=True)
USAGE = 2
NOT_FOUND = 1

Config = Annotated[
    Path | None,
    typer.Option("--config", envvar="SANZAO_CONFIG", help="配置文件 settings.yaml"),
]
File = Annotated[Path, typer.Argument(help="事件文件，每行一个 CloudEvents JSON")]
Knowledge = Annotated[Path | None, typer.Option("--knowledge", help="知识目录")]


@contextmanager
def told_plainly() -> Iterator[None]:
    """Turn what a person can mend into one plain message and exit code 2."""
    try:
        yield
    except (
        InvalidConfigError,
        InvalidKnowledgeError,
        InvalidAlertsError,
        BrokerUnreachableError,
        TopicsMissingError,
        StoreUnavailableError,
        IncompatibleStateError,
        OSError,
    ) as error:
        err.print(f"错误 / error: {error}", style="red", markup=False)
        raise typer.Exit(USAGE) from error


@app.command()
def worker(config: Config = None) -> None:
    """运行预警进程：assess、learn、notify、timers。Run the worker until SIGTERM."""
    with told_plainly():
        run_worker(load_settings(config))


@app.command()
def demo(
    keep: Annotated[bool, typer.Option("--keep", help="结束后保持运行并给出网址")] = False,
    short: Annotated[bool, typer.Option("--short", help="短演示（12天，600家企业）")] = False,
    seed: Annotated[int, typer.Option(help="随机种子，同种子同结果")] = 20260701,
    folder: Annotated[Path, typer.Option(help="邮件、日志等的目录")] = Path("run/demo"),
) -> None:
    """演示：本机启动全套服务，模拟一个县60天。The whole stack on loopback, one county."""
    from streams.devstack.demo import run_demo  # noqa: PLC0415 - only the demo needs the dev stack

    with told_plainly():
        raise typer.Exit(run_demo(keep=keep, short=short, seed=seed, folder=folder))


@app.command()
def publish(
    file: File,
    config: Config = None,
    skip_invalid: Annotated[bool, typer.Option(help="跳过无效行，发布其余")] = False,
) -> None:
    """发布事件文件到 Kafka；先整体检查，再发布。Publish a file of events, checked first."""
    with told_plainly():
        settings = load_settings(config)
        records, complaints = _checked(file)
        for complaint in complaints:
            err.print(f"{file}: {complaint}", style="yellow", markup=False)
        if complaints and not skip_invalid:
            err.print(
                f"{len(complaints)} 行无效，未发布任何事件；更正后重试，或加 --skip-invalid",
                style="red",
            )
            raise typer.Exit(USAGE)
        try:
            _publish_all(settings, records)
        except KafkaError as error:
            raise BrokerUnreachableError(
                f"publishing to {settings.kafka.bootstrap} failed: {error}; check "
                f"kafka.bootstrap and 'sanzao topics create', then publish the file again: "
                f"events are recognised by their id"
            ) from error
        out.print(f"published={len(records)} invalid={len(complaints)} topic={Topic.EVENT.value}")


@app.command()
def explain(
    uscc: Annotated[str, typer.Argument(help="统一社会信用代码")],
    config: Config = None,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON")] = False,
) -> None:
    """解释一家企业的实时等级：分值、事实、文号。Why does an enterprise stand where it does?"""
    with told_plainly():
        settings = load_settings(config)
        expertise = build_wisdom(settings).expertise

        async def look() -> Found | None:
            """Read the state and close the connection."""
            redis = build_redis(settings)
            try:
                partitions = settings.kafka.partitions
                return await find_card(redis, uscc, expertise, partitions=partitions)
            finally:
                await redis.aclose()

        found = asyncio.run(look())
    if found is None:
        err.print(f"{uscc}：没有该企业的事件。No event of this enterprise has been seen.")
        raise typer.Exit(NOT_FOUND)
    card = found.card
    if as_json:
        out.print_json(msgspec.json.encode(card).decode())
    else:
        out.print(card_in_words(card))


@app.command("check-config")
def check_config(config: Config = None, knowledge: Knowledge = None) -> None:
    """检查配置与知识：指标、规则、权责、模板，有漏洞则不通过。Find every hole before start."""
    with told_plainly():
        settings = _with_knowledge(load_settings(config), knowledge)
        wisdom = build_wisdom(settings)
    complaint = calendar_complaint(wisdom.desk.calendar, clock.now().astimezone(CHINA).date())
    if complaint:
        err.print(f"警告 / warning: {complaint}", style="yellow", markup=False)
    known = wisdom.expertise.knowledge
    out.print(
        f"配置有效。knowledge={known.version} indicators={len(known.indicators)} "
        f"rules={len(known.rules)} domains={len(known.domains)} "
        f"authorities={len(wisdom.desk.tree.authorities)}",
        soft_wrap=True,
    )


@topics.command("create")
def topics_create(config: Config = None) -> None:
    """创建缺少的主题（分区、保留、压缩）。Create what is missing."""
    with told_plainly():
        settings = load_settings(config)
        created = create_topics(settings.kafka.bootstrap, plan_of(settings))
        epoch = read_epoch(settings.kafka.bootstrap)
    out.print(f"created={len(created)} epoch={epoch} {' '.join(created)}", soft_wrap=True)


@app.command()
def replay(
    file: File,
    knowledge: Knowledge = None,
    config: Config = None,
    now: Annotated[dt.datetime | None, typer.Option(help="收到时刻（UTC），默认当前时间")] = None,
) -> None:
    """离线重放：只用纯核心，不需要 Kafka 与 Redis。The pure core alone on a file."""
    with told_plainly():
        settings = _with_knowledge(load_settings(config), knowledge)
        expertise = build_wisdom(settings).expertise
        moment = now.replace(tzinfo=dt.UTC) if now else clock.now()
        lines = file.read_bytes().splitlines()
        began = time.perf_counter()
        result = replay_records(lines, expertise, now=moment)
        elapsed = time.perf_counter() - began
    for complaint in result.complaints:
        err.print(f"{file}: {complaint}", style="yellow", markup=False)
    classes = collections.Counter(
        state.learned.live.risk_class.value for state in result.states.values()
    )
    measures = collections.Counter(one.measure.label for one in result.warnings)
    out.print("等级 " + " ".join(f"{name}={classes[name]}" for name in "ABCD"))
    out.print("预警 " + " ".join(f"{name}={count}" for name, count in measures.items()))
    out.print(
        f"events={result.events} states={len(result.states)} "
        f"rejected={result.rejected.total()} skipped={result.skipped.total()} "
        f"warnings={len(result.warnings)} events_per_second={result.events / elapsed:.0f}",
        soft_wrap=True,
    )


def _with_knowledge(settings: Settings, knowledge: Path | None) -> Settings:
    if knowledge is None:
        return settings
    return msgspec.structs.replace(settings, knowledge=str(knowledge))


def _checked(file: Path) -> tuple[list[tuple[str, bytes]], list[str]]:
    records, complaints = [], []
    for number, line in enumerate(file.read_bytes().splitlines(), start=1):
        if not line.strip():
            continue
        try:
            records.append((decode(line).subject, line))
        except InvalidEventError as error:
            complaints.append(f"line {number}: {error.cause.value}: {error.detail}")
    return records, complaints


def _publish_all(settings: Settings, records: list[tuple[str, bytes]]) -> None:
    producer = KafkaProducer(
        bootstrap_servers=settings.kafka.bootstrap,
        acks="all",
        enable_idempotence=settings.kafka.idempotent,
        linger_ms=20,
    )
    try:
        receipts = [
            producer.send(Topic.EVENT.value, key=subject.encode(), value=line)
            for subject, line in records
        ]
        for receipt in receipts:
            receipt.get(timeout=60)
    finally:
        producer.close()


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
