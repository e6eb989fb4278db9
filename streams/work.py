"""What has a batch of events come to, and what do the metrics hear of it?"""

import dataclasses
import datetime as dt
import logging
from collections.abc import Sequence

from detectors.assessment import Assessment
from detectors.effects import ClassChanged, LetGo
from detectors.events import Cause, Payload
from detectors.example import Example
from detectors.handling import Handled
from detectors.state import EnterpriseState
from detectors.told import Told
from detectors.warning import EarlyWarning
from streams.batch import Record
from streams.metrics import Metrics
from streams.official_desk import Taken
from streams.publisher import Outgoing

logger = logging.getLogger(__name__)


@dataclasses.dataclass(slots=True)
class Work:
    """One batch under way.

    Shapes:
        ``states`` are the states after the events so far; ``cards`` the enterprises whose card
        has changed; ``outgoing`` what is published before anything is stored.  ``woken`` are
        the enterprises a deadline was told to; ``spoken`` the latest event time of each source
        and type, ``latest`` that of all.
    """

    states: dict[str, EnterpriseState] = dataclasses.field(default_factory=dict)
    changed: set[str] = dataclasses.field(default_factory=set)
    cards: dict[str, tuple[EnterpriseState, Assessment]] = dataclasses.field(default_factory=dict)
    examples: dict[str, list[Example]] = dataclasses.field(default_factory=dict)
    outgoing: list[Outgoing] = dataclasses.field(default_factory=list)
    dead: list[Outgoing] = dataclasses.field(default_factory=list)
    rejected: list[Cause] = dataclasses.field(default_factory=list)
    warnings: list[tuple[EarlyWarning, int]] = dataclasses.field(default_factory=list)
    classes: list[ClassChanged] = dataclasses.field(default_factory=list)
    acts: list[Handled] = dataclasses.field(default_factory=list)
    told: list[tuple[Told, EnterpriseState]] = dataclasses.field(default_factory=list)
    taken: Taken = dataclasses.field(default_factory=Taken)
    skipped: dict[str, int] = dataclasses.field(default_factory=dict)
    let_go: list[LetGo] = dataclasses.field(default_factory=list)
    woken: set[str] = dataclasses.field(default_factory=set)
    spoken: dict[tuple[str, type[Payload]], dt.datetime] = dataclasses.field(default_factory=dict)
    applied: int = 0

    @property
    def latest(self) -> int:
        """Return the latest event time of the batch, in seconds, 0 for none."""
        return int(max(self.spoken.values()).timestamp()) if self.spoken else 0


def count(work: Work, records: Sequence[Record], metrics: Metrics, *, now: dt.datetime) -> None:
    """Tell the metrics what a batch has come to, and the log whose facts were let go."""
    skipped = sum(work.skipped.values())
    metrics.events.labels("applied").inc(work.applied - skipped)
    for reason, count in work.skipped.items():
        metrics.events.labels(reason).inc(count)
    for cause in work.rejected:
        metrics.rejected.labels(cause.value).inc()
    for let_go in work.let_go:
        metrics.facts_let_go.inc(len(let_go.kinds))
        logger.warning(
            "%s has more facts in force than a state holds: %s let go, nothing will be said of "
            "them", let_go.uscc, ", ".join(let_go.kinds),
        )  # fmt: skip
    for change in work.classes:
        metrics.class_changes.labels(change.after.value).inc()
    metrics.official_told.labels("stands").inc(len(work.told) - len(work.taken.corrections))
    metrics.official_told.labels("contradicted").inc(len(work.taken.corrections))
    metrics.batch_events.observe(len(records))
    moment = now.timestamp()
    metrics.event_to_state_seconds.observe(max(0.0, moment - records[0].timestamp / 1000))
    for warning, stamp_ms in work.warnings:
        metrics.warnings.labels(warning.measure.value, warning.status.value).inc()
        metrics.event_to_warning_seconds.observe(max(0.0, moment - stamp_ms / 1000))
