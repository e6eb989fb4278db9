"""What does one event do?  The whole decision, pure: no I/O, no clock, no randomness.

``step`` is the live stream, the replay, the backtest and every test; only its input differs.
"""

import datetime as dt
from copy import copy

from msgspec.structs import replace

from detectors.absorb import absorb
from detectors.admission import check, check_subject, check_time
from detectors.assessment import Assessment
from detectors.effects import (
    DUPLICATE,
    REPLAYED,
    UNKNOWN_FACT,
    CardDue,
    ClassChanged,
    Effect,
    LetGo,
    Position,
)
from detectors.events import (
    ClassOfMonth,
    DeadlineFellDue,
    Established,
    Event,
)
from detectors.example import Example
from detectors.expertise import Expertise
from detectors.facts import DAY_S, ENDLESS_S, PROVISIONAL, FactKind, fact_name, hash_of
from detectors.features import FEATURES_VERSION, Tally, features
from detectors.finding import Moment
from detectors.four_eyes import check_end, remember_handler
from detectors.handling import acts_of, by_id
from detectors.issuing import Occasion, has_overdue, warnings_of, without_handled
from detectors.legal_lives import final_from
from detectors.measure import RiskClass
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
from detectors.score import next_standing
from detectors.state import RECENT_EVENTS, EnterpriseState, Learned, Standing
from detectors.told import told_of

LOW_WATER_S = 30 * DAY_S  # domain reference §4.2, blue: "score +50 in 30 d"
# Below these nobody acts.  Rules speak in points; the learned part breathes with every outcome of
# its domain, and a hundredth of the scale is far inside every band.
TELL_RULES_AT_LEAST = 1.0
TELL_LEARNED_AT_LEAST = 10.0
HOUR_S = 3600
# A feed that was never connected wakes nobody daily, and after a silence of n days a warning comes
# at most n/4 + 1 days after the feed speaks again; with 2 it was up to n.  Measured: a year without
# the feed of the annual reports costs 37 looks a class A firm (with 2: 23).
WAITS_LONGER = 1.25
LONGEST_WAIT_S = 30 * DAY_S
CLASSES = tuple(RiskClass)


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
    effects: list[Effect] = []
    assessment, tally = _assessed(before, state, news, expertise)
    if news.outcome is not None:
        assert tally is not None
        effects.append(_example(before, event, news, identity, at, position, tally[0]))
    _stand(state, before, assessment, expertise, tally[1] if tally else None)
    effects += _bond_changes(before, state, event, news, assessment, expertise)
    if isinstance(event.data, ClassOfMonth):
        effects += told_of(event.subject, event.data)
    if isinstance(event.data, Established):
        # What a firm is born with (its age, its trade) is where it starts, and no rise.
        state.low_score, state.low_at = state.rule.score, as_of
    has_warned = _warn(state, before, event, news, expertise, effects)
    effects += acts_of(state, event)
    remember_handler(state, event, identity=identity, at=at)
    effects += _remarks(event.subject, news)
    is_known = before.profile.name == state.profile.name and (
        before.profile.place == state.profile.place
    )
    _tell(state, event, expertise, effects, assessment, is_news=has_warned or not is_known)
    return state, effects


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


def _remarks(uscc: str, news: News) -> list[Effect]:
    """Return what an operator should know of an event: it spoke of nothing, or took a place."""
    remarks: list[Effect] = [UNKNOWN_FACT] if news.unknown else []
    if news.let_go:
        kinds = tuple([FactKind(fact.kind).name.lower() for fact in news.let_go])
        remarks.append(LetGo(uscc, kinds))
    return remarks


Vectors = tuple[list[float], list[float]]


def _assessed(
    before: EnterpriseState, state: EnterpriseState, news: News, expertise: Expertise
) -> tuple[Assessment, Vectors | None]:
    """Return what the indicators say now, and the features before and after the event.

    An outcome is learned from with the features as they stood before it; where it adds nothing
    that an indicator rests on, what the indicators said before it still holds.
    """
    catalogue = expertise.catalogue
    as_of = state.as_of
    is_same = (
        not news.resettled
        and state.profile is before.profile
        and not any([catalogue.is_weighty[fact.kind] for fact in news.fresh])
    )
    needs_score = bool(expertise.scorers) and state.profile.domain in expertise.scorers
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
    return assessment, (vector, _after(tally, state, news, assessment.score))


