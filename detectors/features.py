"""What does the model see of an enterprise, as of a moment?

Every feature is derived from facts that count at the moment: a revoked or repaired fact is no
feature.  One pass over the facts makes a ``Tally``; a later fact is added to it for the price of
one, so the vector before an outcome and the one after it come from one pass.
The order of ``NAMES`` is the format of examples and snapshots: append, never reorder.
"""

import math
from collections.abc import Iterable

from detectors.facts import DAY_S, PENALTIES, Fact, FactKind, person_of
from detectors.state import Archive, EnterpriseState, Profile

FEATURES_VERSION = 2
NAMES = (
    "age",  # years since establishment / 10, at most 1; 0 where unknown
    "age_unknown",  # 1 where the day of establishment is unknown
    "young",  # 1 where it was established less than four years ago
    "outcomes",  # log(1 + how often somebody looked)
    "failures",  # log(1 + how often a problem was found)
    "past_rate",  # smoothed share of looks that found one
    "never_seen",  # 1 where nobody has looked yet
    "since_look",  # log(1 + days since the last look), 1000 where there was none
    "years_since_look",  # years since the last look, at most 2; 2 where there was none
    "last_failed",  # 1 where the last look found a problem
    "last_severity",  # how grave what the last look found was, 0 to 1
    "failed_30d",  # failures, each losing half its weight in 30 days
    "failed_180d",  # failures, each losing half its weight in 180 days
    "severity_180d",  # severity of what looks found, passed or not, halved in 180 days
    "severity_2y",  # the same, halved in 730 days
    "recent_rate",  # share of looks that found a problem, each look halved in 365 days; smoothed
    "penalties_180d",  # penalties, each losing half its weight in 180 days
    "complaints_14d",  # complaints by distinct people, halved in 14 days, log(1 + x)
    "complaints_90d",  # log(1 + distinct complainants of 90 days)
    "rule_score",  # score by rules / 1000
)
# The smoothing of the past rate: five looks at the rate of 5 %, near the 3 to 6 % at which
# routine inspections find a problem where nothing else is known.
PRIOR_LOOKS = 5.0
PRIOR_RATE = 0.05
NEVER_DAYS = 1000.0
LONGEST_YEARS = 2.0
YOUNG_YEARS = 4.0
YEAR_S = 365.25 * DAY_S
# A complainant counts once, whatever the number of complaints and matters, and all together are
# no more than this: forged complaints end here.
MOST_COMPLAINTS = 20

LOOKS = frozenset({
    FactKind.INSPECTION_PASSED,
    FactKind.INSPECTION_FAILED,
    FactKind.INSPECTION_REFUSED,
    FactKind.FOOD_SAMPLE_PASSED,
    FactKind.FOOD_SAMPLE_FAILED,
    FactKind.RAPID_TEST_FAILED,
    FactKind.EQUIPMENT_PASSED,
    FactKind.EQUIPMENT_FOUND,
    FactKind.PRODUCT_SAMPLE_PASSED,
    FactKind.PRODUCT_SAMPLE_FAILED,
    FactKind.DRUG_SAMPLE_FAILED,
})  # fmt: skip
PASSED = frozenset({
    FactKind.INSPECTION_PASSED,
    FactKind.FOOD_SAMPLE_PASSED,
    FactKind.EQUIPMENT_PASSED,
    FactKind.PRODUCT_SAMPLE_PASSED,
})  # fmt: skip
FAILED = LOOKS - PASSED

_EXP2_30 = -math.log(2) / (30 * DAY_S)
_EXP2_180 = -math.log(2) / (180 * DAY_S)
_EXP2_365 = -math.log(2) / (365 * DAY_S)
_EXP2_730 = -math.log(2) / (730 * DAY_S)
_EXP2_14 = -math.log(2) / (14 * DAY_S)
_COMPLAINT = int(FactKind.COMPLAINT)
_INSPECTION_PASSED = int(FactKind.INSPECTION_PASSED)
_LOOKS = frozenset(map(int, LOOKS))
_FAILED = frozenset(map(int, FAILED))
_PENALTIES = frozenset(map(int, PENALTIES))
_SEEN = _LOOKS | _PENALTIES | {_COMPLAINT}


