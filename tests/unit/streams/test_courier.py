"""The courier carries what is due, whatever dies under it, and says what became of it."""

import asyncio
import datetime as dt
import logging

import pytest

from alerts.delivery import (
    Cause,
    MemoryChannel,
    Refused,
    TryAgain,
    Way,
)
from alerts.notification_log import LogUnreachableError, MemoryRows, NotificationLog
from alerts.notification_row import GIVE_UP_AFTER, RowState, Step
from alerts.specimen import specimen_notification
from streams.courier import RECEIPTS_AGAIN, Courier

NOON = dt.datetime(2026, 7, 1, 4, 0, tzinfo=dt.UTC)
LEASE = dt.timedelta(minutes=2)


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self):
        self.now = NOON

    def __call__(self):
        """Return the moment."""
        return self.now

    def pass_by(self, span):
        """Let time pass."""
        self.now += span

    async def sleep(self, seconds):
        """Let time pass for who waits."""
        self.pass_by(dt.timedelta(seconds=seconds))


class Desk:
    """A courier with everything around it."""

    def __init__(self, *, rows=None, channels=None, on_receipt=None, clock=None, **more):
        self.clock = clock or Clock()
        self.log = NotificationLog(rows or MemoryRows())
        self.receipts = []
        self.channels = channels if channels is not None else {Way.SMS: MemoryChannel()}
        self.courier = Courier(
            self.log,
            self.channels,
            clock=self.clock,
            worker="a",
            on_receipt=on_receipt or self.take,
            lease=LEASE,
            sleep=self.clock.sleep,
            **more,
        )

    async def take(self, receipt):
        """Publish a receipt."""
        self.receipts.append(receipt)

    async def plan(self, *people, way=Way.SMS):
        """Plan a message to each person."""
        messages = [
            specimen_notification(way, now=NOON, person_id=person, address="") for person in people
        ]
        await self.log.plan(messages, now=NOON)
        return messages

    async def states(self):
        """Return the states of all messages."""
        return [row.state for row in await self.log.why("w-0013000000000000")]


async def test_what_is_due_is_carried_and_reported():
    """Everything due leaves in one round, with a receipt each."""
    desk = Desk()
    await desk.plan(*"pqrstuvwxyz")

    done = await desk.courier.deliver_due()

    assert done.claimed == 11
    assert done.settled == {(Way.SMS, Step.ACCEPTED, None): 11}
    assert done.receipts == len(desk.receipts) == 11
    assert await desk.states() == [RowState.ACCEPTED] * 11
    assert (await desk.courier.deliver_due()).claimed == 0


async def test_a_round_ends_at_its_limit():
    """A shell that wants its turn back gets it after ``most`` messages."""
    desk = Desk(concurrency=2)
    await desk.plan(*"pqrst")

    assert (await desk.courier.deliver_due(most=4)).claimed == 4


async def test_a_receipt_says_all_and_shows_no_address():
    """The record of notification.v1: who, what, why, which attempt; the address is masked."""
    desk = Desk()
    (message,) = await desk.plan("p")

    await desk.courier.deliver_due()

    (receipt,) = desk.receipts
    assert receipt.id == f"{message.id}/1/accepted"
    assert (receipt.notification_id, receipt.warning_id) == (message.id, message.warning_id)
    assert (receipt.address, receipt.provider_id) == ("138****0001", f"m-{message.id}")


async def test_a_failure_waits_and_is_tried_again():
    """After its wait, and not before, the message leaves."""
    desk = Desk(channels={Way.SMS: MemoryChannel(TryAgain(Cause.RATE_LIMITED))})
    await desk.plan("p")

    first = await desk.courier.deliver_due()
    at_once = await desk.courier.deliver_due()
    desk.clock.pass_by(dt.timedelta(minutes=1))
    later = await desk.courier.deliver_due()

    assert first.settled == {(Way.SMS, Step.RETRY, Cause.RATE_LIMITED): 1}
    assert at_once.claimed == 0
    assert later.settled == {(Way.SMS, Step.ACCEPTED, None): 1}
    assert [receipt.step for receipt in desk.receipts] == [Step.RETRY, Step.ACCEPTED]


