"""Do the rules say of a story what its author expects?  Scenarios: events at days, and findings.

An analyst writes a YAML file under ``config/knowledge/tests``; ``sanzao rules test`` and the test
suite run it through ``step``, with the deadlines that fall due between the events.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from detectors.admission import MAKERS
from detectors.card import Contribution, contributions
from detectors.deadline import deadline_of
from detectors.effects import Effect, Position
from detectors.events import Event, InvalidEventError, decode, type_of
from detectors.expertise import Expertise
from detectors.functions import Strict
from detectors.measure import Measure, RiskClass
from detectors.state import EnterpriseState
from detectors.step import step
from detectors.warning import CHINA, EarlyWarning, WarningStatus

USCC = "91410422MA3X1A2B83"
SOURCE = "urn:sanzao:scenario"
START = dt.datetime(2026, 3, 2, 12, tzinfo=CHINA)  # day 0 unless the scenario says: a Monday
_PLACE = "410422001"
_SIGNALS = {type_of(signal): maker for signal, maker in MAKERS.items()}
Rule = Annotated[str, Meta(pattern=r"^W\d{2}$")]


class InvalidScenarioError(ValueError):
    """A scenario cannot be run; the analyst who wrote it mends the file and line named."""


class Happening(Strict, frozen=True):
    """One event.  In ``data``, ``{day: 30}`` stands for the date of that day.

    ``id`` names it, so that a later one can take it back (``op`` and ``supersedes`` in ``data``).
    Without a ``source`` it comes from where such events come from.
    """

    day: float
    type: str
    data: dict[str, Any] = msgspec.field(default_factory=dict)
    id: str = ""
    source: str = ""


class Told(Strict, frozen=True):
    """A warning: the rule, and the measure it asks for."""

    rule: Rule
    measure: Measure
    domain: str = ""


class Expected(Strict, frozen=True, rename={"risk_class": "class"}):
    """What must hold at the end; what is not said is not looked at.

    ``warnings`` were issued at some moment, those of ``silent`` never; ``closed`` and
    ``cancelled`` have been, ``open`` are the rules whose warnings still stand.  ``points`` are
    what an indicator contributes.

    Units:
        ``score`` is a range of 0 to 1000, both ends in it; points to half a point.
    """

    risk_class: RiskClass | None = None
    score: tuple[float, float] | None = None
    warnings: tuple[Told, ...] = ()
    silent: tuple[Rule, ...] = ()
    closed: tuple[Rule, ...] = ()
    cancelled: tuple[Rule, ...] = ()
    open: tuple[Rule, ...] | None = None
    points: dict[str, float] = msgspec.field(default_factory=dict)


class Scenario(Strict, frozen=True, rename={"name": "场景"}):
    """A story of one enterprise.

    ``start`` is day 0; ``until`` lets time pass after the last event; while ``silent_feeds`` are
    silent no absence is judged.
    """

    name: Annotated[str, Meta(min_length=1)]
    events: Annotated[tuple[Happening, ...], Meta(min_length=1)]
    expect: Expected
    start: dt.date = START.date()
    until: float | None = None
    silent_feeds: tuple[str, ...] = ()


def parse_scenarios(file: str, document: object) -> tuple[Scenario, ...]:
    """Return the scenarios of a document.

    Raises:
        InvalidScenarioError: names file and key, or the scenario that expects nothing.
    """
    try:
        scenarios = msgspec.convert(document, tuple[Scenario, ...], str_keys=False)
    except msgspec.ValidationError as error:
        raise InvalidScenarioError(f"{file}: {error}") from error
    seen: set[str] = set()
    for one in scenarios:
        if one.name in seen:
            raise InvalidScenarioError(f"{file}: {one.name}: 场景名重复 the name stands twice")
        seen.add(one.name)
        if one.expect == Expected():
            raise InvalidScenarioError(
                f"{file}: {one.name}: 没有写应有的结果 expect says nothing, so it cannot fail"
            )
    return scenarios


def failures(file: str, scenario: Scenario, expertise: Expertise) -> list[str]:
    """Return what came out otherwise than expected, one line each; none where all holds.

    Raises:
        InvalidScenarioError: an event is none, or a rule or indicator is not in the knowledge.
    """
    where = f"{file}: {scenario.name}"
    _check_names(where, scenario.expect, expertise)
    state, effects = _played(where, scenario, expertise)
    told = [one for one in effects if isinstance(one, EarlyWarning)]
    lines = contributions(state, expertise.at(state.as_of))
    return [
        f"{where}: {problem}"
        for problem in (
            *_of_standing(scenario.expect, state, lines),
            *_of_warnings(scenario.expect, told, state),
        )
    ]


def _check_names(where: str, expected: Expected, expertise: Expertise) -> None:
    rules = {
        *(one.rule for one in expected.warnings),
        *expected.silent, *expected.closed, *expected.cancelled, *(expected.open or ()),
    }  # fmt: skip
    unknown = sorted(rules - set(expertise.rulebook.by_id))
    unknown += sorted(set(expected.points) - set(expertise.catalogue.places))
    if unknown:
        raise InvalidScenarioError(
            f"{where}: expect: {', '.join(unknown)} 知识目录中没有 is not in the knowledge"
        )


def _played(
    where: str, scenario: Scenario, expertise: Expertise
) -> tuple[EnterpriseState, list[Effect]]:
    """Return the state at the end and all that was told on the way."""
    start = dt.datetime.combine(scenario.start, START.timetz())
    state = EnterpriseState()
    told: list[Effect] = []
    offset = 0

    def take(event: Event) -> None:
        nonlocal state, offset
        place = Position(epoch=1, partition=0, offset=offset)
        state, effects = step(state, event, expertise, now=event.time, position=place)
        told.extend(effects)
        offset += 1

    def wait(moment: dt.datetime) -> None:
        while 0 < state.wake_at <= int(moment.timestamp()):
            take(deadline_of(USCC, state.wake_at, silent_feeds=scenario.silent_feeds))

    for number, happening in enumerate(scenario.events):
        event = _event(f"{where}: events[{number}]", happening, start, number)
        wait(event.time)
        take(event)
    if scenario.until is not None:
        wait(start + dt.timedelta(days=scenario.until))
    return state, told


def _event(where: str, happening: Happening, start: dt.datetime, number: int) -> Event:
    """Return the event on the wire, decoded as a source's would be."""
    data = {"place": _PLACE} | _dated(happening.data, start)
    record = {
        "specversion": "1.0",
        "id": happening.id or f"e{number}",
        "source": happening.source or _SIGNALS.get(happening.type, SOURCE),
        "type": happening.type,
        "subject": USCC,
        "time": (start + dt.timedelta(days=happening.day)).isoformat(),
        "data": data,
    }
    try:
        return decode(msgspec.json.encode(record))
    except InvalidEventError as error:
        raise InvalidScenarioError(f"{where} ({happening.type}): {error}") from error


