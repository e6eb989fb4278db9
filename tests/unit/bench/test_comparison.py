"""Counting differences between what had to be found and what was found."""

import collections
import dataclasses

import msgspec
import pytest

from alerts.delivery import Way
from alerts.notification_row import RowState
from alerts.specimen import specimen
from detectors.events import Cause
from detectors.measure import Measure
from detectors.state import EnterpriseState
from detectors.warning import WarningStatus
from streams.assessed import warning_records
from streams.topics import Topic
from tests.bench.comparison import compare
from tests.bench.expected import Expected, letter_of, told
from tests.bench.models_named import naming
from tests.bench.observed import Observed
from tests.bench.records import Fate, Planted
from tests.builders import USCC

STATE = EnterpriseState(as_of=7)
WARNING = specimen(Measure.WARNING, WarningStatus.ISSUED)
BAD = Planted("broken JSON", b"k", b"{", Fate.DEAD, Cause.NOT_JSON)
MAIL, TEXT = "n-mail", "n-text"


@dataclasses.dataclass
class Carried:
    """A record as a consumer hands it over."""

    topic: str
    key: bytes | None
    value: bytes | None
    partition: int = 0
    offset: int = 0
    headers: tuple = ()


def expected():
    """Return one state, one warning with its two messages, one dead letter."""
    return Expected(
        states={USCC: STATE},
        warnings={told(WARNING): WARNING},
        letters=collections.Counter([letter_of(BAD, Cause.NOT_JSON)]),
        skipped=collections.Counter(),
        messages={MAIL: (Way.EMAIL, TEXT), TEXT: (Way.SMS, TEXT)},
        applied=1,
        fates_wrong=0,
        places={(0, 3): BAD},
    )


def said(warning=WARNING, times=1):
    """Return what a warning puts on the topics, so many times over."""
    return [
        Carried(one.topic, one.key, one.value)
        for _ in range(times)
        for one in warning_records(warning, 0, 4)
    ]


def letter(record=BAD, offset=3):
    """Return the dead letter of a record."""
    headers = {
        "sanzao-cause": b"not_json",
        "sanzao-topic": Topic.EVENT.value.encode(),
        "sanzao-partition": b"0",
        "sanzao-offset": str(offset).encode(),
    }
    return Carried(Topic.DEAD.value, record.key, record.value, headers=tuple(headers.items()))


def observed(*, records=None, **changes):
    """Return what was found where all went well, but for the changes."""
    by_topic = collections.defaultdict(list)
    for record in [*said(), letter()] if records is None else records:
        by_topic[record.topic].append(record)
    found = Observed(
        states={USCC: STATE},
        misplaced=0,
        cards=frozenset(),
        records=by_topic,
        mails=collections.Counter([MAIL]),
        texts=collections.Counter([TEXT]),
        rows={MAIL: RowState.ACCEPTED, TEXT: RowState.ARRIVED},
        uncertain=frozenset(),
        snapshots={},
    )
    return dataclasses.replace(found, **changes)


def test_where_all_is_equal_it_holds():
    """Equal states, warnings, letters and messages are no difference."""
    found = compare(expected(), observed(), learned=True)

    assert found.hold
    assert (found.equal_states, found.dead, found.messages) == (1, 1, 2)
    assert not found.repeated.total()


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        pytest.param({"states": {}}, "state missing", id="a state was lost"),
        pytest.param(
            {"states": {USCC: STATE, "x": STATE}}, "state unexpected", id="a state too many"
        ),
        pytest.param(
            {"states": {USCC: EnterpriseState(as_of=8)}}, "state differs", id="a state differs"
        ),
        pytest.param({"misplaced": 1}, "state in a foreign partition", id="a state elsewhere"),
        pytest.param({"records": [letter()]}, "warning missing", id="a warning was lost"),
        pytest.param({"records": said()}, "dead letter missing", id="a dead letter was lost"),
        pytest.param(
            {"records": [*said(), letter(), letter(Planted("", b"k", b"["))]},
            "dead letter unexpected",
            id="a good record was buried",
        ),
        pytest.param(
            {"records": [*said(), letter(offset=4)]},
            "dead letter of another place",
            id="a dead letter names a wrong place",
        ),
        pytest.param(
            {"mails": collections.Counter()}, "message not delivered", id="a mail was lost"
        ),
        pytest.param(
            {"texts": collections.Counter([TEXT, "n-other"])},
            "message unplanned",
            id="a message nobody planned",
        ),
        pytest.param(
            {"rows": {MAIL: RowState.REFUSED, TEXT: RowState.ARRIVED}},
            "message ended badly",
            id="a message was refused",
        ),
        pytest.param({"cards": frozenset({USCC})}, "readable card missing or left over",
                     id="a card of nobody"),
    ],
)  # fmt: skip
def test_every_loss_is_a_difference(changes, what):
    """Whatever is missing, too much or other than expected is counted under its name."""
    found = compare(expected(), observed(**changes), learned=True)

    assert found.wrong[what] == 1
    assert not found.hold


