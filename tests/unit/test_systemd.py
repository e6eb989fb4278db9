"""Does systemd start the worker again when it ends itself, with the settings of an operator?"""

import shlex
import shutil
import subprocess

import pytest

from config.load import load_settings
from streams.same_redis import EXIT_REPLACED
from tests.composed import ROOT

UNIT = ROOT / "config" / "systemd" / "sanzao.service"


def entries():
    """Return section, key and value of every line; a key may stand several times."""
    section, found = "", []
    for line in UNIT.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.append((section, key, value))
    return found


def values(section, key):
    """Return what a section says of a key."""
    return [value for of, name, value in entries() if (of, name) == (section, key)]


def test_it_is_started_again_whatever_the_code():
    """72 means that Redis was replaced: no code is taken for a last word, no number of tries."""
    assert EXIT_REPLACED == 72
    assert values("Service", "Restart") == ["always"]
    assert values("Unit", "StartLimitIntervalSec") == ["0"]
    assert values("Service", "RestartPreventExitStatus") == []
    assert values("Service", "SuccessExitStatus") == []


def test_its_variables_are_settings(tmp_path):
    """Each variable is one that the worker knows; secrets come from files."""
    environment = dict(one.split("=", 1) for one in values("Service", "Environment"))
    paths = {environment.pop(name) for name in ("SANZAO_CONFIG", "SANZAO_KNOWLEDGE")}
    secret = tmp_path / "secret"
    secret.write_text("an operator's\n")

    settings = load_settings(None, dict.fromkeys(environment, str(secret)))

    assert (settings.sms.secret, settings.email.password) == ("an operator's",) * 2
    assert all(path.startswith("/etc/sanzao/") for path in paths)


def test_it_stops_as_fast_as_the_worker_does():
    """A stop is given longer than the nine seconds after which the worker ends itself."""
    assert int(values("Service", "TimeoutStopSec")[0]) > 9


def test_systemds_own_tool_takes_it(tmp_path):
    """``systemd-analyze verify`` finds nothing, once the program is where the unit says."""
    tool = shutil.which("systemd-analyze")
    if tool is None:
        pytest.skip("no systemd-analyze on the PATH")
    program = shlex.split(values("Service", "ExecStart")[0])[0]
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text(encoding="utf-8").replace(program, shutil.which("true")))

    checked = subprocess.run(
        [tool, "verify", unit], capture_output=True, text=True, check=False, timeout=60
    )

    assert checked.returncode == 0, checked.stderr
    assert unit.name not in checked.stderr