async def test_a_refusal_is_final_and_logged_without_the_address(caplog):
    """A refused message is not tried again, and the log line masks the phone."""
    desk = Desk(channels={Way.SMS: MemoryChannel(Refused(Cause.BAD_ADDRESS))})
    await desk.plan("p")

    with caplog.at_level(logging.WARNING):
        await desk.courier.deliver_due()
    desk.clock.pass_by(dt.timedelta(days=1))

    assert (await desk.courier.deliver_due()).claimed == 0
    assert await desk.states() == [RowState.REFUSED]
    assert "138****0001" in caplog.text
    assert "13800000001" not in caplog.text


async def test_a_way_that_is_switched_off_is_refused_with_its_cause():
    """No channel is a cause of its own, not a message that waits for ever."""
    desk = Desk(channels={})
    await desk.plan("p")

    done = await desk.courier.deliver_due()

    assert done.settled == {(Way.SMS, Step.REFUSED, Cause.NO_CHANNEL): 1}


async def test_a_lost_answer_by_sms_is_asked_for():
    """The gateway accepted and its answer was lost: asked, it knows, and nothing is sent again."""

    class LosesOneAnswer(MemoryChannel):
        """Accepts, and its answer is lost."""

        async def send(self, notification, *, now, hand_over):
            """Send, each in its own way."""
            await super().send(notification, now=now, hand_over=hand_over)
            return TryAgain(Cause.TIMEOUT, doubtful=True)

    channel = LosesOneAnswer()
    desk = Desk(channels={Way.SMS: channel})
    await desk.plan("p")

    await desk.courier.deliver_due()
    desk.clock.pass_by(LEASE)
    done = await desk.courier.deliver_due()

    assert done.settled == {(Way.SMS, Step.ACCEPTED, None): 1}
    assert channel.handed_over == 1


async def test_a_lost_answer_by_mail_is_left_to_a_person(caplog):
    """Nobody can be asked: the letter is uncertain, visible, and never sent again by itself."""
    mail = MemoryChannel(TryAgain(Cause.UNREACHABLE, doubtful=True), can_ask=False)
    desk = Desk(channels={Way.EMAIL: mail})
    await desk.plan("p", way=Way.EMAIL)

    await desk.courier.deliver_due()
    desk.clock.pass_by(LEASE)
    done = await desk.courier.deliver_due()

    assert done.settled == {(Way.EMAIL, Step.UNCERTAIN, Cause.CANNOT_ASK): 1}
    assert (await desk.log.backlog(desk.clock())).uncertain == 1
    assert mail.handed_over == 1
    assert "s***@example.org" in caplog.text


@pytest.mark.parametrize(
    ("took_it", "sent_again"),
    [pytest.param(True, 0, id="it has it"), pytest.param(False, 1, id="not")],
)
async def test_a_text_in_doubt_that_a_person_releases_is_asked_about_first(took_it, sent_again):
    """The gateway that was out of reach for days is asked; only what it never saw goes again."""
    channel = MemoryChannel()
    desk = Desk(channels={Way.SMS: channel})
    (message,) = await desk.plan("p")
    (row,) = await desk.log.claim_due(now=NOON, worker="dead", lease=LEASE, limit=1)
    await desk.log.hand_over(row.id, attempt=1, now=NOON, lease=LEASE)
    channel.accepted |= {message.id: message} if took_it else {}
    gave_up = TryAgain(Cause.TIMEOUT, doubtful=True)
    desk.clock.pass_by(GIVE_UP_AFTER)
    await desk.log.settle(row.id, attempt=1, outcome=gave_up, now=desk.clock())
    in_doubt = await desk.states()

    await desk.log.release(row.id, now=desk.clock(), by="ops", askable={Way.SMS})
    await desk.courier.deliver_due()

    assert in_doubt == [RowState.UNCERTAIN]
    assert channel.handed_over == sent_again
    assert await desk.states() == [RowState.ACCEPTED]


