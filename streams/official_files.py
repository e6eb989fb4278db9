"""Which files do the 双随机 platform and people in Excel get, and how is the province's file read?

CSV with a byte-order mark for Excel, Chinese headings; JSON lines with English names for machines.
The same month gives the same bytes.  docs/interfaces.md is the contract.
"""

import csv
import dataclasses
import hashlib
import io
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal, Self

import msgspec

from detectors import events
from detectors.events import ClassOfMonth, InvalidEventError
from detectors.measure import RiskClass
from detectors.official import Difference, Draw, Month, OfficialClass
from detectors.told import Told, told_of

CLASS_COLUMNS = (
    "统一社会信用代码", "企业名称", "月份", "信用风险等级", "风险分", "直接判定原因", "指标版本",
    "主领域", "抽查比例", "属地", "行业", "来源",
)  # fmt: skip
DRAW_COLUMNS = (
    "统一社会信用代码", "企业名称", "信用风险等级", "领域", "属地", "抽查比例", "依据",
    "最近检查日期", "法定应查", "同项目不重复检查截止", "等级来源",
)  # fmt: skip
DIFFERENCE_COLUMNS = (
    "统一社会信用代码", "企业名称", "月份", "官方等级", "本系统等级", "本系统风险分"
)  # fmt: skip
FULL_SCORE = 1000
# What a spreadsheet would run as a formula when a name begins with it.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
_HEADINGS = {
    "uscc": ("uscc", "统一社会信用代码"),
    "class": ("class", "信用风险等级", "等级"),
    "score": ("score", "风险分", "分值"),
    "period": ("period", "月份", "month"),
    "version": ("model_version", "指标版本", "模型版本"),
}
Row = Sequence[str]


class InvalidResultError(ValueError):
    """The province's file cannot be taken; whoever sent it mends the lines named."""


@dataclasses.dataclass(frozen=True, slots=True)
class Written:
    """A file that was written, and how many rows it has."""

    path: Path
    rows: int
    sha256: str


class DrawLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the file for the 双随机 platform: an enterprise in one domain."""

    uscc: str
    name: str
    month: str
    risk_class: RiskClass = msgspec.field(name="class")
    domain: str
    region: str
    ratio: float
    why: str
    last_inspected: str
    due_by_law: Literal["yes", "no", "unknown"]
    rests_until: str
    source: str


def draw_line(one: OfficialClass, draw: Draw) -> DrawLine:
    """Return the line of an enterprise in one domain."""
    return DrawLine(
        uscc=one.uscc,
        name=one.name,
        month=one.month,
        risk_class=one.risk_class,
        domain=draw.domain,
        region=one.place,
        ratio=draw.ratio,
        why=draw.why,
        last_inspected=str(draw.last_inspected or ""),
        due_by_law=draw.due.value,
        rests_until=str(draw.rests_until or ""),
        source=one.source.value,
    )


def class_row(one: OfficialClass) -> Row:
    """Return an official class as a row for people."""
    return (
        one.uscc, one.name, one.month, one.risk_class.value, _score(one.score), one.floor_cause,
        one.catalogue_version, one.domain, _share(one.ratio), one.place, one.industry,
        one.source.value,
    )  # fmt: skip


def draw_row(one: OfficialClass, draw: Draw) -> Row:
    """Return a draw as a row for people."""
    return (
        one.uscc, one.name, one.risk_class.value, draw.domain, one.place, _share(draw.ratio),
        draw.why, str(draw.last_inspected or ""), draw.due.label, str(draw.rests_until or ""),
        one.source.value,
    )  # fmt: skip


def difference_row(one: Difference) -> Row:
    """Return a difference as a row for people."""
    return (
        one.uscc, one.name, one.month,
        one.official_class.value if one.official_class else "",
        one.own_class.value if one.own_class else "",
        _score(one.own_score),
    )  # fmt: skip


async def write_classes(
    folder: Path, month: Month, classes: AsyncIterator[OfficialClass]
) -> list[Written]:
    """Write the snapshot of a month: one row an enterprise, as CSV and as JSON lines."""
    with (
        _File(folder / f"classes-{month}.csv") as table,
        _File(folder / f"classes-{month}.jsonl") as lines,
    ):
        table.heading(CLASS_COLUMNS)
        async for one in classes:
            table.row(class_row(one))
            lines.line(msgspec.structs.replace(one, draws=()))
        return [table.done(), lines.done()]


async def write_draws(
    folder: Path, month: Month, classes: AsyncIterator[OfficialClass]
) -> list[Written]:
    """Write the file for the 双随机 platform: one row an enterprise and domain."""
    with (
        _File(folder / f"sampling-{month}.csv") as table,
        _File(folder / f"sampling-{month}.jsonl") as lines,
    ):
        table.heading(DRAW_COLUMNS)
        async for one in classes:
            for draw in one.draws:
                table.row(draw_row(one, draw))
                lines.line(draw_line(one, draw))
        return [table.done(), lines.done()]


async def write_differences(
    folder: Path, month: Month, found: AsyncIterator[Difference]
) -> list[Written]:
    """Write where our own classes and the province's differ."""
    with _File(folder / f"differences-{month}.csv") as table:
        table.heading(DIFFERENCE_COLUMNS)
        async for one in found:
            table.row(difference_row(one))
        return [table.done()]


