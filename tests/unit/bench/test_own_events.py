"""Does a verification see which of our own events were told, and which should have been?"""

import dataclasses
import datetime as dt

import pytest

from config.schema import Settings
from detectors import events as e
from detectors.deadline import deadline_of
from detectors.effects import Position
from detectors.meeting import Meetings
from detectors.neighbours import BondChanged
from detectors.state import EnterpriseState
from detectors.step import step
from streams.assembly import build_wisdom
from tests import builders as b
from tests.bench.comparison import Differences
from tests.bench.datasets.dataset import uscc_of
from tests.bench.own_events import DEADLINE, SIGNAL, STRANGER, check_own, recorded
from tests.bench.records import Fate, Planted

NOW = b.on(400)
UNTIL = int(b.on(300).timestamp())
LISTED = e.SeriousListChanged(list_code="L1", action="add", place="410422")


@dataclasses.dataclass
class Carried:
    """A record as a consumer hands it over."""

    value: bytes
    partition: int = 0
    offset: int = 0
    topic: str = "enterprise.event.v1"
    key: bytes | None = b"k"
    headers: tuple = ()


@pytest.fixture(scope="module", name="wisdom")
def knows():
    """Return the shipped knowledge, whole."""
    return build_wisdom(Settings())


def happened():
    """Return two firms of one person, one with a permit that runs out, the other listed."""
    here, there = b.USCC, uscc_of(7)
    founded = e.Established(name="甲", established_on=dt.date(2020, 1, 1), legal_rep="h:1")
    return [
        b.event(founded, day=-9, name="f1", subject=here),
        b.event(founded, day=-8, name="f2", subject=there),
        b.event(b.permit(days_left=100), day=0, name="p", subject=here),
        b.event(LISTED, day=1, name="l", subject=there),
    ]


def as_told(wisdom):
    """Return the source's events and ours, in the order of a log without faults."""
    states, told = {}, []
    meetings = Meetings(wisdom.expertise.knowledge.neighbours)

    def take(event):
        told.append(event)
        state, effects = step(
            states.get(event.subject) or EnterpriseState(), event, wisdom.expertise,
            now=NOW, position=Position(0, 0, len(told)),
        )  # fmt: skip
        states[event.subject] = state
        for effect in effects:
            if isinstance(effect, BondChanged):
                for signal in meetings.hear(effect).signals:
                    take(signal.event)

    for event in happened():
        take(event)
    for uscc in list(states):
        while 0 < states[uscc].wake_at <= UNTIL:
            take(deadline_of(uscc, states[uscc].wake_at))
    return told


def differences(wisdom, told):
    """Return what a check of this log finds."""
    planted = [Planted("event", one.subject.encode(), e.encode(one)) for one in happened()]
    log = [Carried(e.encode(one), offset=place) for place, one in enumerate(told)]
    offsets = {record.value: record.offset for record in log}
    places = [(0, offsets[one.value]) for one in planted]
    found = Differences()
    check_own(
        recorded(log, planted, places, cut=len(planted)), planted, wisdom,
        now=NOW, until=UNTIL, found=found,
    )  # fmt: skip
    return found


def test_a_log_without_faults_holds(wisdom):
    """Where each deadline and each signal was told, nothing differs."""
    told = as_told(wisdom)

    assert differences(wisdom, told).hold
    assert len(told) > len(happened()) + 2


@pytest.mark.parametrize(
    ("change", "what"),
    [
        pytest.param(
            lambda told: told[:-1], "deadline not told", id="the last deadline is missing"
        ),
        pytest.param(
            lambda told: [*told, deadline_of(b.USCC, int(b.on(299).timestamp()) + 7)],
            "deadline that no state had",
            id="a deadline out of the blue",
        ),
        pytest.param(
            lambda told: [one for one in told if "neighbours" not in one.source],
            "neighbour not told",
            id="the signal is missing",
        ),
        pytest.param(
            lambda told: [*told, b.event(LISTED, day=299, name="x", source="urn:x")],
            "record of nobody",
            id="a record that nobody published",
        ),
    ],
)
def test_every_fault_of_our_own_events_is_a_difference(wisdom, change, what):
    """What was not told, told for nothing, or came from nowhere is counted under its name."""
    found = differences(wisdom, change(as_told(wisdom)))

    assert found.wrong[what] == 1


def test_a_log_keeps_its_order_and_its_cut():
    """Our own events lie behind the cut where they stand behind the first record that does."""
    source = [Planted("event", b"k", b'{"source":"s","id":"%d"}' % n) for n in range(3)]
    deadline = b'{"source":"urn:sanzao:timers","id":"x"}'
    signal = b'{"source":"urn:sanzao:neighbours","id":"y"}'
    log = [
        Carried(source[0].value, 0, 0),
        Carried(deadline, 0, 1),
        Carried(source[2].value, 0, 2),
        Carried(signal, 0, 3),
        Carried(source[1].value, 1, 0),
        Carried(deadline, 1, 1),
        Carried(b"{}", 1, 2),
    ]

    found = recorded(log, source, [(0, 0), (1, 0), (0, 2)], cut=2)

    assert found.cut == 5
    assert found.places == [(0, 0), (0, 1), (1, 0), (1, 1), (1, 2), (0, 2), (0, 3)]
    assert [found.count(sort) for sort in (DEADLINE, SIGNAL, STRANGER)] == [2, 1, 1]
    assert found.records[3].fate is Fate.DUPLICATE
