"""From a warning that nobody signs to those who hear of it, in virtual time."""

import datetime as dt
import re

import msgspec
import pytest

from alerts.delivery import Way
from alerts.hours import Span
from alerts.notification_log import NotificationLog
from alerts.notification_row import RowState
from alerts.responsibility import Matter, Role, resolve
from alerts.sms_text import why_forbidden
from config.schema import Settings, Web
from detectors import events as e
from detectors.measure import Measure
from detectors.uscc import synthetic
from detectors.warning import CHINA, WarningStatus
from streams.assembly import build_links, build_wisdom
from streams.warning_cases import Cases
from streams.warning_page import SEE_OTHER, WarningPage
from tests import builders as b
from tests.chased import PARTITIONS, Bureau

PLACE = "410422001"
LISTED = e.AbnormalAdded(reason=1, place=PLACE)  # 警示, three working days
SERIOUS = e.SeriousListChanged(list_code="L1", action="add", place=PLACE)  # 检查, four hours
SAMPLE = msgspec.structs.replace(b.food_sample(), place=PLACE)  # 约谈, one working day


def china(day, hour, minute=0):
    """Return a moment in March 2026."""
    return dt.datetime(2026, 3, day, hour, minute, tzinfo=CHINA)


async def warned(data=LISTED, **how):
    """Return a bureau at Monday noon that has just told of a warning, and the warning."""
    bureau = Bureau(**how)
    warning, *_ = await bureau.has(data, day=0, name="first")
    return bureau, warning


def told(rows):
    """Return who is told, by role."""
    return {(one.role, one.authority) for one in rows.values()}


@pytest.mark.parametrize(
    ("data", "measure", "waits_until", "above"),
    [
        pytest.param(LISTED, Measure.WARNING, china(6, 8, 30), "叶县市场监督管理局信用监管股",
                     id="three working days, then the department"),
        pytest.param(SAMPLE, Measure.INTERVIEW, china(4, 8, 30), "叶县市场监督管理局",
                     id="one working day, then the leader"),
        pytest.param(SERIOUS, Measure.INSPECTION, china(2, 16),
                     "平顶山市市场监督管理局信用监督管理科", id="four hours, then the city"),
    ],
)  # fmt: skip
async def test_what_nobody_signs_reaches_the_lead_and_those_above(
    data, measure, waits_until, above
):
    """At the moment that the ladder gives, once, by each way; the warning's life tells of it."""
    bureau, warning = await warned(data)
    lead = resolve(Matter.of(warning), tree=bureau.desk.tree, ladder=bureau.desk.ladder).lead

    early = await bureau.look(waits_until - dt.timedelta(seconds=1))
    found = await bureau.look(waits_until)
    await bureau.read()
    again = await bureau.look(waits_until + dt.timedelta(days=30))

    assert warning.measure is measure
    assert (early, again) == ({}, {})
    assert told(found) == {(Role.LEAD, lead.name), (Role.OVERSEE, above)}
    assert {one.way for one in found.values()} == set(Way)
    assert len(found) == 4
    assert await bureau.life(warning) == ["escalated"]
    assert len(bureau.escalations()) == 1
    assert bureau.metrics.registry.get_sample_value(
        "sanzao_warnings_escalated_total", {"measure": measure.value}
    ) == 1  # fmt: skip


async def test_a_text_says_no_more_than_a_text_may():
    """No class, no score, one part; it says who should have signed."""
    bureau, warning = await warned(SAMPLE)

    found = await bureau.look(china(4, 9))

    texts = {one.role: one.content for one in found.values() if one.way is Way.SMS}
    assert all(not why_forbidden(one.body) and one.part_count == 1 for one in texts.values())
    assert texts[Role.LEAD].body.startswith(f"催办：橙色预警{warning.number}，")
    assert texts[Role.OVERSEE].body.startswith(f"督办：橙色预警{warning.number}，")
    assert "请督促" in texts[Role.OVERSEE].body


async def test_the_deadline_is_the_one_that_the_letter_printed():
    """Letter and chase name one moment; who is told in the morning has until the evening's end."""
    bureau, warning = await warned()
    letters = [
        row.notification.content.text
        for row in await bureau.rows.of_warning(warning.id)
        if row.notification.way is Way.EMAIL
    ]

    found = await bureau.look(china(6, 9))

    chasing = [one.content.text for one in found.values() if one.way is Way.EMAIL]
    assert all("2026年3月5日24时前" in text for text in letters)
    assert all("应在2026年3月5日24时前签收" in text for text in chasing)


async def test_who_is_told_in_the_morning_has_their_hours_from_then():
    """Told at night, a limit of hours runs from the office's opening, and so does the chase."""
    bureau = Bureau(quiet=Span.parse("22:00-07:30"))
    bureau.now = china(3, 23)
    await bureau.has(SERIOUS, day=0)

    assert await bureau.look(china(4, 12, 29)) == {}
    assert await bureau.look(china(4, 12, 30)) != {}


