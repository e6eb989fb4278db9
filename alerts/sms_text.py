"""How long is a short message, what may it say, and which approved template says it?

A carrier counts UTF-16 units, signature included: 70 fit one message, 67 each part of a longer
one (domain §5.4).  A rare character takes two units, and a part never ends between them.
"""

import enum
import re
from collections.abc import Iterator

import msgspec

from alerts.knowledge import Document, Fault, InvalidKnowledgeError, typed

SINGLE_UNITS = 70  # 140 bytes of UCS-2
PART_UNITS = 67  # the six bytes of the concatenation header cost three units
# Alibaba refuses longer variables with isv.PARAM_LENGTH_LIMIT (domain §5.4: 35, our general
# knowledge of the vendor; a lower limit of another carrier goes into sms_templates.yaml).
VENDOR_VARIABLE_UNITS = 35

_ASTRAL = 0xFFFF
_PLACEHOLDER = re.compile(r"\$\{(\w+)\}")
_LINK = re.compile(
    r"(?:[a-z]+://|www\.)[^\s，。；、]*"
    r"|(?<![A-Za-z0-9.-])[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.(?:com|cn|net|org|gov|top|vip|io)\b"
    r"[^\s，。；、]*",
    re.IGNORECASE,
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+")


class Forbidden(enum.StrEnum):
    """What an official short message never says (domain §5.4, design §2.10)."""

    RISK_CLASS = "risk_class"
    SCORE = "score"
    INFORMANT = "informant"
    IDENTITY_NUMBER = "identity_number"
    PHONE = "phone"
    LINK = "link"
    BRACKETS = "brackets"


# Boilers and vessels have grades A to D of their own, so a letter alone proves nothing: it must
# stand with a word for credit or risk, or with another letter as a change.
_PATTERNS = {
    Forbidden.RISK_CLASS: re.compile(
        r"(?:信用|风险)[^，。；]{0,6}?(?<![A-Za-z0-9])[A-DＡ-Ｄ](?![A-Za-z0-9])"
        r"|(?<![A-Za-z0-9])[A-DＡ-Ｄ]\s*[级类]企业"
        r"|(?<![A-Za-z0-9])[A-D]\s*(?:→|->|升至|降至|变为|调为)\s*[A-D](?![A-Za-z0-9])"
    ),
    Forbidden.SCORE: re.compile(
        r"(?:评分|得分|分值|风险分|积分)[^，。；\d]{0,4}\d"
        r"|(?<![时点:：.\d])\d+(?:\.\d+)?\s*分(?![钟之公局别店厂支类期校])"
    ),
    Forbidden.INFORMANT: re.compile(r"(?:举报|投诉|反映|爆料)人"),
    Forbidden.IDENTITY_NUMBER: re.compile(r"(?<![0-9A-Za-z])[1-8]\d{16}[\dXx](?![0-9A-Za-z])"),
    Forbidden.PHONE: re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)"),
    Forbidden.LINK: _LINK,
    Forbidden.BRACKETS: re.compile(r"[【】]"),
}


class SmsText(msgspec.Struct, frozen=True, kw_only=True, tag="sms"):
    """A message ready for a carrier: an approved template and its variables.

    ``body`` is how it reads, without the signature.  ``variables`` stand in the order in which the
    template names them: there are carriers that know a variable by its place alone.
    """

    signature: str
    template_code: str
    variables: dict[str, str]
    body: str

    @property
    def text(self) -> str:
        """Return what the handset shows."""
        return f"【{self.signature}】{self.body}"

    @property
    def part_count(self) -> int:
        """Return how many messages the carrier bills."""
        return len(parts(self.text))


class SmsTemplate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A template that the carrier has approved under ``code``, with ``${name}`` variables."""

    code: str
    text: str

    @property
    def places(self) -> tuple[str, ...]:
        """Return which variable stands at each place, in order."""
        return tuple(_PLACEHOLDER.findall(self.text))

    @property
    def variables(self) -> tuple[str, ...]:
        """Return the names of the variables, in order."""
        return tuple(dict.fromkeys(self.places))

    def filled(self, variables: dict[str, str]) -> str:
        """Return the text with its variables."""
        return _PLACEHOLDER.sub(lambda name: variables[name[1]], self.text)


class SmsBook(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The document ``sms_templates.yaml``: which template says what.

    ``sample`` says that no carrier has approved these.

    Units:
        ``variables`` holds the longest value of each variable, in UTF-16 units.
    """

    version: str
    sample: bool = False
    signature: str
    max_parts: int
    variables: dict[str, int]
    templates: dict[str, SmsTemplate]


KNOWN_VARIABLES = frozenset(
    (
        "level", "number", "enterprise", "matter", "acknowledge", "close", "lead",
        "day", "region", "industry", "count",
    )
)  # fmt: skip
NEEDED_TEMPLATES = (
    "reminder", "warning", "interview", "inspection", "co", "copy", "cancelled", "lowered",
    "overdue", "oversee", "batched", "regional", "regional_copy",
)  # fmt: skip


