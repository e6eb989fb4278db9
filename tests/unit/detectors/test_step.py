"""Does one event do exactly what it must, once, and leave the past alone?"""

import datetime as dt

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors import events as e
from detectors import state as stored
from detectors.bounds import MAX_FACTS
from detectors.effects import DUPLICATE, REPLAYED, CardDue, ClassChanged, Position
from detectors.example import Example
from detectors.features import NAMES
from detectors.measure import RiskClass
from detectors.state import EnterpriseState
from detectors.step import step
from tests import builders as b
from tests import strategies

PENALTY = b.event(b.penalty("severe"), name="p1")


def one_step(state, happening, *, epoch=1, partition=0, offset=0, now=None):
    """Take one event at a place of the log."""
    return step(
        state,
        happening,
        b.expertise(),
        now=now or happening.time,
        position=Position(epoch=epoch, partition=partition, offset=offset),
    )


@pytest.mark.parametrize(
    ("place", "applied"),
    [
        pytest.param({"offset": 7}, True, id="the very same place"),
        pytest.param({"offset": 3}, True, id="an earlier place"),
        pytest.param({"offset": 8}, False, id="the next place"),
        pytest.param({"offset": 7, "epoch": 2}, False, id="a log that started anew"),
        pytest.param({"offset": 7, "partition": 1}, False, id="another partition"),
    ],
)
def test_a_replayed_place_is_skipped(place, applied):
    """An event at or before the stored place of the same log changes nothing at all."""
    before, _ = one_step(EnterpriseState(), PENALTY, offset=7)

    after, effects = one_step(before, b.event(b.penalty("minor"), name="p2"), **place)

    assert (effects == [REPLAYED]) is applied
    assert (after is before) is applied


@pytest.mark.parametrize(
    "happening",
    [
        pytest.param(PENALTY, id="an event that adds a fact"),
        pytest.param(b.event(e.AbnormalRemoved(reason=1)), id="an ending of nothing"),
        pytest.param(b.event(b.revoked(b.penalty(), "gone")), id="a revocation of nothing"),
        pytest.param(b.event(e.BasicChanged(field="name", after="甲")), id="a new name"),
    ],
)
def test_the_state_carries_the_place_of_its_last_event(happening):
    """After any event the state names epoch, partition and offset, so a replay is recognised."""
    state, _ = one_step(EnterpriseState(), happening, epoch=5, partition=3, offset=11)

    assert (state.epoch, state.partition, state.offset) == (5, 3, 11)
    assert one_step(state, happening, epoch=5, partition=3, offset=11)[1] == [REPLAYED]


def test_a_duplicate_moves_the_place_on():
    """A skipped duplicate still advances the offset: the log behind it is done with."""
    state, _ = one_step(EnterpriseState(), PENALTY, offset=0)

    state, effects = one_step(state, PENALTY, offset=1)

    assert effects == [DUPLICATE]
    assert state.offset == 1


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b.penalty(), id="a penalty"),
        pytest.param(b.food_sample(), id="a failed sample"),
        pytest.param(b.inspection("passed"), id="a passed inspection"),
        pytest.param(e.LegalRepChanged(new_person="p", barred=True), id="two facts of one event"),
        pytest.param(e.AbnormalRemoved(reason=1), id="an ending"),
        pytest.param(e.ReportVerified(ticket="R", verdict="false"), id="an outcome without fact"),
        pytest.param(
            e.EquipmentInspected(equipment="Q", passed=False, public_place=True),
            id="failed equipment in a public place",
        ),
        pytest.param(
            e.EquipmentInspected(equipment="Q", passed=True, public_place=True),
            id="passed equipment in a public place",
        ),
        pytest.param(b.revoked(b.penalty(), "p0"), id="a revocation"),
    ],
)
def test_the_same_event_from_the_same_source_counts_once(data):
    """A source that repeats itself under the same id is heard once, whatever it says."""
    enterprise = b.Enterprise()
    enterprise.has(data, name="twice")
    once = msgspec.structs.replace(enterprise.state, offset=1)

    effects = enterprise.has(data, name="twice")

    assert effects == [DUPLICATE]
    assert enterprise.state == once


def test_the_same_id_from_another_source_is_another_event():
    """Identity is source and id together, as CloudEvents has it."""
    enterprise = b.Enterprise()
    enterprise.has(b.penalty("minor"), name="1", source="urn:a")

    effects = enterprise.has(b.penalty("minor"), name="1", source="urn:b")

    assert DUPLICATE not in effects
    assert len(enterprise.state.facts) == 2


