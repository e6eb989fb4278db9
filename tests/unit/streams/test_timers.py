"""Is every deadline told, once, in time, and without keeping a source's event waiting?"""

import collections
import datetime as dt
import itertools

import pytest

from config.schema import Settings
from config.schema import Timers as TimersSection
from detectors import events as e
from detectors.warning import CHINA
from streams.assembly import build_timers
from streams.codec import decode_record
from streams.metrics import Metrics
from streams.progress import CatchUp, Reading
from streams.publisher import MemoryPublisher, NotPublishedError
from streams.store import MemoryStore, Wake
from streams.timers import SOURCE, EventTime, Pace, Timers, WallTime, deadline_record
from tests import builders as b
from tests import shell

JULY = dt.datetime(2026, 7, 1, tzinfo=CHINA)
JULY_S = int(JULY.timestamp())
STEP_S = 0.01
COMMIT_EVERY_S = 0.5


def firms(count, *, at=JULY_S):
    """Return so many enterprises that want to be woken at one moment."""
    return {f"U{number:017}": at for number in range(count)}


class Broker(MemoryPublisher):
    """A broker that hands what is published to the log; it may fail, or lose its receipts."""

    def __init__(self, bureau):
        """Know the log."""
        super().__init__()
        self.bureau = bureau
        self.lost_receipts = 0
        self.refused_partitions = set()

    async def publish(self, records):
        """Append, or fail before it, or after it."""
        records = list(records)
        if {one.partition for one in records} & self.refused_partitions:
            raise NotPublishedError("no leader")
        await super().publish(records)
        self.bureau.take(records)
        if self.lost_receipts:
            self.lost_receipts -= 1
            raise NotPublishedError("told to lose the receipts")


class Bureau:
    """A worker's partitions in virtual time: sources write, the assessor reads what is there.

    ``moves_to`` is where a deadline's event moves its wake (0: away; None: nowhere).  It reads
    every ``lump_s``; positions are committed every half second, as they are in a worker.
    """

    def __init__(
        self,
        wakes,
        *,
        start=JULY,
        per_second=0,
        digests=10_000,
        partitions=(0,),
        moves_to=0,
        lump_s=STEP_S,
    ):
        """Begin with these wakes in each of the partitions."""
        self.time = start.timestamp()
        self.began = self.time
        self.store = MemoryStore(timers={part: dict(wakes) for part in partitions})
        self.broker = Broker(self)
        self.metrics = Metrics()
        self.owned = list(partitions)
        self.known_end = True
        self.signs_of_life = []
        self.told = []
        self.waits = []
        self.digests = digests
        self._per_second = per_second
        self._moves_to = moves_to
        self._lump_s = lump_s
        self._sources_s = 0.0
        self._queues = {part: collections.deque() for part in partitions}
        self._ends = dict.fromkeys(partitions, 0)
        self._committed = dict.fromkeys(partitions, 0)
        self.timers = self.worker()

    def worker(self, *, clock="wall", **pace):
        """Return the timers of a worker that has just started."""
        caught_up = CatchUp(self, self.now)
        chosen = {
            "wall": WallTime(caught_up, lateness_s=0),
            "events": EventTime(self.store, lateness_s=0),
        }
        return Timers(
            store=self.store,
            publisher=self.broker,
            progress=self,
            clock=chosen[clock],
            caught_up=caught_up,
            unsure=self._unsure,
            metrics=self.metrics,
            now=self.now,
            alive=self._alive,
            sleep=self.sleep,
            pace=Pace(**pace),
        )

    def now(self):
        """Return the virtual wall clock."""
        return dt.datetime.fromtimestamp(self.time, dt.UTC)

    def partitions(self):
        """Return what this worker owns."""
        return tuple(self.owned)

    def reading(self, partition):
        """Return how far a partition is read, as the consumer knows it."""
        if not self.known_end:
            return None
        return Reading(self._ends[partition], self._committed[partition])

    def backlog(self, count, partition=0):
        """Let events stand on the log that nobody has read yet."""
        for _ in range(count):
            self._append(partition, self.time)

    async def run(self, *, seconds, timers=None):
        """Let the timers run for so long."""
        until = self.time + seconds
        await (timers or self.timers).run(lambda: self.time >= until)

    async def sleep(self, seconds):
        """Let time pass: sources write, the assessor reads."""
        until = self.time + max(seconds, STEP_S)
        while self.time < until - 1e-9:
            self.time += STEP_S
            self._write()
            for partition, queue in self._queues.items():
                self._digest(partition, queue)

    def take(self, records):
        """Append what was published to the log."""
        for record in records:
            self.told.append((self.time, e.decode(record.value)))
            self._append(record.partition, record)

    def ids(self):
        """Return how often each deadline was told."""
        return collections.Counter(event.id for _, event in self.told)

    def _append(self, partition, what):
        self._queues[partition].append(what)
        self._ends[partition] += 1

    def _write(self):
        self._sources_s += STEP_S * self._per_second
        while self._sources_s >= 1:
            self._sources_s -= 1
            for partition in self._queues:
                self._append(partition, self.time)

    def _digest(self, partition, queue):
        room = round(self.digests * self._lump_s) if self._is_time(self._lump_s) else 0
        for _ in range(min(len(queue), room)):
            what = queue.popleft()
            if isinstance(what, float):
                self.waits.append(self.time - what)
            elif self._moves_to:
                self.store.timers[partition][what.key.decode()] = self._moves_to
            elif self._moves_to == 0:
                self.store.timers[partition].pop(what.key.decode(), None)
        if self._is_time(COMMIT_EVERY_S):
            self._committed[partition] = self._ends[partition] - len(queue)

    def _is_time(self, every_s):
        return round(self.time / STEP_S) % round(every_s / STEP_S) == 0

    async def _unsure(self, now):
        return () if now < JULY_S + 3600 else ("annual_report",)

    def _alive(self):
        self.signs_of_life.append(self.time)


