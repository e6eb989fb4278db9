"""Does a stored state come back as it was, and is a foreign one refused?"""

import msgspec
import pytest
from hypothesis import given, settings

from detectors import state as stored
from detectors.state import SCHEMA, EnterpriseState, IncompatibleStateError
from tests import builders as b
from tests import strategies


@settings(max_examples=30)
@given(life=strategies.lives(most=10))
def test_a_state_survives_the_store(life):
    """Encode and decode are inverse for every state that events can lead to."""
    state = b.after(life).state

    assert stored.decode(stored.encode(state)) == state


def test_a_usual_state_is_small():
    """An enterprise with a dozen facts takes under two kilobytes."""
    enterprise = b.Enterprise()
    for n in range(12):
        enterprise.has(b.penalty("minor", doc_no=f"叶市监处罚〔2026〕{n}号"), day=n * 40)

    assert len(stored.encode(enterprise.state)) < 2048


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\x00\x01", id="noise"),
        pytest.param(b"{}", id="JSON"),
        pytest.param(msgspec.msgpack.encode({"schema": 1}), id="a mapping"),
        pytest.param(msgspec.msgpack.encode([SCHEMA, "one"]), id="an epoch in words"),
        pytest.param(msgspec.msgpack.encode([SCHEMA + 1]), id="a later schema"),
        pytest.param(stored.encode(EnterpriseState())[:-3], id="cut off"),
    ],
)
def test_a_foreign_state_is_refused(raw):
    """Bytes of another version, or of nothing, are refused with what the operator can do."""
    with pytest.raises(IncompatibleStateError, match="replay the log"):
        stored.decode(raw)
