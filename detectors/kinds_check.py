"""Are the kinds of facts that a document names kinds, and do they fall due where they must?"""

from detectors.facts import FactKind

# The kinds that carry a day on which they fall due; any other would count as long overdue.
FALLING_DUE = frozenset(
    kind.name.lower()
    for kind in (
        FactKind.PERMIT,
        FactKind.ABNORMAL_LISTED,
        FactKind.UNREACHABLE,
        FactKind.CASE_OPEN,
        FactKind.SUBSCRIPTION_TOO_LONG,
        FactKind.SCOPE_NEEDS_PERMIT,
        FactKind.DEREGISTERING_SIMPLY,
        FactKind.DEREGISTERING,
        FactKind.DISCLOSURE_DUE,
        FactKind.RECTIFY_ORDERED,
        FactKind.EQUIPMENT,
        FactKind.PUBLIC_EQUIPMENT,
        FactKind.METER,
        FactKind.PENALTY_DUE,
        FactKind.INTERVIEW_DUE,
    )
)


def misspelt_kinds(names: tuple[str, ...], where: str) -> list[str]:
    """Return what is said of the names that are no kinds of facts."""
    known = {kind.name.lower() for kind in FactKind}
    return [
        f"{where}: {name!r} is no fact kind; use one of {', '.join(sorted(known))}"
        for name in names
        if name not in known
    ]


def undue(names: tuple[str, ...], where: str) -> list[str]:
    """Return what is said of the kinds that carry no day on which they fall due."""
    return [
        f"{where}: {name!r} never falls due; use one of {', '.join(sorted(FALLING_DUE))}"
        for name in names
        if name not in FALLING_DUE
    ]
