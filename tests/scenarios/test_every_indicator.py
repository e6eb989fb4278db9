"""Does every indicator that we ship speak on its case, with the points it promises?"""

import pytest

from detectors import events as e
from detectors.card import contributions
from detectors.measure import RiskClass
from tests import builders as b

FOUNDED = e.Established(name="甲", established_on=b.on(-100).date(), industry="C1411")
REP = e.LegalRepChanged(new_person="p")
MOVE = e.AddressChanged(new_region="410423")


def told(relation, *, severity=1.0, strength=0.5):
    """Return the signal of a neighbour in trouble."""
    return e.NeighbourTrouble(
        neighbour="91350200776049653A", relation=relation, severity=severity, strength=strength
    )


# indicator: (points on the card, what happens)
CASES = {
    "B01": (30.0, [FOUNDED]),
    "B02": (32.0, [FOUNDED]),
    "B06": (36.0, [e.NeighbourDensity(relation="address", count=30, severity=0.6)]),
    "B09": (30.0, [e.EquipmentInspected(equipment="Q", passed=True, public_place=True)]),
    "C01": (250.0, [b.complaint(n) for n in range(20)]),
    "C03": (180.0, [e.ReportVerified(ticket="R", verdict="true")]),
    "C07": (0.0, [e.JudicialRecord(case_no="J", action="add")]),
    "C14": (-40.0, [e.HonourGranted(kind="质量奖")]),
    "D03": (120.0, [e.AnnualReportFiled(year=2025, all_zero=True)]),
    "D06": (160.0, [REP, REP, REP]),
    "D08": (50.0, [MOVE, MOVE]),
    "D10": (260.0, b.shell_change()),
    "D12": (120.0, [e.EquityFrozen(case_no="F", share=0.6)]),
    "D15": (250.0, [b.permit(days_left=-1)]),
    "R01": (90.0, [told("legal_rep"), told("legal_rep", severity=0.5)]),
    "R02": (45.0, [told("holder", strength=0.3), told("head_office", strength=0.1)]),
    "R03": (50.0, [told("branch")]),
    "R05": (36.0, [told("address", strength=0.3)]),
    "R06": (
        150.0,
        [e.NeighbourDensity(relation="agent", count=20, window_days=30, severity=0.6, leads=True)],
    ),
    "R08": (60.0, [told("supplier")]),
    "R07": (400.0, [e.LegalRepChanged(new_person="p", barred=True)]),
    "S01": (320.0, [e.AbnormalAdded(reason=3)]),
    "S02": (380.0, [e.AbnormalAdded(reason=4)]),
    "S04": (0.0, [e.SeriousListChanged(list_code="L", action="add")]),
    "S07": (80.0, [b.penalty("minor")]),
    "S08": (250.0, [b.penalty("general")]),
    "S09": (550.0, [b.penalty("severe")]),
    "S10": (175.0, [b.penalty("minor"), b.penalty("general")]),
    "S13": (100.0, [e.CaseChanged(case_no="C", status="opened", domain="CASE")]),
    "S14": (180.0, [b.inspection("failed")]),
    "S15": (400.0, [b.inspection("refused")]),
    "S17": (192.0, [b.food_sample("physical")]),
    "S18": (400.0, [b.food_sample(number="S1"), b.food_sample(number="S2")]),
    "S21": (700.0, [e.FoodIncident(people=9)]),
    "S26": (650.0, [e.EquipmentInspected(equipment="Q", passed=False)]),
    "S27": (700.0, [e.EquipmentIncident(equipment="Q", casualties=1)]),
}
HARD = {"S04", "C07"}


def played(happenings):
    """Return an enterprise after what happened, all at one moment."""
    enterprise = b.Enterprise()
    for n, data in enumerate(happenings):
        enterprise.has(data, name=f"n{n}")
    return enterprise


def test_every_indicator_has_a_case():
    """An indicator of the shipped catalogue without a case here, or the reverse, fails."""
    assert set(CASES) == {one.id for one in b.expertise().knowledge.indicators}


@pytest.mark.parametrize("indicator", sorted(CASES))
def test_an_indicator_speaks_on_its_case(indicator):
    """On its case an indicator stands on the card with its points, Chinese words and facts."""
    points, happenings = CASES[indicator]
    enterprise = played(happenings)

    (line,) = [
        one
        for one in contributions(enterprise.state, enterprise.knowing)
        if one.indicator == indicator
    ]

    assert line.points == points
    assert line.text
    assert line.fact_ids


@pytest.mark.parametrize("indicator", sorted(HARD))
def test_a_direct_rule_speaks_by_class(indicator):
    """A direct rule has no points and makes class D."""
    _, happenings = CASES[indicator]

    assert played(happenings).state.rule.risk_class is RiskClass.D


@pytest.mark.parametrize("indicator", sorted(set(CASES) - HARD))
def test_an_indicator_is_silent_on_a_stranger(indicator):
    """Of an enterprise with one passed inspection no indicator says anything."""
    enterprise = played([b.inspection("passed")])
    place = b.expertise().catalogue.places[indicator]

    assert place not in b.assessed(enterprise.state.facts).severities
