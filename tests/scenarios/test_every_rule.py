"""Does every rule that we ship fire on its case, and only there?"""

import pytest
from msgspec.structs import replace

from detectors import deadline
from detectors import events as e
from detectors.measure import Measure
from tests import builders as b

REP = e.LegalRepChanged(new_person="p")
SURGE = [(b.complaint(n), 0.01) for n in range(15)]
SOME = SURGE[:5]
INSPECT, INTERVIEW, WARN, REMIND = (
    Measure.INSPECTION, Measure.INTERVIEW, Measure.WARNING, Measure.REMINDER,
)  # fmt: skip
CROWD = e.NeighbourDensity(relation="agent", count=20, window_days=30, severity=0.6, leads=True)
FOUNDED = e.Established(name="甲", established_on=b.on(-4000).date(), place="410422")


def frozen(share, number="F1"):
    """Return a freeze of equity."""
    return e.EquityFrozen(case_no=number, share=share)


# (rule, measure, what happens on which day); the last happening sets the rule off.
CASES = {
    "listed for a missing report": ("W03", WARN, [(e.AbnormalAdded(reason=1), 0)]),
    "unreachable at its domicile": ("W03", INTERVIEW, [(e.AbnormalAdded(reason=4), 0)]),
    "on a serious list": ("W05", INSPECT, [(e.SeriousListChanged(list_code="L", action="add"), 0)]),
    "a judgment debtor": ("W05", INSPECT, [(e.JudicialRecord(case_no="J", action="add"), 0)]),
    "a permit with 80 days left": ("W06", REMIND, [(b.permit(days_left=80), 0)]),
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
    "the twentieth registration of one agent": ("W22", INTERVIEW, [(CROWD, 0)]),
    "a class worse": ("W25", WARN, [(FOUNDED, 0), (b.penalty("general"), 1)]),
    "two classes worse": ("W25", INTERVIEW, [(FOUNDED, 0), (b.penalty("severe"), 1)]),
    "a food incident": ("W26", INSPECT, [(e.FoodIncident(people=12), 0)]),
    "an accident of a lift": ("W26", INSPECT, [(e.EquipmentIncident(equipment="Q"), 0)]),
    "eighty points more in the same class": (
        "W30", REMIND, [(FOUNDED, 0), (b.penalty("minor"), 1)]),
}  # fmt: skip

# What comes close to a rule and must leave it silent.
SILENT = {
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
    "two batches 180 days apart": (
        "W12", [(b.food_sample(number="S1"), 0), (b.food_sample(number="S2"), 180)]),
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
    "one of the nineteen before it": ("W22", [(replace(CROWD, leads=False), 0)]),
    "many at one address, for years": ("W22", [(replace(CROWD, window_days=0), 0)]),
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
    """Each rule but the two that need nothing more than one grave fact has a silent case."""
    assert {rule for rule, _ in SILENT.values()} == {
        rule.id for rule in b.expertise().knowledge.rules
    } - {"W26"}


@pytest.mark.parametrize(("rule", "measure", "happenings"), rows(CASES))
def test_a_rule_fires_on_its_case(rule, measure, happenings):
    """The last happening, or a deadline before it, sets the rule off: open, told at once."""
    enterprise, effects = played(happenings)

    (warning,) = b.issued(effects, rule)

    assert warning.measure is measure
    assert warning.cause.startswith(
        (f"{b.SOURCE}/n{len(happenings) - 1}", f"{deadline.SOURCE}/{b.USCC}/")
    )
    assert (warning.domain, warning.family, measure.rank) in enterprise.open()


@pytest.mark.parametrize(("rule", "measure", "happenings"), rows(CASES))
def test_a_warning_can_be_explained(rule, measure, happenings):
    """Every warning names Chinese reasons, facts, a legal basis and the version that decided."""
    _, effects = played(happenings)

    (warning,) = b.issued(effects, rule)

    assert warning.reasons
    assert all(one.text and one.fact_id.startswith("f-") for one in warning.reasons)
    assert warning.legal_basis == b.expertise().rulebook.by_id[rule].basis
    assert warning.knowledge_version == b.expertise().knowledge.version
    assert measure.rank >= 1


@pytest.mark.parametrize(("rule", "happenings"), rows(SILENT))
def test_a_rule_stays_silent_on_a_near_miss(rule, happenings):
    """What comes close to a rule without meeting it warns nobody."""
    enterprise, _ = played(happenings)

    assert b.issued(enterprise.effects, rule) == []
