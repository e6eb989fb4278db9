"""On which facts does each indicator and rule rest, and how?  The tables of docs/facts.md.

Made from indicators.yaml and rules.yaml: what a person wrote beside them did not keep up.
"""

from collections.abc import Iterable, Mapping

from detectors.functions import (
    Age,
    Besides,
    Burst,
    CapitalLevel,
    ClassWorsened,
    Countdown,
    CountIn,
    Decay,
    FactsHold,
    Function,
    Gathering,
    Hard,
    HardIndustry,
    IndustryLevel,
    InForce,
    Lasting,
    NotFiled,
    Overdue,
    Reached,
    Relapse,
    ScoreRose,
    SurgeHolds,
    Test,
    Together,
    Unfiled,
    WordLevel,
)
from detectors.knowledge import Indicator, Knowledge, Rule, Tier


def indicator_table(knowledge: Knowledge) -> str:
    """Return each indicator with its facts and what its function makes of them."""
    rows = ["| id | facts | function | how |", "|---|---|---|---|"]
    for one in knowledge.indicators:
        number = f"{one.overlay}/{one.id}" if one.overlay else one.id
        cells = (number, _names(one.facts), one.severity.__struct_config__.tag, _how(one))
        rows.append("| " + " | ".join(str(cell) for cell in cells) + " |")
    return "\n".join(rows)


def rule_table(knowledge: Knowledge) -> str:
    """Return each rule with its facts and when each of its measures is asked for."""
    facts_of = {one.id: one.facts for one in reversed(knowledge.indicators) if not one.overlay}
    rows = ["| id | facts | holds when, gravest first |", "|---|---|---|"]
    for rule in knowledge.rules:
        facts = dict.fromkeys(name for tier in rule.tiers for name in _rests_on(tier, facts_of))
        tiers = "; ".join(
            f"**{tier.measure.value}** {_condition(tier, facts)}" for tier in rule.tiers
        )
        rows.append(f"| {rule.id} | {_names(facts)} | {tiers}{_silence(rule)} |")
    return "\n".join(rows)


def _how(indicator: Indicator) -> str:
    words = _function(indicator.severity)
    return f"{words}; domains {' '.join(indicator.of)} only" if indicator.of else words


def _function(function: Function) -> str:  # noqa: PLR0911, C901, PLR0912 - one arm a function
    match function:
        case InForce():
            summed = "all in force, added up" if function.total else "the heaviest in force"
            return _joined(
                summed, _from(function.weight_at_least),
                function.window_days and f"for {function.window_days} days at most",
                _none_while(function.unless),
            )  # fmt: skip
        case Decay():
            return _joined(
                f"half of it in {function.half_life_days} days", _from(function.weight_at_least),
                function.window_days and f"none after {function.window_days} days",
                function.until_due and "none past its `due`",
            )  # fmt: skip
        case CountIn():
            return _joined(
                f"in {function.window_days} days {_steps(function.steps)}",
                _from(function.weight_at_least),
            )
        case Burst():
            return (
                f"in a week {function.at_least} or mean + 3σ of the twelve weeks before → "
                f"{_number(function.some)}, three times that or {function.many} → 1"
            )
        case Gathering():
            fled = f"or {_names(function.fled)} beside {_one_of(function.signs)}"
            return _joined(
                f"of one `note` in {function.window_hours} h {_steps(function.steps)}",
                f"for {function.window_days} days", function.fled and fled,
            )  # fmt: skip
        case Countdown(steps=steps):
            return (
                f"days left to `due`, at most {_steps(dict(sorted(steps.items(), reverse=True)))}"
            )
        case Overdue():
            alone = _number(function.alone)
            rest = _number(1 - function.alone)
            return _joined(
                f"days past `due`, from {_steps(function.steps)}",
                function.unless and f"none beside {_names(function.unless)} of the domain",
                function.alone < 1 and f"× ({alone} + {rest} of the share that is past its `due`)",
            )
        case Lasting():
            again = f"or as many of {_names(function.again)} {_steps(function.times)}"
            return _joined(
                f"days in force, from {_steps(function.steps)}", function.again and again
            )
        case Unfiled():
            return _joined(
                f"on {function.day} or later no {_names(function.filed)} of the year before",
                _none_while(function.unless),
                function.feed and f"unknown while feed `{function.feed}` is silent",
            )
        case Together():
            return _joined(
                f"all kinds within {function.within_days} days",
                f"half of it in {function.half_life_days} days",
            )
        case Relapse(window_days=days):
            return f"two of one `note`, of different `ref`, within {days} days"
        case Besides():
            recent = f" in the last {function.within_days} days" if function.within_days else ""
            if function.after_due:
                return f"past `due` (or begun), and after it{recent} {_one_of(function.others)}"
            return f"beside an open matter{recent}: {_one_of(function.others)}"
        case Age(steps=steps):
            return f"years since `profile.established`, under {_steps(steps)}"
        case WordLevel(levels=levels):
            return f"a word of `note`: {_steps(levels)}"
        case CapitalLevel(ranges=ranges):
            inside = ", ".join(
                f"{code or 'any other'} {low:,.0f} to {high:,.0f}"
                for code, (low, high) in ranges.items()
            )
            return f"outside the range of the industry in yuan: {inside}"
        case IndustryLevel(levels=levels):
            return f"longest prefix of `profile.industry`: {_steps(levels)}"
        case Hard(floor=floor):
            return f"the class is at least {floor.value}"
        case HardIndustry(floors=floors, unless=unless):
            by_code = ", ".join(f"{code} {floor.value}" for code, floor in floors.items())
            excused = [f"`{kind}` not while {_names(excuses)}" for kind, excuses in unless.items()]
            return _joined(f"the class is at least, by industry: {by_code}", *excused)


