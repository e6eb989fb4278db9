"""How does a month become official: frozen once, or imported, published, and never changed?

Every step can be repeated after a crash: a class is written once, records carry ids derived from
month and enterprise, and the head says how far it has come.
"""

import dataclasses
import datetime as dt
import enum
from collections.abc import AsyncIterator, Mapping, Sequence

import msgspec

from detectors import state as states
from detectors.expertise import Expertise
from detectors.official import (
    Correction,
    Difference,
    Month,
    OfficialClass,
    Source,
    correction,
    differences,
    frozen_class,
    imported_class,
)
from detectors.sampling_plan import SamplingPlan
from detectors.state import EnterpriseState
from detectors.told import Told
from streams.codec import envelope
from streams.official_store import Head, OfficialStore, Progress
from streams.publisher import Outgoing, Publisher, partition_of
from streams.state_scan import PIECE, StateScan, pieces, walk
from streams.store import EnterpriseStore
from streams.topics import Topic

OFFICIAL_TYPE = "class.official.v1"
CORRECTION_TYPE = "class.correction.v1"
FINAL = frozenset({Progress.CLOSED, Progress.PUBLISHED})


class MonthRefusedError(RuntimeError):
    """A month cannot be frozen, imported or exported as asked; the message says what to do."""


class Outcome(enum.StrEnum):
    """What has become of a month."""

    FROZEN = "frozen"
    IMPORTED = "imported"
    UNCHANGED = "unchanged"
    CORRECTED = "corrected"  # refused: the month stands, what it would have been is on record


