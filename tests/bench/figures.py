"""How are figures written so that people and programs can read them?"""

import math
from collections.abc import Mapping, Sequence


def line(title: str, figures: Mapping[str, object]) -> str:
    """Return one line of figures.

    >>> line("verify", {"states": 3, "seconds": 1.25})
    'verify: states=3 seconds=1.2'
    """
    return f"{title}: " + " ".join(f"{name}={_short(value)}" for name, value in figures.items())


def _short(value: object) -> str:
    return f"{value:.1f}" if isinstance(value, float) else str(value)


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that ``share`` of the values do not exceed; nan where there is none.

    >>> percentile([4.0, 1.0, 3.0, 2.0], 0.5)
    2.0
    """
    if not values:
        return math.nan
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a Markdown table.

    >>> print(table(["path", "events/s"], [["bare", 3]]))
    | path | events/s |
    |---|---|
    | bare | 3 |
    """
    lines = [heads, *rows]
    text = ["| " + " | ".join(map(str, cells)) + " |" for cells in lines]
    return "\n".join([text[0], "|" + "---|" * len(heads), *text[1:]])
