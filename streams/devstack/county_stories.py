"""Which stories must be seen in every county, however the dice fall?

Each story befalls one firm that was in good order.  Together they show every event type and all
four measures, with what sources do to us: take back, correct, repair, repeat, come late.
"""

import datetime as dt
from collections.abc import Callable, Iterator

from detectors import events as e
from streams.devstack.county_burden import CALM
from streams.devstack.county_diary import A_DAY, Diary, Source
from streams.devstack.county_matters import MATTERS
from streams.devstack.county_people import (
    AMR,
    BATCH,
    CREDIT_CENTRE,
    SETTLED,
    TOWNSHIPS,
    Firm,
)

Story = Callable[[Diary], None]


def _additive(diary: Diary) -> None:
    """An illegal additive is found, and the re-test clears the firm: the warning is taken back."""
    at = diary.span.at
    number = diary.sampled(at(0.1), problem="illegal_additive")
    _retested(diary, number, at(0.5), passed=True)


def _two_batches(diary: Diary) -> None:
    """Two batches fail, the first is confirmed by the re-test."""
    at = diary.span.at
    number = diary.sampled(at(0.15), problem="pathogen")
    _retested(diary, number, at(0.55), passed=False)
    diary.sampled(at(0.6), problem="physical")


def _retested(diary: Diary, number: str, day: dt.date, *, passed: bool) -> None:
    data = e.Reinspected(sample_no=number, passed=passed)
    diary.write(Source.SAMPLING, diary.office(day), data)


def _hoist(diary: Diary) -> None:
    """Equipment fails its inspection, is used on, and is put right."""
    at = diary.span.at
    diary.checked(at(0.2), passed=False)
    diary.checked(at(0.75), passed=True)


def _accident(diary: Diary) -> None:
    """Somebody is hurt by equipment."""
    data = e.EquipmentIncident(
        equipment=diary.equipment, casualties=1, kind="起重伤害，1人受伤", place=diary.place
    )
    diary.write(Source.EMERGENCY, diary.daytime(diary.span.at(0.35)), data)


def _poisoning(diary: Diary) -> None:
    """Guests fall ill."""
    data = e.FoodIncident(people=7, place=diary.place)
    diary.write(Source.EMERGENCY, diary.daytime(diary.span.at(0.45)), data)


def _dishonest(diary: Diary) -> None:
    """The firm comes on the list of serious violations, and off it."""
    at, grounds = diary.span.at, "被市场监督管理部门处以较重行政处罚"
    diary.gravely_listed(at(0.3), grounds=grounds)
    diary.gravely_listed(at(0.85), grounds=grounds, action="remove")


def _debtor(diary: Diary) -> None:
    """A court names the firm a dishonest debtor, and deletes it when it has paid."""
    number = "(2026)豫0422执77号"
    at = diary.span.at
    diary.indebted(at(0.4), number=number)
    diary.indebted(at(0.85), number=number, action="delete")


def _quashed(diary: Diary) -> None:
    """A severe penalty is quashed on review: its warnings are taken back."""
    at = diary.span.at
    known = diary.punished(at(0.1), severity="severe")
    diary.quashed(at(0.65), known=known, severity="severe")


def _thrice(diary: Diary) -> None:
    """A food business is punished three times in a year; one offence has two outcomes."""
    at = diary.span.at
    diary.punished(diary.span.start - A_DAY * 60, severity="minor")
    diary.punished(at(0.2), severity="minor", offence="20260601-1")
    diary.punished(at(0.2), severity="general", offence="20260601-1")
    diary.punished(at(0.7), severity="minor")


def _repaired(diary: Diary) -> None:
    """A penalty is repaired at the second asking."""
    at = diary.span.at
    known = diary.punished(diary.span.start - A_DAY * 60, severity="general")
    refused = e.RepairDecided(supersedes=known, decision="refused", effective=at(0.25))
    diary.write(Source.ENFORCEMENT, diary.office(at(0.25)), refused)
    granted = e.RepairDecided(supersedes=known, decision="granted", effective=at(0.6))
    diary.write(Source.ENFORCEMENT, diary.office(at(0.6)), granted)


