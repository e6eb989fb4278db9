"""What does Prometheus see?  Our own names, base units, closed label sets, no enterprise."""

import math
from collections.abc import Iterable
from typing import get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, generate_latest

from alerts.delivery import Cause as DeliveryCause
from alerts.delivery import Heard
from alerts.notification_log import Backlog
from detectors.events import Cause, NeighbourRelation
from detectors.measure import Measure, RiskClass
from detectors.model_health import Health
from detectors.warning import WarningStatus
from streams.version import version

# From under a linger to the stall of a rebalance.
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
OUTCOMES = ("applied", "replayed", "duplicate", "unknown_fact")
TOLD_OUTCOMES = ("stands", "contradicted")
BOND_OUTCOMES = ("applied", "replayed", "dead")
PHASES = ("begun", "ended")
CHANNELS = ("sms", "email")
MEASURES = ("roc_auc", "average_precision", "log_loss", "calibration_error")
PARTS = ("kafka", "redis")
WAITING = ("open", "due", "uncertain", "troubled", "untold")


class Metrics:
    """All series of one worker; every series of a closed set exists from the first scrape."""

    def __init__(self) -> None:
        self.registry = make = CollectorRegistry()
        self.events = Counter(
            "sanzao_events", "Events by what became of them", ["outcome"], registry=make
        )
        self.rejected = Counter(
            "sanzao_events_rejected", "Records that can never be events", ["cause"], registry=make
        )
        self.facts_let_go = Counter(
            "sanzao_facts_let_go", "Facts in force that a state had no room for", registry=make
        )
        self.warnings = Counter(
            "sanzao_warnings", "Warnings by measure and status", ["measure", "status"],
            registry=make,
        )  # fmt: skip
        self.class_changes = Counter(
            "sanzao_class_changes", "Changes of the live class", ["to"], registry=make
        )
        self.official_told = Counter(
            "sanzao_official_classes_told", "Official classes told one by one (E57)", ["outcome"],
            registry=make,
        )  # fmt: skip
        self.examples = Counter(
            "sanzao_examples", "Outcomes the model has learned from", registry=make
        )
        self.batch_seconds = Histogram(
            "sanzao_batch_seconds", "From fetched to ready for acknowledgement, one batch",
            buckets=SECONDS, registry=make,
        )  # fmt: skip
        self.event_to_state_seconds = Histogram(
            "sanzao_event_to_state_seconds", "From the log's time stamp to the stored state",
            buckets=SECONDS, registry=make,
        )  # fmt: skip
        self.event_to_warning_seconds = Histogram(
            "sanzao_event_to_warning_seconds", "From the log's time stamp to the alert topic",
            buckets=SECONDS, registry=make,
        )  # fmt: skip
        self.batch_events = Histogram(
            "sanzao_batch_events", "Events in one batch",
            buckets=(1, 10, 100, 500, 1000, 2000, 5000), registry=make,
        )  # fmt: skip
        self.fenced = Counter(
            "sanzao_batches_fenced", "Batches another worker had written", registry=make
        )
        self.bisections = Counter(
            "sanzao_batches_bisected", "Batches cut in two to find a poison record", registry=make
        )
        self.retries = Counter(
            "sanzao_retries", "Tries again for an outside reason", ["part"], registry=make
        )
        self.up = Gauge("sanzao_part_up", "1 while a part answers", ["part"], registry=make)
        self.notifications = Counter(
            "sanzao_notifications", "Messages by channel and state", ["channel", "state"],
            registry=make,
        )  # fmt: skip
        self.notification_failures = Counter(
            "sanzao_notification_failures", "Failed attempts by cause", ["channel", "cause"],
            registry=make,
        )  # fmt: skip
        self.delivery_reports = Counter(
            "sanzao_delivery_reports", "Delivery reports of gateways by what they changed",
            ["outcome"], registry=make,
        )  # fmt: skip
        self.outbox = Gauge(
            "sanzao_outbox_messages",
            "Messages: under way, due, in doubt, ended badly, with receipts to publish",
            ["state"], registry=make,
        )  # fmt: skip
        self.outbox_overdue_seconds = Gauge(
            "sanzao_outbox_overdue_seconds", "How long the oldest message is overdue",
            registry=make,
        )  # fmt: skip
        self.unrouted = Counter(
            "sanzao_warnings_to_duty_desk", "Warnings nobody but the duty desk could take",
            registry=make,
        )  # fmt: skip
        self.history = Counter(
            "sanzao_warnings_of_history", "Warnings of before notify.since, told to nobody",
            registry=make,
        )  # fmt: skip
        self.lag_events = Gauge(
            "sanzao_lag_events", "Records fetched or waiting, not yet processed", ["partition"],
            registry=make,
        )  # fmt: skip
        self.model_examples = Gauge(
            "sanzao_model_examples", "Examples in the model in use", ["domain"], registry=make
        )
        self.model_log_loss = Gauge(
            "sanzao_model_log_loss", "Prequential log loss, last thousand", ["domain"],
            registry=make,
        )  # fmt: skip
        self.model_quality = Gauge(
            "sanzao_model_quality", "Prequential figures of the model, by span and measure",
            ["domain", "span", "measure"], registry=make,
        )  # fmt: skip
        self.model_share = Gauge(
            "sanzao_model_expert_share", "How much each expert's word counts, 0 to 1",
            ["domain", "expert"], registry=make,
        )  # fmt: skip
        self.model_drifting = Gauge(
            "sanzao_model_drifting", "1 while a drift alarm stands", ["domain"], registry=make
        )
        self.model_drift_alarms = Counter(
            "sanzao_model_drift_alarms", "Drift alarms raised", ["domain"], registry=make
        )
        self.examples_over_quota = Counter(
            "sanzao_examples_over_quota", "Outcomes that taught nothing: one source, too often",
            registry=make,
        )  # fmt: skip
        self.model_refused = Counter(
            "sanzao_model_snapshots_refused", "Snapshots that could not be read", registry=make
        )
        self.examples_refused = Counter(
            "sanzao_examples_refused", "Examples that could not be read", registry=make
        )
        self.bonds = Counter(
            "sanzao_bonds", "Changed ties by what became of them", ["outcome"], registry=make
        )
        self.neighbour_signals = Counter(
            "sanzao_neighbour_signals", "Signals to neighbours", ["relation", "phase"],
            registry=make,
        )  # fmt: skip
        self.neighbours_cut = Counter(
            "sanzao_neighbours_cut", "Neighbours left untold, beyond the fan-out", registry=make
        )
        Info("sanzao_build", "1 for the version of the product", registry=make).info(
            {"version": version()}
        )
        self.knowledge = Gauge(
            "sanzao_knowledge_info", "1 for the knowledge version in use", ["version"],
            registry=make,
        )  # fmt: skip
        self.deadlines = Counter(
            "sanzao_deadlines", "Deadlines told to the event log", registry=make
        )
        self.deadlines_again = Counter(
            "sanzao_deadlines_again", "Deadlines told again: their event was read and led nowhere",
            registry=make,
        )  # fmt: skip
        self.deadline_delay_seconds = Gauge(
            "sanzao_deadline_delay_seconds", "Age of the oldest deadline that no state has met yet",
            registry=make,
        )  # fmt: skip
        self.feed_silent = Gauge(
            "sanzao_feed_silent", "1 while a live feed is late beyond its SLA", ["feed"],
            registry=make,
        )  # fmt: skip
        self.feed_last_seconds = Gauge(
            "sanzao_feed_last_seconds", "When a feed was last heard of (Unix time; 0: never)",
            ["feed"], registry=make,
        )  # fmt: skip
        self.calendar_missing_year = Gauge(
            "sanzao_calendar_missing_year", "1 while a year's table of holidays is wanted",
            registry=make,
        )  # fmt: skip
        self.survey_day_seconds = Gauge(
            "sanzao_survey_day_seconds", "The day surveyed last, its beginning (Unix; 0: never)",
            registry=make,
        )  # fmt: skip
        self.survey_seconds = Gauge(
            "sanzao_survey_seconds", "How long the last survey of this worker took", registry=make
        )
        self.cluster_warnings = Counter(
            "sanzao_cluster_warnings", "Regional and industry warnings told", registry=make
        )
        self._create_series()
        self._create_messages()
        self._create_neighbours()

    def _create_series(self) -> None:
        for outcome in OUTCOMES:
            self.events.labels(outcome)
        for cause in Cause:
            self.rejected.labels(cause.value)
        for measure in Measure:
            for status in WarningStatus:
                self.warnings.labels(measure.value, status.value)
        for risk_class in RiskClass:
            self.class_changes.labels(risk_class.value)
        for outcome in TOLD_OUTCOMES:
            self.official_told.labels(outcome)
        for part in PARTS:
            self.retries.labels(part)

    def _create_messages(self) -> None:
        self.escalated = Counter(
            "sanzao_warnings_escalated", "Warnings nobody had signed for in time, told above",
            ["measure"], registry=self.registry,
        )  # fmt: skip
        for measure in Measure:
            self.escalated.labels(measure.value)
        for heard in Heard:
            self.delivery_reports.labels(heard.value)
        for state in WAITING:
            self.outbox.labels(state)
        for channel in CHANNELS:
            for delivery_cause in DeliveryCause:
                self.notification_failures.labels(channel, delivery_cause.value)

    def _create_neighbours(self) -> None:
        for outcome in BOND_OUTCOMES:
            self.bonds.labels(outcome)
        for relation in get_args(NeighbourRelation):
            for phase in PHASES:
                self.neighbour_signals.labels(relation, phase)

    def watch_feeds(self, codes: Iterable[str]) -> None:
        """Show a series of each feed that the configuration names."""
        for code in codes:
            self.feed_silent.labels(code)
            self.feed_last_seconds.labels(code)

    def tell_outbox(self, backlog: Backlog) -> None:
        """Set what waits in the outbox."""
        for state in WAITING:
            self.outbox.labels(state).set(getattr(backlog, state))
        self.outbox_overdue_seconds.set(backlog.overdue.total_seconds())

    def tell_health(self, domain: str, health: Health) -> None:
        """Set the quality of a domain's model; what cannot be told yet is not set."""
        for span, figures in (("all", health.whole()), ("window", health.window())):
            for measure in MEASURES:
                value = float(getattr(figures, measure))
                if not math.isnan(value):
                    self.model_quality.labels(domain, span, measure).set(value)
        self.model_drifting.labels(domain).set(health.drift.stands)

    def text(self) -> bytes:
        """Return the exposition of all series."""
        return generate_latest(self.registry)
