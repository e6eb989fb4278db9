"""What do the experts get to see of a look?  Numbers on one scale, and names that stand for one.

Features, tides and context are brought to mean 0 and deviation 1 by what was learned so far, and
clipped: one freak number must not move a model.  What is missing stands at the average.
"""

import datetime as dt
import math
from collections.abc import Mapping, Sequence

from detectors import features, tides
from detectors.example import Example
from detectors.tides import Tides
from detectors.warning import CHINA

# Four deviations: beyond them lies one in ten thousand of a bell, and every freak.
CLIP = 4.0
# Names grow with what sources send; the tides carry what the names no longer can.
MOST_CONTEXT = 32
MOST_FLAGS = 48
FLAGGED = ("category", "form", "inspector")
# Who looks on a day of rest looks otherwise: a night round, a fair, one inspector on duty.  Single
# weekdays said no more than this on either city.
WEEKEND = "day=weekend"
SATURDAY = 5
FIXED = (*features.NAMES, *tides.NAMES)
# What belongs to one look and not to the enterprise: nobody knows it of the look to come.
OF_THE_LOOK = (
    *("form=", "inspector=", WEEKEND, "context_"),
    *("tide_form_", "tide_task_", "tide_inspector_"),
)

Moments = list[float]  # how many, mean, sum of squared distances


class Scale:
    """Running mean and deviation of each number, by name.

    Source:
        Welford, "Note on a method for calculating corrected sums of squares", 1962.

    >>> scale = Scale()
    >>> for number in (1.0, 3.0):
    ...     scale.learn({"age": number})
    >>> scale.apply({"age": 3.0})
    {'age': 1.0}
    """

    def __init__(self, moments: Mapping[str, Sequence[float]] | None = None) -> None:
        self.moments: dict[str, Moments] = {k: list(v) for k, v in (moments or {}).items()}

    def learn(self, numbers: Mapping[str, float]) -> None:
        """Take in the numbers of one look."""
        for name, number in numbers.items():
            moments = self.moments.get(name)
            if moments is None:
                self.moments[name] = [1.0, number, 0.0]
                continue
            moments[0] += 1.0
            distance = number - moments[1]
            moments[1] += distance / moments[0]
            moments[2] += distance * (number - moments[1])

    def apply(self, numbers: Mapping[str, float]) -> dict[str, float]:
        """Return the numbers on one scale; one that never varied stands at 0."""
        return {name: self.one(name, number) for name, number in numbers.items()}

    def one(self, name: str, number: float) -> float:
        """Return one number on the common scale."""
        moments = self.moments.get(name)
        if moments is None or moments[2] <= 0.0:
            return 0.0
        scaled = (number - moments[1]) / math.sqrt(moments[2] / moments[0])
        return CLIP if scaled > CLIP else (max(scaled, -CLIP))


class Inputs:
    """The inputs of one domain's experts.

    Shapes:
        State: the scale, the tides, and the names seen: ``columns`` of numbers and ``flags``.
    """

    def __init__(
        self,
        *,
        scale: Scale | None = None,
        tide: Tides | None = None,
        columns: Sequence[str] = FIXED,
        flags: Sequence[str] = (),
    ) -> None:
        self.scale = scale or Scale()
        self.tides = tide or Tides()
        self.columns = list(columns)
        self.flags = dict.fromkeys(flags, 1.0)

    def numbers(self, example: Example) -> dict[str, float]:
        """Return the numbers of a look by name, as they stand before it."""
        found = dict(zip(features.NAMES, example.features, strict=True))
        found |= dict.fromkeys(tides.NAMES, 0.0)
        found |= self.tides.read(example)
        room = MOST_CONTEXT - (len(self.columns) - len(FIXED))
        for name, number in example.context.items():
            column = f"context_{name}"
            if column in self.scale.moments or room > 0:
                room -= column not in self.scale.moments
                found[column] = number
        return found

    def seen(self, numbers: Mapping[str, float], example: Example) -> dict[str, float]:
        """Return the scaled numbers and the flags of a look."""
        inputs = self.scale.apply(numbers)
        for flag in flags_of(example):
            if flag in self.flags:
                inputs[flag] = 1.0
        return inputs

    def learn(self, numbers: Mapping[str, float], example: Example) -> None:
        """Take in the look's numbers and names, but not yet its outcome."""
        self.scale.learn(numbers)
        if len(self.columns) < len(self.scale.moments):
            self.columns += [name for name in numbers if name not in self.columns]
        for flag in flags_of(example):
            if flag not in self.flags and len(self.flags) < MOST_FLAGS:
                self.flags[flag] = 1.0


def flags_of(example: Example) -> list[str]:
    """Return the names that a look stands under, such as ``category=网吧``."""
    flags = [f"{name}={value}" for name in FLAGGED if (value := getattr(example, name))]
    if dt.datetime.fromtimestamp(example.at, CHINA).weekday() >= SATURDAY:
        flags.append(WEEKEND)
    return flags


def of_enterprise(seen: Mapping[str, float]) -> dict[str, float]:
    """Return what of the inputs of a look would be the same for any other look of that moment."""
    return {name: number for name, number in seen.items() if not name.startswith(OF_THE_LOOK)}
