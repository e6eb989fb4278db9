"""How does a fetched batch become states, warnings and receipts, once and only once?

The order carries the guarantee: publish and wait for the receipts, write the states behind a
fence, only then acknowledge.  A crash in between repeats the batch: the states recognise what
they hold, consumers recognise ids that are derived from their cause.
"""

import asyncio
import dataclasses
import datetime as dt
import logging
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence

import msgspec

from detectors import state as states
from detectors.assessment import Assessment
from detectors.card import RiskCard, risk_card
from detectors.effects import CardDue, ClassChanged, Effect, LetGo, Position, Skipped
from detectors.events import Cause, DeadlineFellDue, Event, InvalidEventError, Payload
from detectors.example import Example
from detectors.expertise import Expertise
from detectors.handling import Handled
from detectors.neighbours import BondChanged
from detectors.state import EnterpriseState
from detectors.step import step
from detectors.told import Told
from detectors.warning import EarlyWarning, WarningStatus
from streams.batch import Batch, Record
from streams.codec import arrays, decode_record, envelope
from streams.dead_letters import Origin, dead_letter
from streams.feeds import Spoken
from streams.metrics import Metrics
from streams.neighbourhood import change_record
from streams.official_desk import OfficialDesk, Taken
from streams.publisher import NotPublishedError, Outgoing, Publisher, partition_of
from streams.state_cache import StateCache
from streams.store import (
    EnterpriseStore,
    FencedError,
    Loaded,
    StoreUnavailableError,
    Written,
    offset_of,
)
from streams.topics import WARNING_TOPICS, Topic
from streams.warning_lives import Lives, life_record

logger = logging.getLogger(__name__)

# A broker takes a mebibyte a record unless told otherwise.  An example takes some 500 bytes, and
# up to three thousand where its source tells all of a look's context that it may.
EXAMPLE_BYTES = 512 * 1024
_BACKOFF_S = (0.05, 0.2, 0.5, 1.0, 2.0)


class DeadLetterLostError(RuntimeError):
    """Not even the dead-letter topic takes the record: the process ends, nothing is acknowledged.

    Operator action: mend the broker; the record is read again after the restart.
    """


class StatesLostError(RuntimeError):
    """Redis no longer holds what this worker wrote: the process ends, nothing is acknowledged.

    Operator action: none where Redis lost its last seconds, the next life reads them again; a next
    life that finds Redis empty refuses to start and says what to do.
    """


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


def wake_of(state: EnterpriseState) -> int:
    """Return when an enterprise wants to be woken (event time, seconds), 0 for never."""
    return state.wake_at


