"""Who hears that nobody has signed, what do they read, and is it told once?"""

import copy
import datetime as dt
from pathlib import Path

import msgspec
import pytest
import yaml

from alerts.authority import parse_authorities
from alerts.awaited import awaited
from alerts.coverage import find_holes
from alerts.delivery import Way
from alerts.hours import Span
from alerts.knowledge import InvalidKnowledgeError
from alerts.ladder import Target, parse_ladder
from alerts.overdue import plan_overdue
from alerts.pipeline import plan_notifications
from alerts.responsibility import Matter, Role, Why, overseers, resolve
from alerts.sms_text import why_forbidden
from alerts.specimen import awaited_specimen, specimen
from detectors.measure import Measure
from detectors.uscc import synthetic
from detectors.warning import CHINA

LADDER = Path(__file__).parents[3] / "config" / "knowledge" / "ladder.yaml"
CHASED = [Measure.WARNING, Measure.INTERVIEW, Measure.INSPECTION]
NOW = dt.datetime(2026, 7, 2, 10, tzinfo=CHINA)


def ladder_with(measure, targets):
    """Return the shipped ladder with others to oversee a measure."""
    document = yaml.safe_load(LADDER.read_text(encoding="utf-8"))
    document["measures"][measure]["overdue_to"] = targets
    return parse_ladder(document)


def ordinary(measure, **more):
    """Return a warning that is not told at night."""
    said = {"rule": "W03", "domain": "SE", "permits": ()}
    return msgspec.structs.replace(specimen(measure), **(said | more))


@pytest.fixture
def plan(tree, ladder, renderer):
    """Return the messages about a warning that nobody has signed for."""

    def planned(*warnings, tree=tree, ladder=ladder, now=NOW, name="", **more):
        late = [awaited_specimen(one) for one in warnings]
        if name:
            late = [msgspec.structs.replace(one, name=name) for one in late]
        return plan_overdue(late, tree=tree, ladder=ladder, renderer=renderer, now=now, **more)

    return planned


@pytest.fixture
def noted(tree, ladder, renderer, calendar):
    """Return what is noted of a warning that people were told of."""

    def found(warning, *, told_at):
        return awaited(
            warning, resolve(Matter.of(warning), tree=tree, ladder=ladder), told_at=told_at,
            renderer=renderer, calendar=calendar, quiet=Span.parse("22:00-07:30"),
        )  # fmt: skip

    return found


def people(messages, role):
    """Return who is told in a role."""
    return {one.person_id for one in messages if one.role is role}


@pytest.mark.parametrize("measure", CHASED)
def test_the_lead_is_chased_and_one_above_oversees(plan, measure):
    """Two people, each by text and by mail, and none of them twice."""
    messages = plan(ordinary(measure))

    assert len(messages) == 4
    assert len(people(messages, Role.LEAD)) == len(people(messages, Role.OVERSEE)) == 1
    assert not people(messages, Role.LEAD) & people(messages, Role.OVERSEE)
    assert all(one.overdue for one in messages)


@pytest.mark.parametrize("measure", CHASED)
def test_the_ids_follow_from_warning_measure_and_issue_alone(plan, measure, tree, ladder, renderer):
    """Whenever and why ever it is said: the same; and never that of a message of the issue."""
    warning = ordinary(measure)
    first, again = plan(warning), plan(warning, now=NOW + dt.timedelta(days=3))
    returned = plan(warning, returned=True)
    issued = plan_notifications(
        warning, tree=tree, ladder=ladder, renderer=renderer, now=NOW
    ).notifications
    reissued = plan(msgspec.structs.replace(warning, revision="72942051"))

    ids = {one.id for one in first}
    assert ids == {one.id for one in again}
    assert {one.id for one in returned if one.person_id in people(first, Role.OVERSEE)} <= ids
    assert not ids & {one.id for one in issued}
    assert not ids & {one.id for one in reissued}


