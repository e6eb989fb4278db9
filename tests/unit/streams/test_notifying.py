"""Does a warning on a topic become messages that are planned once, whatever fails?"""

import datetime as dt
import json

import msgspec
import pytest

from alerts.delivery import Cause, InvalidReportError, MemoryChannel, Refused, Way
from alerts.notification_log import LogUnreachableError, MemoryRows, NotificationLog
from alerts.notification_row import RowState, Step
from alerts.specimen import specimen
from config.schema import Settings
from detectors.measure import Measure
from detectors.warning import CHINA
from streams.assembly import build_wisdom
from streams.codec import envelope
from streams.courier import Courier, Receipt, Round
from streams.metrics import Metrics
from streams.notifying import Notifier, count_round, receipt_record
from streams.publisher import MemoryPublisher, partition_of
from streams.topics import Topic
from tests import shell
from tests.shell import Arrival

NOON = dt.datetime(2026, 7, 1, 12, tzinfo=CHINA)


class FailingRows(MemoryRows):
    """Rows behind a Redis that does not answer at first."""

    def __init__(self, failures):
        super().__init__()
        self.failures = failures

    async def insert(self, rows):
        """Fail as often as told."""
        if self.failures:
            self.failures -= 1
            raise LogUnreachableError("told to fail")
        return await super().insert(rows)


@pytest.fixture(scope="module")
def desk():
    """Return the shipped roster, ladder and templates."""
    return build_wisdom(Settings()).desk


class Office:
    """The notifying agent's hands over twins."""

    def __init__(self, desk, rows=None, *, owned_for=10**6):
        """Own the partition until it was asked for ``owned_for`` times."""
        self.rows = rows or MemoryRows()
        self.publisher, self.metrics, self.naps = MemoryPublisher(), Metrics(), []
        self.owned_for, self.now = owned_for, NOON
        self.notifier = Notifier(
            desk=desk,
            log=NotificationLog(self.rows),
            publisher=self.publisher,
            metrics=self.metrics,
            now=lambda: self.now,
            is_current=lambda _batch: self._is_ours(),
            sleep=self._nap,
        )

    async def digest(self, *records):
        """Process a batch of an alert topic."""
        return await self.notifier.digest(
            shell.batch(*records, topic=Topic.INSPECTION.value, partition=2)
        )

    async def planned(self, warning):
        """Return the rows of a warning."""
        return await self.rows.of_warning(warning.id)

    def counted(self, name, **labels):
        """Return the value of a series."""
        return self.metrics.registry.get_sample_value(name, labels)

    def _is_ours(self):
        self.owned_for -= 1
        return self.owned_for >= 0

    async def _nap(self, seconds):
        self.naps.append(seconds)


def record(warning, *, offset=0):
    """Return the record of a warning."""
    value = envelope(
        "warning.issued.v1",
        identity=warning.id,
        subject=warning.uscc,
        time=warning.issued_at,
        data=warning,
    )
    return Arrival(value, key=warning.uscc.encode(), offset=offset)


async def test_a_warning_becomes_messages_by_each_way(desk):
    """Everybody who must know of an inspection gets a row for SMS and for e-mail, due at once."""
    office, warning = Office(desk), specimen(Measure.INSPECTION)

    finished = await office.digest(record(warning))

    rows = await office.planned(warning)
    assert finished
    assert {row.notification.way for row in rows} == set(Way)
    assert {row.state for row in rows} == {RowState.WAITING}
    assert len({row.id for row in rows}) == len(rows)


async def test_a_warning_read_again_plans_nothing(desk):
    """A replayed batch changes no row, neither in the same worker nor later in another one."""
    office, warning = Office(desk), specimen()
    await office.digest(record(warning))
    before = await office.planned(warning)
    office.now += dt.timedelta(days=1)

    await office.digest(record(warning), record(warning, offset=1))

    assert await office.planned(warning) == before


async def test_an_unreachable_log_is_waited_for(desk):
    """While the outbox cannot be written nothing is acknowledged, and nothing is skipped."""
    office, warning = Office(desk, FailingRows(2)), specimen()

    finished = await office.digest(record(warning))

    assert finished
    assert office.naps == [1.0, 1.0]
    assert office.counted("sanzao_retries_total", part="redis") == 2
    assert await office.planned(warning)


async def test_a_partition_lost_in_an_outage_is_not_acknowledged(desk):
    """Who loses the partition while waiting leaves the batch to the next owner."""
    office = Office(desk, FailingRows(10**6), owned_for=3)

    finished = await office.digest(record(specimen()))

    assert not finished
    assert await office.planned(specimen()) == ()


async def test_a_foreign_record_is_kept_and_the_next_warning_told(desk):
    """What is no warning goes to the dead letters, untouched; its neighbours are planned."""
    office, bad = Office(desk), Arrival(b"\xff{", offset=4)

    finished = await office.digest(bad, record(specimen(), offset=5))

    (letter,) = office.publisher.to(Topic.DEAD.value)
    headers = dict(letter.headers)
    assert finished
    assert (letter.key, letter.value) == (bad.key, bad.value)
    assert (headers["sanzao-topic"], headers["sanzao-offset"]) == (b"warning.inspection.v1", b"4")
    assert office.counted("sanzao_events_rejected_total", cause="invalid") == 1
    assert await office.planned(specimen())


