"""What do the facts become, whatever the order in which a source speaks?"""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors import events as e
from detectors.bounds import MAX_FACTS
from detectors.effects import DUPLICATE, UNKNOWN_FACT, LetGo
from detectors.example import Example
from detectors.facts import FactKind
from detectors.marks import MAX_MARKS
from detectors.state import MAX_HEARD
from detectors.stating import moment
from tests import builders as b
from tests import strategies


def standing(enterprise):
    """Return what must be as if a fact had never been: score, direct rules, place, features."""
    state = enterprise.state
    assessment = b.expertise().catalogue.assess(state.profile, state.facts, state.as_of)
    return assessment.score, assessment.floor_rank, state.profile.place


def in_force(enterprise, kind):
    """Return the facts of a kind that count now."""
    as_of = enterprise.state.as_of
    return [f for f in enterprise.state.facts if f.kind == kind and f.counts_at(as_of)]


@settings(max_examples=60)
@given(
    life=strategies.lives(least=0, most=5),
    extra=st.sampled_from(strategies.ADVERSE),
    day=strategies.DAYS,
)
def test_a_revoked_fact_is_as_if_it_had_never_been(life, extra, day):
    """Add and revoke anything: score and direct rules are those of never.

    The class may differ by design: it waits for its day of a better score.
    """
    end = b.event(b.inspection("passed"), day=401, name="end")
    without = b.after([*life, end])
    with_it = b.after([*life, b.event(extra, day=day, name="extra")])
    with_it.takes_back("extra", extra, day=day)
    with_it.meets(end)

    assert standing(with_it)[:2] == pytest.approx(standing(without)[:2], abs=2e-6)


@pytest.mark.parametrize(
    "extra",
    [pytest.param(one, id=f"{place} {type(one).__name__}")
     for place, one in enumerate(strategies.ADVERSE)],
)  # fmt: skip
def test_adding_and_revoking_at_once_leaves_no_warning_and_no_trace(extra):
    """An enterprise whose one bad fact is taken back stands where one without it stands."""
    quiet = b.Enterprise()
    quiet.has(b.inspection("passed"), day=-1)
    enterprise = b.Enterprise()
    enterprise.has(b.inspection("passed"), day=-1)
    enterprise.has(extra, name="extra")

    enterprise.takes_back("extra", extra)

    assert standing(enterprise) == standing(quiet)
    assert enterprise.open() == quiet.open()


def test_a_warning_raised_by_a_revoked_fact_sinks_to_what_is_left():
    """When the third penalty is taken back, the two that stand keep the interview they earned."""
    enterprise = b.Enterprise()
    for n in (1, 2, 3):
        enterprise.has(b.penalty("minor"), day=n, name=f"p{n}")

    enterprise.takes_back("p3", b.penalty("minor"), day=4)

    assert [one for one in enterprise.open() if one[1] == "food_penalties"] == [
        ("FOODS", "food_penalties", 3)
    ]


FIRST = b.penalty("general")
TAKEN_BACK = [
    pytest.param(b.revoked(FIRST, "p"), 0.0, id="revoked"),
    pytest.param(b.expired(FIRST, "p"), 0.0, id="expired"),
    pytest.param(b.repaired("p", from_day=5), 0.0, id="repaired"),
    pytest.param(b.corrected(b.penalty("minor"), "p"), 79.386, id="corrected, a day ago"),
]


@pytest.mark.parametrize(("second", "score"), TAKEN_BACK)
def test_taking_back_after_the_fact(second, score):
    """A fact that was revoked, expired, repaired or corrected no longer weighs as it did."""
    enterprise = b.Enterprise()
    enterprise.has(FIRST, day=1, name="p")
    enterprise.has(second, day=9)

    enterprise.has(b.inspection("passed"), day=10)

    assert enterprise.state.rule.score == pytest.approx(score, abs=1e-3)


