"""Which messages does a warning call for?  Responsibility, then wording; nothing is sent here."""

import datetime as dt

import jinja2
import msgspec

from alerts.authority import AuthorityTree
from alerts.coverage import address_of
from alerts.delivery import Way
from alerts.knowledge import Fault, InvalidKnowledgeError
from alerts.ladder import Ladder
from alerts.notification import Notification, notification_id
from alerts.rendering import Renderer
from alerts.responsibility import Duty, Matter, Recipient, resolve
from alerts.specimen import specimen
from detectors.measure import Measure
from detectors.warning import EarlyWarning, WarningStatus


class Plan(msgspec.Struct, frozen=True):
    """Who must act on a warning, and what they are told."""

    duty: Duty
    notifications: tuple[Notification, ...]


def plan_notifications(
    warning: EarlyWarning,
    *,
    tree: AuthorityTree,
    ladder: Ladder,
    renderer: Renderer,
    now: dt.datetime,
    told_at: dt.datetime | None = None,
) -> Plan:
    """Return the duty and the messages, the one who acts first.

    Shapes:
        Pure and repeatable: the same warning gives the same ids, whatever ``now`` is.

    Units:
        ``told_at`` is the moment from which people's limits run.  Unless given it is ``now``, or
        the issue where that is later: a limit that ran out before anybody heard of it is none.
    """
    told_at = told_at or max(now, warning.issued_at)
    duty = resolve(Matter.of(warning), tree=tree, ladder=ladder)
    if warning.status is WarningStatus.CLOSED:
        return Plan(duty, ())  # people are told when they must act, not when they may rest
    return Plan(
        duty,
        tuple(
            _notification(
                warning, duty, recipient, way=way, renderer=renderer, now=now, told_at=told_at
            )
            for recipient in duty.recipients
            for way in ways_to(recipient, duty)
        ),
    )


def check_renderings(*, tree: AuthorityTree, ladder: Ladder, renderer: Renderer) -> None:
    """Render a specimen of every measure and status, so that a broken template fails at load.

    Raises:
        InvalidKnowledgeError: a template names what does not exist, or is no template.
    """
    for measure in Measure:
        for status in WarningStatus:
            warning = specimen(measure, status)
            now = warning.issued_at
            try:
                plan_notifications(warning, tree=tree, ladder=ladder, renderer=renderer, now=now)
            except jinja2.TemplateError as error:
                where = f"alerts/templates/email/{status}.*.j2"
                fault = Fault(where, "(template)", str(error), "correct the template")
                raise InvalidKnowledgeError([fault]) from error


def ways_to(recipient: Recipient, duty: Duty) -> tuple[Way, ...]:
    """Return the ways the rung asks for; where the person has none of them, any that they have."""
    wanted = tuple(way for way in duty.rung.channels if address_of(recipient.person, way))
    return wanted or tuple(way for way in Way if address_of(recipient.person, way))


def _notification(
    warning: EarlyWarning,
    duty: Duty,
    recipient: Recipient,
    *,
    way: Way,
    renderer: Renderer,
    now: dt.datetime,
    told_at: dt.datetime,
) -> Notification:
    """Return one message."""
    render = renderer.sms if way is Way.SMS else renderer.email
    return Notification(
        id=notification_id(
            warning_id=warning.id,
            measure=warning.measure,
            status=warning.status,
            person_id=recipient.person.id,
            way=way,
        ),
        warning_id=warning.id,
        warning_number=warning.number,
        measure=warning.measure,
        status=warning.status,
        way=way,
        person_id=recipient.person.id,
        person_name=recipient.person.name,
        authority=recipient.authority.name,
        role=recipient.role,
        why=recipient.why,
        address=address_of(recipient.person, way),
        content=render(warning, duty, recipient, told_at=told_at),
        created_at=now,
        due_at=now,
    )
