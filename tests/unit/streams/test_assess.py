"""Does a batch become states, warnings and receipts once and only once, whatever fails?"""

import datetime as dt
import itertools
import json

import msgspec
import pytest

from detectors import events as e
from detectors.bounds import MAX_FACTS
from detectors.example import Example
from detectors.features import FEATURES_VERSION, NAMES
from detectors.measure import Measure
from detectors.uscc import synthetic
from streams.agents import EXIT_LOST
from streams.assess import DeadLetterLostError
from streams.assessed import example_records
from streams.codec import decode_warning
from streams.publisher import partition_of
from streams.replay import replay
from streams.topics import WARNING_TOPICS, Topic
from tests import builders as b
from tests import shell
from tests.shell import ACKNOWLEDGED, PUBLISHED, STORED, Arrival, Shell

NEIGHBOURS = [synthetic(serial) for serial in range(1, 9)]
LISTED = e.SeriousListChanged(list_code="L1", action="add")
RENAMED = e.BasicChanged(field="scope", after="食品销售")


def lives(*usccs):
    """Return one event for each of these enterprises, each with an id of its own."""
    return [b.event(b.penalty(), name=f"n-{uscc}", subject=uscc) for uscc in usccs]


class MadScorer:
    """A model that breaks on one category of business."""

    version = "QUAL-1"

    def probability(self, _features, category, _place=""):
        """Break, or say nothing much."""
        if category == "poison":
            raise ZeroDivisionError("a fault of ours")
        return 0.0


def poisoned():
    """Return a shell whose knowledge breaks on the outcomes that ``poison`` makes."""
    return Shell(expertise=b.expertise().with_scorers({"QUAL": MadScorer()}))


def poison(uscc=b.USCC):
    """Return an event that is sound, and that a fault of ours cannot digest."""
    data = e.InspectionResult(domain="QUAL", result="failed", category="poison")
    return b.event(data, name=f"n-{uscc}", subject=uscc)


def document(**changes):
    """Return an event as a source would write it, with some attributes changed (None: left out)."""
    plain = json.loads(e.encode(b.event(b.penalty(), name="bad"))) | changes
    return json.dumps({name: value for name, value in plain.items() if value is not None}).encode()


async def test_a_batch_is_published_then_stored_then_acknowledged():
    """Nothing is acknowledged before it is stored, nothing stored before it is published."""
    here = Shell()

    stream = await shell.run(
        here.assessor.digest, shell.batch(shell.arrival(b.event(LISTED))), journal=here.journal
    )

    assert here.journal == [PUBLISHED, STORED, ACKNOWLEDGED]
    assert len(stream.acknowledged) == 1


async def test_changed_ties_are_told_to_their_junctions_before_the_state_is_stored():
    """A listing goes to the junction of each tie, keyed by it, with its place in the log."""
    here = Shell()
    founded = e.Established(name="甲", established_on=b.on(-9).date(), legal_rep="h:p")

    await here.digest(*shell.arrivals([b.event(founded), b.event(LISTED, day=1)]))

    bonds = here.publisher.to(Topic.BOND.value)
    told = [msgspec.json.decode(one.value) for one in bonds]
    assert [(one["relation"], one["offset"]) for one in told] == [
        ("legal_rep", 0), ("founded_by", 0), ("legal_rep", 1), ("self", 1),
    ]  # fmt: skip
    assert [one.key for one in bonds] == [f"{one['junction']:016x}".encode() for one in told]
    assert here.journal == [PUBLISHED, STORED]


@pytest.mark.parametrize(
    ("outage", "part"),
    [
        pytest.param({"store": {"failures": 3}}, "redis", id="Redis answers no read"),
        pytest.param({"store": {"refused_writes": 3}}, "redis", id="Redis takes no write"),
        pytest.param({"publisher": {"failures": 3}}, "kafka", id="no receipt from the broker"),
    ],
)
async def test_an_outage_is_waited_out(outage, part):
    """What fails for an outside reason is tried again, longer apart each time, and not skipped."""
    here = Shell()
    for name, changes in outage.items():
        for attribute, value in changes.items():
            setattr(getattr(here, name), attribute, value)

    finished = await here.digest(*shell.arrivals(lives(*NEIGHBOURS)))

    assert finished
    assert here.naps == [0.05, 0.2, 0.5]
    assert here.counted("sanzao_retries_total", part=part) == 3
    assert {uscc for _, uscc in here.store.states} == set(NEIGHBOURS)
    assert here.dead() == []


