"""Are the model's reasons a part of what it says, and readable?"""

import pytest

from detectors.features import NAMES
from detectors.learned import Scorer
from detectors.model_reasons import LOWERING, RAISING, SUBJECTS, contributions, reasons


def scorer(**weights):
    """Return a scorer whose features average a half."""
    return Scorer(
        version="CATER-9",
        bias=-2.0,
        weights=tuple(weights.get(name, 0.0) for name in NAMES),
        categories={"网吧": 1.0},
        places={"410422": -0.5},
        lows=(0.0,) * len(NAMES),
        highs=(1.0,) * len(NAMES),
    )


def features(**values):
    """Return features that are average but for those named."""
    return [values.get(name, 0.5) for name in NAMES]


def test_every_feature_has_words():
    """Whatever contributes can be said in Chinese, up and down."""
    assert set(SUBJECTS) == set(NAMES)
    assert set(SUBJECTS.values()) < set(RAISING)
    assert set(RAISING) == set(LOWERING)


def test_the_parts_add_up():
    """All parts and an average enterprise make what the scorer says."""
    one = scorer(last_failed=2.0, penalties_180d=-1.0)
    seen = features(last_failed=1.0, penalties_180d=0.9)

    parts = contributions(one, seen, "网吧", "410422")

    average = one.log_odds(features(), "")
    assert average + sum(parts.values()) == pytest.approx(one.log_odds(seen, "网吧", "410422"))


def test_the_strongest_comes_first():
    """Reasons stand by strength, named by subject, with the direction in the words."""
    found = reasons(scorer(last_failed=4.0, penalties_180d=1.0), features(last_failed=1.0,
                    penalties_180d=0.2), "网吧")  # fmt: skip

    assert [one.subject for one in found] == ["上次检查", "行业", "行政处罚"]
    assert found[0].text == RAISING["上次检查"]
    assert found[2].text == LOWERING["行政处罚"]


def test_what_hardly_counts_is_no_reason():
    """An average enterprise of an unknown trade has no reasons."""
    assert reasons(scorer(last_failed=4.0), features(), "书店") == ()


def test_features_of_one_subject_speak_once():
    """Complaints of two spans are one reason, with both parts in it."""
    (found,) = reasons(scorer(complaints_14d=1.0, complaints_90d=1.0),
                       features(complaints_14d=1.0, complaints_90d=1.0), "")  # fmt: skip

    assert found.log_odds == pytest.approx(1.0)
