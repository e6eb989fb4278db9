"""Does every rule that we ship fire on its case, and only there?"""

import pytest
from msgspec.structs import replace

from detectors import deadline
from detectors import events as e
from detectors.functions import NotFiled, Reached
from detectors.measure import Measure
from tests import builders as b

REP = e.LegalRepChanged(new_person="p")
SURGE = [(b.complaint(n, matter=f"事项{n}"), 0.01) for n in range(15)]
SOME = SURGE[:5]
INSPECT, INTERVIEW, WARN, REMIND = (
    Measure.INSPECTION, Measure.INTERVIEW, Measure.WARNING, Measure.REMINDER,
)  # fmt: skip
FOUNDED = b.founded()
BATCH = e.NeighbourDensity(relation="agent", count=20, window_days=30, severity=0.6, leads=True)
JUNE, MIDJUNE, LATEJUNE, JULY = (b.days_until(*day) for day in ((6, 1), (6, 15), (6, 25), (7, 1)))
SEEN = b.inspection("passed")  # nothing but the passing of time
LISTED, UNREACHABLE = e.AbnormalAdded(reason=1), e.AbnormalAdded(reason=4)
FILED = e.AnnualReportFiled(year=2025)
CLOSING = e.Deregistration(kind="simple", stage="announced")
GONE = e.Deregistration(kind="simple", stage="completed")
CASE = e.CaseChanged(case_no="C1", status="opened", domain="FOODS")
CASE_CLOSED = e.CaseChanged(case_no="C1", status="closed", domain="FOODS")
SUSPENDED = e.SuspensionFiled(from_on=b.on(-9).date(), to_on=b.on(700).date())
CUT = e.CapitalChanged(before=1_000_000.0, after=400_000.0)
SHELL = [(change, 0) for change in b.shell_change()]
SOLD_AND_COMPLAINED = [*SHELL, (b.complaint(1), 5)]
USED = e.UtilityUsage(meter="M", period="2026-03", usage=900.0)
SETTLED = e.ComplaintClosed(ticket="T1", complainant="person-1", matter="退费", outcome="settled")
CROWD = [(b.complaint(n), n / 10) for n in range(10)]
FLED = e.ComplaintReceived(ticket="T", complainant="p", matter="退卡", runaway=True)


def order(days_left):
    """Return an order to put something right within so many days."""
    return e.RectificationOrdered(order="R1", domain="CATER", due=b.on(days_left).date())


def fined(days_left):
    """Return a penalty to be paid within so many days."""
    return b.penalty("minor", domain="QUAL", performed_due=b.on(days_left).date(),
                     doc_no="罚1", organ="叶县市监局")  # fmt: skip


def product(number, verdict="failed", *, recheck=False):
    """Return the sample of a product."""
    return e.ProductSampled(sample_no=number, verdict=verdict, product="插座", recheck=recheck)


def frozen(share, number="F1"):
    """Return a freeze of equity."""
    return e.EquityFrozen(case_no=number, share=share)


