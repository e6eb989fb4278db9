"""Timers and neighbours in one worker, real processes: do they act on one another's events?"""

import datetime as dt
import json
import time

import pytest

from detectors import events as e
from detectors import state as states
from detectors.deadline import SOURCE as TIMERS
from detectors.facts import FactKind
from detectors.meeting import SOURCE as NEIGHBOURS
from streams.keys import timers_key
from streams.replay import replay
from streams.topics import Topic
from tests import builders as b
from tests.e2e.conftest import another_worker, until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def waking(running_bureau):
    """Return the bureau with a worker whose timers run, until the tests are over."""
    with another_worker(
        running_bureau, ROLES__TIMERS="true", TIMERS__LATENESS_S="0", TIMERS__POLL_S="0.1"
    ) as bureau:
        yield bureau


def history(listed, other):
    """Return what the sources say: two firms of one person, a listing with an end, a permit."""
    founded = e.Established(
        name="关联企业", established_on=b.on(-2000).date(), legal_rep=f"h:{listed}", place="410422"
    )
    listing = e.SeriousListChanged(
        list_code="L1", action="add", to_on=b.on(60).date(), place="410422"
    )
    return [
        b.event(founded, day=-1900, name=f"founded-{listed}", subject=listed),
        b.event(founded, day=-1899, name=f"founded-{other}", subject=other),
        b.event(b.permit(days_left=100), name=f"permit-{other}", subject=other),
        b.event(listing, day=1, name=f"in-{listed}", subject=listed),
    ]


def of_neighbours(state):
    """Return what a state says of neighbours, and until when it counts."""
    return [
        (fact.ref, fact.weight, fact.end)
        for fact in state.facts
        if fact.kind == FactKind.NEIGHBOUR_LEGAL_REP
    ]


def has_caught_up(bureau, usccs):
    """Return whether each of these firms is to be woken later than now, or not at all."""
    moments = [bureau.store.zscore(timers_key(bureau.partition_of(u)), u) for u in usccs]
    return all(at is None or at > time.time() for at in moments)


def await_the_end(bureau, *usccs):
    """Wait until the last of these firms has heard that the trouble is over, and all sleep."""
    until(
        lambda: (
            bureau.raw_state(usccs[-1]) is not None
            and any(end for _, _, end in of_neighbours(bureau.state(usccs[-1])))
            and has_caught_up(bureau, usccs)
        ),
        what="the end of the trouble",
    )


def own_records(bureau, usccs):
    """Return the records of the log about these firms, up to the last that each state has taken."""
    stored = [states.decode(bureau.raw_state(uscc)) for uscc in usccs]
    last = {(state.partition, state.offset) for state in stored}
    found = bureau.records(
        Topic.EVENT, lambda records: last <= {(one.partition, one.offset) for one in records}
    )
    own = [one for one in found if one.key in {uscc.encode() for uscc in usccs}]
    return sorted(own, key=lambda one: (one.partition, one.offset))


def test_a_deadline_ends_a_trouble_and_the_neighbour_hears_of_it(waking):
    """No source says that the listing is over: time does, and a signal carries it on."""
    listed, other = waking.firms(2)
    happened = history(listed, other)
    waking.publish(*happened)

    await_the_end(waking, listed, other)

    now = dt.datetime.now(dt.UTC)
    records = [e.encode(one) for one in happened]
    played = replay(
        records, b.expertise(), now=now, timers=True, neighbours=True, until=now
    )  # fmt: skip
    assert of_neighbours(waking.state(other)) == of_neighbours(played.states[other])
    assert len(of_neighbours(waking.state(other))) == 1


def test_the_log_as_recorded_gives_the_stored_states(waking):
    """Deadlines and signals stand on the log: read again in its order, it decides alike."""
    listed, other = usccs = waking.firms(2)
    waking.publish(*history(listed, other))

    await_the_end(waking, listed, other)
    records = own_records(waking, usccs)
    played = replay([one.value for one in records], b.expertise(), now=dt.datetime.now(dt.UTC))

    sources = {json.loads(one.value)["source"] for one in records}
    assert {TIMERS, NEIGHBOURS} < sources
    for uscc in usccs:
        state, again = waking.state(uscc), played.states[uscc]
        assert (state.facts, state.marks, state.rule, state.wake_at) == (
            again.facts, again.marks, again.rule, again.wake_at,
        )  # fmt: skip