def _after(tally: Tally, state: EnterpriseState, news: News, rule_score: float) -> list[float]:
    """Return the features after an outcome."""
    if news.resettled:
        tally = Tally(state.facts, state.archive, state.as_of)
    else:
        for fact in news.fresh:
            if fact.counts_at(state.as_of):
                tally.add(fact)
    return tally.vector(state.profile, rule_score=rule_score)


def _stand(
    state: EnterpriseState,
    before: EnterpriseState,
    assessment: Assessment,
    expertise: Expertise,
    vector: list[float] | None,
) -> None:
    """Move the standings, by rules alone and with the learned part."""
    scoring = expertise.knowledge.scoring
    as_of = state.as_of
    state.rule = next_standing(
        before.rule,
        assessment.score,
        floor_rank=assessment.floor_rank,
        as_of=as_of,
        scoring=scoring,
    )
    if not state.low_at:
        state.low_score, state.low_at = 0.0, as_of
    elif as_of - state.low_at > LOW_WATER_S:
        state.low_score, state.low_at = before.rule.score, as_of
    if state.rule.score <= state.low_score:
        state.low_score, state.low_at = state.rule.score, as_of
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


def _ties_moved(before: EnterpriseState, state: EnterpriseState, news: News) -> bool:
    """Return whether a tie may have been made, broken, or have ended since the last event."""
    return (
        news.resettled
        or any([fact.kind in BONDING for fact in news.fresh])
        or any([before.as_of < fact.end <= state.as_of for fact in state.facts if fact.end])
    )


def _bond_changes(  # noqa: PLR0917 - all that a tie rests on
    before: EnterpriseState,
    state: EnterpriseState,
    event: Event,
    news: News,
    assessment: Assessment,
    expertise: Expertise,
) -> list[BondChanged]:
    """Return what the junctions must hear; what the neighbours told radiates nothing."""
    catalogue, knowledge = expertise.catalogue, expertise.knowledge
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
    if before.trouble == state.trouble and not _ties_moved(before, state, news):
        return []
    return bond_changes(
        event.subject,
        before=Tied(before.facts, before.as_of, before.trouble),
        after=Tied(state.facts, state.as_of, state.trouble),
        rules=knowledge.neighbours,
        place=Place(state.epoch, state.partition, state.offset, f"{event.source}/{event.id}"),
    )


def _example(  # noqa: PLR0917 - all that an example is made of
    before: EnterpriseState,
    event: Event,
    news: News,
    identity: int,
    at: int,
    position: Position,
    vector: list[float],
) -> Example:
    """Return the outcome with the features as they stood before it."""
    assert news.outcome is not None
    return Example(
        id=fact_name(identity),
        domain=news.outcome.domain,
        at=at,
        features=vector,
        category=news.outcome.category or before.profile.category,
        form=news.outcome.form,
        place=news.outcome.place or before.profile.place,
        inspector=news.outcome.inspector,
        informant=news.outcome.informant,
        context=news.outcome.context,
        subject=event.subject,
        look=f"{event.subject}/{news.outcome.look}" if news.outcome.look else "",
        found=news.outcome.found,
        features_version=FEATURES_VERSION,
        epoch=position.epoch,
        partition=position.partition,
        offset=position.offset,
        predicted=before.learned.probability,
    )