def _condition(tier: Tier, facts: Iterable[str]) -> str:
    words = _test(tier.when, frozenset(facts))
    return f"{words}, not while {_names(tier.unless)}" if tier.unless else words


def _test(test: Test, facts: frozenset[str]) -> str:
    """Return a test in words; which facts it asks for only where it does not ask for all."""
    match test:
        case FactsHold():
            named = "" if facts == set(test.facts) else f"{_names(test.facts)} "
            return _joined(
                f"{named}in force" if test.at_least == 1 else f"{named}{test.at_least} in force",
                test.within_days and f"within {test.within_days} days",
                ("joined " if test.joined else "") + _from(test.weight_at_least),
                test.alike and "with one `note`",
                test.domains and f"domains {' '.join(test.domains)} only",
                test.beside and f"beside an open matter: {_one_of(test.beside)}",
            )  # fmt: skip
        case Reached():
            named = "" if facts == set(test.facts) else f"{_names(test.facts)} "
            return _joined(
                f"{named}{_moment(test)}", _from(test.weight_at_least),
                test.domains and f"domains {' '.join(test.domains)} only",
                test.beside and f"beside an open matter: {_one_of(test.beside)}",
            )  # fmt: skip
        case NotFiled(day=day):
            return f"on {day} no report of the year before"
        case SurgeHolds():
            return _joined(
                f"{test.indicator} from {_number(test.severity)}",
                test.calm_days and f"until calm for {test.calm_days} days",
                test.beside and f"beside an open matter: {_one_of(test.beside)}",
            )
        case ClassWorsened(bands=bands, into=into):
            return f"the class by rules worse by {bands} or more, {into.value} or worse"
        case ScoreRose(points=points):
            return f"the score by rules {points} above its lowest of 30 days, the class unchanged"


def _moment(test: Reached) -> str:
    later = [_days(test.days)] if test.days > 0 else []
    later += [f"{test.working_days} working days"] if test.working_days else []
    before = f"{_days(-test.days)} before " if test.days < 0 else "" if later else "past "
    after = f"{' and '.join(later)} past " if later else ""
    return f"{after}{before}`{test.since}`"


def _silence(rule: Rule) -> str:
    return "".join(
        f". {words}"
        for words in (
            rule.unless and f"Not while {_names(rule.unless)}",
            rule.settled_by and f"Settled by {_names(rule.settled_by)}",
            rule.feed and f"Waits while feed `{rule.feed}` is silent",
            rule.batched and "One list a station and day",
            rule.again_within_days and _again(rule.again_within_days),
        )
        if words
    )


def _again(days: int) -> str:
    return f"An interview instead of a warning where the matter ended {days} days ago or less"


def _rests_on(tier: Tier, facts_of: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    match tier.when:
        case FactsHold(facts=facts) | Reached(facts=facts) | NotFiled(facts=facts):
            return facts
        case SurgeHolds(indicator=indicator):
            return facts_of[indicator]
        case _:
            return ()


def _joined(*parts: str | bool | int | tuple[str, ...]) -> str:
    return ", ".join(part for part in parts if isinstance(part, str) and part)


def _names(kinds: Iterable[str]) -> str:
    return " ".join(f"`{kind}`" for kind in kinds)


def _one_of(kinds: tuple[str, ...]) -> str:
    return f"one of {_names(kinds)}" if len(kinds) > 1 else _names(kinds)


def _from(weight: float) -> str:
    return f"`weight` from {_number(weight)}" if weight else ""


def _none_while(kinds: tuple[str, ...]) -> str:
    return f"none while {_names(kinds)}" if kinds else ""


def _steps(steps: Mapping[object, float]) -> str:
    return ", ".join(f"{step} → {_number(value)}" for step, value in steps.items())


def _days(days: int) -> str:
    return "1 day" if days == 1 else f"{days} days"


def _number(value: float) -> str:
    return f"{value:g}".removeprefix("0") or "0"
