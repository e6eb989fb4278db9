"""How does a short message reach Alibaba Cloud's gateway, and what does each answer mean?

Requests are signed (RPC signature 1.0, HMAC-SHA1).  HTTP 200 proves nothing: the business code
in the body decides.  The notification's id travels as ``OutId``, so that after a crash the
gateway can be asked whether it has the message.

Source:
    Alibaba Cloud: "RPC signature mechanism"; Short Message Service 2017-05-25, ``SendSms``,
    ``QuerySendDetails``, ``SmsReport``, error codes.
"""

import base64
import datetime as dt
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from urllib.parse import quote, urlsplit

import aiohttp
import msgspec

from alerts.channels.aliyun_codes import meaning_of
from alerts.channels.posting import posted
from alerts.delivery import (
    Cause,
    Delivered,
    Found,
    HandOver,
    InvalidReportError,
    NeverSeen,
    Outcome,
    Refused,
    Report,
    TryAgain,
    Way,
)
from alerts.notification import Notification
from alerts.sms_text import SmsText
from detectors.warning import CHINA

API_VERSION = "2017-05-25"
PAGE_SIZE = 50  # the most that QuerySendDetails gives
# A person gets at most 50 notices a day of one template (domain §5.4); more pages than this in
# one day would mean a flood that somebody else must stop first.
MAX_PAGES = 20
FOUND_BY_QUERY = "found-by-query"

_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
_ACCEPTED_WITHIN = dt.timedelta(minutes=10)


class AliyunAccount(msgspec.Struct, frozen=True, kw_only=True):
    """An account with the gateway."""

    access_key_id: str
    access_key_secret: str
    endpoint: str = "https://dysmsapi.aliyuncs.com"
    region: str = "cn-hangzhou"
    timeout: dt.timedelta = dt.timedelta(seconds=10)

    def __post_init__(self) -> None:
        """Refuse to carry names of enterprises over the open network."""
        parts = urlsplit(self.endpoint)
        if parts.scheme != "https" and parts.hostname not in _LOCAL:
            raise ValueError(f"endpoint {self.endpoint!r}: use https://")

    def __repr__(self) -> str:
        """Return the account without its secret."""
        return f"AliyunAccount(endpoint={self.endpoint!r})"


class _Detail(msgspec.Struct, rename="pascal"):
    """One line of QuerySendDetails; the other fields are the carrier's business."""

    out_id: str = ""


class _Details(msgspec.Struct, rename={"lines": "SmsSendDetailDTO"}):
    """The list inside the list that the service answers with."""

    lines: tuple[_Detail, ...] = ()


class _Answer(msgspec.Struct, rename="pascal"):
    """What every answer may carry."""

    code: str = ""
    biz_id: str = ""
    total_count: int | str = 0
    details: _Details = msgspec.field(name="SmsSendDetailDTOs", default_factory=_Details)