def _dated(value: Any, start: dt.datetime) -> Any:
    """Return data with each ``{day: n}`` as the date of that day."""
    match value:
        case {"day": int() | float() as day, **rest} if not rest:
            return (start + dt.timedelta(days=day)).date().isoformat()
        case dict():
            return {key: _dated(one, start) for key, one in value.items()}
        case list():
            return [_dated(one, start) for one in value]
        case dt.date():
            return value.isoformat()
        case _:
            return value


def _of_standing(
    expected: Expected, state: EnterpriseState, lines: Sequence[Contribution]
) -> list[str]:
    score, risk_class = state.rule.score, state.rule.risk_class
    made_of = "、".join(f"{one.indicator} {one.points:g}" for one in lines) or "无 nothing"
    problems = []
    if expected.risk_class is not None and risk_class is not expected.risk_class:
        problems.append(
            f"等级 class: 应为 expected {expected.risk_class}, "
            f"实为 got {risk_class} ({score:g}: {made_of})"
        )
    if expected.score is not None and not expected.score[0] <= score <= expected.score[1]:
        low, high = expected.score
        problems.append(
            f"分数 score: 应为 expected {low:g} to {high:g}, 实为 got {score:g} ({made_of})"
        )
    points: dict[str, float] = {}
    for one in lines:
        points[one.indicator] = max(points.get(one.indicator, -1e9), one.points)
    for name, wanted in expected.points.items():
        got = points.get(name, 0.0)
        if abs(got - wanted) > _HALF_A_POINT:
            problems.append(
                f"分值 points: {name}: 应为 expected {wanted:g}, 实为 got {got:g} ({made_of})"
            )
    return problems


_HALF_A_POINT = 0.5


def _of_warnings(
    expected: Expected, told: Sequence[EarlyWarning], state: EnterpriseState
) -> list[str]:
    issued = [one for one in told if one.status is WarningStatus.ISSUED]
    heard = _said([f"{one.rule} {one.measure} {one.domain}" for one in issued])
    problems = [
        f"预警 warnings: 应有 expected {one.rule} {one.measure} {one.domain}".rstrip()
        + f"; 已发 issued: {heard}"
        for one in expected.warnings
        if not any(
            (one.rule, one.measure) == (other.rule, other.measure)
            and one.domain in {"", other.domain}
            for other in issued
        )
    ]
    rules = {one.rule for one in issued}
    problems += [
        f"不应有 silent: expected nothing of {rule}; 已发 issued: {heard}"
        for rule in expected.silent
        if rule in rules
    ]
    for key, status, wanted in (
        ("办结 closed", WarningStatus.CLOSED, expected.closed),
        ("撤销 cancelled", WarningStatus.CANCELLED, expected.cancelled),
    ):
        ended = [one.rule for one in told if one.status is status]
        problems += [
            f"{key}: 应有 expected {rule}; 实有 got: {_said(ended)}"
            for rule in wanted
            if rule not in ended
        ]
    standing = sorted(one.rule for one in state.open_warnings)
    if expected.open is not None and standing != sorted(expected.open):
        problems.append(
            f"在办 open: 应有 expected {_said(sorted(expected.open))}; 实有 got: {_said(standing)}"
        )
    return problems


def _said(names: Sequence[str]) -> str:
    return "、".join(names) or "无 nothing"
