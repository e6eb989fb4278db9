"""Which authorities are there, who sits in them, and who stands above whom?

The tree is 基层所 → 县局 (股室) → 市局 (科室) → 省局 (处室).  A *body* governs regions, a
*department* takes care of domains for the body above it, a *station* governs townships.
"""

import enum
import functools
import re
from collections.abc import Iterator

import msgspec

from alerts.knowledge import Document, Fault, InvalidKnowledgeError, repeated, typed

_PHONE = re.compile(r"1[3-9]\d{9}")
_EMAIL = re.compile(r"[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
# How each fault is mended: Chinese for whoever edits the file, English for whoever helps them.
TWO_CODES = "机构代码重复，请各写各的代码。give each its own code"
TWO_PEOPLE = "人员编号重复，请各写各的编号。give each their own id"
NO_AUTHORITY = "请写本文件中一个机构的代码。name the code of an authority in this file"
TWO_CLAIM = "只能由一个机构负责，请删去其余的。leave it with one"
NO_PARENT = "上级请写本文件中的机构代码，没有上级则不写。use a code of this file, or leave it out"
NO_PERSON = "请在 people 中补录此人，空缺则写 null。add them, or null"
A_CIRCLE = "上下级成了循环，请更正这里的上级。break it here"


class Tier(enum.StrEnum):
    """The height of an authority in the tree."""

    STATION = "station"
    COUNTY = "county"
    CITY = "city"
    PROVINCE = "province"


class Person(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody in post.

    ``verified`` means that the roster entry was checked with the person: no message goes to a
    number that was not (domain §10).
    """

    id: str
    name: str
    phone: str = ""
    email: str = ""
    verified: bool = False

    def __post_init__(self) -> None:
        """Refuse addresses no carrier would take."""
        if self.phone and not _PHONE.fullmatch(self.phone):
            raise ValueError(
                f"phone of {self.id}: 手机号须为 1 开头的 11 位数字。"
                f"11 digits beginning with 1 are needed"
            )
        if self.email and not _EMAIL.fullmatch(self.email):
            raise ValueError(
                f"email of {self.id}: 邮箱写作 name@example.org。{self.email!r} is no address"
            )

    @property
    def is_reachable(self) -> bool:
        """Whether a message may and can go to this person."""
        return self.verified and bool(self.phone or self.email)


class Seat(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A post in an authority; without a person it is vacant.

    ``domains`` is the portfolio of a leader (分管); empty means everything.
    """

    post: str
    person: str | None = None
    domains: tuple[str, ...] = ()


class Authority(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A body, a department of one, a station, or an outside organ that issues permits."""

    code: str
    name: str
    short_name: str
    tier: Tier
    parent: str = ""
    regions: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    seats: tuple[Seat, ...] = ()


class Roster(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The document ``authorities.yaml``; ``sample`` says that its people are invented."""

    version: str
    sample: bool = False
    duty_desk: str
    people: tuple[Person, ...]
    authorities: tuple[Authority, ...]


class AuthorityTree:
    """A checked roster: parents exist, there is no cycle, the duty desk is manned."""

    def __init__(self, roster: Roster, *, file: str = "authorities.yaml") -> None:
        faults = tuple(_faults(roster, file=file))
        if faults:
            raise InvalidKnowledgeError(faults)
        self.file = file
        self.version = roster.version
        self.is_sample = roster.sample
        self.authorities = roster.authorities
        self._by_code = {authority.code: authority for authority in roster.authorities}
        self._by_name = {authority.name: authority for authority in roster.authorities}
        self.people = roster.people
        self._people = {person.id: person for person in roster.people}
        self._at = {
            (region, authority.tier): authority
            for authority in roster.authorities
            for region in authority.regions
        }
        self.duty_desk = self._by_code[roster.duty_desk]
        on_duty = self.in_post(self.duty_desk, domain="")
        if not on_duty:
            fact = f"nobody in {self.duty_desk.name} has a verified address"
            remedy = (
                "请核实其中至少一人（verified: true），无法派送的事项都归值班室。"
                "verify one person there: what cannot be routed goes to the duty desk"
            )
            raise InvalidKnowledgeError([Fault(file, "duty_desk", fact, remedy)])
        self.on_duty = on_duty[0]

    def find(self, code_or_name: str) -> Authority | None:
        """Return the authority of this code or full name."""
        return self._by_code.get(code_or_name) or self._by_name.get(code_or_name)

    def person(self, identity: str) -> Person | None:
        """Return a person of the roster."""
        return self._people.get(identity)

    def at(self, place: str, tier: Tier) -> Authority | None:
        """Return the authority of ``tier`` that governs ``place``; the longest region wins.

        Shapes:
            ``place`` has 6 digits (county), 9 (township) or more.
        """
        for length in range(len(place), 1, -1):
            authority = self._at.get((place[:length], tier))
            if authority is not None:
                return authority
        return None

    def body_of(self, authority: Authority) -> Authority:
        """Return the body that an authority belongs to: itself, if it is one."""
        while authority.parent and (authority.domains or authority.tier is Tier.STATION):
            authority = self._by_code[authority.parent]
        return authority

    def department(self, body: Authority, domain: str) -> Authority | None:
        """Return the department of ``body`` in charge of ``domain``."""
        return self._departments.get((body.code, domain))

    def department_at_or_above(self, body: Authority, domain: str) -> Authority | None:
        """Return the nearest department in charge of ``domain``, from ``body`` upwards."""
        for ancestor in (body, *self.above(body)):
            department = self.department(ancestor, domain)
            if department is not None:
                return department
        return None

    def above(self, authority: Authority) -> Iterator[Authority]:
        """Yield the ancestors, nearest first."""
        while authority.parent:
            authority = self._by_code[authority.parent]
            yield authority

    def who_steps_in(self, authority: Authority, domain: str) -> Iterator[Authority]:
        """Yield who takes a matter of ``domain``: the authority, then up the tree.

        On the way up, the department of a body comes before the body's leaders.
        """
        yield authority
        for ancestor in self.above(authority):
            department = self.department(ancestor, domain)
            if department is not None and department != authority:
                yield department
            yield ancestor

    def seats_for(self, authority: Authority, *, domain: str) -> tuple[Seat, ...]:
        """Return the seats that answer for ``domain``, portfolio first, then those without."""
        mine = tuple(seat for seat in authority.seats if domain in seat.domains)
        return mine + tuple(seat for seat in authority.seats if not seat.domains)

    def in_post(self, authority: Authority, *, domain: str) -> tuple[tuple[Seat, Person], ...]:
        """Return who sits in the seats that answer for ``domain`` and may be told, in order."""
        seats = self.seats_for(authority, domain=domain)
        held = ((seat, self.holder(seat)) for seat in seats)
        return tuple((seat, person) for seat, person in held if person and person.is_reachable)

    def holder(self, seat: Seat) -> Person | None:
        """Return the person in a seat, or None where it is vacant."""
        return None if seat.person is None else self._people[seat.person]

    @functools.cached_property
    def _departments(self) -> dict[tuple[str, str], Authority]:
        """Return the departments by (body, domain)."""
        return {
            (authority.parent, domain): authority
            for authority in self.authorities
            for domain in authority.domains
        }


def parse_authorities(
    document: Document, *, file: str = "config/knowledge/authorities.yaml"
) -> AuthorityTree:
    """Return the tree that a document describes.

    Raises:
        InvalidKnowledgeError: with every fault of the file, not just the first.
    """
    return AuthorityTree(typed(document, Roster, file=file), file=file)


def _faults(roster: Roster, *, file: str) -> Iterator[Fault]:
    """Yield what is wrong with the roster as a whole."""
    codes = {authority.code for authority in roster.authorities}
    for code in repeated(authority.code for authority in roster.authorities):
        yield Fault(file, f"authorities[{code}].code", "is there twice", TWO_CODES)
    for person in repeated(person.id for person in roster.people):
        yield Fault(file, f"people[{person}].id", "is there twice", TWO_PEOPLE)
    if roster.duty_desk not in codes:
        fact = f"{roster.duty_desk!r} is no authority"
        yield Fault(file, "duty_desk", fact, NO_AUTHORITY)
    yield from _faults_of_overlap(roster, file=file)
    parents = {authority.code: authority.parent for authority in roster.authorities}
    people = {person.id for person in roster.people}
    for authority in roster.authorities:
        yield from _faults_of_one(authority, parents=parents, people=people, file=file)


def _faults_of_overlap(roster: Roster, *, file: str) -> Iterator[Fault]:
    """Yield regions and domains that two authorities claim at once."""
    regions = [f"{a.tier} {region}" for a in roster.authorities for region in a.regions]
    for region in repeated(regions):
        yield Fault(file, "regions", f"two authorities govern {region}", TWO_CLAIM)
    domains = [f"{a.parent} {domain}" for a in roster.authorities for domain in a.domains]
    for domain in repeated(domains):
        fact = f"two departments of one body are in charge of {domain}"
        yield Fault(file, "domains", fact, TWO_CLAIM)


def _faults_of_one(
    authority: Authority, *, parents: dict[str, str], people: set[str], file: str
) -> Iterator[Fault]:
    """Yield what is wrong with one authority's references."""
    where = f"authorities[{authority.code}]"
    if authority.parent and authority.parent not in parents:
        fact = f"{authority.parent!r} is no authority"
        yield Fault(file, f"{where}.parent", fact, NO_PARENT)
    for seat in authority.seats:
        if seat.person is not None and seat.person not in people:
            fact = f"{seat.person!r} is not among people"
            yield Fault(file, f"{where}.seats[{seat.post}].person", fact, NO_PERSON)
    above = authority.parent
    for _ in parents:
        if above == authority.code:
            yield Fault(file, f"{where}.parent", "the tree runs in a circle", A_CIRCLE)
            return
        above = parents.get(above, "")
