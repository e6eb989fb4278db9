"""How much earlier would the looks that find a problem have come, in the order of the scores?

The City of Chicago's own measure of its model (``food-inspections-evaluation``): the number of
visits of each day stays as it was, and the visits are made in the order of falling scores.
"""

import dataclasses
import datetime as dt
from collections import Counter
from collections.abc import Sequence

from detectors.warning import CHINA
from tests.bench.prequential import Scored


@dataclasses.dataclass(frozen=True, slots=True)
class Earlier:
    """Days that a look with a problem came earlier, on average; share found in the first half."""

    days: float
    first_half: float


def days_earlier(looks: Sequence[Scored], scores: Sequence[float]) -> Earlier:
    """Return how much earlier the problems would have been found.

    Raises:
        ValueError: no look found a problem.

    Source:
        ``simulated_date_diff_mean`` and ``binsA`` of the city's evaluation.
    """
    real = [_day(one) for one in looks]
    order = sorted(range(len(looks)), key=lambda place: -scores[place])
    simulated = dict(zip(order, sorted(real), strict=True))
    found = [place for place, one in enumerate(looks) if one.found]
    if not found:
        raise ValueError("no look found a problem")
    early = _first_half(real)
    return Earlier(
        days=sum((real[place] - simulated[place]).days for place in found) / len(found),
        first_half=sum(simulated[place] in early for place in found) / len(found),
    )


def _first_half(days: Sequence[dt.date]) -> set[dt.date]:
    """Return the days whose cumulative number of looks is under the half."""
    early, count = set(), 0
    for day, looks in sorted(Counter(days).items()):
        count += looks
        if count < len(days) / 2:
            early.add(day)
    return early


def _day(one: Scored) -> dt.date:
    return one.at.astimezone(CHINA).date()
