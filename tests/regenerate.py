"""How are the files written that are made from the code?  ``python -m tests.regenerate``.

docs/schemas holds a JSON Schema for each event type; docs/events.md and docs/facts.md hold one
table each between two marks.  Tests fail where a file differs from what this makes.
"""

import collections
import json
from pathlib import Path

import msgspec

from detectors import events as e
from detectors.facts import FactKind
from detectors.reading import read
from detectors.schemas import schema_of
from detectors.wording import LABELS
from tests import golden_events as golden

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
_Kinds = dict[str, set[FactKind]]
BEGIN, END = "<!-- made by tests/regenerate.py -->", "<!-- end -->"


def schema_files() -> dict[str, str]:
    """Return the schema files, by name."""
    return {
        f"{type_}.json": json.dumps(schema_of(type_), ensure_ascii=False, indent=1) + "\n"
        for type_ in e.event_types()
    }


def event_table() -> str:
    """Return the table of event types: what each is, carries and states."""
    rows = ["| type | 中文 | fields (`?` = optional) | states, and ends |", "|---|---|---|---|"]
    stated, ended = _told()
    for type_, payload in e.event_types().items():
        words = (payload.__doc__ or "").split("\n")[0].replace("``", "`").replace("|", "/")
        effect = "; ends ".join(_names(kinds) for kinds in (stated[type_], ended[type_]) if kinds)
        if ended[type_] and not stated[type_]:
            effect = f"ends {effect}"
        rows.append(f"| `{type_}` | {words} | {_fields(payload)} | {effect or '–'} |")
    return "\n".join(rows)


def fact_table() -> str:
    """Return the table of fact kinds: the number, the words, the types that state it."""
    sources: dict[FactKind, list[str]] = collections.defaultdict(list)
    for type_, kinds in _told()[0].items():
        code = (e.event_types()[type_].__doc__ or "")[:3]
        for kind in kinds:
            sources[kind].append(code)
    rows = ["| kind | no. | 中文 | stated by |", "|---|---|---|---|"]
    for kind in FactKind:
        events = " ".join(sources[kind])
        rows.append(f"| `{kind.name.lower()}` | {kind.value} | {LABELS[kind]} | {events} |")
    return "\n".join(rows)


def with_table(text: str, table: str) -> str:
    """Return a document with the table between its marks replaced."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table}\n{END}{after}"


def _fields(payload: type[e.Payload]) -> str:
    inherited = set(e.Payload.__struct_fields__)
    own = [one for one in msgspec.structs.fields(payload) if one.name not in inherited]
    own.sort(key=lambda one: not one.required)
    return " ".join(f"`{one.name}`{'' if one.required else '?'}" for one in own)


def _names(kinds: set[FactKind]) -> str:
    return " ".join(f"`{kind.name.lower()}`" for kind in sorted(kinds))


def _told() -> tuple[_Kinds, _Kinds]:
    """Return which kinds of fact the golden records of each type state, and which they end."""
    stated: _Kinds = collections.defaultdict(set)
    ended: _Kinds = collections.defaultdict(set)
    for event in golden.events():
        reading = read(event, identity=1, at=golden.AT)
        type_ = e.type_of(type(event.data))
        stated[type_] |= {FactKind(fact.kind) for fact in reading.facts}
        ended[type_] |= {FactKind(mark.kind) for mark in reading.marks if mark.kind}
    return stated, ended


def main() -> None:
    """Write every file that is made from the code."""
    folder = DOCS / "schemas"
    for old in folder.glob("*.json"):
        old.unlink()
    for name, text in schema_files().items():
        (folder / name).write_text(text, encoding="utf-8")
    for name, table in (("events.md", event_table()), ("facts.md", fact_table())):
        file = DOCS / name
        file.write_text(with_table(file.read_text(encoding="utf-8"), table), encoding="utf-8")


if __name__ == "__main__":
    main()
