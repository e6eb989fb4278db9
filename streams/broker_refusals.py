"""Does a broker not answer, or does it answer and refuse what we ask?"""

import aiokafka.errors
import kafka.errors

from streams.topics import BrokerUnreachableError, unreachable

_ANSWERS = (aiokafka.errors.BrokerResponseError, kafka.errors.BrokerResponseError)


class BrokerRefusedError(RuntimeError):
    """The broker answers, and refuses; the operator mends rights or ``kafka.idempotent``."""


def refused_or_unreachable(bootstrap: str, error: Exception) -> RuntimeError:
    """Return what to raise of a broker that cannot be worked with.

    A broker that is only slow, or has just started, answers with an error that passes by itself:
    that is no refusal.
    """
    if isinstance(error, _ANSWERS) and not error.retriable:
        return BrokerRefusedError(
            f"the Kafka broker at {bootstrap} answers and refuses: {error}; check the rights of "
            f"the account, or set kafka.idempotent to false (SANZAO_KAFKA__IDEMPOTENT=false) "
            f"where the broker knows no idempotent producers"
        )
    return BrokerUnreachableError(unreachable(bootstrap, error))
