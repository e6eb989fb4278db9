"""Does a worker notice that the Redis it meets is not the one that it began with?"""

import time

import pytest

from config.schema import Redis, Settings
from streams.assembly import build_redis
from streams.devstack.redis_server import local_redis
from streams.same_redis import SameRedis
from tests.conftest import available


@pytest.fixture
def own(tmp_path):
    """Return a Redis that the test may restart."""
    with available(local_redis(tmp_path)) as running:
        yield running


@pytest.fixture
async def watched(own):
    """Return a client, the guard of its connections, and how often that cried."""
    cries = []
    guard = SameRedis(lambda: cries.append(1))
    client = build_redis(Settings(redis=Redis(url=own.url)), same=guard)
    yield client, guard, cries
    await client.aclose()


async def test_further_connections_to_the_same_server_are_nothing_new(watched):
    """A connection that was lost and made again meets the server that it knows."""
    client, _, cries = watched
    await client.set("a", 1)

    await client.connection_pool.disconnect()
    again = await client.get("a")

    assert (again, cries) == (b"1", [])


async def test_a_server_that_was_started_anew_is_noticed_before_it_is_told_anything(own, watched):
    """The cry comes with the first connection, not with the first missing state."""
    client, guard, cries = watched
    await client.set("a", 1)
    own.server.kill()
    own.server.start()
    await guard.look(client)  # finds that its connection is dead

    kept = await client.get("a")

    assert (kept, cries) == (b"1", [1])


async def test_a_dead_server_is_not_vouched_for(own, watched):
    """The moment stands still while nobody answers."""
    client, guard, cries = watched
    before = time.monotonic()
    await guard.look(client)
    alive = guard.vouched
    own.server.stop()

    await guard.look(client)

    assert alive >= before
    assert guard.vouched == alive
    assert cries == []


async def test_an_account_that_may_not_ask_works_on_unwatched(own, watched, caplog):
    """Where INFO is forbidden the log says once what that costs; nothing else fails."""
    client, _, cries = watched
    admin = build_redis(Settings(redis=Redis(url=own.url)))
    await admin.execute_command("ACL", "SETUSER", "default", "-info")
    await admin.aclose()

    await client.set("a", 1)

    assert cries == []
    assert "let the worker's account use INFO" in caplog.text
