"""Does trouble reach the neighbours, one hop and no further, and go when it ends?"""

import itertools

import msgspec
import pytest
from msgspec.structs import replace

from detectors import events as e
from detectors.junction import encode
from detectors.measure import RiskClass
from tests import builders as b
from tests.world import World, code, rules

A, B, C, D = range(4)
LISTED = e.SeriousListChanged(list_code="L", action="add")
REMOVED = e.SeriousListChanged(list_code="L", action="remove")


def told(signals):
    """Return signals as (to whom, over which relation, whether it begins)."""
    return {(s.event.subject, s.event.data.relation, not s.event.data.ended) for s in signals}


def firms(count, **ties):
    """Return a world with so many enterprises that share these ties."""
    world = World()
    for number in range(count):
        world.founds(number, day=number - 1000, **ties)
    return world


def test_the_other_firms_of_a_legal_representative_hear_of_a_listing():
    """R01: severity 1 x weight 1 x damping .5 of 180 points, from the listing to its removal."""
    world = firms(2, legal_rep="h:p")

    begun = world.has(A, LISTED, day=1)
    points = world.points(B)
    ended = world.has(A, REMOVED, day=9)

    assert told(begun) == {(code(B), "legal_rep", True)}
    assert points == {"R01": 90.0}
    assert told(ended) == {(code(B), "legal_rep", False)}
    assert world.points(B) == {}


def test_a_listing_that_was_revoked_is_as_if_it_had_never_been():
    """What the source takes back, the neighbours are freed of."""
    world = firms(2, legal_rep="h:p")
    world.has(A, LISTED, day=1, name="wrong")

    world.has(A, b.revoked(LISTED, "wrong"), day=2)

    assert world.points(B) == {}


def test_a_newcomer_hears_of_what_it_joins():
    """Who takes over a person with a listed firm hears of it with the change itself."""
    world = firms(1, legal_rep="h:p")
    world.has(A, LISTED, day=1)
    world.founds(B, day=2, legal_rep="h:other")

    signals = world.has(B, e.LegalRepChanged(new_person="h:p"), day=300)

    assert told(signals) == {(code(B), "legal_rep", True)}
    assert world.points(B)["R01"] == 90.0


def test_who_parts_is_freed():
    """A signal ends with the tie, for the one that leaves."""
    world = firms(2, legal_rep="h:p")
    world.has(A, LISTED, day=1)

    signals = world.has(B, e.LegalRepChanged(new_person="h:new"), day=3)

    assert told(signals) == {(code(B), "legal_rep", False)}
    assert world.points(B) == {}


def test_a_change_that_arrives_late_does_not_undo_a_newer():
    """The last change by date is the tie, whichever arrives last."""
    world = firms(1, legal_rep="h:p")
    world.has(A, LISTED, day=1)
    world.founds(B, day=-900, legal_rep="h:b")
    world.has(B, e.LegalRepChanged(new_person="h:q"), day=40)

    world.has(B, e.LegalRepChanged(new_person="h:p"), day=20)

    assert world.points(B) == {}


def test_a_registration_taken_back_unties():
    """A revoked registration leaves no tie behind."""
    world = firms(2, legal_rep="h:p")
    registered = e.Established(name="企业1", established_on=b.on(-999).date(), legal_rep="h:p")
    world.has(B, b.revoked(registered, "founded-1"), day=1)

    world.has(A, LISTED, day=2)

    assert world.points(B) == {}


def test_a_loop_terminates():
    """Domain reference §13, case 17: A owns B owns A; each hears once, and nothing echoes."""
    world = firms(2)
    world.has(A, e.ShareholderChanged(holder=code(B), after=0.8))
    world.has(B, e.ShareholderChanged(holder=code(A), after=0.6))

    signals = world.has(A, LISTED, day=1)
    again = world.has(B, LISTED, day=2)

    assert told(signals) == {(code(B), "holder", True)}
    assert told(again) == {(code(A), "holder", True)}
    assert world.points(B) == {"R02": pytest.approx(150 * 0.6 * 0.5)}


def test_trouble_goes_one_hop():
    """A holds B, B holds C: C hears nothing of A, however much B's own score has risen by it."""
    world = firms(3)
    world.has(B, e.ShareholderChanged(holder=code(A), after=1.0))
    world.has(C, e.ShareholderChanged(holder=code(B), after=1.0))

    signals = world.has(A, LISTED, day=1)

    assert told(signals) == {(code(B), "holder", True)}


def test_points_of_neighbours_radiate_nothing():
    """An enterprise that is C by its neighbours alone is no trouble to anybody."""
    world = firms(2, legal_rep="h:p")
    world.has(A, e.NeighbourDensity(relation="agent", count=99, window_days=30), day=1)
    signals = world.has(A, e.LegalRepChanged(new_person="h:p", barred=True), day=1)

    assert world.enterprises[code(A)].state.rule.risk_class is RiskClass.C
    assert signals == []


