"""When is a message told, and from when do its hours run?"""

import datetime as dt

import msgspec
import pytest

from alerts.delivery import Way
from alerts.hours import Span, at_work, awake
from alerts.pipeline import plan_notifications
from alerts.specimen import specimen
from detectors.measure import Measure
from detectors.warning import CHINA
from detectors.working_days import WorkingDays

QUIET, OFFICE = Span.parse("22:00-07:30"), Span.parse("08:30-17:30")


def at(day, hour, minute=0):
    """Return a moment of July 2026 in China; the 3rd is a Friday."""
    return dt.datetime(2026, 7, day, hour, minute, tzinfo=CHINA)


@pytest.mark.parametrize(
    ("moment", "told"),
    [
        pytest.param(at(1, 0), at(1, 7, 30), id="midnight waits for the morning"),
        pytest.param(at(1, 22), at(2, 7, 30), id="the quiet begins"),
        pytest.param(at(1, 21, 59), at(1, 21, 59), id="a minute before"),
        pytest.param(at(1, 7, 30), at(1, 7, 30), id="the quiet ends"),
    ],
)
def test_what_falls_into_the_quiet_is_told_at_its_end(moment, told):
    """The span is half-open, and may pass midnight."""
    assert awake(moment, QUIET) == told
    assert awake(moment, None) == moment


@pytest.mark.parametrize(
    ("moment", "begins"),
    [
        pytest.param(at(1, 7, 30), at(1, 8, 30), id="before the office opens"),
        pytest.param(at(1, 10), at(1, 10), id="at work"),
        pytest.param(at(3, 17, 30), at(6, 8, 30), id="on Friday evening"),
        pytest.param(at(5, 10), at(6, 8, 30), id="on a Sunday"),
    ],
)
def test_hours_begin_when_the_office_opens(moment, begins):
    """Off hours and days off count for nothing."""
    assert at_work(moment, OFFICE, WorkingDays()) == begins


@pytest.fixture
def told(tree, ladder, renderer):
    """Return text and letter to the lead of a red warning of midnight, by way."""

    def planned(rule, *, issued_at=None, **more):
        issued_at = issued_at or at(1, 0)
        warning = msgspec.structs.replace(
            specimen(Measure.INSPECTION), rule=rule, issued_at=issued_at
        )
        plan = plan_notifications(
            warning, tree=tree, ladder=ladder, renderer=renderer, now=issued_at, quiet=QUIET, **more
        )
        return {one.way: one for one in plan.notifications[:2]}

    return planned


def test_an_overdue_order_wakes_nobody_and_its_hours_begin_at_the_office(told):
    """Text and letter state one deadline, four hours after the office opens."""
    messages = told("W23")

    assert {one.due_at for one in messages.values()} == {at(1, 7, 30)}
    assert "7月1日12:30前" in messages[Way.SMS].content.body
    letter = messages[Way.EMAIL].content.text
    assert "自2026年7月1日8时30分起4小时内（2026年7月1日12时30分前）" in letter
    assert "0时00分" not in letter


def test_an_accident_is_told_at_once_and_its_hours_run_on_the_clock(told):
    """Nobody waits for the morning where people may be hurt."""
    messages = told("W26")

    assert {one.due_at for one in messages.values()} == {at(1, 0)}
    assert "7月1日04:00前" in messages[Way.SMS].content.body
    assert "在4小时内（2026年7月1日4时00分前）" in messages[Way.EMAIL].content.text


def test_a_simulation_waits_for_nothing_and_states_the_limits_of_its_own_time(told):
    """In event time a message leaves now; its limits are those of who would be told by day."""
    messages = told("W23", in_event_time=True)

    assert {one.due_at for one in messages.values()} == {at(1, 0)}
    assert "7月1日12:30前" in messages[Way.SMS].content.body
