"""Does a stored state come back as it was, and is a foreign one refused?"""

import functools

import msgspec
import pytest
import zstandard
from hypothesis import given, settings

from detectors import state as stored
from detectors.events import encode
from detectors.state import SCHEMA, EnterpriseState, IncompatibleStateError
from streams.devstack.county import simulate
from streams.replay import replay
from tests import builders as b
from tests import strategies


@settings(max_examples=30)
@given(life=strategies.lives(most=10))
def test_a_state_survives_the_store(life):
    """Encode and decode are inverse for every state that events can lead to."""
    state = b.after(life).state

    assert stored.decode(stored.encode(state)) == state


@functools.cache
def county():
    """Return the states of a county on which no dictionary was trained."""
    raws = [encode(event) for event in simulate(20260701)]
    return list(replay(raws, b.expertise(), now=b.on(1000), timers=True).states.values())


def test_a_typical_state_fits_in_a_kibibyte():
    """An enterprise with twenty facts, as a county has them, takes 1,024 bytes on average."""
    sizes = [len(stored.encode(state)) for state in county() if 19 <= len(state.facts) <= 21]

    assert len(sizes) >= 20
    assert sum(sizes) / len(sizes) <= 1024


def test_packing_loses_nothing():
    """Whatever a county's states hold, packed or not they come back as they were."""
    assert all(stored.decode(stored.encode(state)) == state for state in county())


def test_a_state_packed_otherwise_is_refused():
    """A frame that was packed with another dictionary, or is damaged, is no state of ours."""
    large = max(county(), key=lambda state: len(state.facts))
    damaged = bytearray(stored.encode(large))
    damaged[len(damaged) // 2] ^= 0xFF
    foreign = zstandard.ZstdCompressor().compress(b"x" * 100)

    for raw in (bytes(damaged), foreign):
        with pytest.raises(IncompatibleStateError, match="replay the log"):
            stored.decode(raw)


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


def test_a_state_of_before_outcomes_were_remembered_is_read():
    """An archive of two counts alone decodes: nothing is known of the outcomes behind them."""
    state = EnterpriseState(as_of=7, archive=stored.Archive(3, 1))
    fields = msgspec.msgpack.decode(msgspec.msgpack.encode(state))
    place = EnterpriseState.__struct_fields__.index("archive")
    fields[place] = fields[place][:2]

    assert stored.decode(msgspec.msgpack.encode(fields)) == state