def test_the_same_record_twice_is_a_repetition():
    """At-least-once delivery may repeat a record with its id; it is counted, and holds."""
    found = compare(expected(), observed(records=[*said(times=3), letter()]), learned=True)

    assert found.hold
    assert found.repeated.total() == 2
    assert found.duplicate_warnings == 0


def test_other_words_under_the_same_id_are_a_duplicate():
    """A second wording of the same matter is a duplicate warning, whatever its id."""
    other = msgspec.structs.replace(WARNING, score=WARNING.score + 1)
    renamed = msgspec.structs.replace(WARNING, id="w-other")

    for second in (other, renamed):
        records = [*said(), *said(second), letter()]
        found = compare(expected(), observed(records=records), learned=True)
        assert found.duplicate_warnings == 1
        assert not found.hold


def test_the_models_part_of_a_warning_may_differ_when_asked():
    """With the model live, score and version may differ from the replay's; the rule may not."""
    scored = msgspec.structs.replace(WARNING, score=99.0, model_version="SE-3")
    other_rule = msgspec.structs.replace(WARNING, rule="W99")

    alike = compare(expected(), observed(records=[*said(scored), letter()]), learned=False)
    unlike = compare(expected(), observed(records=[*said(other_rule), letter()]), learned=False)

    assert alike.hold
    assert unlike.wrong["warning differs"] == 1


def test_a_message_that_went_out_twice_never_holds():
    """The same message delivered twice is what must not happen."""
    found = compare(expected(), observed(mails=collections.Counter([MAIL, MAIL])), learned=True)

    assert found.sent_twice == 1
    assert not found.hold


@pytest.mark.parametrize(
    ("overtaken", "holds"),
    [
        pytest.param(frozenset({MAIL, TEXT}), True, id="its warning ended"),
        pytest.param(frozenset(), False, id="its warning stands"),
    ],
)
def test_what_was_overtaken_by_its_end_need_not_be_told(overtaken, holds):
    """A message may be withdrawn, or never planned, where its warning ended, and only there."""
    wanted = dataclasses.replace(expected(), overtaken=overtaken)
    found = observed(
        mails=collections.Counter(), texts=collections.Counter(), rows={MAIL: RowState.WITHDRAWN}
    )

    assert compare(wanted, found, learned=True).hold is holds


def test_an_end_stands_on_every_topic_that_told_of_it():
    """The end of a warning is in its place on the topic of each measure told."""
    end = msgspec.structs.replace(
        specimen(Measure.WARNING, WarningStatus.CLOSED), told=(Measure.REMINDER, Measure.WARNING)
    )
    wanted = dataclasses.replace(expected(), warnings={told(WARNING): WARNING, told(end): end})

    assert compare(wanted, observed(records=[*said(), *said(end), letter()]), learned=True).hold


def test_a_mail_in_doubt_is_allowed_beside_its_sms():
    """A mail in doubt may be missing where the same person has got the SMS, and only there."""
    doubt = {
        "uncertain": frozenset({MAIL}),
        "mails": collections.Counter(),
        "rows": {MAIL: RowState.UNCERTAIN, TEXT: RowState.ARRIVED},
    }

    reached = compare(expected(), observed(**doubt), learned=True)
    unreached = compare(expected(), observed(**doubt, texts=collections.Counter()), learned=True)

    assert reached.hold
    assert reached.uncertain == 1
    assert unreached.wrong["person in doubt without an SMS"] == 1


def test_a_version_that_nobody_published_is_unknown():
    """A decision counts as named only where its version was published."""
    found = naming([("SE", "SE-3"), ("SE", "SE-4")], domains=["SE"], versions=["SE-3"])

    assert (found.named, found.silent, found.unknown) == (1, 0, 1)
