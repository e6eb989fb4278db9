"""How do the stand-ins show themselves: an HTTP server on loopback, pages, one line when ready."""

import asyncio
import contextlib
import datetime as dt
import json
import secrets
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Protocol, TypeVar

import jinja2
import msgspec
from aiohttp import web

from streams.devstack.processes import LOOPBACK

CHINA = dt.timezone(dt.timedelta(hours=8))

# Handlers that hang on purpose must not hold up the end of the process.
GOODBYE_S = 0.2

_pages = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "pages"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_pages.filters["china_time"] = lambda moment: moment.astimezone(CHINA).strftime("%m-%d %H:%M:%S")

Body = TypeVar("Body")


def page(template: str, **values: Any) -> web.Response:
    """Return the page, every value escaped; only the script that carries our nonce may run."""
    nonce = secrets.token_urlsafe(16)
    return web.Response(
        text=_pages.get_template(template).render(nonce=nonce, **values),
        content_type="text/html",
        headers={
            "Content-Security-Policy": (
                "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; "
                f"connect-src 'self'; script-src 'nonce-{nonce}'; "
                "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
            ),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
        },
    )


class Faulty(Protocol):
    """A stand-in that fails as it is told to."""

    faults: Any


def fault_routes(stand_in: Faulty) -> list[web.RouteDef]:
    """Return the routes by which a stand-in tells its faults, and is given others."""
    kind = type(stand_in.faults)

    async def tell(_: web.Request) -> web.Response:
        return web.json_response(msgspec.to_builtins(stand_in.faults))

    async def change(request: web.Request) -> web.Response:
        stand_in.faults = await told(request, kind)
        return await tell(request)

    return [web.get("/api/faults", tell), web.post("/api/faults", change)]


async def told(request: web.Request, kind: type[Body]) -> Body:
    """Return the request's JSON body as ``kind``.

    Raises:
        web.HTTPBadRequest: it is no such thing.  A body that does not call itself JSON is refused
            as well, so that no foreign web page can post here without the browser asking first.
    """
    if request.content_type != "application/json":
        raise web.HTTPBadRequest(text="send Content-Type: application/json")
    try:
        return msgspec.json.decode(await request.read(), type=kind)
    except msgspec.DecodeError as error:
        raise web.HTTPBadRequest(text=str(error)) from error


@contextlib.asynccontextmanager
async def served(app: web.Application, *, port: int, host: str = LOOPBACK) -> AsyncIterator[str]:
    """Serve ``app``, on a free port when ``port`` is 0; yield its address on loopback.

    ``host`` is loopback but inside a container, whose own network bounds who can reach it.

    Raises:
        OSError: ``port`` is taken.
    """
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=GOODBYE_S)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        yield f"http://{LOOPBACK}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def announced_until_told_to_stop(**facts: Any) -> None:
    """Print one JSON line, ``{"ready": true, …}``, and wait for SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, stop.set)
    print(json.dumps({"ready": True, **facts}), flush=True)
    await stop.wait()
