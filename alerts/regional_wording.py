"""How does a regional or industry warning read, as a short message and as a letter?"""

import dataclasses
import datetime as dt

from alerts.limits import in_words
from alerts.rendering import Letter, Renderer, one_line, without_personal
from alerts.responsibility import Duty, Recipient, Role
from alerts.sms_text import SmsText, cleaned
from detectors.clusters import ClusterWarning

# A letter is read in one sitting; the rest of the members stand in the system.
MEMBERS_SHOWN = 50
_SPANS = {"week": "最近7天", "month": "自然月"}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RegionalWording:
    """The words of one regional warning; a member's class and score stay behind the login."""

    warning: ClusterWarning
    number: str
    region: str
    duty: Duty
    renderer: Renderer
    told_at: dt.datetime

    def sms(self, recipient: Recipient) -> SmsText:
        """Return the short message."""
        warning = self.warning
        name = "regional_copy" if recipient.role is Role.COPY else "regional"
        values = {
            "level": warning.level.label,
            "number": self.number,
            "region": cleaned(self.region),
            "industry": cleaned(warning.industry),
            "count": str(warning.member_count),
        }
        return self.renderer.text(name, values, self.duty, told_at=self.told_at)

    def letter(self, recipient: Recipient) -> Letter:
        """Return the letter."""
        warning = self.warning
        members = warning.members[:MEMBERS_SHOWN]
        view = {
            "number": self.number,
            "region": one_line(self.region),
            "place": one_line(warning.place),
            "industry": one_line(warning.industry),
            "section": one_line(warning.section),
            "period": f"{one_line(warning.period)}（{_SPANS[warning.span]}）",
            "index": "" if warning.index is None else f"{warning.index:.1f}",
            "enterprises": warning.enterprises,
            "signals": [without_personal(one_line(text)) for text in warning.signals],
            "members": [{"name": one_line(one.name), "uscc": one.uscc} for one in members],
            "member_count": warning.member_count,
            "proposal": one_line(warning.proposal),
            "legal_basis": one_line(warning.legal_basis),
            "issued": in_words(warning.issued_at),
            "rule": warning.rule,
            "plan_version": warning.plan_version,
            "link": self.renderer.link(f"clusters/{warning.id}"),
        }
        where = f"{self.region}{warning.industry}"
        subject = f"【{warning.level.label}预警·区域行业】{where}：{warning.proposal}"
        return self.renderer.letter(
            "regional", f"{subject}（{self.number}）", view,
            measure=warning.measure, duty=self.duty, recipient=recipient, told_at=self.told_at,
        )  # fmt: skip
