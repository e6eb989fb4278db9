"""Do the files open in Excel, hold no formula and nobody's name, and say the same twice?"""

import csv
import datetime as dt
import hashlib
import io
import json
from pathlib import Path

import pytest

from detectors.measure import RiskClass
from detectors.official import Correction, Difference, Draw, Month, OfficialClass, Source, Told
from detectors.sampling import Due
from streams.official_files import (
    CLASS_COLUMNS,
    DIFFERENCE_COLUMNS,
    DRAW_COLUMNS,
    DrawLine,
    InvalidResultError,
    read_told,
    write_classes,
    write_differences,
    write_draws,
)
from tests import builders as b

JUNE = Month.of("2026-06")
OTHER = "91350200776049653A"
BOM = b"\xef\xbb\xbf"


def official(uscc=b.USCC, *, name="叶县样例", score=155.04, draws=()):
    """Return an official class."""
    return OfficialClass(
        uscc=uscc, name=name, month="2026-06", risk_class=RiskClass.A, score=score,
        catalogue_version="2026.1", domain="FOODS", ratio=0.01, place="410422001",
        industry="F5212", source=Source.FROZEN, draws=draws,
    )  # fmt: skip


DRAWS = (
    Draw(
        domain="FOODS", ratio=1.0, why="两年未查", due=Due.YES,
        last_inspected=dt.date(2024, 5, 1),
    ),
    Draw(domain="PUB", ratio=0.01, why="A级", rests_until=dt.date(2026, 8, 1)),
)  # fmt: skip


async def stream(*values):
    """Yield the values."""
    for one in values:
        yield one


def rows(path):
    """Return the rows of a CSV file, as Excel would read them."""
    raw = path.read_bytes()
    assert raw.startswith(BOM)
    return list(csv.reader(io.StringIO(raw.decode("utf-8-sig"))))


def lines(path):
    """Return the lines of a file of JSON."""
    return [json.loads(line) for line in path.read_bytes().splitlines()]


async def test_the_snapshot_is_a_row_an_enterprise(tmp_path):
    """One row each, in the order given, with a mark by which Excel knows UTF-8."""
    table, other = await write_classes(
        tmp_path, JUNE, stream(official(), official(OTHER, score=None))
    )

    head, first, second = rows(table.path)
    assert (table.rows, other.rows, table.path.name) == (2, 2, "classes-2026-06.csv")
    assert head[:5] == ["统一社会信用代码", "企业名称", "月份", "信用风险等级", "风险分"]
    assert first[:5] == [b.USCC, "叶县样例", "2026-06", "A", "155.0"]
    assert second[4] == ""
    assert lines(other.path)[0]["class"] == "A"
    assert lines(other.path)[0]["draws"] == []


async def test_the_sampling_file_is_a_row_an_enterprise_and_domain(tmp_path):
    """Class, domain, region, ratio, why, last inspected, due by law: all that a draw needs."""
    table, other = await write_draws(tmp_path, JUNE, stream(official(draws=DRAWS)))

    _, food, public = rows(table.path)
    assert table.rows == other.rows == 2
    assert food[2:9] == ["A", "FOODS", "410422001", "1", "两年未查", "2024-05-01", "是"]
    assert public[5:10] == ["0.01", "A级", "", "否", "2026-08-01"]
    assert lines(other.path)[0] == {
        "uscc": b.USCC, "name": "叶县样例", "month": "2026-06", "class": "A", "domain": "FOODS",
        "region": "410422001", "ratio": 1.0, "why": "两年未查", "last_inspected": "2024-05-01",
        "due_by_law": "yes", "rests_until": "", "source": "frozen",
    }  # fmt: skip


async def test_the_same_month_gives_the_same_bytes(tmp_path):
    """Two exports are equal byte for byte, and the sum that is told is that of the file."""
    first = await write_draws(tmp_path / "a", JUNE, stream(official(draws=DRAWS)))
    second = await write_draws(tmp_path / "b", JUNE, stream(official(draws=DRAWS)))

    for one, other in zip(first, second, strict=True):
        assert one.path.read_bytes() == other.path.read_bytes()
        assert one.sha256 == hashlib.sha256(one.path.read_bytes()).hexdigest()


@pytest.mark.parametrize("name", ["=1+1", "+86", "-A", "@sum", "\tx"])
async def test_a_name_is_no_formula(tmp_path, name):
    """What a spreadsheet would run is shown as text; machines get it as it is."""
    table, other = await write_classes(tmp_path, JUNE, stream(official(name=name)))

    assert rows(table.path)[1][1] == f"'{name}"
    assert lines(other.path)[0]["name"] == name


async def test_a_file_appears_whole_or_not_at_all(tmp_path):
    """An export that breaks off leaves the old file and no draft."""
    await write_classes(tmp_path, JUNE, stream(official()))
    before = (tmp_path / "classes-2026-06.csv").read_bytes()

    async def breaking():
        """Yield one, then fail."""
        yield official(OTHER)
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await write_classes(tmp_path, JUNE, breaking())

    assert (tmp_path / "classes-2026-06.csv").read_bytes() == before
    assert sorted(one.name for one in tmp_path.iterdir()) == [
        "classes-2026-06.csv", "classes-2026-06.jsonl",
    ]  # fmt: skip


