"""Who learns?  Experts of different families behind one interface.

An expert says log odds of a problem, and learns an outcome.  ``Newton`` and ``Gradient`` are
linear: one dot product, and their memory is plain numbers.  ``Relearned`` holds any
estimator of river, whose insides are no format: it is a function of its last examples alone, and
comes back by learning them again.

River brings half of scientific Python and takes more than a second to load, so it is loaded by
what learns alone: a command at a terminal, or a process that only assesses, does without it.
"""

import math
from array import array
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, Protocol

import msgspec
import numpy as np

MemberName = Literal["newton", "newton_10k", "adagrad", "sgd", "forest", "bayes"]
MEMBERS: tuple[MemberName, ...] = ("newton", "newton_10k", "adagrad", "sgd", "forest", "bayes")
# River's own defaults for SGD; .03 for AdaGrad stands between .01 and .1 on both cities measured.
SGD_RATE, ADAGRAD_RATE = 0.01, 0.03
# A deviation of .17: of some eighty inputs that overlap, each alone moves the log odds little.
# Of .01 to .3 it ranked best or beside the best on both cities before their test windows, most
# clearly where outcomes come late and few; a wider one learns campaigns by heart.
PRIOR_VARIANCE = 0.03
START, START_VARIANCE = -2.0, 10.0
LEAST_SURE = 1e-4
FARTHEST = math.log((1 - LEAST_SURE) / LEAST_SURE)
FORGET_EVERY = 100
MEMORY_LOOKS = 10_000.0
# One outcome without a problem in four: the forest's cost is in examples, what it learns is in
# problems.  Four thousand kept are the look backs of years in a county.
KEEP_ONE_IN = 4
GENERATION = 4000
TREES = 10
SEED = 1
BIAS = ""

Inputs = Mapping[str, float]


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """What a linear expert knows, as data.

    Shapes:
        ``names`` of the inputs in the order of ``weights``; ``second`` holds what the expert
        knows of their uncertainty: gradient squares, or the upper triangle of a covariance.
        Numbers are little-endian doubles.  ``learned`` counts examples.
    """

    names: list[str] = []
    weights: bytes = b""
    second: bytes = b""
    learned: int = 0


class Expert(Protocol):
    """One voice."""

    def log_odds(self, inputs: Inputs) -> float:
        """Return the log odds of a problem."""

    def learn(self, inputs: Inputs, *, found: bool) -> None:
        """Learn one outcome."""


class Linear(Expert, Protocol):
    """A voice that is a dot product, with a memory that is data."""

    def weights(self) -> dict[str, float]:
        """Return the weight of each input by name; the bias stands under the empty one."""

    def memory(self) -> Memory:
        """Return what it knows."""


