"""Does what an operator writes reach the containers, and does nobody real hear of a trial?"""

import re
from pathlib import Path

import pytest
import yaml

from config.load import load_settings
from config.schema import Settings
from streams.assembly import build_wisdom
from streams.devstack.account import ACCESS_KEY, SECRET
from streams.devstack.account import main as write_account
from streams.sample_guard import why_not
from tests.composed import ROOT, composed, target

AT_WORK = composed("docker-compose.yml")
TRIAL = composed("docker-compose.yml", "docker-compose.trial.yml")
BOTH = [
    pytest.param(files, name, id=f"{kind}-{name}")
    for kind, files in (("at work", AT_WORK), ("trial", TRIAL))
    for name in files["services"]
]
UNITS = {"k": 2**10, "m": 2**20, "g": 2**30}


def here(place, files, service):
    """Return which of our files a container sees at a place."""
    for volume in files["services"][service].get("volumes", ()):
        if volume.startswith("./") and (
            place == target(volume) or place.startswith(target(volume) + "/")
        ):
            return ROOT / volume.split(":")[0] / place[len(target(volume)) :].lstrip("/")
    return None


def settings_of(files, tmp_path):
    """Return the settings as the program in a container reads them."""
    environment = dict(files["services"]["worker"]["environment"])
    for name, value in environment.items():
        if name.endswith("_FILE"):
            secret = tmp_path / Path(value).name
            kept = ROOT / files["secrets"][secret.name]["file"]
            secret.write_text(kept.read_text() if kept.exists() else "an operator's\n")
            environment[name] = str(secret)
    path = here(environment["SANZAO_CONFIG"], files, "worker")
    return load_settings(path, environment)


def bytes_of(text):
    """Return a size as a number.

    >>> bytes_of("2gb") == bytes_of("2g") == 2 * 2**30
    True
    """
    number, unit = re.fullmatch(r"(\d+)([kmg])b?", text).groups()
    return int(number) * UNITS[unit]


def test_settings_and_knowledge_are_the_operators():
    """What stands in ./config is what the worker reads, and the worker cannot write it."""
    environment = AT_WORK["services"]["worker"]["environment"]

    for name in ("SANZAO_CONFIG", "SANZAO_KNOWLEDGE"):
        assert here(environment[name], AT_WORK, "worker").exists(), name
    assert all(one.endswith(":ro") for one in AT_WORK["services"]["worker"]["volumes"])


@pytest.mark.parametrize("files", [AT_WORK, TRIAL], ids=["at work", "trial"])
def test_each_variable_is_a_setting(files, tmp_path):
    """A misspelt variable would be refused by every start; secrets come from files."""
    settings = settings_of(files, tmp_path)

    assert settings.redis.url == "redis://redis:6379/0"
    assert settings.sms.secret
    assert settings.email.password
    assert not [
        name
        for name in files["services"]["worker"]["environment"]
        if re.search("SECRET$|PASSWORD$", name)
    ]


def test_at_work_no_carrier_is_overruled(tmp_path):
    """Endpoint, key, mail server and sender are what settings.yaml says: no variable hides them."""
    said = yaml.safe_load((ROOT / "config" / "settings.yaml").read_text(encoding="utf-8"))
    settings = settings_of(AT_WORK, tmp_path)

    assert settings.sms.endpoint == said["sms"]["endpoint"]
    assert (settings.email.host, settings.email.port) == (
        said["email"]["host"],
        said["email"]["port"],
    )
    assert settings.email.tls == said["email"]["tls"]
    assert not settings.notify.allow_sample


def test_the_shipped_sample_starts_in_a_trial_only(tmp_path, shipped_desk):
    """Unchanged, the stack at work refuses; with the stand-ins it runs."""
    at_work, trial = (settings_of(files, tmp_path) for files in (AT_WORK, TRIAL))

    assert "authorities.yaml" in why_not(at_work, shipped_desk)
    assert why_not(trial, shipped_desk) == ""


@pytest.fixture(scope="module")
def shipped_desk():
    """The shipped knowledge."""
    return build_wisdom(Settings()).desk


def test_the_trials_gateway_takes_the_trials_key(tmp_path):
    """The stand-in's account and the worker's settings are one."""
    settings = settings_of(TRIAL, tmp_path)

    assert (settings.sms.access_key, settings.sms.secret) == (ACCESS_KEY, SECRET)


def test_the_trials_gateway_knows_the_operators_templates(tmp_path, monkeypatch):
    """The stand-in registers the signature of the mounted knowledge, not of the image."""
    folder = tmp_path / "knowledge"
    folder.mkdir()
    for path in (ROOT / "config" / "knowledge").glob("*.yaml"):
        text = path.read_text(encoding="utf-8").replace(
            "signature: 叶县市监", "signature: 鲁山市监"
        )
        (folder / path.name).write_text(text, encoding="utf-8")
    monkeypatch.setenv("SANZAO_KNOWLEDGE", str(folder))

    write_account([str(tmp_path / "account.json")])

    assert "SANZAO_KNOWLEDGE" in TRIAL["services"]["phone"]["environment"]
    assert "鲁山市监" in (tmp_path / "account.json").read_text(encoding="utf-8")


@pytest.mark.parametrize(("files", "name"), BOTH)
def test_no_service_takes_the_whole_machine(files, name):
    """Each has a limit of memory, and its log is cut before it fills the disk."""
    service = files["services"][name]

    assert bytes_of(service["mem_limit"]) <= 4 * UNITS["g"]
    assert bytes_of(service["logging"]["options"]["max-size"]) <= 100 * UNITS["m"]
    assert int(service["logging"]["options"]["max-file"]) > 1


def test_redis_refuses_before_it_is_killed():
    """It stops taking writes well below the limit at which the kernel would end it."""
    command = AT_WORK["services"]["redis"]["command"]
    most = command[command.index("--maxmemory") + 1]

    assert command[command.index("--maxmemory-policy") + 1] == "noeviction"
    assert 2 * bytes_of(most) <= bytes_of(AT_WORK["services"]["redis"]["mem_limit"])


@pytest.mark.parametrize(("files", "name"), BOTH)
def test_each_secret_is_declared_and_asked_for_where_it_is(files, name):
    """A service names only secrets that there are, and every one that is mounted is used."""
    service = files["services"][name]
    secrets = set(service.get("secrets", ()))
    environment = service.get("environment", {})

    asked = {
        Path(value).name for value in environment.values() if value.startswith("/run/secrets/")
    }
    assert secrets <= set(files["secrets"])
    assert asked <= secrets


def test_no_secret_of_an_operator_can_be_committed():
    """The folder of secrets is out of the repository and out of the image's context."""
    folders = {Path(one["file"]).parts[0] for one in AT_WORK["secrets"].values()}

    assert folders == {"secrets"}
    for name in (".gitignore", ".dockerignore"):
        assert "secrets" in (ROOT / name).read_text().replace("/", "").split()


def test_grafana_has_a_password_that_somebody_chose():
    """Its own default would let in whoever reaches the port; nobody looks without logging in."""
    environment = AT_WORK["services"]["grafana"]["environment"]

    assert environment["GF_SECURITY_ADMIN_PASSWORD__FILE"].endswith("/grafana_admin")
    assert "GF_AUTH_ANONYMOUS_ENABLED" not in environment
