"""Is a month frozen once, whatever comes late, and does the province's result win?"""

import dataclasses
import datetime as dt
import re
from types import SimpleNamespace

import msgspec
import pytest

from detectors import events as e
from detectors import state as states
from detectors.measure import RiskClass
from detectors.official import Month, Source
from detectors.state import EnterpriseState
from detectors.told import Told
from detectors.uscc import synthetic
from detectors.warning import CHINA
from streams.codec import Envelope
from streams.month_end import MonthEnd, MonthRefusedError, Outcome
from streams.official_desk import OfficialDesk
from streams.official_store import MemoryOfficialStore, Progress
from streams.publisher import MemoryPublisher, NotPublishedError, partition_of
from streams.state_scan import MemoryScan
from streams.store import MemoryStore, StoreUnavailableError
from streams.topics import Topic
from tests import builders as b

PARTITIONS = 4
JUNE = Month.of("2026-06")
FIRST_OF_JULY = dt.datetime(2026, 7, 1, 1, tzinfo=CHINA)
AUGUST = dt.datetime(2026, 8, 15, 12, tzinfo=CHINA)
CODES = ["91410422MA3X1A2B83", "91410422MA40ABCD1G", "91410422MA9F7K3H8F", "91440101MA5CJQ4N59"]


class County:
    """A county's enterprises, their store, and who freezes their months."""

    def __init__(self, codes=CODES):
        """Register the enterprises."""
        self.store = MemoryStore()
        self.publisher = MemoryPublisher()
        self.official = MemoryOfficialStore(PARTITIONS)
        self.people = {code: b.Enterprise() for code in codes}
        for code in codes:
            self.happens(
                code,
                e.Established(
                    name=f"企业{code[-4:]}", established_on=dt.date(2015, 1, 1),
                    industry="K7010", place="410422001",
                ),
                day=-3000,
            )  # fmt: skip

    def happens(self, code, data, *, day):
        """Let something happen to an enterprise, and store its state."""
        enterprise = self.people[code]
        enterprise.meets(b.event(data, day=day, subject=code))
        at = partition_of(code, PARTITIONS)
        self.store.states[at, code] = states.encode(enterprise.state)

    def month_end(self, knowing=None):
        """Return who freezes."""
        return MonthEnd(
            store=self.store,
            scan=MemoryScan(self.store),
            official=self.official,
            publisher=self.publisher,
            expertise=knowing or b.expertise(),
            plan=b.sampling_plan(),
            partitions=PARTITIONS,
        )

    async def freeze(self, month=JUNE, now=FIRST_OF_JULY):
        """Freeze a month."""
        return await self.month_end().freeze(month, now=now)

    async def imports(self, told, now=AUGUST):
        """Import a month."""
        return await self.month_end().import_month(JUNE, told, now=now)

    def told(self, type_=None):
        """Return what the class topic carries: (type, id, subject, data)."""
        envelopes = [
            msgspec.json.decode(one.value, type=Envelope)
            for one in self.publisher.to(Topic.CLASS.value)
        ]
        return [one for one in envelopes if type_ in {None, one.type}]

    async def classes(self, source=Source.FROZEN):
        """Return the classes of June by code."""
        found = self.month_end().classes(JUNE, source)
        return {one.uscc: one async for one in found}


def told(code, risk_class, **more):
    """Return a result of the province."""
    return Told(uscc=code, month="2026-06", risk_class=RiskClass(risk_class), **more)


async def test_a_month_is_frozen_and_published():
    """Every enterprise has its class, once, on the topic and in the store."""
    county = County()
    county.happens(CODES[0], e.SeriousListChanged(list_code="L", action="add"), day=10)

    report = await county.freeze()

    assert (report.outcome, report.count) == (Outcome.FROZEN, 4)
    found = await county.classes()
    assert {code: one.risk_class.value for code, one in found.items()} == {
        CODES[0]: "D", CODES[1]: "A", CODES[2]: "A", CODES[3]: "A",
    }  # fmt: skip
    records = county.told("class.official.v1")
    assert sorted(one.id for one in records) == sorted(
        f"official/2026-06/{code}/frozen" for code in CODES
    )
    (listed,) = [one.data for one in records if one.subject == CODES[0]]
    assert (listed["class"], listed["month"], listed["source"]) == ("D", "2026-06", "frozen")
    assert listed["floor_cause"]
    assert [record.partition for record in county.publisher.records] == [
        partition_of(record.key.decode(), PARTITIONS) for record in county.publisher.records
    ]


async def test_a_month_that_is_not_over_is_not_frozen():
    """The last instant in China must have passed; a second before it is too early."""
    county = County()
    early = dt.datetime(2026, 6, 30, 23, 59, 59, tzinfo=CHINA)

    with pytest.raises(MonthRefusedError, match="is not over"):
        await county.freeze(now=early)

    assert county.publisher.records == []
    assert (await county.freeze(now=early + dt.timedelta(seconds=1))).count == 4


