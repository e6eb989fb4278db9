"""Does the worker survey once a day, told once whoever does it, and out of everybody's way?"""

import asyncio
import datetime as dt
import gc
import time

import pytest

from config.schema import Settings, Survey
from config.schema import Timers as TimersSection
from detectors.warning import CHINA
from streams import surveying
from streams.assembly import build_daily_survey
from streams.metrics import Metrics
from streams.progress import CatchUp, Reading
from streams.publisher import MemoryPublisher, NotPublishedError
from streams.region_store import MemoryRegionStore
from streams.store import MemoryStore, StoreUnavailableError
from streams.surveying import (
    DailySurvey,
    EventDays,
    SurveyAbandonedError,
    WallDays,
    last_moment_before,
)
from tests.townships import NOW, PARTITIONS, TOWNS, County

# A Wednesday: the day before is of the same week.
TODAY = NOW.astimezone(CHINA).date() + dt.timedelta(days=2)
SIX = dt.timedelta(hours=6)


def at(day, hour, minute=0):
    """Return a moment in China, so many days after today."""
    midnight = dt.datetime.combine(TODAY + dt.timedelta(days=day), dt.time(), tzinfo=CHINA)
    return midnight + dt.timedelta(hours=hour, minutes=minute)


class Log:
    """A worker's partitions and the wall clock of a test."""

    def __init__(self, owned=range(PARTITIONS), now=None):
        """Own partitions that are read to their end."""
        self.owned = list(owned)
        self.now = now or at(0, 7)
        self.readings = {partition: Reading(end=10, done=10) for partition in range(PARTITIONS)}

    def partitions(self):
        """Return what is owned."""
        return list(self.owned)

    def reading(self, partition):
        """Return how far a partition is read."""
        return self.readings[partition]


class Regions(MemoryRegionStore):
    """A region store that fails as often as it is told to."""

    failures = 0

    async def surveyed(self):
        """Return the day, or fail."""
        if self.failures:
            self.failures -= 1
            raise StoreUnavailableError("told to fail")
        return await super().surveyed()


class Office:
    """A county, and the workers that may survey it."""

    def __init__(self, *, rough=TOWNS[:1], n=35):
        """Fill the county; one township is rough."""
        self.county = County()
        self.county.regions = Regions()
        if n:
            self.county.fill(n, rough=rough)

    def worker(self, log, publisher=None, sleep=asyncio.sleep):
        """Return the daily survey of one worker."""
        return DailySurvey(
            surveyor=self.county.surveyor(publisher),
            regions=self.county.regions,
            progress=log,
            clock=WallDays(CatchUp(log, lambda: log.now)),
            metrics=Metrics(),
            after_midnight=SIX,
            poll_s=0.01,
            sleep=sleep,
        )

    def told(self):
        """Return the ids on the topic, as often as they stand there."""
        return [one.id for one in self.county.told()]


async def test_a_day_is_surveyed_when_it_has_begun_and_once():
    """At seven in the morning, for all days before; the day's second look does nothing."""
    office, log = Office(), Log()
    worker = office.worker(log)

    await worker.survey_due()
    first = office.told()
    await worker.survey_due()

    assert first
    assert office.told() == first
    assert office.county.regions.day == TODAY
    assert {one.data["issued_at"] for one in office.county.told()} >= {
        last_moment_before(TODAY).astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
    }


@pytest.mark.parametrize(
    ("hour", "day"),
    [
        pytest.param(5.99, -1, id="before six it is yesterday's turn"),
        pytest.param(6.0, 0, id="at six it is today's"),
        pytest.param(23.99, 0, id="until midnight"),
        pytest.param(29.99, 0, id="and until the next six"),
        pytest.param(30.0, 1, id="then it is tomorrow's"),
    ],
)
async def test_the_day_begins_six_hours_after_midnight_in_china(hour, day):
    """What comes in the small hours of the day before is waited for."""
    office, log = Office(n=1), Log(now=at(0, hour))

    await office.worker(log).survey_due()

    assert office.county.regions.day == TODAY + dt.timedelta(days=day)


async def test_only_the_owner_of_the_first_partition_surveys():
    """Of many workers one does it."""
    office = Office()

    await office.worker(Log(owned=[1, 2, 3])).survey_due()
    assert office.county.regions.day is None

    await office.worker(Log(owned=[0])).survey_due()
    assert office.county.regions.day == TODAY


async def test_two_owners_at_once_tell_the_same_ids():
    """While a partition moves two workers may think it theirs: what both tell is one thing."""
    office = Office()

    await asyncio.gather(office.worker(Log()).survey_due(), office.worker(Log()).survey_due())

    assert office.told()
    assert len(set(office.told())) <= 2  # the week's and the month's
    assert office.county.regions.levels


async def test_a_restart_tells_nobody_again():
    """The new process finds the day done, and the next day tells the week's matter no more."""
    office = Office()
    await office.worker(Log()).survey_due()
    first = office.told()

    await office.worker(Log()).survey_due()
    await office.worker(Log(now=at(1, 7))).survey_due()

    assert office.county.regions.day == TODAY + dt.timedelta(days=1)
    assert office.told() == first


async def test_a_survey_by_hand_counts_as_told():
    """A person at the terminal asks the same function; the worker says nothing twice."""
    office = Office()
    await office.county.survey(now=at(0, 5))
    first = office.told()

    await office.worker(Log()).survey_due()

    assert first
    assert office.told() == first


async def test_a_crash_before_the_day_is_noted_tells_nobody_again():
    """What was published and remembered is found; the day is noted by the second run."""
    office = Office()
    await office.worker(Log()).survey_due()
    first, office.county.regions.day = office.told(), None

    await office.worker(Log()).survey_due()

    assert office.told() == first
    assert office.county.regions.day == TODAY


