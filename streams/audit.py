"""Who looked up which enterprise, and was it theirs to see?

Data scope follows the tree of authorities: a county sees its own enterprises (domain reference
§10, §13 case 20).  The trail is a Redis stream that only grows; an operator ships it to where
administrators cannot erase it (等级保护).
"""

import dataclasses
import datetime as dt
from collections.abc import Sequence

from redis.asyncio import Redis

from streams.keys import AUDIT
from streams.store import asked

# Network logs are kept six months at least (网络安全法 art. 21); a county's desk looks up some
# hundred enterprises a day, so a million entries are years.
MOST_ENTRIES = 1_000_000


@dataclasses.dataclass(frozen=True, slots=True)
class Look:
    """One look at an enterprise: who, when, what was asked, and whether it was allowed."""

    at: dt.datetime
    user: str
    command: str
    uscc: str
    allowed: bool


def may_see(place: str, scope: Sequence[str]) -> bool:
    """Return whether an enterprise of a place lies within the scope of a desk.

    An enterprise without a known place is everybody's: it must be possible to find out whose it is.

    >>> [may_see(p, ["410422"]) for p in ("410422001", "410423001", "")]
    [True, False, True]
    """
    return not scope or not place or any(place.startswith(region) for region in scope)


async def record(redis: Redis, look: Look) -> None:
    """Write a look to the trail.

    Raises:
        StoreUnavailableError: Redis does not answer; what cannot be recorded is not shown.
    """
    fields = {
        "at": look.at.isoformat(),
        "user": look.user,
        "command": look.command,
        "uscc": look.uscc,
        "allowed": str(look.allowed).lower(),
    }
    await asked(redis.xadd(AUDIT, fields, maxlen=MOST_ENTRIES, approximate=True))  # type: ignore[arg-type]
