"""What does the core alone, without any broker, make of the records?"""

import collections
import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence

import msgspec

from alerts.delivery import Way
from alerts.pipeline import plan_notifications
from detectors import state as states
from detectors.effects import Position
from detectors.events import Cause, decode
from detectors.example import Example
from detectors.expertise import Expertise
from detectors.state import EnterpriseState, Learned
from detectors.step import step
from detectors.warning import ENDS, EarlyWarning
from streams.assembly import Wisdom
from streams.replay import replay
from streams.topics import Topic
from tests.bench.records import Fate, Planted

Told = tuple[str, str, str, str]  # id, measure, status, revision: what a person is told once
Letter = tuple[str, bytes | None, bytes | None, str]  # topic, key, value, cause


@dataclasses.dataclass(frozen=True, slots=True)
class Expected:
    """What has to be found at the end.

    Shapes:
        ``warnings`` by what a person is told once; ``messages`` maps the id of each planned
        message to its way and to the id of the same person's message by SMS ("" for none);
        ``overtaken`` are messages that need not have left, for their warning ended soon after;
        ``places`` are known once the records are in the log.
    """

    states: Mapping[str, EnterpriseState]
    warnings: Mapping[Told, EarlyWarning]
    letters: collections.Counter[Letter]
    skipped: collections.Counter[str]
    messages: Mapping[str, tuple[Way, str]]
    applied: int
    fates_wrong: int
    overtaken: frozenset[str] = frozenset()
    places: Mapping[tuple[int, int], Planted] = dataclasses.field(default_factory=dict)

    def at(self, places: Sequence[tuple[int, int]], records: Sequence[Planted]) -> "Expected":
        """Return the same for records that the log has put at these (partition, offset)."""
        return dataclasses.replace(self, places=dict(zip(places, records, strict=True)))


def told(warning: EarlyWarning) -> Told:
    """Return what names a warning to a person."""
    return warning.id, warning.measure.value, warning.status.value, warning.revision


def comparable(state: EnterpriseState, *, learned: bool) -> bytes:
    """Return what two states of the same history must share, as bytes.

    Where the log put the events is left out; without ``learned``, so is the model's part: what it
    said (``learned``) and the card last published (``told_score``, ``told_rank``,
    ``told_rules``), which follows
    the score with the model.  All else follows from facts and rules.
    """
    common = msgspec.structs.replace(state, epoch=0, partition=-1, offset=-1)
    if not learned:
        common = msgspec.structs.replace(
            common, learned=Learned(), told_score=-1, told_rank=-1, told_rules=0
        )
    return states.encode(common)


def expectation(records: Sequence[Planted], wisdom: Wisdom, *, now: dt.datetime) -> Expected:
    """Return what the replay says must become of the records."""
    values = [one.value for one in records if not one.in_log_alone and one.value is not None]
    replayed = replay(values, wisdom.expertise, now=now)
    stated = collections.Counter(
        one.cause.value for one in records if one.cause and not one.in_log_alone
    )
    skipped = collections.Counter(
        one.fate.value for one in records if one.fate in (Fate.DUPLICATE, Fate.UNKNOWN_FACT)
    )
    wrong = (replayed.rejected - stated) + (stated - replayed.rejected)
    wrong += (replayed.skipped - skipped) + (skipped - replayed.skipped)
    return Expected(
        states=replayed.states,
        warnings={told(warning): warning for warning in replayed.warnings},
        letters=collections.Counter(letter_of(one, one.cause) for one in records if one.cause),
        skipped=skipped,
        messages=_messages(replayed.warnings, wisdom, now),
        applied=len(records) - sum(skipped.values()) - sum(1 for one in records if one.cause),
        fates_wrong=wrong.total(),
        overtaken=frozenset(_messages(_ending(replayed.warnings), wisdom, now)),
    )


def _ending(warnings: Sequence[EarlyWarning]) -> list[EarlyWarning]:
    """Return all that was said of the warnings that have ended by now."""
    over = {one.id for one in warnings if one.status in ENDS}
    return [one for one in warnings if one.id in over]


def letter_of(record: Planted, cause: Cause) -> Letter:
    """Return the dead letter that a record must become."""
    topic = Topic.QUARANTINE if cause is Cause.QUARANTINED_SUBJECT else Topic.DEAD
    return topic.value, record.key, record.value, cause.value


def _messages(
    warnings: Sequence[EarlyWarning], wisdom: Wisdom, now: dt.datetime
) -> dict[str, tuple[Way, str]]:
    desk = wisdom.desk
    found: dict[str, tuple[Way, str]] = {}
    for warning in warnings:
        plan = plan_notifications(
            warning, tree=desk.tree, ladder=desk.ladder, renderer=desk.renderer, now=now
        )
        texts = {one.person_id: one.id for one in plan.notifications if one.way is Way.SMS}
        found |= {one.id: (one.way, texts.get(one.person_id, "")) for one in plan.notifications}
    return found


@dataclasses.dataclass(frozen=True, slots=True)
class Looks:
    """Whose model speaks after each record ("" for none), and how many outcomes each may learn.

    ``domains`` stands in the order of the records.
    """

    domains: tuple[str, ...]
    outcomes: collections.Counter[str]


def looks(records: Sequence[Planted], expertise: Expertise, *, now: dt.datetime) -> Looks:
    """Return which domain's model is asked at each record."""
    current: dict[str, EnterpriseState] = {}
    domains = []
    outcomes: collections.Counter[str] = collections.Counter()
    for number, record in enumerate(records):
        if record.cause is not None or record.value is None:
            domains.append("")
            continue
        event = decode(record.value)
        state, effects = step(
            current.get(event.subject) or EnterpriseState(),
            event,
            expertise,
            now=now,
            position=Position(0, 0, number),
        )
        current[event.subject] = state
        domains.append(state.profile.domain)
        outcomes.update(
            one.domain for one in effects if isinstance(one, Example) and one.found is not None
        )
    return Looks(tuple(domains), outcomes)
