"""Every way to people keeps the same promises, against real servers on loopback.

The twin, the mail channel against an SMTP server, the SMS channels against a gateway that checks
signatures and answers like Alibaba Cloud's and like China Mobile's MAS.
"""

import asyncio
import contextlib
import datetime as dt
import email.policy
from email import message_from_bytes

import aiohttp
import msgspec
import pytest

from alerts.channels.email import EmailChannel, SmtpAccount, Tls, message_of
from alerts.channels.sms_aliyun import FOUND_BY_QUERY, AliyunAccount, AliyunSmsChannel
from alerts.channels.sms_mas import MasAccount, MasSmsChannel
from alerts.delivery import (
    Cause,
    Delivered,
    InDoubt,
    MemoryChannel,
    NeverSeen,
    Refused,
    TryAgain,
    Way,
)
from alerts.specimen import specimen_notification
from streams.devstack.mailbox import mailbox
from streams.devstack.sms_faults import HANG
from streams.devstack.sms_gateway import sms_gateway
from streams.devstack.sms_rules import Dysms, Mas

KEY = "hush"
TEMPLATE = (
    "${level}提醒${number}：${enterprise}，${matter}，"
    "请${acknowledge}内签收、${close}内处置，登录系统查看。"
)
GATEWAY = Dysms(
    access_key_id="id",
    access_key_secret=KEY,
    signatures=frozenset(["叶县市监"]),
    templates={"SMS_480100001": TEMPLATE},
    deliver_after_s=0,
    mas=Mas(ec_name="叶县市监局", ap_id="id", secret_key=KEY, signs={"s1": "叶县市监"}),
)


def now():
    """The gateway checks timestamps against a real clock."""
    return dt.datetime.now(dt.UTC)


async def yes():
    """Hand over."""
    return True


async def no():
    """Refuse the hand-over: another worker has the message."""
    return False


def account(port, **changes):
    """Return an account at a local mail server."""
    base = {
        "host": "127.0.0.1",
        "port": port,
        "sender": "warn@yexian.example.org",
        "tls": Tls.NONE,
        "timeout": dt.timedelta(seconds=2),
    }
    return SmtpAccount(**(base | changes))


@pytest.fixture
async def box(tmp_path):
    """A running mailbox."""
    async with mailbox(tmp_path) as running:
        yield running


@pytest.fixture
async def gateway(tmp_path):
    """A running SMS gateway."""
    async with sms_gateway(GATEWAY, tmp_path) as running:
        yield running


@pytest.fixture
async def sms(gateway):
    """The SMS channel at the gateway."""
    async with aiohttp.ClientSession() as session:
        yield sms_at(gateway.url, session)


def sms_at(url, session, **changes):
    """Return an SMS channel at an address."""
    base = {
        "access_key_id": "id",
        "access_key_secret": KEY,
        "endpoint": url,
        "timeout": dt.timedelta(seconds=0.5),
    }
    return AliyunSmsChannel(AliyunAccount(**(base | changes)), session)


@pytest.fixture
async def mas(gateway):
    """The channel of the other carrier at the gateway."""
    async with aiohttp.ClientSession() as session:
        yield mas_at(gateway.url, session)


def mas_at(url, session, **changes):
    """Return a channel of the other carrier at an address."""
    base = {
        "ec_name": "叶县市监局",
        "ap_id": "id",
        "secret_key": KEY,
        "sign_code": "s1",
        "endpoint": url,
        "timeout": dt.timedelta(seconds=0.5),
    }
    return MasSmsChannel(MasAccount(**(base | changes)), session)


class Sink:
    """One way to people, and how many messages arrived at its end."""

    def __init__(self, way, channel, count, *, can_ask=False):
        self.way = way
        self.channel = channel
        self.count = count
        self.can_ask = can_ask


