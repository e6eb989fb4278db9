"""What did the model say, and how much of the score is its?  Snapshots as data, folded for speed.

A snapshot is plain data with versions, never a pickle: a worker refuses what it cannot read.
It holds the one expert that knows nothing of the look to come, folded: the assessing worker needs
neither river nor numpy, and one dot product is all that it computes.  The pool of the experts
knows form, day and inspector, which nobody knows before a look is ordered; it stays with the
learner.
"""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from operator import mul

import msgspec

from detectors.features import FEATURES_VERSION, NAMES
from detectors.inputs import CLIP
from detectors.tides import COUNTY_DIGITS
from detectors.weighting import probability

SNAPSHOT_SCHEMA = 3


class IncompatibleSnapshotError(ValueError):
    """A model snapshot was written for other features or another schema.

    Operator action: none at first, the rules go on alone; run one version of the program for
    learning and assessing, or delete the snapshot so that the model starts anew.
    """


class Number(msgspec.Struct, frozen=True, array_like=True):
    """How one number counts: scaled by mean and deviation, clipped, times a weight."""

    mean: float
    deviation: float
    weight: float


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of any look at an enterprise of one domain, after so many examples.

    Shapes:
        ``numbers`` stand in the order of ``detectors.features.NAMES``.  ``offsets`` map what an
        enterprise stands under ("category=网吧", "place=410422", "town=410422001") to log odds.
        ``shares`` are the pooled experts' weights, which this score has no part in.

    Units:
        ``learned_until`` is event time in seconds; ``bias`` and ``offsets`` are log odds;
        ``log_loss`` nats, over about the last thousand examples.
    """

    domain: str
    examples: int
    learned_until: int
    bias: float
    numbers: list[Number]
    offsets: dict[str, float]
    shares: dict[str, float]
    log_loss: float = 0.0
    schema: int = SNAPSHOT_SCHEMA
    features_version: int = FEATURES_VERSION

    @property
    def version(self) -> str:
        """Return the name that decisions carry."""
        return f"{self.domain}-{self.examples}"


@dataclasses.dataclass(frozen=True, slots=True)
class Scorer:
    """A snapshot made ready: one dot product, and what the trade and the place add.

    Shapes:
        ``weights``, ``lows``, ``highs`` stand in the order of ``NAMES``: a feature beyond its
        bounds counts as if it stood on them.  ``categories`` and ``places`` map to log odds.
    """

    version: str
    bias: float
    weights: tuple[float, ...]
    categories: Mapping[str, float]
    places: Mapping[str, float] = dataclasses.field(default_factory=dict)
    lows: tuple[float, ...] = (-math.inf,) * len(NAMES)
    highs: tuple[float, ...] = (math.inf,) * len(NAMES)

    def log_odds(self, features: Sequence[float], category: str, place: str = "") -> float:
        """Return the log odds of a problem, if somebody looks now."""
        bounded = map(min, self.highs, map(max, self.lows, features))
        log_odds: float = self.bias + sum(map(mul, self.weights, bounded))
        if category:
            log_odds += self.categories.get(category, 0.0)
        if place:
            log_odds += self.of_place(place)
        return log_odds

    def of_place(self, place: str) -> float:
        """Return the log odds that a place adds: those of its town, else of its county."""
        known = self.places.get(place)
        return self.places.get(place[:COUNTY_DIGITS], 0.0) if known is None else known

    def probability(self, features: Sequence[float], category: str, place: str = "") -> float:
        """Return P(a problem is found if somebody looks now), 0 to 1."""
        return probability(self.log_odds(features, category, place))


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
    if len(snapshot.numbers) != len(NAMES):
        raise IncompatibleSnapshotError(
            f"snapshot {snapshot.version} has {len(snapshot.numbers)} numbers, "
            f"{len(NAMES)} features are known"
        )
    return snapshot


def scorer_of(snapshot: Snapshot) -> Scorer:
    """Return the snapshot made ready for scoring."""
    bias = snapshot.bias
    weights, lows, highs = [], [], []
    for number in snapshot.numbers:
        slope = number.weight / number.deviation if number.deviation else 0.0
        bias -= slope * number.mean
        weights.append(slope)
        lows.append(number.mean - CLIP * number.deviation)
        highs.append(number.mean + CLIP * number.deviation)
    return Scorer(
        version=snapshot.version,
        bias=bias,
        weights=tuple(weights),
        categories=_under("category=", snapshot.offsets),
        places=_places(snapshot.offsets),
        lows=tuple(lows),
        highs=tuple(highs),
    )


def _places(offsets: Mapping[str, float]) -> dict[str, float]:
    """Return the offset of each county, and of each town together with its county."""
    counties = _under("place=", offsets)
    towns = _under("town=", offsets)
    return counties | {
        town: offset + counties.get(town[:COUNTY_DIGITS], 0.0) for town, offset in towns.items()
    }


def _under(prefix: str, offsets: Mapping[str, float]) -> dict[str, float]:
    return {
        name.removeprefix(prefix): offset
        for name, offset in offsets.items()
        if name.startswith(prefix)
    }