class Tally:
    """What the facts that count at a moment add up to.

    Shapes:
        State: thirteen numbers, and the last complaint of each complainant of 90 days.

    Units:
        ``as_of`` is event time in seconds.
    """

    __slots__ = (
        "as_of", "complaints", "failures", "fresh", "grave", "last_at", "last_failed",
        "last_severity", "lately", "lately_failed", "looks", "older", "penalties", "severe",
    )  # fmt: skip

    def __init__(self, facts: Iterable[Fact], archive: Archive, as_of: int) -> None:
        """Add up the facts that count at ``as_of``."""
        self.as_of = as_of
        self.looks = archive.outcomes
        self.failures = archive.failures
        self.last_at = -1
        self.last_failed = self.last_severity = self.fresh = self.older = 0.0
        self.severe = self.grave = self.lately = self.lately_failed = self.penalties = 0.0
        self.complaints: dict[int, int] = {}
        for fact in facts:
            if fact.kind in _SEEN and fact.counts_at(as_of):
                self.add(fact)

    def add(self, fact: Fact) -> None:
        """Add one fact that counts at the moment of the tally."""
        kind = fact.kind
        age = self.as_of - fact.at
        if kind in _LOOKS:
            self.looks += 1
            failed = kind in _FAILED
            severity = fact.weight if failed or kind == _INSPECTION_PASSED else 0.0
            if fact.at >= self.last_at:
                self.last_at = fact.at
                self.last_failed, self.last_severity = float(failed), severity
            year = math.exp(_EXP2_365 * age)
            self.lately += year
            if failed:
                self.failures += 1
                self.lately_failed += year
                self.fresh += math.exp(_EXP2_30 * age)
                self.older += math.exp(_EXP2_180 * age)
            if severity:
                self.severe += severity * math.exp(_EXP2_180 * age)
                self.grave += severity * math.exp(_EXP2_730 * age)
        elif kind in _PENALTIES:
            self.penalties += math.exp(_EXP2_180 * age)
        elif kind == _COMPLAINT and age < 90 * DAY_S:
            person = person_of(fact.ref)
            self.complaints[person] = max(fact.at, self.complaints.get(person, 0))

    def vector(self, profile: Profile, *, rule_score: float) -> list[float]:
        """Return the numeric features in the order of ``NAMES``.

        Units:
            ``rule_score`` is the score by rules at the moment of the tally.
        """
        as_of = self.as_of
        years = (as_of - profile.established) / YEAR_S if profile.established else 0.0
        looks, failures, last_at = self.looks, self.failures, self.last_at
        seen = last_at >= 0
        days = (as_of - last_at) / DAY_S if seen else NEVER_DAYS
        complaints = 0.0
        for at in self.complaints.values():
            complaints += math.exp(_EXP2_14 * (as_of - at))
        return [
            min(1.0, years / 10.0),
            0.0 if profile.established else 1.0,
            1.0 if 0.0 < years < YOUNG_YEARS else 0.0,
            math.log1p(looks),
            math.log1p(failures),
            (failures + PRIOR_LOOKS * PRIOR_RATE) / (looks + PRIOR_LOOKS),
            0.0 if looks else 1.0,
            math.log1p(min(NEVER_DAYS, days)),
            min(LONGEST_YEARS, days * DAY_S / YEAR_S) if seen else LONGEST_YEARS,
            self.last_failed,
            self.last_severity,
            self.fresh,
            self.older,
            self.severe,
            self.grave,
            (self.lately_failed + PRIOR_RATE) / (self.lately + 1.0),
            self.penalties,
            math.log1p(min(MOST_COMPLAINTS, complaints)),
            math.log1p(min(MOST_COMPLAINTS, len(self.complaints))),
            rule_score / 1000.0,
        ]


def features(state: EnterpriseState, *, as_of: int, rule_score: float) -> list[float]:
    """Return the numeric features of a state, in the order of ``NAMES``."""
    return Tally(state.facts, state.archive, as_of).vector(state.profile, rule_score=rule_score)
