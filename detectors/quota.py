"""May this outcome still teach?  Nobody moves a model by telling it the same again and again.

Complaints are cheap to forge, and a verified report is an outcome.  So one enterprise, and one
informant, teach only so often in a window; what comes above is told to people as ever, it only
teaches nothing.
"""

from collections.abc import Iterator, Mapping

from detectors.example import Example
from detectors.facts import DAY_S

WINDOW_S = 30 * DAY_S
# Twice a day; of 70,000 looks of the two cities measured 73 lay above it.
MOST_AN_ENTERPRISE = 60
MOST_AN_INFORMANT = 3


class Quota:
    """How often each has taught in the window.

    Shapes:
        State: the moments of the window by enterprise and informant; what is older goes.
    """

    def __init__(self, moments: Mapping[str, list[int]] | None = None) -> None:
        self.moments = {key: list(times) for key, times in (moments or {}).items()}
        self.refused = 0
        self._swept = 0

    def admits(self, example: Example) -> bool:
        """Return whether the outcome may teach, and remember that it did."""
        self._sweep(example.at)
        since = example.at - WINDOW_S
        keys = list(_keys(example))
        for key, most in keys:
            recent = [moment for moment in self.moments.get(key, ()) if moment > since]
            if len(recent) >= most:
                self.refused += 1
                return False
        for key, _ in keys:
            times = self.moments.setdefault(key, [])
            times.append(example.at)
            del times[:-MOST_AN_ENTERPRISE]
        return True

    def _sweep(self, at: int) -> None:
        """Let go of what is older than the window, once a day."""
        if at - self._swept < DAY_S:
            return
        self._swept = at
        self.moments = {
            key: times for key, times in self.moments.items() if times[-1] > at - WINDOW_S
        }


def _keys(example: Example) -> Iterator[tuple[str, int]]:
    if example.subject:
        yield f"enterprise/{example.subject}", MOST_AN_ENTERPRISE
    if example.informant:
        yield f"informant/{example.informant}", MOST_AN_INFORMANT
