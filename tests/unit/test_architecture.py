"""Do the imports go where the design says, and would a wrong one be seen?"""

import importlib.util
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("streams", "alerts", "detectors", "config")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONTRACTS = {one["name"]: one for one in PROJECT["tool"]["importlinter"]["contracts"]}

# One wrong import for each contract: where it stands, and what it says.
BROKEN = [
    pytest.param(
        "Dependencies point inwards", "detectors/score.py", "from alerts import ladder",
        id="a detector that knows whom to tell",
    ),
    pytest.param(
        "Dependencies point inwards", "alerts/ladder.py", "from streams import clock",
        id="an alert that asks the shell",
    ),
    pytest.param(
        "The domain is pure", "detectors/step.py", "import os", id="a core that reads the machine"
    ),
    pytest.param(
        "The domain is pure", "alerts/pipeline.py", "import redis.asyncio",
        id="an alert that speaks to Redis",
    ),
    pytest.param(
        "The domain is pure", "alerts/rendering.py", "from config import schema",
        id="a template that reads settings",
    ),
    pytest.param(
        "alerts hears only measures, warnings and working days from detectors",
        "alerts/pipeline.py", "from detectors import score",
        id="an alert with an opinion on scores",
    ),
    pytest.param(
        "The alert domain does not know its channels", "alerts/rendering.py",
        "from alerts.channels import email", id="a text that knows how it is sent",
    ),
    pytest.param(
        "config is a leaf", "config/schema.py", "from detectors import measure",
        id="settings that know the domain",
    ),
    pytest.param(
        "Production never imports the development stack", "streams/app.py",
        "from streams.devstack import broker", id="a worker with a broker inside",
    ),
    pytest.param(
        "Production never imports the development stack", "streams/worker.py",
        "from streams import cli", id="a worker that reaches it through the command line",
    ),
]  # fmt: skip


def linted(folder):
    """Return what import-linter says of the packages in a folder."""
    return subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def skeleton(tmp_path_factory):
    """Return a folder with a copy of the packages' Python files."""
    folder = tmp_path_factory.mktemp("copy")
    shutil.copy(ROOT / "pyproject.toml", folder)
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            copy = folder / path.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)
    return folder


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_are_ours(package):
    """Nobody else's ``config`` or ``alerts`` is imported in the place of ours."""
    found = importlib.util.find_spec(package)

    assert found is not None
    assert Path(found.origin) == ROOT / package / "__init__.py"


def test_contracts_are_kept():
    """Imports go streams, alerts, detectors; the domain is pure; config is a leaf."""
    answer = linted(ROOT)

    assert answer.returncode == 0, answer.stdout
    assert f"{len(CONTRACTS)} kept, 0 broken" in answer.stdout


@pytest.mark.parametrize(("contract", "place", "line"), BROKEN)
def test_a_wrong_import_breaks_its_contract(skeleton, contract, place, line):
    """One import in the wrong direction is refused, by the name of the contract."""
    file = skeleton / place
    right = file.read_text(encoding="utf-8")
    file.write_text(f"{right}\n{line}\n", encoding="utf-8")

    answer = linted(skeleton)
    file.write_text(right, encoding="utf-8")

    assert answer.returncode != 0
    assert f"{contract} BROKEN" in answer.stdout


def test_every_contract_is_broken_once():
    """A contract that nobody has seen to break may be one that cannot."""
    assert {row.values[0] for row in BROKEN} == set(CONTRACTS)


@pytest.mark.parametrize(
    ("contract", "package", "left_out"),
    [
        pytest.param(
            "The alert domain does not know its channels", "alerts", {"channels"}, id="alerts"
        ),
        pytest.param(
            "Production never imports the development stack", "streams", {"cli", "devstack"},
            id="streams",
        ),
    ],
)  # fmt: skip
def test_the_lists_of_modules_are_complete(contract, package, left_out):
    """A new module stands under the contract from its first day."""
    children = {path.stem for path in (ROOT / package).glob("*.py")} | {
        path.parent.name for path in (ROOT / package).glob("*/__init__.py")
    }

    listed = set(CONTRACTS[contract]["source_modules"])

    there = {f"{package}.{one}" for one in children - left_out - {"__init__"}}
    assert listed == there, f"list them in pyproject.toml: {sorted(listed ^ there)}"


def test_only_two_files_read_clock_and_environment():
    """Ruff bans the clock and the environment; the exceptions are the two doors, and no more."""
    banned = PROJECT["tool"]["ruff"]["lint"]["flake8-tidy-imports"]["banned-api"]
    excused = {
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if "noqa: TID251" in path.read_text(encoding="utf-8")
    }

    assert {"datetime.datetime.now", "time.time", "os.environ", "os.getenv"} <= set(banned)
    assert excused == {"streams/clock.py", "config/load.py"}
