"""Do the edge cases of domain reference §13 come out as the law has them?"""

import msgspec
import pytest

from detectors import events as e
from detectors.card import risk_card
from detectors.effects import DUPLICATE
from detectors.expertise import compiled
from detectors.measure import Measure, RiskClass
from detectors.score import band_rank
from tests import builders as b


def test_a_revoked_penalty_is_recomputed_cancelled_and_kept():
    """Case 1: the score falls back, the warned are told, and the fact stays for the audit."""
    data = b.penalty("severe", publication_end=b.on(1000).date())
    enterprise = b.Enterprise()
    enterprise.has(b.inspection("passed"), day=-1)
    enterprise.has(data, day=0, name="p")
    assert enterprise.state.rule.score == 550.0

    effects = enterprise.takes_back("p", data, day=3)

    assert enterprise.state.rule.score == 0.0
    assert {one.rule for one in b.cancelled(effects)} == {"W25"}
    assert [fact.bounds.revoked for fact in enterprise.state.facts if fact.weight and fact.due] == [
        b.at(3)
    ]


def test_a_provisional_sample_passes_its_retest_on_day_six():
    """Case 2: half the weight while provisional, then nothing, and the warning taken back."""
    enterprise = b.Enterprise()
    enterprise.has(b.food_sample("illegal_additive", provisional=True), day=0)
    while_provisional = enterprise.state.rule.score

    enterprise.has(e.Reinspected(sample_no="S1", passed=True), day=6)

    assert (while_provisional, enterprise.state.rule.score) == (160.0, 0.0)
    assert ("FSAMP", "food_sample", 4) not in enterprise.open()


def test_two_penalties_for_one_offence_count_by_the_heavier():
    """Case 3: a fine and a closure for one offence are one penalty."""
    enterprise = b.Enterprise()

    enterprise.has(b.penalty("general", offence="O"), name="fine")
    enterprise.has(b.penalty("severe", offence="O"), name="closure")

    assert enterprise.state.rule.score == 550.0


def test_a_removal_that_arrives_first_ends_the_listing():
    """Case 6: the removal waits for its listing, and the list shows nobody."""
    enterprise = b.Enterprise()
    enterprise.has(e.AbnormalRemoved(reason=4), day=10)

    effects = enterprise.has(e.AbnormalAdded(reason=4), day=1)

    assert enterprise.state.rule.score == 0.0
    assert b.issued(effects, "W03") == []


def test_a_late_penalty_counts_from_its_own_day():
    """Case 7: an event 45 days late has aged 45 days, whenever it arrives."""
    enterprise = b.Enterprise()
    enterprise.has(b.inspection("passed"), day=45)

    enterprise.has(b.penalty("general", domain="QUAL"), day=0)

    assert enterprise.state.rule.score == pytest.approx(250 * 2 ** (-45 / 180))


def test_a_vouched_code_is_served():
    """Case 10: a genuine code with a wrong digit is judged like any other."""
    enterprise = b.Enterprise()

    enterprise.meets(b.event(b.penalty("general"), subject="91350100M0001TGQXM"))

    assert enterprise.state.rule.risk_class is RiskClass.B


def test_a_rename_and_a_move_show_on_the_next_warning():
    """Case 11: the next message carries the new name and goes to the new county."""
    enterprise = b.Enterprise()
    enterprise.has(e.Established(name="旧名", established_on=b.on(-9999).date(), place="410422"))
    enterprise.has(b.penalty("minor"), day=1)
    (first,) = b.issued(enterprise.has(b.penalty("minor"), day=2), "W13")
    enterprise.has(e.BasicChanged(field="name", after="新名"), day=3)
    enterprise.has(e.AddressChanged(new_region="410423"), day=3)

    (graver,) = b.issued(enterprise.has(b.penalty("minor"), day=4), "W13")

    assert (first.enterprise, graver.enterprise) == ("旧名", "新名")
    assert (first.place, graver.place) == ("410422", "410423")
    assert first.id == graver.id


@pytest.mark.parametrize(
    ("day", "measure"),
    [
        pytest.param(364, Measure.INSPECTION, id="on the 365th day"),
        pytest.param(365, Measure.INTERVIEW, id="on the 366th"),
    ],
)
def test_the_third_food_penalty_of_a_year(day, measure):
    """Case 16: the third penalty within 365 days is red; a day later the first has lapsed."""
    enterprise = b.Enterprise()
    enterprise.has(b.penalty("minor"), day=0)
    enterprise.has(b.penalty("minor"), day=200)

    (warning,) = b.issued(enterprise.has(b.penalty("minor"), day=day), "W13")

    assert warning.measure is measure


def test_fifty_complaints_of_one_person_are_no_surge():
    """Case 18: a flood by one complainant about one matter moves neither score nor warning."""
    enterprise = b.Enterprise()
    for n in range(50):
        enterprise.has(b.complaint(n, complainant="one"), day=n / 100)

    assert enterprise.state.rule.score == 0.0
    assert enterprise.open() == set()


