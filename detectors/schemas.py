"""What may a source send, in the words of JSON Schema 2020-12?

The schemas are made from the payload classes that decode the wire, so that the two cannot differ;
docs/schemas holds them as files for whoever does not write Python.
"""

from typing import Any

import msgspec

from detectors import events as e
from detectors.payloads import END

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_SAID = {"not": {"enum": ["", None]}}


def schema_of(type_: str) -> dict[str, Any]:
    """Return the self-contained schema of one event type, envelope and payload.

    >>> schema_of("penalty.decided.v1")["$id"]
    'urn:sanzao:event:penalty.decided.v1'
    """
    event = e.event_class(type_)
    payload = e.event_types()[type_]
    (reference,), components = msgspec.json.schema_components([event])
    components[payload.__name__]["allOf"] = _conditions(payload)
    components = _as_elsewhere(components)
    return {
        "$schema": DIALECT,
        "$id": f"urn:sanzao:event:{type_}",
        "title": type_,
        "description": (payload.__doc__ or "").split("\n")[0],
        **reference,
        "$defs": components,
    }


def _as_elsewhere(schema: Any) -> Any:
    """Return a schema whose patterns end as JSON Schema has it: "$" is the very end there."""
    if isinstance(schema, dict):
        return {key: _as_elsewhere(value) for key, value in schema.items()}
    if isinstance(schema, list):
        return [_as_elsewhere(value) for value in schema]
    return schema.replace(END, "$") if isinstance(schema, str) else schema


def _conditions(payload: type[e.Payload]) -> list[dict[str, Any]]:
    """Return what no field says alone; ``detectors.events.decode`` asks the same."""
    conditions = []
    if payload is e.RepairDecided:
        conditions.append(_said("supersedes"))
    else:
        conditions.append(_where("op", ["UPDATE", "REVOKE", "EXPIRE"], "supersedes"))
    conditions += [_where(field, [value], asked) for field, value, asked in payload.needs]
    if payload.one_of:
        conditions.append({"oneOf": [_said(name) for name in payload.one_of]})
    return conditions


def _said(field: str) -> dict[str, Any]:
    return {"required": [field], "properties": {field: _SAID}}


def _where(field: str, values: list[Any], asked: str) -> dict[str, Any]:
    return {
        "if": {"required": [field], "properties": {field: {"enum": values}}},
        "then": _said(asked),
    }
