"""From contributions to a score, and from a score to a class."""

from bisect import bisect_right
from collections.abc import Iterable

from detectors.knowledge import Bands, Scoring
from detectors.state import Standing

FULL_SCALE = 1000.0
# Products of the same factors in another order differ in the last bits; six places are far
# below what anybody can act on, and make the score the same on every machine and order.
PLACES = 6
HOUR_S = 3600


def combined(contributions: Iterable[float], positive: float = 0.0) -> float:
    """Return the score of contributions, each ``severity * points``.

    Bounded and independent of order; each contribution can be taken out again exactly, by
    multiplying the rest anew.

    Units:
        Contributions, ``positive`` and the score are points of 0 to 1000, higher is riskier.

    Source:
        Domain reference §2.5: S = 1000 (1 - prod(1 - s_i w_i / 1000)) minus the positive ones.

    >>> combined([380.0, 100.0, 120.0])
    508.96
    """
    rest = 1.0
    for points in contributions:
        rest *= 1.0 - points / FULL_SCALE
    score = FULL_SCALE * (1.0 - rest) - positive
    return round(score, PLACES) if score > 0.0 else 0.0


def band_rank(score: float, bands: Bands) -> int:
    """Return the class that a score lies in: 0 (A) to 3 (D), half-open bands.

    >>> [band_rank(s, Bands(b=200, c=500, d=750)) for s in (0, 199.999, 200, 750, 1000)]
    [0, 0, 1, 3, 3]
    """
    return bisect_right((bands.b, bands.c, bands.d), score)


def reached_rank(score: float, scoring: Scoring) -> int:
    """Return the class that whoever stands above it comes back to, once it has held for a day.

    Every edge on the way down is passed by its own margin: a fall from D to just below C stops
    in C, where a fall from C would wait too.
    """
    bands, margin = scoring.bands, scoring.better_below_band
    return bisect_right((bands.b - margin, bands.c - margin, bands.d - margin), score)


def next_standing(
    last: Standing, score: float, *, floor_rank: int, as_of: int, scoring: Scoring
) -> Standing:
    """Return the standing after a new score: worse at once, better only after a day.

    Units:
        ``as_of`` is event time in seconds; ``floor_rank`` the least class that direct rules set.

    Source:
        Domain reference §2.5: better only after 24 h below the band's edge minus 20; more than
        one class at once where the score lies below every edge on the way by that margin.
    """
    if score == last.score and not last.rank and not floor_rank:
        return last
    rank = max(band_rank(score, scoring.bands), floor_rank)
    if rank >= last.rank:
        return Standing(score, rank, 0)
    reached = reached_rank(score, scoring)
    if reached >= last.rank:
        return Standing(score, last.rank, 0)
    since = last.better_since or as_of
    if as_of - since >= scoring.better_after_hours * HOUR_S:
        return Standing(score, max(reached, floor_rank), 0)
    return Standing(score, last.rank, since)
