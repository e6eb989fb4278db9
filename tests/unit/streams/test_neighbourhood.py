"""Does a changed tie become its signals, none lost and none that acts twice, whatever fails?"""

import dataclasses

import msgspec
import pytest

from detectors import events as e
from detectors import junction as junctions
from detectors.neighbours import BondChanged, Relation
from detectors.state import IncompatibleStateError
from detectors.trouble import CALM, Trouble
from streams import agents
from streams.metrics import Metrics
from streams.neighbourhood import MemoryJunctions, NeighbourDesk, change_record
from streams.publisher import partition_of
from streams.store import StoreUnavailableError
from streams.topics import Topic
from tests import builders as b
from tests import shell
from tests.shell import ACKNOWLEDGED, PARTITIONS, PUBLISHED, STORED, Arrival, JournalPublisher
from tests.world import code, rules

GRAVE = Trouble(1.0, b.at(0))


def bond(number, offset=0, *, junction=7, trouble=CALM, partition=2, relation=Relation.LEGAL_REP):
    """Return a change of an enterprise's bond."""
    return BondChanged(
        junction=junction, member=code(number), relation=relation, linked=True, fresh=not offset,
        hears=True, speaks=True, since=b.at(0), strength=1.0, trouble=trouble, at=b.at(0),
        cause=f"urn:a/{number}-{offset}", epoch=1, partition=partition, offset=offset,
    )  # fmt: skip


@dataclasses.dataclass(slots=True)
class Junctions(MemoryJunctions):
    """The twin; it notes that it wrote, and can fail before or after, or let another write first.

    ``lost_answers`` writes reach Redis, and their answer is lost.
    """

    journal: list[str] = dataclasses.field(default_factory=list)
    refused_writes: int = 0
    lost_answers: int = 0
    interlopers: list = dataclasses.field(default_factory=list)

    async def write(self, partition, *, before, after, junctions):
        """Write, or fail as told."""
        if self.refused_writes:
            self.refused_writes -= 1
            raise StoreUnavailableError("told to fail before the write")
        if self.interlopers:
            await self.interlopers.pop()()
        await MemoryJunctions.write(
            self, partition, before=before, after=after, junctions=junctions
        )
        self.journal.append(STORED)
        if self.lost_answers:
            self.lost_answers -= 1
            raise StoreUnavailableError("told to fail after the write")


class Desk:
    """The neighbours agent's hands over twins."""

    def __init__(self, store=None, publisher=None, *, owned_for=1000, knowing=None):
        """Own the partition for as long as it is asked so often."""
        self.journal = []
        self.store = store or Junctions()
        self.publisher = publisher or JournalPublisher()
        self.store.journal = self.publisher.journal = self.journal
        self.metrics = Metrics()
        self.naps = []
        self.left = owned_for
        self.desk = NeighbourDesk(
            store=self.store, publisher=self.publisher, rules=knowing or rules(), epoch=1,
            partitions=PARTITIONS, metrics=self.metrics, sleep=self._nap,
            is_current=lambda _batch: self._is_ours(),
        )  # fmt: skip

    def _is_ours(self):
        self.left -= 1
        return self.left >= 0

    async def _nap(self, seconds):
        self.naps.append(seconds)

    async def digest(self, *changes, first=0):
        """Process one batch; return whether it may be acknowledged."""
        return await self.desk.digest(batch(*changes, first=first))

    def said(self):
        """Return the signals published, as (id, to whom, ended)."""
        events = [e.decode(one.value) for one in self.publisher.to(Topic.EVENT.value)]
        return [(one.id, one.subject, one.data.ended) for one in events]

    def counted(self, name, **labels):
        """Return the value of a series."""
        return self.metrics.registry.get_sample_value(name, labels)


def batch(*changes, first=0):
    """Return the batch that these changes make on their topic."""
    records = [change_record(change, PARTITIONS) for change in changes]
    return shell.batch(
        *(Arrival(one.value, key=one.key, offset=first + n) for n, one in enumerate(records)),
        topic=Topic.BOND.value,
    )