def test_a_branch_raises_its_head_office_and_no_sister():
    """Domain reference §13, case 19: the head office hears of its branch, the sisters do not."""
    world = firms(3)
    for branch in (B, C):
        world.has(A, e.BranchChanged(branch=code(branch), action="added"))

    signals = world.has(B, LISTED, day=1)

    assert told(signals) == {(code(A), "branch", True)}
    assert (world.points(A), world.points(C)) == ({"R03": 50.0}, {})


def test_sisters_with_one_representative_hear_once():
    """Case 19: a sister that shares the person in charge hears by that person, not twice."""
    world = firms(3, legal_rep="h:p")
    for branch in (B, C):
        world.has(A, e.BranchChanged(branch=code(branch), action="added"))

    signals = world.has(B, LISTED, day=1)

    to_sister = [s for s in signals if s.event.subject == code(C)]
    assert told(to_sister) == {(code(C), "legal_rep", True)}
    assert len(to_sister) == 1


def test_a_head_office_in_trouble_is_heard_in_its_branches():
    """A branch answers with its company: it hears of its head office until it is closed."""
    world = firms(2)
    opened = e.BranchChanged(branch=code(B), action="added")
    world.has(A, opened)
    world.has(A, LISTED, day=1)
    points = world.points(B)

    world.has(A, replace(opened, action="removed"), day=2)

    assert (points, world.points(B)) == ({"R02": 75.0}, {})


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        pytest.param(0.24, {}, id="a small holding ties nothing"),
        pytest.param(0.25, {"R02": pytest.approx(150 * 0.25 * 0.5, abs=0.06)}, id="a quarter ties"),
        pytest.param(1.0, {"R02": 75.0}, id="the whole of it ties most"),
    ],
)
def test_a_holding_carries_its_share(share, expected):
    """R02: the holder's trouble weighs with the share that it holds."""
    world = firms(2)
    world.has(B, e.ShareholderChanged(holder=code(A), after=share))

    world.has(A, LISTED, day=1)

    assert world.points(B) == expected


def test_a_person_who_controls_carries_trouble_between_firms():
    """A natural person's holding leads from the firm he represents to the one he holds."""
    world = firms(1, legal_rep="h:p")
    world.has(B, e.ShareholderChanged(holder="h:p", after=0.5))

    world.has(A, LISTED, day=1)

    assert world.points(B) == {"R02": pytest.approx(150 * 0.5 * 0.5)}


def test_an_address_needs_a_cluster():
    """R05: one troubled firm at an address is none of its neighbours' business; two are."""
    world = firms(3, address_hash="h:a")

    first = world.has(A, LISTED, day=1)
    second = world.has(B, e.AbnormalAdded(reason=4), day=2)

    assert first == []
    # The lesser of the two sets the severity: .5 x weight .6 x damping .5.
    assert told(second) == {(code(C), "address", True)}
    assert world.points(C) == {"R05": pytest.approx(120 * 0.5 * 0.6 * 0.5)}


def test_a_seller_hears_of_its_producer_for_ninety_days():
    """R08: a failed sample of the producer counts at the seller, from its day on, 90 days."""
    world = firms(2)
    sold = e.FoodSampled(sample_no="S0", verdict="passed", producer=code(A))
    world.has(B, sold)

    signals = world.has(A, b.food_sample("pathogen", number="S1"), day=10)

    assert told(signals) == {(code(B), "supplier", True)}
    assert world.points(B) == {"R08": 60.0}
    world.has(B, b.inspection("passed"), day=99)
    assert world.points(B) == {"R08": 60.0}
    world.has(B, b.inspection("passed"), day=101)
    assert world.points(B) == {}


def test_a_seller_is_freed_when_the_retest_passes():
    """R08: a provisional sample counts half, and not at all once the re-test has passed."""
    world = firms(2)
    world.has(B, e.FoodSampled(sample_no="S0", verdict="passed", producer=code(A)))
    world.has(A, b.food_sample("pathogen", number="S1", provisional=True), day=1)
    points = world.points(B)

    world.has(A, e.Reinspected(sample_no="S1", passed=True), day=6)

    assert (points, world.points(B)) == ({"R08": 30.0}, {})


def test_a_buyer_named_in_the_producer_s_sample_hears():
    """A sample taken of the producer names who sold it: the seller hears of that very sample."""
    world = firms(2)
    sample = replace(b.food_sample("pathogen"), producer=code(A), seller=code(B))

    world.has(A, sample, day=1)

    assert world.points(B) == {"R08": 60.0}


