"""What does the page of a batch show, and what comes of its one button?"""

import re

import msgspec
import pytest

from alerts.batched import member_of
from alerts.delivery import Way
from alerts.members import merged
from alerts.notification_log import NotificationLog
from alerts.pipeline import plan_notifications
from detectors import events as e
from detectors import state as states
from detectors.handling import acts_of
from detectors.measure import Measure
from detectors.uscc import synthetic
from streams.audit import Look
from streams.publisher import partition_of
from tests import builders as b
from tests.shell import Shell, arrivals
from tests.unit.streams import test_warning_page as single
from tests.unit.streams.test_warning_page import PARTITIONS, desk, token_of

pytestmark = pytest.mark.enable_socket  # the page is asked over loopback

JULY = b.days_until(7, 1)
FIRMS = [synthetic(number) for number in range(3)]
SIGN = {"state": "acknowledged", "measure": "warning"}


class Bureau(single.Bureau):
    """Three enterprises of a township that have not filed, told of by one letter."""

    def __init__(self):
        """Let the last day of June pass."""
        super().__init__()
        self.firms = {uscc: b.Enterprise(uscc=uscc) for uscc in FIRMS}
        self.warnings = []
        for number, firm in enumerate(self.firms.values()):
            born = b.founded()
            firm.has(msgspec.structs.replace(born, name=f"叶县商店{number}号", place="410422001"))
            self.warnings += b.issued(firm.waits_until(b.on(JULY)), "W02")
        self.keep()

    def keep(self):
        """Store the states of the enterprises."""
        for uscc, firm in getattr(self, "firms", {}).items():
            self.store.states[partition_of(uscc, PARTITIONS), uscc] = states.encode(firm.state)

    async def tell(self, warning=None):
        """Send the letter about all of them; return it."""
        warning, members = warning or self.warnings[0], merged((), map(member_of, self.warnings))
        plan = plan_notifications(
            warning, tree=desk().tree, ladder=desk().ladder, renderer=desk().renderer,
            now=warning.issued_at, members=members,
        )  # fmt: skip
        await NotificationLog(self.rows).plan(plan.notifications, now=b.on(JULY))
        return next(one for one in plan.notifications if one.way is Way.EMAIL)


def listed(html):
    """Return who stands under which heading of the list."""
    parts = re.findall(r"<summary>(\S+?)（(\d+) 户）</summary>(.*?)</details>", html, re.DOTALL)
    found = {word: re.findall(r'href="[\w.-]+/(\w{18})"', text) for word, _, text in parts}
    assert [int(count) for _, count, _ in parts] == [len(one) for one in found.values()]
    return found


def signed(bureau):
    """Return whose warnings the page has signed for, one for each event."""
    assert {one.data.state for one in bureau.said()} <= {"acknowledged"}
    return [one.subject for one in bureau.said()]


async def test_the_letter_of_a_batch_leads_to_its_list():
    """The button of the letter opens a page with every enterprise on it, and changes nothing."""
    bureau = Bureau()
    mail = await bureau.tell()

    async with bureau.open() as client:
        answer = await client.get(f"/w/{token_of(mail)}")

    assert "查看与签收" in mail.content.html
    assert token_of(mail) in mail.content.text
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert listed(answer.text) == {"待签收": FIRMS}
    for one in bureau.warnings:
        assert one.number in answer.text
        assert one.enterprise in answer.text
    assert (bureau.said(), bureau.lives.acts) == ([], {})


async def test_one_button_signs_for_all_each_with_an_act_of_its_own():
    """What one press publishes is what three single pages would: the same ids, by the same hand."""
    bureau, others = Bureau(), Bureau()
    token = token_of(await bureau.tell())
    one_by_one = token_of(await others.tell())

    async with bureau.open() as client:
        answer = await client.post(f"/w/{token}", data=SIGN)
        shown = (await client.get(f"/w/{token}")).text
    async with others.open() as client:
        for uscc in FIRMS:
            await client.post(f"/w/{one_by_one}/{uscc}", data=SIGN)

    assert (answer.status, answer.headers["Location"]) == (303, token)
    assert [one.data.warning_id for one in bureau.said()] == [one.id for one in bureau.warnings]
    assert [record.key.decode() for record in bureau.publisher.records] == FIRMS
    assert bureau.publisher.records == others.publisher.records
    assert listed(shown) == {"办理中": FIRMS}
    assert shown.count("已签收（") == len(FIRMS)
    assert "<form" not in shown


async def test_a_second_press_changes_nothing():
    """Pressed twice nothing more is said; were the first not known yet, the ids are the same."""
    bureau = Bureau()
    token = token_of(await bureau.tell())

    async with bureau.open() as client:
        await client.post(f"/w/{token}", data=SIGN)
        again = await client.post(f"/w/{token}", data=SIGN)
        once = signed(bureau)
        bureau.lives.acts.clear()
        await client.post(f"/w/{token}", data=SIGN)

    assert (again.status, once) == (409, FIRMS)
    assert "无需重复签收" in again.text
    assert len({one.id for one in bureau.said()}) == len(FIRMS)


