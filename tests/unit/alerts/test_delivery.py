"""What a send can come to is closed, and an address in a log is of no use to anybody."""

import datetime as dt

import pytest

from alerts.delivery import Cause, Delivered, MemoryChannel, TryAgain, Way, masked
from alerts.specimen import specimen_notification

NOON = dt.datetime(2026, 7, 1, 4, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("13812345678", "138****5678"),
        ("zhang.san@example.org", "z***@example.org"),
        ("12345", "****"),
        ("", "****"),
    ],
)
def test_addresses_are_masked(address, shown):
    """Enough to recognise an address, not enough to use it (domain §5.5)."""
    assert masked(address) == shown


def test_causes_are_fit_for_labels():
    """A metric label is lower case with underscores, and no two causes share one."""
    assert all(cause.value.replace("_", "").isalpha() for cause in Cause)
    assert all(cause.value == cause.value.lower() for cause in Cause)


async def test_the_twin_answers_as_it_was_told_and_then_delivers():
    """Outcomes come in turn; after the last the twin accepts."""
    channel = MemoryChannel(TryAgain(Cause.TIMEOUT))
    message = specimen_notification(Way.SMS, now=NOON)

    async def yes():
        """Hand over."""
        return True

    first = await channel.send(message, now=NOON, hand_over=yes)
    second = await channel.send(message, now=NOON, hand_over=yes)

    assert first == TryAgain(Cause.TIMEOUT)
    assert isinstance(second, Delivered)
    with pytest.raises(ValueError, match="was accepted twice"):
        await channel.send(message, now=NOON, hand_over=yes)