def test_one_decision_from_two_feeds_is_one_penalty():
    """Organ and document number name a penalty: two feeds that carry it make one (§13, case 5)."""
    decision = b.penalty("general", doc_no="叶市监处罚〔2026〕17号", organ="叶县市监局")
    enterprise = b.Enterprise()
    enterprise.has(decision, name="1", source="urn:province")

    enterprise.has(decision, name="1", source="urn:creditchina")

    assert enterprise.state.rule.score == 250.0
    assert not [one for one in enterprise.open() if one[1] == "food_penalties"]


@settings(max_examples=40)
@given(life=strategies.lives(most=10))
def test_the_old_state_is_left_as_it_was(life):
    """A step changes nothing in the state it was given, however deep."""
    state = EnterpriseState()
    for offset, happening in enumerate([*life, *life]):
        before = strategies.as_struct(state)

        after, _ = one_step(state, happening, offset=offset, now=b.on(400))

        assert strategies.as_struct(state) == before
        state = after


def test_taking_back_leaves_the_old_state_as_it_was():
    """Revocation, correction, expiry and repair replace facts; they do not write into them."""
    enterprise = b.Enterprise()
    enterprise.has(b.food_sample(number="S1", provisional=True), name="s")
    enterprise.has(b.penalty(), name="p")
    for happening in (
        e.Reinspected(sample_no="S1", passed=False),
        b.corrected(b.penalty("severe"), "p"),
        b.repaired("p", from_day=1),
        b.expired(b.penalty(), "p"),
        b.revoked(b.penalty(), "p"),
        e.Reinspected(sample_no="S1", passed=True),
    ):
        old, before = enterprise.state, strategies.as_struct(enterprise.state)

        enterprise.has(happening, day=2)

        assert strategies.as_struct(old) == before


@settings(max_examples=40)
@given(life=strategies.lives(most=10))
def test_a_replay_decides_alike(life):
    """The same events in the same order give the same states and the same effects."""
    first, second = b.after(life), b.after(life)

    assert first.state == second.state
    assert first.effects == second.effects


@settings(max_examples=40)
@given(life=strategies.lives(most=10), cut=st.integers(0, 10))
def test_a_state_goes_through_the_store_unchanged(life, cut):
    """Storing and loading the state between any two events changes nothing that follows."""
    whole = b.after(life)
    resumed = b.after(life[:cut])
    resumed.state = stored.decode(stored.encode(resumed.state))
    for happening in life[cut:]:
        resumed.meets(happening)

    assert resumed.state == whole.state
    assert resumed.effects == whole.effects


@pytest.mark.parametrize(
    ("ahead", "refused"),
    [
        pytest.param(dt.timedelta(hours=23), False, id="hours ahead: a zone mistaken"),
        pytest.param(dt.timedelta(days=1), False, id="a day ahead, at the edge"),
        pytest.param(dt.timedelta(days=1, seconds=1), True, id="a second over a day"),
        pytest.param(dt.timedelta(days=3650), True, id="ten years"),
    ],
)
def test_an_event_from_the_future_is_refused(ahead, refused):
    """More than a day after its receipt an event is a mistake of the source's clock."""
    now = PENALTY.time - ahead

    if not refused:
        state, _ = one_step(EnterpriseState(), PENALTY, now=now)
        assert state.facts
        return
    with pytest.raises(e.InvalidEventError, match="correct the source's clock") as refusal:
        one_step(EnterpriseState(), PENALTY, now=now)

    assert refusal.value.cause is e.Cause.FUTURE


@pytest.mark.parametrize(
    ("subject", "cause"),
    [
        pytest.param("91410422", e.Cause.INVALID_SUBJECT, id="too short"),
        pytest.param("91410422MA3X1A2B8O", e.Cause.INVALID_SUBJECT, id="a letter O"),
        pytest.param("91410422MA3X1A2B84", e.Cause.QUARANTINED_SUBJECT, id="a wrong digit"),
        pytest.param("91350211M0000XUF46", e.Cause.QUARANTINED_SUBJECT, id="a pilot code"),
        pytest.param("91350100M0001TGQXM", None, id="a pilot code vouched for"),
    ],
)
def test_a_subject_must_be_a_code_that_can_be_acted_on(subject, cause):
    """A subject that is no code, or that nobody vouches for, is refused with its cause."""
    happening = b.event(b.penalty(), subject=subject)

    if cause is None:
        assert one_step(EnterpriseState(), happening)[0].facts
        return
    with pytest.raises(e.InvalidEventError, match="subject: ") as refusal:
        one_step(EnterpriseState(), happening)

    assert refusal.value.cause is cause


