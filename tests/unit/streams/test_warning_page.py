"""What does the page of a warning show, to whom, and what comes of its buttons?"""

import contextlib
import functools
import re
import types

import msgspec
import pytest
from aiohttp.test_utils import TestClient, TestServer

from alerts.delivery import Way
from alerts.links import Links, Ticket
from alerts.notification_log import MemoryRows, NotificationLog
from alerts.pipeline import plan_notifications
from alerts.responsibility import Role
from config.schema import Settings, Web
from detectors import events as e
from detectors import state as states
from detectors.handling import Handled
from streams.assembly import build_links, build_wisdom
from streams.metrics import Metrics
from streams.publisher import MemoryPublisher, partition_of
from streams.store import MemoryStore
from streams.topics import Topic
from streams.warning_cases import Cases
from streams.warning_lives import MemoryLives
from streams.warning_page import WarningPage
from streams.web import build_web
from tests import builders as b
from tests.shell import Shell, arrivals

SECRET = "not a secret of anybody's"  # noqa: S105 - of this test
SETTINGS = Settings(web=Web(public_url="https://desk.example.org/sanzao", link_secret=SECRET))
PARTITIONS = 4
SAMPLE = msgspec.structs.replace(b.food_sample(), place="410422001")


@functools.cache
def desk():
    """Return the shipped roster and wording, with links."""
    return build_wisdom(SETTINGS).desk


class Bureau:
    """One enterprise that was warned of, the mails about it, and the page behind their links."""

    def __init__(self, data=None):
        """Let a food sample fail, unless something else is said."""
        self.enterprise = b.Enterprise()
        (self.warning, *_) = b.issued(self.enterprise.has(data or SAMPLE))
        self.rows, self.store = MemoryRows(), MemoryStore()
        self.publisher, self.lives, self.trail = MemoryPublisher(), MemoryLives(), []
        self.links = build_links(SETTINGS)
        self.page = WarningPage(
            cases=Cases(
                links=self.links, log=NotificationLog(self.rows), lives=self.lives,
                store=self.store, tree=desk().tree, partitions=PARTITIONS,
            ),
            publisher=self.publisher, note=self._note, now=lambda: b.on(1),
        )  # fmt: skip
        self.keep()

    def keep(self):
        """Store the state of the enterprise."""
        place = partition_of(b.USCC, PARTITIONS), b.USCC
        self.store.states[place] = states.encode(self.enterprise.state)

    async def tell(self, warning=None):
        """Send the mails about a warning; return them by role, the first of each."""
        plan = plan_notifications(
            warning or self.warning, tree=desk().tree, ladder=desk().ladder,
            renderer=desk().renderer, now=(warning or self.warning).issued_at,
        )  # fmt: skip
        await NotificationLog(self.rows).plan(plan.notifications, now=b.on(0))
        mails = {}
        for one in plan.notifications:
            if one.way is Way.EMAIL:
                mails.setdefault(one.role, one)
        return mails

    @contextlib.asynccontextmanager
    async def open(self):
        """Serve the worker's pages; yield a client."""

        async def nothing(*_):
            """Do nothing."""
            return {}

        site = build_web(
            metrics=Metrics(), ready=nothing, take_reports=nothing, warning_page=self.page
        )
        async with TestClient(TestServer(site)) as client:
            yield Browser(client)

    def said(self):
        """Return the events that the page has published."""
        return [e.decode(one.value) for one in self.publisher.to(Topic.EVENT.value)]

    async def _note(self, look):
        self.trail.append(look)


class Browser:
    """Looks and presses buttons; follows nothing by itself."""

    def __init__(self, client):
        """Use a client."""
        self.client = client

    async def get(self, path):
        """Look at a page."""
        return await self._read(self.client.get(path))

    async def post(self, path, data):
        """Press a button."""
        return await self._read(self.client.post(path, data=data, allow_redirects=False))

    async def _read(self, coming):
        async with coming as answer:
            return types.SimpleNamespace(
                status=answer.status, headers=answer.headers, text=await answer.text()
            )


