"""How does what a person does with a warning become an event, and what has nobody signed for?"""

import dataclasses
import datetime as dt
import hashlib
from collections.abc import Sequence

import msgspec

from alerts.batched import bundle_id
from detectors import events as e
from detectors.handling import OUTCOMES, Handled, is_signed
from detectors.measure import Measure
from detectors.warning import ENDS, EarlyWarning, warning_number
from streams.assembly import Desk
from streams.publisher import Outgoing, partition_of
from streams.told_warnings import Wanted, duty_of
from streams.topics import Topic


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """The warning that is acted on, as whoever acts has read it."""

    id: str
    uscc: str
    measure: Measure
    domain: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What is done, by whom: codes of the roster, a word of E58, and words of their own."""

    state: str
    actor: str
    authority: str
    note: str = ""
    outcome: str = ""
    due: dt.date | None = None


def missing(state: str, *, note: str, outcome: str) -> str:
    """Return what an act does not say without which it says nothing, in Chinese, or ""."""
    if state == "returned" and not note:
        return "请填写理由"
    if state == "feedback" and not note:
        return "请填写处置结果"
    if state == "closed" and outcome not in OUTCOMES:
        return "请选择办结方式"
    return ""


def act_event(
    act: Act, about: About, *, source: str, at: dt.datetime, life: Sequence[Handled] = ()
) -> e.Event:
    """Return the E58 of an act; the same act of the same person has the same id.

    ``life`` is what was done before, in order: who gives a warning back and signs for it again
    does so a second time, with the same words.
    """
    told = {
        "warning_id": about.id, "measure": about.measure.value, "domain": about.domain,
        **dataclasses.asdict(act),
    }  # fmt: skip
    others = [one.cause for one in life if one.actor == act.actor and one.state != act.state]
    known_by = {**told, "after": others[-1]} if others else told
    name = hashlib.blake2b(
        msgspec.json.encode(known_by, order="sorted"), digest_size=12
    ).hexdigest()
    data = msgspec.convert(told, e.WarningHandled)
    return e.event_of(data, id=f"h-{name}", source=source, subject=about.uscc, time=at)


def act_record(event: e.Event, partitions: int) -> Outgoing:
    """Return the record of an act on the event log, in the enterprise's own partition."""
    uscc = event.subject
    return Outgoing(
        Topic.EVENT.value, partition_of(uscc, partitions), uscc.encode(), e.encode(event)
    )


def is_unsigned(
    warning: EarlyWarning, life: Sequence[Handled], desk: Desk, *, now: dt.datetime
) -> bool:
    """Return whether nobody has an open warning though the time to sign is over, or it came back.

    Weakness: the time runs from the issue; what was told late had longer (see its mail).
    """
    if warning.status in ENDS or is_signed(life, warning.measure):
        return False
    if any(act.state == "returned" for act in life):
        return True
    return desk.renderer.sign_by(duty_of(warning, desk), warning.issued_at) <= now


def named(name: str, desk: Desk) -> Wanted:
    """Return the question whether a warning goes by a name: its id or number, or its bundle's."""

    def is_wanted(warning: EarlyWarning) -> bool:
        if name in {warning.id, warning.number}:
            return True
        if not warning.batched:
            return False
        bundle = bundle_id(warning, duty_of(warning, desk))
        number = warning_number(bundle, place=warning.place, issued_at=warning.issued_at)
        return name in {bundle, number}

    return is_wanted
