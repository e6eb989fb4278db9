"""When does a finding become a warning, join one that is open, or take one back?"""

import datetime as dt

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
from detectors.warning import EarlyWarning, Reason, WarningStatus, warning_id, warning_number
from detectors.wording import fact_in_words

# Domain reference §4.3: enterprise x domain x rule family x 30 days is one warning.
MERGE_S = 30 * DAY_S
# Reconsideration takes months: a warning told long ago can still be taken back.
KEEP_PAST = 4
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


def has_overdue(state: EnterpriseState, as_of: int) -> bool:
    """Return whether an open warning no longer takes further hits."""
    return bool(state.open_warnings) and any(
        [one.last_hit <= as_of - MERGE_S for one in state.open_warnings]
    )


def warnings_of(occasion: Occasion, moment: Moment, news: News) -> list[EarlyWarning]:
    """Return the warnings that this event issues, closes or cancels; keep the open ones.

    One warning is open for each (domain, rule family): a graver measure takes it over under the
    same id, a further hit of the same or a milder one adds evidence and tells nobody.
    """
    issued: list[EarlyWarning] = []
    state = occasion.state
    open_warnings = state.open_warnings
    if has_overdue(state, moment.as_of):
        merging_from = moment.as_of - MERGE_S
        over = [one for one in open_warnings if one.last_hit <= merging_from]
        state.past_warnings = [*state.past_warnings, *over][-KEEP_PAST:]
        open_warnings = [one for one in open_warnings if one.last_hit > merging_from]
    if news.retracted:
        state.past_warnings, issued = _without_retracted(state.past_warnings, occasion, moment)
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
    return issued


def _without_settled(
    open_warnings: list[OpenWarning], occasion: Occasion, moment: Moment
) -> tuple[list[OpenWarning], list[EarlyWarning]]:
    """Close the warnings whose condition has ended: filed, removed, renewed, cured, or faded.

    A change of class or score is no condition that could end: it stands until it merges no more.
    """
    rulebook = occasion.expertise.rulebook
    quiet = msgspec.structs.replace(moment, fresh=frozenset(), judged=moment.as_of, rise=0.0)
    kept, closed = [], []
    for one in open_warnings:
        rule = rulebook.by_id.get(one.rule)
        if (
            rule is None
            or rulebook.is_momentary(rule)
            or rulebook.still_holds(rule, quiet, one.domain, since=one.last_hit)
        ):
            kept.append(one)
            continue
        facts = tuple([fact for fact in moment.facts if fact.id in one.facts])
        closed.append(_said(occasion, one, rule, WarningStatus.CLOSED, facts))
        if rule.again_within_days:
            occasion.state.past_warnings = [*occasion.state.past_warnings, one][-KEEP_PAST:]
    return kept, closed


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
            if one.family == rule.family and one.domain == finding.domain
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
    others = [renewed if one is known else one for one in open_warnings]
    if not graver:
        return others, None
    return others, _said(
        occasion, renewed, rule, WarningStatus.ISSUED, finding.facts,
        remark=taken.why, found=finding.measure,
    )  # fmt: skip


def _measure_taken(finding: Finding, occasion: Occasion, moment: Moment) -> Tempered:
    """Return the measure that is taken: milder under observation, graver for a repetition."""
    asked, days = finding.measure, finding.rule.again_within_days
    taken = _tempered(asked, finding, occasion)
    if not days or asked is not Measure.WARNING or taken.measure is not asked:
        return taken
    rulebook = occasion.expertise.rulebook
    before = warned_before(finding, moment, occasion.state.past_warnings, rulebook)
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
    state = occasion.state
    closed = []
    for one in state.open_warnings:
        rule = occasion.expertise.rulebook.by_id.get(one.rule)
        if one.id == data.warning_id and rule is not None:
            facts = tuple([fact for fact in state.facts if fact.id in one.facts])
            closed.append(_said(occasion, one, rule, WarningStatus.CLOSED, facts))
    if closed:
        handled = [as_past(one, data) for one in state.open_warnings if one.id == data.warning_id]
        state.past_warnings = [*state.past_warnings, *handled][-KEEP_PAST:]
        state.open_warnings = [one for one in state.open_warnings if one.id != data.warning_id]
    return closed


def _without_retracted(
    open_warnings: list[OpenWarning],
    occasion: Occasion,
    moment: Moment,
) -> tuple[list[OpenWarning], list[EarlyWarning]]:
    """Take back the warnings whose facts were revoked and whose rule no longer holds."""
    kept, cancelled = [], []
    gone = {fact.id: fact for fact in moment.facts if fact.is_revoked}
    # A change of class or score cannot be checked again afterwards: it stands on its facts.
    quiet = msgspec.structs.replace(moment, fresh=frozenset(), rise=0.0)
    for one in open_warnings:
        taken_back = tuple(gone[identity] for identity in one.facts if identity in gone)
        rule = occasion.expertise.rulebook.by_id.get(one.rule)
        if not taken_back or rule is None:
            kept.append(one)
            continue
        left = occasion.expertise.rulebook.still_holds(rule, quiet, one.domain, since=one.last_hit)
        if left is None:
            cancelled.append(_said(occasion, one, rule, WarningStatus.CANCELLED, taken_back))
            continue
        kept.append(
            msgspec.structs.replace(
                one,
                measure=min(one.measure, left.measure.rank),
                facts=[identity for identity in one.facts if identity not in gone],
            )
        )
    return kept, cancelled


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
) -> EarlyWarning:
    """Return what is told.  ``found`` is the tier's measure, of which a milder one may be taken."""
    state = occasion.state
    measure = Measure.of_rank(known.measure)
    found = found or measure
    issued_at = dt.datetime.fromtimestamp(state.as_of, dt.UTC)
    learned = state.learned
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
    )
