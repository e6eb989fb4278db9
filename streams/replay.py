"""What would the core have decided on these records?  No broker, no Redis, no clock."""

import collections
import dataclasses
import datetime as dt
import heapq
import itertools
from collections.abc import Iterable

from detectors.deadline import deadline_of
from detectors.effects import Position, Skipped
from detectors.events import Event, InvalidEventError, decode
from detectors.expertise import Expertise
from detectors.meeting import SOURCE as NEIGHBOURS
from detectors.meeting import Meetings
from detectors.neighbours import BondChanged
from detectors.state import EnterpriseState
from detectors.step import step
from detectors.warning import EarlyWarning
from streams.event_complaints import complaint_of


@dataclasses.dataclass(slots=True)
class Replayed:
    """What a replay came to.

    Shapes:
        ``states`` by USCC; ``warnings`` in the order of issue; ``rejected`` counts causes and
        ``skipped`` reasons; ``complaints`` says line and cause of what was rejected.

    Units:
        ``first`` and ``latest`` are event time in seconds, of what was taken (0: nothing was).
    """

    states: dict[str, EnterpriseState] = dataclasses.field(default_factory=dict)
    warnings: list[EarlyWarning] = dataclasses.field(default_factory=list)
    rejected: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    skipped: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    complaints: list[str] = dataclasses.field(default_factory=list)
    events: int = 0
    deadlines: int = 0
    first: int = 0
    latest: int = 0


class Replay:
    """The core over records, one after another; with ``timers`` their deadlines fall due between.

    Without timers only what stands in the records happens, as where a log holds its deadline
    events already.  With ``neighbours`` their recorded signals are passed over and told anew.
    """

    def __init__(
        self,
        expertise: Expertise,
        *,
        now: dt.datetime,
        timers: bool = False,
        neighbours: bool = False,
    ) -> None:
        self.result = Replayed()
        self._meetings = Meetings(expertise.knowledge.neighbours) if neighbours else None
        self._expertise = expertise
        self._now = now
        self._timers = timers
        self._places = itertools.count()
        self._due: list[tuple[int, str]] | None = None  # while nothing but time passes

    def take(self, raw: bytes) -> None:
        """Take the next record; what is no event is counted, with its line."""
        result = self.result
        result.events += 1
        try:
            event = decode(raw)
            if self._meetings is not None and event.source == NEIGHBOURS:
                return
            at = int(event.time.timestamp())
            if self._timers:
                self.wait(event.subject, until=at)
            self._step(event)
            result.first = min(result.first or at, at)
            result.latest = max(result.latest, at)
        except InvalidEventError as error:
            self._reject(error, raw)

    def wait(self, uscc: str, *, until: int) -> None:
        """Let the deadlines of an enterprise fall due up to a moment (event time, seconds)."""
        state = self.result.states.get(uscc)
        while state is not None and 0 < state.wake_at <= until:
            self.result.deadlines += 1
            state = self._step(deadline_of(uscc, state.wake_at))

    def wait_all(self, *, until: int) -> None:
        """Let the deadlines of all fall due up to a moment, in the order of time.

        What falls due at one may be told to its neighbours, who must not be beyond it then.
        """
        states = self.result.states
        self._due = due = [(state.wake_at, uscc) for uscc, state in states.items()]
        heapq.heapify(due)
        while due:
            at, uscc = heapq.heappop(due)
            if 0 < at <= until and states[uscc].wake_at == at:
                self.result.deadlines += 1
                self._step(deadline_of(uscc, at))
        self._due = None

    def _reject(self, error: InvalidEventError, raw: bytes = b"") -> None:
        result = self.result
        result.rejected[error.cause.value] += 1
        result.complaints.append(complaint_of(result.events, error, raw))

    def _tell(self, change: BondChanged) -> None:
        """Let a junction hear of a change, and its members of what it says; they cause no more."""
        assert self._meetings is not None
        for signal in self._meetings.hear(change).signals:
            try:
                self._step(signal.event)
            except InvalidEventError as error:
                self._reject(error)

    def _step(self, event: Event) -> EnterpriseState:
        result = self.result
        state = result.states.get(event.subject) or EnterpriseState()
        place = Position(0, 0, next(self._places))
        after, effects = step(state, event, self._expertise, now=self._now, position=place)
        result.states[event.subject] = after
        if self._due is not None:
            heapq.heappush(self._due, (after.wake_at, event.subject))
        for effect in effects:
            if isinstance(effect, EarlyWarning):
                result.warnings.append(effect)
            elif isinstance(effect, Skipped):
                result.skipped[effect.reason] += 1
            elif isinstance(effect, BondChanged) and self._meetings is not None:
                self._tell(effect)
        return result.states[event.subject]


def replay(
    records: Iterable[bytes],
    expertise: Expertise,
    *,
    now: dt.datetime,
    timers: bool = False,
    neighbours: bool = False,
    until: dt.datetime | None = None,
) -> Replayed:
    """Return what the core decides on the records, in their order.

    Units:
        ``now`` is the moment of receipt that every record is given: events after it by more than
        a day are rejected, as the live stream would.  With ``timers`` deadlines fall due between
        the records, and after them up to ``until``: the latest event's time, where none is given.
    """
    run = Replay(expertise, now=now, timers=timers, neighbours=neighbours)
    for raw in records:
        run.take(raw)
    if timers:
        run.wait_all(until=int(until.timestamp()) if until else run.result.latest)
    return run.result
