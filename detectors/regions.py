"""How risky is an industry in a region, against its neighbours and the whole above it?

Cells are region (4, 6, 9 digits) x industry section over a month or the last seven days.  A cell
keeps four counts and its worst members, so the memory is that of the map, not of the population.
"""

import datetime as dt
import enum
import heapq
from collections.abc import Iterator, Sequence

import msgspec

from detectors.expertise import Expertise
from detectors.facts import DAY_S, Fact, FactKind, kinds_named
from detectors.measure import RiskClass
from detectors.official import Month, profile_at
from detectors.regions_plan import MassTest, RegionPlan
from detectors.score import band_rank
from detectors.state import EnterpriseState
from detectors.warning import CHINA

REGION_DIGITS = (4, 6, 9)
HOUR_S = 3600
RATE_DAYS = 30
COMPLAINT = int(FactKind.COMPLAINT)


class Span(enum.StrEnum):
    """How long a window is."""

    MONTH = "month"
    WEEK = "week"


class Window(msgspec.Struct, frozen=True):
    """From when until when something is counted, and the period by which it is known.

    Units:
        ``start_s`` and ``end_s`` are event time in seconds, both included.
    """

    span: Span
    period: str
    start_s: int
    end_s: int

    @property
    def days(self) -> float:
        """Return the length in days."""
        return (self.end_s + 1 - self.start_s) / DAY_S

    @property
    def previous_period(self) -> str:
        """Return the period before this one.

        >>> week_window(1782835200).previous_period
        '2026-W26'
        """
        if self.span is Span.WEEK:
            return _week(self.end_s - 7 * DAY_S)
        return f"{dt.datetime.fromtimestamp(self.start_s - 1, CHINA):%Y-%m}"


def month_window(month: Month) -> Window:
    """Return the window of a calendar month.

    >>> month_window(Month.of("2026-06")).days
    30.0
    """
    start = dt.datetime(month.year, month.month, 1, tzinfo=CHINA)
    return Window(Span.MONTH, str(month), int(start.timestamp()), month.last_s)


def week_window(as_of: int) -> Window:
    """Return the last seven days; all that end in one ISO week share its period.

    >>> week_window(1782835200).period
    '2026-W27'
    """
    return Window(Span.WEEK, _week(as_of), as_of + 1 - 7 * DAY_S, as_of)


def _week(moment_s: int) -> str:
    year, week, _ = dt.datetime.fromtimestamp(moment_s, CHINA).isocalendar()
    return f"{year}-W{week:02d}"


class Cell(msgspec.Struct, frozen=True, order=True):
    """A region and an industry section; "" stands for all of them."""

    region: str
    section: str

    @property
    def parent(self) -> "Cell | None":
        """Return the next larger cell: township, county, city, all industries, everything."""
        digits = len(self.region)
        if digits > REGION_DIGITS[0]:
            return Cell(self.region[: 6 if digits > REGION_DIGITS[1] else 4], self.section)
        if self.section:
            return Cell(self.region, "")
        return Cell("", "") if self.region else None

    def __str__(self) -> str:
        """Return the cell as a key."""
        return f"{self.region}/{self.section}"


class Failure(msgspec.Struct, frozen=True, order=True):
    """An item that failed at an enterprise."""

    item: str
    at: int
    domain: str


class Watched(msgspec.Struct, frozen=True, kw_only=True):
    """One enterprise as the survey sees it in a window."""

    uscc: str
    name: str
    place: str
    industry: str
    domain: str
    rank: int
    score: float
    warnings: int
    trouble: int
    failures: tuple[Failure, ...] = ()
    casualties: bool = False
    mass_complaint: bool = False

    @property
    def is_bad(self) -> bool:
        """Return whether it is of class C or D."""
        return self.rank >= RiskClass.C.rank


