"""The development stack as real processes on loopback."""

import asyncio
import contextlib
import datetime as dt
import json
import os
import signal
import smtplib
import socket
import subprocess
import sys
import time
import uuid
from email.message import EmailMessage
from pathlib import Path

import aiohttp
import msgspec
import pytest
import redis
from aiohttp import web
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from streams.devstack import mailbox as mailboxes
from streams.devstack import sms_gateway as gateways
from streams.devstack.apache_kafka import apache_kafka
from streams.devstack.broker import BrokerKind, embedded_broker
from streams.devstack.loopback_web import served
from streams.devstack.mailbox import mailbox, mailbox_process
from streams.devstack.processes import (
    LOOPBACK,
    Program,
    Server,
    ServerError,
    accepts,
    free_port,
    started_on_free_port,
)
from streams.devstack.redis_server import local_redis, redis_server
from streams.devstack.sms_gateway import sms_gateway, sms_gateway_process
from streams.devstack.sms_rules import Dysms, signature_of
from tests.conftest import available

pytestmark = pytest.mark.e2e

SIGNING_KEY = "of-this-test"
PHONE, DEAD_PHONE = "13812345678", "13900000000"
ACCOUNT = Dysms(
    access_key_id="key",
    access_key_secret=SIGNING_KEY,
    signatures=frozenset({"叶县市监"}),
    templates={"SMS_1": "${firm}：请签收。"},
    people={PHONE: "张<b>伟</b>"},
    dead_numbers=frozenset({DEAD_PHONE}),
    daily_limit=3,
    deliver_after_s=0.01,
    report_retry_s=0.01,
)
LISTEN = (
    "import socket, sys, time; s = socket.socket(); s.bind(('127.0.0.1', int(sys.argv[1]))); "
    "s.listen(); time.sleep(60)"
)


def until(fact, *, within_s=10.0):
    """Wait until ``fact()`` is true, and return what it said."""
    deadline = time.monotonic() + within_s
    while not (said := fact()):
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.02)
    return said


async def until_soon(fact, *, within_s=10.0):
    """Wait in the event loop until ``fact()`` is true."""
    async with asyncio.timeout(within_s):
        while not fact():  # noqa: ASYNC110 - such a fact has no event to wait for
            await asyncio.sleep(0.01)


def script(folder, code, *arguments, is_ready=lambda: True, **changes):
    """Return a server that is a line of Python."""
    argv = [sys.executable, "-c", code, *map(str, arguments)]
    return Server(Program("script", argv, folder, is_ready, **changes))


def is_gone(pid):
    """Return whether no process has this id any more (a zombie is gone)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_server_that_dies_tells_why(tmp_path):
    """A start that fails says what ended, with its last words and the remedy."""
    server = script(
        tmp_path, "print('no disk'); exit(3)", is_ready=lambda: False, remedy="buy a disk"
    )

    with pytest.raises(ServerError, match=r"(?s)ended with status 3.*buy a disk.*\| no disk"):
        server.start()

    assert not server.is_alive


def test_server_that_is_never_ready_is_ended(tmp_path):
    """A server that does not become ready in time is ended and reported."""
    server = script(
        tmp_path, "import time; time.sleep(60)", is_ready=lambda: False, start_within_s=0.3
    )

    with pytest.raises(ServerError, match=r"script was not ready after 0\.3 s"):
        server.start()

    assert not server.is_alive


def test_stop_is_bounded(tmp_path):
    """A server that ignores SIGTERM is ended by force, soon."""
    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        "print('deaf', flush=True); time.sleep(60)"
    )
    server = script(tmp_path, deaf, stop_within_s=0.2)
    server.start()
    until(lambda: "deaf" in server.written())
    begun = time.monotonic()

    server.stop()

    assert not server.is_alive
    assert time.monotonic() - begun < 5


def test_server_starts_again_in_place(tmp_path):
    """A server that was killed starts again on the same port, and writes on in its log."""
    port = free_port()
    server = script(tmp_path, LISTEN, port, is_ready=lambda: accepts(port))

    with server:
        first = server.pid
        server.kill()
        assert not accepts(port)
        server.start()

        assert server.pid != first
        assert accepts(port)
    assert not accepts(port)


def test_taken_port_is_left_for_another(tmp_path):
    """A port that somebody took in the meantime costs another try, not the run."""
    tried = []
    with socket.socket() as taken:
        taken.bind((LOOPBACK, free_port()))
        taken.listen()

        def program(port):
            tried.append(port)
            real = taken.getsockname()[1] if len(tried) == 1 else port
            argv = [sys.executable, "-c", LISTEN, str(real)]
            return Program("listener", argv, tmp_path, lambda: accepts(port))

        with started_on_free_port(program) as (server, port):
            assert server.is_alive
            assert port == tried[1]


def test_server_dies_with_us_even_by_kill_9(tmp_path):
    """When the process that started a server is killed outright, the server goes too."""
    parent = (
        "import sys, time; from pathlib import Path; "
        "from streams.devstack.processes import Program, Server; "
        "argv = [sys.executable, '-c', 'import time; time.sleep(60)']; "
        f"s = Server(Program('child', argv, Path({str(tmp_path)!r}), lambda: True)).start(); "
        "print(s.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE) as started:
        child = int(started.stdout.readline())
        assert not is_gone(child)

        os.kill(started.pid, signal.SIGKILL)

    until(lambda: is_gone(child))


async def exchange(bootstrap, topic, records):
    """Write ``records`` to a new topic and return what a group reads."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(topic, num_partitions=1, replication_factor=1)])
    await admin.close()
    async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
        for record in records:
            await producer.send_and_wait(topic, record)
    return await read(bootstrap, topic, len(records))