def token_of(mail):
    """Return the token of the link of a mail."""
    (found,) = set(re.findall(r"https://desk\.example\.org/sanzao/w/([\w.-]+)", mail.content.html))
    return found


def form(state, bureau, **more):
    """Return what a button of the page sends."""
    return {"state": state, "measure": bureau.warning.measure.value, **more}


pytestmark = pytest.mark.enable_socket  # the page is asked over loopback


async def test_a_look_shows_the_letter_and_changes_nothing():
    """Mail scanners follow links: what was told stands there, nothing is published or noted."""
    bureau = Bureau()
    mail = (await bureau.tell())[Role.LEAD]

    async with bureau.open() as client:
        answer = await client.get(f"/w/{token_of(mail)}")

    html = answer.text
    assert answer.status == 200
    assert bureau.warning.number in html
    assert bureau.warning.reasons[0].text in html
    assert "<form" in html
    assert "<script" not in html
    assert (bureau.said(), bureau.lives.acts) == ([], {})


async def test_the_page_has_no_script_no_frame_and_tells_nobody_its_address():
    """The address is a credential: no other site, cache or search engine gets it."""
    bureau = Bureau()
    mail = (await bureau.tell())[Role.LEAD]

    async with bureau.open() as client:
        headers = (await client.get(f"/w/{token_of(mail)}")).headers

    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("state", "more", "before"),
    [
        pytest.param("acknowledged", {}, [], id="sign"),
        pytest.param("returned", {"note": "不属于本所"}, [], id="give back"),
        pytest.param("feedback", {"note": "已责令停售"}, ["acknowledged"], id="report"),
    ],
)
async def test_each_button_is_an_event_of_the_enterprise(state, more, before):
    """An act is an E58 under the enterprise, by the person of the link, in its domain."""
    bureau = Bureau()
    mail = (await bureau.tell())[Role.LEAD]

    async with bureau.open() as client:
        for earlier in before:
            await client.post(f"/w/{token_of(mail)}", data=form(earlier, bureau))
        answer = await client.post(f"/w/{token_of(mail)}", data=form(state, bureau, **more))

    event = bureau.said()[-1]
    assert (answer.status, answer.headers["Location"]) == (303, token_of(mail))
    assert bureau.publisher.records[-1].key == event.subject.encode() == b.USCC.encode()
    assert event.data == e.WarningHandled(
        warning_id=bureau.warning.id, state=state, measure="interview", domain="FSAMP",
        actor=mail.person_id, authority=desk().tree.find(mail.authority).code, **more,
    )  # fmt: skip


async def test_what_is_pressed_twice_is_one_act():
    """The second press is told that it is signed for; were it sent, it would have the same id."""
    bureau = Bureau()
    token = token_of((await bureau.tell())[Role.LEAD])

    async with bureau.open() as client:
        await client.post(f"/w/{token}", data=form("acknowledged", bureau))
        second = await client.post(f"/w/{token}", data=form("acknowledged", bureau))
        bureau.lives.acts.clear()
        await client.post(f"/w/{token}", data=form("acknowledged", bureau))

    assert second.status == 409
    assert "已签收" in second.text
    assert len(bureau.said()) == 2
    assert len({one.id for one in bureau.said()}) == 1


async def test_who_handled_an_interview_does_not_close_it():
    """Design §6: the one who reported gets no button and is refused; who handles with them may."""
    bureau = Bureau()
    mails = await bureau.tell()
    lead, other = token_of(mails[Role.LEAD]), token_of(mails[Role.CO])

    async with bureau.open() as client:
        for token in (lead, other):
            await client.post(f"/w/{token}", data=form("acknowledged", bureau))
        await client.post(f"/w/{lead}", data=form("feedback", bureau, note="已约谈"))
        closing = form("closed", bureau, outcome="rectified")
        shown = (await client.get(f"/w/{lead}")).text
        refused = await client.post(f"/w/{lead}", data=closing)
        closed = await client.post(f"/w/{other}", data=closing)

    assert 'value="closed"' not in shown
    assert "不得自行办结" in shown
    assert (refused.status, closed.status) == (409, 303)
    assert [one.data.actor for one in bureau.said() if one.data.state == "closed"] == [
        mails[Role.CO].person_id
    ]


