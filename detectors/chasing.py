"""Has nobody signed for a warning in time, so that it must be told to those above (督办)?"""

import datetime as dt
import enum
from collections.abc import Collection, Iterable
from typing import Final

from detectors.handling import Handled, in_order, is_signed
from detectors.measure import Measure

ESCALATED: Final = "escalated"


class Missed(enum.StrEnum):
    """What has been missed."""

    UNSIGNED = "unsigned"  # nobody has said a word
    RETURNED = "returned"  # it was given back, and nobody else has taken it on


def why_chase(
    life: Iterable[Handled],
    *,
    measure: Measure,
    stands_at: Measure | None,
    led_by: Collection[str],
    issued_at: dt.datetime,
    sign_by: dt.datetime,
    now: dt.datetime,
) -> Missed | None:
    """Return what has been missed of a warning that was told at ``measure``, or None.

    A graver measure has a time of its own, and what was lowered or has ended (``stands_at`` None)
    asks for no signature at this one.  Who leads (``led_by``: codes of the roster) and gives it
    back has not signed, but has answered: they are not chased, it is for those above to give it to
    somebody.  What people have escalated themselves since, or let rest (中止), is left to them.

    Units:
        ``issued_at`` and the moments of acts are event time, ``sign_by`` and ``now`` the wall
        clock's.
    """
    if now < sign_by or stands_at is not measure:
        return None
    acts = in_order(life)
    if is_signed(acts, measure):
        return None
    since = [act for act in acts if act.at >= issued_at and act.measure.rank >= measure.rank]
    if any(act.state == ESCALATED for act in since):
        return None
    answers = [act.state for act in since if _answers(act, led_by)]
    match answers[-1:]:
        case ["suspended"]:
            return None
        case ["returned"]:
            return Missed.RETURNED
        case _:
            return Missed.UNSIGNED


def _answers(act: Handled, led_by: Collection[str]) -> bool:
    """Return whether an act says who has the matter: given back by the lead, passed on, resting."""
    if act.state == "returned":
        return not act.authority or act.authority in led_by
    return act.state in {"dispatched", "suspended"}