async def test_what_another_has_signed_for_is_left_to_them():
    """A second reader of the list, or another system, took one of the three: two are left."""
    bureau = Bureau()
    token = token_of(await bureau.tell())
    first = bureau.warnings[0]
    theirs = e.WarningHandled(
        warning_id=first.id, state="acknowledged", measure="warning", domain="PUB", actor="p-2"
    )
    state = bureau.firms[first.uscc].state
    await bureau.lives.note(acts_of(state, b.event(theirs, subject=first.uscc)))

    async with bureau.open() as client:
        await client.post(f"/w/{token}", data=SIGN)

    assert signed(bureau) == FIRMS[1:]


async def test_what_is_over_signed_or_given_back_is_not_signed_for():
    """One has ended since, one was given back: the button takes the third alone."""
    bureau = Bureau()
    token = token_of(await bureau.tell())
    filed = bureau.firms[FIRMS[0]]
    filed.has(e.AnnualReportFiled(year=2025), day=JULY + 1)
    filed.waits_until(b.on(JULY + 2))
    assert not filed.state.open_warnings
    bureau.keep()

    async with bureau.open() as client:
        back = {"state": "returned", "measure": "warning", "note": "不属于本所"}
        await client.post(f"/w/{token}/{FIRMS[1]}", data=back)
        shown = (await client.get(f"/w/{token}")).text
        await client.post(f"/w/{token}", data=SIGN)
        after = (await client.get(f"/w/{token}")).text

    assert listed(shown) == {"待签收": [FIRMS[2]], "已退回": [FIRMS[1]], "已结束": [FIRMS[0]]}
    assert "签收全部待签收的 1 户" in shown
    assert [one.subject for one in bureau.said()] == FIRMS[1:]
    assert listed(after) == {"已退回": [FIRMS[1]], "办理中": [FIRMS[2]], "已结束": [FIRMS[0]]}


async def test_each_on_the_list_is_handled_on_a_page_of_its_own():
    """Sign, report, close: as for a single warning, and with a way back to the list."""
    bureau = Bureau()
    mail = await bureau.tell()
    token, uscc = token_of(mail), FIRMS[1]
    path = f"/w/{token}/{uscc}"

    async with bureau.open() as client:
        shown = (await client.get(path)).text
        answers = [
            await client.post(path, data={"measure": "warning"} | more)
            for more in (
                {"state": "acknowledged"},
                {"state": "feedback", "note": "已补报"},
                {"state": "closed", "outcome": "rectified"},
            )
        ]
        over = (await client.get(path)).text

    assert 'value="acknowledged"' in shown
    assert f'href="../{token}#acts"' in shown
    assert (bureau.warnings[1].number in shown, bureau.warnings[1].enterprise in shown) == (
        True,
    ) * 2
    assert [FIRMS[0] in shown, FIRMS[2] in shown] == [False, False]
    assert [(one.status, one.headers["Location"]) for one in answers] == [(303, uscc)] * 3
    assert [(one.subject, one.data.state, one.data.warning_id) for one in bureau.said()] == [
        (uscc, state, bureau.warnings[1].id) for state in ("acknowledged", "feedback", "closed")
    ]
    assert "已办结" in over
    assert "<form" not in over


@pytest.mark.parametrize(
    ("form", "told"),
    [
        pytest.param(SIGN | {"state": "closed"}, "请使用页面上的按钮", id="close all"),
        pytest.param(SIGN | {"measure": "reminder"}, "预警已有变化", id="another measure"),
        pytest.param({}, "请使用页面上的按钮", id="nothing at all"),
    ],
)
async def test_of_a_list_nothing_but_a_signature_is_taken(form, told):
    """A form that was made up changes nothing, and is told why."""
    bureau = Bureau()
    token = token_of(await bureau.tell())

    async with bureau.open() as client:
        answer = await client.post(f"/w/{token}", data=form)

    assert (answer.status, bureau.said()) == (409, [])
    assert told in answer.text


async def test_a_link_opens_only_what_stands_on_its_list():
    """Another enterprise, a single warning's link with a name behind it, a forged one: nothing."""
    bureau, alone = Bureau(), single.Bureau()
    token = token_of(await bureau.tell())
    (mail, *_) = (await alone.tell()).values()
    said, seal = token.split(".")

    async with bureau.open() as client, alone.open() as other:
        answers = [
            await client.get(f"/w/{token}/{b.USCC}"),
            await client.post(f"/w/{token}/{b.USCC}", data=SIGN),
            await client.get(f"/w/{said}.{seal[:-1]}A"),
            await client.post(f"/w/{said}.{seal[:-1]}A", data=SIGN),
            await other.get(f"/w/{token_of(mail)}/{b.USCC}"),
            await other.post(f"/w/{token_of(mail)}/{b.USCC}", data=SIGN),
        ]

    assert [one.status for one in answers] == [404] * 6
    assert (bureau.said(), bureau.trail, alone.said(), alone.trail) == ([], [], [], [])


