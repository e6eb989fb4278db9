"""Do states and the moments at which they want to be woken go together, whatever fails?"""

import datetime as dt

import pytest

from detectors import events as e
from streams.assess import wake_of
from streams.store import Wake
from streams.timers import deadline_record
from streams.work import Work
from tests import builders as b
from tests import shell
from tests.shell import Arrival, Shell

ALWAYS = 2_000_000_000


class Sleeper(Shell):
    """A shell whose enterprises want to be woken a day after the last event they have met."""

    def __init__(self, **more):
        """Begin; ``wants`` says what each state wants."""
        super().__init__(**more)
        self.wants = lambda state: state.as_of + 86_400
        self.assessor.wake_of = self._wake_of

    def _wake_of(self, state):
        return self.wants(state)

    def asleep(self):
        """Return when the enterprises of partition 0 want to be woken."""
        return self.store.timers.get(0, {})


def happens(day, *, offset, name=""):
    """Return a record of something that happened on a day."""
    return shell.arrival(b.event(b.penalty(), day=day, name=name), offset=offset)


def told(due, *, offset):
    """Return the record of a deadline that fell due."""
    record = deadline_record(Wake(b.USCC, due), (), 0)
    return Arrival(record.value, key=record.key, offset=offset, timestamp=(due + 60) * 1000)


async def test_the_wake_is_that_of_the_last_state_of_the_batch():
    """Of several events in a batch the last state says when to wake the enterprise."""
    here = Sleeper()

    await here.digest(happens(0, offset=0), happens(3, offset=1))

    assert here.asleep() == {b.USCC: b.at(4)}


async def test_the_event_of_a_wake_moves_it():
    """The deadline's own event leads to a state with the next wake, or with none."""
    here = Sleeper()
    await here.digest(happens(0, offset=0))
    due = here.asleep()[b.USCC]

    await here.digest(told(due, offset=1))
    moved = dict(here.asleep())
    here.wants = lambda _state: 0
    await here.digest(told(moved[b.USCC], offset=2))

    assert moved == {b.USCC: due + 86_400}
    assert here.asleep() == {}


async def test_an_entry_that_its_state_knows_nothing_of_is_told_once():
    """What a state of another version left behind goes away with its own event."""
    here = Sleeper()
    here.wants = lambda _state: 0
    here.store.timers[0] = {b.USCC: b.at(1)}

    await here.digest(happens(0, offset=0))
    kept = dict(here.store.timers[0])
    await here.digest(told(b.at(1), offset=1))

    assert kept == {b.USCC: b.at(1)}
    assert here.store.timers[0] == {}


async def test_a_deadline_that_is_told_twice_changes_nothing():
    """A crash between telling and reading brings the event twice: the second is a duplicate."""
    here = Sleeper()
    await here.digest(happens(0, offset=0))
    due = here.asleep()[b.USCC]

    await here.digest(told(due, offset=1), told(due, offset=2))

    assert here.asleep() == {b.USCC: due + 86_400}
    assert here.counted("sanzao_events_total", outcome="duplicate") == 1


async def test_a_wake_that_stays_is_not_written_again():
    """Most events do not move a wake: the script is not told of it."""
    here = Sleeper()
    here.wants = lambda _state: ALWAYS
    await here.digest(happens(0, offset=0))
    here.store.timers[0] = {}

    await here.digest(happens(1, offset=1))

    assert here.asleep() == {}


@pytest.mark.parametrize("fault", ["refused_writes", "lost_answers"])
async def test_a_failed_write_is_repeated_with_its_wakes(fault):
    """Redis fails before or after it wrote: in the end the wake is that of the state."""
    here = Sleeper()
    setattr(here.store, fault, 2)

    await here.digest(happens(0, offset=0))

    assert here.asleep() == {b.USCC: here.state().as_of + 86_400}


async def test_the_partition_keeps_the_latest_event_time():
    """Late events do not turn the partition's clock back; rejected ones do not move it."""
    here = Shell()
    future = b.event(b.penalty(), day=30, name="future")

    await here.digest(happens(5, offset=0), happens(2, offset=1, name="late"))
    await here.digest(Arrival(e.encode(future), offset=2))

    assert here.store.clocks == {0: b.at(5)}


async def test_a_batch_says_which_sources_spoke():
    """The latest event time of each source and type, and when the log took the last record."""
    here, heard = Shell(), []
    here.assessor.hear = lambda spoken, arrival: heard.append((dict(spoken), arrival))

    await here.digest(happens(1, offset=0), happens(0, offset=1, name="late"))

    assert heard == [({(b.SOURCE, e.PenaltyDecided): b.on(1)}, b.at(0))]


async def test_what_could_not_be_written_has_not_spoken():
    """A batch is heard once it is stored, not at each try."""
    here, heard = Shell(), []
    here.assessor.hear = lambda *said: heard.append(said)
    here.store.refused_writes = 3

    await here.digest(happens(0, offset=0))

    assert len(heard) == 1


def test_the_wake_is_the_state_s_own():
    """What the core says of time is what the store is told."""
    enterprise = b.Enterprise()
    enterprise.has(b.permit(days_left=200))

    assert wake_of(b.Enterprise().state) == 0
    assert wake_of(enterprise.state) == enterprise.state.wake_at > 0


def test_a_batch_of_nothing_has_no_time():
    """Where every record was rejected there is no latest event time."""
    assert Work().latest == 0
    assert Work(spoken={("s", e.Payload): dt.datetime.fromtimestamp(7, dt.UTC)}).latest == 7
