"""Where does the time of a replay go: decode, facts, indicators, rules, model?

Nothing inside the core is timed: the records are replayed under poorer knowledge, and a part costs
what the core takes longer with it.
"""

import dataclasses
import datetime as dt
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from msgspec.structs import replace

from detectors.effects import Position
from detectors.events import Event, InvalidEventError, decode
from detectors.example import Example
from detectors.expertise import Expertise, compiled
from detectors.learned import scorer_of
from detectors.model import Learner
from detectors.state import EnterpriseState
from detectors.step import step

T = TypeVar("T")
ROUNDS = 2  # the faster of two: a machine is never quite quiet


@dataclasses.dataclass(frozen=True, slots=True)
class Split:
    """What each part costs.

    Units:
        Microseconds an event; ``model`` is the score of linear experts in place, not learning.
    """

    decode: float
    facts: float
    indicators: float
    rules: float
    model: float


def split_of(
    records: Sequence[bytes], expertise: Expertise, *, members: Sequence[str], now: dt.datetime
) -> Split:
    """Return the split on these records; ``members`` name the experts that learn for the last."""
    events, decoding = _fastest(lambda: _decoded(records))
    known = expertise.knowledge
    bare = compiled(replace(known, indicators=(), rules=(), overlays=()))
    without_rules = compiled(replace(known, rules=()))
    whole = compiled(known)
    learners: dict[str, Learner] = {}
    for example in _played(events, whole, now):
        if example.found is not None:
            name = example.domain
            learners.setdefault(name, Learner(name, members=members)).learn(example)
    scorers = {name: scorer_of(one.snapshot()) for name, one in learners.items()}
    took = [
        _fastest(lambda one=one: _played(events, one, now))[1]  # type: ignore[misc]
        for one in (bare, without_rules, whole, whole.with_scorers(scorers))
    ]
    count = max(1, len(events))
    facts, indicators, rules, model = (
        (later - earlier) / count * 1e6 for earlier, later in zip([0.0, *took], took, strict=False)
    )
    return Split(decoding / max(1, len(records)) * 1e6, facts, indicators, rules, model)


def _fastest(run: Callable[[], list[T]]) -> tuple[list[T], float]:
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.process_time()
        result = run()
        best = min(best, time.process_time() - began)
    return result, best


def _decoded(records: Sequence[bytes]) -> list[Event]:
    events = []
    for raw in records:
        try:
            events.append(decode(raw))
        except InvalidEventError:
            continue
    return events


def _played(events: Sequence[Event], expertise: Expertise, now: dt.datetime) -> list[Example]:
    """Step every event that can be one; return the examples."""
    states: dict[str, EnterpriseState] = {}
    examples = []
    for number, event in enumerate(events):
        state = states.get(event.subject) or EnterpriseState()
        try:
            after, effects = step(state, event, expertise, now=now, position=Position(0, 0, number))
        except InvalidEventError:
            continue
        states[event.subject] = after
        examples += [effect for effect in effects if isinstance(effect, Example)]
    return examples
