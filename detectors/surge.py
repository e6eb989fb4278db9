"""Have complaints surged against the enterprise's own past?"""

import math
from collections.abc import Sequence

from detectors.facts import DAY_S, Fact, FactKind, kinds_named
from detectors.functions import Burst, Gathering
from detectors.severity import strength_of

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


def gathering_severity(
    complaints: Sequence[Fact],
    signs: Sequence[Fact] = (),
    *,
    as_of: int,
    gathering: Gathering,
    half: float = 1.0,
) -> float:
    """Return how severe a gathering of distinct complainants over one matter is, or was of late.

    Facts carry the hash of complainant and matter in ``ref`` and the matter in ``note``; a
    matter that is not named gathers nobody.  A shop that fled, with ``signs`` in force that it
    has closed, is no matter of numbers.

    Units:
        ``as_of`` is event time in seconds; a crowd of any ``window_hours`` counts for
        ``window_days``.

    Source:
        Domain reference §4.4, W16: ten complainants, the same matter, 72 hours; or a prepaid
        shop that has gone, with a sign of closure.  §8.5, C05: it stands for 30 days.
    """
    since = as_of - gathering.window_days * DAY_S
    recent = [fact for fact in complaints if since < fact.at <= as_of]
    if signs and gathering.fled:
        fled = kinds_named(gathering.fled)
        gone = max([strength_of(fact, half) for fact in recent if fact.kind in fled], default=0.0)
    else:
        gone = 0.0
    fewest = min(gathering.steps, default=1)
    crowd = _largest_crowd(recent, gathering.window_hours * HOUR_S, fewest=fewest)
    reached = [severity for least, severity in gathering.steps.items() if crowd >= least]
    return max([gone, *reached])


def _largest_crowd(complaints: Sequence[Fact], window: int, *, fewest: int) -> int:
    """Return the most distinct complainants of one matter within any window; 0 under ``fewest``."""
    matters: dict[str, list[Fact]] = {}
    for fact in complaints:
        if fact.kind == FactKind.COMPLAINT and fact.note:
            matters.setdefault(fact.note, []).append(fact)
    most = 0
    for facts in matters.values():
        if len(facts) <= most or len(facts) < fewest:
            continue
        facts.sort(key=lambda fact: fact.at)
        crowd: dict[int, int] = {}
        first = 0
        for fact in facts:
            crowd[fact.ref] = crowd.get(fact.ref, 0) + 1
            while facts[first].at <= fact.at - window:
                ref = facts[first].ref
                crowd[ref] -= 1
                if not crowd[ref]:
                    del crowd[ref]
                first += 1
            most = max(most, len(crowd))
    return most
