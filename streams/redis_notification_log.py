"""How does Redis keep the notification log so that two workers cannot both own a message?

One hash a message; three sorted sets for what needs attention, what went wrong, what was not yet
published; one set a warning by its id, one by its number; one key a warning that has ended; one key
a message, for a week, by its carrier's name for it.
Every change is one Lua script that compares the revision first, so a worker that fell behind
changes nothing.  All keys share the tag ``{notify}``: one slot of a cluster, which is plenty, for
these are messages to people.

Weakness: the guarantees are those of the append-only file.  With ``appendfsync everysec`` a power
cut may forget one second, and a message of that second may be sent again; ``kill -9`` of Redis
alone forgets nothing.  Expired rows (``keep``) no longer recognise a replay of their warning.
"""

import datetime as dt
import logging
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import msgspec
from redis import asyncio as redis
from redis import exceptions

from alerts.notification_log import Backlog, LogUnreachableError, in_order
from alerts.notification_row import TROUBLED_STATES, Row, RowState, is_of_issue

logger = logging.getLogger(__name__)

OPEN_KEY: Final = "sanzao:{notify}:open"
TROUBLED_KEY: Final = "sanzao:{notify}:troubled"
UNCERTAIN_KEY: Final = "sanzao:{notify}:uncertain"
UNTOLD_KEY: Final = "sanzao:{notify}:untold"
# Records of whom we told are logs in the sense of the Cybersecurity Law art. 21(3), at least six
# months; a year and a month lets a yearly audit see the whole year.
KEEP: Final = dt.timedelta(days=400)
# Carriers try a handset for three days at the most, and tell soon after.
NAMED_FOR: Final = dt.timedelta(days=7)
# A message that cannot be read waits for the version that wrote it, or for an operator.
STRANGE_AGAIN: Final = dt.timedelta(hours=1)

# Who answers with an error is down as well: its replicas are gone, or its disk is full.  (The class
# of such an answer is often a bare ResponseError.)
_OUTSIDE_FAULTS: Final = (exceptions.RedisError, OSError)

_INSERT: Final = """
if ARGV[6] == '1' and redis.call('EXISTS', KEYS[5]) == 1 then return 0 end
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('HSET', KEYS[1], 'revision', ARGV[1], 'body', ARGV[2])
redis.call('ZADD', KEYS[2], ARGV[3], ARGV[4])
redis.call('SADD', KEYS[3], ARGV[4])
redis.call('PEXPIRE', KEYS[3], ARGV[5])
redis.call('SADD', KEYS[4], ARGV[4])
redis.call('PEXPIRE', KEYS[4], ARGV[5])
return 1
"""

# A client that repeats a command because the answer was lost finds its own body: that is success.
_SWAP: Final = """
local stored = redis.call('HMGET', KEYS[1], 'revision', 'body')
if stored[2] == ARGV[3] then return 1 end
if stored[1] ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'revision', ARGV[2], 'body', ARGV[3])
for index = 2, 5 do
  local score = ARGV[index + 3]
  if score == '' then
    redis.call('ZREM', KEYS[index], ARGV[4])
  else
    redis.call('ZADD', KEYS[index], score, ARGV[4])
  end
end
if ARGV[5] == '' then
  redis.call('PEXPIRE', KEYS[1], ARGV[9])
  redis.call('PEXPIRE', KEYS[6], ARGV[9])
  redis.call('PEXPIRE', KEYS[7], ARGV[9])
else
  redis.call('PERSIST', KEYS[1])
  redis.call('PERSIST', KEYS[6])
  redis.call('PERSIST', KEYS[7])
end
if ARGV[10] ~= '' then redis.call('SET', KEYS[8], ARGV[4], 'PX', ARGV[10]) end
return 1
"""


def row_key(identity: str) -> str:
    """Return the key of a message: a hash of revision and body (msgpack of ``Row``)."""
    return f"sanzao:{{notify}}:row:{identity}"


