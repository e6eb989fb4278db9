"""How fast is the whole path, beside what merely reads the same records from the same broker?

    python -m tests.bench.bench_path [--data DATA] [--events 100000] [--rounds 2]

Without data the records are those of the simulated county.  Every path runs once a round, in
turn; the best of the rounds counts.  Prints a Markdown report; exit status 1 where the path that
scores by rules and model is not three times as fast as a stock Faust agent that does nothing.
"""

import argparse
import asyncio
import dataclasses
import datetime as dt
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from config.schema import Settings
from detectors.events import Event
from detectors.expertise import Expertise
from streams.assembly import build_wisdom
from streams.devstack.county import simulate
from streams.devstack.stack import running_stack
from tests.bench import command_line
from tests.bench.figures import line, table
from tests.bench.latency import Latency, round_trip, until_stored
from tests.bench.observed import Observer
from tests.bench.path_runs import (
    DEPLOYED,
    Pace,
    Workers,
    as_records,
    copies,
    core_alone,
    read_by,
    scorers_of,
    snapshots_of,
)
from tests.bench.producing import Source, source_of
from tests.bench.watched_worker import STEPS

EVENTS = 100_000
ROUNDS = 2
AT_LEAST = 3.0
SEED = 20260701
LATENCY_PER_S, LATENCY_S = 1000.0, 10
# What our transport asks of the broker (streams.fetching.Tuning): the bare one asks alike.
FETCH_MAX_WAIT_MS = 50

BARE = "bare aiokafka read"
STOCK = "stock Faust agent, empty body"
CORE = "pure core alone: decode and step"
CORE_SCORING = "pure core alone, with the model's score"
SHELL = "the shell alone: the path around a cheap detector"
RULES = "whole path, model off"
SCORING = "whole path, rules and the score of the model in place"
BESIDE = "the same, while another process learns beside it"
LEARNING = "whole path, the same process also learns"


@dataclasses.dataclass(slots=True)
class Measured:
    """What was measured: the best pace of each path, the split, the latencies."""

    paces: dict[str, Pace] = dataclasses.field(default_factory=dict)
    split: dict[str, float] = dataclasses.field(default_factory=dict)
    stored: Latency | None = None
    bare: Latency | None = None

    def keep_best(self, name: str, pace: Pace) -> None:
        """Keep the faster of the runs of a path."""
        known = self.paces.get(name)
        if known is None or pace.per_second > known.per_second:
            self.paces[name] = pace

    @property
    def ratio(self) -> float:
        """Return how many times the stock agent's pace the scoring path has."""
        return self.paces[SCORING].per_second / self.paces[STOCK].per_second


@dataclasses.dataclass(frozen=True, slots=True)
class Course:
    """Everything that the runs share."""

    workers: Workers
    source: Source
    events: Sequence[Event]
    fresh: Sequence[Event]
    expertise: Expertise
    now: dt.datetime

    def read(self, how: str, group: str) -> Pace:
        """Run one of the floors."""
        return read_by(how, self.workers.stack, events=len(self.events), group=group)

    def core(self, expertise: Expertise) -> Pace:
        """Run the core alone."""
        raws = [record.value or b"" for record in as_records(self.events)]
        return core_alone(raws, expertise, now=self.now)

    def scoring(self) -> Expertise:
        """Return the expertise with the model in place."""
        return self.expertise.with_scorers(scorers_of(self.workers.snapshots))

    def path(
        self,
        *,
        model: str,
        learning: bool = False,
        beside: bool = False,
        program: Sequence[str] = DEPLOYED,
        then: Callable[[], None] = lambda: None,
    ) -> Pace:
        """Run a worker of ours over all records; do ``then`` while it still runs.

        ``learning`` in the same process; ``beside``: in a process of its own.
        """
        workers = self.workers
        group = workers.prepare(
            with_snapshots=model == "live" and not learning, learning=learning or beside
        )
        roles = ("assess", "learn") if learning else ("assess",)
        worker = workers.worker(group, model=model, roles=roles, program=program)
        other = workers.worker(group, model=model, roles=("learn",))
        try:
            if beside:
                other.start()
            pace = workers.pace(worker, self.source.ends)
            then()
        finally:
            worker.stop()
            other.stop()
        return pace


def main(words: Sequence[str] | None = None) -> int:
    """Measure, and print the report."""
    reader = argparse.ArgumentParser(prog="python -m tests.bench.bench_path")
    command_line.add_data(reader)
    reader.add_argument("--events", type=int, default=EVENTS)
    reader.add_argument("--rounds", type=int, default=ROUNDS)
    reader.add_argument("--folder", type=Path, default=None)
    options = reader.parse_args(words)
    return command_line.run(lambda: _bench(options))


