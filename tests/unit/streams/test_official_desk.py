"""Does a result that comes through the log become official once, for good, in its own month?"""

import datetime as dt
import logging

import msgspec
import pytest

from detectors import events as e
from detectors.measure import RiskClass
from detectors.official import Month, Source
from detectors.uscc import synthetic
from streams.codec import Envelope
from streams.official_store import Progress
from streams.topics import Topic
from tests import builders as b
from tests.shell import OFFICIAL, PUBLISHED, STORED, Shell, arrivals

MAY, JUNE = Month.of("2026-05"), Month.of("2026-06")
OTHER = synthetic(7)
OPENING = e.Established(
    name="叶县样例", established_on=dt.date(2015, 1, 1), place="410422001", industry="F5212"
)


def result(risk_class, *, period="2026-06", day=140.0, subject=b.USCC, name="", **more):
    """Return an E57."""
    data = e.ClassOfMonth(period=period, risk_class=risk_class, **more)
    return b.event(data, day=day, subject=subject, name=name)


def published(shell):
    """Return what the class topic carries of months: id and data."""
    found = [
        msgspec.json.decode(one.value, type=Envelope)
        for one in shell.publisher.to(Topic.CLASS.value)
    ]
    return [(one.id, one.data) for one in found if one.type != "class.changed.v1"]


async def stands(shell, month=JUNE, *usccs):
    """Return the official classes of a month."""
    found = await shell.official.get(month, Source.IMPORTED, usccs or (b.USCC,))
    return {uscc: one.risk_class.value for uscc, one in found.items()}


async def test_a_result_is_official_as_one_from_a_file_is():
    """Class, score, name, domain and share as the import has them; the topic hears of it."""
    shell = Shell()

    done = await shell.digest(
        *arrivals([b.event(OPENING), result("C", score=612.5, model_version="豫2.0")])
    )

    found = await shell.official.get(JUNE, Source.IMPORTED, [b.USCC])
    one = found[b.USCC]
    assert done
    assert (one.risk_class, one.score, one.catalogue_version) == (RiskClass.C, 612.5, "豫2.0")
    assert (one.name, one.place, one.month) == ("叶县样例", "410422001", "2026-06")
    assert one.ratio == one.draws[0].ratio > 0
    ((identity, data),) = published(shell)
    assert identity == f"official/2026-06/{b.USCC}/imported"
    assert (data["class"], data["source"]) == ("C", "imported")
    head = await shell.official.head(JUNE, Source.IMPORTED)
    assert head.progress is Progress.ARRIVING
    assert shell.counted("sanzao_official_classes_told_total", outcome="stands") == 1


async def test_it_stands_before_the_state_says_that_it_was_read():
    """A crash in between reads the event again, never skips it."""
    shell = Shell()

    await shell.digest(*arrivals([result("C")]))

    assert shell.journal == [OFFICIAL, PUBLISHED, STORED]


async def test_a_batch_read_again_makes_nothing_twice():
    """The store fails after the class was written: the second run writes and tells the same."""
    shell = Shell()
    shell.store.refused_writes = 1

    await shell.digest(*arrivals([result("C")]))

    assert await stands(shell) == {b.USCC: "C"}
    assert {identity for identity, _ in published(shell)} == {f"official/2026-06/{b.USCC}/imported"}
    assert len(shell.naps) == 1
    assert shell.counted("sanzao_official_classes_told_total", outcome="stands") == 1


async def test_a_redis_that_is_down_is_waited_for():
    """Where the class cannot be written, nothing is acknowledged, and nothing skipped."""
    shell = Shell()
    shell.official.refused = 2

    done = await shell.digest(*arrivals([result("C")]))

    assert done
    assert await stands(shell) == {b.USCC: "C"}
    assert len(shell.naps) == 2


async def test_a_late_result_goes_to_its_own_month():
    """What comes in August of May is May's, beside June's of the same batch."""
    shell = Shell()

    await shell.digest(
        *arrivals(
            [
                result("B", day=130.0, name="june"),
                result("D", period="2026-05", day=170.0, name="may"),
            ]
        )
    )

    assert await stands(shell, JUNE) == {b.USCC: "B"}
    assert await stands(shell, MAY) == {b.USCC: "D"}
    assert [identity for identity, _ in published(shell)] == [
        f"official/2026-05/{b.USCC}/imported", f"official/2026-06/{b.USCC}/imported",
    ]  # fmt: skip


@pytest.mark.parametrize("score", [600.0, None], ids=["with a score", "the class alone"])
@pytest.mark.parametrize("together", [True, False], ids=["in one batch", "in two"])
async def test_a_second_word_is_a_correction_beside_the_month(together, score, caplog):
    """What was said first stands; the other is on record, once however often it is sent."""
    caplog.set_level(logging.WARNING)
    shell = Shell()
    happenings = arrivals([
        result("B", score=300.0, name="first"),
        result("C", score=score, name="second"),
        result("C", score=score, name="third"),
    ])  # fmt: skip

    for batch in [happenings] if together else [[one] for one in happenings]:
        await shell.digest(*batch)

    assert await stands(shell) == {b.USCC: "B"}
    corrections = {i: data for i, data in published(shell) if i.startswith("correction/")}
    (data,) = corrections.values()
    assert (data["official_class"], data["would_be_class"]) == ("B", "C")
    assert data["would_be_score"] == score
    assert shell.dead() == []
    assert shell.counted("sanzao_official_classes_told_total", outcome="contradicted") == 2
    assert "class.correction.v1" in caplog.text


async def test_a_result_taken_back_changes_nothing():
    """The month stands, whoever revokes its event."""
    shell = Shell()
    data = e.ClassOfMonth(period="2026-06", risk_class="C", op=e.Op.REVOKE, supersedes="first")

    await shell.digest(*arrivals([result("C", name="first"), b.event(data, day=141)]))

    assert await stands(shell) == {b.USCC: "C"}
    assert len(published(shell)) == 1


async def test_who_is_known_by_this_result_alone_has_it_too():
    """An enterprise that nothing else was heard of keeps its class, at the general share."""
    shell = Shell()

    await shell.digest(*arrivals([result("D", subject=OTHER)]))

    assert await stands(shell, JUNE, OTHER) == {OTHER: "D"}
