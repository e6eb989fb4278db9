"""What has the SMS gateway accepted, and what became of it?"""

import datetime as dt
from pathlib import Path
from typing import Any

import msgspec

from streams.devstack.loopback_web import CHINA

DELIVERED = "DELIVERED"
WAITING, FAILED, ARRIVED = 1, 2, 3  # SendStatus of QuerySendDetails
A_DAY = dt.timedelta(hours=24)


class ShortMessage(msgspec.Struct):
    """One accepted message to one number, and what became of it.

    ``by_mas``: it came by the other carrier's protocol, which pushes no reports.
    """

    sequence: int
    phone: str
    signature: str
    template_code: str
    variables: dict[str, str]
    content: str
    parts: int
    out_id: str
    biz_id: str
    accepted_at: dt.datetime
    err_code: str = ""
    reported_at: dt.datetime | None = None
    report_acknowledged: bool = False
    by_mas: bool = False

    @property
    def status(self) -> int:
        """Return 1 while it waits for its report, 2 when it failed, 3 when it arrived."""
        if not self.err_code:
            return WAITING
        return ARRIVED if self.err_code == DELIVERED else FAILED

    def as_report(self) -> dict[str, Any]:
        """Return one element of a SmsReport push."""
        ok = self.status == ARRIVED
        return {
            "phone_number": self.phone,
            "send_time": _china_time(self.accepted_at),
            "report_time": _china_time(self.reported_at),
            "success": ok,
            "err_code": self.err_code,
            "err_msg": "用户接收成功" if ok else "用户接收失败",
            "sms_size": str(self.parts),
            "biz_id": self.biz_id,
            "out_id": self.out_id,
        }

    def as_detail(self) -> dict[str, Any]:
        """Return one element of a QuerySendDetails answer."""
        return {
            "PhoneNum": self.phone,
            "SendStatus": self.status,
            "ErrCode": self.err_code,
            "TemplateCode": self.template_code,
            "Content": self.content,
            "SendDate": _china_time(self.accepted_at),
            "ReceiveDate": _china_time(self.reported_at),
            "OutId": self.out_id,
        }


def china_day(moment: dt.datetime) -> str:
    """Return the day in China, as QuerySendDetails writes it: ``20260930``."""
    return moment.astimezone(CHINA).strftime("%Y%m%d")


def _china_time(moment: dt.datetime | None) -> str:
    return moment.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S") if moment else ""


class Ledger:
    """The accepted messages, in order, kept in ``messages.jsonl`` of a folder.

    A message is a line, written again whenever something becomes of it; the last line of a
    sequence number counts.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = folder / "messages.jsonl"
        self.messages: list[ShortMessage] = []
        if self._file.exists():
            lines = self._file.read_bytes().splitlines()
            read = (msgspec.json.decode(line, type=ShortMessage) for line in lines)
            self.messages = list({message.sequence: message for message in read}.values())

    def add(self, message: ShortMessage) -> None:
        """Keep a new message; it is in the file when this returns."""
        self.messages.append(message)
        self.write(message)

    def write(self, message: ShortMessage) -> None:
        """Keep what became of a message."""
        with self._file.open("ab") as file:
            file.write(msgspec.json.encode(message) + b"\n")

    def sent_in_a_day(
        self, *, phone: str, signature: str, template_code: str, now: dt.datetime
    ) -> int:
        """Return how many messages of one kind a number got in the 24 hours before ``now``."""
        same = (phone, signature, template_code)
        return sum(
            (message.phone, message.signature, message.template_code) == same
            for message in self.messages
            if now - message.accepted_at < A_DAY
        )
