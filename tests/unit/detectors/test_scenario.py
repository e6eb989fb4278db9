"""Does a scenario say precisely what came out otherwise, and what cannot be run?"""

import datetime as dt

import pytest

from detectors.scenario import InvalidScenarioError, failures, parse_scenarios
from tests import builders as b

PENALTY = {"day": 0, "type": "penalty.decided.v1", "data": {"domain": "QUAL", "severity": "severe"}}
LISTED = {"day": 0, "type": "list.abnormal_added.v1", "data": {"reason": 1}}


def story(*events, expect, **more):
    """Return a document with one scenario."""
    return [{"场景": "甲", "events": list(events), "expect": expect, **more}]


def told(*events, expect, **more):
    """Return what a scenario of the shipped knowledge says went wrong."""
    (scenario,) = parse_scenarios("a.yaml", story(*events, expect=expect, **more))
    return failures("a.yaml", scenario, b.expertise())


@pytest.mark.parametrize(
    ("expect", "problem"),
    [
        pytest.param({"class": "B"},
                     "等级 class: 应为 expected B, 实为 got C (550: S09 550)",
                     id="the class"),
        pytest.param({"score": [0, 100]},
                     "分数 score: 应为 expected 0 to 100, 实为 got 550 (S09 550)",
                     id="the score"),
        pytest.param({"points": {"S08": 250}},
                     "分值 points: S08: 应为 expected 250, 实为 got 0 (S09 550)",
                     id="the points of an indicator"),
        pytest.param({"warnings": [{"rule": "W13", "measure": "interview"}]},
                     "预警 warnings: 应有 expected W13 interview; 已发 issued: W25 interview PUB",
                     id="a warning that was not issued"),
        pytest.param({"warnings": [{"rule": "W25", "measure": "warning"}]},
                     "预警 warnings: 应有 expected W25 warning; 已发 issued: W25 interview PUB",
                     id="a warning of another measure"),
        pytest.param({"warnings": [{"rule": "W25", "measure": "interview", "domain": "QUAL"}]},
                     "预警 warnings: 应有 expected W25 interview QUAL; "
                     "已发 issued: W25 interview PUB",
                     id="a warning of another domain"),
        pytest.param({"silent": ["W25"]},
                     "不应有 silent: expected nothing of W25; 已发 issued: W25 interview PUB",
                     id="a warning that should not be"),
        pytest.param({"closed": ["W25"]}, "办结 closed: 应有 expected W25; 实有 got: 无 nothing",
                     id="a warning that did not close"),
        pytest.param({"cancelled": ["W25"]},
                     "撤销 cancelled: 应有 expected W25; 实有 got: 无 nothing",
                     id="a warning that was not taken back"),
        pytest.param({"open": []}, "在办 open: 应有 expected 无 nothing; 实有 got: W25",
                     id="what is open"),
    ],
)  # fmt: skip
def test_a_failure_names_file_scenario_expected_and_got(expect, problem):
    """Whoever reads the line knows which expectation of which scenario failed, and how."""
    assert told(PENALTY, expect=expect) == [f"a.yaml: 甲: {problem}"]


def test_a_scenario_that_holds_says_nothing():
    """With every kind of expectation met there is no line."""
    expect = {
        "class": "B", "score": [320, 320], "points": {"S01": 320}, "silent": ["W13", "W25"],
        "warnings": [{"rule": "W03", "measure": "warning", "domain": "PUB"}],
        "open": ["W03"],
    }  # fmt: skip

    assert told(LISTED, expect=expect) == []


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        pytest.param(story(PENALTY, expect={}), "a.yaml: 甲: 没有写应有的结果 expect says nothing",
                     id="no expectation"),
        pytest.param(story(expect={"class": "A"}), r"a.yaml: .*events", id="no event"),
        pytest.param(story(PENALTY, expect={"klass": "A"}), r"a.yaml: .*klass",
                     id="a misspelt key"),
        pytest.param(story(PENALTY, expect={"class": "E"}), r"a.yaml: .*class", id="no such class"),
        pytest.param(story(PENALTY, expect={"class": "C"}) * 2,
                     "a.yaml: 甲: 场景名重复 the name stands twice",
                     id="a name twice"),
        pytest.param({"场景": "甲"}, "a.yaml: ", id="no list"),
    ],
)  # fmt: skip
def test_a_document_with_a_hole_is_refused(document, problem):
    """A file that could not test anything is refused with its name and key."""
    with pytest.raises(InvalidScenarioError, match=problem):
        parse_scenarios("a.yaml", document)


@pytest.mark.parametrize(
    ("event", "expect", "problem"),
    [
        pytest.param({"day": 0, "type": "penalty.imagined.v1"}, {"class": "A"},
                     r"a.yaml: 甲: events\[0\] \(penalty.imagined.v1\)", id="no event type"),
        pytest.param({**PENALTY, "data": {"domain": "QUAL"}}, {"class": "A"},
                     r"a.yaml: 甲: events\[0\] .*severity", id="a field that is missing"),
        pytest.param(PENALTY, {"silent": ["W99"]}, "a.yaml: 甲: expect: W99", id="no such rule"),
        pytest.param(PENALTY, {"points": {"S99": 1}}, "a.yaml: 甲: expect: S99",
                     id="no such indicator"),
    ],
)  # fmt: skip
def test_what_cannot_be_run_names_its_event(event, expect, problem):
    """An event that no source could send, or a rule that nobody wrote, is no failure but a hole."""
    with pytest.raises(InvalidScenarioError, match=problem):
        told(event, expect=expect)


def test_days_and_lists_stand_in_data():
    """Data may hold lists and dates, as YAML gives them."""
    data = {"name": "甲", "established_on": dt.date(2015, 5, 6), "permit_domains": ["CATER"]}
    founded = {"day": 0, "type": "registration.established.v1", "data": data}
    later = {"day": 70, "type": "penalty.decided.v1", "data": PENALTY["data"]}

    assert told(founded, later, expect={"points": {"B08": 250}}) == []


def test_days_stand_for_dates():
    """``{day: n}`` in the data is the date of that day, counted from the scenario's own start."""
    permit = {"permit_no": "P", "permit_type": "证", "domain": "FOODS", "valid_to": {"day": 20}}
    granted = {"day": 0, "type": "permit.granted_or_changed.v1", "data": permit}

    assert told(granted, expect={"points": {"D15": 125}}, start="2030-05-01") == []


def test_time_passes_until_the_day_asked_for():
    """Deadlines fall due after the last event, up to ``until``, unless their feed is silent."""
    order = {"order": "R", "domain": "CATER", "due": {"day": 3}}
    ordered = {"day": 0, "type": "inspection.rectify_ordered.v1", "data": order}
    interview = {"warnings": [{"rule": "W23", "measure": "interview"}]}

    assert told(ordered, expect=interview, until=5) == []
    assert told(ordered, expect={"silent": ["W23"]}, until=2) == []
    assert told(ordered, expect={"silent": ["W23"]}, until=5, silent_feeds=["inspections"]) == []
