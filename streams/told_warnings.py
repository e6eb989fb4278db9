"""What has become of every warning that was ever issued?  The compacted topic, read to its end."""

import time
from collections.abc import Callable, Iterable, Iterator

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from alerts.batched import bundle_id
from alerts.responsibility import Duty, Matter, resolve
from detectors.events import InvalidEventError
from detectors.warning import EarlyWarning
from streams.assembly import Desk
from streams.codec import decode_warning
from streams.topics import BOOTSTRAP_MS, BrokerUnreachableError, Topic, TopicsMissingError

POLL_MS = 1000
SILENCE_S = 30.0
Wanted = Callable[[EarlyWarning], bool]
Record = tuple[bytes | None, bytes | None]


def newest(told: Iterable[Record], wanted: Wanted) -> list[EarlyWarning]:
    """Return the wanted warnings as they stand now, by place and enterprise.

    Shapes:
        Only what is wanted is held, whatever the topic carries.  What is no warning is passed
        over: the topic is ours alone, and a list must not fail on one record.
    """
    found: dict[bytes, EarlyWarning] = {}
    for key, value in told:
        if key is None:
            continue
        found.pop(key, None)
        if value is None:
            continue
        try:
            warning = decode_warning(value)
        except InvalidEventError:
            continue
        if wanted(warning):
            found[key] = warning
    return sorted(found.values(), key=lambda one: (one.place, one.uscc, one.issued_at, one.id))


def bundled(name: str, told: Iterable[Record], desk: Desk) -> dict[str, EarlyWarning]:
    """Return the batched warnings of an id or a number, by the bundle in which each was told.

    Weakness: the bundle is told by the roster of today; where another station leads by now, it
    names a bundle that nobody wrote.
    """
    found = newest(told, lambda one: one.batched and name in {one.id, one.number})
    return {bundle_id(one, duty_of(one, desk)): one for one in found}


def duty_of(warning: EarlyWarning, desk: Desk) -> Duty:
    """Return who must act on a warning by the roster of today."""
    return resolve(Matter.of(warning), tree=desk.tree, ladder=desk.ladder)


def records(bootstrap: str) -> Iterator[Record]:
    """Yield key and value of every record of the state topic, up to where it ended when asked.

    Raises:
        TopicsMissingError: there is no such topic.
        BrokerUnreachableError: the broker does not answer, or fell silent before the end.
    """
    try:
        yield from _read(bootstrap)
    except KafkaError as error:
        raise BrokerUnreachableError(
            f"reading {Topic.WARNING_STATE} from {bootstrap} failed "
            f"({type(error).__name__}); check kafka.bootstrap (SANZAO_KAFKA__BOOTSTRAP)"
        ) from error


def _read(bootstrap: str) -> Iterator[Record]:
    consumer = KafkaConsumer(
        bootstrap_servers=bootstrap,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        bootstrap_timeout_ms=BOOTSTRAP_MS,
    )
    try:
        topic = Topic.WARNING_STATE.value
        numbers = consumer.partitions_for_topic(topic)
        if not numbers:
            raise TopicsMissingError(f"topic {topic} is missing; run 'sanzao topics create'")
        parts = [TopicPartition(topic, number) for number in sorted(numbers)]
        consumer.assign(parts)
        consumer.seek_to_beginning()
        ends = consumer.end_offsets(parts)
        heard_at = time.monotonic()
        while any(consumer.position(part) < ends[part] for part in parts):
            polled = consumer.poll(timeout_ms=POLL_MS)
            for some in polled.values():
                for record in some:
                    yield record.key, record.value
            if polled:
                heard_at = time.monotonic()
            elif time.monotonic() > heard_at + SILENCE_S:
                raise BrokerUnreachableError(
                    f"{topic} at {bootstrap} was not read to its end: nothing came for "
                    f"{SILENCE_S:g} s; look at the broker, then ask again"
                )
    finally:
        consumer.close()