@pytest.fixture(params=["twin", "mute twin", "email", "sms", "mas"])
def sink(request):
    """Each channel with its sink."""
    if request.param.endswith("twin"):
        can_ask = request.param == "twin"
        twin = MemoryChannel(can_ask=can_ask)
        return Sink(Way.SMS, twin, lambda: len(twin.accepted), can_ask=can_ask)
    if request.param == "email":
        box = request.getfixturevalue("box")
        channel = EmailChannel(account(box.smtp_port))
        return Sink(Way.EMAIL, channel, lambda: len(box.box.mails))
    gateway = request.getfixturevalue("gateway")
    channel = request.getfixturevalue(request.param)
    return Sink(
        Way.SMS, channel, lambda: len(gateway.gateway.messages), can_ask=request.param == "sms"
    )


async def test_a_message_arrives_and_the_carrier_names_it(sink):
    """Sent means accepted at the other end, and the outcome carries the carrier's name for it."""
    message = specimen_notification(sink.way, now=now())

    outcome = await sink.channel.send(message, now=now(), hand_over=yes)

    assert isinstance(outcome, Delivered)
    assert outcome.provider_id
    assert sink.count() == 1


async def test_nothing_leaves_when_the_hand_over_is_refused(sink):
    """A worker that lost its claim writes nothing."""
    message = specimen_notification(sink.way, now=now())

    outcome = await sink.channel.send(message, now=now(), hand_over=no)

    assert outcome == TryAgain(Cause.LEASE_LOST)
    assert sink.count() == 0


async def test_the_hand_over_comes_before_the_message_leaves(sink):
    """At the moment of the hand-over nothing has arrived yet."""
    message = specimen_notification(sink.way, now=now())
    seen = []

    async def look():
        """Look at the other end."""
        seen.append(sink.count())
        return True

    await sink.channel.send(message, now=now(), hand_over=look)

    assert seen == [0]
    assert sink.count() == 1


async def test_the_carrier_is_asked_or_there_is_nobody_to_ask(sink):
    """One gateway knows what it accepted; a mail server and the other gateway cannot be asked."""
    message = specimen_notification(sink.way, now=now())
    before = await sink.channel.find(message, sent_at=now(), now=now())
    await sink.channel.send(message, now=now(), hand_over=yes)

    after = await sink.channel.find(message, sent_at=now(), now=now())

    if not sink.can_ask:
        assert (before, after) == (InDoubt(), InDoubt())
    else:
        assert before == NeverSeen()
        assert isinstance(after, Delivered)


async def test_a_letter_carries_what_a_mail_program_needs(box):
    """Both bodies, ids derived from ours, one thread a warning, and the mark of a machine."""
    message = specimen_notification(Way.EMAIL, now=now())

    await EmailChannel(account(box.smtp_port)).send(message, now=now(), hand_over=yes)

    (mail,) = box.box.mails
    assert mail.says("Message-ID") == f"<{message.id}@yexian.example.org>"
    assert mail.says("References") == "<thread.w-0013000000000000@yexian.example.org>"
    assert mail.says("In-Reply-To") == mail.says("References")
    assert mail.says("Auto-Submitted") == "auto-generated"
    assert mail.says("List-Id") == "<sanzao.example.org>"
    assert mail.says("X-Sanzao-Notification") == message.id
    assert mail.says("Subject") == message.content.subject
    assert mail.body("plain").strip() == message.content.text.strip()
    assert mail.body("html").strip() == message.content.html.strip()
    assert mail.recipients == ["specimen@example.org"]


