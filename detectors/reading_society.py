"""What do complaints, courts, other departments, neighbours and we ourselves state?  E47 on."""

from detectors import events as e
from detectors.facts import DAY_S, Fact, FactKind, Mark, MarkAct, complaint_ref, hash_of
from detectors.reading_enforcement import offence
from detectors.stating import NOTHING, Outcome, Reading, document, ends, fact, moment, renews

SETTLED_S = 92 * DAY_S  # as long as a complaint is kept: the surge looks back 13 weeks
USED_S = 62 * DAY_S  # a month's bill comes within the next
_TAKEN_BACK = frozenset({"not_accepted", "withdrawn", "malicious"})
FINAL = frozenset({"closed", "cancelled", "expired", "false_positive", "transferred"})
_OF_DEPARTMENTS = {
    "tax_abnormal": (FactKind.TAX_RECORD, "税务非正常户"),
    "tax_arrears": (FactKind.TAX_RECORD, "欠税"),
    "wage_arrears": (FactKind.ARREARS, "拖欠工资"),
    "social_arrears": (FactKind.ARREARS, "欠缴社会保险费"),
    "penalty": (FactKind.OTHER_PENALTY, ""),
    "safety_accident": (FactKind.SAFETY_ACCIDENT, ""),
}
_BANKRUPTCY = {
    "liquidation": FactKind.LIQUIDATING,
    "reorganisation": FactKind.REORGANISING,
}
_PENALTIES = (FactKind.PENALTY_MINOR, FactKind.PENALTY_GENERAL, FactKind.PENALTY_SEVERE)


def complaint(data: e.ComplaintReceived, identity: int, at: int) -> Reading:
    """E47: one complainant and one matter are one complaint, however often it is sent."""
    if not data.accepted:
        return NOTHING
    stated = fact(data, identity, at, FactKind.COMPLAINT, data.domain, note=data.matter,
                  ref=complaint_ref(data.complainant, data.matter))  # fmt: skip
    if not data.runaway:
        return Reading((stated,))
    gone = _runaway(data, identity + 1, at, data.domain, data.complainant)
    return Reading((stated, gone))


def _runaway(data: e.Payload, identity: int, at: int, domain: str, who: str) -> Fact:
    return fact(data, identity, at, FactKind.RUNAWAY, domain, ref=hash_of("runaway", who))


def food_incident(data: e.FoodIncident, identity: int, at: int) -> Reading:
    """E48: people fell ill."""
    note = f"涉及{data.people}人" + (f"，死亡{data.deaths}人" if data.deaths else "")
    ref = document(data.organ, data.doc_no)
    stated = fact(data, identity, at, FactKind.FOOD_INCIDENT, data.domain, ref=ref, note=note)
    return Reading((stated,))


def report_verified(data: e.ReportVerified, identity: int, at: int) -> Reading:
    """E49: a look; true, or not."""
    outcome = Outcome(data.domain, data.verdict == "true", informant=data.informant)
    if data.verdict == "false":
        return Reading(outcome=outcome)
    stated = fact(data, identity, at, FactKind.REPORT_VERIFIED, data.domain,
                  ref=hash_of("report", data.ticket))  # fmt: skip
    return Reading((stated,), outcome=outcome)


def complaint_closed(data: e.ComplaintClosed, identity: int, at: int) -> Reading:
    """E50: settled, so that it is no open matter; or as if it had never been."""
    ref = complaint_ref(data.complainant, data.matter)
    if data.outcome in _TAKEN_BACK:
        runaway = hash_of("runaway", data.complainant)
        void = MarkAct.VOID
        return Reading(marks=(
            ends(identity, at, FactKind.COMPLAINT, ref, act=void),
            ends(identity, at, FactKind.RUNAWAY, runaway, act=void),
        ))  # fmt: skip
    return Reading((
        fact(data, identity, at, FactKind.COMPLAINT_SETTLED, "CONS", ref=ref, until=at + SETTLED_S),
    ))  # fmt: skip


def opinion(data: e.OpinionHit, identity: int, at: int) -> Reading:
    """E51: bad words by their heat; words of a shop that has gone are a sign of their own."""
    if data.sentiment != "negative":
        return NOTHING
    stated = fact(data, identity, at, FactKind.OPINION, data.domain, weight=data.heat,
                  ref=hash_of("opinion", data.url_hash), note=data.topic)  # fmt: skip
    if not data.runaway:
        return Reading((stated,))
    return Reading((stated, _runaway(data, identity + 1, at, data.domain, data.url_hash)))


