"""Every code of the gateway means one of: never, later, or ask first."""

import pytest

from alerts.channels.aliyun_codes import meaning_of
from alerts.channels.sms_aliyun import AliyunAccount, parse_reports, signature
from alerts.delivery import Cause, InvalidReportError, Refused, TryAgain
from alerts.specimen import specimen
from streams.devstack import sms_rules

NOON = specimen().issued_at
PUBLISHED = "testsecret"  # of the vendor's own example
HUSH = "hush"


@pytest.mark.parametrize("code", [*sms_rules.BUSINESS, *sms_rules.GATEWAY])
def test_every_code_the_gateway_knows_is_described(code):
    """No documented code falls through to "unexpected"."""
    assert meaning_of(code).cause is not Cause.UNEXPECTED


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        pytest.param("isv.MOBILE_NUMBER_ILLEGAL", Refused(Cause.BAD_ADDRESS), id="never"),
        pytest.param("isv.BUSINESS_LIMIT_CONTROL", TryAgain(Cause.RATE_LIMITED), id="later"),
        pytest.param("isv.AMOUNT_NOT_ENOUGH", TryAgain(Cause.NO_CREDIT), id="when paid"),
        pytest.param(
            "isp.SYSTEM_ERROR", TryAgain(Cause.SERVER_ERROR, doubtful=True), id="ask first"
        ),
        pytest.param("isv.BRAND_NEW", TryAgain(Cause.UNEXPECTED, doubtful=True), id="unknown"),
    ],
)
def test_what_a_code_means(code, meaning):
    """The three kinds of failure, and caution where a code is new."""
    found = meaning_of(code)

    assert (type(found), found.cause) == (type(meaning), meaning.cause)
    assert getattr(found, "doubtful", False) is getattr(meaning, "doubtful", False)
    assert found.detail == code


def test_the_signature_is_the_published_one():
    """Alibaba Cloud's own example of the RPC signature (DescribeRegions, GET)."""
    form = {
        "TimeStamp": "2016-02-23T12:46:24Z",
        "Format": "XML",
        "AccessKeyId": "testid",
        "Action": "DescribeRegions",
        "SignatureMethod": "HMAC-SHA1",
        "SignatureNonce": "3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf",
        "Version": "2014-05-26",
        "SignatureVersion": "1.0",
    }
    form["Timestamp"] = form.pop("TimeStamp")

    found = signature(form, secret=PUBLISHED, method="GET")

    assert found == "OLeaidS1JvxuMvnyHOwuJ+uX5qY="


def test_names_of_enterprises_do_not_travel_in_the_clear():
    """Plain HTTP is for loopback alone."""
    with pytest.raises(ValueError, match="use https"):
        AliyunAccount(access_key_id="a", access_key_secret=HUSH, endpoint="http://sms.example.org")


def test_a_secret_is_not_printed():
    """An account in a log or a traceback keeps its secret."""
    assert HUSH not in repr(AliyunAccount(access_key_id="a", access_key_secret=HUSH))


REPORT = """[{"phone_number": "13800000001", "send_time": "2026-07-01 09:30:00",
 "report_time": "2026-07-01 09:30:04", "success": false, "err_code": "MOBILE_NOT_ON_SERVICE",
 "err_msg": "x", "sms_size": "1", "biz_id": "9^0", "out_id": "n-1"},
 {"phone_number": "13800000001", "success": true, "out_id": ""}]"""


def test_a_push_of_reports_is_read():
    """Our id, the verdict, China's time and the carrier's code; foreign messages are left out."""
    (report,) = parse_reports(REPORT.encode(), now=NOON)

    assert (report.notification_id, report.arrived) == ("n-1", False)
    assert report.at.isoformat() == "2026-07-01T09:30:04+08:00"
    assert (report.provider_id, report.detail) == ("9^0", "MOBILE_NOT_ON_SERVICE")


def test_null_says_as_little_as_nothing():
    """A push that also names messages without ids, another system's, still settles ours."""
    body = (
        b'[{"success": true, "out_id": null}, {"success": true, "out_id": "n-2", "biz_id": null,'
        b' "err_code": null, "report_time": null}]'
    )

    (report,) = parse_reports(body, now=NOON)

    assert (report.notification_id, report.at) == ("n-2", NOON)
    assert (report.provider_id, report.detail) == ("", "")


NO_UTF8 = b'[{"success": true, "out_id": "\xd6\xd0"}]'


@pytest.mark.parametrize("body", [b"", b"{}", b"[{}]", b"[1]", b"\xff", NO_UTF8])
def test_what_is_no_report_is_refused(body):
    """A body that nobody can read is an error with a remedy, not an empty list."""
    with pytest.raises(InvalidReportError, match="push settings"):
        parse_reports(body, now=NOON)