async def test_a_month_that_is_not_over_is_not_imported():
    """As of E57 on the log: what stands for good is told afterwards, and nothing is kept of it."""
    county = County()
    early = dt.datetime(2026, 6, 30, 23, 59, 59, tzinfo=CHINA)

    with pytest.raises(MonthRefusedError, match=r"2026-06 尚未结束.*--month"):
        await county.imports([told(CODES[0], "D")], now=early)

    assert await county.official.head(JUNE, Source.IMPORTED) is None
    assert county.publisher.records == []
    imported = await county.imports([told(CODES[0], "D")], now=early + dt.timedelta(seconds=1))
    assert imported.count == 1


async def test_freezing_again_changes_nothing():
    """The same facts: unchanged, and not one record more."""
    county = County()
    await county.freeze()
    before = list(county.publisher.records)

    report = await county.freeze(now=AUGUST)

    assert (report.outcome, report.differing) == (Outcome.UNCHANGED, 0)
    assert county.publisher.records == before


async def test_a_late_event_is_a_correction_beside_the_month():
    """Case 7: the official month stands; what it would have been is recorded, once."""
    county = County()
    await county.freeze()
    before = await county.classes()
    county.happens(CODES[1], b.penalty("severe"), day=107)  # 2026-06-17, seen in August

    report = await county.freeze(now=AUGUST)
    again = await county.freeze(now=AUGUST)

    assert (report.outcome, report.differing, report.corrections) == (Outcome.CORRECTED, 1, 1)
    assert (again.outcome, again.differing, again.corrections) == (Outcome.CORRECTED, 1, 0)
    assert await county.classes() == before
    (correction,) = county.told("class.correction.v1")
    assert correction.subject == CODES[1]
    assert correction.data["official_class"] == "A"
    assert correction.data["would_be_class"] == "C"


async def test_what_happened_in_july_is_no_correction_of_june():
    """Facts after the month's end do not count."""
    county = County()
    await county.freeze()
    county.happens(CODES[1], b.penalty("severe"), day=130)

    report = await county.freeze(now=AUGUST)

    assert report.outcome is Outcome.UNCHANGED


async def test_one_who_appears_late_is_a_correction_too():
    """An enterprise whose registration came after the freeze is not put into the month."""
    county = County(CODES[:3])
    await county.freeze()
    county.people[CODES[3]] = b.Enterprise()
    county.happens(CODES[3], e.Established(name="迟到", established_on=dt.date(2020, 1, 1)), day=50)

    report = await county.freeze(now=AUGUST)

    assert (report.outcome, report.count) == (Outcome.CORRECTED, 3)
    assert CODES[3] not in await county.classes()
    assert county.told("class.correction.v1")[0].data["official_class"] is None


async def test_another_catalogue_does_not_judge_a_frozen_month():
    """A month is checked against the catalogue that froze it, or not at all."""
    county = County()
    await county.freeze()
    frozen = b.expertise().knowledge
    newer = b.compiled(msgspec.structs.replace(frozen, version=f"{frozen.version}.1"))

    with pytest.raises(MonthRefusedError, match=f"catalogue {re.escape(frozen.version)}"):
        await county.month_end(newer).freeze(JUNE, now=AUGUST)


async def test_a_freeze_that_broke_off_goes_on():
    """A store that fails on the way leaves the month open; the next run finishes it."""
    county = County()
    county.store.failures = 1

    with pytest.raises(StoreUnavailableError):
        await county.freeze()
    half = await county.official.head(JUNE, Source.FROZEN)
    report = await county.freeze()

    assert half.progress is Progress.OPEN
    assert (report.outcome, report.count) == (Outcome.FROZEN, 4)


async def test_what_comes_between_the_break_and_the_next_run_is_late():
    """A month that was written, though not published, keeps what was written."""
    county = County()
    county.publisher.failures = 1
    with pytest.raises(NotPublishedError):
        await county.freeze()
    county.happens(CODES[1], b.penalty("severe"), day=107)

    report = await county.freeze()

    assert report.outcome is Outcome.CORRECTED
    assert (await county.classes())[CODES[1]].risk_class is RiskClass.A


async def test_a_month_that_was_not_published_is_published_by_the_next_run():
    """Closed but not out: a second freeze sends it, under the same ids."""
    county = County()
    county.publisher.failures = 1
    with pytest.raises(NotPublishedError):
        await county.freeze()

    report = await county.freeze()

    assert report.outcome is Outcome.UNCHANGED
    assert len(county.told("class.official.v1")) == 4


