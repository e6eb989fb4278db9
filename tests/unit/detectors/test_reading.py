"""What does each event state: which facts, how heavy, until when, due when, ended by what?"""

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors import events as e
from detectors.facts import FACTS_AN_EVENT, PROVISIONAL, FactKind, MarkAct, hash_of
from detectors.reading import _READERS, SILENT, read
from detectors.stating import moment, years_after
from detectors.wording import LABELS, fact_in_words
from tests import builders as b
from tests import golden_events as golden
from tests import strategies

K = FactKind
TAKEN_OUT_OF_USE = dt.date(2026, 3, 20)


def stated(data, *, source=b.SOURCE, name="n"):
    """Return the facts that a payload states at the start."""
    event = b.event(data, source=source, name=name)
    return read(event, identity=hash_of(source, name), at=b.START_S).facts


def weights(data):
    """Return the weights of the facts that a payload states, by kind."""
    return {K(fact.kind): round(fact.weight, 3) for fact in stated(data)}


def in_force(*happenings):
    """Return the kinds that count after some happenings, one a day."""
    enterprise = b.Enterprise()
    for day, data in enumerate(happenings):
        enterprise.has(data, day=day, name=f"n{day}")
    state = enterprise.state
    return {K(fact.kind) for fact in state.facts if fact.counts_at(state.as_of)}


def the(kind, data):
    """Return the fact of a kind that a payload states."""
    (found,) = [fact for fact in stated(data) if fact.kind == kind]
    return found


def golden_facts():
    """Return every fact that the golden records state."""
    return [
        fact
        for event in golden.events()
        for fact in read(event, identity=hash_of(event.source, event.id), at=b.START_S).facts
    ]


def test_every_type_is_read_or_said_to_be_silent():
    """A new event type cannot be forgotten: it has a reader, or stands among the silent."""
    read_elsewhere = {e.ObjectionChanged}

    assert set(_READERS) | SILENT | read_elsewhere == set(e.event_types().values())
    assert not set(_READERS) & SILENT


def test_every_kind_of_fact_is_stated():
    """No kind waits in vain: a golden record states each."""
    assert {K(fact.kind) for fact in golden_facts()} == set(K)


def test_every_kind_of_fact_has_words():
    """What is known can be told to an officer."""
    assert set(LABELS) == set(K)
    assert all(fact_in_words(fact) for fact in golden_facts())


