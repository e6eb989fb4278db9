"""How much memory does an enterprise take in Redis?

    python -m tests.bench.bench_states [--enterprises 1000000]

The states of simulated counties, each under many codes, go through the product's own store into a
real Redis: states alone, then with their readable cards and timers.  Prints bytes each; exit
status 1 where an enterprise with twenty facts does not fit in a kibibyte.
"""

import argparse
import asyncio
import datetime as dt
import itertools
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from redis.asyncio import Redis

from config.schema import Settings
from detectors import state as states
from detectors.card import risk_card
from detectors.events import encode
from detectors.expertise import Expertise
from detectors.state import EnterpriseState
from streams.assembly import build_wisdom
from streams.assessed import card_fields
from streams.devstack.county import simulate
from streams.devstack.redis_server import redis_server
from streams.replay import replay
from streams.store import RedisStore, Written
from tests.bench.datasets.dataset import uscc_of
from tests.bench.figures import line, table

ENTERPRISES = 1_000_000
PARTITIONS = 8
BATCH = 1000
SEED = 20260701
TWENTY, WITHIN = range(19, 22), 1024
LATE = dt.datetime(2100, 1, 1, tzinfo=dt.UTC)
Row = tuple[bytes, list[str], int]  # state, card, when it wakes


def rows_of(played: Sequence[EnterpriseState], expertise: Expertise) -> list[Row]:
    """Return what the store is given for each state."""
    return [
        (states.encode(one), card_fields(risk_card(uscc_of(n), one, expertise)), one.wake_at)
        for n, one in enumerate(played)
    ]


async def fill(redis: Redis, rows: Sequence[Row], count: int, *, whole: bool) -> float:
    """Write so many enterprises; return the seconds it took.  ``whole``: cards and timers too."""
    store = RedisStore(redis)
    began = time.perf_counter()
    for number, batch in enumerate(_batches(rows, count)):
        partition = number % PARTITIONS
        loaded = await store.load(partition, [])
        written = Written(
            epoch=1,
            offset=number,
            states={uscc: state for uscc, (state, _, _) in batch},
            cards={uscc: card for uscc, (_, card, _) in batch} if whole else {},
            wakes={uscc: wake for uscc, (_, _, wake) in batch} if whole else {},
        )
        await store.write(partition, loaded, written)
    return time.perf_counter() - began


def _batches(rows: Sequence[Row], count: int) -> Iterator[list[tuple[str, Row]]]:
    codes = ((uscc_of(n), rows[n % len(rows)]) for n in range(count))
    while batch := list(itertools.islice(codes, BATCH)):
        yield batch


async def _measured(url: str, rows: Sequence[Row], count: int) -> list[tuple[str, int, float]]:
    redis = Redis.from_url(url)
    found = []
    try:
        for name, whole in (("states alone", False), ("states, cards, timers", True)):
            await redis.flushall()
            empty = int((await redis.info("memory"))["used_memory"])
            seconds = await fill(redis, rows, count, whole=whole)
            full = int((await redis.info("memory"))["used_memory"])
            found.append((name, (full - empty) // count, count / seconds))
    finally:
        await redis.aclose()
    return found


def main(words: Sequence[str] | None = None) -> int:
    """Measure, and print one table."""
    reader = argparse.ArgumentParser(prog="python -m tests.bench.bench_states")
    reader.add_argument("--enterprises", type=int, default=ENTERPRISES)
    options = reader.parse_args(words)
    expertise = build_wisdom(Settings()).expertise
    raws = [encode(event) for event in simulate(SEED)]
    played = list(replay(raws, expertise, now=LATE, timers=True).states.values())
    typical = [len(states.encode(one)) for one in played if len(one.facts) in TWENTY]
    facts = sum(len(one.facts) for one in played) / len(played)
    with (
        tempfile.TemporaryDirectory(prefix="sanzao-states-") as folder,
        redis_server(Path(folder)) as url,
    ):
        found = asyncio.run(_measured(url, rows_of(played, expertise), options.enterprises))
    rows = [(name, options.enterprises, each, f"{pace:,.0f}") for name, each, pace in found]
    print(table(("in Redis", "enterprises", "bytes each", "enterprises/s"), rows))  # noqa: T201
    twenty = sum(typical) / len(typical)
    holds = twenty <= WITHIN
    figures = {"holds": holds, "facts_mean": facts, "state_bytes_20_facts": twenty}
    print(line("bench-states", figures))  # noqa: T201
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