# (rule, measure, what happens on which day); the last happening sets the rule off.
CASES = {
    "no report by June": ("W01", REMIND, [(FOUNDED, 0), (SEEN, JUNE)]),
    "a report taken back in June": (
        "W01", REMIND, [(FOUNDED, 0), (FILED, 1), (b.revoked(FILED, "n1"), 100), (SEEN, MIDJUNE)]),
    "no report by July": ("W02", WARN, [(FOUNDED, 0), (SEEN, JULY)]),
    "no report, listed for a disclosure that was ordered": (
        "W02", WARN, [(FOUNDED, 0), (e.AbnormalAdded(reason=2), 9), (SEEN, JULY)]),
    "no report, listed for hiding the truth": (
        "W02", WARN, [(FOUNDED, 0), (e.AbnormalAdded(reason=3), 9), (SEEN, JULY)]),
    "no report of one that rests": (
        "W02", WARN, [(FOUNDED, 0), (SUSPENDED, 0), (SEEN, JULY)]),
    "three years on the list in sixty days": (
        "W04", INTERVIEW, [(LISTED, 0), (SEEN, 3 * 365.25 - 59)]),
    "on another department's serious list": (
        "W05", INSPECT, [(e.SeriousListChanged(list_code="L", action="add", kept_by="other"), 0)]),
    "an industrial permit with 170 days left": (
        "W06", REMIND, [(b.permit(days_left=170, domain="QUAL"), 0)]),
    "power used after a permit has expired": (
        "W07", INSPECT, [(b.permit(days_left=3), 0), (USED, 10)]),
    "a complaint after a permit was revoked": (
        "W07", INSPECT,
        [(e.PermitEnded(permit_no="P1", kind="revoked", domain="FOODS"), 0),
         (b.complaint(1), 10)]),
    "a lift due in thirty days": ("W08", REMIND, [(b.equipment(days_left=60), 0), (SEEN, 31)]),
    "a lift a day overdue": ("W09", INTERVIEW, [(b.equipment(days_left=3), 0), (SEEN, 5)]),
    "a lift thirty days overdue": ("W09", INSPECT, [(b.equipment(days_left=3), 0), (SEEN, 34)]),
    "a lift of the public a day overdue": (
        "W09", INSPECT, [(b.equipment(days_left=3, public=True), 0), (SEEN, 5)]),
    "a serious hazard": ("W10", INSPECT, [(e.EquipmentOrdered(order="O", serious=True), 0)]),
    "the same item within a year": (
        "W12", INSPECT, [(b.food_sample(number="S1"), 0), (b.food_sample(number="S2"), 300)]),
    "a product that failed": ("W14", INTERVIEW, [(product("S1"), 0)]),
    "a drug that failed": (
        "W14", INTERVIEW,
        [(e.ProductSampled(sample_no="D1", verdict="failed", product="片剂", domain="DRUG"), 0)]),
    "a grave defect of a drug maker": (
        "W14", INTERVIEW,
        [(e.InspectionResult(domain="DRUG", result="failed", finding="serious_defect"), 0)]),
    "a product that failed again": ("W14", INSPECT, [(product("S2", recheck=True), 0)]),
    "ten people over one matter": ("W16", INSPECT, CROWD),
    "a prepaid shop that has gone": ("W16", INSPECT, [(UNREACHABLE, 0), (FLED, 1)]),
    "a shop sold with a complaint open": ("W18", INTERVIEW, SOLD_AND_COMPLAINED),
    "a shop sold with a case open": ("W18", INSPECT, [(CASE, 0), *SHELL]),
    "more than half of the capital gone": ("W19", WARN, [(CUT, 0)]),
    "half of the capital gone in two steps": (
        "W19", WARN,
        [(e.CapitalChanged(before=10e6, after=7e6), 0),
         (e.CapitalChanged(before=7e6, after=5e6), 60)]),
    "capital gone, a complaint open": ("W19", INTERVIEW, [(b.complaint(1), 0), (CUT, 1)]),
    "leaving with a case open": ("W21", INSPECT, [(CASE, 0), (CLOSING, 1)]),
    "a complaint against one who leaves": ("W21", INSPECT, [(CLOSING, 0), (b.complaint(1), 1)]),
    "an order a day overdue": ("W23", INTERVIEW, [(order(3), 0), (SEEN, 5)]),
    "an order ten working days overdue": ("W23", INSPECT, [(order(3), 0), (SEEN, 25)]),
    "a fine overdue": ("W24", WARN, [(fined(3), 0), (SEEN, 5)]),
    "a fine thirty days overdue": ("W24", INTERVIEW, [(fined(3), 0), (SEEN, 40)]),
    "a crime": ("W26", INSPECT, [(e.CoerciveMeasure(measure_no="M", kind="transfer"), 0)]),
    "an accident at work": (
        "W26", INSPECT, [(e.ExternalRecord(record_no="1", kind="safety_accident"), 0)]),
    "a barred director": (
        "W27", INTERVIEW,
        [(e.ExecutiveChanged(person="p", role="director", action="in", barred=True), 0)]),
    "listed for a missing report": ("W03", WARN, [(e.AbnormalAdded(reason=1), 0)]),
    "unreachable at its domicile": ("W03", INTERVIEW, [(e.AbnormalAdded(reason=4), 0)]),
    "on a serious list": ("W05", INSPECT, [(e.SeriousListChanged(list_code="L", action="add"), 0)]),
    "a judgment debtor": ("W05", INSPECT, [(e.JudicialRecord(case_no="J", action="add"), 0)]),
    "a permit with 80 days left": ("W06", REMIND, [(b.permit(days_left=80), 0)]),
    "a permit with 60 days left, reminded of at 90": (
        "W06", REMIND, [(b.permit(days_left=95), 0), (SEEN, 20), (SEEN, 40)]),
    "a permit with 20 days left": ("W06", WARN, [(b.permit(days_left=20), 0)]),
    "a permit that has expired": ("W06", INTERVIEW, [(b.permit(days_left=-2), 0)]),
    "a permit that comes due between events": (
        "W06", REMIND, [(b.permit(days_left=100), 0), (b.inspection("passed"), 20)]),
    "a failed lift in use": (
        "W10", INSPECT, [(e.EquipmentInspected(equipment="Q", passed=False), 0)]),
    "a physical fault of food": ("W11", INTERVIEW, [(b.food_sample("physical"), 0)]),
    "a pathogen": ("W11", INSPECT, [(b.food_sample("pathogen"), 0)]),
    "an illegal additive": ("W11", INSPECT, [(b.food_sample("illegal_additive"), 0)]),
    "two batches in 180 days": (
        "W12", INSPECT, [(b.food_sample(number="S1"), 0), (b.food_sample(number="S2"), 179)]),
    "two food penalties in a year": (
        "W13", INTERVIEW, [(b.penalty("minor"), 0), (b.penalty("minor"), 300)]),
    "three food penalties in a year": (
        "W13", INSPECT, [(b.penalty("minor"), 0), (b.penalty(), 100), (b.penalty(), 364)]),
    "five complaints in a week": ("W15", WARN, SOME),
    "fifteen complaints in a week": ("W15", INTERVIEW, SURGE),
    "a second legal representative": ("W17", WARN, [(REP, 0), (REP, 300)]),
    "a third legal representative": ("W17", INTERVIEW, [(REP, 0), (REP, 100), (REP, 300)]),
    "a tenth of the equity frozen": ("W20", WARN, [(frozen(0.1), 0)]),
    "half of the equity frozen": ("W20", INTERVIEW, [(frozen(0.5), 0)]),
    "the twentieth registration of one agent": ("W22", INTERVIEW, [(BATCH, 0)]),
    "a class worse": ("W25", WARN, [(FOUNDED, 0), (b.penalty("general"), 1)]),
    "from C into D": (
        "W25", INTERVIEW,
        [(b.penalty("severe", domain="QUAL"), 0), (b.inspection("refused"), 1), (SEEN, 40),
         (b.inspection("failed"), 41)]),
    "from B into C": (
        "W25", WARN,
        [(LISTED, 0), (SEEN, 40), (e.MonitoringHit(channel="AD", evidence="1"), 41),
         (e.ExternalRecord(record_no="1", kind="tax_arrears"), 41)]),
    "two classes worse": ("W25", INTERVIEW, [(FOUNDED, 0), (b.penalty("severe"), 1)]),
    "a food incident": ("W26", INSPECT, [(e.FoodIncident(people=12), 0)]),
    "an accident of a lift": ("W26", INSPECT, [(e.EquipmentIncident(equipment="Q"), 0)]),
    "eighty points more in the same class": (
        "W30", REMIND, [(FOUNDED, 0), (b.penalty("minor"), 1)]),
}  # fmt: skip

