"""How fast is a topic merely read?  The two floors beside which our own path is measured.

    python -m tests.bench.readers bare  --bootstrap 127.0.0.1:9092 --events 100000
    python -m tests.bench.readers faust --bootstrap 127.0.0.1:9092 --events 100000 --group g

``bare``: aiokafka's getmany and nothing else.  ``faust``: a stock Faust agent with an empty body,
all settings as they come.  The last line printed is JSON: events, seconds, CPU seconds, counted
from the first record to the last, without start and join.
"""

import argparse
import asyncio
import json
import os
import tempfile
import time
from collections.abc import Sequence

import faust
from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.topics import Topic

END_WITHIN_S = 120.0


class Count:
    """Counts from the first record to the last, and says so in one line."""

    def __init__(self, events: int) -> None:
        self._events = events
        self._seen = 0
        self._begun = (0.0, 0.0)
        self._first = 0

    def add(self, count: int) -> bool:
        """Count records; return whether those were the last."""
        if not self._seen:
            self._begun, self._first = (time.monotonic(), time.process_time()), count
        self._seen += count
        return self._seen >= self._events

    def say(self) -> None:
        """Print the figures."""
        seconds, cpu = time.monotonic() - self._begun[0], time.process_time() - self._begun[1]
        said = {"events": self._seen - self._first, "seconds": seconds, "cpu_s": cpu}
        print("\n" + json.dumps(said), flush=True)  # noqa: T201 - read by whoever started it


async def read_bare(bootstrap: str, count: Count, partitions: int) -> None:
    """Read the topic with aiokafka alone."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    await consumer.start()
    consumer.assign([TopicPartition(Topic.EVENT.value, one) for one in range(partitions)])
    try:
        while True:
            polled = await consumer.getmany(timeout_ms=1000)
            if polled and count.add(sum(map(len, polled.values()))):
                break
    finally:
        await consumer.stop()
    count.say()


def read_with_faust(bootstrap: str, count: Count, group: str, folder: str) -> None:
    """Read the topic with a stock Faust agent that does nothing, but writes to a folder."""
    app = faust.App(
        group,
        broker=f"kafka://{bootstrap}",
        consumer_auto_offset_reset="earliest",
        # Joining is not counted; the embedded broker answers a join after half of this.
        broker_rebalance_timeout=6,
        value_serializer="raw",
        key_serializer="raw",
        web_enabled=False,
        store="memory://",
        datadir=folder,
    )

    @app.agent(app.topic(Topic.EVENT.value))
    async def nothing(stream: faust.StreamT[bytes]) -> None:
        """Take each event and do nothing."""
        async for _ in stream:
            if count.add(1):
                count.say()
                # What was to be measured is measured; nothing is to be kept.
                os._exit(0)

    # Faust would take the last line for a log line of its own.
    worker = faust.Worker(app, loglevel="WARNING", quiet=True, redirect_stdouts=False)
    worker.execute_from_commandline()


def main(words: Sequence[str] | None = None) -> None:
    """Read the topic once."""
    reader = argparse.ArgumentParser(prog="python -m tests.bench.readers")
    reader.add_argument("how", choices=("bare", "faust"))
    reader.add_argument("--bootstrap", required=True)
    reader.add_argument("--events", type=int, required=True)
    reader.add_argument("--partitions", type=int, default=4)
    reader.add_argument("--group", default="bench")
    reader.add_argument("--folder", default=tempfile.gettempdir())
    options = reader.parse_args(words)
    count = Count(options.events)
    if options.how == "faust":
        read_with_faust(options.bootstrap, count, options.group, options.folder)
    else:
        reading = read_bare(options.bootstrap, count, options.partitions)
        asyncio.run(asyncio.wait_for(reading, END_WITHIN_S))


if __name__ == "__main__":
    main()