@pytest.mark.parametrize("payload", sorted(_READERS, key=lambda one: one.__name__))
@settings(max_examples=8)
@given(draw=st.data())
def test_facts_stay_within_the_ids_of_their_event(payload, draw):
    """Facts take ids from the event's identity on, each its own, and no more than there are."""
    data = draw.draw(strategies.payloads(payload))
    facts = read(b.event(data), identity=1000, at=b.START_S).facts
    ids = [fact.id for fact in facts]

    assert len(set(ids)) == len(ids)
    assert all(1000 <= id_ < 1000 + FACTS_AN_EVENT for id_ in ids)
    assert all(0.0 <= fact.weight <= 1.0 for fact in facts)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(e.CapitalChanged(before=1e7, after=2e6),
                     {K.CAPITAL: 0.525, K.CAPITAL_CUT: 0.8}, id="a capital cut by four fifths"),
        pytest.param(e.CapitalChanged(before=1e6, after=1e6), {K.CAPITAL: 0.5}, id="no cut"),
        pytest.param(e.CapitalReductionNotice(before=1e7, after=5e6), {K.CAPITAL_CUT: 0.5},
                     id="a cut announced"),
        pytest.param(e.EquityPledged(pledge_no="1", share=0.55), {K.EQUITY_PLEDGED: 0.55},
                     id="a share pledged"),
        pytest.param(e.RectifiedOrGraded(domain="FOODS", grade="C"), {K.FOOD_GRADE: 0.5},
                     id="grade C"),
        pytest.param(e.RectifiedOrGraded(domain="FOODS", grade="D"), {K.FOOD_GRADE: 1.0},
                     id="grade D"),
        pytest.param(e.RectifiedOrGraded(domain="FOODS", grade="A"), {}, id="grade A"),
        pytest.param(e.RecallChanged(recall_no="1", product="p", kind="voluntary"), {K.RECALL: 0.2},
                     id="a voluntary recall"),
        pytest.param(e.RecallChanged(recall_no="1", product="p", kind="ordered"), {K.RECALL: 1.0},
                     id="an ordered recall"),
        pytest.param(b.penalty("general"), {K.PENALTY_GENERAL: 1.0}, id="no amount said"),
        pytest.param(b.penalty("minor", amount=50.0), {K.PENALTY_MINOR: 1.0}, id="a minor one"),
        pytest.param(e.CoerciveMeasure(measure_no="1", kind="seizure"), {K.SEIZURE: 0.5},
                     id="a seizure"),
        pytest.param(e.CoerciveMeasure(measure_no="1", kind="transfer"), {K.POLICE_TRANSFER: 1.0},
                     id="with the police"),
        pytest.param(e.OpinionHit(topic="t", url_hash="u", heat=0.7, confidence=0.5),
                     {K.OPINION: 0.35}, id="an unsure source"),
        pytest.param(e.NeighbourTrouble(neighbour="x", relation="holder", severity=0.8,
                                        strength=0.5), {K.NEIGHBOUR_HOLDER: 0.4},
                     id="a weak link to trouble"),
        pytest.param(e.NeighbourDensity(relation="agent", count=50, window_days=30),
                     {K.MASS_REGISTRATION: 1.0}, id="an agent of very many"),
        pytest.param(e.ProductSampled(sample_no="1", verdict="failed", product="p", domain="DRUG"),
                     {K.DRUG_SAMPLE_FAILED: 1.0}, id="a drug"),
        pytest.param(e.InspectionResult(domain="DRUG", result="failed", severity=0.9,
                                        finding="serious_defect"),
                     {K.INSPECTION_FAILED: 0.9, K.DRUG_DEFECT: 1.0}, id="a flight inspection"),
        pytest.param(e.InspectionResult(domain="FOODS", result="failed", finding="serious_defect"),
                     {K.INSPECTION_FAILED: 1.0}, id="a defect that is no drug's"),
        pytest.param(e.InspectionResult(domain="PUB", result="passed", finding="false_disclosure"),
                     {K.INSPECTION_PASSED: 0.0}, id="what passed found nothing"),
        pytest.param(e.CertificateChanged(certificate="1", kind="CCC", status="suspended"),
                     {K.CERTIFICATE_LOST: 0.5}, id="a certificate suspended"),
        pytest.param(e.ComplaintReceived(ticket="1", complainant="c", matter="m", accepted=False),
                     {}, id="a complaint not accepted"),
        pytest.param(e.JudicialRecord(case_no="1", action="add", kind="litigation"), {},
                     id="a lawsuit"),
        pytest.param(e.UtilityUsage(meter="m", period="2026-02", usage=0.0), {},
                     id="no power used"),
        pytest.param(e.OpinionHit(topic="t", url_hash="u", sentiment="positive"), {},
                     id="a good word"),
        pytest.param(e.DisclosureCorrected(field="f"), {}, id="a slip of one's own"),
        pytest.param(e.PermitEnded(permit_no="1", kind="expired"), {}, id="a lapse of time"),
    ],
)  # fmt: skip
def test_what_is_said_has_its_weight(data, expected):
    """Facts carry the severity of §8: shares, tiers, grades, strengths."""
    assert weights(data) == expected


