"""Is every domain that roster and ladder name one of the knowledge?  A misspelt one is nobody's.

The matter then goes to whoever stands further up, and no hole is found: somebody is told.
"""

import difflib
from collections.abc import Collection, Iterator

from alerts.authority import AuthorityTree
from alerts.knowledge import Fault
from alerts.ladder import Ladder


def strange_codes(
    tree: AuthorityTree,
    ladder: Ladder,
    *,
    domains: Collection[str],
    families: Collection[str],
    ladder_file: str,
) -> Iterator[Fault]:
    """Yield the domains, and the rule families, that roster and ladder name and nothing knows."""
    for where, code in _domains_in_roster(tree):
        if code not in domains:
            yield Fault(tree.file, where, f"{code!r} is no domain", _remedy(code, domains))
    for where, code in _domains_in_ladder(ladder):
        if code not in domains:
            yield Fault(ladder_file, where, f"{code!r} is no domain", _remedy(code, domains))
    for family in ladder.approver_leads:
        if family not in families:
            fact = f"{family!r} is no family of a rule"
            yield Fault(ladder_file, "approver_leads", fact, _remedy(family, families))


def _domains_in_roster(tree: AuthorityTree) -> Iterator[tuple[str, str]]:
    """Yield (key, code) for each domain that the roster names."""
    for authority in tree.authorities:
        where = f"authorities[{authority.code}]"
        for domain in authority.domains:
            yield f"{where}.domains", domain
        for seat in authority.seats:
            for domain in seat.domains:
                yield f"{where}.seats[{seat.post}].domains", domain


def _domains_in_ladder(ladder: Ladder) -> Iterator[tuple[str, str]]:
    """Yield (key, code) for each domain that the ladder names."""
    yield "credit_domain", ladder.credit_domain
    for key, codes in (
        ("credit_leads", ladder.credit_leads),
        ("province_leads", ladder.province_leads),
        ("supervised_by", tuple(ladder.supervised_by)),
        *((f"supervised_by.{one}", codes) for one, codes in ladder.supervised_by.items()),
        *(
            (f"measures.{measure}.{name}", tuple(more))
            for measure, rung in ladder.measures.items()
            for name, more in (
                ("co_handlers_in", rung.co_handlers_in),
                ("copies_in", rung.copies_in),
            )
        ),
    ):
        for code in codes:
            yield key, code


def _remedy(code: str, known: Collection[str]) -> str:
    """Return what was meant: the same letters in another order, or nearly the same; or all."""
    letters = sorted(code.upper())
    near = [one for one in known if sorted(one.upper()) == letters]
    near = near or difflib.get_close_matches(code.upper(), list(known), n=2)
    near = near or difflib.get_close_matches(code, list(known), n=2)
    if near:
        return f"是否应为 {'、'.join(near)}？did you mean {' or '.join(near)}?"
    return f"请写其中之一。use one of: {', '.join(known)}"
