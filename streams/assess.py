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
from collections.abc import Awaitable, Callable, Mapping, Sequence

from detectors import state as states
from detectors.card import risk_card
from detectors.effects import CardDue, ClassChanged, Effect, LetGo, Position, Skipped
from detectors.events import Cause, DeadlineFellDue, Event, InvalidEventError
from detectors.example import Example
from detectors.expertise import Expertise
from detectors.handling import Handled
from detectors.neighbours import BondChanged
from detectors.state import EnterpriseState
from detectors.step import step
from detectors.told import Told
from detectors.warning import EarlyWarning
from streams.assessed import (
    card_fields,
    card_record,
    class_record,
    example_records,
    warning_records,
)
from streams.batch import Batch, Record
from streams.codec import decode_record
from streams.dead_letters import Origin, dead_letter
from streams.feeds import Spoken
from streams.metrics import Metrics
from streams.neighbourhood import change_record
from streams.official_desk import OfficialDesk
from streams.publisher import NotPublishedError, Outgoing, Publisher
from streams.state_cache import StateCache
from streams.store import (
    EnterpriseStore,
    FencedError,
    Loaded,
    StoreUnavailableError,
    Written,
    offset_of,
)
from streams.warning_lives import Lives, life_record
from streams.work import Work, count

logger = logging.getLogger(__name__)

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
        count(work, records, self.metrics, now=self.now())
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
                work.outgoing.append(class_record(effect, partition))
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
            position = Position(self.epoch, partition, last.offset)
            work.outgoing.append(card_record(card, position))
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