BEGINS_AND_ENDS = [
    (K.DEREGISTERING_SIMPLY, e.Deregistration(kind="simple", stage="announced"),
     e.Deregistration(kind="simple", stage="terminated")),
    (K.DEREGISTERING, e.Deregistration(kind="general", stage="announced"),
     e.Deregistration(kind="general", stage="completed")),
    (K.SUSPENDED, e.SuspensionFiled(from_on=b.START.date(), to_on=dt.date(2027, 3, 1)),
     e.SuspensionFiled(from_on=b.START.date(), to_on=dt.date(2027, 3, 1),
                       ended_on=TAKEN_OUT_OF_USE)),
    (K.SPECIAL_MARK, e.SpecialMark(kind="另册"), e.SpecialMark(kind="另册", status="lifted")),
    (K.BARRED_PERSON, e.LegalRepChanged(new_person="p", barred=True),
     e.LegalRepChanged(new_person="q", old_person="p")),
    (K.BARRED_PERSON, e.ExecutiveChanged(person="p", role="director", action="in", barred=True),
     e.ExecutiveChanged(person="p", role="director", action="out")),
    (K.SCOPE_NEEDS_PERMIT, e.BasicChanged(field="scope", after="餐饮", permit_domains=("CATER",)),
     e.BasicChanged(field="scope", after="百货")),
    (K.SUBSCRIPTION_TOO_LONG, e.CapitalChanged(after=1e6, due_on=dt.date(2050, 1, 1)),
     e.CapitalChanged(after=1e6, due_on=dt.date(2030, 1, 1))),
    (K.DISCLOSURE_DUE, e.DisclosureOrdered(item="股权", due=dt.date(2026, 3, 12)),
     e.InstantInfo(item="股权", formed_on=b.START.date())),
    (K.EQUITY_PLEDGED, e.EquityPledged(pledge_no="1", share=0.5),
     e.EquityPledged(pledge_no="1", share=0.5, status="released")),
    (K.SERIOUS_LISTED_ELSEWHERE,
     e.SeriousListChanged(list_code="T", action="add", kept_by="other"),
     e.SeriousListChanged(list_code="T", action="remove", kept_by="other")),
    (K.UNREACHABLE_FOUND, e.InspectionResult(domain="PUB", result="failed", finding="unreachable"),
     e.AddressChanged(new_region="410422")),
    (K.UNREACHABLE_FOUND, e.InspectionResult(domain="PUB", result="failed", finding="unreachable"),
     e.AbnormalRemoved(reason=4)),
    (K.LISTED_UNFILED, e.AbnormalAdded(reason=1), e.AbnormalRemoved(reason=1)),
    (K.PERMIT, b.permit(days_left=100), e.PermitEnded(permit_no="P1", kind="revoked")),
    (K.PERMIT_ENDED, e.PermitEnded(permit_no="P1", kind="suspended"), b.permit(days_left=100)),
    (K.RECTIFY_ORDERED, e.RectificationOrdered(order="1", domain="SE", due=dt.date(2026, 3, 9)),
     e.RectifiedOrGraded(order="1", domain="SE", passed=True)),
    (K.FOOD_GRADE, e.RectifiedOrGraded(domain="FOODS", grade="D"),
     e.RectifiedOrGraded(domain="FOODS", grade="B")),
    (K.PRODUCT_STILL_FAILING,
     e.ProductSampled(sample_no="1", verdict="failed", product="插座", recheck=True),
     e.ProductSampled(sample_no="2", verdict="passed", product="插座", recheck=True)),
    (K.PRODUCT_SAMPLE_FAILED, e.ProductSampled(sample_no="1", verdict="failed", product="插座"),
     e.Reinspected(sample_no="1", passed=True)),
    (K.EQUIPMENT, e.EquipmentRegistered(equipment="Q"),
     e.EquipmentRegistered(equipment="Q", status="stopped")),
    (K.PUBLIC_EQUIPMENT, e.EquipmentRegistered(equipment="Q", public_place=True),
     e.EquipmentRegistered(equipment="Q")),
    (K.EQUIPMENT_FAILED, e.EquipmentInspected(equipment="Q", passed=False),
     e.EquipmentRegistered(equipment="Q", status="scrapped")),
    (K.EQUIPMENT_HAZARD, e.EquipmentOrdered(order="1", serious=True),
     e.EquipmentOrdered(order="1", status="rectified")),
    (K.METER, e.MeterVerified(instrument="1", passed=False),
     e.MeterVerified(instrument="1", passed=True)),
    (K.CERTIFICATE_LOST, e.CertificateChanged(certificate="1", kind="CCC", status="revoked"),
     e.CertificateChanged(certificate="1", kind="CCC", status="valid")),
    (K.SEIZURE, e.CoerciveMeasure(measure_no="1", kind="seizure"),
     e.CoerciveMeasure(measure_no="1", kind="seizure", status="lifted")),
    (K.PENALTY_DUE,
     b.penalty(organ="甲", doc_no="1号", performed_due=dt.date(2026, 3, 17)),
     e.PenaltyFollowed(penalty_no="1号", organ="甲", kind="performed", on=dt.date(2026, 3, 10))),
    (K.COMPLAINT, b.complaint(1, complainant="c"),
     e.ComplaintClosed(ticket="T1", complainant="c", matter="退费", outcome="withdrawn")),
    (K.RUNAWAY, e.ComplaintReceived(ticket="1", complainant="c", matter="m", runaway=True),
     e.ComplaintClosed(ticket="1", complainant="c", matter="m", outcome="malicious")),
    (K.ENFORCEMENT, e.JudicialRecord(case_no="1", action="add", kind="enforcement"),
     e.JudicialRecord(case_no="1", action="delete", kind="enforcement")),
    (K.TAX_RECORD, e.ExternalRecord(record_no="1", kind="tax_arrears"),
     e.ExternalRecord(record_no="1", kind="tax_arrears", action="remove")),
    (K.INTERVIEW_DUE,
     e.WarningHandled(warning_id="1", state="handling", measure="interview", domain="SE",
                      due=dt.date(2026, 3, 16)),
     e.WarningHandled(warning_id="1", state="closed", measure="interview", domain="SE")),
    (K.NEIGHBOUR_SUPPLIER, e.NeighbourTrouble(neighbour="x", relation="supplier", severity=1.0),
     e.NeighbourTrouble(neighbour="x", relation="supplier", severity=0.0, ended=True)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "begins", "ends"),
    [pytest.param(*row, id=f"{row[0].name}-{n}") for n, row in enumerate(BEGINS_AND_ENDS)],
)
def test_a_matter_lasts_until_it_is_ended(kind, begins, ends):
    """What lasts is in force from its beginning, and over with its ending."""
    assert kind in in_force(begins)
    assert kind not in in_force(begins, ends)