@pytest.mark.parametrize(
    "name", ["惠民\r\nBcc: thief@example.org", "a\nb", "\u2028x", "=?utf-8?b?Cg==?=", "𠮷" * 80]
)
def test_no_name_can_write_a_header(name):
    """A line break in a name or subject ends no header line (header injection)."""
    message = specimen_notification(Way.EMAIL, now=now())
    letter = msgspec.structs.replace(message.content, subject=name)
    named = msgspec.structs.replace(message, person_name=name, warning_number=name)

    raw = message_of(named, letter, account(25), now=now()).as_bytes()

    read = message_from_bytes(raw, policy=email.policy.default)
    assert read["Bcc"] is None
    assert len(read.get_all("To")) == len(read["To"].addresses) == 1
    assert read["To"].addresses[0].addr_spec == "specimen@example.org"


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        pytest.param(
            {"refuse": {"specimen@example.org"}},
            Refused(Cause.BAD_ADDRESS, "550 5.1.1"),
            id="no such mailbox",
        ),
        pytest.param(
            {"greylist": 1},
            TryAgain(Cause.RATE_LIMITED, dt.timedelta(minutes=5), detail="451 4.7.1"),
            id="greylisted",
        ),
        pytest.param(
            {"lose_reply": 1},
            TryAgain(Cause.UNREACHABLE, doubtful=True, detail="SMTPServerDisconnected"),
            id="the answer is lost after DATA: doubtful",
        ),
        pytest.param(
            {"slow_s": 3.0}, TryAgain(Cause.TIMEOUT, doubtful=True), id="no answer after DATA"
        ),
    ],
)
async def test_what_a_mail_server_does_becomes_an_outcome(box, fault, outcome):
    """Every failure of the conversation is a value, doubtful only after the hand-over."""
    for name, value in fault.items():
        setattr(box.box.faults, name, value)
    channel = EmailChannel(account(box.smtp_port, timeout=dt.timedelta(seconds=0.3)))

    found = await channel.send(
        specimen_notification(Way.EMAIL, now=now()), now=now(), hand_over=yes
    )

    assert found == outcome


async def test_a_mail_server_that_is_gone_is_tried_again():
    """Nobody listens: not doubtful, try again."""
    channel = EmailChannel(account(1))

    found = await channel.send(
        specimen_notification(Way.EMAIL, now=now()), now=now(), hand_over=yes
    )

    assert (found.cause, found.doubtful) == (Cause.UNREACHABLE, False)


async def test_no_letter_leaves_without_the_tls_that_was_asked_for(box):
    """A server without STARTTLS is a fault of configuration, not a reason to send in the clear."""
    channel = EmailChannel(account(box.smtp_port, tls=Tls.STARTTLS))

    found = await channel.send(
        specimen_notification(Way.EMAIL, now=now()), now=now(), hand_over=yes
    )

    assert (found.cause, len(box.box.mails)) == (Cause.MISCONFIGURED, 0)


@pytest.mark.parametrize("tls", [Tls.STARTTLS, Tls.IMPLICIT])
async def test_a_server_that_speaks_no_tls_is_a_fault_of_configuration(tls):
    """A handshake that fails is the operator's to mend, and is told as such, not as an outage."""
    ended = asyncio.Event()

    async def answer(reader, writer):
        """Promise STARTTLS, then go on in the clear; or speak in the clear at once."""
        writer.write(b"220 ready\r\n")
        if tls is Tls.STARTTLS:
            await reader.readline()
            writer.write(b"250-here\r\n250 STARTTLS\r\n")
            await reader.readline()
            writer.write(b"220 go ahead\r\n")
            await reader.read(1)
            writer.write(b"500 what is this?\r\n")
        with contextlib.suppress(ConnectionError):
            await reader.read()
            writer.close()
            await writer.wait_closed()
        ended.set()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        channel = EmailChannel(account(server.sockets[0].getsockname()[1], tls=tls))
        found = await channel.send(
            specimen_notification(Way.EMAIL, now=now()), now=now(), hand_over=yes
        )
        await ended.wait()

    assert (found.cause, found.doubtful) == (Cause.MISCONFIGURED, False)
    assert found.detail == "TLS WRONG_VERSION_NUMBER"


def test_a_password_never_travels_in_the_clear():
    """A login at another machine needs TLS, and an account does not print its password."""
    with pytest.raises(ValueError, match="needs starttls or tls"):
        account(25, host="mail.example.org", username="u", password=KEY)
    assert KEY not in repr(account(25, username="u", password=KEY))


async def test_a_login_is_used_where_there_is_one(box):
    """With a user name the channel logs in before it sends."""
    channel = EmailChannel(account(box.smtp_port, username="u", password=KEY))

    found = await channel.send(
        specimen_notification(Way.EMAIL, now=now()), now=now(), hand_over=yes
    )

    assert isinstance(found, Delivered)


