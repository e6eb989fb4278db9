"""Does a record become the event it states, and is a bad one told apart by its cause?"""

import datetime as dt
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors import events as e
from tests import builders as b
from tests import strategies

GOLDEN = {
    "specversion": "1.0",
    "type": "penalty.decided.v1",
    "id": "41042226000017",
    "source": "urn:gov:410422:penalty",
    "subject": "91410422MA3X1A2B83",
    "time": "2026-03-02T12:00:00+08:00",
    "datacontenttype": "application/json",
    "data": {
        "domain": "FOODS",
        "severity": "general",
        "amount": 5000.0,
        "doc_no": "叶市监处罚〔2026〕17号",
        "organ": "叶县市场监督管理局",
        "place": "410422001",
        "decided_at": "2026-02-27",
        "publication_end": "2029-02-27",
    },
}
TYPES = sorted(e.event_types().items())


def raw(**changes):
    """Return the golden record as bytes, with parts replaced; ``None`` leaves a part out."""
    record = {key: value for key, value in (GOLDEN | changes).items() if value is not None}
    return json.dumps(record).encode()


def data(**changes):
    """Return the golden payload with parts replaced; ``None`` leaves a part out."""
    return {k: v for k, v in (GOLDEN["data"] | changes).items() if v is not None}


def test_the_golden_record_becomes_the_event_it_states():
    """Envelope and payload of a CloudEvents record arrive with their types."""
    event = e.decode(raw())

    assert (event.id, event.source) == ("41042226000017", "urn:gov:410422:penalty")
    assert event.subject == b.USCC
    assert event.time == b.START
    assert event.data == e.PenaltyDecided(
        domain="FOODS",
        severity="general",
        amount=5000.0,
        doc_no="叶市监处罚〔2026〕17号",
        organ="叶县市场监督管理局",
        place="410422001",
        decided_at=dt.date(2026, 2, 27),
        publication_end=dt.date(2029, 2, 27),
    )


@pytest.mark.parametrize(
    "record",
    [
        pytest.param(raw(traceparent="00-1-2-03"), id="an extension attribute"),
        pytest.param(raw(data=data(colour="red")), id="a field of a later minor version"),
        pytest.param(raw(datacontenttype=None), id="no content type"),
        pytest.param(raw(time="2026-03-02T04:00:00Z"), id="the same moment in UTC"),
        pytest.param(json.dumps(GOLDEN, indent=2).encode(), id="laid out over lines"),
        pytest.param(json.dumps(dict(reversed(GOLDEN.items()))).encode(), id="the type at the end"),
    ],
)
def test_what_the_envelope_allows_is_read_alike(record):
    """Order, layout, extensions and zones do not change what a record states."""
    assert e.decode(record) == e.decode(raw())


