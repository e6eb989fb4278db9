"""How does one verification run: servers, records, workers, and the comparison at the end?"""

import dataclasses
import datetime as dt
import re
import time
import urllib.request
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from streams.assembly import Wisdom
from streams.devstack.broker import BrokerKind
from streams.devstack.processes import LOOPBACK, Server, free_port
from streams.devstack.stack import Stack, running_stack
from streams.topics import Topic
from tests.bench.comparison import ALERTS, Differences, compare
from tests.bench.expected import Expected, Looks, expectation, looks
from tests.bench.figures import line
from tests.bench.kills import Killer, planned_kills
from tests.bench.models_named import Models, compare_models
from tests.bench.observed import ALL_OUTPUTS, Observed, Observer
from tests.bench.own_events import DEADLINE, SIGNAL, Recorded, check_own, recorded
from tests.bench.producing import Flow, Source, source_of
from tests.bench.records import Planted

RECORDS_WITHIN_S = 180.0
MESSAGES_WITHIN_S = 240.0
# Small batches: more boundaries between which a kill can fall.
KILL_BATCH = 500
# The share of the records behind which the model must be named (real, live).
MODEL_FROM = 0.8
MODEL_SETTLES_S = 3.0
# What falls due in the last minutes may or may not be told (``timers.lateness_s``).
LATENESS_S = 180.0
# Years of an enterprise's deadlines follow each other here, one a round of the timers.
POLL_S = "0.05"
# kafka-python calls its own cancelled refresh an error when a client closes.
TROUBLE = re.compile(r" (?:ERROR|CRITICAL) (?!kafka\.cluster)|Traceback")


@dataclasses.dataclass(frozen=True, slots=True)
class Trial:
    """What all runs of a verification share."""

    records: Sequence[Planted]
    wisdom: Wisdom
    now: dt.datetime
    kind: BrokerKind
    folder: Path
    seed: int
    kills: int
    per_second: float

    def expected(self, log: Recorded) -> Expected:
        """Return what the replay says of the log as it was recorded."""
        told = expectation(log.records, self.wisdom, now=self.now)
        return told.at(log.places, log.records)

    def comparison(
        self, bench: "Bench", observed: Observed, *, learned: bool, cut: int
    ) -> tuple[Recorded, Expected, Differences]:
        """Return the log, what it must come to, and how what was found differs."""
        log = recorded(
            bench.observer.read([Topic.EVENT.value])[Topic.EVENT.value],
            self.records,
            bench.source.places,
            cut=cut,
        )
        expected = self.expected(log)
        found = compare(expected, observed, learned=learned)
        check_own(
            log, self.records, self.wisdom, now=self.now, until=bench.asleep_until, found=found
        )
        return log, expected, found


@dataclasses.dataclass(frozen=True, slots=True)
class Report:
    """The lines of a run, the figures last, and whether it holds."""

    lines: tuple[str, ...]
    holds: bool


@dataclasses.dataclass(slots=True)
class Bench:
    """A running stack with its source and its observer."""

    stack: Stack
    source: Source
    observer: Observer
    asleep_until: int = 0

    def finish(self, worker: Server) -> Observed:
        """Wait until nothing is left to do, stop the worker, and look.

        Raises:
            NotDoneError: something was left.
        """
        self.await_records()
        self.await_own_events()
        self._await_read(ALERTS)
        self.observer.await_messages(within_s=MESSAGES_WITHIN_S)
        worker.stop()
        return self.observer.look(ALL_OUTPUTS)

    def await_records(self) -> None:
        """Wait until every record published is digested and acknowledged."""
        self.observer.await_committed(self.source.ends, within_s=RECORDS_WITHIN_S)

    def await_own_events(self) -> None:
        """Wait until ties have met, deadlines up to now are told, and all of it is digested.

        A signal may bring a deadline, and a deadline a signal; signals cause no signals.
        """
        self.asleep_until = int(time.time() - LATENESS_S)
        for _ in range(2):
            self.observer.await_asleep(self.asleep_until, within_s=RECORDS_WITHIN_S)
            self._await_read([Topic.BOND.value])
            self._await_read([Topic.EVENT.value])
        self.observer.await_asleep(self.asleep_until, within_s=RECORDS_WITHIN_S)

    def await_model(self) -> None:
        """Wait until every example is learned and the newest model can have been read."""
        self._await_read([Topic.EXAMPLE.value])
        time.sleep(MODEL_SETTLES_S)

    def _await_read(self, topics: Iterable[str]) -> None:
        """Wait until the workers have acknowledged all that is on these topics."""
        ends: dict[tuple[str, int], int] = {}
        for topic, records in self.observer.read(topics).items():
            for record in records:
                name = (topic, record.partition)
                ends[name] = max(ends.get(name, 0), record.offset + 1)
        self.observer.await_committed(ends, within_s=RECORDS_WITHIN_S)


def models_of(trial: Trial, log: Recorded, observed: Observed, found: Differences) -> Models:
    """Compare what was learned, and whether decisions behind the log's cut name their model."""
    looked: Looks = looks(log.records, trial.wisdom.expertise, now=trial.now)
    return compare_models(log.records, looked, log.places, observed, found, cut=log.cut)


