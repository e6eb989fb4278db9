"""When must an enterprise be looked at again, though nothing is heard of it?"""

from detectors.expertise import Expertise
from detectors.facts import DAY_S, ENDLESS_S, PROVISIONAL
from detectors.legal_lives import final_from
from detectors.occasion import Occasion
from detectors.state import EnterpriseState

HOUR_S = 3600
# A feed that was never connected wakes nobody daily, and after a silence of n days a warning comes
# at most n/4 + 1 days after the feed speaks again; with 2 it was up to n.  Measured: a year without
# the feed of the annual reports costs 37 looks a class A firm (with 2: 23).
WAITS_LONGER = 1.25
LONGEST_WAIT_S = 30 * DAY_S


def look_ahead(occasion: Occasion, *, is_deadline: bool, has_new: bool) -> None:
    """Note up to when time has been judged, and the next moment at which it may change something.

    A moment that has come and was not judged stays to be judged: an event that overtook the
    timer leaves it to the timer.  What a silent feed newly holds back (``has_new``) is looked at
    again next day, and then after a quarter longer each time.
    """
    before, state, expertise = occasion.before, occasion.state, occasion.expertise
    clocks, as_of = expertise.rulebook.clocks, state.as_of
    since = as_of if is_deadline or not before.as_of else before.judged
    wake = clocks.wake_after(state.profile, state.facts, since)
    if not wake or wake > as_of:
        state.judged = as_of
    elif before.wake_at:
        wake = min(before.wake_at, as_of + DAY_S)
    if state.withheld:
        retry = before.wake_at
        if is_deadline:
            longer = 0 if has_new else int(WAITS_LONGER * (as_of - before.judged))
            retry = as_of + min(max(DAY_S, longer), LONGEST_WAIT_S)
        wake = min(wake, retry) if wake else retry
    state.wake_at = _soonest(wake, state, expertise)


def _soonest(wake: int, state: EnterpriseState, expertise: Expertise) -> int:
    """Return the soonest of a rule's moment, a sample's last day and a look at the class again.

    Whoever stands above class A, or radiates trouble, is looked at when what weighs on it ends.
    """
    known, is_weighty = expertise.knowledge, expertise.catalogue.is_weighty
    is_burdened = bool(state.rule.rank or state.trouble.severity)
    for fact in state.facts:
        if (
            is_burdened
            and state.as_of < fact.end < ENDLESS_S
            and is_weighty[fact.kind]
            and (not wake or fact.end < wake)
        ):
            wake = fact.end
        if fact.doubt & PROVISIONAL:
            final = final_from(fact, known.lives, known.calendar)
            # Overtaken, or told late: then at once, at a moment that no deadline can have named.
            moment = max(final, state.as_of + 1) if final else 0
            if moment and (not wake or moment < wake):
                wake = moment
    if state.rule.rank:
        scoring = known.scoring
        review = state.as_of + scoring.review_days * DAY_S
        if state.rule.better_since:
            review = state.rule.better_since + scoring.better_after_hours * HOUR_S
        if review > state.as_of and (not wake or review < wake):
            wake = review
    return wake
