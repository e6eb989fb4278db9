"""The whole path with real processes: from an event to the person who must act, and its receipt."""

import collections
import json
import re
import time

import msgspec
import pytest

from alerts.delivery import Way
from alerts.notification_row import RowState, Step
from detectors import events as e
from detectors import learned
from detectors.measure import Measure
from detectors.uscc import synthetic
from streams.codec import decode_data, decode_warning
from streams.courier import Receipt
from streams.devstack.stack import fetch_json
from streams.keys import SNAPSHOTS
from streams.replay import replay
from streams.topics import WARNING_TOPICS, Topic
from tests import builders as b
from tests.e2e.conftest import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

USCC = re.compile(r"(?<![.\w])[0-9A-HJ-NPQRTUWXY]{18}(?!\w)")
NEWS = {
    Measure.REMINDER: b.permit(days_left=40),
    Measure.WARNING: e.AbnormalAdded(reason=1, place="410422"),
    Measure.INTERVIEW: b.food_sample("physical"),
    Measure.INSPECTION: e.SeriousListChanged(list_code="L1", action="add", place="410422"),
}


class Day:
    """What happened to four enterprises, and what a replay says must come of it."""

    def __init__(self, bureau):
        """Let it happen."""
        self.firms = dict(zip(NEWS, bureau.firms(4), strict=True))
        happenings = [
            b.event(news, name=f"day-{self.firms[measure]}", subject=self.firms[measure])
            for measure, news in NEWS.items()
        ]
        self.expected = replay([e.encode(one) for one in happenings], b.expertise(), now=b.on(1))
        self.warnings = {(one.id, one.measure): one for one in self.expected.warnings}
        bureau.publish(*happenings)
        bureau.await_states(self.firms.values())


@pytest.fixture(scope="module")
def day(running_bureau):
    """Return one day in the bureau."""
    running_bureau.open()
    return Day(running_bureau)


def test_states_are_those_of_a_replay(bureau, day):
    """What Redis holds of each enterprise is what the pure core alone decides."""
    assert {uscc: bureau.state(uscc) for uscc in day.firms.values()} == {
        uscc: msgspec.structs.replace(state, epoch=0, partition=0, offset=0)
        for uscc, state in day.expected.states.items()
    }


def test_cards_can_be_read_by_people_and_programs(bureau, day):
    """Beside each state stands a readable hash, the same that the risk topic says."""
    uscc = day.firms[Measure.INSPECTION]

    card = bureau.card(uscc)
    *_, risk = bureau.keyed(Topic.RISK, [uscc])

    told = json.loads(risk.value)["data"]
    assert card["class"] == told["risk_class"] == "D"
    assert card["score"] == f"{told['score']:.1f}"
    assert "严重违法" in card["reasons"]
    assert risk.partition == bureau.partition_of(uscc)


def test_the_risk_topic_is_compacted(bureau, day):
    """The last card of each enterprise is kept for whoever comes later."""
    if bureau.is_embedded:
        pytest.skip("the embedded broker tells no configuration; run with --broker=apache")
    assert bureau.config_of(Topic.RISK)["cleanup.policy"] == "compact"
    assert bureau.card(day.firms[Measure.REMINDER])


@pytest.mark.parametrize("measure", Measure)
def test_each_measure_is_told_on_its_topic(bureau, day, measure):
    """Every warning of the replay is on the topic of its measure, once, under the enterprise."""
    expected = {one.id for one in day.expected.warnings if one.measure is measure}
    usccs = {one.uscc for one in day.expected.warnings if one.measure is measure}

    records = bureau.keyed(WARNING_TOPICS[measure], usccs, least=len(expected))

    assert day.firms[measure] in usccs
    assert collections.Counter(decode_warning(record.value).id for record in records) == (
        collections.Counter(expected)
    )


def test_the_people_are_told_once_by_each_way(bureau, day):
    """Everybody whom the roster names gets each message once: mails in the box, texts on phones."""
    wanted = bureau.notifications(day.warnings.values())
    mails = {one.id for one in wanted if one.way is Way.EMAIL}
    texts = {one.id for one in wanted if one.way is Way.SMS}

    until(lambda: mails <= set(bureau.mails()) and texts <= set(bureau.texts()), what="messages")

    told = bureau.mails()
    assert {told[one] for one in mails} == {1}
    assert {bureau.texts()[one] for one in texts} == {1}


def test_a_text_says_nothing_that_is_secret(bureau, day):
    """No score, no class and no enterprise code stands in a short message."""
    wanted = {one.id for one in bureau.notifications(day.warnings.values()) if one.way is Way.SMS}
    until(lambda: wanted <= set(bureau.texts()), what="texts")

    said = [
        message["content"]
        for message in fetch_json(f"{bureau.stack.gateway.url}/api/messages")
        if message["out_id"] in wanted
    ]

    assert said
    assert not [
        text for text in said if USCC.search(text) or re.search(r"[ABCD][级类]|[0-9]分", text)
    ]


