"""How does a real Apache Kafka run here without Docker?

As its jars, which Maven fetches once into ``build/kafka/<version>`` (``pom.xml`` pins them), in
this machine's Java, in KRaft mode: every process is broker and controller in one.  Three of them
make a cluster that survives the ``kill -9`` of any one; what this is for.  A broker takes 4-6 s
to start on two cores and about 400 MB.
"""

import contextlib
import os
import re
import secrets
import shutil
import string
import struct
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from streams.devstack.broker import Broker, BrokerKind, asked
from streams.devstack.processes import (
    BIND_ATTEMPTS,
    LOOPBACK,
    PortTakenError,
    Program,
    Server,
    ServerError,
    free_port,
)

POM = Path(__file__).with_name("pom.xml")
CACHE = Path("build/kafka")  # ignored by git, kept between runs
FETCH_WITHIN_S = 600
FORMAT_WITHIN_S = 60
JAVA = "install Java 17 or later (Debian: openjdk-17-jre-headless)"
MAVEN = "install Maven (Debian: maven) and let it reach its repository"

METADATA = 3  # https://kafka.apache.org/protocol

MAX_MESSAGE_BYTES = 2 * 1024 * 1024 + 64 * 1024  # 2 MiB of payload, and what Kafka writes around it

# A dead broker is missed after this; Kafka's nine seconds would dominate every fault test, and
# two seconds were too few for a broker that starts beside others on two cores.
SESSION_TIMEOUT_MS = 4000

LOG4J = """\
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d{ISO8601} %-5p %c{1} %m%n
rootLogger.level = info
rootLogger.appenderRef.out.ref = out
"""


@dataclass(frozen=True, slots=True)
class Node:
    """One process of the cluster: its id, its ports, its folder."""

    number: int
    port: int
    controller_port: int
    folder: Path

    @property
    def settings(self) -> Path:
        """Return the file that Kafka reads."""
        return self.folder / "server.properties"


@contextlib.contextmanager
def apache_kafka(
    folder: Path, *, brokers: int = 1, heap_mb: int = 512, cache: Path = CACHE
) -> Iterator[Broker]:
    """Run Apache Kafka with ``brokers`` processes until the block ends.

    With three, topics must be given a replication factor; Kafka's own have three, and
    ``min.insync.replicas`` is 2.  Topics are never created by accident.  The data stays in
    ``folder``: a second run with it goes on where the first stopped, on other ports.

    Raises:
        ServerError: Java or Maven is missing, the jars cannot be had, or a broker did not start.
    """
    if not shutil.which("java"):
        raise ServerError(f"Apache Kafka needs Java: {JAVA}, or use the embedded broker")
    jars = kafka_jars(cache)
    for attempt in range(1, BIND_ATTEMPTS + 1):
        nodes = [
            Node(number, free_port(), free_port(), folder.resolve() / f"broker-{number}")
            for number in range(1, brokers + 1)
        ]
        servers = tuple(_server(node, jars=jars, heap_mb=heap_mb) for node in nodes)
        _format(nodes, jars=jars, folder=folder)
        try:
            _start_together(servers)
        except PortTakenError:
            if attempt == BIND_ATTEMPTS:
                raise
        else:
            break
    with contextlib.ExitStack() as stack:
        stack.callback(_stop_together, servers)
        bootstrap = ",".join(f"{LOOPBACK}:{node.port}" for node in nodes)
        yield Broker(bootstrap, BrokerKind.APACHE, servers)


def kafka_jars(cache: Path = CACHE) -> Path:
    """Return the folder with the jars of Kafka, fetched by Maven when it is not there yet.

    Raises:
        ServerError: Maven is missing or failed.
    """
    jars = (cache / _version()).resolve()
    if jars.is_dir():
        return jars
    if not shutil.which("mvn"):
        raise ServerError(f"the jars of Apache Kafka are not in {jars}: {MAVEN}")
    jars.parent.mkdir(parents=True, exist_ok=True)
    # Filled beside and then renamed: a run that was cut off leaves no half folder, and two runs
    # at once do not disturb each other.
    with tempfile.TemporaryDirectory(dir=jars.parent, prefix="fetching-") as draft:
        filled = Path(draft) / "jars"
        _run(
            ["mvn", "-q", "-B", "-f", POM, "dependency:copy-dependencies",
             f"-DoutputDirectory={filled}"],
            what="fetching Apache Kafka", within_s=FETCH_WITHIN_S, remedy=MAVEN,
        )  # fmt: skip
        with contextlib.suppress(OSError):  # the other run was first
            filled.rename(jars)
    return jars


def _version() -> str:
    found = re.search(r"<kafka\.version>([\d.]+)</kafka\.version>", POM.read_text())
    assert found, f"{POM} pins no kafka.version"
    return found[1]


def _server(node: Node, *, jars: Path, heap_mb: int) -> Server:
    return Server(
        Program(
            name=f"broker-{node.number}",
            argv=[
                "java", f"-Xmx{heap_mb}m", "-Djava.awt.headless=true",
                f"-Dlog4j2.configurationFile={node.folder / 'log4j2.properties'}",
                "-cp", f"{jars}/*", "kafka.Kafka", node.settings,
            ],
            folder=node.folder,
            is_ready=lambda: node.number in _members(node.port),
            remedy=JAVA + "; for the rest see its log",
            start_within_s=90.0,
            stop_within_s=10.0,
        )
    )  # fmt: skip


