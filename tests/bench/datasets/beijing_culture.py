"""Beijing culture-market law enforcement, 2021 to 2026: inspections with results, and penalties."""

import csv
import datetime as dt
import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from detectors.events import Event, InspectionResult, PenaltyDecided, event_of
from detectors.warning import CHINA
from tests.bench.datasets.dataset import Aim, Dataset, uscc_of

SOURCE = "urn:beijing:culture"
# One force enforces the whole culture market (文化市场综合执法): one domain, for us that of other
# departments; its fields (culture, press and publication) go with the trade.
DOMAIN = "EXT"
YUAN = 10_000  # fines stand in 万元


def read(path: Path) -> Iterator[Event]:
    """Yield the file's rows as events; the row's number is the event's id."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        for number, row in enumerate(csv.DictReader(lines)):
            yield _event(number, row)


def _event(number: int, row: dict[str, str]) -> Event:
    data: InspectionResult | PenaltyDecided
    if row["kind"] == "penalty":
        amount = float(row["fine_wan"] or 0) * YUAN
        severity = _severity(row["penalty"], amount)
        data = PenaltyDecided(
            domain=DOMAIN, severity=severity, amount=amount, grounds=row["penalty"][:300]
        )
    else:
        result = "failed" if row["label"] == "1" else "passed"
        data = InspectionResult(
            domain=DOMAIN,
            result=result,
            form=row["form"],
            category=f"{row['domain']}/{row['category']}",
        )
    return event_of(
        data,
        id=str(number),
        source=SOURCE,
        subject=uscc_of(int(row["entity"])),
        time=_moment(row["ts"]),
    )


def _severity(kinds: str, amount: float) -> Literal["minor", "general", "severe"]:
    if "suspension" in kinds or "revocation" in kinds:
        return "severe"
    return "general" if amount or "confiscation" in kinds else "minor"


def _moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=CHINA)


DATASET = Dataset(
    name="beijing_culture",
    about="43,093 inspections and penalties of Beijing's culture-market enforcement, 2021 to 2026",
    file="beijing_culture/events.csv.gz",
    outcome="an inspection finds a problem",
    test_from=dt.datetime(2024, 1, 1, tzinfo=CHINA),
    read=read,
    delays=(1, 7, 30),
    aims={"1 d": Aim(roc_auc=0.82), "7 d": Aim(roc_auc=0.70)},
)
