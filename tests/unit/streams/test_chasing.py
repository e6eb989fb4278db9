"""Is everybody chased once, whatever dies, and by one worker alone?"""

import logging

import msgspec
import pytest

from alerts.awaited import MemorySignatures
from alerts.notification_log import LogUnreachableError, NotificationLog
from config.schema import Roles, Settings, Timers
from detectors import events as e
from detectors.handling import Handled
from detectors.measure import Measure
from streams import chasing
from streams.chasing import build_chaser, is_chasing, quiet_hours
from streams.surveying import SurveyAbandonedError
from streams.topics import Topic
from tests import builders as b
from tests.chased import Bureau, Log

PLACE = "410422001"
LISTED = e.AbnormalAdded(reason=1, place=PLACE)
LATER = b.on(14)


async def warned(**how):
    """Return a bureau with a warning whose time to sign is over."""
    bureau = Bureau(**how)
    (warning, *_) = await bureau.has(LISTED, day=0, name="first")
    bureau.now = LATER
    return bureau, warning


class DeadError(BaseException):
    """The process ends here."""


class Once:
    """A part that fails the first time that it is asked for one thing."""

    def __init__(self, part, name, error):
        """Stand before a part."""
        self._part, self._name, self._error = part, name, error

    def __getattr__(self, name):
        """Return what the part has, or what fails."""
        return self._fail if name == self._name and self._error else getattr(self._part, name)

    async def _fail(self, *_, **__):
        error, self._error = self._error, None
        raise error


@pytest.mark.parametrize("is_read", [True, False], ids=["its word was read", "it was not"])
@pytest.mark.parametrize(
    ("part", "name"),
    [
        pytest.param("rows", "insert", id="before the messages are planned"),
        pytest.param("publisher", "publish", id="before the word is on the log"),
        pytest.param("signatures", "settle", id="before the name is settled"),
    ],
)
async def test_dead_at_any_point_it_tells_nobody_twice_and_forgets_nobody(part, name, is_read):
    """Done again by the next worker: the same messages, the same event, by their ids."""
    bureau, warning = await warned()
    faulty = Once(getattr(bureau, part), name, DeadError())
    if part == "rows":
        bureau.chaser.log = NotificationLog(faulty)
    else:
        setattr(bureau.chaser, part, faulty)
    with pytest.raises(DeadError):
        await bureau.look()
    if is_read:
        await bureau.read()

    await bureau.worker().chase_due()
    await bureau.read()

    await bureau.send()
    assert sum((await bureau.send()).values()) == 4 + len(await issued(bureau, warning))
    assert len(set(bureau.escalations())) == 1
    assert (await bureau.life(warning)) == ["escalated"]
    assert await bureau.signatures.due(LATER, limit=9) == ()


async def issued(bureau, warning):
    """Return the messages of the issue."""
    rows = await bureau.rows.of_warning(warning.id)
    return [row for row in rows if not row.notification.overdue]


async def test_two_workers_at_once_tell_what_one_tells():
    """A partition may be two workers' for a moment: ids are the same, whoever speaks."""
    bureau, _ = await warned()
    names = await bureau.signatures.due(LATER, limit=9)
    both = bureau.worker(), bureau.worker()
    for one in both:
        one.signatures = Unsettled(bureau.signatures)
        await one.chase_due()

    assert len(names) == 1
    assert len(await bureau.chased()) == 4
    assert len(bureau.escalations()) == 2
    assert len(set(bureau.escalations())) == 1


class Unsettled(MemorySignatures):
    """What a worker sees of the store whose answer to ``settle`` is on its way."""

    def __init__(self, store):
        """Look at the same."""
        super().__init__()
        self.store, self.asked = store, 0

    async def due(self, now, *, limit):
        """Return what is due, once."""
        self.asked += 1
        return () if self.asked > 1 else await self.store.due(now, limit=limit)

    async def of(self, name):
        """Return what waits."""
        return await self.store.of(name)


async def test_a_replay_of_the_alert_topic_chases_nobody_again():
    """The notifier reads its warnings anew: ids are known, and the life says it."""
    bureau, warning = await warned()
    await bureau.look()
    await bureau.read()
    await bureau.tell(warning)

    again = await bureau.look(b.on(60))

    assert again == {}
    assert len(bureau.escalations()) == 1


async def test_a_replay_moves_no_deadline():
    """Read again a week later, the warning waits until the moment of before."""
    bureau, warning = await warned()
    (before,) = await bureau.signatures.of(f"{warning.id}/{Measure.WARNING}")

    await bureau.tell(warning)

    assert await bureau.signatures.of(before.name) == (before,)
    assert await bureau.signatures.due(before.look_at, limit=9) == (before.name,)


async def test_only_the_owner_of_the_first_partition_looks():
    """All others leave it to that one."""
    bureau, _ = await warned()
    other = Log()
    other.owned = [1, 2, 3]

    await bureau.worker(other).chase_due()

    assert await bureau.chased() == {}


