"""What does a change of one bond make of a junction, and whom does the junction tell what?

A junction is a state machine of its own: ``meet`` takes one change, works out what each member
ought to know, and speaks only where that differs from what it was told.  So a lost or repeated
change mends itself with the next, and a signal that ends is told to whoever heard it begin.
Signals change nothing that a junction hears of, so they never cause signals.
"""

import datetime as dt
from collections.abc import Mapping
from typing import cast

import msgspec
from msgspec.structs import replace

from detectors import events as e
from detectors.concerns import Wish, wishes_of
from detectors.facts import DAY_S, hash_of
from detectors.junction import REGISTERED, Junction, Kind, Member, Told
from detectors.neighbour_rules import NeighbourRules
from detectors.neighbours import BondChanged, Relation
from detectors.warning import CHINA

SOURCE = "urn:sanzao:neighbours"
# Bonds that are gone are remembered for a while: a worker that lost its partition may still tell
# of them as they were.  It is late by seconds; thirty-two changes of one junction take longer.
KEEP_GONE = 32


class Signal(msgspec.Struct, frozen=True, gc=False):
    """An event for a member; ``partition`` is its own in the log, -1 where that is not known."""

    event: e.Event
    partition: int


class Meeting(msgspec.Struct, frozen=True, gc=False):
    """What came of a change: ``cut`` members ought to have heard, beyond the fan-out."""

    junction: Junction
    signals: tuple[Signal, ...] = ()
    cut: int = 0


def meet(junction: Junction, change: BondChanged, rules: NeighbourRules) -> Meeting:
    """Return the junction after a change, and whom it tells what.

    A change that the junction has seen, or that is older than what it has seen of this bond,
    changes nothing and tells nobody.
    """
    place = _place_of(junction, change)
    if place >= 0:
        known = junction.members[place]
        if (known.epoch, known.offset) >= (change.epoch, change.offset):
            return Meeting(junction)
    # Nobody who was told is let go, and nobody is told who is let go: first bounded, then told.
    junction = _bounded(_taken_in(junction, change, place), rules)
    wishes, cut = wishes_of(junction, change, rules)
    telling = _Telling(change, junction.clock, rules.registrations.window_days)
    members, signals = [], []
    for member in junction.members:
        told, said = telling.of(member, wishes.get(id(member), {}))
        members.append(replace(member, told=told) if told != member.told else member)
        signals += said
    return Meeting(replace(junction, members=tuple(members)), tuple(signals), cut)


class Meetings:
    """All junctions in memory: what a replay has in the place of the neighbours' agent."""

    def __init__(self, rules: NeighbourRules) -> None:
        self.rules = rules
        self.junctions: dict[int, Junction] = {}

    def hear(self, change: BondChanged) -> Meeting:
        """Let a junction hear of a change; return what came of it."""
        meeting = meet(self.junctions.get(change.junction, Junction()), change, self.rules)
        self.junctions[change.junction] = meeting.junction
        return meeting


def _place_of(junction: Junction, change: BondChanged) -> int:
    for place, member in enumerate(junction.members):
        if member.uscc == change.member and member.relation == change.relation:
            return place
    return -1


def _taken_in(junction: Junction, change: BondChanged, place: int) -> Junction:
    known = junction.members[place] if place >= 0 else None
    member = Member(
        uscc=change.member,
        relation=change.relation,
        linked=change.linked,
        hears=change.hears and change.linked,
        since=change.since,
        strength=change.strength,
        severity=change.trouble.severity if change.speaks and change.linked else 0.0,
        product=change.trouble.product if change.speaks and change.linked else 0.0,
        product_at=change.trouble.product_at,
        epoch=change.epoch,
        partition=change.partition,
        offset=change.offset,
        told=known.told if known else (),
    )
    unlisted = junction.unlisted
    if known is None and not change.fresh and change.relation == Relation.ADDRESS:
        unlisted = max(0, unlisted - 1)  # it was here, and had been let go
    members = list(junction.members)
    if known is not None:
        del members[place]
    members.append(member)  # in the order in which they were last heard of
    return replace(
        junction, clock=max(junction.clock, change.at), unlisted=unlisted, members=tuple(members)
    )


