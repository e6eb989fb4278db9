"""Does an alert reach somebody?  From Prometheus to Alertmanager to a mailbox."""

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.composed import ROOT, composed, target

FILES = ["config/alertmanager/alertmanager.yml", "config/trial/alertmanager.yml"]
AT_WORK = composed("docker-compose.yml")
TRIAL = composed("docker-compose.yml", "docker-compose.trial.yml")


def read(name):
    """Return a file of ours."""
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


def receivers_of(route):
    """Yield every receiver that a tree of routes leads to."""
    yield route["receiver"]
    for below in route.get("routes", ()):
        yield from receivers_of(below)


def test_prometheus_tells_the_alertmanager_of_compose():
    """The host that Prometheus tells is a service, on the port that it offers."""
    told = read("config/prometheus/prometheus.yml")["alerting"]["alertmanagers"]
    hosts = [host for one in told for static in one["static_configs"] for host in static["targets"]]

    assert hosts == ["alertmanager:9093"]
    assert any(port.endswith(":9093") for port in AT_WORK["services"]["alertmanager"]["ports"])


@pytest.mark.parametrize("name", FILES)
def test_every_alert_ends_in_a_mailbox(name):
    """Each receiver that a route names has an address to write to, and hears the end, too."""
    config = read(name)
    known = {one["name"]: one["email_configs"] for one in config["receivers"]}

    for receiver in receivers_of(config["route"]):
        assert all(mail["to"] and mail["send_resolved"] for mail in known[receiver])


@pytest.mark.parametrize("name", FILES)
def test_only_severities_that_our_alerts_have_are_routed(name):
    """A route or an inhibition that matches a misspelt label would never hold."""
    rules = read("config/prometheus/rules/sanzao.yml")["groups"][0]["rules"]
    known = {f'severity="{rule["labels"]["severity"]}"' for rule in rules}
    known |= {f'alertname="{rule["alert"]}"' for rule in rules}
    config = read(name)

    asked = {one for route in config["route"]["routes"] for one in route["matchers"]}
    for inhibition in config["inhibit_rules"]:
        asked |= {*inhibition["source_matchers"], *inhibition["target_matchers"]}
    assert asked <= known


def test_the_trial_differs_in_the_mail_server_only():
    """What is tried is what goes to work: routes, words and inhibitions are the same."""
    at_work, trial = map(read, FILES)

    assert at_work.pop("global") != trial.pop("global")
    assert at_work == trial


def test_each_stack_mounts_its_own():
    """A trial's alerts go to the trial's mailbox; at work the password comes from its file."""
    at_work, trial = (
        {target(one): one.split(":")[0] for one in files["services"]["alertmanager"]["volumes"]}
        for files in (AT_WORK, TRIAL)
    )
    inside = "/etc/alertmanager/alertmanager.yml"

    assert [at_work[inside], trial[inside]] == [f"./{name}" for name in FILES]
    secret = Path(read(FILES[0])["global"]["smtp_auth_password_file"])
    assert secret == Path("/run/secrets/email_password")
    assert "email_password" in AT_WORK["services"]["alertmanager"]["secrets"]
    assert read(FILES[1])["global"]["smtp_smarthost"].split(":")[0] in TRIAL["services"]


@pytest.mark.parametrize("name", FILES)
def test_alertmanagers_own_tool_takes_it(name):
    """``amtool`` reads the file and its templates as Alertmanager would."""
    tool = shutil.which("amtool")
    if tool is None:
        pytest.skip("no amtool on the PATH")

    checked = subprocess.run(
        [tool, "check-config", ROOT / name], capture_output=True, text=True, check=False
    )

    assert checked.returncode == 0, checked.stdout + checked.stderr
