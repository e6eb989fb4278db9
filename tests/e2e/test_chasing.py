"""Nobody signs: those above are told, once, by real processes that die at work."""

import csv

import msgspec
import pytest

from alerts.awaited import Awaited
from alerts.delivery import Way
from alerts.notification_row import OPEN_STATES, RowState
from alerts.overdue import plan_overdue
from detectors import events as e
from detectors.measure import Measure
from streams import clock
from streams.codec import decode_warning
from streams.keys import UNSIGNED, unsigned_key
from streams.signing import About, Act, act_event
from streams.topics import Topic
from streams.warning_lives import without_acts
from tests import builders as b
from tests.e2e.conftest import another_worker, until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

LISTED = e.SeriousListChanged(list_code="L1", action="add", place="410422001")


def waiting(bureau, warning):
    """Return what the worker has noted of a warning."""
    body = bureau.store.hget(unsigned_key(f"{warning.id}/{Measure.INSPECTION}"), warning.id)
    return msgspec.msgpack.decode(body, type=Awaited)


def ring(bureau, warning):
    """Let the time to sign of a warning have ended when it was told."""
    one = waiting(bureau, warning)
    over = msgspec.structs.replace(one, sign_by=one.told_at, look_at=one.told_at)
    bureau.store.hset(unsigned_key(one.name), warning.id, msgspec.msgpack.encode(over))
    bureau.store.zadd(UNSIGNED, {one.name: int(one.told_at.timestamp() * 1000)})
    return over


def now_ms():
    """Return the wall clock as scores have it."""
    return clock.now().timestamp() * 1000


def chasing(bureau, awaited):
    """Return the messages that a warning calls for which nobody has signed."""
    desk = bureau.desk
    return plan_overdue(
        [awaited], tree=desk.tree, ladder=desk.ladder, renderer=desk.renderer, now=clock.now()
    )


def lives(bureau, warnings, enough):
    """Return what stands in the lives of some warnings, by id, once it is enough."""

    def theirs(records):
        """Return the states of their acts, each record of a key once."""
        acts = {}
        told = {one.key: one.value for one in records}
        list(without_acts(told.items(), acts))
        return {one.id: [act.state for act in acts.get(one.id, [])] for one in warnings}

    return theirs(
        bureau.records(Topic.WARNING_STATE, lambda records: enough(theirs(records)), within_s=60)
    )


def test_what_nobody_signs_is_told_above_once_though_the_worker_dies(bureau, tmp_path):
    """After kill -9 in the middle: a message comes once, a life says it once; signed is signed."""
    firms = bureau.firms(12)
    with another_worker(bureau, CHASE__POLL_S="0.2"):
        bureau.publish(*(b.event(LISTED, name=f"chase-{one}", subject=one) for one in firms))
        found = [decode_warning(one.value) for one in bureau.keyed(Topic.INSPECTION, firms)]
        names = {f"{one.id}/{Measure.INSPECTION}" for one in found}
        until(
            lambda: names <= {one.decode() for one in bureau.store.zrange(UNSIGNED, 0, -1)},
            what="a note of each warning",
        )
        signed, *missed = sorted(found, key=lambda one: one.id)
        bureau.publish(
            act_event(
                Act(state="acknowledged", actor="p-1", authority=""),
                About(id=signed.id, uscc=signed.uscc, measure=signed.measure, domain=signed.domain),
                source="urn:test", at=clock.now(),
            )
        )  # fmt: skip
        lives(bureau, [signed], lambda told: told[signed.id] == ["acknowledged"])

        bureau.worker.kill()
        over = [ring(bureau, one) for one in (signed, *missed)]
        wanted = [one for waits in over[1:] for one in chasing(bureau, waits)]
        spared = chasing(bureau, over[0])
        bureau.worker.start()
        until(lambda: any(bureau.row(one.id) for one in wanted), within_s=60, what="a first chase")
        bureau.worker.kill()
        bureau.worker.start()
        told = lives(
            bureau, found, lambda told: all(told[one.id] == ["escalated"] for one in missed)
        )
        until(
            lambda: all(
                (row := bureau.row(one.id)) and row.state not in OPEN_STATES for one in wanted
            ),
            within_s=60,
            what="an end of each message",
        )
        # What the alert topic tells again after a crash waits again, until a later day.
        until(
            lambda: all((bureau.store.zscore(UNSIGNED, one) or 1e15) > now_ms() for one in names),
            what="a look at each",
        )

    mails, texts = bureau.mails(), bureau.texts()
    for one in wanted:
        if one.way is Way.SMS:
            assert texts[one.id] == 1
        else:
            doubtful = bureau.row(one.id).state is RowState.UNCERTAIN
            assert mails[one.id] == 1 or (doubtful and mails[one.id] == 0)
    assert told[signed.id] == ["acknowledged"]
    assert not any(bureau.row(one.id) for one in spared)

    file = tmp_path / "list.csv"
    listed = bureau.command("warnings", "list", "--rule", found[0].rule, "--csv", file)
    why = bureau.command("messages", "why", missed[0].id)

    assert (listed.returncode, why.returncode) == (0, 0), listed.stderr + why.stderr
    lines = {line[0]: line for line in csv.reader(file.read_text("utf-8-sig").splitlines())}
    assert all("已督办" in lines[one.number] for one in missed)
    assert "已签收" in lines[signed.number]
    assert "逾期未签收" in why.stdout
    assert "督办，短信 → " in why.stdout
    assert "催办，电子邮件 → " in why.stdout