async def test_what_was_not_published_is_told_by_the_next_try():
    """No receipt: the day is not done, and nothing counts as told."""
    office = Office()
    broken = MemoryPublisher(failures=99)
    with pytest.raises(NotPublishedError):
        await office.worker(Log(), publisher=broken).survey_due()
    assert office.county.regions.day is None

    await office.worker(Log()).survey_due()

    assert office.told()
    assert office.county.regions.day == TODAY


async def test_an_outage_is_waited_for():
    """Redis fails twice: the task goes on by itself, and counts its tries."""
    office = Office()
    office.county.regions.failures = 2
    worker = office.worker(Log())
    rounds = iter(range(100))

    await asyncio.wait_for(
        worker.run(lambda: office.county.regions.day is not None or next(rounds) > 90), 10
    )

    assert office.county.regions.day == TODAY
    assert worker.metrics.retries.labels("redis")._value.get() == 2


async def test_a_fault_of_ours_ends_no_worker(caplog):
    """A state that nobody can read: it is logged, the day stays undone, and an hour passes."""
    office, naps = Office(n=1), []
    office.county.store.states[0, "91410422MA3X1A2B83"] = b"no state"

    async def noting(seconds):
        """Note a rest."""
        naps.append(seconds)

    worker = office.worker(Log(), sleep=noting)

    await worker.run(lambda: sum(naps) >= 3600)

    assert sum(naps) == pytest.approx(3600)
    assert "survey of regions failed" in caplog.text
    assert office.county.regions.day is None


async def test_a_backlog_is_read_before_anything_is_counted():
    """A partition of ours that is a day behind holds the survey back."""
    office, log = Office(), Log(now=at(-1, 7))
    worker = office.worker(log)
    log.readings[2] = Reading(end=10, done=3)
    await worker.survey_due()
    log.now = at(0, 7)
    await worker.survey_due()
    assert office.county.regions.day is None

    log.readings[2] = Reading(end=10, done=10)
    await worker.survey_due()

    assert office.county.regions.day == TODAY


async def test_a_partition_whose_end_is_unknown_is_waited_for():
    """Just assigned, the broker has not told how much there is."""
    office, log = Office(), Log()
    log.readings[3] = None

    await office.worker(log).survey_due()

    assert office.county.regions.day is None


async def test_an_empty_county_is_not_done_with():
    """Before the first enterprise is heard of there is nothing to survey, nor to note."""
    office = Office(n=0)

    await office.worker(Log()).survey_due()

    assert office.county.regions.day is None


async def test_who_loses_the_partition_gives_up(monkeypatch):
    """In the middle of the count the owner changes: nothing is told, nothing noted."""
    monkeypatch.setattr(surveying, "SLICE_S", 0.0)
    office, log = Office(), Log()

    async def losing(_seconds):
        """Lose the partition while others have the loop."""
        log.owned = [1]

    with pytest.raises(SurveyAbandonedError):
        await office.worker(log, sleep=losing).survey_due()

    assert office.told() == []
    assert office.county.regions.day is None


async def test_the_loop_is_held_for_a_slice_only(monkeypatch):
    """While a county is surveyed another task gets its turn all the time."""
    monkeypatch.setattr(surveying, "SLICE_S", 0.001)  # five hundred firms take 20 ms
    office = Office(n=100)
    worker, held, is_done = office.worker(Log()), [], False

    async def other():
        """Measure how long one waits for a turn."""
        while not is_done:
            began = time.thread_time()
            await asyncio.sleep(0.001)
            held.append(time.thread_time() - began)

    gc.collect()
    gc.disable()  # one collection of all that the other tests left is longer than a slice
    try:
        watch = asyncio.create_task(other())
        await asyncio.sleep(0)  # it measures from now on
        began = time.thread_time()
        await worker.survey_due()
        took = time.thread_time() - began
        is_done = True
        await watch
    finally:
        gc.enable()

    # Time of the CPU, not of the wall: a shared machine takes its own.
    assert max(held) < took / 3, f"longest {max(held) * 1000:.0f} ms of {took:.2f} s"


async def test_by_event_time_the_slowest_partition_says_what_day_it_is():
    """A simulation's day begins when every partition that has events has reached it."""
    store = MemoryStore()
    days = EventDays(store, partitions=PARTITIONS)
    assert await days.moment([0]) is None
    store.clocks |= {0: 2000, 1: 1000}

    assert await days.moment([0]) == 1000


@pytest.mark.parametrize(
    ("clock", "kind"), [("wall", WallDays), ("events", EventDays)], ids=["wall", "events"]
)
def test_the_settings_name_the_clock(clock, kind):
    """The clock is that of the deadlines."""
    settings = Settings(timers=TimersSection(clock=clock), survey=Survey(after_midnight_s=60))
    daily = build_daily_survey(
        settings, County().surveyor(), store=MemoryStore(), progress=Log(), metrics=Metrics(),
        now=lambda: NOW,
    )  # fmt: skip

    assert isinstance(daily.clock, kind)
    assert daily.after_midnight == dt.timedelta(minutes=1)


async def test_the_metrics_say_what_was_done():
    """The day, the warnings and the time it took."""
    office = Office()
    worker = office.worker(Log())

    await worker.survey_due()

    value = worker.metrics.registry.get_sample_value
    assert value("sanzao_survey_day_seconds") == at(0, 0).timestamp()
    assert value("sanzao_cluster_warnings_total") == len(office.told())
    assert value("sanzao_survey_seconds") > 0
