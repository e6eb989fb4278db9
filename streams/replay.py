"""What would the core have decided on these records?  No broker, no Redis, no clock."""

import collections
import dataclasses
import datetime as dt
import itertools
from collections.abc import Iterable

from detectors.events import Event, InvalidEventError, decode
from detectors.expertise import Expertise
from detectors.meeting import SOURCE as NEIGHBOURS
from detectors.meeting import Meetings
from detectors.neighbours import BondChanged
from detectors.state import EnterpriseState
from detectors.step import Position, Skipped, step
from detectors.warning import EarlyWarning


@dataclasses.dataclass(slots=True)
class Replayed:
    """What a replay came to.

    Shapes:
        ``states`` by USCC; ``warnings`` in the order of issue; ``rejected`` counts causes and
        ``skipped`` reasons; ``complaints`` says line and cause of what was rejected.
    """

    states: dict[str, EnterpriseState] = dataclasses.field(default_factory=dict)
    warnings: list[EarlyWarning] = dataclasses.field(default_factory=list)
    rejected: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    skipped: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    complaints: list[str] = dataclasses.field(default_factory=list)
    events: int = 0

    def reject(self, line: int, error: InvalidEventError) -> None:
        """Note what can never be an event, and where it stood."""
        self.rejected[error.cause.value] += 1
        self.complaints.append(f"line {line}: {error.cause.value}: {error.detail}")


def replay(
    records: Iterable[bytes], expertise: Expertise, *, now: dt.datetime, neighbours: bool = False
) -> Replayed:
    """Return what the core decides on the records, in their order.

    A recorded log holds the signals of neighbours already.  With ``neighbours`` they are passed
    over and told anew: what the same sources would have led to under other rules.

    Units:
        ``now`` is the moment of receipt that every record is given: events after it by more than
        a day are rejected, as the live stream would.
    """
    result = Replayed()
    meetings = Meetings(expertise.neighbours) if neighbours else None
    places = itertools.count()
    for line, raw in enumerate(records, start=1):
        result.events += 1
        try:
            waiting = collections.deque([decode(raw)])
        except InvalidEventError as error:
            result.reject(line, error)
            continue
        if meetings is not None and waiting[0].source == NEIGHBOURS:
            continue
        while waiting:
            try:
                changes = _decide(waiting.popleft(), expertise, now, next(places), result)
            except InvalidEventError as error:
                result.reject(line, error)
                continue
            if meetings is not None:
                for change in changes:
                    waiting += [one.event for one in meetings.hear(change).signals]
    return result


def _decide(
    event: Event, expertise: Expertise, now: dt.datetime, place: int, result: Replayed
) -> list[BondChanged]:
    """Take one event in; return what the junctions would hear."""
    state = result.states.get(event.subject) or EnterpriseState()
    after, effects = step(state, event, expertise, now=now, position=Position(0, 0, place))
    result.states[event.subject] = after
    for effect in effects:
        if isinstance(effect, EarlyWarning):
            result.warnings.append(effect)
        elif isinstance(effect, Skipped):
            result.skipped[effect.reason] += 1
    return [effect for effect in effects if isinstance(effect, BondChanged)]
