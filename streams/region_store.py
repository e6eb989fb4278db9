"""What must the next survey of regions know, and where does it stand?"""

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, cast

import msgspec
from redis.asyncio import Redis

from detectors.clusters import Past
from detectors.regions import Span, Standing
from streams.keys import SURVEYED, region_key
from streams.store import asked

KEEP_TOLD_S = 400 * 86_400
_PACK = msgspec.msgpack.Encoder().encode
_PASTS = msgspec.msgpack.Decoder(tuple[Past, ...])


class RegionStore(Protocol):
    """Where the regional index and what was told of it live."""

    async def history(self, span: Span) -> Mapping[str, Sequence[Past]]:
        """Return the last periods of every cell, by its key."""

    async def told(self, period: str) -> Mapping[str, int]:
        """Return the gravest level that was told in a period, by matter."""

    async def remember_told(self, period: str, told: Mapping[str, int]) -> None:
        """Remember what has been published."""

    async def remember(
        self,
        span: Span,
        history: Mapping[str, Sequence[Past]],
        standings: Sequence[Standing],
    ) -> None:
        """Remember a survey: the periods of its cells, and where they stand."""

    async def surveyed(self) -> dt.date | None:
        """Return the day that a worker surveyed last, None for never."""

    async def remember_surveyed(self, day: dt.date) -> None:
        """Remember that a worker has surveyed a day."""


@dataclasses.dataclass(slots=True)
class MemoryRegionStore:
    """The store's twin in memory."""

    histories: dict[Span, dict[str, Sequence[Past]]] = dataclasses.field(default_factory=dict)
    standings: dict[Span, Sequence[Standing]] = dataclasses.field(default_factory=dict)
    levels: dict[str, dict[str, int]] = dataclasses.field(default_factory=dict)
    day: dt.date | None = None

    async def history(self, span: Span) -> Mapping[str, Sequence[Past]]:
        """Return the last periods of every cell, by its key."""
        return self.histories.get(span, {})

    async def told(self, period: str) -> Mapping[str, int]:
        """Return the gravest level that was told in a period, by matter."""
        return self.levels.get(period, {})

    async def remember_told(self, period: str, told: Mapping[str, int]) -> None:
        """Remember what has been published."""
        self.levels.setdefault(period, {}).update(told)

    async def remember(
        self,
        span: Span,
        history: Mapping[str, Sequence[Past]],
        standings: Sequence[Standing],
    ) -> None:
        """Remember a survey: the periods of its cells, and where they stand."""
        self.histories[span] = dict(history)
        self.standings[span] = standings

    async def surveyed(self) -> dt.date | None:
        """Return the day that a worker surveyed last, None for never."""
        return self.day

    async def remember_surveyed(self, day: dt.date) -> None:
        """Remember that a worker has surveyed a day."""
        self.day = day


class RedisRegionStore:
    """The regional index in Redis: three small hashes, and the day of the last survey."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def history(self, span: Span) -> Mapping[str, Sequence[Past]]:
        """Return the last periods of every cell, by its key."""
        found = await asked(self._redis.hgetall(region_key("history", span.value)))
        return {cell.decode(): _PASTS.decode(raw) for cell, raw in found.items()}

    async def told(self, period: str) -> Mapping[str, int]:
        """Return the gravest level that was told in a period, by matter."""
        found = await asked(self._redis.hgetall(region_key("told", period)))
        return {matter.decode(): int(rank) for matter, rank in found.items()}

    async def remember_told(self, period: str, told: Mapping[str, int]) -> None:
        """Remember what has been published."""
        if not told:
            return
        key = region_key("told", period)
        pipe = self._redis.pipeline()
        pipe.hset(key, mapping=cast("Any", told))
        pipe.expire(key, KEEP_TOLD_S)
        await asked(pipe.execute())

    async def remember(
        self,
        span: Span,
        history: Mapping[str, Sequence[Past]],
        standings: Sequence[Standing],
    ) -> None:
        """Remember a survey whole: cells that are no longer shown leave."""
        pipe = self._redis.pipeline()
        for what, fields in (
            ("history", {cell: _PACK(one) for cell, one in history.items()}),
            ("index", {str(one.cell): msgspec.json.encode(one) for one in standings}),
        ):
            key = region_key(what, span.value)
            pipe.delete(key)
            if fields:
                pipe.hset(key, mapping=cast("Any", fields))
        await asked(pipe.execute())

    async def surveyed(self) -> dt.date | None:
        """Return the day that a worker surveyed last, None for never."""
        raw = await asked(self._redis.get(SURVEYED))
        return dt.date.fromisoformat(raw.decode()) if raw else None

    async def remember_surveyed(self, day: dt.date) -> None:
        """Remember that a worker has surveyed a day."""
        await asked(self._redis.set(SURVEYED, day.isoformat()))
