"""Which enterprises is a message about many about, and how does their list read?

The list grows while the message waits (``notify.batch_delay_s``, the quiet hours).  It stands in
the message itself, so that text, letter and attachment agree and nothing else is to be asked.
"""

import csv
import io
from collections.abc import Collection, Iterable

import msgspec

COLUMNS = ("序号", "统一社会信用代码", "企业名称", "预警编号")
_FORMULA = ("=", "+", "-", "@", "\t")


class Member(msgspec.Struct, array_like=True, frozen=True):
    """An enterprise on the list, with the number of its own warning."""

    uscc: str
    name: str
    number: str


def merged(
    before: Iterable[Member], more: Iterable[Member], *, gone: Collection[str] = ()
) -> tuple[Member, ...]:
    """Return the list with those who came and without those who went, each once.

    Who would be the last stays: a message that has been planned is about somebody.

    >>> a, b = Member("A", "甲", "1"), Member("B", "乙", "2")
    >>> [one.uscc for one in merged([b], [a, b], gone={"B"})]
    ['A']
    >>> [one.uscc for one in merged([a], [], gone={"A"})]
    ['A']
    """
    known = {one.uscc: one for one in (*before, *more)}
    left = [one for uscc, one in known.items() if uscc not in gone]
    return tuple(sorted(left or known.values(), key=lambda one: one.uscc))


def csv_of(members: Iterable[Member]) -> bytes:
    """Return the list as a file that Excel opens: UTF-8 with its mark, no formulas.

    >>> csv_of([Member("A", "=甲", "1")]).decode("utf-8-sig").splitlines()[1]
    "1,A,'=甲,1"
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for number, one in enumerate(members, start=1):
        writer.writerow([number, *(_plain(cell) for cell in (one.uscc, one.name, one.number))])
    return text.getvalue().encode("utf-8-sig")


def _plain(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
