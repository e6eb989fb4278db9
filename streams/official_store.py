"""Where do the official classes of a month stand, so that nothing can change them?

Each is written once: a second writing of the same enterprise, month and source is ignored by the
store itself.  A snapshot is *open* while it is being written and *closed* for good afterwards.
"""

import dataclasses
import datetime as dt
import enum
from collections.abc import Mapping, Sequence
from typing import Protocol, cast

import msgspec
from redis.asyncio import Redis

from detectors.measure import RiskClass
from detectors.official import Correction, Draw, Month, OfficialClass, Source
from detectors.sampling import Due
from streams.keys import MONTHS, official_key
from streams.publisher import partition_of
from streams.store import asked

LATE = "late"
# Half a year of months: corrections that come later are rare, and the class topic and the files
# hold a month for whoever needs it longer.  A month takes some 550 bytes an enterprise.
KEEP_S = 190 * 86_400
_PACK = msgspec.msgpack.Encoder().encode
_CORRECTION = msgspec.msgpack.Decoder(Correction)


class Progress(enum.StrEnum):
    """How far a snapshot has come."""

    OPEN = "open"
    CLOSED = "closed"  # immutable from here on
    PUBLISHED = "published"  # and the topic has it


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a month's snapshot from one source."""

    month: str
    source: Source
    progress: Progress
    catalogue_version: str
    sampling_version: str
    begun_at: dt.datetime
    count: int = 0

    @property
    def field(self) -> str:
        """Return the field that holds it."""
        return f"{self.month}/{self.source.value}"


