"""Does each agent move while records wait for it?  What the watchdog is told, once a second."""

import asyncio
from collections.abc import Callable, Mapping

from streams.metrics import Metrics
from streams.progress import FaustProgress
from streams.topics import WARNING_TOPICS, Topic
from streams.watchdog import Watchdog

HEARTBEAT_S = 1.0
# A stop takes one or two seconds; compose gives ten and systemd ninety before they kill.
STOP_WITHIN_S = 9.0
LOOP = "event loop"
# Each agent is a part of its own: one that hangs is not spoken for by another that moves.
READS: Mapping[str, tuple[Topic, ...]] = {
    "assess": (Topic.EVENT,),
    "learn": (Topic.EXAMPLE,),
    "neighbours": (Topic.BOND,),
    "notify": (*WARNING_TOPICS.values(), Topic.CLUSTER),
}


async def beat(
    must_stop: Callable[[], bool],
    progress: FaustProgress,
    *,
    watchdog: Watchdog,
    metrics: Metrics,
) -> None:
    """Speak for the loop, and for the agents that have nothing to read."""
    try:
        while not must_stop():
            watchdog.alive(LOOP)
            speak_for_the_idle(progress, watchdog)
            tell_lag(progress, metrics)
            await asyncio.sleep(HEARTBEAT_S)
    finally:
        watchdog.must_stop_within(STOP_WITHIN_S)


def speak_for_the_idle(progress: FaustProgress, watchdog: Watchdog) -> None:
    """Say of each agent for which no record waits that it is well; the others say so themselves."""
    for agent, topics in READS.items():
        if not progress.waits(topics):
            watchdog.alive(agent)


def tell_lag(progress: FaustProgress, metrics: Metrics) -> None:
    """Show how many events the broker has told of that no agent has finished."""
    metrics.lag_events.clear()  # who lost a partition must not go on telling its last lag
    for partition in progress.assigned():
        if (reading := progress.reading(partition)) is not None:
            metrics.lag_events.labels(str(partition)).set(reading.unread)
