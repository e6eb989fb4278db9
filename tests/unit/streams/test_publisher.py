"""Does a key find the partition that every other producer would choose?"""

import asyncio

import pytest
from aiokafka.errors import MessageSizeTooLargeError, OutOfOrderSequenceNumber
from hypothesis import given
from hypothesis import strategies as st

from streams.publisher import KafkaPublisher, NotPublishedError, Outgoing, partition_of


@pytest.mark.parametrize(
    ("key", "hashed"),
    [
        # org.apache.kafka.common.utils.UtilsTest.testMurmur2
        pytest.param("21", -973932308, id="two bytes"),
        pytest.param("foobar", -790332482, id="six bytes"),
        pytest.param("a-little-bit-long-string", -985981536, id="a long key"),
        pytest.param("a-little-bit-longer-string", -1486304829, id="a longer key"),
        pytest.param("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971, id="very long"),
    ],
)
def test_the_hash_is_that_of_the_java_client(key, hashed):
    """A source in Java and ``sanzao publish`` put an enterprise into the same partition."""
    assert partition_of(key, 2**31) == hashed & 0x7FFFFFFF


@given(key=st.text(max_size=40), partitions=st.integers(1, 100))
def test_a_partition_exists(key, partitions):
    """Whatever the key, its partition is one of those there are."""
    assert 0 <= partition_of(key, partitions) < partitions


async def test_nothing_is_published_before_the_start():
    """A publisher that was not started says so at once."""
    publisher = KafkaPublisher("127.0.0.1:1", idempotent=True)

    with pytest.raises(AssertionError, match=r"start\(\) comes first"):
        await publisher.publish([Outgoing("t", 0, b"k", b"v")])

    await publisher.stop()


class NumberingProducer:
    """As aiokafka's idempotent producer: after one refused batch the broker takes no other."""

    def __init__(self):
        """Begin with whole numbers, and nothing published."""
        self.taken = []
        self.has_gap = self.is_stopped = False

    async def start(self):
        """Connect to nothing."""

    async def stop(self):
        """Note that it was closed."""
        self.is_stopped = True

    def create_batch(self):
        """Return a batch that takes everything."""
        return FreeBatch()

    async def send_batch(self, batch, *_, **__):
        """Refuse what says so, and whatever comes after a gap in the numbers."""
        await asyncio.sleep(0)
        receipt = asyncio.get_running_loop().create_future()
        if self.has_gap:
            receipt.set_exception(OutOfOrderSequenceNumber())
        elif b"refused" in batch.values:
            self.has_gap = True
            receipt.set_exception(MessageSizeTooLargeError())
        else:
            self.taken += batch.values
            receipt.set_result(None)
        return receipt


class FreeBatch:
    """A batch of any size."""

    def __init__(self):
        """Hold nothing."""
        self.values = []

    def append(self, *, value, **_):
        """Take a record."""
        self.values.append(value)
        return True

    def close(self):
        """Take no more."""

    def record_count(self):
        """Return how many records it holds."""
        return len(self.values)


class Renewing(KafkaPublisher):
    """A publisher over producers that number their batches."""

    def __init__(self):
        """Keep the producers, in order."""
        super().__init__("127.0.0.1:1", idempotent=True)
        self.producers = []

    def _new_producer(self):
        self.producers.append(NumberingProducer())
        return self.producers[-1]


async def test_a_producer_that_failed_is_replaced():
    """After a refusal the next record goes through a new producer, and the old one is closed."""
    publisher = Renewing()
    await publisher.start()
    with pytest.raises(NotPublishedError, match="MessageSizeTooLarge"):
        await publisher.publish([Outgoing("t", 0, b"k", b"refused")])

    await publisher.publish([Outgoing("t", 0, b"k", b"after")])
    await publisher.stop()

    assert [one.taken for one in publisher.producers] == [[], [b"after"]]
    assert all(one.is_stopped for one in publisher.producers)


async def test_one_failure_replaces_one_producer():
    """Two batches that fail together cost one producer, not two."""
    publisher = Renewing()
    await publisher.start()

    failed = await asyncio.gather(
        *(publisher.publish([Outgoing("t", n, b"k", b"refused")]) for n in range(2)),
        return_exceptions=True,
    )
    await publisher.publish([Outgoing("t", 0, b"k", b"after")])

    assert [type(one) for one in failed] == [NotPublishedError] * 2
    assert len(publisher.producers) == 2