@pytest.mark.parametrize(
    ("replies", "outcome"),
    [
        pytest.param(
            ["554 5.7.1 relay access denied"],
            TryAgain(Cause.MISCONFIGURED, dt.timedelta(minutes=10), detail="554"),
            id="turned away at the door",
        ),
        pytest.param(
            ["220 hi", "250 ok", "550 sender unknown"],
            TryAgain(Cause.MISCONFIGURED, dt.timedelta(minutes=10), detail="550 sender"),
            id="our sender is refused",
        ),
        pytest.param(
            ["220 hi", "250 ok", "250 ok", "554 5.7.1 relay access denied"],
            TryAgain(Cause.MISCONFIGURED, dt.timedelta(minutes=10), detail="554 5.7.1"),
            id="no relay for us",
        ),
        pytest.param(
            ["220 hi", "250 ok", "250 ok", "452 4.2.2 full"],
            TryAgain(Cause.MAILBOX_FULL, dt.timedelta(hours=1), detail="452 4.2.2"),
            id="mailbox full",
        ),
        pytest.param(
            ["220 hi", "250 ok", "250 ok", "250 ok", "354 go", "554 5.6.0 spam"],
            Refused(Cause.CONTENT_REJECTED, "554 5.6.0"),
            id="content refused",
        ),
        pytest.param(
            ["220 hi", "250 ok", "250 ok", "250 ok", "354 go", "421 closing"],
            TryAgain(Cause.UNREACHABLE, detail="421 closing"),
            id="closing, said clearly",
        ),
    ],
)
async def test_what_a_mail_server_says_becomes_an_outcome(replies, outcome):
    """The same answer means different things at different stages."""
    ended = asyncio.Event()

    async def answer(reader, writer):
        """Play a server that answers from a script."""
        for number, reply in enumerate(replies):
            if number:
                line = await reader.readline()
                while replies[number - 1].startswith("354") and line not in {b".\r\n", b""}:
                    line = await reader.readline()
            writer.write(f"{reply}\r\n".encode())
        await reader.read()
        writer.close()
        await writer.wait_closed()
        ended.set()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        channel = EmailChannel(account(server.sockets[0].getsockname()[1]))
        found = await channel.send(
            specimen_notification(Way.EMAIL, now=now()), now=now(), hand_over=yes
        )
        await ended.wait()

    assert msgspec.structs.replace(found, detail="") == msgspec.structs.replace(outcome, detail="")


@pytest.mark.parametrize(
    ("fault", "cause", "doubtful"),
    [
        pytest.param("isv.BUSINESS_LIMIT_CONTROL", Cause.RATE_LIMITED, False, id="200, not OK"),
        pytest.param("isv.AMOUNT_NOT_ENOUGH", Cause.NO_CREDIT, False, id="no money"),
        pytest.param("Throttling.User", Cause.RATE_LIMITED, False, id="throttled"),
        pytest.param("ServiceUnavailable", Cause.SERVER_ERROR, True, id="503"),
        pytest.param("isp.SYSTEM_ERROR", Cause.SERVER_ERROR, True, id="system error"),
        pytest.param(HANG, Cause.TIMEOUT, True, id="accepted, and no answer"),
    ],
)
async def test_what_a_gateway_does_becomes_an_outcome(gateway, sms, fault, cause, doubtful):
    """A business error inside HTTP 200 is an error; an answer that never came is doubtful."""
    gateway.gateway.faults.sends.append(fault)

    found = await sms.send(specimen_notification(Way.SMS, now=now()), now=now(), hand_over=yes)

    assert isinstance(found, TryAgain)
    assert (found.cause, found.doubtful) == (cause, doubtful)


