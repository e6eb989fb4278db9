"""Is what was found what had to be found?  Counts of every difference, never a yes or no alone."""

import collections
import dataclasses
from collections.abc import Iterable, Mapping

import msgspec

from alerts.delivery import Way
from alerts.notification_row import RowState
from detectors.events import InvalidEventError
from detectors.warning import EarlyWarning
from streams.codec import decode_warning
from streams.topics import WARNING_TOPICS, Topic
from tests.bench.expected import Expected, Letter, Told, comparable, told
from tests.bench.observed import Carried, Observed

ALERTS = tuple(topic.value for topic in WARNING_TOPICS.values())
# A record on these topics has an id of its own: the same id twice is a repetition.
WITH_IDS = (*ALERTS, Topic.CLASS.value, Topic.RISK.value, Topic.NOTIFICATION.value)


@dataclasses.dataclass(slots=True)
class Differences:
    """How many things differ, by what differs; nothing may but repetitions on topics.

    Shapes:
        ``repeated`` counts surplus records by topic: at-least-once delivery allows them.
        ``examples`` are a few differences in words, for whoever has to find the reason.
    """

    wrong: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    repeated: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    equal_states: int = 0
    duplicate_warnings: int = 0
    dead: int = 0
    messages: int = 0
    sent_twice: int = 0
    uncertain: int = 0
    examples: list[str] = dataclasses.field(default_factory=list)

    @property
    def hold(self) -> bool:
        """Return whether nothing differs that may not."""
        return not (self.wrong.total() or self.duplicate_warnings or self.sent_twice)

    def note(self, what: str, cases: Iterable[object]) -> None:
        """Count the cases under ``what`` and keep the first few in words."""
        for case in cases:
            self.wrong[what] += 1
            if self.wrong[what] <= 3:
                self.examples.append(f"{what}: {case}")


def compare(expected: Expected, observed: Observed, *, learned: bool) -> Differences:
    """Return how what was found differs from what had to be found.

    ``learned`` says whether the model's part must be equal too: with the model off.
    """
    found = Differences()
    found.note("fate other than stated", range(expected.fates_wrong))
    _compare_states(expected, observed, found, learned=learned)
    _compare_warnings(expected, observed, found, learned=learned)
    _compare_letters(expected, observed, found)
    _compare_messages(expected, observed, found)
    for topic in WITH_IDS:
        repeated = _surplus(_id_of(record) for record in observed.records.get(topic, ()))
        found.repeated[topic] += repeated
    examples = observed.records.get(Topic.EXAMPLE.value, ())
    found.repeated[Topic.EXAMPLE.value] += _surplus(
        one["id"] for record in examples for one in msgspec.json.decode(record.value or b"[]")
    )
    return found


def _compare_states(
    expected: Expected, observed: Observed, found: Differences, *, learned: bool
) -> None:
    there = observed.states
    found.note("state missing", expected.states.keys() - there.keys())
    found.note("state unexpected", there.keys() - expected.states.keys())
    found.note("state in a foreign partition", range(observed.misplaced))
    for uscc in expected.states.keys() & there.keys():
        if comparable(expected.states[uscc], learned=learned) == comparable(
            there[uscc], learned=learned
        ):
            found.equal_states += 1
        else:
            found.note("state differs", [uscc])
    carded = {uscc for uscc, state in there.items() if state.told_rank >= 0}
    found.note("readable card missing or left over", carded ^ observed.cards)


def _compare_warnings(
    expected: Expected, observed: Observed, found: Differences, *, learned: bool
) -> None:
    spoken = collections.defaultdict(set)
    for topic in ALERTS:
        for record in observed.records.get(topic, ()):
            warning = _warning(record, found)
            if warning is None:
                continue
            if topic not in {WARNING_TOPICS[one].value for one in warning.measures}:
                found.note("warning on a foreign topic", [told(warning)])
            spoken[told(warning)].add(_content(warning, learned=learned))
    states = {told(w) for r in observed.records.get(Topic.WARNING_STATE.value, ())
              if (w := _warning(r, found))}  # fmt: skip
    found.note("warning state missing or left over", states ^ spoken.keys())
    found.note("warning missing", expected.warnings.keys() - spoken.keys())
    found.note("warning unexpected", spoken.keys() - expected.warnings.keys())
    for name in expected.warnings.keys() & spoken.keys():
        if spoken[name] != {_content(expected.warnings[name], learned=learned)}:
            found.note("warning differs", [name])
    found.duplicate_warnings = duplicates(expected.warnings, spoken)


