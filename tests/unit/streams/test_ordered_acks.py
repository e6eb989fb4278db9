"""Is nothing committed past a batch that is still being worked on?"""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.ordered_acks import Delivery, OrderedAcks, Seasoned

# Last offsets of successive batches: rising, with the holes of compaction and of transactions.
LAST_OFFSETS = st.lists(st.integers(0, 10_000), unique=True, min_size=1, max_size=60).map(sorted)


def delivered(acks: OrderedAcks, last_offsets: list[int]) -> list[Delivery]:
    """Deliver batches with these last offsets."""
    return [acks.deliver(offset) for offset in last_offsets]


@given(last_offsets=LAST_OFFSETS, seed=st.integers())
def test_a_commit_never_passes_an_unacknowledged_batch(last_offsets, seed):
    """After each acknowledgement, in any order, the oldest unacknowledged batch is uncommitted."""
    acks = OrderedAcks()
    deliveries = delivered(acks, last_offsets)

    for delivery in random.Random(seed).sample(deliveries, len(deliveries)):
        delivery.acked = True
        committable = acks.committable()
        waiting = [each.last_offset for each in deliveries if not each.acked]

        assert committable is None or not waiting or committable <= waiting[0]


@given(last_offsets=LAST_OFFSETS, seed=st.integers())
def test_all_acknowledged_commits_the_last_offset_plus_one(last_offsets, seed):
    """Whatever the order of acknowledgements, the end is the same: the last offset plus one."""
    acks = OrderedAcks()
    deliveries = delivered(acks, last_offsets)

    for delivery in random.Random(seed).sample(deliveries, len(deliveries)):
        delivery.acked = True

    assert acks.committable() == last_offsets[-1] + 1


@given(last_offsets=LAST_OFFSETS, acked=st.sets(st.integers(0, 59)))
def test_a_commit_ends_at_the_longest_acknowledged_beginning(last_offsets, acked):
    """What is committable is exactly the end of the acknowledged beginning, no less."""
    acks = OrderedAcks()
    for index, delivery in enumerate(delivered(acks, last_offsets)):
        delivery.acked = index in acked
    beginning = next((n for n in range(len(last_offsets)) if n not in acked), len(last_offsets))

    expected = last_offsets[beginning - 1] + 1 if beginning else None

    assert acks.committable() == expected


@given(last_offsets=LAST_OFFSETS, acked=st.sets(st.integers(0, 59)))
def test_nothing_is_kept_of_what_is_committable(last_offsets, acked):
    """Memory holds the batches from the first unacknowledged one on, and no others."""
    acks = OrderedAcks()
    for index, delivery in enumerate(delivered(acks, last_offsets)):
        delivery.acked = index in acked

    committable = acks.committable() or 0

    assert len(acks) == sum(offset >= committable for offset in last_offsets)


@given(last_offsets=LAST_OFFSETS)
def test_asking_twice_gives_the_same_answer(last_offsets):
    """A commit that got lost on its way is found again by asking again."""
    acks = OrderedAcks()
    for delivery in delivered(acks, last_offsets):
        delivery.acked = True

    assert acks.committable() == acks.committable()


@given(last_offsets=LAST_OFFSETS, offset=st.integers(0, 10_001))
def test_a_rewind_keeps_what_will_not_come_again(last_offsets, offset):
    """After a rewind, the unacknowledged batches before the new position still hold the commit."""
    acks = OrderedAcks()
    delivered(acks, last_offsets)

    acks.rewind(offset)
    acks.deliver(20_000).acked = True

    held = any(each < offset for each in last_offsets)
    assert acks.committable() == (None if held else 20_001)


def test_a_late_acknowledgement_says_nothing_about_the_second_delivery():
    """The same offsets delivered again must be acknowledged again."""
    acks = OrderedAcks()
    first = acks.deliver(99)
    acks.rewind(0)
    acks.deliver(99)

    first.acked = True

    assert acks.committable() is None


def test_a_replay_does_not_lower_the_commit():
    """Reading old records again, on purpose, does not take back what was committable."""
    acks = OrderedAcks()
    acks.deliver(99).acked = True
    before = acks.committable()
    acks.rewind(0)

    acks.deliver(49).acked = True

    assert acks.committable() == before == 100


@pytest.mark.parametrize("offset", [pytest.param(7, id="behind"), pytest.param(9, id="the same")])
def test_going_back_without_a_rewind_is_refused(offset):
    """Offsets rise while batches are in flight; a caller that goes back must say so."""
    acks = OrderedAcks()
    acks.deliver(9)

    with pytest.raises(ValueError, match=f"last_offset must be beyond 9, .* got {offset}"):
        acks.deliver(offset)


# (seconds since the last question, offsets acknowledged since, whether the store was seen alive)
QUESTIONS = st.lists(
    st.tuples(st.floats(0, 3), st.integers(0, 5), st.booleans()), min_size=1, max_size=50
)


@given(questions=QUESTIONS, after=st.floats(0, 4, exclude_min=True))
def test_nothing_is_ripe_that_a_dying_store_could_lose(questions, after):
    """What is ripe was acknowledged the given while before the store was last seen alive."""
    acknowledged = Seasoned()
    now, vouched, offset, seen = 0.0, 0.0, 0, []

    for passed, more, is_alive in questions:
        now, offset = now + passed, offset + more
        vouched = now if is_alive else vouched
        seen.append((now, offset))
        ripe = acknowledged.ripe(offset, now=now, vouched=vouched, after=after)

        safe = [one for at, one in seen if vouched - at >= after]
        assert ripe == max(safe, default=None)


def test_what_is_acknowledged_becomes_ripe_in_the_end():
    """No new acknowledgement is needed for the last one to be committed."""
    acknowledged = Seasoned()
    acknowledged.ripe(7, now=1.0, vouched=1.0, after=2.0)

    ripe = acknowledged.ripe(7, now=3.0, vouched=3.0, after=2.0)

    assert ripe == 7


def test_nothing_waits_for_a_store_that_loses_nothing():
    """What is acknowledged is ripe at once, whenever the store was last seen alive."""
    acknowledged = Seasoned()

    ripe = acknowledged.ripe(7, now=9.0, vouched=0.0, after=0.0)

    assert ripe == 7
