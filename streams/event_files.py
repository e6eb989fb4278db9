"""Which lines of a file would the stream take, and what is wrong with the others?"""

import datetime as dt
import functools
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from detectors.admission import check, check_subject, check_time
from detectors.events import Cause, InvalidEventError, decode
from detectors.knowledge import Knowledge
from streams.terminal import err


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
            complaints.append(f"line {number}: {error.cause.value}: {error.detail}")
    return records, complaints


def complain(file: Path, complaints: Sequence[str]) -> None:
    """Say which lines are wrong; where an event was spread over lines, how it is written in one."""
    for complaint in complaints:
        err.print(f"{file}: {complaint}", style="yellow", markup=False)
    if any(f": {Cause.NOT_JSON.value}: " in complaint for complaint in complaints):
        err.print(
            "事件文件每行一个事件，一个 JSON 不能分成几行（可用 jq -c . 改写）。 "
            "One event a line: a JSON object must not be spread over several.",
            style="yellow",
            markup=False,
        )
