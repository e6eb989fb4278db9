"""How is what an event says put into facts and marks?

The words in which the ``reading_*`` files speak.  A fact's ``ref`` names the matter that it hangs
on: facts of one kind with one ``ref`` other than 0 are one matter, told by whichever feed.
"""

import datetime as dt
import functools
from collections.abc import Mapping

import msgspec

from detectors.facts import (
    CONTESTED,
    DAY_S,
    ENDLESS_S,
    PROVISIONAL,
    Fact,
    FactKind,
    Life,
    Mark,
    MarkAct,
    Paper,
    hash_of,
)
from detectors.payloads import Payload
from detectors.warning import CHINA

# Document numbers come with the brackets of whoever typed them in.
_BRACKETS = str.maketrans("[]()［］（）【】{}", "〔〕" * 6)


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """Somebody looked: was a problem found?  What the model learns from.

    ``found`` is None where the look has only begun; ``look`` names it, "" where nobody asked.
    """

    domain: str
    found: bool | None
    category: str = ""
    form: str = ""
    place: str = ""
    inspector: str = ""
    informant: str = ""
    look: str = ""
    context: Mapping[str, float] = msgspec.field(default_factory=dict)


class Reading(msgspec.Struct, frozen=True, gc=False):
    """All that one event states, apart from what it does to the profile."""

    facts: tuple[Fact, ...] = ()
    marks: tuple[Mark, ...] = ()
    outcome: Outcome | None = None


NOTHING = Reading()


@functools.lru_cache(maxsize=4096)  # the same few thousand days come again and again
def moment(day: dt.date | None, *, end: bool = False) -> int:
    """Return the first second of a day in China (or, with ``end``, the first after it); 0 for None.

    >>> moment(dt.date(1970, 1, 2)) == DAY_S - 8 * 3600
    True
    """
    if day is None:
        return 0
    start = dt.datetime.combine(day, dt.time(), tzinfo=CHINA)
    return int(start.timestamp()) + (DAY_S if end else 0)


def years_after(at: int, years: int) -> int:
    """Return the same moment so many years later; 29 February becomes 1 March.

    >>> years_after(moment(dt.date(2024, 2, 29)), 3) == moment(dt.date(2027, 3, 1))
    True
    >>> years_after(moment(dt.date(9998, 1, 1)), 5) == ENDLESS_S
    True
    """
    then = dt.datetime.fromtimestamp(at, CHINA)
    if then.year + years > dt.MAXYEAR:
        return ENDLESS_S
    try:
        return int(then.replace(year=then.year + years).timestamp())
    except ValueError:
        return int(then.replace(year=then.year + years, month=3, day=1).timestamp())


def fact(
    data: Payload,
    identity: int,
    at: int,
    kind: FactKind,
    domain: str,
    *,
    weight: float = 1.0,
    until: int = 0,
    ref: int = 0,
    place: str = "",
    note: str = "",
    provisional: bool = False,
    due: int = 0,
) -> Fact:
    """Return a fact with what every payload says: document, organ, place, dates, doubt.

    A source that is not sure of its record weighs less.
    """
    return Fact(
        identity,
        kind,
        at,
        until,
        weight if data.confidence == 1.0 else weight * data.confidence,
        ref,
        due,
        domain,
        place or data.place,
        note,
        (CONTESTED if data.contested else 0) | (PROVISIONAL if provisional else 0),
        Life(until) if until else None,
        _paper(data) if data.doc_no or data.organ or data.decided_at or data.published_at else None,
    )


def _paper(data: Payload) -> Paper:
    """Return the document that a payload names."""
    return Paper(data.doc_no, data.organ, moment(data.decided_at), moment(data.published_at))


def ends(identity: int, at: int, kind: FactKind, ref: int, *, act: MarkAct = MarkAct.END) -> Mark:
    """Return the mark by which an event ends (voids, confirms) the matter it speaks of."""
    return Mark(identity, act, at=at, ref=ref, kind=kind)


def renews(identity: int, at: int, kind: FactKind, ref: int) -> Mark:
    """Return the mark by which a new statement takes the place of the earlier ones.

    What another feed says of the same second is the same statement, and is left alone.
    """
    return Mark(identity, MarkAct.END, at=at - 1, ref=ref, kind=kind)


def document(organ: str, doc_no: str) -> int:
    """Return what makes two records one: the document of one organ; 0 where it has no number.

    The province's platform and 信用中国 both carry a decision (domain reference §13, case 5), and
    not with the same brackets.

    >>> document("叶县市监局", "叶罚[2026]17号") == document("叶县市监局", "叶罚〔2026〕17号")
    True
    """
    return hash_of("document", organ, plain_number(doc_no)) if doc_no else 0


def plain_number(doc_no: str) -> str:
    """Return a document number as one hand would write it: one kind of brackets, no spaces.

    >>> plain_number("叶罚 [2026] 17号")
    '叶罚〔2026〕17号'
    """
    return "".join(doc_no.translate(_BRACKETS).split())
