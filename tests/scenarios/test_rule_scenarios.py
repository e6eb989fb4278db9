"""Do the scenarios that analysts wrote for the rules hold?"""

import pytest

from config.load import load_scenarios
from detectors.scenario import failures, parse_scenarios
from tests import builders as b

SHIPPED = [
    pytest.param(file, scenario, id=f"{file}: {scenario.name}")
    for file, document in load_scenarios().items()
    for scenario in parse_scenarios(file, document)
]


@pytest.mark.parametrize(("file", "scenario"), SHIPPED)
def test_a_shipped_scenario_holds(file, scenario):
    """What its author expects of the story comes out."""
    assert failures(file, scenario, b.expertise()) == []