def duplicates(expected: Mapping[Told, EarlyWarning], spoken: Mapping[Told, set[bytes]]) -> int:
    """Return how many more wordings than expected there are of the same matter.

    The same matter is (enterprise, domain, rule family, measure, status); the replay itself has
    several of them where more than 30 days lie between.
    """
    more = collections.Counter(_matter(raw) for raws in spoken.values() for raw in raws)
    more -= collections.Counter(_matter(_content(one)) for one in expected.values())
    return more.total()


def _matter(raw: bytes) -> tuple[str, ...]:
    fields = msgspec.json.decode(raw)
    return tuple(fields[name] for name in ("uscc", "domain", "family", "measure", "status"))


def _content(warning: EarlyWarning, *, learned: bool = True) -> bytes:
    """Return all that a warning says, without the model's part where that may differ."""
    if not learned:
        warning = msgspec.structs.replace(
            warning, score=0.0, risk_class="A", learned_probability=None, model_version=""
        )
    return msgspec.json.encode(warning)


def _warning(record: Carried, found: Differences) -> EarlyWarning | None:
    try:
        return decode_warning(record.value or b"")
    except InvalidEventError as error:
        found.note("warning unreadable", [error])
        return None


def _compare_letters(expected: Expected, observed: Observed, found: Differences) -> None:
    letters: collections.Counter[Letter] = collections.Counter()
    for topic in (Topic.DEAD.value, Topic.QUARANTINE.value):
        for record in observed.records.get(topic, ()):
            headers = dict(record.headers)
            letters[topic, record.key, record.value, headers["sanzao-cause"].decode()] += 1
            if headers["sanzao-topic"] != Topic.EVENT.value.encode():
                found.note("dead letter without its origin", [headers])
    found.note("dead letter of another place", _astray(expected, observed))
    found.dead = len(letters)
    shown = [(topic, key, cause) for topic, key, _, cause in expected.letters - letters]
    # A letter that was written twice is a repetition; one that nobody expects is not.
    strange = [letter for letter in letters if letter not in expected.letters]
    found.note("dead letter missing", shown)
    found.note("dead letter unexpected", [(t, key, cause) for t, key, _, cause in strange])
    found.repeated[Topic.DEAD.value] += (letters - expected.letters).total() - len(strange)


def _astray(expected: Expected, observed: Observed) -> list[tuple[int, int]]:
    """Return the places that dead letters name wrongly: another record stands there."""
    places = [
        ((int(named["sanzao-partition"]), int(named["sanzao-offset"])), record)
        for topic in (Topic.DEAD.value, Topic.QUARANTINE.value)
        for record in observed.records.get(topic, ())
        if (named := dict(record.headers))
    ]
    return [
        place
        for place, record in places
        if place not in expected.places
        or (expected.places[place].key, expected.places[place].value) != (record.key, record.value)
    ]


def _compare_messages(expected: Expected, observed: Observed, found: Differences) -> None:
    delivered = observed.mails + observed.texts
    planned = expected.messages
    found.messages = sum(1 for identity in planned if delivered[identity])
    found.sent_twice = sum(1 for count in delivered.values() if count > 1)
    found.uncertain = len(observed.uncertain)
    found.note("message unplanned", delivered.keys() - planned.keys())
    due = planned.keys() - expected.overtaken
    found.note("message not in the outbox", due - observed.rows.keys())
    missing = {identity for identity in due if not delivered[identity]}
    found.note("message not delivered", missing - observed.uncertain)
    for identity in observed.uncertain:
        way, text = planned.get(identity, (Way.SMS, ""))
        if way is Way.SMS or not observed.texts[text]:
            found.note("person in doubt without an SMS", [identity])
    closed = {RowState.ACCEPTED, RowState.ARRIVED, RowState.UNCERTAIN}
    found.note(
        "message ended badly",
        [
            (name, state.value)
            for name, state in observed.rows.items()
            if state not in closed
            and not (state is RowState.WITHDRAWN and name in expected.overtaken)
        ],
    )


def _surplus(identities: Iterable[str]) -> int:
    return sum(count - 1 for count in collections.Counter(identities).values())


def _id_of(record: Carried) -> str:
    return str(msgspec.json.decode(record.value or b"{}")["id"])