async def read(bootstrap, topic, count):
    """Return the first ``count`` values of a topic, by a group that joins as Faust's would."""
    values = []
    async with (
        asyncio.timeout(60),
        AIOKafkaConsumer(
            topic,
            bootstrap_servers=bootstrap,
            group_id="readers",
            auto_offset_reset="earliest",
            session_timeout_ms=6000,
            rebalance_timeout_ms=6000,
            heartbeat_interval_ms=1000,
        ) as consumer,
    ):
        while len(values) < count:
            for batch in (await consumer.getmany(timeout_ms=200)).values():
                values += [record.value for record in batch]
    return values


async def test_embedded_broker_carries_records(tmp_path):
    """What is written to the embedded broker a group reads, in order."""
    with available(embedded_broker(tmp_path)) as broker:
        values = await exchange(broker.bootstrap, "t", [b"1", b"2", b"3"])

        assert values == [b"1", b"2", b"3"]
        assert broker.kind is BrokerKind.EMBEDDED
        pids = broker.pids
    assert all(map(is_gone, pids))


def test_redis_keeps_what_it_acknowledged(tmp_path):
    """A kill -9 of Redis loses nothing that it acknowledged."""
    with (
        available(local_redis(tmp_path)) as ours,
        redis.Redis.from_url(ours.url) as client,
    ):
        for number in range(100):
            client.set(f"k{number}", number)

        ours.server.kill()
        ours.server.start()

        assert client.dbsize() == 100


def test_named_redis_is_used_and_left_alone(tmp_path):
    """A Redis that was named serves the run, and stays as it is afterwards."""
    with available(local_redis(tmp_path)) as foreign:
        with redis_server(tmp_path / "none", url=foreign.url) as url:
            assert url == foreign.url

        assert foreign.server.is_alive
        assert not (tmp_path / "none").exists()


def test_named_redis_that_does_not_answer_is_an_error(tmp_path):
    """A Redis that was named and is not there is never quietly replaced by our own."""
    with (
        pytest.raises(ServerError, match="the Redis that was named does not answer"),
        redis_server(tmp_path, url=f"redis://{LOOPBACK}:{free_port()}/0"),
    ):
        pass


def letter(message_id="<a@x>"):
    """Return a mail in Chinese, text and HTML."""
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = "红色预警", "sanzao@x.example", "li@x.example"
    mail["Message-ID"], mail["X-Sanzao-Grade"] = message_id, "inspection"
    mail.set_content("请签收。")
    mail.add_alternative("<p>请签收。<script>alert(1)</script></p>", subtype="html")
    return mail


def post_letter(port, mail, *, to="li@x.example"):
    """Send a mail as any client does, logged in."""
    with smtplib.SMTP(LOOPBACK, port, timeout=5) as client:
        client.login("anybody", "anything")
        client.send_message(mail, to_addrs=[to])


async def fetched(url, **query):
    """Return the JSON behind an address."""
    async with aiohttp.ClientSession() as client, client.get(url, params=query) as response:
        return await response.json()


async def test_mailbox_counts_every_delivery(tmp_path):
    """A mail that was sent twice is listed twice, with its headers and its text."""
    async with mailbox(tmp_path) as running:
        for _ in range(2):
            await asyncio.to_thread(post_letter, running.smtp_port, letter())
        listed = await fetched(f"{running.url}/api/messages")

    assert [mail["message_id"] for mail in listed] == ["<a@x>", "<a@x>"]
    assert listed[0]["to"] == ["li@x.example"]
    assert listed[0]["subject"] == "红色预警"
    assert listed[0]["headers"] == {"X-Sanzao-Grade": "inspection"}
    assert listed[0]["text"].strip() == "请签收。"


