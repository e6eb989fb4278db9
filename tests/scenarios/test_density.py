"""Are many registrations, or many firms at one address, noticed once and forgotten in time?"""

import pytest
from msgspec.structs import replace

from detectors import events as e
from detectors.neighbour_rules import Excused
from tests import builders as b
from tests.world import World, code, rules


def registers(world, count, *, every=1.0, **ties):
    """Let so many enterprises be registered, one after the other."""
    for number in range(count):
        world.founds(number, day=number * every, **ties)


@pytest.mark.parametrize(
    "tie", ["legal_rep", "agent", "address_hash"], ids=["one person", "one agent", "one address"]
)
def test_twenty_registrations_in_thirty_days_are_told_once(tie):
    """W22, R06: at the twentieth all twenty hear, and one warning stands for all of them."""
    world = World()
    registers(world, 19, **{tie: "h:x"})
    assert b.issued(world.effects, "W22") == []

    world.founds(19, day=19, **{tie: "h:x"})

    assert all(world.points(number)["R06"] == 150.0 for number in range(20))
    (warning,) = b.issued(world.effects, "W22")
    assert (warning.uscc, warning.domain) == (code(19), "REG")


def test_the_next_registration_hears_without_another_warning():
    """W22: the twenty-first joins the crowd; the case is known."""
    world = World()
    registers(world, 20, agent="h:x")

    signals = world.founds(20, day=20, agent="h:x")

    assert [s.event.subject for s in signals] == [code(20)]
    assert len(b.issued(world.effects, "W22")) == 1


def test_twenty_registrations_over_a_longer_time_are_none():
    """W22: the window is thirty days."""
    world = World()

    registers(world, 25, every=1.6, agent="h:x")

    assert world.signals == []


def test_a_registrar_who_steps_back_stays_one():
    """W22: to hand each firm over the day after hides nothing."""
    world = World()
    for number in range(20):
        world.founds(number, day=number, legal_rep="h:x")
        world.has(number, e.LegalRepChanged(new_person=f"h:{number}"), day=number + 0.5)

    assert len(b.issued(world.effects, "W22")) == 1


def test_registrations_taken_back_free_the_rest():
    """A feed that sent a registration too many, and takes it back, leaves no crowd."""
    world = World()
    registers(world, 20, agent="h:x")
    last = e.Established(name="企业19", established_on=b.on(19).date(), agent="h:x")

    world.has(19, b.revoked(last, "founded-19"), day=20)

    assert all("R06" not in world.points(number) for number in range(20))
    assert "W22" in {one.rule for one in b.cancelled(world.effects)}


def test_mass_registration_is_forgotten_after_thirty_days():
    """R06: without further registrations it counts thirty days, and nobody need be told."""
    world = World()
    registers(world, 20, agent="h:x")

    world.has(5, b.inspection("passed"), day=51)

    assert "R06" not in world.points(5)


def test_a_crowded_address_is_told_as_it_fills_and_empties():
    """B06: from ten enterprises on; they are freed when a fifth has left."""
    world = World()
    for number in range(10):
        world.founds(number, day=number - 1000, address_hash="h:a")
    crowded = world.points(0)
    for number in range(9, 6, -1):
        world.has(number, e.AddressChanged(new_region="410423", new_address="h:b"), day=10 - number)

    assert crowded == {"B06": pytest.approx(60 * 0.3)}
    assert world.points(0) == {}


def test_an_excused_address_and_agent_may_be_crowded():
    """An incubator and an agent on record are no case, though trouble still goes their way."""
    excused = Excused(addresses=frozenset({"h:a"}), agents=frozenset({"h:g"}))
    world = World(replace(rules(), excused=excused))

    registers(world, 25, agent="h:g", address_hash="h:a")

    assert world.signals == []
