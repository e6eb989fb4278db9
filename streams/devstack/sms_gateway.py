"""Where do the short messages of a demo or a test go, and who can read them?

A stand-in for Alibaba Cloud's SMS service on loopback: the same requests, signatures, codes and
delivery reports (``sms_rules``), a page that looks like a phone, and faults on demand; beside it
China Mobile's MAS (``mas_gateway``).  Like the real ones it does not recognise a repeated message:
what was sent twice arrives twice, for a test to count.  Its weakness: reports are pushed one by
one, and again every few seconds until the receiver says ``{"code": 0}``; the real service batches
them and waits minutes.
"""

import argparse
import asyncio
import contextlib
import datetime as dt
import itertools
import json
import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from aiohttp import web

from streams.devstack import mas_gateway, mas_rules
from streams.devstack import sms_rules as rules
from streams.devstack.loopback_web import (
    CHINA,
    announced_until_told_to_stop,
    fault_routes,
    page,
    served,
)
from streams.devstack.processes import LOOPBACK, announcing
from streams.devstack.sms_faults import BAD_GATEWAY, HANG, Faults
from streams.devstack.sms_ledger import DELIVERED, Ledger, ShortMessage, china_day

NEVER = "NEVER"
DEAD = "MOBILE_NOT_ON_SERVICE"
MAX_PAUSE_S = 8.0
MAX_PAGE = 50


