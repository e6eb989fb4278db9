"""What China Mobile's gateway answers becomes an outcome; doubt is kept to where there is some."""

import asyncio
import dataclasses
import datetime as dt

import aiohttp
import msgspec
import pytest

from alerts.channels.mas_codes import meaning_of
from alerts.channels.mas_reports import Fetched, MasReports
from alerts.channels.sms_mas import SUBMIT, MasAccount, MasSmsChannel
from alerts.delivery import Cause, Delivered, Refused, TryAgain, Way
from alerts.specimen import specimen_notification
from streams.devstack.mas_rules import CODES
from streams.devstack.sms_faults import BAD_GATEWAY, HANG
from streams.devstack.sms_gateway import sms_gateway
from streams.devstack.sms_rules import Dysms, Mas

KEY = "hush"
TEMPLATE = "${level}提醒${number}：${enterprise}${matter}，请${acknowledge}前签收、${close}前处置。"
CUSTOMER = Mas(ec_name="叶县市监局", ap_id="id", secret_key=KEY, signs={"s1": "叶县市监"})
GATEWAY = Dysms(
    access_key_id="id",
    access_key_secret=KEY,
    signatures=frozenset(["叶县市监"]),
    templates={"SMS_480100001": TEMPLATE},
    deliver_after_s=0,
    mas=CUSTOMER,
)


def now():
    """The channel does not look at it."""
    return dt.datetime.now(dt.UTC)


async def yes():
    """Hand over."""
    return True


@dataclasses.dataclass
class Sending:
    """A gateway, and texts sent to it by a channel with some account."""

    gateway: object
    url: str
    session: aiohttp.ClientSession

    async def send(self, *, address="", **changes):
        """Send a specimen and return the outcome."""
        channel = MasSmsChannel(self.account(**changes), self.session)
        message = specimen_notification(Way.SMS, now=now(), address=address)
        return await channel.send(message, now=now(), hand_over=yes)

    async def fetch(self, **changes):
        """Fetch reports."""
        return await MasReports(self.account(**changes), self.session).fetch(now=now())

    def account(self, **changes):
        """Return the account, or one that differs."""
        base = {
            "ec_name": "叶县市监局",
            "ap_id": "id",
            "secret_key": KEY,
            "sign_code": "s1",
            "endpoint": self.url,
            "timeout": dt.timedelta(seconds=0.5),
        }
        return MasAccount(**(base | changes))


@pytest.fixture
async def sending(tmp_path):
    """A gateway that speaks the protocol."""
    async with sms_gateway(GATEWAY, tmp_path) as running, aiohttp.ClientSession() as session:
        yield Sending(running.gateway, running.url, session)


async def test_the_phone_shows_the_template_with_its_variables_by_their_place(sending):
    """The gateway gets values without names: each stands where the approved text wants it."""
    outcome = await sending.send()

    (message,) = sending.gateway.messages
    specimen = specimen_notification(Way.SMS, now=now()).content
    assert message.content == specimen.text
    assert message.variables == specimen.variables
    assert outcome == Delivered(message.biz_id)


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        pytest.param({"secret_key": "wrong"}, meaning_of("IllegalMac"), id="a wrong key"),
        pytest.param({"ec_name": "某局"}, meaning_of("InvalidUsrOrPwd"), id="a wrong customer"),
        pytest.param({"sign_code": "s2"}, meaning_of("IllegalSignId"), id="a wrong signature"),
        pytest.param({"sign_code": ""}, meaning_of("NoSignId"), id="no signature"),
        pytest.param({"address": "12345"}, meaning_of("InvalidMobile"), id="no number"),
    ],
)
async def test_what_is_wrong_with_an_account_is_told_by_its_code(sending, changes, outcome):
    """The gateway checks the MD5 itself; none of these leaves a doubt or a message."""
    assert await sending.send(**changes) == outcome
    assert sending.gateway.messages == []


@pytest.mark.parametrize("is_sent", [True, False])
async def test_the_key_is_in_the_request_only_where_the_settings_say_so(sending, is_sent):
    """A gateway that wants the key gets it; else it does not leave the house."""
    wants = msgspec.structs.replace(CUSTOMER, wants_secret=True)
    sending.gateway.account = msgspec.structs.replace(GATEWAY, mas=wants)

    outcome = await sending.send(secret_in_body=is_sent)

    assert isinstance(outcome, Delivered) is is_sent
    assert is_sent or outcome == meaning_of("InvalidUsrOrPwd")


