"""What is remembered of one enterprise between two events, and how is it stored?"""

import functools
from collections.abc import Iterable
from importlib import resources

import msgspec
import zstandard

from detectors.facts import Fact, Mark
from detectors.measure import RiskClass
from detectors.trouble import CALM, Trouble

SCHEMA = 2  # raise when a field is added, and give ``decode`` a way to read the old one
# A source repeats itself within minutes or a day; facts remember their own event for ever, so
# the ring only has to hold the last events that left no fact.
RECENT_EVENTS = 8
# Five bytes each; nobody is looked at so often within the years that a source sends anew.  One
# event in seventeen million is taken for an earlier one.
MAX_HEARD = 256
_HEARD_BITS = 0xFFFF_FFFF


class IncompatibleStateError(ValueError):
    """A stored state is of another version of this program.

    Operator action: run the version that wrote it, or replay the log into an empty Redis.
    """


class Profile(msgspec.Struct, array_like=True, gc=False):
    """Who the enterprise is.

    ``place`` is where it does business, 6 or 9 digits; ``domain`` and ``category`` are those of
    the last look (inspection, sample), which say whose model speaks.
    """

    name: str = ""
    place: str = ""
    industry: str = ""
    category: str = ""
    established: int = 0
    domain: str = ""


class Standing(msgspec.Struct, array_like=True, gc=False):
    """A score and the class it has led to.

    ``better_since`` is when the score first stood below the class's own band (event time,
    seconds; 0 = it does not): a class gets better only after a day of it.
    """

    score: float = 0.0
    rank: int = 0
    better_since: int = 0

    @property
    def risk_class(self) -> RiskClass:
        """Return the class."""
        return _CLASSES[self.rank]


_CLASSES = tuple(RiskClass)


class OpenWarning(msgspec.Struct, array_like=True, gc=False):
    """A warning that was issued and not cancelled.

    It is open while its condition lasts; of the open ones, one for each (domain, rule family)
    takes further hits, for 30 days after the last.  What has ended, or what people have done with,
    is past: it waits for a source to take its facts back, and for a repetition, which is told of
    it (``last_hit`` 0: a false alarm, which nothing repeats).

    Shapes:
        ``told`` has a bit for each measure that people were told of, 1 << its rank; ``issued`` is
        when that was last.  States of before these two were kept have 0 in both.
    """

    id: str
    family: str
    domain: str
    rule: str
    measure: int
    opened: int
    last_hit: int
    facts: list[int]
    place: str = ""
    number: str = ""
    told: int = 0
    issued: int = 0


class Learned(msgspec.Struct, array_like=True, gc=False):
    """What the model last said: the only part of a state that depends on a model's version."""

    probability: float = -1.0  # -1: no model has spoken
    version: str = ""
    live: Standing = msgspec.field(default_factory=Standing)


class Archive(msgspec.Struct, array_like=True, gc=False):
    """Outcomes too old to be kept as facts: counts for the model's features.

    ``heard`` are the last of their events, by 32 bits of each identity: what has taught the model
    must not teach it again when a source sends all its records anew.
    """

    outcomes: int = 0
    failures: int = 0
    heard: list[int] = msgspec.field(default_factory=list)

    def has_heard(self, identity: int) -> bool:
        """Return whether an outcome of this event has been learned from."""
        return bool(self.heard) and identity & _HEARD_BITS in self.heard

    def hearing(self, identities: Iterable[int]) -> list[int]:
        """Return ``heard`` after some more events."""
        return [*self.heard, *(one & _HEARD_BITS for one in identities)][-MAX_HEARD:]


