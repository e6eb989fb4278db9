"""The records that a verification publishes, and what the core makes of them."""

import collections
import datetime as dt

import msgspec
import pytest

from config.schema import Settings
from detectors import events as e
from detectors.state import EnterpriseState, Learned, Standing
from streams.assembly import build_wisdom
from tests.bench.datasets.dataset import uscc_of
from tests.bench.expected import comparable, expectation, looks
from tests.bench.records import Fate, planted
from tests.builders import event, on


@pytest.fixture(scope="module", name="wisdom")
def knows():
    """Return the shipped knowledge, whole."""
    return build_wisdom(Settings())


def looked_at(count):
    """Return so many inspections of as many enterprises, every third with a finding."""
    return [
        event(
            e.InspectionResult(domain="CATER", result="passed" if number % 3 else "failed"),
            day=number / 24,
            name=str(number),
            subject=uscc_of(number % 50),
        )
        for number in range(count)
    ]


def test_every_sort_of_bad_record_is_planted():
    """Each sort stands among the events as often as was asked, a megabyte twice at the most."""
    records = planted(looked_at(200), each=3, seed=1)

    counts = collections.Counter(record.sort for record in records)
    assert counts.pop("event") == 200
    assert counts.pop("a megabyte") == 2
    assert counts.pop("kin") == 3 * 4 + 1
    assert set(counts.values()) == {3}
    assert len(counts) == 11


def test_planting_is_seeded():
    """The same seed plants the same records in the same places."""
    assert planted(looked_at(60), each=2, seed=7) == planted(looked_at(60), each=2, seed=7)


def test_a_repeated_event_comes_after_the_event():
    """A second copy of an event never stands before the first."""
    records = planted(looked_at(100), each=9, seed=3)

    values = [record.value for record in records if record.sort == "event"]
    for place, record in enumerate(records):
        if record.fate is Fate.DUPLICATE:
            assert record.value in [one.value for one in records[:place]]
    assert len(set(values)) == len(values)


def test_the_core_gives_every_record_its_stated_fate(wisdom):
    """What is stated of each sort is what the replay decides, so nothing is wrong."""
    records = planted(looked_at(200), each=4, seed=5)

    expected = expectation(records, wisdom, now=on(30))

    assert expected.fates_wrong == 0
    assert expected.applied == 200 + 4 * 4 + 2
    assert expected.letters.total() == 9 * 4 + 2
    assert expected.skipped == {"duplicate": 4, "unknown_fact": 4}


def test_a_fate_that_the_core_does_not_share_is_counted(wisdom):
    """A record said to be dead that the core applies shows as a wrong fate."""
    good, *rest = planted(looked_at(5), each=0, seed=5)
    claimed = [good.__class__(good.sort, good.key, good.value, Fate.DEAD, e.Cause.INVALID), *rest]

    assert expectation(claimed, wisdom, now=on(30)).fates_wrong == 1


def test_looks_count_the_outcomes_of_each_domain(wisdom):
    """Every inspection is one outcome of its domain; a copy and a bad record are none."""
    records = planted(looked_at(60), each=2, seed=2)

    looked = looks(records, wisdom.expertise, now=on(30))

    assert looked.outcomes == {"CATER": 60}
    assert len(looked.domains) == len(records)


def test_places_in_the_log_do_not_tell_states_apart():
    """Epoch, partition and offset are left out of the comparison; a fact's time is not."""
    state = EnterpriseState(epoch=1, partition=2, offset=3, as_of=4)
    elsewhere = msgspec.structs.replace(state, epoch=5, partition=6, offset=7)
    later = msgspec.structs.replace(state, as_of=5)

    assert comparable(state, learned=True) == comparable(elsewhere, learned=True)
    assert comparable(state, learned=True) != comparable(later, learned=True)


def test_only_the_learned_part_is_left_out_when_asked():
    """Without the learned part, what the model said counts not, and the score by rules does."""
    state = EnterpriseState(as_of=4)
    taught = msgspec.structs.replace(
        state, learned=Learned(0.5, "SE-3", Standing(9.0)), told_score=9, told_rank=0
    )
    ruled = msgspec.structs.replace(state, rule=Standing(9.0))

    assert comparable(state, learned=False) == comparable(taught, learned=False)
    assert comparable(state, learned=True) != comparable(taught, learned=True)
    assert comparable(state, learned=False) != comparable(ruled, learned=False)


def test_events_from_the_future_are_not_planted_as_good():
    """A planted future event lies behind any day on which a verification could run."""
    record = next(one for one in planted(looked_at(9), each=1, seed=1) if one.sort == "far future")

    assert e.decode(record.value).time > dt.datetime(2098, 1, 1, tzinfo=dt.UTC)
