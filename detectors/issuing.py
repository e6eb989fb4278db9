"""When does a finding become a warning, join one that is open, or take one back?"""

import datetime as dt
from collections.abc import Sequence

import msgspec

from detectors.events import Event, WarningHandled
from detectors.expertise import Expertise
from detectors.facts import DAY_S, Fact, FactKind
from detectors.finding import Finding, Moment
from detectors.grounds import advice_of, basis_of, matter_of, own_basis
from detectors.knowledge import Rule
from detectors.measure import Measure
from detectors.news import News
from detectors.observation import Tempered, tempered
from detectors.reading_society import FINAL
from detectors.repetition import RAISED_TO, as_past, warned_before, why_again
from detectors.retold import without_retold
from detectors.state import EnterpriseState, OpenWarning
from detectors.undoing import undone_by
from detectors.warning import (
    EarlyWarning,
    Reason,
    WarningStatus,
    revision_of,
    warning_id,
    warning_number,
)
from detectors.wording import fact_in_words

# Domain reference §4.3: enterprise x domain x rule family x 30 days is one warning.
MERGE_S = 30 * DAY_S
# Reconsideration takes months: a warning that was closed can still be taken back.
KEEP_PAST = 4
# Each family and domain opens one a month at the most; whoever has more open than this hears no
# less, for the oldest is closed, and said to be.
KEEP_OPEN = 24
MAX_EVIDENCE = 20
MAX_REASONS = 5


class Occasion(msgspec.Struct, frozen=True, gc=False):
    """The event at hand, the state after it, and by which knowledge it is judged."""

    state: EnterpriseState
    event: Event
    expertise: Expertise

    @property
    def cause(self) -> str:
        """Return the name of the event, unique over all sources."""
        return f"{self.event.source}/{self.event.id}"


def has_overdue(occasion: Occasion) -> bool:
    """Return whether an open warning is over by time alone."""
    open_warnings = occasion.state.open_warnings
    return bool(open_warnings) and any([_is_over(one, occasion) for one in open_warnings])


def _is_over(one: OpenWarning, occasion: Occasion) -> bool:
    """Return whether a warning merges no more, and no condition of its own could end.

    A change of class or score is none: it is looked at for a month.
    """
    if one.last_hit > occasion.state.as_of - MERGE_S:
        return False
    rulebook = occasion.expertise.rulebook
    rule = rulebook.by_id.get(one.rule)
    return rule is None or rulebook.is_momentary(rule)


def warnings_of(occasion: Occasion, moment: Moment, news: News) -> list[EarlyWarning]:
    """Return the warnings that this event issues, lowers, closes or cancels; keep the open ones.

    One warning takes the hits of a (domain, rule family): a graver measure takes it over under the
    same id, a further hit of the same or a milder one adds evidence and tells nobody.
    """
    issued: list[EarlyWarning] = []
    state = occasion.state
    if has_overdue(occasion):
        over = [one for one in state.open_warnings if _is_over(one, occasion)]
        issued += _closed(over, occasion)
    open_warnings = state.open_warnings
    if news.retracted:
        state.past_warnings, cancelled = _without_retracted(
            state.past_warnings, occasion, moment, is_past=True
        )
        issued += cancelled
        open_warnings, cancelled = _without_retracted(open_warnings, occasion, moment)
        issued += cancelled
    if open_warnings and (news.resettled or moment.judged < moment.as_of):
        open_warnings, closed = _without_settled(open_warnings, occasion, moment)
        issued += closed
    # Two rules of one family may fire at once (a feed was silent over both their days): the graver
    # speaks, the milder joins it as evidence.
    found = occasion.expertise.rulebook.findings(moment)
    found = without_retold(found, moment, state, occasion.expertise)
    for finding in sorted(found, key=lambda one: -one.measure.rank):
        open_warnings, warning = _raised(open_warnings, finding, occasion, moment)
        if warning is not None:
            issued.append(warning)
    state.open_warnings = open_warnings
    issued += _closed(_taken_over(open_warnings), occasion)
    if len(state.open_warnings) > KEEP_OPEN:
        by_age = sorted(state.open_warnings, key=lambda one: one.last_hit)
        issued += _closed(by_age[:-KEEP_OPEN], occasion)
    return issued


