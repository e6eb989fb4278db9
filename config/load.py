"""Where do settings and knowledge come from?  YAML, then the environment; one door to both."""

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec
import yaml

from config.schema import Settings

PREFIX = "SANZAO_"
NESTING = "__"
FILE_SUFFIX = "_FILE"
SECRETS = {("email", "password"), ("sms", "secret"), ("web", "link_secret")}
KNOWLEDGE = Path(__file__).parent / "knowledge"
HISTORY, HEAD = "history", "knowledge.yaml"
PROFESSIONAL = "professional"  # the folder of the professional catalogues
SCENARIOS = "tests"  # the folder of the rules' own tests


class InvalidConfigError(ValueError):
    """A setting or a document cannot be used; the operator mends the file or variable named."""


def load_settings(
    path: Path | None = None, environment: Mapping[str, str] | None = None
) -> Settings:
    """Return the settings of the file, overlaid by the environment.

    ``SANZAO_KAFKA__BOOTSTRAP`` sets ``kafka.bootstrap``; ``SANZAO_SMS__SECRET_FILE`` names a file
    that holds ``sms.secret``.

    Raises:
        InvalidConfigError: names the file or variable, the key, and what would be right.
    """
    values = _mapping(path) if path else {}
    for section, key in SECRETS:
        said = values.get(section)
        if isinstance(said, dict) and key in said:
            raise InvalidConfigError(
                f"{path}: {section}.{key} is a secret and must not stand in a file of settings; "
                f"use {PREFIX}{section.upper()}{NESTING}{key.upper()}{FILE_SUFFIX}"
            )
    environment = os.environ if environment is None else environment  # noqa: TID251 - the door
    for name, text in sorted(environment.items()):
        if name.startswith(PREFIX) and name != f"{PREFIX}CONFIG":
            _overlay(values, name, text)
    try:
        return msgspec.convert(values, Settings, strict=False)
    except msgspec.ValidationError as error:
        origin = f"{path} and {PREFIX}*" if path else f"the environment ({PREFIX}*)"
        raise InvalidConfigError(f"settings from {origin}: {error}") from error


def environment_value(name: str) -> str | None:
    """Return a variable that is not a setting of ours (``REDIS_URL``), or None."""
    return os.environ.get(name)  # noqa: TID251 - the door


def load_documents(folder: Path | None = None) -> dict[str, object]:
    """Return the documents of a knowledge folder, by file name; ``professional/`` by its path.

    The scenarios in ``tests/`` are no part of the knowledge.

    Raises:
        InvalidConfigError: a file is no YAML, or the folder is not there; with line and column.
    """
    folder = folder or KNOWLEDGE
    if not folder.is_dir():
        raise InvalidConfigError(f"{folder} is no folder; pass the one with knowledge.yaml")
    found = [*folder.glob("*.yaml"), *folder.glob(f"{PROFESSIONAL}/*.yaml")]
    return {path.relative_to(folder).as_posix(): _document(path) for path in sorted(found)}


def load_scenarios(folder: Path | None = None, file: Path | None = None) -> dict[str, object]:
    """Return the scenarios of one file, or of all under a knowledge folder, by file name.

    Raises:
        InvalidConfigError: a file is no YAML, or there is none; with line and column.
    """
    within = (folder or KNOWLEDGE) / SCENARIOS
    files = [file] if file is not None else sorted(within.glob("*.yaml"))
    if not files:
        raise InvalidConfigError(f"{within} holds no scenarios; name a file of them")
    return {path.name: _document(path) for path in files}


def load_history(folder: Path | None = None) -> list[dict[str, object]]:
    """Return the earlier versions of the knowledge, the newest first.

    They stand in ``history/VERSION/``, each with the documents that were other then; a document
    that a version does not hold is that of the next newer one.

    Raises:
        InvalidConfigError: a file is no YAML, or a version does not say from when it was in force.
    """
    folder = folder or KNOWLEDGE
    versions = []
    for place in (folder / HISTORY).glob("*/"):
        documents = {path.name: _document(path) for path in sorted(place.glob("*.yaml"))}
        head = documents.get(HEAD)
        if not isinstance(head, dict) or "effective_from" not in head:
            raise InvalidConfigError(
                f"{place / HEAD} does not say effective_from; without it nobody knows which "
                f"months the version decides"
            )
        versions.append((str(head["effective_from"]), documents))
    found: list[dict[str, object]] = []
    newer = load_documents(folder)
    for _, documents in sorted(versions, key=lambda version: version[0], reverse=True):
        newer = newer | documents
        found.append(newer)
    return found


def _mapping(path: Path) -> dict[str, dict[str, object]]:
    document = _document(path) or {}
    if not isinstance(document, dict):
        raise InvalidConfigError(f"{path}: must be a mapping of sections, e.g. 'kafka:'")
    # A section whose lines are all commented out says nothing: YAML makes a null of it.
    return {
        str(key): dict(value) if isinstance(value, dict) else value
        for key, value in document.items()
        if value is not None
    }


def _document(path: Path) -> object:
    try:
        return yaml.safe_load(_text(path))
    except yaml.YAMLError as error:
        raise InvalidConfigError(f"{path} is no YAML: {_told(error)}") from error


def _told(error: yaml.YAMLError) -> str:
    """Return what is wrong, and at which line and column of the file."""
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return str(error)
    what = getattr(error, "problem", None) or getattr(error, "context", None)
    return f"line {mark.line + 1}, column {mark.column + 1}: {what}"


def _text(path: Path, *, wanted_by: str = "") -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise InvalidConfigError(f"{wanted_by}{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InvalidConfigError(
            f"{wanted_by}{path} is not in UTF-8 ({error.reason} at byte {error.start}); save it so"
        ) from error


def _overlay(values: dict[str, dict[str, object]], name: str, text: str) -> None:
    parts = name.removeprefix(PREFIX).lower().split(NESTING)
    if len(parts) > 1 and name.endswith(FILE_SUFFIX):
        parts[-1] = parts[-1].removesuffix(FILE_SUFFIX.lower())
        text = _text(Path(text), wanted_by=f"{name}: ").strip()
    if len(parts) == 1:
        values[parts[0]] = text  # type: ignore[assignment]
        return
    section = values.setdefault(parts[0], {})
    if not isinstance(section, dict):
        raise InvalidConfigError(f"{name}: {parts[0]!r} is no section")
    section[NESTING.join(parts[1:])] = text
