"""Does the simulated county show all that a real one does, again and again alike?"""

import datetime as dt
import functools
import hashlib
import itertools
from collections import Counter
from collections.abc import Callable

import msgspec
import pytest

from detectors import events as e
from detectors.deadline import deadline_of
from detectors.effects import Position, Skipped
from detectors.example import Example
from detectors.expertise import Expertise
from detectors.learned import scorer_of
from detectors.measure import Measure, RiskClass
from detectors.meeting import Meetings
from detectors.model import Learner
from detectors.neighbours import BondChanged
from detectors.state import EnterpriseState
from detectors.step import step
from detectors.uscc import UsccStatus, status_of
from detectors.warning import CHINA, EarlyWarning, WarningStatus
from streams.devstack import county
from streams.devstack.county_people import BATCH, TOWNSHIPS
from streams.devstack.demo_time import stretches
from tests import builders as b

SEED = 7
LEARN_EVERY = 50  # a new snapshot after so many examples of a domain, as the learner's own pace


@functools.cache
def expertise() -> Expertise:
    """Return the real knowledge, compiled."""
    return b.expertise()


@functools.cache
def default_form() -> tuple[e.Event, ...]:
    """Return the county as ``make demo`` shows it."""
    return tuple(county.simulate(SEED))


@functools.cache
def short_form(seed: int = SEED) -> tuple[e.Event, ...]:
    """Return the county as CI shows it."""
    return tuple(county.simulate(seed, *county.SHORT_FORM))


START_OF = {default_form: county.START, short_form: county.SHORT_FORM.start}


class Assessed(msgspec.Struct):
    """What the core makes of a county, learning as it goes; ``start`` is the first day watched.

    ``own`` counts the events of our own by what they are.
    """

    start: dt.datetime
    warnings: list[EarlyWarning] = []
    scored: list[tuple[float, bool]] = []
    skipped: Counter[str] = msgspec.field(default_factory=Counter)
    states: dict[str, EnterpriseState] = {}
    own: Counter[str] = msgspec.field(default_factory=Counter)

    def issued(self) -> list[EarlyWarning]:
        """Return the warnings issued in the watched days."""
        return [
            one
            for one in self.warnings
            if one.status is WarningStatus.ISSUED and one.issued_at >= self.start
        ]


class Assessing:
    """The whole decision: step, score first, then learn; signals at once, deadlines at midnight."""

    def __init__(self, start: dt.date) -> None:
        """Know nothing yet."""
        self.so_far = Assessed(dt.datetime.combine(start, dt.time(), tzinfo=CHINA))
        self._known = expertise()
        self._meetings = Meetings(self._known.knowledge.neighbours)
        self._learners: dict[str, Learner] = {}
        self._places = itertools.count()

    def take(self, event: e.Event, *, now: dt.datetime) -> None:
        """Decide on an event, and on what it leads to."""
        so_far = self.so_far
        state = so_far.states.get(event.subject) or EnterpriseState()
        position = Position(epoch=1, partition=0, offset=next(self._places))
        state, effects = step(state, event, self._known, now=now, position=position)
        so_far.states[event.subject] = state
        for effect in effects:
            match effect:
                case EarlyWarning():
                    so_far.warnings.append(effect)
                case Skipped(reason=reason):
                    so_far.skipped[reason] += 1
                case Example():
                    self._learn(effect)
                case BondChanged():
                    for signal in self._meetings.hear(effect).signals:
                        so_far.own[signal.event.data.relation] += 1
                        self.take(signal.event, now=now)

    def pass_until(self, midnight: dt.datetime) -> None:
        """Let everything fall due up to a midnight."""
        until = int(midnight.timestamp())
        for uscc in list(self.so_far.states):
            while 0 < (due := self.so_far.states[uscc].wake_at) <= until:
                self.so_far.own["deadline"] += 1
                self.take(deadline_of(uscc, due), now=midnight)

    def _learn(self, example: Example) -> None:
        domain = example.domain
        learner = self._learners.setdefault(domain, Learner(domain))
        if example.found is None:
            learner.ask(example)
            return
        self.so_far.scored.append((learner.learn(example), example.found))
        if learner.examples % LEARN_EVERY == 0:
            scorers = {**self._known.scorers, domain: scorer_of(learner.snapshot())}
            self._known = self._known.with_scorers(scorers)


@functools.cache
def assessed(form: Callable[..., tuple[e.Event, ...]], *seed: int) -> Assessed:
    """Run the whole decision over a county, its days as the demo lets them pass."""
    run = Assessing(START_OF[form])
    for stretch in stretches(form(*seed), start=START_OF[form]):
        for event in stretch.events:
            run.take(event, now=stretch.ends)
        run.pass_until(stretch.ends)
    return run.so_far


