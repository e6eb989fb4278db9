"""Can everybody who reads a card check it, and quote it?"""

import datetime as dt
import re

import pytest
from hypothesis import given, settings

from detectors import events as e
from detectors.card import LEARNED, contributions, risk_card
from detectors.facts import CONTESTED, PROVISIONAL, Fact, FactKind
from detectors.learned import Scorer
from detectors.measure import RiskClass
from detectors.score import combined
from detectors.wording import LABELS, fact_in_words
from tests import builders as b
from tests import strategies

CHINESE = re.compile(r"[一-鿿]")


def attentive(probability_logit=0.0):
    """Return the shipped knowledge with a model that says the same of every retailer."""
    scorer = Scorer("QUAL-7", probability_logit, (0.0,) * 13, {})
    return b.expertise().with_scorers({"QUAL": scorer})


def card_after(*happenings, knowing=None):
    """Return the card of an enterprise after some events."""
    enterprise = b.after(happenings, knowing)
    return risk_card(b.USCC, enterprise.state, enterprise.knowing)


def line(card, indicator):
    """Return the line of one indicator."""
    return next(one for one in card.contributions if one.indicator == indicator)


@settings(max_examples=40)
@given(life=strategies.lives(most=8))
def test_a_line_taken_out_leaves_the_score_it_says(life):
    """For every line, the facts without that indicator give the score in ``without``."""
    enterprise = b.after(life)
    catalogue = b.expertise().catalogue
    severities = catalogue.assess(
        enterprise.state.profile, enterprise.state.facts, enterprise.state.as_of
    ).severities

    for one in contributions(enterprise.state, b.expertise()):
        place = next((p for p in severities if catalogue.indicators[p].name == one.name), -1)
        rest = {other: s for other, s in severities.items() if other != place}

        assert one.without == catalogue.score_of(rest)


@settings(max_examples=40)
@given(life=strategies.lives(most=8))
def test_the_counted_lines_alone_make_the_score(life):
    """Two of one group never count together, and no line that counts is left out."""
    enterprise = b.after(life)
    catalogue = b.expertise().catalogue
    severities = catalogue.assess(
        enterprise.state.profile, enterprise.state.facts, enterprise.state.as_of
    ).severities

    points = {place: catalogue.points_of(place, severities[place]) for place in severities}
    counted = catalogue.counted(severities)

    good = min(80.0, -sum(one for one in points.values() if one < 0))
    assert catalogue.score_of(severities) == pytest.approx(
        combined([points[place] for place in counted if points[place] > 0], good)
    )
    assert catalogue.score_of({p: severities[p] for p in counted}) == catalogue.score_of(severities)


def test_without_is_the_product_of_the_other_lines():
    """Of a penalty, a listing and a case, each line leaves the product of the other two."""
    card = card_after(
        b.event(b.penalty("general")),
        b.event(e.AbnormalAdded(reason=1)),
        b.event(e.CaseChanged(case_no="C", status="opened", domain="CASE")),
    )

    assert card.score == combined([250, 320, 100])
    assert {one.indicator: one.without for one in card.contributions} == {
        "S01": combined([250, 100]),
        "S08": combined([320, 100]),
        "S13": combined([250, 320]),
    }
    assert [one.indicator for one in card.contributions] == ["S01", "S08", "S13"]


def test_a_line_names_fact_document_and_basis():
    """A reason says in Chinese what happened and when, and names fact, document and basis."""
    enterprise = b.Enterprise()
    enterprise.has(
        b.penalty("general", domain="QUAL", doc_no="叶市监处罚〔2026〕17号", grounds="无证生产")
    )
    (fact,) = enterprise.state.facts

    one = line(risk_card(b.USCC, enterprise.state, b.expertise()), "S08")

    assert one.text == "一般行政处罚：2026-03-02一般行政处罚（无证生产）"
    assert one.fact_ids == (fact.name,)
    assert one.doc_nos == ("叶市监处罚〔2026〕17号",)
    assert one.basis == "行政处罚法第九条"
    assert one.dimension == "监管"


def test_several_facts_of_a_line_are_counted():
    """A line over many facts quotes the newest and says how many there are."""
    card = card_after(*(b.event(b.inspection("failed"), day=n) for n in range(7)))

    one = line(card, "S14")

    assert one.text.startswith("双随机检查不合格：2026-03-08")
    assert one.text.endswith("等7项")
    assert len(one.fact_ids) == 5


@pytest.mark.parametrize(
    ("happening", "indicator", "told"),
    [
        pytest.param(e.SeriousListChanged(list_code="L", action="add"), "S04", "列入严重违法失信",
                     id="serious list"),
        pytest.param(e.JudicialRecord(case_no="J", action="add"), "C07", "失信被执行人",
                     id="judgment debtor"),
    ],
)  # fmt: skip
def test_a_direct_rule_is_shown_with_its_class(happening, indicator, told):
    """What sets the class without moving the number stands on the card all the same."""
    card = card_after(b.event(happening))

    one = line(card, indicator)

    assert told in one.text
    assert one.text.endswith("直接判定为D级")
    assert (one.points, card.score, card.risk_class) == (0.0, 0.0, RiskClass.D)