class _File:
    """A file that appears whole or not at all."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._draft = path.with_name(f".{path.name}.part")
        self._hash = hashlib.sha256()
        self._rows = 0
        path.parent.mkdir(parents=True, exist_ok=True)
        self._out = self._draft.open("wb")

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave no draft behind."""
        self._out.close()
        self._draft.unlink(missing_ok=True)

    def heading(self, columns: Row) -> None:
        """Write the byte-order mark, by which Excel knows UTF-8, and the headings."""
        self._put(b"\xef\xbb\xbf" + _csv(columns))

    def row(self, values: Row) -> None:
        """Write a row for people; a name that looks like a formula is shown as text."""
        self._put(_csv([f"'{one}" if one.startswith(FORMULA) else one for one in values]))
        self._rows += 1

    def line(self, record: msgspec.Struct) -> None:
        """Write a line for machines."""
        self._put(msgspec.json.encode(record) + b"\n")
        self._rows += 1

    def done(self) -> Written:
        """Put the file in its place."""
        self._out.close()
        self._draft.replace(self._path)
        return Written(self._path, self._rows, self._hash.hexdigest())

    def _put(self, raw: bytes) -> None:
        self._hash.update(raw)
        self._out.write(raw)


def _csv(values: Row) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(values)
    return out.getvalue().encode()


def _score(score: float | None) -> str:
    return "" if score is None else f"{score:.1f}"


def _share(ratio: float) -> str:
    return f"{ratio:.4f}".rstrip("0").rstrip(".")


def read_told(path: Path, month: Month, *, valid: Callable[[str], str]) -> list[Told]:
    """Return the province's results in a file: E57 events (.jsonl) or a table (.csv).

    ``valid`` returns what is wrong with a code, or "".

    Raises:
        InvalidResultError: names every line that cannot be taken (the first twenty); nothing of
            such a file is imported.
    """
    read = _events if path.suffix == ".jsonl" else _table
    told: dict[str, Told] = {}
    problems = []
    for number, one in read(path.read_bytes()):
        fault = one if isinstance(one, str) else _fault(one, month, told, valid)
        if fault:
            problems.append(f"{path.name}: 第{number}行 line {number}: {fault}")
        elif isinstance(one, Told):
            told[one.uscc] = one
    if problems:
        shown = problems[:20]
        left = len(problems) - len(shown)
        more = [f"另有{left}行 ... and {left} more"] if left else []
        raise InvalidResultError("\n".join([*shown, *more]))
    if not told:
        raise InvalidResultError(f"{path.name}: 文件中没有结果，no result in it")
    return list(told.values())


def _fault(one: Told, month: Month, told: Mapping[str, Told], valid: Callable[[str], str]) -> str:
    if one.month != str(month):
        return f"月份不符，period {one.month!r} is not {month}"
    if one.uscc in told:
        return f"代码重复，{one.uscc} stands twice"
    return valid(one.uscc)


def _events(raw: bytes) -> list[tuple[int, Told | str]]:
    return [
        (number, _event(line))
        for number, line in enumerate(raw.splitlines(), start=1)
        if line.strip()
    ]


def _event(line: bytes) -> Told | str:
    try:
        event = events.decode(line)
    except InvalidEventError as error:
        return error.detail
    data = event.data
    if not isinstance(data, ClassOfMonth):
        return f"{events.type_of(type(data))} is no {events.type_of(ClassOfMonth)}"
    return next(iter(told_of(event.subject, data)), f"op {data.op.value}: nothing is taken back")


def _table(raw: bytes) -> list[tuple[int, Told | str]]:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("gb18030", "replace")  # what Excel in China writes by itself
    rows = csv.reader(io.StringIO(text))
    heads = [one.strip() for one in next(rows, [])]
    places = {
        name: next((heads.index(one) for one in names if one in heads), -1)
        for name, names in _HEADINGS.items()
    }
    missing = [_HEADINGS[name][1] for name in ("uscc", "class", "period") if places[name] < 0]
    if missing:
        return [(1, f"缺少列 {'、'.join(missing)}，no column of that name among {heads}")]
    return [
        (number, _told(row, places))
        for number, row in enumerate(rows, start=2)
        if any(cell.strip() for cell in row)
    ]


def _told(row: Row, places: Mapping[str, int]) -> Told | str:
    cells = {
        name: row[place].strip() if 0 <= place < len(row) else "" for name, place in places.items()
    }
    risk_class = cells["class"].removesuffix("级")
    if risk_class not in set(RiskClass):
        return f"等级 {risk_class!r} 不是 A、B、C、D，no such class"
    try:
        score = float(cells["score"]) if cells["score"] else None
    except ValueError:
        return f"风险分 {cells['score']!r} 不是数字，no number"
    if score is not None and not 0 <= score <= FULL_SCORE:
        return f"风险分 {cells['score']} 不在 0 至 {FULL_SCORE} 之间，out of range"
    return Told(
        uscc=cells["uscc"],
        month=cells["period"],
        risk_class=RiskClass(risk_class),
        score=score,
        version=cells["version"],
    )
