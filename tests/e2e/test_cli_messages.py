"""What a person at a terminal learns of the outbox, and makes of it."""

import asyncio
import contextlib
import csv
import datetime as dt
import io

import msgspec
import pytest
from redis import Redis
from typer.testing import CliRunner

from alerts.delivery import Cause, InDoubt, Refused, TryAgain, Way
from alerts.notification_row import RowState
from alerts.specimen import specimen_notification
from config.schema import Redis as RedisSettings
from config.schema import Settings
from detectors import events as e
from detectors.warning import WarningStatus
from streams import clock
from streams.assembly import build_log, build_redis
from streams.cli import app
from streams.devstack.processes import free_port
from streams.keys import AUDIT
from streams.replay import replay
from streams.terminal import DENIED, NOT_FOUND, USAGE
from tests import builders as b
from tests.e2e.conftest import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

USCC = "91410422MA3X1A2B83"
LEASE = dt.timedelta(minutes=2)


class Desk:
    """A terminal at an outbox in a real Redis, without a worker."""

    def __init__(self, url, monkeypatch):
        """Begin with an empty outbox."""
        self.url = url
        self.store = Redis.from_url(url)
        self.store.flushdb()
        monkeypatch.setenv("SANZAO_REDIS__URL", url)
        monkeypatch.setenv("COLUMNS", "300")

    def holds(self, outcome, way=Way.EMAIL, *, person="p", status=WarningStatus.ISSUED):
        """Let the outbox hold a message to which this happened; return its id."""
        plain = specimen_notification(way, now=clock.now(), person_id=person)
        message = msgspec.structs.replace(
            plain, place="410422001", uscc=USCC, enterprise="叶县[饭店]", status=status
        )

        async def happen(log):
            """Plan, claim and settle."""
            now = clock.now()
            await log.plan([message], now=now)
            if outcome is not None:
                rows = await log.claim_due(now=now, worker="a", lease=LEASE, limit=99)
                (mine,) = [row for row in rows if row.id == message.id]
                await log.settle(mine.id, attempt=1, outcome=outcome, now=now)

        self._with_log(happen)
        return message.id

    def state(self, identity):
        """Return where a message stands."""

        async def ask(log):
            """Ask."""
            return await log.why(identity)

        (row,) = self._with_log(ask)
        return row.state

    def command(self, *words, answers=None):
        """Run a command and return what came of it."""
        return CliRunner().invoke(app, ["messages", *words], input=answers)

    @property
    def trail(self):
        """Return what the trail says: command, enterprise, allowed."""
        told = ((one[b"command"], one[b"uscc"], one[b"allowed"]) for _, one in self._trail())
        return [tuple(text.decode() for text in one) for one in told]

    def _trail(self):
        return self.store.xrange(AUDIT)

    def _with_log(self, act):
        async def within():
            """Open the outbox and close it."""
            redis = build_redis(Settings(redis=RedisSettings(url=self.url)))
            async with contextlib.aclosing(redis):
                return await act(build_log(redis))

        return asyncio.run(within())


@pytest.fixture
def desk(own_redis, monkeypatch):
    """Return a terminal at an empty outbox."""
    desk = Desk(own_redis.url, monkeypatch)
    yield desk
    desk.store.close()


def test_a_list_holds_what_went_wrong_and_what_waits(desk, tmp_path):
    """All of it, or one kind of it, on the screen or in a file; a name is no markup."""
    refused = desk.holds(Refused(Cause.BAD_ADDRESS, "550 5.1.1"), person="a")
    doubtful = desk.holds(InDoubt(), person="b")
    waiting = desk.holds(TryAgain(Cause.NO_CREDIT), Way.SMS, person="c")
    file = tmp_path / "messages.csv"

    everything = desk.command("list")
    uncertain = desk.command("list", "--state", "uncertain")
    written = desk.command("list", "--state", "waiting", "--csv", str(file))

    assert all(one in everything.stdout for one in (refused, doubtful, waiting, "叶县[饭店]"))
    assert "messages=3" in everything.stdout
    assert doubtful in uncertain.stdout
    assert "messages=1" in uncertain.stdout
    assert written.exit_code == 0
    heading, cells = csv.reader(io.StringIO(file.read_text(encoding="utf-8-sig")))
    told = dict(zip(heading, cells, strict=True))
    assert (told["消息编号"], told["最近原因"]) == (waiting, "短信账户欠费或停用")
    assert desk.trail == [("messages list", "", "true")] * 3


