"""What do the agents put on each topic?  One small run of the code itself, over twins in memory.

Schemas, AsyncAPI and the examples of docs/interfaces.md are held against these records, so whoever
changes what is published sees it there.
"""

import asyncio
import dataclasses
import datetime as dt
import functools
import json
from collections.abc import Iterable, Sequence
from typing import Any

from alerts.delivery import MemoryChannel, Way
from alerts.notification_log import MemoryRows, NotificationLog
from config.schema import Settings
from detectors import events as e
from detectors import state as states
from detectors.official import Month
from detectors.warning import CHINA
from streams.assembly import build_wisdom
from streams.courier import Courier, Receipt
from streams.learning import LearningDesk, MemorySnapshots
from streams.metrics import Metrics
from streams.month_end import MonthEnd
from streams.neighbourhood import MemoryJunctions, NeighbourDesk
from streams.notifying import Notifier, receipt_record
from streams.official_store import MemoryOfficialStore
from streams.publisher import MemoryPublisher, Outgoing, partition_of
from streams.state_scan import MemoryScan
from streams.store import MemoryStore, Wake
from streams.teaching import Teacher
from streams.timers import deadline_record
from streams.topics import WARNING_TOPICS, Topic
from tests import builders as b
from tests import shell
from tests.townships import TOWNS, County
from tests.world import code

NAME = "叶县样例食品有限公司"
NOON = dt.datetime(2026, 7, 1, 12, tzinfo=CHINA)
MONTH = Month.of("2026-03")
PROVINCE = "urn:pingdingshan:data-sharing"
_NOT_OURS = {
    Topic.EVENT, Topic.DEAD, Topic.QUARANTINE, Topic.BOND, Topic.EXAMPLE, Topic.SNAPSHOT,
    Topic.EPOCH,
}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Record:
    """A record as a consumer reads it; ``said`` is its JSON, or None where it is none."""

    topic: Topic
    key: str
    value: bytes | None
    headers: dict[str, str]

    @property
    def said(self) -> Any:
        """Return what the value says, as JSON."""
        return json.loads(self.value or b"null")

    @property
    def is_published(self) -> bool:
        """Return whether it is a CloudEvent of ours, not an event or what could not be one."""
        return self.topic not in _NOT_OURS

    @property
    def type(self) -> str:
        """Return the type of a CloudEvent."""
        return str(self.said["type"])


@dataclasses.dataclass(frozen=True)
class Step:
    """Something that happened, and what went to the alert topics because of it."""

    what: str
    records: tuple[Record, ...]


@functools.cache
def life() -> tuple[Step, ...]:
    """Return two lives: one grows graver, is lowered and ends, one is taken back."""
    return asyncio.run(_life())


@functools.cache
def records() -> tuple[Record, ...]:
    """Return what the agents published, of every kind of message."""
    return asyncio.run(_records())


def _as_read(published: Iterable[Outgoing]) -> tuple[Record, ...]:
    return tuple(
        Record(
            Topic(one.topic),
            (one.key or b"").decode(),
            one.value,
            {name: text.decode() for name, text in one.headers},
        )
        for one in published
    )


_ADDED = e.AbnormalAdded(reason=1, place="410422001", doc_no="叶市监异〔2026〕7号")
_SIGNED = e.WarningHandled(
    warning_id="w-ebfdee62a9216731", state="acknowledged", measure="interview", domain="PUB",
    actor="yx-xy", authority="410422-XY",
)  # fmt: skip
# (day, what happened, the event's id, the payload)
_STORY: Sequence[tuple[float, str, str, e.Payload]] = (
    (1, "因未报年报列入经营异常名录", "added-1", _ADDED),
    (8, "又因登记住所无法联系列入", "added-4", e.AbnormalAdded(reason=4, place="410422001")),
    (9, "主办单位签收（E58）", "signed", _SIGNED),
    (20, "恢复联系，移出（住所无法联系）", "removed-4", e.AbnormalRemoved(reason=4)),
    (21, "补报年报，移出（未报年报）", "removed-1", e.AbnormalRemoved(reason=1)),
    (60, "再次列入", "again", _ADDED),
    (62, "列入决定被撤销（来源更正）", "mistake", b.revoked(_ADDED, "again")),
)


async def _life() -> tuple[Step, ...]:
    desk = shell.Shell()
    await desk.digest(shell.arrival(b.event(_founded(), name="founded")))
    steps = []
    for offset, (day, what, name, payload) in enumerate(_STORY, start=1):
        before = len(desk.publisher.records)
        happening = b.event(payload, day=day, name=name)
        await desk.digest(shell.arrival(happening, offset=offset))
        told = [
            one
            for one in _as_read(desk.publisher.records[before:])
            if one.topic in {*WARNING_TOPICS.values(), Topic.WARNING_STATE}
            and one.said["data"].get("family", "abnormal_list") == "abnormal_list"
        ]
        steps.append(Step(f"{happening.time:%m-%d} {what}", tuple(told)))
    return tuple(steps)


