"""Does the demo's time pass in whole stretches, whatever the order in which events arrive?"""

import datetime as dt
import itertools

from detectors import events as e
from detectors.warning import CHINA
from streams.devstack.demo_time import LATENESS, STRETCH_DAYS, stretches
from tests import builders as b

START = b.START.date()


def happened(*days):
    """Return complaints on these days from the start, in this order of arrival."""
    data = e.ComplaintReceived(ticket="t", complainant="p", matter="价格")
    return [b.event(data, day=day, name=f"{place}") for place, day in enumerate(days)]


def cut(*days):
    """Return the days of each stretch's events, and where each ends, from the start."""
    found = stretches(happened(*days), start=START)
    return [([since(one.time) for one in stretch.events], since(stretch.ends)) for stretch in found]


def since(moment):
    """Return the days from the start."""
    return (moment.date() - START).days


def test_watched_days_are_stretches_of_their_own():
    """Each watched day ends at its midnight; a day without events is passed over."""
    assert cut(0, 0.2, 1, 3) == [([0, 0], 1), ([1], 2), ([3], 4)]


def test_a_late_event_stays_with_the_day_that_brings_it():
    """What arrives late does not turn time back."""
    assert cut(0, 1, 0, 1.1, 2) == [([0], 1), ([1, 0, 1], 2), ([2], 3)]


def test_history_passes_by_the_fortnight_and_ends_before_the_start():
    """No stretch of the history is longer than a fortnight or holds a watched day."""
    days = range(-40, 3)

    found = list(stretches(happened(*days), start=START))

    history = [one for one in found if not one.is_watched]
    assert sum(len(one.events) for one in history) == 40
    assert max(len(one.events) for one in history) == STRETCH_DAYS
    assert [len(one.events) for one in found if one.is_watched] == [1, 1, 1]


def test_no_event_of_a_stretch_makes_a_deadline_of_it_fall_due():
    """A deadline waits for longer than a stretch lasts, so all of it is read before."""
    found = list(stretches(happened(*range(-40, 3)), start=START))

    for before, stretch in itertools.pairwise(found):
        newest = max(one.time for one in stretch.events)
        assert newest - LATENESS < before.ends
        assert stretch.ends == dt.datetime.combine(stretch.ends.date(), dt.time(), tzinfo=CHINA)