def test_nothing_of_a_person_or_an_address_leaves():
    """Neither signals, nor changes, nor stored junctions carry the source's token."""
    ties = {"legal_rep": "h:secret-p", "agent": "h:secret-g", "address_hash": "h:secret-a"}
    world = firms(20, **ties)
    world.has(A, LISTED, day=1)
    world.has(B, e.ShareholderChanged(holder="h:secret-h", after=0.9), day=1)

    said = b"".join([
        *(e.encode(signal.event) for signal in world.signals),
        *(msgspec.json.encode(change) for change in world.changes),
        *(encode(junction) for junction in world.junctions.values()),
    ])  # fmt: skip
    assert world.signals
    assert b"secret" not in said


def test_without_an_assessment_no_index_of_persons_is_kept():
    """PIPL art. 55: with persons disabled not even their junction exists; addresses go on."""
    shipped = rules()
    world = World(replace(shipped, persons=replace(shipped.persons, enabled=False)))
    for number in range(3):
        world.founds(number, legal_rep="h:p", address_hash="h:a")
    world.has(A, e.ShareholderChanged(holder="h:q", after=1.0))
    world.has(A, LISTED, day=1)

    assert {change.relation for change in world.changes} == {"address", "founded_at", "self"}


def test_a_person_with_very_many_firms_stays_bounded():
    """Three hundred firms of one person: at most fifty hear, at most two hundred are kept."""
    world = World()
    for number in range(300):
        world.founds(number, day=number * 40 - 13_000, legal_rep="h:p")

    begun = world.has(A, LISTED, day=1)
    ended = world.has(A, REMOVED, day=2)

    assert len(begun) == rules().fan_out
    assert {s.event.subject for s in begun} == {code(n) for n in range(250, 300)}
    assert {s.event.subject for s in ended} == {s.event.subject for s in begun}
    assert max(len(j.members) for j in world.junctions.values()) <= rules().most_members + 1
    assert world.cut > 0


def test_every_signal_that_begins_ends():
    """However firms are listed, removed and handed over, in the end everybody is freed."""
    world = firms(4, legal_rep="h:p", address_hash="h:a")
    for day, (one, two) in enumerate(itertools.permutations(range(4), 2), start=1):
        world.has(one, LISTED, day=day, name=f"in-{day}-{one}")
        world.has(two, e.AbnormalAdded(reason=4), day=day, name=f"un-{day}-{two}")
        world.has(one, REMOVED, day=day + 0.5, name=f"out-{day}-{one}")
        world.has(two, e.AbnormalRemoved(reason=4), day=day + 0.6, name=f"back-{day}-{two}")

    assert [world.points(number) for number in range(4)] == [{}] * 4
    assert all(not m.told for j in world.junctions.values() for m in j.members)


def test_a_seller_hears_of_a_product_too():
    """R08: a failed product sample of the producer counts at the seller like a food sample."""
    world = firms(2)
    sold = e.ProductSampled(sample_no="P0", verdict="passed", product="电线", producer=code(A))
    world.has(B, sold)

    world.has(A, e.ProductSampled(sample_no="P1", verdict="failed", product="电线"), day=1)

    assert world.points(B) == {"R08": 60.0}


def test_a_revoked_licence_is_heard_in_the_other_firms():
    """Whose licence was revoked, that firm's representative is barred (公司法 art. 178)."""
    world = firms(2, legal_rep="h:p")

    signals = world.has(A, e.LicenceRevoked(kind="revoked"), day=1)

    assert told(signals) == {(code(B), "legal_rep", True)}


def test_a_deregistered_enterprise_is_nobody_s_neighbour():
    """When a firm has ceased to be, its trouble ends for others, and it is not counted."""
    world = firms(2, legal_rep="h:p", address_hash="h:a")
    world.has(A, LISTED, day=1)

    signals = world.has(A, e.Deregistration(kind="general", stage="completed"), day=50)

    assert told(signals) == {(code(B), "legal_rep", False)}
    assert world.points(B) == {}


def test_one_neighbour_over_two_relations_counts_once():
    """Case 19: who shares person and holder with a troubled firm has one troubled neighbour."""
    enterprise = b.Enterprise()
    for relation in ("legal_rep", "holder"):
        enterprise.has(
            e.NeighbourTrouble(neighbour=code(A), relation=relation, severity=1.0, strength=0.5)
        )

    severities = b.assessed(enterprise.state.facts, day=1).severities
    ids = {b.expertise().catalogue.indicators[place].id for place in severities}

    assert "R01" in ids
    assert "R02" not in ids


def test_a_tie_is_no_evidence():
    """A warning of a change of class quotes what brought it, never who filed a registration."""
    enterprise = b.Enterprise()
    enterprise.has(
        e.Established(name="甲", established_on=b.on(-900).date(), legal_rep="h:p", agent="h:a")
    )

    warnings = b.issued(enterprise.has(b.penalty("severe", domain="QUAL"), day=1), "W25")

    assert [reason.text for reason in warnings[0].reasons if "处罚" not in reason.text] == []