def _repaired_elsewhere(diary: Diary) -> None:
    """The credit centre repairs what market regulation decided."""
    at = diary.span.at
    known = diary.punished(diary.span.start - A_DAY * 100, severity="general")
    granted = e.RepairDecided(
        supersedes=known,
        decision="granted",
        effective=at(0.5),
        about_source=Source.ENFORCEMENT,
        organ=CREDIT_CENTRE,
    )
    diary.write(Source.CREDIT, diary.office(at(0.5)), granted)


def _silent(diary: Diary) -> None:
    """A permit runs out, a fine is not paid, a fault is not put right, and nobody says a word."""
    span, permit = diary.span, diary.firm.trade.permit
    assert permit is not None
    granted = e.PermitGranted(  # beside the permit of its trade, which runs on
        permit_no="YX-SILENT-1",
        permit_type="食品生产加工小作坊登记证",
        domain=permit.domain,
        valid_to=span.at(0.5),
        organ=permit.organ,
        place=diary.place,
    )
    diary.write(Source.LICENSING, diary.office(span.opening + A_DAY * 3), granted)
    diary.punished(span.at(0.5) - A_DAY * 18, severity="severe", pays_after=None)
    ordered = e.RectificationOrdered(
        order="叶市监责改〔2026〕88号",
        domain=diary.firm.trade.domain,
        due=span.at(0.4),
        items="未建立进货查验记录",
        place=diary.place,
    )
    diary.write(Source.SUPERVISION, diary.office(span.at(0.4) - A_DAY * 15), ordered)


def _overdue_lift(diary: Diary) -> None:
    """Equipment is not looked at in time, and used on."""
    day = diary.span.at(0.4)
    registered = e.EquipmentRegistered(
        equipment=diary.equipment,
        kind=diary.firm.trade.equipment,
        public_place=diary.firm.trade.public_place,
        next_due=day,
        place=diary.place,
    )
    diary.write(Source.EQUIPMENT, diary.office(diary.span.opening + A_DAY * 9), registered)


def _corrected(diary: Diary) -> None:
    """A finding was entered for the wrong firm; the bureau corrects its record."""
    at = diary.span.at
    known = diary.inspected(at(0.2), weight=0.6)
    diary.inspected(at(0.4), weight=0.0, corrects=known)


def _disordered(diary: Diary) -> None:
    """The removal from the abnormal list reaches us before the listing."""
    at = diary.span.at
    listing, removal, arrival = at(0.2), at(0.4), at(0.6)
    diary.listed(listing, reason=2, late=arrival - listing)
    diary.unlisted(removal, reason=2)


def _late(diary: Diary) -> None:
    """Another bureau sends its penalty forty days late."""
    day = diary.span.at(0.5)
    diary.punished(day - A_DAY * 40, severity="general", late=A_DAY * 40)


def _contested(diary: Diary) -> None:
    """A penalty is before the court: it counts half."""
    day = diary.span.at(0.3)
    data = e.PenaltyDecided(
        domain=diary.firm.trade.domain,
        severity="general",
        amount=20_000.0,
        grounds=diary.firm.trade.faults[0],
        contested=True,
        decided_at=day,
        doc_no="叶市监处罚",
        organ=AMR,
        place=diary.place,
    )
    diary.write(Source.ENFORCEMENT, diary.office(day), data)


def _flood(diary: Diary) -> None:
    """One person complains thirty times about one matter: no surge."""
    person = diary.person()
    for _ in range(30):
        diary.complained(diary.span.at(0.3), person=person, matter="价格")


def _runaway(diary: Diary) -> None:
    """Twenty-four people want their prepaid cards back."""
    diary.surged(diary.span.at(0.25), people=24)
    diary.reported(diary.span.at(0.8), is_true=True)


