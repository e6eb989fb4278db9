"""What does one event do?  The whole decision, pure: no I/O, no clock, no randomness.

``step`` is the live stream, the replay, the backtest and every test; only its input differs.
"""

import datetime as dt
from copy import copy

from msgspec.structs import replace

from detectors.absorb import absorb
from detectors.admission import check, check_subject, check_time
from detectors.assessment import Assessment
from detectors.effects import DUPLICATE, REPLAYED, UNKNOWN_FACT, Effect, LetGo, Position
from detectors.events import ClassOfMonth, DeadlineFellDue, Established, Event
from detectors.example import Example
from detectors.expertise import Expertise
from detectors.facts import FactKind, fact_name, hash_of
from detectors.features import FEATURES_VERSION
from detectors.finding import Moment
from detectors.four_eyes import check_end, remember_handler
from detectors.handling import acts_of, by_id
from detectors.issuing import has_overdue, warnings_of, without_handled
from detectors.neighbours import (
    BONDING,
    BondChanged,
    Place,
    Tied,
    bond_changes,
    trouble_of,
    without_relations,
)
from detectors.news import News
from detectors.occasion import Occasion
from detectors.standing import assessed, stand
from detectors.state import RECENT_EVENTS, EnterpriseState
from detectors.telling import tell
from detectors.told import told_of
from detectors.waking import look_ahead
from detectors.warning import EarlyWarning


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
        InvalidEventError: the subject is no code or needs a person's look, or the event may not
            be applied (``detectors.admission``); the record goes to the dead letters or to
            quarantine.
    """
    if state.has_applied(
        epoch=position.epoch, partition=position.partition, offset=position.offset
    ):
        return state, [REPLAYED]
    if not state.as_of:
        check_subject(event, allowed=expertise.knowledge.allowed_usccs)
    at = check_time(event, now=now)
    check(event, expertise.knowledge, now=now)
    identity = hash_of(event.source, event.id)
    before, state = state, copy(state)
    state.epoch, state.partition, state.offset = position.epoch, position.partition, position.offset
    if _has_heard(state, identity):
        return state, [DUPLICATE]
    state.as_of = as_of = max(state.as_of, at)
    expertise = expertise.at(as_of)
    known = expertise.knowledge
    event = by_id(state, event)
    check_end(state, event)
    state.withheld = _unheard(before, event)
    news = absorb(
        state, event, identity=identity, at=at, terms=known.terms, calendar=known.calendar
    )
    if not news.fresh or news.fresh[0].id != identity:
        _remember(state, identity, news)
    occasion = Occasion(before, state, event, news, expertise)
    return state, _judged(occasion, identity=identity, at=at)


def _judged(occasion: Occasion, *, identity: int, at: int) -> list[Effect]:
    """Bring standings, ties, warnings and wake up to date; return what the world must be told."""
    before, state = occasion.before, occasion.state
    event, news = occasion.event, occasion.news
    effects: list[Effect] = []
    assessment, vectors = assessed(occasion)
    if news.outcome is not None:
        assert vectors is not None
        effects.append(_example(occasion, vectors[0], identity=identity, at=at))
    stand(occasion, assessment, vectors[1] if vectors else None)
    effects += _bond_changes(occasion, assessment)
    if isinstance(event.data, ClassOfMonth):
        effects += told_of(event.subject, event.data)
    if isinstance(event.data, Established):
        # What a firm is born with (its age, its trade) is where it starts, and no rise.
        state.low_score, state.low_at = state.rule.score, state.as_of
    warnings = _warnings(occasion)
    effects += warnings
    effects += acts_of(state, event)
    remember_handler(state, event, identity=identity, at=at)
    effects += _remarks(event.subject, news)
    is_news = bool(warnings) or not _is_called_alike(before, state)
    effects += tell(occasion, assessment, is_news=is_news)
    return effects


def _unheard(before: EnterpriseState, event: Event) -> dict[str, int]:
    """Return the silent feeds, and up to when each was heard of; the rules say what they hold."""
    if not isinstance(event.data, DeadlineFellDue):
        return before.withheld
    return {one: before.withheld.get(one, before.judged) for one in event.data.silent_feeds}


def _remember(state: EnterpriseState, identity: int, news: News) -> None:
    """Remember an event that no fact remembers; the longer where it has taught the model."""
    if news.outcome is not None and news.outcome.found is not None:
        archive = state.archive
        state.archive = replace(archive, heard=archive.hearing([identity]))
    else:
        state.recent = [*state.recent[-(RECENT_EVENTS - 1) :], identity]


def _has_heard(state: EnterpriseState, identity: int) -> bool:
    """Return whether the same source has said the same before."""
    return (
        identity in state.recent
        or state.archive.has_heard(identity)
        or identity in [fact.id for fact in state.facts]
        or (bool(state.marks) and identity in [mark.id for mark in state.marks])
    )


def _is_called_alike(before: EnterpriseState, state: EnterpriseState) -> bool:
    """Return whether name and place, which a card shows, are what they were."""
    return before.profile.name == state.profile.name and (
        before.profile.place == state.profile.place
    )


def _remarks(uscc: str, news: News) -> list[Effect]:
    """Return what an operator should know of an event: it spoke of nothing, or took a place."""
    remarks: list[Effect] = [UNKNOWN_FACT] if news.unknown else []
    if news.let_go:
        kinds = tuple([FactKind(fact.kind).name.lower() for fact in news.let_go])
        remarks.append(LetGo(uscc, kinds))
    return remarks


def _ties_moved(occasion: Occasion) -> bool:
    """Return whether a tie may have been made, broken, or have ended since the last event."""
    before, state, news = occasion.before, occasion.state, occasion.news
    return (
        news.resettled
        or any([fact.kind in BONDING for fact in news.fresh])
        or any([before.as_of < fact.end <= state.as_of for fact in state.facts if fact.end])
    )


def _bond_changes(occasion: Occasion, assessment: Assessment) -> list[BondChanged]:
    """Return what the junctions must hear; what the neighbours told radiates nothing."""
    before, state = occasion.before, occasion.state
    catalogue, knowledge = occasion.expertise.catalogue, occasion.expertise.knowledge
    own = without_relations(assessment.severities, catalogue.indicators)
    is_all = len(own) == len(assessment.severities)
    state.trouble = trouble_of(
        state.facts,
        alone=assessment.score if is_all else catalogue.score_of(own),
        before=before.trouble,
        as_of=state.as_of,
        rules=knowledge.neighbours,
        scoring=knowledge.scoring,
    )
    if before.trouble == state.trouble and not _ties_moved(occasion):
        return []
    return bond_changes(
        occasion.event.subject,
        before=Tied(before.facts, before.as_of, before.trouble),
        after=Tied(state.facts, state.as_of, state.trouble),
        rules=knowledge.neighbours,
        place=Place(state.epoch, state.partition, state.offset, occasion.cause),
    )


def _example(occasion: Occasion, vector: list[float], *, identity: int, at: int) -> Example:
    """Return the outcome with the features as they stood before it."""
    before, state, outcome = occasion.before, occasion.state, occasion.news.outcome
    subject = occasion.event.subject
    assert outcome is not None
    return Example(
        id=fact_name(identity),
        domain=outcome.domain,
        at=at,
        features=vector,
        category=outcome.category or before.profile.category,
        form=outcome.form,
        place=outcome.place or before.profile.place,
        inspector=outcome.inspector,
        informant=outcome.informant,
        context=outcome.context,
        subject=subject,
        look=f"{subject}/{outcome.look}" if outcome.look else "",
        found=outcome.found,
        features_version=FEATURES_VERSION,
        epoch=state.epoch,
        partition=state.partition,
        offset=state.offset,
        predicted=before.learned.probability,
    )


def _warnings(occasion: Occasion) -> list[EarlyWarning]:
    """Return the warnings that the event issues, closes or takes back.

    The rules on time are judged when a deadline event says that a moment has come; an event that
    comes before it leaves the moment to it.
    """
    before, state, news = occasion.before, occasion.state, occasion.news
    rulebook = occasion.expertise.rulebook
    is_deadline = isinstance(occasion.event.data, DeadlineFellDue)
    warnings = without_handled(occasion)
    withheld: set[str] = set()
    has_new = False
    if (
        is_deadline
        or news.retracted
        or news.resettled
        or state.rule.rank != before.rule.rank
        or state.rule.score > before.rule.score
        or has_overdue(occasion)
        or (bool(news.fresh) and rulebook.is_set_off(news.fresh))
    ):
        moment = _moment(occasion)
        warnings += warnings_of(occasion, moment)
        withheld = rulebook.withheld(moment)
        has_new = bool(withheld) and bool(rulebook.withheld(replace(moment, withheld={})))
    if is_deadline:
        state.withheld = {one: before.withheld.get(one, before.judged) for one in sorted(withheld)}
    look_ahead(occasion, is_deadline=is_deadline, has_new=has_new)
    return warnings


def _moment(occasion: Occasion) -> Moment:
    """Return the moment as the rules look at it."""
    before, state, data = occasion.before, occasion.state, occasion.event.data
    deadline = data if isinstance(data, DeadlineFellDue) else None
    return Moment(
        profile=state.profile,
        facts=state.facts,
        fresh=frozenset([fact.id for fact in occasion.news.fresh]),
        as_of=state.as_of,
        last=before.as_of,
        before=before.facts,
        judged=before.judged if deadline else state.as_of,
        rank_before=before.rule.rank,
        rank=state.rule.rank,
        rise=state.rule.score - state.low_score if state.rule.score > before.rule.score else 0,
        since=_lower_until(occasion),
        silent_feeds=deadline.silent_feeds if deadline else (),
        withheld=before.withheld if deadline else {},
    )


def _lower_until(occasion: Occasion) -> int:
    """Return when the class, or else the score, was last lower.

    The lowest score is remembered with the event that made it so, or began its month anew: what
    comes with that event is looked at too.
    """
    before, state = occasion.before, occasion.state
    if state.rule.rank != before.rule.rank or state.low_at == state.as_of:
        return before.as_of
    return state.low_at - 1