@pytest.mark.parametrize(("second", "score"), TAKEN_BACK)
def test_taking_back_before_the_fact_waits_and_wins(second, score):
    """Records out of order end alike: what was taken back before it came does not count."""
    enterprise = b.Enterprise()
    effects = enterprise.has(second, day=9)
    enterprise.has(FIRST, day=1, name="p")

    enterprise.has(b.inspection("passed"), day=10)

    assert enterprise.state.rule.score == pytest.approx(score, abs=1e-3)
    assert (UNKNOWN_FACT in effects) is (second.op is not e.Op.UPDATE)


def test_a_correction_outlives_a_repetition_of_the_first_version():
    """A source that sends the corrected record's first version again does not bring it back."""
    enterprise = b.Enterprise()
    enterprise.has(b.penalty("severe"), name="v1")
    enterprise.has(b.corrected(b.penalty("minor"), "v1"), name="v2")

    enterprise.has(b.penalty("severe"), name="v1")

    assert enterprise.state.rule.score == 80.0


LISTED = e.AbnormalAdded(reason=1)
CASE = e.CaseChanged(case_no="C1", status="opened", domain="CASE")
FROZEN = e.EquityFrozen(case_no="F1", share=0.6)
SERIOUS = e.SeriousListChanged(list_code="L1", action="add")
DEBTOR = e.JudicialRecord(case_no="J1", action="add")
ZERO = e.AnnualReportFiled(year=2025, all_zero=True)
LIFT = e.EquipmentInspected(equipment="Q1", passed=False)
PUBLIC_LIFT = e.EquipmentInspected(equipment="Q1", passed=False, public_place=True)
ENDED = [
    pytest.param(LISTED, e.AbnormalRemoved(reason=1), id="abnormal listing"),
    pytest.param(SERIOUS, e.SeriousListChanged(list_code="L1", action="remove"),
                 id="serious listing"),
    pytest.param(DEBTOR, e.JudicialRecord(case_no="J1", action="delete"), id="judgment debtor"),
    pytest.param(CASE, e.CaseChanged(case_no="C1", status="closed", domain="CASE"), id="case"),
    pytest.param(FROZEN, e.EquityFrozen(case_no="F1", share=0.6, status="released"), id="freeze"),
    pytest.param(ZERO, e.AnnualReportFiled(year=2026), id="all-zero report"),
    pytest.param(LIFT, e.EquipmentInspected(equipment="Q1", passed=True), id="failed lift"),
    pytest.param(PUBLIC_LIFT, e.EquipmentInspected(equipment="Q1", passed=True, public_place=True),
                 id="failed lift in a public place"),
]  # fmt: skip
ADVERSE_KINDS = {FactKind.ABNORMAL_LISTED, FactKind.SERIOUS_LISTED, FactKind.JUDGMENT_DEBTOR,
                 FactKind.CASE_OPEN, FactKind.EQUITY_FROZEN, FactKind.REPORT_ALL_ZERO,
                 FactKind.EQUIPMENT_FAILED}  # fmt: skip


def adverse(enterprise):
    """Return the matters that are still in force."""
    return [one for kind in ADVERSE_KINDS for one in in_force(enterprise, kind)]


@pytest.mark.parametrize(("beginning", "ending"), ENDED)
@pytest.mark.parametrize("in_order", [True, False], ids=["in order", "the ending first"])
def test_an_ending_ends_its_matter_in_any_order(beginning, ending, in_order):
    """A matter that ended is over, even where the ending arrives before the beginning (case 6)."""
    happenings = [b.event(beginning, day=1), b.event(ending, day=2)]

    enterprise = b.after(happenings if in_order else happenings[::-1])

    assert adverse(enterprise) == []


@pytest.mark.parametrize(("beginning", "ending"), ENDED)
def test_an_ending_does_not_reach_into_the_future(beginning, ending):
    """A matter that begins again after its ending is in force."""
    enterprise = b.after([b.event(beginning, day=1), b.event(ending, day=2)])

    enterprise.has(beginning, day=3)

    assert len(adverse(enterprise)) == 1


