"""What time is it?  The one place that asks."""

import datetime as dt


def now() -> dt.datetime:
    """Return the wall clock, aware, in UTC."""
    return dt.datetime.now(dt.UTC)  # noqa: TID251 - this is the one place
