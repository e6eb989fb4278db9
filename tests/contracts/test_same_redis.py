"""Does a worker notice that the Redis it meets is not the one that it began with?"""

import time

import pytest

from config.load import InvalidConfigError
from config.schema import Redis, Settings
from streams.assembly import build_redis
from streams.devstack.redis_server import local_redis
from streams.same_redis import SameRedis
from streams.whole_states import tell_of_silence
from tests.conftest import available
from tests.contracts.test_enterprise_store import closed_port


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


def test_a_redis_that_is_silent_at_the_start_is_told_with_its_setting(caplog):
    """A worker waits for it, and would wait for ever for an address that is mistyped."""
    silent = f"redis://127.0.0.1:{closed_port()}/0"

    tell_of_silence(Settings(redis=Redis(url=silent)))

    (told,) = [one.getMessage() for one in caplog.records]
    assert "Redis 没有应答，正在等待" in told
    assert "SANZAO_REDIS__URL" in told


def test_of_a_redis_that_answers_nothing_is_told(own, caplog):
    """The line stands for a fault alone."""
    tell_of_silence(Settings(redis=Redis(url=own.url)))

    assert caplog.records == []


def test_an_address_that_is_none_ends_the_start():
    """What waiting cannot mend is told at once, without the address: it may hold a password."""
    with pytest.raises(InvalidConfigError, match=r"redis\.url"):
        tell_of_silence(Settings(redis=Redis(url="localhost")))
