"""What does this version of the catalogue say?  Indicators, rules, bands, as checked data.

The documents are YAML under ``config/knowledge``; ``detectors.knowledge_check`` makes them into
this.  What loads is trusted everywhere; what has a hole does not load.
"""

import datetime as dt
import enum
from typing import Annotated

from msgspec import Meta, field

from detectors.functions import Days, Function, Names, Severity, Strict, Test
from detectors.legal_lives import LegalLives
from detectors.measure import Measure
from detectors.neighbour_rules import NeighbourRules
from detectors.observation import Observation
from detectors.terms import Terms
from detectors.working_days import WorkingDays

Points = Annotated[int, Meta(ge=-200, le=1000)]
Matter = Annotated[str, Meta(min_length=1, max_length=20)]


class Dimension(enum.StrEnum):
    """The five dimensions of the 通用型指标体系 (豫市监〔2022〕21号 三(一))."""

    BASE = "BASE"
    DYN = "DYN"
    SUP = "SUP"
    REL = "REL"
    SOC = "SOC"

    @property
    def label(self) -> str:
        """Return the official Chinese name."""
        return _DIMENSIONS[self]


_DIMENSIONS = dict(
    zip(
        Dimension,
        ("企业基础属性", "企业动态", "监管", "关联关系", "社会评价"),
        strict=True,
    )
)


class Indicator(Strict, frozen=True):
    """One line of the catalogue.

    ``points`` are what full severity weighs in the score (negative: good news).  Indicators of
    one of the ``groups`` count once, by the heaviest.  ``of`` names the domains whose facts alone
    it speaks of (none: all).  ``basis`` is the legal basis, or "proposal".
    ``cure`` says what the enterprise can do about it, "" where only time helps.
    ``overlay`` names the professional catalogue (专业型) that the line belongs to, "" the generic
    one (通用型); ``why`` is what a professional line gives as its reason.
    """

    id: Annotated[str, Meta(pattern=r"^[BDSRC]\d{2}$")]
    name: str
    english: str
    dimension: Dimension
    domain: str
    events: tuple[str, ...]
    facts: Names
    severity: Function
    points: Points
    groups: tuple[str, ...] = ()
    of: tuple[str, ...] = ()
    lead: str = ""
    basis: str = "proposal"
    cure: str = ""
    overlay: str = ""
    why: str = ""


class Tier(Strict, frozen=True):
    """What has to hold for a measure; while a fact of ``unless`` is in force it does not."""

    measure: Measure
    when: Test
    unless: tuple[str, ...] = ()


class Rule(Strict, frozen=True):
    """When must somebody act?  Tiers stand gravest first; the first that holds fires.

    ``domain`` is a domain code, or "fact" where the facts that fired it name the domain.
    ``matter`` is the short label an officer reads, ``advice`` what is to be done, ``basis`` the
    article it rests on.  ``matter_at`` and ``advice_at`` say it otherwise for a measure;
    ``basis_of`` adds the law of a fact kind or of a domain (detectors.grounds).
    ``unless`` names fact kinds: while one is in force the rule is silent (domain reference §4.5),
    and once it ends the rule speaks of what is still there; one of ``settled_by`` is a further step
    in the same matter, after whose end nothing is left to say.
    ``feed`` names the feed whose silence keeps the rule from judging an absence; ``batched``
    says that officers get one list a station and day, not a message an enterprise.
    With ``again_within_days`` a 警示 is a 约谈 where the enterprise was warned of the same matter
    so many days ago or less, and that ended (domain reference §4.2); 0: it never is.
    """

    id: Annotated[str, Meta(pattern=r"^W\d{2}$")]
    name: str
    family: Annotated[str, Meta(pattern=r"^[a-z_]+$")]
    domain: str
    matter: Matter
    basis: Annotated[str, Meta(min_length=1)]
    advice: str
    tiers: Annotated[tuple[Tier, ...], Meta(min_length=1)]
    unless: tuple[str, ...] = ()
    settled_by: tuple[str, ...] = ()
    feed: str = ""
    batched: bool = False
    again_within_days: Days = 0
    matter_at: dict[Measure, Matter] = field(default_factory=dict)
    advice_at: dict[Measure, str] = field(default_factory=dict)
    basis_of: dict[str, str] = field(default_factory=dict)


class Bands(Strict, frozen=True):
    """Where the classes begin: B, C and D (A begins at 0, D ends at 1000), half-open."""

    b: float
    c: float
    d: float


class Scoring(Strict, frozen=True):
    """How contributions become a score and a class.

    ``review_days``: a class above A is looked at again after so many days without an event,
    because what it rests on fades.
    """

    bands: Bands
    better_below_band: Annotated[float, Meta(ge=0)]
    better_after_hours: Annotated[int, Meta(ge=0)]
    positive_cap: Annotated[float, Meta(ge=0)]
    provisional_weight: Severity
    learned_points: Annotated[int, Meta(ge=0, le=1000)]
    review_days: Annotated[int, Meta(ge=1, le=365)] = 7


class Overlay(Strict, frozen=True):
    """A professional catalogue (专业型) over the generic one: for facts of its domains.

    An indicator whose id the generic catalogue has takes its place there; another one is added.
    """

    name: Annotated[str, Meta(pattern=r"^[a-z_]+$")]
    label: str
    domains: Names
    indicators: tuple[Indicator, ...]


class Knowledge(Strict, frozen=True):
    """One version of everything that decides, but for the model.

    ``domains`` maps a domain's code to its Chinese name; ``allowed_usccs`` lists genuine codes
    whose check digit is wrong; ``class_sources`` may tell official classes (E57): none, nobody.
    ``indicators`` are the generic ones and those of the overlays.
    """

    version: str
    effective_from: dt.date
    scoring: Scoring
    indicators: tuple[Indicator, ...]
    rules: tuple[Rule, ...]
    domains: dict[str, str]
    terms: Terms
    observation: Observation
    neighbours: NeighbourRules
    allowed_usccs: frozenset[str] = frozenset()
    class_sources: tuple[str, ...] = ()
    overlays: tuple[Overlay, ...] = ()
    calendar: WorkingDays = WorkingDays()

    @property
    def lives(self) -> LegalLives:
        """Return what ends penalties and samples."""
        return self.terms.lives
