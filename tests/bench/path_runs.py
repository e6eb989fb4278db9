"""How is each path run once, over the same records on the same broker?"""

import dataclasses
import datetime as dt
import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from kafka import KafkaConsumer, TopicPartition
from kafka.structs import OffsetAndMetadata

from detectors import learned
from detectors.effects import Position
from detectors.events import Event, decode, encode
from detectors.example import Example
from detectors.expertise import Expertise
from detectors.learned import Scorer, Snapshot, scorer_of
from detectors.model import Learner
from detectors.state import EnterpriseState
from detectors.step import step
from streams.devstack.processes import Program, Server, free_port
from streams.devstack.stack import Stack, probe
from streams.keys import SNAPSHOTS
from streams.topics import Topic
from tests.bench.datasets.dataset import uscc_of
from tests.bench.observed import NotDoneError, Observer, read_topics
from tests.bench.records import Planted

ROOT = Path(__file__).parents[2]
WITHIN_S = 180.0
# Neighbours and timers stay at home: they would put events on the log that the others do not read.
ROLES = ("assess", "learn", "notify", "neighbours", "timers")
DEPLOYED = ("streams.cli", "worker")
COPY = 10_000_000  # enterprises of one copy never meet those of another


@dataclasses.dataclass(frozen=True, slots=True)
class Pace:
    """How fast one run was, from its first batch to its last."""

    events: int
    seconds: float
    cpu_s: float

    @property
    def per_second(self) -> float:
        """Return events a second."""
        return self.events / self.seconds

    @property
    def cpu_us(self) -> float:
        """Return the process's CPU time for one event, in microseconds."""
        return self.cpu_s / self.events * 1e6


def copies(events: Sequence[Event], count: int) -> list[Event]:
    """Return ``count`` events: the same stories again and again, each time of other enterprises.

    >>> copies([], 0)
    []
    """
    found: list[Event] = []
    for number in itertools.count() if count else ():
        codes: dict[str, str] = {}
        for event in events:
            code = codes.setdefault(event.subject, uscc_of(COPY * (number + 1) + len(codes)))
            found.append(msgspec.structs.replace(event, subject=code, id=f"{event.id}/{number}"))
            if len(found) == count:
                return found
    return found


def as_records(events: Sequence[Event]) -> list[Planted]:
    """Return the events as they are published."""
    return [Planted("event", event.subject.encode(), encode(event)) for event in events]


