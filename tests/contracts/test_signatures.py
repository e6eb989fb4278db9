"""Wherever it is kept, what waits for a signature waits once, until its first deadline."""

import datetime as dt

import msgspec
import pytest

from alerts.awaited import Awaited, MemorySignatures, Signatures
from alerts.notification_log import LogUnreachableError
from alerts.specimen import awaited_specimen, specimen
from config.schema import Redis, Settings
from streams.assembly import build_redis
from streams.keys import unsigned_key
from streams.redis_notification_log import KEEP
from streams.redis_signatures import RedisSignatures

HOUR = dt.timedelta(hours=1)


@pytest.fixture(params=["twin", "redis"])
async def signatures(request):
    """Return an empty store of each kind."""
    if request.param == "twin":
        yield MemorySignatures()
        return
    client = build_redis(Settings(redis=Redis(url=request.getfixturevalue("own_redis").url)))
    await client.flushdb()
    yield RedisSignatures(client)
    await client.aclose()


def waiting(number=1, *, name="", hours=0) -> Awaited:
    """Return a warning that waits, to be looked at so many hours after others."""
    warning = msgspec.structs.replace(specimen(), id=f"w-{number:016x}")
    one = awaited_specimen(warning)
    return msgspec.structs.replace(
        one, name=name or one.name, look_at=one.look_at + hours * HOUR,
        sign_by=one.sign_by + hours * HOUR,
    )  # fmt: skip


def at(hours=0):
    """Return the moment so many hours after the first is to be looked at."""
    return waiting().look_at + hours * HOUR


async def test_what_waits_comes_back_as_it_was_noted(signatures: Signatures):
    """Warning, deadline and all, and nothing of other names."""
    await signatures.expect([waiting(1), waiting(2)])

    assert await signatures.of(waiting(1).name) == (waiting(1),)
    assert await signatures.of("of nobody") == ()


async def test_a_name_is_due_from_its_moment_on_the_longest_overdue_first(signatures: Signatures):
    """Not a moment sooner, and no more than are asked for."""
    await signatures.expect([waiting(2, hours=2), waiting(1, hours=1), waiting(3, hours=3)])

    assert await signatures.due(at(0.9), limit=9) == ()
    assert await signatures.due(at(2), limit=9) == (waiting(1).name, waiting(2).name)
    assert await signatures.due(at(9), limit=1) == (waiting(1).name,)


async def test_noted_again_nothing_moves(signatures: Signatures):
    """A replay notes a later moment: the first stands, of the name and of the warning."""
    await signatures.expect([waiting(1)])
    await signatures.expect([waiting(1, hours=5)])

    assert await signatures.due(at(), limit=9) == (waiting(1).name,)
    assert await signatures.of(waiting(1).name) == (waiting(1),)


async def test_a_bundle_waits_under_one_name(signatures: Signatures):
    """Its warnings come back in an order of their own, due when the first of them is."""
    await signatures.expect([waiting(2, name="b-1"), waiting(1, name="b-1", hours=1)])

    assert await signatures.due(at(), limit=9) == ("b-1",)
    assert [one.warning.id[-1] for one in await signatures.of("b-1")] == ["1", "2"]


async def test_a_settled_name_waits_no_more(signatures: Signatures):
    """It can be noted anew, with a moment of its own."""
    await signatures.expect([waiting(1)])

    await signatures.settle(waiting(1).name, [waiting(1).warning.id])

    assert await signatures.due(at(99), limit=9) == ()
    assert await signatures.of(waiting(1).name) == ()
    await signatures.expect([waiting(1, hours=5)])
    assert await signatures.due(at(4), limit=9) == ()


async def test_who_joined_meanwhile_goes_on_waiting(signatures: Signatures):
    """Only what was looked at is settled: a warning that came between is not forgotten."""
    await signatures.expect([waiting(1, name="b-1"), waiting(2, name="b-1")])

    await signatures.settle("b-1", [waiting(1).warning.id])

    assert await signatures.due(at(), limit=9) == ("b-1",)
    assert [one.warning.id for one in await signatures.of("b-1")] == [waiting(2).warning.id]


async def test_a_name_whose_warnings_have_expired_is_settled(signatures: Signatures):
    """Nothing is left to be looked at: the name must not come back for ever."""
    await signatures.expect([waiting(1)])
    await signatures.settle(waiting(1).name, [waiting(1).warning.id])

    await signatures.settle(waiting(1).name, [])

    assert await signatures.due(at(99), limit=9) == ()


async def test_what_is_put_off_is_due_later_and_brings_nothing_back(signatures: Signatures):
    """A settled name stays away."""
    await signatures.expect([waiting(1)])
    await signatures.put_off(waiting(1).name, at(1))
    await signatures.put_off("of nobody", at())

    assert await signatures.due(at(0.5), limit=9) == ()
    assert await signatures.due(at(1), limit=9) == (waiting(1).name,)


async def test_to_note_nothing_is_no_mistake(signatures: Signatures):
    """A batch of reminders waits for no signature."""
    await signatures.expect([])

    assert await signatures.due(at(99), limit=9) == ()


async def test_what_waits_leaves_redis_with_the_messages(own_redis):
    """Nobody looks for more than a year after what was sent 400 days ago."""
    client = build_redis(Settings(redis=Redis(url=own_redis.url)))
    await RedisSignatures(client).expect([waiting(1)])

    left = await client.ttl(unsigned_key(waiting(1).name))

    assert 0 < left <= KEEP.total_seconds()
    await client.aclose()


async def test_an_outage_is_told_as_an_outage():
    """A Redis that does not answer raises the one error that is waited for."""
    dead = RedisSignatures(build_redis(Settings(redis=Redis(url="redis://127.0.0.1:1/0"))))

    for answer in (
        dead.expect([waiting(1)]), dead.due(at(), limit=1), dead.of("a"), dead.settle("a", ["w"]),
        dead.put_off("a", at()),
    ):  # fmt: skip
        with pytest.raises(LogUnreachableError):
            await answer
