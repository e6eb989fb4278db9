"""Scoring looks before their outcomes are known."""

import datetime as dt

import pytest

from detectors import events as e
from tests.bench.bench_quality import quality, within_day
from tests.bench.prequential import Scored, Stream
from tests.builders import event, expertise, on


def look(day, result="passed"):
    """Return an inspection of the one enterprise of the tests."""
    return event(e.InspectionResult(domain="CATER", result=result), day=day)


def rates(events, *, days):
    """Return the past rate that each look was scored with."""
    stream = Stream(expertise(), delay=dt.timedelta(days=days))
    return [one.past_rate for one in stream.run(events)]


def scored(found, probability, day=0):
    """Return a look that every voice scored alike."""
    return Scored(on(day), "CATER", found, probability, probability, probability)


def test_a_look_does_not_know_its_own_day():
    """Two looks of one day are both scored as if the other had not been."""
    first, second = rates([look(0, "failed"), look(0.1, "failed")], days=1)

    assert first == second


@pytest.mark.parametrize(
    ("days", "is_known"),
    [
        pytest.param(1, True, id="known the next day"),
        pytest.param(5, True, id="known on that very day"),
        pytest.param(6, False, id="not known until the day after"),
    ],
)
def test_an_outcome_is_known_after_its_delay(days, is_known):
    """A failure of day 0 raises the past rate on day 5 exactly where it is known by then."""
    before, after = rates([look(0, "failed"), look(5)], days=days)

    assert (after > before) is is_known


def test_a_delay_under_a_day_is_refused():
    """A day is one batch, so nothing can be known sooner."""
    with pytest.raises(ValueError, match="a day at least"):
        Stream(expertise(), delay=dt.timedelta(hours=1))


def test_what_is_no_look_is_not_scored_but_known():
    """A penalty is no outcome; the next look is the only one scored."""
    penalty = event(e.PenaltyDecided(domain="CATER", severity="severe"), day=0)

    assert len(rates([penalty, look(3)], days=1)) == 1


def test_a_perfect_order_is_one():
    """A voice that puts every found look above every other one has ROC AUC and AP of 1."""
    looks = [scored(found=True, probability=0.9), scored(found=False, probability=0.1)]

    figures = quality(looks, lambda one: one.learner)

    assert (figures.roc_auc, figures.average_precision, figures.positives) == (1.0, 1.0, 1)


def test_pairs_of_different_days_do_not_count_within_a_day():
    """A voice that knows only the days ranks nothing within one."""
    looks = [
        scored(found, probability, day=day)
        for day, probability in ((0, 0.9), (1, 0.1))
        for found in ([True, True, False] if day == 0 else [True, False, False])
    ]

    assert within_day(looks, lambda one: one.learner) == 0.5
    assert quality(looks, lambda one: one.learner).roc_auc > 0.5