def watched(
    uscc: str,
    state: EnterpriseState,
    expertise: Expertise,
    plan: RegionPlan,
    *,
    window: Window,
    domain: str,
) -> Watched:
    """Return what the survey needs of a state; the model has no part in it."""
    end = window.end_s
    profile = profile_at(state, end)
    catalogue = expertise.at(end).catalogue
    assessment = catalogue.assess(profile, state.facts, end, unheard=state.withheld)
    rank = max(
        band_rank(assessment.score, catalogue.knowledge.scoring.bands), assessment.floor_rank
    )
    usable = [fact for fact in state.facts if fact.counts_at(end)]
    recent = [fact for fact in usable if fact.at >= window.start_s]
    trouble, casualties = kinds_named(plan.trouble), kinds_named(plan.casualties)
    return Watched(
        uscc=uscc,
        name=profile.name or uscc,
        place=profile.place,
        industry=profile.industry,
        domain=domain,
        rank=rank,
        score=assessment.score,
        warnings=sum(
            window.start_s <= one.opened <= end
            for one in (*state.open_warnings, *state.past_warnings)
        ),
        trouble=min(plan.trouble_cap, len({f.ref or f.id for f in recent if f.kind in trouble})),
        failures=_failures(usable, plan, end),
        casualties=any(fact.kind in casualties for fact in recent),
        mass_complaint=_is_mass(
            sorted((f.at, f.ref) for f in recent if f.kind == COMPLAINT), plan.mass_complaints
        ),
    )


def _failures(facts: Sequence[Fact], plan: RegionPlan, end: int) -> tuple[Failure, ...]:
    """Return the failed items of the days in which a concentration is looked for."""
    failing = kinds_named(plan.concentration.facts)
    since = end - plan.concentration.days * DAY_S
    found = [
        Failure(item, fact.at, fact.domain)
        for fact in facts
        if fact.kind in failing and fact.at > since and (item := item_of(fact.note))
    ]
    return tuple(sorted(found))


def item_of(note: str) -> str:
    """Return the item that failed, without the product it failed in.

    >>> item_of("酱油：苯甲酸")
    '苯甲酸'
    """
    return note.rsplit("：", 1)[-1]


def _is_mass(complaints: list[tuple[int, int]], test: MassTest) -> bool:
    """Return whether enough distinct matters lie within the hours."""
    return any(
        len({ref for at, ref in complaints[n:] if at - began < test.hours * HOUR_S})
        >= test.complaints
        for n, (began, _) in enumerate(complaints)
    )


class Tally(msgspec.Struct):
    """The counts of a cell."""

    n: int = 0
    bad: int = 0
    warnings: int = 0
    trouble: int = 0


class Member(msgspec.Struct, frozen=True, order=True):
    """A member of a cell that is worth a line; ordered, the worst last."""

    rank: int
    score: float
    uscc: str
    name: str
    domain: str


class Census:
    """What has been counted, enterprise by enterprise, in any order.

    Shapes:
        ``cells`` holds the counts; ``worst`` at most ``members_listed`` bad members of each
        smallest cell; ``hits`` who failed on an item, by (township, division, item).
    """

    def __init__(self, plan: RegionPlan, window: Window) -> None:
        """Begin with nothing counted."""
        self.plan = plan
        self.window = window
        self.cells: dict[Cell, Tally] = {}
        self.worst: dict[Cell, list[Member]] = {}
        self.hits: dict[tuple[str, str, str], dict[str, tuple[Failure, Member]]] = {}
        self.grave: dict[Cell, set[str]] = {}

    def add(self, one: Watched) -> None:
        """Count an enterprise; one whose place is unknown counts in the whole alone."""
        smallest = Cell(one.place if len(one.place) in REGION_DIGITS else "", one.industry[:1])
        if not smallest.region:
            smallest = Cell("", "")
        for cell in _upwards(smallest):
            tally = self.cells.setdefault(cell, Tally())
            tally.n += 1
            tally.bad += one.is_bad
            tally.warnings += one.warnings
            tally.trouble += one.trouble
        member = Member(one.rank, round(one.score, 1), one.uscc, one.name, one.domain)
        if one.is_bad:
            heap = self.worst.setdefault(smallest, [])
            heapq.heappush(heap, member)
            if len(heap) > self.plan.members_listed:
                heapq.heappop(heap)
        if one.casualties:
            self.grave.setdefault(smallest, set()).add("出现伤亡类事故")
        if one.mass_complaint:
            self.grave.setdefault(smallest, set()).add("出现群体投诉")
        if len(one.place) == REGION_DIGITS[-1] and one.industry:
            for failure in one.failures:  # in the order of time: the newest stays
                key = (one.place, one.industry[:3], failure.item)
                self.hits.setdefault(key, {})[one.uscc] = (failure, member)


