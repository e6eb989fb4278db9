"""Up to where may a partition be committed when its batches are acknowledged in any order?

And when: what was acknowledged is written to Redis, which may lose its last second or two
(docs/decisions/0017).  A commit that waits longer than that passes nothing that could be lost.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass


@dataclass(slots=True, eq=False)
class Delivery:
    """One batch handed to an agent.

    It is compared by identity: the same offsets delivered again, after a rebalance or a seek, are
    another delivery, and a late acknowledgement of the first one says nothing about the second.
    """

    last_offset: int
    acked: bool = False


class OrderedAcks:
    """The deliveries of one partition that cannot be committed yet, in order of delivery.

    It counts deliveries and never offsets, so the holes that compaction and transaction markers
    leave in a log mean nothing to it.  (Faust fills every hole below the highest acknowledged
    offset, and a batch that is still being worked on looks like a hole.)

    Shapes:
        Grows with the batches in flight, not with the records in them nor with the log.

    >>> acks = OrderedAcks()
    >>> first, second = acks.deliver(499), acks.deliver(730)
    >>> second.acked = True
    >>> print(acks.committable())
    None
    >>> first.acked = True
    >>> acks.committable()
    731
    """

    __slots__ = ("_committable", "_in_flight")

    def __init__(self) -> None:
        self._in_flight: deque[Delivery] = deque()
        self._committable: int | None = None

    def __len__(self) -> int:
        return len(self._in_flight)

    @property
    def all_acked(self) -> bool:
        """Whether everything that was delivered is acknowledged."""
        return all(delivery.acked for delivery in self._in_flight)

    def deliver(self, last_offset: int) -> Delivery:
        """Note that the records up to ``last_offset`` go to an agent now.

        Raises:
            ValueError: a batch at or beyond ``last_offset`` is in flight already; the caller moved
                back in the log without saying ``rewind``.
        """
        if self._in_flight and last_offset <= self._in_flight[-1].last_offset:
            raise ValueError(
                f"last_offset must be beyond {self._in_flight[-1].last_offset}, which is in "
                f"flight, got {last_offset}"
            )
        delivery = Delivery(last_offset)
        self._in_flight.append(delivery)
        return delivery

    def committable(self) -> int | None:
        """Return the offset after the last one before which everything is acknowledged.

        Asking changes nothing for the caller: a commit that got lost is found again by asking
        again.  None means that nothing was acknowledged yet.
        """
        while self._in_flight and self._in_flight[0].acked:
            done = self._in_flight.popleft().last_offset + 1
            if self._committable is None or done > self._committable:
                self._committable = done
        return self._committable

    def rewind(self, offset: int) -> None:
        """Forget the deliveries that reading from ``offset`` on will bring again.

        Those wholly before ``offset`` stay: nobody will deliver them a second time, so nothing may
        be committed past them until they are acknowledged.
        """
        while self._in_flight and self._in_flight[-1].last_offset >= offset:
            self._in_flight.pop()


class Seasoned:
    """The acknowledgements of one partition, each held back until it is old enough.

    Shapes:
        Grows with the times it is asked between two moments that are vouched for, not with the log.

    Units:
        ``now``, ``vouched`` and ``after`` are seconds of one clock that never goes back.

    >>> acknowledged = Seasoned()
    >>> acknowledged.ripe(500, now=7.0, vouched=7.0, after=2.0) is None
    True
    >>> acknowledged.ripe(731, now=9.5, vouched=9.0, after=2.0)
    500
    """

    __slots__ = ("_held", "_ripe")

    def __init__(self) -> None:
        self._held: deque[tuple[float, int]] = deque()
        self._ripe: int | None = None

    def ripe(
        self, acknowledged: int | None, *, now: float, vouched: float, after: float
    ) -> int | None:
        """Take what is acknowledged now; return what was so ``after`` seconds before ``vouched``.

        ``vouched`` is the last moment at which the store was seen alive: what it was told just
        before its death grows no safer while it is dead.  A store that loses nothing (``after`` is
        0) needs nobody to vouch for it.
        """
        if not after:
            return acknowledged
        newest = self._held[-1][1] if self._held else self._ripe
        if acknowledged is not None and (newest is None or acknowledged > newest):
            self._held.append((now, acknowledged))
        while self._held and vouched - self._held[0][0] >= after:
            self._ripe = self._held.popleft()[1]
        return self._ripe
