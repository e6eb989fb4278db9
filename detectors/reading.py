"""What does an event state?  From a typed payload to facts, endings and an outcome."""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from detectors import events as e
from detectors.facts import DAY_S, Fact, FactKind, Mark, MarkAct, complaint_ref, hash_of
from detectors.warning import CHINA

# Domain reference §8.3, S17: label .3, physical .6, pathogen or illegal additive 1.
FOOD_WEIGHTS = {"label": 0.3, "physical": 0.6, "": 0.6, "pathogen": 1.0, "illegal_additive": 1.0}
_INSPECTIONS = {
    "passed": FactKind.INSPECTION_PASSED,
    "failed": FactKind.INSPECTION_FAILED,
    "refused": FactKind.INSPECTION_REFUSED,
}
_PENALTIES = {
    "minor": FactKind.PENALTY_MINOR,
    "general": FactKind.PENALTY_GENERAL,
    "severe": FactKind.PENALTY_SEVERE,
}


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """Somebody looked: was a problem found?  What the model learns from."""

    domain: str
    found: bool
    category: str = ""
    form: str = ""
    place: str = ""
    inspector: str = ""
    informant: str = ""
    context: Mapping[str, float] = msgspec.field(default_factory=dict)


class Reading(msgspec.Struct, frozen=True, gc=False):
    """All that one event states, apart from what it does to the profile."""

    facts: tuple[Fact, ...] = ()
    marks: tuple[Mark, ...] = ()
    outcome: Outcome | None = None


NOTHING = Reading()


def moment(day: dt.date | None, *, end: bool = False) -> int:
    """Return the first second of a day in China (or, with ``end``, the first after it); 0 for None.

    >>> moment(dt.date(1970, 1, 2)) == DAY_S - 8 * 3600
    True
    """
    if day is None:
        return 0
    start = dt.datetime.combine(day, dt.time(), tzinfo=CHINA)
    return int(start.timestamp()) + (DAY_S if end else 0)


def read(event: e.Event, *, identity: int, at: int) -> Reading:
    """Return what an ADD or UPDATE event states.

    ``identity`` is the fact id that follows from the event's source and id; ``at`` its time in
    seconds.  An event type without a reader of its own states no fact.
    """
    reader = _READERS.get(type(event.data))
    return reader(event.data, identity, at) if reader else NOTHING


def _fact(
    data: e.Payload,
    identity: int,
    at: int,
    kind: FactKind,
    domain: str,
    *,
    weight: float = 1.0,
    until: int = 0,
    ref: int = 0,
    note: str = "",
    provisional: bool = False,
    due: int = 0,
) -> Fact:
    return Fact(
        identity,
        kind,
        at,
        weight,
        until,
        ref,
        domain,
        data.place,
        data.doc_no,
        data.organ,
        note,
        data.contested,
        provisional,
        due,
        moment(data.decided_at) if data.decided_at else 0,
        moment(data.published_at) if data.published_at else 0,
    )


def _ends(identity: int, at: int, kind: FactKind, ref: int, *, act: MarkAct = MarkAct.END) -> Mark:
    """Return the mark by which an event ends (voids, confirms) the matter it speaks of."""
    return Mark(identity, act, at=at, ref=ref, kind=kind)


def _basic(data: e.BasicChanged, identity: int, at: int) -> Reading:
    kind = {"name": FactKind.NAME_CHANGED, "industry": FactKind.INDUSTRY_CHANGED}.get(data.field)
    if kind is None:
        return NOTHING
    return Reading((_fact(data, identity, at, kind, "REG", note=data.after),))


def _established(data: e.Established, identity: int, at: int) -> Reading:
    return Reading((_fact(data, identity, at, FactKind.ESTABLISHED, "REG"),))


def _legal_rep(data: e.LegalRepChanged, identity: int, at: int) -> Reading:
    facts = [_fact(data, identity, at, FactKind.LEGAL_REP_CHANGED, "REG")]
    if data.barred:
        until = moment(data.barred_until, end=True)
        facts.append(_fact(data, identity + 1, at, FactKind.BARRED_PERSON, "REG", until=until))
    return Reading(tuple(facts))


def _address(data: e.AddressChanged, identity: int, at: int) -> Reading:
    fact = _fact(data, identity, at, FactKind.ADDRESS_CHANGED, "REG")
    return Reading((replace(fact, place=data.new_region),))


def _shareholder(data: e.ShareholderChanged, identity: int, at: int) -> Reading:
    return Reading((_fact(data, identity, at, FactKind.SHAREHOLDER_CHANGED, "REG"),))