@pytest.mark.parametrize(("beginning", "ending"), ENDED)
def test_an_ending_of_nothing_does_not_reach_into_the_future(beginning, ending):
    """An ending that found nothing to end leaves alone what begins after it."""
    enterprise = b.after([b.event(ending, day=2), b.event(beginning, day=3)])

    assert len(adverse(enterprise)) == 1


def test_an_ending_ends_its_own_matter_only():
    """Removal for one reason leaves the listing for another, and another case stays open."""
    enterprise = b.Enterprise()
    enterprise.has(LISTED)
    enterprise.has(e.AbnormalAdded(reason=2))
    enterprise.has(CASE)

    enterprise.has(e.AbnormalRemoved(reason=1), day=1)
    enterprise.has(e.CaseChanged(case_no="C9", status="closed", domain="CASE"), day=1)

    assert len(in_force(enterprise, FactKind.ABNORMAL_LISTED)) == 1
    assert len(in_force(enterprise, FactKind.CASE_OPEN)) == 1


def test_two_spells_on_a_list_end_each_with_its_own_removal():
    """Two listings and two removals, the second pair overtaking, leave nobody on the list."""
    happenings = [
        b.event(LISTED, day=1),
        b.event(e.AbnormalRemoved(reason=1), day=20),
        b.event(LISTED, day=10),
        b.event(e.AbnormalRemoved(reason=1), day=5),
    ]

    enterprise = b.after(happenings)

    assert in_force(enterprise, FactKind.ABNORMAL_LISTED) == []


@pytest.mark.parametrize("in_order", [True, False], ids=["in order", "the renewal first"])
def test_a_renewal_replaces_the_permit_in_any_order(in_order):
    """Of one permit number the latest grant counts, even where the old one arrives late."""
    old = b.event(b.permit(days_left=-30), day=-900)
    new = b.event(b.permit(days_left=900), day=-40)

    enterprise = b.after([old, new] if in_order else [new, old])

    assert [one.due for one in in_force(enterprise, FactKind.PERMIT)] == [
        b.after([new]).state.facts[0].due
    ]


def test_an_ended_permit_no_longer_counts_down():
    """A permit given up is no permit that expires."""
    enterprise = b.Enterprise()
    enterprise.has(b.permit(days_left=10), day=-100)

    enterprise.has(e.PermitEnded(permit_no="P1", kind="cancelled"), day=-1)

    assert enterprise.state.rule.score == 0.0


def test_an_expired_permit_goes_on_counting():
    """A record that a permit has expired does not stop the countdown that says the same."""
    enterprise = b.Enterprise()
    enterprise.has(b.permit(days_left=-1), day=-100)

    enterprise.has(e.PermitEnded(permit_no="P1", kind="expired"), day=0)

    assert enterprise.state.rule.score == 250.0


@pytest.mark.parametrize(
    ("passed", "in_order", "score"),
    [
        pytest.param(True, True, 0.0, id="re-test passed"),
        pytest.param(False, True, 320.0, id="re-test failed"),
        pytest.param(True, False, 0.0, id="re-test passed, heard first"),
        pytest.param(False, False, 320.0, id="re-test failed, heard first"),
    ],
)
def test_a_retest_settles_a_provisional_sample(passed, in_order, score):
    """A passed re-test voids the sample, a failed one makes it final, in any order (case 2)."""
    sample = b.event(b.food_sample("illegal_additive", provisional=True), day=6)
    retest = b.event(e.Reinspected(sample_no="S1", passed=passed), day=6.01)

    enterprise = b.after([sample, retest] if in_order else [retest, sample])

    assert enterprise.state.rule.score == pytest.approx(score, abs=0.1)


