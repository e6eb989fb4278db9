"""Which lines of a file would the stream take, and what is wrong with the others?"""

import datetime as dt
import functools
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from detectors.admission import check_subject, check_time
from detectors.events import Cause, Event, InvalidEventError, decode
from streams.terminal import err

Allowed = Callable[[], frozenset[str]]


def checked(
    lines: Iterable[bytes], *, allowed: Allowed, now: dt.datetime
) -> tuple[list[tuple[str, bytes]], list[str]]:
    """Return the records to publish, with their keys, and what is wrong with the other lines.

    ``allowed`` gives the codes that a register vouches for; it reads the knowledge, and is asked
    only where a check digit is wrong.
    """
    vouched = functools.cache(allowed)
    records, complaints = [], []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            event = decode(line)
            check_time(event, now=now)
            _check_subject(event, vouched)
            records.append((event.subject, line))
        except InvalidEventError as error:
            complaints.append(f"line {number}: {error.cause.value}: {error.detail}")
    return records, complaints


def _check_subject(event: Event, allowed: Allowed) -> None:
    try:
        check_subject(event)
    except InvalidEventError as error:
        if error.cause is not Cause.QUARANTINED_SUBJECT:
            raise
        check_subject(event, allowed=allowed())


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
