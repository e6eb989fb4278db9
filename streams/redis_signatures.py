"""How does Redis keep what waits for a signature?

One sorted set by when to look, one hash a name with the warnings.  Noted again, nothing changes: a
replay of the alert topic moves no deadline.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec
from redis.asyncio import Redis

from alerts.awaited import Awaited, by_warning
from alerts.notification_log import LogUnreachableError
from streams.keys import UNSIGNED, unsigned_key
from streams.redis_notification_log import KEEP
from streams.store import StoreUnavailableError, asked

_EXPECT: Final = """
redis.call('ZADD', KEYS[1], 'NX', ARGV[1], ARGV[2])
redis.call('HSETNX', KEYS[2], ARGV[3], ARGV[4])
redis.call('PEXPIRE', KEYS[2], ARGV[5])
"""
# A warning that joined a bundle meanwhile keeps the name.
_SETTLE: Final = """
for index = 2, #ARGV do redis.call('HDEL', KEYS[2], ARGV[index]) end
if redis.call('HLEN', KEYS[2]) == 0 then redis.call('ZREM', KEYS[1], ARGV[1]) end
"""


class RedisSignatures:
    """What waits, in Redis; the twin is ``alerts.awaited.MemorySignatures``."""

    def __init__(self, client: Redis) -> None:
        """Take a client that returns bytes."""
        self._client: Any = client
        self._decoder = msgspec.msgpack.Decoder(Awaited)

    async def expect(self, those: Sequence[Awaited]) -> None:
        """Note what waits."""
        pipeline = self._client.pipeline(transaction=False)
        for one in those:
            body = msgspec.msgpack.encode(one)
            keep = KEEP // dt.timedelta(milliseconds=1)
            pipeline.eval(
                _EXPECT, 2, UNSIGNED, unsigned_key(one.name),
                _milliseconds(one.look_at), one.name, one.warning.id, body, keep,
            )  # fmt: skip
        await _told(pipeline.execute())

    async def due(self, now: dt.datetime, *, limit: int) -> tuple[str, ...]:
        """Return the names to be looked at."""
        upto = _milliseconds(now)
        found: Iterable[bytes] = await _told(
            self._client.zrangebyscore(UNSIGNED, "-inf", upto, start=0, num=limit)
        )
        return tuple(name.decode() for name in found)

    async def of(self, name: str) -> tuple[Awaited, ...]:
        """Return what waits under a name."""
        found: Iterable[bytes] = await _told(self._client.hvals(unsigned_key(name)))
        return by_warning(self._decoder.decode(raw) for raw in found)

    async def settle(self, name: str, warnings: Sequence[str]) -> None:
        """Forget some warnings of a name."""
        await _told(self._client.eval(_SETTLE, 2, UNSIGNED, unsigned_key(name), name, *warnings))

    async def put_off(self, name: str, until: dt.datetime) -> None:
        """Look at a name later."""
        await _told(self._client.zadd(UNSIGNED, {name: _milliseconds(until)}, xx=True))


async def _told(answer: Any) -> Any:
    """Return an answer, an outage as the one error of the port."""
    try:
        return await asked(answer)
    except StoreUnavailableError as error:
        raise LogUnreachableError(str(error)) from error


def _milliseconds(moment: dt.datetime) -> int:
    """Return a moment as a score."""
    return int(moment.timestamp() * 1000)
