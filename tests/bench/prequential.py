"""What would the model have said of each look before it, had outcomes become known later?

The product's own path: events, ``step``, ``Example``, ``Learner``.  A day is one batch: every
look of a day is scored before anything of that day is known, and an outcome is stepped and
learned only ``delay`` later.  So an enterprise's features hold what was known at the moment.
"""

import dataclasses
import datetime as dt
import heapq
import itertools
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence

from detectors.effects import Effect, Position
from detectors.events import Event
from detectors.example import Example
from detectors.expertise import Expertise
from detectors.experts import MEMBERS
from detectors.features import NAMES
from detectors.learned import Scorer, scorer_of
from detectors.model import Learner
from detectors.state import EnterpriseState
from detectors.step import step
from detectors.warning import CHINA
from detectors.weighting import probability

PAST_RATE = NAMES.index("past_rate")
LONG_AFTER = dt.datetime(2200, 1, 1, tzinfo=dt.UTC)
A_DAY = dt.timedelta(days=1)
SAMPLE = 2000


@dataclasses.dataclass(frozen=True, slots=True)
class Scored:
    """One look as it was scored before it.

    Shapes:
        ``experts`` holds each expert's probability; ``numbers`` what they saw, unscaled.

    Units:
        ``learner`` is the weighted probability, ``scorer`` that of the folded snapshot the
        assessing worker decides by (of any look: its form, day, and who looks are not known),
        ``past_rate`` the baseline: the smoothed share of looks at this enterprise that found a
        problem.
    """

    at: dt.datetime
    domain: str
    found: bool
    learner: float
    scorer: float
    past_rate: float
    experts: Mapping[str, float] = dataclasses.field(default_factory=dict)
    numbers: Mapping[str, float] = dataclasses.field(default_factory=dict)
    id: str = ""


class Stream:
    """A stream of events whose outcomes become known with a delay.

    Shapes:
        State: one state an enterprise, one learner a domain, and the events not yet known.

    Units:
        ``learning_s`` adds up the seconds of asking and learning, ``learned`` their examples;
        ``sample`` holds the first of these.
        From ``frozen_from`` on nothing more becomes known or is learned.
    """

    def __init__(
        self,
        expertise: Expertise,
        *,
        delay: dt.timedelta,
        members: Sequence[str] = MEMBERS,
        frozen_from: dt.datetime | None = None,
    ) -> None:
        if delay < A_DAY:
            raise ValueError(f"delay must be a day at least, got {delay}")
        self.learning_s = 0.0
        self.learned = 0
        self.sample: list[Example] = []
        self.learners: dict[str, Learner] = {}
        self._expertise = expertise
        self._delay = delay
        self._members = members
        self._frozen_from = frozen_from.astimezone(CHINA).date() if frozen_from else dt.date.max
        self._states: dict[str, EnterpriseState] = {}
        self._scorers: dict[str, Scorer] = {}
        self._unknown: list[tuple[dt.date, int, Event]] = []
        self._numbers = itertools.count()

    def run(self, events: Iterable[Event]) -> Iterator[Scored]:
        """Yield every look, scored before it; the events come in the order of their days."""
        for day, batch in itertools.groupby(events, key=_day):
            # What was known before the freezing may still be learned on its day.
            self._learn_what_is_known(min(day, self._frozen_from))
            for event in batch:
                example = self._outcome_of(event)
                if example is None:
                    known = day + A_DAY
                else:
                    yield self._scored(event, example, is_frozen=day >= self._frozen_from)
                    known = day + self._delay
                heapq.heappush(self._unknown, (known, next(self._numbers), event))

    def _learn_what_is_known(self, day: dt.date) -> None:
        touched = set()
        while self._unknown and self._unknown[0][0] <= day:
            _, _, event = heapq.heappop(self._unknown)
            state, effects = self._step(event)
            self._states[event.subject] = state
            for effect in effects:
                if isinstance(effect, Example) and effect.found is not None:
                    begun = time.perf_counter()
                    self._learner(effect.domain).learn(effect)
                    self.learning_s += time.perf_counter() - begun
                    self.learned += 1
                    if len(self.sample) < SAMPLE:
                        self.sample.append(effect)
                    touched.add(effect.domain)
        for domain in touched:
            self._scorers[domain] = scorer_of(self.learners[domain].snapshot())

    def _outcome_of(self, event: Event) -> Example | None:
        """Return the look that an event tells of, with the features of this moment; or None."""
        _, effects = self._step(event)
        outcomes = (one for one in effects if isinstance(one, Example) and one.found is not None)
        return next(outcomes, None)

    def _step(self, event: Event) -> tuple[EnterpriseState, list[Effect]]:
        return step(
            self._states.get(event.subject) or EnterpriseState(),
            event,
            self._expertise,
            now=LONG_AFTER,
            position=Position(0, 0, next(self._numbers)),
        )

    def _scored(self, event: Event, example: Example, *, is_frozen: bool) -> Scored:
        past_rate = example.features[PAST_RATE]
        scorer = self._scorers.get(example.domain)
        learner = self._learner(example.domain)
        begun = time.perf_counter()
        # Asking notes what was said, as a look that has begun does; the outcome is not told.
        said = learner.predict(example) if is_frozen else learner.ask(example)
        self.learning_s += time.perf_counter() - begun
        return Scored(
            at=event.time,
            domain=example.domain,
            found=bool(example.found),
            learner=said,
            scorer=scorer.probability(example.features, example.category, example.place)
            if scorer is not None
            else past_rate,
            past_rate=past_rate,
            experts={
                name: probability(log_odds) for name, log_odds in learner.said(example).items()
            },
            numbers=learner.numbers(example),
            id=event.id,
        )

    def _learner(self, domain: str) -> Learner:
        if domain not in self.learners:
            self.learners[domain] = Learner(domain, members=self._members)
        return self.learners[domain]


def _day(event: Event) -> dt.date:
    return event.time.astimezone(CHINA).date()


def by_day(scored: Iterable[Scored]) -> Mapping[dt.date, list[Scored]]:
    """Return the looks of each day."""
    days: dict[dt.date, list[Scored]] = {}
    for one in scored:
        days.setdefault(one.at.astimezone(CHINA).date(), []).append(one)
    return days
