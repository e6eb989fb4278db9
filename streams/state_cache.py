"""Which states need not be read again?  Those this worker wrote itself, while the fence is its own.

Most batches meet enterprises that an earlier batch has met.  Their decoded states are exact for as
long as the partition's fence is the one this worker wrote last: whoever else writes moves it.
"""

import dataclasses
from collections.abc import Mapping

from detectors.state import EnterpriseState

# A county has some 20,000 enterprises; a state takes about 2 KiB in memory, so a worker with all
# of a large city's in four partitions stays under half a gibibyte.
MAX_STATES = 50_000


@dataclasses.dataclass(slots=True)
class _Kept:
    fence: bytes = b""
    states: dict[str, EnterpriseState] = dataclasses.field(default_factory=dict)


class StateCache:
    """The states of each partition as this worker wrote them, and the fence that vouches for them.

    States are never changed in place (``detectors.step``), so they can be handed out as they are.
    """

    def __init__(self, *, max_states: int = MAX_STATES) -> None:
        self._max_states = max_states
        self._partitions: dict[int, _Kept] = {}

    def states(self, partition: int) -> Mapping[str, EnterpriseState]:
        """Return what is kept of a partition; it holds only while the fence is unchanged."""
        kept = self._partitions.get(partition)
        return kept.states if kept else {}

    def is_vouched_for(self, partition: int, fence: bytes) -> bool:
        """Return whether the partition's fence is still the one these states were written under."""
        kept = self._partitions.get(partition)
        return kept is not None and kept.fence == fence

    def keep(self, partition: int, fence: bytes, states: Mapping[str, EnterpriseState]) -> None:
        """Keep what was written under a fence; start anew where it is full."""
        kept = self._partitions.setdefault(partition, _Kept())
        if len(kept.states) + len(states) > self._max_states:
            kept.states = {}
        kept.states.update(states)
        kept.fence = fence

    def drop(self, partition: int) -> None:
        """Forget a partition: somebody else may have written it."""
        self._partitions.pop(partition, None)
