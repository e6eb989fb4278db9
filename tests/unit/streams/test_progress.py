"""Does a worker know up to when it has read its partitions?"""

import datetime as dt
import types

import pytest
from faust.exceptions import ConsumerNotStarted
from faust.types import TP

from streams.progress import CatchUp, FaustProgress, Reading

NOON = dt.datetime(2026, 7, 1, 4, tzinfo=dt.UTC)


class Scripted:
    """A progress and a clock that a test moves by hand."""

    def __init__(self):
        """Begin at noon, knowing nothing."""
        self.at = NOON
        self.now_reading = None

    def partitions(self):
        """Return the one partition."""
        return (0,)

    def reading(self, partition):
        """Return what the test says."""
        del partition
        return self.now_reading

    def minutes_later(self, minutes, end, done):
        """Let time pass; return up to when all is read then, in minutes after noon."""
        self.at += dt.timedelta(minutes=minutes)
        self.now_reading = Reading(end, done)
        return self.at


@pytest.fixture
def scripted():
    """Return a scripted progress."""
    return Scripted()


def minutes(moment):
    """Return a moment in minutes after noon."""
    return None if moment is None else round((moment - NOON.timestamp()) / 60)


def test_reading_counts_what_waits():
    """The end less what is done; a commit that runs ahead of a stale end leaves nothing."""
    assert Reading(end=10, done=7).unread == 3
    assert Reading(end=10, done=12).unread == 0


def test_up_to_when_all_is_read(scripted):
    """What stood on the log at a moment is read once its end of that moment is passed."""
    caught_up = CatchUp(scripted, lambda: scripted.at)
    script = [
        (0, 100, 20, None),  # a backlog: 100 records stand there at noon
        (1, 150, 99, None),  # 50 more have come, the 100 of noon are not read
        (1, 180, 100, 0),  # now they are: up to noon all is read
        (1, 220, 179, 0),  # the next mark is the 180 of two minutes past noon
        (1, 260, 230, 2),  # passed, though the end has moved on
        (1, 260, 260, 5),  # nothing waits: read up to now
    ]

    found = []
    for passed, end, done, _ in script:
        scripted.minutes_later(passed, end, done)
        found.append(minutes(caught_up.read_until(0)))

    assert found == [expected for *_, expected in script]


def test_an_unknown_end_is_no_progress(scripted):
    """Before the first fetch nothing is known; after a rebalance all begins anew."""
    caught_up = CatchUp(scripted, lambda: scripted.at)
    unknown = caught_up.read_until(0)
    scripted.minutes_later(1, 5, 5)
    known = caught_up.read_until(0)

    caught_up.keep(())
    scripted.minutes_later(1, 9, 5)

    assert (unknown, minutes(known)) == (None, 1)
    assert caught_up.read_until(0) is None


class Consumer:
    """Faust's consumer, as far as progress asks it."""

    flow_active = True

    def __init__(self, highwater, committed):
        """Own two partitions of the event log and one of another topic."""
        self._highwater = highwater
        self._done = committed

    def assignment(self):
        """Return what the group gave."""
        return {
            TP("enterprise.event.v1", 3),
            TP("enterprise.event.v1", 1),
            TP("warning.reminder.v1", 2),
        }

    def highwater(self, tp):
        """Return the end, as aiokafka does: it asserts that the partition is ours."""
        assert tp in self.assignment()
        return self._highwater

    def done(self, tp):
        """Return up to where a partition is processed."""
        return self._done.get(tp, 0)


class Unstarted(Consumer):
    """A consumer whose thread does not run yet."""

    def assignment(self):
        """Fail, as Faust's does."""
        raise ConsumerNotStarted

    def highwater(self, tp):
        """Fail, as Faust's does."""
        raise ConsumerNotStarted(tp)


def progress(consumer):
    """Return the progress of an app with this consumer."""
    return FaustProgress(types.SimpleNamespace(consumer=consumer))


def test_only_partitions_of_the_event_log_are_ours():
    """Another topic's partitions are none of the timers'."""
    assert progress(Consumer(9, {})).partitions() == (1, 3)


def test_while_partitions_are_given_anew_none_is_ours():
    """From the moment a rebalance begins, a worker owns nothing; it is still assigned."""
    consumer = Consumer(9, {})
    consumer.flow_active = False

    assert progress(consumer).partitions() == ()
    assert progress(consumer).assigned() == (1, 3)


@pytest.mark.parametrize("consumer", [None, Unstarted(9, {})], ids=["none", "not started"])
def test_a_worker_that_starts_owns_nothing(consumer):
    """No consumer, or one that does not run yet, is no fault."""
    assert progress(consumer).partitions() == ()


@pytest.mark.parametrize(
    ("highwater", "committed", "partition", "reading"),
    [
        pytest.param(9, {TP("enterprise.event.v1", 1): 7}, 1, Reading(9, 7), id="partly read"),
        pytest.param(9, {}, 1, Reading(9, 0), id="not begun"),
        pytest.param(None, {}, 1, None, id="no fetch has come"),
        pytest.param(9, {}, 2, None, id="just lost"),
    ],
)
def test_how_far_a_partition_is_read(highwater, committed, partition, reading):
    """The end of the last fetch, and what is acknowledged."""
    assert progress(Consumer(highwater, committed)).reading(partition) == reading


def test_a_consumer_that_does_not_run_yet_has_read_nothing():
    """Asked too early, the answer is that nothing is known."""
    assert progress(Unstarted(9, {})).reading(1) is None