def opened(trial: Trial, name: str, stack: ExitStack) -> Bench:
    """Return a fresh stack that lives as long as ``stack``."""
    running = stack.enter_context(running_stack(trial.folder / name, kind=trial.kind))
    source = stack.enter_context(source_of(running))
    observer = Observer(running)
    stack.callback(observer.close)
    return Bench(running, source, observer)


def plain_trial(trial: Trial) -> Report:
    """Run one worker over all records, with the model off."""
    with ExitStack() as stack:
        bench = opened(trial, f"real-none-{trial.kind}", stack)
        bench.source.publish(trial.records)
        worker = bench.stack.worker(MODEL__MODE="none", TIMERS__POLL_S=POLL_S)
        stack.callback(worker.stop)
        seconds, rate = timed(worker, bench)
        bench.await_records()
        bench.await_own_events()
        counted = metrics(bench.stack.report_port)
        observed = bench.finish(worker)
        troubles = len(TROUBLE.findall(worker.written()))
        log, expected, found = trial.comparison(
            bench, observed, learned=True, cut=len(trial.records)
        )
    _compare_counts(expected, counted, found)
    # Nothing was interrupted, so nothing has a reason to be there twice.
    found.note("record repeated", _each(found.repeated))
    figures = _figures(log, expected, found, counted) | {
        "seconds": seconds,
        "events_per_second": round(rate),
        "worker_errors": troubles,
    }
    return _report(f"verify real, {trial.kind}, model none", found, figures)


def live_trial(trial: Trial) -> Report:
    """Run one worker with the model live: equal but for the learned part, every model named."""
    cut = int(len(trial.records) * MODEL_FROM)
    with ExitStack() as stack:
        bench = opened(trial, f"real-live-{trial.kind}", stack)
        bench.source.publish(trial.records[:cut])
        worker = bench.stack.worker(MODEL__MODE="live", TIMERS__POLL_S=POLL_S)
        stack.callback(worker.stop)
        seconds, rate = timed(worker, bench)
        bench.await_records()
        bench.await_model()
        bench.source.publish(trial.records[cut:])
        bench.await_records()
        bench.await_own_events()
        counted = metrics(bench.stack.report_port)
        bench.await_model()
        observed = bench.finish(worker)
        troubles = len(TROUBLE.findall(worker.written()))
        log, expected, found = trial.comparison(bench, observed, learned=False, cut=cut)
    _compare_counts(expected, counted, found)
    found.note("record repeated", _each(found.repeated))
    models = models_of(trial, log, observed, found)
    figures = (
        _figures(log, expected, found, counted)
        | models.figures
        | {
            "seconds_of_first_part": seconds,
            "events_per_second": round(rate),
            "worker_errors": troubles,
        }
    )
    return _report(f"verify real, {trial.kind}, model live", found, figures)


def kill_trial(trial: Trial, *, model: str) -> Report:
    """Kill the worker again and again while records flow; another one joins and leaves."""
    with ExitStack() as stack:
        bench = opened(trial, f"kill-{model}-{trial.kind}", stack)
        killer = Killer(bench.observer, bench.source)
        worker, second = (
            bench.stack.worker(
                name,
                port=port,
                MODEL__MODE=model,
                KAFKA__MAX_POLL_RECORDS=str(KILL_BATCH),
                TIMERS__POLL_S=POLL_S,
            )
            for name, port in (("worker", None), ("second", free_port()))
        )
        stack.callback(worker.kill)
        stack.callback(second.kill)
        started = time.monotonic()
        leaving_s = _lives(trial, bench, killer, worker, second, stack)
        bench.await_records()
        seconds = time.monotonic() - started
        if model == "live":
            bench.await_model()
        observed = bench.finish(worker)
        troubles = len(TROUBLE.findall(worker.program.log.read_text()))
        log, expected, found = trial.comparison(
            bench, observed, learned=model == "none", cut=len(trial.records)
        )
    learning: dict[str, object] = {}
    if model == "live":
        models = models_of(trial, log, observed, found)
        learning = {"examples": models.examples, "learned": models.learned}
    hits = sum(hit.mid_batch for hit in killer.hits)
    if hits < min(3, trial.kills - 1):
        found.note("too few kills hit a batch", [hits])
    figures = _figures(log, expected, found, None) | learning | {
        "messages_uncertain": found.uncertain,
        "kills": len(killer.hits),
        "mid_batch": hits,
        "second_left_in_s": leaving_s,
        "seconds": seconds,
        "worker_errors": troubles,
    }  # fmt: skip
    said = tuple(f"  kill {n}: {hit}" for n, hit in enumerate(killer.hits, start=1))
    return _report(f"verify kill, {trial.kind}, model {model}", found, figures, said)


