"""Is there one warning for one matter, from its opening to its end?"""

import pytest
from hypothesis import given, settings

from detectors import events as e
from detectors.measure import Measure
from detectors.warning import EarlyWarning
from tests import builders as b
from tests import strategies

LISTED = e.AbnormalAdded(reason=1)
SERIOUS = e.SeriousListChanged(list_code="L1", action="add")


@settings(max_examples=60)
@given(life=strategies.lives(most=12))
def test_one_warning_is_open_for_a_domain_and_family(life):
    """However the events fall, no (domain, rule family) has two warnings that take its hits."""
    enterprise = b.Enterprise()
    for happening in life:
        enterprise.meets(happening)
        keys = [
            (one.domain, one.family)
            for one in enterprise.state.open_warnings
            if one.last_hit > enterprise.state.as_of - 30 * 86_400
        ]

        assert len(keys) == len(set(keys))


@settings(max_examples=60)
@given(life=strategies.lives(most=12))
def test_nobody_is_told_the_same_twice(life):
    """Over a whole life, (id, measure, status, revision) of a warning is issued once."""
    told = [
        (one.id, one.measure, one.status, one.revision)
        for one in b.of_type(b.after(life).effects, EarlyWarning)
    ]

    assert len(told) == len(set(told))


def test_a_graver_measure_takes_the_warning_over_under_its_id():
    """Two food penalties, then a third: one warning, first an interview, then an inspection."""
    enterprise = b.Enterprise()
    for n in range(3):
        enterprise.has(b.penalty("minor"), day=n, name=f"p{n}")

    told = b.issued(enterprise.effects, "W13")

    assert [one.measure for one in told] == [Measure.INTERVIEW, Measure.INSPECTION]
    assert len({one.id for one in told}) == len({one.number for one in told}) == 1
    assert len(told[1].reasons) == 3


def test_a_milder_hit_adds_evidence_and_tells_nobody():
    """After an additive, a physical fault within the month joins the red warning silently."""
    enterprise = b.Enterprise()
    enterprise.has(b.food_sample("illegal_additive", number="S1"))

    effects = enterprise.has(b.food_sample("physical", number="S2"), day=20)

    assert b.issued(effects, "W11") == []
    assert ("FSAMP", "food_sample", 4) in enterprise.open()


@pytest.mark.parametrize(
    ("days", "warnings"),
    [
        pytest.param((0, 29), 1, id="within thirty days"),
        pytest.param((0, 29, 58), 1, id="each within thirty days of the last"),
        pytest.param((0, 31), 2, id="after more than thirty days"),
    ],
)
def test_hits_within_thirty_days_are_one_warning(days, warnings):
    """Further hits of a family merge for thirty days from the last (domain reference §4.3)."""
    enterprise = b.Enterprise()
    for n, day in enumerate(days):
        enterprise.has(b.food_sample("physical", number=f"S{n}"), day=day)

    assert len(b.issued(enterprise.effects, "W11")) == warnings


def test_a_new_fault_is_told_though_an_old_graver_one_still_stands():
    """A physical fault half a year after a settled additive is news of its own."""
    enterprise = b.Enterprise()
    enterprise.has(b.food_sample("illegal_additive", number="S1"), day=0)

    effects = enterprise.has(b.food_sample("physical", number="S2"), day=200)

    assert [one.measure for one in b.issued(effects, "W11")] == [Measure.INTERVIEW]


def test_a_small_freeze_is_told_though_a_large_one_still_stands():
    """A second, smaller freeze of equity months after a large one is news of its own."""
    enterprise = b.Enterprise()
    enterprise.has(e.EquityFrozen(case_no="F1", share=0.9), day=0)

    effects = enterprise.has(e.EquityFrozen(case_no="F2", share=0.1), day=90)

    assert [one.measure for one in b.issued(effects, "W20")] == [Measure.WARNING]


@pytest.mark.parametrize(
    "day",
    [
        pytest.param(6, id="within the month"),
        pytest.param(60, id="two months later: reconsideration takes its time"),
    ],
)
@pytest.mark.parametrize(
    ("data", "rule"),
    [
        pytest.param(SERIOUS, "W05", id="a serious listing"),
        pytest.param(LISTED, "W03", id="an abnormal listing"),
        pytest.param(b.food_sample("pathogen"), "W11", id="a pathogen"),
        pytest.param(e.FoodIncident(people=3), "W26", id="an incident"),
    ],
)
def test_a_revoked_fact_cancels_its_warning(data, rule, day):
    """Whoever was told hears that the source took the fact back, under the warning's own id."""
    enterprise = b.Enterprise()
    (warning,) = b.issued(enterprise.has(data, name="x"), rule)

    effects = enterprise.takes_back("x", data, day=day)

    (back,) = [one for one in b.cancelled(effects) if one.rule == rule]
    assert (back.id, back.number, back.measure) == (warning.id, warning.number, warning.measure)
    assert (back.domain, rule) not in {(one.domain, one.rule) for one in
                                       enterprise.state.open_warnings}  # fmt: skip


def test_a_passed_retest_cancels_the_warning():
    """A provisional sample that passes its re-test on day 6 voids the red warning (§13, case 2)."""
    enterprise = b.Enterprise()
    enterprise.has(b.food_sample("illegal_additive", provisional=True))

    effects = enterprise.has(e.Reinspected(sample_no="S1", passed=True), day=6)

    assert "W11" in {one.rule for one in b.cancelled(effects)}
    assert ("FSAMP", "food_sample", 4) not in enterprise.open()
    assert enterprise.state.rule.score == 0.0


