"""Are Faust and aiokafka, inside, the ones that our transport was written against?"""

from __future__ import annotations

from importlib import metadata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PINS: Mapping[str, str] = {"faust-streaming": "0.15.3", "aiokafka": "0.14.0"}


class ForeignInternalsError(RuntimeError):
    """Faust or aiokafka is not the one this transport was written against; operators pin it."""


def assert_internals(
    *,
    internals: Mapping[type[Any], tuple[str, ...]],
    pins: Mapping[str, str] = PINS,
    version_of: Callable[[str], str] = metadata.version,
) -> None:
    """Refuse to run on a Faust or aiokafka whose inner parts our transport does not know.

    ``internals`` names, by owner, all that is overridden, called or set without a public promise.

    Raises:
        ForeignInternalsError: a version differs, or a part is missing.  Pip should have prevented
            it: pyproject.toml pins both.
    """
    wrong = [
        f"{name} is {version_of(name)}, not {pinned}"
        for name, pinned in pins.items()
        if version_of(name) != pinned
    ] + [
        f"{owner.__module__}.{owner.__name__} has no {part}"
        for owner, parts in internals.items()
        for part in parts
        if not _has_part(owner, part)
    ]
    if wrong:
        raise ForeignInternalsError(
            f"streams.batch_transport: {'; '.join(wrong)}. Install the versions that "
            "pyproject.toml pins, or read the new source against that file, run its tests, and "
            "move PINS"
        )


def _has_part(owner: type[Any], part: str) -> bool:
    # What only instances have is declared in the class or assigned by its constructor.
    if hasattr(owner, part):
        return True
    for base in map(vars, owner.__mro__):
        constructor = getattr(base.get("__init__"), "__code__", None)
        if part in base.get("__annotations__", ()) or part in getattr(constructor, "co_names", ()):
            return True
    return False
