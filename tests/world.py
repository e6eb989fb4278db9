"""Several enterprises and the junctions where they meet, in virtual time, without a shell.

Every event goes through the pure core; every signal comes back as an event, until all is quiet.
"""

import dataclasses
from collections import deque

from msgspec.structs import replace

from detectors import events as e
from detectors.card import contributions
from detectors.effects import Effect
from detectors.junction import Junction
from detectors.meeting import Meetings, Signal
from detectors.neighbour_rules import NeighbourRules
from detectors.neighbours import BondChanged
from detectors.uscc import synthetic
from tests import builders as b

# A loop would go on for ever; nothing tested here needs a tenth of it.
ENOUGH = 5000


def code(number: int) -> str:
    """Return the code of an enterprise."""
    return synthetic(number + 1)


def rules() -> NeighbourRules:
    """Return the shipped rules of neighbours."""
    return b.expertise().knowledge.neighbours


class World:
    """Enterprises and junctions; ``signals`` and ``changes`` keep all that was ever said."""

    def __init__(self, knowing: NeighbourRules | None = None) -> None:
        """Start empty, with the shipped rules unless told otherwise."""
        self.rules = knowing or rules()
        shipped = b.expertise()
        knowledge = replace(shipped.knowledge, neighbours=self.rules)
        self.knowing = dataclasses.replace(shipped, knowledge=knowledge)
        self.enterprises: dict[str, b.Enterprise] = {}
        self.meetings = Meetings(self.rules)
        self.changes: list[BondChanged] = []
        self.signals: list[Signal] = []
        self.effects: list[Effect] = []
        self.cut = 0
        self.told: list[tuple[int, e.Payload, float]] = []

    def has(self, number: int, data: e.Payload, *, day: float = 0, name: str = "") -> list[Signal]:
        """Let something happen to an enterprise; return the signals that follow from it."""
        self.told.append((number, data, day))
        before = len(self.signals)
        log = deque([b.event(data, day=day, name=name, subject=code(number))])
        for _ in range(ENOUGH):
            if not log:
                return self.signals[before:]
            for change in self.meets(log.popleft()):
                log += [signal.event for signal in self.takes(change)]
        raise AssertionError("the signals never end")

    def meets(self, happening: e.Event) -> list[BondChanged]:
        """Take one event through the core; return what the junctions must hear."""
        uscc = happening.subject
        enterprise = self.enterprises.setdefault(uscc, b.Enterprise(self.knowing))
        effects = enterprise.meets(happening)
        self.effects += effects
        changes = b.of_type(effects, BondChanged)
        self.changes += changes
        return changes

    def takes(self, change: BondChanged) -> tuple[Signal, ...]:
        """Let a junction hear of a change; return what it says."""
        meeting = self.meetings.hear(change)
        self.signals += meeting.signals
        self.cut += meeting.cut
        return meeting.signals

    @property
    def junctions(self) -> dict[int, Junction]:
        """Return the junctions, by number."""
        return self.meetings.junctions

    def points(self, number: int) -> dict[str, float]:
        """Return what the neighbours' indicators contribute to an enterprise's score."""
        enterprise = self.enterprises[code(number)]
        return {
            line.indicator: line.points
            for line in contributions(enterprise.state, enterprise.knowing)
            if line.indicator[0] == "R" or line.indicator == "B06"
        }

    def founds(self, number: int, *, day: float = 0, **ties: str) -> list[Signal]:
        """Register an enterprise with a legal representative, an agent, an address."""
        data = e.Established(name=f"企业{number}", established_on=b.on(day).date(), **ties)
        return self.has(number, data, day=day, name=f"founded-{number}")
