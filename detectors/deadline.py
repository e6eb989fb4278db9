"""How does a moment that has come become an event of the log?"""

import datetime as dt

from detectors.events import DeadlineFellDue, Event, event_of

SOURCE = "urn:sanzao:timers"


def deadline_of(subject: str, due: int, *, silent_feeds: tuple[str, ...] = ()) -> Event:
    """Return the event that tells an enterprise that a moment has come.

    Its id names enterprise and moment, so a second sending is recognised.

    Units:
        ``due`` is event time in seconds.
    """
    return event_of(
        DeadlineFellDue(due=due, silent_feeds=silent_feeds),
        id=f"{subject}/{due}",
        source=SOURCE,
        subject=subject,
        time=dt.datetime.fromtimestamp(due, dt.UTC),
    )
