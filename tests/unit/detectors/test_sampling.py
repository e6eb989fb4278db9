"""Is everybody drawn as often as table and law demand, and does a table with a hole stay out?"""

import copy
import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors import events as e
from detectors.facts import Fact, FactKind
from detectors.functions import InvalidKnowledgeError
from detectors.measure import RiskClass
from detectors.sampling import Due, domains_of, ratio_for
from detectors.sampling_plan import FILE, parse_sampling
from tests import builders as b

NOW = b.at(0)  # 2026-03-02


def fact(kind, *, day, domain="FOODS", name=1, **more):
    """Return a fact of a day."""
    return Fact(id=name, kind=kind, at=b.at(day), domain=domain, **more)


def looked(day, *, domain="FOODS", kind=FactKind.INSPECTION_PASSED, name=1):
    """Return an inspection of a day."""
    return fact(kind, day=day, domain=domain, name=name)


def ratio(risk_class, *facts, domain="PUB", plan=None, **more):
    """Return the ratio of an enterprise with these facts."""
    return ratio_for(
        plan or b.sampling_plan(),
        b.subject(*facts, **more),
        risk_class=RiskClass(risk_class),
        domain=domain,
        as_of=NOW,
    )


def changed(change):
    """Return the shipped documents with the sampling plan changed."""
    documents = copy.deepcopy(b.documents())
    change(documents[FILE])
    return documents


def parsed(change, *, regions=("410422",)):
    """Return a changed plan, parsed."""
    return parse_sampling(changed(change), domains=b.expertise().knowledge.domains, regions=regions)


@pytest.mark.parametrize(
    ("risk_class", "domain", "expected"),
    [
        pytest.param("A", "PUB", 0.01, id="A is drawn at one per cent"),
        pytest.param("B", "PUB", 0.02, id="B at two"),
        pytest.param("B", "FOODS", 0.03, id="B at three where food is sold"),
        pytest.param("B", "SE", 0.03, id="B at three where there are lifts"),
        pytest.param("C", "PUB", 0.10, id="C at ten"),
        pytest.param("C", "FOODP", 0.30, id="a C producer of food is a key unit"),
        pytest.param("D", "PUB", 0.30, id="D at thirty"),
        pytest.param("D", "CATER", 1.0, id="D always where people eat"),
        pytest.param("D", "DRUG", 1.0, id="D always where drugs are made"),
        pytest.param("D", "SE", 1.0, id="D always where there are lifts"),
    ],
)
def test_the_table(risk_class, domain, expected):
    """The shipped table is §3's, and says on which document each line rests."""
    found = ratio(risk_class, looked(-200, domain=domain), domain=domain)

    assert found.value == expected
    assert "号" in found.why or "省局" in found.why


def test_an_all_zero_report_is_always_drawn():
    """Whose annual report is all zero is drawn, whatever the class and the domain."""
    found = ratio("A", fact(FactKind.REPORT_ALL_ZERO, day=-10, domain="PUB"), domain="QUAL")

    assert found.value == 1.0
    assert "全零" in found.why


def test_a_food_seller_of_class_a_not_seen_for_two_years_must_be_drawn():
    """Class A exempts nobody from the inspection that the law sets every two years."""
    found = ratio("A", looked(-740), domain="FOODS")

    assert (found.value, found.due) == (1.0, Due.YES)
    assert "第49号第二十二条" in found.why


def test_a_food_seller_seen_last_year_is_drawn_by_its_class():
    """Within the two years the table decides."""
    found = ratio("A", looked(-365), domain="FOODS")

    assert (found.value, found.due) == (0.01, Due.NO)


def test_the_cycle_runs_out_within_the_coming_month():
    """Who falls due before the next plan is in this one; one day earlier nobody is."""
    # 2024-04-02 plus two years is 31 days after 2026-03-02.
    last = looked((dt.date(2024, 4, 2) - b.on(0).date()).days)
    later = looked((dt.date(2024, 4, 3) - b.on(0).date()).days)

    assert ratio("A", last, domain="FOODS").due is Due.YES
    assert ratio("A", later, domain="FOODS").due is Due.NO


