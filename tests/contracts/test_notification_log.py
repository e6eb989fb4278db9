"""Whatever dies, and whenever: nobody is told twice, and nobody is forgotten.

One suite over the twin and over a real Redis.
"""

import asyncio
import collections
import datetime as dt
import os

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import asyncio as redis

from alerts import notification_row as steps
from alerts.delivery import (
    CarriersReport,
    Cause,
    Delivered,
    Heard,
    InDoubt,
    MemoryChannel,
    Refused,
    Report,
    TryAgain,
    Way,
)
from alerts.notification_log import LogUnreachableError, MemoryRows, NotificationLog
from alerts.notification_row import RowState, Step
from alerts.specimen import specimen_notification
from detectors.measure import Measure
from detectors.warning import WarningStatus
from streams.courier import Courier
from streams.devstack.processes import ServerError
from streams.devstack.redis_server import redis_server
from streams.redis_notification_log import RedisRows

NOON = dt.datetime(2026, 7, 1, 4, 0, tzinfo=dt.UTC)
LEASE = dt.timedelta(minutes=2)
SECOND = dt.timedelta(seconds=1)


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory):
    """A real Redis; missing at home is a skip, missing in CI a failure."""
    try:
        with redis_server(tmp_path_factory.mktemp("redis")) as url:
            yield url
    except ServerError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


@pytest.fixture(params=["twin", "redis"])
async def rows(request):
    """Each store, empty."""
    if request.param == "twin":
        yield MemoryRows()
        return
    client = redis.Redis.from_url(request.getfixturevalue("redis_url"))
    await client.flushdb()
    yield RedisRows(client)
    await client.aclose()


@pytest.fixture
def log(rows):
    """An empty log over each store."""
    return NotificationLog(rows)


def message(person="p", way=Way.SMS, *, warning="w-1", now=NOON):
    """Return a message of a warning to a person."""
    return specimen_notification(way, now=now, person_id=person, warning_id=warning)


def said(identity, *, arrived=True, way=Way.SMS, now=NOON):
    """Return a carrier's report."""
    return Report(way=way, notification_id=identity, arrived=arrived, at=now, provider_id="b^0")


async def claim_one(log, *, now, worker="a"):
    """Claim the one due row."""
    (row,) = await log.claim_due(now=now, worker=worker, lease=LEASE, limit=5)
    return row


async def test_planning_again_plans_nothing(log):
    """A replayed warning finds its messages already there, whatever became of them."""
    first, second = message("p"), message("q")

    assert await log.plan([first], now=NOON) == (first.id,)
    assert await log.plan([first, second], now=NOON + SECOND) == (second.id,)
    assert await log.plan([first, second], now=NOON + SECOND) == ()
    assert await log.plan([], now=NOON) == ()


async def test_what_was_claimed_is_not_claimed_again_within_its_lease(log):
    """Two workers that ask at once share the work; nothing is in two hands."""
    await log.plan([message(str(number)) for number in range(5)], now=NOON)

    mine = await log.claim_due(now=NOON, worker="a", lease=LEASE, limit=3)
    yours = await log.claim_due(now=NOON, worker="b", lease=LEASE, limit=3)

    assert (len(mine), len(yours)) == (3, 2)
    assert not {row.id for row in mine} & {row.id for row in yours}


async def test_nothing_is_due_before_its_time(log):
    """A row waits for the moment it was planned for."""
    await log.plan([message(now=NOON + SECOND)], now=NOON)

    assert await log.claim_due(now=NOON, worker="a", lease=LEASE, limit=5) == ()


async def test_a_worker_that_lost_its_lease_may_not_hand_over(log):
    """The slow worker is told no, the new one yes."""
    await log.plan([message()], now=NOON)
    slow = await claim_one(log, now=NOON)
    later = NOON + LEASE
    new = await claim_one(log, now=later, worker="b")

    assert not await log.hand_over(slow.id, attempt=slow.attempt, now=later, lease=LEASE)
    assert await log.hand_over(new.id, attempt=new.attempt, now=later, lease=LEASE)
    assert not await log.hand_over(new.id, attempt=new.attempt, now=later, lease=LEASE)


async def test_a_worker_that_died_while_sending_leaves_doubt(log):
    """What was handed over and never settled comes back, marked doubtful."""
    await log.plan([message()], now=NOON)
    dead = await claim_one(log, now=NOON)
    await log.hand_over(dead.id, attempt=1, now=NOON, lease=LEASE)

    heir = await claim_one(log, now=NOON + LEASE, worker="b")

    assert (dead.is_doubtful, heir.is_doubtful) == (False, True)
    assert await log.settle(dead.id, attempt=1, outcome=Delivered("x"), now=NOON) is None


