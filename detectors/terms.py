"""By what is a record read?  The parts of the knowledge between an event and its facts."""

from collections.abc import Sequence

from detectors.facts import Fact
from detectors.functions import Strict
from detectors.legal_lives import LegalLives
from detectors.payloads_supervision import PenaltyDecided
from detectors.weights import Weights


class Terms(Strict, frozen=True):
    """``lives`` end what no source ends, ``weights`` say how heavy a penalty is."""

    lives: LegalLives
    weights: Weights

    def judged(self, data: PenaltyDecided, facts: Sequence[Fact]) -> tuple[Fact, ...]:
        """Return the facts of a penalty decision, with the weight and the end of the knowledge."""
        return self.lives.bounded(self.weights.weighed(data, facts))
