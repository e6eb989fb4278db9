"""What does each of the four measures demand: which document, who first, by when, by which way?"""

import enum
from collections.abc import Iterator

import msgspec
from msgspec import UNSET, UnsetType

from alerts.delivery import Way
from alerts.hours import Span
from alerts.knowledge import Document, Fault, InvalidKnowledgeError, repeated, typed
from detectors.measure import Measure
from detectors.working_days import Limit


class Target(enum.StrEnum):
    """A place on the map of responsibility, relative to the place of the matter."""

    STATION = "station"  # 属地所
    DEPARTMENT = "department"  # 县局业务股室
    CREDIT = "credit"  # 县局信用股
    LEADER = "leader"  # 分管局领导
    CITY = "city"  # 市局科室
    PROVINCE = "province"  # 省局处室
    SUPERVISORS = "supervisors"  # 监管该企业的县局股室（按其许可）


class Rung(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One measure: who leads, who handles with them, who is copied, and by when.

    ``document`` is "" where nothing is sent to the enterprise.  ``co_handlers_in`` and
    ``copies_in`` add parties for some domains: a failed sample concerns whoever supervises the
    enterprise, red in food, equipment and drugs goes to the province at once (domain §10).
    ``co_channels`` and ``copy_channels`` are the ways to those parties where they are fewer: who
    gets a text for everything reads none.  ``approver_may_lead`` is false where an approval
    bureau has no power to do what the measure asks: it cannot inspect.  ``overdue_to`` are those
    who are told where nobody has signed in time (督办), beside the lead; none: nobody is.
    """

    document: str
    acknowledge_within: str
    close_within: str
    lead: Target
    co_handlers: tuple[Target, ...] = ()
    copies: tuple[Target, ...] = ()
    co_handlers_in: dict[str, tuple[Target, ...]] = {}
    copies_in: dict[str, tuple[Target, ...]] = {}
    channels: tuple[Way, ...] = (Way.SMS, Way.EMAIL)
    co_channels: tuple[Way, ...] = ()
    copy_channels: tuple[Way, ...] = ()
    approver_may_lead: bool = True
    overdue_to: tuple[Target, ...] = ()

    def __post_init__(self) -> None:
        """Refuse limits that no calendar could count."""
        Limit.parse(self.acknowledge_within)
        Limit.parse(self.close_within)

    @property
    def acknowledge(self) -> Limit:
        """The limit for signing for the warning (签收)."""
        return Limit.parse(self.acknowledge_within)

    @property
    def close(self) -> Limit:
        """The limit for having dealt with it."""
        return Limit.parse(self.close_within)


class Otherwise(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a measure of some rules differs from the measure's own rung; only what differs.

    A court's freeze leaves nothing to be put right (整改), and a permit that ran out is not looked
    into by the bureau that issued it.
    """

    rules: tuple[str, ...]
    measure: Measure
    document: str | UnsetType = UNSET
    lead: Target | UnsetType = UNSET
    approver_may_lead: bool | UnsetType = UNSET


class Ladder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The document ``ladder.yaml``.

    ``credit_leads``: domains whose department 豫市监〔2022〕21号 names no measures for; the credit
    department leads there and the functional department handles with it (domain §1).
    ``province_leads``: domains that only the province may enforce.
    ``approver_leads``: rule families in which the approver's own act is the matter (a permit
    that ran out), so the approver leads and the supervisor handles with it.
    ``supervised_by``: for a domain that supervises no enterprise (samples), the domains that do.
    ``urgent``: rules of accidents, told at any hour, whose hours run on the clock.  For all others
    a limit of hours begins in ``office_hours`` of a working day.
    """

    version: str
    measures: dict[Measure, Rung]
    credit_domain: str
    credit_leads: tuple[str, ...] = ()
    province_leads: tuple[str, ...] = ()
    approver_leads: tuple[str, ...] = ()
    supervised_by: dict[str, tuple[str, ...]] = {}
    otherwise: tuple[Otherwise, ...] = ()
    urgent: tuple[str, ...] = ()
    office_hours: str = ""

    def __post_init__(self) -> None:
        """Refuse office hours that are no span of the day, or are its nights."""
        if self.office_hours and Span.parse(self.office_hours).passes_midnight:
            raise ValueError(f"office_hours {self.office_hours} 颠倒了。they end before they begin")

    def rung(self, measure: Measure, *, rule: str = "") -> Rung:
        """Return what ``measure`` demands, in the matter of a rule."""
        rung = self.measures[measure]
        for one in self.otherwise:
            if one.measure is measure and rule in one.rules:
                said = {name: getattr(one, name) for name in _MAY_DIFFER}
                return msgspec.structs.replace(
                    rung, **{name: value for name, value in said.items() if value is not UNSET}
                )
        return rung

    def office(self, rule: str) -> Span | None:
        """Return the hours in which a limit of hours begins; None where it begins at once."""
        if rule in self.urgent or not self.office_hours:
            return None
        return Span.parse(self.office_hours)

    @property
    def rules_named(self) -> frozenset[str]:
        """The rules of which the ladder says something of their own."""
        return frozenset(self.urgent).union(*[one.rules for one in self.otherwise])


_MAY_DIFFER = ("document", "lead", "approver_may_lead")


def parse_ladder(document: Document, *, file: str = "config/knowledge/ladder.yaml") -> Ladder:
    """Return the ladder that a document describes.

    Raises:
        InvalidKnowledgeError: a measure is missing, has no way to people, or a limit is no limit.
    """
    ladder = typed(document, Ladder, file=file)
    faults = tuple(_faults(ladder, file=file))
    if faults:
        raise InvalidKnowledgeError(faults)
    return ladder


def _faults(ladder: Ladder, *, file: str) -> Iterator[Fault]:
    """Yield what is wrong with the ladder as a whole."""
    for measure in Measure:
        if measure not in ladder.measures:
            fact = f"{measure.label} has no rung"
            yield Fault(
                file,
                f"measures.{measure}",
                fact,
                "四种措施缺一不可，请补上。add one: each measure needs it",
            )
        elif not ladder.measures[measure].channels:
            fact = f"{measure.label} reaches nobody"
            yield Fault(
                file,
                f"measures.{measure}.channels",
                fact,
                "请写 sms、email 或两者。name sms, email or both",
            )
        else:
            yield from _faults_of_overdue(ladder.measures[measure], measure, file=file)
    yield from _faults_of_supervisors(ladder, file=file)
    named = [f"{rule} {one.measure.value}" for one in ladder.otherwise for rule in one.rules]
    for twice in repeated(named):
        yield Fault(
            file, "otherwise", f"{twice} is there twice", "请只在一处写。say it in one place"
        )


def _faults_of_overdue(rung: Rung, measure: Measure, *, file: str) -> Iterator[Fault]:
    """Yield to whom a missed signature cannot go: whoever missed it, or one of them twice."""
    where = f"measures.{measure}.overdue_to"
    if rung.lead in rung.overdue_to:
        fact = f"{rung.lead} leads, so it is who has missed it"
        remedy = "请写主办的上级，或 []（不督办）。name somebody above the lead, or nobody: []"
        yield Fault(file, where, fact, remedy)
    for twice in repeated(rung.overdue_to):
        yield Fault(file, where, f"{twice} is there twice", "请只写一次。say it once")


def _faults_of_supervisors(ladder: Ladder, *, file: str) -> Iterator[Fault]:
    """Yield where the supervisors of an enterprise would be nobody, or several that lead."""
    leads = [(f"measures.{measure}.lead", rung.lead) for measure, rung in ladder.measures.items()]
    leads += [(f"otherwise[{', '.join(one.rules)}].lead", one.lead)
              for one in ladder.otherwise if one.lead is not UNSET]  # fmt: skip
    for where, lead in leads:
        if lead is Target.SUPERVISORS:
            remedy = "主办只能是一个机构。name one that leads, and supervisors under co_handlers"
            yield Fault(file, where, "supervisors are several, or none", remedy)
    for measure, rung in ladder.measures.items():
        for domain, targets in (*rung.co_handlers_in.items(), *rung.copies_in.items()):
            if Target.SUPERVISORS in targets and not ladder.supervised_by.get(domain):
                fact = f"no supervisors of {domain} are named"
                remedy = "请在 supervised_by 中写明其监管领域。name their domains in supervised_by"
                yield Fault(file, f"measures.{measure}", fact, remedy)
