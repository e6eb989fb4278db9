"""Who stands in the roster and is told nothing?  No hole, for somebody else is; hardly meant."""

from collections.abc import Collection, Iterator

from alerts.authority import Authority, AuthorityTree, Tier
from alerts.knowledge import Fault


def unheard(tree: AuthorityTree, *, domains: Collection[str]) -> Iterator[Fault]:
    """Yield the domains that a county has no department for, and whom nothing reaches."""
    for authority in tree.authorities:
        where = f"authorities[{authority.code}]"
        missing = _without_department(authority, tree, domains)
        if missing:
            fact = f"no department of {authority.name} is in charge of {', '.join(missing)}"
            yield Fault(tree.file, where, fact, _LEADERS)
        if _has_no_matter(authority, tree):
            fact = f"{authority.name} has neither regions nor domains"
            yield Fault(tree.file, where, fact, _IDLE)
        alone = _without_seat(authority, tree, domains)
        if alone:
            fact = f"no seat of {authority.name} answers for {', '.join(alone)}"
            yield Fault(tree.file, f"{where}.seats", fact, _NO_SEAT)
        if not authority.seats:
            fact = f"nobody sits in {authority.name}"
            yield Fault(tree.file, f"{where}.seats", fact, _NO_SEAT)
    seated = {seat.person for authority in tree.authorities for seat in authority.seats}
    for person in tree.people:
        if person.id not in seated:
            fact = f"{person.name} sits nowhere"
            yield Fault(tree.file, f"people[{person.id}]", fact, _NO_POST)


def _without_department(
    authority: Authority, tree: AuthorityTree, domains: Collection[str]
) -> list[str]:
    """Return the domains that a county's departments leave out; nothing where it has none."""
    if authority.tier is not Tier.COUNTY or not authority.regions:
        return []
    missing = [domain for domain in domains if tree.department(authority, domain) is None]
    return missing if len(missing) < len(domains) else []


def _without_seat(authority: Authority, tree: AuthorityTree, domains: Collection[str]) -> list[str]:
    """Return the domains that no portfolio in an authority holds, though seats are there."""
    own = domains if authority.regions else authority.domains
    return [one for one in own if authority.seats and not tree.seats_for(authority, domain=one)]


def _has_no_matter(authority: Authority, tree: AuthorityTree) -> bool:
    """Return whether neither a place nor a domain leads to an authority within a body."""
    is_found = authority.regions or authority.domains or authority == tree.duty_desk
    return bool(authority.parent) and not is_found


_LEADERS = "由局领导承办；如有股室主管，请写入其 domains。its leaders are told; enter a department"
_IDLE = (
    "除作为审批机关抄送外，收不到任何预警；请补 domains。it is told nothing but as an approver; "
    "enter its domains"
)
_NO_SEAT = "应告知它的转上级；请填 seats。its superiors are told; enter its seats"
_NO_POST = "收不到任何预警；请写入一个机构的 seats。they are told nothing; give them a seat"