@pytest.mark.parametrize("measure", CHASED)
@pytest.mark.parametrize("returned", [False, True], ids=["unsigned", "given back"])
@pytest.mark.parametrize("batched", [False, True], ids=["one", "many"])
def test_a_text_is_one_part_and_says_nothing_that_none_may(plan, measure, returned, batched):
    """No class, no score, no link; the firm's name is cut before a second part is paid for."""
    messages = plan(ordinary(measure, batched=batched), returned=returned)

    texts = [one.content for one in messages if one.way is Way.SMS]
    assert texts
    assert all(text.part_count == 1 and not why_forbidden(text.body) for text in texts)


def test_a_bundle_is_told_once_with_the_list_of_what_is_left(plan):
    """Its number is the one that the message of the issue bore; the ids are those of the bundle."""
    one, other = (
        ordinary(Measure.WARNING, batched=True, id=f"w-{n:016x}", uscc=synthetic(n))
        for n in (1, 2)
    )  # fmt: skip
    name = "b-0123456789abcdef"

    messages, fewer = plan(one, other, name=name), plan(other, name=name)

    assert {each.warning_id for each in messages} == {name}
    assert {len(each.members) for each in messages} == {2}
    assert {each.id for each in messages} == {each.id for each in fewer}
    letter = next(each.content for each in messages if each.way is Way.EMAIL)
    assert "2户无人签收" in letter.text
    assert "全部名单见附件" in letter.html


def test_what_the_lead_gave_back_goes_to_those_above_and_to_the_desk(plan, tree):
    """The lead has answered; whoever passes matters on must hear of it, and why."""
    messages = plan(ordinary(Measure.WARNING), returned=True, note="举报人张三说不归本所")

    assert people(messages, Role.LEAD) == set()
    desk = [one for one in messages if one.why is Why.RETURNED]
    assert {one.authority for one in desk} == {tree.duty_desk.name}
    letters = [one.content.text for one in messages if one.way is Way.EMAIL]
    assert all("退回（理由：举报人（信息不予显示）" in text for text in letters)


def test_the_lead_reads_to_whom_it_went(plan):
    """A section is told that its bureau's leader was, not that its own bureau was."""
    said = {one.role: one for one in plan(specimen(Measure.INTERVIEW)) if one.way is Way.EMAIL}

    assert "并已向叶县市场监督管理局分管领导督办" in said[Role.LEAD].content.text
    assert "并已向" not in said[Role.OVERSEE].content.text


def test_a_letter_says_that_the_time_to_deal_with_it_is_not_longer(plan):
    """Missed at the beginning, it is due at the same end; and why it is a matter stands in it."""
    warning = ordinary(Measure.INTERVIEW)

    letters = [one.content for one in plan(warning) if one.way is Way.EMAIL]

    assert all("处置时限不因逾期签收而延长：10个工作日内" in one.text for one in letters)
    assert all(warning.reasons[0].text in one.html for one in letters)
    assert {one.subject[:3] for one in letters} == {"【催办", "【督办"}
    assert all("抄送你单位知悉" not in one.text for one in letters)


@pytest.mark.parametrize(
    ("urgent", "due"),
    [
        pytest.param(False, dt.datetime(2026, 7, 3, 7, 30, tzinfo=CHINA), id="when people wake"),
        pytest.param(True, dt.datetime(2026, 7, 2, 23, tzinfo=CHINA), id="at once"),
    ],
)
def test_nobody_is_woken_but_for_an_accident(plan, urgent, due):
    """What a worker finds at night, after an outage, is told in the morning."""
    warning = ordinary(Measure.INSPECTION, rule="W10" if urgent else "W05")

    messages = plan(
        warning, now=dt.datetime(2026, 7, 2, 23, tzinfo=CHINA), quiet=Span.parse("22:00-07:30")
    )

    assert {one.due_at for one in messages} == {due}


def test_who_missed_it_does_not_oversee_it(ladder, authorities_document):
    """Without a station the department leads a yellow warning itself: its bureau oversees it."""
    document = copy.deepcopy(authorities_document)
    for one in document["authorities"]:
        if one["code"] == "410422002":
            one["seats"] = []
    vacant = parse_authorities(document)
    matter = Matter.of(ordinary(Measure.WARNING))
    duty = resolve(matter, tree=vacant, ladder=ladder)

    above = overseers(matter, duty, tree=vacant, ladder=ladder)

    leads = {one.person.id for one in duty.recipients if one.role is Role.LEAD}
    assert duty.recipients[0].why is Why.VACANCY_UP
    assert above
    assert not leads & {one.person.id for one in above}