async def test_a_warning_that_crashes_the_planning_is_kept_and_the_next_one_told(desk):
    """One warning that nobody can word must not keep all others waiting for ever."""
    office = Office(desk)
    last_day = dt.datetime(9999, 12, 31, 23, tzinfo=dt.UTC)  # its deadlines lie beyond all dates
    odd = record(msgspec.structs.replace(specimen(), id="w-odd", issued_at=last_day), offset=4)

    finished = await office.digest(odd, record(specimen(), offset=5))

    (letter,) = office.publisher.to(Topic.DEAD.value)
    assert finished
    assert letter.value == odd.value
    assert dict(letter.headers)["sanzao-cause"] == b"crash"
    assert await office.planned(specimen())


async def test_a_dead_letter_without_receipt_is_tried_again(desk):
    """A foreign record is not acknowledged before its dead letter has its receipt."""
    office = Office(desk)
    office.publisher.failures = 2

    finished = await office.digest(Arrival(b"{"))

    assert finished
    assert office.counted("sanzao_retries_total", part="kafka") == 2
    assert len(office.publisher.to(Topic.DEAD.value)) == 1


async def test_a_matter_nobody_is_named_for_goes_to_the_duty_desk_once(desk):
    """A place no authority covers is somebody's all the same; it is counted, not per replay."""
    office = Office(desk)
    lost = msgspec.structs.replace(specimen(), place="990000", id="w-lost")

    await office.digest(record(lost))
    await office.digest(record(lost))

    assert await office.planned(lost)
    assert office.counted("sanzao_warnings_to_duty_desk_total") == 1


async def sent(office, warning):
    """Let a courier carry the messages of a warning; return the receipts it published."""
    receipts = []

    async def on_receipt(receipt):
        """Keep a receipt."""
        receipts.append(receipt)

    channels = {way: MemoryChannel() for way in Way}
    courier = Courier(
        office.notifier.log, channels, clock=lambda: office.now, worker="w", on_receipt=on_receipt
    )
    await courier.deliver_due()
    assert await office.planned(warning)
    return receipts


def report(row, *, success=True):
    """Return a delivery report as the gateway pushes it."""
    return json.dumps(
        [
            {
                "out_id": row.id, "success": success, "biz_id": "1",
                "err_code": "DELIVERED", "report_time": "2026-07-01 12:00:05",
            }
        ]
    ).encode()  # fmt: skip


@pytest.mark.parametrize(
    ("success", "state"),
    [
        pytest.param(True, RowState.ARRIVED, id="it arrived"),
        pytest.param(False, RowState.FAILED, id="it did not"),
    ],
)
async def test_a_delivery_report_settles_its_message(desk, success, state):
    """The gateway's last word on a message stands in its row."""
    office, warning = Office(desk), specimen()
    await office.digest(record(warning))
    await sent(office, warning)
    row = next(r for r in await office.planned(warning) if r.notification.way is Way.SMS)

    settled = await office.notifier.take_reports(report(row, success=success))

    assert settled == 1
    assert (await office.rows.load(row.id)).state is state


async def test_a_report_of_a_message_that_is_not_ours_settles_nothing(desk):
    """A push that names nobody of ours is answered, and changes nothing."""
    office = Office(desk)

    settled = await office.notifier.take_reports(b'[{"out_id": "n-other", "success": true}]')

    assert settled == 0


async def test_a_body_that_is_no_report_is_refused(desk):
    """The gateway's owner hears that the push settings are wrong."""
    with pytest.raises(InvalidReportError, match="push settings"):
        await Office(desk).notifier.take_reports(b"<html>")


async def test_a_receipt_is_keyed_by_its_warning_and_masks_the_address(desk):
    """What became of a message can be read by warning, without a phone number in it."""
    office, warning = Office(desk), specimen()
    await office.digest(record(warning))
    receipts = await sent(office, warning)

    outgoing = receipt_record(receipts[0], 4)

    told = msgspec.json.decode(outgoing.value, type=Receipt)
    assert (outgoing.topic, outgoing.key) == ("notification.v1", warning.id.encode())
    assert outgoing.partition == partition_of(warning.id, 4)
    assert told.step is Step.ACCEPTED
    assert "***" in told.address


def test_a_round_is_counted_by_channel_state_and_cause():
    """What a round settled is on the metrics, a failure under its cause as well."""
    metrics = Metrics()
    done = Round()
    done.settled[Way.SMS, Step.ACCEPTED, None] = 2
    done.settled[Way.EMAIL, Step.REFUSED, Cause.BAD_ADDRESS] = 1

    count_round(metrics, done)

    value = metrics.registry.get_sample_value
    assert value("sanzao_notifications_total", {"channel": "sms", "state": "accepted"}) == 2
    assert value("sanzao_notifications_total", {"channel": "email", "state": "refused"}) == 1
    failed = {"channel": "email", "cause": "bad_address"}
    assert value("sanzao_notification_failures_total", failed) == 1
    assert Refused(Cause.BAD_ADDRESS).cause is Cause.BAD_ADDRESS


@pytest.mark.parametrize(
    ("in_event_time", "until"),
    [
        pytest.param(False, "7月31日16:00", id="wall"),
        pytest.param(True, "7月1日13:30", id="events"),
    ],
)
async def test_limits_run_from_when_people_are_told(desk, in_event_time, until):
    """A bureau at work counts from now; a simulation, whose now is another year, from the issue."""
    office, warning = Office(desk), specimen(Measure.INSPECTION)
    office.notifier.in_event_time = in_event_time
    office.now = dt.datetime(2026, 7, 31, 12, tzinfo=CHINA)

    await office.digest(record(warning))

    texts = [
        row.notification.content.body
        for row in await office.planned(warning)
        if row.notification.way is Way.SMS
    ]
    assert any(f"请{until}前登录签收" in text for text in texts)
