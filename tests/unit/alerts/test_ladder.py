"""The ladder names four measures with limits that a calendar can count."""

import copy

import pytest

from alerts.delivery import Way
from alerts.knowledge import InvalidKnowledgeError
from alerts.ladder import parse_ladder
from detectors.measure import Measure
from detectors.working_days import Limit, LimitUnit

RUNG = {
    "document": "提醒敦促函",
    "acknowledge_within": "5个工作日",
    "close_within": "20个工作日",
    "lead": "station",
}
SMALL = {
    "version": "1",
    "credit_domain": "PUB",
    "measures": {measure.value: dict(RUNG) for measure in Measure},
}


@pytest.mark.parametrize(
    ("measure", "document", "acknowledge", "close"),
    [
        pytest.param(Measure.REMINDER, "提醒敦促函", "5个工作日", "20个工作日", id="blue"),
        pytest.param(Measure.WARNING, "整改通知书", "3个工作日", "15个工作日", id="yellow"),
        pytest.param(Measure.INTERVIEW, "约谈通知书", "1个工作日", "10个工作日", id="orange"),
        pytest.param(Measure.INSPECTION, "检查任务建议", "4小时", "5个工作日", id="red"),
    ],
)
def test_the_shipped_ladder_says_what_the_reference_says(
    ladder, measure, document, acknowledge, close
):
    """Document and limits of each measure are those of the domain reference §4.2."""
    rung = ladder.rung(measure)

    assert (rung.document, str(rung.acknowledge), str(rung.close)) == (
        document,
        acknowledge,
        close,
    )
    assert rung.channels == (Way.SMS, Way.EMAIL)


def test_a_rule_is_said_otherwise_once():
    """Two lines for one rule and measure would contradict each other."""
    document = copy.deepcopy(SMALL)
    document["otherwise"] = [{"rules": ["W20"], "measure": "warning", "document": "函"}] * 2

    with pytest.raises(InvalidKnowledgeError, match="W20 warning is there twice"):
        parse_ladder(document)


@pytest.mark.parametrize("text", ["8:30-17:30", "08:30", "08:30-08:30", "08:30-24:00"])
def test_office_hours_are_a_span_of_the_day(text):
    """What is no span of the day does not load."""
    with pytest.raises(InvalidKnowledgeError, match="is no span of the day"):
        parse_ladder(SMALL | {"office_hours": text})


def test_a_limit_can_be_counted():
    """A limit is a number and a unit, so a calendar can add it."""
    assert Limit.parse("30日") == Limit(30, LimitUnit.DAYS)


@pytest.mark.parametrize("text", ["", "0小时", "尽快", "4 小时", "-1日", "4小时内"])
def test_what_is_no_limit_is_refused(text):
    """A limit that no calendar can count does not load."""
    with pytest.raises(ValueError, match="is no time limit"):
        Limit.parse(text)


def test_every_measure_uses_both_ways_unless_told_otherwise():
    """A rung that is silent about channels sends SMS and e-mail."""
    assert parse_ladder(SMALL).rung(Measure.REMINDER).channels == (Way.SMS, Way.EMAIL)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        pytest.param(
            lambda d: d["measures"].pop("interview"),
            "measures.interview: 约谈 has no rung",
            id="missing measure",
        ),
        pytest.param(
            lambda d: d["measures"]["warning"].update(channels=[]),
            "measures.warning.channels: 警示 reaches nobody",
            id="missing channel",
        ),
        pytest.param(
            lambda d: d["measures"]["warning"].update(channels=["fax"]),
            "Invalid enum value 'fax'",
            id="unknown channel",
        ),
        pytest.param(
            lambda d: d["measures"]["warning"].update(close_within="soon"),
            "'soon' is no time limit",
            id="no limit",
        ),
        pytest.param(
            lambda d: d["measures"]["warning"].update(lead="supervisors"),
            "measures.warning.lead: supervisors are several, or none",
            id="several lead",
        ),
        pytest.param(
            lambda d: d.update(
                otherwise=[{"rules": ["W24"], "measure": "warning", "lead": "supervisors"}]
            ),
            "otherwise[W24].lead: supervisors are several, or none",
            id="several lead in a rule",
        ),
        pytest.param(
            lambda d: d["measures"]["warning"].update(co_handlers_in={"FSAMP": ["supervisors"]}),
            "measures.warning: no supervisors of FSAMP are named",
            id="nobody supervises",
        ),
        pytest.param(
            lambda d: d.update(office_hours="17:30-08:30"),
            "office_hours 17:30-08:30",
            id="hours of the night",
        ),
    ],
)
def test_a_spoilt_ladder_is_refused(spoil, said):
    """A ladder with a missing rung, way or limit does not load, and the message names it."""
    document = copy.deepcopy(SMALL)
    spoil(document)

    with pytest.raises(InvalidKnowledgeError) as refused:
        parse_ladder(document)

    assert said in str(refused.value)
