"""Is this still the Redis that the worker began with?

A Redis that comes back may have lost its last second: what it had answered but not yet written to
its disk, or passed on to the replica that now stands in its place.  Nothing in it tells.  So every
new connection asks for the server's ``run_id`` before it carries anything, and a worker that meets
another one ends: the next life reads again whatever could be lost (docs/decisions/0017).
"""

import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from redis.exceptions import RedisError, ResponseError

logger = logging.getLogger(__name__)

EXIT_REPLACED = 72
_FIELD = b"run_id:"


class Asked(Protocol):
    """What is asked whether it lives."""

    def ping(self) -> Awaitable[Any]:
        """Answer."""


class SameRedis:
    """The server that the first connection met.

    ``replaced`` is called where a connection meets another one; ``vouched`` is the last moment
    (``time.monotonic``) at which the server is known to have been alive.
    """

    def __init__(self, replaced: Callable[[], None]) -> None:
        self._replaced = replaced
        self._run_id = b""
        self.vouched = 0.0

    async def connected(self, connection: Any) -> None:
        """Greet a server as redis-py does, then see that it is the one we know."""
        await connection.on_connect()
        await connection.send_command("INFO", "server")
        try:
            run_id = run_id_of(await connection.read_response())
        except ResponseError as error:
            logger.warning(
                "Redis does not tell its run_id, so nobody will notice where it comes back with "
                "less than it had; let the worker's account use INFO: %s", error,
            )  # fmt: skip
            return
        if self._run_id and run_id != self._run_id:
            logger.critical(
                "Redis was started anew, or another one stands in its place: it may have lost its "
                "last seconds. Ending, to read them again"
            )
            self._replaced()
        self._run_id = run_id

    async def look(self, redis: Asked) -> None:
        """Note that the server lives, if it answers."""
        asked_at = time.monotonic()
        try:
            await redis.ping()
        except RedisError:
            return
        self.vouched = asked_at


def run_id_of(answer: bytes | str) -> bytes:
    r"""Return the run_id in an answer to ``INFO server``; empty where there is none.

    >>> run_id_of(b"# Server\r\nredis_version:7.0.15\r\nrun_id:0a1b\r\n")
    b'0a1b'
    """
    raw = answer.encode() if isinstance(answer, str) else answer
    for line in raw.splitlines():
        if line.startswith(_FIELD):
            return line.removeprefix(_FIELD).strip()
    return b""
