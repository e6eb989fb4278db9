"""Does the model learn, go on after a rest, and say the same when folded?"""

import math
import random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors import learned
from detectors.example import Example
from detectors.features import FEATURES_VERSION, NAMES
from detectors.learned import IncompatibleSnapshotError, scorer_of
from detectors.model import Learner, learner_of

CATEGORIES = ["餐饮", "超市", "食品生产", ""]
FORMS = ["定向", "不定向", ""]


def example(offset, *, features, found, category="", form="", **place):
    """Return an example at a place of the log."""
    return Example(
        id=f"f-{offset}",
        domain="CATER",
        at=1_770_000_000 + offset,
        features=features,
        category=category,
        form=form,
        found=found,
        features_version=FEATURES_VERSION,
        offset=offset,
        **place,
    )


def town(count, *, seed=1):
    """Return outcomes of a town where past failures and the category foretell the next."""
    randomly = random.Random(seed)
    examples = []
    for offset in range(count):
        features = [randomly.random() for _ in NAMES]
        category = randomly.choice(CATEGORIES)
        logit = 6 * features[3] - 5 + 1.5 * (category == "餐饮")
        found = randomly.random() < 1 / (1 + math.exp(-logit))
        examples.append(
            example(
                offset, features=features, found=found, category=category,
                form=randomly.choice(FORMS),
            )
        )  # fmt: skip
    return examples


def taught(examples):
    """Return a learner after some examples."""
    learner = Learner("CATER")
    for one in examples:
        learner.learn(one)
    return learner


def auc(pairs):
    """Return the area under the ROC curve of (probability, found) pairs."""
    bad = [p for p, found in pairs if found]
    good = [p for p, found in pairs if not found]
    wins = sum((p > q) + 0.5 * (p == q) for p in bad for q in good)
    return wins / (len(bad) * len(good))


def test_it_learns():
    """After a thousand examples of a simple town the next are ranked with an AUC above .8."""
    learner = Learner("CATER")
    before = [(learner.learn(one), one.found) for one in town(1600)]

    assert auc(before[1000:]) > 0.8
    assert learner.log_loss < math.log(2)


def test_a_probability_comes_before_the_lesson():
    """What ``learn`` returns is what ``predict`` said just before, and differs from after."""
    learner = taught(town(50))
    last = town(51)[-1]
    foretold = learner.predict(last)

    assert learner.learn(last) == foretold
    assert learner.predict(last) != foretold


def test_predicting_teaches_nothing():
    """Any number of predictions leaves the model as it was."""
    learner = taught(town(50))
    before = learner.snapshot()

    for one in town(20, seed=2):
        learner.predict(one)

    assert learner.snapshot() == before


@pytest.mark.parametrize("rest", [0, 1, 7, 100])
def test_a_learner_goes_on_exactly_after_a_snapshot(rest):
    """Stored, loaded and taught on, a model is bit for bit the one that never stopped."""
    examples = town(200)
    never_stopped = taught(examples)
    resumed = learner_of(learned.decode(learned.encode(taught(examples[:rest]).snapshot())))

    said = [resumed.learn(one) for one in examples[rest:]]

    assert resumed.snapshot() == never_stopped.snapshot()
    assert said[-1] == taught(examples[:-1]).predict(examples[-1])


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), count=st.integers(0, 60), category=st.sampled_from(
    [*CATEGORIES, "从未见过"]))  # fmt: skip
def test_a_folded_scorer_says_what_the_model_says(seed, count, category):
    """The folded dot product equals river's own prediction, for known and unknown categories."""
    learner = taught(town(count, seed=seed))
    one = msgspec.structs.replace(town(1, seed=seed + 1)[0], category=category, form="")

    scorer = scorer_of(learner.snapshot())

    assert scorer.probability(one.features, category) == pytest.approx(
        learner.predict(one), abs=1e-9
    )


def test_a_folded_scorer_names_its_version():
    """A decision carries the domain and how many examples its model had seen."""
    assert scorer_of(taught(town(12)).snapshot()).version == "CATER-12"


@pytest.mark.parametrize("logit", [-800.0, -36.0, 0.0, 36.0, 800.0])
def test_a_probability_is_one_however_far_the_logit(logit):
    """No logit overflows: the probability stays between 0 and 1."""
    scorer = learned.Scorer("v", logit, (0.0,) * len(NAMES), {})

    assert 0.0 <= scorer.probability([0.0] * len(NAMES), "") <= 1.0


@pytest.mark.parametrize(
    ("place", "known"),
    [
        pytest.param({"offset": 9}, True, id="the very same example"),
        pytest.param({"offset": 4}, True, id="an earlier one"),
        pytest.param({"offset": 10}, False, id="the next one"),
        pytest.param({"offset": 3, "partition": 1}, False, id="one of another partition"),
        pytest.param({"offset": 3, "epoch": 1}, False, id="one of a log that started anew"),
    ],
)
def test_an_example_is_known_by_its_place_in_the_log(place, known):
    """An example sent twice is recognised, also after a snapshot; others are not."""
    learner = taught(town(10))
    resumed = learner_of(learner.snapshot())
    one = example(place.pop("offset"), features=[0.0] * len(NAMES), found=True, **place)

    assert learner.has_learned(one) is known
    assert resumed.has_learned(one) is known


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        pytest.param({"schema": 99}, "schema 99", id="another schema"),
        pytest.param({"features_version": 99}, "features 99", id="other features"),
        pytest.param({"weights": [0.0]}, "1 weights", id="too few weights"),
        pytest.param({"means": [0.0]}, "1 means", id="too few means"),
        pytest.param({"variances": []}, "0 variances", id="no variances"),
        pytest.param({"squares": [0.0] * 99}, "99 squares", id="too many squares"),
    ],
)
def test_an_incompatible_snapshot_is_refused(changes, told):
    """A snapshot that this program cannot read is refused with what it is, not misread."""
    snapshot = msgspec.structs.replace(taught(town(5)).snapshot(), **changes)

    with pytest.raises(IncompatibleSnapshotError, match=told):
        learned.decode(learned.encode(snapshot))


@pytest.mark.parametrize("raw", [b"", b"\x00", b"not msgpack at all", b"\x93\x01\x02\x03"])
def test_what_is_no_snapshot_is_refused(raw):
    """Any other bytes are refused as no snapshot; nothing is ever executed."""
    with pytest.raises(IncompatibleSnapshotError, match="no model snapshot"):
        learned.decode(raw)


def test_tides_follow_the_town():
    """After many problems in a row every tide stands higher than at the start."""
    examples = [
        example(n, features=[0.0] * len(NAMES), found=True, category="餐饮") for n in range(40)
    ]

    tides = taught(examples).snapshot().tides

    assert tides["tide_fast"] > tides["tide_slow"] > 0.05
    assert tides["tide_category=餐饮"] > 0.05
