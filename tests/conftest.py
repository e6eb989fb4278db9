"""What holds for every test: no socket beyond its ring, one broker, servers that may be missing.

Unit tests open no socket at all; those of the local servers, the contracts and the e2e tests
reach loopback, and nothing reaches further.
"""

import contextlib
import os
import warnings
from pathlib import Path

import pytest
from hypothesis import settings
from pytest_socket import disable_socket, socket_allow_hosts
from xdist.scheduler import LoadScopeScheduling

# xdist tells its processes how wide its own terminal is, and rich keeps what it is told at import.
os.environ.pop("COLUMNS", None)
# kafka-python loads its schemas by what Python 3.11 deprecates and 3.13 takes back.  Here, because
# other conftest files import it before any filter of pytest_configure holds.
with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import kafka  # noqa: F401

from streams.devstack.apache_kafka import apache_kafka
from streams.devstack.broker import BrokerKind, embedded_broker
from streams.devstack.processes import ServerError
from streams.devstack.redis_server import local_redis

# Speed is measured in benchmarks: an example that a busy machine made slow is no failure.
settings.register_profile("unhurried", settings(), deadline=None)
settings.load_profile("unhurried")

TESTS = Path(__file__).parent
LOOPBACK = ["127.0.0.1", "::1", "localhost"]
COUNTY = "tests/unit/streams/devstack/test_county.py"
E2E = "tests/e2e/"
# The e2e ring in two halves of about one length, each with a bureau of its own.
ONE_BUREAU = tuple(
    f"{E2E}test_{name}.py"
    for name in ("batches", "cli", "devstack", "faults", "restore", "second_carrier", "signing")
)
# Unit tests of what itself is a server, or of its pages.
MAY_REACH_LOOPBACK = (TESTS / "unit" / "streams" / "devstack", TESTS / "unit" / "alerts")


def pytest_addoption(parser):
    """Let the broker behind the tests be chosen; E2E_BROKER says it too."""
    parser.addoption(
        "--broker",
        choices=[kind.value for kind in BrokerKind],
        default=os.environ.get("E2E_BROKER", BrokerKind.EMBEDDED.value),
        help="which broker serves the tests that need one",
    )


class Sharing(LoadScopeScheduling):
    """Keeps in one process what shares a bureau or a county, and deals out all else one by one."""

    def _split_scope(self, nodeid):
        file = nodeid.partition("::")[0]
        if file in ONE_BUREAU:
            return "one bureau"
        if file.startswith(E2E):
            return "another bureau"
        return file if file == COUNTY else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Share the tests among the processes of ``make test``."""
    return Sharing(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Keep the e2e ring in the order of its files, whatever pytest-randomly makes of the others.

    One bureau of real processes serves many tests: what one of them finds there should be the same
    in every run, or a failure cannot be looked at again.
    """
    ring = [item for item in items if item.nodeid.startswith(E2E)]
    ring.sort(key=lambda item: (item.location[0], item.location[1] or 0, item.nodeid))
    items[:] = ring + [item for item in items if not item.nodeid.startswith(E2E)]


@pytest.hookimpl(trylast=True)
def pytest_runtest_setup(item):
    """Take the network from a test, as far as its ring does without."""
    if not item.path.is_relative_to(TESTS) or item.get_closest_marker("enable_socket"):
        return
    unit = item.path.is_relative_to(TESTS / "unit")
    if unit and not any(item.path.is_relative_to(place) for place in MAY_REACH_LOOPBACK):
        disable_socket(allow_unix_socket=True)
    else:
        socket_allow_hosts(LOOPBACK, allow_unix_socket=True)


@contextlib.contextmanager
def available(server):
    """Enter a server; where it cannot start, skip at home and fail in CI."""
    with contextlib.ExitStack() as stack:
        try:
            running = stack.enter_context(server)
        except ServerError as error:
            if os.environ.get("CI"):
                raise
            pytest.skip(str(error).splitlines()[0])
        yield running


@pytest.fixture(scope="session")
def own_redis(tmp_path_factory):
    """A Redis of this run, which no test stops."""
    with available(local_redis(tmp_path_factory.mktemp("redis"))) as running:
        yield running


@pytest.fixture(scope="session")
def own_broker(request, tmp_path_factory):
    """A broker of this run, of the kind that was chosen, which no test stops."""
    folder = tmp_path_factory.mktemp("broker")
    kind = BrokerKind(request.config.getoption("--broker"))
    starting = embedded_broker(folder) if kind is BrokerKind.EMBEDDED else apache_kafka(folder)
    with available(starting) as broker:
        yield broker