@pytest.mark.parametrize(
    ("kind", "data", "day"),
    [
        pytest.param(K.DEREGISTERING_SIMPLY, e.Deregistration(
            kind="simple", stage="announced", notice_from=b.START.date()), dt.date(2026, 3, 21),
            id="twenty days of a simple notice"),
        pytest.param(K.DEREGISTERING, e.Deregistration(
            kind="general", stage="announced", notice_from=b.START.date()), dt.date(2026, 4, 15),
            id="forty-five days of a general one"),
        pytest.param(K.DEREGISTERING, e.Deregistration(
            kind="general", stage="announced", notice_to=dt.date(2026, 5, 1)), dt.date(2026, 5, 1),
            id="the notice's own day"),
        pytest.param(K.SUBSCRIPTION_TOO_LONG,
                     e.CapitalChanged(after=1.0, due_on=dt.date(2040, 1, 1)),
                     dt.date(2027, 6, 30), id="the day to adjust the subscription"),
        pytest.param(K.DISCLOSURE_DUE, e.DisclosureOrdered(item="x", due=dt.date(2026, 3, 12)),
                     dt.date(2026, 3, 12), id="an order to publish"),
        pytest.param(K.EQUIPMENT, e.EquipmentInspected(
            equipment="Q", passed=True, next_due=dt.date(2027, 3, 1)), dt.date(2027, 3, 1),
            id="the next inspection"),
        pytest.param(K.METER, e.MeterVerified(
            instrument="1", passed=True, next_due=dt.date(2026, 9, 1)), dt.date(2026, 9, 1),
            id="the next verification"),
        pytest.param(K.PENALTY_DUE, b.penalty(doc_no="1", performed_due=dt.date(2026, 3, 17)),
                     dt.date(2026, 3, 17), id="the last day to pay"),
    ],
)  # fmt: skip
def test_a_day_that_comes_nearer_lasts_to_its_end(kind, data, day):
    """A last day is used up at the midnight after it, in China."""
    assert the(kind, data).due == moment(day, end=True)