def test_the_event_of_a_deadline_is_one_that_the_core_reads():
    """Key, subject, moment, id and late feeds stand where the assessor looks for them."""
    record = deadline_record(Wake(b.USCC, JULY_S), ("permits",), 3)

    event = decode_record(shell.Arrival(record.value, key=record.key))
    assert (record.topic, record.partition) == ("enterprise.event.v1", 3)
    assert (event.id, event.source, event.time) == (f"{b.USCC}/{JULY_S}", SOURCE, JULY)
    assert event.data == e.DeadlineFellDue(due=JULY_S, silent_feeds=("permits",))


async def test_the_burst_of_july_starves_no_source():
    """Case 12: 50,000 fall due in one second, told once at a bounded rate; sources hardly wait.

    The assessor reads 10,000 events a second here, so the thousand deadlines that may be under
    way cost a source's event a tenth of a second at the most.
    """
    bureau = Bureau(firms(50_000), per_second=500)

    await bureau.run(seconds=60)

    seconds = collections.Counter(int(at) for at, _ in bureau.told)
    assert set(bureau.ids().values()) == {1}
    assert len(bureau.told) == 50_000
    assert max(seconds.values()) <= 5000 + 500
    assert max(bureau.waits) <= 0.15
    assert bureau.told[-1][0] - bureau.began <= 20
    assert bureau.metrics.registry.get_sample_value("sanzao_deadlines_total") == 50_000


async def test_only_so_many_are_under_way():
    """While nothing is read, no more than the window is told, and it is filled."""
    bureau = Bureau(firms(5000), digests=0)

    await bureau.run(seconds=60)

    assert len(bureau.told) == Pace().window


async def test_an_assessor_that_reads_in_lumps_is_kept_at_work():
    """While the window is full, the timers look again soon, not at the next poll."""
    bureau = Bureau(firms(20_000), lump_s=0.3)

    await bureau.run(seconds=30)

    assert len(bureau.told) == 20_000
    assert bureau.told[-1][0] - bureau.began <= 12


async def test_a_wake_that_has_moved_on_is_over():
    """The state has its next moment: the old one is neither told again nor held under way."""
    bureau = Bureau(firms(10) | {"LATER": JULY_S + 300}, moves_to=JULY_S + 86_400)

    await bureau.run(seconds=600)

    assert set(bureau.ids().values()) == {1}
    assert len(bureau.told) == 11


async def test_a_burst_in_many_partitions_is_told_in_turns():
    """No partition waits for another one's burst to end."""
    bureau = Bureau(firms(5000), partitions=(0, 1, 2, 3))

    await bureau.run(seconds=30)

    first = bureau.broker.records[:2000]
    assert {record.partition for record in first} == {0, 1, 2, 3}
    assert collections.Counter(record.partition for record in bureau.broker.records) == (
        dict.fromkeys((0, 1, 2, 3), 5000)
    )


