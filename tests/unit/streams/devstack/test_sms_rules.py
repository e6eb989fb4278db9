"""What the stand-in gateway accepts and refuses is what Alibaba Cloud's service does."""

import datetime as dt
import json

import pytest

from streams.devstack.processes import ServerError
from streams.devstack.sms_rules import (
    Dysms,
    full_text,
    parts_of,
    reply,
    signature_of,
    why_refused,
    why_unauthentic,
)

NOON = dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC)
SIGNING_KEY = "of-this-test"
ACCOUNT = Dysms(
    access_key_id="key",
    access_key_secret=SIGNING_KEY,
    signatures=frozenset({"叶县市监"}),
    templates={"SMS_1": "${firm}：请在${due}前签收。", "SMS_2": "${text}" + "长" * 480},
)


def signed(**changes):
    """Return the parameters of a right SendSms at noon, changed before they are signed."""
    parameters = {
        "Action": "SendSms",
        "Version": "2017-05-25",
        "PhoneNumbers": "13812345678",
        "SignName": "叶县市监",
        "TemplateCode": "SMS_1",
        "TemplateParam": json.dumps({"firm": "食品公司", "due": "18:00"}),
        "AccessKeyId": "key",
        "SignatureMethod": "HMAC-SHA1",
        "SignatureVersion": "1.0",
        "SignatureNonce": "n1",
        "Timestamp": "2026-07-01T12:00:00Z",
        "Format": "JSON",
    } | changes
    return parameters | {"Signature": signature_of(parameters, secret=SIGNING_KEY, method="POST")}


@pytest.mark.parametrize(
    ("parameters", "secret", "published"),
    [
        pytest.param(
            {
                "AccessKeyId": "testid",
                "Action": "DescribeRegions",
                "Format": "XML",
                "SignatureMethod": "HMAC-SHA1",
                "SignatureNonce": "3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf",
                "SignatureVersion": "1.0",
                "Timestamp": "2016-02-23T12:46:24Z",
                "Version": "2014-05-26",
            },
            "testsecret",
            "OLeaidS1JvxuMvnyHOwuJ+uX5qY=",
            id="the page on signatures",
        ),
        pytest.param(
            {
                "AccessKeyId": "testId",
                "Action": "SendSms",
                "Format": "XML",
                "OutId": "123",
                "PhoneNumbers": "15300000001",
                "RegionId": "cn-hangzhou",
                "SignName": "阿里云短信测试专用",
                "SignatureMethod": "HMAC-SHA1",
                "SignatureNonce": "45e25e9b-0a6f-4070-8c85-2956eda1b466",
                "SignatureVersion": "1.0",
                "TemplateCode": "SMS_71390007",
                "TemplateParam": '{"customer":"test"}',
                "Timestamp": "2017-07-12T02:42:19Z",
                "Version": "2017-05-25",
            },
            "testSecret",
            "zJDF+Lrzhj/ThnlvIToysFRq6t4=",
            id="the page on short messages",
        ),
    ],
)
def test_signature_is_the_published_one(parameters, secret, published):
    """The two examples that the service publishes come out letter by letter."""
    assert signature_of(parameters, secret=secret, method="GET") == published