def _taken_over(open_warnings: list[OpenWarning]) -> list[OpenWarning]:
    """Return the warnings that a later one of their family and domain has taken the place of."""
    latest = {(one.family, one.domain): one for one in open_warnings}
    return [one for one in open_warnings if latest[one.family, one.domain] is not one]


def _closed(ended: list[OpenWarning], occasion: Occasion) -> list[EarlyWarning]:
    """Close open warnings, which then only wait for their facts to be taken back."""
    state = occasion.state
    by_id = occasion.expertise.rulebook.by_id
    state.open_warnings = [one for one in state.open_warnings if one not in ended]
    state.past_warnings = [*state.past_warnings, *ended][-KEEP_PAST:]
    return [
        _said(occasion, one, by_id[one.rule], WarningStatus.CLOSED, _facts_of(one, state.facts))
        for one in ended
        if one.rule in by_id
    ]


def _facts_of(one: OpenWarning, facts: Sequence[Fact]) -> tuple[Fact, ...]:
    return tuple([fact for fact in facts if fact.id in one.facts])


def _without_settled(
    open_warnings: list[OpenWarning], occasion: Occasion, moment: Moment
) -> tuple[list[OpenWarning], list[EarlyWarning]]:
    """Close the warnings whose condition has ended: filed, removed, renewed, cured, or faded.

    Where a milder condition is left, the warning is lowered.
    """
    rulebook = occasion.expertise.rulebook
    quiet = msgspec.structs.replace(moment, fresh=frozenset(), judged=moment.as_of, rise=0.0)
    kept, said = [], []
    for one in open_warnings:
        rule = rulebook.by_id.get(one.rule)
        if rule is None or rulebook.is_momentary(rule):
            kept.append(one)
            continue
        left = rulebook.still_holds(rule, quiet, one.domain, since=one.last_hit)
        if left is None:
            facts = _facts_of(one, moment.facts)
            said.append(_said(occasion, one, rule, WarningStatus.CLOSED, facts))
            if rule.again_within_days:
                past = occasion.state.past_warnings
                occasion.state.past_warnings = [*past, one][-KEEP_PAST:]
            continue
        if left.measure.rank < one.measure:
            one = msgspec.structs.replace(one, measure=left.measure.rank)  # noqa: PLW2901
            said.append(_said(occasion, one, rule, WarningStatus.LOWERED, left.facts))
        kept.append(one)
    return kept, said


def _raised(
    open_warnings: list[OpenWarning],
    finding: Finding,
    occasion: Occasion,
    moment: Moment,
) -> tuple[list[OpenWarning], EarlyWarning | None]:
    state = occasion.state
    rule = finding.rule
    taken = _measure_taken(finding, occasion, moment)
    rank = taken.measure.rank
    ids = [fact.id for fact in finding.facts]
    known = next(
        (
            one
            for one in open_warnings
            if one.family == rule.family
            and one.domain == finding.domain
            and one.last_hit > state.as_of - MERGE_S
        ),
        None,
    )
    place = _place_of(finding.facts, state)
    if known is None:
        identity = warning_id(
            uscc=occasion.event.subject,
            domain=finding.domain,
            family=rule.family,
            cause=occasion.cause,
        )
        opened = dt.datetime.fromtimestamp(state.as_of, dt.UTC)
        known = OpenWarning(
            id=identity,
            number=warning_number(identity, place=place or "000000", issued_at=opened),
            family=rule.family,
            domain=finding.domain,
            rule=rule.id,
            measure=rank,
            opened=state.as_of,
            last_hit=state.as_of,
            facts=ids[:MAX_EVIDENCE],
            place=place,
            told=1 << rank,
            issued=state.as_of,
        )
        said = _said(
            occasion, known, rule, WarningStatus.ISSUED, finding.facts,
            remark=taken.why, found=finding.measure,
        )  # fmt: skip
        return [*open_warnings, known], said
    graver = rank > known.measure
    renewed = msgspec.structs.replace(
        known,
        rule=rule.id if graver else known.rule,
        measure=max(rank, known.measure),
        last_hit=state.as_of,
        place=place,
        facts=list(dict.fromkeys([*ids, *known.facts]))[:MAX_EVIDENCE],
    )
    again = bool(_told_of(known) & 1 << rank)
    if graver:
        renewed.told, renewed.issued = _told_of(known) | 1 << rank, state.as_of
    others = [renewed if one is known else one for one in open_warnings]
    if not graver:
        return others, None
    return others, _said(
        occasion, renewed, rule, WarningStatus.ISSUED, finding.facts,
        remark=taken.why, found=finding.measure, again=again,
    )  # fmt: skip


