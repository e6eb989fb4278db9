"""What would bring an enterprise back, and is the advice true?"""

import datetime as dt

import msgspec
import pytest

from detectors import events as e
from detectors.counterfactual import way_back
from detectors.expertise import compiled
from detectors.measure import RiskClass
from tests import builders as b


def test_who_stands_well_needs_no_advice():
    """In the class or better, there is nothing to come back from."""
    enterprise = b.Enterprise()
    enterprise.has(b.penalty("minor"))

    assert way_back(enterprise.state, b.expertise()) is None


def test_following_the_advice_reaches_the_class():
    """With every remedy taken, the score that it promises is the one that the facts then give."""
    enterprise = b.Enterprise()
    enterprise.has(b.penalty("severe"), name="p")
    enterprise.has(e.AbnormalAdded(reason=1), day=1)
    way = way_back(enterprise.state, b.expertise())
    assert way is not None

    enterprise.takes_back("p", b.penalty("severe"), day=1.001)

    assert way.is_reached
    assert way.remedies[0].indicator == "S09"
    assert way.remedies[0].score == pytest.approx(enterprise.state.rule.score, abs=0.1)
    assert way.remedies[-1].risk_class is RiskClass.B


def test_a_direct_rule_comes_first():
    """While a list holds the class at D, leaving the list is the first remedy."""
    enterprise = b.Enterprise()
    enterprise.has(e.SeriousListChanged(list_code="L1", action="add"))

    way = way_back(enterprise.state, b.expertise())

    assert way is not None
    assert [one.indicator for one in way.remedies] == ["S04"]
    assert way.by_time == ""


@pytest.mark.parametrize(
    ("severity", "day_of_year"),
    [
        pytest.param("general", "2026-06-02", id="general, three months"),
        pytest.param("severe", "2027-03-02", id="severe, a year"),
    ],
)
def test_repair_is_possible_from_the_day_of_the_law(severity, day_of_year):
    """Penalties decided under the rules of 2025 wait three months, severe ones a year."""
    enterprise = b.Enterprise()
    for number in range(3):
        enterprise.has(b.penalty(severity, domain="QUAL"), name=f"p{number}")
    enterprise.has(e.AbnormalAdded(reason=1))

    way = way_back(enterprise.state, b.expertise())

    assert way is not None
    assert day_of_year in {one.possible_from for one in way.remedies}


def test_nobody_is_sent_to_ask_for_a_repair_that_the_law_refuses():
    """A licence taken away in 2025 stays published for its three years (总局令第45号 art. 14)."""
    enterprise = b.Enterprise()
    enterprise.has(b.penalty("severe", domain="QUAL", decided_at=dt.date(2025, 11, 3)))

    way = way_back(enterprise.state, b.expertise())

    assert way is not None
    assert [one.possible_from for one in way.remedies] == ["2028-11-03"]
    assert "不得提前停止公示" in way.remedies[0].text


def test_time_alone_is_said_with_its_day():
    """A severe penalty fades: the day on which the class is reached without doing anything."""
    enterprise = b.Enterprise()
    enterprise.has(b.penalty("severe"))

    way = way_back(enterprise.state, b.expertise())

    assert way is not None
    enterprise.has(b.inspection("passed"), day=400)
    assert way.by_time > "2026-03-02"
    assert enterprise.state.rule.score < 500


@pytest.mark.parametrize(
    "happened",
    [
        pytest.param([b.penalty("severe")], id="a penalty that fades"),
        pytest.param([b.penalty("severe"), b.inspection("failed")], id="and a failed inspection"),
        pytest.param([e.AbnormalAdded(reason=1), b.penalty(domain="QUAL")], id="a listing"),
    ],
)
def test_time_brings_the_class_back_on_the_day_that_is_said(happened):
    """Below the edge by the margin, and a day of it: until that day the class stands as it is."""
    enterprise = b.Enterprise()
    for number, data in enumerate(happened):
        enterprise.has(data, name=f"h{number}", day=number / 10)
    enterprise.has(b.penalty("minor", domain="SE"), name="more", day=1)
    way = way_back(enterprise.state, b.expertise())
    assert way is not None
    said = dt.datetime.combine(dt.date.fromisoformat(way.by_time), dt.time(), b.START.tzinfo)

    enterprise.waits_until(said)
    before = enterprise.state.rule.risk_class
    enterprise.waits_until(said + dt.timedelta(days=1))

    assert (before, enterprise.state.rule.risk_class) == (RiskClass.C, RiskClass.B)


@pytest.mark.parametrize(
    ("margin", "remedies"),
    [
        pytest.param(20, ["S01"], id="well below it"),
        pytest.param(100, ["S01", "S08"], id="just under the edge"),
    ],
)
def test_advice_reaches_below_the_margin(margin, remedies):
    """A score just under the edge is not enough: who stands above waits until it is lower."""
    known = b.expertise().knowledge
    scoring = msgspec.structs.replace(known.scoring, better_below_band=margin)
    knowing = compiled(msgspec.structs.replace(known, scoring=scoring))
    enterprise = b.Enterprise(knowing)
    enterprise.has(e.AbnormalAdded(reason=1))
    enterprise.has(b.penalty(domain="QUAL"), day=0.1)
    enterprise.has(b.penalty("minor", domain="SE"), day=1)

    way = way_back(enterprise.state, knowing)

    assert way is not None
    assert [one.indicator for one in way.remedies] == remedies
    assert way.remedies[0].score < scoring.bands.c
