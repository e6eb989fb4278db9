"""Does a replay decide what the stream decides, and say what it could not read?"""

import datetime as dt

from hypothesis import given, settings

from detectors import events as e
from streams.replay import replay
from tests import builders as b
from tests import shell, strategies
from tests.shell import Shell
from tests.world import World, code

LATER = b.on(500)


def test_a_bad_line_is_told_and_passed_over():
    """Each line that can never be an event is named with its cause; the others count."""
    lines = [b"{", e.encode(b.event(b.penalty())), e.encode(b.event(b.penalty(), day=600))]

    result = replay(lines, b.expertise(), now=LATER)

    assert (result.events, len(result.states)) == (3, 1)
    assert result.rejected == {"not_json": 1, "future": 1}
    assert [text.partition("。")[2].split(":")[:2] for text in result.complaints] == [
        ["line 1", " not_json"],
        ["line 3", " future"],
    ]


def test_repetitions_are_counted():
    """An event that stands twice in a file is skipped the second time, and counted."""
    line = e.encode(b.event(b.penalty()))

    result = replay([line, line], b.expertise(), now=LATER)

    assert result.skipped == {"duplicate": 1}


def test_a_replay_can_tell_the_neighbours_anew():
    """Recorded signals are passed over and derived again: the same facts, under the rules given."""
    world = World()
    for number in range(2):
        world.founds(number, day=-900, legal_rep="h:p")
    world.has(0, e.SeriousListChanged(list_code="L", action="add"), day=1)
    (signal,) = world.signals
    sources = [b.event(one, day=day, subject=code(number), name=f"{number}-{day}") for
               number, one, day in world.told]  # fmt: skip
    lines = [e.encode(one) for one in [*sources, signal.event]]

    recorded = replay(lines, b.expertise(), now=LATER)
    anew = replay(lines, b.expertise(), now=LATER, neighbours=True)
    alone = replay(lines[:-1], b.expertise(), now=LATER)

    scores = [one.states[code(1)].rule.score for one in (recorded, anew, alone)]
    lived = world.enterprises[code(1)].state.rule.score
    assert scores[:2] == [lived, lived]
    assert scores[2] < lived


def test_a_replay_needs_no_clock():
    """The same records, the same moment: the same states and warnings."""
    lines = [e.encode(b.event(one)) for one in (b.penalty("severe"), b.food_sample("pathogen"))]

    first, second = (replay(lines, b.expertise(), now=LATER) for _ in range(2))

    assert (first.states, first.warnings) == (second.states, second.warnings)
    assert first.warnings


@settings(max_examples=50)
@given(life=strategies.lives())
async def test_a_replay_decides_like_the_stream(life):
    """Whatever an enterprise lives through, replay and assessing agent come to the same state."""
    here = Shell()
    records = shell.arrivals(life)
    result = replay([record.value for record in records], b.expertise(), now=LATER)

    await here.digest(*records)

    state = here.state()
    replayed = result.states[b.USCC]
    replayed.epoch, replayed.partition, replayed.offset = (
        state.epoch, state.partition, state.offset
    )  # fmt: skip
    assert state == replayed
    assert dt.datetime.fromtimestamp(state.as_of, dt.UTC) == max(one.time for one in life)
