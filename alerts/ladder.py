"""What does each of the four measures demand: which document, who first, by when, by which way?"""

import enum
from collections.abc import Iterator

import msgspec

from alerts.delivery import Way
from alerts.knowledge import Document, Fault, InvalidKnowledgeError, typed
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


class Rung(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One measure: who leads, who handles with them, who is copied, and by when.

    ``copies_in`` adds copies for some domains: red in food, equipment and drugs goes to the
    province at once (domain §10).  ``approver_may_lead`` is false where an approval bureau has
    no power to do what the measure asks: it cannot inspect.
    """

    document: str
    acknowledge_within: str
    close_within: str
    lead: Target
    co_handlers: tuple[Target, ...] = ()
    copies: tuple[Target, ...] = ()
    copies_in: dict[str, tuple[Target, ...]] = {}
    channels: tuple[Way, ...] = (Way.SMS, Way.EMAIL)
    approver_may_lead: bool = True

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


class Ladder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The document ``ladder.yaml``.

    ``credit_leads``: domains whose department 豫市监〔2022〕21号 names no measures for; the credit
    department leads there and the functional department handles with it (domain §1).
    ``province_leads``: domains that only the province may enforce.
    ``approver_leads``: rule families in which the approver's own act is the matter (a permit
    that ran out), so the approver leads and the supervisor handles with it.
    """

    version: str
    measures: dict[Measure, Rung]
    credit_domain: str
    credit_leads: tuple[str, ...] = ()
    province_leads: tuple[str, ...] = ()
    approver_leads: tuple[str, ...] = ()

    def rung(self, measure: Measure) -> Rung:
        """Return what ``measure`` demands."""
        return self.measures[measure]


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
            yield Fault(file, f"measures.{measure}", fact, "add one: each measure needs it")
        elif not ladder.measures[measure].channels:
            fact = f"{measure.label} reaches nobody"
            yield Fault(file, f"measures.{measure}.channels", fact, "name sms, email or both")
