"""How does the stand-in gateway take a short message by China Mobile's protocol?

Its weakness: reports cannot be fetched here; what it accepted is read off the phone.
"""

import asyncio
import datetime as dt
import uuid
from typing import TYPE_CHECKING

from aiohttp import web

from streams.devstack import mas_rules as rules
from streams.devstack.sms_faults import BAD_GATEWAY, HANG

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


def _said(code: str, group: str = "") -> web.Response:
    return web.json_response({"success": bool(group), "rspcod": code, "msgGroup": group})
