"""Everything that decides, made ready for speed: catalogue, rules, and the models of the moment."""

import dataclasses
from collections.abc import Mapping

from detectors.catalogue import Catalogue
from detectors.knowledge import Knowledge
from detectors.learned import Scorer
from detectors.neighbour_rules import NeighbourRules
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
    neighbours: NeighbourRules
    scorers: Mapping[str, Scorer] = dataclasses.field(default_factory=dict)

    def with_scorers(self, scorers: Mapping[str, Scorer]) -> "Expertise":
        """Return the same knowledge with other models; nothing is compiled again."""
        return dataclasses.replace(self, scorers=scorers)


def compiled(knowledge: Knowledge, neighbours: NeighbourRules) -> Expertise:
    """Return the knowledge ready to decide, without a model."""
    catalogue = Catalogue(knowledge)
    return Expertise(knowledge, catalogue, RuleBook(knowledge, catalogue), neighbours)
