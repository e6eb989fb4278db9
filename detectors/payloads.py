"""What may every payload say, and in which units?

The words that the event types share; the types themselves stand by origin in five more files,
``payloads_registration``, ``_disclosure``, ``_supervision``, ``_society`` and ``_neighbours``.
"""

import datetime as dt
import enum
from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

# For Python "$" matches before a last line feed, too; elsewhere it does not.
END = r"$(?!\n)"
Place = Annotated[
    str, Meta(pattern=r"^([0-9]{6}([0-9]{3})?)?" + END, description="GB/T 2260, 6 or 9 digits")
]
Industry = Annotated[str, Meta(pattern=r"^([A-T][0-9]{0,4})?" + END, description="GB/T 4754-2017")]
DomainCode = Annotated[str, Meta(pattern=r"^[A-Z]{2,6}" + END, description="domain reference, §7")]
Share = Annotated[float, Meta(ge=0, le=1)]
Yuan = Annotated[float, Meta(ge=0)]
Text = Annotated[str, Meta(max_length=300)]
Token = Annotated[str, Meta(max_length=120)]
Source = Annotated[str, Meta(max_length=200)]
Count = Annotated[int, Meta(ge=0)]
Year = Annotated[int, Meta(ge=2013, le=2100)]
# Numbers by name: few and of a human size, so that no source can make the model grow or overflow.
Context = Annotated[
    dict[
        Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,39}" + END)],
        Annotated[float, Meta(ge=-1e9, le=1e9)],
    ],
    Meta(max_length=32),
]
Laws = Annotated[tuple[Text, ...], Meta(max_length=20)]


class Op(enum.StrEnum):
    """What a source does with a record of its own."""

    ADD = "ADD"
    UPDATE = "UPDATE"
    REVOKE = "REVOKE"
    EXPIRE = "EXPIRE"


class Payload(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What every payload may say: who decided, under which number, about which place.

    ``supersedes`` is the ``id`` of the earlier event of the same source that UPDATE, REVOKE and
    EXPIRE speak of.  ``place`` is where the matter is, ``registrar_region`` where the firm is
    registered: a warning is never routed by the latter.  ``source_org`` is the code of the
    organisation that supplied the record and ``source_record`` its number there; ``confidence``
    is how sure the source is, and scales the weight of what it states.  ``attachments`` is a hash.
    """

    # Fields of which exactly one is said, where a type carries two kinds of matter.
    one_of: ClassVar[tuple[str, ...]] = ()
    # (field, value, other): where the field has the value, the other is said.
    needs: ClassVar[tuple[tuple[str, object, str], ...]] = ()

    op: Op = Op.ADD
    supersedes: Token = ""
    doc_no: Token = ""
    organ: Token = ""
    place: Place = ""
    decided_at: dt.date | None = None
    published_at: dt.date | None = None
    contested: bool = False
    legal_basis: Laws = ()
    registrar_region: Place = ""
    confidence: Share = 1.0
    source_org: Token = ""
    source_record: Token = ""
    subject_name: Text = ""
    attachments: Token = ""


def hold_to_its_word(payload: Payload) -> None:
    """Hold a payload to its ``one_of`` and ``needs``; msgspec makes the error one of the wire.

    Raises:
        ValueError: the source said none of the fields or several, or left out what one asks for.
    """
    if payload.one_of:
        said = [name for name in payload.one_of if is_said(getattr(payload, name))]
        if len(said) != 1:
            raise ValueError(
                f"say exactly one of {', '.join(payload.one_of)}; said: {', '.join(said) or 'none'}"
            )
    for field, value, asked in payload.needs:
        if getattr(payload, field) == value and not is_said(getattr(payload, asked)):
            raise ValueError(f"{asked} is needed where {field} is {value}")


def is_said(value: object) -> bool:
    """Return whether a field says anything: neither empty nor null."""
    return value is not None and value != ""
