"""May a message be sent again, and which ones does a list hold?"""

import datetime as dt

import msgspec
import pytest

from alerts.delivery import Cause, Delivered, InDoubt, Refused, TryAgain, Way
from alerts.notification_log import MemoryRows, NotificationLog
from alerts.notification_row import OPEN_STATES, TROUBLED_STATES, RowState
from alerts.specimen import specimen_notification
from detectors.warning import CHINA, WarningStatus
from streams.cli_messages import Wanted, why_not

NOON = dt.datetime(2026, 7, 1, 12, tzinfo=CHINA)


async def log_of(outcome, *more):
    """Return a log in which one message has had an outcome, and the message."""
    log = NotificationLog(MemoryRows())
    message = specimen_notification(Way.EMAIL, now=NOON)
    await log.plan([message], now=NOON)
    (row,) = await log.claim_due(now=NOON, worker="a", lease=dt.timedelta(minutes=2), limit=1)
    settled = await log.settle(row.id, attempt=1, outcome=outcome, now=NOON)
    await log.plan(more, now=NOON)
    return log, settled


@pytest.mark.parametrize(
    ("outcome", "objection"),
    [
        pytest.param(Refused(Cause.BAD_ADDRESS), "", id="refused"),
        pytest.param(InDoubt(), "", id="in doubt"),
        pytest.param(Delivered("x"), "无需重发，邮件服务器已接收", id="it has arrived"),
        pytest.param(TryAgain(Cause.TIMEOUT), "无需重发，等待发送", id="it goes by itself"),
    ],
)
async def test_only_what_went_wrong_is_sent_again(outcome, objection):
    """What is under way or has arrived would be told twice."""
    log, row = await log_of(outcome)

    found = await why_not(log, row)

    assert found.startswith(objection)
    assert bool(found) == bool(objection)


async def test_nothing_of_a_cancelled_warning_is_sent_again():
    """Read after the cancellation, it would be acted on; the cancellation itself may be sent."""
    cancelled = msgspec.structs.replace(
        specimen_notification(now=NOON, person_id="q"), status=WarningStatus.CANCELLED
    )
    log, row = await log_of(InDoubt(), cancelled)
    itself = msgspec.structs.replace(
        row, notification=msgspec.structs.replace(row.notification, status=cancelled.status)
    )

    assert "已撤销" in await why_not(log, row)
    assert await why_not(log, itself) == ""


def test_the_narrow_lists_are_parts_of_the_wide_ones():
    """``troubled`` is all that the outbox lists as trouble; ``waiting`` is all that is open."""
    parts = [Wanted.UNCERTAIN, Wanted.REFUSED, Wanted.FAILED]

    assert Wanted.TROUBLED.states == TROUBLED_STATES
    assert frozenset.union(*(one.states for one in parts)) == TROUBLED_STATES
    assert Wanted.WAITING.states == OPEN_STATES
    assert Wanted.UNCERTAIN.states == {RowState.UNCERTAIN}
