"""Does the model see what happened, and nothing that may not be used?"""

import math

import pytest

from detectors import events as e
from detectors.example import Example
from detectors.features import FEATURES_VERSION, NAMES, features
from detectors.learned import NUMERIC, TIDES
from detectors.state import EnterpriseState
from tests import builders as b


def seen(enterprise, day=0.0):
    """Return the features by name, as of a day."""
    state, as_of = enterprise.state, b.at(day)
    score = b.expertise().catalogue.assess(state.profile, state.facts, as_of).score
    return dict(zip(NAMES, features(state, as_of=as_of, rule_score=score), strict=True))


def test_the_order_of_features_is_a_format():
    """Examples and snapshots of version 1 stand in this order; append, and raise the version."""
    assert FEATURES_VERSION == 1
    assert NAMES == (
        "age", "age_unknown", "outcomes", "failures", "past_rate", "never_seen", "since_look",
        "last_failed", "failed_30d", "failed_180d", "penalties_180d", "complaints_90d",
        "rule_score",
    )  # fmt: skip
    assert (*NAMES, *TIDES) == NUMERIC


def test_nothing_is_known_of_a_stranger():
    """Without a single fact the features say so, and the past rate is the prior."""
    stranger = dict(
        zip(NAMES, features(EnterpriseState(), as_of=b.at(0), rule_score=0.0), strict=True)
    )

    assert stranger["age_unknown"] == stranger["never_seen"] == 1.0
    assert stranger["past_rate"] == pytest.approx(0.05)
    assert stranger["since_look"] == pytest.approx(math.log1p(1000))


@pytest.mark.parametrize(
    ("data", "failures"),
    [
        pytest.param(b.inspection("passed"), 0, id="inspection passed"),
        pytest.param(b.inspection("failed"), 1, id="inspection failed"),
        pytest.param(b.inspection("refused"), 1, id="inspection refused"),
        pytest.param(e.FoodSampled(sample_no="S", verdict="passed"), 0, id="sample passed"),
        pytest.param(b.food_sample(), 1, id="sample failed"),
        pytest.param(e.EquipmentInspected(equipment="Q", passed=True), 0, id="lift passed"),
        pytest.param(e.EquipmentInspected(equipment="Q", passed=False), 1, id="lift failed"),
        pytest.param(
            e.EquipmentInspected(equipment="Q", passed=False, in_use=False),
            1,
            id="lift failed, out of use",
        ),
    ],
)
def test_every_look_is_counted(data, failures):
    """An inspection, sample or lift test is one look more, and a failure if it found a problem."""
    enterprise = b.Enterprise()

    enterprise.has(data, day=-10)

    found = seen(enterprise)
    assert found["outcomes"] == pytest.approx(math.log(2))
    assert found["failures"] == pytest.approx(math.log1p(failures))
    assert found["last_failed"] == failures
    assert found["since_look"] == pytest.approx(math.log1p(10))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b.revoked(b.inspection("failed"), "bad"), id="revoked"),
        pytest.param(b.expired(b.inspection("failed"), "bad"), id="expired"),
        pytest.param(b.repaired("bad", from_day=-5), id="repaired"),
    ],
)
def test_a_fact_taken_back_is_no_feature(data):
    """What was revoked, expired or repaired leaves no trace in the features (case 25)."""
    clean = b.Enterprise()
    clean.has(e.AbnormalRemoved(reason=1), day=-20)
    enterprise = b.Enterprise()
    enterprise.has(b.inspection("failed"), day=-20, name="bad")

    enterprise.has(data, day=-4)

    assert seen(enterprise) == seen(clean)


def test_a_repair_to_come_leaves_the_feature_until_its_day():
    """Until the day of the repair the fact is used, from it on it is not."""
    enterprise = b.Enterprise()
    enterprise.has(b.penalty(), day=0, name="p")
    enterprise.has(b.repaired("p", from_day=10), day=1)

    assert seen(enterprise, day=9)["penalties_180d"] > 0.0
    assert seen(enterprise, day=10)["penalties_180d"] == 0.0


def test_complaints_count_by_complainant_and_matter():
    """Fifty complaints of one person about one matter are one."""
    enterprise = b.Enterprise()
    for n in range(50):
        enterprise.has(b.complaint(n, complainant="one"), day=-1, name=f"c{n}")

    assert seen(enterprise)["complaints_90d"] == pytest.approx(math.log(2))


def test_counts_survive_the_letting_go_of_old_looks():
    """Passed inspections that have become counts are still looks."""
    enterprise = b.Enterprise()
    for n in range(30):
        enterprise.has(b.inspection("passed"), day=n - 40, name=f"i{n}")

    assert seen(enterprise)["outcomes"] == pytest.approx(math.log(31))


def test_an_example_sees_the_score_of_its_own_moment():
    """The rule score among the features has faded to the moment that the features are of."""
    enterprise = b.Enterprise()
    enterprise.has(b.penalty("general", domain="QUAL"), day=0)

    (example,) = b.of_type(enterprise.has(b.inspection("passed"), day=180), Example)

    score = dict(zip(NAMES, example.features, strict=True))["rule_score"]
    assert score == pytest.approx(0.125, abs=1e-3)
