"""Is every agent that hangs seen, whatever the others do?"""

import types

import pytest
from faust.types import TP

from streams.heartbeat import LOOP, READS, beat, speak_for_the_idle, tell_lag
from streams.metrics import Metrics
from streams.progress import FaustProgress
from streams.topics import Topic
from streams.watchdog import STOPPING, Watchdog

AGENTS = sorted(READS)


class Reader:
    """A consumer that was given partitions; one record waits in each of some topics."""

    flow_active = True

    def __init__(self, *given, waiting=tuple(Topic)):
        """Own these partitions."""
        self.given = given
        self.waiting = waiting

    def assignment(self):
        """Return the partitions."""
        return {TP(topic.value, number) for topic, number in self.given}

    def highwater(self, tp):
        """Return the end of each."""
        return 5 if tp.topic in self.waiting else 4

    def done(self, _):
        """Return up to where each is processed."""
        return 4


def progress(*given, **more):
    """Return the progress of an app whose consumer was given these partitions."""
    return FaustProgress(types.SimpleNamespace(consumer=Reader(*given, **more)))


ALL = [(topic, 0) for topics in READS.values() for topic in topics]


@pytest.mark.parametrize(
    ("stuck", "topic"), [(agent, topic) for agent in AGENTS for topic in READS[agent]]
)
def test_an_agent_that_hangs_is_seen_while_the_others_move(stuck, topic):
    """Its records wait and it says nothing: the watchdog names it, and it alone."""
    hand, ends = types.SimpleNamespace(now=0.0), []
    dog = Watchdog(stalled_after_s=60, end=ends.append, clock=lambda: hand.now)
    speak_for_the_idle(progress(*ALL, waiting=()), dog)
    for _ in range(61):
        hand.now += 1
        speak_for_the_idle(progress(*ALL, waiting=(topic,)), dog)

    assert dog.stalled() == [stuck]


def test_who_works_on_a_backlog_is_left_alone():
    """Records wait for all, and each says itself that it moves."""
    hand = types.SimpleNamespace(now=0.0)
    dog = Watchdog(stalled_after_s=60, end=pytest.fail, clock=lambda: hand.now)
    for _ in range(5):
        hand.now += 59
        speak_for_the_idle(progress(*ALL), dog)
        for agent in AGENTS:
            dog.alive(agent)

    assert dog.stalled() == []


def test_who_was_given_nothing_is_well():
    """A process without a role, or one that only starts, has no record to move."""
    dog = Watchdog(stalled_after_s=60, end=pytest.fail, clock=lambda: 0.0)

    speak_for_the_idle(progress(), dog)

    assert set(dog._last) == set(AGENTS)


async def test_the_loop_speaks_for_itself_and_a_stop_is_watched():
    """One beat says that the loop lives; after the last one the stop has its time."""
    dog, turns = Watchdog(stalled_after_s=60), iter([False, True])
    heard = []
    dog.alive = heard.append

    await beat(lambda: next(turns), progress(), watchdog=dog, metrics=Metrics())

    assert heard[0] == LOOP
    assert set(dog._last) == {STOPPING}


def lags(metrics):
    """Return the series of what waits, by partition."""
    (family,) = (one for one in metrics.registry.collect() if one.name == "sanzao_lag_events")
    return {sample.labels["partition"]: sample.value for sample in family.samples}


def test_who_lost_a_partition_tells_nothing_of_it():
    """What waits in it is another worker's to tell: added up, each record counts once."""
    metrics = Metrics()
    tell_lag(progress((Topic.EVENT, 1), (Topic.EVENT, 2)), metrics)
    before = lags(metrics)

    tell_lag(progress((Topic.EVENT, 2)), metrics)

    assert before == {"1": 1, "2": 1}
    assert lags(metrics) == {"2": 1}
