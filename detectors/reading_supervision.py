"""What do inspections, samples, equipment, meters and certificates state?  Facts of E29 to E42.

A look (passed or failed) is what the model learns from; a matter (failed and still in use, an order
not yet met) lasts until an event ends it.
"""

from detectors import events as e
from detectors import reading_neighbours as ties
from detectors.facts import Fact, FactKind, Mark, MarkAct, hash_of
from detectors.stating import NOTHING, Outcome, Reading, document, ends, fact, moment, renews

# Domain reference §8.3, S17: label .3, physical .6, pathogen or illegal additive 1.
FOOD_WEIGHTS = {"label": 0.3, "physical": 0.6, "": 0.6, "pathogen": 1.0, "illegal_additive": 1.0}
GRADE_WEIGHTS = {"C": 0.5, "D": 1.0}  # S19; A and B raise nothing
RECALL_WEIGHTS = {"ordered": 1.0, "voluntary": 0.2}  # S24
CERTIFICATE_WEIGHTS = {"suspended": 0.5, "revoked": 1.0, "cancelled": 0.5, "expired": 0.5}
_INSPECTIONS = {
    "passed": FactKind.INSPECTION_PASSED,
    "failed": FactKind.INSPECTION_FAILED,
    "refused": FactKind.INSPECTION_REFUSED,
}
_CHANNELS = {
    "AD": (FactKind.AD_HIT, "AD"),
    "NET": (FactKind.NET_HIT, "NET"),
    "PRICE": (FactKind.PRICE_HIT, "PRICE"),
}
_UNREACHABLE = hash_of("abnormal", "4")
# 证后监督检查, the look after a permit: it stands in the place of the year's routine look
# (市场监管总局令第57号第十七条), so it is remembered though the record names no item.
_AFTER_PERMIT = "证后"


def inspection_started(data: e.InspectionStarted, identity: int, at: int) -> Reading:
    """E28: a look has begun; what the model says of it now is what counts."""
    del identity, at
    outcome = Outcome(
        data.domain, None, data.category, data.form, data.place, data.inspector,
        look=_look(data.domain, data.task), context=data.context,
    )  # fmt: skip
    return Reading(outcome=outcome)


def _look(domain: str, task: str) -> str:
    return f"{domain}/{task}" if task else ""


def inspection(data: e.InspectionResult, identity: int, at: int) -> Reading:
    """E29: a look; and what it found, where an indicator of its own rests on it."""
    kind = _INSPECTIONS[data.result]
    weight = data.defects if data.result == "passed" else data.severity
    ref = document(data.organ, data.doc_no)
    note = data.item or (data.form if _AFTER_PERMIT in data.form else "")
    facts = [fact(data, identity, at, kind, data.domain, weight=weight, ref=ref, note=note)]
    found = None if data.result == "passed" else _finding(data, identity + 1, at, ref)
    if found is not None:
        facts.append(found)
    outcome = Outcome(
        data.domain, data.result != "passed", data.category, data.form,
        data.place, data.inspector, look=_look(data.domain, data.task), context=data.context,
    )  # fmt: skip
    return Reading(tuple(facts), outcome=outcome)


def _finding(data: e.InspectionResult, identity: int, at: int, ref: int) -> Fact | None:
    match data.finding:
        case "false_disclosure":
            return fact(data, identity, at, FactKind.DISCLOSURE_FALSE, "PUB", ref=ref)
        case "unreachable":
            return fact(data, identity, at, FactKind.UNREACHABLE_FOUND, "PUB", ref=_UNREACHABLE)
        case "false_report":
            return fact(data, identity, at, FactKind.FALSE_TEST_REPORT, "TEST", ref=ref)
        case "serious_defect" if data.domain == "DRUG":
            return fact(data, identity, at, FactKind.DRUG_DEFECT, "DRUG", ref=ref, note=data.item)
    return None


def rectification(data: e.RectificationOrdered, identity: int, at: int) -> Reading:
    """E30: to be put right by a day; a new day takes the place of the old."""
    ref = hash_of("rectify", data.order)
    stated = fact(data, identity, at, FactKind.RECTIFY_ORDERED, data.domain, ref=ref,
                  due=moment(data.due, end=True), note=data.items)  # fmt: skip
    return Reading((stated,), (renews(identity, at, FactKind.RECTIFY_ORDERED, ref),))


def rectified_or_graded(data: e.RectifiedOrGraded, identity: int, at: int) -> Reading:
    """E31: an order is met, or not yet; or the grade that takes the place of the last one."""
    if data.order:
        if not data.passed:  # the order stands, and its day with it
            return NOTHING
        ref = hash_of("rectify", data.order)
        return Reading(marks=(ends(identity, at, FactKind.RECTIFY_ORDERED, ref),))
    ref = hash_of("grade", data.domain)
    mark = renews(identity, at, FactKind.FOOD_GRADE, ref)
    weight = GRADE_WEIGHTS.get(data.grade)
    if weight is None:
        return Reading(marks=(mark,))
    stated = fact(data, identity, at, FactKind.FOOD_GRADE, data.domain, ref=ref, weight=weight,
                  note=f"{data.grade}级")  # fmt: skip
    return Reading((stated,), (mark,))


