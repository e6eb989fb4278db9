"""What can a person do from a terminal?"""

import logging
from pathlib import Path
from typing import Annotated

import typer
from kafka import KafkaProducer
from kafka.errors import KafkaError

from alerts.coverage import vacancies
from alerts.sample import samples
from config.load import load_settings
from config.schema import Settings
from streams import cli_explain, cli_replay, clock
from streams.assembly import build_wisdom
from streams.broker_refusals import refused_or_unreachable
from streams.cli_classes import classes
from streams.cli_convert import convert
from streams.cli_messages import messages
from streams.cli_rules import rules
from streams.cli_warnings import warnings
from streams.config_check import check_ways, oddities
from streams.event_files import checked, complain, lines_of
from streams.plans import build_plans
from streams.sample_guard import why_not
from streams.terminal import (
    USAGE,
    Config,
    File,
    Knowledge,
    err,
    out,
    told_plainly,
    with_knowledge,
)
from streams.topics import (
    BOOTSTRAP_MS,
    Topic,
    check_partitions,
    create_topics,
    ensure_epoch,
)
from streams.usage_words import Commands
from streams.version import PRODUCT, version
from streams.worker import plan_of, run_worker

app = typer.Typer(
    name="sanzao",
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
topics = typer.Typer(help="主题管理。Kafka topics.", no_args_is_help=True)
app.add_typer(topics, name="topics")
app.add_typer(classes, name="classes")
app.add_typer(rules, name="rules")
app.add_typer(warnings, name="warnings")
app.add_typer(messages, name="messages")
app.command()(cli_explain.explain)
app.command()(cli_replay.replay)
app.command()(convert)


@app.callback(invoke_without_command=True)
def sanzao(
    *,
    shows_version: Annotated[
        bool, typer.Option("--version", help="显示产品版本", is_eager=True)
    ] = False,
) -> None:
    """三早：企业信用风险实时监测与分级预警。Live credit-risk monitoring and early warning."""
    if shows_version:
        out.print(f"{PRODUCT} {version()}")
        raise typer.Exit


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
    # Only the demo needs the dev stack.
    from streams.devstack.demo import run_demo  # noqa: PLC0415
    from streams.devstack.processes import ServerError  # noqa: PLC0415

    with told_plainly():
        try:
            code = run_demo(keep=keep, short=short, seed=seed, folder=folder)
        except ServerError as error:
            err.print(
                f"错误 / error: 演示所需的一个服务没有启动，日志在 {folder}。{error}",
                style="red", markup=False,
            )  # fmt: skip
            raise typer.Exit(USAGE) from error
        raise typer.Exit(code)


@app.command()
def publish(
    file: File,
    config: Config = None,
    skip_invalid: Annotated[bool, typer.Option(help="跳过无效行，发布其余")] = False,
) -> None:
    """发布事件文件到 Kafka；先整体检查，再发布。Publish a file of events, checked first."""
    with told_plainly():
        settings = load_settings(config)
        lines = lines_of(file)
        records, complaints = checked(
            lines,
            knowledge=lambda: build_wisdom(settings).expertise.knowledge,
            now=clock.now(),
        )
        complain(file, complaints, first=lines[0] if lines else b"")
        if complaints and not skip_invalid:
            err.print(
                f"{len(complaints)} 行无效，未发布任何事件；更正后重试，或加 --skip-invalid",
                style="red",
            )
            raise typer.Exit(USAGE)
        if complaints and not records:
            err.print("没有一行有效，未发布任何事件", style="red")
            raise typer.Exit(USAGE)
        try:
            _publish_all(settings, records)
        except KafkaError as error:
            unusable = refused_or_unreachable(settings.kafka.bootstrap, error)
            raise type(unusable)(
                f"publishing to {settings.kafka.bootstrap} failed: {error}; check "
                f"kafka.bootstrap and 'sanzao topics create', then publish the file again: "
                f"events are recognised by their id"
            ) from error
        out.print(f"published={len(records)} invalid={len(complaints)} topic={Topic.EVENT.value}")


@app.command("check-config")
def check_config(config: Config = None, knowledge: Knowledge = None) -> None:
    """检查配置与知识：指标、规则、权责、模板，有漏洞则不通过。Find every hole before start."""
    with told_plainly():
        settings = with_knowledge(load_settings(config), knowledge)
        wisdom = build_wisdom(settings)
        build_plans(settings, wisdom)
        check_ways(settings)
    for oddity in oddities(settings, wisdom, now=clock.now()):
        err.print(f"警告 / warning: {oddity}", style="yellow", markup=False)
    tree = wisdom.desk.tree
    if seats := vacancies(tree):
        err.print(f"空缺 / vacant: {'、'.join(seats)}", markup=False)
    if refusal := why_not(settings, wisdom.desk):
        err.print(
            f"示例 / sample: 人员、电话、模板编号均为虚构，预警进程不会启动。{refusal}",
            style="bold red", markup=False,
        )  # fmt: skip
    sample = "，但仍是示例，不能上线" if samples(tree, wisdom.desk.book) else ""
    known = wisdom.expertise.knowledge
    out.print(
        f"配置有效{sample}。knowledge={known.version} content={wisdom.content} "
        f"indicators={len(known.indicators)} rules={len(known.rules)} domains={len(known.domains)} "
        f"authorities={len(tree.authorities)}",
        soft_wrap=True,
    )


@topics.command("create")
def topics_create(config: Config = None) -> None:
    """创建缺少的主题（分区、保留、压缩）。Create what is missing."""
    with told_plainly():
        settings = load_settings(config)
        created = create_topics(settings.kafka.bootstrap, plan_of(settings))
        check_partitions(settings.kafka.bootstrap, settings.kafka.partitions)
        epoch = ensure_epoch(settings.kafka.bootstrap)
    out.print(f"created={len(created)} epoch={epoch} {' '.join(created)}", soft_wrap=True)


def _publish_all(settings: Settings, records: list[tuple[str, bytes]]) -> None:
    if not records:
        return  # a day without events needs no broker
    producer = KafkaProducer(
        bootstrap_servers=settings.kafka.bootstrap,
        acks="all",
        enable_idempotence=settings.kafka.idempotent,
        linger_ms=20,
        bootstrap_timeout_ms=BOOTSTRAP_MS,
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
    """Run the command line; what its libraries mutter of a broker is said once, by us."""
    for chatty in ("aiokafka", "kafka", "asyncio"):
        logging.getLogger(chatty).addHandler(logging.NullHandler())
    app()


if __name__ == "__main__":
    main()