async def test_mailbox_faults(tmp_path):
    """It refuses whom it is told to, puts off as often as told, and then takes the mail."""
    faults = mailboxes.Faults(refuse={"gone@x.example"}, greylist=1)
    async with mailbox(tmp_path, faults=faults) as running:
        codes = []
        for to in ("gone@x.example", "li@x.example", "li@x.example"):
            try:
                await asyncio.to_thread(post_letter, running.smtp_port, letter(), to=to)
            except smtplib.SMTPRecipientsRefused as refused:
                codes.append(refused.recipients[to][0])
            else:
                codes.append(250)

        assert codes == [550, 451, 250]
        assert len(running.box.mails) == 1


async def test_mailbox_that_loses_its_reply_has_the_mail(tmp_path):
    """A sender whose connection died after the last dot cannot know; the mail is there."""
    async with mailbox(tmp_path) as running:
        async with aiohttp.ClientSession() as client:
            told = await client.post(f"{running.url}/api/faults", json={"lose_reply": 1})
            assert told.status == 200

        with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)):
            await asyncio.to_thread(post_letter, running.smtp_port, letter())

        assert len(running.box.mails) == 1


async def test_mailbox_shows_html_in_a_sandbox(tmp_path):
    """The markup of a mail is served so that no script of it runs and nothing is loaded."""
    async with mailbox(tmp_path) as running, aiohttp.ClientSession() as client:
        await asyncio.to_thread(post_letter, running.smtp_port, letter())
        async with client.get(f"{running.url}/messages/1/html") as response:
            policy = response.headers["Content-Security-Policy"]
        async with client.get(running.url) as response:
            shown = await response.text()

    assert policy.startswith("sandbox; default-src 'none'")
    assert 'sandbox="" title="网页正文" src="/messages/1/html"' in shown


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        pytest.param('{"refuse": 5}', "application/json", 400, id="nonsense"),
        pytest.param("{}", "text/plain", 400, id="what any web page could post"),
        pytest.param("{}", "application/json", 200, id="nothing wrong any more"),
    ],
)
async def test_faults_are_set_knowingly(tmp_path, body, kind, status):
    """Faults are taken from a proper JSON request only."""
    async with mailbox(tmp_path) as running, aiohttp.ClientSession() as client:
        answer = await client.post(
            f"{running.url}/api/faults", data=body, headers={"Content-Type": kind}
        )

        assert answer.status == status


def test_mailbox_runs_as_a_process(tmp_path):
    """As a process it takes mail, keeps it on disk, and goes when told."""
    with mailbox_process(tmp_path) as running:
        post_letter(running.smtp_port, letter())

        assert len(list(tmp_path.glob("*.eml"))) == 1
    assert not accepts(running.smtp_port)


def request_for(action="SendSms", **changes):
    """Return a signed request."""
    own = {
        "SendSms": {
            "PhoneNumbers": PHONE,
            "SignName": "叶县市监",
            "TemplateCode": "SMS_1",
            "TemplateParam": json.dumps({"firm": "食品公司"}),
            "OutId": "n-1",
        },
        "QuerySendDetails": {
            "PhoneNumber": PHONE,
            "SendDate": f"{dt.datetime.now(dt.timezone(dt.timedelta(hours=8))):%Y%m%d}",
            "PageSize": "10",
            "CurrentPage": "1",
        },
    }.get(action, {})
    common = {
        "Action": action,
        "Version": "2017-05-25",
        "AccessKeyId": "key",
        "SignatureMethod": "HMAC-SHA1",
        "SignatureVersion": "1.0",
        "SignatureNonce": uuid.uuid4().hex,
        "Timestamp": f"{dt.datetime.now(dt.UTC):%Y-%m-%dT%H:%M:%SZ}",
        "Format": "JSON",
    }
    parameters = common | own | changes
    return parameters | {"Signature": signature_of(parameters, secret=SIGNING_KEY, method="POST")}


async def ask(url, parameters):
    """Return the status and the body of a request to the gateway."""
    async with (
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=1)) as client,
        client.post(f"{url}/", data=parameters) as response,
    ):
        return response.status, await response.json()