def food_sample(data: e.FoodSampled, identity: int, at: int) -> Reading:
    """E32: a look.  A provisional failure says with ``due`` from when its re-test window runs."""
    failed = data.verdict == "failed"
    provisional = failed and data.provisional
    kind = FactKind.RAPID_TEST_FAILED if data.rapid else FactKind.FOOD_SAMPLE_FAILED
    stated = fact(
        data, identity, at,
        kind if failed else FactKind.FOOD_SAMPLE_PASSED,
        "FSAMP",
        ref=hash_of("sample", data.sample_no),
        weight=FOOD_WEIGHTS[data.problem] if failed else 1.0,
        provisional=provisional,
        due=moment(data.received_on) if provisional and not data.rapid else 0,
        note="：".join(part for part in (data.food, data.item) if part),
    )  # fmt: skip
    facts = (stated, *ties.supply(data, identity + 1, at))
    return Reading(facts, outcome=Outcome("FSAMP", failed))


def product_sample(data: e.ProductSampled, identity: int, at: int) -> Reading:
    """E33: a look at a product or a drug; a failed re-check lasts until one passes."""
    failed = data.verdict == "failed"
    provisional = failed and data.provisional
    kind = FactKind.PRODUCT_SAMPLE_PASSED
    if failed:
        drug = data.domain == "DRUG"
        kind = FactKind.DRUG_SAMPLE_FAILED if drug else FactKind.PRODUCT_SAMPLE_FAILED
    note = "：".join(part for part in (data.product, data.item) if part)
    facts = [
        fact(data, identity, at, kind, data.domain, ref=hash_of("sample", data.sample_no),
             weight=data.severity if failed else 1.0, provisional=provisional, note=note,
             due=moment(data.received_on) if provisional else 0),
    ]  # fmt: skip
    marks: tuple[Mark, ...] = ()
    if data.recheck:
        product = hash_of("product", data.product)
        if failed:
            facts.append(fact(data, identity + 1, at, FactKind.PRODUCT_STILL_FAILING, data.domain,
                              ref=product, note=note))  # fmt: skip
        else:
            marks = (ends(identity, at, FactKind.PRODUCT_STILL_FAILING, product),)
    facts += ties.supply(data, identity + 2, at)
    return Reading(tuple(facts), marks, Outcome(data.domain, failed))


def reinspected(data: e.Reinspected, identity: int, at: int) -> Reading:
    """E34: the sample never failed, or it is final that it did."""
    ref = hash_of("sample", data.sample_no)
    act = MarkAct.VOID if data.passed else MarkAct.CONFIRM
    return Reading(marks=tuple(ends(identity, at, kind, ref, act=act) for kind in _SAMPLES_FAILED))


_SAMPLES_FAILED = (
    FactKind.FOOD_SAMPLE_FAILED,
    FactKind.RAPID_TEST_FAILED,
    FactKind.PRODUCT_SAMPLE_FAILED,
    FactKind.DRUG_SAMPLE_FAILED,
)


def recall(data: e.RecallChanged, identity: int, at: int) -> Reading:
    """E35: a recall; its completion undoes nothing."""
    if data.status == "completed":
        return NOTHING
    return Reading((
        fact(data, identity, at, FactKind.RECALL, data.domain, weight=RECALL_WEIGHTS[data.kind],
             ref=hash_of("recall", data.recall_no), note=data.product),
    ))  # fmt: skip


def monitoring(data: e.MonitoringHit, identity: int, at: int) -> Reading:
    """E36: a hit; the same page found again is the same matter."""
    kind, domain = _CHANNELS[data.channel]
    ref = hash_of("monitoring", data.url_hash or data.evidence)
    return Reading((
        fact(data, identity, at, kind, domain, ref=ref, weight=data.severity, note=data.rule),
    ))  # fmt: skip


def equipment_registered(data: e.EquipmentRegistered, identity: int, at: int) -> Reading:
    """E37: in use and due for inspection; stopped or scrapped ends all that hangs on it."""
    ref = hash_of("equipment", data.equipment)
    kinds = (FactKind.EQUIPMENT, FactKind.PUBLIC_EQUIPMENT)
    if data.status != "in_use":
        over = (*kinds, FactKind.EQUIPMENT_FAILED)
        return Reading(marks=tuple(ends(identity, at, kind, ref) for kind in over))
    due = moment(data.next_due, end=True)
    facts = [fact(data, identity, at, FactKind.EQUIPMENT, "SE", ref=ref, due=due, note=data.kind)]
    if data.public_place:
        facts.append(_public(data, identity + 1, at, ref=ref))
    return Reading(tuple(facts), tuple(renews(identity, at, kind, ref) for kind in kinds))


