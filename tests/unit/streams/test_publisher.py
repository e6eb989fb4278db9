"""Does a key find the partition that every other producer would choose?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.publisher import KafkaPublisher, Outgoing, partition_of


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
