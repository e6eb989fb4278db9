"""What does a worker say over HTTP?  Metrics, health, readiness, reports, the page of a warning."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from alerts.notification_log import LogUnreachableError
from streams.metrics import Metrics
from streams.page_words import plain_page
from streams.publisher import NotPublishedError
from streams.store import StoreUnavailableError
from streams.warning_page import SEE_OTHER, Answer, WarningPage

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
MAX_REPORT_BYTES = 256 * 1024

# No script, nothing from elsewhere, in no frame; the address is a credential and goes nowhere.
PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
AWAY = plain_page("暂时不能办理", "系统暂时没有应答，本次操作未登记，请几分钟后再试。")

Ready = Callable[[], Awaitable[dict[str, bool]]]
TakeReports = Callable[[bytes], Awaitable[int]]


def build_web(
    *,
    metrics: Metrics,
    ready: Ready,
    take_reports: TakeReports,
    warning_page: WarningPage | None = None,
) -> web.Application:
    """Return the web application; a GET changes nothing.

    ``ready`` says of each part whether it answers; ``take_reports`` takes the body of a delivery
    report and returns how many it could settle.  Without a ``warning_page`` there is none.
    """

    async def show_metrics(_request: web.Request) -> web.Response:
        """Show the exposition."""
        return web.Response(body=metrics.text(), headers={"Content-Type": METRICS_TYPE})

    async def health(_request: web.Request) -> web.Response:
        """Say that the process lives."""
        return web.json_response({"status": "alive"})

    async def readiness(_request: web.Request) -> web.Response:
        """Say which parts answer."""
        parts = await ready()
        status = 200 if all(parts.values()) else 503
        return web.json_response({"ready": status == 200, "parts": parts}, status=status)  # noqa: PLR2004 - HTTP's own number

    async def reports(request: web.Request) -> web.Response:
        """Take a gateway's delivery reports."""
        try:
            settled = await take_reports(await request.read())
        except ValueError as error:
            return web.json_response({"code": 1, "msg": str(error)}, status=400)
        # The gateway's own words: anything but code 0 makes it push again.
        return web.json_response({"code": 0, "msg": "接收成功", "settled": settled})

    app = web.Application(client_max_size=MAX_REPORT_BYTES)
    app.router.add_get("/metrics", show_metrics)
    app.router.add_get("/health", health)
    app.router.add_get("/ready", readiness)
    app.router.add_post("/receipts/sms", reports)
    if warning_page is not None:
        _add_page(app, warning_page)
    return app


def _add_page(app: web.Application, page: WarningPage) -> None:
    async def show(request: web.Request) -> web.Response:
        """Show a warning, or a list, to whom its link belongs."""
        return await _answered(page.show(**request.match_info))

    async def act(request: web.Request) -> web.Response:
        """Take what a person does with a warning."""
        form = {name: text for name, text in (await request.post()).items() if type(text) is str}
        answer = await _answered(page.act(form=form, **request.match_info))
        if answer.status == SEE_OTHER:
            # Beside itself, under whatever path a proxy puts us.
            answer.headers["Location"] = request.path.rpartition("/")[2]
        return answer

    for path in ("/w/{token}", "/w/{token}/{uscc}"):
        app.router.add_get(path, show)
        app.router.add_post(path, act)


async def _answered(coming: Awaitable[Answer]) -> web.Response:
    """Return a page, or what is said while a part is down."""
    try:
        answer = await coming
    except (LogUnreachableError, StoreUnavailableError, NotPublishedError):
        answer = Answer(503, AWAY)
    return web.Response(
        text=answer.html, status=answer.status, content_type="text/html", headers=PAGE_HEADERS
    )
