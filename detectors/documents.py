"""What do the files of the knowledge directory state, and what is misspelt in them?"""

from collections.abc import Iterable, Mapping
from typing import TypeVar

import msgspec

from detectors.functions import InvalidKnowledgeError
from detectors.wording import LABELS

T = TypeVar("T")


def document(documents: Mapping[str, object], name: str) -> object:
    """Return one of the documents.

    Raises:
        InvalidKnowledgeError: it is missing.
    """
    if name not in documents:
        raise InvalidKnowledgeError(f"{name} is missing from the knowledge directory; restore it")
    return documents[name]


def stated(documents: Mapping[str, object], name: str, type_: type[T]) -> T:
    """Return what one of the documents states.

    Raises:
        InvalidKnowledgeError: it is missing or of another shape; names file and key.
    """
    try:
        return msgspec.convert(document(documents, name), type_, str_keys=False)
    except msgspec.ValidationError as error:
        raise InvalidKnowledgeError(f"{name}: {error}") from error


def misspelt_kinds(where: str, names: Iterable[str]) -> list[str]:
    """Return what is no fact kind that a person could be told of, each with its place."""
    known = {kind.name.lower() for kind in LABELS}
    return [
        f"{where}: {name!r} is no fact kind; use one of {sorted(known)}"
        for name in names
        if name not in known
    ]
