"""How well does the learned probability rank the looks that will find a problem?

    python -m tests.bench.bench_quality --data DATA [--datasets beijing_culture] [--delays 1 7]

Prequential: each look is scored before anything of its day is known, and learned so many days
later.  Beside our experts and their weighted word stand the enterprise's past rate and what
scikit-learn says, refitted monthly on the same features.  Exit status 1 where an aim is missed:
those of the data set, or the weighted word is .005 below its best expert.
"""

import argparse
import dataclasses
import datetime as dt
import importlib
import itertools
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec.structs import replace
from sklearn.metrics import average_precision_score, log_loss, roc_auc_score

from config.schema import Settings
from detectors.events import Event, InspectionResult
from detectors.example import Example
from detectors.expertise import Expertise
from detectors.experts import MEMBERS
from detectors.model import Learner
from streams.assembly import build_wisdom
from tests.bench import command_line
from tests.bench.datasets.dataset import Aim, Dataset
from tests.bench.figures import table
from tests.bench.offline import refitted
from tests.bench.prequential import Scored, Stream, by_day
from tests.bench.published import days_earlier

WARM_UP = 1000
CLIP = 1e-6
BEHIND = 0.005  # the weighted word may be so much below its best expert
# Fewer problems than this tell no two voices apart: the error of the ROC AUC is .05 and more.
LEAST_FOUND = 30
WEIGHTED, SCORER, BASELINE = "weighted word", "scorer (what decisions use)", "past rate"
HEADS = (
    *("known after", "window", "voice", "n", "found", "ROC AUC", "average precision"),
    *("log loss", "ROC AUC within a day", "days earlier", "first half"),
)
Voices = dict[str, list[float]]


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


def quality(looks: Sequence[Scored], scores: Sequence[float]) -> Quality:
    """Return the figures of one voice.

    Raises:
        ValueError: all looks ended alike, so nothing can be ranked.
    """
    found = [one.found for one in looks]
    said = [min(max(score, CLIP), 1 - CLIP) for score in scores]
    return Quality(
        count=len(looks),
        positives=sum(found),
        roc_auc=float(roc_auc_score(found, said)),
        average_precision=float(average_precision_score(found, said)),
        log_loss=float(log_loss(found, said)),
        within_day=within_day(looks, said),
    )


def within_day(looks: Sequence[Scored], scores: Sequence[float]) -> float:
    """Return the share of pairs of one day (found, not found) that stand in the right order."""
    right = pairs = 0.0
    places = {id(one): score for one, score in zip(looks, scores, strict=True)}
    for day in by_day(looks).values():
        positives = sum(one.found for one in day)
        weight = positives * (len(day) - positives)
        if weight:
            right += weight * float(
                roc_auc_score([one.found for one in day], [places[id(one)] for one in day])
            )
            pairs += weight
    return right / pairs if pairs else 0.5


def voices_of(looks: Sequence[Scored]) -> Voices:
    """Return what each of our voices said of the looks."""
    experts = sorted({name for one in looks for name in one.experts}, key=_rank)
    said = {name: [one.experts.get(name, one.learner) for one in looks] for name in experts}
    said[WEIGHTED] = [one.learner for one in looks]
    said[SCORER] = [one.scorer for one in looks]
    said[BASELINE] = [one.past_rate for one in looks]
    return said


def _rank(name: str) -> int:
    return [*MEMBERS, name].index(name)


