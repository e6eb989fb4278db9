"""Which topics are there, and how are they kept?  Created explicitly, never by accident."""

import dataclasses
import enum
import time

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewTopic
from kafka.errors import KafkaError, TopicAlreadyExistsError

from detectors.measure import Measure
from streams import clock

DAY_MS = 86_400_000
MAX_EVENT_RECORD = 2 * 1024 * 1024
# A dead letter is the record that could not be read, plus headers: it must always fit.
MAX_DEAD_RECORD = 4 * 1024 * 1024
EPOCH_KEY = b"enterprise.event.v1"
EPOCH_WAIT_S = 15.0
# Who mistyped the address hears of it soon; a broker that still starts is waited for by compose.
BOOTSTRAP_MS = 5_000


class Topic(enum.StrEnum):
    """Every topic that sanzao reads or writes."""

    EVENT = "enterprise.event.v1"
    DEAD = "enterprise.event.v1.dlq"
    QUARANTINE = "enterprise.event.v1.quarantine"
    RISK = "enterprise.risk.v1"
    CLASS = "enterprise.class.v1"
    REMINDER = "warning.reminder.v1"
    WARNING = "warning.warning.v1"
    INTERVIEW = "warning.interview.v1"
    INSPECTION = "warning.inspection.v1"
    WARNING_STATE = "warning.state.v1"
    BOND = "neighbour.bond.v1"
    EXAMPLE = "model.example.v1"
    SNAPSHOT = "model.snapshot.v1"
    NOTIFICATION = "notification.v1"
    CLUSTER = "cluster.v1"
    EPOCH = "log.epoch.v1"


WARNING_TOPICS = {
    Measure.REMINDER: Topic.REMINDER,
    Measure.WARNING: Topic.WARNING,
    Measure.INTERVIEW: Topic.INTERVIEW,
    Measure.INSPECTION: Topic.INSPECTION,
}
COMPACTED = frozenset({Topic.RISK, Topic.WARNING_STATE, Topic.SNAPSHOT, Topic.EPOCH})
SINGLE = frozenset({Topic.EPOCH, Topic.DEAD, Topic.QUARANTINE})
# The log and its epoch come first, one upon the other: nothing else may fail between them.
_IN_ORDER = tuple(dict.fromkeys((Topic.EPOCH, Topic.EVENT, *Topic)))


class TopicsMissingError(RuntimeError):
    """The broker lacks topics and this process may not create them.

    Operator action: run ``sanzao topics create`` with an account that may.
    """


class PartitionsDifferError(RuntimeError):
    """The settings speak of another number of partitions than the event log has.

    Operator action: set kafka.partitions to the log's own; enterprises keep their partition.
    """


class BrokerUnreachableError(RuntimeError):
    """No broker answers; the operator checks kafka.bootstrap and the network."""


@dataclasses.dataclass(frozen=True, slots=True)
class Plan:
    """How the topics are to be kept.

    Units:
        ``retention_days`` of the event log and the alert topics; dead letters stay as long.
    """

    partitions: int
    replication: int
    retention_days: int

    def partitions_of(self, topic: Topic) -> int:
        """Return how many partitions a topic has: the event log's, or one."""
        return 1 if topic in SINGLE else self.partitions

    def configs_of(self, topic: Topic) -> dict[str, str]:
        """Return the broker's settings of a topic."""
        largest = MAX_DEAD_RECORD if topic in (Topic.DEAD, Topic.QUARANTINE) else MAX_EVENT_RECORD
        configs = {"max.message.bytes": str(largest)}
        if self.replication >= 3:  # noqa: PLR2004 - one may fail, two must hold
            configs["min.insync.replicas"] = "2"
        if topic in COMPACTED:
            return configs | {"cleanup.policy": "compact"}
        return configs | {
            "cleanup.policy": "delete",
            "retention.ms": str(self.retention_days * DAY_MS),
        }


