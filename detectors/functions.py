"""Which functions turn facts into a severity, and which tests can a rule make?  As checked data.

Each is one line of a YAML document; ``detectors.catalogue`` and ``detectors.rules`` say what it
means.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from detectors.measure import RiskClass

Severity = Annotated[float, Meta(ge=0, le=1)]
Days = Annotated[int, Meta(ge=0, le=3650)]
Offset = Annotated[int, Meta(ge=-3650, le=3650)]
Names = Annotated[tuple[str, ...], Meta(min_length=1)]  # an empty one could never hold
Steps = Annotated[dict[int, Severity], Meta(min_length=1)]
Amount = Annotated[float, Meta(ge=0)]
MonthDay = Annotated[str, Meta(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")]


class InvalidKnowledgeError(ValueError):
    """A knowledge document has a hole; the analyst who edited it mends the file and key named."""


class Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A document's part: an unknown key is a misspelt one."""


class InForce(Strict, frozen=True, tag_field="function", tag="STATE"):
    """In force or not: the heaviest fact counts; with ``total`` several add up, capped at 1.

    ``weight_at_least`` asks for so much in all.  ``window_days`` (0: none) lets go of a fact that
    nobody ends.  While a fact of ``unless`` is in force, none counts.
    """

    window_days: Days = 0
    weight_at_least: Severity = 0.0
    total: bool = False
    unless: tuple[str, ...] = ()


class Decay(Strict, frozen=True, tag_field="function", tag="DECAY"):
    """Each fact loses half its weight in ``half_life_days``; several add up, capped at 1.

    A fact lighter than ``weight_at_least`` is none.  With ``until_due`` a fact counts until its due
    day only: a penalty while it is published.
    """

    half_life_days: Annotated[int, Meta(gt=0)]
    window_days: Days
    until_due: bool = False
    weight_at_least: Severity = 0.0


class CountIn(Strict, frozen=True, tag_field="function", tag="COUNT"):
    """How many in the window: ``steps`` maps a number of facts to a severity.

    A fact lighter than ``weight_at_least`` is none.
    """

    window_days: Days
    steps: Steps
    weight_at_least: Severity = 0.0


class Burst(Strict, frozen=True, tag_field="function", tag="BURST"):
    """Distinct complainants x matters in a week, against the twelve weeks before.

    Severity ``some`` from max(``at_least``, mean + 3 sigma) on; 1 from three times that, or from
    ``many`` on.
    """

    at_least: Annotated[int, Meta(ge=1)]
    many: Annotated[int, Meta(ge=1)]
    some: Severity = 0.5


class Gathering(Strict, frozen=True, tag_field="function", tag="GATHERING"):
    """Distinct complainants of one matter within ``window_hours``: ``steps`` as in COUNT.

    It stands for ``window_days``.  A fact of ``fled`` (the shop took prepayments and has gone)
    beside one of ``signs`` in force weighs fully, however few complain.
    """

    window_hours: Annotated[int, Meta(ge=1)]
    steps: Steps
    window_days: Annotated[int, Meta(ge=1, le=92)]  # complaints are kept so long
    fled: tuple[str, ...] = ()
    signs: tuple[str, ...] = ()


class Countdown(Strict, frozen=True, tag_field="function", tag="COUNTDOWN"):
    """Days left to a day that is due: ``steps`` maps "at most so many days" to a severity."""

    steps: Steps


class Overdue(Strict, frozen=True, tag_field="function", tag="OVERDUE"):
    """Days past a day that was due: ``steps`` maps "at least so many days" to a severity.

    A fact of one of the kinds of ``unless``, in force in the same domain, has met it.  ``alone`` is
    how much of the severity one of very many weighs; the rest follows the share that is past its
    day, of all whose day is known.
    """

    steps: Steps
    unless: tuple[str, ...] = ()
    alone: Severity = 1.0


class Lasting(Strict, frozen=True, tag_field="function", tag="LASTING"):
    """Days in force: ``steps`` maps "at least so many days" to a severity.

    ``times`` maps a number of facts of the kinds of ``again`` to a severity; the graver counts.
    """

    steps: Steps
    again: tuple[str, ...] = ()
    times: dict[int, Severity] = {}


class Unfiled(Strict, frozen=True, tag_field="function", tag="UNFILED"):
    """The annual report last asked for on ``day`` is missing, until it is filed or the next is due.

    ``filed`` names the facts that say it is there; the duty rests on the indicator's own.  While a
    fact of ``unless`` is in force, nobody is left to file it.  While ``feed`` is silent since
    before the day, nobody knows whether it is missing.
    """

    day: MonthDay
    filed: Names
    unless: tuple[str, ...] = ()
    feed: str = ""