def test_the_model_has_its_own_line():
    """What the model adds is a line like another: points, what remains without it, its version."""
    card = card_after(
        b.event(b.penalty("general")), b.event(b.inspection("passed")), knowing=attentive()
    )

    one = line(card, LEARNED)

    assert (one.points, card.probability, card.model_version) == (100.0, 0.5, "QUAL-7")
    assert one.without == card.rule_score == 250.0
    assert card.score == combined([250, 100])
    assert "50.0%" in one.text
    assert line(card, "S08").without == 100.0


def test_a_card_without_a_model_says_so():
    """Where no model has spoken there is no probability, no version, and no line of its own."""
    card = card_after(b.event(b.penalty("general")))

    assert (card.probability, card.model_version) == (None, "")
    assert LEARNED not in {one.indicator for one in card.contributions}
    assert (card.score, card.risk_class) == (card.rule_score, card.rule_class)


def test_a_card_lists_the_open_warnings():
    """Every open warning stands on the card with its rule, measure and day."""
    card = card_after(b.event(e.AbnormalAdded(reason=4)))

    listed = [one for one in card.open_warnings if one.rule == "W03"]

    assert [(one.measure, one.opened) for one in listed] == [("interview", b.START)]


@pytest.mark.parametrize(
    ("data", "indicator", "lapses"),
    [
        pytest.param(b.inspection("failed"), "S14", "2028-03-01", id="by the window"),
        pytest.param(b.penalty("general", publication_end=dt.date(2026, 6, 1)), "S08",
                     "2026-06-02", id="by the end of publication, before the window"),
        pytest.param(b.penalty("minor", publication_end=dt.date(2029, 3, 2)), "S07",
                     "2027-03-02", id="by the window, before the end of publication"),
        pytest.param(e.HonourGranted(kind="质量奖", valid_to=dt.date(2026, 12, 31)), "C14",
                     "2027-01-01", id="by its last day"),
        pytest.param(e.CaseChanged(case_no="C", status="opened", domain="CASE"), "S13", "",
                     id="not before it is closed"),
        pytest.param(b.penalty("general", publication_end=dt.date(9999, 12, 31)), "S08",
                     "2029-03-01", id="published for ever"),
        pytest.param(e.HonourGranted(kind="老字号", valid_to=dt.date(9999, 12, 31)), "C14", "",
                     id="valid for ever"),
    ],
)  # fmt: skip
def test_a_line_says_when_it_lapses(data, indicator, lapses):
    """A line names the first day on which its last fact no longer counts, where that is known."""
    before = b.event(b.penalty("severe"), name="other")

    assert line(card_after(before, b.event(data)), indicator).lapses == lapses


def test_a_line_with_one_endless_fact_does_not_lapse():
    """Of two honours one ends and one does not: the line has no day on which it lapses."""
    ends = e.HonourGranted(kind="甲", valid_to=dt.date(2026, 12, 31))

    card = card_after(
        b.event(b.penalty("severe")), b.event(ends), b.event(e.HonourGranted(kind="乙"))
    )

    assert line(card, "C14").lapses == ""


def test_a_card_carries_no_complainant():
    """No name or hash of a complainant is on a card (§13, case 21)."""
    happenings = [b.event(b.complaint(n, complainant=f"secret-{n}")) for n in range(25)]

    card = card_after(*happenings)

    assert line(card, "C01").points == 250.0
    assert "secret" not in repr(card)


@pytest.mark.parametrize("kind", list(FactKind))
def test_every_kind_of_fact_has_words(kind):
    """Whatever the fact, its clause begins with its day and is Chinese."""
    assert kind in LABELS

    words = fact_in_words(Fact(1, kind, at=b.at(0), due=b.at(1)))

    assert CHINESE.search(words)
    assert "2026-03-0" in words


@pytest.mark.parametrize(
    ("flag", "told"),
    [
        pytest.param({"doubt": PROVISIONAL}, "暂定", id="provisional"),
        pytest.param({"doubt": CONTESTED}, "异议", id="contested"),
    ],
)
def test_an_unsettled_fact_says_so(flag, told):
    """A clause about a provisional or contested fact says that it is not settled."""
    assert told in fact_in_words(Fact(1, FactKind.FOOD_SAMPLE_FAILED, at=b.at(0), **flag))


def test_what_nobody_could_see_in_a_score_is_not_shown():
    """A contribution of under half a point has no line of its own."""
    card = card_after(b.event(b.inspection("failed", severity=0.002)))

    assert card.contributions == ()


def test_a_line_without_a_fact_names_the_register():
    """A trade known from a change alone still has its line, which names the trade."""
    card = card_after(b.event(e.BasicChanged(field="industry", after="C1411")))

    assert line(card, "B02").text == "行业固有风险（C1411）"
    assert line(card, "B02").fact_ids == ()