def warning_key(name: str) -> str:
    """Return the key of the set of a warning's messages, by the id or the number of it."""
    return f"sanzao:{{notify}}:warning:{name}"


def named_key(provider_id: str) -> str:
    """Return the key that says which message a carrier accepted under a name of its own."""
    return f"sanzao:{{notify}}:named:{provider_id}"


def ended_key(warning_id: str) -> str:
    """Return the key that says that a warning has ended: its issue is told to nobody any more."""
    return f"sanzao:{{notify}}:ended:{warning_id}"


def warning_keys(row: Row) -> tuple[str, str]:
    """Return the sets in which a message stands: people quote numbers, records carry ids."""
    about = row.notification
    return warning_key(about.warning_id), warning_key(about.warning_number)


class RedisRows:
    """Rows in Redis; the twin is ``alerts.notification_log.MemoryRows``."""

    def __init__(self, client: "redis.Redis", *, keep: dt.timedelta = KEEP) -> None:
        """Take a client that returns bytes (``decode_responses=False``)."""
        self._client: Any = client
        self._keep_ms = keep // dt.timedelta(milliseconds=1)
        self._decoder = msgspec.msgpack.Decoder(Row)

    async def insert(self, rows: Sequence[Row]) -> tuple[str, ...]:
        """Keep the rows whose id is new, and of no warning that has ended."""
        async with self._reachable():
            pipeline = self._client.pipeline(transaction=False)
            for row in rows:
                ended = ended_key(row.notification.warning_id)
                keys = (row_key(row.id), OPEN_KEY, *warning_keys(row), ended)
                score = _milliseconds(row.next_at)
                body = msgspec.msgpack.encode(row)
                arguments = (
                    row.revision, body, score, row.id, self._keep_ms, int(is_of_issue(row)),
                )  # fmt: skip
                pipeline.eval(_INSERT, len(keys), *keys, *arguments)
            kept = await pipeline.execute()
        return tuple(row.id for row, new in zip(rows, kept, strict=True) if new)

    async def bar(self, warning_id: str) -> None:
        """Remember that a warning has ended."""
        async with self._reachable():
            await self._client.set(ended_key(warning_id), 1, px=self._keep_ms)

    async def load(self, identity: str) -> Row | None:
        """Return a row."""
        async with self._reachable():
            body = await self._client.hget(row_key(identity), "body")
        return None if body is None else self._decoder.decode(body)

    async def swap(self, before: Row, after: Row) -> bool:
        """Replace a row, unless it has changed meanwhile."""
        at = _milliseconds(after.history[-1].at)
        arguments = (
            before.revision,
            after.revision,
            msgspec.msgpack.encode(after),
            after.id,
            _milliseconds(after.next_at),
            at if after.state in TROUBLED_STATES else "",
            at if after.state is RowState.UNCERTAIN else "",
            at if after.untold else "",
            self._keep_ms,
            NAMED_FOR // dt.timedelta(milliseconds=1) if after.state is RowState.ACCEPTED else "",
        )
        lists = (OPEN_KEY, TROUBLED_KEY, UNCERTAIN_KEY, UNTOLD_KEY)
        keys = (row_key(after.id), *lists, *warning_keys(after), named_key(after.provider_id))
        async with self._reachable():
            swapped = await self._client.eval(_SWAP, len(keys), *keys, *arguments)
        return bool(swapped)

    async def named(self, provider_id: str) -> Row | None:
        """Return the row that a carrier accepted under this name."""
        async with self._reachable():
            identity = await self._client.get(named_key(provider_id))
        return None if identity is None else await self.load(identity.decode())

    async def due(self, now: dt.datetime, *, limit: int) -> tuple[Row, ...]:
        """Return what is due, the longest overdue first.

        What cannot be read is looked at again later, so that it keeps no other waiting.
        """
        identities = await self._identities(OPEN_KEY, limit=limit, upto=_milliseconds(now))
        rows, strange = await self._read(identities)
        if strange:
            names = ", ".join(identity.decode() for identity in strange)
            logger.error("messages that another version wrote, left alone for now: %s", names)
            again = _milliseconds(now + STRANGE_AGAIN)
            async with self._reachable():
                await self._client.zadd(OPEN_KEY, dict.fromkeys(strange, again), xx=True)
        return rows

    async def of_warning(self, name: str) -> tuple[Row, ...]:
        """Return every row of a warning."""
        async with self._reachable():
            identities = await self._client.smembers(warning_key(name))
        rows, _ = await self._read(identities)
        return in_order(rows)

    async def unfinished(self, *, limit: int) -> tuple[Row, ...]:
        """Return open rows."""
        return await self._listed(OPEN_KEY, limit=limit)

    async def troubled(self, *, limit: int) -> tuple[Row, ...]:
        """Return rows that ended badly."""
        return await self._listed(TROUBLED_KEY, limit=limit)

    async def untold(self, *, limit: int) -> tuple[Row, ...]:
        """Return rows with unpublished receipts."""
        return await self._listed(UNTOLD_KEY, limit=limit)

    async def backlog(self, now: dt.datetime) -> Backlog:
        """Return how much is to be done; forget what expired."""
        upto = _milliseconds(now)
        async with self._reachable():
            pipeline = self._client.pipeline(transaction=False)
            for key in (TROUBLED_KEY, UNCERTAIN_KEY, UNTOLD_KEY):
                pipeline.zremrangebyscore(key, "-inf", int(upto) - self._keep_ms)
            pipeline.zcard(OPEN_KEY)
            pipeline.zcount(OPEN_KEY, "-inf", upto)
            for key in (UNCERTAIN_KEY, TROUBLED_KEY, UNTOLD_KEY):
                pipeline.zcard(key)
            pipeline.zrange(OPEN_KEY, 0, 0, withscores=True)
            *_, is_open, due, uncertain, troubled, untold, oldest = await pipeline.execute()
        late_ms = max(0, int(upto) - int(oldest[0][1])) if oldest else 0
        return Backlog(
            open=is_open,
            due=due,
            uncertain=uncertain,
            troubled=troubled,
            untold=untold,
            overdue=dt.timedelta(milliseconds=late_ms),
        )

    async def _listed(self, key: str, *, limit: int) -> tuple[Row, ...]:
        """Return the rows that a sorted set lists, lowest score first."""
        rows, _ = await self._read(await self._identities(key, limit=limit))
        return rows

    async def _identities(self, key: str, *, limit: int, upto: str = "+inf") -> Sequence[bytes]:
        """Return the ids that a sorted set lists, lowest score first."""
        async with self._reachable():
            found: Sequence[bytes] = await self._client.zrangebyscore(
                key, "-inf", upto, start=0, num=limit
            )
        return found

    async def _read(self, identities: Iterable[bytes]) -> tuple[tuple[Row, ...], list[bytes]]:
        """Return rows by id, and the ids of those that cannot be read; expired ones are in neither.

        A version that is stepped back from may leave rows that this one does not know.
        """
        asked = list(identities)
        async with self._reachable():
            pipeline = self._client.pipeline(transaction=False)
            for identity in asked:
                pipeline.hget(row_key(identity.decode()), "body")
            bodies = await pipeline.execute()
        rows, strange = [], []
        for identity, body in zip(asked, bodies, strict=True):
            try:
                rows += [] if body is None else [self._decoder.decode(body)]
            except (msgspec.DecodeError, UnicodeDecodeError):
                strange.append(identity)
        return tuple(rows), strange

    @asynccontextmanager
    async def _reachable(self) -> AsyncIterator[None]:
        """Turn what the outside world does into the one error of the port."""
        try:
            yield
        except _OUTSIDE_FAULTS as error:
            raise LogUnreachableError(f"Redis: {type(error).__name__}: {error}") from error


def _milliseconds(moment: dt.datetime | None) -> str:
    """Return a moment as a score, or "" for none."""
    return "" if moment is None else str(int(moment.timestamp() * 1000))
