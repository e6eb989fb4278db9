"""Was the enterprise warned of the same matter lately, so that a second time asks for more?

Domain reference §4.2: what was a 警示 (yellow), ended, and comes again within ninety days is a
约谈 (orange).  Which rules know a repetition stands in ``rules.yaml`` (``again_within_days``).
"""

import datetime as dt
from collections.abc import Sequence

from msgspec.structs import replace

from detectors.events import WarningHandled
from detectors.facts import DAY_S, Fact
from detectors.finding import Finding, Moment
from detectors.measure import Measure
from detectors.rules import RuleBook
from detectors.state import OpenWarning
from detectors.warning import CHINA

RAISED_TO = Measure.INTERVIEW
# When a false alarm was last hit: never, so that nothing repeats it.
NEVER_HIT = 0


def warned_before(
    finding: Finding, moment: Moment, past: Sequence[OpenWarning], rulebook: RuleBook
) -> OpenWarning | None:
    """Return the last warning of which a finding is a repetition, or None.

    It is one where the rule would have fired without what that warning told of, what is still in
    force of it, and what happened before it: a further hit of old facts repeats nothing.
    """
    rule = finding.rule
    since = moment.as_of - rule.again_within_days * DAY_S
    for one in reversed(past):
        if (
            one.family == rule.family
            and one.domain == finding.domain
            and one.measure >= Measure.WARNING.rank
            and one.last_hit > since
        ):
            rest = replace(moment, facts=_new_since(one, moment))
            again = rulebook.still_holds(rule, rest, finding.domain, since=moment.as_of)
            return one if again is not None else None
    return None


def _new_since(warned: OpenWarning, moment: Moment) -> list[Fact]:
    """Return the facts that came, or fell due, after a warning and hang on nothing it told of."""
    told = set(warned.facts)
    standing = {
        (fact.kind, fact.ref)
        for fact in moment.facts
        if fact.ref and fact.id in told and fact.counts_at(moment.as_of)
    }
    return [
        fact
        for fact in moment.facts
        if fact.id not in told
        and (fact.kind, fact.ref) not in standing
        and (fact.at > warned.opened or warned.opened < fact.due <= moment.as_of)
    ]


def why_again(warned: OpenWarning, days: int) -> str:
    """Return in Chinese why a second time is more than a first one."""
    opened = dt.datetime.fromtimestamp(warned.opened, CHINA).date()
    label = Measure.of_rank(warned.measure).label
    return (
        f"{opened}已就同一事由{label}（预警{warned.number}），{days}日内再次发生，"
        f"{Measure.WARNING.label}升为{RAISED_TO.label}"
    )


def as_past(warned: OpenWarning, handled: WarningHandled) -> OpenWarning:
    """Return a warning that people have closed, as it is remembered: a false alarm as never hit."""
    is_false = "false_positive" in {handled.state, handled.outcome}
    if is_false or handled.outcome == "data_corrected":
        return replace(warned, last_hit=NEVER_HIT)
    return warned
