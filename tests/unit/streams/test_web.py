"""What does a worker say over HTTP, and what does it hear?"""

import contextlib

import pytest
from aiohttp.test_utils import TestClient, TestServer

from alerts.delivery import InvalidReportError
from streams.metrics import Metrics
from streams.web import MAX_REPORT_BYTES, build_web

pytestmark = pytest.mark.enable_socket  # the pages are asked over loopback


@contextlib.asynccontextmanager
async def asked(*, parts=None, settled=1, refusal=None):
    """Serve the pages of a worker; yield a client, and what it was told in reports."""
    heard = []

    async def ready():
        """Say of each part whether it answers."""
        return parts or {}

    async def take_reports(body):
        """Hear a report."""
        heard.append(body)
        if refusal:
            raise refusal
        return settled

    site = build_web(metrics=Metrics(), ready=ready, take_reports=take_reports)
    async with TestClient(TestServer(site)) as client:
        yield client, heard


async def test_metrics_are_prometheus_text():
    """A scrape gets our series in the text format."""
    async with asked() as (client, _):
        answer = await client.get("/metrics")

        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        assert "sanzao_events_total" in await answer.text()


async def test_health_says_only_that_the_process_lives():
    """Liveness asks no other part: a dead Redis must not get the worker restarted."""
    async with asked(parts={"redis": False}) as (client, _):
        answer = await client.get("/health")

        assert (answer.status, await answer.json()) == (200, {"status": "alive"})


@pytest.mark.parametrize(
    ("parts", "status"),
    [
        pytest.param({"kafka": True, "redis": True}, 200, id="all parts answer"),
        pytest.param({"kafka": True, "redis": False}, 503, id="one part is down"),
    ],
)
async def test_readiness_names_the_part_that_is_missing(parts, status):
    """Not ready is 503, with the part named."""
    async with asked(parts=parts) as (client, _):
        answer = await client.get("/ready")

        assert answer.status == status
        assert await answer.json() == {"ready": status == 200, "parts": parts}


async def test_a_delivery_report_is_taken_in_the_words_of_the_gateway():
    """Code 0 tells the gateway that it need not push again."""
    async with asked(settled=2) as (client, heard):
        answer = await client.post("/receipts/sms", data=b"[]")

        assert (await answer.json())["code"] == 0
        assert (await answer.json())["settled"] == 2
        assert heard == [b"[]"]


@pytest.mark.parametrize(
    ("refusal", "status"),
    [
        pytest.param(InvalidReportError("no SmsReport"), 400, id="no report"),
        pytest.param(RuntimeError("the log is down"), 500, id="the log is down"),
    ],
)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_a_report_that_was_not_taken_comes_again(refusal, status):
    """Anything but code 0 makes the gateway push again."""
    async with asked(refusal=refusal) as (client, _):
        answer = await client.post("/receipts/sms", data=b"x")

        assert answer.status == status


async def test_a_report_without_end_is_refused():
    """Nobody can fill the worker's memory through its open door."""
    async with asked() as (client, heard):
        answer = await client.post("/receipts/sms", data=b"x" * (MAX_REPORT_BYTES + 1))

        assert answer.status == 413
        assert heard == []


@pytest.mark.parametrize("path", ["/", "/table", "/router", "/docs"])
async def test_there_is_no_other_page(path):
    """Nothing of Faust's own pages is reachable."""
    async with asked() as (client, _):
        assert (await client.get(path)).status == 404
