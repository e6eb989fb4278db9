"""What do the indicators say after an event, and where does the enterprise stand then?

Two standings: by rules alone, which warnings follow, and live, with the model's part.
"""

from detectors.assessment import Assessment
from detectors.facts import DAY_S
from detectors.features import Tally, features
from detectors.occasion import Occasion
from detectors.score import next_standing
from detectors.state import Learned, Standing

LOW_WATER_S = 30 * DAY_S  # domain reference §4.2, blue: "score +50 in 30 d"
Vectors = tuple[list[float], list[float]]


def assessed(occasion: Occasion) -> tuple[Assessment, Vectors | None]:
    """Return what the indicators say now, and the features before and after the event.

    An outcome is learned from with the features as they stood before it; where it adds nothing
    that an indicator rests on, what the indicators said before it still holds.
    """
    before, state, news = occasion.before, occasion.state, occasion.news
    catalogue, scorers = occasion.expertise.catalogue, occasion.expertise.scorers
    as_of = state.as_of
    is_same = (
        not news.resettled
        and state.profile is before.profile
        and not any([catalogue.is_weighty[fact.kind] for fact in news.fresh])
    )
    needs_score = bool(scorers) and state.profile.domain in scorers
    if news.outcome is None:
        assessment = catalogue.assess(state.profile, state.facts, as_of, unheard=state.withheld)
        if not needs_score:
            return assessment, None
        vector = features(state, as_of=as_of, rule_score=assessment.score)
        return assessment, (vector, vector)
    earlier = catalogue.assess(before.profile, before.facts, as_of, unheard=state.withheld)
    tally = Tally(before.facts, before.archive, as_of)
    vector = tally.vector(before.profile, rule_score=earlier.score)
    assessment = earlier
    if not is_same:
        assessment = catalogue.assess(state.profile, state.facts, as_of, unheard=state.withheld)
    if not needs_score:
        return assessment, (vector, vector)
    return assessment, (vector, _after(occasion, tally, assessment.score))


def _after(occasion: Occasion, tally: Tally, rule_score: float) -> list[float]:
    """Return the features after an outcome."""
    state, news = occasion.state, occasion.news
    if news.resettled:
        tally = Tally(state.facts, state.archive, state.as_of)
    else:
        for fact in news.fresh:
            if fact.counts_at(state.as_of):
                tally.add(fact)
    return tally.vector(state.profile, rule_score=rule_score)


def stand(occasion: Occasion, assessment: Assessment, vector: list[float] | None) -> None:
    """Move the standings, by rules alone and with the learned part."""
    before, state, expertise = occasion.before, occasion.state, occasion.expertise
    scoring = expertise.knowledge.scoring
    as_of = state.as_of
    state.rule = next_standing(
        before.rule,
        assessment.score,
        floor_rank=assessment.floor_rank,
        as_of=as_of,
        scoring=scoring,
    )
    _note_low(occasion)
    scorer = expertise.scorers.get(state.profile.domain) if vector is not None else None
    if scorer is None or vector is None:
        state.learned = Learned(-1.0, "", state.rule)
        return
    profile = state.profile
    probability = scorer.probability(vector, profile.category, profile.place)
    score = expertise.catalogue.score_of(
        assessment.severities, scoring.learned_points * probability
    )
    live = next_standing(
        before.learned.live,
        score,
        floor_rank=assessment.floor_rank,
        as_of=as_of,
        scoring=scoring,
    )
    if live.rank > state.rule.rank + 1:
        live = Standing(live.score, state.rule.rank + 1, 0)
    state.learned = Learned(round(probability, 6), scorer.version, live)


def _note_low(occasion: Occasion) -> None:
    """Keep the lowest score of the month, from which a rise is counted."""
    before, state = occasion.before, occasion.state
    as_of = state.as_of
    if not state.low_at:
        state.low_score, state.low_at = 0.0, as_of
    elif as_of - state.low_at > LOW_WATER_S:
        state.low_score, state.low_at = before.rule.score, as_of
    if state.rule.score <= state.low_score:
        state.low_score, state.low_at = state.rule.score, as_of
