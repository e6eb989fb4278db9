"""Does each severity function say of the facts what the catalogue promises?"""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors import events as e
from detectors.facts import CONTESTED, DAY_S, PROVISIONAL, Fact, FactKind
from detectors.severity import countdown_severity
from detectors.state import Profile
from tests import builders as b
from tests import strategies

STEPS = {90: 0.2, 60: 0.3, 30: 0.5, 0: 1.0}
IDS = st.integers(1, 2**62)
# What makes an enterprise look better, or is neither good nor bad by its weight.
NOT_ADVERSE = {
    FactKind.HONOUR,
    FactKind.COMMITMENT_KEPT,
    FactKind.CURED,
    FactKind.SUSPENDED,  # 歇业: no unreachable domicile
    FactKind.REPORT_FILED,
    FactKind.COMPLAINT_SETTLED,
    FactKind.CAPITAL,  # too little is as odd as too much
    FactKind.PERMIT,  # meets what the scope asks for
}
SCORED = sorted(set(FactKind) - NOT_ADVERSE)
FACTS = st.lists(
    st.builds(
        Fact,
        id=IDS,
        kind=st.sampled_from(SCORED),
        at=st.integers(b.at(-800), b.at(0)),
        weight=st.floats(0.125, 1),
        doubt=st.sampled_from([0, CONTESTED, PROVISIONAL]),
    ),
    max_size=10,
    unique_by=lambda fact: fact.id,
)


def severity(indicator, facts, *, day=0.0, profile=None):
    """Return the severity of one indicator of the shipped catalogue."""
    place = b.expertise().catalogue.places[indicator]
    return b.assessed(facts, day=day, profile=profile).severities.get(place, 0.0)


def fact(kind, *, day=0.0, identity=0, **more):
    """Return a fact of a kind on a day."""
    return Fact(id=identity or b.at(day) * 100 + kind, kind=kind, at=b.at(day), **more)


@given(facts=FACTS)
def test_a_score_stays_on_its_scale_whatever_the_facts(facts):
    """Any set of facts gives a score of 0 to 1000, severities in (0, 1] and a class."""
    assessment = b.assessed(facts)

    assert 0.0 <= assessment.score <= 1000.0
    assert all(0.0 < one <= 1.0 for one in assessment.severities.values())
    assert assessment.floor_rank in range(4)


@given(facts=FACTS, randomly=st.randoms(use_true_random=False))
def test_the_order_of_facts_does_not_matter(facts, randomly):
    """The same facts in another order give the same score and the same direct rules."""
    shuffled = b.assessed(randomly.sample(facts, len(facts)))
    straight = b.assessed(facts)

    assert shuffled.score == pytest.approx(straight.score, abs=2e-6)
    assert shuffled.floor_rank == straight.floor_rank


@settings(max_examples=120)
@given(facts=FACTS.filter(bool), factor=st.floats(0.1, 1), draw=st.data())
def test_a_stronger_fact_never_lowers_the_score(facts, factor, draw):
    """Raising the weight of one fact, the rest unchanged, raises the score or leaves it."""
    place = draw.draw(st.integers(0, len(facts) - 1))
    weaker = list(facts)
    weaker[place] = msgspec.structs.replace(facts[place], weight=facts[place].weight * factor)

    assert b.assessed(weaker).score <= b.assessed(facts).score


@settings(max_examples=120)
@given(facts=FACTS.filter(bool), draw=st.data())
def test_one_more_fact_never_lowers_the_score(facts, draw):
    """Leaving out one adverse fact, the rest unchanged, lowers the score or leaves it."""
    place = draw.draw(st.integers(0, len(facts) - 1))
    fewer = [*facts[:place], *facts[place + 1 :]]

    assert b.assessed(fewer).score <= b.assessed(facts).score
    assert b.assessed(fewer).floor_rank <= b.assessed(facts).floor_rank


@pytest.mark.parametrize(
    ("lighter", "heavier"),
    [
        pytest.param("minor", "general", id="general after minor"),
        pytest.param("general", "severe", id="severe after general"),
        pytest.param("minor", "severe", id="severe after minor"),
    ],
)
@pytest.mark.parametrize("day", [0, 100, 400, 1000])
def test_a_heavier_penalty_never_lowers_the_score(lighter, heavier, day):
    """At any age, the heavier penalty in place of the lighter one weighs at least as much."""
    light = [fact(FactKind[f"PENALTY_{lighter.upper()}"])]
    heavy = [fact(FactKind[f"PENALTY_{heavier.upper()}"])]

    assert b.assessed(light, day=day).score <= b.assessed(heavy, day=day).score


