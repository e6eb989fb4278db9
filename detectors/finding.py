"""What may a rule look at, and what does it find?"""

from collections.abc import Mapping, Sequence

import msgspec

from detectors.facts import Fact
from detectors.knowledge import Rule
from detectors.measure import Measure
from detectors.state import Profile


class Finding(msgspec.Struct, frozen=True, gc=False):
    """A rule that fired, with its facts."""

    rule: Rule
    measure: Measure
    facts: tuple[Fact, ...]
    domain: str


class Moment(msgspec.Struct, frozen=True, gc=False):
    """What the rules may look at.

    Shapes:
        ``facts`` are all facts of the state, ``before`` those before the event, ``fresh`` the ids
        that this event brought;
        ``silent_feeds`` the feeds whose silence explains an absence; ``withheld`` maps a feed whose
        silence held a rule back to the moment up to which that rule was judged.  ``year`` is the
        one in which a yearly duty is asked for (0: the year whose day has just come).
        ``before`` are the facts as they were before this event.

    Units:
        ``as_of`` is event time in seconds, ``last`` what it was before the event; the moments in
        (``judged``, ``as_of``] are those whose coming is news (equal: none is); ranks are 0 (A)
        to 3 (D); ``rise`` is in points.  ``since`` is when the class, or for a rise the score, was
        last lower.
    """

    profile: Profile
    facts: Sequence[Fact]
    fresh: frozenset[int]
    as_of: int
    judged: int
    rank_before: int
    rank: int
    rise: float
    silent_feeds: tuple[str, ...] = ()
    withheld: Mapping[str, int] = msgspec.field(default_factory=dict)
    year: int = 0
    last: int = 0
    before: Sequence[Fact] = ()
    since: int = 0
