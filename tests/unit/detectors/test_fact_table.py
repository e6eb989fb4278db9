"""Does docs/facts.md lead from every kind of fact to something, and from each indicator to some?"""

import re

import pytest

from config.load import KNOWLEDGE
from detectors.facts import FactKind
from tests import builders as b
from tests.regenerate import BEGIN, DOCS, END, event_table, fact_table

TEXT = (DOCS / "facts.md").read_text(encoding="utf-8")
LEADS_ON = TEXT.split(BEGIN)[0]
NAMES = {kind.name.lower() for kind in FactKind}
# Domain reference §8: what the first release drops; S13 and R03 are shipped all the same.
DROPPED = {
    "B10", "D02", "D11", "D14", "D18", "S28", "S32", "S38", "R04", "R09", "C02", "C04",
    "C06", "C08", "C10", "C11", "C13",
}  # fmt: skip
SIZES = {"B": 10, "D": 20, "S": 41, "R": 9, "C": 15}
INDICATORS = {f"{letter}{n:02}" for letter, size in SIZES.items() for n in range(1, size + 1)}
RULES = {f"W{n:02}" for n in range(1, 31)}


def ids_in(text):
    """Return the ids that the rows of some text begin with."""
    cells = re.findall(r"^\| ([^|]+) \|", text, re.MULTILINE)
    return [one for cell in cells for one in re.findall(r"(?<!/)\b[A-Z]\d\d\b", cell)]


def table_and_notes(name):
    """Return the ids of a table made from the knowledge, and of the notes after it."""
    table, _, rest = TEXT.partition(f": {name} -->")[2].partition(END)
    return ids_in(table), ids_in(rest.partition("\n## ")[0])


def test_every_indicator_of_the_first_release_has_a_row():
    """Whoever reads the table finds each, and none that is reserved."""
    rows, notes = table_and_notes("indicators")

    assert len(rows) == len(set(rows))
    assert set(rows) == INDICATORS - DROPPED
    assert set(notes) <= set(rows)


def test_every_rule_has_a_row():
    """W28 and W29 speak of no single enterprise and are no rules of rules.yaml."""
    rows, notes = table_and_notes("rules")

    assert set(rows) == RULES - {"W28", "W29"}
    assert {"W28", "W29"} <= set(notes) <= RULES


def test_the_head_of_the_catalogue_counts_right():
    """indicators.yaml says how many there are and which numbers are reserved: no other ones."""
    head = (KNOWLEDGE / "indicators.yaml").read_text(encoding="utf-8").partition("- id:")[0]
    generic = [one for one in b.expertise().knowledge.indicators if not one.overlay]
    reserved = head.partition("预留未启用：")[2].partition("。")[0]

    assert f"首批 {len(generic)} 项" in head
    assert set(re.findall(r"[A-Z]\d\d", reserved)) == DROPPED


def test_every_kind_is_there_for_something():
    """A fact that nothing rests on would be remembered for nothing."""
    assert set(re.findall(r"`([a-z_]+)`", LEADS_ON)) >= NAMES


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
