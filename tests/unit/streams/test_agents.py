"""Does an agent acknowledge what was finished, and nothing else, and never raise?"""

import asyncio

import pytest

from streams.agents import EXIT_LOST, agent_of, collecting_agent_of
from tests import builders as b
from tests import shell

BATCHES = [
    shell.batch(*shell.arrivals([b.event(b.penalty(), name=f"p{n}")], first=n)) for n in range(3)
]


DONE, NOT_DONE = True, False


def answering(*answers):
    """Return a digest that gives these answers in turn: done or not, or an exception to raise."""
    waiting = list(answers)

    async def digest(_batch):
        """Answer."""
        answer = waiting.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    return digest


async def test_what_was_finished_is_acknowledged():
    """Each batch that was digested is acknowledged, in its order."""
    stream = await shell.run(answering(DONE, DONE, DONE), *BATCHES)

    assert stream.acknowledged == BATCHES


async def test_what_was_not_finished_is_not_acknowledged():
    """A batch of a partition that went to another worker is passed over in silence."""
    stream = await shell.run(answering(DONE, NOT_DONE), *BATCHES[:2])

    assert stream.acknowledged == BATCHES[:1]
    assert stream.ended == []


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(RuntimeError("a fault of ours"), id="an error"),
        pytest.param(SystemExit(3), id="an exit"),
        pytest.param(GeneratorExit(), id="what is no Exception"),
    ],
)
async def test_an_agent_never_raises(error):
    """What raises in an agent, Faust acknowledges: so nothing leaves it, the process ends first."""
    stream = await shell.run(answering(error), BATCHES[0])

    assert stream.ended == [EXIT_LOST]
    assert stream.acknowledged == []


async def test_the_last_words_name_the_place(caplog):
    """Whoever reads the log finds topic, partition and offsets of what could not be digested."""
    await shell.run(answering(RuntimeError("no room")), BATCHES[2])

    assert "assess cannot go on at enterprise.event.v1[0] offsets 2 to 2" in caplog.text
    assert "no room" in caplog.text


async def test_a_stop_in_the_middle_acknowledges_nothing():
    """A worker that is told to stop while it digests neither acknowledges nor ends hard."""
    stream, begun = shell.Stream(BATCHES[0]), asyncio.Event()

    async def endless(_batch):
        """Begin, and never finish."""
        begun.set()
        await asyncio.Event().wait()

    working = asyncio.create_task(agent_of("assess", endless, end=stream.ended.append)(stream))
    await begun.wait()
    working.cancel()
    await asyncio.wait([working])

    assert working.cancelled()
    assert (stream.acknowledged, stream.ended) == ([], [])


async def test_batches_of_one_partition_stand_in_line():
    """A batch is begun when the one before it is finished: enterprises have one order of events."""
    at_work, most = [], []

    async def digest(batch):
        """Take three turns of the loop."""
        at_work.append(batch)
        for _ in range(3):
            await asyncio.sleep(0)
        most.append(len(at_work))
        at_work.remove(batch)
        return True

    stream = await shell.run(digest, *BATCHES)

    assert most == [1, 1, 1]
    assert stream.acknowledged == BATCHES


def collecting(digest, stream):
    """Return the loop of the learning agent over a stream, without its pause."""
    return collecting_agent_of("learn", digest, pause_s=0, end=stream.ended.append)(stream)


async def test_batches_at_hand_are_learned_together():
    """All that waits is one lesson, and so one snapshot, whatever the rate of outcomes."""
    stream, lessons = shell.Stream(*BATCHES), []

    async def digest(batches):
        """Note the lesson."""
        lessons.append(batches)
        return True

    await collecting(digest, stream)

    assert lessons == [BATCHES]
    assert stream.acknowledged == BATCHES


async def test_a_lesson_that_was_not_finished_is_not_acknowledged():
    """None of the batches of an unfinished lesson is acknowledged."""
    stream = shell.Stream(*BATCHES)

    await collecting(answering(NOT_DONE), stream)

    assert (stream.acknowledged, stream.ended) == ([], [])


async def test_the_learning_agent_never_raises():
    """A fault in learning ends the process; it does not lose the examples."""
    stream = shell.Stream(*BATCHES)

    await collecting(answering(ZeroDivisionError()), stream)

    assert stream.ended == [EXIT_LOST]
    assert stream.acknowledged == []
