"""What does one fetch bring, and how does it travel through Faust as one event?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, cast

from faust import Schema
from faust.types import TP, AppT, ConsumerMessage, EventT, Message

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.ordered_acks import Delivery


class Record(Protocol):
    """What an agent may read of aiokafka's ``ConsumerRecord``; key and value are raw bytes."""

    @property
    def offset(self) -> int:
        """Place in the partition; offsets rise, not always by one."""

    @property
    def timestamp(self) -> int:
        """Milliseconds since 1970, as the producer or the broker set them."""

    @property
    def timestamp_type(self) -> int | None:
        """0 when the producer set the timestamp, 1 when the broker did."""

    @property
    def key(self) -> bytes | None:
        """The key, undecoded."""

    @property
    def value(self) -> bytes | None:
        """The value, undecoded; None is a tombstone."""

    @property
    def headers(self) -> Sequence[tuple[str, bytes | None]]:
        """The headers, in order; a name may occur twice, a value may be null."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What one fetch brought from one partition: at least one record, offsets rising."""

    topic: str
    partition: int
    records: tuple[Record, ...] = field(repr=False)
    generation: int

    @property
    def first_offset(self) -> int:
        """Offset of the first record."""
        return self.records[0].offset

    @property
    def last_offset(self) -> int:
        """Offset of the last record; the acknowledged batch commits this plus one."""
        return self.records[-1].offset


class NotABatchTopicError(ValueError):
    """A topic of the app cannot take batches; whoever declared the topic must change it."""


class RawBatch(Schema):  # type: ignore[type-arg]  # SchemaT's parameters are not exported
    """Hand a batch to the agent as it is: decoding is the agent's business, and so is its error."""

    def loads_key(self, app: AppT, message: Message, **_: Any) -> None:
        """Return None: a batch has no key."""

    def loads_value(self, app: AppT, message: Message, **_: Any) -> Any:  # noqa: ARG002
        """Return the batch unchanged."""
        return message.value


class BatchMessage(ConsumerMessage):
    """A batch in the clothes of a Faust message; its offset is the last one of the batch.

    ``acked`` lives in the delivery.  Faust sets the flag in three places, one of them compiled
    code that calls no method we could override; the flag is what all three have in common.
    """

    def __init__(self, batch: Batch, tp: TP, delivery: Delivery) -> None:
        self._delivery = delivery
        last = batch.records[-1]
        super().__init__(
            topic=batch.topic,
            partition=batch.partition,
            offset=last.offset,
            timestamp=last.timestamp / 1000,
            timestamp_type=cast("int", last.timestamp_type),
            headers=None,
            key=None,
            value=cast("bytes", batch),
            checksum=None,
            serialized_key_size=0,
            serialized_value_size=0,
            tp=tp,
            generation_id=batch.generation,
        )

    @property
    def acked(self) -> bool:
        """Whether the agent has acknowledged this delivery."""
        return self._delivery.acked

    @acked.setter
    def acked(self, acked: bool) -> None:
        """Note the acknowledgement where the commit looks for it."""
        self._delivery.acked = acked


def batch_of(event: EventT[Any]) -> Batch:
    """Return the batch that ``event`` carries.

    Raises:
        NotABatchTopicError: the event came from elsewhere: the topic lacks ``schema=RawBatch()``,
            or somebody sent to the agent's channel directly.
    """
    if isinstance(event.value, Batch):
        return event.value
    raise NotABatchTopicError(
        f"event of {event.message.topic}: {type(event.value).__name__} is no batch; declare the "
        f"topic with schema=RawBatch() and the broker as batchkafka://"
    )
