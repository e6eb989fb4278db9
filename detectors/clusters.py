"""When does an industry in a region need a warning of its own (规则 W28, 综合研判)?

Signals of an index (level, speed) and of the enterprises themselves (concentration) are gathered by
county and section into one warning, over several counties into one of the city.
"""

import datetime as dt
import enum
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from detectors.facts import hash_of
from detectors.measure import Level, Measure, RiskClass
from detectors.regions import Cell, Census, Member, RegionalIndex, Span, Standing
from detectors.regions_plan import SpeedTest

RULE = "W28"
TOWNSHIP, COUNTY, CITY = 9, 6, 4
# GB/T 4754-2017
SECTIONS = dict(
    zip(
        "ABCDEFGHIJKLMNOPQRST",
        (
            "农林牧渔业", "采矿业", "制造业", "电力热力燃气及水生产供应业", "建筑业",
            "批发和零售业", "交通运输仓储和邮政业", "住宿和餐饮业", "信息传输软件和信息技术服务业",
            "金融业", "房地产业", "租赁和商务服务业", "科学研究和技术服务业",
            "水利环境和公共设施管理业", "居民服务修理和其他服务业", "教育", "卫生和社会工作",
            "文化体育和娱乐业", "公共管理社会保障和社会组织", "国际组织",
        ),
        strict=True,
    )
)  # fmt: skip


class Kind(enum.StrEnum):
    """What has been noticed."""

    LEVEL = "level"
    SPEED = "speed"
    CONCENTRATION = "concentration"


class Past(msgspec.Struct, frozen=True, array_like=True):
    """What a cell's index was in an earlier period, and whether it was noticed."""

    period: str
    index: float
    noticed: bool = False


