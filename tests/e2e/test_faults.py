"""Whatever dies in the middle: states are those of a replay, nobody is told twice or forgotten."""

import collections
import json
import shutil
import subprocess
import sys
import textwrap

import msgspec
import pytest

from alerts.delivery import Cause, Way
from alerts.notification_row import OPEN_STATES, RowState, Step
from detectors import events as e
from streams.agents import EXIT_LOST
from streams.codec import decode_data
from streams.courier import Receipt
from streams.replay import replay
from streams.same_redis import EXIT_REPLACED
from streams.topics import Topic
from streams.watchdog import EXIT_STALLED
from tests import builders as b
from tests.e2e.conftest import another_worker, until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

LISTED = e.SeriousListChanged(list_code="L1", action="add", place="410422")


def busy_day(usccs, *, rounds):
    """Return many quiet events of some enterprises, in turns; every tenth is listed at the end."""
    quiet = [
        b.event(
            e.BasicChanged(field="name", after=f"{uscc[-4:]}第{number}名"),
            day=number / 10,
            name=f"{uscc}-{number}",
            subject=uscc,
        )
        for number in range(rounds)
        for uscc in usccs
    ]
    return quiet + [
        b.event(LISTED, day=rounds, name=f"{uscc}-listed", subject=uscc) for uscc in usccs[::10]
    ]


def expected_of(happenings):
    """Return what a replay makes of events, the places in the log left out."""
    result = replay([e.encode(one) for one in happenings], b.expertise(), now=b.on(200))
    states = {
        uscc: msgspec.structs.replace(state, epoch=0, partition=0, offset=0)
        for uscc, state in result.states.items()
    }
    return states, result.warnings


def await_end_of_messages(bureau, wanted):
    """Wait until each message has a row, and none is still to be sent."""

    def is_over():
        """Return whether nothing is open any more."""
        rows = [bureau.row(one.id) for one in wanted]
        return all(row is not None and row.state not in OPEN_STATES for row in rows)

    until(is_over, what="an end of each message")


def assert_told_once(bureau, wanted):
    """Check that each text came once, and each mail once unless nobody can know."""
    mails, texts = bureau.mails(), bureau.texts()
    for one in wanted:
        if one.way is Way.SMS:
            assert texts[one.id] == 1, one.id
        else:
            doubtful = bureau.row(one.id).state is RowState.UNCERTAIN
            assert mails[one.id] == 1 or (doubtful and mails[one.id] == 0), one.id


def test_a_worker_killed_at_work_repeats_nothing_and_loses_nothing(bureau):
    """After kill -9 in the middle of the log, states are those of a replay; messages come once."""
    usccs = bureau.firms(60)
    happenings = busy_day(usccs, rounds=50)
    states, warnings = expected_of(happenings)
    half = len(happenings) // 2

    bureau.publish(*happenings[:half])
    until(lambda: any(bureau.raw_state(uscc) for uscc in usccs), what="the first state")
    bureau.worker.kill()
    bureau.publish(*happenings[half:])
    bureau.worker.start()
    bureau.await_states(usccs)
    until(
        lambda: all(bureau.state(uscc) == states[uscc] for uscc in usccs),
        what="the states of a replay",
    )
    # And once more, while it tells the people.
    bureau.worker.kill()
    bureau.worker.start()
    wanted = bureau.notifications(warnings)
    await_end_of_messages(bureau, wanted)

    assert {uscc: bureau.state(uscc) for uscc in usccs} == states
    assert_told_once(bureau, wanted)


def test_a_partition_waits_for_redis(bureau):
    """Without Redis nothing is acknowledged and the worker says why; its next life goes on."""
    usccs = bureau.firms(20)
    happenings = busy_day(usccs, rounds=3)
    states, warnings = expected_of(happenings)
    (settled,) = bureau.firms(1)
    bureau.publish(b.event(b.penalty(), subject=settled))
    bureau.await_states([settled])
    acknowledged = until(lambda: _steady(bureau), what="a commit of what was done")

    bureau.redis_process.server.stop()
    bureau.publish(*happenings)
    until(
        lambda: bureau.counted("sanzao_retries_total", part="redis") >= 3,
        what="a worker that tries again",
    )
    during = bureau.committed()
    ready, health = bureau.page("/ready"), bureau.page("/health")
    bureau.redis_process.server.start()
    until(lambda: not bureau.worker.is_alive, what="a worker that does not trust this Redis")
    status = bureau.worker.status
    bureau.worker.start()
    bureau.await_states(usccs)
    until(lambda: bureau.page("/ready")[0] == 200, what="readiness")
    wanted = bureau.notifications(warnings)
    await_end_of_messages(bureau, wanted)

    assert during == acknowledged
    assert (ready[0], json.loads(ready[1])["parts"]["redis"]) == (503, False)
    assert health[0] == 200
    assert status == EXIT_REPLACED
    assert {uscc: bureau.state(uscc) for uscc in usccs} == states
    assert_told_once(bureau, wanted)