def _bench(options: argparse.Namespace) -> bool:
    stories = command_line.events_of(options) if options.data else list(simulate(SEED))
    origin = options.dataset.name if options.data else "simulated county"
    latency_count = int(LATENCY_PER_S * LATENCY_S) * 2
    events = copies(stories, options.events + latency_count)
    measured = Measured()
    with ExitStack() as stack:
        folder = options.folder or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="sanzao-path-"))
        )
        course = _course(stack, folder.resolve(), events, options.events, stories)
        for number in range(options.rounds):
            _round(course, measured, number)
            print(line(f"round {number + 1}", _short(measured)), file=sys.stderr)  # noqa: T201
        _split_and_latency(course, measured, folder.resolve())
    print(report(measured, origin=origin, count=options.events))  # noqa: T201
    holds = measured.ratio >= AT_LEAST
    print(line("bench-path", {"holds": holds, "ratio": measured.ratio} | _short(measured)))  # noqa: T201
    return holds


def _course(
    stack: ExitStack, folder: Path, events: Sequence[Event], count: int, stories: Sequence[Event]
) -> Course:
    expertise = build_wisdom(Settings()).expertise
    running = stack.enter_context(running_stack(folder))
    source = stack.enter_context(source_of(running))
    observer = Observer(running)
    stack.callback(observer.close)
    source.publish(as_records(events[:count]))
    return Course(
        Workers(running, observer, snapshots_of(stories, expertise)),
        source,
        events[:count],
        events[count:],
        expertise,
        dt.datetime.now(dt.UTC),
    )


def _round(course: Course, measured: Measured, number: int) -> None:
    measured.keep_best(BARE, course.read("bare", ""))
    measured.keep_best(STOCK, course.read("faust", f"stock-{number}"))
    measured.keep_best(CORE, course.core(course.expertise))
    measured.keep_best(CORE_SCORING, course.core(course.scoring()))
    measured.keep_best(SHELL, course.path(model="none", program=("tests.bench.cheap_worker",)))
    measured.keep_best(RULES, course.path(model="none"))
    measured.keep_best(SCORING, course.path(model="live"))
    measured.keep_best(BESIDE, course.path(model="live", beside=True))
    measured.keep_best(LEARNING, course.path(model="live", learning=True))


def _split_and_latency(course: Course, measured: Measured, folder: Path) -> None:
    """Run once with watches, for the split, and once to see single records through."""
    told = folder / "split.json"
    course.path(model="none", program=("tests.bench.watched_worker", str(told)))
    measured.split = json.loads(told.read_text())
    stack = course.workers.stack
    half = len(course.fresh) // 2

    def see_through() -> None:
        first, second = as_records(course.fresh[:half]), as_records(course.fresh[half:])
        bare = round_trip(
            stack,
            first,
            per_second=LATENCY_PER_S,
            fetch_max_wait_ms=FETCH_MAX_WAIT_MS,
            ends=course.source.ends,
        )
        measured.bare = Latency.of(asyncio.run(bare))
        stored = until_stored(stack, second, per_second=LATENCY_PER_S)
        measured.stored = Latency.of(asyncio.run(stored))

    course.path(model="live", then=see_through)


def report(measured: Measured, *, origin: str, count: int) -> str:
    """Return the report as Markdown."""
    stock = measured.paces[STOCK].per_second
    rows = [
        (name, f"{pace.per_second:,.0f}", f"{pace.cpu_us:.1f}", f"{pace.per_second / stock:.2f}")
        for name, pace in measured.paces.items()
    ]
    heads = ("path", "events/s", "CPU µs/event", "times stock Faust")
    parts: list[str] = [
        f"{count:,} events ({origin}), embedded broker, one process a path:",
        table(heads, rows),
    ]
    if measured.split:
        parts.append(_split_table(measured.split))
    if measured.stored and measured.bare:
        latencies = [
            (name, *(f"{value:.1f}" for value in dataclasses.astuple(one)))
            for name, one in (
                ("sent to state stored", measured.stored),
                ("bare round trip: sent to a bare consumer's hands", measured.bare),
            )
        ]
        parts.append(
            table((f"at {LATENCY_PER_S:g} events/s", *("p50 ms", "p95 ms", "p99 ms")), latencies)
        )
    return "\n\n".join(parts) + "\n"


def _split_table(split: dict[str, float]) -> str:
    records = split["records"]
    rows = [
        (words, f"{split[name] / records * 1e6:.1f}", f"{split[name] / split['elapsed_s']:.0%}")
        for name, words in STEPS.items()
    ]
    whole = f"{split['elapsed_s'] / records * 1e6:.1f}"
    return table(("where the time goes (model off)", "µs/event", "share"),
                 [*rows, ("all, watches included", whole, "100%")])  # fmt: skip


def _short(measured: Measured) -> dict[str, object]:
    names = {BARE: "bare", STOCK: "stock", CORE: "core", SHELL: "shell", RULES: "rules",
             SCORING: "scoring", BESIDE: "beside", LEARNING: "learning"}  # fmt: skip
    return {
        f"{short}_per_s": round(measured.paces[name].per_second)
        for name, short in names.items()
        if name in measured.paces
    }


if __name__ == "__main__":
    sys.exit(main())
