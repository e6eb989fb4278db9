"""What does a city's data have to offer so that we can measure ourselves on it?

To add a city: write one module here with a ``DATASET``; a function turns its file into our
events in time order, and the file's path below the data folder is named.  Nothing else knows it.
"""

import dataclasses
import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path

from detectors.events import Event
from detectors.uscc import synthetic


@dataclasses.dataclass(frozen=True, slots=True)
class Dataset:
    """One city's records.

    Shapes:
        ``read`` yields events in the order in which they occurred.

    Units:
        ``test_from`` begins the window on which quality is reported.
    """

    name: str
    about: str
    file: str
    outcome: str
    test_from: dt.datetime
    read: Callable[[Path], Iterator[Event]]

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


class MissingDataError(FileNotFoundError):
    """The data to measure on is not here; the person who runs the benchmark fetches it."""


def uscc_of(number: int) -> str:
    """Return the stable synthetic code of a city's running number.

    >>> uscc_of(7) == uscc_of(7) != uscc_of(8)
    True
    """
    return synthetic(number, prefix="91110000")
