"""Is a rise of the score told of only where no other rule has told of its cause?"""

import pytest

from detectors import events as e
from tests import builders as b

FOUNDED = b.founded()
BATCH = e.NeighbourDensity(relation="agent", count=20, window_days=30, severity=0.6, leads=True)
FROZEN = e.EquityFrozen(case_no="F1", share=0.4)
FINED = b.penalty("minor", domain="QUAL")  # eighty points, and no rule of its own
SLIGHT = b.inspection("failed", severity=0.1)
JULY = b.days_until(7, 2)


def after(*happenings):
    """Return an enterprise, founded long ago, after what happened."""
    enterprise = b.Enterprise()
    enterprise.has(FOUNDED)
    for data, day in happenings:
        enterprise.has(data, day=day)
    return enterprise


@pytest.mark.parametrize(
    ("rule", "data"),
    [
        pytest.param("W22", BATCH, id="mass registration"),
        pytest.param("W20", FROZEN, id="equity frozen"),
        pytest.param("W06", b.permit(days_left=65), id="a permit running out"),
    ],
)
def test_a_rise_whose_cause_has_set_off_another_rule_is_told_once(rule, data):
    """The score rises by more than fifty for one fact: its own rule tells of it, W30 does not."""
    enterprise = after((data, 40))

    assert enterprise.state.rule.score - enterprise.state.low_score > 50
    assert b.issued(enterprise.effects, rule)
    assert b.issued(enterprise.effects, "W30") == []


@pytest.mark.parametrize(
    ("rule", "data"),
    [
        pytest.param("W12", b.food_sample(number="S1"), id="a failed sample"),
        pytest.param("W13", b.penalty("minor", organ="叶县市监局", doc_no="1号"), id="a penalty"),
        pytest.param("W17", e.LegalRepChanged(new_person="p", organ="叶县市监局", doc_no="1号"),
                     id="a change of legal representative"),
    ],
)  # fmt: skip
def test_what_two_feeds_tell_of_one_matter_counts_once(rule, data):
    """Case 5 for the rules: one sample of 省平台 and 信用中国 is no second batch."""
    enterprise = b.Enterprise()
    enterprise.has(data, source="urn:henan")

    enterprise.has(data, day=1, source="urn:china")

    assert b.issued(enterprise.effects, rule) == []


def test_a_lift_that_fails_again_is_news_again():
    """One matter counts once, and its next turn is told all the same."""
    enterprise = b.Enterprise()
    failed = e.EquipmentInspected(equipment="Q1", passed=False)
    enterprise.has(failed)

    effects = enterprise.has(failed, day=60)

    assert b.issued(effects, "W10")


def test_what_was_told_last_week_is_no_news_of_the_next_small_rise():
    """Ten points more do not bring up again what its own rule told of a week ago."""
    enterprise = after((FROZEN, 40), (SLIGHT, 47))

    assert b.issued(enterprise.effects, "W30") == []


def test_what_people_have_dealt_with_is_not_brought_up_again():
    """A closed warning has told of its facts just as well as an open one."""
    enterprise = after((FROZEN, 40))
    (told,) = b.issued(enterprise.effects, "W20")
    closed = e.WarningHandled(
        warning_id=told.id, state="closed", measure="warning", domain=told.domain
    )

    enterprise.has(closed, day=43)
    enterprise.has(SLIGHT, day=47)

    assert b.issued(enterprise.effects, "W30") == []


def test_a_rise_with_a_cause_of_its_own_is_told_beside_other_rules():
    """Equity is frozen, which W20 tells; the fine of the week after has no rule, and W30 does."""
    enterprise = after((FROZEN, 40), (FINED, 47))

    (told,) = b.issued(enterprise.effects, "W30")

    assert [one.text for one in told.reasons if "股权冻结" in one.text] == []


def test_several_small_causes_that_nobody_told_of_are_told_together():
    """Three looks that found a little are no rule's matter; their sum is W30's."""
    enterprise = after(*[(b.inspection("failed", severity=0.2), day) for day in (40, 44, 48)])

    assert len(b.issued(enterprise.effects, "W30")) == 1


@pytest.mark.parametrize("overtaken", [False, True], ids=["in order", "overtaken"])
def test_the_night_of_july_tells_one_list_and_no_message_a_firm(overtaken):
    """A missing report raises score and class of many at once: W02's list is all that is told."""
    enterprise = b.Enterprise()
    enterprise.has(b.founded(years=2, industry="C1411"))
    enterprise.has(b.inspection("failed", severity=0.1))
    if overtaken:
        enterprise.effects += enterprise._takes(b.event(b.inspection("passed"), day=JULY))

    enterprise.effects += enterprise.waits_until(b.on(JULY + 1))

    rules = [one.rule for one in b.issued(enterprise.effects)]
    assert "W02" in rules
    assert {"W25", "W30"}.isdisjoint(rules)


@pytest.mark.parametrize(
    "firm",
    [
        pytest.param(b.founded(), id="its score rises"),
        pytest.param(b.founded(years=2, industry="C1411"), id="its class worsens"),
    ],
)
def test_a_silent_feed_speaks_by_no_other_rule(firm):
    """What nobody can know while the feed is silent moves no message, whatever the score says."""
    enterprise = b.Enterprise()
    enterprise.has(firm)
    enterprise.has(b.inspection("failed", severity=0.2), day=JULY - 20)
    enterprise.silent_feeds = ("annual_report",)

    effects = enterprise.waits_until(b.on(JULY))

    assert b.issued(effects) == []


def test_a_class_that_worsens_for_a_cause_of_its_own_is_told_in_july_too():
    """Whoever falls two bands by a severe penalty on the day of the list is told of the class."""
    enterprise = after((b.penalty("severe", domain="QUAL"), JULY))

    assert b.issued(enterprise.effects, "W25")


@pytest.mark.parametrize(
    ("rule", "data"),
    [
        pytest.param(
            "W05",
            e.SeriousListChanged(list_code="L1", action="add"),
            id="graver: a serious listing",
        ),
        pytest.param("W03", e.AbnormalAdded(reason=1), id="as grave: an abnormal listing"),
    ],
)
def test_a_class_that_worsens_by_what_another_rule_tells_is_told_once(rule, data):
    """One fact is one order: the rule of the fact tells of it, W25 does not give a second one."""
    enterprise = after((data, 40))

    assert enterprise.state.rule.rank > 0
    assert {one.rule for one in b.issued(enterprise.effects)} == {rule}


def test_a_class_that_asks_for_more_than_the_other_rule_is_told_beside_it():
    """A listing asks for a warning; that it makes a C firm a D firm asks for an interview."""
    enterprise = after(
        (b.penalty("severe", domain="QUAL"), 40),
        (b.penalty("general", domain="QUAL"), 41),
    )
    assert enterprise.state.rule.rank == 2

    told = b.issued(enterprise.has(e.AbnormalAdded(reason=1), day=73))

    assert enterprise.state.rule.rank == 3
    assert {(one.rule, one.measure.value) for one in told} == {
        ("W03", "warning"), ("W25", "interview"),
    }  # fmt: skip
