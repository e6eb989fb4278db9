"""Does docs/facts.md lead from every kind of fact to something, and from each indicator to some?"""

import re

import pytest

from detectors.facts import FactKind
from tests.regenerate import BEGIN, DOCS, END, event_table, fact_table

TEXT = (DOCS / "facts.md").read_text(encoding="utf-8")
HAND_WRITTEN = TEXT.split(BEGIN)[0]
NAMES = {kind.name.lower() for kind in FactKind}
# Domain reference §8: what the first release drops; S13 was shipped before and stays.
DROPPED = {
    "B10", "D02", "D11", "D14", "D18", "S28", "S32", "S38", "R03", "R04", "R09", "C02", "C04",
    "C06", "C08", "C10", "C11", "C13",
}  # fmt: skip
SIZES = {"B": 10, "D": 20, "S": 41, "R": 9, "C": 15}
INDICATORS = {f"{letter}{n:02}" for letter, size in SIZES.items() for n in range(1, size + 1)}
RULES = {f"W{n:02}" for n in range(1, 31)}


def rows():
    """Return the hand-written rows about indicators and rules, by id."""
    found = re.findall(r"^\| ([A-Z]\d\d) \|([^|]*)\|(.*)$", HAND_WRITTEN, re.MULTILINE)
    return {id_: (facts, rest) for id_, facts, rest in found}


def test_every_indicator_and_rule_of_the_first_release_has_a_row():
    """Whoever writes the catalogue finds each, and none that is reserved."""
    assert set(rows()) == (INDICATORS - DROPPED) | RULES


@pytest.mark.parametrize("id_", sorted((INDICATORS - DROPPED) | RULES))
def test_a_row_names_kinds_that_are_there(id_):
    """Every fact that an indicator or rule is said to rest on exists under that name."""
    facts, _ = rows()[id_]

    assert set(re.findall(r"`([a-z_]+)`", facts)) <= NAMES
    assert facts.strip() or id_ in {"W25", "W28", "W29", "W30"}


def test_every_kind_is_there_for_something():
    """A fact that nothing rests on would be remembered for nothing."""
    assert set(re.findall(r"`([a-z_]+)`", HAND_WRITTEN)) >= NAMES


@pytest.mark.parametrize(
    ("name", "table"),
    [
        pytest.param("facts.md", fact_table, id="facts"),
        pytest.param("events.md", event_table, id="events"),
    ],
)
def test_the_tables_are_those_of_the_code(name, table):
    """`python -m tests.regenerate` writes them; nobody does by hand."""
    text = (DOCS / name).read_text(encoding="utf-8")

    assert text.partition(BEGIN)[2].partition(END)[0].strip() == table()