async def test_nobody_is_chased_on_a_weekend():
    """A limit that ends on Friday at midnight is looked at on Monday, when the office opens."""
    bureau = Bureau()
    warning, *_ = await bureau.has(SAMPLE, day=3)  # Thursday: Friday is its one working day

    saturday = await bureau.look(china(7, 12))
    monday = await bureau.look(china(9, 8, 30))

    assert warning.measure is Measure.INTERVIEW
    assert saturday == {}
    assert monday


async def test_who_signs_is_not_chased():
    """Signed in time or in the night after: nobody hears of it."""
    bureau, warning = await warned()
    bureau.now = china(6, 8)
    await bureau.do(warning, "acknowledged")

    assert await bureau.look(china(6, 9)) == {}
    assert await bureau.signatures.due(china(31, 0), limit=9) == ()


async def test_who_gives_it_back_is_not_chased_but_those_above_and_the_desk_are_told_why():
    """It has not been signed: who passes matters on must hear of it, with the words."""
    bureau, warning = await warned()
    lead = resolve(Matter.of(warning), tree=bureau.desk.tree, ladder=bureau.desk.ladder).lead
    bureau.now = china(3, 9)
    await bureau.do(warning, "returned", authority=lead.code, note="不在本所辖区，电话13812345678")

    found = await bureau.look(china(6, 9))

    assert lead.name not in {one.authority for one in found.values()}
    assert {one.role for one in found.values()} == {Role.OVERSEE}
    letters = [one.content.text for one in found.values() if one.way is Way.EMAIL]
    assert bureau.desk.tree.duty_desk.name in {one.authority for one in found.values()}
    assert all("不在本所辖区，电话138****5678" in one for one in letters)


async def test_a_graver_measure_has_a_time_of_its_own():
    """Who had three days hears nothing when it becomes an interview with a day of its own."""
    bureau, warning = await warned()
    graver, *_ = await bureau.has(
        e.AbnormalAdded(reason=4, place=PLACE), day=1.9, name="second"
    )  # Wednesday morning: by Thursday at midnight

    found = await bureau.look(china(6, 8, 30))

    assert (graver.id, graver.measure) == (warning.id, Measure.INTERVIEW)
    assert {one.measure for one in found.values()} == {Measure.INTERVIEW}
    assert len(bureau.escalations()) == 1


async def test_what_was_lowered_is_not_chased_at_the_measure_of_before():
    """The talk is off; who was asked for it need not have signed."""
    bureau, _ = await warned(e.AbnormalAdded(reason=1, place=PLACE))
    await bureau.has(e.AbnormalAdded(reason=4, place=PLACE), day=0.1, name="second")
    lowered, *_ = await bureau.has(e.AbnormalRemoved(reason=4, place=PLACE), day=1)

    found = await bureau.look(china(4, 9))

    assert lowered.status is WarningStatus.LOWERED
    assert found == {}


async def test_what_has_ended_is_not_chased():
    """Removed from the list within the three days: there is nothing left to sign for."""
    bureau, _ = await warned()
    await bureau.has(e.AbnormalRemoved(reason=1, place=PLACE), day=1)

    assert await bureau.look(china(9, 9)) == {}
    assert bureau.escalations() == []


async def test_who_heard_that_nobody_signed_hears_of_the_cancellation():
    """Every change reaches whoever was told (0019): the leader as well as the lead."""
    bureau, warning = await warned(SAMPLE)
    await bureau.send()
    above = {one.person_id for one in (await bureau.look(china(4, 9))).values()}
    await bureau.read()
    await bureau.send()

    await bureau.has(b.revoked(SAMPLE, "first"), day=3)

    rows = await bureau.rows.of_warning(warning.id)
    cancelled = {
        row.notification.person_id
        for row in rows
        if row.notification.status is WarningStatus.CANCELLED
    }
    assert above <= cancelled


async def test_who_never_heard_that_nobody_signed_hears_of_no_cancellation_either():
    """The leader is no reader of an interview: taken back in time, it was never theirs."""
    bureau, warning = await warned(SAMPLE)
    await bureau.send()
    issued = {row.notification.person_id for row in await bureau.rows.of_warning(warning.id)}

    await bureau.has(b.revoked(SAMPLE, "first"), day=0.5)

    rows = await bureau.rows.of_warning(warning.id)
    assert {row.notification.person_id for row in rows} == issued


async def test_a_chase_that_still_waits_is_withdrawn_when_its_warning_ends():
    """Read after the end, it would send people after what is over."""
    bureau, warning = await warned(SAMPLE)
    await bureau.look(china(4, 9))

    await bureau.has(b.revoked(SAMPLE, "first"), day=3)

    rows = await bureau.rows.of_warning(warning.id)
    assert {row.state for row in rows if row.notification.overdue} == {RowState.WITHDRAWN}


