"""A deadline that thousands missed is one message to each station, not thousands."""

import copy
import csv
import datetime as dt
import io

import msgspec
import pytest

from alerts.authority import parse_authorities
from alerts.batched import member_of
from alerts.channels.email import SmtpAccount, message_of
from alerts.delivery import Way
from alerts.pipeline import plan_notifications
from alerts.responsibility import Role
from alerts.sms_text import why_forbidden
from alerts.specimen import specimen
from detectors.measure import Measure
from detectors.uscc import synthetic
from detectors.warning import CHINA, WarningStatus

MIDNIGHT = dt.datetime(2026, 7, 1, tzinfo=CHINA)
HALF_AN_HOUR = dt.timedelta(minutes=30)


def missed(number=0, *, measure=Measure.WARNING, **more):
    """Return the batched warning of an enterprise that has not filed."""
    said = {
        "id": f"w-{number:016x}", "uscc": synthetic(number), "enterprise": f"叶县商店{number}号",
        "rule": "W02", "matter": "未按期报送2025年度年报", "place": "410422001", "batched": True,
        "issued_at": MIDNIGHT, "domain": "PUB", "family": "annual_report",
    }  # fmt: skip
    return msgspec.structs.replace(specimen(measure), **(said | more))


@pytest.fixture
def plan(tree, ladder, renderer):
    """Return the messages of a warning."""

    def planned(warning, *, now=MIDNIGHT, tree=tree, **more):
        return plan_notifications(
            warning, tree=tree, ladder=ladder, renderer=renderer, now=now, **more
        ).notifications

    return planned


def ids(messages):
    """Return the ids of messages."""
    return {one.id for one in messages}


def test_two_enterprises_of_a_station_are_one_message(plan):
    """Whose warning comes first does not matter: the ids are of rule, day, measure and station."""
    first, second = plan(missed(1)), plan(missed(2, score=1.0), now=MIDNIGHT + HALF_AN_HOUR)

    assert ids(first) == ids(second)
    assert len(first) == len(Way)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(missed(rule="W01"), id="another rule"),
        pytest.param(missed(measure=Measure.REMINDER), id="another measure"),
        pytest.param(missed(place="410422003"), id="another station"),
        pytest.param(missed(issued_at=MIDNIGHT - dt.timedelta(seconds=1)), id="the day before"),
    ],
)
def test_another_matter_day_or_station_is_told_anew(plan, other):
    """A message stands for one rule, day in China, measure and station, and for no other."""
    assert ids(plan(other)).isdisjoint(ids(plan(missed())))


def test_who_stands_in_for_two_stations_hears_of_both(plan, authorities_document):
    """Each station has a list of its own, even where one person answers for both."""
    document = copy.deepcopy(authorities_document)
    for authority in document["authorities"]:
        if authority["code"] in {"410422001", "410422003"}:
            authority["seats"] = []
    vacant = parse_authorities(document)
    here, there = (plan(missed(place=one), tree=vacant) for one in ("410422001", "410422003"))

    assert {one.person_id for one in here} == {one.person_id for one in there}
    assert ids(here).isdisjoint(ids(there))


def test_only_who_leads_is_told(plan):
    """A yellow warning has a department beside the station; of a batch the station alone hears."""
    single = plan(missed(batched=False))
    batch = plan(missed())

    assert {one.role for one in single} == {Role.LEAD, Role.CO}
    assert {one.role for one in batch} == {Role.LEAD}


@pytest.mark.parametrize("status", [WarningStatus.CANCELLED, WarningStatus.CLOSED])
def test_one_that_has_ended_is_told_by_the_list_alone(plan, status):
    """Who files late leaves the list; nobody gets a message for it."""
    assert plan(missed(status=status)) == ()


def test_the_text_says_how_many_and_both_dates_and_is_one_message(plan):
    """Number, matter, how many, until when to sign and until when to act, and where the list is."""
    members = tuple(member_of(missed(number)) for number in range(214))
    messages = plan(missed(1, matter="年度报告逾期未报"), members=members)
    (text,) = [one.content for one in messages if one.way is Way.SMS]

    number = messages[0].warning_number
    assert text.body == (
        f"黄色预警{number}：辖区214户年度报告逾期未报，请7月6日前签收、7月22日前办结，名单见邮件。"
    )
    assert text.part_count == 1
    assert why_forbidden(text.body) == ()


def test_the_letter_says_what_when_how_many_and_who(plan):
    """The list can be acted on: the first stand in the letter, all in what is attached."""
    members = tuple(member_of(missed(number)) for number in range(30))
    messages = plan(missed(7), members=members)
    (letter,) = [one for one in messages if one.way is Way.EMAIL]

    for needed in (
        "未按期报送2025年度年报", "2026年7月1日", "整改通知书", "3个工作日内", "15个工作日内",
        "共30户", f"附件{letter.warning_number}.csv", "前20户如下", missed(7).uscc,
        missed(7).enterprise, "不因汇总而遗漏",
    ):  # fmt: skip
        assert needed in letter.content.text
        assert needed in letter.content.html
    assert "30户" in letter.content.subject
    assert "sanzao " not in letter.content.text
    assert missed(25).uscc not in letter.content.text
    assert letter.members == members
    assert "warnings?rule=W02&day=2026-07-01&authority=410422001" in letter.content.text


def test_the_list_is_attached_as_a_file_that_excel_opens(plan):
    """Every enterprise of the message, with the number of its own warning; no formulas."""
    members = tuple(member_of(missed(number, enterprise="=1+1")) for number in range(3))
    (letter,) = [one for one in plan(missed(), members=members) if one.way is Way.EMAIL]
    account = SmtpAccount(host="127.0.0.1", port=25, sender="a@example.org")

    message = message_of(letter, letter.content, account, now=MIDNIGHT)

    (attached,) = message.iter_attachments()
    lines = list(csv.reader(io.StringIO(attached.get_payload(decode=True).decode("utf-8-sig"))))
    assert attached.get_filename() == f"{letter.warning_number}.csv"
    assert [line[1] for line in lines[1:]] == [one.uscc for one in members]
    assert {line[2] for line in lines[1:]} == {"'=1+1"}


def test_a_message_waits_while_the_list_fills_and_limits_run_from_then(plan):
    """Nothing leaves before the delay; a limit of the day on which it leaves is not shortened."""
    late = MIDNIGHT + dt.timedelta(hours=23, minutes=45)
    (text,) = [
        one for one in plan(missed(), now=late, batch_delay=HALF_AN_HOUR) if one.way is Way.SMS
    ]

    assert text.due_at == late + HALF_AN_HOUR
    assert "请7月7日前签收" in text.content.body
