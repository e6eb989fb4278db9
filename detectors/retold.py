"""Is a rise of the score, or a worse class, told of by another rule already?

W30 and W25 speak of the score as a whole.  Where the cause is a fact that has set off a rule of its
own, the same people would be given two orders for one matter; where that rule waits for a silent
feed, they would hear of what nobody can know yet.
"""

import functools
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from detectors.catalogue import Catalogue
from detectors.expertise import Expertise
from detectors.facts import FACTS_AN_EVENT, Fact, FactKind
from detectors.finding import Finding, Moment
from detectors.reading_neighbours import ONE_CASE
from detectors.score import band_rank
from detectors.state import EnterpriseState, Profile


def without_retold(
    found: list[Finding], moment: Moment, state: EnterpriseState, expertise: Expertise
) -> list[Finding]:
    """Return the findings without the changes of score and class that tell nothing new.

    A change is new as far as no other rule speaks of its causes, now or in a warning that stands:
    by the same measure or a graver one, for a milder one does not ask as much.  It is not told
    before the rule of its cause may be judged, nor beside the list of a station (of a whole county
    in one night).
    """
    rulebook = expertise.rulebook
    others = [one for one in found if not rulebook.is_momentary(one.rule)]
    if len(others) == len(found):
        return found
    # What time has brought, though a feed is silent or the timer has not spoken yet.
    is_judged = moment.judged == state.judged and not moment.silent_feeds
    by_time = [] if is_judged else rulebook.on_time(replace(moment, judged=state.judged))
    rules = {one.rule.id for one in others}
    by_time = [one for one in by_time if one.rule.id not in rules]
    left = [
        new
        for one in found
        if rulebook.is_momentary(one.rule)
        and (new := _as_new(one, moment, state, expertise, told_by=(others, by_time)))
    ]
    return [*others, *left]


def _as_new(
    finding: Finding,
    moment: Moment,
    state: EnterpriseState,
    expertise: Expertise,
    *,
    told_by: tuple[list[Finding], list[Finding]],
) -> Finding | None:
    """Return what a change of score or class tells beside all that is told already."""
    others, by_time = told_by
    rank = finding.measure.rank
    speaking = [one for one in others if one.rule.batched or one.measure.rank >= rank]
    now = _ids([*speaking, *by_time])
    warned = _warned_of(state, expertise, rank) | {
        fact.id for fact in moment.facts if fact.kind in ONE_CASE
    }
    if not now and not warned:
        return finding
    if moment.rank == moment.rank_before:
        left = _with_new_rise(moment, state, expertise.catalogue, now | warned)
    else:
        left = _with_new_class(moment, state, expertise, now) if now else moment
    again = expertise.rulebook.check(finding.rule, left)
    if again is None or len(_rest(again.facts, now | warned)) == len(again.facts):
        return again
    facts = tuple(_rest(again.facts, now | warned))
    return replace(again, facts=facts) if facts else None


def _warned_of(state: EnterpriseState, expertise: Expertise, rank: int) -> set[int]:
    """Return the facts that the warnings of other rules have told of, at least so gravely."""
    rulebook = expertise.rulebook
    return {
        identity
        for one in (*state.open_warnings, *state.past_warnings)
        if one.measure >= rank
        and one.rule in rulebook.by_id
        and not rulebook.is_momentary(rulebook.by_id[one.rule])
        for identity in one.facts
    }


def _with_new_rise(
    moment: Moment, state: EnterpriseState, catalogue: Catalogue, told: set[int]
) -> Moment:
    """Return the moment with what the told facts leave of the rise.

    Their part is what they weigh now, less what they weighed when the score was lowest.
    """
    lowest_at = moment.since
    before = [fact for fact in moment.facts if fact.id not in moment.fresh]
    rest, rest_before = _rest(moment.facts, told), _rest(before, told)
    profile = _known(moment.profile, moment.facts, rest)
    assess = functools.partial(catalogue.assess, unheard=state.withheld)
    part = state.rule.score - assess(profile, rest, moment.as_of).score
    if len(rest_before) < len(before):
        part -= assess(moment.profile, before, lowest_at).score
        part += assess(profile, rest_before, lowest_at).score
    return replace(moment, facts=rest, rise=moment.rise - part)


def _with_new_class(
    moment: Moment, state: EnterpriseState, expertise: Expertise, told: set[int]
) -> Moment:
    """Return the moment with the class that the facts would make without those told."""
    rest = _rest(moment.facts, told)
    profile = _known(moment.profile, moment.facts, rest)
    assessment = expertise.catalogue.assess(profile, rest, moment.as_of, unheard=state.withheld)
    bands = expertise.knowledge.scoring.bands
    rank = max(band_rank(assessment.score, bands), assessment.floor_rank)
    return replace(moment, facts=rest, rank=min(rank, moment.rank))


def _known(profile: Profile, facts: Sequence[Fact], rest: Sequence[Fact]) -> Profile:
    """Return the profile without its founding where that is told: a missing report rests on it."""
    told = [fact for fact in facts if fact.kind == FactKind.ESTABLISHED and fact not in rest]
    return replace(profile, established=0) if told else profile


def _rest(facts: Sequence[Fact], told: set[int]) -> list[Fact]:
    """Return the facts of events of which nothing was told."""
    return [
        fact for fact in facts if not any([abs(fact.id - one) < FACTS_AN_EVENT for one in told])
    ]


def _ids(findings: Iterable[Finding]) -> set[int]:
    return {fact.id for one in findings for fact in one.facts}
