"""Do the adapters tell what the rows say, and nothing of the outcome before it?"""

import csv
import datetime as dt
import gzip
import os
from pathlib import Path

import pytest

from detectors.events import ComplaintReceived, Established, InspectionResult, event_of
from detectors.uscc import UsccStatus, status_of
from detectors.warning import CHINA
from tests.bench.bench_quality import named
from tests.bench.command_line import dataset_named
from tests.bench.datasets import beijing_culture, chicago
from tests.bench.datasets.dataset import Dataset, MissingDataError, UnfitDataError, uscc_of

DATA = Path(os.environ.get("DATA") or "data")  # make passes it on; elsewhere the test skips
CANVASS = {
    "Inspection_ID": "7", "Inspection_Date": "2012-03-04", "License": "99", "Zip": "60609",
    "WARD": "11",
    "Risk": "Risk 1 (High)", "Facility_Type_Clean": "Restaurant", "Results": "Fail",
    "criticalCount": "1", "seriousCount": "0", "minorCount": "0", "criticalFound": "1",
    "violations": "2|33", "sanitarian": "orange", "license_first_start": "2002-02-16",
    "heat_burglary": "99.5", "heat_sanitation": "12", "heat_garbage": "",
} | dict.fromkeys(chicago.LICENCES.values(), "0")  # fmt: skip
WEATHER = [
    {"date": f"2012-03-{day:02}", "temperatureMax": str(degrees)}
    for day, degrees in ((1, 30), (2, 40), (3, 50), (4, 999))
]
VISITS = [
    {"Inspection_Date": "2012-03-01", "License": "99", "Inspection_Purpose": purpose}
    for purpose in ("Complaint", "Canvass", "License")
]


def written(path, rows):
    """Write rows as a city's file."""
    with gzip.open(path, "wt", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def chicago_events(folder, *rows):
    """Return the events of a tiny Chicago."""
    written(folder / "weather_daily.csv.gz", WEATHER)
    written(folder / "visits_all_purposes.csv.gz", VISITS)
    return list(chicago.read(written(folder / "canvass_all.csv.gz", list(rows))))


def test_chicago_tells_a_visit_and_what_came_before(tmp_path):
    """A complaint's visit, the licence, then the inspection with its severity and context."""
    complaint, licence, visit = chicago_events(tmp_path, CANVASS)

    assert isinstance(complaint.data, ComplaintReceived)
    assert licence.data == Established(
        name="licence 99", established_on=dt.date(2002, 2, 16), place="060609011"
    )
    assert visit.data == InspectionResult(
        domain="CATER", result="failed", severity=0.5, category="Risk 1 (High)/Restaurant",
        form="canvass", inspector="orange", place="060609011",
        context=dict.fromkeys(chicago.LICENCES, 0.0)
        | {"heat_burglary": 70.0, "heat_sanitation": 12.0, "warmth": 40.0},
    )  # fmt: skip


def test_nothing_of_chicago_s_outcome_is_told_before_it(tmp_path):
    """Two visits that differ in their outcome alone differ in result and severity alone."""
    other = CANVASS | {"criticalCount": "0", "criticalFound": "0", "seriousCount": "2",
                       "Results": "Pass", "violations": "15"}  # fmt: skip
    failed, passed = (chicago_events(tmp_path, row)[-1].data for row in (CANVASS, other))

    assert (passed.result, passed.defects) == ("passed", 0.5)
    for name in ("category", "form", "inspector", "place", "context", "domain"):
        assert getattr(passed, name) == getattr(failed, name)


def test_beijing_tells_an_inspection(tmp_path):
    """The field of the market goes with the trade; the outcome is the result."""
    row = {"ts": "2021-01-01 09:38", "entity": "5", "kind": "inspection", "domain": "press",
           "category": "netcafe", "form": "routine", "label": "1", "penalty": "",
           "fine_wan": ""}  # fmt: skip

    (event,) = beijing_culture.read(written(tmp_path / "events.csv.gz", [row]))

    assert event.data == InspectionResult(
        domain="EXT", result="failed", category="press/netcafe", form="routine"
    )
    assert event.time == dt.datetime(2021, 1, 1, 9, 38, tzinfo=CHINA)


@pytest.mark.parametrize("name", named())
def test_every_adapter_reads_its_city(name):
    """Where the data is here: events that a source may send, and codes that are codes."""
    dataset = dataset_named(name)
    if not (DATA / dataset.file).is_file():
        pytest.skip(f"{DATA / dataset.file} is not here")

    events = list(dataset.events(DATA / dataset.file))

    assert {status_of(subject) for subject in {e.subject for e in events}} == {UsccStatus.VALID}
    assert any(dataset.test_from <= event.time < dataset.test_to for event in events)


def city(*looks):
    """Return a city of looks, each an id, a time and what it says besides."""
    events = [
        event_of(
            InspectionResult(domain="CATER", result="passed", **more),
            id=name, source="urn:springfield", subject=uscc_of(1), time=time,
        )
        for name, time, more in looks
    ]  # fmt: skip
    return Dataset(name="springfield", about="", file="", outcome="", test_from=NOON,
                   read=lambda _path: iter(events))  # fmt: skip


NOON = dt.datetime(2022, 1, 3, 12, tzinfo=CHINA)
HOUR = dt.timedelta(hours=1)


@pytest.mark.parametrize(
    ("second", "told"),
    [
        pytest.param(("2", NOON - 24 * HOUR, {}), "sort by day", id="the day before"),
        pytest.param(("1", NOON, {}), "id of an earlier one", id="an id twice"),
        pytest.param(("2", NOON.replace(tzinfo=None), {}), "without a zone", id="no zone"),
        pytest.param(("2", NOON, {"place": "60601"}), "would be refused", id="five digits"),
    ],
)
def test_an_adapter_s_slip_is_told_with_its_row(second, told):
    """What no source may send is refused, with the number of the event and what to do."""
    events = city(("1", NOON, {}), second).events(Path())

    with pytest.raises(UnfitDataError, match=rf"event 2 .*{told}"):
        list(events)


def test_within_a_day_the_order_does_not_matter():
    """An earlier hour of the same day may come later."""
    events = list(city(("1", NOON, {}), ("2", NOON - HOUR, {})).events(Path()))

    assert [event.id for event in events] == ["1", "2"]


def test_a_city_that_is_not_here_is_told():
    """Without the data the person who asked is told what to fetch."""
    with pytest.raises(MissingDataError, match="chicago"):
        dataset_named("chicago").locate(Path("/nowhere"))


def test_every_module_is_a_city():
    """The bench measures every adapter that there is."""
    assert {"beijing_culture", "chicago"} <= set(named())