class _Telling(msgspec.Struct, frozen=True, gc=False):
    """How a change is told: the signals of one meeting share its cause and its moment."""

    change: BondChanged
    clock: int
    window_days: int

    def of(
        self, member: Member, wishes: Mapping[str, Wish]
    ) -> tuple[tuple[Told, ...], list[Signal]]:
        """Return what a member knows afterwards, and the signals that make it so."""
        told, signals = [], []
        for known in member.told:
            wish = wishes.get(known.kind)
            if wish == Wish.of(known):
                told.append(known)
            elif not known.until or known.until > self.clock:
                ended = self._ended(member, known, is_replaced=wish is not None)
                signals.append(Signal(ended, member.partition))
        kept = {known.kind for known in told}
        for kind, wish in wishes.items():
            if kind in kept:
                continue
            news = Told(
                kind, self._id(member, kind, wish), wish.neighbour, wish.severity, wish.strength,
                wish.until, wish.count, wish.leads,
            )  # fmt: skip
            told.append(news)
            signals.append(Signal(self._begun(member, news), member.partition))
        return tuple(told), signals

    def _id(self, member: Member, kind: str, wish: Wish) -> str:
        """Return an id that follows from the cause, so that a second sending is recognised."""
        change = self.change
        cause = hash_of(
            f"{change.junction:x}", member.uscc, member.relation, kind, wish.neighbour,
            f"{wish.severity}", change.member, change.relation, change.cause,
            f"{change.epoch}/{change.offset}",
        )  # fmt: skip
        return f"n-{cause:016x}"

    def _begun(self, member: Member, told: Told) -> e.Event:
        return self._event(told.signal, member, self._payload(member, told))

    def _ended(self, member: Member, told: Told, *, is_replaced: bool) -> e.Event:
        # Registrations are not undone by time: a crowd that is gone before its end never was one.
        never_was = told.kind == Kind.MASS and not is_replaced
        op = e.Op.REVOKE if never_was else e.Op.EXPIRE
        payload = self._payload(member, told)
        ended = replace(payload, op=op, supersedes=told.signal, ended=True)
        return self._event(f"{told.signal}/end", member, ended)

    def _event(self, identity: str, member: Member, data: e.Payload) -> e.Event:
        time = dt.datetime.fromtimestamp(self.change.at, CHINA)
        return e.event_of(data, id=identity, source=SOURCE, subject=member.uscc, time=time)

    def _payload(self, member: Member, told: Told) -> e.NeighbourTrouble | e.NeighbourDensity:
        until = dt.datetime.fromtimestamp(told.until, CHINA).date() if told.until else None
        if told.kind in {Kind.TROUBLE, Kind.PRODUCT}:
            return e.NeighbourTrouble(
                neighbour=told.neighbour,
                relation=cast("e.NeighbourRelation", member.relation),
                severity=told.severity,
                strength=told.strength,
                until=until,
            )
        is_mass = told.kind == Kind.MASS
        return e.NeighbourDensity(
            relation=cast("e.CrowdRelation", REGISTERED.get(member.relation, "address")),
            count=told.count,
            window_days=self.window_days if is_mass else 0,
            severity=told.severity,
            until=until,
            leads=told.leads,
        )


def _bounded(junction: Junction, rules: NeighbourRules) -> Junction:
    """Let go of what nobody needs: old registrations, bonds long gone, idle members beyond most."""
    oldest = junction.clock - 2 * rules.registrations.window_days * DAY_S
    members = [
        member
        for member in junction.members
        if member.told or member.relation not in REGISTERED or member.since > oldest
    ]
    forgotten = {id(member) for member in [m for m in members if m.is_gone][:-KEEP_GONE]}
    members = [member for member in members if id(member) not in forgotten]
    unlisted = junction.unlisted
    excess = sum(not member.is_gone for member in members) - rules.most_members
    if excess > 0:
        untold = [m for m in members if not m.told and not m.is_gone]
        untold.sort(key=lambda m: (not m.is_idle, m.since, m.uscc, m.relation))
        leaving = {id(member) for member in untold[:excess]}
        unlisted += sum(id(m) in leaving and m.relation == Relation.ADDRESS for m in members)
        members = [member for member in members if id(member) not in leaving]
    if len(members) == len(junction.members):
        return junction
    return replace(junction, members=tuple(members), unlisted=unlisted)
