"""What does a bureau see in its first minute?  A county's sixty days through the real path.

Everything is real but the county: broker, Redis, worker, mailbox and gateway are processes on
loopback.  At the end the demo checks itself: what stands on the alert topics is what arrived.
"""

import collections
import dataclasses
import datetime as dt
import re
import secrets
import shutil
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, cast

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from rich.console import Console

from alerts.delivery import Way
from alerts.pipeline import plan_notifications
from config.load import environment_value
from config.schema import Notify, Settings
from detectors.events import Event, encode
from detectors.measure import Measure
from detectors.warning import CHINA, ENDS, EarlyWarning, WarningStatus
from streams.assembly import Wisdom, build_wisdom
from streams.codec import decode_warning
from streams.devstack import county
from streams.devstack.demo_figures import WorkerFigures
from streams.devstack.demo_progress import DemoProgress, DemoSummary, Latency, WarningRow
from streams.devstack.demo_time import LATENESS, SimulatedTime, Stretch, stretches
from streams.devstack.demo_view import DemoScreen
from streams.devstack.processes import LOOPBACK
from streams.devstack.stack import Stack, fetch_json, running_stack
from streams.topics import WARNING_TOPICS, Topic

SECONDS_A_DAY = 0.9  # sixty days in about a minute
DAY_WITHIN_S = 30.0
SETTLE_WITHIN_S = 90.0
ROWS_SHOWN = 12
POLL_MS = 60
MARK = ".sanzao-demo"
# Time is the demo's (demo_time); models and deadlines keep up with days of a second.
WORKER: dict[str, Any] = {
    "TIMERS__CLOCK": "events",
    "NOTIFY__QUIET_HOURS": Notify().quiet_hours,  # limits are stated as a bureau would
    "NOTIFY__BATCH_DELAY_S": "1",  # a list fills in less, here
    "TIMERS__LATENESS_S": str(LATENESS.total_seconds()),
    "TIMERS__POLL_S": "0.1",
    "MODEL__REFRESH_S": "0.1",
}
Identity = tuple[str, Measure, WarningStatus, str]  # what a consumer knows a record by


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    """How the demo ended: the summary, and what did not hold (nothing, when all is well)."""

    summary: DemoSummary
    faults: tuple[str, ...]


