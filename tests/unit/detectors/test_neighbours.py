"""Which ties do facts make, what does an enterprise radiate, and what is worth telling?"""

import pytest
from hypothesis import given
from msgspec.structs import replace

from detectors import events as e
from detectors.facts import DAY_S, PROVISIONAL, Fact, FactKind
from detectors.neighbour_rules import Persons
from detectors.neighbours import (
    ENTERPRISE,
    PERSON,
    Place,
    Relation,
    Tied,
    bond_changes,
    bonds_of,
    junction_of,
    trouble_of,
    without_relations,
)
from detectors.trouble import CALM, Trouble
from detectors.uscc import synthetic
from tests import builders as b
from tests.strategies import lives
from tests.world import rules

HOLDING, BRANCH = synthetic(1), synthetic(2)
REP = e.LegalRepChanged(new_person="h:p")
PLACE = Place(1, 0, 7, "urn:a/1")
SCORING = b.expertise().knowledge.scoring


def tied(*happenings, day=0.0, trouble=CALM):
    """Return an enterprise's ties after these events, a day apart."""
    enterprise = b.Enterprise()
    for n, data in enumerate(happenings):
        enterprise.has(data, day=n - len(happenings), name=f"n{n}")
    return Tied(enterprise.state.facts, b.at(day), trouble)


def relations(one):
    """Return the relations that an enterprise's ties make."""
    return sorted(
        bond.relation for bond in bonds_of(b.USCC, one.facts, one.as_of, rules()).values()
    )


def changes(before, after):
    """Return what the junctions hear."""
    return bond_changes(b.USCC, before=before, after=after, rules=rules(), place=PLACE)


FOUNDED = e.Established(
    name="甲", established_on=b.on(0).date(), legal_rep="h:p", agent="h:g", address_hash="h:a"
)


@pytest.mark.parametrize(
    ("happenings", "expected"),
    [
        pytest.param([], [], id="a stranger"),
        pytest.param([e.Established(name="甲", established_on=b.on(0).date())], [], id="no names"),
        pytest.param(
            [FOUNDED],
            ["address", "filed_by", "founded_at", "founded_by", "legal_rep"],
            id="a registration",
        ),
        pytest.param([REP, e.LegalRepChanged(new_person="")], [], id="a person unknown since"),
        pytest.param([e.ShareholderChanged(holder="h:p", after=0.2)], [], id="a small holding"),
        pytest.param(
            [e.ShareholderChanged(holder="h:p", after=0.9),
             e.ShareholderChanged(holder="h:p", before=0.9, after=0.0)],
            [], id="a holding sold",
        ),
        pytest.param(
            [e.BranchChanged(branch=BRANCH, action="added")], ["branch", "head_office"],
            id="a branch",
        ),
        pytest.param(
            [e.BranchChanged(branch="none", action="added")], [], id="a branch without a code"
        ),
        pytest.param(
            [e.FoodSampled(sample_no="S", verdict="passed", producer=HOLDING)], ["supplier"],
            id="goods of a producer",
        ),
        pytest.param(
            [e.FoodSampled(sample_no="S", verdict="passed", producer=b.USCC)], [],
            id="goods of its own",
        ),
    ],
)  # fmt: skip
def test_facts_make_ties(happenings, expected):
    """Each kind of event ties in its relation, and what has ended ties nothing."""
    assert relations(tied(*happenings)) == expected


def test_persons_are_left_out_where_they_may_not_be_kept():
    """Without an assessment only ties between enterprises, addresses and agents are made."""
    one = tied(FOUNDED, e.ShareholderChanged(holder="h:q", after=1.0),
               e.ShareholderChanged(holder=HOLDING, after=0.6))  # fmt: skip
    strict = replace(rules(), persons=Persons(enabled=False))

    bonds = bonds_of(b.USCC, one.facts, one.as_of, strict).values()

    assert {bond.relation for bond in bonds} == {"address", "founded_at", "filed_by", "holder"}
    assert junction_of(PERSON, "h:q") not in {bond.junction for bond in bonds}


def test_an_enterprise_that_holds_does_not_hear_of_what_it_holds():
    """A tie to a corporate holder carries downwards; one to a person carries both ways."""
    one = tied(e.ShareholderChanged(holder="h:q", after=1.0),
               e.ShareholderChanged(holder=HOLDING, after=1.0))  # fmt: skip

    speaks = {
        x.junction: x.speaks for x in bonds_of(b.USCC, one.facts, one.as_of, rules()).values()
    }

    assert speaks == {junction_of(PERSON, "h:q"): True, junction_of(ENTERPRISE, HOLDING): False}