@pytest.mark.parametrize("name", ["41042220260701-0013", "w-0013000000000000", None])
def test_why_is_answered_by_number_by_warning_and_by_message(desk, name):
    """Whoever says they got nothing: to whom, why to them, what came of it, and a trace."""
    identity = desk.holds(Refused(Cause.BAD_ADDRESS, "550 5.1.1"))

    told = desk.command("why", name or identity)

    assert told.exit_code == 0
    for text in (
        "叶县[饭店]",
        USCC,
        identity,
        "为何通知：属地监管",
        "号码或邮箱不存在（550 5.1.1）",
    ):
        assert text in told.stdout
    assert desk.trail == [(f"messages why {name or identity}", USCC, "true")]


def test_what_nobody_knows_is_an_answer(desk):
    """Status 1, and the reasons for which a person may have got nothing at all."""
    told = desk.command("why", "n-none")

    assert told.exit_code == NOT_FOUND
    assert "没有该编号的通知" in told.stderr


def test_without_a_broker_it_is_said_that_no_bundle_was_looked_for(desk, monkeypatch):
    """The answer of the outbox is given all the same."""
    monkeypatch.setenv("SANZAO_KAFKA__BOOTSTRAP", f"127.0.0.1:{free_port()}")

    told = desk.command("why", "w-0000000000000000")

    assert told.exit_code == NOT_FOUND
    assert "未能查找集中事项" in told.stderr
    assert "没有该编号的通知" in told.stderr


@pytest.fixture
def elsewhere(tmp_path):
    """Return the settings of another county's desk."""
    file = tmp_path / "410423.yaml"
    file.write_text('scope: ["410423"]\n')
    return "--config", str(file)


@pytest.mark.parametrize("words", [("why",), ("release", "--yes")])
def test_another_county_s_message_is_refused_and_leaves_a_trace(desk, words, elsewhere):
    """Data scope holds for messages as for enterprises: status 3, nothing shown, nothing sent."""
    identity = desk.holds(InDoubt())

    told = desk.command(*words, identity, *elsewhere)

    assert told.exit_code == DENIED
    assert "不在本单位管辖范围" in told.stderr
    assert "叶县" not in told.stdout
    assert desk.state(identity) is RowState.UNCERTAIN
    assert desk.trail == [(f"messages {words[0]} {identity}", USCC, "false")]


def test_another_county_s_messages_are_not_listed(desk, elsewhere):
    """They are counted, so that an empty list is not read as all being well."""
    desk.holds(InDoubt())

    told = desk.command("list", *elsewhere)

    assert "messages=0" in told.stdout
    assert "另有 1 条不在本单位管辖范围" in told.stderr


def test_a_person_is_asked_before_a_mail_in_doubt_goes_again(desk):
    """It may arrive twice, and that is said; "no" changes nothing, "yes" once is enough."""
    identity = desk.holds(InDoubt())

    unaware = desk.command("release", identity, "--yes")
    declined = desk.command("release", identity, "--may-arrive-twice", answers="n\n")
    between = desk.state(identity)
    agreed = desk.command("release", identity, "--may-arrive-twice", answers="y\n")
    again = desk.command("release", identity, "--yes")

    assert (unaware.exit_code, declined.exit_code, between) == (1, 1, RowState.UNCERTAIN)
    assert "请加 --may-arrive-twice" in unaware.stderr
    assert "可能收到两次" in declined.stdout
    assert (agreed.exit_code, desk.state(identity)) == (0, RowState.WAITING)
    assert "released=1" in agreed.stdout
    assert again.exit_code == 0
    assert "无需重发，等待发送" in again.stdout
    assert "released=0" in again.stdout
    assert desk.trail.count((f"messages released {identity}", USCC, "true")) == 1


def test_a_text_in_doubt_is_asked_about_so_nobody_need_agree(desk):
    """It goes again only where the gateway never saw it: no second copy, no flag."""
    identity = desk.holds(InDoubt(Cause.GAVE_UP), Way.SMS)

    told = desk.command("release", identity, "--yes")

    assert (told.exit_code, desk.state(identity)) == (0, RowState.WAITING)
    assert "先向短信网关查询" in told.stdout


@pytest.mark.parametrize(
    ("provider", "cause"),
    [
        pytest.param("mas", Cause.GAVE_UP, id="this carrier tells nothing"),
        pytest.param("aliyun", Cause.CANNOT_ASK, id="the carrier of then told nothing"),
    ],
)
def test_a_text_of_a_carrier_that_tells_nothing_is_like_a_letter(
    desk, monkeypatch, provider, cause
):
    """Nobody can be asked, so a person agrees that it may arrive twice; then it goes."""
    monkeypatch.setenv("SANZAO_SMS__PROVIDER", provider)
    monkeypatch.setenv("SANZAO_SMS__EC_NAME", "某局")
    monkeypatch.setenv("SANZAO_SMS__SIGN_CODE", "s1")
    monkeypatch.setenv("SANZAO_SMS__ENDPOINT", "https://mas.example.org")
    identity = desk.holds(InDoubt(cause), Way.SMS)

    unaware = desk.command("release", identity, "--yes")
    between = desk.state(identity)
    agreed = desk.command("release", identity, "--yes", "--may-arrive-twice")

    assert (unaware.exit_code, between) == (1, RowState.UNCERTAIN)
    assert "可能收到两次" in unaware.stdout
    assert (agreed.exit_code, desk.state(identity)) == (0, RowState.WAITING)


