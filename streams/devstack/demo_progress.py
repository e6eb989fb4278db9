"""How far has the demo come, and how did it end?  Plain data, for whoever renders it."""

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence

from alerts.delivery import Way
from detectors.measure import Measure, RiskClass


@dataclasses.dataclass(frozen=True, slots=True)
class Latency:
    """How long something took, half of the time and all but one time in a hundred.

    Units:
        Milliseconds of the wall clock.
    """

    p50_ms: float
    p99_ms: float


@dataclasses.dataclass(frozen=True, slots=True)
class WarningRow:
    """One warning, as a line of the table.

    Units:
        ``at`` is event time, aware.
    """

    at: dt.datetime
    enterprise: str
    risk_class: RiskClass
    reason: str
    measure: Measure
    authority: str


@dataclasses.dataclass(frozen=True, slots=True)
class DemoProgress:
    """How far the demo has come.

    Shapes:
        ``recent`` holds the newest warning first.  ``total`` is the number of events that sources
        publish, dead letters included; ``deadlines`` and ``signals`` are events of our own;
        ``history`` counts the warnings of before the first day, which are told to nobody.

    Units:
        ``event_time`` is how far the simulated county has lived; latencies are wall-clock time
        from the event's publication, None while nothing was measured.
    """

    total: int
    published: int = 0
    deadlines: int = 0
    signals: int = 0
    assessed: int = 0
    dead_letters: int = 0
    quarantined: int = 0
    history: int = 0
    warnings: Mapping[Measure, int] = dataclasses.field(default_factory=dict)
    delivered: Mapping[Way, int] = dataclasses.field(default_factory=dict)
    event_to_warning: Latency | None = None
    event_to_message: Latency | None = None
    recent: Sequence[WarningRow] = ()
    event_time: dt.datetime | None = None
    events_per_s: float = 0.0

    def __post_init__(self) -> None:
        """Refuse a demo without events: its progress would have no measure."""
        if self.total < 1:
            raise ValueError(f"total must be positive, got {self.total}")

    @property
    def done(self) -> float:
        """Return the share of the events that are through: assessed, or put aside."""
        through = self.assessed + self.dead_letters + self.quarantined
        return min(1.0, through / (self.total + self.deadlines + self.signals))


@dataclasses.dataclass(frozen=True, slots=True)
class DemoSummary:
    """How the demo ended, and where to look now.

    Shapes:
        ``topics`` maps the name of a topic to what is in it, in Chinese.  An empty address is
        left out of the panel.
    """

    progress: DemoProgress
    took: dt.timedelta
    mail_folder: str = ""
    mail_url: str = ""
    sms_url: str = ""
    metrics_url: str = ""
    topics: Mapping[str, str] = dataclasses.field(default_factory=dict)