def radiated(*kinds, alone=0.0, before=CALM):
    """Return what an enterprise with facts of these kinds radiates."""
    facts = [Fact(n, kind, at=b.at(-1)) for n, kind in enumerate(kinds)]
    return trouble_of(
        facts, alone=alone, before=before, as_of=b.at(0), rules=rules(), scoring=SCORING
    )


@pytest.mark.parametrize(
    ("kinds", "alone", "severity"),
    [
        pytest.param([], 0.0, 0.0, id="nothing"),
        pytest.param([], 499.9, 0.0, id="class B"),
        pytest.param([], 500.0, 0.5, id="class C"),
        pytest.param([], 750.0, 1.0, id="class D"),
        pytest.param([FactKind.UNREACHABLE], 0.0, 0.5, id="abnormal"),
        pytest.param([FactKind.SERIOUS_LISTED, FactKind.UNREACHABLE], 0.0, 1.0, id="serious"),
        pytest.param([FactKind.PENALTY_SEVERE], 550.0, 0.5, id="by score alone"),
        pytest.param([FactKind.NEIGHBOUR_LEGAL_REP], 0.0, 0.0, id="only a neighbour's"),
    ],
)
def test_trouble_is_one_of_few_steps(kinds, alone, severity):
    """Lists and the class by the own score make the step; nothing else does."""
    assert radiated(*kinds, alone=alone).severity == severity


@pytest.mark.parametrize(
    ("alone", "severity"),
    [
        pytest.param(741.0, 1.0, id="just below the edge it stays"),
        pytest.param(729.9, 0.5, id="twenty below, it falls"),
        pytest.param(479.9, 0.0, id="below both edges, it is gone"),
    ],
)
def test_trouble_does_not_flicker(alone, severity):
    """A step is left only by the margin by which a class gets better."""
    before = Trouble(1.0, b.at(-9))

    after = radiated(alone=alone, before=before)

    assert after.severity == severity
    assert after.since == (b.at(-9) if severity == 1.0 else b.at(0))


def test_a_failed_sample_is_product_trouble_while_it_lasts():
    """The last failed sample within ninety days counts, half of it while it is provisional."""
    old = Fact(1, FactKind.FOOD_SAMPLE_FAILED, at=b.at(0) - 90 * DAY_S)
    young = replace(old, id=2, at=old.at + 1, doubt=PROVISIONAL)
    label = replace(old, id=3, at=b.at(0), weight=0.3)
    how = {"alone": 0.0, "before": CALM, "as_of": b.at(0), "rules": rules(), "scoring": SCORING}

    seen = [trouble_of(facts, **how) for facts in ([old], [old, young], [young, label])]

    assert [(one.product, one.product_at) for one in seen] == [
        (0.0, 0), (0.5, young.at), (0.5, young.at),
    ]  # fmt: skip


def test_relations_are_left_out_of_what_is_radiated():
    """Of the severities only those of dimension REL go."""
    catalogue = b.expertise().catalogue
    severities = {catalogue.places[name]: 0.5 for name in ("R01", "R07", "S01", "B06")}

    own = without_relations(severities, catalogue.indicators)

    assert {catalogue.indicators[place].id for place in own} == {"S01", "B06"}


def test_most_events_are_nobody_s_business():
    """What changes neither ties nor trouble is told to no junction."""
    before, after = tied(REP), tied(REP, b.penalty("minor"))

    assert changes(tied(), tied(b.penalty("minor"))) == []
    assert changes(before, replace(after, facts=[*before.facts, after.facts[-1]])) == []


def test_a_tie_is_told_when_it_begins_and_when_it_ends():
    """A new person is told of, and so is the one before."""
    before = tied(REP)
    after = replace(before, facts=tied(REP, e.LegalRepChanged(new_person="h:q")).facts)

    told = {(one.junction, one.linked, one.fresh) for one in changes(before, after)}

    assert told == {(junction_of(PERSON, "h:p"), False, False),
                    (junction_of(PERSON, "h:q"), True, True)}  # fmt: skip


def test_trouble_is_told_where_it_is_heard():
    """New trouble goes to the own junction and to those where the enterprise speaks."""
    before = tied(FOUNDED)
    worse = Trouble(1.0, b.at(0))

    told = changes(before, replace(before, trouble=worse))

    assert {one.relation for one in told} == {Relation.SELF, Relation.LEGAL_REP, Relation.ADDRESS}
    assert all(one.trouble == worse and one.linked for one in told)


@given(lives(most=6))
def test_ties_do_not_depend_on_the_order_of_arrival(life):
    """The same events in another order make the same ties, but for those at one moment."""
    moments = {happening.time for happening in life}
    if len(moments) < len(life):
        return
    forth, back = b.after(life).state, b.after(reversed(life)).state

    assert bonds_of(b.USCC, forth.facts, b.at(500), rules()) == bonds_of(
        b.USCC, back.facts, b.at(500), rules()
    )
