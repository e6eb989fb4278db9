"""How does a list for people look, on a terminal and in Excel?"""

import csv
import io
from collections.abc import Iterable, Sequence

from rich.table import Column, Table
from rich.text import Text

from streams.official_files import FORMULA

# A terminal shows no more at once; a file has them all.
ROWS_SHOWN = 200
Cells = Sequence[str]


def csv_of(columns: Cells, rows: Iterable[Cells]) -> bytes:
    """Return a table with the mark by which Excel knows UTF-8; no cell runs as a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    for cells in rows:
        writer.writerow([f"'{cell}" if cell.startswith(FORMULA) else cell for cell in cells])
    return text.getvalue().encode("utf-8-sig")


def table(columns: Cells, rows: Iterable[Cells], *, whole: int = 1) -> Table:
    """Return the rows as a terminal shows them; what a cell says is no markup.

    The first column (the first ``whole``) is what people copy into the next command, so it stays in
    one piece.  The others are broken, not cut: Chinese has no spaces, and rich would leave out the
    rest.
    """
    shown = Table(
        *(Column(name, no_wrap=True) for name in columns[:whole]),
        *(Column(name, overflow="fold") for name in columns[whole:]),
    )
    for cells in rows:
        shown.add_row(*map(Text, cells))
    return shown


def how_many(name: str, rows: Sequence[object]) -> str:
    """Return how long a list is, and where the rest of it is."""
    more = f"（只显示前{ROWS_SHOWN}条，全部请用 --csv）" if len(rows) > ROWS_SHOWN else ""
    return f"{name}={len(rows)}{more}"
