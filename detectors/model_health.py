"""How good has the model been, before it knew?  Prequential figures in bounded memory, and drift.

Each outcome is held against what was said before it: over all that was ever learned, by a
histogram, and over the last thousand, exactly.
"""

import math
from collections.abc import Sequence

import msgspec

from detectors.weighting import log_loss, probability

WINDOW = 1000
# Log odds of -8 to 8 in steps of .1: finer than any decision.
BINS, REACH = 160, 8.0
CALIBRATION_BINS = 10
# Page-Hinkley on surprise (the loss less the loss the model itself expected, in nats): a model
# that is calibrated is surprised 0 on average, whatever the rate of problems.  A threshold of 12
# is a hundred outcomes that surprise by a tenth more than they may.
DRIFT_TOLERANCE, DRIFT_THRESHOLD = 0.05, 30.0
DRIFT_HOLDS_LOOKS = 200


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """How good a model is.

    Units:
        ``roc_auc`` and ``average_precision`` 0 to 1, nan where all outcomes were alike;
        ``log_loss`` nats; ``calibration_error`` is the mean distance between what was said and
        what came, over ten bins of equal width, weighted by looks.
    """

    count: int
    found: int
    roc_auc: float
    average_precision: float
    log_loss: float
    calibration_error: float


class Drift(msgspec.Struct, kw_only=True):
    """Has the world changed under the model?

    ``alarms`` counts; ``until`` is the number of the outcome up to which the last one stands.

    Source:
        Page, "Continuous inspection schemes", Biometrika 1954.
    """

    seen: int = 0
    rise: float = 0.0
    alarms: int = 0
    until: int = 0

    def learn(self, log_odds: float, *, found: bool) -> bool:
        """Take in one outcome; return whether it raises the alarm."""
        self.seen += 1
        said = probability(log_odds)
        expected = said * log_loss(log_odds, found=True) + (1 - said) * log_loss(
            log_odds, found=False
        )
        surprise = log_loss(log_odds, found=found) - expected
        self.rise = max(0.0, self.rise + surprise - DRIFT_TOLERANCE)
        if self.rise <= DRIFT_THRESHOLD:
            return False
        self.rise = 0.0
        self.alarms += 1
        self.until = self.seen + DRIFT_HOLDS_LOOKS
        return True

    @property
    def stands(self) -> bool:
        """Return whether the last alarm still stands."""
        return self.seen < self.until


class Health(msgspec.Struct, kw_only=True):
    """The prequential record of one domain's model.

    Shapes:
        ``found`` and ``clean`` count outcomes by what was said before (log odds in ``BINS``
        bins); ``said`` and ``came`` are the last ``WINDOW`` outcomes.
    """

    found: list[int] = msgspec.field(default_factory=lambda: [0] * BINS)
    clean: list[int] = msgspec.field(default_factory=lambda: [0] * BINS)
    loss: float = 0.0
    said: list[float] = msgspec.field(default_factory=list)
    came: list[bool] = msgspec.field(default_factory=list)
    drift: Drift = msgspec.field(default_factory=Drift)

    def learn(self, log_odds: float, *, found: bool) -> bool:
        """Take in one outcome; return whether the drift alarm was raised."""
        place = min(BINS - 1, max(0, int((log_odds + REACH) * BINS / (2 * REACH))))
        (self.found if found else self.clean)[place] += 1
        self.loss += log_loss(log_odds, found=found)
        self.said.append(log_odds)
        self.came.append(found)
        if len(self.said) > WINDOW:
            del self.said[0], self.came[0]
        return self.drift.learn(log_odds, found=found)

    def whole(self) -> Figures:
        """Return the figures over all outcomes, from the histogram."""
        count = sum(self.found) + sum(self.clean)
        rows = list(zip(self.found, self.clean, strict=True))
        odds = [(place + 0.5) * 2 * REACH / BINS - REACH for place in range(BINS)]
        return _figures(rows, odds, self.loss / count if count else math.nan)

    def window(self) -> Figures:
        """Return the figures over the last outcomes, exactly."""
        pairs = sorted(zip(self.said, self.came, strict=True))
        odds: list[float] = []
        rows: list[tuple[int, int]] = []
        for said, came in pairs:
            if not odds or odds[-1] != said:
                odds.append(said)
                rows.append((0, 0))
            found, clean = rows[-1]
            rows[-1] = (found + came, clean + (not came))
        losses = [log_loss(said, found=came) for said, came in pairs]
        return _figures(rows, odds, sum(losses) / len(losses) if losses else math.nan)


def _figures(rows: Sequence[tuple[int, int]], odds: Sequence[float], loss: float) -> Figures:
    """Return the figures of groups that stand in rising order of what was said."""
    found = sum(row[0] for row in rows)
    clean = sum(row[1] for row in rows)
    right, below = 0.0, 0
    for bad, good in rows:
        right += bad * (below + good / 2)
        below += good
    precise, above, above_found = 0.0, 0, 0
    for bad, good in reversed(rows):
        above += bad + good
        above_found += bad
        precise += bad * above_found / above if above else 0.0
    return Figures(
        count=found + clean,
        found=found,
        roc_auc=right / (found * clean) if found and clean else math.nan,
        average_precision=precise / found if found else math.nan,
        log_loss=loss,
        calibration_error=_calibration_error(rows, odds),
    )


def _calibration_error(rows: Sequence[tuple[int, int]], odds: Sequence[float]) -> float:
    """Return the mean distance between said and come over bins of equal width.

    Source:
        Naeini, Cooper & Hauskrecht, AAAI 2015 (expected calibration error).
    """
    came, said, looks = ([0.0] * CALIBRATION_BINS for _ in range(3))
    for (bad, good), log_odds in zip(rows, odds, strict=True):
        stated = probability(log_odds)
        place = min(CALIBRATION_BINS - 1, int(stated * CALIBRATION_BINS))
        came[place] += bad
        looks[place] += bad + good
        said[place] += stated * (bad + good)
    total = sum(looks)
    if not total:
        return math.nan
    return sum(abs(c - s) for c, s in zip(came, said, strict=True)) / total
