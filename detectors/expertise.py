"""Everything that decides, made ready for speed: catalogue, rules, and the models of the moment."""

import dataclasses
import datetime as dt
import functools
from collections.abc import Callable, Mapping

from detectors.catalogue import Catalogue
from detectors.knowledge import Knowledge
from detectors.learned import Scorer
from detectors.rules import RuleBook
from detectors.stating import moment
from detectors.warning import CHINA
from detectors.working_days import WorkingDays


@dataclasses.dataclass(frozen=True, slots=True)
class Expertise:
    """One version of the knowledge, compiled, with the scorer of each domain.

    Shapes:
        ``scorers`` maps a domain to its folded model; an empty one means rules alone.
        ``earlier`` is the version in force before this one, so that a month replayed under its
        own version gives its own result; the earliest one holds for all time before it.

    Units:
        ``effective_from`` is event time in seconds: the first second of its day in China.
    """

    knowledge: Knowledge
    catalogue: Catalogue
    rulebook: RuleBook
    effective_from: int = 0
    earlier: "Expertise | None" = None
    scorers: Mapping[str, Scorer] = dataclasses.field(default_factory=dict)

    def with_scorers(self, scorers: Mapping[str, Scorer]) -> "Expertise":
        """Return the same knowledge with other models; nothing is compiled again."""
        earlier = self.earlier.with_scorers(scorers) if self.earlier else None
        return dataclasses.replace(self, scorers=scorers, earlier=earlier)

    @property
    def earliest(self) -> "Expertise":
        """The version that holds for all time before the others, too."""
        return self.earlier.earliest if self.earlier else self

    def at(self, as_of: int) -> "Expertise":
        """Return the version in force at a moment (event time, seconds)."""
        known = self
        while as_of < known.effective_from and known.earlier is not None:
            known = known.earlier
        return known


def compiled(knowledge: Knowledge, *, earlier: Expertise | None = None) -> Expertise:
    """Return the knowledge ready to decide, without a model."""
    catalogue = Catalogue(knowledge)
    return Expertise(
        knowledge,
        catalogue,
        RuleBook(knowledge, catalogue, _adding(knowledge.calendar)),
        moment(knowledge.effective_from),
        earlier,
    )


def _adding(calendar: WorkingDays) -> Callable[[int, int], int]:
    """Return how a moment moves by working days, in seconds; the same days are asked for often."""

    @functools.lru_cache(maxsize=4096)
    def add(since: int, days: int) -> int:
        """Return the end of the last of so many working days after a moment."""
        start = dt.datetime.fromtimestamp(since, CHINA)
        return int(calendar.add(start, days).at.timestamp())

    return add
