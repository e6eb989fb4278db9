"""What would the model have said of each look before it, had outcomes become known later?

The product's own path: events, ``step``, ``Example``, ``Learner``.  A day is one batch: every
look of a day is scored before anything of that day is known, and an outcome is stepped and
learned only ``delay`` later.  So an enterprise's features hold what was known at the moment.
"""

import dataclasses
import datetime as dt
import heapq
import itertools
from collections.abc import Iterable, Iterator, Mapping

from detectors.effects import Effect, Position
from detectors.events import Event
from detectors.example import Example
from detectors.expertise import Expertise
from detectors.features import NAMES
from detectors.learned import Scorer, scorer_of
from detectors.model import Learner
from detectors.state import EnterpriseState
from detectors.step import step
from detectors.warning import CHINA

PAST_RATE = NAMES.index("past_rate")
LONG_AFTER = dt.datetime(2200, 1, 1, tzinfo=dt.UTC)
A_DAY = dt.timedelta(days=1)


@dataclasses.dataclass(frozen=True, slots=True)
class Scored:
    """One look as it was scored before it.

    Units:
        ``learner`` is the learning model's probability, ``scorer`` that of the folded snapshot
        the assessing worker decides by (it does not know the form of a look), ``past_rate`` the
        baseline: the smoothed share of looks at this enterprise that found a problem.
    """

    at: dt.datetime
    domain: str
    found: bool
    learner: float
    scorer: float
    past_rate: float


class Stream:
    """A stream of events whose outcomes become known with a delay.

    Shapes:
        State: one state an enterprise, one learner a domain, and the events not yet known.
    """

    def __init__(self, expertise: Expertise, *, delay: dt.timedelta) -> None:
        if delay < A_DAY:
            raise ValueError(f"delay must be a day at least, got {delay}")
        self._expertise = expertise
        self._delay = delay
        self._states: dict[str, EnterpriseState] = {}
        self._learners: dict[str, Learner] = {}
        self._scorers: dict[str, Scorer] = {}
        self._unknown: list[tuple[dt.date, int, Event]] = []
        self._numbers = itertools.count()

    def run(self, events: Iterable[Event]) -> Iterator[Scored]:
        """Yield every look, scored before it; the events come in the order of their days."""
        for day, batch in itertools.groupby(events, key=_day):
            self._learn_what_is_known(day)
            for event in batch:
                example = self._outcome_of(event)
                if example is None:
                    heapq.heappush(self._unknown, (day + A_DAY, next(self._numbers), event))
                    continue
                yield self._scored(event, example)
                heapq.heappush(self._unknown, (day + self._delay, next(self._numbers), event))

    def _learn_what_is_known(self, day: dt.date) -> None:
        touched = set()
        while self._unknown and self._unknown[0][0] <= day:
            _, _, event = heapq.heappop(self._unknown)
            state, effects = self._step(event)
            self._states[event.subject] = state
            for effect in effects:
                if isinstance(effect, Example):
                    self._learner(effect.domain).learn(effect)
                    touched.add(effect.domain)
        for domain in touched:
            self._scorers[domain] = scorer_of(self._learners[domain].snapshot())

    def _outcome_of(self, event: Event) -> Example | None:
        """Return the look that an event tells of, with the features of this moment; or None."""
        _, effects = self._step(event)
        return next((effect for effect in effects if isinstance(effect, Example)), None)

    def _step(self, event: Event) -> tuple[EnterpriseState, list[Effect]]:
        return step(
            self._states.get(event.subject) or EnterpriseState(),
            event,
            self._expertise,
            now=LONG_AFTER,
            position=Position(0, 0, next(self._numbers)),
        )

    def _scored(self, event: Event, example: Example) -> Scored:
        past_rate = example.features[PAST_RATE]
        scorer = self._scorers.get(example.domain)
        return Scored(
            at=event.time,
            domain=example.domain,
            found=example.found,
            learner=self._learner(example.domain).predict(example),
            scorer=scorer.probability(example.features, example.category)
            if scorer is not None
            else past_rate,
            past_rate=past_rate,
        )

    def _learner(self, domain: str) -> Learner:
        return self._learners.setdefault(domain, Learner(domain))


def _day(event: Event) -> dt.date:
    return event.time.astimezone(CHINA).date()


def by_day(scored: Iterable[Scored]) -> Mapping[dt.date, list[Scored]]:
    """Return the looks of each day."""
    days: dict[dt.date, list[Scored]] = {}
    for one in scored:
        days.setdefault(one.at.astimezone(CHINA).date(), []).append(one)
    return days
