"""What did an event bring that was not there before?"""

import msgspec

from detectors.facts import Fact
from detectors.reading import Outcome


class News(msgspec.Struct, frozen=True, gc=False):
    """What an event made of the facts.

    Shapes:
        ``fresh`` are the facts that it added and that count for something; ``retracted`` says
        that facts were taken back; ``resettled`` that marks changed what older facts are worth;
        ``unknown`` that it spoke of an event that is not there (yet).  ``let_go`` are facts in
        force that there was no room for.
    """

    fresh: tuple[Fact, ...] = ()
    outcome: Outcome | None = None
    retracted: bool = False
    resettled: bool = False
    unknown: bool = False
    let_go: tuple[Fact, ...] = ()