async def test_looks_and_signatures_of_a_batch_leave_a_trace():
    """The list by its own name, each signature and each page with its enterprise."""
    bureau = Bureau()
    mail = await bureau.tell()
    token, who = token_of(mail), mail.person_id
    first = bureau.warnings[0]

    async with bureau.open() as client:
        await client.get(f"/w/{token}")
        await client.get(f"/w/{token}/{first.uscc}")
        await client.post(f"/w/{token}", data=SIGN)
        await client.post(f"/w/{token}", data=SIGN)

    now = b.on(1)
    assert bureau.trail == [
        Look(now, who, f"page look {mail.warning_id}", "", allowed=True),
        Look(now, who, f"page look {first.id}", first.uscc, allowed=True),
        *(Look(now, who, f"page acknowledged {one.id}", one.uscc, allowed=True)
          for one in bureau.warnings),
        Look(now, who, f"page acknowledged {mail.warning_id}", "", allowed=False),
    ]  # fmt: skip


async def test_while_a_part_is_down_nobody_on_the_list_is_said_to_be_signed_for():
    """Without a receipt of the broker nothing is noted; the next press says it all."""
    bureau = Bureau()
    token = token_of(await bureau.tell())
    bureau.publisher.failures = 1

    async with bureau.open() as client:
        failed = await client.post(f"/w/{token}", data=SIGN)
        noted = dict(bureau.lives.acts)
        again = await client.post(f"/w/{token}", data=SIGN)

    assert (failed.status, noted, again.status) == (503, {}, 303)
    assert signed(bureau) == FIRMS


async def test_the_worker_makes_the_same_of_a_batch_as_the_page():
    """Noted by the page and by the worker, each act is one."""
    bureau, here = Bureau(), Shell()
    token = token_of(await bureau.tell())
    await bureau.page.act(token, SIGN)
    for uscc, firm in bureau.firms.items():
        here.store.states[0, uscc] = states.encode(firm.state)

    await here.digest(*arrivals(bureau.said(), first=50))

    assert len(here.lives.acts) == len(FIRMS)
    for one in bureau.warnings:
        assert await here.lives.of(one.id) == await bureau.lives.of(one.id)


async def test_one_that_fell_to_a_milder_measure_is_signed_for_as_it_stands():
    """A signature for less than the letter said counts for the less that is left, once."""
    bureau = Bureau()
    token = token_of(await bureau.tell())
    firm = bureau.firms[FIRMS[0]]
    firm.state.open_warnings = [
        msgspec.structs.replace(one, measure=Measure.REMINDER.rank)
        for one in firm.state.open_warnings
    ]
    bureau.keep()

    async with bureau.open() as client:
        await client.post(f"/w/{token}", data=SIGN)
        again = await client.post(f"/w/{token}/{FIRMS[0]}", data=SIGN)

    assert (again.status, signed(bureau)) == (409, FIRMS)
    (act,) = await bureau.lives.of(bureau.warnings[0].id)
    assert act.measure is Measure.REMINDER


async def test_names_on_the_list_are_shown_as_names():
    """What a register writes into a name is escaped, as in the letter."""
    bureau = Bureau()
    bureau.warnings = [
        msgspec.structs.replace(one, enterprise="<b>甲</b>&店") for one in bureau.warnings
    ]
    token = token_of(await bureau.tell())

    async with bureau.open() as client:
        shown = (await client.get(f"/w/{token}")).text + (
            await client.get(f"/w/{token}/{FIRMS[0]}")
        ).text

    assert "&lt;b&gt;甲&lt;/b&gt;&amp;店" in shown
    assert "<b>甲" not in shown


async def test_who_handled_one_on_the_list_does_not_close_it_once_it_is_an_interview():
    """The letter of the list speaks of a warning; what it has become since is what is closed."""
    bureau = Bureau()
    token, uscc = token_of(await bureau.tell()), FIRMS[0]
    form = {"measure": "warning"}
    firm = bureau.firms[uscc]

    async with bureau.open() as client:
        path = f"/w/{token}/{uscc}"
        await client.post(path, data=SIGN)
        await client.post(path, data=form | {"state": "feedback", "note": "已约谈"})
        firm.state.open_warnings = [
            msgspec.structs.replace(one, measure=Measure.INTERVIEW.rank)
            for one in firm.state.open_warnings
        ]
        bureau.keep()
        closing = form | {"state": "closed", "outcome": "rectified"}
        answer = await client.post(path, data=closing)

    assert answer.status == 409
    assert "不得自行办结" in answer.text
