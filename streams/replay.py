"""What would the core have decided on these records?  No broker, no Redis, no clock."""

import collections
import dataclasses
import datetime as dt
from collections.abc import Iterable

from detectors.events import InvalidEventError, decode
from detectors.expertise import Expertise
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


def replay(records: Iterable[bytes], expertise: Expertise, *, now: dt.datetime) -> Replayed:
    """Return what the core decides on the records, in their order.

    Units:
        ``now`` is the moment of receipt that every record is given: events after it by more than
        a day are rejected, as the live stream would.
    """
    result = Replayed()
    for number, raw in enumerate(records):
        result.events += 1
        try:
            event = decode(raw)
            state = result.states.get(event.subject) or EnterpriseState()
            after, effects = step(state, event, expertise, now=now, position=Position(0, 0, number))
        except InvalidEventError as error:
            result.rejected[error.cause.value] += 1
            result.complaints.append(f"line {number + 1}: {error.cause.value}: {error.detail}")
            continue
        result.states[event.subject] = after
        for effect in effects:
            if isinstance(effect, EarlyWarning):
                result.warnings.append(effect)
            elif isinstance(effect, Skipped):
                result.skipped[effect.reason] += 1
    return result
