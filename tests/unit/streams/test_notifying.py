"""Does a warning on a topic become messages that are planned once, whatever fails?"""

import datetime as dt
import json
from functools import partial

import msgspec
import pytest

from alerts.delivery import Cause, InvalidReportError, MemoryChannel, Refused, TryAgain, Way
from alerts.notification_log import LogUnreachableError, MemoryRows, NotificationLog
from alerts.notification_row import RowState, Step
from alerts.specimen import specimen, specimen_cluster
from config.schema import Settings
from detectors.measure import Level, Measure
from detectors.uscc import synthetic
from detectors.warning import CHINA, WarningStatus
from streams.assembly import build_wisdom
from streams.codec import decode_data, envelope
from streams.courier import Courier, Receipt, Round
from streams.metrics import Metrics
from streams.notifying import Notifier, count_round, receipt_record
from streams.publisher import MemoryPublisher, partition_of
from streams.topics import Topic
from tests import shell
from tests.shell import Arrival

STATUSES = (WarningStatus.ISSUED, WarningStatus.CANCELLED)
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

    def __init__(self, desk, rows=None, *, owned_for=10**6, since=None):
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
            since=since,
        )

    async def digest(self, *records):
        """Process a batch of an alert topic."""
        return await self.notifier.digest(
            shell.batch(*records, topic=Topic.INSPECTION.value, partition=2)
        )

    async def reads(self, topic, *records):
        """Process a batch of a topic."""
        return await self.notifier.digest(shell.batch(*records, topic=topic.value))

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


def issued(at, **changes):
    """Return the record of a warning that was issued at a moment."""
    return record(msgspec.structs.replace(specimen(), issued_at=at, **changes))


def regional(at):
    """Return the record of a regional warning that was issued at a moment."""
    return cluster_record(msgspec.structs.replace(specimen_cluster(), issued_at=at))


@pytest.mark.parametrize(
    ("topic", "issued_at"),
    [
        pytest.param(Topic.INSPECTION, issued, id="an enterprise's"),
        pytest.param(Topic.REMINDER, partial(issued, batched=True), id="one of a batch"),
        pytest.param(Topic.CLUSTER, regional, id="a region's"),
    ],
)
async def test_what_was_issued_before_the_first_day_is_told_to_nobody(desk, topic, issued_at):
    """The history that is loaded on going live is counted; the first second of the day is told."""
    office, far = Office(desk, since=NOON), NOON + dt.timedelta(days=9)

    await office.reads(topic, issued_at(NOON - dt.timedelta(seconds=1)))
    of_history = await office.rows.due(far, limit=99)
    await office.reads(topic, issued_at(NOON))

    assert of_history == ()
    assert office.counted("sanzao_warnings_of_history_total") == 1
    assert await office.rows.due(far, limit=99)


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


async def test_a_large_batch_says_that_it_goes_on(desk):
    """The wording of some thousand warnings takes its time; the watchdog hears of each."""
    office, said = Office(desk), []
    office.notifier.alive = lambda: said.append("alive")

    await office.digest(record(specimen()), record(specimen(Measure.INSPECTION), offset=1))

    assert len(said) == 3  # two warnings, and the batch


async def test_a_matter_nobody_is_named_for_goes_to_the_duty_desk_once(desk):
    """A place no authority covers is somebody's all the same; it is counted, not per replay."""
    office = Office(desk)
    lost = msgspec.structs.replace(specimen(), place="990000", id="w-lost")

    await office.digest(record(lost))
    await office.digest(record(lost))

    assert await office.planned(lost)
    assert office.counted("sanzao_warnings_to_duty_desk_total") == 1


async def sent(office, warning, channels=None):
    """Let a courier carry the messages of a warning; return the receipts it published."""
    receipts = []

    async def on_receipt(receipt):
        """Keep a receipt."""
        receipts.append(receipt)

    channels = channels or {way: MemoryChannel() for way in Way}
    courier = Courier(
        office.notifier.log, channels, clock=lambda: office.now, worker="w", on_receipt=on_receipt
    )
    await courier.deliver_due()
    assert await office.planned(warning)
    return receipts


