"""The cheap detector decides little, and keeps the laws that the shell rests on."""

import datetime as dt

import pytest

from detectors.effects import REPLAYED, ClassChanged, Position
from detectors.state import EnterpriseState
from tests.bench.cheap_worker import POINTS, cheap_step
from tests.builders import event, expertise, inspection

LATER = dt.datetime(2100, 1, 1, tzinfo=dt.UTC)


def stepped(state, offset, *, day):
    """Return what the cheap detector makes of one more look."""
    look = event(inspection(), day=day, name=f"look-{offset}")
    return cheap_step(state, look, expertise(), now=LATER, position=Position(1, 0, offset))


def test_the_level_rises_with_each_event_and_halves_in_thirty_days():
    """Two events thirty days apart leave one and a half times the points of one."""
    state, _ = stepped(EnterpriseState(), 0, day=0)
    state, told = stepped(state, 1, day=30)

    assert state.rule.score == pytest.approx(1.5 * POINTS)
    assert [type(one) for one in told] == [ClassChanged]


def test_a_place_of_the_log_counts_once():
    """A replayed record leaves the very state that it met."""
    state, _ = stepped(EnterpriseState(), 5, day=0)

    again, told = stepped(state, 5, day=0)

    assert again is state
    assert told == [REPLAYED]