async def test_waiting_never_grows_beyond_two_seconds():
    """A long outage is asked about every two seconds, so its end is soon noticed."""
    here = Shell()
    here.store.failures = 40

    await here.digest(shell.arrival(b.event(LISTED)))

    assert max(here.naps) == here.naps[-1] == 2.0


async def test_nothing_is_acknowledged_during_an_outage():
    """A partition that is lost while Redis is down goes to its next owner unacknowledged."""
    here = Shell(owned_for=5)
    here.store.failures = 1000

    stream = await shell.run(
        here.assessor.digest, shell.batch(shell.arrival(b.event(LISTED))), journal=here.journal
    )

    assert stream.acknowledged == []
    assert here.journal == []


async def test_the_gauge_shows_an_outage_and_its_end():
    """An operator sees which part is down, and that it came back."""
    here = Shell()
    here.store.failures, seen = 1, []
    here.assessor.alive = lambda: seen.append(here.counted("sanzao_part_up", part="redis"))

    await here.digest(shell.arrival(b.event(LISTED)))

    assert seen == [0.0, 1.0]


async def test_a_lost_partition_is_left_alone():
    """A batch of a partition that is no longer ours is neither processed nor acknowledged."""
    here = Shell(owned_for=0)

    finished = await here.digest(shell.arrival(b.event(LISTED)))

    assert not finished
    assert here.journal == []


async def test_poison_is_found_and_its_neighbours_live():
    """One record that crashes the core is dead-lettered, untouched; all others are applied."""
    here, victim = poisoned(), NEIGHBOURS[5]
    records = shell.arrivals(
        [poison(one.subject) if one.subject == victim else one for one in lives(*NEIGHBOURS)],
        first=100,
    )

    finished = await here.digest(*records)

    assert finished
    (letter,) = here.dead()
    assert (letter.key, letter.value) == (records[5].key, records[5].value)
    headers = dict(letter.headers)
    assert headers["sanzao-cause"] == b"crash"
    assert headers["sanzao-detail"] == b"ZeroDivisionError: a fault of ours"
    assert headers["sanzao-topic"] == b"enterprise.event.v1"
    assert (headers["sanzao-partition"], headers["sanzao-offset"]) == (b"0", b"105")
    alive = [uscc for uscc in NEIGHBOURS if uscc != victim]
    assert [len(here.state(uscc).facts) for uscc in alive] == [1] * 7
    assert here.counted("sanzao_events_rejected_total", cause="crash") == 1


async def test_poison_is_acknowledged_with_its_batch():
    """A dead letter is an end: the batch is acknowledged, or it would come again for ever."""
    here = poisoned()

    stream = await shell.run(here.assessor.digest, shell.batch(shell.arrival(poison())))

    assert len(stream.acknowledged) == 1


