"""Does each severity function say of the facts what the catalogue promises?"""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors import events as e
from detectors.facts import CONTESTED, DAY_S, PROVISIONAL, Fact, FactKind
from detectors.reading_registration import capital_weight
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


REPORT = [pytest.param(*row, id=name) for name, row in {
    "unfiled": ([], 150.0),
    "unfiled and listed: the listing alone": ([FactKind.ABNORMAL_LISTED], 320.0),
    "unfiled and unreachable: two matters": ([FactKind.UNREACHABLE], 473.0),
    "listed and unreachable: the heavier choice": (
        [FactKind.ABNORMAL_LISTED, FactKind.UNREACHABLE], 473.0),
}.items()]  # fmt: skip


@pytest.mark.parametrize(("kinds", "score"), REPORT)
def test_an_indicator_of_two_groups_absorbs_and_is_absorbed(kinds, score):
    """S01 stands with D01 and with S02: what weighs most of what may stand together counts."""
    july = b.days_until(7, 1)
    profile = Profile(established=b.at(-4000))
    facts = [fact(FactKind.ESTABLISHED, day=-4000), *(fact(kind) for kind in kinds)]

    assert b.assessed(facts, day=july, profile=profile).score == score


GROUPED = {
    "change": {"D06", "D07", "D08", "D10"},
    "permit": {"D15", "D16"},
    "report": {"D01", "S01"},
    "abnormal": {"S01", "S02"},
    "food_sample": {"S17", "S18"},
    "product_sample": {"S22", "S23"},
    "equipment": {"S25", "S26"},
    "complaints": {"C01", "C05"},
}


def test_the_groups_are_those_of_the_domain_reference():
    """§2.5 names the groups; penalties of one offence are one by their offence, not by a group."""
    shipped = {}
    for one in b.expertise().knowledge.indicators:
        for name in one.groups:
            shipped.setdefault(name, set()).add(one.id)

    assert shipped == GROUPED


@pytest.mark.parametrize("name", sorted(set(GROUPED) - {"report", "abnormal"}))
def test_a_group_weighs_as_its_heaviest_member(name):
    """With every member at full severity the score is the greatest number of points."""
    catalogue = b.expertise().catalogue
    places = [catalogue.places[one] for one in GROUPED[name]]

    points = [float(catalogue.indicators[place].points) for place in places]
    assert catalogue.score_of(dict.fromkeys(places, 1.0)) == max(points)


@given(severities=st.dictionaries(st.sampled_from(["D01", "S01", "S02"]), st.floats(0.01, 1)),
       more=st.sampled_from(["D01", "S01", "S02"]), severity=st.floats(0.01, 1))  # fmt: skip
def test_one_more_member_of_a_tangled_group_never_lowers_the_score(severities, more, severity):
    """Raising or adding any of the three that hang together takes nothing away."""
    catalogue = b.expertise().catalogue
    before = {catalogue.places[name]: one for name, one in severities.items()}
    place = catalogue.places[more]
    after = before | {place: max(severity, before.get(place, 0.0))}

    assert catalogue.score_of(before) <= catalogue.score_of(after)


@pytest.mark.parametrize(
    ("domain", "name", "half_life"),
    [
        pytest.param("QUAL", "一般行政处罚", 180, id="no professional line: the generic one"),
        pytest.param("", "一般行政处罚", 180, id="no domain: the generic one"),
        pytest.param("FOODP", "一般行政处罚（食品）", 365, id="food"),
        pytest.param("CATER", "一般行政处罚（餐饮）", 365, id="catering"),
        pytest.param("SE", "一般行政处罚（特种设备）", 365, id="special equipment"),
    ],
)
def test_a_professional_line_takes_the_generic_one_s_place(domain, name, half_life):
    """A fact of a professional domain is weighed by its own catalogue, and by no other."""
    facts = [fact(FactKind.PENALTY_GENERAL, domain=domain)]

    severities = b.assessed(facts, day=half_life).severities

    indicators = b.expertise().catalogue.indicators
    assert {indicators[place].name: s for place, s in severities.items()} == {name: 0.5}


@pytest.mark.parametrize(
    ("domains", "score"),
    [
        pytest.param(("FOODS", "QUAL"), 250.0, id="a professional and the generic line"),
        pytest.param(("FOODS", "CATER"), 250.0, id="two professional lines"),
        pytest.param(("DRUG", "QUAL"), 300.0, id="the heavier of the two"),
    ],
)
def test_a_professional_and_a_generic_line_count_once(domains, score):
    """Penalties of several domains under one id count by the heaviest line (通用+专业)."""
    facts = [
        fact(FactKind.PENALTY_GENERAL, identity=n, domain=one) for n, one in enumerate(domains, 1)
    ]
    catalogue = b.expertise().catalogue
    severities = {
        place: severity
        for place, severity in b.assessed(facts).severities.items()
        if catalogue.indicators[place].id == "S08"
    }

    assert catalogue.score_of(severities) == score