async def test_who_loses_the_partition_gives_up_between_two_names():
    """What is left is the next owner's."""
    bureau, _ = await warned()
    chaser = bureau.chaser

    async def lose(_):
        """Lose the partition while others work."""
        bureau.log.owned = []

    chaser.sleep = lose
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("streams.surveying.SLICE_S", 0)
        with pytest.raises(SurveyAbandonedError):
            await chaser.chase_due()

    assert await bureau.chased() == {}


async def test_while_it_is_unknown_how_far_the_log_is_read_nobody_is_chased():
    """The broker has not said where its log ends."""
    bureau, _ = await warned()
    bureau.log.reading = lambda _: None

    assert await bureau.look() == {}


@pytest.mark.parametrize("part", ["store", "publisher", "signatures"])
async def test_an_outage_is_waited_for(part, caplog):
    """Redis or Kafka away: counted, said, and done when they are back."""
    bureau, _ = await warned()
    bureau.chaser.signatures = Once(bureau.signatures, "due", LogUnreachableError("gone"))
    if part != "signatures":
        bureau.chaser.signatures = bureau.signatures
        getattr(bureau, part).failures = 1
    rounds = iter([False] * 40)

    await bureau.chaser.run(lambda: next(rounds, True))

    counted = {"publisher": "kafka"}.get(part, "redis")
    assert "chasing waits" in caplog.text
    assert bureau.metrics.registry.get_sample_value(
        "sanzao_retries_total", {"part": counted}
    ) == 1  # fmt: skip
    assert len(await bureau.chased()) == 4


async def test_one_that_cannot_be_chased_keeps_no_other_waiting(caplog):
    """A fault of ours is said and tried again in an hour; the others are chased at once."""
    bureau, warning = await warned()
    (waiting,) = await bureau.signatures.of(f"{warning.id}/{Measure.WARNING}")
    await bureau.signatures.settle(waiting.name, [warning.id])
    for name in ("a", "b"):
        await bureau.signatures.expect([msgspec.structs.replace(waiting, name=name)])
    bureau.chaser.lives = Once(bureau.lives, "of_each", ValueError("strange"))

    with caplog.at_level(logging.ERROR):
        found = await bureau.look()

    assert "a could not be chased" in caplog.text
    assert len(found) == 4
    assert await bureau.signatures.due(LATER, limit=9) == ()
    assert await bureau.signatures.due(b.on(14.05), limit=9) == ("a",)


async def test_a_warning_of_a_place_that_nobody_governs_is_the_desk_s_to_sign():
    """The desk leads what cannot be routed; it is reminded, and nobody is above it."""
    bureau = Bureau()
    await bureau.has(e.AbnormalAdded(reason=1, place="990000"), day=0)

    found = await bureau.look(LATER)

    assert {one.authority for one in found.values()} == {bureau.desk.tree.duty_desk.name}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        pytest.param(Settings(), True, id="at work"),
        pytest.param(Settings(roles=Roles(chase=False)), False, id="switched off"),
        pytest.param(Settings(timers=Timers(clock="events")), False, id="a simulation"),
    ],
)
def test_when_a_process_has_a_part_in_it(settings, expected):
    """By the wall clock alone: in a replay of history everybody would be years late."""
    assert is_chasing(settings) is expected


def test_the_word_on_the_log_is_the_same_whoever_says_it_and_when():
    """Its id follows from the warning, its measure and its issue."""
    bureau = Bureau()
    (warning, *_) = b.issued(bureau.enterprise.has(LISTED))

    def said(one, *, above, day):
        """Return the id of the event."""
        return chasing.escalation(
            one, desk=bureau.desk, above=above, case=chasing.Missed.UNSIGNED, at=b.on(day)
        ).id  # fmt: skip

    again = msgspec.structs.replace(warning, revision="72942051")

    assert said(warning, above="甲", day=1) == said(warning, above="乙", day=2)
    assert said(again, above="甲", day=1) != said(warning, above="甲", day=1)


async def test_the_life_says_whom_the_machine_told_on_the_desk_s_behalf():
    """Whoever reads the page sees when it was escalated, by whom, and to whom."""
    bureau, warning = await warned()
    await bureau.look()
    (record,) = bureau.publisher.to(Topic.EVENT.value)
    (act,) = b.of_type(bureau.enterprise.meets(e.decode(record.value)), Handled)

    assert (act.warning_id, act.state, act.label) == (warning.id, "escalated", "已督办")
    assert act.authority == bureau.desk.tree.duty_desk.code
    assert act.note == "签收时限内无人签收，系统自动督办：县局信用监管股"
    assert act.at == LATER


async def test_a_chaser_is_built_from_the_settings():
    """It asks the clock that it was given, and keeps the quiet hours of the settings."""
    bureau = Bureau()
    chaser = build_chaser(
        Settings(), bureau.desk, redis=None, log=None, lives=bureau.lives, store=bureau.store,
        publisher=bureau.publisher, progress=bureau.log, metrics=bureau.metrics,
        now=lambda: bureau.now,
    )  # fmt: skip

    assert chaser.quiet == quiet_hours(Settings())
    assert chaser.poll_s == Settings().chase.poll_s
    assert await chaser.clock.moment([0]) == int(bureau.now.timestamp())
