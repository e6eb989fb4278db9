"""Where do settings and knowledge come from?  YAML, then the environment; one door to both."""

import hashlib
import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import get_origin, get_type_hints

import msgspec
import yaml

from config.schema import Section, Settings

PREFIX = "SANZAO_"
NESTING = "__"
FILE_SUFFIX = "_FILE"
SECRETS = {("email", "password"), ("sms", "secret"), ("web", "link_secret")}
KNOWLEDGE = Path(__file__).parent / "knowledge"
HISTORY, HEAD = "history", "knowledge.yaml"
PROFESSIONAL = "professional"  # the folder of the professional catalogues
SCENARIOS = "tests"  # the folder of the rules' own tests
DOCUMENTS = frozenset(
    f"{name}.yaml"
    for name in (
        *("authorities", "calendar", "feeds", "indicators", "knowledge", "ladder", "neighbours"),
        *("observation", "organs", "regions", "repair", "rules", "sampling", "sms_templates"),
        "weights",
    )
)


class InvalidConfigError(ValueError):
    """A setting or a document cannot be used; the operator mends the file or variable named."""


def load_settings(
    path: Path | None = None, environment: Mapping[str, str] | None = None
) -> Settings:
    """Return the settings of the file, overlaid by the environment.

    ``SANZAO_KAFKA__BOOTSTRAP`` sets ``kafka.bootstrap``, ``SANZAO_SCOPE=410422,410423`` a list;
    ``SANZAO_SMS__SECRET_FILE`` names a file
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
                f"密钥不写在设置文件中，请用 use "
                f"{PREFIX}{section.upper()}{NESTING}{key.upper()}{FILE_SUFFIX}"
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
        InvalidConfigError: a file is no YAML (with line and column) or of no name that anything
            reads, or the folder is not there.
    """
    folder = folder or KNOWLEDGE
    if not folder.is_dir():
        raise InvalidConfigError(
            f"{folder} is no folder; 请给出含 knowledge.yaml 的目录。pass the one with it"
        )
    return _documents(folder, folders={PROFESSIONAL, SCENARIOS, HISTORY})


def load_scenarios(folder: Path | None = None, file: Path | None = None) -> dict[str, object]:
    """Return the scenarios of one file, or of all under a knowledge folder, by file name.

    Raises:
        InvalidConfigError: a file is no YAML, or there is none; with line and column.
    """
    within = (folder or KNOWLEDGE) / SCENARIOS
    files = [file] if file is not None else sorted(within.glob("*.yaml"))
    if not files:
        raise InvalidConfigError(
            f"{within} holds no scenarios; 请给出场景文件。name a file of them"
        )
    return {path.name: _document(path) for path in files}


def load_history(folder: Path | None = None) -> list[dict[str, object]]:
    """Return the earlier versions of the knowledge, the newest first.

    They stand in ``history/VERSION/``, each with the documents that were other then; a document
    that a version does not hold is that of the next newer one.

    Raises:
        InvalidConfigError: a file is no YAML or of no name that anything reads, or a version does
            not say from when it was in force.
    """
    folder = folder or KNOWLEDGE
    versions = []
    for place in _seen(folder / HISTORY):
        if not place.is_dir():
            raise InvalidConfigError(
                f"{place} belongs to no version; earlier documents stand in {HISTORY}/VERSION/"
            )
        documents = _documents(place, folders={PROFESSIONAL, SCENARIOS})
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


def _documents(folder: Path, *, folders: Collection[str]) -> dict[str, object]:
    """Return the documents of a folder; refuse what nobody would read, for it is misspelt.

    Other files than YAML (a note, a copy that an editor made) are left alone.
    """
    found = _named(folder, DOCUMENTS, folders) + _named(folder / PROFESSIONAL, None, ())
    return {path.relative_to(folder).as_posix(): _document(path) for path in sorted(found)}


def _named(folder: Path, documents: Collection[str] | None, folders: Collection[str]) -> list[Path]:
    """Return the documents of one folder, all YAML where None is asked for; refuse the others."""
    found = []
    for path in _seen(folder):
        if path.is_dir():
            known, is_known = [f"{one}/" for one in folders], path.name in folders
        elif path.suffix in {".yaml", ".yml"}:
            known = list(documents or ["NAME.yaml"])
            is_known = path.suffix == ".yaml" and (documents is None or path.name in documents)
            found.append(path)
        else:
            continue
        if not is_known:
            raise InvalidConfigError(
                f"{path} is read by nothing; 名称不对，请改名或移走，这里可用的有"
                f"（mend its name or take it away; what is read here）: "
                f"{', '.join(sorted(known)) or 'no folder'}"
            )
    return found