async def test_a_lost_answer_is_found_by_asking(gateway, sms):
    """The gateway accepted and never answered: asking by OutId tells, so nobody is told twice."""
    gateway.gateway.faults.sends.append(HANG)
    message = specimen_notification(Way.SMS, now=now())
    await sms.send(message, now=now(), hand_over=yes)

    found = await sms.find(message, sent_at=now(), now=now())

    assert found == Delivered(FOUND_BY_QUERY)
    assert len(gateway.gateway.messages) == 1


async def test_the_question_goes_through_all_pages_of_both_days(gateway, sms):
    """Sixty messages to one phone: ours is found behind the first page."""
    messages = [
        specimen_notification(Way.SMS, now=now(), warning_id=f"w-{number}") for number in range(52)
    ]
    gateway.gateway.account = msgspec.structs.replace(GATEWAY, daily_limit=100)
    for message in messages:
        await sms.send(message, now=now(), hand_over=yes)
    yesterday = now() - dt.timedelta(days=1)

    assert isinstance(await sms.find(messages[-1], sent_at=now(), now=now()), Delivered)
    assert await sms.find(messages[-1], sent_at=yesterday, now=now()) == NeverSeen()


async def test_a_refused_question_leaves_the_doubt(gateway):
    """With a wrong key nothing is learned: the message stays doubtful, not unsent."""
    async with aiohttp.ClientSession() as session:
        wrong = sms_at(gateway.url, session, access_key_secret="wrong")  # noqa: S106 - wrong
        message = specimen_notification(Way.SMS, now=now())

        found = await wrong.find(message, sent_at=now(), now=now())

    assert (type(found), found.cause, found.doubtful) == (TryAgain, Cause.AUTH, True)


async def test_a_number_that_is_none_is_refused_for_good(sms):
    """An illegal number will not become legal by waiting."""
    message = specimen_notification(Way.SMS, now=now(), address="12345")

    found = await sms.send(message, now=now(), hand_over=yes)

    assert found == Refused(Cause.BAD_ADDRESS, "isv.MOBILE_NUMBER_ILLEGAL")


@pytest.mark.parametrize("channel_at", [sms_at, mas_at])
async def test_a_gateway_that_is_gone_is_tried_again(channel_at):
    """Nobody listens: not doubtful, try again."""
    async with aiohttp.ClientSession() as session:
        channel = channel_at("http://127.0.0.1:1", session)
        message = specimen_notification(Way.SMS, now=now())

        found = await channel.send(message, now=now(), hand_over=yes)

    assert (found.cause, found.doubtful) == (Cause.UNREACHABLE, False)


async def test_the_wrong_content_is_a_callers_mistake(box, sms, mas):
    """A letter is no short message, nor the reverse."""
    with pytest.raises(TypeError, match="no letter"):
        await EmailChannel(account(box.smtp_port)).send(
            specimen_notification(Way.SMS, now=now()), now=now(), hand_over=yes
        )
    for channel in (sms, mas):
        with pytest.raises(TypeError, match="no short message"):
            await channel.send(
                specimen_notification(Way.EMAIL, now=now()), now=now(), hand_over=yes
            )


@pytest.mark.parametrize(
    ("reply", "cause"),
    [
        pytest.param(
            b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 6\r\n\r\n<html>",
            Cause.SERVER_ERROR,
            id="a proxy's page",
        ),
        pytest.param(
            b'HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{"Code":"\xd6\xd0"}',
            Cause.SERVER_ERROR,
            id="an answer in GBK",
        ),
        pytest.param(b"", Cause.UNREACHABLE, id="hangs up without an answer"),
    ],
)
async def test_an_answer_nobody_can_read_leaves_doubt(reply, cause):
    """The request had left us: without a readable answer the gateway may have accepted it."""
    ended = asyncio.Event()

    async def answer(reader, writer):
        """Read a request and answer with rubbish."""
        await reader.readuntil(b"OutId")
        writer.write(reply)
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        ended.set()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server, aiohttp.ClientSession() as session:
        channel = sms_at(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", session)
        message = specimen_notification(Way.SMS, now=now())
        found = await channel.send(message, now=now(), hand_over=yes)
        await ended.wait()

    assert (type(found), found.cause, found.doubtful) == (TryAgain, cause, True)
