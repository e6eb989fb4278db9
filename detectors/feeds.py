"""Which source has fallen silent, so that nothing may be concluded from what it does not say?

A rule that fires because something is absent (no annual report, no renewal) rests on the feed
that would have told of it.  While that feed is late, the absence is not the enterprise's fault
(W29; domain reference §4.5).
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated

import msgspec
from msgspec import Meta

from detectors.warning import CHINA
from detectors.working_days import Limit, WorkingDays

ANY = "*"


class InvalidFeedsError(ValueError):
    """A feed is described so that it could never speak; the operator mends feeds.yaml."""


class Feed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One source department's feed.

    ``events`` are event types, ``sources`` the CloudEvents sources that send them (all, where
    none is named); a trailing ``*`` stands for the rest of the name.  ``sla`` is how long it may
    say nothing, ``tell`` who is told when it says nothing for longer.  ``live_from`` is the day
    from which it must speak; a feed without one raises no alarm.
    """

    code: Annotated[str, Meta(pattern=r"^[a-z][a-z_]{1,30}$")]
    name: Annotated[str, Meta(min_length=1)]
    events: Annotated[tuple[str, ...], Meta(min_length=1)]
    sla: str
    sources: tuple[str, ...] = ()
    tell: str = "信息中心"
    live_from: dt.date | None = None

    def __post_init__(self) -> None:
        """Refuse an SLA that no calendar could count."""
        Limit.parse(self.sla)

    def covers(self, source: str, type_: str) -> bool:
        """Return whether an event of this source and type came by this feed."""
        return is_named(type_, self.events) and (not self.sources or is_named(source, self.sources))


class FeedsDocument(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The document ``feeds.yaml``."""

    version: str
    feeds: tuple[Feed, ...]


class Heard(msgspec.Struct, frozen=True, order=True):
    """When a feed was last heard of.

    Units:
        Seconds; ``event`` is the latest event time, ``arrival`` when the log last took one.
    """

    event: int = 0
    arrival: int = 0

    def or_later(self, other: "Heard") -> "Heard":
        """Return the later of both, each for itself."""
        return Heard(max(self.event, other.event), max(self.arrival, other.arrival))


class Feeds(msgspec.Struct, frozen=True):
    """All feeds, and the calendar that counts their SLAs."""

    feeds: tuple[Feed, ...]
    calendar: WorkingDays

    @property
    def codes(self) -> tuple[str, ...]:
        """Return the codes, a closed set for metrics."""
        return tuple(feed.code for feed in self.feeds)

    def covering(self, source: str, type_: str) -> tuple[str, ...]:
        """Return the codes of the feeds by which such an event comes."""
        return tuple(feed.code for feed in self.feeds if feed.covers(source, type_))

    def silent(self, last: Mapping[str, int], *, now: int) -> tuple[str, ...]:
        """Return the feeds that an operator must hear of: live, and late beyond their SLA.

        Units:
            ``last`` holds when each was last heard of, ``now`` the moment to judge by: both
            arrivals on the wall clock, or both event times.
        """
        return tuple(
            feed.code
            for feed in self.feeds
            if feed.live_from is not None and self._is_late(feed, last.get(feed.code, 0), now)
        )

    def unsure(self, last: Mapping[str, int], *, now: int) -> tuple[str, ...]:
        """Return the feeds from whose silence nothing follows: late, or never heard of at all.

        A feed that is not declared live but speaks is taken at its word: late by its SLA, it is
        unsure too, though nobody is alarmed.
        """
        return tuple(
            feed.code
            for feed in self.feeds
            if feed.code not in last or self._is_late(feed, last[feed.code], now)
        )

    def _is_late(self, feed: Feed, last: int, now: int) -> bool:
        since = dt.datetime.fromtimestamp(last, CHINA)
        if feed.live_from is not None:
            began = dt.datetime.combine(feed.live_from, dt.time(), tzinfo=CHINA)
            since = max(since, began)
        due = self.calendar.due(Limit.parse(feed.sla), since)
        return due.has_passed(dt.datetime.fromtimestamp(now, CHINA))


def parse_feeds(
    document: object,
    *,
    calendar: WorkingDays,
    types: Iterable[str],
    file: str = "feeds.yaml",
) -> Feeds:
    """Return the feeds that a document describes.

    Raises:
        InvalidFeedsError: a key is unknown or of the wrong type, a code occurs twice, or a feed
            covers none of the event ``types`` there are; names file and feed.
    """
    try:
        found = msgspec.convert(document, FeedsDocument)
    except msgspec.ValidationError as error:
        raise InvalidFeedsError(f"{file}: {error}") from error
    problems = [f"{file}: {problem}" for problem in _problems(found.feeds, tuple(types))]
    if problems:
        raise InvalidFeedsError("\n".join(problems))
    return Feeds(found.feeds, calendar)


def _problems(feeds: tuple[Feed, ...], types: tuple[str, ...]) -> Iterator[str]:
    seen: set[str] = set()
    for feed in feeds:
        if feed.code in seen:
            yield f"feeds: {feed.code!r} occurs twice; 编号重复，请各写各的。give each feed its own"
        seen.add(feed.code)
        for pattern in feed.events:
            if not any(is_named(type_, (pattern,)) for type_ in types):
                yield (
                    f"feeds.{feed.code}.events: {pattern!r} is no event type of docs/events.md; "
                    f"请写事件类型，或其开头加 *。write one, or the beginning of some and a *"
                )


def is_named(name: str, patterns: tuple[str, ...]) -> bool:
    """Return whether a name is one of the patterns; a trailing ``*`` stands for the rest.

    >>> is_named("urn:henan:amr:lists", ("urn:henan:amr:*",)), is_named("urn:henan:amr", ())
    (True, False)
    """
    return any(
        name.startswith(pattern[:-1]) if pattern.endswith(ANY) else name == pattern
        for pattern in patterns
    )
