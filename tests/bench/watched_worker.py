"""Where does the time of the deployed worker go?  The same worker, with a watch on every step.

    python -m tests.bench.watched_worker FILE

At its end it writes the seconds of each step to the file.  Only the bench does this: production
code knows nothing of it.
"""

import argparse
import contextvars
import functools
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from config.load import load_settings
from detectors import state as states
from streams import assess, worker
from streams.assess import Assessor
from streams.publisher import KafkaPublisher
from streams.store import RedisStore


# The time of the steps inside the one under way, one list a task: others run while one waits.
_INSIDE: contextvars.ContextVar[list[float]] = contextvars.ContextVar("inside")


class Watch:
    """Adds up wall time by step, each without the steps inside it."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self.records = 0
        self.begun = self.ended = 0.0

    def _enter(self) -> float:
        inside = _INSIDE.get(None)
        if inside is None:
            inside = [0.0]
            _INSIDE.set(inside)
        inside.append(0.0)
        return time.perf_counter()

    def _leave(self, name: str, started: float) -> None:
        taken = time.perf_counter() - started
        inside = _INSIDE.get()
        self.seconds[name] += taken - inside.pop()
        inside[-1] += taken

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
        self, name: str, function: Callable[..., Awaitable[Any]]
    ) -> Callable[..., Awaitable[Any]]:
        """Return the coroutine function with its time noted; one agent awaits one at a time."""

        @functools.wraps(function)
        async def run(*words: Any, **more: Any) -> Any:
            started = self._enter()
            try:
                return await function(*words, **more)
            finally:
                self._leave(name, started)

        return run

    def digesting(self, digest: Callable[..., Awaitable[bool]]) -> Callable[..., Awaitable[bool]]:
        """Return the digest that counts its records and notes the first and the last moment."""

        async def run(assessor: Assessor, batch: Any) -> bool:
            self.begun = self.begun or time.perf_counter()
            _INSIDE.set([0.0])
            done = await digest(assessor, batch)
            self.ended = time.perf_counter()
            self.records += len(batch.records)
            return done

        return run


STEPS = {
    "decode": "decode events",
    "load": "Redis read",
    "state_decode": "decode states",
    "step": "step (facts, score, rules)",
    "effects": "gather and encode effects",
    "cards": "cards",
    "state_encode": "encode states",
    "publish": "publish and wait for receipts",
    "write": "Redis write",
    "rest": "the rest of a batch",
    "outside": "Faust, fetching and waiting",
}


def watch_all(watch: Watch) -> None:
    """Put a watch on every step of the assessing agent."""
    assess.step = watch.timed("step", assess.step)  # type: ignore[assignment]
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
    elapsed = watch.ended - watch.begun
    seconds = {name: watch.seconds[name] for name in STEPS}
    seconds["outside"] = elapsed - sum(seconds.values())
    path.write_text(json.dumps({"records": watch.records, "elapsed_s": elapsed} | seconds))


if __name__ == "__main__":
    main()
