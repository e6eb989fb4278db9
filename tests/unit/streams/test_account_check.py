"""Does a bureau that tries its account hear in Chinese what the carrier says and what to mend?"""

import functools
import re

import msgspec
import pytest
from typer.testing import CliRunner

from alerts.channels import mas_codes
from alerts.channels.aliyun_codes import meaning_of
from alerts.delivery import Cause, Delivered, Refused, TryAgain, Way
from alerts.sms_text import NEEDED_TEMPLATES, why_forbidden
from alerts.specimen import specimen_text
from config.load import InvalidConfigError
from config.schema import Email, Settings, Sms
from streams.account_check import answer, send, specimens
from streams.assembly import build_wisdom
from streams.cli import app
from streams.devstack.mas_rules import CODES
from streams.terminal import USAGE

WITH_KEY = Settings(sms=Sms(access_key="id", secret="key"))  # noqa: S106 - nobody's


@functools.cache
def book():
    """Return the shipped templates."""
    return build_wisdom(Settings()).desk.book


@pytest.mark.parametrize(
    ("outcome", "way", "told"),
    [
        pytest.param(Delivered("7^0"), Way.SMS, "短信网关已接收（7^0）", id="accepted"),
        pytest.param(Delivered("OK"), Way.EMAIL, "垃圾邮件", id="a mail accepted"),
        pytest.param(
            meaning_of("isv.SMS_SIGNATURE_ILLEGAL"), Way.SMS, "短信签名未审核通过",
            id="the signature is not approved",
        ),
        pytest.param(
            meaning_of("isv.SMS_TEMPLATE_ILLEGAL"), Way.SMS, "短信模板未审核通过",
            id="the template is not approved",
        ),
        pytest.param(
            meaning_of("SignatureDoesNotMatch"), Way.SMS, "SANZAO_SMS__SECRET", id="a wrong key"
        ),
        pytest.param(
            meaning_of("isv.AMOUNT_NOT_ENOUGH"), Way.SMS, "短信账户欠费", id="no money"
        ),
        pytest.param(
            meaning_of("isp.SYSTEM_ERROR"), Way.SMS, "可能已经发出", id="nobody knows"
        ),
        pytest.param(
            TryAgain(Cause.AUTH, detail="535 5.7.8"), Way.EMAIL, "email.password",
            id="a wrong password of the mailbox",
        ),
        pytest.param(
            TryAgain(Cause.MISCONFIGURED, detail="TLS CERTIFICATE_VERIFY_FAILED"), Way.EMAIL,
            "证书不受信任", id="a certificate that nobody trusts",
        ),
        pytest.param(
            TryAgain(Cause.MISCONFIGURED, detail="TLS WRONG_VERSION_NUMBER"), Way.EMAIL,
            "465 用 tls", id="the wrong port for TLS",
        ),
        pytest.param(
            TryAgain(Cause.MISCONFIGURED, detail="not offered by server"), Way.EMAIL, "STARTTLS",
            id="no TLS at all",
        ),
        pytest.param(
            TryAgain(Cause.UNREACHABLE, detail="SMTPConnectError"), Way.EMAIL, "email.host",
            id="nobody listens",
        ),
        pytest.param(
            Refused(Cause.BAD_ADDRESS, "550 5.1.1"), Way.EMAIL, "（550 5.1.1）", id="no mailbox"
        ),
    ],
)  # fmt: skip
def test_an_answer_tells_what_is_to_be_mended(outcome, way, told):
    """Each answer is Chinese, and where a person must act it says where."""
    assert told in answer(outcome, way)


@pytest.mark.parametrize("code", sorted({*CODES} - {"InvalidMobile", "TooManyMobiles"}))
def test_an_answer_of_the_other_carrier_tells_what_is_to_be_mended(code):
    """Each code of the account, of the way to it or of a template has a remedy of its own."""
    told = answer(mas_codes.meaning_of(code), Way.SMS)

    assert f"（{code}）。" in told
    assert re.search("请核对|请由", told)


@pytest.mark.parametrize("name", NEEDED_TEMPLATES)
def test_every_template_can_be_tried(name):
    """The carrier approves each on its own, so each is filled with words that mean nobody."""
    text = specimen_text(book(), name)

    assert (text.signature, text.template_code) == (book().signature, book().templates[name].code)
    assert tuple(text.variables) == book().templates[name].variables  # a carrier may go by place
    assert not why_forbidden(text.body)


def test_two_trials_are_two_messages():
    """A mail server that drops what it has seen must not drop the second trial."""
    trials = [
        one.id
        for _ in range(2)
        for one in specimens(WITH_KEY, phone="13800000000", email="a@b.cn", template="reminder")
    ]

    assert len(set(trials)) == 4


@pytest.mark.parametrize(
    ("settings", "template", "told"),
    [
        pytest.param(WITH_KEY, "remind", "现有：reminder", id="no such template"),
        pytest.param(Settings(), "reminder", "SANZAO_SMS__ACCESS_KEY", id="no key to the gateway"),
    ],
)
def test_what_is_wrong_at_home_is_told_before_the_carrier_is_asked(settings, template, told):
    """A template that is not in the book or a missing key is named, with where it stands."""
    with pytest.raises(InvalidConfigError, match=told):
        list(specimens(settings, phone="13800000000", email="", template=template))


async def test_no_account_sends_in_the_clear():
    """A login without TLS at another machine is a fault of the settings, told as one."""
    open_ = Settings(email=Email(host="mail.example.org", username="u", tls="none"))

    with pytest.raises(InvalidConfigError, match="needs starttls or tls"):
        await send(open_, [])


@pytest.mark.parametrize(
    ("words", "told"),
    [
        pytest.param((), "--phone 或 --email", id="nobody to send to"),
        pytest.param(("--phone", "12345"), "不是手机号", id="no number"),
        pytest.param(("--email", "zhang"), "不是邮箱地址", id="no mailbox"),
    ],
)
def test_an_address_that_is_none_is_told(monkeypatch, words, told):
    """Status 2, and nothing was sent."""
    monkeypatch.setenv("COLUMNS", "200")

    found = CliRunner().invoke(app, ["messages", "test", *words])

    assert found.exit_code == USAGE
    assert told in found.stderr


def test_a_trial_s_words_are_those_of_the_book():
    """A bureau with a signature of its own tries that one, not the shipped one."""
    own = msgspec.structs.replace(book(), signature="舞钢市监")

    assert specimen_text(own, "copy").text.startswith("【舞钢市监】")
