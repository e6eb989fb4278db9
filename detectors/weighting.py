"""Whose word counts how much?  Experts weighted by how well they have foretold of late.

The pool is taken in log odds, so that linear experts fold into one dot product.
"""

import math
from collections.abc import Mapping, Sequence

# The loss of an outcome ten thousand outcomes ago counts a third: the experts' own longest
# memory.  Measured on two cities and three delays: a shorter one follows single campaigns.
MEMORY_LOOKS = 10_000.0
# One outcome is no independent witness: problems come in campaigns, and all experts err on the
# same one.  At 1 the rule is Bayes' own; here ten outcomes count as one.
LEARNING_RATE = 0.1


class Weighting:
    """Exponential weights on discounted log loss.

    Shapes:
        State: one discounted loss an expert.

    Source:
        Vovk 1990; Cesa-Bianchi & Lugosi, "Prediction, Learning, and Games", 2006, §2.11
        (discounted regret); the forgetting of Raftery et al. 2010, dynamic model averaging.

    >>> weighting = Weighting(["wise", "fool"])
    >>> weighting.learn({"wise": 2.0, "fool": -2.0}, found=True)
    >>> weighting.weights["wise"] > weighting.weights["fool"]
    True
    """

    def __init__(self, names: Sequence[str], losses: Mapping[str, float] | None = None) -> None:
        self.losses = {name: (losses or {}).get(name, 0.0) for name in names}
        self.weights = weights_of(self.losses)

    def pool(self, said: Mapping[str, float]) -> float:
        """Return the experts' common log odds; who is silent is left out."""
        heard = sum(self.weights[name] for name in said)
        if heard <= 0.0:
            return sum(said.values()) / len(said)
        return sum(self.weights[name] * log_odds for name, log_odds in said.items()) / heard

    def learn(self, said: Mapping[str, float], *, found: bool) -> None:
        """Charge each expert for what it said; who was silent is charged as the pool."""
        pooled = self.pool(said)
        keep = math.exp(-1.0 / MEMORY_LOOKS)
        for name in self.losses:
            loss = log_loss(said.get(name, pooled), found=found)
            self.losses[name] = keep * self.losses[name] + loss
        self.weights = weights_of(self.losses)


def weights_of(losses: Mapping[str, float]) -> dict[str, float]:
    """Return the share of each expert's word; they add up to 1."""
    least = min(losses.values())
    raw = {name: math.exp(-LEARNING_RATE * (loss - least)) for name, loss in losses.items()}
    total = sum(raw.values())
    return {name: share / total for name, share in raw.items()}


def log_loss(log_odds: float, *, found: bool) -> float:
    """Return the log loss of log odds.

    >>> log_loss(0.0, found=True) == math.log(2)
    True
    """
    wrong = -log_odds if found else log_odds
    return max(0.0, wrong) + math.log1p(math.exp(-abs(wrong)))


def probability(log_odds: float) -> float:
    """Return the probability of log odds.

    >>> probability(0.0)
    0.5
    """
    if log_odds < -35.0:  # noqa: PLR2004 - beyond it exp() adds nothing a float could hold
        return 0.0
    return 1.0 / (1.0 + math.exp(-log_odds))
