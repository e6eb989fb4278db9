"""What does a worker say over HTTP?  Metrics, health, readiness; and it hears delivery reports."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from streams.metrics import Metrics

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
MAX_REPORT_BYTES = 256 * 1024

Ready = Callable[[], Awaitable[dict[str, bool]]]
TakeReports = Callable[[bytes], Awaitable[int]]


def build_web(*, metrics: Metrics, ready: Ready, take_reports: TakeReports) -> web.Application:
    """Return the web application; nothing in it changes a state but the delivery reports.

    ``ready`` says of each part whether it answers; ``take_reports`` takes the body of a delivery
    report and returns how many it could settle.
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
    return app
