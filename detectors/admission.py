"""May an event be judged at all: is its time past, and its subject an enterprise?

The stream asks when it judges, ``sanzao publish`` before it sends.
"""

import datetime as dt
import functools

from detectors.events import Cause, Event, InvalidEventError
from detectors.uscc import InvalidUsccError, UsccStatus, status_of

# Clocks of sources drift by minutes and some send a day in another zone; two days are a mistake.
FUTURE_TOLERANCE = dt.timedelta(days=1)


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


@functools.lru_cache(maxsize=16)
def _latest(now: dt.datetime) -> int:
    """Return the last second that is not the future; the records of a batch share their ``now``."""
    return int((now + FUTURE_TOLERANCE).timestamp())
