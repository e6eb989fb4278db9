"""Whoever publishes: each record arrives as it is, in order within its partition, or it is told.

One suite over the twin and over a real broker.
"""

import asyncio
import collections
import uuid

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from streams.broker_refusals import BrokerRefusedError
from streams.devstack.broker import BrokerKind
from streams.publisher import (
    BATCH_BYTES,
    KafkaPublisher,
    MemoryPublisher,
    NotPublishedError,
    Outgoing,
    Publisher,
    check_publisher,
)
from streams.topics import BrokerUnreachableError
from tests.contracts.test_enterprise_store import closed_port

PARTITIONS = 2
LARGEST = 4 * 1024 * 1024


@pytest.fixture
async def topic(own_broker):
    """Return a new topic of the broker."""
    name = f"contract-{uuid.uuid4().hex}"
    admin = AIOKafkaAdminClient(bootstrap_servers=own_broker.bootstrap)
    await admin.start()
    configs = {"max.message.bytes": str(LARGEST)}
    await admin.create_topics(
        [NewTopic(name, PARTITIONS, replication_factor=1, topic_configs=configs)]
    )
    await admin.close()
    return name


@pytest.fixture
async def kafka(own_broker):
    """Return a publisher to the broker."""
    idempotent = own_broker.kind is not BrokerKind.EMBEDDED
    publisher = KafkaPublisher(own_broker.bootstrap, idempotent=idempotent)
    await publisher.start()
    yield publisher
    await publisher.stop()


@pytest.fixture(params=["twin", "kafka"])
def publisher(request):
    """Return a publisher of each kind."""
    return MemoryPublisher() if request.param == "twin" else request.getfixturevalue("kafka")


