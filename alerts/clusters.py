"""Which department acts on a regional or industry warning?

The department in charge of the domain at the place that all its members share: a county's, or the
city's where several counties are concerned (谁主管、谁监管).
"""

from alerts.authority import Authority, AuthorityTree, Tier

# GB/T 2260: province, city, county (townships belong to their county's departments).
_TIERS = {2: Tier.PROVINCE, 4: Tier.CITY, 6: Tier.COUNTY}


def handler_of(*, domain: str, place: str, tree: AuthorityTree) -> Authority:
    """Return who acts: the department of the domain at a place, else the next above that has one.

    A county without a bureau of its own is its city's; a place that nobody governs goes to the
    duty desk, never to nobody.
    """
    for digits in sorted(_TIERS, reverse=True):
        body = tree.at(place[:digits], _TIERS[digits]) if len(place) >= digits else None
        if body is not None:
            return tree.department_at_or_above(body, domain) or body
    return tree.duty_desk
