"""Do the rows of docs/facts.md say all that the knowledge says?"""

import msgspec
import pytest

from detectors.measure import RiskClass
from tests import builders as b
from tests.fact_tables import indicator_table, rule_table

KNOWLEDGE = b.expertise().knowledge
# What sorts a rule or words what it tells: docs/indicators.md, and the letters themselves.
ELSEWHERE = {
    "id", "name", "family", "domain", "matter", "basis", "advice", "tiers", "matter_at",
    "advice_at", "basis_of",
}  # fmt: skip


def other(value):  # noqa: PLR0911 - one arm a sort
    """Return another value of the same sort."""
    match value:
        case bool():
            return not value
        case RiskClass():
            return RiskClass.A
        case str():
            return f"{value}-other"
        case tuple():
            return (*value, "filed_by")
        case dict() if value:
            return dict(list(value.items())[:-1])
        case dict():
            return {"runaway": ("honour",)}
    return value / 2 if isinstance(value, float) and value else value + 1


def one_of_each(parts):
    """Return the first of each class."""
    return [pytest.param(one, id=name) for name, one in
            {type(one).__name__: one for one in reversed(parts)}.items()]  # fmt: skip


def changes(part):
    """Yield a part with one field changed, and the field's name; what is not set needs company."""
    for field in msgspec.structs.fields(part):
        if (type(part).__name__, field.name) not in {("Lasting", "times"), ("Gathering", "signs")}:
            yield (
                field.name,
                msgspec.structs.replace(part, **{field.name: other(getattr(part, field.name))}),
            )


@pytest.mark.parametrize("function", one_of_each([one.severity for one in KNOWLEDGE.indicators]))
def test_every_part_of_a_function_shows_in_its_row(function):
    """Whatever an analyst changes in a severity changes the table; nothing is left unsaid."""
    indicator = next(one for one in KNOWLEDGE.indicators if one.severity == function)

    def row(severity):
        """Return the row of an indicator with this function."""
        changed = msgspec.structs.replace(indicator, severity=severity)
        return indicator_table(msgspec.structs.replace(KNOWLEDGE, indicators=(changed,)))

    for name, changed in changes(function):
        assert row(changed) != row(function), name


@pytest.mark.parametrize(
    "tier", one_of_each([tier.when for rule in KNOWLEDGE.rules for tier in rule.tiers])
)
def test_every_part_of_a_test_shows_in_its_row(tier):
    """A day, a weight, a domain, what must stand beside: the row of a rule says each of them."""
    rule = next(rule for rule in KNOWLEDGE.rules if any(one.when == tier for one in rule.tiers))

    def row(when):
        """Return the row of the rule with this test, beside those that it has."""
        added = msgspec.structs.replace(rule.tiers[0], when=when)
        changed = msgspec.structs.replace(rule, tiers=(added, *rule.tiers))
        return rule_table(msgspec.structs.replace(KNOWLEDGE, rules=(changed,)))

    for name, changed in changes(tier):
        if name != "indicator":  # another one may rest on the same facts: it must be one there is
            assert row(changed) != row(tier), name


def test_every_part_of_a_rule_shows_in_its_row():
    """What silences a rule, settles it, or has it wait for a feed stands in the table."""
    rule = KNOWLEDGE.rules[0]

    def row(one):
        """Return the row of a rule."""
        return rule_table(msgspec.structs.replace(KNOWLEDGE, rules=(one,)))

    for name, changed in changes(rule):
        assert name in ELSEWHERE or row(changed) != row(rule), name


def test_what_a_tier_is_silent_for_shows_in_its_row():
    """An excuse of one measure alone is said beside that measure."""
    rule = next(one for one in KNOWLEDGE.rules if any(tier.unless for tier in one.tiers))
    bare = tuple(msgspec.structs.replace(tier, unless=()) for tier in rule.tiers)
    changed = msgspec.structs.replace(rule, tiers=bare)

    assert rule_table(msgspec.structs.replace(KNOWLEDGE, rules=(rule,))) != rule_table(
        msgspec.structs.replace(KNOWLEDGE, rules=(changed,))
    )