@pytest.mark.parametrize(
    ("severities", "score"),
    [
        pytest.param(("minor", "general", "severe"), 550.0, id="three outcomes of one offence"),
        pytest.param(("severe", "general", "minor"), 550.0, id="whatever their order"),
        pytest.param(("general", "general"), 250.0, id="two of the same weight"),
        pytest.param(("minor",), 80.0, id="one alone"),
    ],
)
def test_penalties_of_one_offence_count_by_the_heaviest(severities, score):
    """Several outcomes of one offence are one penalty, in points and in number."""
    enterprise = b.Enterprise()
    for n, one in enumerate(severities):
        enterprise.has(b.penalty(one, offence="O1"), name=f"p{n}")

    assert enterprise.state.rule.score == score
    assert severity("S10", enterprise.state.facts) == 0.0


def test_the_heaviest_of_an_offence_revoked_lets_the_next_count():
    """When the heaviest penalty of an offence is taken back, the next heaviest stands again."""
    enterprise = b.Enterprise()
    enterprise.has(b.penalty("minor", offence="O1"), name="light")
    enterprise.has(b.penalty("severe", offence="O1"), name="heavy")

    enterprise.takes_back("heavy", b.penalty("severe", offence="O1"))

    assert enterprise.state.rule.score == 80.0


@pytest.mark.parametrize(
    ("flags", "score"),
    [
        pytest.param({}, 320.0, id="final"),
        pytest.param({"doubt": PROVISIONAL}, 160.0, id="provisional"),
        pytest.param({"doubt": CONTESTED}, 160.0, id="contested"),
        pytest.param({"doubt": PROVISIONAL | CONTESTED}, 160.0, id="both, halved once"),
    ],
)
def test_what_is_not_settled_weighs_half(flags, score):
    """A provisional or contested fact counts at half its weight (河南省社会信用条例 art. 20)."""
    assert b.assessed([fact(FactKind.FOOD_SAMPLE_FAILED, **flags)]).score == score


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        pytest.param(0, 1.0, id="fresh"),
        pytest.param(180, 0.5, id="after a half-life"),
        pytest.param(360, 0.25, id="after two"),
        pytest.param(730 - 0.001, 0.06, id="just inside the window"),
        pytest.param(730, 0.0, id="outside the window"),
    ],
)
def test_a_failed_inspection_fades(day, expected):
    """A fact loses half its weight in a half-life and all of it at the window's end."""
    found = severity("S14", [fact(FactKind.INSPECTION_FAILED)], day=day)

    assert found == pytest.approx(expected, abs=0.005)


def test_decaying_facts_add_up_to_one_at_the_most():
    """Two half facts make a whole one, and no number of facts makes more."""
    halves = [fact(FactKind.INSPECTION_FAILED, identity=n, weight=0.5) for n in range(1, 6)]

    assert severity("S14", halves[:2]) == 1.0
    assert severity("S14", halves) == 1.0


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        pytest.param((0,), 0.0, id="one change"),
        pytest.param((0, 10), 0.5, id="two"),
        pytest.param((0, 10, 20), 1.0, id="three"),
        pytest.param((0, 10, 20, 30), 1.0, id="four"),
        pytest.param((-364.9, 0), 0.5, id="two, the first in the window"),
        pytest.param((-365, 0), 0.0, id="two, the first out of it"),
    ],
)
def test_changes_of_legal_representative_are_counted(days, expected):
    """Within 365 days two changes weigh a half and three weigh all."""
    facts = [fact(FactKind.LEGAL_REP_CHANGED, day=day) for day in days]

    assert severity("D06", facts, day=max(days)) == expected


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        pytest.param(91, 0.0, id="not soon"),
        pytest.param(90, 0.2, id="90 days"),
        pytest.param(60, 0.3, id="60 days"),
        pytest.param(30.001, 0.3, id="just over 30 days"),
        pytest.param(30, 0.5, id="30 days"),
        pytest.param(0.001, 0.5, id="the last minutes"),
        pytest.param(0, 1.0, id="expired this second"),
        pytest.param(-400, 1.0, id="expired long ago"),
    ],
)
def test_a_due_day_comes_nearer_in_steps(left, expected):
    """A due day weighs by the smallest step that holds it, and fully once it has passed."""
    assert countdown_severity(int(left * DAY_S), STEPS) == expected


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        pytest.param((0, 30, 90), 1.0, id="all three in 90 days"),
        pytest.param((90, 0, 30), 1.0, id="in another order"),
        pytest.param((0, 30, 90.01), 0.0, id="a little too far apart"),
        pytest.param((0, 30, None), 0.0, id="one of them missing"),
    ],
)
def test_three_changes_close_together_look_like_a_sold_shell(days, expected):
    """Legal representative, shareholder and address changed within 90 days weigh fully."""
    kinds = (FactKind.LEGAL_REP_CHANGED, FactKind.SHAREHOLDER_CHANGED, FactKind.ADDRESS_CHANGED)
    facts = [fact(k, day=day) for k, day in zip(kinds, days, strict=True) if day is not None]
    last = max(one.at for one in facts)

    assert severity("D10", facts, day=(last - b.START_S) / DAY_S) == expected


