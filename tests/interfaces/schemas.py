"""What does sanzao publish, in the words of JSON Schema 2020-12?

Made from the structs that are published, as ``detectors.schemas`` makes those of the events.  What
a field means is said once, in ``tests.interfaces.words``.
"""

import datetime as dt
from collections.abc import Iterator
from typing import Any, Literal, get_args

import msgspec

from detectors.card import RiskCard
from detectors.clusters import ClusterWarning
from detectors.effects import ClassChanged
from detectors.example import Example
from detectors.handling import Handled
from detectors.learned import Snapshot
from detectors.neighbours import BondChanged
from detectors.official import Correction, OfficialClass
from detectors.schemas import DIALECT
from detectors.warning import EarlyWarning, WarningStatus
from streams.codec import SOURCE, Envelope
from streams.courier import Receipt
from streams.topics import Topic
from tests.interfaces.words import ENVELOPE, MESSAGES, meaning_of

Schema = dict[str, Any]
# CloudEvents by their type; what they carry is a contract.
PUBLISHED: dict[str, type] = {
    "risk.assessed.v1": RiskCard,
    "class.official.v1": OfficialClass,
    "class.correction.v1": Correction,
    "class.changed.v1": ClassChanged,
    **{f"warning.{status.value}.v1": EarlyWarning for status in WarningStatus},
    "warning.handled.v1": Handled,
    "cluster.warning.v1": ClusterWarning,
    "notification.receipt.v1": Receipt,
}
# Between processes of one version, by topic: no envelope, and no promise.
INTERNAL: dict[str, Any] = {
    Topic.BOND.value: BondChanged,
    Topic.EXAMPLE.value: list[Example],
    Topic.SNAPSHOT.value: Snapshot,
}


def schema_of(type_: str) -> Schema:
    """Return the self-contained schema of a message, with its envelope where it has one."""
    if type_ in INTERNAL:
        (reference,), components = msgspec.json.schema_components([INTERNAL[type_]])
    else:
        (reference,), components = msgspec.json.schema_components([_enveloped(type_)])
        for struct in structs_of(PUBLISHED[type_]):
            _say(components[struct.__name__], struct)
        told = components["CloudEvent"]["properties"]
        for name, words in ENVELOPE.items():
            told[name]["description"] = words
        told["time"]["format"] = "date-time"
    return {
        "$schema": DIALECT,
        "$id": f"urn:sanzao:published:{type_}",
        "title": type_,
        "description": MESSAGES[type_],
        **reference,
        "$defs": components,
    }


def structs_of(struct: type) -> Iterator[type]:
    """Yield a struct and those inside it."""
    seen: list[type] = []

    def look(kind: msgspec.inspect.Type) -> None:
        match kind:
            case msgspec.inspect.StructType(cls=cls, fields=fields) if cls not in seen:
                seen.append(cls)
                for field in fields:
                    look(field.type)
            case (
                msgspec.inspect.VarTupleType(item_type=item)
                | msgspec.inspect.ListType(item_type=item)
            ):
                look(item)
            case msgspec.inspect.UnionType(types=types):
                for one in types:
                    look(one)

    look(msgspec.inspect.type_info(struct))
    yield from seen


def fields_of(struct: type) -> list[tuple[str, bool, str]]:
    """Return each field of a struct as it is published: name, whether always there, meaning."""
    return [
        (one.encode_name, one.required, meaning_of(struct.__name__, one.encode_name))
        for one in msgspec.structs.fields(struct)
    ]


def _enveloped(type_: str) -> type:
    """Return the envelope around a message: all of it is always there."""
    said: dict[str, Any] = {
        "specversion": Literal["1.0"], "type": Literal[type_], "source": Literal[SOURCE],
        "datacontenttype": Literal["application/json"], "data": PUBLISHED[type_],
    }  # fmt: skip
    fields = [(one.name, said.get(one.name, one.type)) for one in msgspec.structs.fields(Envelope)]
    return msgspec.defstruct("CloudEvent", fields, kw_only=True)


def _say(component: Schema, struct: type) -> None:
    """Put the meaning of each field into a component."""
    component["description"] = (struct.__doc__ or "").split("\n")[0]
    for field in msgspec.structs.fields(struct):
        place = component["properties"][field.encode_name]
        place["description"] = meaning_of(struct.__name__, field.encode_name)
        if dt.datetime in (field.type, *get_args(field.type)):
            for one in place.get("anyOf", [place]):
                if one.get("type") == "string":
                    one["format"] = "date-time"