async def test_a_month_that_has_left_the_store_is_not_judged():
    """After its time in the store a month stands as the files have it; nothing is compared."""
    county = County()
    await county.freeze()
    county.official.classes.clear()

    with pytest.raises(MonthRefusedError, match="no longer holds"):
        await county.freeze(now=AUGUST)

    assert county.told("class.correction.v1") == []


async def test_the_imported_month_is_the_official_one():
    """The province's result wins, is marked so, and ours is listed beside it, not overwritten."""
    county = County()
    await county.freeze()
    own = await county.classes()

    report = await county.imports([told(CODES[0], "C", score=600), told(CODES[1], "A")])

    assert (report.outcome, report.count, report.differing) == (Outcome.IMPORTED, 2, 3)
    assert (await county.month_end().official_source(JUNE)).source is Source.IMPORTED
    assert await county.classes() == own
    imported = await county.classes(Source.IMPORTED)
    assert (imported[CODES[0]].risk_class, imported[CODES[0]].ratio) == (RiskClass.C, 0.10)
    assert imported[CODES[0]].name == "企业2B83"
    differing = [one async for one in county.month_end().differing(JUNE)]
    assert {one.uscc: (one.official_class, one.own_class) for one in differing} == {
        CODES[0]: (RiskClass.C, RiskClass.A),
        CODES[2]: (None, RiskClass.A),
        CODES[3]: (None, RiskClass.A),
    }


async def test_our_own_after_the_import_is_not_published():
    """A month that was imported first is not contradicted on the topic by our own."""
    county = County()
    await county.imports([told(CODES[0], "D")])

    report = await county.freeze(now=AUGUST)

    assert report.count == 4
    assert [one.id for one in county.told("class.official.v1")] == [
        f"official/2026-06/{CODES[0]}/imported"
    ]
    assert (await county.month_end().official_source(JUNE)).source is Source.IMPORTED


async def test_importing_again_changes_nothing():
    """The same file again is unchanged; another one is refused."""
    county = County()
    results = [told(CODES[0], "D"), told(CODES[1], "B", score=300)]
    await county.imports(results)
    before = list(county.publisher.records)

    again = await county.imports(results)
    with pytest.raises(MonthRefusedError, match="never changed"):
        await county.imports([told(CODES[0], "C"), told(CODES[1], "B", score=300)])
    with pytest.raises(MonthRefusedError, match="never changed"):
        await county.imports(results[:1])

    assert again.outcome is Outcome.UNCHANGED
    assert county.publisher.records == before


async def arrives(county, *results):
    """Let results of the province come through the log."""
    desk = OfficialDesk(county.official, b.sampling_plan(), PARTITIONS)
    states_now = {code: one.state for code, one in county.people.items()}
    pairs = [(one, states_now.get(one.uscc, EnterpriseState())) for one in results]
    taken = await desk.take(pairs, now=AUGUST)
    await county.publisher.publish(taken.records(PARTITIONS))


async def officially(county):
    """Return June's official classes as an export has them: class and source by code."""
    month_end = county.month_end()
    head = await month_end.official_source(JUNE)
    found = [one async for one in month_end.official_classes(JUNE, head)]
    assert head.count == len(found)
    return {one.uscc: (one.risk_class.value, one.source.value) for one in found}


async def test_what_arrives_by_the_log_is_official_and_the_rest_keeps_ours():
    """An export in the middle of it misses nobody: the province's class, else our own."""
    county = County()
    await county.freeze()

    await arrives(county, told(CODES[0], "C", score=600))

    assert await officially(county) == {
        CODES[0]: ("C", "imported"),
        **dict.fromkeys(CODES[1:], ("A", "frozen")),
    }
    differing = [one async for one in county.month_end().differing(JUNE)]
    assert [(one.uscc, one.official_class, one.own_class) for one in differing] == [
        (CODES[0], RiskClass.C, RiskClass.A)
    ]


async def test_what_arrives_needs_no_freeze():
    """Where nobody has frozen the month, what has arrived is what is official."""
    county = County()

    await arrives(county, told(CODES[0], "C"), told(CODES[1], "B"))

    assert await officially(county) == {
        CODES[0]: ("C", "imported"), CODES[1]: ("B", "imported"),
    }  # fmt: skip


async def test_a_freeze_after_the_first_arrivals_publishes_the_rest():
    """Nobody is told two official classes by us, and nobody none."""
    county = County()
    await arrives(county, told(CODES[0], "C"))

    await county.freeze()

    assert sorted(one.id for one in county.told("class.official.v1")) == sorted([
        f"official/2026-06/{CODES[0]}/imported",
        *(f"official/2026-06/{code}/frozen" for code in CODES[1:]),
    ])  # fmt: skip