def test_a_line_quotes_its_own_facts():
    """The generic line does not quote the penalty that the food catalogue weighs."""
    catalogue = b.expertise().catalogue
    facts = [
        fact(FactKind.PENALTY_GENERAL, identity=n, domain=domain)
        for n, domain in enumerate(["QUAL", "FOODS"], 1)
    ]

    quoted = {
        catalogue.indicators[place].name: [
            one.domain for one in catalogue.facts_of(place, facts, b.at(0))
        ]
        for place in b.assessed(facts).severities
        if catalogue.indicators[place].id == "S08"
    }

    assert quoted == {"一般行政处罚": ["QUAL"], "一般行政处罚（食品）": ["FOODS"]}


def test_what_is_not_overlaid_speaks_for_professional_domains_too():
    """The food catalogue says nothing of refusals: the generic line does."""
    refused = fact(FactKind.INSPECTION_REFUSED, domain="FOODP")

    assert severity("S15", [refused]) == 1.0


@pytest.mark.parametrize(
    ("indicator", "kind", "more", "expected"),
    [
        pytest.param("D13", FactKind.EQUITY_PLEDGED, [{"weight": 0.3}, {"weight": 0.3}], 0.6,
                     id="pledges add up"),
        pytest.param("D13", FactKind.EQUITY_PLEDGED, [{"weight": 0.3}], 0.0,
                     id="a small pledge alone"),
        pytest.param("D13", FactKind.EQUITY_PLEDGED, [{"weight": 0.9}, {"weight": 0.9}], 1.0,
                     id="never more than all"),
        pytest.param("D09", FactKind.CAPITAL_CUT, [{"weight": 0.49}], 0.0, id="less than half cut"),
        pytest.param("D09", FactKind.CAPITAL_CUT, [{"weight": 0.5}], 0.5, id="half cut"),
        pytest.param("D09", FactKind.CAPITAL_CUT, [{"weight": 0.8, "doubt": CONTESTED}], 0.4,
                     id="a contested cut weighs half"),
        pytest.param("B07", FactKind.PERMIT, [{"note": "气瓶充装许可证"}], 1.0,
                     id="a filling permit"),
        pytest.param("B07", FactKind.PERMIT, [{"note": "食品经营许可证"}], 0.0,
                     id="a shop's permit"),
        pytest.param("S37", FactKind.PENALTY_GENERAL, [{"domain": "COMP"}], 1.0,
                     id="of its domain"),
        pytest.param("S37", FactKind.PENALTY_GENERAL, [{"domain": "QUAL"}], 0.0, id="of another"),
        pytest.param("S16", FactKind.RECTIFY_ORDERED, [{"due": b.at(0)}], 1.0,
                     id="due this second"),
        pytest.param("S16", FactKind.RECTIFY_ORDERED, [{"due": b.at(0) + 1}], 0.0, id="due next"),
        pytest.param("S16", FactKind.RECTIFY_ORDERED, [{}], 0.0, id="never due"),
        pytest.param("S16", FactKind.RECTIFY_ORDERED, [{"due": b.at(0), "doubt": CONTESTED}], 0.5,
                     id="a contested order weighs half"),
        pytest.param("R08", FactKind.NEIGHBOUR_SUPPLIER, [{"day": -89}], 1.0, id="in its window"),
        pytest.param("R08", FactKind.NEIGHBOUR_SUPPLIER, [{"day": -90}], 0.0, id="out of it"),
    ],
)  # fmt: skip
def test_a_function_at_its_edges(indicator, kind, more, expected):
    """Sums, thresholds, words, domains, due days and windows hold to the edge."""
    facts = [fact(kind, identity=n, **one) for n, one in enumerate(more, 1)]

    assert severity(indicator, facts) == expected


@pytest.mark.parametrize(
    ("yuan", "industry", "expected"),
    [
        pytest.param(999, "L7262", 1.0, id="under a thousand"),
        pytest.param(1000, "L7262", 0.0, id="a thousand"),
        pytest.param(2e9, "L7262", 1.0, id="two thousand million, a service"),
        pytest.param(2e9, "E4710", 0.0, id="two thousand million, a builder"),
        pytest.param(5e4, "E4710", 1.0, id="a builder with next to nothing"),
        pytest.param(5e4, "", 0.0, id="an unknown industry"),
    ],
)
def test_a_capital_is_odd_for_its_industry(yuan, industry, expected):
    """The range of the industry, or else the general one, says what is too little or too much."""
    capital = fact(FactKind.CAPITAL, weight=capital_weight(yuan))

    assert severity("B04", [capital], profile=Profile(industry=industry)) == expected