def _warn(  # noqa: PLR0917 - all that a warning rests on
    state: EnterpriseState,
    before: EnterpriseState,
    event: Event,
    news: News,
    expertise: Expertise,
    effects: list[Effect],
) -> bool:
    """Add the warnings that the event issues, closes or takes back; return whether it did.

    The rules on time are judged when a deadline event says that a moment has come; an event that
    comes before it leaves the moment to it.
    """
    rulebook = expertise.rulebook
    as_of = state.as_of
    data = event.data
    is_deadline = isinstance(data, DeadlineFellDue)
    occasion = Occasion(state, event, expertise)
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
        moment = Moment(
            profile=state.profile,
            facts=state.facts,
            fresh=frozenset([fact.id for fact in news.fresh]),
            as_of=as_of,
            last=before.as_of,
            before=before.facts,
            judged=before.judged if is_deadline else as_of,
            rank_before=before.rule.rank,
            rank=state.rule.rank,
            rise=state.rule.score - state.low_score if state.rule.score > before.rule.score else 0,
            since=_lower_until(state, before),
            silent_feeds=data.silent_feeds if isinstance(data, DeadlineFellDue) else (),
            withheld=before.withheld if is_deadline else {},
        )
        warnings += warnings_of(occasion, moment, news)
        withheld = rulebook.withheld(moment)
        has_new = bool(withheld) and bool(rulebook.withheld(replace(moment, withheld={})))
    effects += warnings
    if is_deadline:
        state.withheld = {one: before.withheld.get(one, before.judged) for one in sorted(withheld)}
    _look_ahead(state, before, expertise, is_deadline=is_deadline, has_new=has_new)
    return bool(warnings)


def _lower_until(state: EnterpriseState, before: EnterpriseState) -> int:
    """Return when the class, or else the score, was last lower.

    The lowest score is remembered with the event that made it so, or began its month anew: what
    comes with that event is looked at too.
    """
    if state.rule.rank != before.rule.rank or state.low_at == state.as_of:
        return before.as_of
    return state.low_at - 1


def _look_ahead(
    state: EnterpriseState,
    before: EnterpriseState,
    expertise: Expertise,
    *,
    is_deadline: bool,
    has_new: bool,
) -> None:
    """Note up to when time has been judged, and the next moment at which it may change something.

    A moment that has come and was not judged stays to be judged: an event that overtook the
    timer leaves it to the timer.  What a silent feed newly holds back (``has_new``) is looked at
    again next day, and then after a quarter longer each time.
    """
    rulebook, as_of = expertise.rulebook, state.as_of
    since = as_of if is_deadline or not before.as_of else before.judged
    wake = rulebook.wake_after(state.profile, state.facts, since)
    if not wake or wake > as_of:
        state.judged = as_of
    elif before.wake_at:
        wake = min(before.wake_at, as_of + DAY_S)
    if state.withheld:
        retry = before.wake_at
        if is_deadline:
            longer = 0 if has_new else int(WAITS_LONGER * (as_of - before.judged))
            retry = as_of + min(max(DAY_S, longer), LONGEST_WAIT_S)
        wake = min(wake, retry) if wake else retry
    state.wake_at = _soonest(wake, state, expertise)


def _soonest(wake: int, state: EnterpriseState, expertise: Expertise) -> int:
    """Return the soonest of a rule's moment, a sample's last day and a look at the class again.

    Whoever stands above class A, or radiates trouble, is looked at when what weighs on it ends.
    """
    known, is_weighty = expertise.knowledge, expertise.catalogue.is_weighty
    is_burdened = bool(state.rule.rank or state.trouble.severity)
    for fact in state.facts:
        if (
            is_burdened
            and state.as_of < fact.end < ENDLESS_S
            and is_weighty[fact.kind]
            and (not wake or fact.end < wake)
        ):
            wake = fact.end
        if fact.doubt & PROVISIONAL:
            final = final_from(fact, known.lives, known.calendar)
            # Overtaken, or told late: then at once, at a moment that no deadline can have named.
            moment = max(final, state.as_of + 1) if final else 0
            if moment and (not wake or moment < wake):
                wake = moment
    if state.rule.rank:
        scoring = known.scoring
        review = state.as_of + scoring.review_days * DAY_S
        if state.rule.better_since:
            review = state.rule.better_since + scoring.better_after_hours * HOUR_S
        if review > state.as_of and (not wake or review < wake):
            wake = review
    return wake


def _tell(
    state: EnterpriseState,
    event: Event,
    expertise: Expertise,
    effects: list[Effect],
    assessment: Assessment,
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
                    before=CLASSES[before],
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
    effects.append(CardDue(assessment))