async def test_an_uncertain_message_is_seen_and_a_person_may_release_it(log):
    """It is counted and listed, never due, until somebody decides."""
    await log.plan([message(way=Way.EMAIL)], now=NOON)
    row = await claim_one(log, now=NOON)
    await log.settle(row.id, attempt=1, outcome=InDoubt(), now=NOON)

    backlog = await log.backlog(NOON)
    assert (backlog.open, backlog.uncertain, backlog.troubled) == (0, 1, 1)
    assert [row.state for row in await log.troubled(limit=9)] == [RowState.UNCERTAIN]
    assert await log.claim_due(now=NOON + LEASE, worker="a", lease=LEASE, limit=5) == ()

    assert await log.release(row.id, now=NOON + LEASE, by="ops", askable=())
    assert (await log.backlog(NOON)).uncertain == 0
    assert (await claim_one(log, now=NOON + LEASE)).id == row.id


@pytest.mark.parametrize(("arrived", "state"), [(True, RowState.ARRIVED), (False, RowState.FAILED)])
async def test_a_delivery_report_has_the_last_word(log, arrived, state):
    """Accepted is not arrived: the carrier's report closes the row for good."""
    await log.plan([message()], now=NOON)
    row = await claim_one(log, now=NOON)
    await log.settle(row.id, attempt=1, outcome=Delivered("b^0"), now=NOON)
    report = said(row.id, arrived=arrived)

    assert await log.receipt(report, now=NOON) is Heard.SETTLED
    assert await log.receipt(report, now=NOON) is Heard.LATE
    assert [row.state for row in await log.why("w-1")] == [state]


async def test_a_store_swaps_a_row_only_for_its_successor(rows):
    """Who read an older revision changes nothing; who repeats a lost command succeeds."""
    old = steps.planned(message(), now=NOON)
    await rows.insert([old])
    mine = steps.claimed(old, now=NOON, worker="a", lease=LEASE)
    yours = steps.claimed(old, now=NOON, worker="b", lease=LEASE)

    assert await rows.swap(old, mine)
    assert not await rows.swap(old, yours)
    assert (await rows.load(old.id)).worker == "a"


def named(provider_id, *, address="13800000001", arrived=True):
    """Return the report of a carrier that knows no id of ours."""
    return CarriersReport(
        way=Way.SMS, provider_id=provider_id, address=address, arrived=arrived, at=NOON
    )


@pytest.mark.parametrize(("arrived", "state"), [(True, RowState.ARRIVED), (False, RowState.FAILED)])
async def test_a_report_by_the_carriers_own_name_finds_its_message(log, arrived, state):
    """The name under which it was accepted leads to the row, receipts told or not."""
    await log.plan([message("p"), message("q")], now=NOON)
    for number, row in enumerate(
        await log.claim_due(now=NOON, worker="a", lease=LEASE, limit=5), start=1
    ):
        await log.settle(row.id, attempt=1, outcome=Delivered(f"g{number}"), now=NOON)
        settled = row
    await log.told((await log.why(settled.id))[0])

    heard = await log.receipt_by_name(named("g2", arrived=arrived), now=NOON)

    assert heard is Heard.SETTLED
    assert [row.state for row in await log.why(settled.id)] == [state]
    assert (await log.backlog(NOON)).open == 0


@pytest.mark.parametrize(
    "report",
    [
        pytest.param(named("g9"), id="a name that we never heard"),
        pytest.param(named("g1", address="13800000002"), id="another phone"),
        pytest.param(named(""), id="no name"),
    ],
)
async def test_a_report_of_another_sender_by_our_account_changes_nothing(log, report):
    """Name and phone must both be ours."""
    await log.plan([message()], now=NOON)
    row = await claim_one(log, now=NOON)
    await log.settle(row.id, attempt=1, outcome=Delivered("g1"), now=NOON)

    heard = await log.receipt_by_name(report, now=NOON)

    assert heard is Heard.UNKNOWN
    assert [one.state for one in await log.why(row.id)] == [RowState.ACCEPTED]


async def test_a_report_about_nobody_is_told_apart(log):
    """A report whose message is unknown is not swallowed."""
    assert await log.receipt(said("n-x"), now=NOON) is Heard.UNKNOWN


