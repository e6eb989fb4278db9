"""What do time and people change by themselves: windows that close, matters that are settled?"""

import datetime as dt

import msgspec
import pytest

from detectors import events as e
from detectors.facts import CONFIRMED
from detectors.measure import Measure
from detectors.stating import moment
from detectors.warning import EarlyWarning, WarningStatus
from tests import builders as b

FOUNDED = e.Established(
    name="叶县云帆软件有限公司",
    established_on=dt.date(2025, 3, 1),
    industry="I651",
    place="410422001",
)


def provisional(**more):
    """Return a failed sample whose re-test window is open."""
    return msgspec.structs.replace(b.food_sample("pathogen", provisional=True), **more)


def closed(effects):
    """Return the warnings that ended by themselves or by people."""
    return [one for one in b.of_type(effects, EarlyWarning) if one.status is WarningStatus.CLOSED]


def test_a_failed_food_sample_is_final_after_seven_working_days():
    """Sampled on Monday 2 March: half weight until the end of Wednesday 11 March, full after."""
    enterprise = b.Enterprise()
    enterprise.has(provisional())
    half = enterprise.state.rule.score

    enterprise.waits_until(dt.datetime(2026, 3, 11, 23, tzinfo=b.CHINA))
    still = enterprise.state.facts[0].doubt & CONFIRMED
    effects = enterprise.waits_until(dt.datetime(2026, 3, 12, 1, tzinfo=b.CHINA))

    assert half == 160.0
    assert not still
    assert enterprise.state.facts[0].doubt & CONFIRMED
    assert enterprise.state.rule.score > 300
    assert effects


def test_a_retest_that_passes_in_the_window_leaves_nothing():
    """Day six of the window: the sample is void, and the deadline finds nothing to make final."""
    enterprise = b.Enterprise()
    enterprise.has(provisional())
    enterprise.has(e.Reinspected(sample_no="S1", passed=True), day=6)

    enterprise.waits_until(b.on(30))

    assert enterprise.state.rule.score == 0.0


def test_the_window_counts_from_the_receipt_of_the_result():
    """The enterprise has seven working days from the day on which it got the result."""
    enterprise = b.Enterprise()
    enterprise.has(provisional(received_on=dt.date(2026, 3, 9)))

    enterprise.waits_until(dt.datetime(2026, 3, 12, 1, tzinfo=b.CHINA))

    assert not enterprise.state.facts[0].doubt & CONFIRMED
    assert enterprise.state.wake_at == moment(dt.date(2026, 3, 19))


def test_people_close_a_warning_and_a_fresh_hit_opens_another():
    """E58: what was dealt with is closed; the next sample is a matter of its own."""
    enterprise = b.Enterprise()
    (warning,) = b.issued(enterprise.has(b.food_sample(number="S1")), "W11")
    handled = e.WarningHandled(
        warning_id=warning.id, state="closed", measure="interview", domain="FSAMP",
        outcome="rectified",
    )  # fmt: skip

    effects = enterprise.has(handled, day=5)
    again = b.issued(enterprise.has(b.food_sample(number="S2"), day=9), "W11")

    assert [one.id for one in closed(effects)] == [warning.id]
    assert again
    assert again[0].id != warning.id


def test_a_step_on_the_way_closes_nothing():
    """Signed for is not dealt with: the warning stays open."""
    enterprise = b.Enterprise()
    (warning,) = b.issued(enterprise.has(b.food_sample()), "W11")

    effects = enterprise.has(
        e.WarningHandled(
            warning_id=warning.id, state="acknowledged", measure="interview", domain="FSAMP"
        ),
        day=1,
    )

    assert closed(effects) == []
    assert ("FSAMP", "food_sample", 3) in enterprise.open()


def test_a_warning_ends_with_what_it_warned_of():
    """Removed from the list, the warning of the listing closes by itself, and tells nobody."""
    enterprise = b.Enterprise()
    (warning,) = b.issued(enterprise.has(e.AbnormalAdded(reason=1)), "W03")

    effects = enterprise.has(e.AbnormalRemoved(reason=1), day=3)

    assert warning.id in {one.id for one in closed(effects)}
    assert not {one for one in enterprise.open() if one[1] == "abnormal_list"}


@pytest.mark.parametrize(
    ("trigger", "measure"),
    [
        pytest.param(None, Measure.REMINDER, id="nothing grave: a reminder"),
        pytest.param(
            e.ReportVerified(ticket="R1", verdict="true", domain="NET"),
            Measure.INTERVIEW, id="a verified report: the measure of the rule",
        ),
    ],
)  # fmt: skip
def test_a_new_industry_is_spared_unless_something_triggers(trigger, measure):
    """Case 15: in its observation period an interview becomes a reminder, and says why."""
    enterprise = b.Enterprise()
    enterprise.has(FOUNDED, day=-100)
    if trigger is not None:
        enterprise.has(trigger, day=-20)

    (warning,) = b.issued(enterprise.has(e.EquityFrozen(case_no="F1", share=0.6), day=1), "W20")

    assert warning.measure is measure
    assert "观察期" in warning.remark


def test_a_class_gets_better_a_day_after_what_held_it_has_ended():
    """A listing until 1 May: looked at as it ends, and again when the day of waiting is over."""
    enterprise = b.Enterprise()
    last = b.on(60).date()
    enterprise.has(e.SeriousListChanged(list_code="L1", action="add", to_on=last))
    ended = moment(last, end=True)

    enterprise.waits_until(dt.datetime.fromtimestamp(ended - 1, b.CHINA))
    before = enterprise.state.rule
    enterprise.waits_until(dt.datetime.fromtimestamp(ended, b.CHINA))
    then = enterprise.state
    enterprise.waits_until(dt.datetime.fromtimestamp(ended + 24 * 3600, b.CHINA))

    assert (before.rank, before.better_since) == (3, 0)
    assert (then.rule.rank, then.rule.better_since, then.trouble.severity) == (3, ended, 0.0)
    assert enterprise.state.rule.rank == 0
