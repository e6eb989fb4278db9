"""How are the files written that are made from the code?  ``python -m tests.regenerate``.

docs/schemas holds a JSON Schema for each event type and, in published/, for each message of ours;
docs/asyncapi.yaml describes all topics; several documents hold tables between two marks.  Tests
fail where a file differs from what this makes.
"""

import collections
import json
from pathlib import Path

import msgspec

from config.load import load_documents
from detectors import events as e
from detectors.facts import FactKind
from detectors.knowledge import Knowledge, Rule
from detectors.knowledge_check import parse
from detectors.reading import read
from detectors.repetition import RAISED_TO
from detectors.schemas import schema_of
from detectors.wording import LABELS
from tests import fact_tables
from tests import golden_events as golden
from tests.interfaces import asyncapi, schemas
from tests.interfaces import tables as interfaces

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


def published_files() -> dict[str, str]:
    """Return the schema files of what sanzao publishes, by name."""
    return {
        f"{type_}.json": json.dumps(schemas.schema_of(type_), ensure_ascii=False, indent=1) + "\n"
        for type_ in [*schemas.PUBLISHED, *schemas.INTERNAL]
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


def stated_by_code() -> dict[str, set[str]]:
    """Return the fact kinds that the golden records of each event state or end, by its code."""
    stated, ended = _told()
    return {
        (payload.__doc__ or "")[:3]: {kind.name.lower() for kind in stated[type_] | ended[type_]}
        for type_, payload in e.event_types().items()
    }


def indicator_table() -> str:
    """Return the catalogue of indicators, generic and professional, as a table."""
    rows = [
        "| 编号 | 指标 | 维度 | 领域 | 事件 | 函数 | 分值 | 同组 | 牵头 | 依据 |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for one in _knowledge().indicators:
        number = f"{one.overlay}/{one.id}" if one.overlay else one.id
        domain = "、".join(one.of) or ("事实所属" if one.domain == "fact" else one.domain)
        function = one.severity.__struct_config__.tag
        basis = "建议" if one.basis == "proposal" else one.basis
        cells = (
            number, one.name, one.dimension.label, domain, " ".join(one.events), function,
            one.points, "、".join(one.groups) or "–", one.lead,
            basis + (f"。{one.why}" if one.why else ""),
        )  # fmt: skip
        rows.append("| " + " | ".join(str(cell) for cell in cells) + " |")
    return "\n".join(rows)


def rule_table() -> str:
    """Return the rules as a table: what each asks for, mildest last."""
    rows = [
        "| 编号 | 规则 | 规则族 | 领域 | 措施 | 依赖来源 | 不触发 | 依据 |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for rule in _knowledge().rules:
        measures = "、".join(dict.fromkeys(tier.measure.label for tier in rule.tiers))
        if rule.again_within_days:
            measures += f"（{rule.again_within_days}日内再次发生，警示升为{RAISED_TO.label}）"
        tiers = [kind for tier in rule.tiers for kind in tier.unless]
        unless = dict.fromkeys([*rule.unless, *rule.settled_by, *tiers])
        silent = "、".join(LABELS[FactKind[name.upper()]] for name in unless)
        domain = "事实所属" if rule.domain == "fact" else rule.domain
        cells = (
            rule.id, rule.name + ("（每日清单）" if rule.batched else ""), rule.family, domain,
            measures, rule.feed or "–", silent or "–", _bases(rule),
        )  # fmt: skip
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows)


def _bases(rule: Rule) -> str:
    """Return the rule's basis, then that of each kind or domain which has one of its own."""
    named: dict[str, list[str]] = {}
    for name, basis in rule.basis_of.items():
        kind = FactKind.__members__.get(name.upper())
        named.setdefault(basis, []).append(LABELS[kind] if kind else name)
    own = [f"{'、'.join(names)}：{basis}" for basis, names in named.items()]
    return "；".join([rule.basis, *own])


def _knowledge() -> Knowledge:
    return parse(load_documents())


def with_table(text: str, table: str, name: str = "") -> str:
    """Return a document with the table between its marks replaced; ``name`` stands in the mark."""
    begin = BEGIN.replace(" -->", f": {name} -->") if name else BEGIN
    before, found, rest = text.partition(begin)
    assert found, f"the document has no mark {begin}"
    _, _, after = rest.partition(END)
    return f"{before}{begin}\n{table}\n{END}{after}"


def with_tables(text: str, tables: dict[str, str]) -> str:
    """Return a document with all its tables replaced."""
    for name, table in tables.items():
        text = with_table(text, table, name)
    return text


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


def tables() -> dict[str, dict[str, str]]:
    """Return the tables of the documents that hold some: by document, then by mark."""
    return {
        "events.md": {"": event_table()},
        "facts.md": {
            "": fact_table(),
            "indicators": fact_tables.indicator_table(_knowledge()),
            "rules": fact_tables.rule_table(_knowledge()),
        },
        "indicators.md": {"": f"{indicator_table()}\n\n## 规则 / Rules\n\n{rule_table()}"},
        "interfaces.md": interfaces.tables(),
    }


def _write(folder: Path, files: dict[str, str]) -> None:
    """Write the files of a folder, and delete those that are gone."""
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.json"):
        old.unlink()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")


def main() -> None:
    """Write every file that is made from the code."""
    _write(DOCS / "schemas", schema_files())
    _write(DOCS / "schemas" / "published", published_files())
    (DOCS / "asyncapi.yaml").write_text(asyncapi.text(), encoding="utf-8")
    for name, made in tables().items():
        file = DOCS / name
        file.write_text(with_tables(file.read_text(encoding="utf-8"), made), encoding="utf-8")


if __name__ == "__main__":
    main()
