"""What does the model see of an enterprise, as of a moment?

Every feature is derived from facts that count at the moment: a revoked or repaired fact is no
feature.  The order is the format of examples and snapshots: append, never reorder.
"""

import math

from detectors.facts import DAY_S, PENALTIES, FactKind
from detectors.state import EnterpriseState

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


def features(state: EnterpriseState, *, as_of: int, rule_score: float) -> list[float]:
    """Return the numeric features in the order of ``NAMES``.

    Units:
        ``as_of`` is event time in seconds; ``rule_score`` the score by rules at that moment.
    """
    looks, failures = state.archive.outcomes, state.archive.failures
    last_at = -1
    last_failed = fresh = older = penalties = 0.0
    complaints: set[int] = set()
    for fact in state.facts:
        if not fact.counts_at(as_of):
            continue
        kind = fact.kind
        if kind in LOOKS:
            looks += 1
            failed = kind in FAILED
            if fact.at >= last_at:
                last_at, last_failed = fact.at, float(failed)
            if failed:
                failures += 1
                age = as_of - fact.at
                fresh += 2.0 ** (-age / (30 * DAY_S))
                older += 2.0 ** (-age / (180 * DAY_S))
        elif kind in PENALTIES:
            penalties += 2.0 ** (-(as_of - fact.at) / (180 * DAY_S))
        elif kind == FactKind.COMPLAINT and as_of - fact.at < 90 * DAY_S:
            complaints.add(fact.ref)
    established = state.profile.established
    days = (as_of - last_at) / DAY_S if last_at >= 0 else NEVER_DAYS
    return [
        min(1.0, (as_of - established) / (3652.5 * DAY_S)) if established else 0.0,
        0.0 if established else 1.0,
        math.log1p(looks),
        math.log1p(failures),
        (failures + PRIOR_LOOKS * PRIOR_RATE) / (looks + PRIOR_LOOKS),
        0.0 if looks else 1.0,
        math.log1p(min(NEVER_DAYS, days)),
        last_failed,
        fresh,
        older,
        penalties,
        math.log1p(len(complaints)),
        rule_score / 1000.0,
    ]
