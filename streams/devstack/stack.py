"""What does a whole bureau need to run?  Broker, Redis, mailbox, SMS gateway, and workers."""

import contextlib
import dataclasses
import json
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from config.schema import Kafka, Settings
from streams.devstack.account import ACCESS_KEY, SECRET, write_account
from streams.devstack.apache_kafka import apache_kafka
from streams.devstack.broker import Broker, BrokerKind, embedded_broker
from streams.devstack.mailbox import RunningMailbox, mailbox_process
from streams.devstack.processes import LOOPBACK, Program, Server, free_port
from streams.devstack.redis_server import redis_server
from streams.devstack.sms_gateway import RunningGateway, sms_gateway_process
from streams.topics import Plan, create_topics

# Enough to show that partitions are worked on by themselves; two cores gain nothing from more.
PARTITIONS = 4


@dataclasses.dataclass(frozen=True, slots=True)
class Stack:
    """The servers that run, and how a worker is told of them."""

    broker: Broker
    redis_url: str
    mailbox: RunningMailbox
    gateway: RunningGateway
    folder: Path
    report_port: int
    partitions: int = PARTITIONS

    def environment(self, **more: str) -> dict[str, str]:
        """Return the settings of a worker in this stack; ``more`` are SANZAO_ names without it."""
        kafka = {
            "KAFKA__BOOTSTRAP": self.broker.bootstrap,
            "KAFKA__PARTITIONS": str(self.partitions),
            "KAFKA__SESSION_TIMEOUT_S": "6",
            "KAFKA__HEARTBEAT_S": "1",
            "KAFKA__REBALANCE_TIMEOUT_S": "6",
            # The embedded broker knows no idempotent producers.
            "KAFKA__IDEMPOTENT": str(self.broker.kind is not BrokerKind.EMBEDDED).lower(),
        }
        people = {
            "EMAIL__HOST": LOOPBACK,
            "EMAIL__PORT": str(self.mailbox.smtp_port),
            "EMAIL__TLS": "none",
            "EMAIL__SENDER": "sanzao@yexian.example.org",
            "SMS__ENDPOINT": self.gateway.url,
            "SMS__ACCESS_KEY": ACCESS_KEY,
            "SMS__SECRET": SECRET,
            "NOTIFY__LEASE_S": "10",
            "NOTIFY__SEND_TIMEOUT_S": "5",
            "NOTIFY__PARALLEL": "16",
            "NOTIFY__BATCH_DELAY_S": "0",  # nobody waits here for a list to fill
            "NOTIFY__QUIET_HOURS": "",  # nor for the morning
            # When a survey falls into a simulated county's rush is chance; counts are not to be.
            "ROLES__SURVEY": "false",
        }
        values = kafka | people | {"REDIS__URL": self.redis_url, "LOG_LEVEL": "INFO"} | more
        return {f"SANZAO_{name}": value for name, value in values.items()}

    def worker(self, name: str = "worker", *, port: int | None = None, **more: str) -> Server:
        """Return a worker that can be started; the first one takes the delivery reports.

        ``port`` is where its metrics, health and reports are.
        """
        chosen = self.report_port if port is None else port

        def is_ready() -> bool:
            return probe(f"http://{LOOPBACK}:{chosen}/ready")

        return Server(
            Program(
                name=name,
                argv=[sys.executable, "-m", "streams.cli", "worker"],
                folder=self.folder,
                is_ready=is_ready,
                environment=self.environment(WEB__PORT=str(chosen), **more),
                start_within_s=60.0,
            )
        )

    @property
    def settings(self) -> Settings:
        """Return the settings that reach this stack from the process that started it."""
        return Settings(
            kafka=Kafka(
                bootstrap=self.broker.bootstrap,
                partitions=self.partitions,
                idempotent=self.broker.kind is not BrokerKind.EMBEDDED,
            )
        )


def probe(url: str) -> bool:
    """Return whether a page answers with 200."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - loopback
            return bool(answer.status == 200)  # noqa: PLR2004 - HTTP's own number
    except OSError:
        return False


@contextlib.contextmanager
def running_stack(
    folder: Path,
    *,
    kind: BrokerKind = BrokerKind.EMBEDDED,
    brokers: int = 1,
    redis_url: str | None = None,
    partitions: int = PARTITIONS,
) -> Iterator[Stack]:
    """Start the servers on free loopback ports, create the topics, stop all on leaving.

    Raises:
        streams.devstack.processes.ServerError: one did not start; its log is in ``folder``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    report_port = free_port()
    with contextlib.ExitStack() as stack:
        broker = stack.enter_context(
            embedded_broker(folder / "broker")
            if kind is BrokerKind.EMBEDDED
            else apache_kafka(folder / "kafka", brokers=brokers)
        )
        url = stack.enter_context(redis_server(folder / "redis", url=redis_url))
        box = stack.enter_context(mailbox_process(folder / "mails"))
        gateway = stack.enter_context(
            sms_gateway_process(
                write_account(folder / "gateway.json"),
                folder / "sms",
                report_url=f"http://{LOOPBACK}:{report_port}/receipts/sms",
            )
        )
        plan = Plan(
            partitions=partitions,
            replication=3 if brokers >= 3 else 1,  # noqa: PLR2004 - one may fail
            retention_days=400,
        )
        create_topics(broker.bootstrap, plan)
        yield Stack(broker, url, box, gateway, folder, report_port, partitions)


def fetch_json(url: str) -> object:
    """Return what a page of the stack says as JSON."""
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - loopback
        return json.load(answer)
