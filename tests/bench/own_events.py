"""What did time and ties put on the log, and did they say what they had to, and no more?

The log holds our own events beside the sources': deadlines that fell due, signals of neighbours.
Where they stand between the sources' events differs from run to run, so the log as it was recorded
is what the core is given again; and beside it the records alone, with deadlines and signals made
anew, show whether the right ones were told.
"""

import dataclasses
import datetime as dt
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from detectors.deadline import SOURCE as TIMERS
from detectors.facts import FactKind
from detectors.meeting import SOURCE as NEIGHBOURS
from detectors.state import EnterpriseState
from streams.assembly import Wisdom
from streams.replay import Replay, replay
from tests.bench.comparison import Differences
from tests.bench.observed import Carried
from tests.bench.records import Fate, Planted

DEADLINE, SIGNAL, STRANGER = "deadline", "signal", "of nobody"
_SORTS = {TIMERS: DEADLINE, NEIGHBOURS: SIGNAL}
_FROM_NEIGHBOURS = frozenset(kind for kind in FactKind if kind.name.startswith("NEIGHBOUR_"))
Place = tuple[int, int]  # partition, offset


@dataclasses.dataclass(frozen=True, slots=True)
class Recorded:
    """The log as it was recorded.

    Shapes:
        ``records`` and their ``places`` side by side, each partition in its order; what stands
        behind the ``cut`` does so in every partition.
    """

    records: Sequence[Planted]
    places: Sequence[Place]
    cut: int

    def count(self, sort: str) -> int:
        """Return how many records are of a sort."""
        return sum(one.sort == sort for one in self.records)


def recorded(
    log: Iterable[Carried], planted: Sequence[Planted], places: Sequence[Place], *, cut: int
) -> Recorded:
    """Return what stands on the log: the planted records, each at its place, and our own.

    ``cut`` is a number of planted records: in each partition all from the first later one on lies
    behind it.
    """
    known = dict(zip(places, planted, strict=True))
    behind: dict[int, int] = {}
    for partition, offset in places[cut:]:
        behind[partition] = min(offset, behind.get(partition, offset))
    before, after = [], []
    heard: set[tuple[str, str]] = set()
    for carried in sorted(log, key=lambda one: (one.partition, one.offset)):
        place = carried.partition, carried.offset
        record = known.get(place) or _own(carried, heard)
        is_behind = place[0] in behind and place[1] >= behind[place[0]]
        (after if is_behind else before).append((place, record))
    both = [*before, *after]
    return Recorded([one for _, one in both], [place for place, _ in both], len(before))


def _own(carried: Carried, heard: set[tuple[str, str]]) -> Planted:
    """Return a record that no source published, with the fate that it must have."""
    said = json.loads(carried.value or b"{}")
    name = str(said.get("source")), str(said.get("id"))
    fate = Fate.DUPLICATE if name in heard else Fate.APPLIED
    heard.add(name)
    return Planted(_SORTS.get(name[0], STRANGER), carried.key, carried.value, fate)


def check_own(
    log: Recorded, planted: Sequence[Planted], wisdom: Wisdom, *, now: dt.datetime, until: int,
    found: Differences,
) -> None:  # fmt: skip
    """Note what was told for nothing, what was not told, and records of nobody.

    Units:
        ``until`` is the moment (event time, seconds) up to which all deadlines must be told.
    """
    found.note("record of nobody", [one for one in log.records if one.sort == STRANGER])
    run = Replay(wisdom.expertise, now=now)
    wakes: defaultdict[str, set[int]] = defaultdict(set)
    for record in _good(log.records):
        said = json.loads(record.value or b"{}")
        subject = str(said["subject"])
        if record.sort == DEADLINE and said["data"]["due"] not in wakes[subject]:
            found.note("deadline that no state had", [said["id"]])
        run.take(record.value or b"")
        if state := run.result.states.get(subject):
            wakes[subject].add(state.wake_at)
    states = run.result.states
    found.note(
        "deadline not told",
        [(uscc, state.wake_at) for uscc, state in states.items() if 0 < state.wake_at <= until],
    )
    alone = replay(
        [one.value or b"" for one in _good(planted)],
        wisdom.expertise,
        now=now,
        timers=True,
        neighbours=True,
        until=dt.datetime.fromtimestamp(until, dt.UTC),
    )
    heard, wanted = set(_neighbours(states)), set(_neighbours(alone.states))
    found.note("neighbour not told", wanted - heard)
    found.note("neighbour told for nothing", heard - wanted)


def _good(records: Sequence[Planted]) -> Iterator[Planted]:
    return (one for one in records if one.cause is None and one.value is not None)


def _neighbours(states: Mapping[str, EnterpriseState]) -> Iterator[tuple[str, str, int, float]]:
    """Yield what is known of neighbours at the end: who knows which trouble of whom."""
    for uscc, state in states.items():
        for fact in state.facts:
            if fact.kind in _FROM_NEIGHBOURS and fact.counts_at(state.as_of):
                yield uscc, FactKind(fact.kind).name, fact.ref, fact.weight
