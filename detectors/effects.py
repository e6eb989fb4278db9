"""What can an event make the world hear?  The effects of one step."""

import datetime as dt

import msgspec

from detectors.assessment import Assessment
from detectors.example import Example
from detectors.handling import Handled
from detectors.measure import RiskClass
from detectors.neighbours import BondChanged
from detectors.told import Told
from detectors.warning import EarlyWarning


class Position(msgspec.Struct, frozen=True, gc=False):
    """Where an event stands in the log: the epoch changes when the log itself starts anew."""

    epoch: int
    partition: int
    offset: int


class CardDue(msgspec.Struct, frozen=True, gc=False):
    """The risk card of the enterprise has changed; the last of a batch is published.

    ``assessment`` is what the indicators said, so that the card need not ask them again.
    """

    assessment: Assessment


class Skipped(msgspec.Struct, frozen=True, gc=False):
    """The event changed nothing, for a reason that is counted."""

    reason: str


REPLAYED = Skipped("replayed")  # this place of the log is already in the state
DUPLICATE = Skipped("duplicate")  # the same source said it before
UNKNOWN_FACT = Skipped("unknown_fact")  # taken back before it came: a tombstone waits for it


class LetGo(msgspec.Struct, frozen=True, gc=False):
    """Facts in force that a state has no room for: nothing will be said of them any more.

    ``kinds`` has the kind of each, by name.
    """

    uscc: str
    kinds: tuple[str, ...]


class ClassChanged(msgspec.Struct, frozen=True, kw_only=True):
    """The live class of an enterprise has changed (never the official class of the month)."""

    uscc: str
    before: RiskClass
    after: RiskClass
    score: float
    at: dt.datetime
    cause: str
    knowledge_version: str
    model_version: str


Effect = (
    EarlyWarning | Handled | Example | ClassChanged | Told | BondChanged | CardDue | LetGo | Skipped
)
