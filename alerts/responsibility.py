"""Who must act on a warning, who handles it with them, who is told, and why just they?

谁审批、谁监管，谁主管、谁监管 (豫市监〔2022〕21号): the department in charge of the domain at the
place of the matter acts; the authority that approved the permit is copied, or leads where its
own act is the matter.  ``resolve`` is total: what cannot be routed goes to the duty desk, with
its reason.
"""

import enum
from collections.abc import Iterable, Iterator

import msgspec

from alerts.authority import Authority, AuthorityTree, Person, Seat, Tier
from alerts.hours import Span
from alerts.ladder import Ladder, Rung, Target
from detectors.measure import Measure
from detectors.warning import EarlyWarning


class Role(enum.StrEnum):
    """What is asked of a recipient."""

    LEAD = "lead"
    CO = "co"
    OVERSEE = "oversee"
    COPY = "copy"

    @property
    def label(self) -> str:
        """Return the official word.

        >>> Role.CO.label
        '协办'
        """
        return {"lead": "主办", "co": "协办", "oversee": "督办", "copy": "抄送"}[self.value]

    @property
    def rank(self) -> int:
        """Return the weight of the role, 0 for the one who acts."""
        return ("lead", "co", "oversee", "copy").index(self.value)


class Why(enum.StrEnum):
    """Why this authority, or this person: a closed set, in the words of the field."""

    PLACE = "place"
    DOMAIN = "domain"
    SUPERVISES = "supervises"
    CREDIT = "credit"
    CREDIT_LEADS = "credit_leads"
    PROVINCE_ONLY = "province_only"
    LEADER = "leader"
    APPROVER = "approver"
    APPROVER_LEADS = "approver_leads"
    SUPERIOR = "superior"
    RETURNED = "returned"
    NO_STATION = "no_station"
    STAND_IN = "stand_in"
    VACANCY_UP = "vacancy_up"
    UNROUTABLE_PLACE = "unroutable_place"
    UNKNOWN_DOMAIN = "unknown_domain"
    NOBODY_IN_POST = "nobody_in_post"

    @property
    def label(self) -> str:
        """Return the reason in Chinese.

        >>> Why.VACANCY_UP.label
        '空缺，上移'
        """
        return _WHY_LABELS[self]


_WHY_LABELS = {
    Why.PLACE: "属地监管",
    Why.DOMAIN: "谁主管、谁监管",
    Why.SUPERVISES: "企业的日常监管部门",
    Why.CREDIT: "信用监管会同处置",
    Why.CREDIT_LEADS: "文件未列明业务处室，由信用监管部门牵头",
    Why.PROVINCE_ONLY: "省级事权",
    Why.LEADER: "分管领导",
    Why.APPROVER: "谁审批、谁监管（审批机关）",
    Why.APPROVER_LEADS: "谁审批、谁监管（许可事项，审批机关牵头）",
    Why.SUPERIOR: "上级业务部门",
    Why.RETURNED: "主办单位已退回，由值班台改派",
    Why.NO_STATION: "无属地所，由业务部门承办",
    Why.STAND_IN: "空缺，由本单位其他负责人代",
    Why.VACANCY_UP: "空缺，上移",
    Why.UNROUTABLE_PLACE: "地点无法识别，转值班台",
    Why.UNKNOWN_DOMAIN: "领域无法识别，转值班台",
    Why.NOBODY_IN_POST: "逐级无人在岗，转值班台",
}


class Matter(msgspec.Struct, frozen=True, kw_only=True):
    """What responsibility depends on, and nothing else of a warning."""

    domain: str
    measure: Measure
    place: str
    approver: str = ""
    family: str = ""
    rule: str = ""
    permits: tuple[str, ...] = ()

    @classmethod
    def of(cls, warning: EarlyWarning) -> "Matter":
        """Return the matter of a warning."""
        return cls(
            domain=warning.domain,
            measure=warning.measure,
            place=warning.place,
            approver=warning.approver,
            family=warning.family,
            rule=warning.rule,
            permits=warning.permits,
        )


class Party(msgspec.Struct, frozen=True):
    """An authority, its role in the matter, and why."""

    authority: Authority
    role: Role
    why: Why


class Recipient(msgspec.Struct, frozen=True, kw_only=True):
    """A person who is told.

    ``authority`` is where the person sits, ``for_party`` whose duty it is: they differ where a
    vacancy moved the message up the tree.
    """

    person: Person
    authority: Authority
    post: str
    role: Role
    why: Why
    for_party: Authority


