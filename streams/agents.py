"""The agents: loops that fetch, ask, and acknowledge.  They never raise.

What raises in an agent, Faust acknowledges and loses; so what cannot be digested here ends the
process without acknowledging, and the supervisor starts it again.
"""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from typing import Any, cast

from faust.types import ChannelT, EventT, StreamT

from streams.batch import Batch, batch_of

logger = logging.getLogger(__name__)

EXIT_LOST = 71  # EX_OSERR: not even a dead letter could be written
Digest = Callable[[Batch], Awaitable[bool]]
Agent = Callable[[StreamT[Any]], Awaitable[None]]


def end_at_once(code: int) -> None:
    """End without a graceful stop, which would commit."""
    logging.shutdown()
    os._exit(code)


def agent_of(name: str, digest: Digest, *, end: Callable[[int], None] = end_at_once) -> Agent:
    """Return the loop that hands each batch to ``digest`` and acknowledges what it finished.

    Batches of one partition stand in line; other partitions go on while one waits for Redis or
    for a receipt.
    """

    async def finish(stream: StreamT[Any], event: EventT[Any], batch: Batch) -> None:
        """Digest one batch; acknowledge it, or end."""
        try:
            if await digest(batch):
                await stream.ack(event)
        except asyncio.CancelledError:
            raise
        except BaseException:
            logger.critical(
                "%s cannot go on at %s[%d] offsets %d to %d: ending unacknowledged",
                name, batch.topic, batch.partition, batch.first_offset, batch.last_offset,
                exc_info=True,
            )  # fmt: skip
            end(EXIT_LOST)

    async def loop(stream: StreamT[Any]) -> None:
        """Take batches as they come."""
        stream = stream.noack()
        under_way: dict[tuple[str, int], asyncio.Task[None]] = {}
        try:
            async for event in stream.events():
                batch = batch_of(event)
                lane = (batch.topic, batch.partition)
                if lane in under_way:
                    await under_way[lane]
                under_way[lane] = asyncio.create_task(finish(stream, event, batch))
        finally:
            for task in under_way.values():
                task.cancel()

    loop.__name__ = name
    return loop


def collecting_agent_of(
    name: str,
    digest: Callable[[list[Batch]], Awaitable[bool]],
    *,
    pause_s: float,
    end: Callable[[int], None] = end_at_once,
) -> Agent:
    """Return the loop that digests all batches at hand together, then pauses.

    The pause bounds how often a snapshot is written, whatever the rate of events.
    """

    async def loop(stream: StreamT[Any]) -> None:
        """Take batches as they come."""
        stream = stream.noack()
        held: list[EventT[Any]] = []
        async for event in stream.events():
            held.append(event)
            if not cast("ChannelT[Any]", stream.channel).queue.empty():
                continue
            try:
                if await digest([batch_of(one) for one in held]):
                    for one in held:
                        await stream.ack(one)
            except asyncio.CancelledError:
                raise
            except BaseException:
                logger.critical("%s cannot go on: ending unacknowledged", name, exc_info=True)
                end(EXIT_LOST)
            held = []
            await asyncio.sleep(pause_s)

    loop.__name__ = name
    return loop
