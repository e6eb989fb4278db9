"""Which records does tests/golden/events hold, one file a type, good ones and bad?"""

import json
from pathlib import Path
from typing import Any

import msgspec

from detectors import events as e

AT = 1_772_424_000  # 2026-03-02T12:00:00+08:00, when all of them occurred
FOLDER = Path(__file__).parent / "golden" / "events"


class Bad(msgspec.Struct, frozen=True):
    """A record that can never become an event, with the cause and some words of the refusal."""

    cause: str
    says: str
    event: dict[str, Any]


def valid() -> list[tuple[str, bytes]]:
    """Return every good record with its type, as it comes from a source."""
    return [
        (file.stem, line) for file in _files("valid") for line in file.read_bytes().splitlines()
    ]


def invalid() -> list[tuple[str, Bad]]:
    """Return every bad record with its type."""
    return [
        (file.stem, msgspec.json.decode(line, type=Bad))
        for file in _files("invalid")
        for line in file.read_bytes().splitlines()
    ]


def payload(raw: bytes) -> Any:
    """Return what a record says, before anybody has judged it."""
    return json.loads(raw)


def events() -> list[e.Event]:
    """Return every good record as the event it states."""
    return [e.decode(raw) for _, raw in valid()]


def _files(kind: str) -> list[Path]:
    return sorted((FOLDER / kind).glob("*.jsonl"))
