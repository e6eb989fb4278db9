"""Is every outcome learned once, by one writer, and read by all?"""

import asyncio
import itertools

import msgspec
import pytest

from detectors import learned, model
from detectors.example import Example
from detectors.features import FEATURES_VERSION, NAMES
from detectors.quota import MOST_AN_INFORMANT
from streams.learning import BREATH, MOST_ROWS, Kept, LearningDesk, MemorySnapshots, ModelFeed
from streams.metrics import Metrics
from streams.publisher import MemoryPublisher
from streams.store import FencedError, StoreUnavailableError
from streams.teaching import Teacher
from streams.topics import Topic
from tests import builders as b
from tests import shell


def example(offset, *, domain="FOODS", found=True, **changes):
    """Return an outcome at a place of the log."""
    return Example(
        id=f"x{offset}",
        domain=domain,
        at=b.START_S + offset,
        features=[float(offset % 3)] * len(NAMES),
        category="",
        form="",
        found=found,
        features_version=changes.pop("features_version", FEATURES_VERSION),
        epoch=1,
        partition=changes.pop("partition", 0),
        offset=offset,
        **changes,
    )


def raws(*examples):
    """Return examples as they stand on their topic."""
    return [msgspec.json.encode([one]) for one in examples]


class BrokenSnapshots(MemorySnapshots):
    """Snapshots behind a Redis that does not answer."""

    async def load(self):
        """Fail."""
        raise StoreUnavailableError("down")


async def test_a_lesson_is_stored_before_it_is_told():
    """What a lesson returns is what the store holds."""
    store = MemorySnapshots()

    lesson = await LearningDesk(store).learn(raws(example(0), example(1, domain="QUAL")))

    assert {one.domain: learned.encode(one) for one in lesson.snapshots} == store.raws
    assert set(store.raws) == {"FOODS", "QUAL"}
    assert (lesson.learned, lesson.refused) == (2, 0)


async def test_an_example_sent_twice_is_learned_once():
    """A replayed batch teaches nothing new and writes nothing, at once or after a restart."""
    store, examples = MemorySnapshots(), raws(example(0), example(1, found=False), example(2))
    desk = LearningDesk(store)
    await desk.learn(examples)
    before = dict(store.raws)

    again = await desk.learn(examples)
    restarted = await LearningDesk(store).learn(examples)

    assert again.learned == restarted.learned == 0
    assert again.snapshots == restarted.snapshots == ()
    assert store.raws == before


async def test_others_get_their_turn_while_a_backlog_is_learned():
    """A lesson of any size leaves the loop to the others every few examples."""
    turns = 0

    async def other():
        """Count the turns of anybody else."""
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    await LearningDesk(MemorySnapshots(), members=("sgd",)).learn(
        raws(*(example(n) for n in range(BREATH * 10)))
    )
    task.cancel()

    assert turns >= 10


async def test_a_lesson_that_was_broken_off_is_learned_whole():
    """Cancelled in its midst, a lesson leaves no example that counts as learned and is not kept."""
    store, whole = MemorySnapshots(), MemorySnapshots()
    desk, examples = LearningDesk(store), raws(*(example(n) for n in range(BREATH * 3)))
    await LearningDesk(whole).learn(examples)
    broken_off = asyncio.create_task(desk.learn(examples))
    await asyncio.sleep(0)
    broken_off.cancel()
    await asyncio.wait([broken_off])

    lesson = await desk.learn(examples)

    assert broken_off.cancelled()
    assert lesson.learned == BREATH * 3
    assert store.raws == whole.raws


async def test_a_lesson_is_told_although_its_first_publication_failed():
    """What the store holds reaches the topic and the metrics, once, however often Kafka fails."""
    publisher, metrics = MemoryPublisher(failures=2), Metrics()
    teacher = Teacher(
        desk=LearningDesk(MemorySnapshots(), members=("sgd",)),
        publisher=publisher,
        partitions=4,
        metrics=metrics,
        sleep=lambda _seconds: asyncio.sleep(0),
    )
    arrivals = [shell.Arrival(raw, offset=n) for n, raw in enumerate(raws(example(0), example(1)))]

    assert await teacher.digest([shell.batch(*arrivals, topic=Topic.EXAMPLE)])

    assert [one.topic for one in publisher.records] == [Topic.SNAPSHOT]
    assert metrics.registry.get_sample_value("sanzao_examples_total") == 2


