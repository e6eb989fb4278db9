"""Which keys does sanzao use in Redis?  The key space, on one page.

=================================  ========  =====================================================
key                                type      holds
=================================  ========  =====================================================
``sanzao:{pN}:log``                string    "epoch/offset" of the last batch written (the fence)
``sanzao:{pN}:state:USCC``         string    the enterprise's state, msgpack (detectors.state)
``sanzao:{pN}:card:USCC``          hash      the readable standing, for people and programs
``sanzao:{jN}:log``                string    "epoch/offset" of the last batch of bonds written
``sanzao:{jN}:junction:HEX``       string    who meets at a person, address, agent or enterprise
``sanzao:{pN}:timers``             zset      USCC -> the moment to wake it (event time, seconds)
``sanzao:{pN}:clock``              string    the latest event time applied, in seconds
``sanzao:audit``                   stream    who looked up which enterprise, allowed or not
``sanzao:feeds``                   hash      "FEED:event", "FEED:arrival" -> last heard, seconds
``sanzao:{model}:snapshots``       hash      domain -> folded model, msgpack (detectors.learned)
``sanzao:{model}:notebooks``       hash      domain -> the learner's notebook (detectors.model)
``sanzao:{model}:rows:DOMAIN``     list      the examples kept for the experts that are relearned
``sanzao:{notify}:row:ID``         hash      a message: revision and body (msgpack)
``sanzao:{notify}:warning:WID``    set       messages of a warning, by its id or by its number
``sanzao:{notify}:life:WID``       hash      what people did with a warning: cause -> act, msgpack
``sanzao:{notify}:unsigned``       zset      what waits for a signature -> when to look, ms
``sanzao:{notify}:unsigned:NAME``  hash      WID -> the warning as issued, its deadline, msgpack
``sanzao:{notify}:open``           zset      messages under way, by due time
``sanzao:{notify}:troubled``       zset      what a person should look at
``sanzao:{notify}:uncertain``      zset      e-mails in doubt
``sanzao:{notify}:untold``         zset      receipts still to be published
``sanzao:{classes}:months``        hash      "2026-06/frozen" -> how far that snapshot is, JSON
``sanzao:{pN}:class:MONTH:SOURCE`` hash      USCC -> official class, written once (190 days)
``sanzao:{pN}:class:MONTH:late``   hash      USCC -> the last correction, msgpack (190 days)
``sanzao:{regions}:history:SPAN``  hash      cell -> its index in the last periods, msgpack
``sanzao:{regions}:index:SPAN``    hash      cell -> its index now, JSON (cells of 30 and more)
``sanzao:{regions}:told:PERIOD``   hash      place/section -> gravest level told; leaves in 400 days
``sanzao:{regions}:surveyed``      string    the day that a worker surveyed last, 2026-07-01
=================================  ========  =====================================================

``{pN}`` is the Kafka partition: on Redis Cluster all keys of a batch share one slot, so a batch is
one script, and one worker at a time writes there.  ``{jN}`` is the partition of
``neighbour.bond.v1``; ``HEX`` is a hash, nothing leads back from it to a person.
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


def junction_log_key(partition: int) -> str:
    """Return the key of the fence of a partition of bonds."""
    return f"{ROOT}:{{j{partition}}}:log"


def junction_prefix(partition: int) -> str:
    """Return what the key of a junction begins with; its number in hexadecimal follows."""
    return f"{ROOT}:{{j{partition}}}:junction:"


def timers_key(partition: int) -> str:
    """Return the key of the moments at which a partition's enterprises want to be woken."""
    return f"{ROOT}:{{p{partition}}}:timers"


def clock_key(partition: int) -> str:
    """Return the key of the latest event time that a partition's states have seen."""
    return f"{ROOT}:{{p{partition}}}:clock"


def official_key(partition: int, month: str, source: str) -> str:
    """Return the key of the official classes of a month, from one source (or ``late``)."""
    return f"{ROOT}:{{p{partition}}}:class:{month}:{source}"


def region_key(what: str, name: str) -> str:
    """Return a key of the regional index: ``history``, ``index`` or ``told``."""
    return f"{ROOT}:{{regions}}:{what}:{name}"


def life_key(warning_id: str) -> str:
    """Return the key of what people did with a warning."""
    return f"{ROOT}:{{notify}}:life:{warning_id}"


def unsigned_key(name: str) -> str:
    """Return the key of what waits for a signature under a name."""
    return f"{UNSIGNED}:{name}"


UNSIGNED = f"{ROOT}:{{notify}}:unsigned"
SNAPSHOTS = f"{ROOT}:{{model}}:snapshots"
SURVEYED = f"{ROOT}:{{regions}}:surveyed"
MONTHS = f"{ROOT}:{{classes}}:months"
FEEDS = f"{ROOT}:feeds"
AUDIT = f"{ROOT}:audit"
NOTEBOOKS = f"{ROOT}:{{model}}:notebooks"


def rows_key(domain: str) -> str:
    """Return the key of the examples kept of a domain."""
    return f"{ROOT}:{{model}}:rows:{domain}"