class Together(Strict, frozen=True, tag_field="function", tag="TOGETHER"):
    """All the kinds of ``facts`` within ``within_days``; then decays from the last of them."""

    within_days: Days
    half_life_days: Annotated[int, Meta(gt=0)]


class Relapse(Strict, frozen=True, tag_field="function", tag="RELAPSE"):
    """Two facts of one sort (the same ``note`` or grounds) within ``window_days``."""

    window_days: Days


class Besides(Strict, frozen=True, tag_field="function", tag="BESIDES"):
    """A fact in force while another of ``others`` is open: in force, and no settled complaint.

    ``after_due`` asks instead that the other happened after the day on which the first fell due
    (where it never does: after it began), settled or not; ``within_days`` (0: ever) how long ago.
    """

    others: Names
    after_due: bool = False
    within_days: Days = 0


class Age(Strict, frozen=True, tag_field="function", tag="AGE"):
    """Years since establishment: the first step with "under so many years" gives the severity."""

    steps: Steps


class WordLevel(Strict, frozen=True, tag_field="function", tag="WORDS"):
    """A fact in force whose note holds one of these words; the heaviest counts."""

    levels: dict[str, Severity]


class CapitalLevel(Strict, frozen=True, tag_field="function", tag="CAPITAL"):
    """A capital outside the range of its industry: ``ranges`` maps a code to yuan, low and high.

    The longest prefix of the industry's code decides ("": every other industry).
    """

    ranges: dict[str, tuple[Amount, Amount]]


class IndustryLevel(Strict, frozen=True, tag_field="function", tag="INDUSTRY"):
    """The inherent risk of the industry, by the longest prefix of its code (GB/T 4754)."""

    levels: dict[str, Severity]


class Hard(Strict, frozen=True, tag_field="function", tag="HARD"):
    """A direct rule: while a fact is in force the class is at least ``floor``."""

    floor: RiskClass


class HardIndustry(Strict, frozen=True, tag_field="function", tag="HARD_INDUSTRY"):
    """A direct rule on industries: while a fact of ``facts`` is in force, a floor by industry.

    ``unless`` maps a kind of ``facts`` to kinds one of which, in force, explains it.
    """

    floors: dict[str, RiskClass]
    unless: dict[str, Names] = {}


Collecting = (
    Burst
    | Gathering
    | Countdown
    | Overdue
    | Lasting
    | Together
    | Relapse
    | Besides
    | WordLevel
    | CapitalLevel
)
Levelling = Age | IndustryLevel | Unfiled
Function = InForce | Decay | CountIn | Collecting | Levelling | Hard | HardIndustry


class FactsHold(Strict, frozen=True, tag_field="test", tag="facts"):
    """At least so many facts of these kinds, each heavy enough, within the window.

    ``alike`` asks that they are of one sort (the same ``note``); ``beside`` that a fact of one
    more kind is open: in force, and no settled complaint.  ``joined`` weighs them together, each a
    share of what the others left: 0.3 and 0.3 are 0.51.
    """

    facts: Names
    at_least: Annotated[int, Meta(ge=1)] = 1
    weight_at_least: Severity = 0.0
    within_days: Days = 0  # 0: as long as they are in force
    domains: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    alike: bool = False
    joined: bool = False


class Reached(Strict, frozen=True, tag_field="test", tag="reached"):
    """A moment has come: so long after (negative: before) a fact's due day, or its beginning."""

    facts: Names
    since: Literal["due", "at"] = "due"
    days: Offset = 0
    working_days: Annotated[int, Meta(ge=0, le=400)] = 0
    weight_at_least: Severity = 0.0
    domains: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()


class NotFiled(Strict, frozen=True, tag_field="test", tag="unfiled"):
    """The annual report of last year is missing on ``day`` of this year, or later in it."""

    facts: Names
    day: MonthDay


class SurgeHolds(Strict, frozen=True, tag_field="test", tag="surge"):
    """The severity of a collecting indicator, seen alone, has reached a level.

    With ``calm_days`` it holds on until the severity has stayed under the level for so long.
    """

    indicator: str
    severity: Severity
    calm_days: Annotated[int, Meta(ge=0, le=28)] = 0
    beside: tuple[str, ...] = ()


class ClassWorsened(Strict, frozen=True, tag_field="test", tag="worsened"):
    """The class by rules has become worse by at least so many bands with this event.

    ``into`` asks that it is this class now, or a worse one.
    """

    bands: Annotated[int, Meta(ge=1, le=3)]
    into: RiskClass = RiskClass.B


class ScoreRose(Strict, frozen=True, tag_field="test", tag="rose"):
    """The score by rules stands so far above its lowest of 30 days, the class unchanged."""

    points: Annotated[int, Meta(ge=1, le=1000)]


Test = FactsHold | Reached | NotFiled | SurgeHolds | ClassWorsened | ScoreRose