async def test_partitions_of_the_log_are_told_apart():
    """The same offset of another partition is another outcome."""
    store = MemorySnapshots()

    lesson = await LearningDesk(store).learn(raws(example(7), example(7, partition=1)))

    assert lesson.learned == 2


async def test_a_restart_goes_on_where_the_last_one_stopped():
    """Two desks, one after the other, come to the model of one that never stopped."""
    examples = raws(*(example(offset, found=offset % 4 == 0) for offset in range(40)))
    whole, parts = MemorySnapshots(), MemorySnapshots()
    await LearningDesk(whole).learn(examples)

    for some in itertools.batched(examples, 13) if hasattr(itertools, "batched") else (
        examples[:13], examples[13:26], examples[26:]
    ):  # fmt: skip
        await LearningDesk(parts).learn(list(some))

    assert parts.raws == whole.raws
    assert parts.kept == whole.kept


async def test_what_was_asked_is_kept_over_a_restart():
    """A question is no outcome; what was said of it is what its outcome is judged by."""
    store = MemorySnapshots()
    await LearningDesk(store).learn(raws(*(example(n, found=n % 4 == 0) for n in range(40))))
    asked = await LearningDesk(store).learn(raws(example(40, found=None, look="task-1")))
    said = model.decode(store.kept["FOODS"].notebook).questions["task-1"]

    told = await LearningDesk(store).learn(raws(example(41, found=True, look="task-1")))

    assert (asked.learned, told.learned) == (0, 1)
    notebook = model.decode(store.kept["FOODS"].notebook)
    assert notebook.questions == {}
    assert notebook.health.said[-1] == said.pooled


async def test_only_a_notebook_s_own_rows_are_read():
    """Rows that an unreadable model left behind teach nobody."""
    store = MemorySnapshots({"FOODS": b"old"}, {"FOODS": Kept(b"old", (b"junk",) * 9)})
    await LearningDesk(store).learn(raws(example(0), example(1)))

    lesson = await LearningDesk(store).learn(raws(example(2)))

    assert lesson.learned == 1
    assert store.kept["FOODS"].rows[:9] == (b"junk",) * 9


async def test_rows_are_bounded():
    """Of the examples kept, the newest two generations stay."""
    store = MemorySnapshots()
    before = b""
    for n in range(3):
        await store.swap("FOODS", before, b"%d" % n, Kept(b"", (b"%d" % n,) * (MOST_ROWS - 1)))
        before = b"%d" % n

    rows = (await store.recall("FOODS")).rows

    assert len(rows) == MOST_ROWS
    assert (rows[0], rows[1]) == (b"1", b"2")


async def test_a_drift_is_told_once():
    """The lesson in which the alarm was raised names the domain; the next one does not."""
    desk = LearningDesk(MemorySnapshots(), members=("sgd",))
    await desk.learn(raws(*(example(n, found=n % 20 == 0) for n in range(400))))
    await desk.learn(raws(*(example(n, found=None, look=f"{n}") for n in range(400, 440))))

    changed = await desk.learn(
        raws(*(example(n + 40, found=True, look=f"{n}") for n in range(400, 440)))
    )
    after = await desk.learn(raws(example(480, found=False)))

    assert changed.drifted == ("FOODS",)
    assert after.drifted == ()
    assert desk.health()["FOODS"].drift.stands


async def test_a_long_lesson_says_that_it_goes_on():
    """A backlog of examples takes minutes; its end alone would come too late for the watchdog."""
    said = []
    desk = LearningDesk(MemorySnapshots(), members=("sgd",), alive=lambda: said.append("alive"))

    await desk.learn(raws(*(example(n) for n in range(BREATH * 3))))

    assert len(said) == 3


