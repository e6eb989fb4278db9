"""Does the list that a batch refers to hold whom it concerns, as they stand now?"""

import csv
import datetime as dt
import functools
import io

import msgspec
import pytest
from rich.console import Console
from typer.testing import CliRunner

from alerts.batched import bundle_id
from alerts.specimen import specimen
from config.schema import Settings
from detectors.measure import Measure
from detectors.warning import CHINA, WarningStatus
from streams.assembly import build_wisdom
from streams.assessed import warning_records
from streams.cli import app
from streams.cli_warnings import COLUMNS, COLUMNS_SHOWN, row, selection, shown
from streams.tables import csv_of, table
from streams.terminal import USAGE
from streams.told_warnings import bundled, duty_of, newest
from streams.topics import Topic

MIDNIGHT = dt.datetime(2026, 7, 1, tzinfo=CHINA)


@functools.cache
def desk():
    """Return the shipped roster and ladder."""
    return build_wisdom(Settings()).desk


def missed(number, **more):
    """Return a warning of the first station."""
    said = {
        "id": f"w-{number:016x}", "number": f"41042220260701-{number:04d}",
        "rule": "W02", "place": "410422001", "issued_at": MIDNIGHT, "batched": True,
    }  # fmt: skip
    return msgspec.structs.replace(specimen(Measure.WARNING), **(said | more))


def told(*warnings):
    """Return what the state topic carries once these were said, in this order."""
    return [
        (one.key, one.value)
        for warning in warnings
        for one in warning_records(warning, 0, 4)
        if one.topic == Topic.WARNING_STATE.value
    ]


def ids(found):
    """Return the ids of warnings."""
    return {one.id for one in found}


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        pytest.param({"rule": "W02"}, {1, 3, 4}, id="a rule"),
        pytest.param({"place": "410422001"}, {1, 2, 4}, id="a township"),
        pytest.param({"place": "4104"}, {1, 2, 3, 4}, id="the beginning of a place"),
        pytest.param({"lead": "410422003"}, {3}, id="who leads"),
        pytest.param({"day": dt.date(2026, 7, 1)}, {1, 2, 3}, id="a day in China"),
        pytest.param({"status": WarningStatus.CLOSED}, {5}, id="a status"),
        pytest.param({"status": None}, {1, 2, 3, 4, 5}, id="any status"),
        pytest.param({"rule": "W02", "place": "410422001", "day": MIDNIGHT.date()}, {1}, id="all"),
    ],
)
def test_a_list_holds_what_was_asked_for(wanted, numbers):
    """Rule, place, lead, day and status each narrow the list; what is left open does not."""
    topic = told(
        missed(1),
        missed(2, rule="W03"),
        missed(3, place="410422003"),
        missed(4, issued_at=MIDNIGHT - dt.timedelta(seconds=1)),
        missed(5, status=WarningStatus.CLOSED, rule="W05"),
    )

    found = newest(topic, selection(desk(), **wanted))

    assert ids(found) == {missed(number).id for number in numbers}


def test_who_has_filed_is_on_the_list_no_more():
    """The last word on a warning counts; what is deleted, or no warning, is no line."""
    open_, filed, deleted = missed(1), missed(2), missed(3)
    closed = msgspec.structs.replace(filed, status=WarningStatus.CLOSED)
    topic = [
        *told(open_, filed, deleted, closed),
        (deleted.id.encode(), None),
        (b"w-odd", b"{"),
        (None, b"{}"),
    ]

    assert ids(newest(topic, selection(desk()))) == {open_.id}


@pytest.mark.parametrize("name", ["id", "number"])
def test_a_batched_warning_is_found_in_the_bundle_that_told_of_it(name):
    """By its id or its number, whether it stands or has ended; what has its own message is not."""
    filed = missed(1, status=WarningStatus.CLOSED)
    topic = told(filed, missed(2), missed(3, batched=False))
    alone = missed(3)

    found = bundled(getattr(filed, name), topic, desk())

    assert found == {bundle_id(missed(2), duty_of(missed(2), desk())): filed}
    assert bundled(getattr(alone, name), topic, desk()) == {}


def test_a_list_is_ordered_by_place_and_enterprise():
    """Whoever reads it street by street finds neighbours beside each other."""
    there, here = missed(1, place="410422003"), missed(2)

    assert newest(told(there, here), selection(desk())) == [here, there]


def test_a_file_opens_in_excel_and_runs_nothing():
    """A byte-order mark, Chinese headings, and a name that looks like a formula stays a name."""
    lines = [row(missed(1, enterprise='=HYPERLINK("x")'), desk())]

    raw = csv_of(COLUMNS, lines)

    heading, cells = csv.reader(io.StringIO(raw.decode("utf-8-sig")))
    assert raw.startswith(b"\xef\xbb\xbf")
    assert tuple(heading) == COLUMNS
    assert cells[2] == '\'=HYPERLINK("x")'
    assert cells[-2:] == ["叶县市场监督管理局九龙市场监督管理所", "2026-07-01 00:00"]


def test_a_line_tells_neither_class_nor_score():
    """A list travels further than a login: it holds no class and no score."""
    assert row(missed(1), desk()) == row(missed(1, score=1.0), desk())
    assert "D" not in row(missed(1), desk())


@pytest.mark.parametrize("rule", ["W99", "W2", "年报"])
def test_a_rule_there_is_not_is_told(rule):
    """Status 2 and the rules there are; an empty list would look as if nobody were late."""
    answer = CliRunner().invoke(app, ["warnings", "list", "--rule", rule])

    assert answer.exit_code == USAGE
    assert f"{rule}：没有这条规则" in answer.stderr
    assert "W02" in answer.stderr


def test_eighty_columns_hold_what_the_next_command_asks_for():
    """Number and code stand in one piece, and the whole name is there."""
    one = missed(1, enterprise="叶县城关乡惠民生活超市连锁经营管理有限公司第二分公司")
    console = Console(file=io.StringIO(), width=80)

    console.print(table(COLUMNS_SHOWN, [shown(one)], whole=2))

    text = console.file.getvalue()
    assert one.number in text
    assert one.uscc in text
    assert set(one.enterprise) <= set(text)
    assert len(text.splitlines()) <= 8


def test_an_authority_that_is_not_in_the_roster_is_told():
    """Status 2 and what is wrong; an empty list would look as if all had filed."""
    answer = CliRunner().invoke(app, ["warnings", "list", "--authority", "无此单位"])

    assert answer.exit_code == USAGE
    assert "无此单位：机构名录中没有该单位" in answer.stderr
