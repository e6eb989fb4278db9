"""What does the model see of an enterprise, as of a moment?

Every feature is derived from facts that count at the moment: a revoked or repaired fact is no
feature.  The order is the format of examples and snapshots: append, never reorder.
"""

import dataclasses
import math

from detectors.facts import DAY_S, PENALTIES, Fact, FactKind
from detectors.state import EnterpriseState, Profile

FEATURES_VERSION = 1
NAMES = (
    "age",  # years since establishment / 10, at most 1; 0 where unknown
    "age_unknown",  # 1 where the day of establishment is unknown
    "outcomes",  # log(1 + how often somebody looked)
    "failures",  # log(1 + how often a problem was found)
    "past_rate",  # smoothed share of looks that found one
    "never_seen",  # 1 where nobody has looked yet
    "since_look",  # log(1 + days since the last look), 1000 where there was none
    "last_failed",  # 1 where the last look found a problem
    "failed_30d",  # failures, each losing half its weight in 30 days
    "failed_180d",  # failures, each losing half its weight in 180 days
    "penalties_180d",  # penalties, each losing half its weight in 180 days
    "complaints_90d",  # log(1 + distinct complainants x matters of 90 days)
    "rule_score",  # score by rules / 1000
)
# The smoothing of the past rate: five looks at the rate of 5 %, near the 3 to 6 % at which
# routine inspections of the two cities measured find a problem.
PRIOR_LOOKS = 5.0
PRIOR_RATE = 0.05
NEVER_DAYS = 1000.0

LOOKS = frozenset({
    FactKind.INSPECTION_PASSED,
    FactKind.INSPECTION_FAILED,
    FactKind.INSPECTION_REFUSED,
    FactKind.FOOD_SAMPLE_PASSED,
    FactKind.FOOD_SAMPLE_FAILED,
    FactKind.EQUIPMENT_PASSED,
    FactKind.EQUIPMENT_FOUND,
})  # fmt: skip
PASSED = frozenset({
    FactKind.INSPECTION_PASSED,
    FactKind.FOOD_SAMPLE_PASSED,
    FactKind.EQUIPMENT_PASSED,
})  # fmt: skip
FAILED = LOOKS - PASSED


@dataclasses.dataclass(slots=True)
class Tally:
    """What one pass over the facts of an enterprise counts, as of a moment."""

    as_of: int
    looks: int = 0
    failures: int = 0
    last_at: int = -1
    last_failed: float = 0.0
    fresh: float = 0.0
    older: float = 0.0
    penalties: float = 0.0
    complaints: set[int] = dataclasses.field(default_factory=set)

    def add(self, fact: Fact) -> None:
        """Count one fact, if it counts at the moment."""
        kind = fact.kind
        place = _ROLES[kind]
        as_of = self.as_of
        if not place or fact.at > as_of or (fact.end and as_of >= fact.end):
            return
        if place <= _FAILED:
            self.looks += 1
            if fact.at >= self.last_at:
                self.last_at = fact.at
                self.last_failed = 1.0 if place == _FAILED else 0.0
            if place == _FAILED:
                self.failures += 1
                age = as_of - fact.at
                self.fresh += 2.0 ** (-age / (30 * DAY_S))
                self.older += 2.0 ** (-age / (180 * DAY_S))
        elif place == _PENALTY:
            self.penalties += 2.0 ** (-(as_of - fact.at) / (180 * DAY_S))
        elif as_of - fact.at < 90 * DAY_S:
            self.complaints.add(fact.ref)

    def vector(self, profile: Profile, rule_score: float) -> list[float]:
        """Return the numeric features in the order of ``NAMES``."""
        as_of = self.as_of
        looks, failures = self.looks, self.failures
        established = profile.established
        days = (as_of - self.last_at) / DAY_S if self.last_at >= 0 else NEVER_DAYS
        return [
            min(1.0, (as_of - established) / (3652.5 * DAY_S)) if established else 0.0,
            0.0 if established else 1.0,
            math.log1p(looks),
            math.log1p(failures),
            (failures + PRIOR_LOOKS * PRIOR_RATE) / (looks + PRIOR_LOOKS),
            0.0 if looks else 1.0,
            math.log1p(min(NEVER_DAYS, days)),
            self.last_failed,
            self.fresh,
            self.older,
            self.penalties,
            math.log1p(len(self.complaints)),
            rule_score / 1000.0,
        ]


def tally_of(state: EnterpriseState, as_of: int) -> Tally:
    """Return what the facts of a state come to at a moment."""
    tally = Tally(as_of, state.archive.outcomes, state.archive.failures)
    roles = _ROLES
    for fact in state.facts:
        if roles[fact.kind]:
            tally.add(fact)
    return tally


_PASSED, _FAILED, _PENALTY, _COMPLAINT = 1, 2, 3, 4
_ROLES = [0] * (max(FactKind) + 1)
for _kind in FactKind:
    if _kind in LOOKS:
        _ROLES[_kind] = _FAILED if _kind in FAILED else _PASSED
    elif _kind in PENALTIES:
        _ROLES[_kind] = _PENALTY
    elif _kind == FactKind.COMPLAINT:
        _ROLES[_kind] = _COMPLAINT


def features(state: EnterpriseState, *, as_of: int, rule_score: float) -> list[float]:
    """Return the numeric features in the order of ``NAMES``.

    Units:
        ``as_of`` is event time in seconds; ``rule_score`` the score by rules at that moment.
    """
    return tally_of(state, as_of).vector(state.profile, rule_score)
