"""Are the figures of a model's health right, bounded, and is drift noticed and only drift?"""

import math
import random

import msgspec
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from detectors.model_health import WINDOW, Health
from detectors.weighting import probability


def outcomes(count, *, seed=1, wrong_by=0.0):
    """Return log odds and what came; the truth lies ``wrong_by`` above what was said."""
    randomly = random.Random(seed)
    found = []
    for _ in range(count):
        log_odds = randomly.gauss(-2.0, 1.0)
        found.append((log_odds, randomly.random() < probability(log_odds + wrong_by)))
    return found


def seen(pairs):
    """Return the health after some outcomes."""
    health = Health()
    for log_odds, found in pairs:
        health.learn(log_odds, found=found)
    return health


def test_the_window_is_exact():
    """Over the window ROC AUC and average precision are those of scikit-learn."""
    pairs = outcomes(WINDOW)
    said, came = [p for p, _ in pairs], [f for _, f in pairs]

    figures = seen(pairs).window()

    assert figures.roc_auc == pytest.approx(roc_auc_score(came, said))
    assert figures.average_precision == pytest.approx(average_precision_score(came, said))
    assert (figures.count, figures.found) == (WINDOW, sum(came))


def test_ties_count_half():
    """Where all was said alike, nothing is ranked: an AUC of a half, precision of the rate."""
    figures = seen([(-1.0, n % 4 == 0) for n in range(40)]).window()

    assert figures.roc_auc == 0.5
    assert figures.average_precision == pytest.approx(0.25)


def test_the_whole_is_near_to_exact():
    """Over all outcomes the histogram's figures are near the exact ones; ties cost precision."""
    pairs = outcomes(5000)
    said, came = [p for p, _ in pairs], [f for _, f in pairs]

    figures = seen(pairs).whole()

    assert figures.roc_auc == pytest.approx(roc_auc_score(came, said), abs=0.005)
    assert figures.average_precision == pytest.approx(
        average_precision_score(came, said), abs=0.015
    )


def test_memory_is_bounded():
    """After many outcomes the record is as large as after few thousand."""
    few, many = seen(outcomes(2 * WINDOW)), seen(outcomes(10 * WINDOW))

    assert len(many.said) == len(many.came) == WINDOW
    assert len(msgspec.msgpack.encode(many)) < len(msgspec.msgpack.encode(few)) + 200


def test_calibration():
    """Who says what comes has a small calibration error; who says too little, a large one."""
    assert seen(outcomes(4000)).whole().calibration_error < 0.02
    assert seen(outcomes(4000, wrong_by=2.0)).whole().calibration_error > 0.15


def test_nothing_is_told_of_nothing():
    """Without outcomes, or with all alike, what cannot be told is nan."""
    assert math.isnan(Health().whole().roc_auc)
    assert math.isnan(seen([(0.0, True)] * 9).window().roc_auc)


def test_no_alarm_while_the_model_is_right():
    """Ten thousand outcomes as foretold raise no alarm, whatever their rate."""
    assert seen(outcomes(10_000)).drift.alarms == 0


def test_an_alarm_when_the_world_changes():
    """When problems come far more often than is said, the alarm is raised within hundreds."""
    health = seen(outcomes(3000))

    health_after = [
        health.learn(log_odds, found=found) for log_odds, found in outcomes(600, wrong_by=2.0)
    ]

    assert any(health_after)
    assert health.drift.stands


def test_an_alarm_ends():
    """Two hundred outcomes as foretold later it no longer stands."""
    health = seen(outcomes(600, wrong_by=3.0))
    raised = health.drift.alarms

    for log_odds, found in outcomes(300, seed=9):
        health.learn(log_odds, found=found)

    assert raised > 0
    assert not health.drift.stands
