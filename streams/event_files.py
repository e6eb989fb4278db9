"""Which lines of a file would the stream take, and what is wrong with the others?"""

import codecs
import datetime as dt
import functools
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from detectors.admission import check, check_subject, check_time
from detectors.events import Cause, InvalidEventError, decode
from detectors.knowledge import Knowledge
from streams.event_complaints import NOT_UTF8, complaint_of
from streams.terminal import err

_COLUMNS = (b"CF_", b"XK_")  # how a 双公示 file begins, in any encoding
_CONVERT = (
    "这是双公示文件，请先用 sanzao convert 转换为事件，再发布转换结果。 "
    "A 双公示 CSV: run 'sanzao convert' first."
)
_SAVE_AS_UTF8 = "请把事件文件另存为 UTF-8 后重试。 Save the file in UTF-8."
_ONE_A_LINE = (
    "事件文件每行一个事件，一个 JSON 不能分成几行（可用 jq -c . 改写）。 "
    "One event a line: a JSON object must not be spread over several."
)


def lines_of(file: Path) -> list[bytes]:
    """Return the lines of a file, without the mark that Windows puts before UTF-8."""
    return file.read_bytes().removeprefix(codecs.BOM_UTF8).rstrip().splitlines()


def checked(
    lines: Iterable[bytes], *, knowledge: Callable[[], Knowledge], now: dt.datetime
) -> tuple[list[tuple[str, bytes]], list[str]]:
    """Return the records to publish, with their keys, and what is wrong with the other lines.

    ``knowledge`` is read once, and only where there is an event at all.
    """
    known = functools.cache(knowledge)
    records, complaints = [], []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            event = decode(line)
            check_time(event, now=now)
            check_subject(event, allowed=known().allowed_usccs)
            check(event, known(), now=now)
            records.append((event.subject, line))
        except InvalidEventError as error:
            complaints.append(complaint_of(number, error, line))
    return records, complaints


def complain(file: Path, complaints: Sequence[str], *, first: bytes = b"") -> None:
    """Say which lines are wrong; where all of the file is of another kind, what to do with it.

    ``first`` is its first line: it tells a 双公示 file.
    """
    for complaint in complaints:
        err.print(f"{file}: {complaint}", style="yellow", markup=False)
    if remedy := _remedy(complaints, first):
        err.print(remedy, style="yellow", markup=False)


def _remedy(complaints: Sequence[str], first: bytes) -> str:
    """Return what helps the whole file, or "" where each line is to be mended by itself."""
    if first.lstrip(b'"').upper().startswith(_COLUMNS):
        return _CONVERT
    if any(NOT_UTF8 in complaint for complaint in complaints):
        return _SAVE_AS_UTF8
    if any(f": {Cause.NOT_JSON.value}: " in complaint for complaint in complaints):
        return _ONE_A_LINE
    return ""
