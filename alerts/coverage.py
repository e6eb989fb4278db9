"""Is anybody forgotten?  Every (domain, measure, place) must reach a verified person."""

from collections.abc import Iterable, Iterator

import msgspec

from alerts.authority import AuthorityTree, Person
from alerts.delivery import Way
from alerts.knowledge import Fault
from alerts.ladder import Ladder
from alerts.responsibility import Duty, Matter, Recipient, Role, Why, overseers, resolve
from detectors.measure import Measure


def find_holes(
    tree: AuthorityTree, ladder: Ladder, *, domains: Iterable[str], regions: Iterable[str]
) -> tuple[Fault, ...]:
    """Return what a warning could fall through, each hole once; an empty result means covered.

    A vacancy that somebody fills, or that moves up the tree, is no hole.  A person without an
    address for a way that the ladder uses is one.

    Shapes:
        22 domains, 4 measures and 19 places are 1,672 resolutions: some 50 ms.
    """
    holes: dict[Fault, None] = {}
    places = tuple(regions)
    for domain in domains:
        for measure in Measure:
            for place in places:
                matter = Matter(domain=domain, measure=measure, place=place)
                duty = resolve(matter, tree=tree, ladder=ladder)
                above = overseers(matter, duty, tree=tree, ladder=ladder)
                everybody = msgspec.structs.replace(duty, recipients=duty.recipients + above)
                holes.update(dict.fromkeys(_holes_of(matter, everybody, file=tree.file)))
    return tuple(holes)


def _holes_of(matter: Matter, duty: Duty, *, file: str) -> Iterator[Fault]:
    """Yield the holes of one duty."""
    match duty.parties[0].why:
        case Why.UNROUTABLE_PLACE:
            fact = f"no county governs {matter.place}"
            yield Fault(
                file,
                "authorities[].regions",
                fact,
                "请把该区划写入管辖它的机构。add the region to its authority",
            )
        case Why.UNKNOWN_DOMAIN:
            fact = f"no department is in charge of {matter.domain} at {matter.place[:6]}"
            yield Fault(
                file,
                "authorities[].domains",
                fact,
                "请把该领域写入一个科室。add the domain to a department",
            )
        case _:
            pass
    for recipient in duty.recipients:
        if recipient.why is Why.NOBODY_IN_POST:
            fact = "nobody there or above is in post with a verified address"
            where = f"authorities[{recipient.for_party.code}].seats"
            yield Fault(
                file,
                where,
                fact,
                "请补上在岗的人，或核实已有的人。fill a seat, or verify the person in it",
            )
        for way in duty.rung.channels:
            if not address_of(recipient.person, way):
                fact = f"{recipient.person.name} has no address for {way.label}"
                where = f"people[{recipient.person.id}].{_FIELDS[way]}"
                remedy = (
                    "请补录，或在 ladder.yaml 中去掉该渠道。"
                    "add it, or take the channel out of ladder.yaml"
                )
                yield Fault(file, where, fact, remedy)


def unverified(tree: AuthorityTree) -> tuple[Fault, ...]:
    """Return the people in post whom no message may reach before somebody verifies them."""
    return tuple(
        Fault(
            tree.file,
            f"people[{person.id}].verified",
            f"{person.name}, {seat.post} of {authority.name}, is not verified and is passed over",
            "请电话核实后写 verified: true。ring them up, then write verified: true",
        )
        for authority in tree.authorities
        for seat in authority.seats
        if (person := tree.holder(seat)) is not None and not person.is_reachable
    )


def vacancies(tree: AuthorityTree) -> tuple[str, ...]:
    """Return the vacant seats, for the operator's eye."""
    return tuple(
        f"{authority.name} {seat.post}"
        for authority in tree.authorities
        for seat in authority.seats
        if seat.person is None
    )


def address_of(person: Person, way: Way) -> str:
    """Return where ``way`` finds a person, or "" if it cannot."""
    return person.phone if way is Way.SMS else person.email


def ways_to(recipient: Recipient, duty: Duty) -> tuple[Way, ...]:
    """Return the ways the rung asks for; where the person has none of them, any that they have."""
    rung = duty.rung
    fewer = {Role.CO: rung.co_channels, Role.COPY: rung.copy_channels}
    asked = fewer.get(recipient.role) or rung.channels
    wanted = tuple(way for way in asked if address_of(recipient.person, way))
    return wanted or tuple(way for way in Way if address_of(recipient.person, way))


_FIELDS = {Way.SMS: "phone", Way.EMAIL: "email"}