def judicial(data: e.JudicialRecord, identity: int, at: int) -> Reading:
    """E52: a dishonest debtor, or one under enforcement; a lawsuit says nothing by itself."""
    if data.kind == "litigation":
        return NOTHING
    if data.kind in _BANKRUPTCY:
        return _bankruptcy(data, identity, at)
    dishonest = data.kind == "dishonest"
    kind = FactKind.JUDGMENT_DEBTOR if dishonest else FactKind.ENFORCEMENT
    ref = hash_of("debtor", data.case_no)
    if data.action == "delete":
        return Reading(marks=(ends(identity, at, kind, ref),))
    note = " ".join(part for part in (data.court, data.case_no) if part)
    return Reading((fact(data, identity, at, kind, "EXT", ref=ref, note=note),))


def _bankruptcy(data: e.JudicialRecord, identity: int, at: int) -> Reading:
    """Return the procedure that a court has opened; another of the same case ends with it."""
    ref = hash_of("bankruptcy", data.case_no)
    over = tuple(ends(identity, at, kind, ref) for kind in _BANKRUPTCY.values())
    if data.action == "delete":
        return Reading(marks=over)
    kind = _BANKRUPTCY[data.kind]
    return Reading((fact(data, identity, at, kind, "EXT", ref=ref, note=data.court),), over)


def external(data: e.ExternalRecord, identity: int, at: int) -> Reading:
    """E53: a record of another department, until removed or past its publication."""
    kind, words = _OF_DEPARTMENTS[data.kind]
    ref = hash_of("external", data.organ, data.record_no)
    if data.action == "remove":
        return Reading(marks=(ends(identity, at, kind, ref),))
    note = "：".join(part for part in (words, data.grounds) if part)
    return Reading((
        fact(data, identity, at, kind, "EXT", ref=ref, weight=data.severity, note=note,
             until=moment(data.to_on, end=True)),
    ))  # fmt: skip


def utility(data: e.UtilityUsage, identity: int, at: int) -> Reading:
    """E54: somebody is there, for two months."""
    if not data.usage:
        return NOTHING
    return Reading((
        fact(data, identity, at, FactKind.UTILITY_USED, "EXT", ref=hash_of("utility", data.meter),
             until=at + USED_S, note=data.period),
    ))  # fmt: skip


def commitment(data: e.CommitmentMade, identity: int, at: int) -> Reading:
    """E55: kept or broken; a promise alone says nothing."""
    if data.result == "made":
        return NOTHING
    kept = data.result == "kept"
    kind = FactKind.COMMITMENT_KEPT if kept else FactKind.COMMITMENT_BROKEN
    return Reading((
        fact(data, identity, at, kind, "PUB", ref=hash_of("commitment", data.commitment),
             note=data.kind),
    ))  # fmt: skip


def honour(data: e.HonourGranted, identity: int, at: int) -> Reading:
    """E56: an honour, until it lapses."""
    until = moment(data.valid_to, end=True)
    return Reading((
        fact(data, identity, at, FactKind.HONOUR, "QUAL", until=until, note=data.kind),
    ))  # fmt: skip


def warning_handled(data: e.WarningHandled, identity: int, at: int) -> Reading:
    """E58: an interview that must be acted on by a day, until the warning is closed."""
    ref = hash_of("warning", data.warning_id)
    if data.state in FINAL or data.outcome == "rectified":
        return Reading(marks=(ends(identity, at, FactKind.INTERVIEW_DUE, ref),))
    if data.measure != "interview" or data.due is None:
        return NOTHING
    stated = fact(data, identity, at, FactKind.INTERVIEW_DUE, data.domain, ref=ref,
                  due=moment(data.due, end=True))  # fmt: skip
    return Reading((stated,), (renews(identity, at, FactKind.INTERVIEW_DUE, ref),))


def repaired(data: e.RepairDecided, identity: int, at: int) -> Reading:
    """E59: a granted repair is itself a good sign; what it does to the fact is a mark."""
    if data.decision == "refused":
        return NOTHING
    return Reading((fact(data, identity, at, FactKind.CURED, "PUB"),))


def objection(data: e.ObjectionChanged, identity: int, at: int, *, source: str) -> Reading:
    """E60: what is contested counts half until it is decided; revoked, as if it had never been.

    A mark without a kind speaks of an event, one with a kind of the matter, as everywhere.
    """
    act = MarkAct.CONTEST if data.status == "filed" else MarkAct.UNCONTEST
    taken_back = data.status == "decided" and data.outcome == "revoked"
    if data.about:
        target = hash_of(data.about_source or source, data.about)
        marks = [Mark(identity, act, at=at, ref=target)]
        if taken_back:
            marks.append(Mark(identity, MarkAct.REVOKE, at=at, ref=target))
        return Reading(marks=tuple(marks))
    ref = offence("", data.organ, data.decision_no)
    acts = (act, MarkAct.VOID) if taken_back else (act,)
    return Reading(marks=tuple(
        ends(identity, at, kind, ref, act=act) for act in acts for kind in _PENALTIES
    ))  # fmt: skip
