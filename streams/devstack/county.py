"""What happens in a county of two thousand enterprises in sixty days?

A seeded simulation of 叶县 (410422): pure, the same bytes for the same seed on every machine
(only ``random.Random`` and exact arithmetic: no clock, no hash order, no transcendental
function).  The register is handed over ``HISTORY_DAYS`` before day 0; what was before is unknown.
"""

import datetime as dt
import random
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from detectors import events as e
from detectors.uscc import ALPHABET, synthetic
from detectors.warning import CHINA
from streams.devstack.county_diary import A_DAY, Diary, Sent, Source, Span
from streams.devstack.county_life import Life
from streams.devstack.county_people import firms
from streams.devstack.county_stories import cast
from streams.devstack.county_ties import happen

COUNTY = "410422"
START = dt.date(2026, 5, 20)
ENTERPRISES, DAYS = 2000, 60


class Form(NamedTuple):
    """How large a county is, and which days are watched: both forms hold 07-01, W02's day."""

    enterprises: int = ENTERPRISES
    days: int = DAYS
    start: dt.date = START


FORM = Form()
# The short form, for CI: it shows all four measures too.
SHORT_FORM = Form(600, 12, dt.date(2026, 6, 23))
HISTORY_DAYS = 140  # what was filed before comes with the register
# Feeds of the complaint line and of daily supervision are known to lag.
_LAGGING = frozenset({Source.HOTLINE, Source.SUPERVISION})
_LATE_SHARE = 0.01
_LATE_HOURS = 10 * 24
_TWICE_SHARE = 0.012
_TWICE_WITHIN_S = 3600


def simulate(
    seed: int, enterprises: int = ENTERPRISES, days: int = DAYS, start: dt.date = START
) -> Iterator[e.Event]:
    """Yield what the bureaus of the county send, in the order in which it reaches us.

    Shapes:
        First ``HISTORY_DAYS`` of opening balance, then ``days`` from ``start`` on.  The order is
        that of event time, but for the few that come late and the copies of a second feed (the
        same source and id again).

    Raises:
        ValueError: no enterprises, or no days.
    """
    if enterprises < 1 or days < 1:
        raise ValueError(f"enterprises and days must be positive, got {enterprises} and {days}")
    span = Span(start - A_DAY * HISTORY_DAYS, start, start + A_DAY * days)
    people = firms(seed, enterprises, opening=span.opening, start=span.start, end=span.end)
    diaries = [
        Diary(firm, span, random.Random(f"life {seed} {firm.number}"))  # one stream a firm
        for firm in people
    ]
    for diary in diaries:
        Life(diary).run()
    for firm, story in cast(people, opening=span.opening):
        story(diaries[firm.number])
    happen(diaries)
    rng = random.Random(f"feeds {seed}")
    sent = _numbered(sorted((one for diary in diaries for one in diary.sent), key=_happened))
    arriving = sorted(_as_fed(sent, rng, end=span.end), key=_arrived)
    return (one.event for one in arriving)


def _happened(sent: Sent) -> tuple[dt.datetime, str]:
    return sent.event.time, sent.event.id


def _arrived(sent: Sent) -> tuple[dt.datetime, str]:
    return sent.arrives, sent.event.id


def _numbered(sent: Iterable[Sent]) -> Iterator[Sent]:
    """Number the documents of each series by year, as the bureaus do: 叶市监处罚〔2026〕12号.

    What followed a penalty names the number of the decision, which a diary knows by its id.
    """
    counts: Counter[tuple[str, int]] = Counter()
    numbers: dict[str, str] = {}
    for one in sent:
        data, series = one.event.data, one.event.data.doc_no
        if isinstance(data, e.PenaltyFollowed) and data.penalty_no in numbers:
            data = msgspec.structs.replace(data, penalty_no=numbers[data.penalty_no])
        if series:
            year = one.event.time.year
            counts[series, year] += 1
            number = f"{series}〔{year}〕{counts[series, year]}号"
            numbers[one.event.id] = number
            data = msgspec.structs.replace(data, doc_no=number)
        yield Sent(one.arrives, msgspec.structs.replace(one.event, data=data))


def _as_fed(sent: Iterable[Sent], rng: random.Random, *, end: dt.date) -> Iterator[Sent]:
    """Let a few come late, and a few come twice."""
    for one in sent:
        arrives = one.arrives
        if one.event.source in _LAGGING and rng.random() < _LATE_SHARE:
            arrives += dt.timedelta(hours=rng.randint(30, _LATE_HOURS))
        if arrives.date() >= end:
            continue
        yield Sent(arrives, one.event)
        if rng.random() < _TWICE_SHARE:
            yield Sent(arrives + dt.timedelta(seconds=rng.randint(5, _TWICE_WITHIN_S)), one.event)


def bad_records(seed: int) -> Iterator[bytes]:
    """Yield records as they come from careless sources: each can never become an event.

    Shapes:
        One for each cause of ``detectors.events.Cause`` that a record can bring about by itself.
    """
    rng = random.Random(f"bad records {seed}")
    uscc = synthetic(rng.randrange(31**5), prefix="91410422YX")
    good = e.event_of(
        e.PenaltyDecided(domain="CATER", severity="general", amount=5000.0, place="410422002"),
        id=f"bad-{rng.randrange(10**6):06d}",
        source=Source.ENFORCEMENT,
        subject=uscc,
        time=dt.datetime.combine(START, dt.time(9), tzinfo=CHINA),
    )
    raw = e.encode(good)
    wrong_digit = ALPHABET[(ALPHABET.index(uscc[-1]) + 1) % len(ALPHABET)]
    future = dt.datetime(2099, 1, 1, tzinfo=CHINA)
    yield raw[: len(raw) // 2]
    yield raw.replace(b"penalty.decided.v1", b"penalty.imagined.v1")
    yield e.encode(msgspec.structs.replace(good, subject=uscc[:-1]))
    yield e.encode(msgspec.structs.replace(good, subject=uscc[:-1] + wrong_digit))
    yield e.encode(msgspec.structs.replace(good, time=future))
    yield raw.replace(b"CATER", b"FOOD")
    month = e.ClassOfMonth(period="2025-12", risk_class="A")
    told = e.event_of(month, id="bad-month", source=Source.COURT, subject=uscc, time=good.time)
    yield e.encode(told)
    yield raw.replace(b"5000.0", '"五千元"'.encode())
    scan = b'{"scan":"' + b"A" * e.MAX_EVENT_BYTES + b'",'
    yield raw.replace(b"{", scan, 1)