async def test_differences_are_a_list(tmp_path):
    """Who is on one side alone has an empty cell on the other."""
    found = Difference(
        uscc=b.USCC, name="叶县样例", month="2026-06", official_class=None,
        own_class=RiskClass.B, own_score=250.0,
    )  # fmt: skip

    (written,) = await write_differences(tmp_path, JUNE, stream(found))

    assert rows(written.path) == [
        list(DIFFERENCE_COLUMNS), [b.USCC, "叶县样例", "2026-06", "", "B", "250.0"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(CLASS_COLUMNS, id="the snapshot's columns"),
        pytest.param(DRAW_COLUMNS, id="the draws' columns"),
        pytest.param(DIFFERENCE_COLUMNS, id="the differences' columns"),
        pytest.param(DrawLine.__struct_encode_fields__, id="the draws' lines"),
        pytest.param(OfficialClass.__struct_encode_fields__, id="an official class"),
        pytest.param(Correction.__struct_encode_fields__, id="a correction"),
    ],
)
def test_the_contract_names_every_field(names):
    """What is written stands in docs/interfaces.md."""
    contract = (Path(__file__).parents[3] / "docs" / "interfaces.md").read_text(encoding="utf-8")

    assert [one for one in names if one not in contract] == []


def fault_of(uscc):
    """Return that a code which ends in X is wrong."""
    return "wrong" if uscc.endswith("X") else ""


def read(tmp_path, raw, name="result.csv"):
    """Return what a file of these bytes tells."""
    path = tmp_path / name
    path.write_bytes(raw)
    return read_told(path, JUNE, valid=fault_of)


TABLE = (
    f"统一社会信用代码,月份,信用风险等级,风险分,模型版本\r\n{b.USCC},2026-06,C级,612.5,省2.0\r\n"
)
TOLD = Told(
    uscc=b.USCC, month="2026-06", risk_class=RiskClass.C, score=612.5, version="省2.0"
)  # fmt: skip


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(BOM + TABLE.encode(), id="with a mark"),
        pytest.param(TABLE.encode(), id="without one"),
        pytest.param(TABLE.encode("gb18030"), id="as Excel in China writes it"),
        pytest.param(
            f"score,class,uscc,extra,month,model_version\n612.5,C,{b.USCC},x,2026-06,省2.0\n\n".encode(),
            id="other headings, another order, an empty line",
        ),
    ],
)  # fmt: skip
def test_a_table_of_the_province(tmp_path, raw):
    """Headings in Chinese or English, in any order; 等级 with or without its 级."""
    assert read(tmp_path, raw) == [TOLD]


def monthly(uscc=b.USCC, *, period="2026-06", type_="classification.monthly.v1", **data):
    """Return an E57 event as a line."""
    event = {
        "specversion": "1.0", "id": "1", "source": "urn:henan", "type": type_, "subject": uscc,
        "time": "2026-07-02T00:00:00+08:00",
        "data": {"period": period, "risk_class": "C"} | data,
    }  # fmt: skip
    return json.dumps(event).encode() + b"\n"


def test_events_of_the_province(tmp_path):
    """E57 events, one a line."""
    raw = monthly(score=612.5, model_version="省2.0") + b"\n" + monthly(OTHER)

    found = read(tmp_path, raw, "result.jsonl")

    assert found == [TOLD, Told(uscc=OTHER, month="2026-06", risk_class=RiskClass.C)]


@pytest.mark.parametrize(
    ("raw", "name", "told"),
    [
        pytest.param(b"", "r.csv", "no column", id="nothing"),
        pytest.param("统一社会信用代码,月份\n".encode(), "r.csv", "信用风险等级", id="no class"),
        pytest.param(b"uscc,class,month\n", "r.csv", "no result", id="headings alone"),
        pytest.param(
            b"uscc,class,month\n1,E,2026-06\n", "r.csv", "不是 A、B、C、D", id="no such class"
        ),
        pytest.param(
            b"uscc,class,month,score\n1,A,2026-06,x\n", "r.csv", "不是数字", id="no number"
        ),
        pytest.param(
            b"uscc,class,month,score\n1,A,2026-06,1001\n", "r.csv", "line 2", id="beyond the scale"
        ),
        pytest.param(
            b"uscc,class,month,score\n1,A,2026-06,nan\n", "r.csv", "line 2", id="not a number"
        ),
        pytest.param(
            b"uscc,class,month\n1,A,2026-05\n", "r.csv", "'2026-05' is not 2026-06", id="of May"
        ),
        pytest.param(
            b"uscc,class,month\n1,A,2026-06\n1,B,2026-06\n", "r.csv", "1 stands twice",
            id="twice",
        ),
        pytest.param(b"uscc,class,month\nX,A,2026-06\n", "r.csv", "line 2: wrong", id="no code"),
        pytest.param(b"uscc,class,month\n1\n", "r.csv", "line 2", id="a short row"),
        pytest.param(b"{\n", "r.jsonl", "line 1", id="no JSON"),
        pytest.param(monthly(type_="penalty.decided.v1"), "r.jsonl", "line 1", id="another type"),
        pytest.param(
            monthly(op="REVOKE", supersedes="0"), "r.jsonl", "nothing is taken back", id="revoked"
        ),
        pytest.param(monthly(period="2026-07"), "r.jsonl", "is not 2026-06", id="an event of July"),
        pytest.param(b"\n", "r.jsonl", "no result", id="an empty line"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_taken(tmp_path, raw, name, told):
    """Every line that is wrong is named, and nothing of the file is taken."""
    with pytest.raises(InvalidResultError) as refused:
        read(tmp_path, raw, name)

    assert told in str(refused.value)


def test_of_many_wrong_lines_the_first_are_named(tmp_path):
    """A file that is wrong from top to bottom is not recited."""
    raw = b"uscc,class,month\n" + b"X,A,2026-06\n" * 50

    with pytest.raises(InvalidResultError) as refused:
        read(tmp_path, raw)

    assert len(str(refused.value).splitlines()) == 21
    assert "and 30 more" in str(refused.value)