# What comes close to a rule and must leave it silent.
SILENT = {
    "a report filed in May": ("W01", [(FOUNDED, 0), (FILED, 80), (SEEN, JUNE)]),
    "the year of establishment": ("W01", [(b.founded(years=0.1), 0), (SEEN, JUNE)]),
    "the year of establishment, in July": ("W02", [(b.founded(years=0.1), 0), (SEEN, JULY)]),
    "a report filed on the last day": (
        "W02", [(FOUNDED, 0), (FILED, JULY - 0.01), (SEEN, JULY)]),
    "no report, listed already": ("W02", [(FOUNDED, 0), (LISTED, 9), (SEEN, JULY)]),
    "no report of one that is gone": ("W02", [(FOUNDED, 0), (GONE, 9), (SEEN, JULY)]),
    "no report by June of one that is gone": ("W01", [(FOUNDED, 0), (GONE, 9), (SEEN, JUNE)]),
    "an unreachable one that rests (歇业)": ("W03", [(SUSPENDED, 0), (UNREACHABLE, 1)]),
    "removed before the third year": (
        "W04", [(LISTED, 0), (e.AbnormalRemoved(reason=1), 1000), (SEEN, 1050)]),
    "a food permit with 170 days left": ("W06", [(b.permit(days_left=170), 0)]),
    "an expired permit of one that is gone": (
        "W06", [(b.permit(days_left=100), 0), (GONE, 1), (SEEN, 101)]),
    "power used before a permit expired": ("W07", [(b.permit(days_left=30), 0), (USED, 10)]),
    "power used long after a permit was renewed": (
        "W07", [(b.permit(days_left=3), 0), (b.permit(days_left=900), 2), (USED, 10)]),
    "a lift due in forty days": ("W08", [(b.equipment(days_left=60), 0), (SEEN, 20)]),
    "a lift inspected in time": (
        "W09", [(b.equipment(days_left=30), 0),
                (e.EquipmentInspected(equipment="Q1", passed=True,
                                      next_due=b.on(400).date()), 20), (SEEN, 50)]),
    "a lift that was stopped": (
        "W09", [(b.equipment(days_left=3), 0),
                (e.EquipmentRegistered(equipment="Q1", status="stopped"), 2), (SEEN, 50)]),
    "another item half a year later": (
        "W12", [(b.food_sample(number="S1"), 0), (b.food_sample(number="S2", item="菌落"), 200)]),
    "the same item a year later": (
        "W12", [(b.food_sample(number="S1"), 0), (b.food_sample(number="S2"), 365)]),
    "a product that passed": ("W14", [(product("S1", "passed"), 0)]),
    "nine people over one matter": ("W16", CROWD[:9]),
    "ten people over ten matters": (
        "W16", [(b.complaint(n, matter=f"{n}"), n / 100) for n in range(10)]),
    "ten people in ten days": ("W16", [(b.complaint(n), n) for n in range(10)]),
    "talk of a shop that has gone, and is there": ("W16", [(FLED, 0)]),
    "a shop sold with nothing open": ("W18", SHELL),
    "a shop sold, its complaint settled": (
        "W18", [(b.complaint(1), 0), (SETTLED, 1), *[(one, 2) for one, _ in SHELL]]),
    "a third of the capital gone": (
        "W19", [(e.CapitalChanged(before=9.0, after=6.0), 0)]),
    "two steps, one of them long ago": (
        "W19", [(e.CapitalChanged(before=10e6, after=7e6), 0),
                (e.CapitalChanged(before=7e6, after=5e6), 91)]),
    "two steps to just above the half": (
        "W19", [(e.CapitalChanged(before=10e6, after=7e6), 0),
                (e.CapitalChanged(before=7e6, after=5.01e6), 60)]),
    "leaving with nothing open": ("W21", [(CLOSING, 0)]),
    "leaving, the case closed": ("W21", [(CASE, 0), (CASE_CLOSED, 1), (CLOSING, 2)]),
    "leaving with liquidation and a case": (
        "W21", [(CASE, 0), (e.Deregistration(kind="general", stage="announced"), 1)]),
    "an order met in time": (
        "W23", [(order(9), 0), (e.RectifiedOrGraded(domain="CATER", order="R1", passed=True), 5),
                (SEEN, 30)]),
    "a fine paid in time": (
        "W24", [(fined(9), 0),
                (e.PenaltyFollowed(penalty_no="罚1", organ="叶县市监局", kind="performed",
                                   on=b.on(5).date()), 5), (SEEN, 50)]),
    "goods seized, no crime": ("W26", [(e.CoerciveMeasure(measure_no="M", kind="seizure"), 0)]),
    "a director who is not barred": (
        "W27", [(e.ExecutiveChanged(person="p", role="director", action="in"), 0)]),
    "removed from a list": ("W03", [(e.AbnormalRemoved(reason=1), 0)]),
    "removed from a serious list": (
        "W05", [(e.SeriousListChanged(list_code="L", action="remove"), 0)]),
    "a permit with a year left": ("W06", [(b.permit(days_left=365), 0)]),
    "a permit renewed in time": (
        "W06", [(b.permit(days_left=100), 0), (b.permit(days_left=900), 5),
                (b.inspection("passed"), 90)]),
    "a failed lift out of use": (
        "W10", [(e.EquipmentInspected(equipment="Q", passed=False, in_use=False), 0)]),
    "a fault of the label": ("W11", [(b.food_sample("label"), 0)]),
    "a passed sample": ("W11", [(e.FoodSampled(sample_no="S", verdict="passed"), 0)]),
    "two faults of labels are no safety failures": (
        "W12", [(b.food_sample("label", number="S1"), 0), (b.food_sample("label", number="S2"), 9)]
    ),
    "two food penalties a year apart": (
        "W13", [(b.penalty("minor"), 0), (b.penalty("minor"), 365)]),
    "two penalties of other domains": (
        "W13", [(b.penalty(domain="QUAL"), 0), (b.penalty(domain="PRICE"), 1)]),
    "two outcomes of one food offence": (
        "W13", [(b.penalty(offence="O"), 0), (b.penalty("severe", offence="O"), 1)]),
    "four complaints": ("W15", SURGE[:4]),
    "fifty complaints of one person": (
        "W15", [(b.complaint(n, complainant="one"), n / 100) for n in range(50)]),
    "two changes a year apart": ("W17", [(REP, 0), (REP, 365)]),
    "equity released": (
        "W20", [(e.EquityFrozen(case_no="F", share=0.9, status="released"), 0)]),
    "one of the nineteen before it": ("W22", [(replace(BATCH, leads=False), 0)]),
    "many at one address, for years": ("W22", [(replace(BATCH, window_days=0), 0)]),
    "a score that rises within its class": ("W25", [(b.penalty("minor"), 0)]),
    "a score that rises into another class": (
        "W30", [(FOUNDED, 0), (b.penalty("general"), 1)]),
    "a rise of thirty points": ("W30", [(FOUNDED, 0), (b.inspection("failed", severity=0.2), 1)]),
    "the founding of a restaurant": (
        "W30", [(e.Established(name="甲", established_on=b.on(0).date(), industry="H6210"), 0)]),
}  # fmt: skip