class Demo:
    """One run: publish what the county sends, watch what comes of it."""

    def __init__(self, stack: Stack, form: county.Form, *, seed: int) -> None:
        self._stack = stack
        self._wisdom: Wisdom = build_wisdom(Settings())
        self._start = form.start
        self._events = list(county.simulate(seed, *form))
        self._bad = list(county.bad_records(seed))
        self._total = len(self._events) + len(self._bad)
        self._sent = 0
        self._sent_at: dict[str, float] = {}
        self._took_ms: list[float] = []
        self._warnings: dict[Identity, EarlyWarning] = {}
        self._history: set[Identity] = set()
        self._expected: dict[Way, dict[str, EarlyWarning]] = {way: {} for way in Way}
        self._ended: set[str] = set()
        self._rows: collections.deque[WarningRow] = collections.deque(maxlen=ROWS_SHOWN)
        self._figures = WorkerFigures(f"http://{LOOPBACK}:{stack.report_port}/metrics")
        self._event_time: dt.datetime | None = None
        self._began = time.monotonic()
        self._time = SimulatedTime(stack)
        self._producer = KafkaProducer(
            bootstrap_servers=stack.broker.bootstrap,
            acks="all",
            enable_idempotence=stack.settings.kafka.idempotent,
            linger_ms=5,
        )
        self._consumer = KafkaConsumer(
            bootstrap_servers=stack.broker.bootstrap,
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )
        self._consumer.assign([
            TopicPartition(topic.value, partition)
            for topic in WARNING_TOPICS.values()
            for partition in range(stack.partitions)
        ])  # fmt: skip
        self._consumer.seek_to_beginning()

    def run(self, screen: DemoScreen) -> Outcome:
        """Live through the days, wait until all has arrived, and check it."""
        for raw in self._bad:
            self._producer.send(Topic.EVENT.value, key=_key_of(raw), value=raw)
        self._sent += len(self._bad)
        for stretch in stretches(self._events, start=self._start):
            began = time.monotonic()
            self._publish(stretch.events)
            self._end(stretch, screen)
            if stretch.is_watched:
                self._watch(screen, until=began + SECONDS_A_DAY)
        self._producer.flush()
        faults = self._settle(screen)
        return Outcome(self._summary(), faults)

    def close(self) -> None:
        """Leave the broker."""
        self._producer.close()
        self._consumer.close()
        self._time.close()

    def _end(self, stretch: Stretch, screen: DemoScreen) -> None:
        """Let all of a stretch be digested, then its time pass, then what that brings."""
        self._producer.flush()
        self._await(screen, lambda: self._figures.is_still(self._sent))
        self._event_time = stretch.ends
        self._time.pass_until(stretch.ends)
        if self._time.waiting(stretch.ends):
            self._await(
                screen,
                lambda: not self._time.waiting(stretch.ends) and self._figures.is_still(self._sent),
            )

    def _await(self, screen: DemoScreen, fact: Callable[[], bool]) -> None:
        """Watch until it is so; where it does not come about, the last check says what is amiss."""
        deadline = time.monotonic() + DAY_WITHIN_S
        self._figures.begin_stillness()
        while not fact() and time.monotonic() < deadline:
            self._watch(screen, until=time.monotonic())

    def _publish(self, events: Sequence[Event]) -> None:
        for event in events:
            raw = encode(event)
            self._sent_at.setdefault(f"{event.source}/{event.id}", time.time())
            self._producer.send(Topic.EVENT.value, key=event.subject.encode(), value=raw)
        self._sent += len(events)

    def _watch(self, screen: DemoScreen, *, until: float) -> None:
        while True:
            self._read_warnings()
            self._figures.look()
            screen.show(self._progress())
            if time.monotonic() >= until:
                return

    def _read_warnings(self) -> None:
        for records in self._consumer.poll(timeout_ms=POLL_MS).values():
            for record in records:
                self._take(decode_warning(record.value), record.timestamp)

    def _take(self, warning: EarlyWarning, stamp_ms: int) -> None:
        identity = (warning.id, warning.measure, warning.status, warning.revision)
        if not self._is_watched(warning):
            if warning.status is WarningStatus.ISSUED:
                self._history.add(identity)
            return
        if identity in self._warnings:
            return
        self._warnings[identity] = warning
        desk = self._wisdom.desk
        plan = plan_notifications(
            warning,
            tree=desk.tree,
            ladder=desk.ladder,
            renderer=desk.renderer,
            now=warning.at,
        )
        for one in plan.notifications:
            self._expected[one.way][one.id] = warning
        if warning.status in ENDS:
            self._ended.add(warning.id)
        sent_at = self._sent_at.get(warning.cause)
        if sent_at is not None:
            self._took_ms.append(max(0.0, stamp_ms - sent_at * 1000))
        if warning.status is WarningStatus.ISSUED:
            self._rows.appendleft(
                WarningRow(
                    at=warning.issued_at,
                    enterprise=warning.enterprise,
                    risk_class=warning.risk_class,
                    reason=warning.reasons[0].text if warning.reasons else warning.matter,
                    measure=warning.measure,
                    authority=plan.duty.lead.short_name,
                )
            )

    def _is_watched(self, warning: EarlyWarning) -> bool:
        """Return whether it was issued in the days that are watched, and people are told."""
        return warning.issued_at.astimezone(CHINA).date() >= self._start

    def _progress(self) -> DemoProgress:
        figures = self._figures
        issued = collections.Counter(
            measure for _, measure, status, _ in self._warnings if status is WarningStatus.ISSUED
        )
        return DemoProgress(
            total=self._total,
            published=self._sent,
            deadlines=figures.deadlines,
            signals=figures.signals,
            assessed=figures.assessed,
            dead_letters=figures.dead_letters,
            quarantined=figures.quarantined,
            history=len(self._history),
            warnings=issued,
            delivered={way: figures.delivered(way) for way in Way},
            event_to_warning=_latency(self._took_ms),
            recent=tuple(self._rows),
            event_time=self._event_time,
            events_per_s=figures.digested / max(0.1, time.monotonic() - self._began),
        )

    def _settle(self, screen: DemoScreen) -> tuple[str, ...]:
        """Wait until every event is digested and every message has arrived; return what has not."""
        deadline = time.monotonic() + SETTLE_WITHIN_S
        faults: tuple[str, ...] = ()
        while time.monotonic() < deadline:
            self._watch(screen, until=time.monotonic() + 1.0)
            faults = tuple(self._faults())
            if not faults:
                break
        return faults

    def _faults(self) -> Iterator[str]:
        figures = self._figures
        if figures.digested != figures.on_the_log(self._sent):
            yield (
                f"处理了 {figures.digested} 条记录，应为 {figures.on_the_log(self._sent)} 条"
                f"（来源 {self._sent}、期限到期 {figures.deadlines}、关联信号 {figures.signals}）"
            )
        for name, count in (("期限到期", figures.deadlines), ("关联信号", figures.signals)):
            if not count:
                yield f"没有“{name}”"
        arrived = self._arrived()
        for way, ids in arrived.items():
            expected = self._expected[way]
            wanted, found = set(expected), set(ids)
            # What has ended within the second need not have been told.
            missing = {one for one in wanted - found if expected[one].id not in self._ended}
            if missing or found - wanted:
                yield (
                    f"{way.label}：应到 {len(wanted)} 条，未到 {len(missing)} 条，"
                    f"多出 {len(found - wanted)} 条"
                )
            if len(ids) != len(found):
                yield f"{way.label}：有 {len(ids) - len(found)} 条重复"
            reached = {expected[one].measure for one in found & wanted}
            for measure in set(Measure) - reached:
                yield f"{way.label}：没有“{measure.label}”"

    def _arrived(self) -> dict[Way, list[str]]:
        mails = cast("list[dict[str, Any]]", fetch_json(f"{self._stack.mailbox.url}/api/messages"))
        texts = cast("list[dict[str, Any]]", fetch_json(f"{self._stack.gateway.url}/api/messages"))
        return {
            Way.EMAIL: [mail["headers"]["X-Sanzao-Notification"] for mail in mails],
            Way.SMS: [text["out_id"] for text in texts],
        }

    def _message_latency(self) -> Latency | None:
        mails = cast("list[dict[str, Any]]", fetch_json(f"{self._stack.mailbox.url}/api/messages"))
        took = []
        for mail in mails:
            letters = self._expected[Way.EMAIL]
            warning = letters.get(mail["headers"]["X-Sanzao-Notification"])
            if warning is None:
                continue
            sent_at = self._sent_at.get(warning.cause)
            if sent_at is not None:
                received = dt.datetime.fromisoformat(mail["received_at"]).timestamp()
                took.append(max(0.0, (received - sent_at) * 1000))
        return _latency(took)

    def _summary(self) -> DemoSummary:
        stack = self._stack
        counts = collections.Counter(
            WARNING_TOPICS[measure].value
            for _, measure, status, _ in [*self._warnings, *self._history]
            if status is WarningStatus.ISSUED
        )
        progress = dataclasses.replace(self._progress(), event_to_message=self._message_latency())
        return DemoSummary(
            progress=progress,
            took=dt.timedelta(seconds=time.monotonic() - self._began),
            mail_folder=str(stack.folder / "mails"),
            mail_url=stack.mailbox.url,
            sms_url=stack.gateway.url,
            metrics_url=self._figures.url,
            topics={topic: f"{count} 条" for topic, count in sorted(counts.items())},
        )


