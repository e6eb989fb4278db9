"""With real processes: does a listing reach the neighbours, once, whoever is killed meanwhile?"""

import pytest

from detectors import events as e
from detectors.facts import FactKind
from streams.topics import Topic
from tests import builders as b
from tests.e2e.conftest import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

LISTED = e.SeriousListChanged(list_code="L1", action="add", place="410422")
REMOVED = e.SeriousListChanged(list_code="L1", action="remove", place="410422")


def founded(usccs, person):
    """Return the registrations of enterprises with one legal representative."""
    data = e.Established(
        name="关联企业", established_on=b.on(-2000).date(), legal_rep=person, place="410422"
    )
    return [
        b.event(data, day=-1900 + place, name=f"founded-{uscc}", subject=uscc)
        for place, uscc in enumerate(usccs)
    ]


def told(bureau, uscc):
    """Return the neighbours' facts of an enterprise that are in force."""
    state = bureau.state(uscc)
    return [
        fact
        for fact in state.facts
        if fact.kind == FactKind.NEIGHBOUR_LEGAL_REP and fact.counts_at(state.as_of)
    ]


def test_trouble_reaches_the_neighbours_and_goes_when_it_ends(bureau):
    """A listing is heard in the other firms of the person, by name and weight, until removed."""
    listed, *others = usccs = bureau.firms(3)
    bureau.publish(*founded(usccs, "h:e2e-1"))
    bureau.await_states(usccs)

    bureau.publish(b.event(LISTED, day=1, name=f"in-{listed}", subject=listed))
    until(lambda: all(len(told(bureau, uscc)) == 1 for uscc in others), what="the signals")
    (fact,) = told(bureau, others[0])
    bureau.publish(b.event(REMOVED, day=2, name=f"out-{listed}", subject=listed))

    until(lambda: not any(told(bureau, uscc) for uscc in others), what="the endings")
    assert fact.weight == 0.5
    assert listed in fact.note
    assert bureau.counted("sanzao_neighbour_signals_total", relation="legal_rep") >= 4


def test_a_worker_killed_at_work_loses_and_doubles_no_signal(bureau):
    """After kill -9 twice in the middle, each neighbour holds one fact of each listing."""
    groups = [bureau.firms(2) for _ in range(60)]
    for place, group in enumerate(groups):
        bureau.publish(*founded(group, f"h:e2e-kill-{place}"))
    bureau.await_states([uscc for group in groups for uscc in group])
    listings = [b.event(LISTED, day=1, name=f"in-{listed}", subject=listed) for listed, _ in groups]

    bureau.publish(*listings[:30])
    bureau.worker.kill()
    bureau.worker.start()
    bureau.publish(*listings[30:])
    until(lambda: any(told(bureau, other) for _, other in groups), what="a first signal")
    bureau.worker.kill()
    bureau.worker.start()

    until(
        lambda: all(told(bureau, other) for _, other in groups),
        within_s=90,
        what="a signal for each neighbour",
    )
    assert [len(told(bureau, other)) for _, other in groups] == [1] * len(groups)
    others = {other.encode() for _, other in groups}

    def signals(records):
        """Return the ids of the signals to these firms."""
        ours = [one.value for one in records if one.key in others]
        return {e.decode(raw).id for raw in ours if b"neighbour.trouble" in raw}

    records = bureau.records(Topic.EVENT, lambda found: len(signals(found)) >= len(groups))
    assert len(signals(records)) == len(groups)
