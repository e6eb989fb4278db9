"""What time is it, and when does a day begin?  The one place that asks the clock."""

import datetime as dt

from detectors.warning import CHINA


def now() -> dt.datetime:
    """Return the wall clock, aware, in UTC."""
    return dt.datetime.now(dt.UTC)  # noqa: TID251 - this is the one place


def midnight(day: dt.date) -> dt.datetime:
    """Return the moment at which a day begins in China; ``detectors.stating.moment`` in seconds.

    >>> midnight(dt.date(2026, 7, 1)).isoformat()
    '2026-07-01T00:00:00+08:00'
    """
    return dt.datetime.combine(day, dt.time(), tzinfo=CHINA)
