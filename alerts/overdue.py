"""What is said when nobody has signed in time: to the lead (催办), and to those above (督办)?

Once a warning and measure, once a bundle: the ids follow from these and the word "overdue", so a
crash, a replay or a second worker tells nobody twice.  What was given back is not the lead's to
sign any more: those above are told, and the duty desk, who passes it on.
"""

import dataclasses
import datetime as dt
from collections.abc import Iterator, Sequence

import msgspec

from alerts.authority import AuthorityTree
from alerts.awaited import Awaited
from alerts.coverage import ways_to
from alerts.delivery import Way
from alerts.hours import Span, awake
from alerts.ladder import Ladder
from alerts.limits import by_when, day_in_words
from alerts.members import Member
from alerts.notification import About, Notification, message
from alerts.rendering import (
    NEUTRAL_ENTERPRISE,
    Letter,
    Renderer,
    one_line,
    sayable,
    short_name,
    without_personal,
)
from alerts.responsibility import Duty, Matter, Recipient, Role, Why, one_each, overseers, resolve
from alerts.sms_text import SmsText, cleaned
from detectors.warning import CHINA, EarlyWarning, warning_number
from detectors.working_days import Deadline

OVERDUE = "overdue"
MEMBERS_SHOWN = 20


def plan_overdue(
    those: Sequence[Awaited],
    *,
    tree: AuthorityTree,
    ladder: Ladder,
    renderer: Renderer,
    now: dt.datetime,
    returned: bool = False,
    note: str = "",
    quiet: Span | None = None,
) -> tuple[Notification, ...]:
    """Return the messages about what nobody has signed for, the lead's first.

    Shapes:
        ``those`` are of one name: a warning, or all of a bundle that are still missing.
        ``returned``: the lead has given it back, with the words ``note``.

    Units:
        Due at ``now``, or when the quiet hours end.
    """
    first = those[0]
    matter = Matter.of(first.warning)
    duty = resolve(matter, tree=tree, ladder=ladder)
    above = overseers(matter, duty, tree=tree, ladder=ladder)
    leads = tuple(one for one in duty.recipients if one.role is Role.LEAD)
    told = one_each((*above, _desk(tree, leads[0])) if returned else (*leads, *above))
    about = _about(those)
    wording = _Wording(
        about=about, awaited=first, duty=duty, renderer=renderer, now=now, note=note,
        above=tuple(dict.fromkeys(map(_named, above))), returned=returned,
    )  # fmt: skip
    planned = (
        message(
            about, recipient, way,
            content=wording.sms(recipient) if way is Way.SMS else wording.letter(recipient),
            now=now, due_at=now if duty.urgent else awake(now, quiet),
        )
        for recipient in told
        for way in ways_to(recipient, duty)
    )  # fmt: skip
    return tuple(msgspec.structs.replace(one, overdue=True) for one in planned)


def told_above(
    warning: EarlyWarning, *, tree: AuthorityTree, ladder: Ladder
) -> Iterator[Recipient]:
    """Yield who may have been told that nobody signed, beside the duty: the end is for them too."""
    matter = Matter.of(warning)
    duty = resolve(matter, tree=tree, ladder=ladder)
    yield from overseers(matter, duty, tree=tree, ladder=ladder)
    if duty.rung.overdue_to:
        yield _desk(tree, duty.recipients[0])


def _named(above: Recipient) -> str:
    """Return who is above, as the lead reads it: a bureau's leader is more than the bureau.

    A vacancy that moved the matter to another office leaves that office.
    """
    name = above.authority.name
    return f"{name}{above.why.label}" if above.why is Why.LEADER else name


def _desk(tree: AuthorityTree, lead: Recipient) -> Recipient:
    """Return the duty desk as the one who passes on what was given back."""
    seat, person = tree.on_duty
    return msgspec.structs.replace(
        lead, person=person, authority=tree.duty_desk, post=seat.post, role=Role.OVERSEE,
        why=Why.RETURNED,
    )  # fmt: skip


def _about(those: Sequence[Awaited]) -> About:
    """Return what the messages are about."""
    warning = those[0].warning
    revision = warning.revision + OVERDUE
    if not warning.batched:
        return About(
            id=warning.id, number=warning.number, measure=warning.measure, place=warning.place,
            uscc=warning.uscc, enterprise=warning.enterprise, revision=revision,
        )  # fmt: skip
    bundle = those[0].name
    return About(
        id=bundle,
        number=warning_number(bundle, place=warning.place, issued_at=warning.issued_at),
        measure=warning.measure, place=warning.place, revision=revision,
        members=tuple(
            Member(one.warning.uscc, one_line(one.warning.enterprise), one.warning.number)
            for one in those
        ),
    )  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Wording:
    """How it reads.  The deadline is the one that people were told, whatever is in force now."""

    about: About
    awaited: Awaited
    duty: Duty
    renderer: Renderer
    now: dt.datetime
    note: str
    above: tuple[str, ...]
    returned: bool

    def sms(self, recipient: Recipient) -> SmsText:
        """Return the short message."""
        warning, count = self.awaited.warning, len(self.about.members)
        whose = short_name(without_personal(cleaned(warning.enterprise))) or NEUTRAL_ENTERPRISE
        values = {
            "level": warning.measure.level.label,
            "number": self.about.number,
            "enterprise": f"{count}户" if warning.batched else whose,
            "matter": sayable(warning.matter),
        }
        name = OVERDUE if recipient.role is Role.LEAD else Role.OVERSEE.value
        return self.renderer.text(name, values, self.duty, told_at=self.awaited.told_at)

    def letter(self, recipient: Recipient) -> Letter:
        """Return the letter: that of the issue with another beginning, or the list that is left."""
        warning, count = self.awaited.warning, len(self.about.members)
        view = {
            **(
                self._list(recipient)
                if warning.batched
                else self.renderer.view_of(warning, recipient)
            ),
            "number": self.about.number,
            "sign_by": by_when(self._deadline),
            "is_returned": self.returned,
            "note": without_personal(one_line(self.note)),
            "above": self.above,
            "told_on": day_in_words(self.now),
        }
        what = "催办" if recipient.role is Role.LEAD else "督办"
        whose = f"{count}户企业" if warning.batched else f"{warning.enterprise}："
        subject = (
            f"【{what}·{warning.measure.level.label}预警·{warning.measure.label}】{whose}"
            f"{without_personal(warning.matter)}，逾期未签收（{self.about.number}）"
        )
        return self.renderer.letter(
            "overdue_batched" if warning.batched else OVERDUE, subject, view,
            measure=warning.measure, duty=self.duty, recipient=recipient,
            told_at=self.awaited.told_at,
        )  # fmt: skip

    def _list(self, recipient: Recipient) -> dict[str, object]:
        """Return what a letter about a bundle knows."""
        warning = self.awaited.warning
        return {
            "day": day_in_words(warning.issued_at),
            "matter": without_personal(one_line(warning.matter)),
            "count": len(self.about.members),
            "members": self.about.members[:MEMBERS_SHOWN],
            "link": self.renderer.page(self.about.id, recipient) or self.renderer.link("warnings"),
            "has_page": self.renderer.has_page,
        }

    @property
    def _deadline(self) -> Deadline:
        return Deadline(self.awaited.sign_by.astimezone(CHINA))