def _upwards(cell: Cell) -> Iterator[Cell]:
    """Yield a cell and all above it."""
    above: Cell | None = cell
    while above is not None:
        yield above
        above = above.parent


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """The index of a cell.

    Units:
        Shares are 0 to 1; ``index`` is 0 to 100.  ``share`` lies between the cell's own and its
        parent's.
    """

    cell: Cell
    n: int
    own_share: float
    parent_share: float
    share: float
    index: float


class RegionalIndex:
    """The index of every cell of a census."""

    def __init__(self, census: Census) -> None:
        """Work out what the siblings of each cell have in common."""
        self.census = census
        self.plan = census.plan
        self._shares: dict[Cell, float] = {}
        self._siblings: dict[Cell | None, list[Cell]] = {}
        self._moments: dict[Cell | None, tuple[int, int, int, float]] = {}
        for cell in sorted(census.cells):
            self._siblings.setdefault(cell.parent, []).append(cell)
        for parent, cells in self._siblings.items():
            tallies = [census.cells[cell] for cell in cells]
            self._moments[parent] = (
                len(tallies),
                sum(one.n for one in tallies),
                sum(one.bad for one in tallies),
                sum(one.bad * one.bad / one.n for one in tallies),
            )

    def siblings(self, cell: Cell) -> list[Cell]:
        """Return the cells beside this one, under the same parent."""
        return [one for one in self._siblings[cell.parent] if one != cell]

    def standing(self, cell: Cell) -> Standing:
        """Return the index of a cell, whatever its size; ``published`` leaves the small out.

        Source:
            Domain reference §11: RI = 100 (0.5 shrunk share of C and D + 0.3 warning rate + 0.2
            complaint and sample-failure rate), rates capped at their full scale.
        """
        tally, weights = self.census.cells[cell], self.plan.weights
        per_month = RATE_DAYS / self.census.window.days / tally.n
        share = self.share(cell)
        warned = min(1.0, tally.warnings * per_month / self.plan.full_warnings)
        troubled = min(1.0, tally.trouble * per_month / self.plan.full_trouble)
        return Standing(
            cell=cell,
            n=tally.n,
            own_share=tally.bad / tally.n,
            parent_share=self.share(cell.parent) if cell.parent else tally.bad / tally.n,
            share=share,
            index=round(
                100 * (weights.share * share + weights.warnings * warned
                       + weights.trouble * troubled), 4
            ),
        )  # fmt: skip

    def published(self) -> dict[Cell, Standing]:
        """Return the index of every cell that is large enough to be shown, by cell."""
        least = self.plan.publish_from
        return {
            cell: self.standing(cell)
            for cell, tally in sorted(self.census.cells.items())
            if tally.n >= least
        }

    def share(self, cell: Cell) -> float:
        """Return the share of C and D, drawn toward the parent's the more, the smaller the cell.

        Source:
            Marshall, "Mapping disease and mortality rates using empirical Bayes estimators",
            Applied Statistics 1991: weight n / (n + v/A), A the variance between cells beyond
            chance.  A is taken from the siblings without the cell itself, so that one more bad
            enterprise never lowers the share of its own cell.
        """
        known = self._shares.get(cell)
        if known is None:
            tally = self.census.cells[cell]
            if cell.parent is None:
                known = tally.bad / tally.n
            else:
                k = self._strength(cell)
                known = (tally.bad + k * self.share(cell.parent)) / (tally.n + k)
            self._shares[cell] = known
        return known

    def _strength(self, cell: Cell) -> float:
        limits = self.plan.strength
        count, n, bad, squares = self._moments[cell.parent]
        own = self.census.cells[cell]
        count, n, bad = count - 1, n - own.n, bad - own.bad
        squares -= own.bad * own.bad / own.n
        if count < self.plan.level.siblings:
            return limits.default
        mean = bad / n
        chance = mean * (1 - mean)
        between = max(0.0, squares / n - mean * mean) - chance * count / n
        if chance <= 0:
            return limits.default
        if between <= 0:
            return limits.most
        return min(limits.most, max(limits.least, chance / between))
