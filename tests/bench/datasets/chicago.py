"""Chicago's food inspections, 2011 to 2014: every routine visit, and what was known before it.

Source: the City of Chicago's open evaluation of its own model (``food-inspections-evaluation``).
A routine ("canvass") inspection is a look; its outcome is a critical violation.  Visits for other
purposes have no outcome here: a complaint's visit is told as the complaint that caused it.
"""

import csv
import datetime as dt
import gzip
from collections.abc import Iterator, Mapping
from pathlib import Path

from detectors.events import ComplaintReceived, Established, Event, InspectionResult, event_of
from detectors.warning import CHINA
from tests.bench.datasets.dataset import Aim, Dataset, uscc_of

SOURCE = "urn:chicago:food-inspections"
DOMAIN = "CATER"
COMPLAINTS = frozenset({"Complaint", "Short Form Complaint", "Suspected Food Poisoning"})
LICENCES = {
    "licence_drinks": "consumption_on_premises_incidental_activity",
    "licence_tobacco": "tobacco",
    "licence_packages": "package_goods",
    "licence_patio": "outdoor_patio",
    "licence_amusement": "public_place_of_amusement",
    "licence_limited": "limited_business_license",
    "licence_children": "childrens_services_facility_license",
    "licence_tavern": "tavern",
    "licence_regulated": "regulated_business_license",
    "licence_filling_station": "filling_station",
    "licence_caterer": "caterers_liquor_license",
    "licence_mobile": "mobile_food_license",
}
ZIP_DIGITS = 5
Row = Mapping[str, str]


def read(path: Path) -> Iterator[Event]:
    """Yield the visits as events in the order of their days."""
    folder = path.parent
    warmth = _warmth(_rows(folder / "weather_daily.csv.gz"))
    happenings: list[tuple[str, int, Event]] = []
    known: set[str] = set()
    for row in _rows(path):
        day = row["Inspection_Date"]
        if row["License"] not in known:
            known.add(row["License"])
            happenings.append((day, 0, _established(row)))
        happenings.append((day, 2, _inspection(row, warmth)))
    for number, row in enumerate(_rows(folder / "visits_all_purposes.csv.gz")):
        if row["Inspection_Purpose"] in COMPLAINTS:
            happenings.append((row["Inspection_Date"], 1, _complaint(number, row)))
    happenings.sort(key=lambda one: one[:2])
    for _, _, event in happenings:
        yield event


def _rows(path: Path) -> Iterator[Row]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


def _warmth(rows: Iterator[Row]) -> dict[dt.date, float]:
    """Return the greatest warmth (degrees Fahrenheit) of each day."""
    return {
        dt.date.fromisoformat(row["date"]): float(row["temperatureMax"])
        for row in rows
        if row["temperatureMax"]
    }


def _established(row: Row) -> Event:
    data = Established(
        name=f"licence {row['License']}",
        established_on=dt.date.fromisoformat(row["license_first_start"] or row["Inspection_Date"]),
        place=_place(row),
    )
    return _event(data, f"licence-{row['License']}", row, hour=0)


def _inspection(row: Row, warmth: Mapping[dt.date, float]) -> Event:
    counts = [int(row[name] or 0) for name in ("criticalCount", "seriousCount", "minorCount")]
    # A critical violation weighs as two serious or eight minor ones; each halves what is left.
    severity = 1.0 - 0.5 ** (counts[0] + counts[1] / 2 + counts[2] / 8)
    failed = row["criticalFound"] == "1"
    data = InspectionResult(
        domain=DOMAIN,
        result="failed" if failed else "passed",
        severity=severity if failed else 1.0,
        defects=0.0 if failed else severity,
        category=f"{row['Risk']}/{row['Facility_Type_Clean']}",
        form="canvass",
        inspector=row["sanitarian"],
        place=_place(row),
        context=_context(row, warmth),
    )
    return _event(data, row["Inspection_ID"], row, hour=12)


def _context(row: Row, warmth: Mapping[dt.date, float]) -> dict[str, float]:
    """Return what was known before the visit; heat is the city's own, of the days before."""
    day = dt.date.fromisoformat(row["Inspection_Date"])
    before = [warmth[d] for n in (1, 2, 3) if (d := day - dt.timedelta(days=n)) in warmth]
    context = {
        name: min(float(row[name]), most)
        for name, most in (("heat_burglary", 70.0), ("heat_sanitation", 70.0),
                           ("heat_garbage", 50.0))
        if row[name]
    }  # fmt: skip
    context |= {name: float(row[column] or 0) for name, column in LICENCES.items()}
    if before:
        context["warmth"] = sum(before) / len(before)
    return context


def _complaint(number: int, row: Row) -> Event:
    data = ComplaintReceived(
        ticket=str(number), complainant=str(number), matter=row["Inspection_Purpose"], domain=DOMAIN
    )
    return _event(data, f"visit-{number}", row, hour=8)


def _event(
    data: InspectionResult | Established | ComplaintReceived, id_: str, row: Row, *, hour: int
) -> Event:
    day = dt.datetime.fromisoformat(row["Inspection_Date"])
    return event_of(
        data,
        id=id_,
        source=SOURCE,
        subject=uscc_of(int(row["License"])),
        time=day.replace(hour=hour, tzinfo=CHINA),
    )


def _place(row: Row) -> str:
    """Return the zip code as a county and the ward as its town: places as we write them."""
    zip_code, ward = row["Zip"], row["WARD"]
    if len(zip_code) != ZIP_DIGITS or not zip_code.isdigit():
        return ""
    return f"0{zip_code}{int(float(ward)):03}" if ward else f"0{zip_code}"


def judged(path: Path) -> frozenset[str]:
    """Return the ids of the visits that the published figures judge."""
    rows = _rows(path.parent / "canvass_model.csv.gz")
    return frozenset(row["Inspection_ID"] for row in rows if row["Test"] == "1")


DATASET = Dataset(
    name="chicago",
    about="27,600 routine food inspections of Chicago, 2011 to 2014",
    file="chicago/canvass_all.csv.gz",
    outcome="an inspection finds a critical violation",
    test_from=dt.datetime(2014, 9, 2, tzinfo=CHINA),
    test_to=dt.datetime(2014, 11, 1, tzinfo=CHINA),
    read=read,
    delays=(1, 7),
    judged=judged,
    aims={
        "frozen, with inspector": Aim(roc_auc=0.69, days_earlier=8.2),
        "frozen, without inspector": Aim(roc_auc=0.615, days_earlier=4.4),
    },
)