def test_what_redis_lost_is_read_again(bureau):
    """A Redis that comes back without its last seconds gets them from the log: nobody is forgotten.

    It keeps them shorter than it may, so all that it loses here is what ``may_lose_s`` allows.
    """
    usccs = bureau.firms(20)
    happenings = busy_day(usccs, rounds=3)
    states, warnings = expected_of(happenings)
    server = bureau.redis_process.server
    with another_worker(bureau, REDIS__MAY_LOSE_S="120"):
        wanted = bureau.notifications(warnings)
        kept = bureau.redis_process.kept_in
        earlier = kept.with_name("earlier")
        (shutil.copytree if kept.is_dir() else shutil.copy2)(kept, earlier)
        bureau.publish(*happenings)
        bureau.await_states(usccs)
        await_end_of_messages(bureau, wanted)
        server.kill()
        kept.rename(kept.with_name("later"))
        earlier.rename(kept)
        server.start()
        lost = [uscc for uscc in usccs if bureau.raw_state(uscc) is None]
        until(lambda: not bureau.worker.is_alive, what="a worker that does not trust this Redis")
        bureau.worker.start()
        until(
            lambda: (
                all(bureau.raw_state(uscc) for uscc in usccs)
                and {uscc: bureau.state(uscc) for uscc in usccs} == states
            ),
            what="the states of a replay",
        )
        await_end_of_messages(bureau, wanted)

    assert lost == usccs
    told = bureau.mails() + bureau.texts()
    assert all(told[one.id] for one in wanted)


def test_an_emptied_redis_is_not_taken_for_a_new_one(lone_bureau):
    """Flushed under its hands the worker ends; on an empty Redis it refuses, and says what to do.

    Doing so, under another group and with ``notify.since``, brings the states back.
    """
    bureau = lone_bureau
    usccs = bureau.firms(2)
    happenings = [b.event(b.penalty(), subject=uscc) for uscc in usccs]
    more = [
        b.event(b.complaint(number), subject=usccs[0], name=f"c-{number}", day=number)
        for number in range(1, 5)
    ]
    states, _ = expected_of([*happenings, *more])
    bureau.publish(*happenings)
    bureau.await_states(usccs)
    until(lambda: _steady(bureau), what="a commit of what was done")
    bureau.store.flushall()
    bureau.publish(*more)
    until(lambda: not bureau.worker.is_alive, what="a worker that misses what it wrote")
    status = bureau.worker.status
    refused = bureau.command("worker", SANZAO_WEB__PORT="0")
    with bureau.worker_with(KAFKA__GROUP="again", NOTIFY__SINCE="2099-01-01"):
        bureau.await_states(usccs)
        until(
            lambda: {uscc: bureau.state(uscc) for uscc in usccs} == states,
            what="the states of a replay",
        )
        until(lambda: _lag(bureau) == 0, what="a log that is read again")

    assert status == EXIT_LOST
    assert refused.returncode == 2
    assert "kafka.group" in refused.stderr
    assert "Redis 中没有已处理企业的状态" in refused.stderr


def _lag(bureau):
    return bureau.counted("sanzao_lag_events")


def _steady(bureau):
    """Return the committed offsets once they are those of the stored states."""
    stored = {
        int(key.split(b"{p")[1].split(b"}")[0]): int(bureau.store.get(key).split(b"/")[1]) + 1
        for key in bureau.store.scan_iter("sanzao:{p*}:log")
    }
    committed = bureau.committed()
    at_rest = all(committed.get(partition, 0) >= offset for partition, offset in stored.items())
    return committed if at_rest else None


def receipts_of(bureau, wanted, step):
    """Return the receipts of some messages, once each has come to this step."""
    ids = {one.id for one in wanted}

    def receipts(records):
        """Return the receipts among records."""
        found = [decode_data(record.value, Receipt) for record in records]
        return {one.notification_id: one for one in found
                if one.notification_id in ids and one.step is step}  # fmt: skip

    return receipts(
        bureau.records(Topic.NOTIFICATION, lambda records: receipts(records).keys() == ids)
    )


