"""Do the files that operators use agree with the program and with each other?"""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from detectors.events import event_types
from streams.metrics import Metrics
from streams.topics import Topic
from tests.composed import composed

ROOT = Path(__file__).parents[2]
SERVICES = composed("docker-compose.yml", "docker-compose.trial.yml")["services"]
PROMETHEUS = ROOT / "config" / "prometheus"
ALERT_CASES = ROOT / "tests" / "unit" / "alert_rules.yml"
DASHBOARDS = sorted((ROOT / "config" / "grafana" / "dashboards").glob("*.json"))


def known_series():
    """Return the names under which our metrics are scraped."""
    names = set()
    for metric in Metrics().registry.collect():
        names.add(metric.name)
        names |= {sample.name for sample in metric.samples}
        names |= {metric.name + suffix for suffix in ("_total", "_bucket", "_sum", "_count")}
    return names


def labels_of(name):
    """Return the labels that a series of ours can carry."""
    base = re.sub(r"_(total|bucket|sum|count)$", "", name)
    collectors = Metrics().registry._names_to_collectors
    own = collectors.get(base, collectors.get(name))._labelnames
    return set(own)


def wrong_labels(expression):
    """Return the labels by which an expression selects or sums, and that its series lack."""
    known = {"le", "job", "instance"}.union(*(labels_of(name) for name in queried(expression)))
    asked = set(re.findall(r"[{,]\s*([a-z_]+)\s*=", expression))
    for group in re.findall(r"\b(?:by|on)\s*\(([^)]*)\)", expression):
        asked |= {one.strip() for one in group.split(",")}
    return asked - known


def alert_rules():
    """Return every rule that an operator is woken by."""
    return [
        rule
        for file in (PROMETHEUS / "rules").glob("*.yml")
        for group in yaml.safe_load(file.read_text())["groups"]
        for rule in group["rules"]
    ]


def queried(expression):
    """Return the names of ours that an expression asks for."""
    return set(re.findall(r"sanzao_[a-z_]+", expression))


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_pinned_and_watched(name):
    """Each service names an exact image, says when it is healthy, and restarts."""
    service = SERVICES[name]

    tag = service["image"].rpartition(":")[2]
    assert re.match(r"v?\d+\.\d+", tag), service["image"]
    assert "healthcheck" in service
    assert service["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", SERVICES)
def test_every_port_is_on_loopback(name):
    """Nothing is offered to the network unless an operator decides so."""
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))


def test_compose_brings_up_what_a_bureau_needs():
    """Kafka, Redis with its append-only file, worker and the watchers are there."""
    assert {"kafka", "redis", "worker", "prometheus", "alertmanager", "grafana"} <= set(SERVICES)
    assert "--appendonly" in SERVICES["redis"]["command"]


def test_compose_waits_for_what_exists():
    """A dependency names a service of the same file."""
    wanted = {one for service in SERVICES.values() for one in service.get("depends_on", ())}

    assert wanted <= set(SERVICES)


def test_every_mounted_file_exists():
    """What compose mounts from here is here."""
    mounted = [
        volume.split(":")[0]
        for service in SERVICES.values()
        for volume in service.get("volumes", ())
        if volume.startswith("./")
    ]

    assert mounted
    assert [path for path in mounted if not (ROOT / path).exists()] == []


def test_alert_rules_ask_for_series_that_exist():
    """An alert over a misspelt series would never fire."""
    rules = alert_rules()

    asked = set().union(*(queried(rule["expr"]) for rule in rules))
    assert asked
    assert asked <= known_series()
    assert all(rule["annotations"]["summary"] for rule in rules)
    assert {rule["alert"]: wrong_labels(rule["expr"]) for rule in rules} == {
        rule["alert"]: set() for rule in rules
    }


