"""Does the model see what happened, and nothing that may not be used?"""

import math

import pytest

from detectors import events as e
from detectors.example import Example
from detectors.features import FEATURES_VERSION, MOST_COMPLAINTS, NAMES, Tally, features
from detectors.state import EnterpriseState
from tests import builders as b


def seen(enterprise, day=0.0):
    """Return the features by name, as of a day."""
    state, as_of = enterprise.state, b.at(day)
    score = b.expertise().catalogue.assess(state.profile, state.facts, as_of).score
    return dict(zip(NAMES, features(state, as_of=as_of, rule_score=score), strict=True))


def test_the_order_of_features_is_a_format():
    """Examples and snapshots of version 2 stand in this order; append, and raise the version."""
    assert FEATURES_VERSION == 2
    assert NAMES == (
        "age", "age_unknown", "young", "outcomes", "failures", "past_rate", "never_seen",
        "since_look", "years_since_look", "last_failed", "last_severity", "failed_30d",
        "failed_180d", "severity_180d", "severity_2y", "recent_rate", "penalties_180d",
        "complaints_14d", "complaints_90d", "rule_score",
    )  # fmt: skip


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


def test_a_complainant_counts_once():
    """Fifty complaints of one person, each about another matter, are one."""
    enterprise = b.Enterprise()
    for n in range(50):
        enterprise.has(b.complaint(n, complainant="one", matter=f"m{n}"), day=-1, name=f"c{n}")

    assert seen(enterprise)["complaints_90d"] == pytest.approx(math.log(2))


def test_a_flood_of_complainants_has_an_end():
    """However many people complain, the features stand where twenty would put them."""
    enterprise = b.Enterprise()
    for n in range(60):
        enterprise.has(b.complaint(n), day=-1, name=f"c{n}")

    assert seen(enterprise)["complaints_90d"] == pytest.approx(math.log1p(MOST_COMPLAINTS))
    assert seen(enterprise)["complaints_14d"] == pytest.approx(math.log1p(MOST_COMPLAINTS))


@pytest.mark.parametrize(
    ("data", "severity"),
    [
        pytest.param(b.inspection("failed", severity=0.7), 0.7, id="what failed"),
        pytest.param(
            e.InspectionResult(domain="QUAL", result="passed", defects=0.3), 0.3,
            id="what was put right on the spot",
        ),
        pytest.param(b.inspection("passed"), 0.0, id="nothing was found"),
        pytest.param(e.FoodSampled(sample_no="S", verdict="passed"), 0.0, id="a good sample"),
    ],
)  # fmt: skip
def test_the_severity_of_the_last_look_is_seen(data, severity):
    """What a look found weighs by its severity, also where the look was passed."""
    enterprise = b.Enterprise()

    enterprise.has(data, day=0)

    assert seen(enterprise)["last_severity"] == pytest.approx(severity)
    assert seen(enterprise)["severity_2y"] == pytest.approx(severity)


def test_a_fact_added_is_as_if_it_had_been_there():
    """The vector after an outcome follows from the tally before it, fact by fact."""
    enterprise = b.Enterprise()
    for n, data in enumerate((b.inspection("failed"), b.penalty(), b.complaint(1),
                              b.inspection("passed"), b.food_sample())):  # fmt: skip
        enterprise.has(data, day=n - 9, name=f"x{n}")
    state, as_of = enterprise.state, b.at(1)
    whole = Tally(state.facts, state.archive, as_of)
    grown = Tally(state.facts[:2], state.archive, as_of)

    for fact in state.facts[2:]:
        grown.add(fact)

    assert grown.vector(state.profile, rule_score=1.0) == pytest.approx(
        whole.vector(state.profile, rule_score=1.0)
    )


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