async def test_a_report_about_what_was_never_sent_changes_nothing(log):
    """The message still goes to its person, and the report is told apart."""
    await log.plan([message()], now=NOON)

    assert await log.receipt(said(message().id), now=NOON) is Heard.REFUSED
    assert (await claim_one(log, now=NOON)).history[-2].step is Step.PLANNED


async def test_why_tells_the_whole_story(log):
    """Every message of a warning, with each step, attempt, worker and cause."""
    await log.plan([message("p"), message("q"), message("r", warning="w-2")], now=NOON)
    for row in await log.claim_due(now=NOON, worker="a", lease=LEASE, limit=2):
        await log.hand_over(row.id, attempt=1, now=NOON, lease=LEASE)
        await log.settle(row.id, attempt=1, outcome=Refused(Cause.BAD_ADDRESS), now=NOON)

    rows = [row for row in await log.why("w-1") if row.state is RowState.REFUSED]
    story = [(entry.step, entry.attempt, entry.cause) for entry in rows[0].history]

    assert len(await log.why("w-1")) == 2
    assert await log.why("w-3") == ()
    assert story == [
        (Step.PLANNED, 0, None),
        (Step.CLAIMED, 1, None),
        (Step.HANDED, 1, None),
        (Step.REFUSED, 1, Cause.BAD_ADDRESS),
    ]


async def test_why_is_asked_by_what_people_have_at_hand(log):
    """The number in a text, the id of a warning or of one message; two warnings share a number."""
    first, second = message("p"), message("q", warning="w-2")
    await log.plan([first, second], now=NOON)

    by_number = await log.why(first.warning_number)
    by_message = await log.why(second.id)

    assert {row.id for row in by_number} == {first.id, second.id}
    assert [row.id for row in by_message] == [second.id]
    assert await log.why("41042220260701-FFFF") == ()


async def test_what_is_not_finished_is_listed_whether_due_or_not(log):
    """Who looks at what waits sees it all, the next first, and takes nothing into their hands."""
    late, soon, done = message("p", now=NOON + LEASE), message("q"), message("r")
    await log.plan([late, soon, done], now=NOON)
    for row in await log.claim_due(now=NOON, worker="a", lease=LEASE, limit=2):
        if row.id == done.id:
            await log.settle(row.id, attempt=1, outcome=Refused(Cause.BAD_ADDRESS), now=NOON)

    listed = await log.unfinished(limit=9)

    assert {row.id for row in listed} == {late.id, soon.id}
    assert await log.unfinished(limit=9) == listed


async def test_a_receipt_is_kept_until_it_is_told(log):
    """What became of an attempt stays listed until the broker has it, and no longer."""
    await log.plan([message()], now=NOON)
    assert await log.untold(limit=5) == ()
    row = await claim_one(log, now=NOON)
    await log.settle(row.id, attempt=1, outcome=TryAgain(Cause.TIMEOUT), now=NOON)

    (waiting,) = await log.untold(limit=5)
    assert [entry.step for entry in waiting.untold] == [Step.RETRY]
    await log.settle(row.id, attempt=1, outcome=Delivered("late"), now=NOON)
    await log.told(waiting)

    assert await log.untold(limit=5) == ()
    assert (await log.backlog(NOON)).untold == 0


async def test_a_receipt_written_meanwhile_is_not_lost(log):
    """Telling the first receipt does not tell one that came while it was published."""
    await log.plan([message()], now=NOON)
    row = await claim_one(log, now=NOON)
    await log.settle(row.id, attempt=1, outcome=Delivered("b"), now=NOON)
    (waiting,) = await log.untold(limit=5)
    await log.receipt(said(row.id), now=NOON)

    await log.told(waiting)

    (again,) = await log.untold(limit=5)
    assert [entry.step for entry in again.untold] == [Step.ARRIVED]


async def test_what_waits_of_a_cancelled_warning_is_withdrawn(log):
    """Of this warning alone, and once; what is withdrawn is neither open nor anybody's trouble."""
    await log.plan([message("p"), message("q"), message(warning="w-2")], now=NOON)
    (held,) = await log.claim_due(now=NOON, worker="a", lease=LEASE, limit=1)
    mine = [row for row in await log.why("w-1") if row.id != held.id]

    closed = await log.withdraw("w-1", now=NOON)
    again = await log.withdraw("w-1", now=NOON)

    backlog = await log.backlog(NOON)
    assert {row.id for row in closed} == {row.id for row in mine}
    assert ({row.state for row in closed}, again) == ({RowState.WITHDRAWN}, ())
    assert (backlog.open, backlog.troubled, backlog.untold) == (3 - len(mine), 0, len(mine))