async def test_history_is_never_chased():
    """What was issued before the bureau's first day was told to nobody: nobody has missed it."""
    bureau, _ = await warned(since=b.on(1))

    assert await bureau.look(china(31, 9)) == {}


async def test_a_reminder_is_escalated_by_the_rules_alone():
    """When its day passes a graver rule speaks; its ladder names nobody above."""
    bureau, warning = await warned(b.permit(days_left=65))

    found = await bureau.look(china(31, 9))

    assert warning.measure is Measure.REMINDER
    assert found == {}


async def test_a_signature_that_waits_in_the_log_counts():
    """While a partition is not read to its end nobody can say that nobody signed."""
    bureau, warning = await warned()
    bureau.log.unread = 3
    unread = await bureau.look(china(6, 9))
    await bureau.do(warning, "acknowledged")
    bureau.log.unread = 0

    assert unread == {}
    assert await bureau.look(china(6, 10)) == {}


def batched(number):
    """Return the warning of a firm that has not filed; one of many of one station and day."""
    enterprise = b.Enterprise()
    (one,) = b.issued(enterprise.has(LISTED), "W03")
    return msgspec.structs.replace(
        one, id=f"w-{number:016x}", uscc=synthetic(number), enterprise=f"叶县商店{number}号",
        batched=True,
    )  # fmt: skip


async def test_a_bundle_is_chased_once_for_all_that_are_missing():
    """One message a person and way, of how many; each warning's life tells of it."""
    bureau = Bureau()
    warnings = [batched(number) for number in range(1, 31)]
    bureau.stands(*warnings)
    await bureau.tell(*warnings)
    await bureau.sign(*warnings[:10])

    found = await bureau.look(china(6, 9))

    assert len(found) == 4
    assert {len(one.members) for one in found.values()} == {20}
    assert all("20户" in one.content.body for one in found.values() if one.way is Way.SMS)
    assert len(set(bureau.escalations())) == 20


LINKED = Settings(web=Web(public_url="https://desk.example.org", link_secret="s" * 24))


def page_of(bureau):
    """Return the pages that the links of the bureau's mails lead to."""
    cases = Cases(
        links=build_links(LINKED), log=NotificationLog(bureau.rows), lives=bureau.lives,
        store=bureau.store, tree=bureau.desk.tree, partitions=PARTITIONS,
    )  # fmt: skip
    return WarningPage(
        cases=cases, publisher=bureau.publisher, note=nothing, now=lambda: bureau.now
    )


async def nothing(_):
    """Keep no trail."""


def token_of(found, role):
    """Return what the link in somebody's mail ends with."""
    mail = next(one for one in found.values() if one.way is Way.EMAIL and one.role is role)
    return re.search(r"/w/([\w.-]+)", mail.content.text)[1]


async def test_whoever_oversees_may_sign_on_the_page_that_their_mail_leads_to():
    """The page is their own letter, and says that it was escalated; a signature there is one."""
    bureau, warning = await warned(SAMPLE, desk=build_wisdom(LINKED).desk)
    found = await bureau.look(china(4, 9))
    await bureau.read()
    page, token = page_of(bureau), token_of(found, Role.OVERSEE)

    shown = await page.show(token)
    signed = await page.act(token, {"state": "acknowledged", "measure": "interview"})
    await bureau.read()

    assert "现予督办" in shown.html
    assert "已督办" in shown.html
    assert signed.status == SEE_OTHER
    assert await bureau.life(warning) == ["escalated", "acknowledged"]


async def test_who_had_a_copy_signs_once_they_oversee_it():
    """The city is copied of an inspection; escalated to, it may take it on."""
    bureau, warning = await warned(SERIOUS, desk=build_wisdom(LINKED).desk)
    copied = {
        row.notification.person_id
        for row in await bureau.rows.of_warning(warning.id)
        if row.notification.role is Role.COPY
    }
    found = await bureau.look(china(2, 16))
    token = token_of(found, Role.OVERSEE)

    signed = await page_of(bureau).act(token, {"state": "acknowledged", "measure": "inspection"})

    assert {one.person_id for one in found.values() if one.role is Role.OVERSEE} <= copied
    assert signed.status == SEE_OTHER


async def test_the_lead_of_a_bundle_keeps_its_whole_list_and_who_oversees_has_what_is_left():
    """What was signed for must still be reported on; above, only what is missing matters."""
    bureau = Bureau(desk=build_wisdom(LINKED).desk)
    warnings = [batched(number) for number in range(1, 7)]
    bureau.stands(*warnings)
    await bureau.tell(*warnings)
    await bureau.sign(*warnings[:2])
    found = await bureau.look(china(6, 9))
    page = page_of(bureau)

    leads, above = [
        (await page.show(token_of(found, role))).html for role in (Role.LEAD, Role.OVERSEE)
    ]

    firms = [one.enterprise for one in warnings]
    assert all(one in leads for one in firms)
    assert [one in above for one in firms] == [False] * 2 + [True] * 4
