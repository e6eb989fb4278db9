"""Which keys does sanzao use in Redis?  The key space, on one page.

=================================  ========  =====================================================
key                                type      holds
=================================  ========  =====================================================
``sanzao:{pN}:log``                string    "epoch/offset" of the last batch written (the fence)
``sanzao:{pN}:state:USCC``         string    the enterprise's state, msgpack (detectors.state)
``sanzao:{pN}:card:USCC``          hash      the readable standing, for people and programs
``sanzao:{model}:snapshots``       hash      domain -> folded model, msgpack (detectors.learned)
``sanzao:{model}:notebooks``       hash      domain -> the learner's notebook (detectors.model)
``sanzao:{model}:rows:DOMAIN``     list      the examples kept for the experts that are relearned
``sanzao:{notify}:row:ID``         hash      a message: revision and body (msgpack)
``sanzao:{notify}:warning:WID``    set       the messages of a warning
``sanzao:{notify}:open``           zset      messages under way, by due time
``sanzao:{notify}:troubled``       zset      what a person should look at
``sanzao:{notify}:uncertain``      zset      e-mails in doubt
``sanzao:{notify}:untold``         zset      receipts still to be published
=================================  ========  =====================================================

``{pN}`` is the Kafka partition: on Redis Cluster all keys of a batch share one slot, so a batch is
one script, and one worker at a time writes there.
"""

ROOT = "sanzao"


def log_key(partition: int) -> str:
    """Return the key of a partition's fence."""
    return f"{ROOT}:{{p{partition}}}:log"


def state_prefix(partition: int) -> str:
    """Return what the key of a state begins with; the USCC follows."""
    return f"{ROOT}:{{p{partition}}}:state:"


def card_prefix(partition: int) -> str:
    """Return what the key of a readable card begins with; the USCC follows."""
    return f"{ROOT}:{{p{partition}}}:card:"


SNAPSHOTS = f"{ROOT}:{{model}}:snapshots"
NOTEBOOKS = f"{ROOT}:{{model}}:notebooks"


def rows_key(domain: str) -> str:
    """Return the key of the examples kept of a domain."""
    return f"{ROOT}:{{model}}:rows:{domain}"