def test_a_delivery_report_settles_its_message(bureau, day):
    """The gateway's word that a text arrived stands in the outbox and on ``notification.v1``."""
    ids = {one.id for one in bureau.notifications(day.warnings.values()) if one.way is Way.SMS}

    until(
        lambda: all((row := bureau.row(one)) and row.state is RowState.ARRIVED for one in ids),
        what="a report of each text",
    )

    def steps(records):
        """Return the steps that were published, by message."""
        found = collections.defaultdict(set)
        for record in records:
            receipt = decode_data(record.value, Receipt)
            found[receipt.notification_id].add(receipt.step)
        return found

    records = bureau.records(
        Topic.NOTIFICATION,
        lambda found: all({Step.ACCEPTED, Step.ARRIVED} <= steps(found)[one] for one in ids),
    )
    mine = [one for one in records if decode_data(one.value, Receipt).notification_id in ids]
    assert {one.key.decode() for one in mine} <= {one.id for one in day.warnings.values()}
    assert all("****" in decode_data(one.value, Receipt).address for one in mine)


def test_what_is_no_event_is_kept_with_its_cause(bureau):
    """Bad records among good ones end on the dead-letter topic, untouched; the good ones count."""
    good, wrong = bureau.firms(1)[0], bureau.firms(1)[0]
    odd = synthetic(987_654_321)
    odd = odd[:17] + ("0" if odd[17] != "0" else "1")
    marked = f"e2e-{good}".encode()
    quarantined = e.encode(b.event(b.penalty(), subject=odd))
    bad = {
        (marked, b"\xff{"): b"not_json",
        (marked, e.encode(b.event(b.penalty(), subject=wrong))): b"invalid_subject",
    }
    bureau.send(
        *((key, value, ()) for key, value in bad),
        (odd.encode(), quarantined, ()),
        (good.encode(), e.encode(b.event(b.penalty(), subject=good)), ()),
    )

    bureau.await_states([good])
    dead = bureau.records(
        Topic.DEAD, lambda found: sum(record.key == marked for record in found) >= len(bad)
    )
    waiting = bureau.keyed(Topic.QUARANTINE, [odd])

    mine = {(one.key, one.value): dict(one.headers) for one in dead if one.key == marked}
    assert {record: headers["sanzao-cause"] for record, headers in mine.items()} == bad
    for headers in mine.values():
        assert headers["sanzao-topic"] == b"enterprise.event.v1"
        assert headers["sanzao-partition"].isdigit()
        assert headers["sanzao-offset"].isdigit()
        assert headers["sanzao-detail"]
    assert waiting[0].value == quarantined
    assert bureau.raw_state(wrong) is None


def test_an_outcome_teaches_the_model(bureau):
    """The result of an inspection becomes an example, and the example a new model for all."""
    (uscc,) = bureau.firms(1)
    before = bureau.store.hget(SNAPSHOTS, "STD")
    known = learned.decode(before).examples if before else 0

    bureau.publish(b.event(b.inspection("failed", domain="STD"), subject=uscc, name=uscc))

    def examples():
        """Return how many examples the stored model has seen."""
        raw = bureau.store.hget(SNAPSHOTS, "STD")
        return learned.decode(raw).examples if raw else 0

    until(lambda: examples() == known + 1, what="the lesson")
    bureau.records(
        Topic.SNAPSHOT,
        lambda found: any(
            one.key == b"STD" and learned.decode(one.value).examples == known + 1 for one in found
        ),
    )


def test_the_pages_answer(bureau, day):
    """Health, readiness and metrics are there for the supervisor and for Prometheus."""
    assert day.firms
    assert bureau.page("/health") == (200, '{"status": "alive"}')
    status, said = bureau.page("/ready")
    assert (status, json.loads(said)["parts"]) == (200, {"kafka": True, "redis": True})
    assert bureau.page("/table")[0] == 404


def test_no_metric_names_an_enterprise(bureau, day):
    """After a day of work no label and no value of any series is an enterprise's."""
    _, text = bureau.page("/metrics")

    assert "sanzao_events_total" in text
    assert not USCC.search(text)
    assert not any(uscc in text for uscc in day.firms.values())


def test_no_log_line_names_a_person(bureau, day):
    """Phones and mail addresses are masked in what the worker writes."""
    wanted = bureau.notifications(day.warnings.values())
    until(lambda: {one.id for one in wanted} <= set(bureau.mails()) | set(bureau.texts()))

    written = bureau.worker.written()

    assert not [one.address for one in wanted if one.address in written]


def test_a_stop_is_quick_and_a_restart_tells_nobody_again(bureau, day):
    """SIGTERM ends the worker within ten seconds; after the restart nobody hears of it again."""
    wanted = bureau.notifications(day.warnings.values())
    until(
        lambda: {one.id for one in wanted} <= set(bureau.mails()) | set(bureau.texts()),
        what="messages",
    )
    before = bureau.mails(), bureau.texts()

    began = time.monotonic()
    bureau.worker.stop()
    seconds = time.monotonic() - began
    status = bureau.worker.status
    bureau.open()
    (marker,) = bureau.firms(1)
    bureau.publish(b.event(b.penalty(), subject=marker))
    bureau.await_states([marker])
    applied = until(lambda: bureau.counted("sanzao_events_total", outcome="applied"), what="one")

    assert seconds < 10
    assert status == 0
    assert applied == 1
    after = bureau.mails(), bureau.texts()
    assert {one: after[0][one] for one in before[0]} == dict(before[0])
    assert {one: after[1][one] for one in before[1]} == dict(before[1])
