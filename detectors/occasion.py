"""What is happening to an enterprise?  One event, and the state before and after it."""

import msgspec

from detectors.events import Event
from detectors.expertise import Expertise
from detectors.news import News
from detectors.state import EnterpriseState


class Occasion(msgspec.Struct, frozen=True, gc=False):
    """The event at hand, and by which knowledge it is judged.

    Shapes:
        ``before`` is the state as it was; ``state`` the one that the event leads to, which is
        still being written; ``news`` is what the event brought.
    """

    before: EnterpriseState
    state: EnterpriseState
    event: Event
    news: News
    expertise: Expertise

    @property
    def cause(self) -> str:
        """Return the name of the event, unique over all sources."""
        return f"{self.event.source}/{self.event.id}"
