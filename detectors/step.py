"""What does one event do?  The whole decision, pure: no I/O, no clock, no randomness.

``step`` is the live stream, the replay, the backtest and every test; only its input differs.
"""

import datetime as dt
import functools

import msgspec

from detectors.absorb import Absorbed, absorb
from detectors.events import Cause, Established, Event, InvalidEventError
from detectors.example import Example
from detectors.expertise import Expertise
from detectors.facts import DAY_S, fact_name, hash_of
from detectors.features import FEATURES_VERSION, features
from detectors.issuing import Occasion, warnings_of
from detectors.learned import Scorer
from detectors.measure import RiskClass
from detectors.rules import Moment
from detectors.score import next_standing
from detectors.state import RECENT_EVENTS, EnterpriseState, Learned, Standing
from detectors.uscc import InvalidUsccError, UsccStatus, status_of
from detectors.warning import EarlyWarning

# Clocks of sources drift by minutes and some send a day in another zone; two days are a mistake.
FUTURE_TOLERANCE = dt.timedelta(days=1)
LOW_WATER_S = 30 * DAY_S  # domain reference §4.2, blue: "score +50 in 30 d"
# Below these nobody acts.  Rules speak in points; the learned part breathes with every outcome of
# its domain, and a hundredth of the scale is far inside every band.
TELL_RULES_AT_LEAST = 1.0
TELL_LEARNED_AT_LEAST = 10.0


class Position(msgspec.Struct, frozen=True, gc=False):
    """Where an event stands in the log: the epoch changes when the log itself starts anew."""

    epoch: int
    partition: int
    offset: int


class CardDue(msgspec.Struct, frozen=True, gc=False):
    """The risk card of the enterprise has changed; the last of a batch is published."""


class Skipped(msgspec.Struct, frozen=True, gc=False):
    """The event changed nothing, for a reason that is counted."""

    reason: str


REPLAYED = Skipped("replayed")  # this place of the log is already in the state
DUPLICATE = Skipped("duplicate")  # the same source said it before
UNKNOWN_FACT = Skipped("unknown_fact")  # taken back before it came: a tombstone waits for it
CARD_DUE = CardDue()


class ClassChanged(msgspec.Struct, frozen=True, kw_only=True):
    """The live class of an enterprise has changed (never the official class of the month)."""

    uscc: str
    before: RiskClass
    after: RiskClass
    score: float
    at: dt.datetime
    cause: str
    knowledge_version: str
    model_version: str


Effect = EarlyWarning | Example | ClassChanged | CardDue | Skipped


def step(
    state: EnterpriseState,
    event: Event,
    expertise: Expertise,
    *,
    now: dt.datetime,
    position: Position,
) -> tuple[EnterpriseState, list[Effect]]:
    """Return the state after an event, and what the world must be told.

    Shapes:
        A new state; the old one is left as it was.

    Units:
        ``now`` is the moment the log took the record, not the wall clock: a replay decides alike.

    Raises:
        InvalidEventError: the subject is no code or needs a person's look, or the event lies in
            the future; the record goes to the dead letters or to quarantine.
    """
    if state.has_applied(
        epoch=position.epoch, partition=position.partition, offset=position.offset
    ):
        return state, [REPLAYED]
    if not state.as_of:
        _check_subject(event, expertise)
    at = int(event.time.timestamp())
    if at > _latest(now):
        raise InvalidEventError(
            Cause.FUTURE,
            f"time {event.time.isoformat()} lies after the day of receipt ({now.isoformat()}); "
            f"correct the source's clock and send the event again",
        )
    identity = hash_of(event.source, event.id)
    state = msgspec.structs.replace(
        state, epoch=position.epoch, partition=position.partition, offset=position.offset
    )
    if identity in state.recent or identity in [fact.id for fact in state.facts]:
        return state, [DUPLICATE]
    if state.marks and identity in [mark.id for mark in state.marks]:
        return state, [DUPLICATE]
    absorbed = absorb(state, event, identity=identity, at=at)
    effects: list[Effect] = []
    scorer = expertise.scorers.get(absorbed.profile.domain)
    if absorbed.outcome is not None:
        effects.append(_example(state, event, absorbed, identity, at, position, expertise))
    before, who = state.rule, state.profile
    state.as_of = max(state.as_of, at)
    _take_in(state, absorbed, identity)
    _assess(state, expertise, scorer)
    if isinstance(event.data, Established):
        # What a firm is born with (its age, its trade) is where it starts, and no rise.
        state.low_score, state.low_at = state.rule.score, state.as_of
    warnings: list[EarlyWarning] = []
    if _may_warn(state, absorbed, before, expertise):
        moment = _moment(state, absorbed, before)
        warnings = warnings_of(
            Occasion(state, event, expertise), moment, retracted=absorbed.retracted
        )
        effects += warnings
    if absorbed.unknown:
        effects.append(UNKNOWN_FACT)
    is_news = bool(warnings) or who.name != state.profile.name or who.place != state.profile.place
    _tell(state, event, expertise, effects, is_news=is_news)
    return state, effects


@functools.lru_cache(maxsize=16)
def _latest(now: dt.datetime) -> int:
    """Return the last second that is not the future; the records of a batch share their ``now``."""
    return int((now + FUTURE_TOLERANCE).timestamp())