def test_a_label_that_no_series_carries_is_found():
    """The check itself: a misspelt label selects nothing for ever."""
    assert wrong_labels('sanzao_part_up{prt="redis"}') == {"prt"}
    assert wrong_labels("sum by (couse) (sanzao_events_rejected_total)") == {"couse"}
    assert wrong_labels('sum by (le) (rate(sanzao_batch_seconds_bucket{le="1"}[5m]))') == set()


def test_every_alert_has_a_case_in_which_it_fires():
    """A new alert without one fails here; promtool, where it is there, plays them all."""
    text = ALERT_CASES.read_text()
    asked = re.findall(r'alertname="(\w+)",alertstate="firing"', text)

    assert set(asked) == {rule["alert"] for rule in alert_rules()}


def test_the_alerts_fire_when_they_should():
    """Prometheus' own tool plays the cases: each alert at its time, none in a bureau at rest."""
    tool = shutil.which("promtool")
    if tool is None:
        pytest.skip("no promtool on the PATH")

    played = subprocess.run(
        [tool, "test", "rules", ALERT_CASES], capture_output=True, text=True, check=False
    )

    assert played.returncode == 0, played.stdout + played.stderr


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.name)
def test_panels_ask_for_series_that_exist(path):
    """A panel over a misspelt series would stay empty."""
    dashboard = json.loads(path.read_text())
    asked = set().union(
        *(queried(t["expr"]) for panel in dashboard["panels"] for t in panel["targets"])
    )

    assert asked
    assert asked <= known_series()
    expressions = [t["expr"] for panel in dashboard["panels"] for t in panel["targets"]]
    assert {one: labels for one in expressions if (labels := wrong_labels(one))} == {}


def test_panels_do_not_lie_on_each_other():
    """Each panel has a place and a number of its own."""
    for path in DASHBOARDS:
        panels = json.loads(path.read_text())["panels"]
        cells = [
            (x, y)
            for place in (one["gridPos"] for one in panels)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        ]

        assert len(cells) == len(set(cells))
        assert len({one["id"] for one in panels}) == len(panels)


def test_the_dashboard_uses_the_data_source_that_is_shipped():
    """The data source of every panel is the provisioned one."""
    folder = ROOT / "config" / "grafana" / "provisioning" / "datasources"
    shipped = {
        source["uid"]
        for file in folder.glob("*.yaml")
        for source in yaml.safe_load(file.read_text())["datasources"]
    }
    used = {
        panel["datasource"]["uid"]
        for path in DASHBOARDS
        for panel in json.loads(path.read_text())["panels"]
    }

    assert used <= shipped


@pytest.mark.parametrize("type_", event_types())
def test_every_event_type_is_documented(type_):
    """docs/events.md names each type and each of its own fields."""
    text = (ROOT / "docs" / "events.md").read_text()
    row = next(line for line in text.splitlines() if line.startswith(f"| `{type_}`"))
    inherited = event_types()[type_].__mro__[1].__struct_fields__

    own = [name for name in event_types()[type_].__struct_fields__ if name not in inherited]
    assert [name for name in own if f"`{name}`" not in row] == []


@pytest.mark.parametrize("topic", [one.value for one in Topic if one is not Topic.EPOCH])
def test_every_topic_is_on_the_map(topic):
    """docs/architecture.md shows each topic, so that nobody has to guess what one is for."""
    assert topic in (ROOT / "docs" / "architecture.md").read_text()


def test_the_lock_names_no_host():
    """The lock file carries versions and hashes only."""
    lock = (ROOT / "requirements.lock").read_text()

    assert "://" not in lock
    assert lock.count("--hash=sha256:") > 100


@pytest.mark.parametrize("folder", ["alerts", "config", "detectors", "docs", "streams"])
def test_nothing_names_a_machine(folder):
    """No shipped text names a path of somebody's machine."""
    found = [
        path
        for path in (ROOT / folder).rglob("*")
        if path.is_file()
        and path.suffix in {".py", ".md", ".yaml", ".yml", ".json", ".xml", ".html", ".lua"}
        and re.search(r"/(?:work|root|home)/", path.read_text(encoding="utf-8"))
    ]

    assert found == []