async def test_a_gateway_that_cannot_be_asked_now_is_asked_later():
    """A failed question keeps the doubt: nothing is sent until there is an answer."""

    class Deaf(MemoryChannel):
        """Cannot be asked now."""

        async def find(self, notification, *, sent_at, now):
            """Give no answer."""
            del notification, sent_at, now
            return TryAgain(Cause.UNREACHABLE)

    channel = Deaf(TryAgain(Cause.TIMEOUT, doubtful=True))
    desk = Desk(channels={Way.SMS: channel})
    await desk.plan("p")

    for _ in range(4):
        await desk.courier.deliver_due()
        desk.clock.pass_by(dt.timedelta(hours=1))

    assert channel.handed_over == 1
    assert await desk.states() == [RowState.WAITING]


async def test_a_fault_of_ours_in_one_message_does_not_stop_the_others(caplog):
    """A channel that raises is counted as unexpected; the rest of the round leaves."""

    class Faulty(MemoryChannel):
        """Has a fault of ours for one person."""

        async def send(self, notification, *, now, hand_over):
            """Send, each in its own way."""
            if notification.person_id == "p":
                raise KeyError("fault")
            return await super().send(notification, now=now, hand_over=hand_over)

    desk = Desk(channels={Way.SMS: Faulty()})
    await desk.plan("p", "q")

    done = await desk.courier.deliver_due()

    assert done.settled == {
        (Way.SMS, Step.RETRY, Cause.UNEXPECTED): 1,
        (Way.SMS, Step.ACCEPTED, None): 1,
    }
    assert "KeyError" in caplog.text


async def test_a_channel_that_hangs_is_cut_off_in_doubt():
    """Beyond the timeout the attempt ends; after the hand-over it ends in doubt."""

    class Hangs(MemoryChannel):
        """Never comes back."""

        async def send(self, notification, *, now, hand_over):
            """Send, each in its own way."""
            del notification, now
            await hand_over()
            await asyncio.Event().wait()

    desk = Desk(channels={Way.SMS: Hangs()}, send_timeout=dt.timedelta(milliseconds=10))
    await desk.plan("p")

    done = await desk.courier.deliver_due()

    assert done.settled == {(Way.SMS, Step.RETRY, Cause.TIMEOUT): 1}
    (row,) = await desk.log.why("w-0013000000000000")
    assert row.is_doubtful


async def test_receipts_wait_for_a_broker_that_is_down():
    """A receipt that could not be published is kept, counted, and published later, once."""
    published, is_down = [], True

    async def publish(receipt):
        """Publish, when the broker is up."""
        if is_down:
            raise ConnectionError("broker")
        published.append(receipt.id)

    desk = Desk(on_receipt=publish)
    await desk.plan("p")

    down = await desk.courier.deliver_due()
    is_down = False
    desk.clock.pass_by(RECEIPTS_AGAIN)
    up = await desk.courier.deliver_due()
    again = await desk.courier.deliver_due()

    assert (down.receipts, down.receipts_kept > 0) == (0, True)
    assert down.settled == {(Way.SMS, Step.ACCEPTED, None): 1}
    assert (up.receipts, again.receipts, len(published)) == (1, 0, 1)


async def test_people_are_told_although_the_broker_answers_nothing():
    """An idempotent producer waits for a dead broker for ever: messages do not wait with it."""
    asked = 0

    async def never(_):
        """Neither publish nor fail."""
        nonlocal asked
        asked += 1
        await asyncio.Event().wait()

    desk = Desk(on_receipt=never, receipt_within=dt.timedelta(milliseconds=10))
    await desk.plan(*"pqrs")

    first = await desk.courier.deliver_due()
    await desk.plan("t")
    second = await desk.courier.deliver_due()

    assert await desk.states() == [RowState.ACCEPTED] * 5
    assert (first.receipts_kept > 0, second.receipts) == (True, 0)
    assert asked == 1


