"""When was each feed last heard of, over all workers and restarts?"""

import dataclasses
import datetime as dt
import logging
from collections.abc import Mapping
from typing import Any, Literal, Protocol

from redis.asyncio import Redis

from detectors.events import Payload, type_of
from detectors.feeds import Feeds, Heard
from streams.keys import FEEDS
from streams.metrics import Metrics
from streams.store import StoreUnavailableError, asked

logger = logging.getLogger(__name__)

Spoken = Mapping[tuple[str, type[Payload]], dt.datetime]

# A county has some dozens of (source, event type); who makes up names must not fill the memory.
MAX_COVERING = 10_000

# Several workers hear of one feed: the later moment stays, whoever writes last.
_LATER = """
for i = 1, #ARGV, 2 do
  local known = redis.call('HGET', KEYS[1], ARGV[i])
  if not known or tonumber(ARGV[i + 1]) > tonumber(known) then
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
  end
end
"""


class FeedLog(Protocol):
    """Where workers share what they have heard."""

    async def hear(self, heard: Mapping[str, Heard]) -> None:
        """Keep the later of what is known and ``heard``, by feed."""

    async def heard(self) -> Mapping[str, Heard]:
        """Return what has been heard of each feed; never heard of: left out."""


@dataclasses.dataclass(slots=True)
class MemoryFeedLog:
    """The log's twin in memory; fails as often as it is told to."""

    known: dict[str, Heard] = dataclasses.field(default_factory=dict)
    failures: int = 0

    async def hear(self, heard: Mapping[str, Heard]) -> None:
        """Keep the later of what is known and ``heard``."""
        self._fail()
        for code, one in heard.items():
            self.known[code] = self.known.get(code, Heard()).or_later(one)

    async def heard(self) -> Mapping[str, Heard]:
        """Return what has been heard of each feed."""
        self._fail()
        return dict(self.known)

    def _fail(self) -> None:
        if self.failures:
            self.failures -= 1
            raise StoreUnavailableError("told to fail")


class RedisFeedLog:
    """One hash for all feeds: ``CODE:event`` and ``CODE:arrival``, in seconds."""

    def __init__(self, redis: Redis) -> None:
        self._redis: Any = redis
        self._later = redis.register_script(_LATER)

    async def hear(self, heard: Mapping[str, Heard]) -> None:
        """Keep the later of what is known and ``heard``.

        Raises:
            StoreUnavailableError: Redis does not answer.
        """
        pairs: list[str | int] = []
        for code, one in heard.items():
            pairs += [f"{code}:event", one.event, f"{code}:arrival", one.arrival]
        if not pairs:
            return
        await asked(self._later(keys=[FEEDS], args=pairs))

    async def heard(self) -> Mapping[str, Heard]:
        """Return what has been heard of each feed.

        Raises:
            StoreUnavailableError: Redis does not answer.
        """
        stored = await asked(self._redis.hgetall(FEEDS))
        fields = {name.decode(): int(value) for name, value in stored.items()}
        return {
            code: Heard(event, fields.get(f"{code}:arrival", 0))
            for name, event in fields.items()
            if (code := name.removesuffix(":event")) != name
        }


class FeedWatch:
    """What has been heard of the feeds: noted batch by batch, shared now and then.

    ``by`` says which moments are judged: ``arrival`` where deadlines follow the wall clock,
    ``event`` where they follow the events themselves.  A crash forgets what was noted since
    the last sharing, a second at most; the next event of the feed makes up for it.
    """

    def __init__(self, feeds: Feeds, log: FeedLog, *, by: Literal["arrival", "event"]) -> None:
        self.feeds = feeds
        self._log = log
        self._by = by
        self._noted: dict[str, Heard] = {}
        self._silent: tuple[str, ...] = ()
        self._covering: dict[tuple[str, type[Payload]], tuple[str, ...]] = {}

    def note(self, spoken: Spoken, arrival: int) -> None:
        """Note which sources spoke in a batch: the latest event time of each source and type."""
        for key, time in spoken.items():
            codes = self._covering.get(key)
            if codes is None:
                if len(self._covering) >= MAX_COVERING:
                    self._covering.clear()
                source, payload = key
                codes = self._covering[key] = self.feeds.covering(source, type_of(payload))
            heard = Heard(int(time.timestamp()), arrival)
            for code in codes:
                self._noted[code] = self._noted.get(code, Heard()).or_later(heard)

    async def last(self) -> dict[str, int]:
        """Share what was noted; return when each feed was last heard of, by any worker.

        Raises:
            StoreUnavailableError: nothing is lost, what was noted is shared the next time.
        """
        noted, self._noted = self._noted, {}
        try:
            await self._log.hear(noted)
            heard = await self._log.heard()
        except StoreUnavailableError:
            for code, one in noted.items():
                self._noted[code] = self._noted.get(code, Heard()).or_later(one)
            raise
        known = set(self.feeds.codes)
        return {code: getattr(one, self._by) for code, one in heard.items() if code in known}

    async def report(self, metrics: Metrics, *, now: int) -> tuple[str, ...]:
        """Show how the feeds stand; return those an operator must hear of, and log what changed.

        Judged by event times, ``now`` is the latest event time of all feeds instead.
        """
        last = await self.last()
        moment = now if self._by == "arrival" else max(last.values(), default=0)
        silent = self.feeds.silent(last, now=moment)
        for feed in self.feeds.feeds:
            metrics.feed_silent.labels(feed.code).set(feed.code in silent)
            metrics.feed_last_seconds.labels(feed.code).set(last.get(feed.code, 0))
            if feed.code in silent and feed.code not in self._silent:
                logger.warning(
                    "feed %s (%s) has said nothing for longer than %s; tell %s",
                    feed.code, feed.name, feed.sla, feed.tell,
                )  # fmt: skip
            elif feed.code in self._silent and feed.code not in silent:
                logger.warning("feed %s (%s) speaks again", feed.code, feed.name)
        self._silent = silent
        return silent

    async def unsure(self, now: int) -> tuple[str, ...]:
        """Return the feeds from whose silence nothing follows, for a deadline's event."""
        return self.feeds.unsure(await self.last(), now=now)
