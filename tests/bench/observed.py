"""What is there when the work is done: in Redis, on the topics, with the people?"""

import collections
import dataclasses
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

import msgspec
import redis
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition

from alerts.notification_row import Row, RowState
from detectors import learned
from detectors import state as states
from detectors.learned import Snapshot
from detectors.state import EnterpriseState
from streams.devstack.stack import Stack, fetch_json
from streams.keys import SNAPSHOTS, log_key, timers_key
from streams.publisher import partition_of
from streams.redis_notification_log import OPEN_KEY, UNCERTAIN_KEY, UNTOLD_KEY, row_key
from streams.store import offset_of
from streams.topics import Topic, read_epoch

GROUP = "sanzao"
STATE_KEY = re.compile(rb"sanzao:\{p(\d+)\}:state:(.+)")
CARD_KEY = re.compile(rb"sanzao:\{p(\d+)\}:card:(.+)")
# An embedded broker's end offsets are wrong: a topic is at its end when nothing comes any more.
QUIET_POLLS = 5


class Carried(Protocol):
    """What of a consumed record is looked at."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]


class NotDoneError(RuntimeError):
    """The work was not finished within its time; the message says how far it came."""


@dataclasses.dataclass(frozen=True, slots=True)
class Observed:
    """What was found.

    Shapes:
        ``records`` by topic; ``mails`` and ``texts`` count deliveries by the id of the message;
        ``rows`` says where each message stands in the outbox.
    """

    states: Mapping[str, EnterpriseState]
    misplaced: int
    cards: frozenset[str]
    records: Mapping[str, Sequence[Carried]]
    mails: collections.Counter[str]
    texts: collections.Counter[str]
    rows: Mapping[str, RowState]
    uncertain: frozenset[str]
    snapshots: Mapping[str, Snapshot]


@dataclasses.dataclass(slots=True)
class Observer:
    """The eyes on one running stack."""

    stack: Stack
    store: Any = None
    admin: Any = None
    epoch: int = 0

    def __post_init__(self) -> None:
        self.epoch = read_epoch(self.stack.broker.bootstrap)
        self.store = redis.Redis.from_url(self.stack.redis_url)
        self.admin = KafkaAdminClient(bootstrap_servers=self.stack.broker.bootstrap)

    def close(self) -> None:
        """Hang up."""
        self.admin.close()
        self.store.close()

    def fences(self) -> tuple[int, ...]:
        """Return the offset behind which each partition of the event log is stored, -1: none."""
        keys = [log_key(partition) for partition in range(self.stack.partitions)]
        return tuple(offset_of(raw or b"", self.epoch) for raw in self.store.mget(keys))

    def committed(self) -> dict[tuple[str, int], int]:
        """Return the offsets that the workers have acknowledged to the broker."""
        found = self.admin.list_group_offsets(GROUP)[GROUP]
        return {(tp.topic, tp.partition): one.offset for tp, one in found.items()}

    def await_committed(self, ends: Mapping[tuple[str, int], int], *, within_s: float) -> None:
        """Wait until everything before ``ends`` (last offset plus one) has been acknowledged.

        Raises:
            NotDoneError: it was not, in time.
        """
        self._await(
            lambda: [
                f"{topic}[{partition}] {done.get((topic, partition), 0)} of {end}"
                for done in [self.committed()]
                for (topic, partition), end in ends.items()
                if done.get((topic, partition), 0) < end
            ],
            what="records not acknowledged",
            within_s=within_s,
        )

    def await_messages(self, *, within_s: float) -> None:
        """Wait until no message is open and every receipt is published.

        Raises:
            NotDoneError: some were, at the end.
        """
        self._await(
            lambda: [
                f"{key} {count}"
                for key in (OPEN_KEY, UNTOLD_KEY)
                if (count := self.store.zcard(key))
            ],
            what="outbox not empty",
            within_s=within_s,
        )

    def await_asleep(self, moment: int, *, within_s: float) -> None:
        """Wait until no enterprise wants to be woken at or before a moment (event time, seconds).

        Raises:
            NotDoneError: some did, at the end.
        """
        self._await(
            lambda: [
                f"partition {partition}: {count}"
                for partition in range(self.stack.partitions)
                if (count := self.store.zcount(timers_key(partition), "-inf", moment))
            ],
            what="deadlines not told",
            within_s=within_s,
        )

    def _await(self, left: Any, *, what: str, within_s: float) -> None:
        deadline = time.monotonic() + within_s
        while missing := left():
            if time.monotonic() > deadline:
                raise NotDoneError(f"{what} after {within_s:g} s: {', '.join(missing)}")
            time.sleep(0.1)

    def read(self, topics: Iterable[str]) -> dict[str, list[Carried]]:
        """Return every record of the topics, partition by partition in order."""
        return read_topics(self.stack.broker.bootstrap, topics)

    def look(self, topics: Iterable[str]) -> Observed:
        """Return all that is there."""
        found, misplaced = self._states()
        mails: Any = fetch_json(f"{self.stack.mailbox.url}/api/messages")
        texts: Any = fetch_json(f"{self.stack.gateway.url}/api/messages")
        snapshots = self.store.hgetall(SNAPSHOTS)
        return Observed(
            states=found,
            misplaced=misplaced,
            cards=frozenset(
                match[2].decode()
                for key in self.store.scan_iter("sanzao:{p*}:card:*", count=5000)
                if (match := CARD_KEY.fullmatch(key))
            ),
            records=self.read(topics),
            mails=collections.Counter(
                mail["headers"].get("X-Sanzao-Notification", "") for mail in mails
            ),
            texts=collections.Counter(text["out_id"] for text in texts),
            rows=self._rows(),
            uncertain=frozenset(one.decode() for one in self.store.zrange(UNCERTAIN_KEY, 0, -1)),
            snapshots={name.decode(): learned.decode(raw) for name, raw in snapshots.items()},
        )

    def _states(self) -> tuple[dict[str, EnterpriseState], int]:
        keys = list(self.store.scan_iter("sanzao:{p*}:state:*", count=5000))
        found: dict[str, EnterpriseState] = {}
        misplaced = 0
        for key, raw in zip(keys, self.store.mget(keys) if keys else (), strict=True):
            match = STATE_KEY.fullmatch(key)
            assert match is not None
            uscc = match[2].decode()
            misplaced += int(match[1]) != partition_of(uscc, self.stack.partitions)
            misplaced += uscc in found
            found[uscc] = states.decode(raw)
        return found, misplaced

    def _rows(self) -> dict[str, RowState]:
        pattern = row_key("*")
        decoder = msgspec.msgpack.Decoder(Row)
        keys = list(self.store.scan_iter(pattern, count=5000))
        pipeline = self.store.pipeline(transaction=False)
        for key in keys:
            pipeline.hget(key, "body")
        rows = [decoder.decode(body) for body in pipeline.execute() if body is not None]
        return {row.id: row.state for row in rows}


def read_topics(bootstrap: str, topics: Iterable[str]) -> dict[str, list[Carried]]:
    """Return every record of the topics; the end is where nothing comes any more."""
    names = list(topics)
    found: dict[str, list[Carried]] = {name: [] for name in names}
    consumer = KafkaConsumer(
        bootstrap_servers=bootstrap,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_poll_records=5000,
        fetch_max_wait_ms=100,
        max_partition_fetch_bytes=8 * 1024 * 1024,
    )
    try:
        consumer.assign(
            [
                TopicPartition(name, partition)
                for name in names
                for partition in consumer.partitions_for_topic(name) or ()
            ]
        )
        consumer.seek_to_beginning()
        quiet = 0
        while quiet < QUIET_POLLS:
            polled = consumer.poll(timeout_ms=400)
            quiet = 0 if polled else quiet + 1
            for tp, records in polled.items():
                found[tp.topic] += records
    finally:
        consumer.close()
    return found


ALL_OUTPUTS = tuple(topic.value for topic in Topic if topic not in (Topic.EVENT, Topic.EPOCH))