@pytest.mark.parametrize(
    ("day", "score"),
    [
        pytest.param(
            9,
            250 * 2 ** (-9 / 180) - 40 * 2 ** (-4 / 180),
            id="the day before the repair, which is itself worth something",
        ),
        pytest.param(10, 0.0, id="the day of the repair"),
        pytest.param(11, 0.0, id="the day after"),
    ],
)
def test_a_repaired_fact_is_not_used_from_its_day_on(day, score):
    """A repair stops the use of a fact from its day, and leaves the history before it (case 25)."""
    enterprise = b.Enterprise()
    enterprise.has(b.penalty("general", domain="QUAL"), day=0, name="p")
    enterprise.has(b.repaired("p", from_day=10), day=5)

    enterprise.has(b.inspection("passed"), day=day)

    assert enterprise.state.rule.score == pytest.approx(score, abs=1e-3)
    assert len(enterprise.state.facts) == 3  # the penalty, its repair, and the look


def test_a_refused_repair_changes_nothing():
    """Asking for a repair is not yet a repair."""
    enterprise = b.Enterprise()
    enterprise.has(b.penalty("general"), name="p")
    refusal = msgspec.structs.replace(b.repaired("p", from_day=0), decision="refused")

    enterprise.has(refusal)

    assert enterprise.state.rule.score == 250.0


def test_a_repair_taken_back_lets_the_fact_count_again():
    """Where the decision to repair is itself revoked, the fact is used as before."""
    enterprise = b.Enterprise()
    enterprise.has(b.penalty("general"), name="p")
    repair = b.repaired("p", from_day=0)
    enterprise.has(repair, name="repair")

    enterprise.has(msgspec.structs.replace(repair, op=e.Op.REVOKE), name="no repair")

    assert enterprise.state.rule.score == 250.0


def test_a_revoked_removal_puts_the_enterprise_back_on_the_list():
    """A removal that was revoked is as if it had never been: the listing is in force."""
    enterprise = b.Enterprise()
    removal = e.AbnormalRemoved(reason=1)
    enterprise.has(LISTED, day=0)
    enterprise.has(removal, day=1, name="removal")

    enterprise.takes_back("removal", removal, day=2)

    assert len(in_force(enterprise, FactKind.ABNORMAL_LISTED)) == 1


def test_a_revoked_move_puts_the_enterprise_back_in_its_county():
    """The place is that of the latest move that stands: a revoked one routes nothing."""
    move = e.AddressChanged(new_region="410423")
    enterprise = b.Enterprise()
    enterprise.has(e.AddressChanged(new_region="410422"), day=0)
    enterprise.has(move, day=1, name="move")

    enterprise.takes_back("move", move, day=2)

    assert enterprise.state.profile.place == "410422"


def test_the_last_move_by_date_says_the_place():
    """An older move that arrives late does not take the enterprise back."""
    enterprise = b.Enterprise()
    enterprise.has(e.AddressChanged(new_region="410423"), day=10)

    enterprise.has(e.AddressChanged(new_region="410425"), day=5)

    assert enterprise.state.profile.place == "410423"


@pytest.mark.parametrize(
    ("field", "attribute"),
    [pytest.param("name", "name", id="name"), pytest.param("industry", "industry", id="industry")],
)
def test_the_last_change_by_date_says_name_and_industry(field, attribute):
    """An older change of name or industry that arrives late does not undo a newer one."""
    enterprise = b.Enterprise()
    enterprise.has(e.BasicChanged(field=field, after="C14"), day=10)

    enterprise.has(e.BasicChanged(field=field, after="H62"), day=5)

    assert getattr(enterprise.state.profile, attribute) == "C14"


def test_a_late_founding_does_not_undo_a_rename():
    """The register's first entry, arriving last, fills gaps and overwrites nothing."""
    enterprise = b.Enterprise()
    enterprise.has(e.BasicChanged(field="name", after="今名"), day=10)

    enterprise.has(
        e.Established(name="旧名", established_on=b.on(-400).date(), industry="H62"), day=-400
    )

    profile = enterprise.state.profile
    assert (profile.name, profile.industry) == ("今名", "H62")


CALLED = b.penalty("severe", subject_name="鲁山县测试食品有限公司")


