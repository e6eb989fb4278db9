"""What does a warning say, at the moment at which it is told?"""

import datetime as dt

from detectors.facts import Fact, FactKind
from detectors.grounds import advice_of, basis_of, matter_of, own_basis
from detectors.knowledge import Rule
from detectors.measure import Measure
from detectors.occasion import Occasion
from detectors.state import OpenWarning
from detectors.warning import EarlyWarning, Reason, WarningStatus, revision_of
from detectors.wording import fact_in_words

MAX_REASONS = 5


def said(
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
    told = bits_told(known)
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
        reasons=_reasons(occasion, rule, facts[:MAX_REASONS]),
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


def _reasons(occasion: Occasion, rule: Rule, facts: tuple[Fact, ...]) -> tuple[Reason, ...]:
    domains = occasion.expertise.knowledge.domains
    return tuple(
        Reason(
            text=fact_in_words(fact, domains),
            fact_id=fact.name,
            doc_no=fact.document.doc_no,
            organ=fact.document.organ,
            legal_basis=own_basis(rule, fact),
        )
        for fact in facts
    )


def bits_told(one: OpenWarning) -> int:
    """Return the bits of the measures told; of an older state the one it stands at."""
    return one.told or 1 << one.measure
