"""Which facts have made a score rise, or a class worse?

Not whatever is new, and not whatever an indicator could speak of: a permit that still runs for
years weighs nothing, and a look that found nothing made no class worse.
"""

from detectors.catalogue import Catalogue
from detectors.facts import Fact, FactKind
from detectors.finding import Moment
from detectors.functions import Besides, Hard, HardIndustry, InForce, WordLevel

# As many as a warning names.
MOST = 5
# What anybody may have: that it is there, or of which kind, weighs, but is nothing to reproach.
# That it runs out, or has, is.
HELD = frozenset({
    FactKind.PERMIT, FactKind.EQUIPMENT, FactKind.PUBLIC_EQUIPMENT, FactKind.METER,
})  # fmt: skip


def adverse(moment: Moment, catalogue: Catalogue) -> list[Fact]:
    """Return the facts behind what weighs more now than when score or class were last lower.

    Shapes:
        The heaviest first.  An indicator names the facts that weigh by themselves, of these only
        the newer ones where there are any; where none does (a count, a change of three things at
        once) all that it rests on.  The founding is the reason for nothing: what follows from it
        alone (age, trade, a missing report) leaves none; nor is a lift that is merely there.
    """
    grown: dict[int, tuple[float, Fact]] = {}
    for place, points in _grown(moment, catalogue):
        is_mere = isinstance(catalogue.indicators[place].severity, InForce | WordLevel)
        for fact in _behind(place, moment, catalogue):
            if fact.kind != FactKind.ESTABLISHED and not (is_mere and fact.kind in HELD):
                grown.setdefault(fact.id, (points, fact))
    ordered = sorted(grown.values(), key=lambda one: (-one[0], -one[1].at, one[1].id))
    return [fact for _, fact in ordered][:MOST]


def _grown(moment: Moment, catalogue: Catalogue) -> list[tuple[int, float]]:
    """Return the indicators that weigh more than before, and by how much; direct rules first."""
    # Whether a feed was silent is all one: what is absent names no fact.
    profile = moment.profile
    now = catalogue.assess(profile, moment.facts, moment.as_of).severities
    before = catalogue.assess(profile, moment.before, moment.since).severities
    risen = [
        (place, points)
        for place, severity in now.items()
        if (points := catalogue.points_of(place, severity - before.get(place, 0.0))) > 0
    ]
    stood = {one.place for one in catalogue.direct_rules(profile, moment.before, moment.since)}
    direct = [
        (one.place, catalogue.points_of(one.place, 1.0) + 1000.0 * one.rank)
        for one in catalogue.direct_rules(profile, moment.facts, moment.as_of)
        if one.place not in stood
    ]
    return sorted([*direct, *risen], key=lambda one: (-one[1], one[0]))


def _behind(place: int, moment: Moment, catalogue: Catalogue) -> list[Fact]:
    """Return the facts for which an indicator weighs what it weighs."""
    indicator = catalogue.indicators[place]
    facts = catalogue.facts_of(place, moment.facts, moment.as_of)
    if isinstance(indicator.severity, Hard | HardIndustry):
        alone = facts
    else:
        alone = [
            fact
            for fact in facts
            if catalogue.assess(moment.profile, [fact], moment.as_of).severities.get(place)
        ]
    if not alone:
        beside: list[Fact] = []
        if isinstance(indicator.severity, Besides):
            beside = catalogue.others_of(indicator.id, moment.facts, moment.as_of)
        return [*facts, *beside]
    newer = [fact for fact in alone if fact.id in moment.fresh or fact.at > moment.since]
    return newer or alone
