"""By what is a record read?  The parts of the knowledge between an event and its facts."""

from collections.abc import Sequence

from msgspec.structs import replace

from detectors.events import Event, PenaltyDecided
from detectors.facts import Fact
from detectors.functions import Strict
from detectors.legal_lives import LegalLives
from detectors.organs import Organs
from detectors.weights import Weights


class Terms(Strict, frozen=True):
    """How a record is read.

    ``lives`` end what no source ends, ``weights`` say how heavy a penalty is, ``organs`` whose a
    document is.
    """

    lives: LegalLives
    weights: Weights
    organs: Organs

    def named(self, event: Event) -> Event:
        """Return the event with its organ under the official name."""
        organ = event.data.organ
        plain = self.organs.plain(organ) if organ else ""
        if plain == organ:
            return event
        return replace(event, data=replace(event.data, organ=plain))

    def judged(self, data: PenaltyDecided, facts: Sequence[Fact]) -> tuple[Fact, ...]:
        """Return the facts of a penalty decision, with the weight and the end of the knowledge."""
        is_only_a_fine = not data.confiscated and not data.permit
        weighed = self.weights.weighed(data, facts)
        return self.lives.bounded(weighed, fine=data.amount if is_only_a_fine else 0.0)
