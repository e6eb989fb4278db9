"""Does ``sanzao rules test`` say what an analyst needs, with an exit code a script can use?"""

import pytest
from typer.testing import CliRunner

from streams.cli_rules import FAILED, rules
from streams.terminal import USAGE

HOLDS = """
- 场景: 列入名录
  events: [{day: 0, type: list.abnormal_added.v1, data: {reason: 1}}]
  expect: {class: %s}
"""


def run(*arguments):
    """Return what the command came to."""
    return CliRunner().invoke(rules, ["test", *map(str, arguments)])


def test_the_shipped_scenarios_hold():
    """Without a file all scenarios of the knowledge are run."""
    result = run()

    assert result.exit_code == 0
    assert "failures=0" in result.output


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        pytest.param(HOLDS % "B", 0, "scenarios=1 failures=0", id="it holds"),
        pytest.param(
            HOLDS % "A",
            FAILED,
            "列入名录: 等级 class: 应为 expected A, 实为 got B",
            id="it does not",
        ),
        pytest.param(HOLDS % "X", USAGE, "mine.yaml", id="no scenario"),
        pytest.param("- {", USAGE, "mine.yaml", id="no YAML"),
    ],
)
def test_a_file_of_scenarios(tmp_path, text, code, said):
    """A file is run alone; the exit code tells a failure from a file that cannot be run."""
    file = tmp_path / "mine.yaml"
    file.write_text(text, encoding="utf-8")

    result = run(file)

    assert result.exit_code == code
    assert said in result.output


def test_a_knowledge_without_scenarios_is_told(tmp_path):
    """A folder that holds no scenarios is a mistake, not a success."""
    result = run("--knowledge", tmp_path)

    assert result.exit_code == USAGE
    assert "holds no scenarios" in result.output