@pytest.fixture
def arrived(publisher, own_broker, topic):
    """Return how to read what arrived on the topic, partition by partition."""

    async def twin(count):
        """Read the twin's memory."""
        assert len(publisher.records) == count
        found = collections.defaultdict(list)
        for record in publisher.records:
            found[record.partition].append((record.key, record.value, tuple(record.headers)))
        return found

    async def kafka(count):
        """Read the broker's log."""
        found = collections.defaultdict(list)
        consumer = AIOKafkaConsumer(
            bootstrap_servers=own_broker.bootstrap, max_partition_fetch_bytes=8 * LARGEST
        )
        await consumer.start()
        partitions = [TopicPartition(topic, number) for number in range(PARTITIONS)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        async with asyncio.timeout(20):
            for _ in range(count):
                record = await consumer.getone()
                found[record.partition].append((record.key, record.value, tuple(record.headers)))
        await consumer.stop()
        return found

    return twin if isinstance(publisher, MemoryPublisher) else kafka


def expected(records):
    """Return what must arrive, partition by partition."""
    found = collections.defaultdict(list)
    for record in records:
        found[record.partition].append((record.key, record.value, tuple(record.headers)))
    return found


async def holds(publisher: Publisher, topic, arrived, records):
    """Publish and see that all arrives as it is."""
    outgoing = [Outgoing(topic, *record) for record in records]

    await publisher.publish(outgoing)

    assert await arrived(len(outgoing)) == expected(outgoing)


async def test_key_value_and_headers_arrive_untouched(publisher, topic, arrived):
    """Bytes are bytes: no encoding, no order of headers, no repeated header is touched."""
    headers = (("a", b"\x00\xff"), ("b", b""), ("a", b"again"))
    await holds(
        publisher,
        topic,
        arrived,
        [
            (0, b"\x80k", b"\xff\x00v", headers),
            (1, "叶县".encode(), b"", ()),
            (0, b"tombstone", None, (("sanzao-cause", b"not_json"),)),
            (1, None, b"no key", ()),
            (0, None, None, (("sanzao-cause", b"not_json"),)),
        ],
    )


async def test_order_within_a_partition_is_kept(publisher, topic, arrived):
    """What was published first stands first, over several calls too."""
    first = [(n % PARTITIONS, b"k", b"%d" % n) for n in range(50)]
    await publisher.publish(Outgoing(topic, *record) for record in first)

    second = [Outgoing(topic, n % PARTITIONS, b"k", b"%d" % n) for n in range(50, 100)]
    await publisher.publish(second)

    found = await arrived(100)
    assert {place: [int(value) for _, value, _ in records] for place, records in found.items()} == {
        0: list(range(0, 100, 2)),
        1: list(range(1, 100, 2)),
    }


async def test_what_is_more_than_a_batch_is_split(publisher, topic, arrived):
    """Three megabytes for one partition arrive complete and in order."""
    value = bytes(10_000)
    count = 3 * BATCH_BYTES // len(value)

    await holds(publisher, topic, arrived, [(0, b"k", b"%06d" % n + value) for n in range(count)])


@pytest.mark.parametrize("place", [0, 1, 2])
async def test_a_record_larger_than_a_batch_goes_alone(publisher, topic, arrived, place):
    """One record of a megabyte and a half, wherever it stands, arrives in its place."""
    records = [(0, b"k", b"small %d" % n, ()) for n in range(3)]
    records[place] = (0, b"k", b"large" * (3 * BATCH_BYTES // 10), (("h", b"v"),))

    await holds(publisher, topic, arrived, records)


async def test_a_dead_letter_of_the_largest_record_fits(publisher, topic, arrived):
    """Two megabytes, the most that the event log takes, and the headers of a dead letter."""
    headers = (("sanzao-cause", b"too_large"), ("sanzao-detail", b"x" * 2000))

    await holds(publisher, topic, arrived, [(0, b"k", b"x" * 2 * 1024 * 1024, headers)])


async def test_nothing_to_publish_is_published(publisher, topic, arrived):
    """An empty batch is no mistake."""
    await holds(publisher, topic, arrived, [])


async def test_what_the_broker_cannot_take_is_told(kafka, own_broker, topic):
    """A record without a receipt raises; it is never dropped in silence."""
    if own_broker.kind is BrokerKind.EMBEDDED:
        pytest.skip("the embedded broker takes records of any size; run with --broker=apache")

    with pytest.raises(NotPublishedError, match="MessageSizeTooLarge"):
        await kafka.publish([Outgoing(topic, 0, b"k", bytes(2 * LARGEST))])


async def test_a_publisher_outlives_what_was_refused(kafka, own_broker, topic):
    """After a record without a receipt the next ones get theirs, in the same partition too.

    aiokafka has numbered the refused batch by then, and a broker takes no batch beyond a gap in
    an idempotent producer's numbers, ever.
    """
    if own_broker.kind is BrokerKind.EMBEDDED:
        pytest.skip("the embedded broker refuses nothing; run with --broker=apache")
    await kafka.publish([Outgoing(topic, 0, b"k", b"before")])
    with pytest.raises(NotPublishedError):
        await kafka.publish([Outgoing(topic, 0, b"k", bytes(2 * LARGEST))])

    await kafka.publish([Outgoing(topic, 0, b"k", b"after")])


async def test_the_twin_fails_when_told_to():
    """The twin raises the same error, publishes nothing then, and everything afterwards."""
    twin = MemoryPublisher(failures=1)
    record = Outgoing("t", 0, b"k", b"v")

    with pytest.raises(NotPublishedError):
        await twin.publish([record])
    await twin.publish([record])

    assert twin.to("t") == [record]
    assert twin.to("u") == []


async def test_a_broker_that_is_not_there_is_told_at_the_start():
    """A worker without a broker does not begin."""
    kafka = KafkaPublisher(f"127.0.0.1:{closed_port()}", idempotent=False)

    with pytest.raises(BrokerUnreachableError, match=r"kafka\.bootstrap"):
        await kafka.start()

    await kafka.stop()


def test_the_check_at_the_start_says_that_nobody_answers():
    """It runs before the worker's own loop, and raises what a terminal tells plainly."""
    with pytest.raises(BrokerUnreachableError, match=r"kafka\.bootstrap"):
        check_publisher(f"127.0.0.1:{closed_port()}", idempotent=True)


def test_the_check_at_the_start_says_that_the_broker_refuses(own_broker):
    """The embedded broker knows no idempotent producers; every other one takes them."""
    if own_broker.kind is not BrokerKind.EMBEDDED:
        check_publisher(own_broker.bootstrap, idempotent=True)
        return
    check_publisher(own_broker.bootstrap, idempotent=False)

    with pytest.raises(BrokerRefusedError, match=r"kafka\.idempotent"):
        check_publisher(own_broker.bootstrap, idempotent=True)
