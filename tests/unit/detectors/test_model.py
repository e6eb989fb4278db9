"""Does the model learn, go on after a rest, and say the same when folded?"""

import math
import random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors import experts, learned, model
from detectors.example import Example
from detectors.features import FEATURES_VERSION, NAMES
from detectors.learned import IncompatibleSnapshotError, scorer_of
from detectors.model import Learner
from detectors.weighting import probability

CATEGORIES = ["餐饮", "超市", "食品生产", ""]
FORMS = ["定向", "不定向", ""]
LINEAR = ("newton", "newton_10k", "adagrad", "sgd")
TELLING = NAMES.index("past_rate")


def example(offset, *, features, found, category="", form="", **more):
    """Return an example at a place of the log."""
    return Example(
        id=f"f-{offset}",
        domain="CATER",
        at=1_770_000_000 + 3600 * offset,
        features=features,
        category=category,
        form=form,
        found=found,
        features_version=FEATURES_VERSION,
        offset=offset,
        **more,
    )


def town(count, *, seed=1):
    """Return outcomes of a town where past failures and the category foretell the next."""
    randomly = random.Random(seed)
    examples = []
    for offset in range(count):
        features = [randomly.random() for _ in NAMES]
        category = randomly.choice(CATEGORIES)
        logit = 6 * features[TELLING] - 5 + 1.5 * (category == "餐饮")
        found = randomly.random() < 1 / (1 + math.exp(-logit))
        examples.append(
            example(
                offset, features=features, found=found, category=category,
                form=randomly.choice(FORMS), place=("410420", "410422001", "410422002")[offset % 3],
                inspector=f"组{offset % 2}", context={"warmth": randomly.random()},
                subject=f"firm-{offset}",
            )
        )  # fmt: skip
    return examples


def taught(examples, **more):
    """Return a learner after some examples."""
    learner = Learner("CATER", **more)
    for one in examples:
        learner.learn(one)
    return learner


def resumed(learner, rows):
    """Return the learner that a restart makes of what is kept."""
    notebook = model.decode(model.encode(learner.notebook()))
    return Learner("CATER", members=learner.members, notebook=notebook, rows=rows)


def auc(pairs):
    """Return the area under the ROC curve of (probability, found) pairs."""
    bad = [p for p, found in pairs if found]
    good = [p for p, found in pairs if not found]
    wins = sum((p > q) + 0.5 * (p == q) for p in bad for q in good)
    return wins / (len(bad) * len(good))


def test_it_learns():
    """After a thousand examples of a simple town the next are ranked with an AUC above .75."""
    learner = Learner("CATER")
    before = [(learner.learn(one), one.found) for one in town(1600)]

    assert auc(before[1000:]) > 0.75
    assert learner.log_loss < math.log(2)


def test_every_expert_has_its_say():
    """After enough examples of both outcomes each expert names log odds of its own."""
    voices = taught(town(200)).voices(town(201)[-1])

    assert set(voices) == set(experts.MEMBERS)
    assert len(set(voices.values())) == len(voices)


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
    before = model.encode(learner.notebook())

    for one in town(20, seed=2):
        learner.predict(one)

    assert model.encode(learner.notebook()) == before


def test_what_was_said_when_the_look_began_counts():
    """A late outcome is judged by what was said of it before its neighbours were learned."""
    learner = taught(town(50))
    late, *neighbours = town(80, seed=5)[40:]
    late = msgspec.structs.replace(late, id="late", offset=1000)
    asked = learner.ask(msgspec.structs.replace(late, found=None))

    for one in neighbours:
        learner.learn(one)

    assert learner.predict(late) != asked
    assert learner.learn(msgspec.structs.replace(late, offset=1001)) == asked


def test_a_question_survives_a_restart():
    """What was said of a look under way is kept."""
    learner = taught(town(50), members=LINEAR)
    late = msgspec.structs.replace(town(51)[-1], found=None, look="task-7")
    asked = learner.ask(late)

    again = resumed(learner, ())

    outcome = msgspec.structs.replace(late, found=True, id="f-other", offset=99)
    assert again.learn(outcome) == pytest.approx(asked, abs=1e-15)


def test_questions_are_bounded():
    """The oldest question goes where too many looks are under way."""
    learner = Learner("CATER", members=("sgd",))
    for number in range(model.MOST_QUESTIONS + 5):
        learner.ask(example(number, features=[0.0] * len(NAMES), found=None))

    questions = learner.notebook().questions

    assert len(questions) == model.MOST_QUESTIONS
    assert "f-4" not in questions
    assert "f-5" in questions


@pytest.mark.parametrize("rest", [0, 1, 7, 150])
def test_a_learner_goes_on_exactly_after_a_restart(rest):
    """Stored, loaded and taught on, a model is bit for bit the one that never stopped."""
    examples = town(260)
    never_stopped = taught(examples)
    first = taught(examples[:rest])
    second = resumed(first, first.fresh)

    said = [second.learn(one) for one in examples[rest:]]

    assert model.encode(second.notebook()) == model.encode(never_stopped.notebook())
    assert said[-1] == taught(examples[:-1]).predict(examples[-1])