class _Row(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An official class as it is stored: month, source and code stand in the key."""

    risk_class: str
    score: float | None
    name: str
    floor_cause: str
    catalogue_version: str
    place: str
    industry: str
    draws: tuple[tuple[str, float, str, str, dt.date | None, dt.date | None], ...]


_ROW = msgspec.msgpack.Decoder(_Row)


def _stored(one: OfficialClass) -> bytes:
    """Return an official class as bytes; ``domain`` and ``ratio`` are those of the first draw."""
    return _PACK(
        _Row(
            one.risk_class.value, one.score, "" if one.name == one.uscc else one.name,
            one.floor_cause, one.catalogue_version, one.place, one.industry,
            tuple(
                (d.domain, d.ratio, d.why, d.due.value, d.last_inspected, d.rests_until)
                for d in one.draws
            ),
        )
    )  # fmt: skip


def _read(raw: bytes, uscc: str, *, month: Month, source: Source) -> OfficialClass:
    row = _ROW.decode(raw)
    draws = tuple(
        Draw(
            domain=domain, ratio=ratio, why=why, due=Due(due), last_inspected=last,
            rests_until=until,
        )
        for domain, ratio, why, due, last, until in row.draws
    )  # fmt: skip
    return OfficialClass(
        uscc=uscc,
        name=row.name or uscc,
        month=str(month),
        risk_class=RiskClass(row.risk_class),
        score=row.score,
        floor_cause=row.floor_cause,
        catalogue_version=row.catalogue_version,
        domain=draws[0].domain,
        ratio=draws[0].ratio,
        place=row.place,
        industry=row.industry,
        source=source,
        draws=draws,
    )


class OfficialStore(Protocol):
    """Where official classes live."""

    async def head(self, month: Month, source: Source) -> Head | None:
        """Return what is known of a snapshot, or None where none was begun."""

    async def write_head(self, head: Head) -> None:
        """Write how far a snapshot has come."""

    async def put(self, classes: Sequence[OfficialClass]) -> None:
        """Write official classes; who is there already stays as he is."""

    async def discard(self, month: Month, source: Source) -> None:
        """Forget the classes of a snapshot that was never closed."""

    async def usccs(self, month: Month, source: Source, partition: int) -> Sequence[str]:
        """Return the codes of a snapshot's partition, in order."""

    async def get(
        self, month: Month, source: Source, usccs: Sequence[str]
    ) -> Mapping[str, OfficialClass]:
        """Return the official classes of these enterprises, as far as they are there."""

    async def corrections(self, month: Month, usccs: Sequence[str]) -> Mapping[str, Correction]:
        """Return the last correction of each of these enterprises."""

    async def remember(self, month: Month, corrections: Sequence[Correction]) -> None:
        """Remember corrections as told."""


@dataclasses.dataclass(slots=True)
class MemoryOfficialStore:
    """The store's twin in memory."""

    partitions: int
    heads: dict[tuple[str, Source], Head] = dataclasses.field(default_factory=dict)
    classes: dict[tuple[str, Source], dict[str, OfficialClass]] = dataclasses.field(
        default_factory=dict
    )
    late: dict[str, dict[str, Correction]] = dataclasses.field(default_factory=dict)

    async def head(self, month: Month, source: Source) -> Head | None:
        """Return what is known of a snapshot, or None where none was begun."""
        return self.heads.get((str(month), source))

    async def write_head(self, head: Head) -> None:
        """Write how far a snapshot has come."""
        self.heads[head.month, head.source] = head

    async def put(self, classes: Sequence[OfficialClass]) -> None:
        """Write official classes; who is there already stays as he is."""
        for one in classes:
            self.classes.setdefault((one.month, one.source), {}).setdefault(one.uscc, one)

    async def discard(self, month: Month, source: Source) -> None:
        """Forget the classes of a snapshot that was never closed."""
        self.classes.pop((str(month), source), None)

    async def usccs(self, month: Month, source: Source, partition: int) -> Sequence[str]:
        """Return the codes of a snapshot's partition, in order."""
        there = self.classes.get((str(month), source), {})
        return sorted(one for one in there if partition_of(one, self.partitions) == partition)

    async def get(
        self, month: Month, source: Source, usccs: Sequence[str]
    ) -> Mapping[str, OfficialClass]:
        """Return the official classes of these enterprises, as far as they are there."""
        there = self.classes.get((str(month), source), {})
        return {uscc: there[uscc] for uscc in usccs if uscc in there}

    async def corrections(self, month: Month, usccs: Sequence[str]) -> Mapping[str, Correction]:
        """Return the last correction of each of these enterprises."""
        there = self.late.get(str(month), {})
        return {uscc: there[uscc] for uscc in usccs if uscc in there}

    async def remember(self, month: Month, corrections: Sequence[Correction]) -> None:
        """Remember corrections as told."""
        self.late.setdefault(str(month), {}).update({one.uscc: one for one in corrections})


class RedisOfficialStore:
    """Official classes in Redis: a hash for each month, source and partition."""

    def __init__(self, redis: Redis, *, partitions: int) -> None:
        self._redis = redis
        self._partitions = partitions

    async def head(self, month: Month, source: Source) -> Head | None:
        """Return what is known of a snapshot, or None where none was begun."""
        raw = await asked(self._redis.hget(MONTHS, f"{month}/{source.value}"))
        return msgspec.json.decode(raw, type=Head) if raw else None

    async def write_head(self, head: Head) -> None:
        """Write how far a snapshot has come."""
        raw = msgspec.json.encode(head).decode()
        await asked(self._redis.hset(MONTHS, head.field, raw))

    async def put(self, classes: Sequence[OfficialClass]) -> None:
        """Write official classes; who is there already stays as he is."""
        pipe, keys = self._redis.pipeline(transaction=False), set()
        for one in classes:
            key = official_key(self._home(one.uscc), one.month, one.source.value)
            pipe.hsetnx(key, one.uscc, cast("str", _stored(one)))
            keys.add(key)
        for key in sorted(keys):
            pipe.expire(key, KEEP_S)
        await asked(pipe.execute())

    async def discard(self, month: Month, source: Source) -> None:
        """Forget the classes of a snapshot that was never closed."""
        for partition in range(self._partitions):
            key = official_key(partition, str(month), source.value)
            await asked(self._redis.unlink(key))

    async def usccs(self, month: Month, source: Source, partition: int) -> Sequence[str]:
        """Return the codes of a snapshot's partition, in order."""
        key = official_key(partition, str(month), source.value)
        return sorted(raw.decode() for raw in await asked(self._redis.hkeys(key)))

    async def get(
        self, month: Month, source: Source, usccs: Sequence[str]
    ) -> Mapping[str, OfficialClass]:
        """Return the official classes of these enterprises, as far as they are there."""
        found = await self._fetched(month, source.value, usccs)
        return {uscc: _read(raw, uscc, month=month, source=source) for uscc, raw in found.items()}

    async def corrections(self, month: Month, usccs: Sequence[str]) -> Mapping[str, Correction]:
        """Return the last correction of each of these enterprises."""
        found = await self._fetched(month, LATE, usccs)
        return {uscc: _CORRECTION.decode(raw) for uscc, raw in found.items()}

    async def remember(self, month: Month, corrections: Sequence[Correction]) -> None:
        """Remember corrections as told."""
        pipe = self._redis.pipeline(transaction=False)
        for one in corrections:
            key = official_key(self._home(one.uscc), str(month), LATE)
            pipe.hset(key, one.uscc, cast("str", _PACK(one)))
            pipe.expire(key, KEEP_S)
        await asked(pipe.execute())

    async def _fetched(self, month: Month, what: str, usccs: Sequence[str]) -> dict[str, bytes]:
        by_partition: dict[int, list[str]] = {}
        for uscc in usccs:
            by_partition.setdefault(self._home(uscc), []).append(uscc)
        found: dict[str, bytes] = {}
        for partition, codes in by_partition.items():
            key = official_key(partition, str(month), what)
            raws = await asked(self._redis.hmget(key, codes))
            found |= {uscc: raw for uscc, raw in zip(codes, raws, strict=True) if raw is not None}
        return found

    def _home(self, uscc: str) -> int:
        return partition_of(uscc, self._partitions)
