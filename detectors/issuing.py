"""When does a finding become a warning, join one that is open, or take one back?"""

import datetime as dt
from collections.abc import Sequence

import msgspec

from detectors.events import WarningHandled
from detectors.facts import DAY_S, Fact
from detectors.finding import Finding, Moment
from detectors.measure import Measure
from detectors.observation import Tempered, tempered
from detectors.occasion import Occasion
from detectors.reading_society import FINAL
from detectors.repetition import RAISED_TO, as_past, warned_before, why_again
from detectors.retold import without_retold
from detectors.said import bits_told, said
from detectors.state import EnterpriseState, OpenWarning
from detectors.undoing import undone_by
from detectors.warning import EarlyWarning, WarningStatus, warning_id, warning_number

# Domain reference §4.3: enterprise x domain x rule family x 30 days is one warning.
MERGE_S = 30 * DAY_S
# Reconsideration takes months: a warning that was closed can still be taken back.
KEEP_PAST = 4
# Each family and domain opens one a month at the most; whoever has more open than this hears no
# less, for the oldest is closed, and said to be.
KEEP_OPEN = 24
MAX_EVIDENCE = 20


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


def warnings_of(occasion: Occasion, moment: Moment) -> list[EarlyWarning]:
    """Return the warnings that this event issues, lowers, closes or cancels; keep the open ones.

    One warning takes the hits of a (domain, rule family): a graver measure takes it over under the
    same id, a further hit of the same or a milder one adds evidence and tells nobody.
    """
    issued: list[EarlyWarning] = []
    state, news = occasion.state, occasion.news
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
        said(occasion, one, by_id[one.rule], WarningStatus.CLOSED, _facts_of(one, state.facts))
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
    kept, told = [], []
    for one in open_warnings:
        rule = rulebook.by_id.get(one.rule)
        if rule is None or rulebook.is_momentary(rule):
            kept.append(one)
            continue
        left = rulebook.still_holds(rule, quiet, one.domain, since=one.last_hit)
        if left is None:
            facts = _facts_of(one, moment.facts)
            told.append(said(occasion, one, rule, WarningStatus.CLOSED, facts))
            if rule.again_within_days:
                past = occasion.state.past_warnings
                occasion.state.past_warnings = [*past, one][-KEEP_PAST:]
            continue
        if left.measure.rank < one.measure:
            one = msgspec.structs.replace(one, measure=left.measure.rank)  # noqa: PLW2901
            told.append(said(occasion, one, rule, WarningStatus.LOWERED, left.facts))
        kept.append(one)
    return kept, told


def _raised(
    open_warnings: list[OpenWarning],
    finding: Finding,
    occasion: Occasion,
    moment: Moment,
) -> tuple[list[OpenWarning], EarlyWarning | None]:
    """Let a finding open a warning, make one graver, or add evidence to it, which tells nobody."""
    taken = _measure_taken(finding, occasion, moment)
    rank = taken.measure.rank
    known = _joined_by(finding, open_warnings, occasion.state.as_of)
    if known is None:
        opened = _opened(finding, rank, occasion)
        return [*open_warnings, opened], _issued(opened, finding, taken, occasion)
    renewed = _renewed(known, finding, rank, occasion.state)
    others = [renewed if one is known else one for one in open_warnings]
    if rank <= known.measure:
        return others, None
    again = bool(bits_told(known) & 1 << rank)
    return others, _issued(renewed, finding, taken, occasion, again=again)


def _joined_by(
    finding: Finding, open_warnings: list[OpenWarning], as_of: int
) -> OpenWarning | None:
    """Return the warning of its family and domain that a finding joins, if there is one."""
    for one in open_warnings:
        if (
            one.family == finding.rule.family
            and one.domain == finding.domain
            and one.last_hit > as_of - MERGE_S
        ):
            return one
    return None


def _opened(finding: Finding, rank: int, occasion: Occasion) -> OpenWarning:
    state, rule = occasion.state, finding.rule
    place = _place_of(finding.facts, state)
    identity = warning_id(
        uscc=occasion.event.subject,
        domain=finding.domain,
        family=rule.family,
        cause=occasion.cause,
    )
    opened = dt.datetime.fromtimestamp(state.as_of, dt.UTC)
    return OpenWarning(
        id=identity,
        number=warning_number(identity, place=place or "000000", issued_at=opened),
        family=rule.family,
        domain=finding.domain,
        rule=rule.id,
        measure=rank,
        opened=state.as_of,
        last_hit=state.as_of,
        facts=[fact.id for fact in finding.facts[:MAX_EVIDENCE]],
        place=place,
        told=1 << rank,
        issued=state.as_of,
    )


def _renewed(
    known: OpenWarning, finding: Finding, rank: int, state: EnterpriseState
) -> OpenWarning:
    """Return a warning after a further hit; a graver rule takes it over."""
    is_graver = rank > known.measure
    ids = [fact.id for fact in finding.facts]
    renewed = msgspec.structs.replace(
        known,
        rule=finding.rule.id if is_graver else known.rule,
        measure=max(rank, known.measure),
        last_hit=state.as_of,
        place=_place_of(finding.facts, state),
        facts=list(dict.fromkeys([*ids, *known.facts]))[:MAX_EVIDENCE],
    )
    if is_graver:
        renewed.told, renewed.issued = bits_told(known) | 1 << rank, state.as_of
    return renewed


def _issued(
    one: OpenWarning,
    finding: Finding,
    taken: Tempered,
    occasion: Occasion,
    *,
    again: bool = False,
) -> EarlyWarning:
    return said(
        occasion, one, finding.rule, WarningStatus.ISSUED, finding.facts,
        remark=taken.why, found=finding.measure, again=again,
    )  # fmt: skip


def _place_of(facts: tuple[Fact, ...], state: EnterpriseState) -> str:
    """Return the place of the matter: of the newest fact that names one, or of the enterprise."""
    return next((fact.place for fact in facts if fact.place), state.profile.place)


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
    closed = _closed(handled, occasion)
    occasion.state.past_warnings = [
        as_past(one, data) if one in handled else one for one in occasion.state.past_warnings
    ]
    return closed


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
    kept, told = [], []
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
            told.append(said(occasion, one, rule, status, taken_back, undone=undone))
            continue
        rest = msgspec.structs.replace(
            one,
            measure=min(one.measure, left.measure.rank),
            facts=[identity for identity in one.facts if identity not in gone],
        )
        kept.append(rest)
        if is_past or rest.measure == one.measure:
            continue
        told.append(said(occasion, rest, rule, WarningStatus.LOWERED, taken_back, undone=undone))
        bit = 1 << rest.measure
        if not bits_told(one) & bit:
            rest.told, rest.issued = bits_told(one) | bit, occasion.state.as_of
            told.append(said(occasion, rest, rule, WarningStatus.ISSUED, left.facts))
    return kept, told
