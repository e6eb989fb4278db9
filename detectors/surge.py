"""Have complaints surged against the enterprise's own past?"""

import math
from collections.abc import Sequence

from detectors.facts import DAY_S, Fact
from detectors.functions import Burst, Gathering

HOUR_S = 3600
WEEK_S = 7 * DAY_S
PAST_WEEKS = 12  # domain reference, rule W15: the twelve weeks before
SIGMAS = 3.0
FULL_MULTIPLE = 3.0


def surge_severity(complaints: Sequence[Fact], *, as_of: int, burst: Burst) -> float:
    """Return how severe a surge stands at a moment: 0, ``burst.some`` or 1.

    A flood by one complainant about one matter is one complaint: facts carry the hash of
    complainant and matter in ``ref``.

    Units:
        ``as_of`` is event time in seconds; weeks are rolling, not calendar weeks.

    Source:
        Domain reference §4.4, W15: n in 7 days at or above max(5, mean + 3 sigma of 12 weeks).

    >>> from detectors.facts import FactKind
    >>> flood = [Fact(n, FactKind.COMPLAINT, at=1000, ref=7) for n in range(50)]
    >>> surge_severity(flood, as_of=2000, burst=Burst(at_least=5, many=20))
    0.0
    """
    newer = as_of - WEEK_S
    count = len({fact.ref for fact in complaints if newer < fact.at <= as_of})
    if count < burst.at_least:
        return 0.0
    past: list[set[int]] = [set() for _ in range(PAST_WEEKS)]
    for fact in complaints:
        age = (as_of - fact.at) // WEEK_S
        if 0 < age <= PAST_WEEKS:
            past[age - 1].add(fact.ref)
    counts = [len(refs) for refs in past]
    mean = sum(counts) / PAST_WEEKS
    sigma = math.sqrt(sum((n - mean) ** 2 for n in counts) / PAST_WEEKS)
    threshold = max(float(burst.at_least), mean + SIGMAS * sigma)
    if count < threshold:
        return 0.0
    return 1.0 if count >= FULL_MULTIPLE * threshold or count >= burst.many else burst.some


def gathering_severity(complaints: Sequence[Fact], *, as_of: int, gathering: Gathering) -> float:
    """Return how severe a gathering of distinct complainants over one matter is.

    Facts carry the hash of complainant and matter in ``ref`` and the matter in ``note``; a
    matter that is not named gathers nobody.

    Units:
        ``as_of`` is event time in seconds; the window is the last ``window_hours``.

    Source:
        Domain reference §4.4, W16: ten complainants, the same matter, 72 hours.
    """
    since = as_of - gathering.window_hours * HOUR_S
    crowds: dict[str, set[int]] = {}
    for fact in complaints:
        if since < fact.at <= as_of and fact.note:
            crowds.setdefault(fact.note, set()).add(fact.ref)
    crowd = max([len(refs) for refs in crowds.values()], default=0)
    reached = [severity for least, severity in gathering.steps.items() if crowd >= least]
    return max(reached, default=0.0)
