"""Which carrier takes the short messages, and what can it not do?  As ``sms.provider`` says."""

import collections
import datetime as dt
from collections.abc import Iterator

import aiohttp

from alerts.channels.mas_reports import MasReports
from alerts.channels.sms_aliyun import AliyunAccount, AliyunSmsChannel
from alerts.channels.sms_mas import MasAccount, MasSmsChannel
from alerts.delivery import Channel, Way
from alerts.sms_text import SmsBook
from config.schema import Settings, Sms

SmsAccount = AliyunAccount | MasAccount


def sms_account(sms: Sms) -> SmsAccount:
    """Return the account with the carrier.

    Raises:
        ValueError: it would send in the clear.
    """
    timeout = dt.timedelta(seconds=sms.timeout_s)
    if sms.provider == "mas":
        return MasAccount(
            endpoint=sms.endpoint,
            ec_name=sms.ec_name,
            ap_id=sms.access_key,
            secret_key=sms.secret,
            sign_code=sms.sign_code,
            add_serial=sms.add_serial,
            secret_in_body=sms.secret_in_body,
            allow_http=sms.allow_http,
            timeout=timeout,
        )
    return AliyunAccount(
        access_key_id=sms.access_key,
        access_key_secret=sms.secret,
        endpoint=sms.endpoint,
        timeout=timeout,
    )


def sms_channel(account: SmsAccount, session: aiohttp.ClientSession) -> Channel:
    """Return the way to the carrier of an account."""
    if isinstance(account, MasAccount):
        return MasSmsChannel(account, session)
    return AliyunSmsChannel(account, session)


def askable(settings: Settings) -> frozenset[Way]:
    """Return the ways whose carrier tells whether it has a message; no mail server does.

    >>> askable(Settings())
    frozenset({<Way.SMS: 'sms'>})
    """
    return frozenset({Way.SMS} if settings.sms.provider == "aliyun" else ())


def report_source(settings: Settings, session: aiohttp.ClientSession) -> MasReports | None:
    """Return where delivery reports are fetched; None where they are pushed, or not wanted."""
    account = sms_account(settings.sms)
    if not isinstance(account, MasAccount) or not settings.sms.reports_every_s:
        return None
    return MasReports(account, session)


def oddities_of_texts(settings: Settings, book: SmsBook) -> Iterator[str]:
    """Yield what an operator is told of the carrier, where texts are sent at all.

    Raises:
        ValueError: the account would send in the clear.
    """
    sms = settings.sms
    if not settings.roles.notify:
        return
    if not (sms.access_key and sms.secret):
        yield (
            "sms.access_key 或 SANZAO_SMS__SECRET_FILE 未设置：短信一条也发不出。 "
            "Without the SMS account no text is sent."
        )
    account = sms_account(sms)
    if not isinstance(account, MasAccount):
        return
    if account.is_in_the_clear:
        key = "、接口密码" if sms.secret_in_body or sms.reports_every_s else ""
        yield (
            f"sms.allow_http：企业名称、手机号{key}以明文发往 {sms.endpoint}，"
            f"仅限政务外网、专线、VPN，不得经互联网。 Texts travel in the clear."
        )
    for name, template in book.templates.items():
        counted = collections.Counter(template.places)
        for variable in (one for one, times in counted.items() if times > 1):
            yield (
                f"sms_templates.yaml: templates.{name}：${{{variable}}} 出现不止一次，云MAS "
                f"按位置填写变量，请改为只出现一次并重新送审。 mas fills variables by place."
            )
