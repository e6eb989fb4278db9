"""Does every indicator that we ship speak on its case, with the points it promises?"""

import datetime as dt

import pytest

from detectors import events as e
from detectors.card import contributions
from detectors.collecting import others_of
from detectors.facts import FactKind, kinds_named
from tests import builders as b
from tests import regenerate

REP = e.LegalRepChanged(new_person="p")
MOVE = e.AddressChanged(new_region="410423")
HOLDER = e.ShareholderChanged(holder="h")
YESTERDAY = b.on(-1).date()
FOUNDED = b.founded(years=0.3, industry="C1411")
JULY = b.days_until(7, 1)


def told(relation, *, severity=1.0, strength=0.5):
    """Return the signal of a neighbour in trouble."""
    return e.NeighbourTrouble(
        neighbour="91350200776049653A", relation=relation, severity=severity, strength=strength
    )


# indicator: (points on the card, what happens: at once, or on a day)
CASES = {
    "B01": (30.0, [FOUNDED]),
    "B02": (32.0, [FOUNDED]),
    "B03": (0.0, [b.founded(industry="R8930"), e.AbnormalAdded(reason=4)]),
    "B04": (40.0, [b.founded(industry="L7262", capital=10.0)]),
    "B05": (60.0, [(b.founded(years=5, subscribe_due=dt.date(2050, 1, 1)), 0),
                   (b.inspection("passed"), b.days_until(7, 1, year=2027))]),
    "B06": (36.0, [e.NeighbourDensity(relation="address", count=30, severity=0.6)]),
    "B07": (40.0, [e.PermitGranted(permit_no="P", permit_type="气瓶充装许可证", domain="SE",
                                   valid_to=b.on(900).date())]),
    "B08": (250.0, [(b.founded(permit_domains=("CATER",)), 0), (b.inspection("passed"), 61)]),
    "B09": (30.0, [e.EquipmentInspected(equipment="Q", passed=True, public_place=True)]),
    "D01": (150.0, [(b.founded(), 0), (b.inspection("passed"), JULY)]),
    "D03": (120.0, [e.AnnualReportFiled(year=2025, all_zero=True)]),
    "D04": (250.0, [e.DisclosureCorrected(field="出资额", found_false=True)]),
    "D05": (80.0, [e.DisclosureOrdered(item="股权变更", due=YESTERDAY)]),
    "D06": (160.0, [REP, REP, REP]),
    "D07": (100.0, [HOLDER, HOLDER, HOLDER]),
    "D08": (50.0, [MOVE, MOVE]),
    "D09": (84.0, [e.CapitalChanged(before=1000000.0, after=400000.0)]),
    "D10": (260.0, b.shell_change()),
    "D12": (120.0, [e.EquityFrozen(case_no="F", share=0.6)]),
    "D13": (48.0, [e.EquityPledged(pledge_no="1", share=0.3),
                   e.EquityPledged(pledge_no="2", share=0.3)]),
    "D15": (250.0, [b.permit(days_left=-1)]),
    "D16": (450.0, [b.permit(days_left=-9), e.UtilityUsage(meter="M", period="2026-02", usage=9)]),
    "D17": (300.0, [e.CaseChanged(case_no="C", status="opened", domain="CASE"),
                    e.Deregistration(kind="general", stage="announced")]),
    "D19": (10.0, [e.SuspensionFiled(from_on=YESTERDAY, to_on=b.on(300).date())]),
    "D20": (250.0, [e.SpecialMark(kind="另册管理")]),
    "S01": (320.0, [e.AbnormalAdded(reason=3)]),
    "S02": (380.0, [e.AbnormalAdded(reason=4)]),
    "S03": (50.0, [(e.AbnormalAdded(reason=1), 0), (b.inspection("passed"), 365)]),
    "S04": (0.0, [e.SeriousListChanged(list_code="L", action="add")]),
    "S05": (0.0, [e.SeriousListChanged(list_code="L", action="add", kept_by="other")]),
    "S06": (0.0, [e.LicenceRevoked(kind="revoked")]),
    "S07": (80.0, [b.penalty("minor")]),
    "S08": (250.0, [b.penalty("general", domain="QUAL")]),
    "S09": (550.0, [b.penalty("severe")]),
    "S10": (175.0, [b.penalty("minor"), b.penalty("general")]),
    "S11": (350.0, [b.penalty("minor", offence="1", offence_kind="短斤少两"),
                    b.penalty("minor", offence="2", offence_kind="短斤少两")]),
    "S12": (220.0, [b.penalty("minor", performed_due=YESTERDAY)]),
    "S13": (100.0, [e.CaseChanged(case_no="C", status="opened", domain="CASE")]),
    "S14": (180.0, [b.inspection("failed")]),
    "S15": (400.0, [b.inspection("refused")]),
    "S16": (250.0, [e.RectificationOrdered(order="R", domain="QUAL", due=YESTERDAY)]),
    "S17": (192.0, [b.food_sample("physical")]),
    "S18": (400.0, [b.food_sample(number="S1"), b.food_sample(number="S2")]),
    "S19": (150.0, [e.RectifiedOrGraded(domain="CATER", grade="D")]),
    "S20": (250.0, [e.WarningHandled(warning_id="W", state="handling", measure="interview",
                                     domain="FOODS", due=YESTERDAY)]),
    "S21": (700.0, [e.FoodIncident(people=9)]),
    "S22": (250.0, [e.ProductSampled(sample_no="S", verdict="failed", product="插座")]),
    "S23": (500.0, [e.ProductSampled(sample_no="S", verdict="failed", product="插座",
                                     recheck=True)]),
    "S24": (50.0, [e.RecallChanged(recall_no="R", product="插座", kind="voluntary")]),
    "S25": (200.0, [b.equipment(days_left=-3)]),
    "S26": (650.0, [e.EquipmentInspected(equipment="Q", passed=False)]),
    "S27": (700.0, [e.EquipmentIncident(equipment="Q", casualties=1)]),
    "S29": (130.0, [e.MeterVerified(instrument="M", passed=False)]),
    "S30": (220.0, [e.CertificateChanged(certificate="C", kind="CCC", status="revoked")]),
    "S31": (600.0, [e.InspectionResult(domain="TEST", result="failed", finding="false_report")]),
    "S33": (450.0, [e.InspectionResult(domain="DRUG", result="failed", finding="serious_defect")]),
    "S34": (180.0, [e.MonitoringHit(channel="PRICE", evidence="1")]),
    "S35": (130.0, [e.MonitoringHit(channel="AD", evidence="1")]),
    "S36": (130.0, [e.MonitoringHit(channel="NET", evidence="1")]),
    "S37": (300.0, [b.penalty("general", domain="COMP")]),
    "S39": (250.0, [e.CaseChanged(case_no="C", status="opened", domain="IPR")]),
    "S40": (300.0, [e.CoerciveMeasure(measure_no="M", kind="seizure")]),
    "S41": (600.0, [e.FalseRegistration(items="设立登记")]),
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
    "C01": (250.0, [b.complaint(n) for n in range(20)]),
    "C03": (180.0, [e.ReportVerified(ticket="R", verdict="true")]),
    "C05": (500.0, [b.complaint(n) for n in range(10)]),
    "C07": (0.0, [e.JudicialRecord(case_no="J", action="add")]),
    "C09": (250.0, [e.ExternalRecord(record_no="1", kind="tax_arrears")]),
    "C12": (125.0, [e.ExternalRecord(record_no="1", kind="penalty", severity=0.5)]),
    "C14": (-40.0, [e.HonourGranted(kind="质量奖")]),
    "C15": (-40.0, [e.CommitmentMade(commitment="1", result="kept")]),
    "food/S08": (250.0, [b.penalty("general", domain="FOODP")]),
    "food/S14": (180.0, [b.inspection("failed", domain="FOODS")]),
    "catering/S08": (250.0, [b.penalty("general", domain="CATER")]),
    "catering/S14": (180.0, [b.inspection("failed", domain="CATER")]),
    "drug/S08": (300.0, [b.penalty("general", domain="DRUG")]),
    "drug/D15": (25.0, [b.permit(days_left=170, domain="DRUG")]),
    "special_equipment/S08": (250.0, [b.penalty("general", domain="SE")]),
    "special_equipment/S16": (300.0, [e.EquipmentOrdered(order="O", due=YESTERDAY)]),
    "intellectual_property/S08": (200.0, [b.penalty("general", domain="IPR")]),
    "industrial_products/D15": (25.0, [b.permit(days_left=170, domain="QUAL")]),
}  # fmt: skip
# The share of what is overdue: S25 with so many lifts overdue, of so many.
SHARES = [
    pytest.param(1, 1, 200.0, id="the only one"),
    pytest.param(1, 4, 125.0, id="one of four"),
    pytest.param(4, 4, 200.0, id="all four"),
]
# Direct rules: no points, and the class that they make.
HARD = {"B03": "C", "S04": "D", "S05": "D", "S06": "D", "C07": "D"}
RESERVED = frozenset({
    "B10", "D02", "D11", "D14", "D18", "S28", "S32", "S38", "R04", "R09",
    "C02", "C04", "C06", "C08", "C10", "C11", "C13",
})  # fmt: skip


