"""Does a supervisor who asks "why did I not get it?" read an answer in Chinese?"""

import datetime as dt

import msgspec
import pytest

from alerts import notification_row as steps
from alerts.delivery import Cause, Delivered, InDoubt, Refused, TryAgain, Way
from alerts.notification_row import GIVE_UP_AFTER, RowState, Step
from alerts.responsibility import Role
from alerts.specimen import specimen_notification
from detectors.warning import CHINA, WarningStatus
from streams.message_words import CAUSES, COLUMNS, STATES, STEPS, headline, line, story
from streams.tables import csv_of

NOON = dt.datetime(2026, 7, 1, 12, tzinfo=CHINA)
LEASE = dt.timedelta(minutes=2)


def after(outcome, *, way=Way.SMS, now=NOON, **about):
    """Return the row of a message after one attempt."""
    message = msgspec.structs.replace(specimen_notification(way, now=NOON), **about)
    row = steps.claimed(steps.planned(message, now=NOON), now=now, worker="a", lease=LEASE)
    return steps.settled(row, attempt=1, outcome=outcome, now=now)


def cells(row):
    """Return the line of a message by column."""
    return dict(zip(COLUMNS, line(row), strict=True))


@pytest.mark.parametrize(
    ("kind", "words"), [(RowState, STATES), (Step, STEPS), (Cause, CAUSES)], ids=str
)
def test_everything_that_can_become_of_a_message_has_words(kind, words):
    """A state, step or cause that is added without words is found here, not at a terminal."""
    assert set(words) == set(kind)
    assert all(words.values())


def test_a_line_tells_what_is_wrong_and_since_when():
    """To whom, in which role, by which way, in which state, and what the other side said."""
    row = after(Refused(Cause.BAD_ADDRESS, "550 5.1.1"), way=Way.EMAIL, enterprise="叶县饭店")

    told = cells(row)

    assert told["企业名称"] == "叶县饭店"
    assert (told["单位"], told["角色"], told["渠道"]) == ("叶县市场监督管理局", "主办", "电子邮件")
    assert (told["状态"], told["次数"]) == ("未发出，已停止重试", "1")
    assert told["最近原因"] == "号码或邮箱不存在（550 5.1.1）"
    assert told["起始时间"] == "2026-07-01 12:00:00"


def test_no_line_holds_an_address_that_can_be_used():
    """Neither the list, nor a file of it, nor the story gives a number or mailbox away."""
    for way, address in ((Way.SMS, "13812345678"), (Way.EMAIL, "zhang.san@example.org")):
        row = after(InDoubt(), way=way, address=address)

        assert address not in csv_of(COLUMNS, [line(row)]).decode()
        assert address not in "\n".join(story(row))


def test_what_was_given_up_tells_the_last_cause_too():
    """After days of an empty account, "given up" alone would send nobody to the right place."""
    row = after(TryAgain(Cause.NO_CREDIT), now=NOON + GIVE_UP_AFTER)

    assert cells(row)["最近原因"] == "多日重试未成（短信账户欠费或停用）"


def test_what_waits_waits_since_it_was_planned():
    """An attempt that failed does not make a message young."""
    row = after(TryAgain(Cause.TIMEOUT), now=NOON + dt.timedelta(hours=3))

    assert cells(row)["状态"] == "等待发送"
    assert cells(row)["起始时间"] == "2026-07-01 12:00:00"


def test_a_story_tells_whom_why_and_each_step():
    """Whoever says they got nothing is shown to whom it went, why to them, and when."""
    failed = after(InDoubt(), way=Way.EMAIL)
    row = steps.released(failed, now=NOON + dt.timedelta(days=1), by="wang", askable=())

    assert list(story(row)) == [
        f"电子邮件 → 样例（叶县市场监督管理局，主办） s***@example.org  {row.id}",
        "  为何通知：属地监管",
        "  状态：等待发送",
        "  2026-07-01 12:00:00  生成通知",
        "  2026-07-01 12:00:00  开始发送（第1次）",
        "  2026-07-01 12:00:00  不确定是否送达，不再自动发送（第1次） 无法向对方查询是否收到",
        "  2026-07-02 12:00:00  人工决定重新发送（第1次） wang",
    ]


def test_an_accepted_mail_has_no_receipt_to_wait_for():
    """SMTP reports nothing: the reader is sent to the inbox, not told to wait."""
    mail, text = after(Delivered("x"), way=Way.EMAIL), after(Delivered("x"))

    assert "没有送达回执" in cells(mail)["状态"]
    assert "尚无送达回执" in cells(text)["状态"]


def test_a_headline_names_the_enterprise_or_says_that_there_are_many():
    """A message about a batch is about no one enterprise; a cancellation is told as one."""
    one = after(InDoubt(), enterprise="叶县饭店", uscc="91410422MA3X1A2B83")
    gone = after(InDoubt(), status=WarningStatus.CANCELLED)

    assert headline(one) == "预警 41042220260701-0013  叶县饭店（91410422MA3X1A2B83）  提醒"
    assert "多家企业" in headline(gone)
    assert headline(gone).endswith("预警撤销")


@pytest.mark.parametrize(("role", "word"), [(Role.LEAD, "催办，"), (Role.OVERSEE, "督办，")])
def test_a_message_that_nobody_signed_is_told_from_that_of_the_issue(role, word):
    """Whoever asks why they were told reads what it was about."""
    late = after(InDoubt(), overdue=True, role=role)
    issued = after(InDoubt())

    assert headline(late).endswith("提醒，逾期未签收")
    assert next(iter(story(late))).startswith(
        f"{word}短信 → 样例（叶县市场监督管理局，{role.label}）"
    )
    assert next(iter(story(issued))).startswith("短信 → ")