def test_the_cycle_of_a_new_permit_begins_with_it():
    """A firm ten years old that sells food since last month has been a food seller for a month."""
    found = ratio("A", fact(FactKind.PERMIT, day=-30), domain="FOODS")

    assert (found.value, found.due) == (0.01, Due.NO)


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"established": 0}, id="nobody knows since when it is in business"),
        pytest.param({"archived": 9}, id="its looks are counted, their days are not known"),
    ],
)
def test_what_nobody_knows_is_said(more):
    """Where the records do not tell, a person is asked to look; nothing is passed over."""
    found = ratio("A", domain="FOODS", **more)

    assert found.due is Due.UNKNOWN
    assert "请核对" in found.why


def test_the_same_items_rest_for_three_months():
    """After an inspection food sellers are left alone, and the day is named on which that ends."""
    found = ratio("D", looked(-40), domain="FOODS")

    assert (found.value, found.rests_until) == (0.0, dt.date(2026, 4, 21))
    assert "第四十二条" in found.why


def test_items_that_were_not_looked_at_do_not_rest():
    """Where the inspection named its items, those alone are left alone, and the ratio stands."""
    labels = fact(FactKind.INSPECTION_PASSED, day=-40, note="标签")

    found = ratio("D", labels, domain="FOODS")

    assert (found.value, found.rests_until) == (1.0, dt.date(2026, 4, 21))
    assert "已检查（标签）" in found.why


def test_a_full_inspection_beside_a_partial_one_rests_all():
    """On the same day, one look at the labels and one at everything: everything rests."""
    labels = fact(FactKind.INSPECTION_PASSED, day=-40, note="标签", name=2)

    assert ratio("D", labels, looked(-40), domain="FOODS").value == 0.0


@pytest.mark.parametrize(
    "suspicion",
    [
        pytest.param(looked(-40, kind=FactKind.INSPECTION_FAILED, name=2), id="a failed look"),
        pytest.param(fact(FactKind.REPORT_VERIFIED, day=-5, name=2), id="a report found true"),
        pytest.param(
            fact(FactKind.FOOD_SAMPLE_FAILED, day=-5, domain="FSAMP", name=2), id="a failed sample"
        ),
    ],
)
def test_suspicion_ends_the_rest(suspicion):
    """Who was inspected a month ago and is suspected since is drawn by class."""
    found = ratio("D", looked(-40), suspicion, domain="FOODS")

    assert (found.value, found.rests_until) == (1.0, None)


def test_the_rest_ends_on_its_day():
    """Three months after the first of December the same items may be looked at again."""
    last = (dt.date(2025, 12, 1) - b.on(0).date()).days  # the plan is of 2026-03-02
    resting = (dt.date(2025, 12, 3) - b.on(0).date()).days

    assert ratio("D", looked(last), domain="FOODS").rests_until is None
    assert ratio("D", looked(resting), domain="FOODS").rests_until == dt.date(2026, 3, 3)


def test_the_last_instant_of_a_month_looks_at_the_day_after():
    """Who may be inspected again from the first of July on is in the plan of June's end."""
    as_of = int(dt.datetime(2026, 6, 30, 15, 59, 59, tzinfo=dt.UTC).timestamp())
    look = looked((dt.date(2026, 4, 1) - b.on(0).date()).days)

    found = ratio_for(
        b.sampling_plan(), b.subject(look), risk_class=RiskClass.D, domain="FOODS", as_of=as_of
    )

    assert (found.value, found.rests_until) == (1.0, None)


JANUARY = (dt.date(2026, 1, 15) - b.on(0).date()).days
AFTER_PERMIT = fact(FactKind.INSPECTION_PASSED, day=JANUARY, domain="SE", note="证后监督检查")