def cpu_of(pid: int) -> float:
    """Return the CPU seconds of a process so far, all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def core_alone(raws: Sequence[bytes], expertise: Expertise, *, now: dt.datetime) -> Pace:
    """Decode and step every record in this process; no broker, no Redis."""
    states: dict[str, EnterpriseState] = {}
    started, cpu = time.perf_counter(), time.process_time()
    for number, raw in enumerate(raws):
        event = decode(raw)
        states[event.subject], _ = step(
            states.get(event.subject) or EnterpriseState(),
            event,
            expertise,
            now=now,
            position=Position(0, 0, number),
        )
    return Pace(len(raws), time.perf_counter() - started, time.process_time() - cpu)


def snapshots_of(events: Sequence[Event], expertise: Expertise) -> dict[str, Snapshot]:
    """Return the models that the events teach, for paths that score and do not learn."""
    states: dict[str, EnterpriseState] = {}
    learners: dict[str, Learner] = {}
    now = max(event.time for event in events)
    for number, event in enumerate(events):
        states[event.subject], effects = step(
            states.get(event.subject) or EnterpriseState(),
            event,
            expertise,
            now=now,
            position=Position(0, 0, number),
        )
        for effect in effects:
            if isinstance(effect, Example) and effect.found is not None:
                learners.setdefault(effect.domain, Learner(effect.domain)).learn(effect)
    return {name: learner.snapshot() for name, learner in learners.items()}


def scorers_of(snapshots: Mapping[str, Snapshot]) -> dict[str, Scorer]:
    """Return the folded models."""
    return {name: scorer_of(snapshot) for name, snapshot in snapshots.items()}


def read_by(how: str, stack: Stack, *, events: int, group: str) -> Pace:
    """Read the event log with a floor of ``tests.bench.readers`` in a process of its own.

    Raises:
        NotDoneError: it did not end in time, or failed.
    """
    command = [
        sys.executable, "-m", "tests.bench.readers", how, "--bootstrap", stack.broker.bootstrap,
        "--events", str(events), "--group", group, "--partitions", str(stack.partitions),
        "--folder", str(stack.folder),
    ]  # fmt: skip
    try:
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, timeout=WITHIN_S, check=True, text=True
        )
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError) as error:
        raise NotDoneError(f"{how}: {error}; {str(error.stderr)[-2000:]}") from error
    lines = [one for one in done.stdout.splitlines() if one.startswith('{"events"')]
    if not lines:
        raise NotDoneError(f"{how} said nothing: {done.stdout[-500:]} {done.stderr[-2000:]}")
    said = json.loads(lines[-1])
    return Pace(said["events"], said["seconds"], said["cpu_s"])


@dataclasses.dataclass(slots=True)
class Workers:
    """Runs workers of our own over the event log, each from its beginning."""

    stack: Stack
    observer: Observer
    snapshots: Mapping[str, Snapshot]
    runs: int = 0

    def prepare(self, *, with_snapshots: bool, learning: bool) -> str:
        """Empty Redis and return a new group; one that learns stands behind earlier examples."""
        self.runs += 1
        group = f"bench-{self.runs}"
        self.observer.store.flushall()
        if with_snapshots:
            for name, snapshot in self.snapshots.items():
                self.observer.store.hset(SNAPSHOTS, name, learned.encode(snapshot))
        if learning:
            names = (f"{group}-learn", f"{group}-assess-learn")
            _skip_examples(self.stack.broker.bootstrap, names)
        return group

    def worker(
        self, group: str, *, model: str, roles: Sequence[str], program: Sequence[str] = DEPLOYED
    ) -> Server:
        """Return the product's worker in some roles; another ``program`` stands around it."""
        stack = self.stack
        port = free_port()
        more = {f"ROLES__{role.upper()}": str(role in roles).lower() for role in ROLES}
        environment = stack.environment(
            WEB__PORT=str(port), KAFKA__GROUP=group, MODEL__MODE=model, **more
        )
        return Server(
            Program(
                name=f"{'-'.join(roles)}-{group}",
                argv=[sys.executable, "-m", *program],
                folder=stack.folder,
                is_ready=lambda: probe(f"http://127.0.0.1:{port}/ready"),
                environment=environment | {"PYTHONPATH": str(ROOT)},
                start_within_s=60.0,
            )
        )

    def pace(self, worker: Server, ends: Mapping[tuple[str, int], int]) -> Pace:
        """Start the worker and return its pace from its first stored batch to its last.

        Raises:
            NotDoneError: not all was stored in time.
        """
        goal = sum(ends.values())
        worker.launch()
        stored = self._stored()
        deadline = time.monotonic() + WITHIN_S
        first: tuple[float, float, int] | None = None
        while stored < goal:
            if time.monotonic() > deadline or not worker.is_alive:
                raise NotDoneError(f"{stored} of {goal} stored; see {worker.program.log}")
            time.sleep(0.004)
            stored = self._stored()
            if first is None and stored:
                first = time.monotonic(), cpu_of(worker.pid), stored
        assert first is not None
        begun, cpu, before = first
        done = Pace(goal - before, time.monotonic() - begun, cpu_of(worker.pid) - cpu)
        worker.await_ready()
        return done

    def _stored(self) -> int:
        return sum(offset + 1 for offset in self.observer.fences())


def _skip_examples(bootstrap: str, groups: Iterable[str]) -> None:
    """Commit, for new groups, the end of the examples that earlier runs have left."""
    ends: dict[Any, Any] = {}
    for topic, records in read_topics(bootstrap, [Topic.EXAMPLE.value]).items():
        for record in records:
            tp = TopicPartition(topic, record.partition)
            known = ends[tp].offset if tp in ends else 0
            ends[tp] = OffsetAndMetadata(max(known, record.offset + 1), "", -1)
    if not ends:
        return
    for group in groups:
        consumer = KafkaConsumer(
            bootstrap_servers=bootstrap, group_id=group, enable_auto_commit=False
        )
        try:
            consumer.assign(list(ends))
            consumer.commit(ends)
        finally:
            consumer.close()
