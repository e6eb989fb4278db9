"""What does a city's data have to offer so that we can measure ourselves on it?

To add a city: write one module here with a ``DATASET``; a function turns its file into our
events in time order, and the file's path below the data folder is named.  Nothing else knows it.
docs/datasets.md says how, in half an hour.
"""

import dataclasses
import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from detectors.events import Event, InvalidEventError, decode, encode
from detectors.uscc import synthetic
from detectors.warning import CHINA


@dataclasses.dataclass(frozen=True, slots=True)
class Aim:
    """What the weighted word must reach at least, on the test window."""

    roc_auc: float
    days_earlier: float | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Dataset:
    """One city's records.

    Shapes:
        ``read`` yields events in the order in which they occurred.  ``judged`` returns the ids of
        the looks that published figures judge, where there are such: these are also scored by a
        model frozen at ``test_from``.  ``aims`` are by delay ("7 d") or "frozen, with inspector".

    Units:
        The window on which quality is reported goes from ``test_from`` to before ``test_to``.
        ``delays`` are the days after which an outcome is known.
    """

    name: str
    about: str
    file: str
    outcome: str
    test_from: dt.datetime
    read: Callable[[Path], Iterator[Event]]
    test_to: dt.datetime = dt.datetime(2200, 1, 1, tzinfo=dt.UTC)
    delays: tuple[int, ...] = (1, 7)
    judged: Callable[[Path], frozenset[str]] | None = None
    aims: Mapping[str, Aim] = dataclasses.field(default_factory=dict)

    def locate(self, data: Path | None) -> Path:
        """Return the path of the file below ``data``.

        Raises:
            MissingDataError: no folder was given, or the file is not there.
        """
        if data is None or not (data / self.file).is_file():
            where = "DATA was not given" if data is None else f"{data / self.file} is not there"
            raise MissingDataError(
                f"{where}: {self.about}; pass its folder, e.g. make verify-real DATA=path/to/data"
            )
        return data / self.file

    def events(self, path: Path) -> Iterator[Event]:
        """Yield what ``read`` yields, as long as it is what a source may send.

        Raises:
            UnfitDataError: days out of order, an id twice, or what the product would refuse.
        """
        known: set[tuple[str, str]] = set()
        last = dt.date.min
        for number, event in enumerate(self.read(path), start=1):
            where = f"{self.name}: event {number} (id {event.id})"
            if event.time.tzinfo is None:
                raise UnfitDataError(f"{where} has a time without a zone: give it tzinfo=CHINA")
            day = event.time.astimezone(CHINA).date()
            if day < last:
                raise UnfitDataError(f"{where} is of {day}, after one of {last}: sort by day")
            if (event.source, event.id) in known:
                raise UnfitDataError(f"{where} has the id of an earlier one of {event.source}")
            try:
                decode(encode(event))
            except InvalidEventError as error:
                raise UnfitDataError(f"{where} would be refused: {error}") from error
            last = day
            known.add((event.source, event.id))
            yield event


class MissingDataError(FileNotFoundError):
    """The data to measure on is not here; the person who runs the benchmark fetches it."""


class UnfitDataError(ValueError):
    """An adapter's events are none that a source may send; who wrote the adapter mends it."""


def uscc_of(number: int) -> str:
    """Return the stable synthetic code of a city's running number.

    >>> uscc_of(7) == uscc_of(7) != uscc_of(8)
    True
    """
    return synthetic(number, prefix="91110000")
