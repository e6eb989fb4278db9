"""When is the worker killed, and what was it doing at that moment?"""

import dataclasses
import random
import time
from collections.abc import Mapping, Sequence

from streams.devstack.processes import Server
from tests.bench.observed import Observer
from tests.bench.producing import Source

PROCESSING, STARTING = "processing", "starting"
# The watcher looks this often; a batch takes longer.
LOOK_EVERY_S = 0.004
# A worker that stored something this recently, with records left, was in its next batch.  Where
# the same process learns, six experts hold the loop for some tenths of a second between two writes.
JUST_NOW_S = 1.0
# Longer than a group takes to share out its partitions anew, so that a kill falls behind it.
STANDS_STILL_S = 20.0
# Fewer records than this may still be on their way to the broker.
FEW = 10


@dataclasses.dataclass(frozen=True, slots=True)
class Kill:
    """One planned kill: after a ``share`` of the backlog, or ``delay_s`` after the start."""

    moment: str
    share: float
    delay_s: float


@dataclasses.dataclass(frozen=True, slots=True)
class Hit:
    """What one kill found.

    Units:
        ``after_s`` since the worker's start; the others are records of the log, our own among
        them: ``stored`` behind the fences, ``waiting`` published and not stored, ``unacknowledged``
        stored, not committed.
    """

    moment: str
    after_s: float
    stored: int
    waiting: int
    unacknowledged: int
    mid_batch: bool

    def __str__(self) -> str:
        where = "mid-batch" if self.mid_batch else "not in a batch"
        return (
            f"{self.moment}, {self.after_s:.2f} s after start, {where}: stored={self.stored} "
            f"waiting={self.waiting} unacknowledged={self.unacknowledged}"
        )


def planned_kills(count: int, *, seed: int) -> list[Kill]:
    """Return seeded kills: the second hits a worker that starts, the others one at work.

    >>> [kill.moment for kill in planned_kills(3, seed=1)]
    ['processing', 'starting', 'processing']
    """
    chance = random.Random(seed)
    return [
        Kill(
            STARTING if number == 1 else PROCESSING,
            share=chance.uniform(0.1, 0.8),
            delay_s=chance.uniform(0.2, 4.0) if number == 1 else chance.uniform(0.0, 0.03),
        )
        for number in range(count)
    ]


def was_mid_batch(
    *,
    at_kill: Sequence[int],
    later: Sequence[int],
    sent: Mapping[int, int],
    idle_s: Sequence[float],
) -> bool:
    """Return whether the killed worker was in a batch.

    Its partitions are those that stood still after: one that moves on belongs to another worker.
    It was in a batch where one of them had moved just before (``idle_s`` since), and one, the same
    or another, for a batch is of all of them, had records left (``sent``, the log's end as far as
    receipts tell, against the stored offset ``at_kill``).
    """
    its = [
        partition
        for partition, (stored, after) in enumerate(zip(at_kill, later, strict=True))
        if stored == after
    ]
    moved = any(idle_s[partition] < JUST_NOW_S for partition in its)
    return moved and any(sent[partition] - (at_kill[partition] + 1) > FEW for partition in its)


class Killer:
    """Kills a worker at planned moments while records flow."""

    def __init__(self, observer: Observer, source: Source) -> None:
        self._observer = observer
        self._source = source
        self.hits: list[Hit] = []
        self.since_kill_s: list[float] = []

    def kill(self, worker: Server, kill: Kill, *, launched_at: float, upto: int) -> None:
        """Kill a launched worker at the planned moment, and note what it was doing.

        ``upto`` is how many records are or will be published before the next life begins.
        """
        if kill.moment == STARTING:
            time.sleep(kill.delay_s)
            moved = [time.monotonic() - 1e6] * len(self._observer.fences())
        else:
            worker.await_ready()
            moved = self._await_share(kill, upto)
            time.sleep(kill.delay_s)
        now = time.monotonic()
        worker.kill()
        fences = self._observer.fences()
        sent = dict(self._source.reached)
        committed = self._observer.committed()
        time.sleep(JUST_NOW_S)
        acknowledged = sum(
            offset
            for (topic, _), offset in committed.items()
            if topic.startswith("enterprise.event")
        )
        stored = _behind(fences)
        self.hits.append(
            Hit(
                kill.moment,
                after_s=now - launched_at,
                stored=stored,
                waiting=max(0, sum(sent.values()) - stored),
                unacknowledged=max(0, stored - acknowledged),
                mid_batch=was_mid_batch(
                    at_kill=fences,
                    later=self._observer.fences(),
                    sent={p: sent.get(p, 0) for p in range(len(fences))},
                    idle_s=[now - one for one in moved],
                ),
            )
        )

    def _await_share(self, kill: Kill, upto: int) -> list[float]:
        """Wait until a share of what is left is stored; return when each partition moved last.

        Returns at the moment of a write behind which records wait, where there is one in time.
        """
        fences = self._observer.fences()
        begun = _behind(fences)
        target = begun + max(1, int(kill.share * (upto - begun)))
        begun_at = time.monotonic()
        moved = [begun_at - 1e6] * len(fences)
        # Where nothing moves any more, the kill falls where it falls, and is told so.
        while time.monotonic() - max(begun_at, *moved) < STANDS_STILL_S:
            time.sleep(LOOK_EVERY_S)
            before, fences = fences, self._observer.fences()
            moved = [
                last if old == new else time.monotonic()
                for last, old, new in zip(moved, before, fences, strict=True)
            ]
            if _behind(fences) >= target and fences != before and self._records_wait(fences):
                break
        return moved

    def _records_wait(self, fences: Sequence[int]) -> bool:
        return any(
            self._source.reached.get(partition, 0) - (stored + 1) > FEW
            for partition, stored in enumerate(fences)
        )


def _behind(fences: Sequence[int]) -> int:
    return sum(offset + 1 for offset in fences)