def _shell(diary: Diary) -> None:
    """Representative, holder and address change within weeks, the last to a barred person."""
    at = diary.span.at
    diary.represented(at(0.1))
    diary.shared(at(0.2))
    diary.moved(at(0.3), to=next(code for code in TOWNSHIPS if code != diary.place))
    diary.represented(at(0.5), barred_until=at(0.5) + A_DAY * 900)


def _lapsed(diary: Diary) -> None:
    """A permit runs out while the firm works on, and is withdrawn at last."""
    at = diary.span.at
    number, runs_out = "YX-LAPSED-1", at(0.6)
    permit = diary.firm.trade.permit
    assert permit is not None
    granted = e.PermitGranted(
        permit_no=number,
        permit_type="小餐饮经营许可证",
        domain=permit.domain,
        valid_to=runs_out,
        organ=permit.organ,
        place=diary.place,
    )
    diary.write(Source.LICENSING, diary.office(diary.span.opening + A_DAY * 3), granted)
    for share in (0.0, 0.4, 0.7):
        diary.inspected(at(share), weight=0.0)
    ended = e.PermitEnded(permit_no=number, kind="withdrawn", organ=permit.organ)
    diary.write(Source.LICENSING, diary.office(at(0.85)), ended)


def _frozen(diary: Diary) -> None:
    """A court freezes most of the equity, and releases it."""
    diary.frozen(diary.span.at(0.35), share=0.6, released=diary.span.at(0.85))


def _honoured(diary: Diary) -> None:
    """An honour runs out before its day, and the firm takes another name."""
    at = diary.span.at
    granted = e.HonourGranted(kind="放心消费示范单位", valid_to=at(1.0) + A_DAY * 300)
    day = diary.office(diary.span.start - A_DAY * 30)
    known = diary.write(Source.QUALITY, day, granted)
    ended = e.HonourGranted(kind="放心消费示范单位", op=e.Op.EXPIRE, supersedes=known)
    diary.write(Source.QUALITY, diary.office(at(0.3)), ended)
    name = diary.firm.name
    renamed = e.BasicChanged(field="name", before=name, after=name.replace("叶县", "叶县新"))
    diary.write(Source.REGISTRY, diary.office(at(0.6)), renamed)


def _empty_report(diary: Diary) -> None:
    """An annual report is filed with nothing but zeros, a year late."""
    day = diary.span.at(0.7)
    data = e.AnnualReportFiled(year=day.year - 2, late=True, all_zero=True)
    diary.write(Source.PUBLICITY, diary.daytime(day), data)


_ANY = ""
# Whom a story can befall: a domain of looks, or "equipment", or anybody.
_STORIES: tuple[tuple[str, Story], ...] = (
    ("FOODP", _additive),
    ("FOODS", _two_batches),
    ("SE", _hoist),
    ("SE", _accident),
    ("CATER", _poisoning),
    (_ANY, _dishonest),
    (_ANY, _debtor),
    ("QUAL", _quashed),
    ("CATER", _thrice),
    ("FOODS", _repaired),
    (_ANY, _repaired_elsewhere),
    ("FOODS", _silent),
    ("SE", _overdue_lift),
    (_ANY, _corrected),
    (_ANY, _disordered),
    (_ANY, _late),
    (_ANY, _contested),
    ("CATER", _flood),
    ("CONS", _runaway),
    ("PUB", _shell),
    ("CATER", _lapsed),
    (_ANY, _frozen),
    (_ANY, _honoured),
    (_ANY, _empty_report),
    *MATTERS,
)


def cast(firms: list[Firm], *, opening: dt.date) -> Iterator[tuple[Firm, Story]]:
    """Yield each story with the firm it befalls: the first in good order that fits it.

    Shapes:
        A county too small for a story goes without it.
    """
    taken: set[int] = {*SETTLED, *BATCH}
    for domain, story in _STORIES:
        for firm in firms:
            fits = domain in (_ANY, firm.trade.domain)
            is_calm = firm.temper < CALM and firm.established < opening
            if fits and is_calm and firm.number not in taken:
                taken.add(firm.number)
                yield firm, story
                break
