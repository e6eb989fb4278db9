"""Is who ends an interview or an inspection another than who handled it?  Design §6, on the log.

The page and the command ask the life of the warning; an E58 of another system meets only the
state.  So a state remembers who handled which warning, as marks that speak of no fact.

Weakness: it holds names against each other, and takes each by its word: who may write to the log
may say who acted.  Like other marks these are let go after 400 days, or above ``marks.MAX_MARKS``.
"""

from detectors.events import Cause, Event, InvalidEventError, WarningHandled
from detectors.facts import Mark, MarkAct, hash_of
from detectors.handling import FOUR_EYES, HANDLED, SAYING, known_warning
from detectors.marks import bounded
from detectors.measure import Measure
from detectors.reading_society import FINAL
from detectors.state import EnterpriseState


def check_end(state: EnterpriseState, event: Event) -> None:
    """Refuse the end of an open interview or inspection by who handled it, or by nobody.

    What nobody is known to have handled may be ended by whoever says so.

    Raises:
        InvalidEventError: with who may end it.
    """
    data = event.data
    if type(data) is not WarningHandled or data.state not in FINAL:
        return
    for one in state.open_warnings:
        if one.id == data.warning_id and Measure.of_rank(one.measure) in FOUR_EYES:
            handlers = _handlers(state, one.id)
            if handlers and (not data.actor or hash_of(data.actor) in handlers):
                who = f"{data.actor!r} handled it" if data.actor else "nobody is named"
                raise InvalidEventError(
                    Cause.FOUR_EYES,
                    f"`$.data.actor`: who ends an interview or an inspection is another than who "
                    f"handled it, and {who} (warning {one.number or one.id}); let somebody else "
                    f"end it, and send that under another id",
                )


def remember_handler(state: EnterpriseState, event: Event, *, identity: int, at: int) -> None:
    """Note who handled a warning; the copy of the state that is handed in is changed."""
    data = event.data
    if type(data) is not WarningHandled or data.state not in HANDLED or data.op not in SAYING:
        return
    known, who = known_warning(state, data.warning_id), hash_of(data.actor)
    if known is None or who in _handlers(state, known.id):
        return
    mark = Mark(identity, MarkAct.HANDLED, at=at, ref=_matter(known.id), since=who)
    state.marks = bounded([*state.marks, mark], state.facts, as_of=state.as_of)


def _handlers(state: EnterpriseState, warning_id: str) -> set[int]:
    """Return who handled a warning, by hash."""
    matter = _matter(warning_id)
    return {
        mark.since for mark in state.marks if mark.act == MarkAct.HANDLED and mark.ref == matter
    }


def _matter(warning_id: str) -> int:
    return hash_of("handled", warning_id)