def key(one):
    """Return how the table names an indicator: a professional one by its catalogue."""
    return f"{one.overlay}/{one.id}" if one.overlay else one.id


# The industry stands in the profile; the golden removal is of another reason; a repair names its
# event.
BY_OTHER_WAYS = {"E01", "E02", "E23", "E59"}
SHIPPED = {key(one): one for one in b.expertise().knowledge.indicators}


def kinds_looked_at(one):
    """Return the kinds of fact that an indicator rests on or looks at."""
    return kinds_named(one.facts) | others_of(one)


def played(happenings):
    """Return an enterprise after what happened, each at its moment."""
    enterprise = b.Enterprise()
    for n, happening in enumerate(happenings):
        data, day = happening if isinstance(happening, tuple) else (happening, 0)
        enterprise.has(data, day=day, name=f"n{n}")
    return enterprise


def test_every_indicator_has_a_case():
    """An indicator of the shipped catalogue without a case here, or the reverse, fails."""
    assert set(CASES) == set(SHIPPED)


@pytest.mark.parametrize("indicator", sorted(CASES))
def test_an_indicator_speaks_on_its_case(indicator):
    """On its case an indicator stands on the card with its points, Chinese words and facts."""
    points, happenings = CASES[indicator]
    enterprise = played(happenings)

    (line,) = [
        one
        for one in contributions(enterprise.state, enterprise.knowing)
        if one.name == SHIPPED[indicator].name
    ]

    assert line.points == points
    assert line.text
    assert line.fact_ids


