"""What is said once about many enterprises: the burst of a statutory deadline (domain §4.5)?

At 07-01 00:00 a rule fires on every enterprise that has not filed.  Its station is told once a
rule, day and measure, of how many they are and, in a list with the letter, who.  The list grows
while the message waits; what changes later is seen in the system.  Each warning stands on the
alert topics all the same.
"""

import dataclasses
import datetime as dt
import hashlib
from urllib.parse import urlencode

from alerts.coverage import ways_to
from alerts.delivery import Way
from alerts.members import Member
from alerts.notification import About, Notification, message
from alerts.rendering import Letter, Renderer, one_line, sayable, without_personal
from alerts.responsibility import Duty, Recipient, Role
from alerts.sms_text import SmsText, cleaned
from detectors.warning import CHINA, EarlyWarning, WarningStatus, warning_number

# A letter is read in one sitting; all stand in the attached list.
MEMBERS_SHOWN = 20


def member_of(warning: EarlyWarning) -> Member:
    """Return the line of a warning in the list."""
    return Member(warning.uscc, one_line(warning.enterprise), warning.number)


def bundle_id(warning: EarlyWarning, duty: Duty) -> str:
    """Return the identity of what is told together: rule, day in China, measure, and who leads.

    The authority belongs to it because one person may sit in for two stations, and each of them
    has a list of its own.
    """
    lead = duty.lead.code
    material = f"{warning.rule}\x1f{_day(warning)}\x1f{warning.measure}\x1f{lead}".encode()
    return "b-" + hashlib.blake2b(material, digest_size=8).hexdigest()


def plan_bundle(
    warning: EarlyWarning,
    duty: Duty,
    *,
    renderer: Renderer,
    now: dt.datetime,
    due_at: dt.datetime,
    told_at: dt.datetime,
    members: tuple[Member, ...] = (),
) -> tuple[Notification, ...]:
    """Return the messages about all such warnings of a day, from any one of them.

    Shapes:
        The ids are those of every other warning of the bundle; ``members`` are all that are known
        (none: this one).  One that was cancelled or has ended calls for no message.
    """
    if warning.status is not WarningStatus.ISSUED:
        return ()
    identity = bundle_id(warning, duty)
    number = warning_number(identity, place=warning.place, issued_at=warning.issued_at)
    members = members or (member_of(warning),)
    about = About(
        id=identity, number=number, measure=warning.measure, place=warning.place, members=members
    )
    wording = _Wording(
        warning=warning, number=number, duty=duty, renderer=renderer, told_at=told_at,
        members=members,
    )  # fmt: skip
    return tuple(
        message(
            about, recipient, way,
            content=wording.sms() if way is Way.SMS else wording.letter(recipient),
            now=now, due_at=due_at,
        )
        for recipient in duty.recipients
        if recipient.role is Role.LEAD
        for way in ways_to(recipient, duty)
    )  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Wording:
    """How the message reads; nothing in it but the list is of one enterprise alone."""

    warning: EarlyWarning
    number: str
    duty: Duty
    renderer: Renderer
    told_at: dt.datetime
    members: tuple[Member, ...]

    def sms(self) -> SmsText:
        """Return the short message."""
        day = _day(self.warning)
        values = {
            "level": self.warning.measure.level.label,
            "number": self.number,
            "day": f"{day.month}月{day.day}日",
            "matter": cleaned(sayable(self.warning.matter)),
            "count": str(len(self.members)),
        }
        return self.renderer.text("batched", values, self.duty, told_at=self.told_at)

    def letter(self, recipient: Recipient) -> Letter:
        """Return the letter: the matter, the day, how many, and who."""
        warning, duty = self.warning, self.duty
        day, matter = _day(warning), without_personal(one_line(warning.matter))
        wanted = {"rule": warning.rule, "day": day.isoformat(), "authority": duty.lead.code}
        view = {
            "number": self.number,
            "day": f"{day.year}年{day.month}月{day.day}日",
            "count": len(self.members),
            "members": self.members[:MEMBERS_SHOWN],
            "matter": matter,
            "legal_basis": one_line(warning.legal_basis),
            "advice": one_line(warning.advice),
            "rule": warning.rule,
            "knowledge_version": warning.knowledge_version,
            "link": self.renderer.page(bundle_id(warning, duty), recipient)
            or self.renderer.link(f"warnings?{urlencode(wanted)}"),
            "has_page": self.renderer.has_page,
        }
        what = f"{warning.measure.level.label}预警·{warning.measure.label}"
        return self.renderer.letter(
            "batched", f"【{what}】{len(self.members)}户企业{matter}（{self.number}）", view,
            measure=warning.measure, duty=duty, recipient=recipient, told_at=self.told_at,
        )  # fmt: skip


def _day(warning: EarlyWarning) -> dt.date:
    """Return the day of issue in China."""
    return warning.issued_at.astimezone(CHINA).date()