async def test_a_copy_is_to_be_read_not_signed():
    """Who is copied sees the matter and has no button."""
    bureau = Bureau()
    token = token_of((await bureau.tell())[Role.COPY])

    async with bureau.open() as client:
        shown = (await client.get(f"/w/{token}")).text
        refused = await client.post(f"/w/{token}", data=form("acknowledged", bureau))

    assert "<form" not in shown
    assert "无需签收" in shown
    assert (refused.status, bureau.said()) == (409, [])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        pytest.param({"state": "cancelled"}, "请使用页面上的按钮", id="no act of the page"),
        pytest.param({"measure": "reminder"}, "预警已有变化", id="another measure than was read"),
        pytest.param({"state": "returned", "note": "  "}, "请填写理由", id="no reason"),
        pytest.param({"state": "feedback", "note": "x"}, "请先签收", id="not signed yet"),
    ],
)
async def test_what_the_page_does_not_offer_is_refused(change, told):
    """A form that was made up changes nothing, and is told why."""
    bureau = Bureau()
    token = token_of((await bureau.tell())[Role.LEAD])

    async with bureau.open() as client:
        answer = await client.post(f"/w/{token}", data=form("acknowledged", bureau) | change)

    assert answer.status == 409
    assert told in answer.text
    assert bureau.said() == []


def forged(bureau, mail):
    """Return tokens that nobody was given."""
    ticket = bureau.links.read(token_of(mail))
    real = token_of(mail)
    other = msgspec.structs.replace(ticket, person="sj-xy")
    foreign = Links("another secret of 24 signs", base="https://desk.example.org").token(ticket)
    return {
        "another person under the old seal": f"{bureau.links.token(other).split('.')[0]}."
        + real.split(".")[1],
        "sealed with another secret": foreign,
        "no seal": real.split(".")[0],
        "an empty seal": real.split(".")[0] + ".",
        "another way to write the seal": real + "=",
        "no text at all": "x",
        "no letters of ours": "é.ü",
        "a person not of this office": bureau.links.token(other),
        "a warning nobody was told of": bureau.links.token(
            msgspec.structs.replace(ticket, warning_id="w-0")
        ),
        "an office that is gone": bureau.links.token(
            msgspec.structs.replace(ticket, authority="410422-NOBODY")
        ),
    }


@pytest.mark.parametrize(
    "kind",
    [
        "another person under the old seal", "sealed with another secret", "no seal",
        "an empty seal", "another way to write the seal", "no text at all", "no letters of ours",
        "a person not of this office", "a warning nobody was told of", "an office that is gone",
    ],
)  # fmt: skip
async def test_a_link_that_was_not_given_opens_nothing(kind):
    """No other person, warning or office by changing a link: not found, to read or to sign."""
    bureau = Bureau()
    mail = (await bureau.tell())[Role.LEAD]
    token = forged(bureau, mail)[kind]

    async with bureau.open() as client:
        looked = await client.get(f"/w/{token}")
        signed = await client.post(f"/w/{token}", data=form("acknowledged", bureau))

    assert (looked.status, signed.status) == (404, 404)
    assert bureau.warning.number not in looked.text
    assert (bureau.said(), bureau.trail) == ([], [])


async def test_every_look_and_every_act_leaves_a_trace():
    """Who looked, who signed, who tried what they may not: with the enterprise."""
    bureau = Bureau()
    mail = (await bureau.tell())[Role.LEAD]
    token = token_of(mail)

    async with bureau.open() as client:
        await client.get(f"/w/{token}")
        await client.post(f"/w/{token}", data=form("acknowledged", bureau))
        await client.post(f"/w/{token}", data=form("closed", bureau, outcome="rectified"))

    name = bureau.warning.id
    assert [(one.user, one.command, one.uscc, one.allowed) for one in bureau.trail] == [
        (mail.person_id, f"page look {name}", b.USCC, True),
        (mail.person_id, f"page acknowledged {name}", b.USCC, True),
        (mail.person_id, f"page closed {name}", b.USCC, False),
    ]


