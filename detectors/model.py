"""How does the model learn?  One river chain for each domain: score first, then learn.

StandardScaler and logistic regression with AdaGrad: on both cities measured it stands within
.01 of the best plain model that can explain itself (docs/benchmarks.md).  Its weakness: it sees
no interaction between features, and an enterprise without history looks like its category.
"""

import math

from river import linear_model, optim, preprocessing

from detectors.example import Example
from detectors.features import NAMES
from detectors.learned import NUMERIC, TIDES, Snapshot

LEARNING_RATE = 0.03  # measured beside .01 and .1 on two cities
# The tides forget: the fast one follows a campaign of days, the slow one a season.
FAST, SLOW, CATEGORY = 0.02, 0.002, 0.02
START_RATE = 0.05
CLIP = 1e-6


class Learner:
    """The model of one domain.

    Shapes:
        State: one weight and one square a feature and category seen, three tides and one tide a
        category: some kilobytes, whatever the number of examples.
    """

    def __init__(self, domain: str) -> None:
        self.domain = domain
        self.examples = 0
        self.learned_until = 0
        self.positions: dict[str, int] = {}
        self.tides: dict[str, float] = dict.fromkeys(TIDES[:2], START_RATE)
        self.log_loss = 0.0
        self._scaler = preprocessing.StandardScaler()
        self._model = linear_model.LogisticRegression(optimizer=optim.AdaGrad(LEARNING_RATE))

    def has_learned(self, example: Example) -> bool:
        """Return whether this very example is already in the model."""
        known = self.positions.get(f"{example.epoch}/{example.partition}", -1)
        return example.offset <= known

    def predict(self, example: Example) -> float:
        """Return P(problem) for an example, without learning anything."""
        inputs = self._scaler.transform_one(self._numeric(example)) | _one_hot(example)
        probability: float = self._model.predict_proba_one(inputs)[True]
        return probability

    def learn(self, example: Example) -> float:
        """Predict, then learn; return the probability *before* learning (prequential)."""
        numeric = self._numeric(example)
        one_hot = _one_hot(example)
        before: float = self._model.predict_proba_one(
            self._scaler.transform_one(numeric) | one_hot
        )[True]
        self._scaler.learn_one(numeric)
        self._model.learn_one(self._scaler.transform_one(numeric) | one_hot, example.found)
        self._remember(example, before)
        return before

    def _remember(self, example: Example, before: float) -> None:
        outcome = float(example.found)
        clipped = min(max(before, CLIP), 1 - CLIP)
        loss = -math.log(clipped if example.found else 1 - clipped)
        self.examples += 1
        self.log_loss += (loss - self.log_loss) / min(self.examples, 1000)
        self.learned_until = max(self.learned_until, example.at)
        self.positions[f"{example.epoch}/{example.partition}"] = example.offset
        slow = self.tides["tide_slow"]
        self.tides["tide_fast"] += FAST * (outcome - self.tides["tide_fast"])
        self.tides["tide_slow"] += SLOW * (outcome - slow)
        if example.category:
            name = f"tide_category={example.category}"
            rate = self.tides.get(name, slow)
            self.tides[name] = rate + CATEGORY * (outcome - rate)

    def _numeric(self, example: Example) -> dict[str, float]:
        slow = self.tides["tide_slow"]
        category = self.tides.get(f"tide_category={example.category}", slow)
        return dict(
            zip(
                NUMERIC,
                (*example.features, self.tides["tide_fast"], slow, category),
                strict=True,
            )
        )

    def snapshot(self) -> Snapshot:
        """Return the model as data."""
        weights = self._model.weights
        squares = self._model.optimizer.g2
        one_hot = sorted(name for name in weights if "=" in name)
        return Snapshot(
            domain=self.domain,
            examples=self.examples,
            learned_until=self.learned_until,
            count=self._scaler.counts[NAMES[0]],
            means=[self._scaler.means[name] for name in NUMERIC],
            variances=[self._scaler.vars[name] for name in NUMERIC],
            weights=[weights.get(name, 0.0) for name in NUMERIC],
            squares=[squares.get(name, 0.0) for name in NUMERIC],
            intercept=float(self._model.intercept),
            categories={name: weights[name] for name in one_hot},
            category_squares={name: squares.get(name, 0.0) for name in one_hot},
            tides=dict(self.tides),
            positions=dict(self.positions),
            log_loss=self.log_loss,
        )


def learner_of(snapshot: Snapshot) -> Learner:
    """Return the learner that a snapshot describes; it goes on as if it had never stopped."""
    learner = Learner(snapshot.domain)
    learner.examples = snapshot.examples
    learner.learned_until = snapshot.learned_until
    learner.positions = dict(snapshot.positions)
    learner.tides = dict(snapshot.tides)
    learner.log_loss = snapshot.log_loss
    scaler, model = learner._scaler, learner._model  # noqa: SLF001 - its own other constructor
    for place, name in enumerate(NUMERIC):
        scaler.counts[name] = snapshot.count
        scaler.means[name] = snapshot.means[place]
        scaler.vars[name] = snapshot.variances[place]
    weights = dict(zip(NUMERIC, snapshot.weights, strict=True)) | snapshot.categories
    squares = dict(zip(NUMERIC, snapshot.squares, strict=True)) | snapshot.category_squares
    model._weights.update(weights)  # noqa: SLF001 - river offers no setter; the version is pinned
    model.intercept = snapshot.intercept
    model.optimizer.g2.update(squares)
    return learner


def _one_hot(example: Example) -> dict[str, float]:
    inputs = {}
    if example.category:
        inputs[f"category={example.category}"] = 1.0
    if example.form:
        inputs[f"form={example.form}"] = 1.0
    return inputs
