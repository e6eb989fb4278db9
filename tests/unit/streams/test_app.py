"""Does a worker's shell open and close its parts in an order that holds?"""

import types

from streams.app import stop
from streams.watchdog import Watchdog


async def test_the_watchdog_watches_until_the_last_part_is_closed():
    """Whatever hangs while it is closed is ended: a producer waits for a dead broker for ever."""
    watchdog, watched = Watchdog(stalled_after_s=60), []

    async def close():
        """Note whether anybody would end us if this hung."""
        watched.append(not watchdog._stopped.is_set())

    await stop(
        types.SimpleNamespace(
            watchdog=watchdog,
            runner=types.SimpleNamespace(cleanup=close),
            publisher=types.SimpleNamespace(stop=close),
            session=types.SimpleNamespace(close=close),
            redis=types.SimpleNamespace(aclose=close),
        )
    )

    assert watched == [True] * 4
    assert watchdog._stopped.is_set()