def equipment_inspected(data: e.EquipmentInspected, identity: int, at: int) -> Reading:
    """E38: a look; failed and in use lasts; a report says when the next one is due."""
    ref = hash_of("equipment", data.equipment)
    look = FactKind.EQUIPMENT_PASSED if data.passed else FactKind.EQUIPMENT_FOUND
    facts = [fact(data, identity, at, look, "SE", note=data.kind)]
    marks = []
    if not data.passed and data.in_use:
        facts.append(fact(data, identity + 1, at, FactKind.EQUIPMENT_FAILED, "SE", ref=ref,
                          note=data.kind))  # fmt: skip
    else:
        marks.append(ends(identity, at, FactKind.EQUIPMENT_FAILED, ref))
    due = moment(data.next_due, end=True)
    if data.public_place:
        facts.append(_public(data, identity + 2, at, ref=ref))
        marks.append(renews(identity, at, FactKind.PUBLIC_EQUIPMENT, ref))
    if not data.in_use:
        marks.append(ends(identity, at, FactKind.EQUIPMENT, ref))
    elif due:
        facts.append(fact(data, identity + 3, at, FactKind.EQUIPMENT, "SE", ref=ref, due=due,
                          note=data.kind))  # fmt: skip
        marks.append(renews(identity, at, FactKind.EQUIPMENT, ref))
    return Reading(tuple(facts), tuple(marks), Outcome("SE", not data.passed))


def _public(
    data: e.EquipmentRegistered | e.EquipmentInspected, identity: int, at: int, *, ref: int
) -> Fact:
    return fact(data, identity, at, FactKind.PUBLIC_EQUIPMENT, "SE", ref=ref, note=data.kind,
                due=moment(data.next_due, end=True))  # fmt: skip


def equipment_incident(data: e.EquipmentIncident, identity: int, at: int) -> Reading:
    """E39: an accident."""
    return Reading((
        fact(data, identity, at, FactKind.EQUIPMENT_INCIDENT, "SE", note=data.kind,
             ref=document(data.organ, data.doc_no)),
    ))  # fmt: skip


def equipment_ordered(data: e.EquipmentOrdered, identity: int, at: int) -> Reading:
    """E40: an order to put something right; a serious hazard lasts until it is."""
    ref = hash_of("rectify", data.order)
    kinds = (FactKind.RECTIFY_ORDERED, FactKind.EQUIPMENT_HAZARD)
    if data.status == "rectified":
        return Reading(marks=tuple(ends(identity, at, kind, ref) for kind in kinds))
    due = moment(data.due, end=True)
    facts = []
    if data.serious:
        facts.append(fact(data, identity, at, FactKind.EQUIPMENT_HAZARD, "SE", ref=ref, due=due,
                          note=data.items))  # fmt: skip
    if due or not data.serious:
        facts.append(fact(data, identity + len(facts), at, FactKind.RECTIFY_ORDERED, "SE", ref=ref,
                          due=due, note=data.items))  # fmt: skip
    return Reading(tuple(facts), tuple(renews(identity, at, kind, ref) for kind in kinds))


def meter(data: e.MeterVerified, identity: int, at: int) -> Reading:
    """E41: due again on a day; a failed meter is due at once."""
    ref = hash_of("meter", data.instrument)
    mark = renews(identity, at, FactKind.METER, ref)
    due = moment(data.next_due, end=True) if data.passed else at
    if not due:
        return Reading(marks=(mark,))
    note = data.kind if data.passed else f"{data.kind or '计量器具'}检定不合格"
    stated = fact(data, identity, at, FactKind.METER, "MEAS", ref=ref, due=due, note=note)
    return Reading((stated,), (mark,))


def certificate(data: e.CertificateChanged, identity: int, at: int) -> Reading:
    """E42: lost until it is valid again."""
    ref = hash_of("certificate", data.certificate)
    weight = CERTIFICATE_WEIGHTS.get(data.status)
    if weight is None:
        return Reading(marks=(ends(identity, at, FactKind.CERTIFICATE_LOST, ref),))
    stated = fact(data, identity, at, FactKind.CERTIFICATE_LOST, "CERT", ref=ref, weight=weight,
                  note=_CERTIFICATES[data.kind])  # fmt: skip
    return Reading((stated,), (renews(identity, at, FactKind.CERTIFICATE_LOST, ref),))


_CERTIFICATES = {
    "CCC": "强制性产品认证",
    "system": "管理体系认证",
    "product": "产品认证",
    "organic": "有机产品认证",
    "other": "认证",
}