@pytest.mark.parametrize("clock", ["wall", "events"])
async def test_nothing_is_told_twice_while_its_event_is_unread(clock):
    """An assessor that stands still for an hour finds each deadline once."""
    bureau = Bureau(firms(300), digests=0)
    bureau.store.clocks[0] = JULY_S
    timers = bureau.worker(clock=clock)

    await bureau.run(seconds=3600, timers=timers)
    bureau.digests = 10_000
    await bureau.run(seconds=60, timers=timers)

    assert set(bureau.ids().values()) == {1}
    assert len(bureau.told) == 300
    assert not bureau.store.timers[0]


async def test_what_was_read_and_led_nowhere_is_told_again_ever_later():
    """A wake that its own event does not move is told after 1, 2, 4 ... minutes, and counted."""
    bureau = Bureau(firms(1), moves_to=None)

    await bureau.run(seconds=1000)

    at = [moment - bureau.began for moment, _ in bureau.told]
    gaps = [round((later - sooner) / 60) for sooner, later in itertools.pairwise(at)]
    assert gaps == [1, 2, 4, 8]
    assert len(bureau.ids()) == 1
    assert bureau.metrics.registry.get_sample_value("sanzao_deadlines_again_total") == 4


async def test_a_restarted_worker_reads_before_it_tells():
    """By the wall clock a new worker first reads what the old one told, and repeats nothing."""
    bureau = Bureau(firms(300), digests=0)
    await bureau.run(seconds=10)

    again = bureau.worker()
    await bureau.run(seconds=10, timers=again)
    bureau.digests = 10_000
    await bureau.run(seconds=10, timers=again)

    assert set(bureau.ids().values()) == {1}
    assert len(bureau.told) == 300


async def test_a_restart_repeats_at_most_once_under_the_same_id():
    """By the events' clock a crash between told and read tells once more, and no more."""
    bureau = Bureau(firms(300), digests=0)
    bureau.store.clocks[0] = JULY_S
    await bureau.run(seconds=10, timers=bureau.worker(clock="events"))

    again = bureau.worker(clock="events")
    await bureau.run(seconds=600, timers=again)
    bureau.digests = 10_000
    await bureau.run(seconds=10, timers=again)

    assert set(bureau.ids().values()) == {2}
    assert not bureau.store.timers[0]


async def test_a_backlog_is_read_before_anything_is_judged_absent():
    """A worker that was down over the deadline reads what came meanwhile, then tells."""
    bureau = Bureau(firms(10), digests=1000)
    bureau.backlog(5000)

    await bureau.run(seconds=20)

    assert len(bureau.told) == 10
    assert bureau.told[0][0] - bureau.began >= 5


async def test_under_steady_load_deadlines_are_told_nevertheless():
    """A partition that is never read to its end is read up to a moment, and that is enough."""
    bureau = Bureau(firms(10, at=JULY_S + 5), per_second=3000, digests=4000)

    await bureau.run(seconds=20)

    assert len(bureau.told) == 10
    assert 5 <= bureau.told[0][0] - bureau.began <= 8


async def test_nothing_is_told_before_the_end_of_the_log_is_known():
    """Before its first fetch a worker cannot know whether it has a backlog."""
    bureau = Bureau(firms(10))
    bureau.known_end = False

    await bureau.run(seconds=20)

    assert bureau.told == []


async def test_nothing_is_told_before_its_time():
    """A deadline is told once its moment is there, not earlier, and within a poll of it."""
    bureau = Bureau(firms(1, at=JULY_S + 10))

    await bureau.run(seconds=30)

    assert 10 <= bureau.told[0][0] - bureau.began <= 12


async def test_the_events_clock_knows_no_wall():
    """A year of wall time lets nothing fall due; the latest event of the partition does."""
    bureau = Bureau(firms(1), start=JULY + dt.timedelta(days=365))
    timers = bureau.worker(clock="events")
    await bureau.run(seconds=5, timers=timers)
    bureau.store.clocks[0] = JULY_S - 1
    await bureau.run(seconds=5, timers=timers)
    before = len(bureau.told)

    bureau.store.clocks[0] = JULY_S
    await bureau.run(seconds=5, timers=timers)

    assert (before, len(bureau.told)) == (0, 1)


@pytest.mark.parametrize("clock", ["wall", "events"])
async def test_the_settings_choose_clock_and_lateness(clock):
    """Ten seconds of allowed lateness hold a deadline back by ten seconds, by either clock."""
    bureau = Bureau(firms(1))
    settings = Settings(timers=TimersSection(clock=clock, lateness_s=10, per_second=77))
    timers = build_timers(
        settings, store=bureau.store, publisher=bureau.broker, progress=bureau,
        feeds=b.feed_watch(), metrics=bureau.metrics, now=bureau.now, alive=lambda: None,
    )  # fmt: skip
    bureau.store.clocks[0] = JULY_S

    untils = [await timers.clock.until(0), timers.pace.per_second]

    assert untils == [JULY_S - 10, 77]