@pytest.mark.parametrize(("overdue", "lifts", "points"), SHARES)
def test_overdue_equipment_weighs_by_its_share(overdue, lifts, points):
    """S25 is days over by the share of the machines, but one of many weighs half all the same."""
    machines = [
        b.equipment(days_left=-3 if n < overdue else 300, number=f"Q{n}") for n in range(lifts)
    ]
    enterprise = played([*machines, e.EquipmentRegistered(equipment="not known")])

    (line,) = [
        one for one in contributions(enterprise.state, enterprise.knowing) if one.indicator == "S25"
    ]

    assert line.points == points


@pytest.mark.parametrize(("indicator", "risk_class"), sorted(HARD.items()))
def test_a_direct_rule_speaks_by_class(indicator, risk_class):
    """A direct rule has no points and makes its class, D or (by industry) C."""
    _, happenings = CASES[indicator]

    assert played(happenings).state.rule.risk_class == risk_class


@pytest.mark.parametrize("indicator", sorted(set(CASES) - set(HARD)))
def test_an_indicator_is_silent_on_a_stranger(indicator):
    """Of an enterprise with one passed inspection no indicator says anything."""
    enterprise = played([b.inspection("passed")])
    place = b.expertise().catalogue.indicators.index(SHIPPED[indicator])

    assert place not in b.assessed(enterprise.state.facts).severities


def test_the_first_release_is_the_list_of_the_domain_reference():
    """Ninety-five ids of §8, less the eighteen that are reserved, are the generic catalogue."""
    counts = {"B": 10, "D": 20, "S": 41, "R": 9, "C": 15}
    ids = {f"{letter}{n:02}" for letter, count in counts.items() for n in range(1, count + 1)}

    assert {one for one in SHIPPED if "/" not in one} == ids - RESERVED


def test_the_events_of_an_indicator_are_those_that_feed_it():
    """Each kind that an indicator rests on is stated by an event it names, and none is idle."""
    stated = regenerate.stated_by_code()
    unfed, idle = {}, {}
    for name, one in SHIPPED.items():
        looked_at = {kind.name.lower() for kind in map(FactKind, kinds_looked_at(one))}
        fed = set().union(*[stated.get(code, set()) for code in one.events])
        unfed[name] = set(one.facts) - fed
        idle[name] = {
            code for code in one.events if not stated.get(code, set()) & looked_at
        } - BY_OTHER_WAYS

    assert {name for name, kinds in unfed.items() if kinds} == set()
    assert {name: codes for name, codes in idle.items() if codes} == {}