async def test_gateway_accepts_and_delivers(tmp_path):
    """A right request is answered OK with a BizId, and its details say delivered, in full text."""
    async with sms_gateway(ACCOUNT, tmp_path) as running:
        status, said = await ask(running.url, request_for())
        await until_soon(lambda: running.gateway.messages[0].status == 3)
        _, details = await ask(running.url, request_for("QuerySendDetails", BizId=said["BizId"]))

    assert (status, said["Code"]) == (200, "OK")
    (line,) = details["SmsSendDetailDTOs"]["SmsSendDetailDTO"]
    assert line["Content"] == "【叶县市监】食品公司：请签收。"
    assert (line["SendStatus"], line["ErrCode"], line["OutId"]) == (3, "DELIVERED", "n-1")


async def test_gateway_takes_a_query_as_well(tmp_path):
    """Parameters may stand in the address instead of the body, under the same signature."""
    async with (
        sms_gateway(ACCOUNT, tmp_path) as running,
        aiohttp.ClientSession() as client,
        client.post(f"{running.url}/", params=request_for()) as response,
    ):
        assert (await response.json())["Code"] == "OK"


async def test_gateway_refuses_what_it_cannot_trust(tmp_path):
    """A changed request, a repeated one and an unknown action are refused before the business."""
    async with sms_gateway(ACCOUNT, tmp_path) as running:
        changed = await ask(running.url, request_for() | {"OutId": "other"})
        right = request_for()
        first, again = await ask(running.url, right), await ask(running.url, right)
        unknown = await ask(running.url, request_for("SendMail"))

        assert len(running.gateway.messages) == 1
    codes = [(status, body["Code"]) for status, body in (changed, first, again, unknown)]
    assert codes == [
        (400, "SignatureDoesNotMatch"),
        (200, "OK"),
        (400, "SignatureNonceUsed"),
        (404, "InvalidAction.NotFound"),
    ]


async def test_gateway_keeps_duplicates_up_to_the_daily_limit(tmp_path):
    """One OutId sent again is a second message; after the limit the business says no in a 200."""
    async with sms_gateway(ACCOUNT, tmp_path) as running:
        answers = [await ask(running.url, request_for()) for _ in range(4)]
        listed = await fetched(f"{running.url}/api/messages")

    assert [(status, body["Code"]) for status, body in answers] == [
        (200, "OK"),
        (200, "OK"),
        (200, "OK"),
        (200, "isv.BUSINESS_LIMIT_CONTROL"),
    ]
    assert [message["out_id"] for message in listed] == ["n-1", "n-1", "n-1"]


async def test_gateway_faults_come_in_order(tmp_path):
    """The next requests meet the faults that were asked for, one each, and then none."""
    sends = ["isp.SYSTEM_ERROR", "InternalError", "Throttling.User"]
    async with sms_gateway(ACCOUNT, tmp_path) as running:
        async with aiohttp.ClientSession() as client:
            await client.post(f"{running.url}/api/faults", json={"sends": sends})
        answers = [await ask(running.url, request_for()) for _ in range(4)]

    assert [(status, body["Code"]) for status, body in answers] == [
        (200, "isp.SYSTEM_ERROR"),
        (500, "InternalError"),
        (400, "Throttling.User"),
        (200, "OK"),
    ]


async def test_gateway_that_hangs_has_the_message(tmp_path):
    """A caller whose time ran out cannot know; the message went out."""
    faults = gateways.Faults(sends=["hang"])
    async with sms_gateway(ACCOUNT, tmp_path, faults=faults) as running:
        with pytest.raises(TimeoutError):
            await ask(running.url, request_for())

        assert [message.out_id for message in running.gateway.messages] == ["n-1"]


async def test_gateway_behind_a_broken_proxy_answers_no_json(tmp_path):
    """A proxy's page of HTML is among the answers that a caller must survive."""
    faults = gateways.Faults(sends=["bad-gateway"])
    async with sms_gateway(ACCOUNT, tmp_path, faults=faults) as running:
        with pytest.raises(aiohttp.ContentTypeError):
            await ask(running.url, request_for())


@contextlib.asynccontextmanager
async def receiver(answers):
    """Run a callback address that gives ``answers`` in turn; yield its URL and what it heard."""
    heard = []

    async def take(request):
        """Hear one report and answer."""
        heard.append(await request.json())
        answer = answers.pop(0) if answers else {"code": 0}
        return web.json_response(answer) if answer else web.Response(status=500)

    app = web.Application()
    app.router.add_post("/report", take)
    async with served(app, port=0) as url:
        yield f"{url}/report", heard


async def test_report_is_pushed_until_it_is_acknowledged(tmp_path):
    """A report comes again after an error and after a refusal, and not after code 0."""
    async with (
        receiver([None, {"code": 1}]) as (report_url, heard),
        sms_gateway(ACCOUNT, tmp_path, report_url=report_url) as running,
    ):
        await ask(running.url, request_for(PhoneNumbers=DEAD_PHONE))
        await until_soon(lambda: running.gateway.messages[0].report_acknowledged)

    assert len(heard) == 3
    (report,) = heard[-1]
    assert (report["success"], report["err_code"]) == (False, "MOBILE_NOT_ON_SERVICE")
    assert (report["phone_number"], report["out_id"]) == (DEAD_PHONE, "n-1")


