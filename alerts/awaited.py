"""For whose signature is a warning waiting, and until when?  One note for each message of issue.

Whoever plans the messages of a warning notes when its time to sign ends: from when people are told,
so it is the moment that their letter prints.  Somebody looks again when it is over, at an hour at
which people may be told of it.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Protocol

import msgspec

from alerts.batched import bundle_id
from alerts.hours import Span, at_work, awake
from alerts.rendering import Renderer
from alerts.responsibility import Duty
from detectors.warning import EarlyWarning
from detectors.working_days import LimitUnit, WorkingDays


class Awaited(msgspec.Struct, frozen=True, kw_only=True):
    """A warning, as it was issued at one measure, that somebody must sign for.

    Shapes:
        ``name`` is the warning and its measure; all warnings of a bundle share one, for their
        readers were told once.

    Units:
        ``told_at`` is when people were told, ``sign_by`` what they were told; ``look_at`` is when
        somebody looks whether they did.
    """

    name: str
    warning: EarlyWarning
    told_at: dt.datetime
    sign_by: dt.datetime
    look_at: dt.datetime


def awaited(
    warning: EarlyWarning,
    duty: Duty,
    *,
    told_at: dt.datetime,
    renderer: Renderer,
    calendar: WorkingDays,
    quiet: Span | None,
) -> Awaited | None:
    """Return what is to be noted of an issued warning; None where nobody is told when it is missed.

    A limit in days ends at midnight: what is not urgent is looked at when the office opens, so
    that nobody is chased on a Sunday, and who signs in the morning is not chased at all.
    """
    rung = duty.rung
    if not rung.overdue_to:
        return None
    sign_by = renderer.sign_by(duty, told_at)
    look_at = sign_by
    if rung.acknowledge.unit is not LimitUnit.HOURS:
        look_at = at_work(look_at, duty.office, calendar)
    return Awaited(
        name=name_of(warning, duty),
        warning=warning,
        told_at=told_at,
        sign_by=sign_by,
        look_at=look_at if duty.urgent else awake(look_at, quiet),
    )


def name_of(warning: EarlyWarning, duty: Duty) -> str:
    """Return under which name a warning waits at its measure."""
    return bundle_id(warning, duty) if warning.batched else f"{warning.id}/{warning.measure}"


class Signatures(Protocol):
    """Where it is noted who waits.  All methods may raise ``LogUnreachableError``."""

    async def expect(self, those: Sequence[Awaited]) -> None:
        """Note what waits; of a name that waits already the first deadline stands."""
        ...

    async def due(self, now: dt.datetime, *, limit: int) -> tuple[str, ...]:
        """Return the names to be looked at by ``now``, the longest overdue first."""
        ...

    async def of(self, name: str) -> tuple[Awaited, ...]:
        """Return what waits under a name, by warning."""
        ...

    async def settle(self, name: str, warnings: Sequence[str]) -> None:
        """Forget some warnings of a name, and the name once none is left."""
        ...

    async def put_off(self, name: str, until: dt.datetime) -> None:
        """Look at a name later; one that waits no more stays away."""
        ...


class MemorySignatures:
    """The twin of the Redis store."""

    def __init__(self) -> None:
        self._look_at: dict[str, dt.datetime] = {}
        self._waiting: dict[str, dict[str, Awaited]] = {}

    async def expect(self, those: Sequence[Awaited]) -> None:
        """Note what waits."""
        for one in those:
            self._look_at.setdefault(one.name, one.look_at)
            self._waiting.setdefault(one.name, {}).setdefault(one.warning.id, one)

    async def due(self, now: dt.datetime, *, limit: int) -> tuple[str, ...]:
        """Return the names to be looked at."""
        over = sorted((at, name) for name, at in self._look_at.items() if at <= now)
        return tuple(name for _, name in over[:limit])

    async def of(self, name: str) -> tuple[Awaited, ...]:
        """Return what waits under a name."""
        return by_warning(self._waiting.get(name, {}).values())

    async def settle(self, name: str, warnings: Sequence[str]) -> None:
        """Forget some warnings of a name."""
        waiting = self._waiting.get(name, {})
        for one in warnings:
            waiting.pop(one, None)
        if not waiting:
            self._waiting.pop(name, None)
            self._look_at.pop(name, None)

    async def put_off(self, name: str, until: dt.datetime) -> None:
        """Look at a name later."""
        if name in self._look_at:
            self._look_at[name] = until


def by_warning(those: Iterable[Awaited]) -> tuple[Awaited, ...]:
    """Return what waits in an order that follows from the warnings alone."""
    return tuple(sorted(those, key=lambda one: one.warning.id))
