"""What is one message to one person, and when are two of them the same?"""

import datetime as dt
import hashlib

import msgspec

from alerts.coverage import address_of
from alerts.delivery import Way
from alerts.members import Member
from alerts.rendering import Letter
from alerts.responsibility import Recipient, Role, Why
from alerts.sms_text import SmsText
from detectors.measure import Measure
from detectors.warning import WarningStatus


class Notification(msgspec.Struct, frozen=True, kw_only=True):
    """One message, rendered and addressed.

    Shapes:
        ``id`` is derived from (warning, measure, status, revision, person, way), so a replayed
        warning gives the same messages and the log recognises them.

    Units:
        ``created_at`` and ``due_at`` are aware moments; nothing is sent before ``due_at``.
        ``place`` says whose matter it is; ``uscc`` and ``enterprise`` are "" where the message is
        about many: those are its ``members``.  Rows of before these were kept have none of them.
        ``overdue``: it says that nobody has signed in time.
    """

    id: str
    warning_id: str
    warning_number: str
    measure: Measure
    status: WarningStatus
    way: Way
    person_id: str
    person_name: str
    authority: str
    role: Role
    why: Why
    address: str
    content: SmsText | Letter
    created_at: dt.datetime
    due_at: dt.datetime
    place: str = ""
    uscc: str = ""
    enterprise: str = ""
    members: tuple[Member, ...] = ()
    overdue: bool = False


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What a message is about: a warning, all of a station's of one day, or a regional one."""

    id: str
    number: str
    measure: Measure
    status: WarningStatus = WarningStatus.ISSUED
    place: str
    uscc: str = ""
    enterprise: str = ""
    members: tuple[Member, ...] = ()
    revision: str = ""


def message(
    about: About,
    recipient: Recipient,
    way: Way,
    *,
    content: SmsText | Letter,
    now: dt.datetime,
    due_at: dt.datetime,
) -> Notification:
    """Return one message to one person."""
    return Notification(
        id=notification_id(
            warning_id=about.id,
            measure=about.measure,
            status=about.status,
            person_id=recipient.person.id,
            way=way,
            revision=about.revision,
        ),
        warning_id=about.id,
        warning_number=about.number,
        measure=about.measure,
        status=about.status,
        way=way,
        person_id=recipient.person.id,
        person_name=recipient.person.name,
        authority=recipient.authority.name,
        role=recipient.role,
        why=recipient.why,
        address=address_of(recipient.person, way),
        content=content,
        created_at=now,
        due_at=due_at,
        place=about.place,
        uscc=about.uscc,
        enterprise=about.enterprise,
        members=about.members,
    )


def notification_id(
    *,
    warning_id: str,
    measure: Measure,
    status: WarningStatus,
    person_id: str,
    way: Way,
    revision: str = "",
) -> str:
    """Return the identity of a message: a person gets one per warning, measure, status and way.

    What is said again after it was taken back in between has a ``revision``.

    >>> notification_id(
    ...     warning_id="w-1",
    ...     measure=Measure.WARNING,
    ...     status=WarningStatus.ISSUED,
    ...     person_id="p-1",
    ...     way=Way.SMS,
    ... )
    'n-f9521f32fc837e40dbd9f102'
    """
    material = f"{warning_id}\x1f{measure}\x1f{status}\x1f{person_id}\x1f{way}"
    if revision:
        material += f"\x1f{revision}"
    return "n-" + hashlib.blake2b(material.encode(), digest_size=12).hexdigest()
