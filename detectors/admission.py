"""May an event be applied at all?  What is asked of it once it has been decoded.

The decoder knows the form of a record; here speaks what depends on the knowledge, on the moment of
receipt, and on who sends.  The stream asks when it judges, ``sanzao publish`` before it sends.
"""

import datetime as dt
import functools
from collections.abc import Mapping

from detectors import deadline, meeting
from detectors.events import (
    SIGNALS,
    Cause,
    ClassOfMonth,
    DeadlineFellDue,
    Event,
    InvalidEventError,
    Payload,
    type_of,
)
from detectors.feeds import is_named
from detectors.knowledge import Knowledge
from detectors.official import Month
from detectors.uscc import InvalidUsccError, UsccStatus, status_of

# Clocks of sources drift by minutes and some send a day in another zone; two days are a mistake.
FUTURE_TOLERANCE = dt.timedelta(days=1)
# Who makes each signal: from anybody else it would move points, or what has been judged.
MAKERS: Mapping[type[Payload], str] = {
    signal: deadline.SOURCE if signal is DeadlineFellDue else meeting.SOURCE for signal in SIGNALS
}


def check_time(event: Event, *, now: dt.datetime) -> int:
    """Return when the event occurred, in seconds.

    Raises:
        InvalidEventError: it lies in the future of its receipt.
    """
    at = int(event.time.timestamp())
    if at > _latest(now):
        raise InvalidEventError(
            Cause.FUTURE,
            f"time {event.time.isoformat()} lies after the day of receipt ({now.isoformat()}); "
            f"correct the source's clock and send the event again",
        )
    return at


def check_subject(event: Event, *, allowed: frozenset[str] = frozenset()) -> None:
    """Check the code of an enterprise that nothing was heard of before.

    Raises:
        InvalidEventError: it is none, or its check digit is wrong and no register vouches for it.
    """
    try:
        status = status_of(event.subject, allowed=allowed)
    except InvalidUsccError as error:
        raise InvalidEventError(Cause.INVALID_SUBJECT, f"subject: {error}") from error
    if status is UsccStatus.QUARANTINED:
        raise InvalidEventError(
            Cause.QUARANTINED_SUBJECT,
            f"subject: the check digit of {event.subject} is wrong; if a register vouches for "
            f"the code, add it to allowed_usccs in knowledge.yaml and publish the record again",
        )


def check(event: Event, knowledge: Knowledge, *, now: dt.datetime) -> None:
    """Refuse an event of an unknown domain, or by whom it is not for.

    Units:
        ``now`` is the moment the log took it.

    Raises:
        InvalidEventError: with the cause, and what would be right.
    """
    data = event.data
    domain = getattr(data, "domain", "")
    if domain and domain not in knowledge.domains:
        raise InvalidEventError(
            Cause.UNKNOWN_DOMAIN,
            f"`$.data.domain`: {domain!r} is no domain; use one of {', '.join(knowledge.domains)}",
        )
    maker = MAKERS.get(type(data))
    if maker is not None and event.source != maker:
        raise InvalidEventError(
            Cause.FOREIGN_SOURCE,
            f"`$.source`: {type_of(type(data))} is made by sanzao itself ({maker}), and taken "
            f"from nobody else; got {event.source!r}",
        )
    if type(data) is ClassOfMonth:
        _check_month(event.source, data, knowledge, now)


def _check_month(source: str, data: ClassOfMonth, knowledge: Knowledge, now: dt.datetime) -> None:
    """Refuse an official class by another source than the province, or of a month under way."""
    if not is_named(source, knowledge.class_sources):
        raise InvalidEventError(
            Cause.FOREIGN_SOURCE,
            f"`$.source`: {source!r} may not tell official classes; the sources that may stand "
            f"under class_sources in knowledge.yaml",
        )
    if Month.of(data.period).last_s >= now.timestamp():
        raise InvalidEventError(
            Cause.FUTURE,
            f"`$.data.period`: {data.period} had not ended when the record was received "
            f"({now.isoformat()}): an official class stands for good, so it is told afterwards",
        )


@functools.lru_cache(maxsize=16)
def _latest(now: dt.datetime) -> int:
    """Return the last second that is not the future; the records of a batch share their ``now``."""
    return int((now + FUTURE_TOLERANCE).timestamp())