class Newton:
    """Logistic regression that keeps the covariance of its weights: every step is a Newton step.

    Twenty thousand outcomes with a few thousand problems are little: a gradient is still on its
    way where this has arrived.  Weakness: cost and memory grow with the square of the inputs, so
    these are bounded.

    Shapes:
        State: n weights and n x n covariances, n at most 120.

    Source:
        Spiegelhalter & Lauritzen 1990 (sequential Laplace); forgetting as in McCormick, Raftery,
        Madigan & Burd, "Dynamic logistic regression and dynamic model averaging", Biometrics
        2012, stabilised towards the prior (Kulhavy & Zarrop 1993) so that nothing winds up.
    """

    def __init__(self, *, memory_looks: float = math.inf, memory: Memory | None = None) -> None:
        self._keep = math.exp(-FORGET_EVERY / memory_looks)
        memory = memory or Memory()
        self._places = {name: place for place, name in enumerate(memory.names)}
        self._mean = np.frombuffer(memory.weights, dtype="<f8").copy()
        self._covariance = _square(memory.second, len(self._mean))
        self._learned = memory.learned
        if not self._places:
            self._add(BIAS, mean=START, variance=START_VARIANCE)

    def log_odds(self, inputs: Inputs) -> float:
        """Return the log odds of a problem."""
        return _bounded(float(self._vector(inputs) @ self._mean))

    def learn(self, inputs: Inputs, *, found: bool) -> None:
        """Learn one outcome."""
        for name in inputs:
            if name not in self._places:
                self._add(name, mean=0.0, variance=PRIOR_VARIANCE)
        vector = self._vector(inputs)
        probability = 1.0 / (1.0 + math.exp(-_bounded(float(vector @ self._mean))))
        spread = probability * (1.0 - probability)
        reach = self._covariance @ vector
        gain = 1.0 / (1.0 + spread * float(vector @ reach))
        self._mean += reach * (gain * (float(found) - probability))
        reach *= math.sqrt(spread * gain)  # the same factor on both sides keeps it symmetric
        self._covariance -= np.outer(reach, reach)
        self._learned += 1
        if self._keep < 1.0 and self._learned % FORGET_EVERY == 0:
            self._forget()

    def weights(self) -> dict[str, float]:
        """Return the weight of each input by name."""
        return dict(zip(self._places, self._mean.tolist(), strict=True))

    def memory(self) -> Memory:
        """Return what it knows."""
        upper = self._covariance[np.triu_indices(len(self._mean))]
        return Memory(
            names=list(self._places),
            weights=self._mean.astype("<f8").tobytes(),
            second=upper.astype("<f8").tobytes(),
            learned=self._learned,
        )

    def _vector(self, inputs: Inputs) -> "np.ndarray[Any, np.dtype[np.float64]]":
        vector = np.zeros(len(self._mean))
        vector[0] = 1.0
        places = self._places
        for name, number in inputs.items():
            place = places.get(name)
            if place is not None:
                vector[place] = number
        return vector

    def _add(self, name: str, *, mean: float, variance: float) -> None:
        size = len(self._places)
        self._places[name] = size
        self._mean = np.append(self._mean, mean)
        wider = np.zeros((size + 1, size + 1))
        wider[:size, :size] = self._covariance
        wider[size, size] = variance
        self._covariance = wider

    def _forget(self) -> None:
        """Let what was learned fade towards the prior, as far as its memory says."""
        prior = np.full(len(self._mean), 1.0 / PRIOR_VARIANCE)
        prior[0] = 1.0 / START_VARIANCE
        precision = np.linalg.inv(self._covariance)
        pull = self._keep * (precision @ self._mean)
        pull[0] += (1.0 - self._keep) * prior[0] * START
        precision *= self._keep
        precision[np.diag_indices_from(precision)] += (1.0 - self._keep) * prior
        covariance = np.linalg.inv(precision)
        # Symmetric to the last bit, so that a memory of one triangle is the whole.
        self._covariance = (covariance + covariance.T) / 2.0
        self._mean = self._covariance @ pull


class Gradient:
    """River's logistic regression with one of its optimizers."""

    def __init__(self, optimizer: Any, *, memory: Memory | None = None) -> None:
        from river import linear_model  # noqa: PLC0415 - see above

        self._model = linear_model.LogisticRegression(optimizer=optimizer)
        self._squares = getattr(optimizer, "g2", None)
        self._learned = 0
        if memory is not None and memory.names:
            self._restore(memory)

    def log_odds(self, inputs: Inputs) -> float:
        """Return the log odds of a problem."""
        return _log_odds(float(self._model.predict_proba_one(inputs)[True]))

    def learn(self, inputs: Inputs, *, found: bool) -> None:
        """Learn one outcome."""
        self._model.learn_one(inputs, found)
        self._learned += 1

    def weights(self) -> dict[str, float]:
        """Return the weight of each input by name."""
        weights = {name: float(weight) for name, weight in self._model.weights.items()}
        return {BIAS: float(self._model.intercept)} | weights

    def memory(self) -> Memory:
        """Return what it knows."""
        weights = self.weights()
        squares = self._squares if self._squares is not None else {}
        return Memory(
            names=list(weights),
            weights=_packed(weights.values()),
            second=_packed(squares.get(name, 0.0) for name in weights),
            learned=self._learned,
        )

    def _restore(self, memory: Memory) -> None:
        weights = dict(zip(memory.names, _unpacked(memory.weights), strict=True))
        self._model.intercept = weights.pop(BIAS)
        self._model._weights.update(weights)  # noqa: SLF001 - river offers no setter; it is pinned
        if self._squares is not None:
            squares = dict(zip(memory.names, _unpacked(memory.second), strict=True))
            self._squares.update({name: squares[name] for name in weights})
        self._learned = memory.learned