def units(text: str) -> int:
    """Return the length in UTF-16 units.

    >>> units("叶县"), units("𠮷")
    (2, 2)
    """
    return sum(2 if ord(character) > _ASTRAL else 1 for character in text)


def parts(text: str) -> tuple[str, ...]:
    """Return what each message carries; a surrogate pair stays together.

    >>> [units(part) for part in parts("字" * 71)]
    [67, 4]
    """
    if units(text) <= SINGLE_UNITS:
        return (text,)
    found, current, room = [], "", PART_UNITS
    for character in text:
        needed = units(character)
        if needed > room:
            found.append(current)
            current, room = "", PART_UNITS
        current += character
        room -= needed
    return (*found, current)


def clipped(text: str, most: int) -> str:
    """Return ``text`` in at most ``most`` units, with an ellipsis where it was cut.

    >>> clipped("叶县惠民超市", 5)
    '叶县惠民…'
    """
    if units(text) <= most:
        return text
    kept, room = "", most - 1
    for character in text:
        if units(character) > room:
            break
        kept += character
        room -= units(character)
    return kept + "…"


def cleaned(text: str) -> str:
    r"""Return ``text`` as a variable may hold it: one line, no links, no signature brackets.

    >>> cleaned("惠民\n超市【特价】 http://x.cn/a")
    '惠民 超市〔特价〕'
    """
    flat = _CONTROL.sub(" ", text)
    flat = _LINK.sub("", flat).replace("【", "〔").replace("】", "〕").replace("${", "$｛")
    return " ".join(flat.split())


def why_forbidden(text: str) -> tuple[Forbidden, ...]:
    """Return what ``text`` says that a short message must not.

    >>> why_forbidden("举报人张三称企业信用等级为D")
    (<Forbidden.RISK_CLASS: 'risk_class'>, <Forbidden.INFORMANT: 'informant'>)
    >>> why_forbidden("D级锅炉检验不合格")
    ()
    """
    return tuple(what for what, pattern in _PATTERNS.items() if pattern.search(text))


def parse_sms_book(
    document: Document, *, file: str = "config/knowledge/sms_templates.yaml"
) -> SmsBook:
    """Return the templates that a document describes.

    Raises:
        InvalidKnowledgeError: a template is missing, says what none may say, uses an unknown
            variable, or could need more parts than allowed.
    """
    book = typed(document, SmsBook, file=file)
    faults = tuple(_faults(book, file=file))
    if faults:
        raise InvalidKnowledgeError(faults)
    return book


A_SIGNATURE = "签名为 2 至 12 个字，不带括号和符号。2 to 12 characters, no brackets or symbols"


def _faults(book: SmsBook, *, file: str) -> Iterator[Fault]:
    """Yield what a carrier or a reader would not accept."""
    if not re.fullmatch(r"[\u4e00-\u9fffA-Za-z0-9]{2,12}", book.signature):
        fact = f"{book.signature!r} is no signature"
        yield Fault(file, "signature", fact, A_SIGNATURE)
    for name, most in book.variables.items():
        if name not in KNOWN_VARIABLES:
            known = ", ".join(sorted(KNOWN_VARIABLES))
            yield Fault(
                file, f"variables.{name}", "is not known", f"变量只能用：{known}。use one of them"
            )
        if not 0 < most <= VENDOR_VARIABLE_UNITS:
            remedy = (
                f"请写 1 至 {VENDOR_VARIABLE_UNITS}，否则运营商拒收。"
                f"stay within 1 to {VENDOR_VARIABLE_UNITS}, or the carrier refuses it"
            )
            yield Fault(file, f"variables.{name}", f"may be {most} units long", remedy)
    for needed in NEEDED_TEMPLATES:
        if needed not in book.templates:
            yield Fault(file, f"templates.{needed}", "is missing", "缺少这个模板，请补上。add it")
    for name, template in book.templates.items():
        yield from _faults_of_template(template, book, file=file, where=f"templates.{name}")


def _faults_of_template(
    template: SmsTemplate, book: SmsBook, *, file: str, where: str
) -> Iterator[Fault]:
    """Yield what is wrong with one template."""
    for name in template.variables:
        if name not in book.variables:
            remedy = "请在 variables 中写明它最长几个字。declare its longest value under variables"
            yield Fault(file, f"{where}.text", f"uses ${{{name}}}", remedy)
    fixed = _PLACEHOLDER.sub("", template.text)
    for what in why_forbidden(fixed):
        remedy = (
            "短信中不得出现此类内容，请改为登录系统后查看。"
            "an official message never says that: leave it behind the login"
        )
        yield Fault(file, f"{where}.text", f"says a {what}", remedy)
    longest = sum(book.variables.get(name, 0) for name in template.variables)
    whole = "字" * (units(f"【{book.signature}】{fixed}") + longest)
    if len(parts(whole)) > book.max_parts:
        fact = f"may need {len(parts(whole))} parts"
        yield Fault(
            file,
            f"{where}.text",
            fact,
            f"短信过长，请缩短到至多 {book.max_parts} 条。shorten it to {book.max_parts} at most",
        )
