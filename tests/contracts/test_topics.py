"""Is the epoch of the log there whenever the log is, whatever died while the topics were made?"""

import pytest
from kafka import KafkaAdminClient
from kafka.admin import NewTopic

from streams import topics
from streams.devstack.broker import embedded_broker
from streams.topics import Plan, Topic, TopicsMissingError
from tests.conftest import available

PLAN = Plan(partitions=2, replication=1, retention_days=1)


@pytest.fixture
def bootstrap(tmp_path):
    """A broker without topics."""
    with available(embedded_broker(tmp_path)) as broker:
        yield broker.bootstrap


def made_by_hand(bootstrap, *some):
    """Make topics as a process did that died before it was done."""
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    admin.create_topics([NewTopic(one.value, 1, 1) for one in some])
    admin.close()


def test_an_epoch_is_written_with_the_log(bootstrap):
    """Who makes the log writes its epoch; who finds the log there writes none."""
    created = topics.create_topics(bootstrap, PLAN)
    epoch = topics.read_epoch(bootstrap)

    again = topics.create_topics(bootstrap, PLAN)

    assert set(created) == {topic.value for topic in Topic}
    assert again == []
    assert topics.read_epoch(bootstrap) == epoch > 0


def test_a_worker_that_finds_no_epoch_starts_none_of_its_own(bootstrap):
    """Two workers with two epochs of one log would apply its events twice: an operator decides."""
    made_by_hand(bootstrap, *Topic)
    topics.create_topics(bootstrap, PLAN)

    with pytest.raises(TopicsMissingError, match="sanzao topics create"):
        topics.read_epoch(bootstrap, wait_s=1)


def test_an_operator_gets_an_epoch_for_a_log_that_has_none(bootstrap):
    """What the message advises helps, and helps once: the epoch is then every worker's."""
    made_by_hand(bootstrap, *Topic)

    epoch = topics.ensure_epoch(bootstrap, wait_s=1)

    assert topics.read_epoch(bootstrap) == topics.ensure_epoch(bootstrap) == epoch > 0


def test_a_topic_that_cannot_be_made_costs_no_epoch(bootstrap, monkeypatch):
    """The epoch follows its log at once, before anything else can go wrong."""
    made = KafkaAdminClient.create_topics

    def refuses(self, new, **more):
        """Make the log and its epoch's topic, and nothing else."""
        if new[0].name not in {Topic.EVENT, Topic.EPOCH}:
            raise OSError("the broker has gone")
        return made(self, new, **more)

    monkeypatch.setattr(KafkaAdminClient, "create_topics", refuses)
    with pytest.raises(OSError, match="gone"):
        topics.create_topics(bootstrap, PLAN)

    assert topics.read_epoch(bootstrap) > 0
