"""Which facts do ties and signals state, and does one neighbour count once?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors import events as e
from detectors.bounds import MAX_FACTS
from detectors.facts import FACTS_AN_EVENT, Fact, FactKind
from detectors.reading import read
from detectors.reading_neighbours import once_a_neighbour
from detectors.uscc import synthetic
from tests import builders as b

OTHER = synthetic(9)
TIED = e.Established(
    name="甲", established_on=b.on(0).date(), legal_rep="h:p", agent="h:g", address_hash="h:a"
)
POINTS = {
    FactKind.NEIGHBOUR_LEGAL_REP: 180.0, FactKind.NEIGHBOUR_HOLDER: 150.0,
    FactKind.NEIGHBOUR_ADDRESS: 120.0, FactKind.NEIGHBOUR_SUPPLIER: 120.0,
}  # fmt: skip


def stated(data):
    """Return the facts that an event states."""
    return read(b.event(data), identity=100, at=b.at(0)).facts


@pytest.mark.parametrize(
    ("data", "kinds"),
    [
        pytest.param(
            TIED,
            [FactKind.ESTABLISHED, FactKind.FILED_BY, FactKind.DOMICILED, FactKind.REPRESENTED],
            id="E01",
        ),
        pytest.param(
            e.ShareholderChanged(holder=OTHER, after=0.4),
            [FactKind.SHAREHOLDER_CHANGED, FactKind.HOLDER], id="E06",
        ),
        pytest.param(e.BranchChanged(branch=OTHER, action="added"), [FactKind.BRANCH], id="E12"),
        pytest.param(
            e.FoodSampled(sample_no="S", verdict="passed", producer=OTHER),
            [FactKind.FOOD_SAMPLE_PASSED, FactKind.SUPPLIER], id="E32",
        ),
        pytest.param(
            e.FoodSampled(sample_no="S", verdict="passed", producer="unknown"),
            [FactKind.FOOD_SAMPLE_PASSED], id="a producer without a code",
        ),
        pytest.param(
            e.NeighbourTrouble(neighbour=OTHER, relation="agent", severity=1.0),
            [FactKind.NEIGHBOUR_AGENT], id="of an agent, on which nothing rests",
        ),
    ],
)  # fmt: skip
def test_ties_become_facts(data, kinds):
    """Each tie is a fact of its own, within the ids that one event may take."""
    facts = stated(data)

    assert [fact.kind for fact in facts] == kinds
    assert all(100 <= fact.id < 100 + FACTS_AN_EVENT for fact in facts)


def test_no_token_of_a_source_stays_in_a_fact():
    """Persons, agents and addresses are hashed again; only an enterprise's code is kept."""
    person = stated(e.ShareholderChanged(holder="h:secret", after=1.0))
    firm = stated(e.ShareholderChanged(holder=OTHER, after=1.0))

    assert "secret" not in repr(person)
    assert firm[1].note == OTHER


def test_a_signal_ends_on_its_last_day():
    """A signal that ends by itself counts through its last day in China."""
    (fact,) = stated(
        e.NeighbourTrouble(neighbour=OTHER, relation="supplier", severity=1.0, until=b.on(3).date())
    )

    assert fact.counts_at(b.at(3.4))
    assert not fact.counts_at(b.at(3.5))


def test_a_neighbour_counts_once_by_its_heaviest_relation():
    """Case 19: one neighbour over two relations is one; another, and a failed sample, are more."""
    over_person = Fact(1, FactKind.NEIGHBOUR_LEGAL_REP, at=0, weight=0.5, ref=7)
    over_holder = Fact(2, FactKind.NEIGHBOUR_HOLDER, at=0, weight=0.5, ref=7)
    another = Fact(3, FactKind.NEIGHBOUR_ADDRESS, at=0, weight=0.3, ref=8)
    sample = Fact(4, FactKind.NEIGHBOUR_SUPPLIER, at=0, weight=0.5, ref=7)

    left = once_a_neighbour([over_holder, over_person, another, sample], POINTS)

    assert left == [over_person, another, sample]


@given(
    st.lists(
        st.builds(
            Fact, st.integers(0, 99), st.sampled_from(sorted(POINTS)), st.just(0),
            weight=st.floats(0, 1), ref=st.integers(1, 3),
        ),
        max_size=8, unique_by=lambda fact: fact.id,
    )
)  # fmt: skip
def test_the_order_of_facts_does_not_matter(facts):
    """Whichever way the facts lie, the same ones are left."""
    forth = once_a_neighbour(facts, POINTS)
    back = once_a_neighbour(facts[::-1], POINTS)

    assert sorted(fact.id for fact in forth) == sorted(fact.id for fact in back)


def test_three_hundred_branches_wash_away_no_listing():
    """However many branches a bank has, what was in force before them stays in force."""
    enterprise = b.Enterprise()
    enterprise.has(e.SeriousListChanged(list_code="L", action="add"), day=-1)

    for number in range(300):
        enterprise.has(e.BranchChanged(branch=synthetic(number), action="added"), day=number / 10)

    kinds = [fact.kind for fact in enterprise.state.facts]
    assert FactKind.SERIOUS_LISTED in kinds
    assert len(kinds) <= MAX_FACTS
