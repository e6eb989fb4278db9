"""Does the difference of two versions say who moves, who is told, and how much earlier?"""

import datetime as dt

import msgspec
from rich.console import Console

from detectors import events as e
from detectors.expertise import compiled
from detectors.facts import DAY_S
from detectors.measure import Measure, RiskClass
from streams.replay import replay
from streams.what_if import difference, difference_in_words
from tests import builders as b

LATER = b.on(400)
BUREAU = (lambda _: "县局",) * 2


def changed(**points):
    """Return the shipped knowledge with other points for some indicators."""
    known = b.expertise().knowledge
    return compiled(
        msgspec.structs.replace(
            known,
            indicators=tuple(
                msgspec.structs.replace(one, points=points.get(one.id, one.points))
                for one in known.indicators
            ),
        )
    )


def played(happenings, knowing):
    """Return what a version makes of the events."""
    raws = [e.encode(happening) for happening in happenings]
    return replay(raws, knowing, now=LATER, timers=True)


LIFE = [b.event(b.penalty(), name="p1"), b.event(b.inspection("failed"), name="i1", day=3)]


def test_the_same_version_makes_no_difference():
    """A version beside itself moves nobody and warns of the same."""
    same = played(LIFE, b.expertise())

    found = difference(same, same, leads=BUREAU)

    assert found.moves == ()
    assert (found.only_before, found.only_after) == (0, 0)
    assert all(before == after for before, after in found.per_authority.values())


def test_who_would_change_class_is_named():
    """Heavier points move the enterprise, and the move names both classes and scores."""
    found = difference(played(LIFE, b.expertise()), played(LIFE, changed(S08=600)), leads=BUREAU)

    (move,) = found.moves
    assert (move.before, move.after) == (RiskClass.B, RiskClass.C)
    assert move.score_after > move.score_before


def test_warnings_are_counted_by_day_authority_and_measure():
    """What one version warns of and the other does not stands under its day and authority."""
    found = difference(
        played(LIFE, changed(S08=0, S14=0)), played(LIFE, b.expertise()), leads=BUREAU
    )

    assert found.only_after >= 1
    assert found.per_authority["县局"][0] < found.per_authority["县局"][1]
    assert found.per_day[b.START.date()][1] >= 1
    assert sum(after for _, after in found.per_measure.values()) == found.per_authority["县局"][1]


def test_an_earlier_warning_has_a_lead():
    """A version that reminds earlier of a permit leads by those days."""
    known = b.expertise().knowledge
    earlier = compiled(
        msgspec.structs.replace(
            known,
            rules=tuple(
                msgspec.structs.replace(
                    rule,
                    tiers=tuple(
                        msgspec.structs.replace(
                            tier, when=msgspec.structs.replace(tier.when, days=-120)
                        )
                        if tier.measure is Measure.REMINDER
                        else tier
                        for tier in rule.tiers
                    ),
                )
                if rule.id == "W06"
                else rule
                for rule in known.rules
            ),
        )
    )
    life = [b.event(b.permit(days_left=200)), b.event(b.inspection("passed"), day=150)]

    found = difference(played(life, b.expertise()), played(life, earlier), leads=BUREAU)

    assert max(found.lead_days) == 30.0


def test_the_difference_can_be_read():
    """A person reads moves, counts and lead in Chinese."""
    console = Console(record=True, width=120)
    found = difference(played(LIFE, b.expertise()), played(LIFE, changed(S08=600)), leads=BUREAU)

    console.print(difference_in_words(found))

    text = console.export_text()
    assert "等级变化 1 户：B→C 1户" in text
    assert "责任单位" in text


def test_deadlines_fall_due_between_the_records_and_after_them():
    """A permit that runs out is told though nothing else happens, up to the moment asked for."""
    raws = [e.encode(b.event(b.permit(days_left=100)))]

    silent = replay(raws, b.expertise(), now=LATER, timers=True)
    told = replay(raws, b.expertise(), now=LATER, timers=True, until=b.on(100 + 2))

    assert silent.warnings == []
    assert {one.measure for one in told.warnings} == {
        Measure.REMINDER, Measure.WARNING, Measure.INTERVIEW,
    }  # fmt: skip
    assert told.deadlines >= 3
    assert told.states[b.USCC].as_of <= b.at(102) + DAY_S
    assert told.warnings[0].issued_at > b.START.astimezone(dt.UTC)
