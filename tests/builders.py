"""What does a test need to say so that something happens to an enterprise?"""

import datetime as dt
import functools
from collections.abc import Iterable, Sequence
from typing import Literal, TypeVar

from config.load import load_documents
from detectors import events as e
from detectors.admission import MAKERS
from detectors.assessment import Assessment
from detectors.deadline import deadline_of
from detectors.effects import Effect, Position
from detectors.expertise import Expertise, compiled
from detectors.facts import Fact, hash_of
from detectors.feeds import Feed, Feeds, parse_feeds
from detectors.knowledge_check import parse
from detectors.sampling import Subject
from detectors.sampling_plan import SamplingPlan, parse_sampling
from detectors.state import EnterpriseState, OpenWarning, Profile
from detectors.step import step
from detectors.warning import CHINA, EarlyWarning, WarningStatus
from detectors.working_days import parse_calendar
from streams.feeds import FeedWatch, MemoryFeedLog

USCC = "91410422MA3X1A2B83"
SOURCE = "urn:yexian:test"
PROVINCE = "urn:pingdingshan:data-sharing"  # knowledge.yaml: it may tell official classes
START = dt.datetime(2026, 3, 2, 12, tzinfo=CHINA)  # a Monday at noon
START_S = int(START.timestamp())
T = TypeVar("T")


@functools.cache
def documents() -> dict[str, object]:
    """Return the documents of the shipped knowledge."""
    return load_documents()


@functools.cache
def expertise() -> Expertise:
    """Return the shipped knowledge, compiled, without a model."""
    return compiled(parse(documents()))


def on(day: float) -> dt.datetime:
    """Return the moment so many days after the start of a test."""
    return START + dt.timedelta(days=day)


def at(day: float) -> int:
    """Return the moment so many days after the start, in seconds as facts have it."""
    return int(on(day).timestamp())


def event(
    data: e.Payload,
    *,
    day: float = 0,
    name: str = "",
    source: str = "",
    subject: str = USCC,
) -> e.Event:
    """Return an event, of who may send it; without a ``name`` its id follows from what it says."""
    time = on(day)
    sender = PROVINCE if isinstance(data, e.ClassOfMonth) else MAKERS.get(type(data), SOURCE)
    return e.event_of(
        data,
        id=name or f"{hash_of(repr(data), time.isoformat()):x}",
        source=source or sender,
        subject=subject,
        time=time,
    )


def assessed(
    facts: Sequence[Fact], *, day: float = 0, profile: Profile | None = None
) -> Assessment:
    """Return what the shipped catalogue says of some facts."""
    return expertise().catalogue.assess(profile or Profile(), facts, at(day))


class Enterprise:
    """One enterprise, and what happens to it, in the order of the log."""

    def __init__(self, knowing: Expertise | None = None, *, uscc: str = USCC) -> None:
        """Start with an empty state, knowing the shipped knowledge unless told otherwise."""
        self.uscc = uscc
        self.state = EnterpriseState()
        self.knowing = knowing or expertise()
        self.effects: list[Effect] = []
        self.offset = -1
        self.silent_feeds: tuple[str, ...] = ()

    def meets(self, happening: e.Event) -> list[Effect]:
        """Take the next event of the log, and before it the deadlines that fall due until then."""
        effects = self.waits_until(happening.time) + self._takes(happening)
        self.effects += effects
        return effects

    def waits_until(self, moment: dt.datetime) -> list[Effect]:
        """Let the timers speak up to a moment; return their effects."""
        effects: list[Effect] = []
        while self.state.wake_at and self.state.wake_at <= int(moment.timestamp()):
            due = self.state.wake_at
            effects += self._takes(deadline_of(self.uscc, due, silent_feeds=self.silent_feeds))
            assert self.state.wake_at != due, "a deadline that is judged must not come again"
        return effects

    def _takes(self, happening: e.Event) -> list[Effect]:
        self.offset += 1
        self.state, effects = step(
            self.state,
            happening,
            self.knowing,
            now=happening.time,
            position=Position(epoch=1, partition=0, offset=self.offset),
        )
        return effects

    def has(
        self, data: e.Payload, *, day: float = 0, name: str = "", source: str = ""
    ) -> list[Effect]:
        """Let something happen on a day; return its effects."""
        return self.meets(event(data, day=day, name=name, source=source, subject=self.uscc))

    def takes_back(self, name: str, data: e.Payload, *, day: float = 0) -> list[Effect]:
        """Let the source revoke what it said under a name."""
        return self.has(revoked(data, name), day=day)

    def open(self) -> set[tuple[str, str, int]]:
        """Return the open warnings as (domain, family, rank of the measure)."""
        return {_key(one) for one in self.state.open_warnings}


def _key(one: OpenWarning) -> tuple[str, str, int]:
    return one.domain, one.family, one.measure


def after(happenings: Iterable[e.Event], knowing: Expertise | None = None) -> Enterprise:
    """Return an enterprise that has met these events in this order."""
    enterprise = Enterprise(knowing)
    for happening in happenings:
        enterprise.meets(happening)
    return enterprise


def of_type(effects: Iterable[Effect], type_: type[T]) -> list[T]:
    """Return the effects of one type."""
    return [effect for effect in effects if isinstance(effect, type_)]


def issued(effects: Iterable[Effect], rule: str = "") -> list[EarlyWarning]:
    """Return the warnings issued, of one rule or of all."""
    return [
        warning
        for warning in of_type(effects, EarlyWarning)
        if warning.status is WarningStatus.ISSUED and rule in {"", warning.rule}
    ]


