"""How does a warning read, as a short message and as a letter?

The renderer gets its templates as text: the shell reads the files.  What comes from outside (an
enterprise's name, a matter, a reason) is cleaned before it reaches a header, a carrier or a page.
"""

import datetime as dt
import re
from collections.abc import Mapping
from typing import Final

import jinja2
import msgspec

from alerts.knowledge import Fault, InvalidKnowledgeError
from alerts.limits import Limits, in_words, short_date
from alerts.links import Links, Ticket
from alerts.responsibility import Duty, Recipient, Role
from alerts.sms_text import (
    SINGLE_UNITS,
    SmsBook,
    SmsText,
    cleaned,
    clipped,
    units,
    why_forbidden,
)
from detectors.measure import Measure
from detectors.warning import CORRECTED, EarlyWarning, Reason, WarningStatus
from detectors.working_days import WorkingDays

TEMPLATE_NAMES: Final = (
    "email/letter.html.j2",
    "email/parts.html.j2",
    "email/issued.html.j2",
    "email/issued.txt.j2",
    "email/cancelled.html.j2",
    "email/cancelled.txt.j2",
    "email/lowered.html.j2",
    "email/lowered.txt.j2",
    "email/overdue.html.j2",
    "email/overdue.txt.j2",
    "email/overdue_batched.html.j2",
    "email/overdue_batched.txt.j2",
    "email/batched.html.j2",
    "email/batched.txt.j2",
    "email/regional.html.j2",
    "email/regional.txt.j2",
)
NEUTRAL_MATTER: Final = "有关监管事项"
NEUTRAL_ENTERPRISE: Final = "有关企业"
SUBJECT_UNITS: Final = 120  # RFC 5322 allows more; a list of mails shows no more
LEAST_NAME: Final = 6  # of a firm's name, in UTF-16 units: the trade name is still in it
LEAST_PLACE: Final = 2  # characters
# How a signature ends, the longest first; what stands before it is the place.
_OFFICES = (
    "市场监督管理局", "市场监管局", "市监局", "市场监督", "市场监管", "市监", "药监局", "药监",
)  # fmt: skip
_LEVELS = ("县", "市", "区", "旗")
_WORDS_OF_LEVELS = ("市场", "区域")  # words that begin like a level, after a place without one

_SIGNED: Final = frozenset({"issued", "batched", "overdue", "overdue_batched"})
_PHONE = re.compile(r"(?<!\d)(1[3-9]\d)\d{4}(\d{4})(?!\d)")
_IDENTITY = re.compile(r"(?<![0-9A-Za-z])([1-8]\d{5})\d{8}(\d{3}[\dXx])(?![0-9A-Za-z])")
_INFORMANT = re.compile(
    r"((?:举报|投诉|反映|爆料)人)(?:姓名)?\s*(?:为|是|[：:（(])?\s*[\u4e00-\u9fff·]{1,2}"
    r"(?:某{1,2}|先生|女士|[\u4e00-\u9fff·]{0,2})[）)]?"
)
_SUFFIXES = re.compile(r"(?:有限责任公司|股份有限公司|有限公司)$")
_COLOURS = {
    Measure.REMINDER: "#1f5fa8",
    Measure.WARNING: "#9a7400",
    Measure.INTERVIEW: "#b8560f",
    Measure.INSPECTION: "#b3261e",
}


class Letter(msgspec.Struct, frozen=True, kw_only=True, tag="email"):
    """An e-mail: subject in one line, plain text, and the same as a page."""

    subject: str
    text: str
    html: str