class FailingRows(MemoryRows):
    """Rows behind a Redis that is away for some swaps, once it was told to."""

    def __init__(self):
        """Be there at first."""
        super().__init__()
        self.away_for = 0

    async def swap(self, before, after):
        """Replace a row, or fail."""
        if self.away_for:
            self.away_for -= 1
            raise LogUnreachableError("away")
        return await super().swap(before, after)


class SendsThenLosesRedis(MemoryChannel):
    """A carrier that accepts a letter in the moment in which Redis goes away."""

    def __init__(self, rows, *, away_for):
        """Take the rows that will be away."""
        super().__init__(can_ask=False)
        self._rows, self._away_for = rows, away_for

    async def send(self, notification, *, now, hand_over):
        """Send; then Redis is away."""
        outcome = await super().send(notification, now=now, hand_over=hand_over)
        self._rows.away_for = self._away_for
        return outcome


async def test_what_was_sent_is_noted_once_redis_is_back():
    """A letter that the server took is no letter in doubt, because Redis was away for a moment."""
    rows = FailingRows()
    desk = Desk(rows=rows, channels={Way.EMAIL: SendsThenLosesRedis(rows, away_for=3)})
    await desk.plan("p", way=Way.EMAIL)

    done = await desk.courier.deliver_due()

    assert done.settled == {(Way.EMAIL, Step.ACCEPTED, None): 1}
    assert await desk.states() == [RowState.ACCEPTED]


async def test_a_courier_waits_for_redis_as_long_as_its_lease():
    """After the lease another may have the message: the round ends, and the doubt stays."""
    rows = FailingRows()
    desk = Desk(rows=rows, channels={Way.EMAIL: SendsThenLosesRedis(rows, away_for=10_000)})
    await desk.plan("p", way=Way.EMAIL)

    done = await desk.courier.deliver_due()

    assert done.log_is_unreachable
    assert desk.clock() == NOON + LEASE


class Slow(MemoryChannel):
    """A carrier that takes its time over the answer."""

    def __init__(self):
        """Hold the answer back until ``answers`` is set."""
        super().__init__(can_ask=False)
        self.hears, self.answers = asyncio.Event(), asyncio.Event()

    async def send(self, notification, *, now, hand_over):
        """Take the letter, and answer later."""
        outcome = await super().send(notification, now=now, hand_over=hand_over)
        self.hears.set()
        await self.answers.wait()
        return outcome


async def test_a_worker_that_is_stopped_finishes_what_it_began_and_begins_no_more():
    """SIGTERM in the midst of a letter leaves no doubt: the answer is awaited and noted."""
    channel = Slow()
    desk = Desk(channels={Way.EMAIL: channel}, concurrency=1)
    await desk.plan("p", "q", way=Way.EMAIL)
    stopping, rounds = False, []
    work = asyncio.create_task(
        desk.courier.run(lambda: stopping, poll_s=0.01, after_round=rounds.append)
    )
    await channel.hears.wait()

    stopping = True
    work.cancel()
    await asyncio.sleep(0)
    channel.answers.set()
    await asyncio.wait([work])

    assert work.cancelled()
    assert sorted(await desk.states()) == [RowState.ACCEPTED, RowState.WAITING]


@pytest.mark.parametrize("call", ["due", "load", "swap", "untold"])
async def test_a_log_that_is_down_stops_the_round_and_nothing_else(call, caplog):
    """Redis gone: the round says so, does not raise, and sends nothing it cannot note."""
    rows, channel = MemoryRows(), MemoryChannel()
    desk = Desk(rows=rows, channels={Way.SMS: channel})
    await desk.plan("p")

    async def gone(*_, **__):
        """Fail as a store does that is gone."""
        raise LogUnreachableError("gone")

    setattr(rows, call, gone)
    done = await desk.courier.deliver_due()

    assert done.log_is_unreachable
    assert channel.accepted == {}
    assert "unreachable" in caplog.text or "not settled" in caplog.text


