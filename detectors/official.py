"""What is the official class of an enterprise in a month, and what would it have been since?

The official class is derived anew from the facts as of the month's last instant in China, and then
never again: what comes late is a correction beside it (decision 0014).  The live class, with its
hysteresis and the model's part, is another thing.
"""

import datetime as dt
import enum
import re
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from detectors.catalogue import Catalogue
from detectors.expertise import Expertise
from detectors.facts import Fact, FactKind, hash_of
from detectors.measure import RiskClass
from detectors.sampling import Due, Subject, add_months, domains_of, ratio_for
from detectors.sampling_plan import SamplingPlan
from detectors.score import band_rank
from detectors.state import EnterpriseState, Profile
from detectors.told import Told
from detectors.warning import CHINA
from detectors.wording import fact_in_words

_MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])")
# Scores are published with one decimal; a smaller difference cannot be seen.
SAME_SCORE_WITHIN = 0.05
_CLASSES = tuple(RiskClass)


class Source(enum.StrEnum):
    """Where an official class comes from: our own snapshot, or the province's result."""

    FROZEN = "frozen"
    IMPORTED = "imported"


class Month(msgspec.Struct, frozen=True, order=True):
    """A calendar month in China.

    >>> dt.datetime.fromtimestamp(Month.of("2026-06").last_s, CHINA).isoformat()
    '2026-06-30T23:59:59+08:00'
    """

    year: int
    month: int

    @classmethod
    def of(cls, text: str) -> "Month":
        """Return the month that a person wrote.

        Raises:
            ValueError: not of the form 2026-06.
        """
        found = _MONTH.fullmatch(text)
        if found is None:
            raise ValueError(f"{text!r} is no month; write it as 2026-06")
        return cls(int(found[1]), int(found[2]))

    def __str__(self) -> str:
        """Return the month as people write it."""
        return f"{self.year:04d}-{self.month:02d}"

    @property
    def last_s(self) -> int:
        """Return the last second of the month, in event time."""
        following = add_months(dt.date(self.year, self.month, 1), 1)
        return int(dt.datetime.combine(following, dt.time(), tzinfo=CHINA).timestamp()) - 1


class Draw(msgspec.Struct, frozen=True, kw_only=True):
    """In which share an enterprise is drawn in one domain, and why."""

    domain: str
    ratio: float
    why: str
    due: Due = Due.NO
    last_inspected: dt.date | None = None
    rests_until: dt.date | None = None


class OfficialClass(msgspec.Struct, frozen=True, kw_only=True):
    """The official class of one enterprise in one month.

    Shapes:
        ``draws`` hold every domain in which it may be drawn; ``domain`` and ``ratio`` are those
        of the main one.  ``floor_cause`` names the direct rule that set the class, or is "".

    Units:
        ``score`` is 0 to 1000, or None where the province told the class alone; ``ratio`` 0 to 1.
    """

    uscc: str
    name: str
    month: str
    risk_class: RiskClass = msgspec.field(name="class")
    score: float | None
    floor_cause: str = ""
    catalogue_version: str
    domain: str
    ratio: float
    place: str
    industry: str
    source: Source
    draws: tuple[Draw, ...] = ()


class Correction(msgspec.Struct, frozen=True, kw_only=True):
    """What a frozen class would have been, had everything been known; it changes nothing.

    ``official_class`` is None for an enterprise that was not known to be there.
    """

    uscc: str
    month: str
    official_class: RiskClass | None
    official_score: float | None
    would_be_class: RiskClass
    would_be_score: float | None
    floor_cause: str
    catalogue_version: str

    @property
    def id(self) -> str:
        """Return what makes two corrections one: the same finding is told once."""
        score = "" if self.would_be_score is None else f"{self.would_be_score:.1f}"
        said = hash_of(self.would_be_class.value, score, self.floor_cause)
        return f"correction/{self.month}/{self.uscc}/{said:016x}"


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """Where our own class of a month and the province's are not the same (None: not there)."""

    uscc: str
    name: str
    month: str
    official_class: RiskClass | None
    own_class: RiskClass | None
    own_score: float | None