def test_a_record_names_an_enterprise_that_no_registration_has_named():
    """Profile and warning say the name, not the code, also after marks have spoken."""
    enterprise = b.Enterprise()
    enterprise.has(b.penalty("severe"), day=0)

    effects = enterprise.has(CALLED, day=1, name="called")
    enterprise.takes_back("called", CALLED, day=2)

    assert {one.enterprise for one in b.issued(effects)} == {"鲁山县测试食品有限公司"}
    assert enterprise.state.profile.name == "鲁山县测试食品有限公司"


@pytest.mark.parametrize("in_order", [True, False], ids=["registered first", "registered last"])
def test_a_registered_name_is_better_than_a_record_s(in_order):
    """What the register says is the name, whichever came first; a new name counts from its day."""
    told = [b.event(b.founded(), day=0), b.event(CALLED, day=1)]
    enterprise = b.after(told if in_order else told[::-1])
    assert enterprise.state.profile.name == "叶县甲公司"

    enterprise.has(e.BasicChanged(field="name", after="叶县乙公司"), day=2)
    enterprise.has(CALLED, day=3)

    assert enterprise.state.profile.name == "叶县乙公司"


@pytest.mark.parametrize(
    "important",
    [
        pytest.param(SERIOUS, id="a serious listing"),
        pytest.param(b.permit(days_left=2000), id="a permit"),
        pytest.param(LIFT, id="a failed lift"),
    ],
)
def test_a_flood_does_not_wash_away_what_is_in_force(important):
    """Hundreds of complaints later, an old fact that is still in force still counts."""
    enterprise = b.Enterprise()
    enterprise.has(important, day=0, name="important")
    for n in range(400):
        enterprise.has(b.complaint(n), day=1 + n / 100)

    kinds = {fact.kind for fact in b.after([b.event(important)]).state.facts}
    assert {kind: len(in_force(enterprise, kind)) for kind in kinds} == dict.fromkeys(kinds, 1)


FLOODS = [
    pytest.param(lambda n: b.equipment(days_left=900, number=f"Q{n}", public=True), id="lifts"),
    pytest.param(lambda n: e.MeterVerified(instrument=f"M{n}", passed=True,
                                           next_due=b.on(900).date()), id="scales"),
    pytest.param(lambda n: e.MonitoringHit(channel="AD", evidence=f"E{n}"), id="advertisements"),
    pytest.param(b.complaint, id="complaints"),
]  # fmt: skip


@pytest.mark.parametrize("one_of_many", FLOODS)
def test_no_number_of_facts_displaces_a_listing_a_penalty_or_the_founding(one_of_many):
    """The class stays D, and what it rests on, however many facts of another kind come."""
    enterprise = b.Enterprise()
    enterprise.has(b.founded(), day=-3)
    enterprise.has(SERIOUS, day=-2)
    enterprise.has(b.penalty("severe"), day=-1)
    for n in range(MAX_FACTS):
        enterprise.has(one_of_many(n), day=n / 1000, name=f"flood{n}")

    grave = (FactKind.ESTABLISHED, FactKind.SERIOUS_LISTED, FactKind.PENALTY_SEVERE)
    assert [len(in_force(enterprise, kind)) for kind in grave] == [1, 1, 1]
    assert enterprise.state.rule.rank == 3
    assert len(enterprise.state.facts) == MAX_FACTS


def test_what_is_let_go_in_force_is_told():
    """A lift for which there is no room is told, with its kind; one of a few is kept silently."""
    enterprise = b.Enterprise()
    for n in range(MAX_FACTS):
        enterprise.has(b.equipment(days_left=900, number=f"Q{n}"), day=n / 1000, name=f"q{n}")
    assert b.of_type(enterprise.effects, LetGo) == []

    effects = enterprise.has(b.equipment(days_left=900, number="one more"), day=1)

    assert b.of_type(effects, LetGo) == [LetGo(b.USCC, ("equipment",))]


