"""Scoring looks before their outcomes are known."""

import datetime as dt

import pytest

from detectors import events as e
from detectors.weighting import probability
from tests.bench.bench_quality import quality, within_day
from tests.bench.offline import OFFLINE, refitted
from tests.bench.prequential import Scored, Stream
from tests.bench.published import days_earlier
from tests.builders import event, expertise, on


def look(day, result="passed"):
    """Return an inspection of the one enterprise of the tests."""
    return event(e.InspectionResult(domain="CATER", result=result), day=day)


def rates(events, *, days):
    """Return the past rate that each look was scored with."""
    stream = Stream(expertise(), delay=dt.timedelta(days=days), members=("newton",))
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


def test_nothing_becomes_known_after_the_freezing():
    """From the frozen day on an outcome changes neither the past rate nor the model."""
    looks = [look(0), look(20, "failed"), look(40), look(60)]
    stream = Stream(expertise(), delay=dt.timedelta(days=1), members=("newton",),
                    frozen_from=on(20))  # fmt: skip

    scored = list(stream.run(looks))

    assert scored[2].past_rate == scored[3].past_rate < scored[0].past_rate
    assert stream.learned == 1


def test_an_outcome_known_before_the_freezing_is_learned():
    """What is known on the frozen day still counts."""
    stream = Stream(expertise(), delay=dt.timedelta(days=3), members=("newton",),
                    frozen_from=on(10))  # fmt: skip

    list(stream.run([look(0), look(6, "failed"), look(8), look(50)]))

    assert stream.learned == 2


def test_a_look_is_asked_before_and_taught_after():
    """Each outcome is judged by what was said on the day of the look."""
    stream = Stream(expertise(), delay=dt.timedelta(days=7), members=("newton",))
    scored = list(stream.run([look(day, "failed" if day % 3 else "passed")
                              for day in range(30)]))  # fmt: skip

    (health,) = [learner.health for learner in stream.learners.values()]

    said = [probability(log_odds) for log_odds in health.said]
    assert said == pytest.approx([one.learner for one in scored[: len(said)]])
    assert len(said) == 23


def test_the_days_that_are_won():
    """Two visits in the order of their scores: the one with a problem comes ten days earlier."""
    looks = [scored(found=False, probability=0.1, day=0), scored(found=True, probability=0.9,
             day=10)]  # fmt: skip

    won = days_earlier(looks, [one.learner for one in looks])
    lost = days_earlier(looks, [1 - one.learner for one in looks])

    assert (won.days, lost.days) == (10.0, 0.0)


def test_equal_scores_keep_the_order():
    """Where the scores say nothing, every visit stays on its day, the first half as it was."""
    looks = [scored(found=day in {0, 1, 9}, probability=0.5, day=day) for day in range(10)]

    earlier = days_earlier(looks, [0.5] * 10)

    assert earlier.days == 0.0
    assert earlier.first_half == pytest.approx(2 / 3)


def test_days_are_not_won_without_a_problem():
    """Where nothing was found there is nothing to find earlier."""
    with pytest.raises(ValueError, match="no look found"):
        days_earlier([scored(found=False, probability=0.5)], [0.5])


def test_batch_models_learn_only_what_is_known():
    """A batch model never sees an outcome of its own month or of the days not yet known."""
    rows = [
        Scored(on(day), "CATER", day % 2 == 0, 0.5, 0.5, 0.5,
               numbers={"x": float(day % 2 == 0) if day < 1200 else 0.0})
        for day in range(1300)
    ]  # fmt: skip

    said = refitted(rows, 1250, 1300, delay=dt.timedelta(days=7))

    assert set(said) == set(OFFLINE)
    assert all(len(scores) == 50 and max(scores) < 0.5 for scores in said.values())


def test_a_perfect_order_is_one():
    """A voice that puts every found look above every other one has ROC AUC and AP of 1."""
    looks = [scored(found=True, probability=0.9), scored(found=False, probability=0.1)]

    figures = quality(looks, [one.learner for one in looks])

    assert (figures.roc_auc, figures.average_precision, figures.positives) == (1.0, 1.0, 1)


def test_pairs_of_different_days_do_not_count_within_a_day():
    """A voice that knows only the days ranks nothing within one."""
    looks = [
        scored(found, probability, day=day)
        for day, probability in ((0, 0.9), (1, 0.1))
        for found in ([True, True, False] if day == 0 else [True, False, False])
    ]

    said = [one.learner for one in looks]
    assert within_day(looks, said) == 0.5
    assert quality(looks, said).roc_auc > 0.5
