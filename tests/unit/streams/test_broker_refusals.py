"""Is a broker that answers and refuses told apart from one that nobody reaches?"""

import aiokafka.errors
import kafka.errors
import pytest

from streams.broker_refusals import BrokerRefusedError, refused_or_unreachable
from streams.topics import BrokerUnreachableError


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        pytest.param(
            aiokafka.errors.UnknownError(), BrokerRefusedError, id="no idempotent producers"
        ),
        pytest.param(
            aiokafka.errors.ClusterAuthorizationFailedError(), BrokerRefusedError, id="no right"
        ),
        pytest.param(
            kafka.errors.TopicAuthorizationFailedError(), BrokerRefusedError, id="another client"
        ),
        pytest.param(
            kafka.errors.CoordinatorNotAvailableError(), BrokerUnreachableError, id="just started"
        ),
        pytest.param(aiokafka.errors.RequestTimedOutError(), BrokerUnreachableError, id="too slow"),
        pytest.param(
            aiokafka.errors.KafkaConnectionError(), BrokerUnreachableError, id="nobody there"
        ),
        pytest.param(ValueError("port"), BrokerUnreachableError, id="no address"),
    ],
)
def test_only_what_passes_by_itself_is_no_refusal(error, kind):
    """Who is refused looks at rights and settings, who is not answered at the address."""
    assert type(refused_or_unreachable("kafka:9092", error)) is kind


def test_a_refusal_names_the_setting():
    """The message says which broker, what it said, and what to change."""
    told = str(refused_or_unreachable("kafka:9092", aiokafka.errors.UnknownError()))

    assert "kafka:9092 answers and refuses" in told
    assert "SANZAO_KAFKA__IDEMPOTENT=false" in told