async def test_of_a_warning_that_has_ended_nothing_is_planned(log):
    """Its issue, read late from another topic, finds the end there; the end itself is told."""
    await log.plan([message("p")], now=NOON)
    (withdrawn,) = await log.end("w-1", now=NOON)
    end = msgspec.structs.replace(message("r"), id="n-end", status=WarningStatus.CANCELLED)

    late = await log.plan([message("q"), message("q", warning="w-2"), end], now=NOON)

    assert withdrawn.state is RowState.WITHDRAWN
    assert set(late) == {message("q", warning="w-2").id, "n-end"}
    assert await log.told_of("w-1") == frozenset()
    assert await log.told_of("w-2") == {"q"}


async def test_a_measure_is_withdrawn_alone(log):
    """A lowering takes back the graver measure; what was told by the milder one still goes."""
    milder = msgspec.structs.replace(message("p"), id="n-milder")
    graver = msgspec.structs.replace(message("p"), measure=Measure.INTERVIEW)
    await log.plan([graver, milder], now=NOON)

    closed = await log.withdraw("w-1", now=NOON, measure=graver.measure)

    assert [row.id for row in closed] == [graver.id]
    assert await log.told_of("w-1", measure=Measure.REMINDER) == {"p"}
    assert await log.told_of("w-1", measure=graver.measure) == frozenset()


async def test_the_backlog_counts_what_is_open_due_and_late(log):
    """Gauges need how many wait, how many should have gone, and how long the oldest is late."""
    await log.plan([message("p"), message("q", now=NOON + 2 * LEASE)], now=NOON)

    backlog = await log.backlog(NOON + LEASE)

    assert (backlog.open, backlog.due, backlog.overdue) == (2, 1, LEASE)


async def test_what_troubled_somebody_is_forgotten_with_its_message(redis_url):
    """Whoever asks for the backlog sweeps out what has expired: no list grows for ever."""
    client = redis.Redis.from_url(redis_url)
    await client.flushdb()
    log = NotificationLog(RedisRows(client, keep=dt.timedelta(days=1)))
    await log.plan([message()], now=NOON)
    await claim_one(log, now=NOON)
    outcome = Refused(Cause.BAD_ADDRESS)
    await log.settle(message().id, attempt=1, outcome=outcome, now=NOON)

    young = await log.backlog(NOON + dt.timedelta(hours=23))
    old = await log.backlog(NOON + dt.timedelta(hours=25))
    left = await client.exists("sanzao:{notify}:troubled", "sanzao:{notify}:untold")
    await client.aclose()

    assert ((young.troubled, young.untold), (old.troubled, old.untold)) == ((1, 1), (0, 0))
    assert left == 0


async def test_many_workers_at_once_send_each_message_once(log):
    """Four couriers on one log: the carrier, which refuses a repetition, sees each id once."""
    messages = [message(str(number)) for number in range(40)]
    await log.plan(messages, now=NOON)
    channel = MemoryChannel()

    async def drop(_):
        """Receipts are another test's."""

    couriers = [
        Courier(log, {Way.SMS: channel}, clock=lambda: NOON, worker=name, on_receipt=drop)
        for name in "abcd"
    ]
    rounds = await asyncio.gather(*(courier.deliver_due() for courier in couriers))

    assert set(channel.accepted) == {message.id for message in messages}
    assert sum(done.claimed for done in rounds) == channel.handed_over == 40


async def test_a_redis_that_is_gone_is_one_kind_of_error():
    """Whatever the client raises for the outside world, the port has one word for it."""
    client = redis.Redis(host="127.0.0.1", port=1, retry=None)
    log = NotificationLog(RedisRows(client))

    with pytest.raises(LogUnreachableError):
        await log.plan([message()], now=NOON)
    await client.aclose()


async def test_a_redis_that_refuses_to_write_is_down_as_well(redis_url):
    """A server without its replicas, or with a full disk, answers; it is an outage all the same."""
    client = redis.Redis.from_url(redis_url)
    await client.flushdb()
    log = NotificationLog(RedisRows(client))
    await client.config_set("min-replicas-to-write", 1)

    try:
        with pytest.raises(LogUnreachableError, match="NOREPLICAS"):
            await log.plan([message()], now=NOON)
    finally:
        await client.config_set("min-replicas-to-write", 0)
        await client.aclose()


