"""Do records become events and our words records, in both modes of CloudEvents?"""

import datetime as dt
import json

import msgspec
import pytest

from alerts.specimen import specimen
from detectors import events as e
from detectors.events import Cause, InvalidEventError
from detectors.warning import EarlyWarning
from streams.codec import SOURCE, decode_data, decode_record, decode_warning, envelope
from tests import builders as b
from tests import shell
from tests.shell import Arrival

EVENT = b.event(b.penalty(), name="p1")
WHOLE = json.loads(e.encode(EVENT))


def binary(**changes):
    """Return the binary form of the event, with some attributes changed (None: left out)."""
    attributes = {name: text for name, text in WHOLE.items() if name != "data"} | changes
    headers = [(f"ce_{name}", text.encode()) for name, text in attributes.items() if text]
    return Arrival(json.dumps(WHOLE["data"]).encode(), headers=tuple(headers))


def warned(**changes):
    """Return a warning's record as ``assess`` writes it."""
    warning = specimen()
    return envelope(
        "warning.issued.v1",
        identity="w/inspection/issued",
        subject=warning.uscc,
        time=warning.issued_at,
        data=msgspec.to_builtins(warning) | changes,
    )


@pytest.mark.parametrize(
    "record",
    [
        pytest.param(shell.arrival(EVENT), id="structured"),
        pytest.param(binary(), id="binary"),
        pytest.param(
            Arrival(e.encode(EVENT), headers=(("traceparent", b"00-1"),)),
            id="structured, with headers of somebody else",
        ),
        pytest.param(
            Arrival(
                binary().value,
                headers=(*binary().headers, ("ce_traceparent", b"\xff"), ("retry", b"1")),
            ),
            id="binary, with an extension that is no text",
        ),
        pytest.param(
            Arrival(binary().value, headers=(*binary().headers, ("ce_traceparent", None))),
            id="binary, with an extension that is null",
        ),
    ],
)
def test_both_modes_carry_the_same_event(record):
    """However a source wraps an event, it is the same event."""
    assert decode_record(record) == EVENT


@pytest.mark.parametrize(
    ("record", "cause"),
    [
        pytest.param(binary(type=None), Cause.UNKNOWN_TYPE, id="no type"),
        pytest.param(binary(id=None), Cause.INVALID, id="no id"),
        pytest.param(binary(specversion="0.3"), Cause.INVALID, id="an older CloudEvents"),
        pytest.param(binary(specversion=None), Cause.UNKNOWN_TYPE, id="data alone"),
        pytest.param(Arrival(b"{", headers=binary().headers), Cause.NOT_JSON, id="broken data"),
        pytest.param(Arrival(b"", headers=binary().headers), Cause.NOT_JSON, id="no data"),
    ],
)
def test_a_binary_event_is_checked_like_a_structured_one(record, cause):
    """What is missing or wrong in the headers is told by the same causes."""
    with pytest.raises(InvalidEventError) as refusal:
        decode_record(record)

    assert refusal.value.cause in {cause, Cause.INVALID}


def test_a_key_that_is_not_the_subject_is_refused_with_the_reason():
    """An event under another key would break the one order of events of its enterprise."""
    with pytest.raises(InvalidEventError, match="key every event by its subject"):
        decode_record(Arrival(e.encode(EVENT), key=b"another"))


def test_our_words_are_cloud_events():
    """An envelope says specversion, id, source, type, subject, time and content type."""
    noon = dt.datetime(2026, 7, 1, 4, tzinfo=dt.UTC)

    told = json.loads(envelope("x.y.v1", identity="i", subject="s", time=noon, data={"a": 1}))

    assert told == {
        "id": "i", "type": "x.y.v1", "subject": "s", "time": "2026-07-01T04:00:00Z",
        "data": {"a": 1}, "source": SOURCE, "specversion": "1.0",
        "datacontenttype": "application/json",
    }  # fmt: skip


def test_a_warning_survives_its_topic():
    """What the notifying agent reads is the warning that the assessing agent wrote."""
    assert decode_warning(warned()) == specimen()


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"{", id="broken JSON"),
        pytest.param(b"[]", id="no envelope"),
        pytest.param(warned(measure="scolding"), id="a measure nobody knows"),
        pytest.param(warned(issued_at=7), id="a time that is a number"),
        pytest.param(warned().replace("叶县".encode(), b"\xff"), id="no UTF-8"),
        pytest.param(warned(reasons=[]).replace(b"[]", b"[" * 5000), id="brackets without end"),
    ],
)
def test_what_is_no_warning_is_refused_with_a_cause(raw):
    """A foreign record on an alert topic is bad input, whatever is wrong with it, never a crash."""
    with pytest.raises(InvalidEventError, match="no EarlyWarning") as refusal:
        decode_data(raw, EarlyWarning)

    assert refusal.value.cause is Cause.INVALID
