"""Are states that were kept in memory used only while nobody else can have written them?"""

from hypothesis import given
from hypothesis import strategies as st

from detectors import events as e
from detectors.state import EnterpriseState
from streams.state_cache import StateCache
from tests import builders as b
from tests import shell
from tests.shell import JournalStore, Shell


class CountingStore(JournalStore):
    """The store's twin, which notes what it was asked for."""

    async def load(self, partition, usccs):
        """Load, and note it."""
        self.asked = [*getattr(self, "asked", []), list(usccs)]
        return await super().load(partition, usccs)


def penalties(count):
    """Return events of one enterprise, each a fact of its own."""
    return [b.event(b.penalty(offence=f"o{n}"), day=n, name=f"p{n}") for n in range(count)]


async def test_what_one_wrote_is_not_read_again():
    """The second batch of an enterprise asks the store for the fence alone."""
    here = Shell(store=CountingStore())
    first, second = shell.arrivals(penalties(2))

    await here.digest(first)
    await here.digest(second)

    assert here.store.asked == [[b.USCC], []]
    assert len(here.state().facts) == 2


async def test_what_another_worker_wrote_is_read():
    """After another worker has had the partition, its states count and not the kept ones."""
    one = Shell()
    other = Shell(store=one.store)
    first, second, third = shell.arrivals(penalties(3))
    await one.digest(first)

    await other.digest(second)
    await one.digest(third)

    assert len(one.state().facts) == 3


async def test_an_outage_leaves_nothing_to_be_trusted():
    """Whether a failed write was written is not known, so the states are read again."""
    here = Shell(store=CountingStore())
    first, second = shell.arrivals(penalties(2))
    await here.digest(first)
    here.store.refused_writes = 1

    await here.digest(second)

    assert here.store.asked == [[b.USCC], [], [b.USCC]]
    assert len(here.state().facts) == 2


@given(
    batches=st.lists(st.sampled_from(["one", "other"]), min_size=1, max_size=12),
)
async def test_two_workers_in_turn_come_to_what_one_comes_to(batches):
    """However a partition wanders between two workers, no event is lost or counted twice."""
    one = Shell()
    workers = {"one": one, "other": Shell(store=one.store)}
    alone = Shell()
    happenings = shell.arrivals(
        [
            b.event(e.BasicChanged(field="name", after=f"第{n}名"), day=n, name=f"n{n}")
            for n in range(len(batches))
        ]
    )

    for worker, record in zip(batches, happenings, strict=True):
        await workers[worker].digest(record)
        await alone.digest(record)

    assert one.store.states == alone.store.states


def test_a_full_cache_starts_anew():
    """Memory is bounded: beyond the limit the kept states go, and the new ones stay."""
    cache = StateCache(max_states=2)
    cache.keep(0, b"1/1", {"a": EnterpriseState(), "b": EnterpriseState()})

    cache.keep(0, b"1/2", {"c": EnterpriseState()})

    assert set(cache.states(0)) == {"c"}
    assert cache.is_vouched_for(0, b"1/2")


def test_a_partition_that_was_dropped_is_not_vouched_for():
    """What was forgotten is neither there nor vouched for; other partitions stay."""
    cache = StateCache()
    cache.keep(0, b"1/1", {"a": EnterpriseState()})
    cache.keep(1, b"1/7", {"b": EnterpriseState()})

    cache.drop(0)

    assert (dict(cache.states(0)), cache.is_vouched_for(0, b"1/1")) == ({}, False)
    assert set(cache.states(1)) == {"b"}