def test_a_replay_under_an_old_catalogue_gives_the_old_result():
    """Case 22: the same events decide by the catalogue they are judged under, then as now."""
    shipped = b.expertise().knowledge
    heavier = tuple(
        msgspec.structs.replace(one, points=400) if one.id == "S01" else one
        for one in shipped.indicators
    )
    later = compiled(msgspec.structs.replace(shipped, version="2026.2", indicators=heavier))
    life = [b.event(e.AbnormalAdded(reason=1))]

    then, now, again = b.after(life), b.after(life, later), b.after(life)

    assert (then.state.rule.score, now.state.rule.score) == (320.0, 400.0)
    assert {one.knowledge_version for one in b.issued(now.effects)} == {"2026.2"}
    assert again.effects == then.effects


def test_a_repaired_penalty_leaves_score_and_model_from_its_day():
    """Case 25: history stays, the score is free of the fact, and no feature shows it."""
    enterprise = b.Enterprise()
    enterprise.has(b.penalty("severe"), day=0, name="p")
    enterprise.has(b.repaired("p", from_day=30), day=29)
    before = enterprise.state.rule.score

    enterprise.has(b.inspection("passed"), day=30)

    assert before > 450.0  # less what the repair itself is worth
    assert enterprise.state.rule.score == 0.0
    assert len(enterprise.state.facts) == 3


def test_the_same_record_twice_is_one_fact():
    """A source that sends its record again after a restart changes nothing."""
    enterprise = b.Enterprise()
    enterprise.has(b.penalty("general"), name="p")

    assert enterprise.has(b.penalty("general"), name="p") == [DUPLICATE]
    assert enterprise.state.rule.score == 250.0


@pytest.mark.parametrize(
    ("yuan", "points"),
    [
        pytest.param(5_000.0, 150.0, id="0.5 in 万元 is 5,000 yuan: the smallest tier"),
        pytest.param(50_000.0, 200.0, id="5 in 万元"),
        pytest.param(500_000.0, 250.0, id="50 in 万元"),
    ],
)
def test_amounts_are_yuan(yuan, points):
    """Case 4: CF_NR_FK is in 万元, an event in yuan; read as yuan, every fine would be small."""
    enterprise = b.Enterprise()

    enterprise.has(b.penalty("general", domain="QUAL", amount=yuan))

    assert enterprise.state.rule.score == points


def test_one_decision_of_two_feeds_is_one_fact_in_the_score():
    """Case 5: 省平台 and 信用中国 carry one decision under ids of their own; it counts once."""
    decision = {"doc_no": "叶市监罚〔2026〕17号", "organ": "叶县市监局"}
    enterprise = b.Enterprise()
    enterprise.has(b.penalty("general", domain="CATER", **decision), source="urn:henan")

    effects = enterprise.has(b.penalty("general", domain="CATER", **decision), source="urn:china")

    assert enterprise.state.rule.score == 250.0
    assert b.issued(effects, "W13") == []


@pytest.mark.parametrize(
    ("score", "risk_class"),
    [
        pytest.param(199.999, RiskClass.A, id="just under 200"),
        pytest.param(200.0, RiskClass.B, id="200"),
        pytest.param(750.0, RiskClass.D, id="750"),
        pytest.param(1000.0, RiskClass.D, id="1000"),
    ],
)
def test_the_edges_of_the_bands(score, risk_class):
    """Case 8: the shipped bands are half-open, and D holds the end of the scale."""
    bands = b.expertise().knowledge.scoring.bands

    assert tuple(RiskClass)[band_rank(score, bands)] is risk_class


def test_a_hard_rule_stands_with_a_score_of_ten():
    """Case 9: a suspended firm (10 points) on a serious list is D, its score as it is."""
    enterprise = b.Enterprise()
    enterprise.has(e.SuspensionFiled(from_on=b.on(0).date(), to_on=b.on(300).date()))

    enterprise.has(e.SeriousListChanged(list_code="L", action="add"))

    assert enterprise.state.rule.score == 10.0
    assert enterprise.state.rule.risk_class is RiskClass.D


def test_no_effect_shows_who_complained():
    """Case 21: nothing that leaves the core (warning, card, example, class) names an informant."""
    enterprise = b.Enterprise()
    for n in range(20):
        enterprise.has(b.complaint(n, complainant=f"secret-{n}"), day=n / 100)
    enterprise.has(e.ReportVerified(ticket="secret-ticket", verdict="true"), day=1)
    card = risk_card(b.USCC, enterprise.state, enterprise.knowing)

    told = repr(enterprise.effects) + repr(card)

    assert b.issued(enterprise.effects)
    assert "secret" not in told


def test_equipment_elsewhere_is_the_matter_of_where_it_stands():
    """Case 23: a lift in county X of an enterprise registered in Y: X leads."""
    enterprise = b.Enterprise()
    enterprise.has(b.founded())

    effects = enterprise.has(
        e.EquipmentInspected(equipment="Q", passed=False, place="410423001"), day=1
    )

    assert [one.place for one in b.issued(effects, "W10")] == ["410423001"]


def test_a_resting_firm_reports_and_need_not_be_reached():
    """Case 24: 歇业 without annual report is W02 all the same; 住所失联 is suppressed."""
    enterprise = b.Enterprise()
    enterprise.has(b.founded())
    enterprise.has(e.SuspensionFiled(from_on=b.on(0).date(), to_on=b.on(700).date()), day=1)
    when_listed = enterprise.has(e.AbnormalAdded(reason=4), day=2)

    effects = enterprise.waits_until(b.on(b.days_until(7, 2)))

    assert b.issued(when_listed, "W03") == []
    assert b.issued(effects, "W02")