def warned(bureau):
    """Return the messages that one new enterprise calls for, and let it happen."""
    (uscc,) = bureau.firms(1)
    happening = b.event(e.AbnormalAdded(reason=1, place="410422"), name=uscc, subject=uscc)
    _, warnings = expected_of([happening])
    return bureau.notifications(warnings), happening


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        pytest.param("isp.SYSTEM_ERROR", Cause.SERVER_ERROR, id="the gateway is ill"),
        pytest.param("isv.AMOUNT_NOT_ENOUGH", Cause.NO_CREDIT, id="the account is empty"),
    ],
)
def test_a_gateway_that_errs_is_tried_again(bureau, answer, cause):
    """A text that the gateway did not take is recorded with its cause, and due again."""
    wanted, happening = warned(bureau)
    texts = [one for one in wanted if one.way is Way.SMS]
    bureau.breaks(bureau.stack.gateway, sends=[answer] * 100)

    bureau.publish(happening)
    receipts = receipts_of(bureau, texts, Step.RETRY)

    assert {one.cause for one in receipts.values()} == {cause}
    rows = [bureau.row(one.id) for one in texts]
    assert {row.state for row in rows} == {RowState.WAITING}
    assert all(row.next_at > row.history[-1].at for row in rows)
    assert not bureau.texts().keys() & {one.id for one in texts}


def test_a_mail_server_that_refuses_is_recorded(bureau):
    """A recipient that does not exist ends the message, with the cause; the text goes out."""
    wanted, happening = warned(bureau)
    mails = [one for one in wanted if one.way is Way.EMAIL]
    texts = {one.id for one in wanted if one.way is Way.SMS}
    bureau.breaks(bureau.stack.mailbox, refuse=[one.address for one in mails])

    bureau.publish(happening)
    receipts = receipts_of(bureau, mails, Step.REFUSED)

    assert {one.cause for one in receipts.values()} == {Cause.BAD_ADDRESS}
    until(lambda: texts <= set(bureau.texts()), what="texts")
    assert not bureau.mails().keys() & {one.id for one in mails}


def test_a_mail_server_that_asks_to_come_again_is_obeyed(bureau):
    """Greylisting is no refusal: the mail is due again."""
    wanted, happening = warned(bureau)
    mails = [one for one in wanted if one.way is Way.EMAIL]
    bureau.breaks(bureau.stack.mailbox, greylist=100)

    bureau.publish(happening)
    receipts_of(bureau, mails, Step.RETRY)

    assert {bureau.row(one.id).state for one in mails} == {RowState.WAITING}


def test_a_text_that_never_arrived_is_known(bureau):
    """A number that is out of service is a failed message, by the carrier's own report."""
    wanted, happening = warned(bureau)
    texts = [one for one in wanted if one.way is Way.SMS]
    bureau.breaks(bureau.stack.gateway, reports=["MOBILE_NOT_ON_SERVICE"] * 100)

    bureau.publish(happening)
    receipts_of(bureau, texts, Step.FAILED)

    counts = collections.Counter(bureau.row(one.id).state for one in texts)
    assert counts == {RowState.FAILED: len(texts)}


def test_a_broker_that_was_away_is_waited_for(bureau):
    """When the broker comes back, the same worker goes on where it stopped."""
    if bureau.is_embedded:
        pytest.skip("the embedded broker forgets everything; run with --broker=apache")
    usccs = bureau.firms(5)
    (server,) = bureau.stack.broker.servers

    server.kill()
    server.start()
    bureau.publish(*busy_day(usccs, rounds=2))

    bureau.await_states(usccs, within_s=90)


def ended(code):
    """Run a line of Python as a process; return its exit status."""
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], timeout=60, check=False, capture_output=True
    )


def test_a_stuck_process_is_ended_by_its_watchdog():
    """A real process whose main thread hangs is gone within seconds, with the status for it."""
    finished = ended(
        """
        import logging, time
        from streams.watchdog import Watchdog
        dog = Watchdog(stalled_after_s=0.2)
        dog.alive("event loop")
        dog.start()
        time.sleep(60)
        """
    )

    assert finished.returncode == EXIT_STALLED
    assert b"no progress of event loop" in finished.stderr


def test_an_agent_that_cannot_go_on_ends_its_process():
    """A real process ends at once, without a graceful stop that would commit."""
    finished = ended(
        """
        import asyncio, atexit
        from streams.agents import agent_of
        from tests import builders as b, shell
        atexit.register(print, "a graceful stop")

        async def digest(batch):
            raise RuntimeError("no room")

        stream = shell.Stream(shell.batch(shell.arrival(b.event(b.penalty()))))
        asyncio.run(agent_of("assess", digest)(stream))
        """
    )

    assert finished.returncode == EXIT_LOST
    assert b"no room" in finished.stderr
    assert finished.stdout == b""
