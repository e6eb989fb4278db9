"""Is a process that lives but no longer moves ended, and a patient one left alone?"""

import pytest

from streams.watchdog import EXIT_STALLED, Watchdog


class Hand:
    """The hand of a clock that a test moves."""

    def __init__(self):
        self.seconds = 1000.0

    def __call__(self):
        """Return what the clock shows."""
        return self.seconds


def watched(*parts):
    """Return a watchdog of a minute that has just heard of these parts, its clock, its ends."""
    hand, ends = Hand(), []
    dog = Watchdog(stalled_after_s=60, end=ends.append, clock=hand)
    for part in parts:
        dog.alive(part)
    return dog, hand, ends


def test_a_part_that_moves_is_left_alone():
    """Whoever says ``alive`` in time lives on, however long the process runs."""
    dog, hand, ends = watched("loop")

    for _ in range(100):
        hand.seconds += 59
        dog.alive("loop")
        dog.check()

    assert ends == []


def test_a_stuck_part_ends_the_process_with_its_own_status(caplog):
    """One stuck part is enough, however lively the others; the log names it."""
    dog, hand, ends = watched("event loop", "consumer")
    hand.seconds += 61
    dog.alive("event loop")

    dog.check()

    assert ends == [EXIT_STALLED]
    assert EXIT_STALLED != 0
    assert "no progress of consumer for 60 s" in caplog.text


def test_just_in_time_is_in_time():
    """At exactly the limit nobody is ended."""
    dog, hand, ends = watched("loop")
    hand.seconds += 60

    dog.check()

    assert ends == []


def test_nobody_is_ended_before_anybody_spoke():
    """A worker that still joins its group has no part to be stuck."""
    dog, hand, ends = watched()
    hand.seconds += 10_000

    dog.check()

    assert ends == []


def test_an_excused_part_may_rest():
    """A part that is not expected to move any more is not waited for."""
    dog, hand, ends = watched("consumer", "loop")
    dog.excuse("consumer")
    dog.excuse("a part that never was")
    hand.seconds += 61

    assert dog.stalled() == ["loop"]
    assert ends == []


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        pytest.param(8.5, [], id="a stop that takes its time"),
        pytest.param(9.5, [EXIT_STALLED], id="a stop that hangs"),
    ],
)
def test_a_stop_that_hangs_is_cut_short(seconds, expected):
    """A graceful stop has nine seconds, whatever the other parts said before."""
    dog, hand, ends = watched("loop", "consumer")
    dog.must_stop_within(9)
    hand.seconds += seconds

    dog.check()

    assert ends == expected


def test_it_watches_from_a_thread_of_its_own():
    """A dead event loop cannot keep the watchdog from looking; a stop ends the thread."""
    dog, _, ends = watched("loop")

    dog.start()
    running = dog._thread.is_alive()
    dog.stop()

    assert running
    assert dog._thread.daemon
    assert not dog._thread.is_alive()
    assert ends == []
