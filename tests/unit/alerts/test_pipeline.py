"""A warning becomes the same messages however often it is read."""

import copy
import datetime as dt

import msgspec
import pytest

from alerts.authority import parse_authorities
from alerts.delivery import Way
from alerts.notification import Notification
from alerts.pipeline import plan_notifications
from alerts.responsibility import Role
from alerts.specimen import specimen
from detectors.measure import Measure
from detectors.warning import WarningStatus

NOON = dt.datetime(2026, 7, 1, 4, 0, tzinfo=dt.UTC)


@pytest.fixture
def plan(tree, ladder, renderer):
    """Return the plan for a warning."""

    def planned(warning, *, now=NOON, tree=tree):
        return plan_notifications(warning, tree=tree, ladder=ladder, renderer=renderer, now=now)

    return planned


def test_every_recipient_gets_one_message_by_each_way(plan):
    """Five people are told of a red warning about equipment, each by SMS and by e-mail."""
    found = plan(specimen())

    told = [(message.person_id, message.way) for message in found.notifications]
    assert len(told) == len(set(told)) == 2 * len(found.duty.recipients) == 10
    assert found.notifications[0].role is Role.LEAD


@pytest.mark.parametrize(
    ("warning", "about"),
    [
        pytest.param(
            specimen(), ("410422002", "91410422MA3X1A2B83", "叶县样例商场有限公司"), id="one"
        ),
        pytest.param(
            msgspec.structs.replace(specimen(), batched=True), ("410422002", "", ""), id="many"
        ),
    ],
)
def test_a_message_says_whose_matter_it_is(plan, warning, about):
    """Who looks it up later is asked for the scope of a place, and the trail names the firm."""
    messages = plan(warning).notifications

    assert {(one.place, one.uscc, one.enterprise) for one in messages} == {about}


@pytest.mark.parametrize(
    ("measure", "texts"),
    [
        pytest.param(Measure.WARNING, {Role.LEAD}, id="yellow"),
        pytest.param(Measure.INTERVIEW, {Role.LEAD}, id="orange"),
        pytest.param(Measure.INSPECTION, {Role.LEAD, Role.CO, Role.COPY}, id="red"),
    ],
)
def test_below_red_only_who_leads_gets_a_text(plan, measure, texts):
    """All get the letter; who gets a text for everything reads none."""
    messages = plan(specimen(measure)).notifications

    assert {one.role for one in messages if one.way is Way.SMS} == texts
    assert {one.role for one in messages if one.way is Way.EMAIL} >= {Role.LEAD, Role.CO}


def test_a_replayed_warning_gives_the_same_ids(plan):
    """Later is no reason to tell again: ids do not depend on the moment."""
    first, again = plan(specimen()), plan(specimen(), now=NOON + dt.timedelta(days=9))

    assert [m.id for m in first.notifications] == [m.id for m in again.notifications]


def test_a_graver_measure_and_a_cancellation_are_told_anew(plan):
    """(warning, measure, status) is what a person is told once: three of them share no id."""
    plans = (
        plan(specimen(Measure.WARNING)),
        plan(specimen(Measure.INTERVIEW)),
        plan(specimen(Measure.INTERVIEW, WarningStatus.CANCELLED)),
    )

    ids = [{message.id for message in found.notifications} for found in plans]
    assert not ids[0] & ids[1]
    assert not ids[1] & ids[2]


def test_a_person_without_mail_is_told_by_what_they_have(plan, authorities_document):
    """A missing address takes away one way, never the person."""
    document = copy.deepcopy(authorities_document)
    for person in document["people"]:
        person.pop("email")

    found = plan(specimen(), tree=parse_authorities(document))

    assert {message.way for message in found.notifications} == {Way.SMS}


def test_a_message_survives_storage(plan):
    """What is stored as msgpack comes back equal, letter and short message alike."""
    codec = msgspec.msgpack

    for message in plan(specimen()).notifications:
        assert codec.decode(codec.encode(message), type=Notification) == message
