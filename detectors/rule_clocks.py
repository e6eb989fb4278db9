"""When may time alone break a rule, or end what it has found?"""

from collections.abc import Callable, Iterable, Sequence

from detectors.catalogue import Catalogue
from detectors.excuses import excuses_of
from detectors.facts import DAY_S, ENDLESS_S, Fact, numbers_named
from detectors.functions import Burst, NotFiled, Reached, SurgeHolds
from detectors.knowledge import Rule
from detectors.permits import PERMITS
from detectors.state import Profile
from detectors.yearly import day_in, next_day, year_of

WEEK_S = 7 * DAY_S
_NEW_YEAR = "01-01"
AddWorkingDays = Callable[[int, int], int]


class RuleClocks:
    """What the rules of one knowledge version wait for, by the kinds of the facts that bring it."""

    def __init__(
        self, rules: Iterable[Rule], catalogue: Catalogue, add_working_days: AddWorkingDays
    ) -> None:
        self._add_working_days = add_working_days
        self._filed: frozenset[int] = frozenset()
        self._ending: frozenset[int] = frozenset()  # whose coming ends what a rule found
        self._excusing: frozenset[int] = frozenset()
        self._clocks: dict[int, list[Reached]] = {}
        self._calms: dict[int, tuple[int, int]] = {}  # how many make a surge, how long it holds
        days: set[str] = set()
        for rule in rules:
            self._excusing |= excuses_of(rule)
            self._ending |= numbers_named(rule.settled_by)
            for tier in rule.tiers:
                match tier.when:
                    case NotFiled(facts=names, day=day):
                        self._filed |= numbers_named(names)
                        days.add(day)
                    case Reached(facts=names) as test:
                        self._ending |= numbers_named(names) & PERMITS  # a new one ends the matter
                        for kind in numbers_named(names):
                            self._clocks.setdefault(kind, []).append(test)
                    case SurgeHolds() as test:
                        self._keep_calm(test, catalogue)
                    case _:
                        pass
        self._days = tuple(sorted(days))
        self._ending |= self._filed | self._excusing
        for kind in (*self._ending, *self._calms):
            self._clocks.setdefault(kind, [])

    def _keep_calm(self, test: SurgeHolds, catalogue: Catalogue) -> None:
        """Remember after how long of calm a surge is to be looked at again."""
        place = catalogue.places[test.indicator]
        function = catalogue.indicators[place].severity
        if test.calm_days and isinstance(function, Burst):
            for kind in catalogue.kinds[place]:
                self._calms[kind] = (function.at_least, WEEK_S + test.calm_days * DAY_S)

    def wake_after(self, profile: Profile, facts: Sequence[Fact], as_of: int) -> int:
        """Return the first later moment at which time alone may break a rule; 0 for never.

        What ends a warning by its coming (a report is filed) is looked at a second after it, what
        excused as it ends.
        """
        clocks, calms = self._clocks, self._calms
        wakes = []
        concerned = [fact for fact in facts if fact.kind in clocks and fact.end >= 0]
        if self._days and profile.established:
            wakes.append(self._next_duty(profile, concerned, as_of))
        for fact in concerned:
            kind = fact.kind
            if (
                fact.at >= as_of
                and kind in self._ending
                and not self._ends_nothing(fact, concerned)
            ):
                wakes.append(fact.at + 1)
            if as_of < fact.end < ENDLESS_S and kind in self._excusing:
                wakes.append(fact.end)
            for test in clocks[kind]:
                if not test.domains or fact.domain in test.domains:
                    moment = self.moment_of(test, fact)
                    if moment > as_of:
                        wakes.append(moment)
        for kind, (at_least, holds) in calms.items():
            moments = [fact.at + holds for fact in concerned if fact.kind == kind]
            if len(moments) >= at_least and max(moments) > as_of:
                wakes.append(max(moments))
        return min(wakes, default=0)

    def _next_duty(self, profile: Profile, facts: Sequence[Fact], as_of: int) -> int:
        """Return the next day on which the annual report may be found missing.

        Whoever has filed, or was founded this year, is not asked before the next.
        """
        days, filed = self._days, self._filed
        wake = next_day(as_of, days)
        year = year_of(wake)
        for fact in facts:
            if fact.ref == year - 1 and fact.kind in filed and (not fact.end or fact.end > wake):
                return day_in(year + 1, days[0])
        return wake if profile.established < day_in(year, _NEW_YEAR) else day_in(year + 1, days[0])

    def _ends_nothing(self, fact: Fact, facts: Sequence[Fact]) -> bool:
        """Return whether a report came before any reminder, or a permit has no other to replace."""
        if fact.kind in PERMITS:
            return not any([one.kind == fact.kind and one is not fact for one in facts])
        return fact.kind in self._filed and fact.at < day_in(fact.ref + 1, self._days[0])

    def moment_of(self, test: Reached, fact: Fact) -> int:
        """Return when a fact reaches what a test waits for; 0 where it never does."""
        anchor = fact.due if test.since == "due" else fact.at
        if not anchor:
            return 0
        moment = anchor + test.days * DAY_S
        if moment >= ENDLESS_S:
            return 0
        return self._add_working_days(moment, test.working_days) if test.working_days else moment