class Duty(msgspec.Struct, frozen=True, kw_only=True):
    """Who must act on what, by when.  ``parties`` begins with the one lead.

    ``urgent``: it is told at any hour.  ``office`` are the hours in which a limit of hours begins,
    None where it begins when it is told.
    """

    parties: tuple[Party, ...]
    recipients: tuple[Recipient, ...]
    rung: Rung
    remarks: tuple[str, ...] = ()
    urgent: bool = False
    office: Span | None = None

    @property
    def lead(self) -> Authority:
        """The authority that acts (主办)."""
        return self.parties[0].authority

    @property
    def co_handlers(self) -> tuple[Authority, ...]:
        """The authorities that act with it (协办)."""
        return tuple(party.authority for party in self.parties if party.role is Role.CO)

    @property
    def copies(self) -> tuple[Authority, ...]:
        """The authorities that are informed (抄送)."""
        return tuple(party.authority for party in self.parties if party.role is Role.COPY)

    @property
    def is_routed(self) -> bool:
        """Whether the matter found its authority, rather than the duty desk."""
        return self.parties[0].why not in {Why.UNROUTABLE_PLACE, Why.UNKNOWN_DOMAIN}

    @property
    def summary(self) -> str:
        """The duty in one line: 主办 …；协办 …；抄送 …."""
        told = {recipient.for_party.code: recipient.person.name for recipient in self.recipients}
        return "；".join(
            f"{party.role.label} {party.authority.short_name}"
            + (f"（{told[party.authority.code]}）" if party.authority.code in told else "")
            for party in self.parties
        )


def resolve(matter: Matter, *, tree: AuthorityTree, ladder: Ladder) -> Duty:
    """Return who must act on ``matter``; there is always somebody."""
    duty = _parties_of(matter, tree=tree, ladder=ladder)
    urgent, office = matter.rule in ladder.urgent, ladder.office(matter.rule)
    return msgspec.structs.replace(duty, urgent=urgent, office=office)


def _parties_of(matter: Matter, *, tree: AuthorityTree, ladder: Ladder) -> Duty:
    """Return who must act, whatever the hour."""
    rung = ladder.rung(matter.measure, rule=matter.rule)
    county = tree.at(matter.place, Tier.COUNTY)
    if county is None:
        return _to_duty_desk(Why.UNROUTABLE_PLACE, rung=rung, tree=tree)
    if tree.department_at_or_above(county, matter.domain) is None:
        return _to_duty_desk(Why.UNKNOWN_DOMAIN, rung=rung, tree=tree)
    route = _Route(matter, county=county, tree=tree, ladder=ladder)
    parties, remarks = route.with_approver(_merged(route.parties()))
    recipients = one_each(reach(party, domain=matter.domain, tree=tree) for party in parties)
    return Duty(parties=parties, recipients=recipients, rung=rung, remarks=remarks)


def overseers(
    matter: Matter, duty: Duty, *, tree: AuthorityTree, ladder: Ladder
) -> tuple[Recipient, ...]:
    """Return to whom it goes that nobody has signed in time (督办), by the ladder's ``overdue_to``.

    Whoever missed it does not oversee it: where a target is the lead itself, or a vacancy leads
    back to the same person, the next above does.  What the duty desk leads stays with the desk.
    """
    county = tree.at(matter.place, Tier.COUNTY)
    if county is None or not duty.is_routed:
        return ()
    route = _Route(matter, county=county, tree=tree, ladder=ladder)
    missed = {one.person.id for one in duty.recipients if one.role is Role.LEAD}
    found = []
    for party in route.overseers():
        for authority in (party.authority, *tree.above(party.authority)):
            above = msgspec.structs.replace(party, authority=authority)
            recipient = reach(above, domain=matter.domain, tree=tree)
            if recipient.person.id not in missed:
                found.append(recipient)
                break
    return one_each(found)