def cancelled(effects: Iterable[Effect]) -> list[EarlyWarning]:
    """Return the warnings taken back."""
    return [
        warning
        for warning in of_type(effects, EarlyWarning)
        if warning.status is WarningStatus.CANCELLED
    ]


def closed(effects: Iterable[Effect]) -> list[EarlyWarning]:
    """Return the warnings whose condition has ended."""
    return [one for one in of_type(effects, EarlyWarning) if one.status is WarningStatus.CLOSED]


def revoked(data: e.Payload, name: str) -> e.Payload:
    """Return the record by which a source takes back what it said under a name."""
    return _changed(data, op=e.Op.REVOKE, supersedes=name)


def corrected(data: e.Payload, name: str) -> e.Payload:
    """Return the record by which a source replaces what it said under a name."""
    return _changed(data, op=e.Op.UPDATE, supersedes=name)


def expired(data: e.Payload, name: str) -> e.Payload:
    """Return the record by which a source ends what it said under a name."""
    return _changed(data, op=e.Op.EXPIRE, supersedes=name)


def _changed(data: e.Payload, **more: object) -> e.Payload:
    values = {field: getattr(data, field) for field in data.__struct_fields__}
    return type(data)(**(values | more))


def repaired(name: str, *, from_day: float) -> e.RepairDecided:
    """Return the decision that a fact is repaired from a day on."""
    return e.RepairDecided(supersedes=name, decision="granted", effective=on(from_day).date())


def penalty(
    severity: str = "general", *, domain: str = "FOODS", offence: str = "", **more: object
) -> e.PenaltyDecided:
    """Return a penalty decision."""
    return e.PenaltyDecided(domain=domain, severity=severity, offence=offence, **more)


def food_sample(
    problem: str = "physical",
    *,
    number: str = "S1",
    provisional: bool = False,
    item: str = "苯甲酸",
) -> e.FoodSampled:
    """Return a failed food sample."""
    return e.FoodSampled(
        sample_no=number, verdict="failed", problem=problem, provisional=provisional,
        food="酱油", item=item,
    )  # fmt: skip


def complaint(number: int, *, complainant: str = "", matter: str = "退费") -> e.ComplaintReceived:
    """Return a complaint; each has its own complainant unless one is named."""
    return e.ComplaintReceived(
        ticket=f"T{number}", complainant=complainant or f"person-{number}", matter=matter
    )


def inspection(result: str = "failed", *, domain: str = "QUAL", severity: float = 1.0) -> e.Payload:
    """Return the result of an inspection."""
    return e.InspectionResult(domain=domain, result=result, severity=severity)


def permit(*, days_left: float, number: str = "P1", domain: str = "FOODS") -> e.PermitGranted:
    """Return a permit whose last day is so many days after the start."""
    return e.PermitGranted(
        permit_no=number, permit_type="食品经营许可证", domain=domain,
        valid_to=on(days_left).date(), organ="叶县市监局", place="410422",
    )  # fmt: skip


def shell_change() -> list[e.Payload]:
    """Return the three changes that together look like a sale of the shell (换壳)."""
    return [
        e.LegalRepChanged(new_person="p2"),
        e.ShareholderChanged(holder="h1", before=0.0, after=1.0),
        e.AddressChanged(new_region="410423"),
    ]


def feeds(*described: Feed) -> Feeds:
    """Return feeds over the shipped calendar; the shipped ones unless some are given."""
    calendar = parse_calendar(documents()["calendar.yaml"])
    if described:
        return Feeds(described, calendar)
    return parse_feeds(documents()["feeds.yaml"], calendar=calendar, types=e.event_types())


def feed_watch(*described: Feed, by: Literal["arrival", "event"] = "arrival") -> FeedWatch:
    """Return a watch over some feeds, with a log in memory."""
    return FeedWatch(feeds(*described), MemoryFeedLog(), by=by)


@functools.cache
def sampling_plan() -> SamplingPlan:
    """Return the shipped sampling plan."""
    return parse_sampling(documents(), domains=expertise().knowledge.domains)


def subject(*facts: Fact, **more: object) -> Subject:
    """Return an enterprise as the sampler sees it: in business for ten years, unless told."""
    who = {
        "uscc": USCC, "name": "叶县样例", "place": "410422001", "industry": "F5212",
        "category": "", "established": at(-3650), "facts": facts,
    }  # fmt: skip
    return Subject(**(who | more))  # type: ignore[arg-type]


def founded(*, years: float = 11, industry: str = "", **more: object) -> e.Established:
    """Return the founding of a firm so many years before the start."""
    day = on(-years * 365.25).date()
    return e.Established(
        name="叶县甲公司", established_on=day, place="410422", industry=industry, **more
    )


def days_until(month: int, day: int, *, year: int = START.year) -> float:
    """Return how many days after the start a day of a year begins in China."""
    return (dt.datetime(year, month, day, tzinfo=CHINA) - START) / dt.timedelta(days=1)


def equipment(
    *, days_left: float, number: str = "Q1", public: bool = False
) -> e.EquipmentRegistered:
    """Return a machine in use whose next inspection is due so many days after the start."""
    return e.EquipmentRegistered(
        equipment=number, kind="电梯", public_place=public, next_due=on(days_left).date(),
        place="410422001",
    )  # fmt: skip