@settings(max_examples=15)
@given(
    seed=st.integers(0, 10_000),
    count=st.integers(1, 60),
    category=st.sampled_from([*CATEGORIES, "从未见过"]),
    place=st.sampled_from(["410420", "410422", "410422001", "410422999", "999999", ""]),
)
def test_a_folded_scorer_says_what_its_expert_says(seed, count, category, place):
    """The dot product equals the expert of any look, for known and unknown trades and places."""
    examples = town(count, seed=seed)
    learner = taught(examples, members=LINEAR)
    one = msgspec.structs.replace(
        town(1, seed=seed + 1)[0], category=category, place=place, at=examples[-1].at
    )

    scorer = scorer_of(learner.snapshot())

    assert scorer.probability(one.features, category, place) == pytest.approx(
        learner.predict_any_look(one), abs=1e-9
    )


def test_a_trade_is_as_risky_as_its_looks_were_whatever_their_form():
    """Where one form finds all problems, the trade that it visits most is the riskier one.

    A regression that knows the form blames the form; with the form left out afterwards it would
    say that all trades are alike.
    """
    randomly = random.Random(1)
    examples = []
    for one in town(900):
        category = randomly.choice(("餐饮", "超市"))
        is_strict = randomly.random() < (0.9 if category == "餐饮" else 0.1)
        found = is_strict and randomly.random() < 1 / 3
        examples.append(
            example(one.offset, features=one.features, found=found, category=category,
                    form="定向" if is_strict else "不定向", subject=one.subject)
        )  # fmt: skip

    scorer = scorer_of(taught(examples, members=("newton",)).snapshot())

    for category, share in (("餐饮", 0.3), ("超市", 1 / 30)):
        said = [scorer.probability(one.features, category) for one in examples[600:]]
        assert sum(said) / len(said) == pytest.approx(share, abs=0.05)


def test_a_folded_scorer_names_its_version():
    """A decision carries the domain and how many examples its model had seen."""
    assert scorer_of(taught(town(12)).snapshot()).version == "CATER-12"


@pytest.mark.parametrize("logit", [-800.0, -36.0, 0.0, 36.0, 800.0])
def test_a_probability_is_one_however_far_the_logit(logit):
    """No logit overflows: the probability stays between 0 and 1."""
    scorer = learned.Scorer("v", logit, (0.0,) * len(NAMES), {})

    assert 0.0 <= scorer.probability([0.0] * len(NAMES), "") <= 1.0
    assert probability(logit) == scorer.probability([0.0] * len(NAMES), "")


def test_a_freak_number_counts_as_an_uncommon_one():
    """A feature a million times its usual size moves the score no further than four deviations."""
    scorer = scorer_of(taught(town(300), members=LINEAR).snapshot())
    features = [0.5] * len(NAMES)
    bounded, freak = list(features), list(features)
    bounded[TELLING] = scorer.highs[TELLING]
    freak[TELLING] = 1e6

    assert scorer.log_odds(freak, "") == scorer.log_odds(bounded, "")


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
    """An example sent twice is recognised, also after a restart; others are not."""
    learner = taught(town(10))
    again = resumed(learner, learner.fresh)
    one = example(place.pop("offset"), features=[0.0] * len(NAMES), found=True, **place)

    assert learner.has_learned(one) is known
    assert again.has_learned(one) is known


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        pytest.param({"schema": 99}, "schema 99", id="another schema"),
        pytest.param({"features_version": 99}, "features 99", id="other features"),
        pytest.param({"numbers": []}, "0 numbers", id="too few numbers"),
    ],
)
def test_an_incompatible_snapshot_is_refused(changes, told):
    """A snapshot that this program cannot read is refused with what it is, not misread."""
    snapshot = msgspec.structs.replace(taught(town(5)).snapshot(), **changes)

    with pytest.raises(IncompatibleSnapshotError, match=told):
        learned.decode(learned.encode(snapshot))


@pytest.mark.parametrize("field", ["schema", "features_version"])
def test_an_incompatible_notebook_is_refused(field):
    """A learner never goes on from a notebook of another version."""
    notebook = msgspec.structs.replace(taught(town(5)).notebook(), **{field: 99})

    with pytest.raises(IncompatibleSnapshotError, match="99"):
        model.decode(model.encode(notebook))


@pytest.mark.parametrize("raw", [b"", b"\x00", b"not msgpack at all", b"\x93\x01\x02\x03"])
def test_what_is_no_snapshot_is_refused(raw):
    """Any other bytes are refused as no snapshot or notebook; nothing is ever executed."""
    with pytest.raises(IncompatibleSnapshotError, match="no model snapshot"):
        learned.decode(raw)
    with pytest.raises(IncompatibleSnapshotError, match="no learner's notebook"):
        model.decode(raw)


def test_a_snapshot_stays_small():
    """What every worker reads each second is a few kilobytes, whatever the experts hold."""
    learner = taught(town(400))

    assert len(learned.encode(learner.snapshot())) < 8 * 1024
    assert len(model.encode(learner.notebook())) < 256 * 1024
