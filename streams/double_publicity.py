"""Which events does a bureau's 双公示 file state?

The penalty (CF_*) and licence (XK_*) columns that every department already reports to 信用中国,
row by row.  What cannot become an event is refused with its line and the reason; a natural person
is never carried over, and no name or number of one is put into a reason.

Source:
    Domain reference §5.3; the columns of the newer and the older form as public code spells them.
"""

import dataclasses
import datetime as dt
import enum
import hashlib
import re
from collections.abc import Iterator

from detectors import events as e
from detectors.stating import plain_number
from detectors.uscc import InvalidUsccError, UsccStatus, status_of
from streams.clock import midnight
from streams.mistake_words import of_event
from streams.publicity_rows import Row, RowRefusedError, UnreadableFileError, rows
from streams.publicity_words import domain_of, permit_end_of, severity_of

__all__ = ["FileKind", "Refused", "UnreadableFileError", "converted", "event_id"]

MAX_ID = 120
MAX_TEXT = 300
# A citizen's number: region, day of birth, serial, check.  Some clerks put it in the code's column.
_CITIZEN = re.compile(r"[1-9]\d{5}(19|20)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])\d{3}[\dX]")
_PLACE = re.compile(r"\d{6}(\d{3})?")
_REVOKED = {"1", "撤销", "撤消"}
_CONTESTED = {"2", "异议"}


class FileKind(enum.StrEnum):
    """Which of the two publications a file is."""

    PENALTY = "penalty"
    LICENCE = "licence"


@dataclasses.dataclass(frozen=True, slots=True)
class Refused:
    """A row that can become no event, and why; somebody has to look at it."""

    line: int
    reason: str


def converted(
    raw: bytes, kind: FileKind, *, source: str, domain: str
) -> Iterator[e.Event | Refused]:
    """Return what each row of a file becomes, in its order.

    ``domain`` is used where neither the law nor the words of a row tell the domain.

    Raises:
        UnreadableFileError: the file is no such CSV at all.
    """
    make = _penalty if kind is FileKind.PENALTY else _licence
    prefix = "CF" if kind is FileKind.PENALTY else "XK"
    seen: dict[str, int] = {}
    for row in rows(raw, prefix=prefix):
        try:
            event = _checked(make(row, source, domain))
        except RowRefusedError as error:
            yield Refused(row.line, str(error))
            continue
        if event.id in seen:
            yield Refused(
                row.line,
                f"机关、文号、主体与第{seen[event.id]}行相同，几种处罚请写在一行、以 ; 分隔。"
                f"same organ, document and subject as line {seen[event.id]}",
            )
            continue
        seen[event.id] = row.line
        yield event


def event_id(organ: str, doc_no: str, subject: str, *, suffix: str = "") -> str:
    """Return the idempotency key: issuing organ, document number, subject.

    Source:
        Domain reference §5.3.

    >>> event_id("11410422MB1234567X", "叶罚[2026]17号", "91410422MA3X1A2B83")
    '11410422MB1234567X/叶罚〔2026〕17号/91410422MA3X1A2B83'
    """
    key = "/".join(part for part in (organ, plain_number(doc_no), subject, suffix) if part)
    if len(key) <= MAX_ID:
        return key
    rest = MAX_ID - len(subject) - len(suffix) - 2 * len("/") - len(_digest(key)) - 1
    return "/".join(part for part in (key[:rest] + _digest(key), subject, suffix) if part)


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def _penalty(row: Row, source: str, domain: str) -> e.Event:
    subject = _subject(row, "CF")
    doc_no = _needed(row, "CF_WSH")
    decided = _needed_day(row, "CF_JDRQ")
    organ = _needed(row, "CF_CFJG", "CF_XZJG")
    state = row.code("CF_ZT")
    if state in _REVOKED:
        followed = e.PenaltyFollowed(
            penalty_no=doc_no, kind="revoked", on=row.day("SJC") or decided, organ=organ,
            subject_name=row.text("CF_XDR_MC")[:MAX_TEXT],
        )  # fmt: skip
        key = event_id(row.code("CF_CFJGDM") or organ, doc_no, subject, suffix="revoked")
        return _event(followed, key, source=source, subject=subject, day=decided)
    kinds = ";".join(filter(None, map(row.text, ("CF_CFLB", "CF_CFLB1", "CF_CFLB2"))))
    basis, offence_kind, facts = row.text("CF_YJ"), row.text("CF_WFXW"), row.text("CF_SY")
    permit = row.text("CF_NR_ZKDX")
    data = e.PenaltyDecided(
        domain=domain_of(basis, f"{offence_kind} {facts} {organ}", fallback=domain),
        severity=severity_of(kinds, permit=permit),
        amount=row.yuan("CF_NR_FK"),
        confiscated=row.yuan("CF_NR_WFFF"),
        offence_kind=offence_kind[:MAX_TEXT],
        kinds=kinds[:MAX_TEXT],
        grounds=facts[:MAX_TEXT],
        content=row.text("CF_NR", "CF_JG")[:MAX_TEXT],
        permit=permit[:MAX_TEXT],
        publication_end=row.day("CF_GSJZQ"),
        doc_no=doc_no,
        organ=organ,
        place=_place(row, "CF_CFJGDM"),
        decided_at=decided,
        contested=state in _CONTESTED,
        legal_basis=(basis[:MAX_TEXT],) if basis else (),
        source_org=row.code("CF_SJLYDM"),
        subject_name=row.text("CF_XDR_MC")[:MAX_TEXT],
    )
    key = event_id(row.code("CF_CFJGDM") or organ, doc_no, subject)
    return _event(data, key, source=source, subject=subject, day=decided)