def auc(scored: list[tuple[float, bool]]) -> float:
    """Return the share of pairs (found, not found) that the score puts in order."""
    order = sorted(scored)
    ranks = 0.0
    place = 0
    for _, group in itertools.groupby(order, key=lambda pair: pair[0]):
        tied = [found for _, found in group]
        ranks += sum(tied) * (2 * place + len(tied) + 1) / 2
        place += len(tied)
    found = sum(was_found for _, was_found in order)
    return (ranks - found * (found + 1) / 2) / (found * (len(order) - found))


def test_the_same_seed_gives_the_same_bytes():
    """A county is a function of its seed: the same bytes again, others for another seed."""
    once = [e.encode(event) for event in county.simulate(SEED, 80, 5)]
    again = [e.encode(event) for event in county.simulate(SEED, 80, 5)]
    other = [e.encode(event) for event in county.simulate(SEED + 1, 80, 5)]

    assert once == again
    assert once != other


def test_the_same_bytes_on_every_machine():
    """No clock, hash order or mathematical library is in it: the digest is the same everywhere.

    Whoever changes the simulation on purpose writes the new digest here.
    """
    raw = b"\n".join(e.encode(event) for event in county.simulate(SEED, 80, 5))

    assert hashlib.blake2b(raw, digest_size=8).hexdigest() == "dc7a24d8f61e20a7"


def test_a_county_needs_firms_and_days():
    """No enterprises or no days is the caller's mistake, said at once."""
    with pytest.raises(ValueError, match="must be positive, got 0 and 60"):
        county.simulate(SEED, 0)


def test_the_default_form_is_of_the_size_that_the_demo_needs():
    """Two thousand firms and sixty days are 20,000 to 40,000 events."""
    events = default_form()

    assert 20_000 <= len(events) <= 40_000
    assert len({event.subject for event in events}) == county.ENTERPRISES


def test_events_come_in_order_but_for_the_late_ones():
    """Fewer than three of a hundred events come out of order, none by more than 45 days."""
    newest = default_form()[0].time
    lags = []
    for event in default_form():
        lags.append(newest - event.time)
        newest = max(newest, event.time)
    late = [lag for lag in lags if lag > dt.timedelta(0)]

    assert 0 < len(late) < 0.03 * len(lags)
    assert dt.timedelta(days=30) < max(late) < dt.timedelta(days=45)


def test_every_event_lies_in_the_days_simulated():
    """Nothing happens before the register is handed over or after the last day."""
    first = county.START - dt.timedelta(days=county.HISTORY_DAYS)
    end = county.START + dt.timedelta(days=county.DAYS)

    assert all(first <= event.time.astimezone(CHINA).date() < end for event in default_form())


def test_every_event_decodes():
    """What the county writes, the decoder reads back as the same event."""
    assert all(e.decode(e.encode(event)) == event for event in default_form())


@pytest.mark.parametrize("form", [default_form, short_form], ids=["default form", "short form"])
def test_every_event_type_appears(form):
    """Each type that a department sends happens at least once, in the short form too."""
    seen = {type(event.data) for event in form()}

    assert set(e.event_types().values()) - e.SIGNALS == seen


@pytest.mark.parametrize("form", [default_form, short_form], ids=["default form", "short form"])
def test_sources_take_back_correct_and_end_what_they_said(form):
    """Revocations, corrections, endings and repairs each speak of an event of the same source."""
    known = {(event.source, event.id) for event in form()}
    speaking = [event for event in form() if event.data.supersedes]

    assert {event.data.op for event in speaking} == set(e.Op)
    repairs = [event for event in speaking if isinstance(event.data, e.RepairDecided)]
    assert {bool(event.data.about_source) for event in repairs} == {True, False}
    assert all(
        (getattr(event.data, "about_source", "") or event.source, event.data.supersedes) in known
        for event in speaking
    )


def test_a_second_feed_repeats_the_first():
    """Copies of a second feed carry source and id of the first, and are recognised by them."""
    events = default_form()
    copies = len(events) - len({(event.source, event.id) for event in events})

    assert copies > 100
    assert assessed(default_form).skipped["duplicate"] == copies


def test_every_subject_is_a_valid_code_of_an_unissued_block():
    """Every code passes its check digit and carries ``YX``, which no register has issued."""
    subjects = {event.subject for event in default_form()}

    assert {status_of(subject) for subject in subjects} == {UsccStatus.VALID}
    assert {subject[2:10] for subject in subjects} == {"410422YX"}


def test_the_register_names_each_firm_before_anything_happens_to_it():
    """The first event of a firm is its registration, with its own name and a township."""
    first: dict[str, e.Payload] = {}
    for event in default_form():
        first.setdefault(event.subject, event.data)
    names = [data.name for data in first.values() if isinstance(data, e.Established)]

    assert len(names) == len(set(names)) == county.ENTERPRISES
    assert {data.place for data in first.values()} == set(TOWNSHIPS)


def test_documents_are_numbered_as_bureaus_number_them():
    """Penalties carry consecutive numbers of their year, in the official wording."""
    numbers = {
        event.data.doc_no: None
        for event in sorted(default_form(), key=lambda event: (event.time, event.id))
        if isinstance(event.data, e.PenaltyDecided) and event.data.op is e.Op.ADD
    }

    assert list(numbers) == [f"叶市监处罚〔2026〕{n}号" for n in range(1, len(numbers) + 1)]