async def test_feeds_are_judged_as_of_what_falls_due():
    """The event carries the feeds that were late by the clock it fell due by."""
    bureau = Bureau(firms(1) | {"LATER": JULY_S + 7200})

    await bureau.run(seconds=7300)

    silent = {event.subject: event.data.silent_feeds for _, event in bureau.told}
    assert silent == {"U" + "0" * 17: (), "LATER": ("annual_report",)}


async def test_who_has_lost_a_partition_says_nothing():
    """Lost between reading what is due and telling it: no event leaves."""
    bureau = Bureau(firms(10))
    due = bureau.store.due

    async def lost_meanwhile(partition, *, until, limit):
        """Lose the partition while Redis answers."""
        found = await due(partition, until=until, limit=limit)
        bureau.owned.clear()
        return found

    bureau.timers.store = type(
        "Slow", (), {"due": staticmethod(lost_meanwhile), "wakes": bureau.store.wakes}
    )()
    await bureau.run(seconds=5)

    assert bureau.told == []


async def test_what_was_under_way_is_forgotten_with_the_partition():
    """Who gets a partition back begins anew; the next owner's events stand on the log."""
    bureau = Bureau(firms(10), digests=0)
    await bureau.run(seconds=5)
    bureau.owned.clear()

    await bureau.run(seconds=5)

    assert bureau.timers._under_way == {}


async def test_redis_down_is_waited_for():
    """Every failure is a sign of life and a retry; when Redis is back, all are told."""
    bureau = Bureau(firms(10), partitions=(0, 1, 2))
    bureau.store.failures = 30

    await bureau.run(seconds=10)
    signs = len(bureau.signs_of_life)
    await bureau.run(seconds=10)

    assert set(bureau.ids().values()) == {3}
    assert len(bureau.told) == 30
    assert signs >= 30
    retries = bureau.metrics.registry.get_sample_value("sanzao_retries_total", {"part": "redis"})
    assert retries == 30


async def test_kafka_down_is_waited_for():
    """What has no receipt is told again, at once, under the same id."""
    bureau = Bureau(firms(10), digests=0)
    bureau.broker.failures = 5
    bureau.broker.lost_receipts = 2

    await bureau.run(seconds=60)

    assert set(bureau.ids().values()) == {3}
    assert len(bureau.ids()) == 10
    retries = bureau.metrics.registry.get_sample_value("sanzao_retries_total", {"part": "kafka"})
    assert retries == 7


async def test_a_partition_that_cannot_be_told_keeps_no_other_waiting():
    """One partition without a leader: the others' deadlines are told."""
    bureau = Bureau(firms(10), partitions=(0, 1))
    bureau.broker.refused_partitions = {0}

    await bureau.run(seconds=10)

    assert {record.partition for record in bureau.broker.records} == {1}
    assert len(bureau.told) == 10


async def test_an_outage_of_a_partition_is_told_once(caplog):
    """Each second another line for each partition would hide every other one."""
    bureau = Bureau(firms(10), partitions=(0, 1))
    bureau.broker.refused_partitions = {0}
    await bureau.run(seconds=10)
    bureau.broker.refused_partitions = set()

    await bureau.run(seconds=10)

    assert [one.getMessage().partition("。")[0] for one in caplog.records] == [
        "期限暂缓，恢复后自动继续",
        "期限恢复计算",
    ]


async def test_the_delay_shows_what_is_overdue():
    """The age of the oldest deadline that no state has met is shown, and zero when all are met."""
    bureau = Bureau(firms(10, at=JULY_S - 600), digests=0)
    name = "sanzao_deadline_delay_seconds"
    await bureau.run(seconds=2)
    during = bureau.metrics.registry.get_sample_value(name)

    bureau.digests = 10_000
    await bureau.run(seconds=10)

    assert during >= 600
    assert bureau.metrics.registry.get_sample_value(name) == 0


@pytest.mark.parametrize(
    "pace", [{"per_second": 5, "batch": 500}, {"poll_s": 300.0}], ids=["slow pace", "rare polls"]
)
async def test_a_wait_that_is_meant_is_no_stall(pace):
    """However slow the settings, a sign of life comes every second: the watchdog lets it live."""
    bureau = Bureau(firms(600))

    await bureau.run(seconds=200, timers=bureau.worker(**pace))

    signs = bureau.signs_of_life
    assert max(later - sooner for sooner, later in itertools.pairwise(signs)) <= 1.1