async def test_what_is_cancelled_is_not_told_afterwards(desk):
    """A message that still waits for its gateway does not leave once its warning is cancelled.

    Whoever read it after the cancellation would go and act on what has been taken back.
    """
    office, warning = Office(desk), specimen(Measure.INSPECTION)
    down = [TryAgain(Cause.UNREACHABLE)] * 99
    channels = {Way.SMS: MemoryChannel(*down), Way.EMAIL: MemoryChannel()}
    await office.digest(record(warning))
    await sent(office, warning, channels)
    cancelled = specimen(Measure.INSPECTION, WarningStatus.CANCELLED)

    channels[Way.SMS] = MemoryChannel()
    await office.digest(record(cancelled, offset=1))
    office.now += dt.timedelta(hours=2)
    receipts = await sent(office, warning, channels)

    assert {one.status for one in channels[Way.SMS].accepted.values()} == {WarningStatus.CANCELLED}
    assert {one.status for one in channels[Way.EMAIL].accepted.values()} == set(STATUSES)
    withdrawn = [one for one in receipts if one.step is Step.WITHDRAWN]
    assert {(one.way, one.status) for one in withdrawn} == {(Way.SMS, WarningStatus.ISSUED)}
    told = office.counted("sanzao_notifications_total", channel="sms", state="withdrawn")
    assert told == len(withdrawn) > 0


GRAVER = (Measure.INTERVIEW, Measure.INSPECTION)


def changed(status, measure=Measure.INTERVIEW, *, told=GRAVER, **more):
    """Return what became of the specimen after it had been told by some measures."""
    return msgspec.structs.replace(
        specimen(measure, status), told=told, changed_at=NOON, **more
    )  # fmt: skip


async def people(office, *, status=WarningStatus.ISSUED):
    """Return how often each person was planned a message of a status, by e-mail, which all get."""
    names = [
        row.notification.person_id
        for row in await office.planned(specimen())
        if (row.notification.status, row.notification.way) == (status, Way.EMAIL)
        and row.state is not RowState.WITHDRAWN
    ]
    assert len(names) == len(set(names))
    return set(names)


async def told_all(office):
    """Let everybody be told of an interview, then of an inspection; return the persons."""
    persons = set()
    for measure, topic in ((GRAVER[0], Topic.INTERVIEW), (GRAVER[1], Topic.INSPECTION)):
        await office.reads(topic, record(specimen(measure)))
        await sent(office, specimen())
    for row in await office.planned(specimen()):
        persons.add(row.notification.person_id)
    return persons


async def test_everybody_who_was_told_hears_of_the_end_once(desk):
    """Told by two measures, by two lists of people: each person gets one cancellation."""
    office = Office(desk)
    persons = await told_all(office)
    end = changed(WarningStatus.CANCELLED)

    for topic in (Topic.INTERVIEW, Topic.INSPECTION):
        await office.reads(topic, record(end))

    assert await people(office, status=WarningStatus.CANCELLED) == persons


async def test_whoever_was_told_of_the_graver_measure_hears_that_it_fell(desk):
    """The record stands on both topics; the graver one tells its readers, and them alone."""
    office = Office(desk)
    await told_all(office)
    graver = {
        row.notification.person_id
        for row in await office.planned(specimen())
        if row.notification.measure is Measure.INSPECTION
    }
    fell = changed(WarningStatus.LOWERED, undone="复检合格", revision="1")

    await office.reads(Topic.INTERVIEW, record(fell))
    early = await people(office, status=WarningStatus.LOWERED)
    await office.reads(Topic.INSPECTION, record(fell))

    assert early == set()
    assert await people(office, status=WarningStatus.LOWERED) == graver


async def test_what_fell_by_itself_is_no_message(desk):
    """A condition that eases is told to machines: people hear when they must act."""
    office = Office(desk)
    await told_all(office)

    await office.reads(Topic.INSPECTION, record(changed(WarningStatus.LOWERED, revision="1")))

    assert await people(office, status=WarningStatus.LOWERED) == set()