async def test_signals_are_published_then_stored_then_acknowledged():
    """Nothing is acknowledged before it is stored, nothing stored before it is published."""
    here = Desk()

    await shell.run(here.desk.digest, batch(bond(0), bond(1, trouble=GRAVE)), journal=here.journal)

    assert here.journal == [PUBLISHED, STORED, ACKNOWLEDGED]
    assert [who for _, who, _ in here.said()] == [code(0)]


async def test_a_signal_is_an_event_in_the_neighbour_s_own_partition():
    """It goes where the neighbour's events come from, keyed by its code, and reads as an event."""
    here = Desk()

    await here.digest(bond(0, partition=3), bond(1, trouble=GRAVE))

    (record,) = here.publisher.to(Topic.EVENT.value)
    assert (record.partition, record.key) == (3, code(0).encode())
    assert e.decode(record.value).data.neighbour == code(1)


async def test_where_the_partition_is_not_known_it_follows_from_the_code():
    """A branch that its head office named gets its signals where producers would send them."""
    here = Desk()

    await here.digest(bond(0, partition=-1), bond(1, trouble=GRAVE))

    (record,) = here.publisher.to(Topic.EVENT.value)
    assert record.partition == partition_of(code(0), PARTITIONS)


@pytest.mark.parametrize(
    ("store", "publisher", "part"),
    [
        pytest.param({"failures": 3}, {}, "redis", id="Redis answers no read"),
        pytest.param({"refused_writes": 3}, {}, "redis", id="Redis takes no write"),
        pytest.param({}, {"failures": 3}, "kafka", id="no receipt from the broker"),
    ],
)
async def test_an_outage_is_waited_out(store, publisher, part):
    """What fails for an outside reason is tried again, with growing pauses, and loses nothing."""
    here = Desk(Junctions(**store), JournalPublisher(**publisher))

    done = await here.digest(bond(0), bond(1, trouble=GRAVE))

    assert done
    assert len({one for one, _, _ in here.said()}) == 1
    assert here.naps == sorted(here.naps)
    assert here.counted("sanzao_retries_total", part=part) == 3


async def test_a_crash_between_publishing_and_writing_repeats_the_same_ids():
    """The batch comes again and says again what it said: the receivers know the ids."""
    first = Desk(Junctions(refused_writes=1), owned_for=1)
    assert not await first.digest(bond(0), bond(1, trouble=GRAVE))
    second = Desk(first.store)

    await second.digest(bond(0), bond(1, trouble=GRAVE))

    assert second.said() == first.said() != []


async def test_a_crash_after_writing_says_nothing_again():
    """A batch that was written and not acknowledged is recognised when it comes again."""
    here = Desk(Junctions(lost_answers=1))

    await here.digest(bond(0), bond(1, trouble=GRAVE))

    assert len(here.said()) == 1
    assert here.counted("sanzao_bonds_total", outcome="replayed") == 2


async def test_batches_cut_anew_say_the_same():
    """What is said does not depend on where a fetch ended."""
    changes = [bond(0), bond(1, trouble=GRAVE), bond(2), bond(1, 1), bond(2, 1, trouble=GRAVE)]
    whole, single = Desk(), Desk()

    await whole.digest(*changes)
    for offset, change in enumerate(changes):
        await single.digest(change, first=offset)

    assert whole.said() == single.said()
    assert whole.store.raws == single.store.raws


async def test_a_worker_that_lost_its_partition_overwrites_nothing():
    """Another worker wrote in between: this one is fenced, reads anew, and finds all done."""
    here = Desk()
    other = Desk(MemoryStoreView(here.store))
    here.store.interlopers.append(lambda: other.digest(bond(0), bond(1, trouble=GRAVE), first=5))

    done = await here.digest(bond(0), bond(1, trouble=GRAVE))

    assert done
    assert here.store.fences[0] == b"1/6"
    assert here.counted("sanzao_batches_fenced_total") == 1
    assert {one for one, _, _ in here.said()} == {one for one, _, _ in other.said()}


