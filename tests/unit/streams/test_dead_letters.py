"""Is what cannot be read kept whole, and found again?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.events import Cause, InvalidEventError
from streams.dead_letters import DETAIL_BYTES, KEY_BYTES, Origin, dead_letter
from streams.topics import MAX_DEAD_RECORD, MAX_EVENT_RECORD, Topic

ORIGIN = Origin("enterprise.event.v1", 3, 41)
HEADER_NAMES = 1024  # and what Kafka writes around them


@given(
    key=st.none() | st.binary(max_size=30),
    value=st.none() | st.binary(max_size=300),
    cause=st.sampled_from(Cause),
    detail=st.text(max_size=3000),
)
def test_a_dead_letter_is_the_record_untouched(key, value, cause, detail):
    """Key and value are the same bytes; the headers say cause, detail and place; it always fits."""
    letter = dead_letter(ORIGIN, key=key, value=value, error=InvalidEventError(cause, detail))

    headers = dict(letter.headers)
    assert (letter.key, letter.value, letter.partition) == (key, value, 0)
    assert headers["sanzao-cause"] == cause.value.encode()
    assert headers["sanzao-detail"] == detail.encode("utf-8", "replace")[:DETAIL_BYTES]
    assert headers["sanzao-topic"] == b"enterprise.event.v1"
    assert (headers["sanzao-partition"], headers["sanzao-offset"]) == (b"3", b"41")
    assert "sanzao-cut" not in headers


@pytest.mark.parametrize(
    ("key_bytes", "value_bytes", "cut"),
    [
        pytest.param(3, MAX_EVENT_RECORD, None, id="the largest that the log takes is kept whole"),
        pytest.param(3, 6 * MAX_EVENT_RECORD, 5 * MAX_EVENT_RECORD, id="a compressed giant"),
        pytest.param(KEY_BYTES + 1, 7, 1, id="a giant's key"),
    ],
)
def test_a_dead_letter_always_fits_its_topic(key_bytes, value_bytes, cut):
    """Whatever a compressed batch unpacks to, its letter fits, and says how much is missing."""
    error = InvalidEventError(Cause.TOO_LARGE, "字" * 3000)

    letter = dead_letter(ORIGIN, key=bytes(key_bytes), value=bytes(value_bytes), error=error)

    headers = dict(letter.headers)
    size = len(letter.key) + len(letter.value) + sum(map(len, headers.values()))
    assert size + HEADER_NAMES < MAX_DEAD_RECORD
    assert headers.get("sanzao-cut") == (None if cut is None else str(cut).encode())


@given(cause=st.sampled_from(Cause))
def test_only_a_wrong_check_digit_is_quarantined(cause):
    """A code that only fails its check digit waits for a person; all else is dead."""
    letter = dead_letter(ORIGIN, key=None, value=b"", error=InvalidEventError(cause, ""))

    quarantined = cause is Cause.QUARANTINED_SUBJECT
    assert letter.topic == (Topic.QUARANTINE if quarantined else Topic.DEAD)