def rows(table):
    """Return the rows of a table with their ids in words."""
    return [pytest.param(*row, id=name) for name, row in table.items()]


def played(happenings):
    """Return an enterprise after what happened, and the effects of the last happening."""
    enterprise = b.Enterprise()
    effects = []
    for n, (data, day) in enumerate(happenings):
        effects = enterprise.has(data, day=day, name=f"n{n}")
    return enterprise, effects


def test_every_rule_has_a_case():
    """A rule of the shipped knowledge without a case here, or a case without its rule, fails."""
    assert {rule for rule, _, _ in CASES.values()} == {
        rule.id for rule in b.expertise().knowledge.rules
    }


def test_every_tier_of_every_rule_has_a_case():
    """Each measure that a rule can ask for is reached by a case."""
    assert {(rule, measure) for rule, measure, _ in CASES.values()} == {
        (rule.id, tier.measure) for rule in b.expertise().knowledge.rules for tier in rule.tiers
    }


def test_every_rule_has_a_near_miss():
    """Each rule has a case that comes close and leaves it silent."""
    assert {rule for rule, _ in SILENT.values()} == {
        rule.id for rule in b.expertise().knowledge.rules
    }


def test_the_rules_are_those_of_the_domain_reference():
    """W01 to W27 and our W30; W28 is of regions and W29 of the operators, in other modules."""
    assert {rule.id for rule in b.expertise().knowledge.rules} == {
        f"W{n:02}" for n in (*range(1, 28), 30)
    }


