"""Does the split name what costs time, and leave what the core decides alone?"""

import dataclasses

from detectors import events as e
from streams.replay_split import split_of
from tests import builders as b


def test_every_part_of_a_replay_is_told():
    """Decode, facts, indicators, rules and model are figures, and the facts cost something."""
    raws = [e.encode(b.event(b.inspection("failed"), day=n / 10, name=f"i{n}")) for n in range(300)]

    split = split_of(raws, b.expertise(), members=("newton",), now=b.on(400))

    assert set(dataclasses.asdict(split)) == {"decode", "facts", "indicators", "rules", "model"}
    assert split.decode > 0
    assert split.facts > 0


def test_what_is_no_event_is_passed_over():
    """A line that cannot be an event is the replay's complaint; the split goes on without it."""
    raws = [b"{", e.encode(b.event(b.penalty()))]

    assert split_of(raws, b.expertise(), members=("newton",), now=b.on(400)).facts > 0