BAD = [
    pytest.param(Arrival(b"{"), "not_json", Topic.DEAD, id="broken JSON"),
    pytest.param(Arrival(document(id="in UTF-8").replace(b"UTF-8", b"GB \xd6\xd0")), "not_json",
                 Topic.DEAD, id="no UTF-8"),
    pytest.param(Arrival(document(data={}).replace(b"{}", b"[" * 100_000)), "invalid",
                 Topic.DEAD, id="brackets without end"),
    pytest.param(Arrival(b""), "not_json", Topic.DEAD, id="an empty value"),
    pytest.param(Arrival(None), "not_json", Topic.DEAD, id="a tombstone"),
    pytest.param(Arrival(None, key=None), "not_json", Topic.DEAD, id="nothing at all"),
    pytest.param(Arrival(document(data=[1])), "invalid", Topic.DEAD, id="a wrong type"),
    pytest.param(Arrival(document(id=None)), "invalid", Topic.DEAD, id="no id"),
    pytest.param(Arrival(document(time="2026-03-02T12:00:00")), "invalid", Topic.DEAD,
                 id="a time without a zone"),
    pytest.param(Arrival(document(type="stock.price.v1")), "unknown_type", Topic.DEAD,
                 id="an unknown type"),
    pytest.param(Arrival(document(subject=b.USCC[:17]), key=b.USCC[:17].encode()),
                 "invalid_subject", Topic.DEAD, id="a code too short"),
    pytest.param(Arrival(document(subject="I" + b.USCC[1:]), key=b"I" + b.USCC[1:].encode()),
                 "invalid_subject", Topic.DEAD, id="a letter no code has"),
    pytest.param(Arrival(document(subject=b.USCC[:17] + "0"), key=b.USCC[:17].encode() + b"0"),
                 "quarantined_subject", Topic.QUARANTINE, id="a wrong check digit"),
    pytest.param(Arrival(document(time="2031-01-01T00:00:00+08:00")), "future", Topic.DEAD,
                 id="a far future"),
    pytest.param(shell.arrival(b.event(b.penalty(domain="FOOD"))), "unknown_domain", Topic.DEAD,
                 id="a domain that nobody knows"),
    pytest.param(shell.arrival(b.event(e.NeighbourTrouble(neighbour="x", relation="holder",
                                                          severity=1.0), source="urn:anybody")),
                 "foreign_source", Topic.DEAD, id="a signal that is not ours"),
    pytest.param(Arrival(document(data={"op": "ADD", "doc_no": "x" * 2**20})), "too_large",
                 Topic.DEAD, id="a megabyte"),
    pytest.param(Arrival(document(), key=NEIGHBOURS[0].encode()), "invalid_subject", Topic.DEAD,
                 id="a key that is not the subject"),
    pytest.param(Arrival(document(), key=None), "invalid_subject", Topic.DEAD, id="no key"),
]  # fmt: skip


@pytest.mark.parametrize(("record", "cause", "topic"), BAD)
async def test_a_bad_record_is_kept_and_its_neighbours_live(record, cause, topic):
    """What can never be an event is kept byte for byte with its cause; its neighbours go on."""
    here = Shell()
    before, after = shell.arrivals(lives(*NEIGHBOURS[:2]))
    bad = Arrival(record.value, key=record.key, offset=7)

    finished = await here.digest(before, bad, shell.arrival(lives(NEIGHBOURS[2])[0], offset=8))

    assert finished
    (letter,) = here.publisher.to(topic.value)
    assert (letter.partition, letter.key, letter.value) == (0, bad.key, bad.value)
    assert dict(letter.headers)["sanzao-cause"] == cause.encode()
    assert dict(letter.headers)["sanzao-offset"] == b"7"
    assert {uscc for _, uscc in here.store.states} == {NEIGHBOURS[0], NEIGHBOURS[2]}
    assert here.counted("sanzao_events_rejected_total", cause=cause) == 1
    assert here.counted("sanzao_batches_bisected_total") == 0
    assert after.value != bad.value


async def test_a_record_of_another_time_zone_is_welcome():
    """A source whose clock is a few hours ahead is believed; only days are a mistake."""
    here = Shell()

    await here.digest(Arrival(document(time="2026-03-03T04:00:00+00:00")))

    assert here.dead() == []
    assert len(here.state().facts) == 1


async def test_an_event_sent_twice_counts_once():
    """A source that repeats itself at another offset changes no state and warns nobody again."""
    here, once = Shell(), Shell()
    happening = b.event(LISTED, name="twice")
    await once.digest(shell.arrival(happening, offset=0))

    await here.digest(*shell.arrivals([happening, happening]))
    await here.digest(shell.arrival(happening, offset=2))

    assert here.counted("sanzao_events_total", outcome="applied") == 1
    assert here.counted("sanzao_events_total", outcome="duplicate") == 2
    assert len(here.state().facts) == len(once.state().facts)
    issued = here.publisher.to(Topic.INSPECTION.value)
    assert len({record.value for record in issued}) == len(issued) > 0


async def test_a_revocation_of_an_unknown_fact_waits_for_it():
    """What is taken back before it came never comes to count, in whatever order they arrive."""
    here = Shell()
    penalty = b.event(b.penalty("severe"), name="p1")
    taken_back = b.event(b.revoked(b.penalty("severe"), "p1"), name="r1", day=1)

    await here.digest(*shell.arrivals([taken_back, penalty]))

    assert here.counted("sanzao_events_total", outcome="unknown_fact") == 1
    assert here.dead() == []
    assert here.state().rule.score == 0.0