class AliyunSmsChannel:
    """Sends short messages through Alibaba Cloud."""

    def __init__(
        self,
        account: AliyunAccount,
        session: aiohttp.ClientSession,
        *,
        nonce: Callable[[], str] = lambda: secrets.token_hex(16),
    ) -> None:
        """Take the account and a session, which the caller closes."""
        self._account = account
        self._session = session
        self._nonce = nonce
        self._timeout = aiohttp.ClientTimeout(total=account.timeout.total_seconds())

    async def send(
        self, notification: Notification, *, now: dt.datetime, hand_over: HandOver
    ) -> Outcome:
        """Send one message."""
        content = notification.content
        if not isinstance(content, SmsText):
            raise TypeError(f"{notification.id} carries no short message")
        action = {
            "Action": "SendSms",
            "PhoneNumbers": notification.address,
            "SignName": content.signature,
            "TemplateCode": content.template_code,
            "TemplateParam": json.dumps(content.variables, ensure_ascii=False),
            "OutId": notification.id,
        }
        if not await hand_over():
            return TryAgain(Cause.LEASE_LOST)
        answer = await self._ask(action, now=now)
        if isinstance(answer, _Answer):
            return Delivered(answer.biz_id)
        return answer

    async def find(
        self, notification: Notification, *, sent_at: dt.datetime, now: dt.datetime
    ) -> Found:
        """Look for our id among what the gateway sent to this number in those days."""
        latest = min(now, sent_at + _ACCEPTED_WITHIN)
        for day in dict.fromkeys((_china_day(sent_at), _china_day(latest))):
            found = await self._find_on(notification, day=day, now=now)
            if not isinstance(found, NeverSeen):
                return found
        return NeverSeen()

    async def _find_on(self, notification: Notification, *, day: str, now: dt.datetime) -> Found:
        """Look through one day, page by page."""
        for page in range(1, MAX_PAGES + 1):
            action = {
                "Action": "QuerySendDetails",
                "PhoneNumber": notification.address,
                "SendDate": day,
                "PageSize": str(PAGE_SIZE),
                "CurrentPage": str(page),
            }
            answer = await self._ask(action, now=now)
            if isinstance(answer, Refused):
                # The question was refused, not the message: the doubt stays.
                return TryAgain(answer.cause, doubtful=True, detail=answer.detail)
            if isinstance(answer, TryAgain):
                return msgspec.structs.replace(answer, doubtful=True)
            if any(line.out_id == notification.id for line in answer.details.lines):
                return Delivered(FOUND_BY_QUERY)
            if page * PAGE_SIZE >= int(answer.total_count):
                return NeverSeen()
        return TryAgain(Cause.UNEXPECTED, doubtful=True, detail="too many messages that day")

    async def _ask(
        self, action: Mapping[str, str], *, now: dt.datetime
    ) -> _Answer | TryAgain | Refused:
        """Return the answer to one request if its code is OK, else what the failure means."""
        form = self._signed(action, now=now)
        came = await posted(self._session, self._account.endpoint, body=form, within=self._timeout)
        if isinstance(came, TryAgain):
            return came
        status, body = came
        try:
            answer = msgspec.json.decode(body, type=_Answer)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return TryAgain(Cause.SERVER_ERROR, doubtful=True, detail=f"HTTP {status}")
        return answer if answer.code == "OK" else meaning_of(answer.code)

    def _signed(self, action: Mapping[str, str], *, now: dt.datetime) -> dict[str, str]:
        """Return the form of a request."""
        form = {
            **action,
            "Version": API_VERSION,
            "RegionId": self._account.region,
            "Format": "JSON",
            "AccessKeyId": self._account.access_key_id,
            "SignatureMethod": "HMAC-SHA1",
            "SignatureVersion": "1.0",
            "SignatureNonce": self._nonce(),
            "Timestamp": now.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        return {**form, "Signature": signature(form, secret=self._account.access_key_secret)}


def signature(form: Mapping[str, str], *, secret: str, method: str = "POST") -> str:
    """Return the signature of a request, version 1.0.

    >>> signature({"A": "甲 *~"}, secret="s")
    '+76PAWnJtxQ1JoMZB2ypcKRmm74='
    """
    pairs = "&".join(f"{_escaped(name)}={_escaped(form[name])}" for name in sorted(form))
    text = f"{method}&%2F&{_escaped(pairs)}"
    digest = hmac.new(f"{secret}&".encode(), text.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def _escaped(text: str) -> str:
    """Return RFC 3986's form, which is stricter than a form's: space is %20, star is %2A."""
    return quote(text, safe="-_.~")


def _china_day(moment: dt.datetime) -> str:
    """Return the day as the gateway files it."""
    return moment.astimezone(CHINA).strftime("%Y%m%d")


class _PushedReport(msgspec.Struct):
    """One element of an SmsReport push; null where its message was sent without an id."""

    success: bool
    out_id: str | None = None
    biz_id: str | None = None
    err_code: str | None = None
    report_time: str | None = None


def parse_reports(body: bytes, *, now: dt.datetime) -> tuple[Report, ...]:
    """Return the delivery reports of a push; those without our id are not ours.

    Raises:
        InvalidReportError: the body is no SmsReport array; the gateway's owner must be asked.
    """
    try:
        pushed = msgspec.json.decode(body, type=tuple[_PushedReport, ...])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidReportError(f"SmsReport: {error}; see the gateway's push settings") from error
    return tuple(
        Report(
            way=Way.SMS,
            notification_id=report.out_id,
            arrived=report.success,
            at=_moment(report.report_time or "", default=now),
            provider_id=report.biz_id or "",
            detail=(report.err_code or "")[:60],
        )
        for report in pushed
        if report.out_id
    )


def _moment(text: str, *, default: dt.datetime) -> dt.datetime:
    """Return a time of the gateway, which writes China's time without saying so."""
    try:
        return dt.datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA)
    except ValueError:
        return default
