"""What did the model say, and how much of the score is its?  Snapshots as data, folded for speed.

A snapshot is plain data with versions, never a pickle: a worker refuses what it cannot read.
The assessing worker needs no river: a linear model folds into one dot product.
"""

import dataclasses
import math
from collections.abc import Mapping
from operator import mul

import msgspec

from detectors.features import FEATURES_VERSION, NAMES

SNAPSHOT_SCHEMA = 1
# The learner's own features, kept in the snapshot: how often outcomes of late found a problem.
TIDES = ("tide_fast", "tide_slow", "tide_category")
NUMERIC = (*NAMES, *TIDES)


class IncompatibleSnapshotError(ValueError):
    """A model snapshot was written for other features or another schema.

    Operator action: none at first, the rules go on alone; run one version of the program for
    learning and assessing, or delete the snapshot so that the model starts anew.
    """


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """A linear model of one domain after so many examples.

    Shapes:
        ``means``, ``variances``, ``weights``, ``squares`` stand in the order of ``NUMERIC``;
        ``categories`` and ``category_squares`` map one-hot names ("category=bookshop") to
        weights; ``tides`` map a tide's name to a rate.  ``positions`` map "epoch/partition" of
        the event log to the last offset learned: an example sent twice is learned once.

    Units:
        ``learned_until`` is event time in seconds; rates and weights have no unit.
    """

    domain: str
    examples: int
    learned_until: int
    count: int
    means: list[float]
    variances: list[float]
    weights: list[float]
    squares: list[float]
    intercept: float
    categories: dict[str, float]
    category_squares: dict[str, float]
    tides: dict[str, float]
    positions: dict[str, int]
    log_loss: float = 0.0
    schema: int = SNAPSHOT_SCHEMA
    features_version: int = FEATURES_VERSION

    @property
    def version(self) -> str:
        """Return the name that decisions carry."""
        return f"{self.domain}-{self.examples}"


@dataclasses.dataclass(frozen=True, slots=True)
class Scorer:
    """A snapshot folded into one dot product.

    Shapes:
        ``weights`` are divided by the scaler's deviations, ``bias`` holds the rest.
    """

    version: str
    bias: float
    weights: tuple[float, ...]
    categories: Mapping[str, float]

    def probability(self, features: list[float], category: str) -> float:
        """Return P(a problem is found if somebody looks now), 0 to 1."""
        logit = self.bias + sum(map(mul, self.weights, features))
        if category:
            logit += self.categories.get(category, 0.0)
        if logit < -35.0:  # noqa: PLR2004 - beyond it exp() adds nothing a float could hold
            return 0.0
        return 1.0 / (1.0 + math.exp(-logit))


_DECODER = msgspec.msgpack.Decoder(Snapshot)


def encode(snapshot: Snapshot) -> bytes:
    """Return the snapshot as msgpack."""
    return msgspec.msgpack.encode(snapshot)


def decode(raw: bytes) -> Snapshot:
    """Return the stored snapshot.

    Raises:
        IncompatibleSnapshotError: other schema, other features, or no snapshot at all.
    """
    try:
        snapshot = _DECODER.decode(raw)
    except msgspec.DecodeError as error:
        raise IncompatibleSnapshotError(f"no model snapshot: {error}") from error
    if (snapshot.schema, snapshot.features_version) != (SNAPSHOT_SCHEMA, FEATURES_VERSION):
        raise IncompatibleSnapshotError(
            f"snapshot {snapshot.version} has schema {snapshot.schema} and features "
            f"{snapshot.features_version}; this program reads {SNAPSHOT_SCHEMA} and "
            f"{FEATURES_VERSION}"
        )
    for name in ("weights", "means", "variances", "squares"):
        if len(getattr(snapshot, name)) != len(NUMERIC):
            raise IncompatibleSnapshotError(
                f"snapshot {snapshot.version} has {len(getattr(snapshot, name))} {name}, "
                f"{len(NUMERIC)} features are known"
            )
    return snapshot


def scorer_of(snapshot: Snapshot) -> Scorer:
    """Return the snapshot folded: scaling, tides and bias in one dot product."""
    bias = snapshot.intercept
    folded = []
    for mean, variance, weight in zip(
        snapshot.means, snapshot.variances, snapshot.weights, strict=True
    ):
        deviation = math.sqrt(variance)
        scaled = weight / deviation if deviation else 0.0
        folded.append(scaled)
        bias -= scaled * mean
    slow = snapshot.tides.get("tide_slow", 0.0)
    for name, scaled in zip(TIDES, folded[len(NAMES) :], strict=True):
        # Where no one knows the category, its tide is the slow tide of the whole domain.
        bias += scaled * snapshot.tides.get(name, slow)
    prefix = "tide_category="
    tide = folded[len(NAMES) + TIDES.index("tide_category")]
    categories = {
        name.removeprefix("category="): weight
        for name, weight in snapshot.categories.items()
        if name.startswith("category=")
    }
    for name, rate in snapshot.tides.items():
        if name.startswith(prefix):
            category = name.removeprefix(prefix)
            categories[category] = categories.get(category, 0.0) + tide * (rate - slow)
    return Scorer(snapshot.version, bias, tuple(folded[: len(NAMES)]), categories)