async def test_what_rises_again_is_told_again(desk):
    """After a lowering the same measure with a revision is another message to the same people."""
    office = Office(desk)
    await office.digest(record(specimen(Measure.INSPECTION)))
    first = len(await office.planned(specimen()))

    await office.digest(record(specimen(Measure.INSPECTION)))
    again = msgspec.structs.replace(specimen(Measure.INSPECTION), revision="2")
    await office.digest(record(again))

    assert len(await office.planned(specimen())) == 2 * first


@pytest.mark.parametrize("status", [WarningStatus.CANCELLED, WarningStatus.CLOSED])
async def test_what_was_issued_is_not_told_after_its_end(desk, status):
    """Two topics know no order: the end is read first, and the issue tells nobody any more."""
    office = Office(desk)

    await office.reads(Topic.INTERVIEW, record(changed(status)))
    await office.reads(Topic.INSPECTION, record(specimen(Measure.INSPECTION)))

    assert await office.planned(specimen()) == ()


async def test_what_has_ended_by_itself_is_withdrawn(desk):
    """What waits for its gateway when its warning closes does not leave, and nobody hears more."""
    office = Office(desk)
    await office.digest(record(specimen(Measure.INSPECTION)))

    await office.digest(record(changed(WarningStatus.CLOSED, Measure.INSPECTION)))

    assert {row.state for row in await office.planned(specimen())} == {RowState.WITHDRAWN}


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


async def test_a_report_of_a_message_that_never_left_is_refused_counted_and_logged(desk, caplog):
    """Nobody can close a warning that nobody was told by knocking at the port of reports."""
    office, warning = Office(desk), specimen()
    await office.digest(record(warning))
    row = next(r for r in await office.planned(warning) if r.notification.way is Way.SMS)

    settled = await office.notifier.take_reports(report(row))

    assert (settled, await office.rows.load(row.id)) == (0, row)
    assert office.counted("sanzao_delivery_reports_total", outcome="refused") == 1
    assert f"{row.id} is with no gateway" in caplog.text


async def test_a_report_of_a_message_that_is_not_ours_settles_nothing(desk):
    """A push that names nobody of ours is answered, and changes nothing."""
    office = Office(desk)

    settled = await office.notifier.take_reports(b'[{"out_id": "n-other", "success": true}]')

    assert settled == 0
    assert office.counted("sanzao_delivery_reports_total", outcome="unknown") == 1


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

    told = decode_data(outgoing.value, Receipt)
    assert (outgoing.topic, outgoing.key) == ("notification.v1", warning.id.encode())
    assert outgoing.partition == partition_of(warning.id, 4)
    assert told.step is Step.ACCEPTED
    assert "***" in told.address


async def test_a_receipt_is_a_cloud_event_known_by_its_id(desk):
    """Published again after a crash, a receipt carries the same id, as every message does."""
    office, warning = Office(desk), specimen()
    await office.digest(record(warning))
    (receipt, *_) = await sent(office, warning)

    told = msgspec.json.decode(receipt_record(receipt, 4).value)

    assert (told["type"], told["id"]) == ("notification.receipt.v1", receipt.id)
    assert told["subject"] == warning.id
    assert told == msgspec.json.decode(receipt_record(receipt, 4).value)


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
    assert any(f"请{until}前签收" in text for text in texts)


MIDNIGHT = dt.datetime(2026, 7, 1, tzinfo=CHINA)
DELAY = dt.timedelta(minutes=30)
STATIONS = ("410422001", "410422002", "410422003")


def missed(number, *, rule="W02", day=MIDNIGHT, status=WarningStatus.ISSUED):
    """Return the batched warning of an enterprise in one of three stations' places."""
    return msgspec.structs.replace(
        specimen(Measure.WARNING), id=f"w-{number:016x}", enterprise=f"叶县商店{number}号",
        uscc=synthetic(number),
        rule=rule, matter="未按期报送2025年度年报", place=STATIONS[number % 3],
        issued_at=day, status=status, batched=True,
    )  # fmt: skip


