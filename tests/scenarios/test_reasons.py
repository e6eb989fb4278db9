"""Does a warning about a class or a score name what made it worse, and nothing else?"""

import pytest
from msgspec.structs import replace

from detectors import events as e
from detectors.expertise import compiled
from detectors.knowledge_check import parse
from tests import builders as b

RISES = ("W25", "W30")


def knowing(*rules):
    """Return the shipped knowledge with these rules alone."""
    known = parse(b.documents())
    return compiled(replace(known, rules=tuple(one for one in known.rules if one.id in rules)))


def reasons(effects):
    """Return the reasons of the one warning about class or score."""
    (warning,) = [one for rule in RISES for one in b.issued(effects, rule)]
    return [one.text for one in warning.reasons]


def test_a_look_that_found_nothing_is_no_reason_for_a_worse_class():
    """A machine falls overdue: the warning names it, not the clean inspection that shows it."""
    enterprise = b.Enterprise(knowing(*RISES))
    enterprise.has(b.equipment(days_left=10))

    effects = enterprise.has(b.inspection("passed", domain="QUAL"), day=45)

    (reason,) = reasons(effects)
    assert "电梯" in reason


def test_what_still_runs_and_what_is_older_is_no_reason():
    """A severe penalty is the reason; the permit valid for years and older facts are not."""
    enterprise = b.Enterprise()
    enterprise.has(b.founded())
    enterprise.has(b.permit(days_left=900, domain="QUAL"))
    enterprise.has(b.inspection("failed", severity=0.2), day=30)

    effects = enterprise.has(b.penalty("severe", domain="QUAL"), day=40)

    (reason,) = reasons(effects)
    assert "严重行政处罚" in reason


def test_of_two_permits_the_one_that_has_run_out_is_named():
    """One permit lapses beside another that runs for years: the reason is the one that lapsed."""
    enterprise = b.Enterprise(knowing(*RISES))
    enterprise.has(b.permit(days_left=1, number="P1"), day=-200)
    enterprise.has(b.permit(days_left=900, number="P2", domain="CATER"), day=-200)

    enterprise.has(b.inspection("passed"), day=3)

    told = b.issued(enterprise.effects)
    assert told
    assert {b.on(1).date().isoformat()} == {
        reason.text[-10:] for one in told for reason in one.reasons
    }


def test_changes_that_weigh_together_are_named_together():
    """The third change of a shell is no reason alone: the warning names all three."""
    enterprise = b.Enterprise(knowing(*RISES))
    enterprise.has(b.founded())
    for day, data in enumerate(b.shell_change(), start=1):
        effects = enterprise.has(data, day=day)

    assert len(reasons(effects)) == 3


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b.equipment(days_left=300, public=True), id="a lift where many people come"),
        pytest.param(b.founded(years=0.1, industry="C1411"), id="a young firm of a risky trade"),
    ],
)
def test_where_nothing_is_to_reproach_nobody_is_told(data):
    """What anybody may have or be lifts a score over an edge, and is no reason for a warning."""
    enterprise = b.Enterprise()
    for n, day in enumerate((1, 20)):
        enterprise.has(b.inspection("failed", severity=0.53), day=day, name=f"i{n}")
    before = enterprise.state.rule.risk_class

    effects = enterprise.has(data, day=20.1)

    assert before < enterprise.state.rule.risk_class
    assert [one for rule in RISES for one in b.issued(effects, rule)] == []


@pytest.mark.parametrize("leads", [True, False], ids=["who crossed the threshold", "the others"])
def test_a_crowd_is_one_case(leads):
    """Of twenty firms that one agent registered, one is told of: the case is the agent's."""
    enterprise = b.Enterprise()
    enterprise.has(b.founded())

    effects = enterprise.has(
        e.NeighbourDensity(relation="agent", count=20, window_days=30, severity=0.6, leads=leads),
        day=40,
    )

    assert enterprise.state.rule.score - enterprise.state.low_score > 50
    assert {one.rule for one in b.issued(effects)} == ({"W22"} if leads else set())