def test_a_listing_will_be_three_years_old():
    """W04 counts down to it, S03 counts entries for so long."""
    listed, entry = stated(e.AbnormalAdded(reason=2))

    assert listed.due == entry.bounds.until == years_after(b.START_S, 3)


def test_a_failed_meter_is_due_at_once():
    """A meter that failed must not be used until it has passed."""
    fact = the(K.METER, e.MeterVerified(instrument="1", passed=False, kind="电子秤"))

    assert (fact.due, fact.note) == (b.START_S, "电子秤检定不合格")


def test_a_report_is_asked_for_again_a_year_later():
    """The report of 2025 is there until that of 2026 is due, on 2027-06-30."""
    fact = the(K.REPORT_FILED, e.AnnualReportFiled(year=2025))

    assert (fact.ref, fact.bounds.until) == (2025, moment(dt.date(2027, 7, 1)))


@pytest.mark.parametrize(
    ("founded", "due", "too_long"),
    [
        pytest.param("2020-01-01", "2032-06-30", False, id="an old firm, just in time"),
        pytest.param("2020-01-01", "2032-07-01", True, id="an old firm, a day over"),
        pytest.param("2025-03-01", "2030-03-01", False, id="a new firm with five years"),
        pytest.param("2025-03-01", "2030-03-02", True, id="a new firm with a day more"),
    ],
)
def test_a_subscription_may_run_five_years(founded, due, too_long):
    """公司法 art. 47, and the transition of 2024 for older firms."""
    data = e.Established(
        name="甲",
        established_on=dt.date.fromisoformat(founded),
        subscribe_due=dt.date.fromisoformat(due),
    )

    assert (K.SUBSCRIPTION_TOO_LONG in weights(data)) is too_long


def test_a_cut_follows_its_own_notice():
    """The notice of a reduction and the change that follows are one cut, not two."""
    notice = e.CapitalReductionNotice(before=1e7, after=2e6)
    enterprise = b.Enterprise()
    enterprise.has(notice, name="notice")
    enterprise.has(e.CapitalChanged(before=1e7, after=2e6), day=46, name="change")

    state = enterprise.state
    cuts = [f for f in state.facts if f.kind == K.CAPITAL_CUT and f.counts_at(state.as_of)]

    assert len(cuts) == 1


def test_each_permit_that_a_scope_asks_for_is_a_matter_of_its_own():
    """Two domains are two matters; a new scope keeps one and lets go of the other."""
    both = e.Established(
        name="甲", established_on=b.START.date(), permit_domains=("FOODS", "CATER")
    )
    enterprise = b.Enterprise()
    enterprise.has(both, name="n0")
    enterprise.has(
        e.BasicChanged(field="scope", after="食品销售", permit_domains=("FOODS",)), day=1
    )

    state = enterprise.state
    asked = [f for f in state.facts if f.kind == K.SCOPE_NEEDS_PERMIT]

    assert len({fact.ref for fact in asked}) == 2
    assert [fact.domain for fact in asked if fact.counts_at(state.as_of)] == ["FOODS"]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(e.LegalRepChanged, id="a legal representative"),
        pytest.param(e.ShareholderChanged, id="a shareholder"),
        pytest.param(e.AddressChanged, id="a domicile"),
    ],
)
def test_one_filing_is_one_change(data):
    """Two feeds of one filing tell one change; without a number each is its own."""
    words = {"new_person": "p", "holder": "h", "new_region": "410423"}
    own = {name: word for name, word in words.items() if name in data.__struct_fields__}

    numbered = {stated(data(organ="甲", doc_no=no, **own))[0].ref for no in ("1号", "1 号")}

    assert len(numbered) == 1
    assert numbered != {0}
    assert stated(data(**own))[0].ref == 0