class Provisional(msgspec.Struct, frozen=True, kw_only=True):
    """What a direct rule makes of the live card until the month ends (暂定).

    ``text`` is what a person reads; ``fact_id`` the fact on which it rests.
    """

    risk_class: RiskClass
    text: str
    fact_id: str
    since: dt.datetime


def frozen_class(
    uscc: str, state: EnterpriseState, expertise: Expertise, plan: SamplingPlan, month: Month
) -> OfficialClass | None:
    """Return the class of a month from the facts alone; None for who was not on the register.

    By the catalogue in force at that instant.  No hysteresis: the band of the score, or the class
    that a direct rule sets.  The model's part is left out unless the plan says otherwise, and then
    only what it had said by that instant.
    """
    as_of = month.last_s
    if not was_there(state, as_of):
        return None
    known = expertise.at(as_of)
    profile = profile_at(state, as_of)
    assessment = known.catalogue.assess(profile, state.facts, as_of, unheard=state.withheld)
    scoring = known.knowledge.scoring
    score = assessment.score
    rank = band_rank(score, scoring.bands)
    if plan.include_learned and state.as_of <= as_of and state.learned.version:
        extra = scoring.learned_points * max(0.0, state.learned.probability)
        score = known.catalogue.score_of(assessment.severities, extra=extra)
        rank = band_rank(score, scoring.bands)  # one class at the most: the bands are checked
    cause = ""
    if assessment.floor_rank > rank:
        floor = _gravest_floor(known.catalogue, profile, state.facts, as_of)
        cause = floor.text if floor else ""
    risk_class = _CLASSES[max(rank, assessment.floor_rank)]
    draws = draws_of(plan, subject_of(uscc, state, as_of), risk_class=risk_class, as_of=as_of)
    return OfficialClass(
        uscc=uscc,
        name=profile.name or uscc,
        month=str(month),
        risk_class=risk_class,
        score=score,
        floor_cause=cause,
        catalogue_version=known.knowledge.version,
        domain=draws[0].domain,
        ratio=draws[0].ratio,
        place=profile.place,
        industry=profile.industry,
        source=Source.FROZEN,
        draws=draws,
    )


def imported_class(
    told: Told, state: EnterpriseState | None, plan: SamplingPlan, month: Month
) -> OfficialClass:
    """Return the province's result as the official class, with the ratios that follow from it.

    An enterprise that we have never heard of keeps its class; its ratio is the general one.
    """
    as_of = month.last_s
    subject = subject_of(told.uscc, state or EnterpriseState(), as_of)
    draws = draws_of(plan, subject, risk_class=told.risk_class, as_of=as_of)
    return OfficialClass(
        uscc=told.uscc,
        name=subject.name or told.uscc,
        month=str(month),
        risk_class=told.risk_class,
        score=told.score,
        catalogue_version=told.version,
        domain=draws[0].domain,
        ratio=draws[0].ratio,
        place=subject.place,
        industry=subject.industry,
        source=Source.IMPORTED,
        draws=draws,
    )


def draws_of(
    plan: SamplingPlan, subject: Subject, *, risk_class: RiskClass, as_of: int
) -> tuple[Draw, ...]:
    """Return the shares in which an enterprise is drawn, the main domain first."""
    draws = []
    for domain in domains_of(plan, subject, as_of=as_of):
        ratio = ratio_for(plan, subject, risk_class=risk_class, domain=domain, as_of=as_of)
        last = ratio.last_inspected
        draws.append(
            Draw(
                domain=domain,
                ratio=ratio.value,
                why=ratio.why,
                due=ratio.due,
                last_inspected=dt.datetime.fromtimestamp(last, CHINA).date() if last else None,
                rests_until=ratio.rests_until,
            )
        )
    return tuple(draws)


def subject_of(uscc: str, state: EnterpriseState, as_of: int) -> Subject:
    """Return whom the sampler looks at, as of a moment."""
    profile = profile_at(state, as_of)
    return Subject(
        uscc=uscc,
        name=profile.name,
        place=profile.place,
        industry=profile.industry,
        category=profile.category,
        established=profile.established,
        facts=state.facts,
        archived=state.archive.outcomes,
    )