class Renderer:
    """Turns (warning, duty, recipient) into what the recipient reads."""

    def __init__(
        self,
        book: SmsBook,
        templates: Mapping[str, str],
        *,
        calendar: WorkingDays,
        office: str,
        system_url: str = "",
        links: Links | None = None,
    ) -> None:
        """Take the SMS templates, the sources of ``TEMPLATE_NAMES``, and who signs the letters.

        ``calendar`` turns limits into days.  With ``links`` a letter's button leads to the page
        of its warning, else to ``system_url``, a system of the bureau's own; without either
        people sign with the duty desk.  A short message never carries a link.
        """
        missing = [name for name in TEMPLATE_NAMES if name not in templates]
        if missing:
            raise InvalidKnowledgeError(
                Fault(
                    f"alerts/templates/{name}",
                    "(file)",
                    "is missing",
                    "文件缺失，请恢复。restore it",
                )
                for name in missing
            )
        self._book = book
        self._limits = Limits(calendar)
        self._office = office
        self._system_url = system_url.rstrip("/")
        self._links = links
        self._pages = jinja2.Environment(
            loader=jinja2.DictLoader(dict(templates)),
            autoescape=jinja2.select_autoescape(("html.j2",), default=False),
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def sms(
        self, warning: EarlyWarning, duty: Duty, recipient: Recipient, *, told_at: dt.datetime
    ) -> SmsText:
        """Return the short message for ``recipient``; limits run from ``told_at``."""
        values = {
            "level": warning.measure.level.label,
            "number": warning.number,
            "enterprise": short_name(without_personal(cleaned(warning.enterprise)))
            or NEUTRAL_ENTERPRISE,
            "matter": sayable(warning.matter),
        }
        name = _sms_template_name(warning, recipient)
        return self.text(name, values, duty, told_at=told_at)

    def text(
        self, template_name: str, values: Mapping[str, str], duty: Duty, *, told_at: dt.datetime
    ) -> SmsText:
        """Return the short message of a template; the duty gives the limits and who leads."""
        acknowledge, close = self._limits.of(duty, told_at)
        template = self._book.templates[template_name]
        known = {
            **values,
            "acknowledge": short_date(acknowledge),
            "close": short_date(close),
            "lead": duty.lead.short_name,
        }
        variables = {
            name: clipped(known[name], self._book.variables[name]) for name in template.variables
        }
        whole = units(f"【{self._book.signature}】{template.filled(variables)}")
        if "enterprise" in variables and whole > SINGLE_UNITS:
            room = units(variables["enterprise"]) - (whole - SINGLE_UNITS)
            if room >= LEAST_NAME:  # the number says which; a second part costs a second message
                name = _without_place(known["enterprise"], self._book.signature)
                variables["enterprise"] = clipped(name, room)
        return SmsText(
            signature=self._book.signature,
            template_code=template.code,
            variables=variables,
            body=template.filled(variables),
        )

    def email(
        self, warning: EarlyWarning, duty: Duty, recipient: Recipient, *, told_at: dt.datetime
    ) -> Letter:
        """Return the letter for ``recipient``; limits run from ``told_at``."""
        return self.letter(
            warning.status.value, _subject(warning), self.view_of(warning, recipient),
            measure=warning.measure, duty=duty, recipient=recipient, told_at=told_at,
        )  # fmt: skip

    def view_of(self, warning: EarlyWarning, recipient: Recipient) -> dict[str, object]:
        """Return what a letter says of a warning, whatever its occasion."""
        return {
            "is_inspection": warning.measure is Measure.INSPECTION,
            "enterprise": one_line(warning.enterprise),
            "uscc": warning.uscc,
            "matter": without_personal(one_line(warning.matter)),
            "remark": without_personal(one_line(warning.remark)),
            "undone": one_line(warning.undone) or CORRECTED,
            "former": warning.measures[-1].label,
            "reasons": [_quotable(reason) for reason in warning.reasons],
            "is_mixed": len({reason.legal_basis for reason in warning.reasons}) > 1,
            "legal_basis": one_line(warning.legal_basis),
            "advice": one_line(warning.advice),
            "issued": in_words(warning.issued_at),
            "rule": warning.rule,
            "knowledge_version": warning.knowledge_version,
            "number": warning.number,
            "link": self.page(warning.id, recipient) or self.link(f"warnings/{warning.id}"),
            "has_page": self.has_page,
        }

    def letter(
        self,
        kind: str,
        subject: str,
        view: Mapping[str, object],
        *,
        measure: Measure,
        duty: Duty,
        recipient: Recipient,
        told_at: dt.datetime,
    ) -> Letter:
        """Return the letter of the templates ``kind``.

        ``view`` holds what only these templates know, the names ``number`` and ``link`` among it.
        """
        view = (
            self._addressed(measure, duty, recipient)
            | self._limits.in_words(duty, told_at)
            | dict(view)
        )
        signs = kind in _SIGNED and recipient.role is not Role.COPY
        view |= self._where(has_page=bool(view.get("has_page")), signs=signs)
        return Letter(
            subject=clipped(one_line(subject), SUBJECT_UNITS),
            text=self._pages.get_template(f"email/{kind}.txt.j2").render(view),
            html=self._pages.get_template(f"email/{kind}.html.j2").render(view),
        )

    @property
    def has_page(self) -> bool:
        """Return whether letters about warnings lead to a page."""
        return self._links is not None

    def page(self, warning_id: str, recipient: Recipient) -> str:
        """Return the link to the page of a warning, or of a batch, for one person, or ""."""
        if self._links is None:
            return ""
        authority, person = recipient.authority.code, recipient.person.id
        return self._links.to(Ticket(warning_id=warning_id, authority=authority, person=person))

    def _where(self, *, has_page: bool, signs: bool) -> dict[str, str]:
        """Return where people sign and report: nothing is promised that is not there."""
        if has_page:
            return {
                "sign": "打开本通知的链接签收",
                "report": "在链接页面反馈结果",
                "button": "查看与签收" if signs else "查看预警",
                "details": "",
            }
        if self._system_url:
            return {
                "sign": "登录系统签收",
                "report": "在系统中反馈结果",
                "button": "登录系统查看",
                "details": "",
            }
        return {
            "sign": "向值班台报告签收",
            "report": "向值班台反馈结果",
            "button": "",
            "details": f"签收、退回、反馈和查询，请联系{self._office}值班台，报预警编号。",
        }

    def link(self, page: str) -> str:
        """Return where a page of the system is, or "" where it has none."""
        return f"{self._system_url}/{page}" if self._system_url else ""

    def _addressed(self, measure: Measure, duty: Duty, recipient: Recipient) -> dict[str, object]:
        """Return what every letter may say: who writes to whom, and who does what."""
        return {
            "office": self._office,
            "level": measure.level.label,
            "measure": measure.label,
            "colour": _COLOURS[measure],
            "is_copy": recipient.role is Role.COPY,
            "is_lead": recipient.role is Role.LEAD,
            "document": duty.rung.document,
            "lead": duty.lead.name,
            "co_handlers": [authority.name for authority in duty.co_handlers],
            "copies": [authority.name for authority in duty.copies],
            "remarks": [without_personal(one_line(remark)) for remark in duty.remarks],
            "addressee": recipient.person.name,
            "post": f"{recipient.authority.name}{recipient.post}",
            "role": recipient.role.label,
            "why": recipient.why.label,
            "for_party": recipient.for_party.name,
        }

    def sign_by(self, duty: Duty, told_at: dt.datetime) -> dt.datetime:
        """Return until when a warning must be signed for, as its letter says."""
        return self._limits.of(duty, told_at)[0].at


def _sms_template_name(warning: EarlyWarning, recipient: Recipient) -> str:
    """Return which template says it."""
    if warning.status in {WarningStatus.CANCELLED, WarningStatus.LOWERED}:
        return warning.status.value
    return warning.measure.value if recipient.role is Role.LEAD else recipient.role.value


def _subject(warning: EarlyWarning) -> str:
    """Return the subject of the letter."""
    what = f"{warning.measure.level.label}预警·{warning.measure.label}"
    if warning.status is WarningStatus.CANCELLED:
        what = f"已撤销·{what}"
    if warning.status is WarningStatus.LOWERED:
        what = f"已降级·{what}"
    matter = without_personal(warning.matter)
    return f"【{what}】{warning.enterprise}：{matter}（{warning.number}）"


def _quotable(reason: Reason) -> dict[str, str]:
    """Return a reason fit for a letter: one line each, nobody's number, no informant."""
    return {
        "text": without_personal(one_line(reason.text)),
        "source": one_line(" ".join(part for part in (reason.organ, reason.doc_no) if part)),
        "legal_basis": one_line(reason.legal_basis),
    }


def sayable(matter: str) -> str:
    """Return a matter as a short message may name it; never nothing.

    >>> sayable("企业信用等级为D")
    '有关监管事项'
    """
    tidy = cleaned(matter)
    return NEUTRAL_MATTER if not tidy or why_forbidden(tidy) else tidy


def _without_place(enterprise: str, signature: str) -> str:
    """Return a name without the county that the signature names already.

    Only a whole place is cut off, level and all: without it, it may be part of the trade name.

    >>> _without_place("叶县昆阳食品公司", "叶县市监")
    '昆阳食品公司'
    >>> _without_place("宝丰县康源大药房公司", "宝丰市监")
    '康源大药房公司'
    >>> _without_place("汝州市场开发有限公司", "汝州市监")
    '汝州市场开发有限公司'
    """
    office = next((one for one in _OFFICES if signature.endswith(one)), "")
    stem = signature.removesuffix(office)
    if (
        not office
        or len(stem) < LEAST_PLACE
        or enterprise.startswith(tuple(stem + word for word in _WORDS_OF_LEVELS))
    ):
        return enterprise
    for place in [stem] if stem.endswith(_LEVELS) else [stem + level for level in _LEVELS]:
        rest = enterprise.removeprefix(place)
        if rest != enterprise and units(rest) >= LEAST_NAME:
            return rest
    return enterprise


def one_line(text: str) -> str:
    r"""Return ``text`` without anything that could end a header line or hide in one.

    >>> one_line("惠民超市\r\nBcc: x@example.org")
    '惠民超市 Bcc: x@example.org'
    """
    visible = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(visible.split())


def without_personal(text: str) -> str:
    """Return ``text`` with phones and identity numbers masked and informants unnamed.

    >>> without_personal("举报人：王小明，电话13812345678，证号410422199001011234")
    '举报人（信息不予显示），电话138****5678，证号410422********1234'
    """
    masked = _PHONE.sub(r"\1****\2", text)
    masked = _IDENTITY.sub(r"\1********\2", masked)
    return _INFORMANT.sub(r"\1（信息不予显示）", masked)


def short_name(enterprise: str) -> str:
    """Return the name as a short message has room for it.

    >>> short_name("叶县昆阳食品有限公司（个体工商户）")
    '叶县昆阳食品公司'
    """
    bare = re.sub(r"[（(](?:个体工商户|普通合伙|有限合伙|个人独资)[）)]$", "", enterprise)
    return _SUFFIXES.sub("公司", bare)
