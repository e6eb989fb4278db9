"""A deadline falls due, with real processes: one event for each wake, whatever is restarted."""

import collections
import contextlib
import datetime as dt
import json
import time

import pytest
from kafka import KafkaProducer

from detectors import events as e
from streams.keys import clock_key, timers_key
from streams.replay import replay
from streams.timers import SOURCE
from streams.topics import Topic
from tests import builders as b
from tests.e2e.conftest import another_worker, until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def waking(running_bureau):
    """Return the bureau with a worker whose timers run, until the tests are over."""
    with another_worker(
        running_bureau, ROLES__TIMERS="true", KAFKA__MAX_POLL_RECORDS="50",
        TIMERS__LATENESS_S="0", TIMERS__POLL_S="0.05",
    ) as bureau:  # fmt: skip
        yield bureau


def told(record):
    """Return the deadline event of a record, or None."""
    value = json.loads(record.value) if record.value[:1] == b"{" else {}
    return value if value.get("source") == SOURCE else None


def deadlines_of(bureau, usccs, *, least=1):
    """Return the deadline events of these firms on the log, once there are so many."""

    def theirs(records):
        """Return those of the firms."""
        return [one for one in map(told, records) if one and one["subject"] in usccs]

    return theirs(bureau.records(Topic.EVENT, lambda found: len(theirs(found)) >= least))


def asleep(bureau, usccs):
    """Return when these firms want to be woken."""
    return {
        uscc: int(at)
        for uscc in usccs
        if (at := bureau.store.zscore(timers_key(bureau.partition_of(uscc)), uscc)) is not None
    }


def has_caught_up(bureau, usccs):
    """Return whether each firm sleeps until some later day."""
    now = int(time.time())
    found = asleep(bureau, usccs)
    return len(found) == len(usccs) and all(at > now for at in found.values())


def test_each_wake_is_told_once_although_the_worker_is_killed(waking):
    """Eight months of a permit's life are caught up with; kills add no event and lose none."""
    usccs = waking.firms(20)
    permit = b.permit(days_left=200)
    happenings = [b.event(permit, subject=uscc) for uscc in usccs]

    waking.publish(*happenings)
    until(lambda: asleep(waking, usccs), what="the first wake")
    waking.worker.kill()
    waking.worker.start()
    until(lambda: has_caught_up(waking, usccs), what="the present")
    played = replay(
        [e.encode(one) for one in happenings], b.expertise(), now=dt.datetime.now(dt.UTC),
        timers=True, until=dt.datetime.now(dt.UTC),
    )  # fmt: skip
    found = deadlines_of(waking, set(usccs), least=played.deadlines)
    counted = collections.Counter(one["id"] for one in found)

    assert len(counted) == played.deadlines >= 3 * len(usccs)
    assert {waking.state(uscc).wake_at for uscc in usccs} == {
        state.wake_at for state in played.states.values()
    }
    assert waking.store.get(clock_key(waking.partition_of(usccs[0])))


def test_a_deadline_says_what_a_state_machine_needs(waking):
    """Key, subject, moment and late feeds are on the record, in the enterprise's own partition."""
    before, uscc = waking.firms(2)
    # A feed is heard of once its batch is stored: the next one finds it speaking.
    for one in (before, uscc):
        waking.publish(b.event(b.permit(days_left=100), subject=one))
        until(lambda one=one: has_caught_up(waking, [one]), what="the present")

    event, *_ = deadlines_of(waking, {uscc})
    assert (event["type"], event["subject"]) == ("deadline.fell_due.v1", uscc)
    assert event["id"] == f"{uscc}/{event['data']['due']}"
    assert "judicial" in event["data"]["silent_feeds"]
    assert "permits" not in event["data"]["silent_feeds"]


def test_what_time_brings_reaches_people(waking):
    """A permit that runs out, and nothing else, becomes a warning on the alert topic."""
    (uscc,) = waking.firms(1)

    waking.publish(b.event(b.permit(days_left=100), subject=uscc))
    until(lambda: has_caught_up(waking, [uscc]), what="the present")

    warnings = waking.keyed(Topic.INTERVIEW, [uscc])
    assert [json.loads(one.value)["data"]["rule"] for one in warnings] == ["W06"]


@contextlib.contextmanager
def transacting(waking):
    """Begin a source's transaction; yield the producer, and what says an event within it."""
    if waking.is_embedded:
        pytest.skip("the embedded broker has no transactions; run with --broker=apache")
    source = KafkaProducer(
        bootstrap_servers=waking.stack.broker.bootstrap, transactional_id="registry"
    )

    def says(uscc):
        """Put an event on the log, within the transaction."""
        value = e.encode(b.event(b.inspection(), subject=uscc))
        source.send(Topic.EVENT.value, key=uscc.encode(), value=value).get(timeout=30)

    source.init_transactions()
    source.begin_transaction()
    yield source, says
    source.close()


def test_a_transaction_s_marker_is_nothing_unread(waking):
    """A source that publishes in transactions leaves markers on the log, which nobody is given.

    Taken for a record that waits, one would keep deadlines from falling due, and have the
    watchdog end the worker.
    """
    (uscc,) = waking.firms(1)
    with transacting(waking) as (source, says):
        says(uscc)
        source.commit_transaction()
    waking.await_states([uscc])
    time.sleep(2)  # the marker is fetched a moment after the record: until then nothing waits

    until(lambda: waking.counted("sanzao_lag_events") == 0, what="an end to what waits")


def test_what_a_source_takes_back_never_happened(waking):
    """The events of an aborted transaction change no state, and one still open is no backlog."""
    first, *others = waking.firms(30)
    second = next(one for one in others if waking.partition_of(one) == waking.partition_of(first))
    with transacting(waking) as (source, says):
        says(first)
        time.sleep(2)  # long enough for the record to be fetched, were it to be had
        open_lag, while_open = waking.counted("sanzao_lag_events"), waking.raw_state(first)
        source.abort_transaction()
        source.begin_transaction()
        says(second)
        source.commit_transaction()
    waking.await_states([second])

    assert (open_lag, while_open) == (0, None)
    assert waking.raw_state(first) is None