@pytest.mark.parametrize(("rule", "measure", "happenings"), rows(CASES))
def test_a_rule_fires_on_its_case(rule, measure, happenings):
    """The last happening, or a deadline before it, sets the rule off: open, told at once."""
    enterprise, effects = played(happenings)

    *_, warning = b.issued(effects, rule)

    assert warning.measure is measure
    is_of_time = warning.cause.startswith(f"{deadline.SOURCE}/{b.USCC}/")
    assert is_of_time or warning.cause.endswith(f"/n{len(happenings) - 1}")
    assert (warning.domain, warning.family, measure.rank) in enterprise.open()


@pytest.mark.parametrize(("rule", "measure", "happenings"), rows(CASES))
def test_a_warning_can_be_explained(rule, measure, happenings):
    """Every warning names Chinese reasons, facts, a legal basis and the version that decided."""
    _, effects = played(happenings)

    *_, warning = b.issued(effects, rule)

    assert warning.reasons
    assert all(one.text and one.fact_id.startswith("f-") for one in warning.reasons)
    assert warning.legal_basis.endswith(b.expertise().rulebook.by_id[rule].basis)
    assert warning.knowledge_version == b.expertise().knowledge.version
    assert measure.rank >= 1


@pytest.mark.parametrize(("rule", "happenings"), rows(SILENT))
def test_a_rule_stays_silent_on_a_near_miss(rule, happenings):
    """What comes close to a rule without meeting it warns nobody."""
    enterprise, _ = played(happenings)

    assert b.issued(enterprise.effects, rule) == []