class Report:
    """What is printed, and whether all aims hold."""

    def __init__(self) -> None:
        self.rows: list[tuple[object, ...]] = []
        self.missed: list[str] = []
        self.held = 0

    def add(
        self, dataset: Dataset, delay: str, window: str, looks: Sequence[Scored], voices: Voices,
        *, aim: Aim | None = None, published: bool = False,
    ) -> None:  # fmt: skip
        """Measure every voice on a window, and hold the weighted word against the aims.

        Where fewer than ``LEAST_FOUND`` looks found a problem nothing is claimed.
        """
        figures = {name: quality(looks, scores) for name, scores in voices.items()}
        for name, one in figures.items():
            extra: tuple[object, ...] = ("", "")
            if published:
                earlier = days_earlier(looks, voices[name])
                extra = (f"{earlier.days:.2f}", f"{earlier.first_half:.3f}")
            self.rows.append((
                delay, window, name, one.count, one.positives, f"{one.roc_auc:.4f}",
                f"{one.average_precision:.3f}", f"{one.log_loss:.4f}", f"{one.within_day:.3f}",
                *extra,
            ))  # fmt: skip
        where = f"{dataset.name}, {delay}, {window}"
        best = max((name for name in figures if name in MEMBERS),
                   key=lambda name: figures[name].roc_auc)  # fmt: skip
        if figures[best].positives < LEAST_FOUND:
            return
        self.check(
            f"{where}: weighted {figures[WEIGHTED].roc_auc:.4f}, {best} "
            f"{figures[best].roc_auc:.4f}",
            figures[WEIGHTED].roc_auc >= figures[best].roc_auc - BEHIND,
        )
        if aim is not None:
            self.check(f"{where}: ROC AUC {figures[WEIGHTED].roc_auc:.4f} >= {aim.roc_auc}",
                       figures[WEIGHTED].roc_auc >= aim.roc_auc)  # fmt: skip
            if aim.days_earlier is not None:
                days = days_earlier(looks, voices[WEIGHTED]).days
                self.check(f"{where}: {days:.2f} days earlier >= {aim.days_earlier}",
                           days >= aim.days_earlier)  # fmt: skip

    def check(self, claim: str, holds: bool) -> None:  # noqa: FBT001 - a claim and its truth
        """Note whether a claim holds."""
        if holds:
            self.held += 1
        else:
            self.missed.append(claim)


def main(words: Sequence[str] | None = None) -> int:
    """Measure, and print one table for each data set."""
    reader = argparse.ArgumentParser(prog="python -m tests.bench.bench_quality")
    reader.add_argument("--data", type=_folder, default=None, help="the folder of the data")
    reader.add_argument(
        "--datasets", "--dataset", nargs="+", type=command_line.dataset_named,
        default=[command_line.dataset_named(name) for name in named()],
    )  # fmt: skip
    reader.add_argument("--delays", type=int, nargs="+", default=None, help="days")
    reader.add_argument("--limit", type=int, default=None, help="only so many events")
    reader.add_argument("--warm-up", type=int, default=WARM_UP, help="looks not counted")
    reader.add_argument("--members", nargs="+", choices=MEMBERS, default=list(MEMBERS))
    options = reader.parse_args(words)
    return command_line.run(lambda: _measure(options))


def named() -> list[str]:
    """Return the names of all data sets that there are adapters for."""
    package = importlib.import_module(command_line.DATASETS)
    folder = Path(next(iter(package.__path__)))
    return sorted(path.stem for path in folder.glob("*.py") if path.stem != "dataset")


def _measure(options: argparse.Namespace) -> bool:
    expertise = build_wisdom(Settings()).expertise
    report = Report()
    for dataset in options.datasets:
        report.rows = []
        path = dataset.locate(options.data)
        events = list(itertools.islice(dataset.events(path), options.limit))
        run = Run(dataset, events, path, options)
        costs = [
            _prequential(report, expertise, run, days) for days in options.delays or dataset.delays
        ]
        if dataset.judged is not None:
            for is_told in (True, False):
                _frozen(report, expertise, run, is_told=is_told)
        print(f"## {dataset.about}: {dataset.outcome}\n\n{table(HEADS, report.rows)}\n")  # noqa: T201
        print("\n".join(costs) + "\n", flush=True)  # noqa: T201
    for claim in report.missed:
        print(f"missed: {claim}")  # noqa: T201
    holds = not report.missed and report.held > 0
    print(f"bench-quality: holds={holds} claims={report.held} missed={len(report.missed)}")  # noqa: T201
    return holds