def test_a_message_of_a_cancelled_warning_stays(desk):
    """Read after the cancellation it would be acted on, whoever asks for it."""
    identity = desk.holds(InDoubt())
    desk.holds(None, Way.SMS, person="q", status=WarningStatus.CANCELLED)

    told = desk.command("release", identity, "--yes")

    assert told.exit_code == 0
    assert "该预警已撤销" in told.stdout
    assert desk.state(identity) is RowState.UNCERTAIN


def test_one_wrong_number_sends_none(desk):
    """Nothing is done by halves: the person looks again."""
    identity = desk.holds(InDoubt())

    told = desk.command("release", identity, "n-none", "--yes")

    assert told.exit_code == NOT_FOUND
    assert desk.state(identity) is RowState.UNCERTAIN


def test_without_redis_the_remedy_is_told(desk, monkeypatch):
    """Status 2 and one message, as everywhere."""
    monkeypatch.setenv("SANZAO_REDIS__URL", f"redis://127.0.0.1:{free_port()}/0")

    told = desk.command("why", "n-any")

    assert told.exit_code == USAGE
    assert "Redis 没有应答" in told.stderr


def test_a_letter_that_was_refused_is_found_released_and_arrives_once(bureau, tmp_path):
    """From "I got nothing" to the letter: the real worker, mailbox and gateway."""
    (uscc,) = bureau.firms(1)
    happening = b.event(
        e.SeriousListChanged(list_code="L1", action="add", place="410422"), subject=uscc
    )
    wanted = bureau.notifications(
        replay([e.encode(happening)], b.expertise(), now=b.on(200)).warnings
    )
    letter = next(one for one in wanted if one.way is Way.EMAIL)
    bureau.breaks(bureau.stack.mailbox, refuse=[one.address for one in wanted])
    bureau.publish(happening)
    until(
        lambda: (row := bureau.row(letter.id)) and row.state is RowState.REFUSED, what="a refusal"
    )
    bureau.breaks(bureau.stack.mailbox)

    # What other tests left may be on its way to the same addresses: a terminal shows 200 of many.
    file = tmp_path / "refused.csv"
    listed = bureau.command("messages", "list", "--state", "refused", "--csv", file)
    why = bureau.command("messages", "why", letter.warning_number)
    released = bureau.command("messages", "release", letter.id, "--yes")
    until(lambda: bureau.row(letter.id).state is RowState.ACCEPTED, what="the letter")
    again = bureau.command("messages", "release", letter.id, "--yes")

    assert listed.returncode == 0, listed.stderr
    assert letter.id in file.read_text(encoding="utf-8-sig")
    assert letter.id in why.stdout
    assert "号码或邮箱不存在" in why.stdout
    assert (released.returncode, again.returncode) == (0, 0), released.stderr
    assert ("released=1" in released.stdout, "released=0" in again.stdout) == (True, True)
    assert bureau.mails()[letter.id] == 1


def test_an_account_is_tried_past_the_outbox(bureau):
    """Accepted by the real gateway and mailbox, or refused with the reason; no row is written."""
    rows = set(bureau.store.scan_iter("sanzao:{notify}:row:*"))

    good = bureau.command("messages", "test", "--phone", "13800000000", "--email", "a@b.example")
    copy = bureau.command("messages", "test", "--phone", "13800000000", "--template", "copy")
    bureau.breaks(bureau.stack.gateway, sends=["isv.SMS_SIGNATURE_ILLEGAL"])
    bureau.breaks(bureau.stack.mailbox, refuse=["a@b.example"])
    bad = bureau.command("messages", "test", "--phone", "13800000000", "--email", "a@b.example")
    closed = bureau.command(
        "messages", "test", "--email", "a@b.example", SANZAO_EMAIL__TLS="starttls"
    )

    assert (good.returncode, copy.returncode) == (0, 0), good.stderr
    assert "短信网关已接收" in good.stdout
    assert "邮件服务器已接收" in good.stdout
    assert (bad.returncode, bad.stdout) == (1, "")
    assert "短信签名未审核通过" in bad.stderr
    assert "号码或邮箱不存在" in bad.stderr
    assert closed.returncode == 1
    assert "STARTTLS" in closed.stderr
    assert set(bureau.store.scan_iter("sanzao:{notify}:row:*")) == rows