async def test_facts_in_force_that_a_state_has_no_room_for_are_counted_and_named(caplog):
    """An operator sees how many were let go, and of which enterprise and kind."""
    here = Shell()
    lifts = [
        b.event(b.equipment(days_left=900, number=f"Q{n}"), day=n / 1000)
        for n in range(MAX_FACTS + 2)
    ]

    await here.digest(*shell.arrivals(lifts))

    assert here.counted("sanzao_facts_let_go_total") == 2
    assert f"{b.USCC} has more facts in force than a state holds: equipment" in caplog.text


async def test_a_binary_cloud_event_is_an_event_too():
    """Attributes in ``ce_`` headers and data alone in the value come to the same state."""
    here, plain = Shell(), Shell()
    happening = b.event(b.penalty(), name="p1")
    whole = json.loads(e.encode(happening))
    data = json.dumps(whole.pop("data")).encode()
    attributes = [(f"ce_{name}", text.encode()) for name, text in whole.items()]
    headers = (("content-type", b"application/json"), *attributes)
    await plain.digest(shell.arrival(happening))

    await here.digest(Arrival(data, headers=headers))

    assert here.dead() == []
    assert here.store.states == plain.store.states


async def test_dead_letters_that_cannot_be_written_end_the_process():
    """Where not even a dead letter can be written, the worker ends and acknowledges nothing."""
    here = Shell()
    here.publisher.failures = 1000

    stream = await shell.run(here.assessor.digest, shell.batch(Arrival(b"{")))

    assert stream.ended == [EXIT_LOST]
    assert stream.acknowledged == []
    assert here.store.states == {}


async def test_the_fence_moves_with_every_batch():
    """It says how far the log is read, even where a batch held nothing but what is dead."""
    here = Shell()

    await here.assessor.digest(shell.batch(Arrival(b"{", offset=7)))

    assert here.store.fences[0].endswith(b"/7")
    assert here.store.states == {}


async def test_the_fence_never_goes_back():
    """What is read a second time, and recognised, does not undo what was read since."""
    here = Shell()
    records = shell.arrivals(lives(*NEIGHBOURS[:3]))
    await here.assessor.digest(shell.batch(*records))
    after = here.store.fences[0]

    await here.assessor.digest(shell.batch(*records[:2]))

    assert here.store.fences[0] == after


@pytest.mark.parametrize("left", ["nothing", "an earlier moment"])
async def test_a_redis_that_lost_what_was_written_ends_the_process(left):
    """Flushed, or back with less than it had: no enterprise begins again in class A."""
    here = Shell()
    first, second, third = shell.arrivals(lives(*NEIGHBOURS[:3]))
    await here.assessor.digest(shell.batch(first))
    kept = dict(here.store.fences), dict(here.store.states)
    await here.assessor.digest(shell.batch(second))
    fences, states = ({}, {}) if left == "nothing" else kept
    here.store.fences, here.store.states = dict(fences), dict(states)

    stream = await shell.run(here.assessor.digest, shell.batch(third))

    assert (stream.ended, stream.acknowledged) == ([EXIT_LOST], [])
    assert here.store.states == states


async def test_poison_that_cannot_be_written_ends_the_process():
    """A crashing record that cannot be kept is not given up either."""
    here = poisoned()
    here.publisher.failures = 1000

    with pytest.raises(DeadLetterLostError, match="dead letters not written"):
        await here.digest(shell.arrival(poison()))

    assert here.store.states == {}


async def test_a_fenced_batch_is_read_again_and_recognised():
    """A batch that another worker wrote first is replayed on its states, and changes nothing."""
    other = Shell()
    here = Shell(store=other.store)
    records = shell.arrivals(lives(*NEIGHBOURS))
    here.store.interlopers = [lambda: other.digest(*records)]

    finished = await here.digest(*records)

    assert finished
    assert here.counted("sanzao_batches_fenced_total") == 1
    assert here.counted("sanzao_events_total", outcome="replayed") == len(records)
    assert here.counted("sanzao_events_total", outcome="applied") == 0
    assert {uscc: len(here.state(uscc).facts) for uscc in NEIGHBOURS} == dict.fromkeys(
        NEIGHBOURS, 1
    )
    assert {one.value for one in here.publisher.records} == {
        one.value for one in other.publisher.records
    }