async def test_report_survives_a_restart(tmp_path):
    """What was accepted and never reported is reported by the next run on the same folder."""
    faults = gateways.Faults(reports=["NEVER"])
    async with sms_gateway(ACCOUNT, tmp_path, faults=faults) as running:
        await ask(running.url, request_for())

    async with (
        receiver([]) as (report_url, heard),
        sms_gateway(ACCOUNT, tmp_path, report_url=report_url) as running,
    ):
        await until_soon(lambda: running.gateway.messages[0].report_acknowledged)

    assert heard[0][0]["out_id"] == "n-1"


async def test_phone_shows_the_message_and_no_number(tmp_path):
    """The page masks every number and runs no markup, of a name or of a message."""
    evil = json.dumps({"firm": "<script>alert(1)</script>"})
    async with sms_gateway(ACCOUNT, tmp_path) as running, aiohttp.ClientSession() as client:
        await ask(running.url, request_for(TemplateParam=evil))
        pages = []
        for query in ({}, {"phone": "0"}, {"phone": "x"}, {"phone": "99"}):
            async with client.get(f"{running.url}/", params=query) as response:
                assert response.status == 200
                pages.append(await response.text())

    for page in pages:
        assert "138****5678" in page
        assert PHONE not in page
        assert "<b>伟" not in page
        assert "【叶县市监】&lt;script&gt;alert(1)&lt;/script&gt;：请签收。" in page


async def test_who_got_messages_stands_first(tmp_path):
    """Nobody looks through a roster of people who heard nothing."""
    account = msgspec.structs.replace(ACCOUNT, people={"13900000000": "李四", PHONE: "张三"})
    async with sms_gateway(account, tmp_path) as running, aiohttp.ClientSession() as client:
        async with client.get(f"{running.url}/") as response:
            before = await response.text()
        await ask(running.url, request_for())
        async with client.get(f"{running.url}/") as response:
            after = await response.text()

    assert before.index("139****0000") < before.index("138****5678")
    assert after.index("/?phone=1") < after.index("/?phone=0")


async def test_gateway_runs_as_a_process(tmp_path):
    """As a process it reads its account from a file, answers, and keeps what it accepted."""
    config = tmp_path / "account.json"
    config.write_bytes(msgspec.json.encode(ACCOUNT))
    with sms_gateway_process(config, tmp_path / "sms") as running:
        _, said = await ask(running.url, request_for())

    assert said["Code"] == "OK"
    assert "食品公司" in (tmp_path / "sms" / "messages.jsonl").read_text()


def test_gateway_process_tells_a_bad_account(tmp_path):
    """A process that cannot read its account ends, and the caller reads why."""
    config = tmp_path / "account.json"
    config.write_text("{}")

    with (
        pytest.raises(ServerError, match=r"account\.json describes no SMS account"),
        sms_gateway_process(config, tmp_path / "sms"),
    ):
        pass


@pytest.mark.timeout(900)  # the first run fetches the jars
async def test_kafka_cluster_survives_the_death_of_any_broker(tmp_path, request):
    """No acknowledged record is lost when one of three brokers is killed, and it comes back."""
    if request.config.getoption("--broker") != BrokerKind.APACHE:
        pytest.skip("three Apache Kafka brokers: make test-kafka runs them")
    with available(apache_kafka(tmp_path, brokers=3)) as cluster:
        admin = AIOKafkaAdminClient(bootstrap_servers=cluster.bootstrap)
        await admin.start()
        await admin.create_topics([NewTopic("t", num_partitions=1, replication_factor=3)])
        await admin.close()
        async with AIOKafkaProducer(
            bootstrap_servers=cluster.bootstrap, acks="all", max_request_size=3_000_000
        ) as producer:
            await producer.send_and_wait("t", b"x" * 2 * 1024 * 1024)
            leader = producer.client.cluster.leader_for_partition(TopicPartition("t", 0))
            dying = cluster.servers[leader - 1]

            dying.kill()
            await producer.send_and_wait("t", b"while it is dead")
            await asyncio.to_thread(dying.start)
            await producer.send_and_wait("t", b"after it came back")

        values = await read(cluster.bootstrap, "t", 3)

    assert [value[:20] for value in values] == [
        b"x" * 20,
        b"while it is dead",
        b"after it came back",
    ]