def test_a_relapse_shows_in_its_kind_of_offence():
    """Two offences of a kind have one note and two refs; two feeds of one have one ref."""
    first = b.penalty(organ="甲", doc_no="叶罚〔2026〕1号", offence_kind="经营过期食品")
    copy = b.penalty(organ="甲", doc_no="叶罚[2026]1号", offence_kind="经营过期食品")
    second = b.penalty(organ="甲", doc_no="叶罚〔2026〕2号", offence_kind="经营过期食品")

    one, same, other = (the(K.OFFENCE, data) for data in (first, copy, second))

    assert one.note == same.note == other.note
    assert one.ref == same.ref != other.ref


def test_a_deferred_penalty_is_due_later():
    """The new day takes the place of the old one."""
    enterprise = b.Enterprise()
    enterprise.has(b.penalty(organ="甲", doc_no="1", performed_due=dt.date(2026, 3, 17)))
    enterprise.has(
        e.PenaltyFollowed(
            penalty_no="1", organ="甲", kind="deferred", on=dt.date(2026, 3, 10),
            new_due=dt.date(2026, 6, 10),
        ),
        day=8,
    )  # fmt: skip

    state = enterprise.state
    dues = [f.due for f in state.facts if f.kind == K.PENALTY_DUE and f.counts_at(state.as_of)]

    assert dues == [moment(dt.date(2026, 6, 10), end=True)]


def test_a_penalty_taken_back_never_was():
    """E46 revokes by number what op REVOKE revokes by id: penalty, offence and duty to pay."""
    penalty = b.penalty(
        organ="甲", doc_no="1号", offence_kind="无照经营", performed_due=dt.date(2026, 3, 17)
    )
    revoked = e.PenaltyFollowed(
        penalty_no="1号", organ="甲", kind="revoked", on=dt.date(2026, 4, 1)
    )

    assert in_force(penalty, revoked) == set()


def test_a_provisional_failure_says_when_its_window_opens():
    """The seven working days of food, the fifteen days of products run from the receipt."""
    received = dt.date(2026, 3, 4)
    food = e.FoodSampled(sample_no="1", verdict="failed", provisional=True, received_on=received)
    product = e.ProductSampled(
        sample_no="2", verdict="failed", product="插座", provisional=True, received_on=received
    )

    facts = [*stated(food), *stated(product)]

    assert all(fact.doubt & PROVISIONAL for fact in facts)
    assert {fact.due for fact in facts} == {moment(received)}


def test_the_same_page_is_one_hit():
    """S35 counts distinct advertisements: one page found twice is one."""
    first = e.MonitoringHit(channel="AD", evidence="1", url_hash="u")
    again = e.MonitoringHit(channel="AD", evidence="2", url_hash="u")

    assert the(K.AD_HIT, first).ref == the(K.AD_HIT, again).ref


def test_a_complaint_says_its_matter():
    """Ten complainants of one matter can be seen as a group; one of them stays a hash."""
    fact = the(K.COMPLAINT, b.complaint(1, matter="预付卡退费"))

    assert fact.note == "预付卡退费"


@pytest.mark.parametrize(
    ("status", "outcome", "acts"),
    [
        ("filed", "", [MarkAct.CONTEST]),
        ("withdrawn", "", [MarkAct.UNCONTEST]),
        ("decided", "upheld", [MarkAct.UNCONTEST]),
        ("decided", "revoked", [MarkAct.UNCONTEST, MarkAct.REVOKE]),
    ],
)
def test_an_objection_speaks_of_an_event(status, outcome, acts):
    """The mark names the contested event, of its own source or of another's."""
    data = e.ObjectionChanged(
        kind="objection", status=status, outcome=outcome, filed_on=b.START.date(), about="p1",
        about_source="urn:enforcement",
    )  # fmt: skip

    marks = read(b.event(data), identity=5, at=b.START_S).marks

    assert [mark.act for mark in marks] == acts
    assert {mark.ref for mark in marks} == {hash_of("urn:enforcement", "p1")}
    assert {mark.kind for mark in marks} == {0}