def _annual_report(data: e.AnnualReportFiled, identity: int, at: int) -> Reading:
    ref = hash_of("annual report")
    ending = _ends(identity, at, FactKind.REPORT_ALL_ZERO, ref)
    if not data.all_zero:
        return Reading(marks=(ending,))
    note = f"{data.year}年度年报全零申报"
    fact = _fact(data, identity, at, FactKind.REPORT_ALL_ZERO, "PUB", ref=ref, note=note)
    return Reading((fact,), (ending,))


def _equity(data: e.EquityFrozen, identity: int, at: int) -> Reading:
    ref = hash_of(data.case_no)
    if data.status == "released":
        return Reading(marks=(_ends(identity, at, FactKind.EQUITY_FROZEN, ref),))
    note = f"冻结比例{data.share:.0%}"
    return Reading((
        _fact(data, identity, at, FactKind.EQUITY_FROZEN, "EXT", ref=ref,
              weight=data.share, note=note),
    ))  # fmt: skip


def _abnormal_kind(reason: int) -> FactKind:
    return FactKind.UNREACHABLE if reason == 4 else FactKind.ABNORMAL_LISTED  # noqa: PLR2004 - the article's own number


def _abnormal_added(data: e.AbnormalAdded, identity: int, at: int) -> Reading:
    kind = _abnormal_kind(data.reason)
    ref = hash_of("abnormal", str(data.reason))
    return Reading((_fact(data, identity, at, kind, "PUB", ref=ref),))


def _abnormal_removed(data: e.AbnormalRemoved, identity: int, at: int) -> Reading:
    ref = hash_of("abnormal", str(data.reason))
    return Reading(marks=(_ends(identity, at, _abnormal_kind(data.reason), ref),))


def _serious(data: e.SeriousListChanged, identity: int, at: int) -> Reading:
    ref = hash_of("serious", data.list_code)
    if data.action == "remove":
        return Reading(marks=(_ends(identity, at, FactKind.SERIOUS_LISTED, ref),))
    return Reading((
        _fact(data, identity, at, FactKind.SERIOUS_LISTED, "PUB", ref=ref,
              note=data.grounds),
    ))  # fmt: skip


def _permit(data: e.PermitGranted, identity: int, at: int) -> Reading:
    ref = hash_of("permit", data.permit_no)
    fact = _fact(data, identity, at, FactKind.PERMIT, data.domain, ref=ref,
                 due=moment(data.valid_to, end=True), note=data.permit_type)  # fmt: skip
    return Reading((fact,), (_ends(identity, at, FactKind.PERMIT, ref),))


def _permit_ended(data: e.PermitEnded, identity: int, at: int) -> Reading:
    if data.kind == "expired":  # the countdown says so already, and goes on until it is renewed
        return NOTHING
    return Reading(marks=(_ends(identity, at, FactKind.PERMIT, hash_of("permit", data.permit_no)),))


def _inspection(data: e.InspectionResult, identity: int, at: int) -> Reading:
    kind = _INSPECTIONS[data.result]
    weight = data.defects if data.result == "passed" else data.severity
    fact = _fact(data, identity, at, kind, data.domain, weight=weight)
    outcome = Outcome(
        data.domain, data.result != "passed", data.category, data.form,
        data.place, data.inspector, context=data.context,
    )  # fmt: skip
    return Reading((fact,), outcome=outcome)


def _food_sample(data: e.FoodSampled, identity: int, at: int) -> Reading:
    failed = data.verdict == "failed"
    fact = _fact(
        data, identity, at,
        FactKind.FOOD_SAMPLE_FAILED if failed else FactKind.FOOD_SAMPLE_PASSED,
        "FSAMP",
        ref=hash_of("sample", data.sample_no),
        weight=FOOD_WEIGHTS[data.problem] if failed else 1.0,
        provisional=failed and data.provisional,
        note="：".join(part for part in (data.food, data.item) if part),
    )  # fmt: skip
    return Reading((fact,), outcome=Outcome("FSAMP", failed))


def _reinspected(data: e.Reinspected, identity: int, at: int) -> Reading:
    ref = hash_of("sample", data.sample_no)
    act = MarkAct.VOID if data.passed else MarkAct.CONFIRM
    return Reading(marks=(_ends(identity, at, FactKind.FOOD_SAMPLE_FAILED, ref, act=act),))