async def test_a_batch_read_again_changes_nothing():
    """Replaying a whole batch publishes nothing and leaves every stored byte as it was."""
    here = Shell()
    records = shell.arrivals([*lives(*NEIGHBOURS), b.event(LISTED), b.event(RENAMED)])
    await here.digest(*records)
    states, cards, published = (
        dict(here.store.states), dict(here.store.cards), list(here.publisher.records)
    )  # fmt: skip

    finished = await here.digest(*records)

    assert finished
    assert here.counted("sanzao_events_total", outcome="replayed") == len(records)
    assert (here.store.states, here.store.cards) == (states, cards)
    assert here.publisher.records == published


async def test_an_old_batch_takes_nobody_back_in_time():
    """Events that left no fact, and whose ids are long forgotten, are known by their offset."""
    here = Shell()
    names = [
        b.event(e.BasicChanged(field="name", after=f"第{number}名"), day=number, name=f"n{number}")
        for number in range(20)
    ]
    await here.digest(*shell.arrivals(names))

    await here.digest(*shell.arrivals(names[:5]))

    assert here.state().profile.name == "第19名"
    assert here.state().offset == 19
    assert here.counted("sanzao_events_total", outcome="replayed") == 5


async def test_a_lost_answer_of_the_store_is_no_second_write():
    """Where Redis wrote and its answer got lost, the second try finds everything done."""
    here, calm = Shell(), Shell()
    records = shell.arrivals([b.event(LISTED)])
    here.store.lost_answers = 1
    await calm.digest(*records)

    finished = await here.digest(*records)

    assert finished
    assert here.counted("sanzao_events_total", outcome="replayed") == 1
    assert here.store.states == calm.store.states
    assert here.publisher.records == calm.publisher.records


async def test_a_log_that_started_anew_is_applied_to_old_states():
    """Under a new epoch offset 0 is news, though the state has seen offset 9 of the old log."""
    old = Shell(epoch=1)
    await old.digest(*shell.arrivals(lives(*[b.USCC] * 1), first=9))
    new = Shell(epoch=2, store=old.store)

    await new.digest(shell.arrival(b.event(LISTED), offset=0))

    state = new.state()
    assert (state.epoch, state.offset) == (2, 0)
    assert new.counted("sanzao_events_total", outcome="applied") == 1
    assert len(state.facts) == 2


async def test_the_shell_decides_what_the_core_decides():
    """States, classes and warnings of a batch are those of a replay of the same events."""
    here = Shell()
    happenings = [*lives(*NEIGHBOURS), b.event(LISTED), b.event(b.food_sample("pathogen"))]
    expected = replay([e.encode(one) for one in happenings], b.expertise(), now=b.on(1))

    await here.digest(*shell.arrivals(happenings))

    placed = {"epoch": 0, "partition": 0, "offset": 0}
    for uscc, state in expected.states.items():
        assert msgspec.structs.replace(here.state(uscc), **placed) == msgspec.structs.replace(
            state, **placed
        )
    told = [
        decode_warning(record.value)
        for topic in WARNING_TOPICS.values()
        for record in here.publisher.to(topic.value)
    ]
    assert {one.id for one in told} == {one.id for one in expected.warnings}


async def test_a_warning_goes_to_the_topic_of_its_measure_and_to_its_state():
    """An alert is keyed by the enterprise on its measure's topic and by its id on the state's."""
    here = Shell()

    await here.digest(shell.arrival(b.event(LISTED)), partition=3)

    (alert,) = here.publisher.to(Topic.INSPECTION.value)
    warning = decode_warning(alert.value)
    assert warning.measure is Measure.INSPECTION
    assert (alert.partition, alert.key) == (3, b.USCC.encode())
    states = {record.key: record for record in here.publisher.to(Topic.WARNING_STATE.value)}
    state = states[warning.id.encode()]
    assert state.partition == partition_of(warning.id, shell.PARTITIONS)
    assert state.value == alert.value