class Gateway:
    """The service: what it accepted, what it reports, what it does wrong.

    What an earlier run with the same folder left unreported is reported by this one.
    """

    def __init__(
        self, account: rules.Dysms, folder: Path, *, report_url: str = "", faults: Faults
    ) -> None:
        self.account = account
        self.faults = faults
        self.ledger = Ledger(folder)
        self._report_url = report_url
        self._nonces: set[str] = set()  # of one demo or test run: never so many that it matters
        self._fates: set[asyncio.Task[None]] = set()

    @property
    def messages(self) -> list[ShortMessage]:
        """Return the accepted messages in order."""
        return self.ledger.messages

    @contextlib.asynccontextmanager
    async def delivering(self) -> AsyncIterator[None]:
        """Deliver and report while the block runs, first what an earlier run left open."""
        for message in self.messages:
            if not message.err_code or (self._report_url and not message.report_acknowledged):
                self._deliver(message, message.err_code)
        try:
            yield
        finally:
            for task in self._fates:
                task.cancel()
            await asyncio.gather(*self._fates, return_exceptions=True)

    async def answer(self, parameters: rules.Parameters, *, method: str) -> web.Response:
        """Answer one request of the API."""
        now = dt.datetime.now(dt.UTC)
        if self.faults.slow_s > 0:
            await asyncio.sleep(self.faults.slow_s)
        why = rules.why_unauthentic(
            parameters, self.account, method=method, now=now, nonces=self._nonces
        )
        if why:
            return _said(rules.reply(why))
        self._nonces.add(parameters["SignatureNonce"])
        match parameters.get("Action"):
            case "SendSms":
                return await self._send(parameters, now=now)
            case "QuerySendDetails":
                return self._details(parameters)
            case _:
                return _said(rules.reply("InvalidAction.NotFound"))

    async def _send(self, parameters: rules.Parameters, *, now: dt.datetime) -> web.Response:
        fault = self.next_fault()
        if fault == BAD_GATEWAY:
            return web.Response(status=502, text="<h1>502</h1>", content_type="text/html")
        if fault not in {"OK", HANG}:
            return _said(rules.reply(fault))
        why = rules.why_refused(parameters, self.account)
        if why:
            return _said(rules.reply(why))
        numbers = rules.numbers_of(parameters) or []
        if any(self._is_over_limit(number, parameters, now=now) for number in numbers):
            code, message = "isv.BUSINESS_LIMIT_CONTROL", "触发天级流控Permits:"
            return _said(rules.Reply(200, code, f"{message}{self.account.daily_limit}"))
        biz_id = f"{uuid.uuid4().int % 10**18:018d}^0"
        variables = rules.variables_of(parameters) or {}
        for number in numbers:
            self.accept(
                number, signature=parameters["SignName"], code=parameters["TemplateCode"],
                variables=variables, out_id=parameters.get("OutId", ""), biz_id=biz_id, now=now,
            )  # fmt: skip
        if fault == HANG:
            await asyncio.Event().wait()
        return _said(rules.reply("OK"), BizId=biz_id)

    def _is_over_limit(
        self, number: str, parameters: rules.Parameters, *, now: dt.datetime
    ) -> bool:
        sent = self.ledger.sent_in_a_day(
            phone=number,
            signature=parameters["SignName"],
            template_code=parameters["TemplateCode"],
            now=now,
        )
        return sent >= self.account.daily_limit

    def next_fault(self) -> str:
        """Return what goes wrong with the request at hand, or ``OK``."""
        return self.faults.sends.pop(0) if self.faults.sends else "OK"

    def accept(
        self,
        number: str,
        *,
        signature: str,
        code: str,
        variables: dict[str, str],
        biz_id: str,
        now: dt.datetime,
        out_id: str = "",
        by_mas: bool = False,
    ) -> None:
        """Keep a message to one number, and let it be delivered."""
        content = rules.full_text(signature, self.account.templates[code], variables)
        message = ShortMessage(
            sequence=len(self.messages) + 1,
            phone=number,
            signature=signature,
            template_code=code,
            variables=variables,
            content=content,
            parts=rules.parts_of(content),
            out_id=out_id,
            biz_id=biz_id,
            accepted_at=now,
            by_mas=by_mas,
        )
        self.ledger.add(message)
        fate = DEAD if number in self.account.dead_numbers else DELIVERED
        if self.faults.reports:
            fate = self.faults.reports.pop(0)
        self._deliver(message, fate)

    def _deliver(self, message: ShortMessage, fate: str) -> None:
        if fate != NEVER:
            task = asyncio.get_running_loop().create_task(self._deliver_and_report(message, fate))
            self._fates.add(task)
            task.add_done_callback(self._fates.discard)

    async def _deliver_and_report(self, message: ShortMessage, fate: str) -> None:
        if not message.err_code:
            await asyncio.sleep(self.account.deliver_after_s)
            message.err_code = fate or DELIVERED
            message.reported_at = dt.datetime.now(dt.UTC)
            self.ledger.write(message)
        if not self._report_url or message.by_mas:
            return
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as client:
            for attempt in itertools.count():
                if await self._is_acknowledged(client, message):
                    break
                await asyncio.sleep(min(self.account.report_retry_s * 2**attempt, MAX_PAUSE_S))
        message.report_acknowledged = True
        self.ledger.write(message)

    async def _is_acknowledged(self, client: aiohttp.ClientSession, message: ShortMessage) -> bool:
        try:
            async with client.post(self._report_url, json=[message.as_report()]) as response:
                answer = json.loads(await response.read())
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return False
        return response.ok and isinstance(answer, dict) and answer.get("code") == 0

    def _details(self, parameters: rules.Parameters) -> web.Response:
        try:
            size, current = int(parameters["PageSize"]), int(parameters["CurrentPage"])
            phone, day = parameters["PhoneNumber"], parameters["SendDate"]
        except (KeyError, ValueError):
            return _said(rules.reply("isv.INVALID_PARAMETERS"))
        if not (1 <= size <= MAX_PAGE and current >= 1):
            return _said(rules.reply("isv.INVALID_PARAMETERS"))
        biz_id = parameters.get("BizId")
        found = [
            message.as_detail()
            for message in self.messages
            if message.phone == phone
            and china_day(message.accepted_at) == day
            and biz_id in {None, "", message.biz_id}
        ]
        shown = found[(current - 1) * size : current * size]
        return _said(
            rules.reply("OK"),
            TotalCount=len(found),
            SmsSendDetailDTOs={"SmsSendDetailDTO": shown},
        )


def _said(reply: rules.Reply, **more: Any) -> web.Response:
    body = {"Code": reply.code, "Message": reply.message, "RequestId": str(uuid.uuid4()).upper()}
    return web.json_response(body | more, status=reply.status)


@dataclass(frozen=True, slots=True)
class RunningGateway:
    """Where a gateway is reached; ``gateway`` is there only when it runs in this process."""

    url: str
    gateway: Gateway | None = None


@contextlib.asynccontextmanager
async def sms_gateway(
    account: rules.Dysms,
    folder: Path,
    *,
    port: int = 0,
    report_url: str = "",
    faults: Faults | None = None,
    host: str = LOOPBACK,
) -> AsyncIterator[RunningGateway]:
    """Run a gateway in this event loop until the block ends; port 0 takes a free one.

    Raises:
        OSError: ``port`` is taken.
    """
    gateway = Gateway(account, folder, report_url=report_url, faults=faults or Faults())
    async with served(_web(gateway), port=port, host=host) as url, gateway.delivering():
        yield RunningGateway(url, gateway)


