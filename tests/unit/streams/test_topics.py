"""Are the topics kept so that nothing is lost and nothing grows for ever?"""

import pytest

from detectors.measure import Measure
from streams import topics
from streams.topics import COMPACTED, WARNING_TOPICS, Plan, Topic

PLAN = Plan(partitions=8, replication=3, retention_days=400)


def test_every_measure_has_a_topic_of_its_own():
    """A subscriber of one measure reads one topic."""
    assert set(WARNING_TOPICS) == set(Measure)
    assert len(set(WARNING_TOPICS.values())) == len(Measure)


@pytest.mark.parametrize("topic", Topic)
def test_a_topic_forgets_or_compacts(topic):
    """States are compacted and kept for ever; a log is kept its days; no topic has neither."""
    configs = PLAN.configs_of(topic)

    if topic in COMPACTED:
        assert configs["cleanup.policy"] == "compact"
        assert "retention.ms" not in configs
    else:
        assert configs["cleanup.policy"] == "delete"
        assert configs["retention.ms"] == str(400 * 86_400_000)


def test_states_are_compacted():
    """The last word on an enterprise, a warning and a model outlives its retention."""
    assert {Topic.RISK, Topic.WARNING_STATE, Topic.SNAPSHOT} <= COMPACTED
    assert Topic.EVENT not in COMPACTED


def test_what_cannot_be_read_always_fits():
    """A dead letter is the record plus headers: its topic takes more than the event log does."""
    largest = {topic: int(PLAN.configs_of(topic)["max.message.bytes"]) for topic in Topic}

    assert largest[Topic.DEAD] == largest[Topic.QUARANTINE] > largest[Topic.EVENT]


@pytest.mark.parametrize(
    ("replication", "expected"),
    [pytest.param(1, None, id="one broker"), pytest.param(3, "2", id="three brokers")],
)
def test_two_copies_must_hold_where_one_broker_may_fail(replication, expected):
    """With three copies a record counts as written when two brokers have it."""
    plan = Plan(partitions=8, replication=replication, retention_days=1)

    assert plan.configs_of(Topic.EVENT).get("min.insync.replicas") == expected


def test_alerts_share_the_partitions_of_the_log():
    """The log and what follows from it have as many partitions; small topics have one."""
    assert {topic: PLAN.partitions_of(topic) for topic in Topic if topic not in topics.SINGLE} == (
        dict.fromkeys(set(Topic) - topics.SINGLE, 8)
    )
    assert {PLAN.partitions_of(topic) for topic in topics.SINGLE} == {1}