@dataclasses.dataclass(frozen=True, slots=True)
class Report:
    """What was done with a month.

    Shapes:
        ``count`` enterprises are official; ``differing`` would be otherwise by now, of which
        ``corrections`` were recorded for the first time.
    """

    outcome: Outcome
    source: Source
    count: int
    differing: int = 0
    corrections: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class MonthEnd:
    """Everything that a month's end needs."""

    store: EnterpriseStore
    scan: StateScan
    official: OfficialStore
    publisher: Publisher
    expertise: Expertise
    plan: SamplingPlan
    partitions: int

    async def freeze(self, month: Month, *, now: dt.datetime) -> Report:
        """Freeze a month, or say what late events would have made of it.

        Raises:
            MonthRefusedError: the month is not over, or was frozen by another catalogue.
        """
        if now.timestamp() <= month.last_s:
            raise MonthRefusedError(
                f"{month} 尚未结束，请在次月（北京时间）冻结。{month} is not over yet; freeze it "
                f"after its last instant in China"
            )
        head = await self.official.head(month, Source.FROZEN)
        if head is not None and head.progress in FINAL:
            await self._published(head, month)
            return await self._corrected(head, month)
        head = await self._opened(month, Source.FROZEN, self._version(month), now)
        async for piece in self._anew(month):
            await self.official.put(piece)
        closed = await self._closed(head, month)
        await self._published(closed, month)
        return Report(Outcome.FROZEN, Source.FROZEN, closed.count)

    async def import_month(self, month: Month, told: Sequence[Told], *, now: dt.datetime) -> Report:
        """Take the province's result as the official class; our own stays beside it.

        Raises:
            MonthRefusedError: the month is not over, was imported before with another result, or
                E57 has told another one of some enterprise.
        """
        if now.timestamp() <= month.last_s:
            raise MonthRefusedError(
                f"{month} 尚未结束（北京时间），导入的等级不再改变，故未导入。请核对 --month 和文件"
                f"中的月份，更正后重试。{month} is not over yet, and an official class stands for "
                f"good: nothing was imported; correct --month and the month in the file"
            )
        head = await self.official.head(month, Source.IMPORTED)
        if head is not None and head.progress in FINAL:
            await self._refuse_other(month, told, head)
            await self._published(head, month)
            return Report(Outcome.UNCHANGED, Source.IMPORTED, head.count)
        if head is not None:
            await self._refuse_contradiction(month, told, head)
        versions = sorted({one.version for one in told})
        head = await self._opened(month, Source.IMPORTED, "、".join(versions), now)
        for piece in pieces(told):
            found = await self._states_of([one.uscc for one in piece])
            await self.official.put(
                [imported_class(one, found.get(one.uscc), self.plan, month) for one in piece]
            )
        closed = await self._closed(head, month, filed=len(told))
        await self._published(closed, month)
        differing = len([one async for one in self.differing(month)])
        return Report(Outcome.IMPORTED, Source.IMPORTED, closed.count, differing=differing)

    async def official_source(self, month: Month) -> Head:
        """Return which snapshot is the official one: the province's where there is one.

        While its results arrive one by one, ``count`` is of all that ``official_classes`` yields.

        Raises:
            MonthRefusedError: the month is neither frozen nor imported.
        """
        for source in (Source.IMPORTED, Source.FROZEN):
            head = await self.official.head(month, source)
            if head is not None and head.progress is Progress.ARRIVING:
                count = len([one async for one in self.official_classes(month, head)])
                return msgspec.structs.replace(head, count=count)
            if head is not None and head.progress in FINAL:
                return head
        raise MonthRefusedError(
            f"{month} 既未冻结也未导入，请先运行 sanzao classes freeze --month {month}。"
            f"{month} is neither frozen nor imported"
        )

    async def official_classes(self, month: Month, head: Head) -> AsyncIterator[OfficialClass]:
        """Yield what is official in a month, by partition and code.

        While the province's results arrive one by one, who has none yet keeps our own class.
        """
        if head.progress is not Progress.ARRIVING:
            async for one in self.classes(month, head.source):
                yield one
            return
        own = await self.official.head(month, Source.FROZEN)
        sources = [Source.IMPORTED]
        if own is not None and own.progress in FINAL:
            sources.append(Source.FROZEN)
        async for piece in self._pieces(month, sources):
            found = {
                uscc: one
                for source in reversed(sources)
                for uscc, one in (await self.official.get(month, source, piece)).items()
            }
            for uscc in piece:
                yield found[uscc]

    async def classes(self, month: Month, source: Source) -> AsyncIterator[OfficialClass]:
        """Yield the classes of a snapshot, by partition and code."""
        async for piece in self._pieces(month, [source]):
            found = await self.official.get(month, source, piece)
            for uscc in piece:
                yield found[uscc]

    async def differing(self, month: Month) -> AsyncIterator[Difference]:
        """Yield where our own snapshot and the province's differ; nothing where one is missing.

        Of results that arrive one by one, only those that have arrived are compared.
        """
        own_head = await self.official.head(month, Source.FROZEN)
        head = await self.official.head(month, Source.IMPORTED)
        if own_head is None or head is None:
            return
        sources = [Source.IMPORTED]
        if head.progress is not Progress.ARRIVING:
            sources.append(Source.FROZEN)
        async for piece in self._pieces(month, sources):
            own = await self.official.get(month, Source.FROZEN, piece)
            imported = await self.official.get(month, Source.IMPORTED, piece)
            for one in differences(own, imported):
                yield one

    async def _pieces(self, month: Month, sources: Sequence[Source]) -> AsyncIterator[list[str]]:
        """Yield the codes that any of the snapshots holds, by partition and code."""
        for partition in range(self.partitions):
            codes = {
                uscc
                for source in sources
                for uscc in await self.official.usccs(month, source, partition)
            }
            for piece in pieces(sorted(codes)):
                yield piece

    async def _anew(self, month: Month) -> AsyncIterator[list[OfficialClass]]:
        """Yield every class of a month as the facts have it now, in pieces."""
        piece: list[OfficialClass] = []
        async for uscc, state in walk(self.scan, self.store, partitions=self.partitions):
            one = frozen_class(uscc, state, self.expertise, self.plan, month)
            if one is not None:
                piece.append(one)
            if len(piece) >= PIECE:
                yield piece
                piece = []
        if piece:
            yield piece

    async def _corrected(self, head: Head, month: Month) -> Report:
        """Record what late events would have made of a frozen month; leave it as it is."""
        self._check_version(head, month)
        if await self._count(month, Source.FROZEN) != head.count:
            raise MonthRefusedError(
                f"{month} 的官方等级已超过保存期，以主题和已导出的文件为准。"
                f"{month} was frozen with {head.count} enterprises and the store no longer holds "
                f"them; the month stands as topic {Topic.CLASS} and the exported files have it"
            )
        differing = written = 0
        async for piece in self._anew(month):
            usccs = [one.uscc for one in piece]
            official = await self.official.get(month, Source.FROZEN, usccs)
            found = [late for one in piece if (late := correction(official.get(one.uscc), one))]
            known = await self.official.corrections(month, [one.uscc for one in found])
            fresh = [one for one in found if one.uscc not in known or known[one.uscc].id != one.id]
            differing += len(found)
            written += len(fresh)
            if fresh:
                await self.publisher.publish(
                    [correction_record(one, partitions=self.partitions) for one in fresh]
                )
                await self.official.remember(month, fresh)
        outcome = Outcome.CORRECTED if differing else Outcome.UNCHANGED
        return Report(outcome, Source.FROZEN, head.count, differing, written)

    async def _refuse_contradiction(self, month: Month, told: Sequence[Told], head: Head) -> None:
        """Refuse a file that says otherwise than E57 has said; what broke off is forgotten."""
        await self.official.discard(month, Source.IMPORTED)
        stored = {one.uscc: one async for one in self.classes(month, Source.IMPORTED)}
        others = [one.uscc for one in told if one.uscc in stored and not _is_same(stored, one)]
        if not others:
            return
        await self.official.write_head(
            msgspec.structs.replace(head, progress=Progress.ARRIVING, filed=0)
        )
        raise MonthRefusedError(
            f"文件与已逐户收到的省局结果（E57）不一致，共 {len(others)} 家："
            f"{'、'.join(others[:5])}；请从文件中去掉这些行，或请省局确认。"
            f"The file says otherwise than E57 events of {month}; a told class is never changed"
        )

    async def _refuse_other(self, month: Month, told: Sequence[Told], head: Head) -> None:
        stored = {one.uscc: one async for one in self.classes(month, Source.IMPORTED)}
        filed = head.filed or len(stored)
        same = len(told) == filed and all(_is_same(stored, one) for one in told)
        if not same:
            raise MonthRefusedError(
                f"{month} 已于 {head.begun_at:%Y-%m-%d} 导入 {head.count} 家，本文件与之不同；"
                f"官方月份不改，请省局在下一月更正。"
                f"{month} was imported on {head.begun_at:%Y-%m-%d} with {head.count} results and "
                f"the file says otherwise; an official month is never changed: ask the province "
                f"for corrections of the month that follows"
            )

    def _version(self, month: Month) -> str:
        """Return the version of the catalogue that decides a month."""
        return self.expertise.at(month.last_s).knowledge.version

    def _check_version(self, head: Head, month: Month) -> None:
        version = self._version(month)
        if head.catalogue_version != version:
            raise MonthRefusedError(
                f"{head.month} 按指标版本 {head.catalogue_version} 冻结，当前为 {version}；"
                f"请用 --knowledge 指定当时的知识目录。"
                f"{head.month} was frozen by catalogue {head.catalogue_version}, this is "
                f"{version}; pass that version's folder with --knowledge"
            )

    async def _opened(self, month: Month, source: Source, version: str, now: dt.datetime) -> Head:
        """Open a snapshot, from nothing: one that broke off may have had other facts or files."""
        await self.official.discard(month, source)
        head = Head(
            month=str(month),
            source=source,
            progress=Progress.OPEN,
            catalogue_version=version,
            sampling_version=self.plan.version,
            begun_at=now,
        )
        await self.official.write_head(head)
        return head

    async def _closed(self, head: Head, month: Month, *, filed: int = 0) -> Head:
        count = await self._count(month, head.source)
        closed = msgspec.structs.replace(head, progress=Progress.CLOSED, count=count, filed=filed)
        await self.official.write_head(closed)
        return closed

    async def _count(self, month: Month, source: Source) -> int:
        found = 0
        for partition in range(self.partitions):
            found += len(await self.official.usccs(month, source, partition))
        return found

    async def _published(self, head: Head, month: Month) -> None:
        """Publish a closed snapshot, unless it is out already, or the province's is official.

        While the province's results arrive one by one, ours is published of all others.
        """
        if head.progress is Progress.PUBLISHED:
            return
        classes = self.classes(month, head.source)
        imported = await self.official.head(month, Source.IMPORTED)
        if head.source is Source.FROZEN and imported is not None:
            if imported.progress is not Progress.ARRIVING:
                return
            classes = self.official_classes(month, imported)
        piece: list[Outgoing] = []
        async for one in classes:
            if one.source is head.source:
                piece.append(class_record(one, partitions=self.partitions))
            if len(piece) >= PIECE:
                await self.publisher.publish(piece)
                piece = []
        await self.publisher.publish(piece)
        await self.official.write_head(msgspec.structs.replace(head, progress=Progress.PUBLISHED))

    async def _states_of(self, usccs: Sequence[str]) -> dict[str, EnterpriseState]:
        """Return the states of these enterprises, as far as they have one."""
        by_partition: dict[int, list[str]] = {}
        for uscc in usccs:
            by_partition.setdefault(partition_of(uscc, self.partitions), []).append(uscc)
        found: dict[str, EnterpriseState] = {}
        for partition, codes in by_partition.items():
            loaded = await self.store.load(partition, codes)
            found |= {uscc: states.decode(raw) for uscc, raw in loaded.states.items()}
        return found


def class_record(one: OfficialClass, *, partitions: int) -> Outgoing:
    """Return the record that tells an official class; told again, it has the same id."""
    identity = f"official/{one.month}/{one.uscc}/{one.source.value}"
    return _record(one, OFFICIAL_TYPE, identity, partitions)


def correction_record(late: Correction, *, partitions: int) -> Outgoing:
    """Return the record that tells what an official class would have been."""
    return _record(late, CORRECTION_TYPE, late.id, partitions)


def _record(
    data: OfficialClass | Correction, type_: str, identity: str, partitions: int
) -> Outgoing:
    return Outgoing(
        Topic.CLASS.value,
        partition_of(data.uscc, partitions),
        data.uscc.encode(),
        envelope(
            type_,
            identity=identity,
            subject=data.uscc,
            time=dt.datetime.fromtimestamp(Month.of(data.month).last_s, dt.UTC),
            data=data,
        ),
    )


def _is_same(stored: Mapping[str, OfficialClass], told: Told) -> bool:
    """Return whether what is stored of an enterprise is what was told."""
    one = stored.get(told.uscc)
    return one is not None and (one.risk_class, one.score) == (told.risk_class, told.score)