async def test_what_has_ended_by_itself_needs_no_hand():
    """Once the enterprise is off the list, nobody is asked to sign for the listing."""
    bureau = Bureau(e.AbnormalAdded(reason=1, place="410422"))
    token = token_of((await bureau.tell())[Role.LEAD])
    bureau.enterprise.has(e.AbnormalRemoved(reason=1), day=1)
    bureau.keep()

    async with bureau.open() as client:
        shown = (await client.get(f"/w/{token}")).text

    assert "无需办理" in shown
    assert "<form" not in shown


async def test_while_a_part_is_down_nothing_is_said_to_be_signed():
    """Without a receipt of the broker the act is not noted, and the person is told so."""
    bureau = Bureau()
    token = token_of((await bureau.tell())[Role.LEAD])
    bureau.publisher.failures = 1

    async with bureau.open() as client:
        answer = await client.post(f"/w/{token}", data=form("acknowledged", bureau))

    assert answer.status == 503
    assert "未登记" in answer.text
    assert bureau.lives.acts == {}


async def test_words_are_shown_as_words_and_name_no_informant():
    """What people write is escaped, on one line, without phone numbers."""
    bureau = Bureau()
    token = token_of((await bureau.tell())[Role.LEAD])
    words = "<b>已核查</b>，电话13812345678"

    async with bureau.open() as client:
        await client.post(f"/w/{token}", data=form("acknowledged", bureau))
        await client.post(f"/w/{token}", data=form("feedback", bureau, note=words))
        shown = (await client.get(f"/w/{token}")).text

    assert "&lt;b&gt;已核查&lt;/b&gt;，电话138****5678" in shown
    assert "13812345678" not in bureau.publisher.records[-1].value.decode()


async def test_the_worker_makes_the_same_of_an_act_as_the_page():
    """Noted by the page and by the worker, an act is one; the topic has it under its own key."""
    bureau, here = Bureau(), Shell()
    token = token_of((await bureau.tell())[Role.LEAD])
    await bureau.page.act(token, form("acknowledged", bureau))

    await here.digest(*arrivals([b.event(SAMPLE), *bureau.said()]))

    assert await here.lives.of(bureau.warning.id) == await bureau.lives.of(bureau.warning.id)
    (record,) = [
        one for one in here.publisher.to(Topic.WARNING_STATE.value)
        if one.key.startswith(bureau.warning.id.encode() + b"/")
    ]  # fmt: skip
    told = msgspec.json.decode(record.value)
    assert told["type"] == "warning.handled.v1"
    assert msgspec.convert(told["data"], Handled).state == "acknowledged"


def test_without_a_secret_or_an_address_there_is_no_page():
    """Half of the settings opens nothing, so that no mail promises what is not there."""
    assert build_links(Settings()) is None
    assert build_links(Settings(web=Web(public_url="https://desk.example.org"))) is None
    assert build_links(Settings(web=Web(link_secret=SECRET))) is None


def test_a_secret_that_could_be_guessed_is_refused():
    """Who guesses it can sign for anybody."""
    with pytest.raises(ValueError, match="link_secret: 至少 24 个字符"):
        Web(link_secret="short")  # noqa: S106 - of this test


def test_a_ticket_comes_back_as_it_went():
    """Whatever the ids and codes are."""
    ticket = Ticket(warning_id="w-1", authority="410422-XY", person="王/小 明")
    links = Links(SECRET, base="https://desk.example.org/")

    assert links.read(links.token(ticket)) == ticket
    assert re.fullmatch(r"https://desk\.example\.org/w/[\w.-]+", links.to(ticket))