def profile_at(state: EnterpriseState, as_of: int) -> Profile:
    """Return who the enterprise was at a moment: a later move or new name is left out."""
    if state.as_of <= as_of:
        return state.profile
    name, place, industry = state.register.name, state.register.place, state.register.industry
    for fact in sorted(state.facts, key=lambda fact: (fact.at, fact.id)):
        if not fact.counts_at(as_of):
            continue
        if fact.kind == FactKind.NAME_CHANGED:
            name = fact.note
        elif fact.kind == FactKind.INDUSTRY_CHANGED:
            industry = fact.note
        elif fact.kind == FactKind.ADDRESS_CHANGED:
            place = fact.place
    return msgspec.structs.replace(
        state.profile, name=name, place=place, industry=industry,
        established=state.register.established,
    )  # fmt: skip


def correction(official: OfficialClass | None, anew: OfficialClass) -> Correction | None:
    """Return what must be recorded beside a frozen class, or None where nothing has changed."""
    if official is not None:
        same_score = abs((official.score or 0.0) - (anew.score or 0.0)) < SAME_SCORE_WITHIN
        same_class = official.risk_class is anew.risk_class
        if same_class and same_score and official.floor_cause == anew.floor_cause:
            return None
    return Correction(
        uscc=anew.uscc,
        month=anew.month,
        official_class=official.risk_class if official else None,
        official_score=official.score if official else None,
        would_be_class=anew.risk_class,
        would_be_score=anew.score,
        floor_cause=anew.floor_cause,
        catalogue_version=anew.catalogue_version,
    )


def differences(
    own: Mapping[str, OfficialClass], imported: Mapping[str, OfficialClass]
) -> Iterator[Difference]:
    """Yield where our own class and the province's differ, by code."""
    for uscc in sorted(own.keys() | imported.keys()):
        mine, theirs = own.get(uscc), imported.get(uscc)
        if mine and theirs and mine.risk_class is theirs.risk_class:
            continue
        one = mine or theirs
        assert one is not None
        yield Difference(
            uscc=uscc,
            name=one.name,
            month=one.month,
            official_class=theirs.risk_class if theirs else None,
            own_class=mine.risk_class if mine else None,
            own_score=mine.score if mine else None,
        )


def provisional(
    catalogue: Catalogue,
    profile: Profile,
    facts: Sequence[Fact],
    *,
    official: RiskClass | None,
    as_of: int,
) -> Provisional | None:
    """Return what the live card says of a direct rule that fired since the official class.

    None where no direct rule is in force, or the official class is as grave already.
    """
    floor = _gravest_floor(catalogue, profile, facts, as_of)
    if floor is None or (official is not None and official.rank >= floor.rank):
        return None
    risk_class = _CLASSES[floor.rank]
    return Provisional(
        risk_class=risk_class,
        text=f"暂定{risk_class.value}级：{floor.text}；本月官方等级不变，月末重新认定",
        fact_id=floor.fact.name,
        since=dt.datetime.fromtimestamp(floor.fact.at, dt.UTC),
    )


class _Floor(msgspec.Struct, frozen=True, gc=False):
    """A direct rule in force, and the newest fact on which it rests."""

    rank: int
    text: str
    fact: Fact


def _gravest_floor(
    catalogue: Catalogue, profile: Profile, facts: Sequence[Fact], as_of: int
) -> _Floor | None:
    """Return the gravest direct rule in force, the first of the catalogue where several are."""
    rules = catalogue.direct_rules(profile, facts, as_of)
    if not rules:
        return None
    gravest = max(rules, key=lambda one: one.rank)
    fact = gravest.facts[0]
    name = catalogue.indicators[gravest.place].name
    return _Floor(gravest.rank, f"{name}（{fact_in_words(fact)}）", fact)


def was_there(state: EnterpriseState, as_of: int) -> bool:
    """Return whether the enterprise was known at a moment, and had not left the register."""
    if any(fact.kind == FactKind.DEREGISTERED and fact.counts_at(as_of) for fact in state.facts):
        return False
    if not state.as_of or state.as_of <= as_of:
        return bool(state.as_of)
    if state.register.established:
        return state.register.established <= as_of
    return any(fact.at <= as_of for fact in state.facts)
