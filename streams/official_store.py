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
DISCARD_AT_ONCE = 500
# A class that was told by itself is written once; a file's draft gives way to it (ARGV[1] is 1
# while a file is being imported).  ARGV: that, seconds to keep, then code, row, code, row ...
_TELL = """
local stands = {}
for i = 3, #ARGV, 2 do
  local row = redis.call('HGET', KEYS[1], ARGV[i])
  if not row or (ARGV[1] == '1' and cmsgpack.unpack(row)[9] ~= true) then
    row = ARGV[i + 1]
    redis.call('HSET', KEYS[1], ARGV[i], row)
  end
  stands[#stands + 1] = row
end
redis.call('EXPIRE', KEYS[1], ARGV[2])
return stands
"""
_PACK = msgspec.msgpack.Encoder().encode
_CORRECTION = msgspec.msgpack.Decoder(Correction)


class Progress(enum.StrEnum):
    """How far a snapshot has come."""

    OPEN = "open"
    ARRIVING = "arriving"  # told one by one (E57): each stands at once, nobody says which is last
    CLOSED = "closed"  # immutable from here on
    PUBLISHED = "published"  # and the topic has it


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a month's snapshot from one source.

    Shapes:
        ``count`` enterprises stood in it when it was closed; ``filed`` of them in the file that
        was imported (0: no file).
    """

    month: str
    source: Source
    progress: Progress
    catalogue_version: str
    sampling_version: str
    begun_at: dt.datetime
    count: int = 0
    filed: int = 0

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
    is_single: bool = False  # told by itself, not by a file that may yet break off


_ROW = msgspec.msgpack.Decoder(_Row)


def _stored(one: OfficialClass, *, is_single: bool = False) -> bytes:
    """Return an official class as bytes; ``domain`` and ``ratio`` are those of the first draw."""
    return _PACK(
        _Row(
            one.risk_class.value, one.score, "" if one.name == one.uscc else one.name,
            one.floor_cause, one.catalogue_version, one.place, one.industry,
            tuple(
                (d.domain, d.ratio, d.why, d.due.value, d.last_inspected, d.rests_until)
                for d in one.draws
            ),
            is_single,
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

    async def begin(self, head: Head) -> Head:
        """Write a head where there is none; return the one that stands."""

    async def put(self, classes: Sequence[OfficialClass]) -> None:
        """Write official classes; who is there already stays as he is."""

    async def tell(
        self, month: Month, classes: Sequence[OfficialClass], *, over_drafts: bool
    ) -> Sequence[OfficialClass]:
        """Write imported classes of a month that were told one by one; return what stands.

        Who is there already stays as he is.  Only while a file is being imported
        (``over_drafts``) its classes give way: it may break off, what was told has been told.
        """

    async def discard(self, month: Month, source: Source) -> None:
        """Forget the classes of a snapshot that was never closed, but for those told singly."""

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
    singles: set[tuple[str, str]] = dataclasses.field(default_factory=set)
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

    async def begin(self, head: Head) -> Head:
        """Write a head where there is none; return the one that stands."""
        return self.heads.setdefault((head.month, head.source), head)

    async def put(self, classes: Sequence[OfficialClass]) -> None:
        """Write official classes; who is there already stays as he is."""
        for one in classes:
            self.classes.setdefault((one.month, one.source), {}).setdefault(one.uscc, one)

    async def tell(
        self, month: Month, classes: Sequence[OfficialClass], *, over_drafts: bool
    ) -> Sequence[OfficialClass]:
        """Write imported classes of a month that were told one by one; return what stands."""
        there = self.classes.setdefault((str(month), Source.IMPORTED), {})
        for one in classes:
            single = (str(month), one.uscc)
            if one.uscc not in there or (over_drafts and single not in self.singles):
                there[one.uscc] = one
                self.singles.add(single)
        return [there[one.uscc] for one in classes]

    async def discard(self, month: Month, source: Source) -> None:
        """Forget the classes of a snapshot that was never closed, but for those told singly."""
        there = self.classes.pop((str(month), source), {})
        kept = {one for one in there if (str(month), one) in self.singles}
        if source is Source.IMPORTED and kept:
            self.classes[str(month), source] = {one: there[one] for one in kept}

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
        self._tell = redis.register_script(_TELL)

    async def head(self, month: Month, source: Source) -> Head | None:
        """Return what is known of a snapshot, or None where none was begun."""
        raw = await asked(self._redis.hget(MONTHS, f"{month}/{source.value}"))
        return msgspec.json.decode(raw, type=Head) if raw else None

    async def write_head(self, head: Head) -> None:
        """Write how far a snapshot has come."""
        raw = msgspec.json.encode(head).decode()
        await asked(self._redis.hset(MONTHS, head.field, raw))

    async def begin(self, head: Head) -> Head:
        """Write a head where there is none; return the one that stands."""
        raw = msgspec.json.encode(head).decode()
        await asked(self._redis.hsetnx(MONTHS, head.field, raw))
        stands = await self.head(Month.of(head.month), head.source)
        return stands or head

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

    async def tell(
        self, month: Month, classes: Sequence[OfficialClass], *, over_drafts: bool
    ) -> Sequence[OfficialClass]:
        """Write imported classes of a month that were told one by one; return what stands."""
        by_partition: dict[int, list[OfficialClass]] = {}
        for one in classes:
            by_partition.setdefault(self._home(one.uscc), []).append(one)
        stands: dict[str, OfficialClass] = {}
        for partition, some in by_partition.items():
            key = official_key(partition, str(month), Source.IMPORTED.value)
            pairs = [part for one in some for part in (one.uscc, _stored(one, is_single=True))]
            raws = await asked(self._tell(keys=[key], args=[int(over_drafts), KEEP_S, *pairs]))
            for one, raw in zip(some, raws, strict=True):
                stands[one.uscc] = _read(raw, one.uscc, month=month, source=Source.IMPORTED)
        return [stands[one.uscc] for one in classes]

    async def discard(self, month: Month, source: Source) -> None:
        """Forget the classes of a snapshot that was never closed, but for those told singly."""
        for partition in range(self._partitions):
            key = official_key(partition, str(month), source.value)
            cursor = 0
            while True:
                cursor, rows = await asked(self._redis.hscan(key, cursor, count=DISCARD_AT_ONCE))
                drafts = [code for code, raw in rows.items() if not _ROW.decode(raw).is_single]
                if drafts:
                    await asked(self._redis.hdel(key, *drafts))
                if not cursor:
                    break

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