@pytest.mark.parametrize("seed", [SEED, 1, 42])
def test_the_short_form_warns_of_every_measure(seed):
    """Whatever the seed, CI sees each of the four measures several times."""
    counts = Counter(one.measure for one in assessed(short_form, seed).issued())

    assert all(counts[measure] >= 3 for measure in Measure)


def test_the_default_form_warns_as_a_county_would():
    """In sixty days 150 to 700 warnings go out, each measure several times, some taken back.

    Annual reports alone, where the catalogue asks for them, bring a hundred or two.
    """
    result = assessed(default_form)
    counts = Counter(one.measure for one in result.issued())

    assert 150 <= counts.total() <= 700
    assert all(counts[measure] >= 5 for measure in Measure)
    assert any(one.status is WarningStatus.CANCELLED for one in result.warnings)


@pytest.mark.parametrize("form", [default_form, short_form], ids=["default form", "short form"])
def test_time_alone_and_neighbours_have_something_to_tell(form):
    """Deadlines fall due; kin and branches hear of trouble; an agent and a house stand out."""
    own = assessed(form).own

    assert own["deadline"] > 50
    assert own["legal_rep"] >= 4
    assert own["head_office"] == 3
    assert own["agent"] == len(BATCH)
    assert own["address"] >= len(BATCH) // 2


@pytest.mark.parametrize("form", [default_form, short_form], ids=["default form", "short form"])
def test_a_batch_of_registrations_is_one_case(form):
    """W22 speaks of the agent's batch once, not once a firm."""
    rules = Counter(one.rule for one in assessed(form).issued())

    assert rules["W22"] == 1


def test_some_reports_are_missing_on_the_day():
    """At 07-01 00:00 one firm in fifty or so has not filed, and files late or never."""
    due = dt.datetime(county.START.year, 7, 1, tzinfo=CHINA)
    filed = {
        event.subject
        for event in default_form()
        if isinstance(event.data, e.AnnualReportFiled)
        and event.data.year == due.year - 1
        and event.time < due
    }
    owing = {
        event.subject
        for event in default_form()
        if isinstance(event.data, e.Established)
        and event.data.established_on < dt.date(due.year, 1, 1)
    }

    assert 0.01 < len(owing - filed) / len(owing) < 0.05


def test_what_followed_a_penalty_names_its_decision():
    """A payment names the number of a decision that the same organ took before it."""
    numbers = {
        event.data.doc_no for event in default_form() if isinstance(event.data, e.PenaltyDecided)
    }
    named = [
        event.data.penalty_no
        for event in default_form()
        if isinstance(event.data, e.PenaltyFollowed)
    ]

    assert len(named) > 20
    assert len(set(named) - numbers) == 1  # the fine of last year, older than the register


def test_most_firms_are_in_good_standing():
    """At the end the classes stand as in the two cities that publish theirs.

    Dandong 2023: A 65.4, B 25.3, C 7.7, D 1.5 %; Bayannur 2022: A 73.2, B 18.7, C 5.2, D 3.0 %.
    """
    states = assessed(default_form).states.values()
    counts = Counter(state.learned.live.risk_class for state in states)
    shares = [counts[risk] / len(states) for risk in RiskClass]

    assert 0.64 < shares[0] < 0.76
    assert 0.17 < shares[1] < 0.27
    assert 0.045 < shares[2] < 0.085
    assert 0.012 < shares[3] < 0.035


@pytest.mark.parametrize(
    ("form", "at_least"),
    [
        pytest.param(default_form, 0.85, id="default form: measured .88"),
        pytest.param(short_form, 0.75, id="short form: measured .83"),
    ],
)
def test_outcomes_can_be_foreseen_from_the_past(form, at_least):
    """The model scores each look before it learns of it, and puts most pairs in order."""
    assert auc(assessed(form).scored) > at_least


def test_bad_records_show_every_cause_of_a_dead_letter():
    """Each bad record is refused for a cause of its own; together they show all but a crash.

    Of four eyes no record speaks alone: who handled the warning must have been heard before.
    """
    now = default_form()[-1].time
    causes = []
    for offset, raw in enumerate(county.bad_records(SEED)):
        with pytest.raises(e.InvalidEventError) as refused:  # noqa: PT012 - either may refuse
            event = e.decode(raw)
            position = Position(epoch=1, partition=0, offset=offset)
            step(EnterpriseState(), event, expertise(), now=now, position=position)
        causes.append(refused.value.cause)

    assert len(causes) == 9
    assert set(causes) == set(e.Cause) - {e.Cause.CRASH, e.Cause.FOUR_EYES}


def test_bad_records_are_the_same_for_the_same_seed():
    """The dead letters of a demo can be told again."""
    assert list(county.bad_records(SEED)) == list(county.bad_records(SEED))