async def test_an_outage_of_the_log_is_told_once(caplog):
    """Five rounds a second would say it five times; that it is over is told, too."""
    rows = MemoryRows()
    desk = Desk(rows=rows)
    untold = rows.untold

    async def gone(*_, **__):
        """Fail as a store does that is gone."""
        raise LogUnreachableError("gone")

    rows.untold = gone
    for _ in range(3):
        await desk.courier.deliver_due()
    rows.untold = untold
    for _ in range(3):
        await desk.courier.deliver_due()

    assert [one.getMessage().partition("。")[0] for one in caplog.records] == [
        "Redis 没有应答，通知暂停，恢复后自动继续",
        "Redis 已恢复，通知继续",
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"send_timeout": LEASE}, id="a send as long as a lease"),
        pytest.param({"concurrency": 0}, id="no concurrency"),
    ],
)
async def test_a_courier_that_could_not_keep_its_promise_is_refused(wrong):
    """A lease that a live worker could outlive, or no worker at all, is a caller's mistake."""
    with pytest.raises(ValueError, match="must be at least"):
        Desk(**wrong)


class KilledError(BaseException):
    """Stands for kill -9: nothing after it runs."""


class Fuse:
    """Kills at the n-th call; whoever is dead stays dead."""

    def __init__(self, calls):
        self.left = calls

    def burn(self):
        """Count one call."""
        self.left -= 1
        if self.left < 0:
            raise KilledError


class FusedRows:
    """Rows of a worker that will be killed before or after one of its calls."""

    def __init__(self, rows, fuse):
        self._rows = rows
        self._fuse = fuse

    def __getattr__(self, name):
        """Return the method with the fuse in it, before and after."""
        method = getattr(self._rows, name)

        async def fused(*words, **named):
            self._fuse.burn()
            answer = await method(*words, **named)
            self._fuse.burn()
            return answer

        return fused


class FusedChannel:
    """A channel of a worker that will be killed before or after the carrier accepts."""

    def __init__(self, channel, fuse):
        self._channel = channel
        self._fuse = fuse

    async def send(self, notification, *, now, hand_over):
        """Send, unless killed."""
        self._fuse.burn()
        outcome = await self._channel.send(notification, now=now, hand_over=hand_over)
        self._fuse.burn()
        return outcome

    async def find(self, notification, *, sent_at, now):
        """Ask, unless killed."""
        self._fuse.burn()
        return await self._channel.find(notification, sent_at=sent_at, now=now)


@pytest.mark.parametrize("way", Way)
@pytest.mark.parametrize("first", range(48))
async def test_killed_at_any_call_nobody_is_told_twice_or_forgotten(way, first):
    """Kill one worker at every call, its heir at every call, and let a third finish.

    By SMS each message is accepted exactly once.  By e-mail never twice, and what was not
    accepted, or perhaps not, is in front of a person.
    """
    for second in range(0, 48, 3):
        rows = MemoryRows()
        channel = MemoryChannel(can_ask=way is Way.SMS)
        clock = Clock()
        planned = await Desk(rows=rows, clock=clock).plan("p", "q", way=way)
        for calls in (first, second, 10_000):
            fuse = Fuse(calls)
            desk = Desk(
                rows=FusedRows(rows, fuse),
                channels={way: FusedChannel(channel, fuse)},
                clock=clock,
            )
            try:
                await desk.courier.deliver_due()
                await desk.courier.deliver_due()
            except (KilledError, BaseExceptionGroup):
                pass
            clock.pass_by(2 * LEASE)

        everyone = {message.id for message in planned}
        uncertain = {row.id for row in await NotificationLog(rows).troubled(limit=1000)}
        assert set(channel.accepted) <= everyone
        assert channel.handed_over == len(channel.accepted)
        assert set(channel.accepted) | uncertain == everyone
        assert way is Way.EMAIL or not uncertain
