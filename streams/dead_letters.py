"""What becomes of a record that can never be an event?  Kept, bytes untouched, with its cause."""

import dataclasses

from detectors.events import Cause, InvalidEventError
from streams.publisher import Outgoing
from streams.topics import Topic

DETAIL_BYTES = 2000


@dataclasses.dataclass(frozen=True, slots=True)
class Origin:
    """Where a record was read."""

    topic: str
    partition: int
    offset: int


def dead_letter(
    origin: Origin, *, key: bytes | None, value: bytes | None, error: InvalidEventError
) -> Outgoing:
    """Return the dead letter of a record: the same key and bytes, the cause in the headers.

    A code that only fails its check digit is no garbage: it goes to quarantine, where a person
    looks, and comes back by ``sanzao publish``.
    """
    quarantined = error.cause is Cause.QUARANTINED_SUBJECT
    return Outgoing(
        topic=(Topic.QUARANTINE if quarantined else Topic.DEAD).value,
        partition=0,
        key=key,
        value=value,
        headers=(
            ("sanzao-cause", error.cause.value.encode()),
            ("sanzao-detail", error.detail.encode()[:DETAIL_BYTES]),
            ("sanzao-topic", origin.topic.encode()),
            ("sanzao-partition", str(origin.partition).encode()),
            ("sanzao-offset", str(origin.offset).encode()),
        ),
    )