@dataclasses.dataclass(slots=True)
class Assessor:
    """The assessing agent's hands: everything but the loop around them.

    ``expertise`` is read anew for each batch, so a model changes between batches only.
    ``alive`` is called at every sign of progress or of a known outage; ``is_current`` says
    whether this worker still owns a batch; ``hear`` takes which sources spoke in a batch, and
    when the log took it.
    """

    store: EnterpriseStore
    publisher: Publisher
    official: OfficialDesk
    lives: Lives
    expertise: Callable[[], Expertise]
    epoch: int
    partitions: int
    metrics: Metrics
    now: Callable[[], dt.datetime]
    alive: Callable[[], None] = lambda: None
    is_current: Callable[[Batch], bool] = lambda _batch: True
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    cache: StateCache = dataclasses.field(default_factory=StateCache)
    wake_of: Callable[[EnterpriseState], int] = wake_of
    hear: Callable[[Spoken, int], None] = lambda _spoken, _arrival: None
    _written: dict[int, int] = dataclasses.field(default_factory=dict)

    async def digest(self, batch: Batch) -> bool:
        """Process a batch to its end; return whether it may be acknowledged.

        What fails for an outside reason is tried again for as long as the partition is ours;
        what fails for its own sake is found by cutting the batch in two, and dead-lettered.

        Raises:
            DeadLetterLostError: the record cannot be kept anywhere.
            StatesLostError: Redis no longer holds what this worker wrote.
            detectors.state.IncompatibleStateError: another version wrote the states.
        """
        began = time.monotonic()
        is_done = await self._digest(batch, batch.records)
        self.metrics.batch_seconds.observe(time.monotonic() - began)
        return is_done

    async def _digest(self, batch: Batch, records: Sequence[Record]) -> bool:
        tries = 0
        while self.is_current(batch):
            try:
                await self._process(batch, records)
            except (StoreUnavailableError, NotPublishedError) as error:
                part = "redis" if isinstance(error, StoreUnavailableError) else "kafka"
                self.metrics.retries.labels(part).inc()
                self.metrics.up.labels(part).set(0)
                self.alive()
                await self.sleep(_BACKOFF_S[min(tries, len(_BACKOFF_S) - 1)])
                tries += 1
            except FencedError:
                self.metrics.fenced.inc()
                self.alive()
            except (DeadLetterLostError, StatesLostError, states.IncompatibleStateError):
                raise  # no record is to blame: an operator must act, nothing is acknowledged
            except Exception as error:  # noqa: BLE001 - whatever it is, it must not leave the agent
                self.cache.drop(batch.partition)
                return await self._cut(batch, records, error)
            else:
                self.alive()
                return True
            # Whether the batch was written is not known: read what is there.
            self.cache.drop(batch.partition)
        return False

    async def _cut(self, batch: Batch, records: Sequence[Record], error: Exception) -> bool:
        """Find the poison record: each half on its own, until one is left."""
        if len(records) == 1:
            poison = InvalidEventError(Cause.CRASH, f"{type(error).__name__}: {error}")
            await self._bury([self._dead(batch, records[0], poison)])
            self.metrics.rejected.labels(Cause.CRASH.value).inc()
            return True
        self.metrics.bisections.inc()
        middle = len(records) // 2
        return await self._digest(batch, records[:middle]) and await self._digest(
            batch, records[middle:]
        )

    async def _process(self, batch: Batch, records: Sequence[Record]) -> None:
        expertise = self.expertise()
        work = Work()
        decoded = self._decoded(batch, records, work)
        usccs = list({event.subject: None for _, event in decoded})
        at_hand, loaded = await self._load(batch.partition, usccs)
        self.metrics.up.labels("redis").set(1)
        self._step_all(batch, decoded, at_hand, work, expertise)
        fields = self._add_cards(work, batch.partition, expertise)
        for domain, examples in work.examples.items():
            work.outgoing += example_records(domain, examples, self.partitions)
        if work.told:
            work.taken = await self.official.take(work.told, now=self.now())
            work.outgoing += work.taken.records(self.partitions)
        if work.dead:
            await self._bury(work.dead)
        if work.outgoing:
            await self.publisher.publish(work.outgoing)
            self.metrics.up.labels("kafka").set(1)
        if work.acts:
            await self.lives.note(work.acts)
        if work.changed or records[-1].offset > offset_of(loaded.fence, self.epoch):
            encode = states.encode
            written = Written(
                epoch=self.epoch,
                offset=records[-1].offset,
                states={uscc: encode(work.states[uscc]) for uscc in work.changed},
                cards=fields,
                wakes=self._wakes(work, at_hand),
                latest=work.latest,
            )
            await self.store.write(batch.partition, loaded, written)
            self._written[batch.partition] = records[-1].offset
            self.cache.keep(
                batch.partition,
                written.fence,
                {uscc: work.states[uscc] for uscc in work.changed},
            )
        self._count(work, records)
        self.hear(work.spoken, records[-1].timestamp // 1000)

    def _wakes(self, work: Work, at_hand: Mapping[str, EnterpriseState]) -> dict[str, int]:
        """Return the wakes that have moved, and those of whoever a deadline was told to.

        The latter mend themselves: an entry that its state knows nothing of is told once.
        """
        wakes = {}
        for uscc in work.changed:
            before = at_hand.get(uscc)
            after = self.wake_of(work.states[uscc])
            if uscc in work.woken or after != (self.wake_of(before) if before else 0):
                wakes[uscc] = after
        return wakes

    async def _load(
        self, partition: int, usccs: Sequence[str]
    ) -> tuple[Mapping[str, EnterpriseState], Loaded]:
        """Return the states at hand, and from the store those that are not."""
        known = self.cache.states(partition)
        loaded = await self.store.load(partition, [uscc for uscc in usccs if uscc not in known])
        if offset_of(loaded.fence, self.epoch) < self._written.get(partition, -1):
            raise StatesLostError(
                f"partition {partition} was written up to offset {self._written[partition]}, its "
                f"fence in Redis is {loaded.fence!r}: Redis was flushed, or has come back with less"
            )
        if known and not self.cache.is_vouched_for(partition, loaded.fence):
            self.cache.drop(partition)
            known, loaded = {}, await self.store.load(partition, usccs)
        at_hand = {uscc: states.decode(raw) for uscc, raw in loaded.states.items()}
        return {**{u: known[u] for u in usccs if u in known}, **at_hand}, loaded

    def _decoded(
        self, batch: Batch, records: Sequence[Record], work: Work
    ) -> list[tuple[Record, Event]]:
        decoded = []
        for record in records:
            try:
                decoded.append((record, decode_record(record)))
            except InvalidEventError as error:
                self._reject(batch, record, error, work)
        return decoded

    def _step_all(
        self,
        batch: Batch,
        decoded: list[tuple[Record, Event]],
        at_hand: Mapping[str, EnterpriseState],
        work: Work,
        expertise: Expertise,
    ) -> None:
        current = work.states
        stamp, now = -1, self.now()
        for record, event in decoded:
            if record.timestamp != stamp:  # a producer's batch shares its time stamp
                stamp = record.timestamp
                now = dt.datetime.fromtimestamp(stamp / 1000, dt.UTC)
            uscc = event.subject
            state = current.get(uscc) or at_hand.get(uscc) or EnterpriseState()
            try:
                after, effects = step(
                    state,
                    event,
                    expertise,
                    now=now,
                    position=Position(self.epoch, batch.partition, record.offset),
                )
            except InvalidEventError as error:
                self._reject(batch, record, error, work)
                continue
            current[uscc] = after
            data = type(event.data)
            if after is not state:
                work.changed.add(uscc)
                if data is DeadlineFellDue:
                    work.woken.add(uscc)
            work.applied += 1
            spoken = work.spoken.get((event.source, data))
            if spoken is None or event.time > spoken:
                work.spoken[event.source, data] = event.time
            for effect in effects:
                if isinstance(effect, CardDue):
                    work.cards[uscc] = (after, effect.assessment)
                else:
                    self._take(effect, record, batch.partition, work)

    def _take(self, effect: Effect, record: Record, partition: int, work: Work) -> None:
        match effect:
            case Example():
                work.examples.setdefault(effect.domain, []).append(effect)
            case EarlyWarning():
                work.warnings.append((effect, record.timestamp))
                work.outgoing += warning_records(effect, partition, self.partitions)
            case Handled():
                work.acts.append(effect)
                work.outgoing.append(life_record(effect, self.partitions))
            case ClassChanged():
                work.classes.append(effect)
                work.outgoing.append(
                    Outgoing(
                        Topic.CLASS.value,
                        partition,
                        effect.uscc.encode(),
                        envelope(
                            "class.changed.v1",
                            identity=f"{effect.cause}/class",
                            subject=effect.uscc,
                            time=effect.at,
                            data=effect,
                        ),
                    )
                )
            case Told(uscc=uscc):
                work.told.append((effect, work.states[uscc]))
            case BondChanged():
                work.outgoing.append(change_record(effect, self.partitions))
            case LetGo():
                work.let_go.append(effect)
            case Skipped(reason=reason):
                work.skipped[reason] = work.skipped.get(reason, 0) + 1

    def _add_cards(self, work: Work, partition: int, expertise: Expertise) -> dict[str, list[str]]:
        fields = {}
        for uscc in sorted(work.cards):
            state, assessment = work.cards[uscc]
            last = work.states[uscc]
            # What the indicators said holds for the very state they were asked about.
            known = expertise.at(last.as_of)
            card = risk_card(uscc, last, known, assessment if last is state else None)
            fields[uscc] = card_fields(card)
            work.outgoing.append(
                Outgoing(
                    Topic.RISK.value,
                    partition,
                    uscc.encode(),
                    envelope(
                        "risk.assessed.v1",
                        identity=f"{uscc}/{self.epoch}/{partition}/{work.states[uscc].offset}",
                        subject=uscc,
                        time=card.as_of,
                        data=card,
                    ),
                )
            )
        return fields

    def _reject(self, batch: Batch, record: Record, error: InvalidEventError, work: Work) -> None:
        work.dead.append(self._dead(batch, record, error))
        work.rejected.append(error.cause)

    def _dead(self, batch: Batch, record: Record, error: InvalidEventError) -> Outgoing:
        origin = Origin(batch.topic, batch.partition, record.offset)
        return dead_letter(origin, key=record.key, value=record.value, error=error)

    async def _bury(self, dead: list[Outgoing]) -> None:
        try:
            await self.publisher.publish(dead)
        except NotPublishedError as error:
            raise DeadLetterLostError(f"dead letters not written: {error}") from error

    def _count(self, work: Work, records: Sequence[Record]) -> None:
        metrics = self.metrics
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
        moment = self.now().timestamp()
        metrics.event_to_state_seconds.observe(max(0.0, moment - records[0].timestamp / 1000))
        for warning, stamp_ms in work.warnings:
            metrics.warnings.labels(warning.measure.value, warning.status.value).inc()
            metrics.event_to_warning_seconds.observe(max(0.0, moment - stamp_ms / 1000))


def warning_records(warning: EarlyWarning, partition: int, partitions: int) -> list[Outgoing]:
    """Return what a warning puts on the topics: its measure's, and its state's (by warning id).

    What becomes of it stands on the topic of every measure that was told: each tells the same
    record, and after what it said before.
    """
    identity = f"{warning.id}/{warning.measure.value}/{warning.status.value}"
    value = envelope(
        f"warning.{warning.status.value}.v1",
        identity=f"{identity}/{warning.revision}" if warning.revision else identity,
        subject=warning.uscc,
        time=warning.at,
        data=warning,
    )
    is_issued = warning.status is WarningStatus.ISSUED
    measures = (warning.measure,) if is_issued else warning.measures
    return [
        *(
            Outgoing(WARNING_TOPICS[one].value, partition, warning.uscc.encode(), value)
            for one in measures
        ),
        Outgoing(
            Topic.WARNING_STATE.value,
            partition_of(warning.id, partitions),
            warning.id.encode(),
            value,
        ),
    ]


def example_records(
    domain: str, examples: Sequence[Example], partitions: int
) -> Iterator[Outgoing]:
    """Yield the examples of a batch and domain, many a record: each record is an array."""
    partition = partition_of(domain, partitions)
    for value in arrays(map(msgspec.json.encode, examples), most=EXAMPLE_BYTES):
        yield Outgoing(Topic.EXAMPLE.value, partition, domain.encode(), value)


def card_fields(card: RiskCard) -> list[str]:
    """Return the readable hash of a card: names and values in turn, all text."""
    return [
        "name", card.enterprise,
        "score", f"{card.score:.1f}",
        "class", card.risk_class.value,
        "rule_score", f"{card.rule_score:.1f}",
        "probability", "" if card.probability is None else f"{card.probability:.4f}",
        "updated", card.as_of.isoformat(),
        "reasons", "；".join(line.text for line in card.contributions[:3]),
        "knowledge", card.knowledge_version,
        "model", card.model_version,
    ]  # fmt: skip