@pytest.mark.parametrize("risk_class", ["A", "C", "D"])
def test_a_look_after_a_permit_stands_in_the_place_of_the_year_s(risk_class):
    """57号令 art. 17: 证后监督检查 this year, so no 常规监督检查 this year, whatever the class."""
    found = ratio(risk_class, AFTER_PERMIT, domain="SE")

    assert (found.value, found.rests_until) == (0.0, dt.date(2027, 1, 1))
    assert "2026-01-15已作证后监督检查" in found.why
    assert "第57号第十七条" in found.why


@pytest.mark.parametrize(
    "look",
    [
        pytest.param(looked(JANUARY, domain="SE"), id="a routine look"),
        pytest.param(
            fact(FactKind.INSPECTION_PASSED, day=JANUARY - 20, domain="SE", note="证后监督检查"),
            id="in December",
        ),
        pytest.param(
            fact(FactKind.INSPECTION_PASSED, day=JANUARY, domain="QUAL", note="证后监督检查"),
            id="of another department",
        ),
    ],
)
def test_no_other_look_stands_in_the_place_of_the_year_s(look):
    """Only a look after a permit, on equipment, and of the plan's own year."""
    assert ratio("D", look, domain="SE").value == 1.0


@pytest.mark.parametrize(
    "suspicion",
    [
        pytest.param(fact(FactKind.EQUIPMENT_HAZARD, day=-5, domain="SE", name=2), id="a hazard"),
        pytest.param(fact(FactKind.REPORT_VERIFIED, day=-5, domain="SE", name=2), id="a report"),
        pytest.param(
            fact(FactKind.INSPECTION_FAILED, day=JANUARY, domain="SE", name=2, note="证后检查"),
            id="it found something itself",
        ),
    ],
)
def test_suspicion_brings_the_year_s_look_back(suspicion):
    """57号令 art. 18: who is suspected since may be inspected all the same."""
    assert ratio("D", AFTER_PERMIT, suspicion, domain="SE").value == 1.0


def test_december_s_plan_is_of_the_new_year():
    """The plan of the year's end is used in January, when the routine look is due again."""
    as_of = int(dt.datetime(2026, 12, 31, 15, 59, 59, tzinfo=dt.UTC).timestamp())

    found = ratio_for(
        b.sampling_plan(), b.subject(AFTER_PERMIT), risk_class=RiskClass.D, domain="SE", as_of=as_of
    )

    assert (found.value, found.rests_until) == (1.0, None)


@pytest.mark.parametrize(
    ("said", "value"),
    [
        pytest.param({"form": "证后监督检查"}, 0.0, id="by the form of the look"),
        pytest.param({"item": "证后检查"}, 0.0, id="by its item"),
        pytest.param({"form": "routine", "item": "电梯"}, 1.0, id="a routine look"),
    ],
)
def test_the_record_of_a_look_says_that_it_came_after_a_permit(said, value):
    """E29 says so with its item, or where it names none with its form."""
    enterprise = b.Enterprise()
    enterprise.has(e.InspectionResult(domain="SE", result="passed", **said), day=-30)

    assert ratio("D", *enterprise.state.facts, domain="SE").value == value


def test_a_floor_that_changes_nothing_is_not_told():
    """The reason names what decided, and nothing else."""
    assert ratio("A").why == "A级抽查比例1%（豫市监办〔2022〕100号；省局2021年抽查比例）"


def test_an_old_suspicion_does_not_end_the_rest():
    """What the inspection has looked at already is no reason to come again."""
    old = fact(FactKind.REPORT_VERIFIED, day=-80, name=2)

    assert ratio("D", looked(-40), old, domain="FOODS").value == 0.0


@pytest.mark.parametrize(
    ("risk_class", "kind", "expected"),
    [
        pytest.param("A", FactKind.PUBLIC_EQUIPMENT, 0.05, id="lifts where people gather"),
        pytest.param("C", FactKind.PUBLIC_EQUIPMENT, 0.30, id="three times the table's ratio"),
        pytest.param("A", FactKind.EQUIPMENT_INCIDENT, 0.30, id="an accident within two years"),
        pytest.param("A", FactKind.REPORT_VERIFIED, 0.30, id="a report found true"),
    ],
)
def test_key_units_of_equipment_are_drawn_more(risk_class, kind, expected):
    """The units that decree 57 names are drawn more often than their class says."""
    found = ratio(risk_class, fact(kind, day=-100, domain="SE"), domain="SE")

    assert found.value == pytest.approx(expected)
    assert "第57号" in found.why


