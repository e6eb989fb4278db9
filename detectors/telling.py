"""What must the risk and the class topic hear of an enterprise?"""

import datetime as dt

from detectors.assessment import Assessment
from detectors.effects import CardDue, ClassChanged, Effect
from detectors.measure import RiskClass
from detectors.occasion import Occasion

# Below these nobody acts.  Rules speak in points; the learned part breathes with every outcome of
# its domain, and a hundredth of the scale is far inside every band.
TELL_RULES_AT_LEAST = 1.0
TELL_LEARNED_AT_LEAST = 10.0
CLASSES = tuple(RiskClass)


def tell(occasion: Occasion, assessment: Assessment, *, is_news: bool) -> list[Effect]:
    """Return what they must hear, and note that it was said; the first class above A is a change.

    With ``is_news`` the card is due though the score has hardly moved.
    """
    state = occasion.state
    live = state.learned.live
    said: list[Effect] = []
    if live.rank != state.told_rank:
        before = max(0, state.told_rank)
        if live.rank != before:
            said.append(_changed(occasion, CLASSES[before]))
    elif (
        not is_news
        and abs(state.rule.score - state.told_rules) < TELL_RULES_AT_LEAST
        and abs(live.score - state.told_score) < TELL_LEARNED_AT_LEAST
    ):
        return said
    state.told_score, state.told_rank = round(live.score), live.rank
    state.told_rules = round(state.rule.score)
    return [*said, CardDue(assessment)]


def _changed(occasion: Occasion, before: RiskClass) -> ClassChanged:
    learned, live = occasion.state.learned, occasion.state.learned.live
    return ClassChanged(
        uscc=occasion.event.subject,
        before=before,
        after=live.risk_class,
        score=live.score,
        at=dt.datetime.fromtimestamp(occasion.state.as_of, dt.UTC),
        cause=occasion.cause,
        knowledge_version=occasion.expertise.knowledge.version,
        model_version=learned.version,
    )
