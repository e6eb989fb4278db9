"""Do the exclusions of domain reference §4.5 keep false alarms away, and nothing else?"""

import pytest

from detectors import events as e
from detectors.card import contributions
from detectors.facts import CONFIRMED
from detectors.measure import Measure, RiskClass
from tests import builders as b

FOUNDED = b.founded()
JUNE, JULY = (b.days_until(*day) for day in ((6, 2), (7, 2)))
SEEN = b.inspection("passed")  # nothing but the passing of time
FINED = b.penalty(
    "minor", domain="QUAL", performed_due=b.on(3).date(), doc_no="罚1", organ="叶县市监局"
)
ORDER = e.RectificationOrdered(order="R1", domain="CATER", due=b.on(3).date())
CASE = e.CaseChanged(case_no="C1", status="opened", domain="FOODS")
CUT = e.CapitalChanged(before=1_000_000.0, after=400_000.0)
CLOSING = e.Deregistration(kind="simple", stage="announced")
SHELL = [(CASE, 1), *[(change, 2) for change in b.shell_change()]]
LIFT_FAILED = e.EquipmentInspected(equipment="Q", passed=False)
USED = e.UtilityUsage(meter="M", period="2026-03", usage=900.0)


def court(kind, action="add"):
    """Return what a court tells of a bankruptcy case."""
    return e.JudicialRecord(case_no="（2026）豫04破1号", action=action, kind=kind)


# rule: what sets it off
MATTERS = {
    "W01": [(FOUNDED, 0), (SEEN, JUNE)],
    "W02": [(FOUNDED, 0), (SEEN, JULY)],
    "W04": [(e.AbnormalAdded(reason=1), 0), (SEEN, 3 * 365.25 - 59)],
    "W06": [(b.permit(days_left=80), 1)],
    "W07": [(b.permit(days_left=3), 1), (USED, 10)],
    "W09": [(b.equipment(days_left=3), 1), (SEEN, 5)],
    "W10": [(LIFT_FAILED, 1)],
    "W11": [(b.food_sample(), 1)],
    "W18": SHELL,
    "W19": [(CUT, 1)],
    "W21": [(CASE, 1), (CLOSING, 2)],
    "W23": [(ORDER, 1), (SEEN, 5)],
    "W24": [(FINED, 1), (SEEN, 5)],
    "W26": [(e.FoodIncident(people=3), 1)],
    "W30": [(FOUNDED, 0), (b.penalty("minor", domain="QUAL"), 1)],
}
HELD = {
    "liquidation": {"W01", "W02", "W04", "W06", "W21", "W24", "W30"},
    "reorganisation": {"W01", "W06", "W18", "W19", "W24", "W30"},
}


def told(happenings):
    """Return the rules that warned of anything."""
    enterprise = b.Enterprise()
    for n, (data, day) in enumerate(happenings):
        enterprise.has(data, day=day, name=f"n{n}")
    return {one.rule for one in b.issued(enterprise.effects)}


@pytest.mark.parametrize("kind", sorted(HELD))
@pytest.mark.parametrize("rule", sorted(MATTERS))
def test_a_bankruptcy_holds_back_reminders_and_what_the_court_orders(rule, kind):
    """A firm before the court is not reminded; life, safety and orders go on as for any other."""
    with_court = [MATTERS[rule][0], (court(kind), MATTERS[rule][0][1] + 0.1), *MATTERS[rule][1:]]
    if MATTERS[rule][0][1]:
        with_court = [(court(kind), 0), *MATTERS[rule]]

    assert rule in told(MATTERS[rule])
    assert (rule in told(with_court)) is (rule not in HELD[kind])


def test_an_expired_permit_of_a_firm_that_lives_on_is_told():
    """Reorganisation spares the reminder of a permit, not its last thirty days nor its end."""
    assert "W06" in told([(court("reorganisation"), 0), (b.permit(days_left=80), 1), (SEEN, 60)])


@pytest.mark.parametrize("kind", sorted(HELD))
def test_a_bankruptcy_closes_the_reminder_that_is_open(kind):
    """Once a court has taken the case, the open reminder closes by itself."""
    enterprise = b.Enterprise()
    enterprise.has(FOUNDED)
    enterprise.has(SEEN, day=JUNE)
    enterprise.has(court(kind), day=JUNE + 1)

    effects = enterprise.waits_until(b.on(JUNE + 3))

    assert "W01" in {one.rule for one in b.closed(effects)}


def test_a_case_that_the_court_ends_excuses_nobody_any_more():
    """After the end of the procedure the next day of the year is judged as for any other firm."""
    happenings = [(FOUNDED, 0), (court("liquidation"), 1), (court("liquidation", "delete"), 9)]

    assert "W01" in told([*happenings, (SEEN, JUNE)])


def test_a_failed_reorganisation_becomes_a_liquidation():
    """One case has one procedure at a time: the later one takes the earlier one's place."""
    happenings = [(FOUNDED, 0), (court("reorganisation"), 1), (court("liquidation"), 9)]

    assert "W02" not in told([*happenings, (SEEN, JULY)])