def test_a_failed_retest_keeps_the_warning():
    """A sample that fails again keeps its warning, and nobody is told twice."""
    enterprise = b.Enterprise()
    enterprise.has(b.food_sample("illegal_additive", provisional=True))

    effects = enterprise.has(e.Reinspected(sample_no="S1", passed=False), day=6)

    assert b.cancelled(effects) == []
    assert ("FSAMP", "food_sample", 4) in enterprise.open()


def test_a_warning_stands_while_its_rule_still_holds():
    """Of four food penalties one is revoked: three are left, and the inspection stands."""
    enterprise = b.Enterprise()
    for n in range(4):
        enterprise.has(b.penalty("minor"), day=n, name=f"p{n}")

    effects = enterprise.takes_back("p0", b.penalty("minor"), day=5)

    assert "W13" not in {one.rule for one in b.cancelled(effects)}
    assert ("FOODS", "food_penalties", 4) in enterprise.open()


def test_a_correction_that_breaks_the_rule_cancels_the_warning():
    """A sample corrected from a pathogen to a label fault takes the warning back."""
    enterprise = b.Enterprise()
    enterprise.has(b.food_sample("pathogen"), name="v1")

    effects = enterprise.has(b.corrected(b.food_sample("label"), "v1"), name="v2")

    assert "W11" in {one.rule for one in b.cancelled(effects)}


def test_a_cancelled_warning_can_open_again():
    """After a cancellation the next hit is a warning of its own, with another id."""
    enterprise = b.Enterprise()
    (first,) = b.issued(enterprise.has(SERIOUS, name="x"), "W05")
    enterprise.takes_back("x", SERIOUS)

    (second,) = b.issued(enterprise.has(SERIOUS, day=1), "W05")

    assert first.id != second.id


def test_a_warning_is_for_the_place_of_the_matter():
    """A lift in county X of an enterprise registered in Y is X's matter (§13, case 23)."""
    enterprise = b.Enterprise()
    enterprise.has(e.Established(name="甲", established_on=b.on(-400).date(), place="410422"))

    effects = enterprise.has(
        e.EquipmentInspected(equipment="Q", passed=False, place="410423001"), day=1
    )

    (warning,) = b.issued(effects, "W10")
    assert warning.place == "410423001"
    assert warning.number.startswith("41042320260303-")


def test_a_matter_without_a_place_is_where_the_enterprise_does_business():
    """Where no fact names a place, the enterprise's present place does."""
    enterprise = b.Enterprise()
    enterprise.has(e.AddressChanged(new_region="410425"))

    (warning,) = b.issued(enterprise.has(LISTED, day=1), "W03")

    assert warning.place == "410425"


def test_a_permit_warning_names_its_approver():
    """谁审批、谁监管: the authority that issued the permit stands on it by its official name."""
    (warning,) = b.issued(b.Enterprise().has(b.permit(days_left=-2)), "W06")

    assert (warning.approver, warning.domain) == ("叶县市场监督管理局", "FOODS")


@pytest.mark.parametrize("domain", ["FOODP", "FOODS", "CATER"])
def test_a_food_incident_is_told_where_it_arose(domain):
    """Poison from a factory is the producers' department's matter, not the kitchens'."""
    (warning,) = b.issued(b.Enterprise().has(e.FoodIncident(people=9, domain=domain)), "W26")

    assert warning.domain == domain


def test_a_penalty_warning_names_no_approver():
    """Who punished did not issue a permit: a warning about penalties has no approver."""
    enterprise = b.Enterprise()
    for n in range(2):
        enterprise.has(b.penalty("minor", organ="执法大队"), day=n)

    (warning,) = b.issued(enterprise.effects, "W13")

    assert warning.approver == ""


def test_each_permit_that_expires_is_told_in_its_own_domain():
    """Two expired permits of two domains are two matters for two departments."""
    enterprise = b.Enterprise()
    enterprise.has(b.permit(days_left=10, number="P1", domain="FOODS"), day=-200)
    enterprise.has(b.permit(days_left=10, number="P2", domain="CATER"), day=-100)

    enterprise.has(b.inspection("passed"), day=11)

    assert {one.domain for one in b.issued(enterprise.effects, "W06")} == {"FOODS", "CATER"}


def test_a_milder_due_day_of_another_domain_is_told_too():
    """An expired food permit does not hide the reminder for a catering permit."""
    enterprise = b.Enterprise()
    enterprise.has(b.permit(days_left=1, number="P1", domain="FOODS"), day=-200)
    enterprise.has(b.permit(days_left=80, number="P2", domain="CATER"), day=-100)

    enterprise.has(b.inspection("passed"), day=2)

    assert ("CATER", "permit", 1) in enterprise.open()


def test_an_expired_permit_is_told_once_a_month_at_the_most():
    """Events of every day about something else do not repeat the warning of a due permit."""
    enterprise = b.Enterprise()
    enterprise.has(b.permit(days_left=-2), day=0)
    for day in range(1, 60):
        enterprise.has(b.inspection("passed"), day=day)

    assert len(b.issued(enterprise.effects, "W06")) == 1


def test_evidence_is_bounded():
    """A hundred complaints leave at most twenty facts on the warning and five reasons."""
    enterprise = b.Enterprise()
    for n in range(100):
        enterprise.has(b.complaint(n), day=n / 100)

    (one,) = [one for one in enterprise.state.open_warnings if one.family == "complaints"]
    assert len(one.facts) == 20
    assert all(len(w.reasons) <= 5 for w in b.issued(enterprise.effects))


def test_no_warning_carries_a_complainant():
    """No name or hash of a complainant is on any warning."""
    enterprise = b.Enterprise()
    for n in range(20):
        enterprise.has(b.complaint(n, complainant=f"secret-{n}"), day=n / 100)

    assert "secret" not in repr(b.of_type(enterprise.effects, EarlyWarning))