def _told_of(one: OpenWarning) -> int:
    """Return the bits of the measures told; of an older state the one it stands at."""
    return one.told or 1 << one.measure


def _no_longer_hit(state: EnterpriseState) -> list[OpenWarning]:
    """Return the warnings that a new hit does not join: past ones, and those of a month ago."""
    calm = [one for one in state.open_warnings if one.last_hit <= state.as_of - MERGE_S]
    return sorted([*state.past_warnings, *calm], key=lambda one: one.last_hit)


def _measure_taken(finding: Finding, occasion: Occasion, moment: Moment) -> Tempered:
    """Return the measure that is taken: milder under observation, graver for a repetition."""
    asked, days = finding.measure, finding.rule.again_within_days
    taken = _tempered(asked, finding, occasion)
    if not days or asked is not Measure.WARNING or taken.measure is not asked:
        return taken
    rulebook = occasion.expertise.rulebook
    before = warned_before(finding, moment, _no_longer_hit(occasion.state), rulebook)
    raised = _tempered(RAISED_TO, finding, occasion)
    # Under observation an interview becomes less than the warning that it would take the place of.
    if before is None or raised.measure is not RAISED_TO:
        return taken
    return Tempered(RAISED_TO, "；".join(filter(None, (why_again(before, days), raised.why))))


def _tempered(measure: Measure, finding: Finding, occasion: Occasion) -> Tempered:
    """Return what becomes of a measure: under observation a milder one, unless triggered."""
    state = occasion.state
    return tempered(
        occasion.expertise.knowledge.observation,
        measure,
        uscc=occasion.event.subject,
        profile=state.profile,
        facts=state.facts,
        risk_class=state.rule.risk_class,
        domain=finding.domain,
        as_of=state.as_of,
    )


def without_handled(occasion: Occasion) -> list[EarlyWarning]:
    """Close the warning that people have done with (E58); a fresh hit opens a new one."""
    data = occasion.event.data
    if not isinstance(data, WarningHandled) or data.state not in FINAL:
        return []
    handled = [one for one in occasion.state.open_warnings if one.id == data.warning_id]
    said = _closed(handled, occasion)
    occasion.state.past_warnings = [
        as_past(one, data) if one in handled else one for one in occasion.state.past_warnings
    ]
    return said


