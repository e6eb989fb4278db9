"""Does Redis still hold what the log has been read for?

A Redis that lost its volume, was flushed, or is another one than last time, answers like a new one:
every enterprise would begin again in class A, and nobody would notice.
"""

import contextlib
import logging
import time
from typing import cast

import redis
from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from config.schema import Settings
from streams.assembly import build_redis
from streams.broker_refusals import refused_or_unreachable
from streams.keys import log_key
from streams.store import offset_of
from streams.topics import BOOTSTRAP_MS, Topic

logger = logging.getLogger(__name__)
COORDINATOR_WITHIN_S, ASK_AGAIN_S = 30.0, 0.5


class StatesMissingError(RuntimeError):
    """The log was read, and Redis has nothing of it.

    Operator action: restore Redis, or read the log again under another ``kafka.group``
    (docs/runbook.md, "Redis lost or empty").
    """


def tell_of_silence(settings: Settings) -> None:
    """Ask Redis once at the start; where it does not answer, say so, and which setting names it.

    The worker waits for a Redis that still starts, as it should.  Of a mistyped address it waits
    for ever, and nothing else would tell the two apart.

    Raises:
        config.load.InvalidConfigError: the address is none.
    """
    build_redis(settings)  # of an address that is none it says what is right
    with contextlib.closing(_client(settings)) as client:
        try:
            client.ping()
        except redis.RedisError as error:
            logger.warning(
                "Redis 没有应答，正在等待；请核对 redis.url（SANZAO_REDIS__URL），"
                "并确认 Redis 在运行。"
                "Redis does not answer, waiting for it: %s",
                error,
            )


def _client(settings: Settings) -> redis.Redis:
    timeout = settings.redis.timeout_s
    return redis.Redis.from_url(
        settings.redis.url, socket_timeout=timeout, socket_connect_timeout=timeout
    )


def check_states(settings: Settings, *, epoch: int) -> None:
    """See that each partition which the group has read has its fence in Redis.

    A Redis that does not answer yet is not asked: the worker waits for it anyway.

    Raises:
        StatesMissingError: a fence of this log is missing.
        streams.topics.BrokerUnreachableError: nobody answers there.
        streams.broker_refusals.BrokerRefusedError: the group may not be asked about.
    """
    kafka = settings.kafka
    group = kafka.group + settings.roles.suffix
    read = sorted(p for p, offset in _committed(kafka.bootstrap, group).items() if offset > 0)
    if not read:
        return
    with contextlib.closing(_client(settings)) as client:
        try:
            keys = [log_key(partition) for partition in read]
            fences = cast("list[bytes | None]", client.mget(keys))
        except redis.RedisError:
            return
    missing = [
        p for p, fence in zip(read, fences, strict=True) if offset_of(fence or b"", epoch) < 0
    ]
    if missing:
        raise StatesMissingError(
            f"group {group} has read partitions {missing} of {Topic.EVENT}, and the Redis of "
            f"redis.url holds no state of them: restore it, or set SANZAO_KAFKA__GROUP to a new "
            f"name, and the log is read from its beginning"
        )


def _committed(bootstrap: str, group: str) -> dict[int, int]:
    """Return how far a group has read the event log, by partition.

    A broker that has just started has no coordinator of groups yet, and says so for a while.
    """
    deadline = time.monotonic() + COORDINATOR_WITHIN_S
    try:
        with contextlib.closing(
            KafkaAdminClient(bootstrap_servers=bootstrap, bootstrap_timeout_ms=BOOTSTRAP_MS)
        ) as admin:
            while True:
                try:
                    found = admin.list_group_offsets(group).get(group, {})
                except KafkaError as error:
                    if not error.retriable or time.monotonic() > deadline:
                        raise
                    time.sleep(ASK_AGAIN_S)
                else:
                    break
    except KafkaError as error:
        raise refused_or_unreachable(bootstrap, error) from error
    return {tp.partition: one.offset for tp, one in found.items() if tp.topic == Topic.EVENT}