@pytest.mark.parametrize(
    "gone",
    [
        court("liquidation"),
        e.LicenceRevoked(kind="revoked"),
        e.Deregistration(kind="general", stage="completed"),
    ],
    ids=["liquidation", "licence revoked", "deregistered"],
)
def test_nobody_is_left_to_file_a_report(gone):
    """D01: a firm that is wound up or gone has no points for a missing report."""
    enterprise = b.Enterprise()
    enterprise.has(FOUNDED)
    enterprise.has(gone, day=1)
    before = enterprise.state.rule.score

    enterprise.waits_until(b.on(JULY))

    assert enterprise.state.rule.score == before


def test_a_deregistered_firm_leaves_no_listing_open():
    """The warning of a listing closes with the firm (企业已注销)."""
    enterprise = b.Enterprise()
    enterprise.has(e.AbnormalAdded(reason=1))
    enterprise.has(e.Deregistration(kind="general", stage="completed"), day=3)

    effects = enterprise.waits_until(b.on(5))

    assert "W03" in {one.rule for one in b.closed(effects)}


RESTING = e.SuspensionFiled(from_on=b.on(-9).date(), to_on=b.on(700).date())


@pytest.mark.parametrize(
    "found",
    [
        e.AbnormalAdded(reason=4),
        e.InspectionResult(domain="REG", result="failed", finding="unreachable"),
    ],
    ids=["listed", "found so"],
)
def test_a_resting_club_is_not_condemned_for_being_away(found):
    """B03: 歇业 replaces the domicile, so being unreachable makes no sensitive industry class C."""
    open_, resting = b.Enterprise(), b.Enterprise()
    for enterprise in (open_, resting):
        enterprise.has(b.founded(industry="R8930"))
    resting.has(RESTING, day=1)
    for enterprise in (open_, resting):
        enterprise.has(found, day=2)

    assert open_.state.rule.risk_class is RiskClass.C
    assert resting.state.rule.risk_class < RiskClass.C
    assert "B03" not in {one.indicator for one in contributions(resting.state, resting.knowing)}


def test_a_firm_rests_for_three_years_at_the_most():
    """市场主体登记管理条例 art. 30: a record that says ten years excuses for three."""
    enterprise = b.Enterprise()
    enterprise.has(e.SuspensionFiled(from_on=b.on(0).date(), to_on=b.on(3650).date()))

    effects = enterprise.has(e.AbnormalAdded(reason=4), day=3 * 366)

    assert b.issued(effects, "W03")


PROVISIONAL_SAMPLES = {
    "food": (b.food_sample("pathogen", provisional=True), 9.5),
    "product": (
        e.ProductSampled(sample_no="S1", verdict="failed", product="插座", provisional=True), 15.5),
    "drug": (
        e.ProductSampled(sample_no="S1", verdict="failed", product="药", provisional=True,
                         domain="DRUG"), 9.5),
    "rapid test of vegetables": (
        e.FoodSampled(sample_no="S1", verdict="failed", provisional=True, rapid=True,
                      received_on=b.on(0).date()), 4 / 24),
}  # fmt: skip


@pytest.mark.parametrize("sample", sorted(PROVISIONAL_SAMPLES))
def test_a_provisional_sample_weighs_half_until_its_window_closes(sample):
    """Seven working days for food and drugs, fifteen days for products, four hours for 快检."""
    data, days = PROVISIONAL_SAMPLES[sample]
    enterprise = b.Enterprise()
    enterprise.has(data)

    enterprise.waits_until(b.on(days - 0.01))
    before = enterprise.state.facts[0].doubt & CONFIRMED
    enterprise.waits_until(b.on(days + 0.01))

    assert not before
    assert enterprise.state.facts[0].doubt & CONFIRMED


def test_a_rapid_test_is_a_failed_sample_and_a_retest_voids_it():
    """A residue found by 快检 calls for an interview; the re-test that passes takes it back."""
    enterprise = b.Enterprise()
    found = e.FoodSampled(sample_no="S1", verdict="failed", provisional=True, rapid=True)
    told_of = b.issued(enterprise.has(found), "W11")

    enterprise.has(e.Reinspected(sample_no="S1", passed=True), day=1)

    assert told_of
    assert enterprise.state.rule.score == 0.0


@pytest.mark.parametrize(
    ("problem", "points"),
    [
        pytest.param("label", 192.0, id="labels: twice .3 of S17"),
        pytest.param("physical", 400.0, id="food: S18"),
    ],
)
def test_two_faults_of_labels_are_no_two_bad_batches(problem, points):
    """49号令 art. 37: a fault of the label is no safety failure, so S18 does not count it."""
    enterprise = b.Enterprise()
    for n in range(2):
        enterprise.has(b.food_sample(problem, number=f"S{n}"))

    assert enterprise.state.rule.score == points
    lines = {one.indicator for one in contributions(enterprise.state, enterprise.knowing)}
    assert ("S18" in lines) is (problem == "physical")


