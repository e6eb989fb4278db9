"""What does a worker ask of the broker before it trusts an empty Redis?"""

import pytest
from kafka.errors import CoordinatorNotAvailableError, GroupAuthorizationFailedError

from config.schema import Settings
from streams import whole_states
from streams.broker_refusals import BrokerRefusedError
from streams.whole_states import check_states


class Admin:
    """A broker's administrator that fails as often as it is told to, and knows of no group."""

    def __init__(self, *failures):
        self.failures = list(failures)

    def __call__(self, **_):
        """Stand in for the class, too."""
        return self

    def list_group_offsets(self, _group):
        """Fail, or know nothing."""
        if self.failures:
            raise self.failures.pop(0)
        return {}

    def close(self):
        """Hang up."""


@pytest.fixture
def asking(monkeypatch):
    """Let a broker fail in some ways; return its administrator."""
    monkeypatch.setattr(whole_states, "ASK_AGAIN_S", 0.0)

    def start(*failures):
        admin = Admin(*failures)
        monkeypatch.setattr(whole_states, "KafkaAdminClient", admin)
        return admin

    return start


def test_a_broker_that_has_just_started_is_asked_again(asking):
    """It has no coordinator of groups yet; that is no reason not to start."""
    admin = asking(CoordinatorNotAvailableError(), CoordinatorNotAvailableError())

    check_states(Settings(), epoch=1)

    assert admin.failures == []


def test_a_broker_that_refuses_is_told_of(asking):
    """What asking again cannot mend ends the start, with the cause."""
    asking(GroupAuthorizationFailedError())

    with pytest.raises(BrokerRefusedError, match="GroupAuthorizationFailedError"):
        check_states(Settings(), epoch=1)
