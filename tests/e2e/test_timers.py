"""A deadline falls due, with real processes: one event for each wake, whatever is restarted."""

import collections
import json
import time

import pytest

from streams.keys import clock_key, timers_key
from streams.timers import SOURCE
from streams.topics import Topic
from tests import builders as b
from tests.e2e.conftest import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


def deadlines(bureau, usccs):
    """Return how many deadline events stand on the log, by id, once each firm has one."""
    records = bureau.records(
        Topic.EVENT,
        lambda found: set(usccs) <= {one["subject"] for one in map(told, found) if one},
    )
    return collections.Counter(one["id"] for one in map(told, records) if one)


def told(record):
    """Return the deadline event of a record, or None."""
    value = json.loads(record.value) if record.value[:1] == b"{" else {}
    return value if value.get("source") == SOURCE else None


def asleep(bureau, usccs):
    """Return when these firms want to be woken."""
    return {
        uscc: at
        for uscc in usccs
        if (at := bureau.store.zscore(timers_key(bureau.partition_of(uscc)), uscc)) is not None
    }


def put_to_sleep(bureau, usccs, at):
    """Let firms want to be woken at a moment."""
    for uscc in usccs:
        bureau.store.zadd(timers_key(bureau.partition_of(uscc)), {uscc: at})


def test_what_is_due_is_told_once_although_the_worker_is_restarted(bureau):
    """Each wake becomes one event of its own partition; kills and restarts add none."""
    usccs = bureau.firms(40)
    bureau.publish(*(b.event(b.penalty(), subject=uscc) for uscc in usccs))
    bureau.await_states(usccs)
    due = int(time.time()) - 3600

    put_to_sleep(bureau, usccs[:20], due)
    until(lambda: not asleep(bureau, usccs[:20]), what="the first wakes")
    bureau.worker.kill()
    put_to_sleep(bureau, usccs[20:], due)
    put_to_sleep(bureau, usccs[:1], due + 4_000_000)
    bureau.worker.start()
    until(lambda: not asleep(bureau, usccs[20:]), what="the wakes of the restarted worker")
    bureau.worker.stop()
    bureau.open()
    (marker,) = bureau.firms(1)
    bureau.publish(b.event(b.penalty(), subject=marker))
    bureau.await_states([marker])

    counted = deadlines(bureau, usccs)
    assert counted == {f"{uscc}/{due}": 1 for uscc in usccs}
    assert asleep(bureau, usccs[:1]) == {usccs[0]: due + 4_000_000}
    assert bureau.store.get(clock_key(bureau.partition_of(marker)))


def test_a_deadline_says_what_a_state_machine_needs(bureau):
    """Key, subject, moment and late feeds are on the record, in the enterprise's own partition."""
    (uscc,) = bureau.firms(1)
    bureau.publish(b.event(b.penalty(), subject=uscc))
    bureau.await_states([uscc])
    due = int(time.time()) - 7200

    put_to_sleep(bureau, [uscc], due)
    records = bureau.records(
        Topic.EVENT, lambda found: any(told(one) and one.key == uscc.encode() for one in found)
    )

    (record,) = [one for one in records if told(one) and one.key == uscc.encode()]
    event = told(record)
    assert record.partition == bureau.partition_of(uscc)
    assert (event["type"], event["subject"]) == ("deadline.fell_due.v1", uscc)
    assert event["data"]["due"] == due
    assert "judicial" in event["data"]["silent_feeds"]
    assert "cases" not in event["data"]["silent_feeds"]
