"""What does the assessing agent put on the topics, and into an enterprise's readable hash?"""

from collections.abc import Iterator, Sequence

import msgspec

from detectors.card import RiskCard
from detectors.effects import ClassChanged, Position
from detectors.example import Example
from detectors.warning import EarlyWarning, WarningStatus
from streams.codec import arrays, envelope
from streams.publisher import Outgoing, partition_of
from streams.topics import WARNING_TOPICS, Topic

# A broker takes a mebibyte a record unless told otherwise.  An example takes some 500 bytes, and
# up to three thousand where its source tells all of a look's context that it may.
EXAMPLE_BYTES = 512 * 1024


def class_record(change: ClassChanged, partition: int) -> Outgoing:
    """Return what the class topic hears of a change."""
    value = envelope(
        "class.changed.v1",
        identity=f"{change.cause}/class",
        subject=change.uscc,
        time=change.at,
        data=change,
    )
    return Outgoing(Topic.CLASS.value, partition, change.uscc.encode(), value)


def card_record(card: RiskCard, last: Position) -> Outgoing:
    """Return what the risk topic hears of an enterprise; ``last`` is the last event it rests on."""
    value = envelope(
        "risk.assessed.v1",
        identity=f"{card.uscc}/{last.epoch}/{last.partition}/{last.offset}",
        subject=card.uscc,
        time=card.as_of,
        data=card,
    )
    return Outgoing(Topic.RISK.value, last.partition, card.uscc.encode(), value)


def warning_records(warning: EarlyWarning, partition: int, partitions: int) -> list[Outgoing]:
    """Return what a warning puts on the topics: its measure's, and its state's (by warning id).

    What becomes of it stands on the topic of every measure that was told: each tells the same
    record, and after what it said before.
    """
    identity = f"{warning.id}/{warning.measure.value}/{warning.status.value}"
    value = envelope(
        f"warning.{warning.status.value}.v1",
        identity=f"{identity}/{warning.revision}" if warning.revision else identity,
        subject=warning.uscc,
        time=warning.at,
        data=warning,
    )
    is_issued = warning.status is WarningStatus.ISSUED
    measures = (warning.measure,) if is_issued else warning.measures
    return [
        *(
            Outgoing(WARNING_TOPICS[one].value, partition, warning.uscc.encode(), value)
            for one in measures
        ),
        Outgoing(
            Topic.WARNING_STATE.value,
            partition_of(warning.id, partitions),
            warning.id.encode(),
            value,
        ),
    ]


def example_records(
    domain: str, examples: Sequence[Example], partitions: int
) -> Iterator[Outgoing]:
    """Yield the examples of a batch and domain, many a record: each record is an array."""
    partition = partition_of(domain, partitions)
    for value in arrays(map(msgspec.json.encode, examples), most=EXAMPLE_BYTES):
        yield Outgoing(Topic.EXAMPLE.value, partition, domain.encode(), value)


def card_fields(card: RiskCard) -> list[str]:
    """Return the readable hash of a card: names and values in turn, all text."""
    return [
        "name", card.enterprise,
        "score", f"{card.score:.1f}",
        "class", card.risk_class.value,
        "rule_score", f"{card.rule_score:.1f}",
        "probability", "" if card.probability is None else f"{card.probability:.4f}",
        "updated", card.as_of.isoformat(),
        "reasons", "；".join(line.text for line in card.contributions[:3]),
        "knowledge", card.knowledge_version,
        "model", card.model_version,
    ]  # fmt: skip