@pytest.mark.parametrize(
    ("record", "cause", "told"),
    [
        pytest.param(b"", e.Cause.NOT_JSON, "not JSON", id="nothing"),
        pytest.param(raw()[:-2], e.Cause.NOT_JSON, "truncated", id="cut off"),
        pytest.param(b"\x00\xff\xfe", e.Cause.NOT_JSON, "not JSON", id="binary"),
        pytest.param(
            raw().replace(b"FOODS", b"FOO\xff\xfe"), e.Cause.NOT_JSON, "utf-8", id="not UTF-8"
        ),
        pytest.param(raw()[:-1] + b',"x":' + b"[" * 100_000, e.Cause.NOT_JSON, "not JSON",
                     id="a bomb of brackets"),
        pytest.param(b"[]", e.Cause.INVALID, "Expected `object`", id="a list"),
        pytest.param(raw(type=None), e.Cause.INVALID, "`type`", id="no type"),
        pytest.param(raw(type="penalty.decided.v9"), e.Cause.UNKNOWN_TYPE,
                     "known types are in", id="an unknown version"),
        pytest.param(raw(type="weather.changed.v1"), e.Cause.UNKNOWN_TYPE,
                     "known types are in", id="an unknown type"),
        pytest.param(raw(id=None), e.Cause.INVALID, "`id`", id="no id"),
        pytest.param(raw(id=""), e.Cause.INVALID, r"`\$\.id`", id="an empty id"),
        pytest.param(raw(id="x" * 121), e.Cause.INVALID, r"`\$\.id`", id="an endless id"),
        pytest.param(raw(source=""), e.Cause.INVALID, r"`\$\.source`", id="an empty source"),
        pytest.param(raw(subject=""), e.Cause.INVALID, r"`\$\.subject`", id="an empty subject"),
        pytest.param(raw(specversion="0.3"), e.Cause.INVALID, "specversion", id="an old envelope"),
        pytest.param(raw(time="2026-03-02T12:00:00"), e.Cause.INVALID, r"`\$\.time`",
                     id="a time without zone"),
        pytest.param(raw(time="yesterday"), e.Cause.INVALID, r"`\$\.time`", id="no time"),
        pytest.param(raw(data=None), e.Cause.INVALID, "`data`", id="no payload"),
        pytest.param(raw(data="text"), e.Cause.INVALID, r"`\$\.data`", id="a payload of text"),
        pytest.param(raw(data=data(domain=None)), e.Cause.INVALID, "`domain`", id="no domain"),
        pytest.param(raw(data=data(domain="food")), e.Cause.INVALID, r"data\.domain",
                     id="a domain in small letters"),
        pytest.param(raw(data=data(severity="heavy")), e.Cause.INVALID, r"data\.severity",
                     id="a severity of its own"),
        pytest.param(raw(data=data(amount="5000")), e.Cause.INVALID, r"data\.amount",
                     id="an amount as text"),
        pytest.param(raw(data=data(amount=-1)), e.Cause.INVALID, r"data\.amount",
                     id="a negative amount"),
        pytest.param(raw(data=data(place="41042")), e.Cause.INVALID, r"data\.place",
                     id="a place of five digits"),
        pytest.param(raw(data=data(place="４１０４２２")), e.Cause.INVALID, r"data\.place",
                     id="a place in full-width digits"),
        pytest.param(raw(data=data(decided_at="2026-02-30")), e.Cause.INVALID, r"data\.decided_at",
                     id="a day that never was"),
        pytest.param(raw(data=data(op="DELETE")), e.Cause.INVALID, r"data\.op",
                     id="an unknown operation"),
        pytest.param(raw(data=data(op="REVOKE")), e.Cause.INVALID, "supersedes",
                     id="a revocation of nothing"),
        pytest.param(raw(data=data(op="UPDATE")), e.Cause.INVALID, "supersedes",
                     id="a correction of nothing"),
        pytest.param(raw(data=data(grounds="x" * 1_000_000)), e.Cause.TOO_LARGE, "by hash",
                     id="a megabyte"),
    ],
)  # fmt: skip
def test_a_bad_record_says_its_cause_and_place(record, cause, told):
    """What can never become an event is refused with a cause from the closed set, and where."""
    with pytest.raises(e.InvalidEventError, match=told) as refusal:
        e.decode(record)

    assert refusal.value.cause is cause
    assert refusal.value.detail == str(refusal.value)


@pytest.mark.parametrize(("type_", "payload"), [pytest.param(*row, id=row[0]) for row in TYPES])
@settings(max_examples=12)
@given(draw=st.data())
def test_every_event_survives_the_wire(type_, payload, draw):
    """Encode and decode are inverse, for every event that a type's declaration allows."""
    event = draw.draw(strategies.events(payload))

    wire = e.encode(event)

    assert e.decode(wire) == event
    assert json.loads(wire)["type"] == type_ == e.type_of(payload)


@given(noise=st.binary(max_size=200))
def test_noise_never_raises_anything_else(noise):
    """Whatever bytes arrive, decoding returns an event or raises InvalidEventError."""
    with pytest.raises(e.InvalidEventError):
        e.decode(noise)