def _may_warn(
    state: EnterpriseState, absorbed: Absorbed, before: Standing, expertise: Expertise
) -> bool:
    """Return whether any rule could have something to say: for most events none has."""
    return (
        absorbed.retracted
        or state.rule.rank != before.rank
        or state.rule.score > before.score
        or bool(state.open_warnings)
        or expertise.rulebook.is_set_off(state.facts, absorbed.fresh)
    )


def _check_subject(event: Event, expertise: Expertise) -> None:
    try:
        status = status_of(event.subject, allowed=expertise.knowledge.allowed_usccs)
    except InvalidUsccError as error:
        raise InvalidEventError(Cause.INVALID_SUBJECT, f"subject: {error}") from error
    if status is UsccStatus.QUARANTINED:
        raise InvalidEventError(
            Cause.QUARANTINED_SUBJECT,
            f"subject: the check digit of {event.subject} is wrong; if a register vouches for "
            f"the code, add it to allowed_usccs in knowledge.yaml and publish the record again",
        )


def _take_in(state: EnterpriseState, absorbed: Absorbed, identity: int) -> None:
    state.facts = absorbed.facts
    state.marks = absorbed.marks
    state.profile = absorbed.profile
    state.register = absorbed.register
    state.archive = absorbed.archive
    if not absorbed.fresh or absorbed.fresh[0].id != identity:
        state.recent = [*state.recent[-(RECENT_EVENTS - 1) :], identity]


def _assess(state: EnterpriseState, expertise: Expertise, scorer: Scorer | None) -> None:
    catalogue = expertise.catalogue
    scoring = expertise.knowledge.scoring
    assessment = catalogue.assess(state.profile, state.facts, state.as_of)
    before = state.rule
    state.rule = next_standing(
        before,
        assessment.score,
        floor_rank=assessment.floor_rank,
        as_of=state.as_of,
        scoring=scoring,
    )
    if not state.low_at:
        state.low_score, state.low_at = 0.0, state.as_of
    elif state.as_of - state.low_at > LOW_WATER_S:
        state.low_score, state.low_at = before.score, state.as_of
    if state.rule.score <= state.low_score:
        state.low_score, state.low_at = state.rule.score, state.as_of
    if scorer is None:
        state.learned = Learned(-1.0, "", state.rule)
        return
    seen = features(state, as_of=state.as_of, rule_score=assessment.score)
    probability = scorer.probability(seen, state.profile.category, state.profile.place)
    score = catalogue.score_of(assessment.severities, extra=scoring.learned_points * probability)
    live = next_standing(
        state.learned.live,
        score,
        floor_rank=assessment.floor_rank,
        as_of=state.as_of,
        scoring=scoring,
    )
    if live.rank > state.rule.rank + 1:
        live = Standing(live.score, state.rule.rank + 1, 0)
    state.learned = Learned(round(probability, 6), scorer.version, live)


def _example(  # noqa: PLR0917 - all that an example is made of
    state: EnterpriseState,
    event: Event,
    absorbed: Absorbed,
    identity: int,
    at: int,
    position: Position,
    expertise: Expertise,
) -> Example:
    """Return the outcome with the features as they stood before it."""
    assert absorbed.outcome is not None
    as_of = max(state.as_of, at)
    rule_score = expertise.catalogue.assess(state.profile, state.facts, as_of).score
    return Example(
        id=fact_name(identity),
        domain=absorbed.outcome.domain,
        at=at,
        features=features(state, as_of=as_of, rule_score=rule_score),
        category=absorbed.outcome.category or state.profile.category,
        form=absorbed.outcome.form,
        place=absorbed.outcome.place or state.profile.place,
        inspector=absorbed.outcome.inspector,
        informant=absorbed.outcome.informant,
        context=absorbed.outcome.context,
        subject=event.subject,
        found=absorbed.outcome.found,
        features_version=FEATURES_VERSION,
        epoch=position.epoch,
        partition=position.partition,
        offset=position.offset,
        predicted=state.learned.probability,
    )


def _moment(state: EnterpriseState, absorbed: Absorbed, before: Standing) -> Moment:
    return Moment(
        facts=state.facts,
        fresh=[fact.id for fact in absorbed.fresh],
        as_of=state.as_of,
        rank_before=before.rank,
        rank=state.rule.rank,
        rise=state.rule.score - state.low_score if state.rule.score > before.score else 0.0,
    )


def _tell(
    state: EnterpriseState,
    event: Event,
    expertise: Expertise,
    effects: list[Effect],
    *,
    is_news: bool,
) -> None:
    """Add what the risk and the class topic must hear; the first class above A is a change."""
    live = state.learned.live
    if live.rank != state.told_rank:
        before = max(0, state.told_rank)
        if live.rank != before:
            effects.append(
                ClassChanged(
                    uscc=event.subject,
                    before=tuple(RiskClass)[before],
                    after=live.risk_class,
                    score=live.score,
                    at=dt.datetime.fromtimestamp(state.as_of, dt.UTC),
                    cause=f"{event.source}/{event.id}",
                    knowledge_version=expertise.knowledge.version,
                    model_version=state.learned.version,
                )
            )
    elif (
        not is_news
        and abs(state.rule.score - state.told_rules) < TELL_RULES_AT_LEAST
        and abs(live.score - state.told_score) < TELL_LEARNED_AT_LEAST
    ):
        return
    state.told_score, state.told_rank = round(live.score), live.rank
    state.told_rules = round(state.rule.score)
    effects.append(CARD_DUE)