def test_a_domain_without_a_department_of_its_own_is_overseen_by_both_that_handle_it(tree, ladder):
    """The credit department leads, the functional one handles with it: both are above a station."""
    matter = Matter.of(ordinary(Measure.WARNING, domain="AD"))
    duty = resolve(matter, tree=tree, ladder=ladder)

    above = overseers(matter, duty, tree=tree, ladder=ladder)

    assert len(above) == 2
    assert {one.role for one in above} == {Role.OVERSEE}


def test_an_overseer_whom_nobody_can_be_is_a_hole(authorities_document, tree):
    """The province's office has nobody in post with an address: the configuration is refused."""
    ladder = ladder_with("reminder", ["province"])
    covered = find_holes(tree, ladder, domains=["FOODS"], regions=["410422001"])
    document = copy.deepcopy(authorities_document)
    for one in document["authorities"]:
        if one["tier"] == "province":
            one["seats"] = []
    holes = find_holes(
        parse_authorities(document), ladder, domains=["FOODS"], regions=["410422001"]
    )

    assert covered == ()
    assert any("nobody there or above" in hole.fact for hole in holes)


@pytest.mark.parametrize(
    ("measure", "targets", "fault"),
    [
        pytest.param("warning", ["station"], "it is who has missed it", id="the lead itself"),
        pytest.param("warning", ["leader", "leader"], "is there twice", id="one of them twice"),
        pytest.param("warning", ["mayor"], "mayor", id="nobody that there is"),
    ],
)
def test_a_ladder_that_names_nobody_above_is_refused(measure, targets, fault):
    """Whoever edits the file reads what is wrong, before anybody waits in vain."""
    with pytest.raises(InvalidKnowledgeError, match=fault):
        ladder_with(measure, targets)


def test_a_ladder_of_before_names_nobody():
    """A document without the key is what it was: nobody is chased."""
    document = yaml.safe_load(LADDER.read_text(encoding="utf-8"))
    for rung in document["measures"].values():
        rung.pop("overdue_to")

    assert all(rung.overdue_to == () for rung in parse_ladder(document).measures.values())


def test_the_shipped_ladder_is_the_practice(ladder):
    """Domain reference §4.2: the department, the leader, the city; a reminder the rules raise."""
    assert {one: ladder.measures[one].overdue_to for one in Measure} == {
        Measure.REMINDER: (),
        Measure.WARNING: (Target.DEPARTMENT,),
        Measure.INTERVIEW: (Target.LEADER,),
        Measure.INSPECTION: (Target.CITY,),
    }


@pytest.mark.parametrize(
    ("warning", "told", "expected"),
    [
        pytest.param(ordinary(Measure.WARNING), (3, 10), ((9, 0), (9, 8, 30)),
                     id="days end at midnight, people are told when the office opens"),
        pytest.param(ordinary(Measure.INTERVIEW), (2, 10), ((4, 0), (6, 8, 30)),
                     id="Friday's midnight: on Monday"),
        pytest.param(ordinary(Measure.INSPECTION), (3, 15), ((3, 19), (3, 19)), id="hours"),
        pytest.param(ordinary(Measure.INSPECTION), (3, 17), ((3, 21), (3, 21)), id="at night"),
        pytest.param(ordinary(Measure.INSPECTION, rule="W10"), (3, 20), ((4, 0), (4, 0)),
                     id="an accident at any hour"),
    ],
)  # fmt: skip
def test_when_somebody_looks(noted, warning, told, expected):
    """At the end of the printed time, but at an hour at which people may be told of it."""
    found = noted(warning, told_at=july(*told))

    assert (found.sign_by, found.look_at) == tuple(july(*one) for one in expected)


def july(day, hour, minute=0):
    """Return a moment of July 2026; the third is a Friday."""
    return dt.datetime(2026, 7, day, hour, minute, tzinfo=CHINA)


def test_a_reminder_waits_for_nobody(noted):
    """Nobody is named above it: nothing is noted."""
    assert noted(ordinary(Measure.REMINDER), told_at=NOW) is None