async def test_what_lies_above_the_quota_is_counted():
    """Outcomes of one informant above the quota are told apart from those that taught."""
    lesson = await LearningDesk(MemorySnapshots(), members=("sgd",)).learn(
        raws(*(example(n, informant="one") for n in range(10)))
    )

    assert lesson.over_quota == 10 - MOST_AN_INFORMANT


async def test_a_second_writer_is_fenced_and_forgets():
    """Where another worker has written, the desk drops its own model and reads the other's."""
    store = MemorySnapshots()
    late, quick = LearningDesk(store), LearningDesk(store)
    await late.learn(raws(example(0)))
    await quick.learn(raws(example(0), example(1)))
    stored = dict(store.raws)

    with pytest.raises(FencedError):
        await late.learn(raws(example(1)))
    unchanged = dict(store.raws)
    lesson = await late.learn(raws(example(1), example(2)))

    assert unchanged == stored
    assert lesson.learned == 1
    assert learned.decode(store.raws["FOODS"]).examples == 3


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"{", id="broken JSON"),
        pytest.param(b'{"id": "\xff"}', id="no UTF-8"),
        pytest.param(b"[" * 100_000, id="brackets without end"),
        pytest.param(raws(example(0, features_version=0))[0], id="features of another version"),
        pytest.param(
            raws(msgspec.structs.replace(example(0), features=[1.0]))[0], id="features missing"
        ),
    ],
)
async def test_an_example_that_cannot_be_read_is_counted_and_passed_over(raw):
    """One bad example keeps nobody from learning the next one."""
    store = MemorySnapshots()

    lesson = await LearningDesk(store).learn([raw, *raws(example(1))])

    assert (lesson.learned, lesson.refused) == (1, 1)


async def test_a_snapshot_of_another_version_is_replaced():
    """A model that this program cannot read is no obstacle: a new one begins in its place."""
    store = MemorySnapshots({"FOODS": b"of another version"})

    await LearningDesk(store).learn(raws(example(0)))

    assert learned.decode(store.raws["FOODS"]).examples == 1


async def test_the_feed_takes_the_newest_scorers():
    """A reader sees what the writer stored; what has not changed is not read again."""
    store = MemorySnapshots()
    feed = ModelFeed(store)
    await LearningDesk(store).learn(raws(example(0)))

    changed, again = await feed.refresh(), await feed.refresh()

    assert (changed, again) == (True, False)
    assert feed.scorers["FOODS"].version == "FOODS-1"
    assert feed.snapshots["FOODS"].examples == 1


async def test_a_batch_keeps_the_scorers_it_began_with():
    """A refresh replaces the mapping; it does not change one that is in use."""
    store = MemorySnapshots()
    feed, desk = ModelFeed(store), LearningDesk(store)
    await desk.learn(raws(example(0)))
    await feed.refresh()
    in_use = feed.scorers

    await desk.learn(raws(example(1)))
    await feed.refresh()
    newer = feed.scorers
    store.raws["FOODS"] = b"of another version"
    await feed.refresh()

    assert in_use["FOODS"].version == "FOODS-1"
    assert newer["FOODS"].version == "FOODS-2"
    assert feed.scorers == {}


async def test_a_snapshot_that_cannot_be_read_leaves_the_rules_alone():
    """An incompatible model is refused and counted: no scorer is better than a wrong one."""
    store = MemorySnapshots()
    feed = ModelFeed(store)
    await LearningDesk(store).learn(raws(example(0)))
    await feed.refresh()
    store.raws["FOODS"] = b"of another version"

    await feed.refresh()

    assert feed.scorers == {}
    assert feed.refused == 1


async def test_the_last_scorers_stay_in_use_while_redis_is_down():
    """A model that cannot be refreshed is not thrown away."""
    store = MemorySnapshots()
    feed = ModelFeed(store)
    await LearningDesk(store).learn(raws(example(0)))
    await feed.refresh()
    feed._store = BrokenSnapshots()

    with pytest.raises(StoreUnavailableError):
        await feed.refresh()

    assert set(feed.scorers) == {"FOODS"}
