"""How often have looks of late found a problem: in the domain, in a trade, a place, with a person?

Each group keeps discounted counts over four spans, smoothed towards the group above it.  A tide
says how far a group stands from the one above, in log odds: what a linear model adds up.
Only what is learned moves a tide, and it is read before the look is learned.
"""

import math
from collections.abc import Iterator, Mapping

from detectors.example import Example
from detectors.facts import DAY_S

# Half-lives in days.  Who looks and at what changes little for ever; a year, a month, and the two
# days of a campaign are the spans in which inspectors plan.
SPANS = {"ever": 36_525.0, "year": 365.25, "month": 30.0, "days": 2.0}
KINDS = ("all", "category", "form", "task", "place", "town", "inspector")
COUNTY_DIGITS = 6  # GB/T 2260; three more name the town or street whose office looks
NAMES = tuple(f"tide_{kind}_{span}" for kind in KINDS for span in SPANS)
# Ten looks at the rate of the group above: a group of its own begins to speak at about ten.
PRIOR_LOOKS = 10.0
PRIOR_RATE = 0.05
# A county has some hundred trades, places and inspectors; above it the stalest group goes.
MOST_GROUPS = 2000
COUNTS = 2 * len(SPANS)
_HALVES = tuple(SPANS.values())


def groups(example: Example) -> Iterator[tuple[str, str]]:
    """Yield the kind and the key of each group that a look belongs to."""
    yield "all", ""
    if example.category:
        yield "category", example.category
    if example.form:
        yield "form", example.form
    if example.category and example.form:
        yield "task", f"{example.category}\t{example.form}"
    if example.place:
        yield "place", example.place[:COUNTY_DIGITS]
        if len(example.place) > COUNTY_DIGITS:
            yield "town", example.place
    if example.inspector:
        yield "inspector", example.inspector


class Tides:
    """The tides of one domain.

    Shapes:
        State: for each group a day and, for each span, discounted problems and looks.

    Units:
        Days are counted from 1970, event time.
    """

    def __init__(self, counts: Mapping[str, list[float]] | None = None) -> None:
        self.counts = {key: list(row) for key, row in (counts or {}).items()}

    def read(self, example: Example) -> dict[str, float]:
        """Return the tides by name, as of the day of the look; a group never seen says nothing."""
        day = example.at / DAY_S
        base = self.rates("all\t", day, (PRIOR_RATE,) * len(SPANS))
        found = self.level(base)
        for kind, key in groups(example):
            if kind != "all" and f"{kind}\t{key}" in self.counts:
                found |= self.tide(kind, key, day, base)
        return found

    def level(self, base: tuple[float, ...]) -> dict[str, float]:
        """Return the tides of the whole domain by name."""
        return {f"tide_all_{span}": _log_odds(rate) for span, rate in zip(SPANS, base, strict=True)}

    def tide(self, kind: str, key: str, day: float, base: tuple[float, ...]) -> dict[str, float]:
        """Return how far a group stands from the whole domain, by name."""
        rates = self.rates(f"{kind}\t{key}", day, base)
        return {
            f"tide_{kind}_{span}": _log_odds(rate) - _log_odds(above)
            for span, rate, above in zip(SPANS, rates, base, strict=True)
        }

    def rates(self, name: str, day: float, above: tuple[float, ...]) -> tuple[float, ...]:
        """Return the smoothed rate of a group over each span."""
        row = self.counts.get(name)
        if row is None:
            return above
        age = max(0.0, day - row[0])
        rates = []
        for place, half in enumerate(_HALVES):
            keep = 2.0 ** (-age / half)
            problems, looks = keep * row[1 + 2 * place], keep * row[2 + 2 * place]
            rates.append((problems + PRIOR_LOOKS * above[place]) / (looks + PRIOR_LOOKS))
        return tuple(rates)

    def learn(self, example: Example) -> None:
        """Take in an outcome; one that comes late counts as if it had come in time."""
        day = example.at / DAY_S
        found = float(bool(example.found))
        for kind, key in groups(example):
            name = f"{kind}\t{key}"
            row = self.counts.get(name)
            if row is None:
                if len(self.counts) >= MOST_GROUPS:
                    self._let_go()
                row = self.counts[name] = [day, *([0.0] * COUNTS)]
            ahead = day - row[0]
            for place, half in enumerate(_HALVES):
                weight = 1.0
                if ahead > 0:
                    keep = 2.0 ** (-ahead / half)
                    row[1 + 2 * place] *= keep
                    row[2 + 2 * place] *= keep
                else:
                    weight = 2.0 ** (ahead / half)
                row[1 + 2 * place] += weight * found
                row[2 + 2 * place] += weight
            row[0] = max(row[0], day)

    def _let_go(self) -> None:
        stalest = min((row[0], key) for key, row in self.counts.items() if key != "all\t")
        del self.counts[stalest[1]]


def _log_odds(rate: float) -> float:
    return math.log(rate / (1.0 - rate))