def burst(count=10_000, **more):
    """Return the records of everybody who missed a deadline."""
    return [record(missed(number, **more), offset=number) for number in range(count)]


class Street(Office):
    """An office with a courier, in virtual time: what reached phones and mailboxes so far."""

    def __init__(self, desk, rows=None, *, now=MIDNIGHT):
        """Begin at the midnight of the deadline."""
        super().__init__(desk, rows)
        self.now = now
        self.notifier.batch_delay = DELAY
        self.channels = {way: MemoryChannel() for way in Way}

    async def passes(self, time):
        """Let time pass, and the courier go his round; return how many came by each way."""
        self.now += time

        async def drop(_):
            """Receipts are another test's."""

        courier = Courier(
            self.notifier.log, self.channels, clock=lambda: self.now, worker="w", on_receipt=drop
        )
        await courier.deliver_due()
        return {way: len(channel.accepted) for way, channel in self.channels.items()}


def each(count):
    """Return that many by each way."""
    return dict.fromkeys(Way, count)


async def test_ten_thousand_that_missed_a_deadline_are_three_messages_a_way(desk):
    """Three stations get one text and one mail each, after the delay and never before."""
    street = Street(desk)
    await street.reads(Topic.WARNING, *burst())

    early = await street.passes(DELAY - dt.timedelta(seconds=1))
    later = await street.passes(dt.timedelta(seconds=1))
    at_last = await street.passes(dt.timedelta(days=3))

    assert (early, later, at_last) == (each(0), each(3), each(3))
    (text, *_) = street.channels[Way.SMS].accepted.values()
    assert "名单" in text.content.body


async def test_another_rule_and_the_next_day_are_told_anew(desk):
    """A station hears once a rule and day: two rules on two days are four messages a station."""
    street = Street(desk)
    told = []
    for day in (MIDNIGHT, MIDNIGHT + dt.timedelta(days=1)):
        for rule in ("W01", "W02"):
            await street.reads(Topic.WARNING, *burst(30, rule=rule, day=day))
            told.append(await street.passes(DELAY))

    assert told == [each(3), each(6), each(9), each(12)]


async def test_a_burst_read_again_tells_nobody_even_after_a_restart(desk):
    """Another worker that knows nothing reads the whole burst a day later: no message is new."""
    street = Street(desk)
    await street.reads(Topic.WARNING, *burst(300))
    first = await street.passes(DELAY)
    restarted = Street(desk, street.rows, now=street.now + dt.timedelta(days=1))
    restarted.channels = street.channels

    await restarted.reads(Topic.WARNING, *burst(300))
    again = await restarted.passes(2 * DELAY)

    assert (first, again) == (each(3), each(3))


async def test_who_files_late_is_no_message(desk):
    """Batched warnings that are taken back or end send nothing, before the message or after it."""
    street = Street(desk)
    for status in (WarningStatus.CANCELLED, WarningStatus.CLOSED):
        await street.reads(Topic.WARNING, *burst(30, status=status))
    before = await street.passes(DELAY)
    await street.reads(Topic.WARNING, *burst(30))
    told = await street.passes(DELAY)
    for status in (WarningStatus.CANCELLED, WarningStatus.CLOSED):
        await street.reads(Topic.WARNING, *burst(30, status=status))

    assert (before, told, await street.passes(DELAY)) == (each(0), each(3), each(3))


async def test_a_batch_that_cannot_be_written_is_planned_when_the_log_is_back(desk):
    """A bundle counts as planned once it stands in the outbox, not when it was tried."""
    street = Street(desk, FailingRows(2))

    await street.reads(Topic.WARNING, *burst(30))

    assert await street.passes(DELAY) == each(3)


def listed(messages):
    """Return how many stand in the list of each message, by way."""
    return sorted((one.way.value, len(one.members)) for one in messages)


