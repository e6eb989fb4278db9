"""Which indicators may count together?  Those of one group speak of one matter, and count once.

An indicator may stand in two groups (a listing for a missing report absorbs both the missing
report and is absorbed by the unreachable domicile): then the weightiest choice of indicators of
which no two share a group counts, so that a further fact never takes points away.
"""

from collections.abc import Mapping, Sequence

from detectors.knowledge import Indicator
from detectors.score import combined

Choice = tuple[int, ...]
TANGLED = -2  # in a cluster of groups that share an indicator


def groups_of(indicators: Sequence[Indicator]) -> list[frozenset[str]]:
    """Return the groups of each indicator.

    A professional indicator stands in the groups of the generic one whose place it takes, and the
    two are one group at least.
    """
    generic = {one.id: one for one in indicators if not one.overlay}
    overlaid = {one.id for one in indicators if one.overlay}
    found = []
    for one in indicators:
        groups = one.groups or (generic[one.id].groups if one.id in generic else ())
        found.append(frozenset(groups or ([one.id] if one.id in overlaid else [])))
    return found


def linked(groups: Sequence[frozenset[str]]) -> list[list[int]]:
    """Return the places whose groups hang together, each cluster in the catalogue's order."""
    clusters = []
    left = {place for place, names in enumerate(groups) if names}
    while left:
        cluster: set[int] = set()
        wider = {min(left)}
        while wider != cluster:
            cluster = wider
            names = frozenset[str]().union(*[groups[place] for place in cluster])
            wider = {place for place in left if groups[place] & names}
        left -= cluster
        clusters.append(sorted(cluster))
    return clusters


def clusters_of(groups: Sequence[frozenset[str]]) -> list[list[Choice]]:
    """Return, for groups that share an indicator, which places may count together.

    Shapes:
        A list of choices for each such cluster; none is part of another.
    """
    return [
        _choices(cluster, groups)
        for cluster in linked(groups)
        if any(len(groups[place]) > 1 for place in cluster)
    ]


def _choices(places: Sequence[int], groups: Sequence[frozenset[str]]) -> list[Choice]:
    """Return the largest sets of places of which no two share a group."""
    choices: list[Choice] = [()]
    for place in places:
        choices += [
            (*choice, place)
            for choice in choices
            if not any(groups[place] & groups[other] for other in choice)
        ]
    return [one for one in choices if not any(set(one) < set(other) for other in choices)]


def numbered(groups: Sequence[frozenset[str]], clusters: list[list[Choice]]) -> list[int]:
    """Return the number of each place's group: -1 for none, TANGLED in a cluster of several."""
    tangled = {place for cluster in clusters for choice in cluster for place in choice}
    order = sorted(frozenset[str]().union(*groups)) if groups else []
    return [
        TANGLED if place in tangled else order.index(next(iter(names))) if names else -1
        for place, names in enumerate(groups)
    ]


def counting(
    points: Mapping[int, float], groups: Sequence[int], clusters: Sequence[Sequence[Choice]]
) -> frozenset[int]:
    """Return the places that count in a score: all but those that a weightier one stands for.

    Shapes:
        ``points`` by place; ``groups`` are the numbers that ``numbered`` gives.
    """
    best: dict[int, int] = {}
    counted = set()
    for place in sorted(points):
        group = groups[place]
        if points[place] < 0 or group == -1:
            counted.add(place)
        elif group != TANGLED and points[place] > points.get(best.get(group, -1), 0.0):
            best[group] = place
    for cluster in clusters:
        choices = [[place for place in choice if place in points] for choice in cluster]
        counted.update(max(choices, key=lambda one: combined([points[place] for place in one])))
    return frozenset({*counted, *best.values()})
