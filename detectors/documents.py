"""What do the files of the knowledge directory state, and what is misspelt in them?"""

import re
from collections.abc import Mapping
from typing import TypeVar

import msgspec

from detectors.functions import InvalidKnowledgeError

T = TypeVar("T")


def document(documents: Mapping[str, object], name: str) -> object:
    """Return one of the documents.

    Raises:
        InvalidKnowledgeError: it is missing.
    """
    if name not in documents:
        raise InvalidKnowledgeError(
            f"{name} is missing from the knowledge directory; 缺少此文件，请恢复。restore it"
        )
    return documents[name]


def stated(documents: Mapping[str, object], name: str, type_: type[T]) -> T:
    """Return what one of the documents states.

    Raises:
        InvalidKnowledgeError: it is missing or of another shape; names file and key.
    """
    try:
        return msgspec.convert(document(documents, name), type_, str_keys=False)
    except msgspec.ValidationError as error:
        whose = _whose(str(error), documents[name])
        raise InvalidKnowledgeError(f"{name}: {whose}{error}") from error


_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")


def _whose(complaint: str, part: object) -> str:
    """Return the id of the line that a complaint is about ("S08: "), where it has one.

    msgspec says ``$[14].points``, and nobody counts lines of a catalogue.
    """
    found = ""
    _, _, path = complaint.rpartition(" - at `$")
    for step in _STEP.finditer(path):
        if isinstance(part, Mapping):
            part = part.get(step[1])
        elif isinstance(part, list) and step[2]:
            part = part[int(step[2])]
        else:
            break
        if isinstance(part, Mapping) and "id" in part:
            found = f"{part['id']}: "
    return found