async def test_a_list_fills_while_its_message_waits(desk):
    """What comes in many batches is one list: text, letter and attachment say how many."""
    street = Street(desk)
    for first in range(0, 300, 50):
        records = [record(missed(number), offset=number) for number in range(first, first + 50)]
        await street.reads(Topic.WARNING, *records)

    await street.passes(DELAY)

    texts = street.channels[Way.SMS].accepted.values()
    assert listed(texts) == [("sms", 100)] * 3
    assert all("辖区100户" in one.content.body for one in texts)
    assert all(
        "共100户" in one.content.text for one in street.channels[Way.EMAIL].accepted.values()
    )


async def test_who_files_while_the_message_waits_leaves_its_list(desk):
    """A station is not sent to who has filed meanwhile."""
    street = Street(desk)
    await street.reads(Topic.WARNING, *burst(30))
    await street.reads(Topic.WARNING, *burst(3, status=WarningStatus.CLOSED))

    await street.passes(DELAY)

    assert listed(street.channels[Way.SMS].accepted.values()) == [("sms", 9)] * 3


async def test_a_list_does_not_change_once_its_message_has_left(desk):
    """Who comes later is seen in the system; what was sent stays as it was sent."""
    street = Street(desk)
    await street.reads(Topic.WARNING, *burst(30))
    await street.passes(DELAY)
    await street.reads(Topic.WARNING, *burst(60))

    (row, *_) = await street.rows.of_warning(
        next(iter(street.channels[Way.SMS].accepted.values())).warning_id
    )
    assert len(row.notification.members) == 10
    assert await street.passes(DELAY) == each(3)


async def test_a_closed_warning_sends_nothing(desk):
    """People are told when they must act, not when they may rest."""
    office = Office(desk)
    closed = specimen(Measure.INSPECTION, WarningStatus.CLOSED)

    finished = await office.digest(record(closed))

    assert finished
    assert await office.planned(closed) == ()


def cluster_record(warning, *, offset=0):
    """Return the record of a regional warning, as the survey publishes it."""
    value = envelope(
        "cluster.warning.v1",
        identity=warning.id,
        subject=warning.matter,
        time=warning.issued_at,
        data=warning,
    )
    return Arrival(value, key=warning.place.encode(), offset=offset)


async def test_a_regional_warning_is_told_once_to_who_acts_and_who_is_above(desk):
    """One text and one mail to the department, and of a red one to the department above it."""
    street, warning = Street(desk), specimen_cluster(Level.RED)

    await street.reads(Topic.CLUSTER, cluster_record(warning))
    first = await street.passes(dt.timedelta(0))
    await street.reads(Topic.CLUSTER, cluster_record(warning, offset=1))

    assert (first, await street.passes(DELAY)) == (each(2), each(2))
    assert {row.notification.warning_id for row in await street.planned(warning)} == {warning.id}


@pytest.mark.parametrize(
    ("topic", "foreign"),
    [
        pytest.param(Topic.CLUSTER, record(specimen()), id="an enterprise's among the regions'"),
        pytest.param(Topic.WARNING, cluster_record(specimen_cluster()), id="the other way round"),
        pytest.param(Topic.CLUSTER, Arrival(b"{"), id="nothing at all"),
    ],
)
async def test_a_warning_on_the_wrong_topic_is_a_dead_letter(desk, topic, foreign):
    """What is not of its topic's kind is kept with its origin, and told to nobody."""
    office = Office(desk)

    finished = await office.reads(topic, foreign)

    (letter,) = office.publisher.to(Topic.DEAD.value)
    assert finished
    assert dict(letter.headers)["sanzao-topic"] == topic.value.encode()
    assert dict(letter.headers)["sanzao-cause"] == b"invalid"
    assert await office.rows.due(NOON + dt.timedelta(days=9), limit=9) == ()


async def test_a_region_that_nobody_governs_is_counted(desk):
    """The duty desk hears of it, and the operator sees that a region is missing in the roster."""
    office, lost = Office(desk), specimen_cluster(place="510105")

    await office.reads(Topic.CLUSTER, cluster_record(lost))

    assert await office.planned(lost)
    assert office.counted("sanzao_warnings_to_duty_desk_total") == 1
