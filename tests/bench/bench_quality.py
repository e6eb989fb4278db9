"""How well does the learned probability rank the looks that will find a problem?

    python -m tests.bench.bench_quality --data DATA [--dataset beijing_culture] [--delays 1 7]

Prequential: each look is scored before anything of its day is known, and learned so many days
later.  Exit status 1 where the product's probability ranks no better than the baseline, the
smoothed past rate of the enterprise, on the test window.
"""

import argparse
import dataclasses
import datetime as dt
import sys
from collections.abc import Callable, Sequence

from sklearn.metrics import average_precision_score, log_loss, roc_auc_score

from config.schema import Settings
from streams.assembly import build_wisdom
from tests.bench import command_line
from tests.bench.datasets.dataset import Dataset
from tests.bench.figures import table
from tests.bench.prequential import Scored, Stream, by_day

WARM_UP = 1000
CLIP = 1e-6
VOICES: dict[str, Callable[[Scored], float]] = {
    "learner (knows the form of the look)": lambda one: one.learner,
    "scorer (what decisions use)": lambda one: one.scorer,
    "baseline: past rate": lambda one: one.past_rate,
}
LEARNER, SCORER, BASELINE = VOICES


@dataclasses.dataclass(frozen=True, slots=True)
class Quality:
    """How good a ranking is.

    Units:
        ``within_day`` is the ROC AUC over pairs of looks of the same day alone: what is left
        when bursts of days with many failures are taken out.
    """

    count: int
    positives: int
    roc_auc: float
    average_precision: float
    log_loss: float
    within_day: float


def quality(scored: Sequence[Scored], voice: Callable[[Scored], float]) -> Quality:
    """Return the figures of one voice.

    Raises:
        ValueError: all looks ended alike, so nothing can be ranked.
    """
    found = [one.found for one in scored]
    said = [min(max(voice(one), CLIP), 1 - CLIP) for one in scored]
    return Quality(
        count=len(scored),
        positives=sum(found),
        roc_auc=float(roc_auc_score(found, said)),
        average_precision=float(average_precision_score(found, said)),
        log_loss=float(log_loss(found, said)),
        within_day=within_day(scored, voice),
    )


def within_day(scored: Sequence[Scored], voice: Callable[[Scored], float]) -> float:
    """Return the share of pairs of one day (found, not found) that stand in the right order."""
    right = pairs = 0.0
    for looks in by_day(scored).values():
        positives = sum(one.found for one in looks)
        weight = positives * (len(looks) - positives)
        if weight:
            right += weight * float(
                roc_auc_score([one.found for one in looks], [voice(one) for one in looks])
            )
            pairs += weight
    return right / pairs if pairs else 0.5


def main(words: Sequence[str] | None = None) -> int:
    """Measure, and print one table."""
    reader = argparse.ArgumentParser(prog="python -m tests.bench.bench_quality")
    command_line.add_data(reader)
    reader.add_argument("--delays", type=int, nargs="+", default=[1, 7], help="days")
    reader.add_argument("--warm-up", type=int, default=WARM_UP, help="looks not counted")
    options = reader.parse_args(words)
    return command_line.run(lambda: _measure(options))


def _measure(options: argparse.Namespace) -> bool:
    dataset: Dataset = options.dataset
    events = command_line.events_of(options)
    expertise = build_wisdom(Settings()).expertise
    rows: list[tuple[object, ...]] = []
    holds = True
    for days in options.delays:
        scored = list(Stream(expertise, delay=dt.timedelta(days=days)).run(events))
        windows = {
            f"test, from {dataset.test_from:%Y-%m-%d}": [
                one for one in scored if one.at >= dataset.test_from
            ],
            f"whole, after {options.warm_up} looks": scored[options.warm_up :],
        }
        for window, looks in windows.items():
            if len({one.found for one in looks}) < 2:
                continue
            figures = {name: quality(looks, voice) for name, voice in VOICES.items()}
            rows += [_row(days, window, name, one) for name, one in figures.items()]
            if window.startswith("test"):
                holds = holds and figures[SCORER].roc_auc > figures[BASELINE].roc_auc
    heads = (
        *("known after", "window", "voice", "n", "found", "ROC AUC", "average precision"),
        *("log loss", "ROC AUC within a day"),
    )
    print(f"{dataset.about}: {dataset.outcome}\n\n{table(heads, rows)}")  # noqa: T201
    print(f"bench-quality: holds={holds and bool(rows)}")  # noqa: T201
    return holds and bool(rows)


def _row(days: int, window: str, name: str, one: Quality) -> tuple[object, ...]:
    return (
        f"{days} d",
        window,
        name,
        one.count,
        one.positives,
        f"{one.roc_auc:.3f}",
        f"{one.average_precision:.3f}",
        f"{one.log_loss:.4f}",
        f"{one.within_day:.3f}",
    )


if __name__ == "__main__":
    sys.exit(main())
