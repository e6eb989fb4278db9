"""How are the measuring commands told what to measure, and how do they end?"""

import argparse
import importlib
import sys
from collections.abc import Callable
from pathlib import Path

from detectors.events import Event
from tests.bench.datasets.dataset import Dataset, MissingDataError, UnfitDataError

HOLDS, FAILS, NO_DATA = 0, 1, 2
DATASETS = "tests.bench.datasets"


def add_data(parser: argparse.ArgumentParser) -> None:
    """Add the options that name a city's records."""
    parser.add_argument("--data", type=_folder, default=None, help="the folder of the data")
    parser.add_argument("--dataset", type=dataset_named, default="beijing_culture")
    parser.add_argument("--limit", type=int, default=None, help="only so many events")


def dataset_named(name: str) -> Dataset:
    """Return a city's records by the name of its module.

    Raises:
        argparse.ArgumentTypeError: there is no such module.

    >>> dataset_named("beijing_culture").outcome
    'an inspection finds a problem'
    """
    try:
        dataset: Dataset = importlib.import_module(f"{DATASETS}.{name}").DATASET
    except (ImportError, AttributeError) as error:
        raise argparse.ArgumentTypeError(
            f"{name} is no dataset; see the modules of tests/bench/datasets"
        ) from error
    return dataset


def events_of(options: argparse.Namespace) -> list[Event]:
    """Return the events that the options name.

    Raises:
        MissingDataError: the data is not there.
        UnfitDataError: its adapter's events are none that a source may send.
    """
    dataset: Dataset = options.dataset
    events = list(dataset.events(dataset.locate(options.data)))
    return events if options.limit is None else events[: options.limit]


def run(command: Callable[[], bool]) -> int:
    """Run a command; return 0 where it holds, 1 where not, 2 where the data cannot be used."""
    try:
        return HOLDS if command() else FAILS
    except (MissingDataError, UnfitDataError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - speaks to a terminal
        return NO_DATA


def _folder(text: str) -> Path | None:
    # make passes DATA on as it is: empty where it was not given.
    return Path(text).resolve() if text else None
