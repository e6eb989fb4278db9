"""Do the exclusions of domain reference §4.5 keep false alarms away, and nothing else?"""

import pytest

from detectors import events as e
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