class _Route:
    """The way from a matter to its parties."""

    def __init__(
        self, matter: Matter, *, county: Authority, tree: AuthorityTree, ladder: Ladder
    ) -> None:
        self._matter = matter
        self._rung = ladder.rung(matter.measure, rule=matter.rule)
        self._county = county
        self._tree = tree
        self._ladder = ladder

    def parties(self) -> Iterator[Party]:
        """Yield the parties that the rung asks for, the lead first."""
        rung = self._rung
        domain = self._matter.domain
        if domain in self._ladder.province_leads:
            province = self._department(Tier.PROVINCE, domain)
            yield Party(province, Role.LEAD, Why.PROVINCE_ONLY)
            yield Party(self._department(Tier.COUNTY, domain), Role.CO, Why.DOMAIN)
        else:
            yield from self._target(rung.lead, Role.LEAD)
        for target in (*rung.co_handlers, *rung.co_handlers_in.get(domain, ())):
            yield from self._target(target, Role.CO)
        for target in (*rung.copies, *rung.copies_in.get(domain, ())):
            yield from self._target(target, Role.COPY)

    def overseers(self) -> Iterator[Party]:
        """Yield the parties to whom a missed signature goes."""
        for target in self._rung.overdue_to:
            for party in self._target(target, Role.OVERSEE):
                yield msgspec.structs.replace(party, role=Role.OVERSEE)

    def with_approver(
        self, parties: tuple[Party, ...]
    ) -> tuple[tuple[Party, ...], tuple[str, ...]]:
        """Return the parties with the authority that issued the permit, and what is to be noted.

        The same body approves and supervises: one task.  Different: the supervisor leads and the
        approver is copied, unless the approver's own act is the matter (domain §10).
        """
        named = self._matter.approver
        if not named:
            return parties, ()
        approver = self._tree.find(named)
        if approver is None:
            return parties, (f"审批机关“{named}”不在机构名录中，未抄送",)
        body = self._tree.body_of(approver)
        if body == self._tree.body_of(parties[0].authority):
            return parties, ()
        domain = self._matter.domain
        office = self._tree.department(body, domain) if body == approver else approver
        office = office or approver
        if self._rung.approver_may_lead and self._matter.family in self._ladder.approver_leads:
            former = Party(parties[0].authority, Role.CO, parties[0].why)
            leads = Party(office, Role.LEAD, Why.APPROVER_LEADS)
            return _merged((leads, former, *parties[1:])), ()
        return _merged((*parties, Party(office, Role.COPY, Why.APPROVER))), ()

    def _target(self, target: Target, role: Role) -> Iterator[Party]:
        """Yield the parties that one target stands for, at the place of the matter."""
        domain, credit = self._matter.domain, self._ladder.credit_domain
        match target:
            case Target.STATION:
                station = self._tree.at(self._matter.place, Tier.STATION)
                here = station or self._department(Tier.COUNTY, domain)
                yield Party(here, role, Why.PLACE if station else Why.NO_STATION)
            case Target.DEPARTMENT if domain in self._ladder.credit_leads:
                yield Party(self._department(Tier.COUNTY, credit), role, Why.CREDIT_LEADS)
                yield Party(self._department(Tier.COUNTY, domain), Role.CO, Why.DOMAIN)
            case Target.DEPARTMENT:
                yield Party(self._department(Tier.COUNTY, domain), role, Why.DOMAIN)
            case Target.SUPERVISORS:
                yield from self._supervisors(role)
            case Target.CREDIT:
                yield Party(self._department(Tier.COUNTY, credit), role, Why.CREDIT)
            case Target.LEADER:
                yield Party(self._county, role, Why.LEADER)
            case Target.CITY:
                yield Party(self._department(Tier.CITY, domain), role, Why.SUPERIOR)
            case Target.PROVINCE:
                yield Party(self._department(Tier.PROVINCE, domain), role, Why.SUPERIOR)

    def _supervisors(self, role: Role) -> Iterator[Party]:
        """Yield who supervises the enterprise: by the domains of its permits, else by all."""
        domains = self._ladder.supervised_by.get(self._matter.domain, ())
        for one in [one for one in domains if one in self._matter.permits] or domains:
            yield Party(self._department(Tier.COUNTY, one), role, Why.SUPERVISES)

    def _department(self, tier: Tier, domain: str) -> Authority:
        """Return who is in charge of ``domain`` at a tier: the department, else its body."""
        body = self._tree.at(self._matter.place, tier) or self._county
        return self._tree.department(body, domain) or body


def _merged(parties: Iterable[Party]) -> tuple[Party, ...]:
    """Return each authority once, in its weightiest role, the lead first."""
    ordered = sorted(parties, key=lambda party: party.role.rank)
    once: dict[str, Party] = {}
    for party in ordered:
        once.setdefault(party.authority.code, party)
    return tuple(once.values())


def reach(party: Party, *, domain: str, tree: AuthorityTree) -> Recipient:
    """Return the person who is told for ``party``: in post, standing in, or further up."""
    for authority in tree.who_steps_in(party.authority, domain):
        for seat, person in tree.in_post(authority, domain=domain):
            if authority != party.authority:
                why = Why.VACANCY_UP
            elif seat != tree.seats_for(authority, domain=domain)[0]:
                why = Why.STAND_IN
            else:
                why = party.why
            return _recipient(seat, person, authority=authority, party=party, why=why)
    return _from_desk(party, why=Why.NOBODY_IN_POST, tree=tree)


def _from_desk(party: Party, *, why: Why, tree: AuthorityTree) -> Recipient:
    """Return the person at the duty desk; the tree has seen to it that there is one."""
    seat, person = tree.on_duty
    return _recipient(seat, person, authority=tree.duty_desk, party=party, why=why)


def _recipient(
    seat: Seat, person: Person, *, authority: Authority, party: Party, why: Why
) -> Recipient:
    """Return the recipient for a party."""
    return Recipient(
        person=person,
        authority=authority,
        post=seat.post,
        role=party.role,
        why=why,
        for_party=party.authority,
    )


def _to_duty_desk(why: Why, *, rung: Rung, tree: AuthorityTree) -> Duty:
    """Return the duty of the desk: what cannot be routed is never dropped."""
    party = Party(tree.duty_desk, Role.LEAD, why)
    return Duty(parties=(party,), recipients=(_from_desk(party, why=why, tree=tree),), rung=rung)


def one_each(recipients: Iterable[Recipient]) -> tuple[Recipient, ...]:
    """Return each person once, in the weightiest role; the parties come in that order."""
    once: dict[str, Recipient] = {}
    for recipient in recipients:
        once.setdefault(recipient.person.id, recipient)
    return tuple(once.values())