# What ends a matter: (rule, what happens on which day); the last happening, or a deadline before
# it, closes the warning.
CLOSED = {
    "the report is filed": (
        "W01", [(FOUNDED, 0), (SEEN, JUNE), (FILED, JUNE + 3), (SEEN, JUNE + 4)]),
    "the report is filed late": (
        "W02", [(FOUNDED, 0), (SEEN, JULY), (FILED, JULY + 3), (SEEN, JULY + 4)]),
    "listed for the report": (
        "W02", [(FOUNDED, 0), (SEEN, JULY), (LISTED, JULY + 9), (SEEN, JULY + 10)]),
    "deregistered": (
        "W06", [(b.permit(days_left=20), 0), (GONE, 9), (SEEN, 10)]),
    "removed from the list": ("W03", [(LISTED, 0), (e.AbnormalRemoved(reason=1), 9)]),
    "reached again": ("W03", [(UNREACHABLE, 0), (e.AbnormalRemoved(reason=4), 9)]),
    "removed in the third year": (
        "W04", [(LISTED, 0), (SEEN, 1040), (e.AbnormalRemoved(reason=1), 1050)]),
    "off the serious list": (
        "W05", [(e.SeriousListChanged(list_code="L", action="add"), 0),
                (e.SeriousListChanged(list_code="L", action="remove"), 9)]),
    "no judgment debtor any more": (
        "W05", [(e.JudicialRecord(case_no="J", action="add"), 0),
                (e.JudicialRecord(case_no="J", action="delete"), 9)]),
    "the permit renewed": ("W06", [(b.permit(days_left=20), 0), (b.permit(days_left=900), 9)]),
    "the permit cancelled": (
        "W06", [(b.permit(days_left=20), 0),
                (e.PermitEnded(permit_no="P1", kind="cancelled", domain="FOODS"), 9)]),
    "a permit for what was done without": (
        "W07", [(b.permit(days_left=3), 0), (USED, 10), (b.permit(days_left=900), 12)]),
    "a new report of the lift": (
        "W08", [(b.equipment(days_left=20), 0),
                (e.EquipmentInspected(equipment="Q1", passed=True,
                                      next_due=b.on(400).date()), 9)]),
    "the overdue lift stopped": (
        "W09", [(b.equipment(days_left=-2), 0),
                (e.EquipmentRegistered(equipment="Q1", status="stopped"), 2)]),
    "the hazard put right": (
        "W10", [(e.EquipmentOrdered(order="O", serious=True), 0),
                (e.EquipmentOrdered(order="O", status="rectified"), 9)]),
    "calm for a fortnight": ("W15", [*SOME, (SEEN, 22)]),
    "the equity released": (
        "W20", [(frozen(0.6), 0), (e.EquityFrozen(case_no="F1", share=0.6, status="released"), 9)]),
    "the case of the sold shop closed": ("W18", [(CASE, 0), *SHELL, (CASE_CLOSED, 9)]),
    "an objection filed": (
        "W21", [(CASE, 0), (CLOSING, 1),
                (e.Deregistration(kind="simple", stage="announced", objections=1), 5)]),
    "the simple way given up": (
        "W21", [(CASE, 0), (CLOSING, 1),
                (e.Deregistration(kind="simple", stage="terminated"), 5)]),
    "the order met": (
        "W23", [(order(-2), 0), (e.RectifiedOrGraded(domain="CATER", order="R1", passed=True), 5)]),
    "the fine paid": (
        "W24", [(fined(-2), 0),
                (e.PenaltyFollowed(penalty_no="罚1", organ="叶县市监局", kind="performed",
                                   on=b.on(5).date()), 5)]),
    "the barred director gone": (
        "W27", [(e.ExecutiveChanged(person="p", role="director", action="in", barred=True), 0),
                (e.ExecutiveChanged(person="p", role="director", action="out"), 5)]),
}  # fmt: skip


