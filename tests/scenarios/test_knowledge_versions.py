"""Does each month keep the catalogue that was in force in it (domain reference §13, case 22)?"""

import datetime as dt

import msgspec
import pytest

from detectors import events as e
from detectors.expertise import compiled
from streams.assembly import build_expertise
from streams.replay import replay
from tests import builders as b

SWITCH = dt.date(2026, 4, 1)


def version(points, *, name, since):
    """Return the shipped knowledge with other points for a general penalty."""
    known = b.expertise().knowledge
    return msgspec.structs.replace(
        known,
        version=name,
        effective_from=since,
        indicators=tuple(
            msgspec.structs.replace(one, points=points) if one.id == "S08" else one
            for one in known.indicators
        ),
    )


@pytest.fixture
def both():
    """Return the version of 2026-04-01 with the one before it."""
    earlier = compiled(version(100, name="v1", since=dt.date(2026, 1, 1)))
    return compiled(version(400, name="v2", since=SWITCH), earlier=earlier)


def test_an_event_is_judged_by_the_version_of_its_own_time(both):
    """The same penalty weighs 100 points in March and 400 in April, and says which version."""
    march, april = b.Enterprise(both), b.Enterprise(both)

    march.has(b.penalty(domain="QUAL"), day=10)
    april.has(b.penalty(domain="QUAL"), day=40)

    assert (march.state.rule.score, april.state.rule.score) == (100.0, 400.0)
    assert both.at(march.state.as_of).knowledge.version == "v1"
    assert both.at(april.state.as_of).knowledge.version == "v2"


def test_a_month_replayed_gives_its_old_result(both):
    """March replayed after the switch gives what March gave before there was another version."""
    raws = [e.encode(b.event(b.penalty(domain="QUAL"), day=10))]
    assert both.earlier is not None

    then = replay(raws, both.earlier, now=b.on(400), timers=True)
    now = replay(raws, both, now=b.on(400), timers=True)

    assert now.states == then.states


def test_an_old_penalty_weighs_by_the_new_version_once_it_is_in_force(both):
    """What is assessed in April is assessed by April's catalogue, whatever the fact's age."""
    enterprise = b.Enterprise(both)
    enterprise.has(b.penalty(domain="QUAL"), day=10)

    enterprise.has(b.inspection("passed"), day=31)

    assert enterprise.state.rule.score > 350


def test_before_the_earliest_version_the_earliest_holds(both):
    """No event is too old to be judged."""
    assert both.at(b.at(-5000)).knowledge.version == "v1"


def test_a_history_is_built_from_its_documents():
    """The present documents and those of earlier versions give one expertise with a past."""
    documents = b.documents()
    head = {**documents["knowledge.yaml"], "version": "2025.1", "effective_from": "2025-01-01"}

    built = build_expertise(documents, [documents | {"knowledge.yaml": head}])

    assert built.knowledge.version == b.expertise().knowledge.version
    assert built.earlier is not None
    assert built.earlier.knowledge.version == "2025.1"
    assert built.at(b.at(-300)).knowledge.version == "2025.1"
