"""What do cases, penalties and coercive measures state?  Facts of E43 to E46."""

from detectors import events as e
from detectors.facts import DAY_S, FactKind, MarkAct, hash_of
from detectors.stating import NOTHING, Reading, document, ends, fact, moment, renews

CASE_S = 90 * DAY_S  # 行政处罚法 art. 60: decided within ninety days of filing
SEIZURE_WEIGHT = 0.5  # domain reference §8.3, S40: "seizure .5, transfer to police 1"
_PENALTIES = {
    "minor": FactKind.PENALTY_MINOR,
    "general": FactKind.PENALTY_GENERAL,
    "severe": FactKind.PENALTY_SEVERE,
}


def case(data: e.CaseChanged, identity: int, at: int) -> Reading:
    """E43: open until closed; within ninety days, says the law."""
    ref = hash_of("case", data.case_no)
    if data.status == "closed":
        return Reading(marks=(ends(identity, at, FactKind.CASE_OPEN, ref),))
    return Reading((
        fact(data, identity, at, FactKind.CASE_OPEN, data.domain, ref=ref, note=data.cause,
             due=at + CASE_S),
    ))  # fmt: skip


def penalty(data: e.PenaltyDecided, identity: int, at: int) -> Reading:
    """E44: a penalty; of which kind of offence, so that a relapse is seen; due to be performed.

    What the amount makes of it stands in the knowledge (``detectors.weights``).
    """
    ref = offence(data.offence, data.organ, data.doc_no)
    kind = _PENALTIES[data.severity]
    until = moment(data.publication_end, end=True)
    facts = [
        fact(data, identity, at, kind, data.domain, due=until, ref=ref, note=data.grounds),
    ]  # fmt: skip
    if data.offence_kind:
        facts.append(fact(data, identity + 1, at, FactKind.OFFENCE, data.domain, until=until,
                          ref=ref or identity, note=data.offence_kind))  # fmt: skip
    if data.performed_due is not None:
        facts.append(fact(data, identity + 2, at, FactKind.PENALTY_DUE, data.domain,
                          ref=document(data.organ, data.doc_no) or ref,
                          due=moment(data.performed_due, end=True),
                          note=_imposed(data)))  # fmt: skip
    return Reading(tuple(facts))


def _imposed(data: e.PenaltyDecided) -> str:
    """Return what is to be performed, as far as the source says."""
    return data.content or (f"罚款{data.amount:.0f}元" if data.amount else data.grounds)


def offence(name: str, organ: str, doc_no: str) -> int:
    """Return what makes two penalties one: the offence, or the document of one organ."""
    return hash_of("offence", name) if name else document(organ, doc_no)


def coercive(data: e.CoerciveMeasure, identity: int, at: int) -> Reading:
    """E45: goods sealed, or the matter with the police, until lifted."""
    seized = data.kind == "seizure"
    kind = FactKind.SEIZURE if seized else FactKind.POLICE_TRANSFER
    ref = hash_of("coercive", data.measure_no)
    if data.status == "lifted":
        return Reading(marks=(ends(identity, at, kind, ref),))
    return Reading((
        fact(data, identity, at, kind, data.domain, ref=ref, note=data.items,
             weight=SEIZURE_WEIGHT if seized else 1.0),
    ))  # fmt: skip


def penalty_followed(data: e.PenaltyFollowed, identity: int, at: int) -> Reading:
    """E46: performed, deferred, or taken back as if it had never been."""
    decision = document(data.organ, data.penalty_no)
    if data.kind == "performed":
        return Reading(marks=(ends(identity, at, FactKind.PENALTY_DUE, decision),))
    if data.kind == "deferred":
        stated = fact(data, identity, at, FactKind.PENALTY_DUE, data.domain, ref=decision,
                      due=moment(data.new_due, end=True), note="准予延期、分期")  # fmt: skip
        return Reading((stated,), (renews(identity, at, FactKind.PENALTY_DUE, decision),))
    if data.kind == "changed":  # what changed comes as an UPDATE of the decision
        return NOTHING
    ref = offence(data.offence, data.organ, data.penalty_no)
    void = MarkAct.VOID
    return Reading(marks=(
        *(ends(identity, at, kind, ref, act=void) for kind in _PENALTIES.values()),
        ends(identity, at, FactKind.OFFENCE, ref, act=void),
        ends(identity, at, FactKind.PENALTY_DUE, decision, act=void),
    ))  # fmt: skip
