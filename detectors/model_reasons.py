"""Why does the model say so?  Its strongest reasons, in words that people use."""

from collections.abc import Sequence

import msgspec

from detectors.features import NAMES
from detectors.learned import Scorer

# Below it a reason moves the probability by less than a fiftieth: nobody would call it one.
LEAST_LOG_ODDS = 0.08
# Features that say one thing together speak once: the strongest of a subject names it.
SUBJECTS = {
    "age": "成立年限", "age_unknown": "成立年限", "young": "成立年限",
    "outcomes": "历次检查", "failures": "历次检查", "past_rate": "历次检查",
    "recent_rate": "历次检查", "never_seen": "检查间隔", "since_look": "检查间隔",
    "years_since_look": "检查间隔", "last_failed": "上次检查", "last_severity": "上次检查",
    "failed_30d": "近期问题", "failed_180d": "近期问题", "severity_180d": "近期问题",
    "severity_2y": "近期问题", "penalties_180d": "行政处罚", "complaints_14d": "投诉",
    "complaints_90d": "投诉", "rule_score": "规则得分",
}  # fmt: skip
RAISING = {
    "成立年限": "成立年限与同类问题多发企业相近", "历次检查": "历次检查发现问题的比例偏高",
    "检查间隔": "距上次检查时间与问题多发情形相近", "上次检查": "上次检查发现的问题较重",
    "近期问题": "近期检查发现问题较多、较重", "行政处罚": "半年内受过行政处罚",
    "投诉": "近期投诉人数较多", "规则得分": "规则得分偏高",
    "行业": "同行业近期检查发现问题偏多", "区域": "同区域近期检查发现问题偏多",
}  # fmt: skip
LOWERING = {
    "成立年限": "成立年限与问题少发企业相近", "历次检查": "历次检查发现问题的比例偏低",
    "检查间隔": "距上次检查时间与问题少发情形相近", "上次检查": "上次检查情况良好",
    "近期问题": "近期检查发现问题较少", "行政处罚": "半年内无行政处罚",
    "投诉": "近期投诉较少", "规则得分": "规则得分偏低",
    "行业": "同行业近期检查发现问题偏少", "区域": "同区域近期检查发现问题偏少",
}  # fmt: skip


class ModelReason(msgspec.Struct, frozen=True):
    """One subject's part in what the model says.

    Units:
        ``log_odds`` against an enterprise that is average in it; above 0 it raises the risk.
    """

    subject: str
    text: str
    log_odds: float


def reasons(
    scorer: Scorer, features: Sequence[float], category: str, place: str = "", *, most: int = 3
) -> tuple[ModelReason, ...]:
    """Return the strongest reasons of what the model says, the strongest first.

    A linear pool's log odds are a sum, so each part can be shown, and the parts and the average
    add up to the whole.  Weakness: features that go together share their part by chance; summing
    by subject mends that within a subject alone.
    """
    by_subject = contributions(scorer, features, category, place)
    strongest = sorted(by_subject.items(), key=lambda item: (-abs(item[1]), item[0]))
    return tuple(
        ModelReason(subject, (RAISING if part > 0 else LOWERING)[subject], round(part, 4))
        for subject, part in strongest[:most]
        if abs(part) >= LEAST_LOG_ODDS
    )


def contributions(
    scorer: Scorer, features: Sequence[float], category: str, place: str = ""
) -> dict[str, float]:
    """Return the log odds that each subject adds to an average enterprise's."""
    parts: dict[str, float] = {}
    for name, value, weight, low, high in zip(
        NAMES, features, scorer.weights, scorer.lows, scorer.highs, strict=True
    ):
        if weight:
            bounded = min(high, max(low, value))
            subject = SUBJECTS[name]
            parts[subject] = parts.get(subject, 0.0) + weight * (bounded - (low + high) / 2)
    if category in scorer.categories:
        parts["行业"] = scorer.categories[category]
    if place and (part := scorer.of_place(place)):
        parts["区域"] = part
    return parts