class MemoryStoreView:
    """Another worker's connection to the same store."""

    def __init__(self, store):
        """Share the bytes, not the switches."""
        self._twin = MemoryJunctions(store.fences, store.raws)
        self.journal = []

    async def load(self, partition, numbers):
        """Return the stored junctions."""
        return await self._twin.load(partition, numbers)

    async def write(self, partition, *, before, after, junctions):
        """Write a batch whole, or refuse it."""
        await self._twin.write(partition, before=before, after=after, junctions=junctions)


async def test_what_is_no_bond_is_buried_and_the_rest_goes_on():
    """A record that cannot be read is kept, bytes untouched; its neighbours in the batch count."""
    here = Desk()
    sound = batch(bond(0), bond(1, trouble=GRAVE))
    records = [Arrival(b"{", key=b"k", offset=9), *sound.records]

    done = await here.desk.digest(shell.batch(*records, topic=Topic.BOND.value))

    assert done
    (dead,) = here.publisher.to(Topic.DEAD.value)
    assert (dead.value, dict(dead.headers)["sanzao-cause"]) == (b"{", b"invalid")
    assert len(here.said()) == 1


async def test_a_fault_of_ours_is_buried_and_the_rest_goes_on():
    """A bond that makes our own code fail goes to the dead letters; others are met."""
    here = Desk()
    absurd = msgspec.structs.replace(bond(2, trouble=GRAVE), at=10**15)

    done = await here.digest(
        bond(0), absurd, bond(3, junction=8), bond(4, junction=8, trouble=GRAVE)
    )

    assert done
    (dead,) = here.publisher.to(Topic.DEAD.value)
    assert dict(dead.headers)["sanzao-cause"] == b"crash"
    assert [who for _, who, _ in here.said()] == [code(3)]


async def test_a_foreign_junction_ends_the_process_unacknowledged():
    """Junctions of another version are not overwritten: an operator must act."""
    here = Desk()
    here.store.raws[0, 7] = junctions.encode(junctions.Junction(schema=99))

    stream = await shell.run(here.desk.digest, batch(bond(0)))

    assert (stream.acknowledged, stream.ended) == ([], [agents.EXIT_LOST])
    with pytest.raises(IncompatibleStateError):
        await here.digest(bond(0))


async def test_who_does_not_own_the_partition_does_nothing():
    """A batch of a partition that went elsewhere is left to the other worker."""
    here = Desk(owned_for=0)

    assert not await here.digest(bond(0))
    assert here.journal == []


async def test_an_empty_junction_leaves_no_key():
    """When all that was remembered has been forgotten, nothing stays in Redis."""
    here = Desk()
    old = msgspec.structs.replace(bond(0, relation=Relation.FILED_BY, junction=9), since=1)

    await here.digest(old)

    assert here.store.raws == {}


async def test_signals_are_counted_by_relation_and_phase():
    """Prometheus sees what began and what ended, and who was beyond the fan-out."""
    narrow = msgspec.structs.replace(rules(), fan_out=1)
    here = Desk(knowing=narrow)

    await here.digest(bond(0), bond(2), bond(1, trouble=GRAVE), bond(1, 1))

    labels = {"relation": "legal_rep"}
    assert here.counted("sanzao_neighbour_signals_total", phase="begun", **labels) == 1
    assert here.counted("sanzao_neighbour_signals_total", phase="ended", **labels) == 1
    assert here.counted("sanzao_neighbours_cut_total") == 1


def test_a_junction_has_one_partition():
    """All changes of one junction go to one partition, whoever tells them."""
    records = [change_record(bond(n, junction=12345), PARTITIONS) for n in range(9)]

    assert len({(one.topic, one.partition, one.key) for one in records}) == 1
