"""Does the weighted word follow the experts who foretell well?"""

import math
import random

import pytest

from detectors.weighting import Weighting, log_loss, probability


def weighed(rounds, *, names=("good", "bad")):
    """Return a weighting after rounds of (what was said, found)."""
    weighting = Weighting(names)
    for said, found in rounds:
        weighting.learn(said, found=found)
    return weighting


def test_all_count_alike_at_first():
    """Before any outcome each expert has the same share."""
    assert Weighting(["a", "b", "c", "d"]).weights == dict.fromkeys("abcd", 0.25)


def test_who_foretells_well_is_heard():
    """After fifty outcomes the expert who was right has nearly the whole word."""
    rounds = [({"good": 2.0, "bad": -2.0}, True), ({"good": -2.0, "bad": 2.0}, False)] * 25

    weighting = weighed(rounds)

    assert weighting.weights["good"] > 0.99
    assert weighting.pool({"good": 1.0, "bad": -1.0}) == pytest.approx(1.0, abs=0.02)


def test_the_past_is_forgotten():
    """Who was right long ago and errs now loses the word in a tenth of the memory."""
    once = [({"good": 1.0, "bad": 0.0}, True)] * 20_000
    now = [({"good": 1.0, "bad": 0.0}, False)] * 12_000

    weighting = weighed(once + now)

    assert weighting.weights["bad"] > 0.99


def test_the_word_is_about_as_good_as_the_best():
    """Its total loss exceeds the best expert's by little more than the price of finding it."""
    randomly = random.Random(1)
    weighting = Weighting(["good", "noise"])
    mine = best = 0.0
    for _ in range(3000):
        log_odds = randomly.gauss(0, 2)
        found = randomly.random() < probability(log_odds)
        said = {"good": log_odds, "noise": randomly.gauss(0, 2)}
        mine += log_loss(weighting.pool(said), found=found)
        best += log_loss(log_odds, found=found)
        weighting.learn(said, found=found)

    assert mine - best < 5 * math.log(2)


def test_who_is_silent_is_left_out_and_charged_as_the_pool():
    """An expert without an opinion neither moves the pool nor gains or loses by silence."""
    weighting = Weighting(["a", "b"])

    weighting.learn({"a": 1.5}, found=True)

    assert weighting.pool({"a": 1.5}) == 1.5
    assert weighting.weights == {"a": 0.5, "b": 0.5}


def test_losses_are_all_that_is_kept():
    """From its losses a weighting goes on as it was."""
    weighting = weighed([({"good": 0.4, "bad": 1.0}, False)] * 9)

    assert Weighting(["good", "bad"], weighting.losses).weights == weighting.weights


@pytest.mark.parametrize(
    ("log_odds", "found", "loss"),
    [
        pytest.param(0.0, True, math.log(2), id="a coin"),
        pytest.param(math.log(3), True, -math.log(0.75), id="three quarters, and it came"),
        pytest.param(math.log(3), False, -math.log(0.25), id="three quarters, and it did not"),
        pytest.param(800.0, False, 800.0, id="far beyond what exp() holds"),
    ],
)
def test_log_loss(log_odds, found, loss):
    """The log loss is minus the log of the probability given to what came."""
    assert log_loss(log_odds, found=found) == pytest.approx(loss)
