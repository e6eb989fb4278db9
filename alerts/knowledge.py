"""How does a plain mapping become typed knowledge, or a complaint that says how to mend it?"""

import re
from collections.abc import Iterable, Mapping
from typing import TypeVar

import msgspec

Document = Mapping[str, object]
Part = TypeVar("Part")

_WHERE = re.compile(r"^(?P<fact>.*?)(?: - at `\$\.?(?P<key>.*)`)?$", re.DOTALL)


QUOTE = "请给值加上引号，如 '410422'。quote the value, such as '410422'"
EXAMPLES = "写法见随附的同名文件。see the file's own examples"


class Fault(msgspec.Struct, frozen=True):
    """One thing that is wrong in a knowledge file: where, what, and how to mend it.

    >>> str(Fault("authorities.yaml", "duty_desk", "'x' is no authority", "name one"))
    "authorities.yaml: duty_desk: 'x' is no authority; name one"
    """

    file: str
    key: str
    fact: str
    remedy: str

    def __str__(self) -> str:
        """Return subject, fact and remedy in one line."""
        return f"{self.file}: {self.key}: {self.fact}; {self.remedy}"


class InvalidKnowledgeError(ValueError):
    """A knowledge file cannot be used; whoever edits the file mends it, before anything starts."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


def typed(document: Document, kind: type[Part], *, file: str) -> Part:
    """Return ``document`` as ``kind``.

    Raises:
        InvalidKnowledgeError: a key is unknown, missing or of the wrong type.  YAML reads an
            unquoted 410422 as a number: codes and phones must be quoted, and the message says so.
    """
    try:
        return msgspec.convert(document, kind)
    except msgspec.ValidationError as error:
        found = _WHERE.match(str(error))
        assert found is not None
        fact, key = found["fact"], found["key"] or "(top level)"
        quote = "got `int`" in fact and "`str`" in fact
        remedy = QUOTE if quote else EXAMPLES
        raise InvalidKnowledgeError([Fault(file, key, fact, remedy)]) from error


def repeated(values: Iterable[str]) -> tuple[str, ...]:
    """Return what occurs more than once, in order.

    >>> repeated(["a", "b", "a"])
    ('a',)
    """
    seen: set[str] = set()
    twice: dict[str, None] = {}
    for value in values:
        if value in seen:
            twice[value] = None
        seen.add(value)
    return tuple(twice)