@pytest.mark.parametrize(
    ("parameters", "why"),
    [
        pytest.param(signed(), None, id="a right request"),
        pytest.param(signed(AccessKeyId="other"), "InvalidAccessKeyId.NotFound", id="other key"),
        pytest.param(signed() | {"OutId": "7"}, "SignatureDoesNotMatch", id="changed on the way"),
        pytest.param(signed() | {"Signature": "签"}, "SignatureDoesNotMatch", id="no base64"),
        pytest.param(signed(SignatureNonce="used"), "SignatureNonceUsed", id="sent before"),
        pytest.param(
            signed(Timestamp="2026-07-01T12:15:01Z"), "InvalidTimeStamp.Expired", id="clock fast"
        ),
        pytest.param(
            signed(Timestamp="2026-07-01T20:00:00+08:00"), "InvalidTimeStamp.Expired", id="no UTC"
        ),
        pytest.param(signed(SignatureMethod="HMAC-MD5"), "IncompleteSignature", id="other method"),
        pytest.param(signed(SignatureNonce=""), "IncompleteSignature", id="no nonce"),
        pytest.param(signed(Version="2014-05-26"), "InvalidVersion", id="other version"),
    ],
)
def test_why_unauthentic(parameters, why):
    """Only a fresh request that the key's owner signed as it is gets through."""
    assert why_unauthentic(parameters, ACCOUNT, method="POST", now=NOON, nonces={"used"}) == why


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        pytest.param({}, None, id="a right message"),
        pytest.param({"PhoneNumbers": "+8613812345678,13900000000"}, None, id="two numbers"),
        pytest.param({"PhoneNumbers": "03751234567"}, "isv.MOBILE_NUMBER_ILLEGAL", id="a landline"),
        pytest.param(
            {"PhoneNumbers": ",".join(["13812345678"] * 1001)},
            "isv.MOBILE_COUNT_OVER_LIMIT",
            id="too many numbers",
        ),
        pytest.param({"PhoneNumbers": ""}, "isv.INVALID_PARAMETERS", id="no number"),
        pytest.param({"SignName": "某局"}, "isv.SMS_SIGNATURE_ILLEGAL", id="other signature"),
        pytest.param({"TemplateCode": "SMS_9"}, "isv.SMS_TEMPLATE_ILLEGAL", id="other template"),
        pytest.param(
            {"TemplateParam": '{"firm": "甲"}'}, "isv.TEMPLATE_MISSING_PARAMETERS", id="one is left"
        ),
        pytest.param({"TemplateParam": ""}, "isv.TEMPLATE_MISSING_PARAMETERS", id="all are left"),
        pytest.param(
            {"TemplateParam": '{"firm": 1}'}, "isv.INVALID_JSON_PARAM", id="a number for a text"
        ),
        pytest.param(
            {"TemplateParam": json.dumps({"firm": "长" * 36, "due": "1"})},
            "isv.PARAM_LENGTH_LIMIT",
            id="a long value",
        ),
        pytest.param(
            {"TemplateParam": json.dumps({"firm": "http://x", "due": "1"})},
            "isv.PARAM_NOT_SUPPORT_URL",
            id="a link",
        ),
        pytest.param(
            {"TemplateCode": "SMS_2", "TemplateParam": json.dumps({"text": "长" * 35})},
            "isv.PARAM_LENGTH_LIMIT",
            id="a long whole",
        ),
    ],
)
def test_why_refused(changes, why):
    """A message goes out only to mobiles, signed and templated as registered, and well filled."""
    assert why_refused(signed(**changes), ACCOUNT) == why


def test_business_errors_hide_in_http_200():
    """The status of HTTP says nothing about the business; the code in the body does."""
    assert reply("isv.BUSINESS_LIMIT_CONTROL").status == 200
    assert reply("isv.SOMETHING_NEW").status == 200
    assert reply("SignatureDoesNotMatch").status == 400


def test_unknown_code_is_refused():
    """A fault that no service has is a mistake in the test that asks for it."""
    with pytest.raises(ValueError, match="none named 'oops'"):
        reply("oops")


@pytest.mark.parametrize(
    ("units", "parts"), [(1, 1), (70, 1), (71, 2), (134, 2), (135, 3), (160, 3), (500, 8)]
)
def test_parts_by_units(units, parts):
    """Seventy units go alone; of a chain every part carries sixty-seven."""
    assert parts_of("监" * units) == parts


def test_rare_characters_count_twice():
    """A character beyond the basic plane takes two units, as carriers count."""
    assert parts_of("监" * 68 + "𠮷") == 1
    assert parts_of("监" * 69 + "𠮷") == 2


def test_value_is_not_read_as_a_template():
    """A value that looks like a variable stays what it is."""
    assert full_text("局", "${a}${b}", {"a": "${b}", "b": "乙"}) == "【局】${b}乙"


def test_account_that_cannot_be_read_says_what_to_mend(tmp_path):
    """A mistake in the account's file is told with the file and the field."""
    file = tmp_path / "sms.json"
    file.write_text('{"access_key_id": "a", "secret": "b"}')

    with pytest.raises(ServerError, match=r"sms\.json describes no SMS account.*secret"):
        Dysms.load(file)
