"""What becomes of a record that can never be an event?  Kept, bytes untouched, with its cause."""

import dataclasses

from detectors.events import Cause, InvalidEventError
from streams.publisher import Outgoing
from streams.topics import MAX_EVENT_RECORD, Topic

DETAIL_BYTES = 2000
KEY_BYTES = 64 * 1024


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

    A source that compresses its batches can send a record beyond any limit of ours, for a broker
    measures the batch as it comes.  Of such a record the beginning is kept, so that one letter
    cannot stop its partition; the log has the whole of it at the place that the headers name.
    """
    quarantined = error.cause is Cause.QUARANTINED_SUBJECT
    kept_key, kept = key and key[:KEY_BYTES], value and value[:MAX_EVENT_RECORD]
    cut = sum(len(whole or b"") for whole in (key, value))
    cut -= sum(len(part or b"") for part in (kept_key, kept))
    return Outgoing(
        topic=(Topic.QUARANTINE if quarantined else Topic.DEAD).value,
        partition=0,
        key=kept_key,
        value=kept,
        headers=(
            ("sanzao-cause", error.cause.value.encode()),
            ("sanzao-detail", error.detail.encode()[:DETAIL_BYTES]),
            ("sanzao-topic", origin.topic.encode()),
            ("sanzao-partition", str(origin.partition).encode()),
            ("sanzao-offset", str(origin.offset).encode()),
            *((("sanzao-cut", str(cut).encode()),) if cut else ()),
        ),
    )
