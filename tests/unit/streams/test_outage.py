"""Is an outage said once, and its end once?"""

import logging

from streams.outage import Outage


def test_an_outage_is_said_once_and_its_end_once(caplog):
    """Who asks five times a second would fill the log; the next outage is told anew."""
    outage = Outage(logging.getLogger("of-this-test"), "back")

    outage.ended()
    for cause in ("first", "second"):
        outage.began("away: %s", cause)
    outage.ended()
    outage.ended()
    outage.began("away: %s", "third")

    assert [one.getMessage() for one in caplog.records] == ["away: first", "back", "away: third"]