def test_an_outcome_is_an_example_with_the_features_before_it():
    """What the model learns from a failed inspection does not know of that inspection."""
    enterprise = b.Enterprise()
    enterprise.has(b.inspection("passed"), day=0)

    (example,) = b.of_type(enterprise.has(b.inspection("failed"), day=10), Example)

    assert example.found
    seen = dict(zip(NAMES, example.features, strict=True))
    assert seen["outcomes"] == pytest.approx(0.693, abs=1e-3)  # one look, no failure
    assert seen["failures"] == 0.0
    assert (example.domain, example.offset) == ("QUAL", 1)


@pytest.mark.parametrize(
    ("data", "found"),
    [
        pytest.param(b.inspection("passed"), False, id="inspection passed"),
        pytest.param(b.inspection("failed"), True, id="inspection failed"),
        pytest.param(b.inspection("refused"), True, id="inspection refused"),
        pytest.param(b.food_sample(), True, id="sample failed"),
        pytest.param(e.FoodSampled(sample_no="S", verdict="passed"), False, id="sample passed"),
        pytest.param(e.EquipmentInspected(equipment="Q", passed=True), False, id="lift passed"),
        pytest.param(e.ReportVerified(ticket="R", verdict="true"), True, id="report true"),
        pytest.param(e.ReportVerified(ticket="R", verdict="false"), False, id="report false"),
        pytest.param(b.penalty(), None, id="a penalty is no look"),
        pytest.param(b.complaint(1), None, id="a complaint is no look"),
    ],
)
def test_every_look_is_an_example(data, found):
    """Inspections, samples and verified reports teach the model; nothing else does."""
    examples = b.of_type(b.Enterprise().has(data), Example)

    assert [one.found for one in examples] == ([] if found is None else [found])


def test_a_class_change_is_told_once_with_its_cause():
    """A change of the live class names both classes, the event, and the versions that decided."""
    enterprise = b.Enterprise()
    enterprise.has(b.penalty("minor"), name="light")

    (change,) = b.of_type(enterprise.has(b.penalty("severe"), name="heavy"), ClassChanged)
    again = enterprise.has(b.inspection("passed"), name="calm")

    assert (change.before, change.after) == (RiskClass.A, RiskClass.C)
    assert change.cause == f"{b.SOURCE}/heavy"
    assert change.knowledge_version == b.expertise().knowledge.version
    assert not b.of_type(again, ClassChanged)


@pytest.mark.parametrize(
    ("data", "due"),
    [
        pytest.param(b.penalty("general"), True, id="another score"),
        pytest.param(e.BasicChanged(field="name", after="新名"), True, id="another name"),
        pytest.param(e.AddressChanged(new_region="410423"), True, id="another place"),
        pytest.param(e.CaseChanged(case_no="none", status="closed", domain="CASE"), False,
                     id="nothing that a card shows"),
    ],
)  # fmt: skip
def test_a_card_is_due_when_what_it_says_has_changed(data, due):
    """Whoever reads the card topic sees the score, name and place that the state has."""
    enterprise = b.Enterprise()
    enterprise.has(e.Established(name="旧名", established_on=b.on(-4000).date(), place="410422"))

    effects = enterprise.has(data)

    assert bool(b.of_type(effects, CardDue)) is due


def test_the_first_event_makes_a_card():
    """An enterprise seen for the first time gets its card, even with a score of nothing."""
    assert b.of_type(b.Enterprise().has(b.inspection("passed")), CardDue)


def test_late_events_do_not_turn_the_clock_back():
    """A record that arrives 45 days late is taken in; the enterprise's clock stays."""
    enterprise = b.Enterprise()
    enterprise.has(b.inspection("passed"), day=100)

    enterprise.has(b.penalty("general", domain="QUAL"), day=55)

    assert enterprise.state.as_of == b.at(100)
    assert enterprise.state.rule.score == pytest.approx(250 * 0.5 ** (45 / 180))


def test_ten_thousand_events_leave_a_bounded_state():
    """However much happens to one enterprise, its state stays within tens of kilobytes."""
    enterprise = b.Enterprise()
    for n in range(2500):
        day = n / 10
        enterprise.has(b.complaint(n), day=day, name=f"c{n}")
        enterprise.has(b.inspection("passed"), day=day, name=f"i{n}")
        enterprise.has(e.AnnualReportFiled(year=2025), day=day, name=f"r{n}")
        enterprise.has(
            e.EquipmentInspected(equipment=f"Q{n % 300}", passed=True), day=day, name=f"q{n}"
        )

    assert enterprise.offset >= 9_999
    assert len(enterprise.state.facts) <= MAX_FACTS
    assert len(stored.encode(enterprise.state)) < 64 * 1024