@pytest.mark.parametrize("code", CODES)
async def test_every_code_of_the_gateway_is_described(sending, code):
    """No code that is known falls through to "unexpected", and none leaves a doubt."""
    sending.gateway.faults.sends.append(code)

    outcome = await sending.send()

    assert outcome.cause is not Cause.UNEXPECTED
    assert isinstance(outcome, Refused) or not outcome.doubtful
    assert outcome.detail == code


@pytest.mark.parametrize(
    ("fault", "cause", "arrived"),
    [
        pytest.param(HANG, Cause.TIMEOUT, 1, id="accepted, and no answer"),
        pytest.param(BAD_GATEWAY, Cause.SERVER_ERROR, 0, id="a proxy's page"),
    ],
)
async def test_an_answer_that_never_came_leaves_doubt(sending, fault, cause, arrived):
    """It may have been accepted, and nobody can be asked."""
    sending.gateway.faults.sends.append(fault)

    outcome = await sending.send()

    assert outcome == TryAgain(cause, doubtful=True, detail=outcome.detail)
    assert len(sending.gateway.messages) == arrived


async def test_each_report_is_fetched_once_by_the_name_that_the_answer_gave(sending):
    """What arrived and what did not; a second question brings nothing, a wrong key takes none."""
    sending.gateway.faults.reports = ["DELIVERED", "MOBILE_NOT_ON_SERVICE"]
    groups = [(await sending.send()).provider_id for _ in range(2)]
    async with asyncio.timeout(10):
        while not all(one.err_code for one in sending.gateway.messages):  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.01)

    wrong = await sending.fetch(secret_key="wrong")  # noqa: S106 - wrong
    first, second = await sending.fetch(), await sending.fetch()

    assert wrong == meaning_of("InvalidUsrOrPwd")
    assert [(one.provider_id, one.arrived, one.detail) for one in first.reports] == [
        (groups[0], True, "DELIVRD"),
        (groups[1], False, "MOBILE_NOT_ON_SERVICE"),
    ]
    assert {one.address for one in first.reports} == {"13800000001"}
    assert second == Fetched()


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        pytest.param(
            200, '{"success":true,"rspcod":"success","mgsGroup":"g7"}', Delivered("g7"),
            id="the other spelling",
        ),
        pytest.param(
            200, '{"success":true,"rspcod":"success","msgGroup":null}', Delivered("success"),
            id="accepted without a name",
        ),
        pytest.param(
            200, '{"success":false,"rspcod":"success"}',
            TryAgain(Cause.UNEXPECTED, doubtful=True, detail="success"), id="says both",
        ),
        pytest.param(
            200, '{"success":true,"rspcod":"IllegalMac"}', meaning_of("IllegalMac"),
            id="a code decides",
        ),
        pytest.param(
            200, '{"success":false,"rspcod":"Brand.New"}',
            TryAgain(Cause.UNEXPECTED, doubtful=True, detail="Brand.New"), id="a new code",
        ),
        pytest.param(
            404, '{"status":404,"error":"Not Found"}',
            TryAgain(Cause.MISCONFIGURED, dt.timedelta(minutes=30), detail="HTTP 404"),
            id="a wrong address",
        ),
        pytest.param(
            302, "", TryAgain(Cause.MISCONFIGURED, dt.timedelta(minutes=30), detail="HTTP 302"),
            id="a login page before it",
        ),
        pytest.param(
            200, "<html>", TryAgain(Cause.SERVER_ERROR, doubtful=True, detail="HTTP 200"),
            id="no JSON",
        ),
        pytest.param(
            503, "{}", TryAgain(Cause.SERVER_ERROR, doubtful=True, detail="HTTP 503"),
            id="no code",
        ),
    ],
)  # fmt: skip
async def test_what_a_gateway_says_becomes_an_outcome(status, body, outcome):
    """Word and flag must agree; a page of somebody else's below 500 has accepted nothing."""

    async def say(reader, writer):
        """Read a request, say it."""
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(f"POST {SUBMIT} ".encode())
        writer.write(
            f"HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n{body}"
            .encode()
        )  # fmt: skip
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(say, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, aiohttp.ClientSession() as session:
        assert await Sending(None, url, session).send() == outcome