def test_of_too_many_lifts_those_due_first_stay():
    """The lift whose inspection falls due first speaks first, and is let go last."""
    enterprise = b.Enterprise()
    enterprise.has(b.equipment(days_left=20, number="soon"), day=0, name="soon")
    for n in range(MAX_FACTS + 9):
        enterprise.has(b.equipment(days_left=900, number=f"Q{n}"), day=1 + n / 1000, name=f"q{n}")

    assert min(fact.due for fact in enterprise.state.facts) == moment(b.on(20).date(), end=True)


def test_waiting_endings_do_not_pile_up():
    """Hundreds of passed lifts, each an ending of nothing, leave room for what counts."""
    enterprise = b.Enterprise()
    enterprise.has(SERIOUS, day=0)
    for n in range(400):
        enterprise.has(e.EquipmentInspected(equipment=f"Q{n}", passed=True), day=1 + n / 100)

    assert len(enterprise.state.facts) < 100
    assert enterprise.state.rule.rank == 3


def test_old_passed_looks_become_counts():
    """Of many passed inspections the last few stay as facts; the rest are counted."""
    enterprise = b.Enterprise()
    for n in range(30):
        enterprise.has(b.inspection("passed"), day=n, name=f"i{n}")

    assert len(enterprise.state.facts) + enterprise.state.archive.outcomes == 30
    assert len(enterprise.state.facts) <= 5


TEACHING = [
    pytest.param(lambda _: b.inspection("passed"), id="passed inspections"),
    pytest.param(lambda n: e.EquipmentInspected(equipment=f"Q{n}", passed=True), id="passed lifts"),
    pytest.param(lambda n: e.ReportVerified(ticket=f"T{n}", verdict="false"), id="false reports"),
]


@pytest.mark.parametrize("taught", TEACHING)
def test_a_source_that_sends_all_anew_teaches_nothing_twice(taught):
    """Of thirty outcomes sent again none is learned from again, also of those long archived."""
    happenings = [b.event(taught(n), day=n, name=f"n{n}") for n in range(30)]
    enterprise = b.after(happenings)
    before = enterprise.state.archive

    again = [enterprise.meets(happening) for happening in happenings]

    assert again == [[DUPLICATE]] * 30
    assert enterprise.state.archive == before


def test_a_look_that_comes_late_is_learned_from():
    """An outcome older than all that is archived, and never heard of, is genuine."""
    enterprise = b.after([b.event(b.inspection("passed"), day=n) for n in range(30)])

    effects = enterprise.has(b.inspection("passed"), day=-9, name="late")

    assert len(b.of_type(effects, Example)) == 1


def test_what_is_remembered_of_outcomes_is_bounded():
    """However often somebody looks, a state remembers the last outcomes alone."""
    enterprise = b.Enterprise()
    for n in range(MAX_HEARD + 50):
        enterprise.has(b.inspection("passed"), day=n / 10, name=f"n{n}")

    assert len(enterprise.state.archive.heard) == MAX_HEARD
    assert enterprise.has(b.inspection("passed"), day=20, name="n60") == [DUPLICATE]


def test_the_latest_revocations_wait():
    """Of one revocation too many of unknown facts the latest wait; the oldest is let go."""
    enterprise = b.Enterprise()
    for n in range(MAX_MARKS + 1):
        enterprise.takes_back(f"p{n}", b.penalty("minor"), day=n)

    for n in range(MAX_MARKS + 1):
        enterprise.has(b.penalty("minor"), day=MAX_MARKS, name=f"p{n}")

    assert [fact.kind for fact in in_force(enterprise, FactKind.PENALTY_MINOR)] == [
        FactKind.PENALTY_MINOR
    ]


def test_a_penalty_of_an_offence_ends_with_its_publication():
    """A penalty counts to the last day of its publication, and not on the day after."""
    enterprise = b.Enterprise()
    enterprise.has(b.penalty("general", offence="O", publication_end=b.on(90).date()))
    enterprise.has(b.inspection("passed"), day=90)
    on_the_last_day = enterprise.state.rule.score

    enterprise.has(b.inspection("passed"), day=91)

    assert on_the_last_day > 150.0
    assert enterprise.state.rule.score == 0.0