def test_a_further_change_does_not_hide_a_sold_shell():
    """After the three changes, one more move a hundred days on leaves the pattern standing."""
    enterprise = b.Enterprise()
    for change in b.shell_change():
        enterprise.has(change, day=0)

    enterprise.has(e.AddressChanged(new_region="410425"), day=100)

    assert severity("D10", enterprise.state.facts, day=100) >= 2 ** (-100 / 180)


@pytest.mark.parametrize(
    ("years", "expected"),
    [
        pytest.param(0.5, 1.0, id="in its first year"),
        pytest.param(2, 0.5, id="before its third birthday"),
        pytest.param(3.01, 0.0, id="grown up"),
    ],
)
def test_youth_weighs_by_years(years, expected):
    """An enterprise in its first year weighs fully, until three years a half, then nothing."""
    profile = Profile(established=b.at(-365.25 * years))

    assert severity("B01", [], profile=profile) == expected


@pytest.mark.parametrize(
    ("industry", "expected"),
    [
        pytest.param("C14", 0.8, id="food making"),
        pytest.param("C1411", 0.8, id="a class of food making"),
        pytest.param("F5212", 0.4, id="supermarkets, by all four digits"),
        pytest.param("F52", 0.0, id="retail as a whole has no level"),
        pytest.param("O80", 0.3, id="a section as a whole"),
        pytest.param("", 0.0, id="unknown"),
    ],
)
def test_an_industry_weighs_by_its_longest_known_prefix(industry, expected):
    """The most specific level that the catalogue knows is the one that counts."""
    assert severity("B02", [], profile=Profile(industry=industry)) == expected


@pytest.mark.parametrize(
    ("kinds", "score"),
    [
        pytest.param((FactKind.ABNORMAL_LISTED, FactKind.UNREACHABLE), 380.0, id="both lists"),
        pytest.param((FactKind.ABNORMAL_LISTED,), 320.0, id="one list"),
    ],
)
def test_a_group_counts_by_its_heaviest(kinds, score):
    """Indicators that speak of the same matter are not counted twice."""
    assert b.assessed([fact(kind) for kind in kinds]).score == score


def test_a_second_batch_absorbs_the_single_sample():
    """Two failed batches weigh as the batch indicator alone, 400, not as both."""
    facts = [fact(FactKind.FOOD_SAMPLE_FAILED, identity=n) for n in (1, 2)]

    assert b.assessed(facts).score == 400.0


@settings(max_examples=60)
@given(life=strategies.lives(most=6), randomly=st.randoms(use_true_random=False))
def test_the_order_of_arrival_of_independent_events_does_not_matter(life, randomly):
    """The same independent events, arriving in any order, end in the same score by rules."""
    straight = b.after(life).state
    shuffled = b.after(randomly.sample(life, len(life))).state

    assert shuffled.rule.score == pytest.approx(straight.rule.score, abs=2e-6)
    assert b.assessed(shuffled.facts, day=400).score == pytest.approx(
        b.assessed(straight.facts, day=400).score, abs=2e-6
    )