def create_topics(bootstrap: str, plan: Plan) -> list[str]:
    """Create what is missing; return the names created.

    Where the event log is new, a new epoch is written at once: states of an older log then no
    longer look as if they had seen these offsets.

    Raises:
        BrokerUnreachableError: nobody answers at ``bootstrap``.
    """
    admin = _admin(bootstrap)
    try:
        existing = set(admin.list_topics())
        created = []
        for topic in _IN_ORDER:
            if topic in existing:
                continue
            new = NewTopic(
                topic.value,
                num_partitions=plan.partitions_of(topic),
                replication_factor=plan.replication,
                topic_configs=plan.configs_of(topic),
            )
            try:
                admin.create_topics([new], raise_errors=True)
            except TopicAlreadyExistsError:  # another worker was quicker
                continue
            created.append(topic.value)
            if topic is Topic.EVENT:
                _write_epoch(bootstrap)
    finally:
        admin.close()
    return created


def missing_topics(bootstrap: str) -> list[str]:
    """Return the names that the broker lacks."""
    admin = _admin(bootstrap)
    try:
        existing = set(admin.list_topics())
    finally:
        admin.close()
    return [topic.value for topic in Topic if topic not in existing]


def check_partitions(bootstrap: str, partitions: int) -> None:
    """See that the event log has as many partitions as the settings say, if there is one.

    Raises:
        BrokerUnreachableError: nobody answers at ``bootstrap``.
        PartitionsDifferError: it has more or fewer; states would be looked for in wrong places.
    """
    try:
        consumer = KafkaConsumer(
            bootstrap_servers=bootstrap, group_id=None, bootstrap_timeout_ms=BOOTSTRAP_MS
        )
    except KafkaError as error:
        raise BrokerUnreachableError(unreachable(bootstrap, error)) from error
    try:
        there = len(consumer.partitions_for_topic(Topic.EVENT.value) or ())
    finally:
        consumer.close()
    if there not in {0, partitions}:
        raise PartitionsDifferError(
            f"kafka.partitions is {partitions}, topic {Topic.EVENT} at {bootstrap} has {there}; "
            f"set SANZAO_KAFKA__PARTITIONS={there}"
        )


def unreachable(bootstrap: str, error: Exception) -> str:
    """Return what to tell of a broker that nobody reaches."""
    return (
        f"no Kafka broker answers at {bootstrap} ({type(error).__name__}); check kafka.bootstrap "
        f"(SANZAO_KAFKA__BOOTSTRAP) and that the broker runs"
    )


def read_epoch(bootstrap: str, *, wait_s: float = EPOCH_WAIT_S) -> int:
    """Return the epoch of the event log: the last record of the epoch topic.

    Whoever creates the event log writes it a moment later, so an empty topic is waited for.

    Raises:
        TopicsMissingError: no epoch appeared; the topics were not made by ``topics create``.
    """
    consumer = KafkaConsumer(
        bootstrap_servers=bootstrap,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    try:
        consumer.assign([TopicPartition(Topic.EPOCH.value, 0)])
        consumer.seek_to_beginning()
        deadline = time.monotonic() + wait_s
        epoch = 0
        while time.monotonic() < deadline:
            polled = consumer.poll(timeout_ms=500)
            for records in polled.values():
                epoch = max(epoch, *(int(record.value) for record in records))
            if epoch and not polled:
                return epoch
        if epoch:
            return epoch
    finally:
        consumer.close()
    raise TopicsMissingError(
        f"topic {Topic.EPOCH} holds no epoch; run 'sanzao topics create' (it writes one)"
    )


def ensure_epoch(bootstrap: str, *, wait_s: float = EPOCH_WAIT_S) -> int:
    """Return the epoch of the event log; write one where the log was made without.

    For an operator alone: of two workers that both wrote one, each would apply the other's events
    a second time.
    """
    try:
        return read_epoch(bootstrap, wait_s=wait_s)
    except TopicsMissingError:
        _write_epoch(bootstrap)
        return read_epoch(bootstrap)


def _write_epoch(bootstrap: str) -> None:
    epoch = int(clock.now().timestamp())
    producer = KafkaProducer(bootstrap_servers=bootstrap, acks="all")
    try:
        producer.send(Topic.EPOCH.value, key=EPOCH_KEY, value=str(epoch).encode()).get(timeout=30)
    finally:
        producer.close()


def _admin(bootstrap: str) -> KafkaAdminClient:
    try:
        return KafkaAdminClient(bootstrap_servers=bootstrap, bootstrap_timeout_ms=BOOTSTRAP_MS)
    except KafkaError as error:
        raise BrokerUnreachableError(unreachable(bootstrap, error)) from error
