"""How do bytes on a topic become events, and our words bytes?  CloudEvents both ways."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol, TypeVar

import msgspec

from detectors.events import Cause, Event, InvalidEventError, decode
from detectors.warning import EarlyWarning

SOURCE = "urn:sanzao"
_CE = "ce_"
_ENCODE = msgspec.json.Encoder().encode
T = TypeVar("T")


class Carrier(Protocol):
    """What of a record the codec reads."""

    @property
    def key(self) -> bytes | None:
        """The key."""

    @property
    def value(self) -> bytes | None:
        """The value."""

    @property
    def headers(self) -> Sequence[tuple[str, bytes | None]]:
        """The headers; Kafka lets a value be null."""


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """The CloudEvents envelope of what sanzao itself says."""

    id: str
    type: str
    subject: str
    time: dt.datetime
    data: Any
    source: str = SOURCE
    specversion: str = "1.0"
    datacontenttype: str = "application/json"


def envelope(type_: str, *, identity: str, subject: str, time: dt.datetime, data: object) -> bytes:
    """Return a CloudEvent as structured JSON.

    ``identity`` is derived from the cause, so a second sending is recognised by its ``id``.
    """
    return _ENCODE(Envelope(id=identity, type=type_, subject=subject, time=time, data=data))


def decode_record(record: Carrier) -> Event:
    """Return the event of a record, structured or binary CloudEvents.

    Raises:
        InvalidEventError: the record can never be an event; the cause says why.
    """
    value = record.value
    if value is None:
        raise InvalidEventError(
            Cause.NOT_JSON, "empty value; the event log takes no tombstones, send op=REVOKE"
        )
    if record.headers:
        value = _structured(record.headers, value)
    event = decode(value)
    if record.key is None or record.key != event.subject.encode():
        raise InvalidEventError(
            Cause.INVALID_SUBJECT,
            f"key {record.key!r} is not the subject {event.subject!r}; key every event by its "
            f"subject, or the enterprise loses its one order of events",
        )
    return event


def decode_warning(raw: bytes) -> EarlyWarning:
    """Return the warning of a record of an alert topic.

    Raises:
        InvalidEventError: no warning of ours; cause INVALID.
    """
    return decode_data(raw, EarlyWarning)


def decode_data(raw: bytes, type_: type[T]) -> T:
    """Return what an envelope of ours carries.

    Raises:
        InvalidEventError: not of this type; cause INVALID.
    """
    try:
        data = msgspec.json.decode(raw, type=Envelope).data
        return msgspec.convert(data, type_)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidEventError(Cause.INVALID, f"no {type_.__name__}: {error}") from error


def arrays(encoded: Iterable[bytes], *, most: int) -> Iterator[bytes]:
    """Yield values as arrays of JSON of about ``most`` bytes; one that is larger stands alone.

    >>> list(arrays([b"1", b"22", b"333"], most=5))
    [b'[1,22]', b'[333]']
    """
    held: list[bytes] = []
    size = 0
    for one in encoded:
        if held and size + len(one) > most:
            yield b"[" + b",".join(held) + b"]"
            held, size = [], 0
        held.append(one)
        size += len(one) + 1
    if held:
        yield b"[" + b",".join(held) + b"]"


def _structured(headers: Sequence[tuple[str, bytes | None]], value: bytes) -> bytes:
    """Return binary-mode CloudEvents (``ce_`` headers, data as value) in structured form."""
    attributes: dict[str, object] = {}
    for name, text in headers:
        if name.startswith(_CE) and text is not None:
            attributes[name.removeprefix(_CE)] = text.decode("utf-8", "replace")
    if "specversion" not in attributes:
        return value
    return _ENCODE(attributes | {"data": msgspec.Raw(value)})
