"""What does one row of a 双公示 file say, column by column?

GBK or UTF-8, with or without a byte-order mark; commas or tabs; three ways to write a day; amounts
in units of 10,000 yuan (万元).
"""

import csv
import dataclasses
import datetime as dt
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation

WAN = Decimal(10_000)
MAX_YUAN = Decimal("1e13")  # ten trillion: no such penalty; a slip of the keyboard
FOREVER = dt.date(2099, 12, 31)  # "2099/12/31 stands for 长期", says the form
FIRST_YEAR, LAST_YEAR = 1980, 2100
_NOTHING = {"", "/", "\\", "-", "--", "—", "——", "无", "空", "null", "none"}
_DAYS = (
    re.compile(r"(\d{4})(\d{2})(\d{2})(?:\d{6})?"),
    re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T].*)?"),
)


class UnreadableFileError(ValueError):
    """A file is no 双公示 CSV; whoever exported it must do so again."""


class RowRefusedError(ValueError):
    """A row can become no event; its department must correct it."""


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """One row: its first line in the file, and its cells by column.

    ``overfull``: it has more cells than there are columns, so that a comma inside a cell has
    moved every later one, and nothing in it can be trusted.
    """

    line: int
    cells: Mapping[str, str]
    overfull: bool = False

    def text(self, *columns: str) -> str:
        """Return the first of the columns that says something, as it was written."""
        for column in columns:
            said = self.cells.get(column, "").strip()
            if said.lower() not in _NOTHING:
                return said
        return ""

    def code(self, *columns: str) -> str:
        """Return the first of the columns that says something, in half-width capitals."""
        return "".join(unicodedata.normalize("NFKC", self.text(*columns)).upper().split())

    def day(self, *columns: str) -> dt.date | None:
        """Return the day in the first column that says something; 长期 is the form's last day.

        Raises:
            RowRefusedError: it is no day.
        """
        said = unicodedata.normalize("NFKC", self.text(*columns))
        if not said:
            return None
        if "长期" in said or "永久" in said:
            return FOREVER
        found = next((one for form in _DAYS if (one := form.fullmatch(said))), None)
        day = _date(found) if found else None
        if day is None:
            raise RowRefusedError(
                f"{'/'.join(columns)}: 日期请写如 2026-07-01。{said[:20]!r} is no day"
            )
        if not FIRST_YEAR <= day.year < LAST_YEAR:
            raise RowRefusedError(
                f"{'/'.join(columns)}: 年份不可能。{day.year} can not be the year"
            )
        return day

    def yuan(self, column: str) -> float:
        """Return an amount, written in 万元, in yuan.

        Raises:
            RowRefusedError: it is no amount, or a negative one.
        """
        said = unicodedata.normalize("NFKC", self.text(column))
        plain = said.removesuffix("万元").removesuffix("万").replace(",", "").strip()
        if not plain:
            return 0.0
        try:
            amount = Decimal(plain) * WAN
        except InvalidOperation as error:
            raise RowRefusedError(
                f"{column}: 金额请以万元写数字，5000 元写 0.5。{said[:20]!r} is no amount in 万元"
            ) from error
        if not amount.is_finite() or not 0 <= amount <= MAX_YUAN:
            raise RowRefusedError(
                f"{column}: 金额不可能。{said[:20]!r} can not be an amount in 万元"
            )
        return float(amount)


def _date(found: re.Match[str]) -> dt.date | None:
    try:
        return dt.date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None


def rows(raw: bytes, *, prefix: str) -> Iterator[Row]:
    """Return the rows of a file; empty ones say nothing and are passed over.

    Raises:
        UnreadableFileError: the encoding is neither, or the columns are not those of the form.
    """
    text = _decoded(raw)
    first = text.split("\n", 1)[0]
    reader = csv.reader(io.StringIO(text), delimiter="\t" if "\t" in first else ",")
    try:
        columns = [name.strip().upper() for name in next(reader, [])]
        _check_columns(columns, prefix)
        line = reader.line_num + 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield _row(line, columns, cells)
            line = reader.line_num + 1
    except csv.Error as error:
        raise UnreadableFileError(
            f"第{reader.line_num}行 line {reader.line_num}: {error}"
        ) from error


def _row(line: int, columns: list[str], cells: list[str]) -> Row:
    beyond = cells[len(columns) :]
    return Row(
        line, dict(zip(columns, cells, strict=False)), overfull=any(cell.strip() for cell in beyond)
    )


def _decoded(raw: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UnreadableFileError(
        "编码不是 UTF-8 也不是 GBK，请另存为 UTF-8 的 CSV。neither UTF-8 nor GBK"
    )


def _check_columns(columns: list[str], prefix: str) -> None:
    needed = [f"{prefix}_WSH", f"{prefix}_JDRQ", f"{prefix}_XDR_SHXYM"]
    missing = [name for name in needed if name not in columns]
    if missing:
        raise UnreadableFileError(
            f"首行须为双公示的列名（{prefix}_…），缺少的列 columns missing: {', '.join(missing)}"
        )