def _founded(**more: str) -> e.Established:
    return e.Established(
        name=NAME, established_on=dt.date(2015, 1, 1), industry="H6210", place="410422001", **more
    )


async def _records() -> tuple[Record, ...]:
    publisher = MemoryPublisher()
    await publisher.publish(await _assessed())
    await publisher.publish([deadline_record(Wake(b.USCC, b.at(3)), (), 0)])
    await publisher.publish(await _met(publisher.to(Topic.BOND.value)))
    await publisher.publish(await _learned(publisher.to(Topic.EXAMPLE.value)))
    await publisher.publish(await _frozen())
    await publisher.publish(await _surveyed())
    await publisher.publish(await _carried(publisher.to(Topic.INSPECTION.value)))
    told = [record for step in await _life() for record in step.records]
    return (*_as_read(publisher.records), *told)


async def _assessed() -> list[Outgoing]:
    """Return what the assessing agent says of an eventful year, and of what is no event."""
    desk = shell.Shell()
    bad = shell.Arrival(b"{", offset=90)
    mistyped = b.event(b.inspection(), subject="91410422MA3X1A2B84")
    happenings = [
        b.event(_founded(legal_rep=code(7)), name="founded"),
        b.event(b.inspection("passed", domain="CATER"), day=1),
        b.event(b.penalty("severe"), day=2),
        b.event(b.food_sample(number="S1"), day=3),
        b.event(b.food_sample(number="S2"), day=4),
        b.event(b.inspection(domain="CATER"), day=5),
        b.event(e.ClassOfMonth(period="2026-02", risk_class="B"), day=9, source=PROVINCE),
        b.event(e.ClassOfMonth(period="2026-02", risk_class="C"), day=10, source=PROVINCE),
    ]
    await desk.digest(*shell.arrivals(happenings), shell.arrival(mistyped, offset=80), bad)
    return desk.publisher.records


async def _met(bonds: Sequence[Outgoing]) -> list[Outgoing]:
    """Return what the junctions tell the neighbours."""
    publisher = MemoryPublisher()
    desk = NeighbourDesk(
        store=MemoryJunctions(), publisher=publisher, rules=b.expertise().knowledge.neighbours,
        epoch=1, partitions=shell.PARTITIONS, metrics=Metrics(),
    )  # fmt: skip
    await desk.digest(shell.batch(*_arrived(bonds), topic=Topic.BOND.value))
    return publisher.records


def _arrived(published: Sequence[Outgoing]) -> list[shell.Arrival]:
    return [
        shell.Arrival(one.value, key=one.key, offset=offset) for offset, one in enumerate(published)
    ]


async def _learned(examples: Sequence[Outgoing]) -> list[Outgoing]:
    """Return the models that come of the examples."""
    publisher = MemoryPublisher()
    teacher = Teacher(
        desk=LearningDesk(MemorySnapshots(), members=("sgd",)),
        publisher=publisher,
        partitions=shell.PARTITIONS,
        metrics=Metrics(),
    )
    taught = shell.batch(*_arrived(examples), topic=Topic.EXAMPLE.value)
    assert await teacher.digest([taught])
    return publisher.records


async def _frozen() -> list[Outgoing]:
    """Return the official class of a month, and its correction when a penalty comes late."""
    store, publisher, enterprise = MemoryStore(), MemoryPublisher(), b.Enterprise()
    place = partition_of(b.USCC, shell.PARTITIONS)
    end = MonthEnd(
        store=store, scan=MemoryScan(store), official=MemoryOfficialStore(shell.PARTITIONS),
        publisher=publisher, expertise=b.expertise(), plan=b.sampling_plan(),
        partitions=shell.PARTITIONS,
    )  # fmt: skip
    for data in (_founded(), b.penalty("severe", place="410422001")):
        enterprise.meets(b.event(data, day=3))
        store.states[place, b.USCC] = states.encode(enterprise.state)
        await end.freeze(MONTH, now=NOON)
    return publisher.records


async def _surveyed() -> list[Outgoing]:
    """Return what is said of a township with many restaurants in trouble."""
    county = County()
    county.fill(rough=TOWNS[:1])
    await county.survey()
    return county.publisher.records


async def _carried(warnings: Sequence[Outgoing]) -> list[Outgoing]:
    """Return the receipts of the messages about some warnings."""
    log = NotificationLog(MemoryRows())
    notifier = Notifier(
        desk=build_wisdom(Settings()).desk, log=log, publisher=MemoryPublisher(),
        metrics=Metrics(), now=lambda: NOON,
    )  # fmt: skip
    await notifier.digest(shell.batch(*_arrived(warnings), topic=Topic.INSPECTION.value))
    receipts: list[Receipt] = []

    async def keep(receipt: Receipt) -> None:
        receipts.append(receipt)

    channels = {way: MemoryChannel() for way in Way}
    await Courier(log, channels, clock=lambda: NOON, worker="w", on_receipt=keep).deliver_due()
    return [receipt_record(one, shell.PARTITIONS) for one in receipts]