@contextlib.contextmanager
def sms_gateway_process(
    config: Path, folder: Path, *, port: int = 0, report_url: str = ""
) -> Iterator[RunningGateway]:
    """Run a gateway as a process of its own until the block ends; ``config`` is ``Dysms`` as JSON.

    Raises:
        ServerError: it did not start; its log in ``folder`` says why.
    """
    with announcing(
        "streams.devstack.sms_gateway", "--port", str(port), "--config", config.resolve(),
        "--folder", folder.resolve(), "--report-url", report_url, name="sms-gateway",
        folder=folder,
    ) as said:  # fmt: skip
        yield RunningGateway(said["url"])


@dataclass(frozen=True, slots=True)
class Owner:
    """One phone as the page shows it: whose, its masked number, what it got."""

    name: str
    masked: str
    index: int
    messages: list[ShortMessage]

    @property
    def total(self) -> int:
        """Return how many messages it got."""
        return len(self.messages)


def _web(gateway: Gateway) -> web.Application:
    """Return the API, the phone and the JSON of a gateway."""

    async def api(request: web.Request) -> web.Response:
        form = await request.post()
        words = {name: str(value) for name, value in (*request.query.items(), *form.items())}
        return await gateway.answer(words, method=request.method)

    async def submit(request: web.Request) -> web.Response:
        return await mas_gateway.answer(gateway, await request.read())

    async def report(request: web.Request) -> web.Response:
        return mas_gateway.reports(gateway, await request.read())

    async def show(request: web.Request) -> web.Response:
        if "Action" in request.query:
            return await api(request)
        return _phone(gateway, request.query.get("phone", ""))

    async def messages(_: web.Request) -> web.Response:
        return web.json_response(
            [msgspec.to_builtins(m) | {"status": m.status} for m in gateway.messages]
        )

    async def count(_: web.Request) -> web.Response:
        settled = sum(bool(message.err_code) for message in gateway.messages)
        return web.json_response(len(gateway.messages) + settled)

    app = web.Application()
    app.add_routes(
        [
            web.get("/", show),
            web.post("/", api),
            web.post(mas_rules.SUBMIT, submit),
            web.post(mas_rules.REPORT, report),
            web.get("/api/messages", messages),
            web.get("/api/count", count),
            *fault_routes(gateway),
        ]
    )
    return app


def _phone(gateway: Gateway, chosen: str) -> web.Response:
    """Return the page that looks like a phone: one person's, or everybody's messages.

    A number never stands in the page or in its address; the order of first appearance does.
    """
    people = gateway.account.people
    phones = list(dict.fromkeys([*people, *(message.phone for message in gateway.messages)]))
    index = int(chosen) if chosen.isdecimal() and int(chosen) < len(phones) else None
    owners = [
        Owner(people.get(phone, "未登记号码"), rules.masked(phone), index=at, messages=[
            message for message in gateway.messages if message.phone == phone
        ])
        for at, phone in enumerate(phones)
    ]  # fmt: skip
    return page(
        "phone.html",
        owners=owners,
        owner=None if index is None else owners[index],
        messages=gateway.messages if index is None else owners[index].messages,
        clock=dt.datetime.now(CHINA).strftime("%H:%M"),
        names=dict(zip(phones, owners, strict=True)),
        count=len(gateway.messages) + sum(bool(m.err_code) for m in gateway.messages),
    )


async def _run(options: argparse.Namespace) -> None:
    account = rules.Dysms.load(options.config)
    async with sms_gateway(
        account,
        options.folder,
        port=options.port,
        report_url=options.report_url,
        host=options.host,
    ) as running:
        await announced_until_told_to_stop(url=running.url)


def main(words: Sequence[str] | None = None) -> None:
    """Run a gateway until SIGTERM: ``python -m streams.devstack.sms_gateway --config F …``."""
    reader = argparse.ArgumentParser(description="An SMS gateway on loopback: demos and tests.")
    reader.add_argument("--port", type=int, default=0, help="0 takes a free one")
    reader.add_argument("--host", default=LOOPBACK, help="0.0.0.0 inside a container")
    reader.add_argument("--config", type=Path, required=True, help="the account, as JSON")
    reader.add_argument("--folder", type=Path, required=True, help="keeps what was accepted")
    reader.add_argument("--report-url", default="", help="takes the delivery reports")
    asyncio.run(_run(reader.parse_args(words)))


if __name__ == "__main__":
    main()
