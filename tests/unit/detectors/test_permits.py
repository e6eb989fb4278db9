"""Is a permit that was renewed under a new number let go of, and no other?"""

import pytest

from detectors import events as e
from detectors.facts import Fact, FactKind
from detectors.permits import named, without_replaced
from tests import builders as b

HERE = "410422001"


def permit(number, *, days_left, place=HERE, type_="食品经营许可证", domain="FOODS"):
    """Return a permit by number, last day, and what another one must share to replace it."""
    return e.PermitGranted(
        permit_no=number, permit_type=type_, domain=domain, valid_to=b.on(days_left).date(),
        place=place, organ="叶县行政审批局",
    )  # fmt: skip


def sale(number, *, day):
    """Return a passed sample: something is still being sold."""
    return b.event(e.FoodSampled(sample_no=number, verdict="passed"), day=day)


OLD = b.event(permit("OLD", days_left=18), day=-900)


def test_a_permit_renewed_under_a_new_number_asks_for_nothing():
    """After the old number's last day a sale is lawful: no interview, no inspection, class A."""
    enterprise = b.after([OLD, b.event(permit("NEW", days_left=1800), day=-20)])
    enterprise.meets(sale("S1", day=32))

    enterprise.waits_until(b.on(60))

    # Ninety days before the last day, while there was no other, it was rightly reminded of.
    assert {one.measure.value for one in b.issued(enterprise.effects)} <= {"reminder"}
    assert enterprise.state.rule.score == 0.0


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(permit("NEW", days_left=1800, type_="药品经营许可证"), id="another type"),
        pytest.param(permit("NEW", days_left=1800, domain="DRUG"), id="another domain"),
        pytest.param(permit("NEW", days_left=1800, place="410422002"), id="another place"),
        pytest.param(permit("NEW", days_left=10), id="it has run out itself"),
    ],
)
def test_what_is_no_renewal_leaves_the_old_permit_expired(other):
    """A permit of another sort, or one that ran out too, excuses no sale after the last day."""
    enterprise = b.after([OLD, b.event(other, day=-20)])

    effects = enterprise.meets(sale("S1", day=32))

    assert [one.measure.value for one in b.issued(effects, "W07")] == ["inspection"]


def test_the_evidence_is_what_expired_and_what_was_sold_after_it():
    """Neither a permit that runs on nor a sale before the last day is evidence; numbers are."""
    elsewhere = b.event(permit("ELSEWHERE", days_left=1800, place="410422002"), day=-800)
    enterprise = b.after([OLD, elsewhere, sale("before", day=10)])

    (warning,) = b.issued(enterprise.meets(sale("after", day=32)), "W07")

    assert [one.text for one in warning.reasons] == [
        "2026-04-03食品抽检合格",
        "食品经营许可证（OLD）有效期至2026-03-20",
    ]


def test_a_renewal_closes_the_reminder_of_the_old_number():
    """What was told of the old number is settled a second after the new one is granted."""
    enterprise = b.after([OLD])
    enterprise.waits_until(b.on(1))
    assert [one.rule for one in enterprise.state.open_warnings] == ["W06"]

    enterprise.has(permit("NEW", days_left=1800), day=2)
    enterprise.waits_until(b.on(3))

    assert enterprise.state.open_warnings == []


def test_a_first_permit_wakes_nobody():
    """A permit beside which there is no other settles nothing, and is looked at when it is due."""
    enterprise = b.after([b.event(permit("P", days_left=900))])

    assert enterprise.state.wake_at > b.at(700)


@pytest.mark.parametrize("in_order", [True, False], ids=["in order", "the new one first"])
def test_a_revoked_permit_is_replaced_by_a_new_one_of_its_sort(in_order):
    """Who got a new permit after a 吊销 operates lawfully, in whichever order the records came."""
    revoked = b.event(e.PermitEnded(permit_no="OLD", kind="revoked"), day=-30)
    new = b.event(permit("NEW", days_left=1800), day=-10)
    enterprise = b.after([OLD, *([revoked, new] if in_order else [new, revoked])])

    effects = enterprise.meets(sale("S1", day=1))

    assert b.issued(effects) == []
    assert enterprise.state.rule.score == 0.0


def fact(id_, kind=FactKind.PERMIT, *, at=0, due=0, place="410422", note="证（1）"):
    """Return a fact about a permit."""
    return Fact(id_, kind, at, ref=id_, due=due, domain="FOODS", place=place, note=note)


@pytest.mark.parametrize(
    ("old", "new", "replaced"),
    [
        pytest.param("410422", "410422001", True, id="the county, then a township in it"),
        pytest.param("410422001", "410422", True, id="a township, then its county"),
        pytest.param("", "410422001", True, id="no place, then one"),
        pytest.param("410422001", "410422002", False, id="two townships"),
        pytest.param("410422", "410423001", False, id="two counties"),
    ],
)
def test_a_place_that_names_less_is_any_place_in_it(old, new, replaced):
    """Feeds tell a place to the county or to the township; two townships are two places."""
    first, second = fact(1, due=10, place=old), fact(2, due=99, place=new)

    assert without_replaced([first, second], [first, second], 5) == (
        [second] if replaced else [first, second]
    )


def test_of_a_permit_whose_grant_is_not_known_a_later_one_takes_the_place():
    """The type of an ended permit stands in its grant; without it only what came later counts."""
    ended = fact(1, FactKind.PERMIT_ENDED, at=50, note=named("吊销", "1"))
    before, after = fact(2, at=40, due=99), fact(3, at=60, due=99)

    assert without_replaced([ended], [ended, before], 70) == [ended]
    assert without_replaced([ended], [ended, before, after], 70) == []
    assert without_replaced([ended], [ended, before, after], 99) == [ended]