@pytest.mark.parametrize(("rule", "happenings"), rows(CLOSED))
def test_a_warning_closes_when_its_condition_ends(rule, happenings):
    """What §4.4 names as the end of a matter closes its warning, and everybody hears of it."""
    enterprise, effects = played(happenings)

    assert rule in {one.rule for one in b.issued(enterprise.effects)}
    assert rule in {one.rule for one in b.closed(effects)}
    assert rule not in {one.rule for one in enterprise.state.open_warnings}


def test_a_surge_is_not_over_before_a_fortnight_of_calm():
    """W15: a week after the last complaint the warning stands, for it could flare up again."""
    enterprise, _ = played([*SOME, (SEEN, 15)])

    assert ("CONS", "complaints", WARN.rank) in enterprise.open()


@pytest.mark.parametrize(
    ("happenings", "wakes"),
    [
        pytest.param([(FOUNDED, 0)], JUNE, id="not filed: the first of June"),
        pytest.param([(FOUNDED, 0), (FILED, 1)], b.days_until(6, 1, year=2027),
                     id="filed: next year's"),
        pytest.param([(FOUNDED, 0), (FILED, 1), (b.revoked(FILED, "n1"), 2)], JUNE,
                     id="taken back: this year's again"),
        pytest.param([(b.founded(years=0.1), 0)], b.days_until(6, 1, year=2027),
                     id="founded this year: next year's"),
    ],
)  # fmt: skip
def test_only_who_may_owe_a_report_is_woken(happenings, wakes):
    """The burst of July is of those who have not filed, not of the whole county."""
    enterprise, _ = played(happenings)

    assert enterprise.state.wake_at == b.at(wakes)


TIMED = {"W01": "annual_report", "W02": "annual_report", "W04": "lists", "W06": "permits",
         "W08": "equipment", "W09": "equipment", "W23": "inspections", "W24": "cases"}  # fmt: skip


FALLS_DUE = {
    "W01": (FOUNDED, JUNE), "W02": (FOUNDED, JULY), "W04": (LISTED, 3 * 365.25 - 59),
    "W06": (b.permit(days_left=99), 10), "W08": (b.equipment(days_left=60), 31),
    "W09": (b.equipment(days_left=3), 5), "W23": (order(3), 5), "W24": (fined(3), 5),
}  # fmt: skip


@pytest.mark.parametrize("rule", sorted(TIMED))
def test_a_late_feed_is_not_the_enterprise_s_fault(rule):
    """While the feed that an absence rests on is silent, the rule waits; then it speaks."""
    data, day = FALLS_DUE[rule]
    enterprise = b.Enterprise()
    enterprise.has(data)
    enterprise.silent_feeds = (TIMED[rule],)
    while_silent = enterprise.waits_until(b.on(day))
    enterprise.silent_feeds = ()

    effects = enterprise.waits_until(b.on(day + 2))

    assert b.issued(while_silent, rule) == []
    assert b.issued(effects, rule)


def test_every_rule_on_time_names_its_feed():
    """A rule that reads something from silence says whose silence would excuse it."""
    timed = {
        rule.id: rule.feed
        for rule in b.expertise().knowledge.rules
        if any(isinstance(tier.when, NotFiled | Reached) for tier in rule.tiers)
    }

    assert timed == TIMED


def test_the_lists_of_a_station_are_of_the_annual_reports():
    """Only the rules that fire for a whole county at once are told as one list a day."""
    assert {rule.id for rule in b.expertise().knowledge.rules if rule.batched} == {"W01", "W02"}