@pytest.mark.parametrize(
    ("listed_for", "entries", "expected"),
    [
        pytest.param(364, 1, 0.0, id="not a year"),
        pytest.param(365, 1, 0.25, id="a year"),
        pytest.param(730, 1, 0.5, id="two years"),
        pytest.param(1022, 1, 1.0, id="2.8 years"),
        pytest.param(0, 2, 0.5, id="twice in three years"),
        pytest.param(730, 3, 1.0, id="the third time, the last for two years: the graver"),
    ],
)
def test_a_listing_weighs_by_how_long_and_how_often(listed_for, entries, expected):
    """S03 looks at the days on the list and at the entries of three years."""
    facts = [
        fact(FactKind.ABNORMAL_LISTED, day=-listed_for),
        *(fact(FactKind.ABNORMAL_ENTRY, identity=n) for n in range(1, entries + 1)),
    ]

    assert severity("S03", facts) == expected


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        pytest.param([], 1.0, id="none"),
        pytest.param([("CATER", 0)], 0.0, id="of the domain"),
        pytest.param([("SE", 0)], 1.0, id="of another domain"),
        pytest.param([("CATER", b.at(-9))], 1.0, id="ended"),
    ],
)
def test_a_scope_without_its_permit(held, expected):
    """B08 speaks sixty days after the registration, while no permit of the domain is held."""
    facts = [
        fact(FactKind.SCOPE_NEEDS_PERMIT, day=-61, domain="CATER", due=b.at(-1)),
        *(fact(FactKind.PERMIT, day=-20, domain=domain, end=end) for domain, end in held),
    ]

    assert severity("B08", facts) == expected


@pytest.mark.parametrize(
    ("complaints", "expected"),
    [
        pytest.param([n * 0.3 for n in range(10)], 1.0, id="ten in seventy-two hours"),
        pytest.param([n * 0.34 for n in range(10)], 0.0, id="ten in a little more"),
        pytest.param([-27 + n * 0.1 for n in range(10)], 1.0, id="within thirty days"),
        pytest.param([-28 + n * 0.1 for n in range(10)], 0.0, id="more than thirty days ago"),
        pytest.param([-9, *(n * 0.3 for n in range(9))], 0.0, id="nine and an old one"),
    ],
)
def test_a_crowd_over_one_matter_stands_for_thirty_days(complaints, expected):
    """C05: ten complainants of one matter within any 72 hours of the last thirty days."""
    facts = [
        fact(FactKind.COMPLAINT, day=day, identity=n, ref=n, note="退卡")
        for n, day in enumerate(complaints, 1)
    ]

    assert severity("C05", facts, day=2.9) == expected


@pytest.mark.parametrize(
    ("offences", "expected"),
    [
        pytest.param([("短斤少两", 0, 1), ("短斤少两", 300, 2)], 1.0, id="the same within a year"),
        pytest.param([("短斤少两", 0, 1), ("短斤少两", 365, 2)], 0.0, id="a year apart"),
        pytest.param([("短斤少两", 0, 1), ("超范围", 300, 2)], 0.0, id="another kind"),
        pytest.param([("", 0, 1), ("", 300, 2)], 0.0, id="of no kind"),
        pytest.param([("短斤少两", 0, 1)], 0.0, id="one alone"),
    ],
)
def test_a_relapse_is_the_same_kind_of_offence_within_a_year(offences, expected):
    """S11 looks at the kind of violation, not at the number of penalties."""
    facts = [
        fact(FactKind.OFFENCE, day=day, identity=n, ref=ref, note=note)
        for n, (note, day, ref) in enumerate(offences, 1)
    ]
    last = max(day for _, day, _ in offences)

    assert severity("S11", facts, day=last) == expected


@settings(max_examples=60)
@given(life=strategies.lives(most=8))
def test_a_replay_is_deterministic(life):
    """The same events give the same state and the same effects, to the last bit."""
    first, second = b.after(life), b.after(life)

    assert first.state == second.state
    assert first.effects == second.effects


def test_no_points_without_facts():
    """Of a stranger no indicator says anything: nothing is compiled into a constant."""
    assert b.assessed([]).severities == {}
    assert b.assessed([]).score == 0.0
