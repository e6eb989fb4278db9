"""What does the demo's worker say of itself, and has it nothing left to do?"""

import collections
import time
import urllib.request

from prometheus_client.parser import text_string_to_metric_families

from alerts.delivery import Way

LOOK_EVERY_S = 0.5
# A tie travels by two topics: who has said nothing for so long has nothing under way.
QUIET_S = 0.25
# Who stands still in all of these is done.
MOVING = ("events", "events_rejected", "deadlines", "bonds", "neighbour_signals", "examples")


class WorkerFigures:
    """A worker's metrics: sums over labels, as they stood when last looked at."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._figures: dict[str, float] = {}
        self._looked_at = 0.0
        self._moving: tuple[float, ...] = ()
        self._quiet_since = 0.0

    def look(self, *, at_once: bool = False) -> None:
        """Read the metrics, unless told otherwise twice a second at the most."""
        if not at_once and time.monotonic() - self._looked_at < LOOK_EVERY_S:
            return
        self._looked_at = time.monotonic()
        with urllib.request.urlopen(self.url, timeout=5) as answer:  # noqa: S310 - loopback
            text = answer.read().decode()
        figures: collections.defaultdict[str, float] = collections.defaultdict(float)
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                figures[sample.name] += sample.value
                if sample.name == "sanzao_events_rejected_total":
                    figures[f"rejected {sample.labels['cause']}"] = sample.value
                if sample.name == "sanzao_notifications_total":
                    figures[f"{sample.labels['channel']} {sample.labels['state']}"] += sample.value
        self._figures = dict(figures)

    def _count(self, name: str) -> int:
        return round(self._figures.get(name, 0.0))

    @property
    def assessed(self) -> int:
        """Return how many events came to a decision."""
        return self._count("sanzao_events_total")

    @property
    def quarantined(self) -> int:
        """Return how many records wait for a person's look at their code."""
        return self._count("rejected quarantined_subject")

    @property
    def dead_letters(self) -> int:
        """Return how many records could not become events."""
        return self._count("sanzao_events_rejected_total") - self.quarantined

    @property
    def digested(self) -> int:
        """Return how many records are through: decided on, or put aside."""
        return self.assessed + self.quarantined + self.dead_letters

    @property
    def deadlines(self) -> int:
        """Return how many events of the log said that a moment has come."""
        return self._count("sanzao_deadlines_total")

    @property
    def signals(self) -> int:
        """Return how many events of the log told of a neighbour."""
        return self._count("sanzao_neighbour_signals_total")

    def delivered(self, way: Way) -> int:
        """Return how many messages were accepted."""
        return self._count(f"{way.value} accepted")

    def on_the_log(self, sent: int) -> int:
        """Return how many records stand on the log: what the sources sent, and our own."""
        return sent + self.deadlines + self.signals

    def begin_stillness(self) -> None:
        """Forget how long the worker has stood still."""
        self._moving = ()

    def is_still(self, sent: int) -> bool:
        """Return whether all on the log is digested, and nothing has moved for a while."""
        self.look(at_once=True)
        moving = tuple(self._figures.get(f"sanzao_{name}_total", 0.0) for name in MOVING)
        if moving != self._moving or self.digested != self.on_the_log(sent):
            self._moving, self._quiet_since = moving, time.monotonic()
        return time.monotonic() - self._quiet_since >= QUIET_S
