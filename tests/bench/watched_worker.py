"""Where does the time of the deployed worker go?  The same worker, with a watch on every step.

    python -m tests.bench.watched_worker FILE

At its end it writes the seconds of each step to the file.  Only the bench does this: production
code knows nothing of it.
"""

import argparse
import functools
import json
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine, Generator, Sequence
from pathlib import Path
from typing import Any

from config.load import load_settings
from detectors import state as states
from streams import assess, worker
from streams.assess import Assessor
from streams.publisher import KafkaPublisher
from streams.store import RedisStore


class Watch:
    """Adds up by step how long the event loop was busy with it, without the steps inside it.

    Batches of several partitions are under way at once, so the time from a step's begin to its end
    holds other steps' work.  Between two waits nothing interferes: that is what is added up.
    """

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.records = 0
        self.begun = self.ended = (0.0, 0.0)
        self._inside: list[float] = [0.0]

    def _enter(self) -> float:
        self._inside.append(0.0)
        return time.perf_counter()

    def _leave(self, name: str, started: float) -> None:
        taken = time.perf_counter() - started
        self.seconds[name] += taken - self._inside.pop()
        self._inside[-1] += taken

    def timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function with its time noted under ``name``."""

        @functools.wraps(function)
        def run(*words: Any, **more: Any) -> Any:
            started = self._enter()
            try:
                return function(*words, **more)
            finally:
                self._leave(name, started)

        return run

    def awaited(
        self, name: str, function: Callable[..., Coroutine[Any, Any, Any]]
    ) -> Callable[..., Awaitable[Any]]:
        """Return the coroutine function with the time noted in which it runs and does not wait."""

        @functools.wraps(function)
        async def run(*words: Any, **more: Any) -> Any:
            """Run it, and note the time."""
            return await _Busy(self, name, function(*words, **more))

        return run

    def digesting(self, digest: Callable[..., Awaitable[bool]]) -> Callable[..., Awaitable[bool]]:
        """Return the digest that counts its records and notes the first and the last moment."""

        async def run(assessor: Assessor, batch: Any) -> bool:
            """Run it, and note the time."""
            if not self.records:
                self.begun = self.begun if self.begun[0] else _now()
            done = await digest(assessor, batch)
            self.ended = _now()
            self.records += len(batch.records)
            return done

        return run


class _Busy:
    """A coroutine driven by hand, each stretch between two waits on the watch."""

    def __init__(self, watch: Watch, name: str, coroutine: Coroutine[Any, Any, Any]) -> None:
        self._watch, self._name, self._coroutine = watch, name, coroutine

    def __await__(self) -> Generator[Any, Any, Any]:
        advance: Callable[[], Any] = functools.partial(self._coroutine.send, None)
        while True:
            started = self._watch._enter()
            try:
                awaited = advance()
            except StopIteration as end:
                return end.value
            finally:
                self._watch._leave(self._name, started)
            try:
                sent = yield awaited
            except BaseException as error:  # noqa: BLE001 - a cancellation is the coroutine's
                advance = functools.partial(self._coroutine.throw, error)
            else:
                advance = functools.partial(self._coroutine.send, sent)


def _now() -> tuple[float, float]:
    """Return the moment, and the CPU seconds of the event loop's thread."""
    return time.perf_counter(), time.thread_time()


STEPS = {
    "decode": "decode events",
    "load": "Redis read",
    "state_decode": "decode states",
    "step": "step (facts, score, rules)",
    "effects": "gather and encode effects",
    "cards": "cards",
    "state_encode": "encode states",
    "publish": "publish",
    "write": "Redis write",
    "rest": "the rest of a batch: counting, waiting lines",
    "clients": "Faust, and the clients' own tasks",
    "waiting": "the loop waits",
}


def watch_all(watch: Watch) -> None:
    """Put a watch on every step of the assessing agent."""
    module: Any = assess
    module.step = watch.timed("step", module.step)
    states.encode = watch.timed("state_encode", states.encode)
    states.decode = watch.timed("state_decode", states.decode)
    cls: Any = Assessor
    cls._decoded = watch.timed("decode", cls._decoded)
    cls._step_all = watch.timed("effects", cls._step_all)
    cls._add_cards = watch.timed("cards", cls._add_cards)
    cls.digest = watch.digesting(watch.awaited("rest", cls.digest))
    store: Any = RedisStore
    store.load = watch.awaited("load", store.load)
    store.write = watch.awaited("write", store.write)
    publisher: Any = KafkaPublisher
    publisher.publish = watch.awaited("publish", publisher.publish)


def main(words: Sequence[str] | None = None) -> None:
    """Run the worker until SIGTERM."""
    reader = argparse.ArgumentParser(prog="python -m tests.bench.watched_worker")
    reader.add_argument("file", type=Path)
    options = reader.parse_args(words)
    watch = Watch()
    watch_all(watch)
    try:
        worker.run_worker(load_settings(None))
    finally:
        _write(options.file, watch)


def _write(path: Path, watch: Watch) -> None:
    elapsed = watch.ended[0] - watch.begun[0]
    busy = watch.ended[1] - watch.begun[1]
    seconds = {name: watch.seconds[name] for name in STEPS}
    seconds["clients"] = busy - sum(seconds.values())
    seconds["waiting"] = elapsed - busy
    path.write_text(json.dumps({"records": watch.records, "elapsed_s": elapsed} | seconds))


if __name__ == "__main__":
    main()