class Relearned:
    """Any classifier of river, bounded in time: two generations, the elder speaks.

    A new generation begins every ``GENERATION`` examples kept and speaks once the next begins.
    So all that it knows follows from its last two generations of examples, whoever restarts.

    Shapes:
        State: two estimators; outside, at most ``2 * GENERATION`` kept examples (``Kept``).
    """

    def __init__(self, make: Callable[[], Any], *, generation: int = GENERATION) -> None:
        self._make = make
        self._generation = generation
        self._count = self._born = 0
        self._elder = make()
        self._younger: Any = None

    def log_odds(self, row: Sequence[float]) -> float | None:
        """Return the log odds of a problem, or None while nothing was learned."""
        said = self._elder.predict_proba_one(dict(enumerate(row)))
        if len(said) < 2:  # noqa: PLR2004 - it has not seen both outcomes yet
            return None
        return _log_odds(float(said[True]))

    def learn(self, row: Sequence[float], *, found: bool) -> None:
        """Learn one outcome that was kept."""
        if self._count > self._born and self._count % self._generation == 0:
            self._elder, self._younger = self._younger or self._elder, self._make()
        inputs = dict(enumerate(row))
        self._elder.learn_one(inputs, found)
        if self._younger is not None:
            self._younger.learn_one(inputs, found)
        self._count += 1

    def resume(self, count: int, rows: Sequence[tuple[Sequence[float], bool]]) -> None:
        """Become what it was after ``count`` examples, of which ``rows`` are the last ones."""
        self._elder = self._make()
        self._younger = None
        # The elder's birth: a whole generation before the last one began.
        self._born = max(0, (count - 1) // self._generation - 1) * self._generation
        first = count - len(rows)
        self._count = max(self._born, first)
        for row, found in rows[self._count - first :]:
            self.learn(row, found=found)


def packed_row(row: Sequence[float], *, found: bool) -> bytes:
    """Return a kept example as bytes: single floats, the outcome first."""
    return array("f", [float(found), *row]).tobytes()


def unpacked_row(raw: bytes) -> tuple[list[float], bool]:
    """Return a kept example."""
    numbers = array("f")
    numbers.frombytes(raw)
    return numbers[1:].tolist(), bool(numbers[0])


def load_river() -> None:
    """Load what the experts need now, so that the first example does not wait for it."""
    for name in MEMBERS:
        linear(name) or relearned(name)


def linear(name: str, memory: Memory | None = None) -> Linear | None:
    """Return a linear expert by name, or None where it is of another family."""
    if name == "newton":
        return Newton(memory=memory)
    if name == "newton_10k":
        return Newton(memory_looks=MEMORY_LOOKS, memory=memory)
    if name not in {"adagrad", "sgd"}:
        return None
    from river import optim  # noqa: PLC0415 - see above

    if name == "adagrad":
        return Gradient(optim.AdaGrad(ADAGRAD_RATE), memory=memory)
    return Gradient(optim.SGD(SGD_RATE), memory=memory)


def relearned(name: str) -> Relearned | None:
    """Return an expert of another family by name, or None."""
    if name not in {"forest", "bayes"}:
        return None
    from river import forest, naive_bayes  # noqa: PLC0415 - see above

    if name == "forest":
        return Relearned(lambda: forest.AMFClassifier(n_estimators=TREES, seed=SEED))
    return Relearned(naive_bayes.GaussianNB)


def _bounded(log_odds: float) -> float:
    return max(-FARTHEST, min(FARTHEST, log_odds))


def _log_odds(probability: float) -> float:
    sure = min(max(probability, LEAST_SURE), 1.0 - LEAST_SURE)
    return math.log(sure / (1.0 - sure))


def _packed(numbers: Any) -> bytes:
    return np.fromiter(numbers, dtype="<f8").tobytes()


def _unpacked(raw: bytes) -> list[float]:
    numbers: list[float] = np.frombuffer(raw, dtype="<f8").tolist()
    return numbers


def _square(raw: bytes, size: int) -> "np.ndarray[Any, np.dtype[np.float64]]":
    square = np.zeros((size, size))
    upper = np.triu_indices(size)
    square[upper] = np.frombuffer(raw, dtype="<f8")
    square.T[upper] = square[upper]
    return square
