"""The pure parts of the speed bench, and of the command line."""

import argparse
import asyncio
import itertools
import os

import pytest

from detectors import events as e
from detectors.uscc import UsccStatus, status_of
from tests.bench import command_line
from tests.bench.bench_path import BARE, SCORING, STOCK, Measured, report
from tests.bench.datasets.dataset import MissingDataError
from tests.bench.latency import Latency, stored_after
from tests.bench.path_runs import Pace, copies, cpu_of
from tests.bench.watched_worker import Watch
from tests.builders import event


def story():
    """Return one enterprise's two events."""
    data = e.InspectionResult(domain="SE", result="passed")
    return [event(data, day=0, name="1"), event(data, day=1, name="2")]


def test_each_copy_tells_of_other_enterprises():
    """Copies keep the order and the story; their enterprises are new, valid, and their own."""
    found = copies(story(), 5)

    assert [one.subject == other.subject for one, other in itertools.pairwise(found)] == [
        True, False, True, False,
    ]  # fmt: skip
    assert len({(one.source, one.id) for one in found}) == 5
    assert {status_of(one.subject) for one in found} == {UsccStatus.VALID}


def test_the_best_of_the_rounds_counts():
    """A slower second run does not replace a faster first one."""
    measured = Measured()
    for seconds in (1.0, 2.0):
        measured.keep_best(STOCK, Pace(100, seconds, seconds))

    assert measured.paces[STOCK].per_second == 100


def test_the_ratio_is_of_the_scoring_path_to_the_stock_agent():
    """Three times the pace of the stock agent is a ratio of three, and stands in the report."""
    paces = {BARE: Pace(9, 1, 1), STOCK: Pace(1, 1, 1), SCORING: Pace(3, 1, 1)}
    measured = Measured(paces=paces)

    assert measured.ratio == 3.0
    assert f"| {SCORING} | 3 | 333333.3 | 3.00 |" in report(measured, origin="a test", count=9)


def test_a_record_waits_for_the_look_that_sees_it():
    """The wait ends at the first look whose fence is at or behind the record, by partition."""
    sent_at = {(0, 1): 10.0, (0, 2): 10.0, (1, 0): 11.0}
    looks = [(10.5, [1, -1]), (12.0, [5, 0])]

    assert sorted(stored_after(sent_at, looks)) == [0.5, 1.0, 2.0]


def test_percentiles_are_in_milliseconds():
    """Half of the waits do not exceed the p50, which is given in milliseconds."""
    assert Latency.of([0.001, 0.002, 0.003, 0.004]) == Latency(2.0, 4.0, 4.0)


def test_the_watch_gives_each_step_its_own_time():
    """A step's time does not hold that of the steps inside it, so all add up to the whole."""
    watch = Watch()
    inner = watch.timed("inner", lambda: sum(range(100_000)))
    outer = watch.timed("outer", inner)
    whole = watch.timed("whole", lambda: [outer() for _ in range(3)])

    whole()

    assert watch.seconds["inner"] > watch.seconds["outer"] > 0.0
    assert watch._inside == [pytest.approx(sum(watch.seconds.values()))]


async def test_the_watch_does_not_count_waiting():
    """Time in which a coroutine waits is another's; its result and its errors pass through."""
    watch = Watch()

    async def wait(answer):
        """Wait once."""
        await asyncio.sleep(0.05)
        if answer is None:
            raise KeyError(answer)
        return answer

    watched = watch.awaited("wait", wait)
    answers = await asyncio.gather(watched(1), watched(2))

    assert answers == [1, 2]
    assert watch.seconds["wait"] < 0.05
    with pytest.raises(KeyError):
        await watched(None)


def test_the_cpu_of_a_process_is_read():
    """This very process has used some CPU, and not more than an hour of it."""
    assert 0.0 < cpu_of(os.getpid()) < 3600.0


def test_without_data_the_message_and_two(capsys):
    """A command without its data says what to pass, and ends with status 2."""

    def measure():
        raise MissingDataError("pass its folder")

    assert command_line.run(measure) == 2
    assert "pass its folder" in capsys.readouterr().err


def test_a_command_that_does_not_hold_ends_with_one():
    """The exit status says whether the figures hold."""
    assert [command_line.run(lambda: True), command_line.run(lambda: False)] == [0, 1]


def test_an_unknown_dataset_is_refused_in_words():
    """A dataset that has no module is a mistake on the command line."""
    with pytest.raises(argparse.ArgumentTypeError, match="atlantis is no dataset"):
        command_line.dataset_named("atlantis")