def test_a_lift_is_no_reason_to_look_at_the_books():
    """A floor holds in its own domains alone."""
    lift = fact(FactKind.PUBLIC_EQUIPMENT, day=-100, domain="SE")

    assert ratio("A", lift, domain="PUB").value == 0.01


def test_an_accident_three_years_ago_is_over():
    """The raised ratio ends with its window."""
    old = fact(FactKind.EQUIPMENT_INCIDENT, day=-1000, domain="SE")

    assert ratio("A", old, domain="SE").value == 0.01


def test_a_central_kitchen_is_a_key_unit():
    """A permit names what kind of kitchen it is for."""
    kitchen = fact(FactKind.PERMIT, day=-100, domain="CATER", note="食品经营许可证（中央厨房）")

    assert ratio("A", kitchen, domain="CATER").value == 0.30


def test_a_category_makes_a_key_unit_too():
    """What the last look called the enterprise counts like the words of its permit."""
    assert (
        ratio("A", looked(-200, domain="CATER"), domain="CATER", category="集体用餐配送").value
        == 0.3
    )


def test_a_repaired_result_was_a_visit_all_the_same():
    """A repaired result is not held against anybody; that somebody came is not undone."""
    enterprise = b.Enterprise()
    enterprise.has(b.inspection("failed", domain="FOODS"), day=-300, name="look")
    enterprise.has(b.repaired("look", from_day=-30), day=-30)

    found = ratio("A", *enterprise.state.facts, domain="FOODS")

    assert (found.due, found.last_inspected) == (Due.NO, b.at(-300))


def test_a_revoked_inspection_never_was():
    """An inspection that its source took back does not put off the next one."""
    enterprise = b.Enterprise()
    enterprise.has(b.inspection("passed", domain="FOODS"), day=-300, name="look")
    enterprise.takes_back("look", b.inspection("passed", domain="FOODS"), day=-30)

    found = ratio("A", *enterprise.state.facts, domain="FOODS")

    assert (found.due, found.last_inspected) == (Due.YES, 0)


def test_the_most_specific_line_wins():
    """Domain before region, region before year: a county's line leaves food as it is."""

    def own_lines(document):
        """Let a county draw everybody of class D, and in 2026 more of class C."""
        document["ratios"] += [
            {"class": "D", "region": "410422", "ratio": 0.5, "basis": "县"},
            {"class": "C", "region": "4104", "ratio": 0.2, "basis": "市"},
            {"class": "C", "region": "410422", "year": 2026, "ratio": 0.25, "basis": "县"},
        ]

    plan = parsed(own_lines)

    assert ratio("D", plan=plan).value == 0.5
    assert ratio("D", looked(-200), domain="FOODS", plan=plan).value == 1.0
    assert ratio("D", plan=plan, place="410423").value == 0.3
    assert ratio("C", plan=plan, place="410423").value == 0.2
    assert ratio("C", plan=plan).value == 0.25


def test_the_year_is_that_of_use():
    """The snapshot of December is drawn from in January."""

    def next_year(document):
        """Draw more of class A from 2027 on."""
        document["ratios"].append({"class": "A", "year": 2027, "ratio": 0.02, "basis": "省局"})

    plan = parsed(next_year)
    as_of = int(dt.datetime(2026, 12, 31, 15, 59, 59, tzinfo=dt.UTC).timestamp())

    found = ratio_for(plan, b.subject(), risk_class=RiskClass.A, domain="PUB", as_of=as_of)
    assert found.value == 0.02