def _without_retracted(
    warnings: list[OpenWarning],
    occasion: Occasion,
    moment: Moment,
    *,
    is_past: bool = False,
) -> tuple[list[OpenWarning], list[EarlyWarning]]:
    """Take back the warnings whose facts were revoked and whose rule no longer holds.

    Where the rest asks for a milder measure, the graver one alone is taken back; whoever must act
    by the milder one is told of it, unless that was so before.
    """
    kept, said = [], []
    gone = {fact.id: fact for fact in moment.facts if fact.is_revoked}
    undone = undone_by(occasion.event)
    # A change of class or score cannot be checked again afterwards: it stands on its facts.
    quiet = msgspec.structs.replace(moment, fresh=frozenset(), rise=0.0)
    for one in warnings:
        taken_back = tuple(gone[identity] for identity in one.facts if identity in gone)
        rule = occasion.expertise.rulebook.by_id.get(one.rule)
        if not taken_back or rule is None:
            kept.append(one)
            continue
        left = occasion.expertise.rulebook.still_holds(rule, quiet, one.domain, since=one.last_hit)
        if left is None:
            status = WarningStatus.CANCELLED
            said.append(_said(occasion, one, rule, status, taken_back, undone=undone))
            continue
        rest = msgspec.structs.replace(
            one,
            measure=min(one.measure, left.measure.rank),
            facts=[identity for identity in one.facts if identity not in gone],
        )
        kept.append(rest)
        if is_past or rest.measure == one.measure:
            continue
        said.append(_said(occasion, rest, rule, WarningStatus.LOWERED, taken_back, undone=undone))
        bit = 1 << rest.measure
        if not _told_of(one) & bit:
            rest.told, rest.issued = _told_of(one) | bit, occasion.state.as_of
            said.append(_said(occasion, rest, rule, WarningStatus.ISSUED, left.facts))
    return kept, said


def _place_of(facts: tuple[Fact, ...], state: EnterpriseState) -> str:
    """Return the place of the matter: of the newest fact that names one, or of the enterprise."""
    return next((fact.place for fact in facts if fact.place), state.profile.place)


def _said(
    occasion: Occasion,
    known: OpenWarning,
    rule: Rule,
    status: WarningStatus,
    facts: tuple[Fact, ...],
    *,
    remark: str = "",
    found: Measure | None = None,
    again: bool = False,
    undone: str = "",
) -> EarlyWarning:
    """Return what is told.  ``found`` is the tier's measure, of which a milder one may be taken."""
    state = occasion.state
    measure = Measure.of_rank(known.measure)
    found = found or measure
    issued_at = dt.datetime.fromtimestamp(known.issued or known.opened, dt.UTC)
    is_issued = status is WarningStatus.ISSUED
    learned = state.learned
    told = _told_of(known)
    # A warning may be lowered, and rise again, as often as its facts come and go.
    again = again or status is WarningStatus.LOWERED
    return EarlyWarning(
        id=known.id,
        number=known.number,
        status=status,
        measure=measure,
        uscc=occasion.event.subject,
        enterprise=state.profile.name or occasion.event.subject,
        domain=known.domain,
        family=known.family,
        rule=rule.id,
        matter=matter_of(rule, found),
        advice=advice_of(rule, found),
        place=known.place,
        approver=next(
            (f.document.organ for f in facts if f.document.organ and f.kind == FactKind.PERMIT), ""
        ),
        reasons=tuple(
            Reason(
                text=fact_in_words(fact, occasion.expertise.knowledge.domains),
                fact_id=fact.name,
                doc_no=fact.document.doc_no,
                organ=fact.document.organ,
                legal_basis=own_basis(rule, fact),
            )
            for fact in facts[:MAX_REASONS]
        ),
        legal_basis=basis_of(rule, facts[:MAX_REASONS]),
        cause=occasion.cause,
        issued_at=issued_at,
        score=learned.live.score,
        risk_class=learned.live.risk_class,
        batched=rule.batched,
        remark=remark,
        permits=tuple(sorted({one.domain for one in state.facts if one.kind == FactKind.PERMIT})),
        learned_probability=learned.probability if learned.version else None,
        knowledge_version=occasion.expertise.knowledge.version,
        model_version=learned.version,
        told=tuple([one for one in Measure if told & 1 << one.rank]),
        revision=revision_of(occasion.cause) if again else "",
        undone=undone,
        changed_at=None if is_issued else dt.datetime.fromtimestamp(state.as_of, dt.UTC),
    )
