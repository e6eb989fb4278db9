"""Everything that decides, made ready for speed: catalogue, rules, and the models of the moment."""

import dataclasses
from collections.abc import Mapping

from detectors.catalogue import Catalogue
from detectors.facts import DAY_S
from detectors.knowledge import Knowledge
from detectors.learned import Scorer
from detectors.rules import RuleBook


@dataclasses.dataclass(frozen=True, slots=True)
class Expertise:
    """One version of the knowledge, compiled, with the scorer of each domain.

    Shapes:
        ``scorers`` maps a domain to its folded model; an empty one means rules alone.
    """

    knowledge: Knowledge
    catalogue: Catalogue
    rulebook: RuleBook
    scorers: Mapping[str, Scorer] = dataclasses.field(default_factory=dict)

    def with_scorers(self, scorers: Mapping[str, Scorer]) -> "Expertise":
        """Return the same knowledge with other models; nothing is compiled again."""
        return dataclasses.replace(self, scorers=scorers)


def compiled(knowledge: Knowledge) -> Expertise:
    """Return the knowledge ready to decide, without a model."""
    catalogue = Catalogue(knowledge)
    return Expertise(knowledge, catalogue, RuleBook(knowledge, catalogue, _weekdays))


def _weekdays(moment: int, days: int) -> int:
    """Return a moment so many weekdays later."""
    return moment + days * DAY_S
