"""How does the stand-in gateway speak China Mobile's protocol?  Reports are fetched, each once."""

import asyncio
import datetime as dt
import uuid
from typing import TYPE_CHECKING

from aiohttp import web

from streams.devstack import mas_rules as rules
from streams.devstack.loopback_web import CHINA
from streams.devstack.sms_faults import BAD_GATEWAY, HANG
from streams.devstack.sms_ledger import ARRIVED, ShortMessage

if TYPE_CHECKING:
    from streams.devstack.sms_gateway import Gateway


async def answer(gateway: "Gateway", body: bytes) -> web.Response:
    """Answer one request to send a template message."""
    account = gateway.account
    if account.mas is None:
        return web.Response(status=404, text="<h1>404</h1>", content_type="text/html")
    if gateway.faults.slow_s > 0:
        await asyncio.sleep(gateway.faults.slow_s)
    fault = gateway.next_fault()
    if fault == BAD_GATEWAY:
        return web.Response(status=502, text="<h1>502</h1>", content_type="text/html")
    if fault not in {"OK", HANG}:
        return _said(fault)
    submission = rules.read(body)
    if submission is None:
        return _said("InvalidMessage")
    if why := rules.why_refused(submission, account, account.mas):
        return _said(why)
    group = uuid.uuid4().hex
    for number in submission.numbers:
        gateway.accept(
            number,
            signature=account.mas.signs[submission.sign],
            code=submission.template_id,
            variables=rules.variables_of(submission, account),
            biz_id=group,
            now=dt.datetime.now(dt.UTC),
            by_mas=True,
        )
    if fault == HANG:
        await asyncio.Event().wait()
    return _said("success", group)


def reports(gateway: "Gateway", body: bytes) -> web.Response:
    """Hand out what became of messages since the last time."""
    mas = gateway.account.mas
    asked = rules.asked_by(body)
    if mas is None or asked != rules.Question(mas.ec_name, mas.ap_id, mas.secret_key):
        return _said("InvalidUsrOrPwd")
    fresh = [
        one for one in gateway.messages
        if one.by_mas and one.err_code and not one.report_acknowledged
    ]  # fmt: skip
    for message in fresh:
        message.report_acknowledged = True
        gateway.ledger.write(message)
    return web.json_response([_report(message) for message in fresh])


def _report(message: ShortMessage) -> dict[str, str]:
    """Return what is said of one message, in the words that public clients know."""
    arrived = message.status == ARRIVED
    return {
        "reportStatus": "CM:0000" if arrived else "CM:0001",
        "errorCode": "DELIVRD" if arrived else message.err_code,
        "mobile": message.phone,
        "submitDate": _china_time(message.accepted_at),
        "receiveDate": _china_time(message.reported_at),
        "msgGroup": message.biz_id,
    }


def _china_time(moment: dt.datetime | None) -> str:
    return moment.astimezone(CHINA).strftime("%Y%m%d%H%M%S") if moment else ""


def _said(code: str, group: str = "") -> web.Response:
    return web.json_response({"success": bool(group), "rspcod": code, "msgGroup": group})
