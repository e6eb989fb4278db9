"""Does a warning name the law of its own matter, and what is to be done in it?"""

import pytest

from detectors import events as e
from detectors.measure import Measure
from tests import builders as b
from tests.scenarios.test_every_rule import played, rows

FOOD_LAW, LISTS = "食品安全法", "严重违法失信名单管理办法"
SEEN = b.inspection("passed")


def overdue(domain):
    """Return an order in a domain that was to be met by now."""
    order = e.RectificationOrdered(order="R1", domain=domain, due=b.on(3).date())
    return [(order, 0), (SEEN, 5)]


# (rule, what happens, what the basis names, what it does not)
CASES = {
    "an accident at work": (
        "W26", [(e.ExternalRecord(record_no="1", kind="safety_accident"), 0)],
        "安全生产法", FOOD_LAW),
    "an accident of a lift": (
        "W26", [(e.EquipmentIncident(equipment="Q"), 0)], "特种设备安全法第七十条", FOOD_LAW),
    "people fell ill": ("W26", [(e.FoodIncident(people=12), 0)], FOOD_LAW, "特种设备"),
    "an order about a lift": ("W23", overdue("SE"), "特种设备安全法", "第49号"),
    "an order in a kitchen": ("W23", overdue("CATER"), "第49号", "特种设备"),
    "an order about disclosure": ("W23", overdue("PUB"), "行政处罚法第二十八条", "第49号"),
    "a socket": (
        "W14", [(e.ProductSampled(sample_no="S", verdict="failed", product="插座"), 0)],
        "产品质量法", "药品"),
    "a drug": (
        "W14",
        [(e.ProductSampled(sample_no="S", verdict="failed", product="药", domain="DRUG"), 0)],
        "药品管理法", "产品质量法"),
    "a court's list": ("W05", [(e.JudicialRecord(case_no="J", action="add"), 0)], "法释", LISTS),
    "our list": ("W05", [(e.SeriousListChanged(list_code="L", action="add"), 0)], LISTS, "法释"),
}  # fmt: skip


@pytest.mark.parametrize(("rule", "happenings", "named", "strange"), rows(CASES))
def test_a_warning_names_the_law_of_its_own_matter(rule, happenings, named, strange):
    """The basis is that of the fact's kind or domain; a law of another matter is not cited."""
    _, effects = played(happenings)

    *_, warning = b.issued(effects, rule)

    assert named in warning.legal_basis
    assert strange not in warning.legal_basis


def test_a_reason_does_not_repeat_the_basis_of_the_rule():
    """A reason names a law only where its kind has one of its own."""
    _, effects = played([(e.CaseChanged(case_no="C1", status="opened", domain="FOODS"), 0),
                         (e.Deregistration(kind="simple", stage="announced"), 5)])  # fmt: skip

    *_, warning = b.issued(effects, "W21")

    assert warning.legal_basis == "市场主体登记管理条例实施细则第四十九条"
    assert {one.legal_basis for one in warning.reasons} == {""}


def test_a_warning_carries_what_is_to_be_done():
    """That an objection is possible within the notice period is the whole point of W21."""
    _, effects = played([(e.CaseChanged(case_no="C1", status="opened", domain="FOODS"), 0),
                         (e.Deregistration(kind="simple", stage="announced"), 5)])  # fmt: skip

    *_, warning = b.issued(effects, "W21")

    assert "公告期（二十日）内" in warning.advice
    assert "异议" in warning.matter


@pytest.mark.parametrize(
    ("day", "measure", "matter"),
    [
        pytest.param(5, Measure.WARNING, "许可证即将到期", id="it will run out"),
        pytest.param(33, Measure.INTERVIEW, "许可证已到期", id="it has run out"),
    ],
)
def test_a_permit_that_will_run_out_is_not_said_to_have_run_out(day, measure, matter):
    """Matter and advice are those of the measure: nothing is to be put right before the day."""
    _, effects = played([(b.permit(days_left=31), 0), (SEEN, day)])

    *_, warning = b.issued(effects, "W06")

    assert (warning.measure, warning.matter) == (measure, matter)
    assert ("责令" in warning.advice) is (measure is Measure.INTERVIEW)
