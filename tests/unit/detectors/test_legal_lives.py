"""How long does a penalty weigh, and when may it be repaired, by the rules of its day?"""

import datetime as dt

import pytest
from msgspec.structs import replace

from detectors.expertise import compiled
from detectors.facts import Fact, FactKind
from detectors.legal_lives import months_after
from detectors.stating import moment
from tests import builders as b

LIVES = b.expertise().knowledge.lives
OLD, NEW = moment(dt.date(2025, 6, 1)), moment(dt.date(2026, 6, 1))


def penalty(kind, at, domain="QUAL"):
    """Return a penalty of that moment."""
    return Fact(1, kind, at=at, domain=domain)


@pytest.mark.parametrize(
    ("kind", "at", "months"),
    [
        pytest.param(FactKind.PENALTY_MINOR, OLD, 3, id="minor, before the new rules"),
        pytest.param(FactKind.PENALTY_GENERAL, OLD, 36, id="general, before"),
        pytest.param(FactKind.PENALTY_SEVERE, OLD, 36, id="severe, before"),
        pytest.param(FactKind.PENALTY_MINOR, NEW, 3, id="minor, after"),
        pytest.param(FactKind.PENALTY_GENERAL, NEW, 12, id="general, after"),
        pytest.param(FactKind.PENALTY_SEVERE, NEW, 36, id="severe, after"),
    ],
)
def test_a_penalty_is_published_by_the_rules_of_its_day(kind, at, months):
    """Order 45 published for three years; the rules of 2025-12-25 publish a general one a year."""
    assert LIVES.published_until(penalty(kind, at)) == months_after(at, months)


@pytest.mark.parametrize(
    ("domain", "at", "months"),
    [
        pytest.param("QUAL", OLD, 6, id="six months before"),
        pytest.param("FOODS", OLD, 12, id="food twelve"),
        pytest.param("QUAL", NEW, 3, id="three months after"),
        pytest.param("FOODS", NEW, 3, id="food too"),
    ],
)
def test_a_general_penalty_can_be_repaired_after_the_wait_of_its_day(domain, at, months):
    """The waits of the two regimes, with the longer one of food under the earlier."""
    fact = penalty(FactKind.PENALTY_GENERAL, at, domain)

    assert LIVES.repairable_from(fact) == months_after(at, months)


def test_a_severe_penalty_of_the_old_rules_is_never_repaired():
    """Order 45 art. 14: 停产停业, 吊销 and their like stay published; later rules allow it."""
    assert LIVES.repairable_from(penalty(FactKind.PENALTY_SEVERE, OLD)) is None
    assert LIVES.repairable_from(penalty(FactKind.PENALTY_SEVERE, NEW)) == months_after(NEW, 12)


@pytest.mark.parametrize(
    ("more", "months"),
    [
        pytest.param({"amount": 900.0}, 3, id="a low fine"),
        pytest.param({"amount": 1_000.0}, 12, id="a fine of the limit"),
        pytest.param({"amount": 900.0, "confiscated": 50.0}, 12, id="a low fine, goods taken"),
        pytest.param({"amount": 900.0, "severity": "severe"}, 36, id="a severe one"),
        pytest.param({}, 12, id="no fine"),
    ],
)
def test_a_low_fine_is_published_for_three_months(more, months):
    """总局令第45号 art. 13: 较低数额罚款, by the amount that the province sets."""
    shipped = b.expertise().knowledge
    *before, last = shipped.lives.regimes
    low = replace(shipped.lives, regimes=(*before, replace(last, low_fine_under=1_000.0)))
    known = replace(shipped, terms=replace(shipped.terms, lives=low))
    enterprise = b.Enterprise(compiled(known))

    enterprise.has(b.penalty(**({"severity": "general"} | more)))

    assert enterprise.state.facts[0].due == months_after(b.at(0), months)


def test_a_penalty_weighs_while_it_is_published_and_is_counted_after():
    """Past its publication a penalty adds no points, and is still one of three in a year."""
    enterprise = b.Enterprise()
    enterprise.has(b.penalty("minor"), day=0, name="p0")
    enterprise.has(b.inspection("passed"), day=120)
    weightless = enterprise.state.rule.score
    for number in (1, 2):
        enterprise.has(b.penalty("minor"), day=200 + number, name=f"p{number}")

    assert weightless == 0.0
    assert {one.measure.value for one in b.issued(enterprise.effects, "W13")} == {
        "interview", "inspection",
    }  # fmt: skip


def test_the_source_has_the_first_word_on_publication():
    """A publication that the source ends on a day ends on that day."""
    enterprise = b.Enterprise()
    enterprise.has(b.penalty("severe", publication_end=b.on(30).date()))

    enterprise.has(b.inspection("passed"), day=32)

    assert enterprise.state.rule.score == 0.0