def _lives(  # noqa: PLR0917 - one scene, all its actors
    trial: Trial, bench: Bench, killer: Killer, worker: Server, second: Server, stack: ExitStack
) -> float:
    """Let the worker live and die as planned; return how long the second took to leave."""
    kills = planned_kills(trial.kills, seed=trial.seed)
    first = len(trial.records) // (trial.kills + 2)
    bench.source.publish(trial.records[:first])
    flow = Flow(bench.source, trial.records[first:], per_second=trial.per_second)
    flow.start()
    # Also where something failed: the producer is closed behind it.
    stack.callback(flow.join, RECORDS_WITHIN_S)
    stack.callback(flow.allow, 1.0)
    leaving_s = 0.0
    lives = len(kills) + 1
    for number, kill in enumerate(kills):
        launched_at = time.monotonic()
        worker.launch()
        if number == len(kills) - 2:
            second.start()
            worker.await_ready()
        elif number == len(kills) - 1 and second.is_alive:
            worker.await_ready()
            flow.allow((number + 0.5) / lives)
            leaving = time.monotonic()
            second.stop()
            leaving_s = time.monotonic() - leaving
        upto = first + flow.allow((number + 1) / lives)
        killer.kill(worker, kill, launched_at=launched_at, upto=upto)
    flow.allow(1.0)
    worker.start()
    flow.finish(within_s=len(trial.records) / trial.per_second + RECORDS_WITHIN_S)
    return leaving_s


def timed(worker: Server, bench: Bench) -> tuple[float, float]:
    """Start a worker on a backlog; return the seconds from its first stored batch to its last.

    The rate leaves that first batch out of count and time alike.
    """
    ends = dict(bench.source.ends)
    goal = [ends.get((Topic.EVENT.value, p), 0) - 1 for p in range(bench.stack.partitions)]
    begun = fences = bench.observer.fences()
    first_at = last_at = time.monotonic()
    first = sum(begun)
    worker.launch()
    deadline = time.monotonic() + RECORDS_WITHIN_S
    while any(fence < end for fence, end in zip(fences, goal, strict=True)):
        now = time.monotonic()
        # A last record that was buried as poison moves no fence: commits say that it is done.
        if now > deadline or (fences != begun and now - last_at > MODEL_SETTLES_S):
            break
        before, fences = fences, bench.observer.fences()
        if fences != before:
            last_at = now
            if before == begun:
                first_at, first = now, sum(fences)
        time.sleep(0.003)
    worker.await_ready()
    seconds = last_at - first_at
    return seconds, (sum(fences) - first) / seconds if seconds else 0.0


def metrics(port: int) -> dict[str, float]:
    """Return a worker's series by name and labels."""
    with urllib.request.urlopen(f"http://{LOOPBACK}:{port}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    lines = [one.rsplit(" ", 1) for one in text.splitlines() if one and one[0] != "#"]
    return {name: float(value) for name, value in lines}


def _compare_counts(expected: Expected, counted: Mapping[str, float], found: Differences) -> None:
    """Compare what the worker counted with what had to be counted."""
    wanted = {"applied": expected.applied, "replayed": 0} | expected.skipped
    for outcome, count in wanted.items():
        said = counted[f'sanzao_events_total{{outcome="{outcome}"}}']
        if said != count:
            found.note("metric differs", [f"{outcome}: {said:g}, not {count}"])
    rejected = sum(v for n, v in counted.items() if n.startswith("sanzao_events_rejected_total"))
    if rejected != expected.letters.total():
        found.note("metric differs", [f"rejected: {rejected:g}, not {expected.letters.total()}"])


def _figures(
    log: Recorded, expected: Expected, found: Differences, counted: Mapping[str, float] | None
) -> dict[str, object]:
    deadlines, signals = log.count(DEADLINE), log.count(SIGNAL)
    figures: dict[str, object] = {
        "events_in": len(log.records) - deadlines - signals,
        "deadlines": deadlines,
        "signals": signals,
    }
    if counted is not None:
        figures["applied"] = int(counted['sanzao_events_total{outcome="applied"}'])
        figures["skipped"] = int(
            sum(v for n, v in counted.items() if n.startswith("sanzao_events_total{"))
            - counted['sanzao_events_total{outcome="applied"}']
        )
    return figures | {
        "dead": found.dead,
        "states": len(expected.states),
        "equal": found.equal_states,
        "warnings": len(expected.warnings),
        "duplicate_warnings": found.duplicate_warnings,
        "repeated_records": found.repeated.total(),
        "messages": found.messages,
        "messages_planned": len(expected.messages),
        "messages_sent_twice": found.sent_twice,
    }


def _report(
    title: str, found: Differences, figures: dict[str, object], said: Sequence[str] = ()
) -> Report:
    repeated = {topic: count for topic, count in found.repeated.items() if count}
    lines = [*said]
    if repeated:
        lines.append(line("  repeated", repeated))
    lines += [f"  {example}" for example in found.examples]
    if found.wrong:
        lines.append(f"  differences: {dict(found.wrong)}")
    lines.append(line(title, {"holds": found.hold} | figures))
    return Report(tuple(lines), found.hold)


def _each(repeated: Mapping[str, int]) -> list[str]:
    return [topic for topic, count in repeated.items() for _ in range(count)]