class Signal(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was noticed in a cell; ``topic`` is the item of a concentration."""

    kind: Kind
    cell: Cell
    text: str
    topic: str = ""
    domain: str = ""
    members: tuple[Member, ...] = ()
    is_second: bool = False


class ClusterMember(msgspec.Struct, frozen=True, kw_only=True):
    """An enterprise that the warning lists; it is not notified again."""

    uscc: str
    name: str
    risk_class: RiskClass = msgspec.field(name="class")


class ClusterWarning(msgspec.Struct, frozen=True, kw_only=True):
    """A regional or industry warning.

    Shapes:
        ``id`` follows from place, section, window and level, so a second survey says it again
        under the same id.  ``place`` is the county's code, or the city's over several counties;
        the department of ``domain`` there acts.  ``index`` is None where the cell is too small to
        be shown.  ``members`` are listed and not notified one by one; ``member_count`` counts all
        that were noticed.  ``handler`` is filled in by who knows the authorities.

    Units:
        ``index`` is 0 to 100; the two limits are working days.
    """

    id: str
    level: Level
    measure: Measure
    place: str
    section: str
    industry: str
    domain: str
    span: Span
    period: str
    index: float | None
    enterprises: int
    signals: tuple[str, ...]
    members: tuple[ClusterMember, ...]
    member_count: int
    proposal: str
    legal_basis: str
    ack_working_days: int
    plan_working_days: int
    issued_at: dt.datetime
    plan_version: str
    rule: str = RULE
    handler: str = ""
    handler_name: str = ""

    @property
    def matter(self) -> str:
        """Return what it is about, whatever the period: place and section."""
        return f"{self.place}/{self.section}"


class Survey(msgspec.Struct, frozen=True, kw_only=True):
    """What a survey came to.

    Shapes:
        ``history`` is what the next survey needs to know of every published cell, by its key;
        ``undecided`` counts the tests that had too little to go by.
    """

    warnings: tuple[ClusterWarning, ...]
    history: dict[str, tuple[Past, ...]]
    published: tuple[Standing, ...]
    undecided: dict[str, int]


def surveyed(census: Census, history: Mapping[str, Sequence[Past]], *, general: str) -> Survey:
    """Return the warnings of a census, and what is to be remembered of it.

    ``general`` is the domain that leads where the members name none.
    """
    index = RegionalIndex(census)
    published = index.published()
    undecided: Counter[str] = Counter()
    signals: list[Signal] = []
    remembered: dict[str, tuple[Past, ...]] = {}
    for cell, standing in published.items():
        before = [past for past in history.get(str(cell), ()) if past.period < census.window.period]
        found: list[Signal] = []
        if cell.section and len(cell.region) in {TOWNSHIP, COUNTY}:
            found = [
                *_level(index, cell, standing, published, undecided),
                *_speed(cell, standing, before, census.plan.speed, undecided),
            ]
        if before and before[-1].noticed and before[-1].period == census.window.previous_period:
            found = [msgspec.structs.replace(one, is_second=True) for one in found]
        signals += found
        now = Past(census.window.period, standing.index, bool(found))
        remembered[str(cell)] = (*before, now)[-census.plan.speed.periods :]
    if census.window.span is Span.WEEK:
        signals += _concentrations(census)
    warnings = tuple(
        _warning(census, place, group, published, general=general)
        for place, group in _grouped(signals)
    )
    return Survey(
        warnings=warnings,
        history=remembered,
        published=tuple(published.values()),
        undecided=dict(undecided),
    )


def _level(
    index: RegionalIndex,
    cell: Cell,
    standing: Standing,
    published: Mapping[Cell, Standing],
    undecided: Counter[str],
) -> list[Signal]:
    """Return a signal where the index stands far above its siblings'."""
    test = index.plan.level
    beside = [published[one].index for one in index.siblings(cell) if one in published]
    if len(beside) < test.siblings:
        undecided["level"] += 1
        return []
    mean, sigma = _spread(beside, test.least_sigma)
    limit = mean + test.sigmas * sigma
    if standing.index <= limit:
        return []
    text = f"风险指数{standing.index:.1f}，高于同级上限{limit:.1f}（均值{mean:.1f}）"
    return [Signal(kind=Kind.LEVEL, cell=cell, text=text)]


def _speed(
    cell: Cell,
    standing: Standing,
    before: Sequence[Past],
    test: SpeedTest,
    undecided: Counter[str],
) -> list[Signal]:
    """Return a signal where the smoothed index has left its own limits upwards.

    Source:
        EWMA control chart (Roberts 1959): limits at sigma sqrt(weight / (2 - weight)).
    """
    past = [one.index for one in before[-(test.periods - 1) :]]
    if len(past) < test.least_periods:
        undecided["speed"] += 1
        return []
    mean, sigma = _spread(past, test.least_sigma)
    smoothed = mean
    for value in (*past, standing.index):
        smoothed += test.weight * (value - smoothed)
    limit = mean + test.sigmas * sigma * math.sqrt(test.weight / (2 - test.weight))
    if smoothed <= limit:
        return []
    text = f"风险指数上升过快：平滑值{smoothed:.1f}，超过本格控制限{limit:.1f}"
    return [Signal(kind=Kind.SPEED, cell=cell, text=text)]


def _spread(values: Sequence[float], least: float) -> tuple[float, float]:
    mean = sum(values) / len(values)
    variance = sum((value - mean) ** 2 for value in values) / (len(values) - 1)
    return mean, max(least, math.sqrt(variance))


def _concentrations(census: Census) -> list[Signal]:
    """Return where enough enterprises failed on one item, and one of them within the window.

    Without a new failure the old ones have been told in an earlier week.
    """
    test, found = census.plan.concentration, []
    for (township, division, item), hits in sorted(census.hits.items()):
        newest = max(failure.at for failure, _ in hits.values())
        if len(hits) < test.enterprises or newest < census.window.start_s:
            continue
        domains = Counter(failure.domain for failure, _ in hits.values())
        text = f"{township}辖区{division}行业{len(hits)}家企业{test.days}天内同一项目不合格：{item}"
        found.append(
            Signal(
                kind=Kind.CONCENTRATION,
                cell=Cell(township, division[:1]),
                text=text,
                topic=item,
                domain=_commonest(domains),
                members=tuple(sorted((member for _, member in hits.values()), reverse=True)),
            )
        )
    return found


def _grouped(signals: Iterable[Signal]) -> list[tuple[str, list[Signal]]]:
    """Return the signals by the place that must act: the county, or the city over several.

    Counties belong together where the same thing (kind, item) was noticed of the same section.
    """
    by_city: dict[tuple[str, str], list[Signal]] = {}
    for one in signals:
        by_city.setdefault((one.cell.region[:CITY], one.cell.section), []).append(one)
    groups = []
    for (city, _), found in sorted(by_city.items()):
        counties: dict[tuple[Kind, str], set[str]] = {}
        for one in found:
            # Of hundreds of townships a few always stand out by chance; counties seldom do.
            if one.kind is Kind.CONCENTRATION or len(one.cell.region) == COUNTY:
                counties.setdefault((one.kind, one.topic), set()).add(one.cell.region[:COUNTY])
        wide = {same for same, places in counties.items() if len(places) > 1}
        common = [one for one in found if (one.kind, one.topic) in wide]
        if common:
            groups.append((city, common))
        by_county: dict[str, list[Signal]] = {}
        for one in found:
            if (one.kind, one.topic) not in wide:
                by_county.setdefault(one.cell.region[:COUNTY], []).append(one)
        groups += sorted(by_county.items())
    return groups


def _warning(
    census: Census,
    place: str,
    group: Sequence[Signal],
    published: Mapping[Cell, Standing],
    *,
    general: str,
) -> ClusterWarning:
    plan, window = census.plan, census.window
    cell = Cell(place, group[0].cell.section)
    members = _members(census, group)
    grave = _grave(census, group)
    level = _gravity(group, is_grave=bool(grave), over_counties=len(place) == CITY)
    named = Counter(one.domain for one in group if one.domain)
    led_by = named or Counter(one.domain for one in members if one.domain != general)
    standing = published.get(cell)
    tally = census.cells.get(cell)
    return ClusterWarning(
        id=f"c-{hash_of(place, cell.section, window.span, window.period, level):016x}",
        level=level,
        measure=next(one for one in Measure if one.level is level),
        place=place,
        section=cell.section,
        industry=SECTIONS.get(cell.section, cell.section),
        domain=_commonest(led_by) if led_by else general,
        span=window.span,
        period=window.period,
        index=standing.index if standing else None,
        enterprises=tally.n if tally and standing else 0,
        signals=tuple(dict.fromkeys([*(one.text for one in group), *grave])),
        members=tuple(
            ClusterMember(uscc=one.uscc, name=one.name, risk_class=tuple(RiskClass)[one.rank])
            for one in members[: plan.members_listed]
        ),
        member_count=len(members),
        proposal=_PROPOSALS[level],
        legal_basis=plan.basis,
        ack_working_days=plan.ack_working_days,
        plan_working_days=plan.plan_working_days,
        issued_at=dt.datetime.fromtimestamp(window.end_s, dt.UTC),
        plan_version=plan.version,
    )


def _grave(census: Census, group: Sequence[Signal]) -> list[str]:
    """Return what is grave in the cells of a group and in those within them."""
    return sorted({
        text
        for one in {signal.cell for signal in group}
        for inner, texts in census.grave.items()
        if inner.section == one.section and inner.region.startswith(one.region)
        for text in texts
    })  # fmt: skip


_PROPOSALS = {
    Level.YELLOW: "列入重点关注，分析研判成因",
    Level.ORANGE: "建议开展定向抽查（须经批准）",
    Level.RED: "建议开展专项检查（须经批准）",
}


def _gravity(group: Sequence[Signal], *, is_grave: bool, over_counties: bool) -> Level:
    """Return the level: one signal yellow; two, or two periods, orange; with harm or wide, red.

    Source:
        Domain reference §11.  The same thing in a township and in its county is one signal.
    """
    if is_grave or over_counties:
        return Level.RED
    kinds = {(one.kind, one.topic) for one in group}
    if len(kinds) > 1 or any(one.is_second for one in group):
        return Level.ORANGE
    return Level.YELLOW


def _members(census: Census, group: Sequence[Signal]) -> list[Member]:
    """Return who is listed: those that a concentration names, then the worst of the cells."""
    named = {member.uscc: member for one in group for member in one.members}
    worst = {
        member.uscc: member
        for cell in {one.cell for one in group if one.kind is not Kind.CONCENTRATION}
        for inner, members in census.worst.items()
        if inner.section == cell.section and inner.region.startswith(cell.region)
        for member in members
        if member.uscc not in named
    }
    return sorted(named.values(), reverse=True) + sorted(worst.values(), reverse=True)


def _commonest(counted: Counter[str]) -> str:
    return min(counted, key=lambda one: (-counted[one], one))
