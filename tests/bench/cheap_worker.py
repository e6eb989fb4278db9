"""What does the shell cost, whatever is decided?  The same worker around a cheap detector.

    python -m tests.bench.cheap_worker

Transport, decoding, states at hand, publishing, the fenced write and the acknowledgement are the
product's; the decision is a level that rises with every event and halves in thirty days, told to
the class topic each time.  Only the bench does this.
"""

import datetime as dt
from copy import copy
from typing import Any

from config.load import load_settings
from detectors.effects import REPLAYED, ClassChanged, Effect, Position
from detectors.events import Event
from detectors.expertise import Expertise
from detectors.facts import DAY_S
from detectors.state import EnterpriseState, Standing
from streams import assess, worker

POINTS = 10.0
HALF_LIFE_S = 30 * DAY_S


def cheap_step(
    state: EnterpriseState,
    event: Event,
    expertise: Expertise,
    *,
    now: dt.datetime,  # noqa: ARG001 - the port of ``detectors.step.step``
    position: Position,
) -> tuple[EnterpriseState, list[Effect]]:
    """Return the state with its level moved on, and the one record that tells of it."""
    if state.has_applied(
        epoch=position.epoch, partition=position.partition, offset=position.offset
    ):
        return state, [REPLAYED]
    at = int(event.time.timestamp())
    before, state = state.rule, copy(state)
    state.epoch, state.partition, state.offset = position.epoch, position.partition, position.offset
    age = max(0, at - state.as_of) if state.as_of else 0
    state.as_of = max(at, state.as_of)
    state.rule = Standing(before.score * 2.0 ** (-age / HALF_LIFE_S) + POINTS)
    told = ClassChanged(
        uscc=event.subject,
        before=before.risk_class,
        after=state.rule.risk_class,
        score=state.rule.score,
        at=event.time,
        cause=f"{event.source}/{event.id}",
        knowledge_version=expertise.knowledge.version,
        model_version="",
    )
    return state, [told]


def main() -> None:
    """Run the worker until SIGTERM."""
    module: Any = assess
    module.step = cheap_step
    worker.run_worker(load_settings(None))


if __name__ == "__main__":
    main()