def test_an_objection_without_a_source_is_of_its_own():
    """A department that contests its own record need not name itself."""
    data = e.ObjectionChanged(kind="objection", status="filed", filed_on=b.START.date(), about="p1")

    (mark,) = read(b.event(data), identity=5, at=b.START_S).marks

    assert mark.ref == hash_of(b.SOURCE, "p1")


def test_an_objection_speaks_of_a_decision():
    """A court knows the number of the decision, and no event of ours."""
    penalty = b.penalty(organ="甲", doc_no="1号")
    data = e.ObjectionChanged(
        kind="litigation", status="filed", filed_on=b.START.date(), decision_no="1号", organ="甲"
    )

    marks = read(b.event(data), identity=5, at=b.START_S).marks

    assert {mark.ref for mark in marks} == {the(K.PENALTY_GENERAL, penalty).ref}
    assert {mark.kind for mark in marks} == {K.PENALTY_MINOR, K.PENALTY_GENERAL, K.PENALTY_SEVERE}


def test_a_decision_set_aside_never_was():
    """Reconsideration that revokes a penalty takes it back by its number."""
    penalty = b.penalty(organ="甲", doc_no="1号")
    data = e.ObjectionChanged(
        kind="reconsideration", status="decided", outcome="revoked", filed_on=b.START.date(),
        decision_no="1号", organ="甲",
    )  # fmt: skip

    assert in_force(penalty, data) == set()


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(e.AnnualReportFiled(year=2025, all_zero=True), id="a report"),
        pytest.param(b.permit(days_left=90), id="a permit"),
        pytest.param(e.EquipmentRegistered(equipment="Q", next_due=dt.date(2026, 9, 1)),
                     id="a lift"),
        pytest.param(e.MeterVerified(instrument="1", passed=False), id="a meter"),
        pytest.param(e.CapitalChanged(before=10.0, after=1.0), id="a capital"),
        pytest.param(e.RectifiedOrGraded(domain="FOODS", grade="D"), id="a grade"),
        pytest.param(e.Deregistration(kind="simple", stage="announced"), id="a deregistration"),
    ],
)  # fmt: skip
def test_two_feeds_of_one_statement_do_not_end_each_other(data):
    """What renews itself is in force after two feeds have said the same of one second."""
    enterprise = b.Enterprise()
    enterprise.has(data, name="a", source="urn:province")
    enterprise.has(data, name="b", source="urn:creditchina")

    state = enterprise.state
    kinds = [{K(f.kind) for f in state.facts if f.counts_at(state.as_of)}, set(weights(data))]

    assert kinds[0] == kinds[1]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        pytest.param(e.EquipmentRegistered(equipment="Q", kind="电梯",
                                           next_due=dt.date(2026, 9, 30)),
                     "电梯检验有效期至2026-09-30", id="equipment by its day"),
        pytest.param(e.EquipmentRegistered(equipment="Q", kind="电梯", public_place=True,
                                           next_due=dt.date(2026, 9, 30)),
                     "电梯（公众聚集场所）检验有效期至2026-09-30",
                     id="equipment where many people come"),
        pytest.param(e.RectificationOrdered(order="1", domain="SE", due=dt.date(2026, 3, 16),
                                            items="补齐记录"),
                     "2026-03-02责令改正（补齐记录），期限2026-03-16",
                     id="an order with its limit"),
        pytest.param(e.CapitalChanged(before=1e7, after=2e6), "2026-03-02减少注册资本（减少80%）",
                     id="a cut with its share"),
        pytest.param(e.EquipmentRegistered(equipment="Q"),
                     "2026-03-02特种设备", id="equipment without a day"),
    ],
)  # fmt: skip
def test_a_fact_is_said_with_what_matters(data, words):
    """Days to come are said as such."""
    assert words in {fact_in_words(fact) for fact in stated(data)}