def _members(port: int) -> set[int]:
    """Return the ids of the brokers that take work, as the one on ``port`` knows them.

    Raises:
        OSError: it does not answer, or not in full.
    """
    answer = asked(port, METADATA, version=4, body=struct.pack(">iB", 0, 0))
    try:
        return broker_ids(answer)
    except struct.error as error:
        raise OSError(f"the broker on port {port} broke off") from error


def broker_ids(metadata: bytes) -> set[int]:
    """Return the broker ids of a Metadata answer, version 4."""
    count, at, found = struct.unpack_from(">i", metadata, 4)[0], 8, set()
    for _ in range(count):
        number, length = struct.unpack_from(">ih", metadata, at)
        at += 6 + length + 4
        rack = struct.unpack_from(">h", metadata, at)[0]
        at += 2 + max(rack, 0)
        found.add(number)
    return found


def _start_together(servers: tuple[Server, ...]) -> None:
    """Start all before waiting for one: none is ready before most of them have met."""
    try:
        for server in servers:
            server.launch()
        for server in servers:
            server.await_ready()
    except BaseException:
        for server in servers:
            server.kill()
        raise


def _stop_together(servers: tuple[Server, ...]) -> None:
    """End a lonely broker in good order, a cluster at once.

    Brokers that leave one by one wait for a quorum that is no more; what they acknowledged is on
    the disk, and the next run recovers it.
    """
    if len(servers) == 1:
        servers[0].stop()
        return
    for server in servers:
        server.kill()


def _format(nodes: list[Node], *, jars: Path, folder: Path) -> None:
    """Write every node's settings, and prepare its disk unless an earlier run did."""
    cluster = cluster_id(folder)
    for node in nodes:
        node.folder.mkdir(parents=True, exist_ok=True)
        (node.folder / "log4j2.properties").write_text(LOG4J)
        node.settings.write_text(
            "".join(f"{name}={value}\n" for name, value in settings_of(node, nodes).items())
        )
        if (node.folder / "data" / "meta.properties").exists():
            continue
        _run(
            ["java", "-Xmx256m", "-XX:TieredStopAtLevel=1", "-cp", f"{jars}/*",
             f"-Dlog4j2.configurationFile={node.folder / 'log4j2.properties'}",
             "kafka.tools.StorageTool", "format", "-t", cluster, "-c", node.settings],
            what=f"preparing the disk of broker {node.number}",
            within_s=FORMAT_WITHIN_S, remedy=JAVA,
        )  # fmt: skip


def cluster_id(folder: Path) -> str:
    """Return the id that all disks of one cluster carry: 22 letters and digits, drawn once."""
    file = folder / "cluster-id"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        letters = string.ascii_letters + string.digits
        # A 16-byte UUID in base64; the last letter may carry four bits only.
        file.write_text("".join(secrets.choice(letters) for _ in range(21)) + "Q")
    return file.read_text()


def settings_of(node: Node, nodes: list[Node]) -> dict[str, str | int]:
    """Return the settings of one node of a cluster, each with the reason it is not Kafka's own."""
    copies = min(3, len(nodes))
    in_sync = 2 if copies == 3 else 1  # noqa: PLR2004 - three copies, two of them sure
    voters = ",".join(f"{peer.number}@{LOOPBACK}:{peer.controller_port}" for peer in nodes)
    return {
        "process.roles": "broker,controller",
        "node.id": node.number,
        "controller.quorum.voters": voters,
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "PLAINTEXT",
        "listeners": (
            f"PLAINTEXT://{LOOPBACK}:{node.port},CONTROLLER://{LOOPBACK}:{node.controller_port}"
        ),
        "advertised.listeners": f"PLAINTEXT://{LOOPBACK}:{node.port}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": str(node.folder / "data"),
        "default.replication.factor": copies,
        "min.insync.replicas": in_sync,
        "offsets.topic.replication.factor": copies,
        "transaction.state.log.replication.factor": copies,
        "transaction.state.log.min.isr": in_sync,
        "share.coordinator.state.topic.replication.factor": copies,
        "share.coordinator.state.topic.min.isr": in_sync,
        # Fifty partitions each by default: a start and a failover would take seconds longer.
        "offsets.topic.num.partitions": 4,
        "transaction.state.log.num.partitions": 4,
        "share.coordinator.state.topic.num.partitions": 4,
        "auto.create.topics.enable": "false",
        "message.max.bytes": MAX_MESSAGE_BYTES,
        "replica.fetch.max.bytes": MAX_MESSAGE_BYTES,
        "group.initial.rebalance.delay.ms": 0,
        "group.min.session.timeout.ms": 1000,
        "broker.session.timeout.ms": SESSION_TIMEOUT_MS,
        "broker.heartbeat.interval.ms": 500,
    }


def _run(words: list[str | Path], *, what: str, within_s: float, remedy: str) -> None:
    try:
        done = subprocess.run(
            [str(word) for word in words],
            env=dict(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=within_s,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ServerError(f"{what} took more than {within_s:g} s; {remedy}") from error
    if done.returncode:
        last = "\n".join(done.stdout.decode(errors="replace").splitlines()[-15:])
        raise ServerError(f"{what} failed; {remedy}\n{last}")
