"""When a worker is killed, and what it was doing."""

import pytest

from tests.bench.kills import PROCESSING, STARTING, planned_kills, was_mid_batch


def test_kills_are_seeded():
    """The same seed kills at the same moments, another one at others."""
    assert planned_kills(5, seed=1) == planned_kills(5, seed=1)
    assert planned_kills(5, seed=1) != planned_kills(5, seed=2)


def test_one_kill_hits_a_start_and_the_others_work():
    """Of five kills four hit a worker at work, so three can hit a batch."""
    moments = [kill.moment for kill in planned_kills(5, seed=3)]

    assert moments.count(STARTING) == 1
    assert moments.count(PROCESSING) == 4


@pytest.mark.parametrize(
    ("later", "sent", "idle_s", "expected"),
    [
        pytest.param([99], {0: 500}, [0.01], True, id="records left, moved just now, then still"),
        pytest.param([99], {0: 101}, [0.01], False, id="nothing left but what is on its way"),
        pytest.param([150], {0: 500}, [0.01], False, id="another worker goes on with it"),
        pytest.param([99], {0: 500}, [5.0], False, id="it had stood still before"),
    ],
)
def test_when_a_kill_counts_as_mid_batch(later, sent, idle_s, expected):
    """A kill hit a batch where work was left, had just moved, and then stood still."""
    assert was_mid_batch(at_kill=[99], later=later, sent=sent, idle_s=idle_s) is expected


@pytest.mark.parametrize(
    ("later", "idle_s", "expected"),
    [
        pytest.param([99, 500], [5.0, 0.01], True, id="its other partition moved, with all taken"),
        pytest.param([99, 900], [5.0, 0.01], False, id="what moved is another worker's"),
        pytest.param([150, 500], [5.0, 0.01], False, id="what was left is another worker's"),
    ],
)
def test_a_batch_is_of_all_partitions_of_a_worker(later, idle_s, expected):
    """Which partition moved and which had records left need not be the same one."""
    sent = {0: 500, 1: 501}

    assert was_mid_batch(at_kill=[99, 500], later=later, sent=sent, idle_s=idle_s) is expected
