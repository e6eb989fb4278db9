"""Does an operator hear what the chosen carrier cannot do or keep?"""

import functools

import msgspec
import pytest

from alerts.channels.sms_aliyun import AliyunSmsChannel
from alerts.channels.sms_mas import MasSmsChannel
from alerts.delivery import Way
from config.schema import Roles, Settings, Sms
from streams.assembly import build_wisdom
from streams.sample_guard import real_ways
from streams.sms_carriers import askable, oddities_of_texts, sms_account, sms_channel

ALIYUN = Sms(access_key="id", secret="key")  # noqa: S106 - nobody's
MAS = Sms(
    provider="mas", endpoint="https://mas.example.org", ec_name="某局", sign_code="s1",
    access_key="id", secret="key",  # noqa: S106 - nobody's
)  # fmt: skip
OPEN = msgspec.structs.replace(MAS, endpoint="http://10.1.2.3:5992", allow_http=True)


@functools.cache
def book():
    """Return the shipped templates."""
    return build_wisdom(Settings()).desk.book


def told(sms, *, templates=None, notify=True):
    """Return what an operator hears of a carrier."""
    settings = Settings(sms=sms, roles=Roles(notify=notify))
    return "\n".join(oddities_of_texts(settings, templates or book()))


@pytest.mark.parametrize(
    ("sms", "channel", "ways"),
    [
        pytest.param(ALIYUN, AliyunSmsChannel, {Way.SMS}, id="Alibaba Cloud tells"),
        pytest.param(MAS, MasSmsChannel, set(), id="China Mobile does not"),
    ],
)
def test_the_settings_choose_the_carrier(sms, channel, ways):
    """The channel, and whether a text in doubt is asked about, go together."""
    assert isinstance(sms_channel(sms_account(sms), None), channel)
    assert askable(Settings(sms=sms)) == ways


@pytest.mark.parametrize("sms", [ALIYUN, MAS], ids=["aliyun", "mas"])
def test_a_whole_account_is_no_oddity(sms):
    """The shipped templates name each variable once, so either carrier can fill them."""
    assert told(sms) == ""


@pytest.mark.parametrize(
    ("sms", "said"),
    [
        pytest.param(
            msgspec.structs.replace(OPEN, reports_every_s=0),
            "企业名称、手机号以明文发往 http://10.1.2.3:5992", id="plain HTTP",
        ),
        pytest.param(OPEN, "企业名称、手机号、接口密码以明文", id="asking sends the key"),
        pytest.param(
            msgspec.structs.replace(OPEN, secret_in_body=True, reports_every_s=0),
            "企业名称、手机号、接口密码以明文", id="with the key",
        ),
        pytest.param(
            msgspec.structs.replace(MAS, secret=""), "SANZAO_SMS__SECRET_FILE 未设置", id="no key"
        ),
    ],
)  # fmt: skip
def test_what_is_read_along_or_missing_is_told(sms, said):
    """Where texts are sent at all."""
    assert said in told(sms)
    assert told(sms, notify=False) == ""


def test_a_variable_that_stands_twice_cannot_be_filled_by_its_place():
    """The carrier of names fills it, the carrier of places is one value short."""
    copy = msgspec.structs.replace(book().templates["copy"], text="${number}，编号${number}")
    twice = msgspec.structs.replace(book(), templates={**book().templates, "copy": copy})

    assert "templates.copy：${number} 出现不止一次" in told(MAS, templates=twice)
    assert told(ALIYUN, templates=twice) == ""


def test_a_gateway_of_the_second_carrier_is_a_real_way():
    """A sample is told to nobody by it either."""
    assert "sms.endpoint http://10.1.2.3:5992" in real_ways(Settings(sms=OPEN))
