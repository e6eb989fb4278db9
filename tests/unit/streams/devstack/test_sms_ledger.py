"""What the gateway accepted is never forgotten."""

import datetime as dt

from streams.devstack.sms_ledger import Ledger, ShortMessage

NOON = dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC)


def message(sequence=1, *, accepted_at=NOON, **changes):
    """Return a short message to one number."""
    facts = {
        "phone": "13812345678",
        "signature": "叶县市监",
        "template_code": "SMS_1",
        "variables": {"firm": "甲"},
        "content": "【叶县市监】甲",
        "parts": 1,
        "out_id": "n-1",
        "biz_id": "1^0",
    }
    return ShortMessage(sequence=sequence, accepted_at=accepted_at, **(facts | changes))


def test_last_line_counts_after_a_restart(tmp_path):
    """A ledger that is opened again knows every message once, with what became of it."""
    ledger = Ledger(tmp_path)
    ledger.add(message(1))
    ledger.add(message(2))
    ledger.messages[0].err_code = "DELIVERED"
    ledger.write(ledger.messages[0])

    assert [(m.sequence, m.status) for m in Ledger(tmp_path).messages] == [(1, 3), (2, 1)]


def test_same_out_id_is_kept_twice(tmp_path):
    """What was sent twice under one OutId is there twice."""
    ledger = Ledger(tmp_path)
    ledger.add(message(1, out_id="same"))
    ledger.add(message(2, out_id="same"))

    assert [m.out_id for m in Ledger(tmp_path).messages] == ["same", "same"]


def test_a_day_is_any_24_hours(tmp_path):
    """Only messages of the same number, signature and template, less than a day old, count."""
    ledger = Ledger(tmp_path)
    ledger.add(message(1, accepted_at=NOON - dt.timedelta(hours=24)))
    ledger.add(message(2, accepted_at=NOON - dt.timedelta(hours=23, minutes=59)))
    ledger.add(message(3, phone="13900000000"))
    ledger.add(message(4, template_code="SMS_2"))

    counted = ledger.sent_in_a_day(
        phone="13812345678", signature="叶县市监", template_code="SMS_1", now=NOON
    )

    assert counted == 1


def test_report_has_the_shape_of_the_service():
    """A report says success as a boolean, sizes as text and moments in China's time."""
    failed = message(err_code="MK:0001", reported_at=NOON + dt.timedelta(seconds=3))

    assert failed.as_report() == {
        "phone_number": "13812345678",
        "send_time": "2026-07-01 20:00:00",
        "report_time": "2026-07-01 20:00:03",
        "success": False,
        "err_code": "MK:0001",
        "err_msg": "用户接收失败",
        "sms_size": "1",
        "biz_id": "1^0",
        "out_id": "n-1",
    }