async def test_a_card_is_published_once_a_batch_and_stored_as_told():
    """However often an enterprise moves in a batch, one card is published, the one stored."""
    here = Shell()

    await here.digest(
        *shell.arrivals([b.event(b.penalty("severe", offence=f"o{n}")) for n in range(4)])
    )

    (risk,) = here.publisher.to(Topic.RISK.value)
    card = json.loads(risk.value)
    assert (risk.key, card["type"], card["subject"]) == (
        b.USCC.encode(), "risk.assessed.v1", b.USCC
    )  # fmt: skip
    fields = here.store.cards[0, b.USCC]
    told = dict(zip(fields[::2], fields[1::2], strict=True))
    assert told["score"] == f"{card['data']['score']:.1f}"
    assert told["class"] == card["data"]["risk_class"]
    assert "处罚" in told["reasons"]


async def test_a_change_of_class_is_told_with_its_cause():
    """A class that got worse is a record on its own topic; its id follows from the event."""
    here = Shell()
    happening = b.event(LISTED, name="s1", day=1)

    await here.digest(*shell.arrivals([b.event(RENAMED), happening]))

    (change,) = here.publisher.to(Topic.CLASS.value)
    told = json.loads(change.value)
    assert told["id"] == f"{b.SOURCE}/s1/class"
    assert (told["data"]["before"], told["data"]["after"]) == ("A", "D")
    assert here.counted("sanzao_class_changes_total", to="D") == 1


async def test_an_outcome_becomes_an_example_of_its_domain():
    """A look at an enterprise is handed to the learner of its domain, with its place in the log."""
    here = Shell()

    await here.digest(shell.arrival(b.event(b.inspection("failed")), offset=5))

    (record,) = here.publisher.to(Topic.EXAMPLE.value)
    (example,) = msgspec.json.decode(record.value, type=list[Example])
    assert (record.key, record.partition) == (b"QUAL", partition_of("QUAL", shell.PARTITIONS))
    assert (example.found, example.offset) == (True, 5)


async def test_knowledge_is_the_same_for_a_whole_batch():
    """A model that arrives meanwhile waits for the next batch."""
    asked = []
    here = Shell()
    here.assessor.expertise = lambda: asked.append(1) or b.expertise()

    await here.digest(*shell.arrivals(lives(*NEIGHBOURS)))

    assert asked == [1]


async def test_latency_is_measured_from_the_stamp_of_the_log():
    """The delay of a warning counts from the record's own time stamp, and is never negative."""
    here = Shell()
    late = shell.arrival(b.event(LISTED, day=0))
    here.assessor.now = lambda: b.START + dt.timedelta(seconds=2)

    await here.digest(late)

    warnings = here.counted("sanzao_event_to_warning_seconds_count")
    assert warnings > 0
    assert here.counted("sanzao_event_to_warning_seconds_sum") == 2.0 * warnings
    assert here.counted("sanzao_event_to_state_seconds_sum") == 2.0


async def test_progress_is_told_to_the_watchdog():
    """A worker that waits for an outage it knows of says that it lives, at each try."""
    here, told = Shell(), []
    here.store.failures = 3
    here.assessor.alive = lambda: told.append(1)

    await here.digest(shell.arrival(b.event(LISTED)))

    assert len(told) == 4


def test_examples_fit_a_record_however_much_a_source_tells_of_a_look():
    """A record that no broker takes would be tried for ever, and its partition stand still."""
    context = {f"n{number:039}": -987_654_321.123456 for number in range(32)}
    looks = [
        Example(
            id="x" * 120, domain="FOODS", at=b.START_S, features=[1 / 3] * len(NAMES),
            category="网" * 60, form="", found=True, features_version=FEATURES_VERSION,
            offset=number, context=context, look="y" * 120, inspector="z" * 64,
        )
        for number in range(2000)
    ]  # fmt: skip

    records = list(example_records("FOODS", looks, 4))

    assert max(len(record.value) for record in records) <= 1024 * 1024
    told = (msgspec.json.decode(record.value, type=list[Example]) for record in records)
    assert list(itertools.chain.from_iterable(told)) == looks
