"""What became of the texts that China Mobile's gateway accepted?  It is asked for its reports.

Each report is handed out once, to whoever asks for the account: what is fetched must be settled.

Source:
    General knowledge of the vendor's HTTP interface, as public clients use it; to be held against
    the county's own interface document.
"""

import base64
import datetime as dt
import json

import aiohttp
import msgspec

from alerts.channels.mas_codes import meaning_of
from alerts.channels.posting import posted
from alerts.channels.sms_mas import MasAccount
from alerts.delivery import CarriersReport, Cause, Refused, TryAgain, Way
from detectors.warning import CHINA

REPORT = "/sms/report"
# Public clients disagree which of the two fields says it: either word in either field counts.
ARRIVED = frozenset({"DELIVRD", "CM:0000"})


class _Fetched(msgspec.Struct, rename="camel"):
    """One element of an answer; some gateways write the number as a list of one."""

    msg_group: str
    mobile: str | tuple[str, ...]
    report_status: str | None = None
    error_code: str | None = None
    receive_date: str | None = None


class _Refusal(msgspec.Struct):
    """What is answered instead of an array."""

    rspcod: str


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """What one request brought: reports, and how many elements nobody could read."""

    reports: tuple[CarriersReport, ...] = ()
    unreadable: int = 0


class MasReports:
    """Fetches the reports of an account."""

    def __init__(self, account: MasAccount, session: aiohttp.ClientSession) -> None:
        """Take the account and a session, which the caller closes."""
        self._session = session
        self._url = account.endpoint.rstrip("/") + REPORT
        self._timeout = aiohttp.ClientTimeout(total=account.timeout.total_seconds())
        who = {"ecName": account.ec_name, "apId": account.ap_id, "secretKey": account.secret_key}
        self._body = base64.b64encode(json.dumps(who, ensure_ascii=False).encode())

    async def fetch(self, *, now: dt.datetime) -> Fetched | TryAgain | Refused:
        """Return what the gateway had, which it will not say again; or why it said nothing."""
        came = await posted(
            self._session, self._url, body=self._body, within=self._timeout,
            content_type="application/json",
        )  # fmt: skip
        return came if isinstance(came, TryAgain) else parse(*came, now=now)


def parse(status: int, body: bytes, *, now: dt.datetime) -> Fetched | TryAgain | Refused:
    """Return the reports of an answer; one that nobody can read costs no other."""
    try:
        elements = msgspec.json.decode(body or b"[]", type=tuple[msgspec.Raw, ...] | None) or ()
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _why_none(status, body)
    found = [_report(element, now=now) for element in elements]
    return Fetched(
        reports=tuple(one for one in found if one is not None), unreadable=found.count(None)
    )


def _why_none(status: int, body: bytes) -> TryAgain | Refused:
    try:
        return meaning_of(msgspec.json.decode(body, type=_Refusal).rspcod)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return TryAgain(Cause.SERVER_ERROR, detail=f"HTTP {status}")


def _report(element: msgspec.Raw, *, now: dt.datetime) -> CarriersReport | None:
    try:
        one = msgspec.json.decode(element, type=_Fetched)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    mobile = one.mobile if isinstance(one.mobile, str) else next(iter(one.mobile), "")
    said = [word for word in (one.error_code, one.report_status) if word]
    return CarriersReport(
        way=Way.SMS,
        provider_id=one.msg_group,
        address=mobile,
        arrived=not ARRIVED.isdisjoint(said),
        at=_moment(one.receive_date or "", default=now),
        detail=(said or [""])[0][:60],
    )


def _moment(text: str, *, default: dt.datetime) -> dt.datetime:
    """Return a time of the gateway, which writes China's time without saying so."""
    try:
        return dt.datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=CHINA)
    except ValueError:
        return default
