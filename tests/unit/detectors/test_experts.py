"""Do experts learn, go on from what was kept, and stay bounded?"""

import math
import random
import subprocess
import sys
from pathlib import Path

import pytest
from sklearn.linear_model import LogisticRegression

from detectors.experts import (
    BIAS,
    MEMBERS,
    PRIOR_VARIANCE,
    Newton,
    Relearned,
    linear,
    packed_row,
    relearned,
    unpacked_row,
)

ROOT = Path(__file__).parents[3]
LINEAR = [name for name in MEMBERS if linear(name) is not None]


def outcomes(count, *, seed=1):
    """Return inputs whose first number foretells the outcome: log odds of 2 x - 1."""
    randomly = random.Random(seed)
    found = []
    for _ in range(count):
        inputs = {"x": randomly.gauss(0, 1), "noise": randomly.gauss(0, 1)}
        odds = 2 * inputs["x"] - 1
        found.append((inputs, randomly.random() < 1 / (1 + math.exp(-odds))))
    return found


def taught(expert, examples):
    """Return the expert after some examples."""
    for inputs, found in examples:
        expert.learn(inputs, found=found)
    return expert


class LastOf:
    """An estimator that remembers how many it has learned, and the first it saw."""

    def __init__(self):
        """Know nothing."""
        self.seen = []

    def learn_one(self, inputs, found):
        """Remember."""
        self.seen.append((inputs[0], found))

    def predict_proba_one(self, _inputs):
        """Say a half."""
        return {True: 0.5, False: 0.5} if self.seen else {}


def test_every_name_is_one_expert():
    """Each member is of exactly one kind, and no other name is."""
    for name in MEMBERS:
        assert (linear(name) is None) != (relearned(name) is None)
    assert linear("oracle") is None
    assert relearned("oracle") is None


def test_river_is_loaded_by_who_learns_and_before_the_first_example():
    """Loading takes more than a second: neither a command nor the first example waits for it."""
    program = (
        "import sys; from detectors import experts; before = 'river' in sys.modules\n"
        "experts.load_river(); print(before, 'river.forest' in sys.modules)"
    )

    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )

    assert ran.stdout.split() == ["False", "True"]


def test_newton_finds_what_a_batch_finds():
    """One pass gives nearly the weights that an analyst's fit to all outcomes at once gives."""
    examples = outcomes(3000)
    matrix = [[inputs["x"], inputs["noise"]] for inputs, _ in examples]
    batch = LogisticRegression(C=PRIOR_VARIANCE).fit(matrix, [found for _, found in examples])

    weights = taught(Newton(), examples).weights()

    assert weights["x"] == pytest.approx(batch.coef_[0][0], abs=0.15)
    assert weights["noise"] == pytest.approx(batch.coef_[0][1], abs=0.1)
    assert weights[BIAS] == pytest.approx(batch.intercept_[0], abs=0.15)


def test_newton_arrives_before_the_gradient():
    """After few outcomes its weight is nearer to the law than that of plain descent."""
    few = outcomes(300)
    newton, sgd = taught(Newton(), few), taught(linear("sgd"), few)

    assert abs(newton.weights()["x"] - 2) < abs(sgd.weights()["x"] - 2)


def test_what_forgets_follows_a_change():
    """When the law turns round, who forgets turns with it, and who remembers all does not."""
    turned = [({"x": -inputs["x"], "noise": 0.0}, found) for inputs, found in outcomes(900, seed=2)]
    examples = outcomes(3000) + turned

    forgetful = taught(Newton(memory_looks=300.0), examples)

    assert forgetful.weights()["x"] < -0.5
    assert taught(Newton(), examples).weights()["x"] > -0.5


def test_forgetting_never_winds_up():
    """A long silence of one input leaves its uncertainty at the prior, and the weights finite."""
    expert = taught(Newton(memory_looks=100.0), [({"x": 1.0}, True), *([({}, False)] * 5000)])

    assert abs(expert.weights()["x"]) < 0.1
    assert math.isfinite(expert.log_odds({"x": 1e6}))


@pytest.mark.parametrize("name", LINEAR)
@pytest.mark.parametrize("rest", [0, 1, 250])
def test_a_linear_expert_goes_on_exactly(name, rest):
    """From its memory an expert is bit for bit the one that never stopped."""
    examples = outcomes(400)
    whole = taught(linear(name), examples)

    resumed = taught(linear(name, taught(linear(name), examples[:rest]).memory()), examples[rest:])

    assert resumed.memory() == whole.memory()
    assert resumed.log_odds({"x": 0.3}) == whole.log_odds({"x": 0.3})


@pytest.mark.parametrize("name", LINEAR)
def test_the_weights_are_the_whole_expert(name):
    """Bias and weights give the log odds that the expert says."""
    expert = taught(linear(name), outcomes(200))
    weights, inputs = expert.weights(), {"x": 0.4, "noise": -0.7}

    said = weights[BIAS] + sum(weights[one] * number for one, number in inputs.items())

    assert expert.log_odds(inputs) == pytest.approx(said, abs=1e-9)


@pytest.mark.parametrize("count", [0, 1, 7, 10, 11, 19, 20, 21, 35, 40, 41, 60])
def test_a_relearned_expert_is_a_function_of_its_last_rows(count):
    """Relearned from the last two generations, elder and younger are what they were."""
    rows = [([float(n)], n % 3 == 0) for n in range(count)]
    never_stopped = Relearned(LastOf, generation=10)
    for row, found in rows:
        never_stopped.learn(row, found=found)

    resumed = Relearned(LastOf, generation=10)
    resumed.resume(count, rows[-20:])

    for n in range(count, count + 25):
        assert resumed._elder.seen == never_stopped._elder.seen
        resumed.learn([float(n)], found=False)
        never_stopped.learn([float(n)], found=False)
    assert len(resumed._elder.seen) <= 20


def test_a_relearned_expert_is_silent_until_it_knows_both_outcomes():
    """Who has seen nothing says nothing, instead of a half."""
    assert relearned("forest").log_odds([0.5]) is None
    assert relearned("bayes").log_odds([0.5]) is None


def test_a_kept_row_reads_as_written():
    """A row comes back in single precision, and what a restart reads is what was learned."""
    row, found = unpacked_row(packed_row([0.1, 0.5], found=True))

    assert found is True
    assert row == pytest.approx([0.1, 0.5], abs=1e-7)
    assert unpacked_row(packed_row(row, found=found)) == (row, found)