async def test_a_file_after_the_first_arrivals_completes_the_month():
    """The same words again and the rest: closed, and then the same file changes nothing."""
    county = County()
    await arrives(county, told(CODES[0], "C"))
    results = [told(CODES[0], "C"), told(CODES[1], "B")]

    report = await county.imports(results)
    await arrives(county, told(CODES[2], "D"))
    again = await county.imports(results)

    assert (report.outcome, report.count) == (Outcome.IMPORTED, 2)
    assert again.outcome is Outcome.UNCHANGED
    classes = await county.classes(Source.IMPORTED)
    assert {code: one.risk_class.value for code, one in classes.items()} == {
        CODES[0]: "C", CODES[1]: "B", CODES[2]: "D",
    }  # fmt: skip


async def test_a_file_that_contradicts_what_has_arrived_is_refused():
    """It names who; nothing of it is taken, and what had arrived stands and is exported."""
    county = County()
    await arrives(county, told(CODES[0], "C"))

    with pytest.raises(MonthRefusedError, match=CODES[0]):
        await county.imports([told(CODES[0], "D"), told(CODES[1], "B")])

    assert await officially(county) == {CODES[0]: ("C", "imported")}


async def test_what_arrives_while_a_file_breaks_off_is_kept():
    """The mended file finds what the log has told meanwhile, and is held against it."""
    county = County()
    county.store.failures = 1
    with pytest.raises(StoreUnavailableError):
        await county.imports([told(CODES[0], "D")])
    await arrives(county, told(CODES[1], "C"))

    with pytest.raises(MonthRefusedError, match=CODES[1]):
        await county.imports([told(CODES[0], "D"), told(CODES[1], "A")])
    report = await county.imports([told(CODES[0], "D"), told(CODES[1], "C")])

    assert (report.outcome, report.count) == (Outcome.IMPORTED, 2)


async def test_an_import_that_broke_off_goes_on():
    """A store that fails on the way leaves the import open; the next run finishes it."""
    county = County()
    county.store.failures = 1
    with pytest.raises(StoreUnavailableError):
        await county.imports([told(CODES[0], "D")])

    report = await county.imports([told(CODES[0], "D")])

    assert (report.outcome, report.count) == (Outcome.IMPORTED, 1)


async def test_a_broken_import_leaves_nothing_to_another_file():
    """An import that broke off half-way, then the mended file: nothing of the first is left."""
    county = County()
    many = [told(synthetic(number), "D") for number in range(1200)]
    month_end = county.month_end()
    loads = 0
    load = county.store.load

    async def failing(partition, usccs):
        """Fail in the second piece."""
        nonlocal loads
        loads += 1
        if loads > PARTITIONS:
            raise StoreUnavailableError("told to fail")
        return await load(partition, usccs)

    county.store = SimpleNamespace(load=failing)
    with pytest.raises(StoreUnavailableError):
        await dataclasses.replace(month_end, store=county.store).import_month(
            JUNE, many, now=AUGUST
        )

    report = await month_end.import_month(JUNE, many[1000:], now=AUGUST)

    assert report.count == 200


async def test_a_month_of_many_pieces_is_whole():
    """More enterprises than fit one piece: all are frozen, and all are published, once."""
    county = County([synthetic(number) for number in range(1100)])

    report = await county.freeze()

    ids = [one.id for one in county.told("class.official.v1")]
    assert (report.count, len(ids), len(set(ids))) == (1100, 1100, 1100)


async def test_who_came_in_july_is_left_out_of_june():
    """A firm of July is in nobody's June, and no correction of it."""
    county = County(CODES[:1])
    county.people[CODES[1]] = b.Enterprise()
    opening = e.Established(name="七月", established_on=dt.date(2026, 7, 2))
    county.happens(CODES[1], opening, day=122)

    first = await county.freeze(now=AUGUST)
    again = await county.freeze(now=AUGUST)

    assert (first.count, again.outcome) == (1, Outcome.UNCHANGED)


async def test_a_month_that_nobody_has_made_official():
    """Neither frozen nor imported: the message says what to do."""
    with pytest.raises(MonthRefusedError, match="sanzao classes freeze"):
        await County().month_end().official_source(JUNE)


async def test_a_failed_inspection_of_july_is_in_the_snapshot_of_july():
    """The loop: drawn in June's list, failed in July, and July's class says so."""
    county = County()
    await county.freeze()
    for day, result in ((130, "refused"), (131, "failed")):
        county.happens(CODES[2], b.inspection(result), day=day)
    for code in CODES[1:3]:  # in July a missing annual report would weigh, too
        county.happens(code, e.AnnualReportFiled(year=2025), day=100)
    july = Month.of("2026-07")

    await county.month_end().freeze(july, now=AUGUST)

    found = {one.uscc: one async for one in county.month_end().classes(july, Source.FROZEN)}
    june = await county.classes()
    assert found[CODES[2]].score > june[CODES[2]].score
    assert found[CODES[1]].score == june[CODES[1]].score