def _seen(folder: Path) -> list[Path]:
    """Return what stands in a folder, the hidden files left out; nothing where there is none."""
    return sorted(path for path in folder.glob("*") if not path.name.startswith("."))


def fingerprint(documents: object) -> str:
    """Return eight digits that tell two states of the knowledge apart; comments do not count."""
    return hashlib.sha256(msgspec.json.encode(documents)).hexdigest()[:8]


def _mapping(path: Path) -> dict[str, dict[str, object]]:
    document = _document(path) or {}
    if not isinstance(document, dict):
        raise InvalidConfigError(
            f"{path}: 应为分节的键与值，如 kafka:。must be a mapping of sections"
        )
    # A section whose lines are all commented out says nothing: YAML makes a null of it.
    return {
        str(key): dict(value) if isinstance(value, dict) else value
        for key, value in document.items()
        if value is not None
    }


def _document(path: Path) -> object:
    text = _text(path)
    try:
        return yaml.load(text, Loader=_Quick)  # noqa: S506 - a SafeLoader, but stricter
    except (yaml.YAMLError, ValueError):
        # Read again by the one that can show the line: libyaml is seven times as fast (measured),
        # but knows places by number alone.
        try:
            return yaml.load(text, Loader=_Telling)  # noqa: S506 - a SafeLoader, but stricter
        except yaml.YAMLError as error:
            raise InvalidConfigError(f"{path} is no YAML 写法有误: {_told(error)}") from error


class _Once(yaml.constructor.SafeConstructor):
    """YAML in which a key stands once: of two, the plain loader keeps the last and says nothing."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:  # noqa: FBT001, FBT002 - the loader's own signature
        """Return the mapping.

        Raises:
            yaml.constructor.ConstructorError: a key stands twice; with its place.
        """
        seen = set()
        for key, _ in node.value:
            said = (key.tag, key.value) if isinstance(key, yaml.ScalarNode) else id(key)
            if said in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"键 {key.value!r} 写了两次 stands twice", key.start_mark
                )
            seen.add(said)
        return super().construct_mapping(node, deep)


class _Telling(_Once, yaml.SafeLoader):
    """The reader that can show the line."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> object:  # noqa: FBT001, FBT002 - the loader's own signature
        """Return what a node means.

        Raises:
            yaml.constructor.ConstructorError: it looks like a day, or an hour, that there is not;
                with its place and its line, on which the key stands.
        """
        try:
            return super().construct_object(node, deep)
        except ValueError as error:
            line = (node.start_mark.get_snippet(indent=0) or "").partition("\n")[0]
            raise yaml.constructor.ConstructorError(
                None, None, f"没有 {node.value} ({error}): {line.strip()}", node.start_mark
            ) from error


class _Quick(_Once, getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """The reader that is fast, where PyYAML was built with libyaml."""


def _told(error: yaml.YAMLError) -> str:
    """Return what is wrong, and at which line and column of the file."""
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return str(error)
    what = getattr(error, "problem", None) or getattr(error, "context", None)
    line, column = mark.line + 1, mark.column + 1
    return f"第{line}行第{column}列 line {line}, column {column}: {what}"


def _text(path: Path, *, wanted_by: str = "") -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise InvalidConfigError(f"{wanted_by}{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InvalidConfigError(
            f"{wanted_by}{path} is not in UTF-8 ({error.reason} at byte {error.start}); "
            f"请另存为 UTF-8。save it so"
        ) from error


def _overlay(values: dict[str, dict[str, object]], name: str, text: str) -> None:
    parts = name.removeprefix(PREFIX).lower().split(NESTING)
    if len(parts) > 1 and name.endswith(FILE_SUFFIX):
        parts[-1] = parts[-1].removesuffix(FILE_SUFFIX.lower())
        text = _text(Path(text), wanted_by=f"{name}: ").strip()
    if len(parts) == 1:
        values[parts[0]] = _listed(Settings, parts[0], text)  # type: ignore[assignment]
        return
    section = values.setdefault(parts[0], {})
    if not isinstance(section, dict):
        raise InvalidConfigError(f"{name}: {parts[0]!r} is no section")
    key = NESTING.join(parts[1:])
    section[key] = _listed(type(getattr(Settings(), parts[0], None)), key, text)


def _listed(section: type, key: str, text: str) -> object:
    """Return what a variable says: the words between its commas where the setting is a list."""
    if not issubclass(section, Section):
        return text
    hint = get_type_hints(section).get(key)
    if get_origin(hint) is not tuple:
        return text
    return [word.strip() for word in text.split(",") if word.strip()]