def test_an_enterprise_is_drawn_wherever_it_is_supervised():
    """Trade, permits and looks each make a domain; everybody belongs to the general one."""
    subject = b.subject(
        fact(FactKind.PERMIT, day=-100, domain="CATER", name=1),
        fact(FactKind.PUBLIC_EQUIPMENT, day=-100, domain="SE", name=2),
        fact(FactKind.PENALTY_GENERAL, day=-100, domain="AD", name=3),
    )

    found = domains_of(b.sampling_plan(), subject, as_of=NOW)
    assert found == ("SE", "CATER", "FOODS", "PUB")


@given(
    risk_class=st.sampled_from(list(RiskClass)),
    domain=st.sampled_from(b.sampling_plan().domains),
    place=st.sampled_from(["", "41", "410422", "410422001", "999999"]),
    since=st.integers(92, 700),
)
def test_nobody_is_drawn_less_than_the_law_says(risk_class, domain, place, since):
    """Every cell resolves, never under one per cent, and a worse class never less."""
    found = ratio(risk_class.value, looked(-since, domain=domain), domain=domain, place=place)
    better = ratio("A", looked(-since, domain=domain), domain=domain, place=place)

    assert 0.01 <= better.value <= found.value <= 1.0


def without(risk_class):
    """Return a change that takes away a class's general line."""

    def change(document):
        """Take the line away."""
        document["ratios"] = [
            one for one in document["ratios"] if one["class"] != risk_class or "domains" in one
        ]

    return change


def line(**values):
    """Return a change that adds a line."""
    return lambda document: document["ratios"].append({"basis": "县"} | values)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        pytest.param(without("C"), "ratios: no line for class C, domain SE", id="a hole"),
        pytest.param(
            line(**{"class": "A", "ratio": 0.005, "region": "410422"}),
            "ratios[7]: 0.005 lies under the floor 0.01", id="under the floor",
        ),
        pytest.param(
            line(**{"class": "D", "ratio": 0.05, "region": "410422"}),
            "class D is drawn less (0.05) than the class before it (0.1)", id="worse and less",
        ),
        pytest.param(
            line(**{"class": "B", "ratio": 0.05, "domains": ["SE", "QUAL"]}),
            "ratios[7]: speaks of the same cells as ratios[4]", id="two lines for one cell",
        ),
        pytest.param(
            line(**{"class": "A", "ratio": 0.05}),
            "speaks of the same cells as ratios[0]", id="two general lines",
        ),
        pytest.param(
            line(**{"class": "A", "ratio": 0.05, "domains": ["FOOD"]}),
            "ratios[7].domains: 'FOOD' is not among domains", id="an unknown domain",
        ),
        pytest.param(
            line(**{"class": "A", "ratio": 0.05, "region": "4104x"}), "ratios[7].region",
            id="no region",
        ),
        pytest.param(lambda d: d.update(general="PUBL"), "general: 'PUBL'", id="no such general"),
        pytest.param(lambda d: d["domains"].append("FISH"), "domains: 'FISH'", id="no such domain"),
        pytest.param(
            lambda d: d["floors"][1].update(facts=["zero"]), "floors[1].facts: 'zero'",
            id="no such fact",
        ),
        pytest.param(
            lambda d: d["replaced"][0].update(domains=["LIFT"]),
            "replaced[0].domains: 'LIFT' is not among domains", id="no domain to look at once",
        ),
        pytest.param(
            lambda d: d["replaced"][0].update(unless=["doubt"]), "replaced[0].unless: 'doubt'",
            id="no such suspicion",
        ),
        pytest.param(lambda d: d["looks"].clear(), "looks", id="nothing is an inspection"),
    ],
)  # fmt: skip
def test_a_plan_with_a_hole_does_not_load(change, told):
    """Every hole names file and key."""
    with pytest.raises(InvalidKnowledgeError) as refused:
        parsed(change)

    assert "sampling.yaml" in str(refused.value)
    assert told in str(refused.value)


def test_a_missing_plan_is_told():
    """Without the file nothing starts."""
    documents = {name: one for name, one in b.documents().items() if name != FILE}

    with pytest.raises(InvalidKnowledgeError, match=r"sampling\.yaml is missing"):
        parse_sampling(documents, domains=b.expertise().knowledge.domains)