@dataclasses.dataclass(frozen=True, slots=True)
class Run:
    """What is measured on."""

    dataset: Dataset
    events: Sequence[Event]
    path: Path
    options: argparse.Namespace


def _prequential(report: Report, expertise: Expertise, run: Run, days: int) -> str:
    """Measure one delay; return a line of what it cost."""
    begun = time.perf_counter()
    dataset, options = run.dataset, run.options
    delay = dt.timedelta(days=days)
    stream = Stream(expertise, delay=delay, members=options.members)
    scored = list(stream.run(run.events))
    test = [place for place, one in enumerate(scored)
            if dataset.test_from <= one.at < dataset.test_to]  # fmt: skip
    label = f"{days} d"
    problems = sum(scored[place].found for place in test)
    if 0 < problems < len(test):
        looks = [scored[place] for place in test]
        voices = voices_of(looks) | refitted(scored, test[0], test[-1] + 1, delay=delay)
        report.add(dataset, label, f"test, from {dataset.test_from:%Y-%m-%d}", looks, voices,
                   aim=dataset.aims.get(label))  # fmt: skip
    looks = scored[options.warm_up :]
    if len({one.found for one in looks}) > 1:
        report.add(dataset, label, f"whole, after {options.warm_up} looks", looks,
                   voices_of(looks))  # fmt: skip
    told = f"{dataset.name}, {label}: "
    if not 0 < problems < len(test):
        told += (f"{problems} of {len(test)} looks from {dataset.test_from:%Y-%m-%d} found a "
                 f"problem, so the test window cannot be ranked; ")  # fmt: skip
    if not stream.sample:
        return f"{told}no outcome became known, so nothing was learned"
    micros = stream.learning_s / stream.learned * 1e6
    return (
        f"{told}{micros:.0f} us an example (all experts, asked and taught), "
        f"{time.perf_counter() - begun:.0f} s in all; one expert alone, with its inputs and the "
        "scorer's: "
        + ", ".join(f"{name} {_micros(name, stream.sample):.0f} us" for name in options.members)
    )


def _micros(member: str, examples: Sequence[Example]) -> float:
    """Return the microseconds that one expert alone takes to be asked and taught an example."""
    learner = Learner(examples[0].domain, members=[member])
    begun = time.perf_counter()
    for example in examples:
        learner.ask(example)
        learner.learn(example)
    return (time.perf_counter() - begun) / len(examples) * 1e6


def _frozen(report: Report, expertise: Expertise, run: Run, *, is_told: bool) -> None:
    """Measure a model frozen at the begin of the test window, on the looks judged elsewhere."""
    dataset = run.dataset
    assert dataset.judged is not None
    judged = dataset.judged(run.path)
    stream = Stream(expertise, delay=dt.timedelta(days=1), members=run.options.members,
                    frozen_from=dataset.test_from)  # fmt: skip
    told = run.events if is_told else list(_untold(run.events))
    scored = list(stream.run(one for one in told if one.time < dataset.test_to))
    before = [one for one in scored if one.at < dataset.test_from]
    looks = [one for one in scored if one.at >= dataset.test_from and one.id in judged]
    if len({one.found for one in looks}) < 2:
        return
    whole = [*before, *looks]
    batch = refitted(whole, len(before), len(whole), delay=dt.timedelta(days=1),
                     every=dt.timedelta(days=3650))  # fmt: skip
    window = f"frozen, {'with' if is_told else 'without'} inspector"
    report.add(dataset, "1 d", window, looks, voices_of(looks) | batch,
               aim=dataset.aims.get(window), published=True)  # fmt: skip


def _untold(events: Sequence[Event]) -> Iterator[Event]:
    """Yield the events without a word of who looks."""
    for event in events:
        data = event.data
        if isinstance(data, InspectionResult) and data.inspector:
            yield replace(event, data=replace(data, inspector=""))
        else:
            yield event


def _folder(text: str) -> Path | None:
    # make passes DATA on as it is: empty where it was not given.
    return Path(text).resolve() if text else None


if __name__ == "__main__":
    sys.exit(main())
