"""Who ends a process that lives but no longer moves?  A thread of its own, outside the loop."""

import logging
import os
import threading
import time
from collections.abc import Callable

logger = logging.getLogger(__name__)

EXIT_STALLED = 70  # EX_SOFTWARE: the supervisor restarts it
STOPPING = "a graceful stop"
CHECK_EVERY_S = 1.0


def _exit(code: int) -> None:
    """End at once: a graceful stop would hang on whatever is stuck."""
    logging.shutdown()
    os._exit(code)


class Watchdog:
    """Ends the process when nobody has said ``alive()`` for too long.

    Who waits for an outage that it knows of says so each time it tries; who has nothing to do is
    spoken for by the loop's own heartbeat.  What is left is stuck: a dead event loop, a consumer
    that fetches nothing although records wait, an agent that hangs in one batch.  Each agent is a
    part: while one hangs, the others go on saying that they move.

    Units:
        ``stalled_after_s`` is monotonic time.
    """

    def __init__(
        self,
        *,
        stalled_after_s: float,
        end: Callable[[int], None] = _exit,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stalled_after_s = stalled_after_s
        self._end = end
        self._clock = clock
        self._last: dict[str, float] = {}
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def alive(self, part: str) -> None:
        """Say that a part moves."""
        self._last[part] = self._clock()

    def excuse(self, part: str) -> None:
        """Say that a part is not expected to move any more."""
        self._last.pop(part, None)

    def must_stop_within(self, seconds: float) -> None:
        """End the process unless it ends by itself in time.

        aiokafka waits for a coordinator that may be dead, and swallows the cancellation; what
        was not acknowledged is read again, so ending hard loses nothing.
        """
        self._last = {STOPPING: self._clock() + seconds - self._stalled_after_s}

    def stalled(self) -> list[str]:
        """Return the parts that have not moved for too long."""
        limit = self._clock() - self._stalled_after_s
        return sorted(part for part, last in list(self._last.items()) if last < limit)

    def check(self) -> None:
        """End the process where a part is stalled."""
        parts = self.stalled()
        if parts:
            logger.critical(
                "no progress of %s for %.0f s: ending with %d so that a supervisor restarts it",
                ", ".join(parts),
                self._stalled_after_s,
                EXIT_STALLED,
            )
            self._end(EXIT_STALLED)

    def start(self) -> None:
        """Watch from a daemon thread."""
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Watch no longer."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(timeout=2 * CHECK_EVERY_S)

    def _watch(self) -> None:
        while not self._stopped.wait(CHECK_EVERY_S):
            self.check()