class EnterpriseState(msgspec.Struct, array_like=True, gc=False):
    """All that is remembered of one enterprise.

    Shapes:
        ``register`` is who the enterprise is by its registration (until that is known, the name in
        the first record that says one), ``profile`` with all changes.
        ``epoch, partition, offset`` name the last event applied: a replayed one is skipped.
        ``rule`` is the standing by rules and facts alone; ``learned`` carries the model's part.
        ``low_score, low_at`` is the lowest score by rules of the last 30 days.
        ``told_score, told_rank, told_rules`` are what the last published risk card said (rank -1:
        none yet).
        ``judged`` is up to which moment the rules on time have been judged, ``withheld`` the same
        for those that a silent feed held back, by feed; ``wake_at`` the next
        moment after it at which time alone may change something (0: none): a timer sends a
        deadline event then.

    Units:
        ``as_of`` is the enterprise's own clock: the latest event time seen, in seconds.
    """

    schema: int = SCHEMA
    epoch: int = 0
    partition: int = -1
    offset: int = -1
    as_of: int = 0
    profile: Profile = msgspec.field(default_factory=Profile)
    register: Profile = msgspec.field(default_factory=Profile)
    facts: list[Fact] = msgspec.field(default_factory=list)
    marks: list[Mark] = msgspec.field(default_factory=list)
    rule: Standing = msgspec.field(default_factory=Standing)
    learned: Learned = msgspec.field(default_factory=Learned)
    low_score: float = 0.0
    low_at: int = 0
    open_warnings: list[OpenWarning] = msgspec.field(default_factory=list)
    past_warnings: list[OpenWarning] = msgspec.field(default_factory=list)
    archive: Archive = msgspec.field(default_factory=Archive)
    recent: list[int] = msgspec.field(default_factory=list)
    told_score: int = -1
    told_rank: int = -1
    told_rules: int = 0
    judged: int = 0
    wake_at: int = 0
    withheld: dict[str, int] = msgspec.field(default_factory=dict)
    trouble: Trouble = CALM  # what the neighbours were told

    def has_applied(self, *, epoch: int, partition: int, offset: int) -> bool:
        """Return whether the event at this place of the log is already in the state."""
        return self.epoch == epoch and self.partition == partition and self.offset >= offset


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(EnterpriseState)
# Under it a state is a handful of facts, and packing would save less than Redis's own overhead.
PACK_FROM_BYTES = 512
# Level 1 takes 3.6 us for two kilobytes and leaves a third; level 3 takes twice that for 2 % more.
_LEVEL = 1
_PACKED = b"\x28\xb5\x2f\xfd"  # a zstd frame begins so; msgpack never begins with 0x28


def encode(state: EnterpriseState) -> bytes:
    """Return the state as msgpack, an array with the schema's number first; packed if large.

    Source:
        Measured on the simulated county: 20 facts are 2,150 bytes of msgpack and 740 packed with
        a dictionary of such states (docs/decisions/0016-packed-states.md).
    """
    raw = _ENCODER.encode(state)
    return raw if len(raw) < PACK_FROM_BYTES else _packer().compress(raw)


@functools.cache
def _packer() -> zstandard.ZstdCompressor:
    return zstandard.ZstdCompressor(level=_LEVEL, dict_data=_dictionary(), write_checksum=True)


@functools.cache
def _unpacker() -> zstandard.ZstdDecompressor:
    return zstandard.ZstdDecompressor(dict_data=_dictionary())


@functools.cache
def _dictionary() -> zstandard.ZstdCompressionDict:
    """Return what states have in common; ``tests/train_dictionary.py`` makes it anew."""
    raw = resources.files("detectors").joinpath("state.zdict").read_bytes()
    return zstandard.ZstdCompressionDict(raw)


def decode(raw: bytes) -> EnterpriseState:
    """Return the stored state.

    Raises:
        IncompatibleStateError: the bytes are of another schema, or no state at all.

    >>> decode(encode(EnterpriseState(as_of=7))).as_of
    7
    """
    try:
        if raw.startswith(_PACKED):
            raw = _unpacker().decompress(raw)
        state = _DECODER.decode(raw)
    except (msgspec.DecodeError, zstandard.ZstdError) as error:
        raise IncompatibleStateError(
            f"the stored state cannot be read as schema {SCHEMA}: {error}; run the version that "
            f"wrote it, or replay the log into an empty Redis"
        ) from error
    if state.schema != SCHEMA:
        raise IncompatibleStateError(
            f"the stored state has schema {state.schema}, this program reads {SCHEMA}; run the "
            f"version that wrote it, or replay the log into an empty Redis"
        )
    return state
