"""Is a value what a JSON Schema allows?  As much of 2020-12 as our own schemas use, and no more."""

import datetime as dt
import re
from typing import Any

Schema = dict[str, Any]
_TYPES: dict[str, Any] = {
    "object": dict, "array": list, "string": str, "boolean": bool, "null": type(None),
}  # fmt: skip
_SAYS_NOTHING = {"$schema", "$id", "$defs", "title", "description", "default"}


class UnknownKeywordError(NotImplementedError):
    """A schema uses a keyword that is not checked here: teach tests/json_schema.py."""


def problems(value: Any, schema: Schema, root: Schema | None = None, place: str = "$") -> list[str]:
    """Return what is wrong with a value, each with its place; nothing where it is valid."""
    root = root or schema
    found: list[str] = []
    for keyword, asked in schema.items():
        if keyword in _SAYS_NOTHING or keyword == "then":
            continue
        found += [f"{place}: {keyword}: {what}" for what in _plain(value, keyword, asked)]
        found += _nested(value, keyword, schema, root, place)
    return found


def is_valid(value: Any, schema: Schema, root: Schema) -> bool:
    """Return whether a value is what a schema allows."""
    return not problems(value, schema, root)


def _plain(value: Any, keyword: str, asked: Any) -> list[str]:  # noqa: PLR0911, C901 - one arm a keyword
    """Return what a keyword that looks at the value alone finds."""
    match keyword:
        case "type":
            return [] if _is_a(value, asked) else [f"{value!r} is no {asked}"]
        case "enum":
            same = [one for one in asked if one == value and type(one) is type(value)]
            return [] if same else [f"{value!r} is none of {asked}"]
        case "pattern" if isinstance(value, str):
            return [] if re.search(_as_python(asked), value, re.ASCII) else [f"{value!r}"]
        case "minLength" if isinstance(value, str):
            return [] if len(value) >= asked else [f"{len(value)} < {asked}"]
        case "maxLength" if isinstance(value, str):
            return [] if len(value) <= asked else [f"{len(value)} > {asked}"]
        case "minimum" if _is_a(value, "number"):
            return [] if value >= asked else [f"{value} < {asked}"]
        case "maximum" if _is_a(value, "number"):
            return [] if value <= asked else [f"{value} > {asked}"]
        case "minItems" if isinstance(value, list):
            return [] if len(value) >= asked else [f"{len(value)} < {asked}"]
        case "maxItems" if isinstance(value, list):
            return [] if len(value) <= asked else [f"{len(value)} > {asked}"]
        case "maxProperties" if isinstance(value, dict):
            return [] if len(value) <= asked else [f"{len(value)} > {asked}"]
        case "required" if isinstance(value, dict):
            return [name for name in asked if name not in value]
        case "format" if isinstance(value, str):
            return [] if _has_format(value, asked) else [f"{value!r} is no {asked}"]
    return []


def _nested(value: Any, keyword: str, schema: Schema, root: Schema, place: str) -> list[str]:  # noqa: PLR0911, C901 - one arm a keyword
    """Return what a keyword that holds other schemas finds."""
    asked = schema[keyword]
    match keyword:
        case "$ref":
            return problems(value, root["$defs"][asked.removeprefix("#/$defs/")], root, place)
        case "properties":
            inside = value if isinstance(value, dict) else {}
            there = [(name, one) for name, one in asked.items() if name in inside]
            return [what for name, one in there
                    for what in problems(inside[name], one, root, f"{place}.{name}")]  # fmt: skip
        case "items":
            inside = value if isinstance(value, list) else []
            return [what for n, one in enumerate(inside)
                    for what in problems(one, asked, root, f"{place}[{n}]")]  # fmt: skip
        case "prefixItems":
            pairs = zip(value, asked, strict=False) if isinstance(value, list) else ()
            return [what for n, (inside, one) in enumerate(pairs)
                    for what in problems(inside, one, root, f"{place}[{n}]")]  # fmt: skip
        case "propertyNames":
            names = list(value) if isinstance(value, dict) else []
            return [what for one in names for what in problems(one, asked, root, f"{place}.{one}")]
        case "additionalProperties":
            named = schema.get("properties", {})
            inside = value if isinstance(value, dict) else {}
            return [what for name, one in inside.items() if name not in named
                    for what in problems(one, asked, root, f"{place}.{name}")]  # fmt: skip
        case "allOf":
            return [what for one in asked for what in problems(value, one, root, place)]
        case "anyOf" | "oneOf":
            fit = sum(is_valid(value, one, root) for one in asked)
            right = fit == 1 if keyword == "oneOf" else fit > 0
            return [] if right else [f"{place}: {keyword}: {fit} fit"]
        case "not":
            return [f"{place}: not"] if is_valid(value, asked, root) else []
        case "if":
            holds = is_valid(value, asked, root)
            return problems(value, schema["then"], root, place) if holds else []
    if keyword not in _PLAIN:
        raise UnknownKeywordError(keyword)
    return []


_PLAIN = {
    "type", "enum", "pattern", "minLength", "maxLength", "minimum", "maximum", "minItems",
    "maxItems", "maxProperties", "required", "format",
}  # fmt: skip


def _as_python(pattern: str) -> str:
    """Return a pattern of ECMA 262, whose $ is the very end, as Python says it."""
    return pattern.removesuffix("$") + r"\Z" if pattern.endswith("$") else pattern


def _is_a(value: Any, type_: str) -> bool:
    if type_ in {"number", "integer"}:
        numbers = (int,) if type_ == "integer" else (int, float)
        return isinstance(value, numbers) and not isinstance(value, bool)
    return isinstance(value, _TYPES[type_])


def _has_format(value: str, asked: str) -> bool:
    try:
        if asked == "date":
            dt.date.fromisoformat(value)
            return len(value) == len("2026-07-01")
        return dt.datetime.fromisoformat(value.upper()).tzinfo is not None
    except ValueError:
        return False
