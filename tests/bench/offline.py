"""What do batch models say on the same features, learned anew every month from all outcomes known?

scikit-learn's logistic regression and gradient boosting, the usual choice of an analyst.
"""

import bisect
import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tests.bench.prequential import Scored

OFFLINE: Mapping[str, Callable[[], Any]] = {
    "offline LR": lambda: make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=200)),
    "offline HistGB": lambda: HistGradientBoostingClassifier(
        max_iter=100, learning_rate=0.05, max_leaf_nodes=15, early_stopping=False, random_state=1
    ),
}
# A month has too few looks for a sixty-column matrix before this many.
LEAST = 1000


def refitted(
    scored: Sequence[Scored],
    first: int,
    last: int,
    *,
    delay: dt.timedelta,
    every: dt.timedelta = dt.timedelta(days=30),
) -> dict[str, list[float]]:
    """Return what each batch model says of the looks ``first`` to before ``last``.

    At the begin and after every ``every`` it is fitted on all looks whose outcome is known.
    """
    names = {
        name: place for place, name in enumerate(sorted({n for o in scored for n in o.numbers}))
    }
    matrix = np.zeros((last, len(names)), dtype=np.float32)
    for row, one in enumerate(scored[:last]):
        for name, number in one.numbers.items():
            matrix[row, names[name]] = number
    found = np.array([one.found for one in scored[:last]])
    days = [one.at for one in scored[:last]]
    said: dict[str, list[float]] = {name: [] for name in OFFLINE}
    place = first
    while place < last:
        until = bisect.bisect_left(days, days[place] + every, lo=place)
        known = bisect.bisect_right(days, days[place].replace(hour=0, minute=0) - delay
                                    + dt.timedelta(days=1))  # fmt: skip
        known = min(known, place)
        for name, make in OFFLINE.items():
            if known < LEAST or found[:known].all() or not found[:known].any():
                said[name] += [0.5] * (until - place)
                continue
            model = make().fit(matrix[:known], found[:known])
            said[name] += model.predict_proba(matrix[place:until])[:, 1].tolist()
        place = until
    return said
