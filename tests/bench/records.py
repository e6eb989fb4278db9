"""What is published, and what does each record's sort have to become?

Good events as they are, and among them records of every sort that a careless source sends, each
with the fate that the product states for it; and some enterprises of one person, whose trouble
their neighbours must hear of.
"""

import dataclasses
import datetime as dt
import enum
import random
from collections.abc import Callable, Sequence

import msgspec

from detectors.events import (
    Cause,
    Established,
    Event,
    Payload,
    SeriousListChanged,
    encode,
    event_of,
)
from detectors.uscc import ALPHABET

MEGABYTE = 1024 * 1024
# A source repeats itself within minutes: that many records later at the most.
REPEATS_WITHIN = 40
FOUNDED = dt.date(2015, 6, 1)


class Fate(enum.StrEnum):
    """What becomes of a record."""

    APPLIED = "applied"
    DUPLICATE = "duplicate"
    UNKNOWN_FACT = "unknown_fact"
    DEAD = "dead"
    QUARANTINED = "quarantined"


@dataclasses.dataclass(frozen=True, slots=True)
class Planted:
    """One record as it is published, its sort in words, and its stated fate.

    ``in_log_alone`` says that only the log can show what is wrong with it (its key, its missing
    value): a replay of values alone cannot.
    """

    sort: str
    key: bytes | None
    value: bytes | None
    fate: Fate = Fate.APPLIED
    cause: Cause | None = None
    in_log_alone: bool = False


Spoil = Callable[[dict[str, object]], tuple[str, bytes | None]]


def planted(events: Sequence[Event], *, each: int, seed: int) -> list[Planted]:
    """Return the events in their order with ``each`` records of every bad sort among them."""
    chance = random.Random(seed)
    placed = [
        (float(place), Planted("event", event.subject.encode(), encode(event)))
        for place, event in enumerate(events)
    ]
    for number in range(each):
        for sort, (fate, cause, spoil) in _SORTS.items():
            if sort == "a megabyte" and number > 1:
                continue
            place = chance.randrange(len(events))
            fields = msgspec.json.decode(encode(events[place]))
            fields["id"] = f"bad-{sort}-{number}"
            key, value = spoil(fields)
            record = Planted(
                sort, key.encode(), value, fate, cause, in_log_alone=sort in _IN_LOG_ALONE
            )
            placed.append((place + chance.random(), record))
        place = chance.randrange(len(events))
        again = dataclasses.replace(placed[place][1], sort="the same id again", fate=Fate.DUPLICATE)
        placed.append((place + chance.uniform(0, REPEATS_WITHIN), again))
        placed += _kin(events, number, chance)
    return [record for _, record in sorted(placed, key=lambda one: one[0])]


def _kin(
    events: Sequence[Event], number: int, chance: random.Random
) -> list[tuple[float, Planted]]:
    """Return three enterprises of one person: two must hear of the third, and half of its end."""
    usccs = sorted({event.subject for event in events})
    usccs = chance.sample(usccs, min(3, len(usccs)))
    listing, removal = sorted(chance.sample(range(len(events)), 2)) if len(events) > 1 else (0, 0)
    told: list[tuple[int, str, Payload]] = [
        (
            chance.randint(0, listing),
            uscc,
            Established(name="关联企业", established_on=FOUNDED, legal_rep=f"h:kin-{number}"),
        )
        for uscc in usccs
    ]
    told.append((listing, usccs[0], SeriousListChanged(list_code="L1", action="add")))
    if number % 2:
        told.append((removal, usccs[0], SeriousListChanged(list_code="L1", action="remove")))
    placed = []
    for place, uscc, data in told:
        said = event_of(
            data,
            id=f"kin-{number}-{len(placed)}",
            source="urn:bench:kin",
            subject=uscc,
            time=events[place].time,
        )
        record = Planted("kin", uscc.encode(), encode(said))
        placed.append((place + chance.random(), record))
    return placed


def _written(fields: dict[str, object]) -> tuple[str, bytes]:
    return str(fields["subject"]), msgspec.json.encode(fields)


def _broken(fields: dict[str, object]) -> tuple[str, bytes]:
    key, value = _written(fields)
    return key, value[:-9]


def _with(**changes: object) -> Spoil:
    return lambda fields: _written(fields | changes)


def _with_subject(change: Callable[[str], str]) -> Spoil:
    return lambda fields: _written(fields | {"subject": change(str(fields["subject"]))})


def _with_data(**changes: object) -> Spoil:
    def spoil(fields: dict[str, object]) -> tuple[str, bytes]:
        data = fields["data"]
        assert isinstance(data, dict)
        return _written(fields | {"data": data | changes})

    return spoil


def _other_key(fields: dict[str, object]) -> tuple[str, bytes]:
    key, value = _written(fields)
    return f"{key[:-1]}_", value


def _other_check_digit(code: str) -> str:
    """Return the code with the next check character, which is wrong then."""
    return code[:-1] + ALPHABET[(ALPHABET.index(code[-1]) + 1) % len(ALPHABET)]


_SORTS: dict[str, tuple[Fate, Cause | None, Spoil]] = {
    "broken JSON": (Fate.DEAD, Cause.NOT_JSON, _broken),
    "wrong types": (Fate.DEAD, Cause.INVALID, _with(data=[1, 2])),
    "unknown type": (Fate.DEAD, Cause.UNKNOWN_TYPE, _with(type="weather.changed.v1")),
    "code too short": (Fate.DEAD, Cause.INVALID_SUBJECT, _with_subject(lambda code: code[:-1])),
    "code with an O": (
        Fate.DEAD, Cause.INVALID_SUBJECT, _with_subject(lambda code: f"{code[:9]}O{code[10:]}"),
    ),
    "wrong check digit": (
        Fate.QUARANTINED, Cause.QUARANTINED_SUBJECT, _with_subject(_other_check_digit),
    ),
    "far future": (Fate.DEAD, Cause.FUTURE, _with(time="2099-01-01T00:00:00+08:00")),
    "a megabyte": (Fate.DEAD, Cause.TOO_LARGE, _with_data(doc_no="x" * MEGABYTE)),
    "another key": (Fate.DEAD, Cause.INVALID_SUBJECT, _other_key),
    "no value": (Fate.DEAD, Cause.NOT_JSON, lambda fields: (str(fields["subject"]), None)),
    "unknown fact revoked": (
        Fate.UNKNOWN_FACT, None, _with_data(op="REVOKE", supersedes="never sent"),
    ),
}  # fmt: skip
_IN_LOG_ALONE = frozenset({"another key", "no value"})