def _equipment(data: e.EquipmentInspected, identity: int, at: int) -> Reading:
    ref = hash_of("equipment", data.equipment)
    look = FactKind.EQUIPMENT_PASSED if data.passed else FactKind.EQUIPMENT_FOUND
    facts = [_fact(data, identity, at, look, "SE", note=data.kind)]
    marks: tuple[Mark, ...] = ()
    if not data.passed and data.in_use:
        kind = FactKind.EQUIPMENT_FAILED
        facts.append(_fact(data, identity + 1, at, kind, "SE", ref=ref, note=data.kind))
    else:
        marks = (_ends(identity, at, FactKind.EQUIPMENT_FAILED, ref),)
    if data.public_place:
        facts.append(_fact(data, identity + 2, at, FactKind.PUBLIC_EQUIPMENT, "SE", ref=ref))
    return Reading(tuple(facts), marks, Outcome("SE", not data.passed))


def _incident(data: e.EquipmentIncident, identity: int, at: int) -> Reading:
    return Reading((
        _fact(data, identity, at, FactKind.EQUIPMENT_INCIDENT, "SE", note=data.kind),
    ))  # fmt: skip


def _case(data: e.CaseChanged, identity: int, at: int) -> Reading:
    ref = hash_of("case", data.case_no)
    if data.status == "closed":
        return Reading(marks=(_ends(identity, at, FactKind.CASE_OPEN, ref),))
    return Reading((
        _fact(data, identity, at, FactKind.CASE_OPEN, data.domain, ref=ref, note=data.cause),
    ))  # fmt: skip


def _penalty(data: e.PenaltyDecided, identity: int, at: int) -> Reading:
    fact = _fact(
        data, identity, at, _PENALTIES[data.severity],
        data.domain,
        until=moment(data.publication_end, end=True),
        ref=_offence(data),
        note=data.grounds,
    )  # fmt: skip
    return Reading((fact,))


def _offence(data: e.PenaltyDecided) -> int:
    """Return what makes two penalties one: the offence, or the document of one organ.

    The province's platform and 信用中国 both carry a decision (domain reference §13, case 5).
    """
    if data.offence:
        return hash_of("offence", data.offence)
    return hash_of("document", data.organ, data.doc_no) if data.doc_no else 0


def _complaint(data: e.ComplaintReceived, identity: int, at: int) -> Reading:
    ref = complaint_ref(data.complainant, data.matter)
    return Reading((_fact(data, identity, at, FactKind.COMPLAINT, data.domain, ref=ref),))


def _food_incident(data: e.FoodIncident, identity: int, at: int) -> Reading:
    note = f"涉及{data.people}人" + (f"，死亡{data.deaths}人" if data.deaths else "")
    return Reading((_fact(data, identity, at, FactKind.FOOD_INCIDENT, "CATER", note=note),))


def _report(data: e.ReportVerified, identity: int, at: int) -> Reading:
    outcome = Outcome(data.domain, data.verdict == "true", informant=data.informant)
    if data.verdict == "false":
        return Reading(outcome=outcome)
    fact = _fact(data, identity, at, FactKind.REPORT_VERIFIED, data.domain)
    return Reading((fact,), outcome=outcome)


def _judicial(data: e.JudicialRecord, identity: int, at: int) -> Reading:
    ref = hash_of("debtor", data.case_no)
    if data.action == "delete":
        return Reading(marks=(_ends(identity, at, FactKind.JUDGMENT_DEBTOR, ref),))
    return Reading((_fact(data, identity, at, FactKind.JUDGMENT_DEBTOR, "EXT", ref=ref),))


def _honour(data: e.HonourGranted, identity: int, at: int) -> Reading:
    until = moment(data.valid_to, end=True)
    return Reading((
        _fact(data, identity, at, FactKind.HONOUR, "QUAL", until=until, note=data.kind),
    ))  # fmt: skip


_READERS: Mapping[type[e.Payload], Callable[[Any, int, int], Reading]] = {
    e.Established: _established,
    e.BasicChanged: _basic,
    e.LegalRepChanged: _legal_rep,
    e.AddressChanged: _address,
    e.ShareholderChanged: _shareholder,
    e.AnnualReportFiled: _annual_report,
    e.EquityFrozen: _equity,
    e.AbnormalAdded: _abnormal_added,
    e.AbnormalRemoved: _abnormal_removed,
    e.SeriousListChanged: _serious,
    e.PermitGranted: _permit,
    e.PermitEnded: _permit_ended,
    e.InspectionResult: _inspection,
    e.FoodSampled: _food_sample,
    e.Reinspected: _reinspected,
    e.EquipmentInspected: _equipment,
    e.EquipmentIncident: _incident,
    e.CaseChanged: _case,
    e.PenaltyDecided: _penalty,
    e.ComplaintReceived: _complaint,
    e.FoodIncident: _food_incident,
    e.ReportVerified: _report,
    e.JudicialRecord: _judicial,
    e.HonourGranted: _honour,
}