@pytest.mark.parametrize(
    ("rule", "happenings", "excuse", "end"),
    [
        pytest.param("W02", [(FOUNDED, 0), (SEEN, JULY)], court("liquidation"),
                     court("liquidation", "delete"), id="the court dismisses the petition"),
        pytest.param("W24", [(FINED, 0), (SEEN, 9)], court("reorganisation"),
                     court("reorganisation", "delete"), id="the plan is carried out"),
        pytest.param("W03", [(e.AbnormalAdded(reason=4), 0)], RESTING,
                     e.SuspensionFiled(from_on=b.on(-9).date(), to_on=b.on(700).date(),
                                       ended_on=b.on(200).date()), id="open again"),
    ],
)  # fmt: skip
def test_what_was_excused_is_told_when_the_excuse_ends(rule, happenings, excuse, end):
    """A matter that a bankruptcy or a rest held back is still there afterwards: told then, once."""
    enterprise = b.Enterprise()
    for data, day in [(excuse, -1), *happenings]:
        enterprise.has(data, day=day)
    while_excused = [one.measure for one in b.issued(enterprise.effects, rule)]

    effects = enterprise.has(end, day=200)
    enterprise.waits_until(b.on(203))

    assert Measure.INTERVIEW not in while_excused
    assert len(b.issued(effects, rule)) == 1
    assert len(b.issued(enterprise.effects, rule)) == len(while_excused) + 1


LAW_CASE = court("reorganisation")
OVER = court("reorganisation", "delete")


@pytest.mark.parametrize(
    ("ends", "day"),
    [
        pytest.param(OVER, 60, id="its end is told on its day"),
        pytest.param(OVER, 20, id="its end lies before what came after it"),
        pytest.param(b.revoked(LAW_CASE, "case"), 60, id="the court's record is taken back"),
        pytest.param(b.expired(LAW_CASE, "case"), 60, id="the court's record is ended"),
    ],
)
def test_an_excuse_whose_end_comes_late_frees_all_the_same(ends, day):
    """Until the end is known nobody was told of what was excused; then it is told, once."""
    enterprise = b.Enterprise()
    enterprise.has(LAW_CASE, day=-1, name="case")
    enterprise.has(FINED)
    enterprise.has(SEEN, day=40)
    before = b.issued(enterprise.effects, "W24")

    effects = enterprise.has(ends, day=day)
    enterprise.waits_until(b.on(100))

    assert before == []
    assert [one.measure for one in b.issued(effects, "W24")] == [Measure.INTERVIEW]
    assert len(b.issued(enterprise.effects, "W24")) == 1


def test_an_end_that_was_known_beforehand_is_told_on_its_day():
    """A rest until a day: whoever could not be reached meanwhile is told of then, by the timer."""
    rest = e.SuspensionFiled(from_on=b.on(-9).date(), to_on=b.on(30).date())
    enterprise = b.Enterprise()
    enterprise.has(rest, day=-1)
    enterprise.has(e.AbnormalAdded(reason=4))

    before = b.issued(enterprise.waits_until(b.on(30)), "W03")
    effects = enterprise.waits_until(b.on(31))

    assert before == []
    assert [one.measure for one in b.issued(effects, "W03")] == [Measure.INTERVIEW]


def test_what_overtakes_the_end_of_an_excuse_leaves_it_to_the_timer():
    """A look after the rest is over, before the timer has spoken of its end: told once, by it."""
    rest = e.SuspensionFiled(from_on=b.on(-9).date(), to_on=b.on(30).date())
    enterprise = b.Enterprise()
    enterprise.has(rest, day=-1)
    enterprise.has(e.AbnormalAdded(reason=4))

    overtaking = enterprise._takes(b.event(SEEN, day=32))
    effects = enterprise.waits_until(b.on(40))

    assert b.issued(overtaking, "W03") == []
    assert len(b.issued(effects, "W03")) == 1


def test_a_record_that_only_moves_an_excuse_frees_nothing():
    """A rest that is extended goes on: nobody is told."""
    enterprise = b.Enterprise()
    enterprise.has(e.SuspensionFiled(from_on=b.on(-9).date(), to_on=b.on(300).date()), day=-1)
    enterprise.has(e.AbnormalAdded(reason=4))

    enterprise.has(e.SuspensionFiled(from_on=b.on(-9).date(), to_on=b.on(700).date()), day=20)

    assert b.issued(enterprise.effects, "W03") == []


def test_a_removal_from_the_list_does_not_ask_for_the_report_again():
    """Who was listed for the report and is taken off has filed, whichever record comes first."""
    enterprise = b.Enterprise()
    enterprise.has(FOUNDED)
    enterprise.has(e.AbnormalAdded(reason=1), day=JULY - 20)
    enterprise.has(e.AbnormalRemoved(reason=1), day=JULY + 90)

    enterprise.waits_until(b.on(JULY + 95))

    assert b.issued(enterprise.effects, "W02") == []
