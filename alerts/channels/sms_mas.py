"""How does a short message reach China Mobile's MAS (中国移动云MAS), and what does it answer?

A template message: the account, the template, its variables by their place, and an MD5 over all of
it, as JSON in Base64.  The request has no room for an id of ours and the gateway answers no
question about one message: a text whose hand-over was cut off stays in doubt, like a letter
(``alerts.notification_row``), and is never sent again by itself.

Source:
    General knowledge of the vendor's HTTP interface, as public clients use it; to be held against
    the county's own interface document.
"""

import base64
import datetime as dt
import hashlib
import json
from http import HTTPStatus
from urllib.parse import urlsplit

import aiohttp
import msgspec

from alerts.channels.mas_codes import meaning_of
from alerts.channels.posting import posted
from alerts.delivery import Cause, Delivered, Found, HandOver, InDoubt, Outcome, TryAgain
from alerts.notification import Notification
from alerts.sms_text import SmsText

SUBMIT = "/sms/tmpsubmit"
SUCCESS = "success"
MENDED_AFTER = dt.timedelta(minutes=30)  # a person must act first

_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


class MasAccount(msgspec.Struct, frozen=True, kw_only=True):
    """An account with the gateway.

    ``ec_name`` is the customer's name (集团客户名称), ``ap_id`` the interface's user, ``sign_code``
    the code of the signature (签名编码), not its words; ``add_serial`` a number of one's own behind
    the carrier's (扩展码).  ``secret_in_body``: some gateways want the key itself beside the MD5.
    ``allow_http``: the way to the gateway is no open network (政务外网, a VPN).
    """

    endpoint: str
    ec_name: str
    ap_id: str
    secret_key: str
    sign_code: str
    add_serial: str = ""
    secret_in_body: bool = False
    allow_http: bool = False
    timeout: dt.timedelta = dt.timedelta(seconds=10)

    def __post_init__(self) -> None:
        """Refuse to carry names of enterprises over the open network."""
        parts = urlsplit(self.endpoint)
        if not parts.hostname or parts.scheme not in {"https", "http"}:
            raise ValueError(f"endpoint {self.endpoint!r}: write https://HOST:PORT")
        if self.is_in_the_clear and not self.allow_http:
            raise ValueError(
                f"endpoint {self.endpoint!r}: use https://, or say sms.allow_http where the way "
                f"to the gateway is no open network"
            )

    @property
    def is_in_the_clear(self) -> bool:
        """Whether others could read along: plain HTTP to another machine."""
        parts = urlsplit(self.endpoint)
        return parts.scheme == "http" and parts.hostname not in _LOCAL

    def __repr__(self) -> str:
        """Return the account without its secret."""
        return f"MasAccount(endpoint={self.endpoint!r})"


class _Answer(msgspec.Struct):
    """What the gateway answers; versions of it spell the name of the message in two ways."""

    success: bool = False
    rspcod: str | None = None
    msg_group: str | None = msgspec.field(name="msgGroup", default=None)
    mgs_group: str | None = msgspec.field(name="mgsGroup", default=None)

    @property
    def is_success(self) -> bool:
        """Whether word and flag agree that the message was accepted."""
        return self.success and self.rspcod == SUCCESS


class MasSmsChannel:
    """Sends short messages through China Mobile's MAS."""

    def __init__(self, account: MasAccount, session: aiohttp.ClientSession) -> None:
        """Take the account and a session, which the caller closes."""
        self._account = account
        self._session = session
        self._url = account.endpoint.rstrip("/") + SUBMIT
        self._timeout = aiohttp.ClientTimeout(total=account.timeout.total_seconds())

    async def send(
        self, notification: Notification, *, now: dt.datetime, hand_over: HandOver
    ) -> Outcome:
        """Send one message."""
        del now
        content = notification.content
        if not isinstance(content, SmsText):
            raise TypeError(f"{notification.id} carries no short message")
        body = submission(self._account, content, mobile=notification.address)
        if not await hand_over():
            return TryAgain(Cause.LEASE_LOST)
        came = await posted(
            self._session, self._url, body=body, within=self._timeout,
            content_type="application/json",
        )  # fmt: skip
        return came if isinstance(came, TryAgain) else _meaning(*came)

    async def find(
        self, notification: Notification, *, sent_at: dt.datetime, now: dt.datetime
    ) -> Found:
        """Say that nobody can be asked."""
        del notification, sent_at, now
        return InDoubt()


def _meaning(status: int, body: bytes) -> Outcome:
    """Return what an answer means.

    One without a code and with a status below 500 is of a wrong address or of a guard before the
    gateway: nothing was accepted.  From 500 on, a proxy may have passed the request on.
    """
    try:
        answer = msgspec.json.decode(body, type=_Answer)
    except (msgspec.DecodeError, UnicodeDecodeError):
        answer = _Answer()
    if answer.is_success:
        return Delivered(answer.msg_group or answer.mgs_group or SUCCESS)
    if answer.rspcod:
        return meaning_of(answer.rspcod)
    detail = f"HTTP {status}"
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return TryAgain(Cause.MISCONFIGURED, MENDED_AFTER, detail=detail)
    return TryAgain(Cause.SERVER_ERROR, doubtful=True, detail=detail)


def submission(account: MasAccount, content: SmsText, *, mobile: str) -> bytes:
    """Return the body of a request: the fields and their MD5, as JSON in Base64."""
    fields = {
        "ecName": account.ec_name,
        "apId": account.ap_id,
        "secretKey": account.secret_key,
        "templateId": content.template_code,
        "mobiles": mobile,
        "params": _compact(list(content.variables.values())),
        "sign": account.sign_code,
        "addSerial": account.add_serial,
    }
    sealed = fields | {"mac": mac(*fields.values())}
    if not account.secret_in_body:
        sealed["secretKey"] = ""
    return base64.b64encode(_compact(sealed).encode())


def mac(*fields: str) -> str:
    """Return the MD5 over the fields of a request, in their order, nothing between them.

    The protocol's own choice: it proves who sends, and keeps nothing secret.

    >>> mac("叶县市监", "ap", "key", "t1", "13800000001", '["甲","乙"]', "S1", "")
    '2343392b36bf726792d8a9339edf2734'
    """
    return hashlib.md5("".join(fields).encode(), usedforsecurity=False).hexdigest()


def _compact(value: object) -> str:
    """Return JSON without spaces, Chinese as it is."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