def run_demo(*, keep: bool, short: bool, seed: int, folder: Path) -> int:
    """Run the demo; return the exit code: 0 where everything arrived as it should.

    Raises:
        streams.devstack.processes.ServerError: a part of the stack did not start.
        FileExistsError: the folder holds something that is not a demo's.
    """
    _clear(folder)
    form = county.SHORT_FORM if short else county.FORM
    console = Console()
    screen = DemoScreen(console)
    with (
        running_stack(folder, redis_url=environment_value("REDIS_URL")) as stack,
        stack.worker(
            **WORKER,
            NOTIFY__SINCE=form.start.isoformat(),
            WEB__PUBLIC_URL=f"http://{LOOPBACK}:{stack.report_port}",
            WEB__LINK_SECRET=secrets.token_hex(),
        ),
    ):
        demo = Demo(stack, form, seed=seed)
        try:
            with screen:
                outcome = demo.run(screen)
            _keep_pages(stack, folder)
            screen.finish(outcome.summary)
            for fault in outcome.faults:
                console.print(f"未通过：{fault}", style="red")
            if keep and not outcome.faults:
                _wait(console, stack)
        finally:
            demo.close()
    return 1 if outcome.faults else 0


def _clear(folder: Path) -> None:
    """Empty the folder of an earlier demo, and nobody else's."""
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise FileExistsError(
            f"{folder} 不是演示的目录，请用 --folder 另选。{folder} is not a demo's folder"
        )
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / MARK).touch()


def _keep_pages(stack: Stack, folder: Path) -> None:
    """Keep the pages as files: the servers end with the demo."""
    for name, url in (("phone", stack.gateway.url), ("mailbox", stack.mailbox.url)):
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - loopback
            (folder / f"{name}.html").write_bytes(answer.read())


def how_to_ask(stack: Stack) -> str:
    """Return what to type into another terminal, so that the commands reach this stack."""
    names = (
        "KAFKA__BOOTSTRAP", "KAFKA__PARTITIONS", "KAFKA__IDEMPOTENT", "REDIS__URL", "TIMERS__CLOCK",
    )  # fmt: skip
    environment = stack.environment(TIMERS__CLOCK=WORKER["TIMERS__CLOCK"])
    said = " ".join(f"SANZAO_{name}={environment[f'SANZAO_{name}']}" for name in names)
    return f"另开终端可用日常命令查询，先设置：\nexport {said}\n例如：sanzao warnings list"


def _wait(console: Console, stack: Stack) -> None:
    console.print(how_to_ask(stack), soft_wrap=True, markup=False, highlight=False)
    console.print("保持运行；按 Ctrl-C 结束。")
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        console.print("正在结束 …")


def _key_of(raw: bytes) -> bytes:
    """Return the key that a careless source would use for a bad record: its subject, if any."""
    subject = re.search(rb'"subject":"([^"]*)"', raw)
    return subject[1] if subject else b""


def _latency(took_ms: Sequence[float]) -> Latency | None:
    if not took_ms:
        return None
    ordered = sorted(took_ms)
    last = len(ordered) - 1
    return Latency(p50_ms=ordered[round(0.5 * last)], p99_ms=ordered[round(0.99 * last)])