def _licence(row: Row, source: str, domain: str) -> e.Event:
    subject = _subject(row, "XK")
    doc_no = _needed(row, "XK_WSH", "XK_XKBH")
    decided = _needed_day(row, "XK_JDRQ")
    organ = _needed(row, "XK_XKJG", "XK_XZJG")
    name = row.text("XK_XKZS", "XK_XKWS", "XK_XMMC", "XK_XKLB", "XK_SPLB") or "行政许可"
    number = row.text("XK_XKBH") or doc_no
    said = f"{row.text('XK_NR')} {row.text('XK_XMMC')} {organ}"
    found = domain_of(name, said, fallback=domain)
    valid_to = row.day("XK_YXQZI", "XK_JZQ")
    # The newer form says 1 valid, 2 not; the older one 0 normal, 1 revoked, 2 contested.
    newer = bool(row.text("XK_XKJG"))
    ended = permit_end_of(row.code("XK_ZT"), newer=newer)
    key = event_id(row.code("XK_XKJGDM") or organ, doc_no, subject, suffix=ended or "")
    if ended is not None:
        over = e.PermitEnded(
            permit_no=number, kind=ended, domain=found, doc_no=doc_no, organ=organ,
            place=_place(row, "XK_XKJGDM"), decided_at=decided,
            source_org=row.code("XK_LYDWDM"), subject_name=row.text("XK_XDR_MC")[:MAX_TEXT],
        )  # fmt: skip
        return _event(over, key, source=source, subject=subject, day=decided)
    if valid_to is None:
        raise RowRefusedError("XK_YXQZI 为空，请写许可的截止日期或“长期”。XK_YXQZI is empty")
    data = e.PermitGranted(
        permit_no=number,
        permit_type=name[:MAX_TEXT],
        domain=found,
        valid_from=row.day("XK_YXQZ"),
        valid_to=valid_to,
        scope=row.text("XK_NR")[:MAX_TEXT],
        doc_no=doc_no,
        organ=organ,
        place=_place(row, "XK_XKJGDM"),
        decided_at=decided,
        contested=not newer and row.code("XK_ZT") in _CONTESTED,
        source_org=row.code("XK_LYDWDM"),
        subject_name=row.text("XK_XDR_MC")[:MAX_TEXT],
    )
    return _event(data, key, source=source, subject=subject, day=decided)


def _event(data: e.Payload, key: str, *, source: str, subject: str, day: dt.date) -> e.Event:
    """Return the event on the day of the decision: the form knows no hour."""
    return e.event_of(data, id=key, source=source, subject=subject, time=midnight(day))


def _checked(event: e.Event) -> e.Event:
    """Return what the wire makes of an event: what `sanzao publish` refuses is refused here."""
    raw = e.encode(event)
    try:
        return e.decode(raw)
    except e.InvalidEventError as error:
        wanted = of_event(error, raw)
        raise RowRefusedError(f"{wanted}。{error.detail}" if wanted else error.detail) from error


def _subject(row: Row, prefix: str) -> str:
    """Return the enterprise's code; a person has none, and is not carried over."""
    if row.overfull:
        raise RowRefusedError("单元格比列多：含逗号的内容请加双引号。more cells than columns")
    if "自然人" in row.text(f"{prefix}_XDR_LB"):
        raise RowRefusedError(f"{prefix}_XDR_LB: 自然人，不转换。a natural person")
    code = row.code(f"{prefix}_XDR_SHXYM")
    if not code:
        person = row.text(f"{prefix}_XDR_SFZ", f"{prefix}_XDR_ZJHM")
        raise RowRefusedError(
            f"{prefix}_XDR_SHXYM 为空，填了公民身份号码：自然人，不转换。a natural person"
            if person
            else f"{prefix}_XDR_SHXYM 为空，请填统一社会信用代码。{prefix}_XDR_SHXYM is empty"
        )
    try:
        status = status_of(code)
    except InvalidUsccError:
        status = None
    if status is not UsccStatus.VALID and _CITIZEN.fullmatch(code):
        raise RowRefusedError(
            f"{prefix}_XDR_SHXYM 填的是公民身份号码：自然人，不转换。a citizen's number"
        )
    if status is None:
        raise RowRefusedError(
            f"{prefix}_XDR_SHXYM 不是统一社会信用代码（18 位，这里 {len(code)} 位，或字母不对）。"
            f"no code of GB 32100-2015"
        )
    return code


def _needed(row: Row, *columns: str) -> str:
    said = row.text(*columns)
    if not said:
        raise RowRefusedError(f"{'/'.join(columns)} 为空，请补填。{'/'.join(columns)} is empty")
    return said


def _needed_day(row: Row, column: str) -> dt.date:
    day = row.day(column)
    if day is None:
        raise RowRefusedError(f"{column} 为空，请补填。{column} is empty")
    return day


def _place(row: Row, organ_column: str) -> str:
    """Return where the matter is: the region that the form names, or else the organ's own.

    Never places 3 to 8 of the enterprise's code: that is where it was registered.
    """
    for said in (row.code("DFBM", "CF_AREACODE", "CF_XZBM"), row.code(organ_column)[2:8]):
        if _PLACE.fullmatch(said):
            return said
    return ""