async def test_a_closed_message_expires_and_an_open_one_never(redis_url):
    """Retention is for what is done; a message that still waits has no end."""
    client = redis.Redis.from_url(redis_url)
    await client.flushdb()
    log = NotificationLog(RedisRows(client, keep=dt.timedelta(days=1)))
    done, waiting = message("p"), message("q", now=NOON + LEASE)
    await log.plan([done, waiting], now=NOON)
    row = await claim_one(log, now=NOON)
    await log.settle(row.id, attempt=1, outcome=Delivered("b"), now=NOON)

    lives = [await client.ttl(f"sanzao:{{notify}}:row:{one.id}") for one in (done, waiting)]
    await client.aclose()

    assert 0 < lives[0] <= 86400
    assert lives[1] == -1


async def test_a_row_that_cannot_be_read_keeps_no_other_waiting(redis_url, caplog):
    """One of a newer version, after a step back: it is named, and looked at an hour later."""
    client = redis.Redis.from_url(redis_url)
    await client.flushdb()
    log = NotificationLog(RedisRows(client))
    await log.plan([message("p"), message("q", now=NOON + SECOND)], now=NOON)
    strange = f"sanzao:{{notify}}:row:{message('p').id}"
    await client.hset(strange, "body", b"of a newer version")
    soon, later = NOON + 2 * SECOND, NOON + dt.timedelta(hours=2)

    claimed = [await log.claim_due(now=soon, worker="a", lease=LEASE, limit=1) for _ in range(3)]
    why = await log.why("w-1")
    await log.settle(message("q").id, attempt=1, outcome=Delivered("b"), now=soon)
    looked_again = await log.claim_due(now=later, worker="a", lease=LEASE, limit=9)
    await client.aclose()

    assert [row.id for rows in claimed for row in rows] == [message("q").id]
    assert [row.id for row in why] == [message("q").id]
    assert looked_again == ()
    assert caplog.text.count(message("p").id) == 2


