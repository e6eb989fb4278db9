"""Where is the life of a warning kept?  On ``warning.state.v1``, and in Redis for the page.

A record of the topic has a key of its own, ``WARNING/CAUSE``, in the partition of its warning: a
compacted topic keeps every act, and the warning itself stays what it was.
"""

import dataclasses
import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, Protocol

import msgspec
from redis.asyncio import Redis

from detectors.events import InvalidEventError
from detectors.handling import Handled, in_order
from streams.codec import decode_data, envelope
from streams.keys import life_key
from streams.publisher import Outgoing, partition_of
from streams.store import asked
from streams.topics import Topic

# As long as the messages of the warning (streams.redis_notification_log).
KEEP: Final = dt.timedelta(days=400)
_BETWEEN = b"/"
Record = tuple[bytes | None, bytes | None]


class Lives(Protocol):
    """Where acts are noted and read; noted twice, an act is still one."""

    async def note(self, acts: Iterable[Handled]) -> None:
        """Keep acts."""
        ...

    async def of(self, warning_id: str) -> tuple[Handled, ...]:
        """Return the acts on a warning, in order."""
        ...

    async def of_each(self, warning_ids: Sequence[str]) -> dict[str, tuple[Handled, ...]]:
        """Return the acts on each of these warnings, in order."""
        ...


@dataclasses.dataclass(slots=True)
class MemoryLives:
    """The twin of the Redis store."""

    acts: dict[tuple[str, str], Handled] = dataclasses.field(default_factory=dict)

    async def note(self, acts: Iterable[Handled]) -> None:
        """Keep acts."""
        self.acts |= {(act.warning_id, act.cause): act for act in acts}

    async def of(self, warning_id: str) -> tuple[Handled, ...]:
        """Return the acts on a warning, in order."""
        return in_order(act for act in self.acts.values() if act.warning_id == warning_id)

    async def of_each(self, warning_ids: Sequence[str]) -> dict[str, tuple[Handled, ...]]:
        """Return the acts on each of these warnings, in order."""
        return {one: await self.of(one) for one in warning_ids}


class RedisLives:
    """Acts in Redis: a hash a warning, the act by its cause."""

    def __init__(self, client: Redis) -> None:
        """Take a client that returns bytes."""
        self._client: Any = client
        self._decoder = msgspec.msgpack.Decoder(Handled)

    async def note(self, acts: Iterable[Handled]) -> None:
        """Keep acts.

        Raises:
            streams.store.StoreUnavailableError: Redis does not answer; note them again.
        """
        pipeline = self._client.pipeline(transaction=False)
        for act in acts:
            key = life_key(act.warning_id)
            pipeline.hset(key, act.cause, msgspec.msgpack.encode(act))
            pipeline.expire(key, KEEP)
        await asked(pipeline.execute())

    async def of(self, warning_id: str) -> tuple[Handled, ...]:
        """Return the acts on a warning, in order.

        Raises:
            streams.store.StoreUnavailableError: Redis does not answer.
        """
        return (await self.of_each([warning_id]))[warning_id]

    async def of_each(self, warning_ids: Sequence[str]) -> dict[str, tuple[Handled, ...]]:
        """Return the acts on each of these warnings, in order; a batch has hundreds.

        Raises:
            streams.store.StoreUnavailableError: Redis does not answer.
        """
        pipeline = self._client.pipeline(transaction=False)
        for one in warning_ids:
            pipeline.hvals(life_key(one))
        found = await asked(pipeline.execute())
        return {
            one: in_order(self._decoder.decode(raw) for raw in raws)
            for one, raws in zip(warning_ids, found, strict=True)
        }


def life_record(act: Handled, partitions: int) -> Outgoing:
    """Return the record of an act; told again, it has the same key and id."""
    return Outgoing(
        Topic.WARNING_STATE.value,
        partition_of(act.warning_id, partitions),
        act.warning_id.encode() + _BETWEEN + act.cause.encode(),
        envelope(
            "warning.handled.v1",
            identity=f"{act.warning_id}/{act.cause}",
            subject=act.uscc,
            time=act.at,
            data=act,
        ),
    )


def without_acts(told: Iterable[Record], lives: dict[str, list[Handled]]) -> Iterator[Record]:
    """Yield the records of the warnings themselves; put the acts among ``lives``, by warning."""
    for key, value in told:
        if key is None or _BETWEEN not in key:
            yield key, value
        elif value is not None:
            try:
                act = decode_data(value, Handled)
            except InvalidEventError:
                continue
            lives.setdefault(act.warning_id, []).append(act)