class World:
    """Workers that die anywhere, a gateway that can be asked, a mail server that cannot.

    A step is one call on the log or one effect outside, so that a death falls between any two.
    What a live worker cannot do is take longer over a send than its lease: the courier's timeout
    sees to it, and so does ``passes``.
    """

    def __init__(self, rows):
        self.log = NotificationLog(rows)
        self.now = NOON
        self.planned = {}
        self.accepted = collections.Counter()
        self.hands = {"a": {}, "b": {}, "c": {}}

    async def live(self, choices):
        """Do one possible thing for each choice; after each, nobody was told twice."""
        await self.plan([message("0", way) for way in Way])
        for choice in choices:
            things = self.things()
            thing = things[choice % len(things)]
            await thing(choice // len(things))
            assert all(times == 1 for times in self.accepted.values())

    def things(self):
        """Return what can happen now, likely things more than once."""
        return [
            *[self.claims] * 4,
            *[self.passes] * 3,
            self.plans,
            *([self.proceeds] * 8 if self.work() else []),
            *([self.dies] * 2 if self.work() else []),
            *([self.loses_the_answer] if self.work("handed") else []),
            *([self.reports] if self.accepted else []),
        ]

    def work(self, stage=None):
        """Return who has what in hand."""
        return [
            (worker, identity)
            for worker, hand in self.hands.items()
            for identity, (now_at, _, _) in hand.items()
            if stage in {None, now_at}
        ]

    async def ends(self):
        """Let one healthy worker finish; then every message is accepted, or a person sees it."""
        self.hands = {"heir": {}}
        while (await self.log.backlog(self.now)).open:
            self.now += dt.timedelta(minutes=75)
            while await self.take("heir", limit=5):
                while self.work():
                    await self.proceeds(0)
        assert all(times == 1 for times in self.accepted.values())
        seen = {row.id for row in await self.log.troubled(limit=1000)}
        forgotten = {i: one.way for i, one in self.planned.items() if i not in self.accepted}
        assert set(forgotten) <= seen
        assert set(forgotten.values()) <= {Way.EMAIL}

    async def plan(self, batch):
        """Plan messages; only what is new is planned."""
        new = await self.log.plan(batch, now=self.now)
        assert set(new) == {one.id for one in batch} - set(self.planned)
        self.planned |= {one.id: one for one in batch}

    async def plans(self, draw):
        """Plan one more message, or one that is there already."""
        await self.plan([message(str(draw % 3), list(Way)[draw // 3 % 2], now=self.now)])

    async def claims(self, draw):
        """Claim what is due."""
        await self.take("abc"[draw % 3], limit=2)

    async def take(self, worker, *, limit):
        """Claim what is due; return how much it was."""
        rows = await self.log.claim_due(now=self.now, worker=worker, lease=LEASE, limit=limit)
        self.hands[worker] |= {row.id: ("claimed", row, self.now + LEASE) for row in rows}
        return len(rows)

    async def proceeds(self, draw):
        """Take one piece of work one step further; one time in four the outside says no."""
        work = self.work()
        worker, identity = work[draw % len(work)]
        goes_well = draw // len(work) % 4 != 3 or worker == "heir"
        stage, row, _ = self.hands[worker][identity]
        if stage == "claimed" and row.is_doubtful:
            await self.asks(worker, identity, goes_well=goes_well)
        elif stage in {"claimed", "asked"}:
            await self.hands_over(worker, identity, goes_well=goes_well)
        elif stage == "handed" and goes_well:
            self.accepted[identity] += 1
            self.hands[worker][identity] = (Delivered("b^0"), row, None)
        elif stage == "handed":
            self.hands[worker][identity] = (TryAgain(Cause.RATE_LIMITED), row, None)
        else:
            await self.settles(worker, identity, stage)

    async def asks(self, worker, identity, *, goes_well):
        """Ask the carrier about a doubtful message."""
        _, row, until = self.hands[worker][identity]
        if not goes_well:
            await self.settles(worker, identity, TryAgain(Cause.TIMEOUT))
        elif row.notification.way is Way.EMAIL:
            await self.settles(worker, identity, InDoubt())
        elif identity in self.accepted:
            await self.settles(worker, identity, Delivered("asked"))
        else:
            self.hands[worker][identity] = ("asked", row, until)

    async def hands_over(self, worker, identity, *, goes_well):
        """Note the hand-over, or fail before it."""
        _, row, _ = self.hands[worker][identity]
        if not goes_well:
            await self.settles(worker, identity, TryAgain(Cause.UNREACHABLE))
        elif await self.log.hand_over(identity, attempt=row.attempt, now=self.now, lease=LEASE):
            self.hands[worker][identity] = ("handed", row, self.now + LEASE)
        else:
            del self.hands[worker][identity]

    async def settles(self, worker, identity, outcome):
        """Settle, perhaps late."""
        _, row, _ = self.hands[worker].pop(identity)
        await self.log.settle(identity, attempt=row.attempt, outcome=outcome, now=self.now)

    async def loses_the_answer(self, draw):
        """The carrier accepts and the connection dies before its answer."""
        work = self.work("handed")
        worker, identity = work[draw % len(work)]
        self.accepted[identity] += 1
        await self.settles(worker, identity, TryAgain(Cause.TIMEOUT, doubtful=True))

    async def dies(self, draw):
        """Kill a worker: whatever it had in hand is gone with it."""
        work = self.work()
        worker, _ = work[draw % len(work)]
        self.hands[worker] = {}

    async def passes(self, draw):
        """Time passes; a send that outlives its lease is cut off by the worker's own timeout."""
        self.now += (1, 60, 120, 200, 900)[draw % 5] * SECOND
        for worker, identity in self.work("handed"):
            if self.hands[worker][identity][2] <= self.now:
                del self.hands[worker][identity]

    async def reports(self, draw):
        """The carrier reports on something it accepted."""
        identity = list(self.accepted)[draw % len(self.accepted)]
        way = self.planned[identity].way
        report = said(identity, arrived=draw % 2 == 0, way=way, now=self.now)
        assert await self.log.receipt(report, now=self.now) in {Heard.SETTLED, Heard.LATE}


CHOICES = st.lists(st.integers(0, 9999), min_size=30, max_size=120)


@settings(max_examples=200)
@given(choices=CHOICES)
def test_whatever_dies_nobody_is_told_twice_or_forgotten_over_the_twin(choices):
    """Any interleaving of three workers, deaths, lost answers and reports keeps both promises."""

    async def run():
        """Live one life to its end."""
        world = World(MemoryRows())
        await world.live(choices)
        await world.ends()

    asyncio.run(run())


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(choices=CHOICES)
def test_whatever_dies_nobody_is_told_twice_or_forgotten_over_redis(redis_url, choices):
    """The same over a real Redis, in fewer runs."""

    async def run():
        """Live one life to its end."""
        client = redis.Redis.from_url(redis_url)
        await client.flushdb()
        world = World(RedisRows(client))
        await world.live(choices)
        await world.ends()
        await client.aclose()

    asyncio.run(run())
