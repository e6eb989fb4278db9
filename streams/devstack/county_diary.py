"""How does something that happens to a simulated firm become an event of some bureau?"""

import dataclasses
import datetime as dt
import enum
import random
from typing import Literal

from detectors import events as e
from streams.clock import midnight
from streams.devstack.county_people import AMR, CITY_AMR, Firm

A_DAY = dt.timedelta(days=1)
AT_ONCE = dt.timedelta(0)
Problem = Literal["", "label", "physical", "pathogen", "illegal_additive"]
Severity = Literal["minor", "general", "severe"]
Reason = Literal[1, 2, 3, 4]  # of the abnormal list: 年报、责令公示、隐瞒虚假、住所失联
# What laboratories find, by the kind of problem (domain reference §8.3, S17).
ITEMS: dict[Problem, tuple[str, ...]] = {
    "label": ("标签",),
    "physical": ("酸价", "过氧化值", "水分"),
    "": ("毒死蜱残留量", "山梨酸及其钾盐"),
    "pathogen": ("金黄色葡萄球菌", "沙门氏菌"),
    "illegal_additive": ("罂粟碱", "甲醛次硫酸氢钠"),
}
# Amounts in yuan to choose from, and the days a penalty is shown to the public.
FINES: dict[Severity, tuple[float, ...]] = {
    "minor": (0.0, 500.0, 1000.0),
    "general": (5000.0, 10_000.0, 30_000.0),
    "severe": (100_000.0, 200_000.0),
}
DAYS_TO_PAY = 15  # 行政处罚法 art. 67
SHOWN_DAYS: dict[Severity, int] = {"minor": 90, "general": 365, "severe": 1095}
RELAPSED = "两年内三次以上受较重行政处罚"  # a ground of the list of serious violations
_SATURDAY = 5
_OPENS = dt.timedelta(hours=8, minutes=30)
_OFFICE_S = 9 * 3600


class Source(enum.StrEnum):
    """Who sends: one feed a bureau, as the exchange platform names it."""

    REGISTRY = "urn:henan:amr:registration"  # 登记注册
    PUBLICITY = "urn:henan:amr:credit-publicity"  # 国家企业信用信息公示系统（河南）
    LICENSING = "urn:yexian:licensing"  # 行政审批
    SUPERVISION = "urn:yexian:amr:supervision"  # 日常监管与双随机
    SAMPLING = "urn:henan:amr:food-sampling"  # 食品抽检
    EQUIPMENT = "urn:pingdingshan:special-equipment-institute"  # 特检
    ENFORCEMENT = "urn:yexian:amr:enforcement"  # 执法办案
    HOTLINE = "urn:henan:12315"  # 投诉举报
    CREDIT = "urn:pingdingshan:credit-centre"  # 信用修复：发展改革部门
    COURT = "urn:yexian:court"  # 法院
    EMERGENCY = "urn:yexian:emergency"  # 应急值守
    QUALITY = "urn:yexian:amr:quality"  # 质量发展
    SHARING = "urn:pingdingshan:data-sharing"  # 政务数据共享：税务、用电、月度分类
    OFFICERS = "urn:sanzao:officers"  # 预警处置


@dataclasses.dataclass(frozen=True, slots=True)
class Sent:
    """An event, and when it reaches us: at once, or late."""

    arrives: dt.datetime
    event: e.Event


@dataclasses.dataclass(frozen=True, slots=True)
class Span:
    """The days of a simulation: the register is handed over, we watch from ``start`` to ``end``."""

    opening: dt.date
    start: dt.date
    end: dt.date

    def at(self, share: float) -> dt.date:
        """Return the day after so much of the watched time, the last day for 1."""
        return self.start + dt.timedelta(days=int(share * ((self.end - self.start).days - 1)))


class Diary:
    """The events of one firm, in the order in which they were thought of.

    What would arrive before the opening or after the end is not written: it has not happened.
    """

    def __init__(self, firm: Firm, span: Span, rng: random.Random) -> None:
        self.firm = firm
        self.place = firm.place
        self.represented_by = firm.legal_rep
        self.address = firm.address
        self.span = span
        self.rng = rng
        self.sent: list[Sent] = []
        self._written = 0

    def write(
        self,
        source: Source,
        at: dt.datetime,
        data: e.Payload,
        *,
        late: dt.timedelta = AT_ONCE,
    ) -> str:
        """Take an event down and return its id, with which the source may speak of it again."""
        self._written += 1
        identity = f"{self.firm.number:05d}-{self._written:04d}"
        arrives = at + late
        if self.span.opening <= at.date() and arrives.date() < self.span.end:
            event = e.event_of(data, id=identity, source=source, subject=self.firm.uscc, time=at)
            self.sent.append(Sent(arrives, event))
        return identity

    def office(self, day: dt.date) -> dt.datetime:
        """Return a moment of office hours, on the next Monday where the day is a weekend."""
        if day.weekday() >= _SATURDAY:
            day += A_DAY * (7 - day.weekday())
        return self._moment(day, _OPENS, _OFFICE_S)

    def early(self, day: dt.date) -> dt.datetime:
        """Return a moment before office hours, when registers are handed over."""
        return self._moment(day, AT_ONCE, 8 * 3600)

    def daytime(self, day: dt.date) -> dt.datetime:
        """Return a moment between seven in the morning and ten at night of any day."""
        return self._moment(day, dt.timedelta(hours=7), 15 * 3600)

    def _moment(self, day: dt.date, opens: dt.timedelta, width_s: int) -> dt.datetime:
        start = midnight(day) + opens
        return start + dt.timedelta(seconds=self.rng.randrange(width_s))

    def days(self, low: int, high: int) -> dt.timedelta:
        """Return a number of days from ``low`` to ``high``, both included."""
        return dt.timedelta(days=self.rng.randint(low, high))

    def inspected(
        self, day: dt.date, *, weight: float, refused: bool = False, corrects: str = ""
    ) -> str:
        """Write a look at the firm down; a weight above zero is a finding so grave.

        ``corrects`` is the id of a record of the same bureau that this one replaces.
        """
        trade = self.firm.trade
        form = self.rng.choice(("routine", "routine", "random", "special"))
        data = e.InspectionResult(
            op=e.Op.UPDATE if corrects else e.Op.ADD,
            supersedes=corrects,
            domain=trade.domain,
            result="refused" if refused else "failed" if weight else "passed",
            severity=weight or 1.0,
            form=form,
            category=trade.category,
            doc_no="叶市监检",
            organ=AMR,
            place=self.place,
        )
        return self.write(Source.SUPERVISION, self.office(day), data)

    def sampled(self, day: dt.date, *, problem: Problem | None) -> str:
        """Write a food sample down (None: passed) and return its number, for a re-test."""
        number = f"SC26{self.firm.number:05d}{self.rng.randrange(10**4):04d}"
        failed = problem is not None
        data = e.FoodSampled(
            sample_no=number,
            verdict="failed" if failed else "passed",
            problem=problem or "",
            food=self.rng.choice(self.firm.trade.foods),
            item=self.rng.choice(ITEMS[problem]) if problem is not None else "",
            provisional=failed,
            doc_no="叶市监抽检" if failed else "",
            place=self.place,
        )
        self.write(Source.SAMPLING, self.office(day), data)
        return number

    def checked(
        self,
        day: dt.date,
        *,
        passed: bool,
        in_use: bool = True,
        next_due: dt.date | None = None,
    ) -> str:
        """Write the inspection of the firm's equipment down; a pass says when the next is due."""
        trade = self.firm.trade
        data = e.EquipmentInspected(
            equipment=self.equipment,
            passed=passed,
            in_use=in_use,
            public_place=trade.public_place,
            kind=trade.equipment,
            next_due=next_due,
            doc_no="平特检",
            place=self.place,
        )
        return self.write(Source.EQUIPMENT, self.office(day), data)

    @property
    def equipment(self) -> str:
        """Return the code of the firm's one piece of equipment."""
        return f"TS410422{self.firm.number:06d}"

    def complained(self, day: dt.date, *, person: str, matter: str) -> str:
        """Write one complaint down."""
        at = self.daytime(day)
        data = e.ComplaintReceived(
            ticket=self._ticket(at), complainant=person, matter=matter, place=self.place
        )
        return self.write(Source.HOTLINE, at, data)

    def person(self) -> str:
        """Return the hash of somebody."""
        return f"p-{self.rng.randrange(16**8):08x}"

    def _ticket(self, at: dt.datetime) -> str:
        return f"1410422{at:%Y%m%d}{self.rng.randrange(10**6):06d}"

    def surged(self, day: dt.date, *, people: int) -> None:
        """Let several people complain about one matter within five days."""
        for _ in range(people):
            self.complained(day + self.days(0, 4), person=self.person(), matter="预付款不退")

    def reported(self, day: dt.date, *, is_true: bool) -> str:
        """Write down what became of an informant's report."""
        at = self.office(day)
        data = e.ReportVerified(
            ticket=self._ticket(at),
            verdict="true" if is_true else "false",
            domain=self.firm.trade.domain,
            organ=AMR,
            place=self.place,
        )
        return self.write(Source.HOTLINE, at, data)

    def quashed(self, day: dt.date, *, known: str, severity: Severity) -> str:
        """Take a penalty back, on review: it is as if it had never been."""
        data = e.PenaltyDecided(
            op=e.Op.REVOKE,
            supersedes=known,
            domain=self.firm.trade.domain,
            severity=severity,
            doc_no="叶政复决",
        )
        return self.write(Source.ENFORCEMENT, self.office(day), data)

    def contested(self, day: dt.date, *, known: str) -> None:
        """Contest a penalty; it counts half until it is upheld two months later."""
        upheld = day + A_DAY * 60
        for at, outcome in ((day, ""), (upheld, "upheld")):
            data = e.ObjectionChanged(
                kind="reconsideration",
                status="decided" if outcome else "filed",
                filed_on=day,
                outcome="upheld" if outcome else "",
                about=known,
            )
            self.write(Source.ENFORCEMENT, self.office(at), data)

    def case(
        self,
        day: dt.date,
        *,
        closes: dt.date,
        severity: Severity | None,
        pays_after: int | None = 7,
    ) -> str:
        """Open a case and close it; return the id of its penalty, "" where it has none."""
        number = f"{day:%Y}-{self.firm.number:05d}-{self.rng.randrange(1000):03d}"
        fault = self.rng.choice(self.firm.trade.faults)
        closing = self.office(closes)
        for at, status, series in (
            (self.office(day), "opened", "叶市监立"),
            (closing, "closed", "叶市监结"),
        ):
            data = e.CaseChanged(
                case_no=number,
                status="opened" if status == "opened" else "closed",
                domain=self.firm.trade.domain,
                cause=fault,
                doc_no=series,
                organ=AMR,
                place=self.place,
            )
            self.write(Source.ENFORCEMENT, at, data)
        if severity is None:
            return ""
        return self.punished(closing.date(), severity=severity, fault=fault, pays_after=pays_after)

    def punished(
        self,
        day: dt.date,
        *,
        severity: Severity,
        fault: str = "",
        offence: str = "",
        pays_after: int | None = 7,
        late: dt.timedelta = AT_ONCE,
    ) -> str:
        """Write a penalty down, and that it was paid (None: it is not); return its id."""
        at = self.office(day)
        amount = self.rng.choice(FINES[severity])
        data = e.PenaltyDecided(
            domain=self.firm.trade.domain,
            severity=severity,
            amount=amount,
            grounds=fault or self.rng.choice(self.firm.trade.faults),
            offence=offence,
            publication_end=at.date() + dt.timedelta(days=SHOWN_DAYS[severity]),
            performed_due=at.date() + A_DAY * DAYS_TO_PAY if amount else None,
            decided_at=at.date(),
            published_at=at.date() + self.days(1, 7),
            doc_no="叶市监处罚",
            organ=AMR,
            place=self.place,
        )
        known = self.write(Source.ENFORCEMENT, at, data, late=late)
        if amount and pays_after is not None:
            paid = e.PenaltyFollowed(
                penalty_no=known, organ=AMR, kind="performed", on=at.date() + A_DAY * pays_after
            )
            self.write(
                Source.ENFORCEMENT, self.office(at.date() + A_DAY * pays_after), paid, late=late
            )
        return known

    def listed(self, day: dt.date, *, reason: Reason, late: dt.timedelta = AT_ONCE) -> str:
        """Put the firm on the list of abnormal operation."""
        data = e.AbnormalAdded(reason=reason, doc_no="叶市监列异", organ=AMR, place=self.place)
        return self.write(Source.PUBLICITY, self.office(day), data, late=late)

    def unlisted(self, day: dt.date, *, reason: Reason) -> str:
        """Take the firm off the list of abnormal operation."""
        data = e.AbnormalRemoved(reason=reason, doc_no="叶市监移异", organ=AMR, place=self.place)
        return self.write(Source.PUBLICITY, self.office(day), data)

    def gravely_listed(
        self, day: dt.date, *, grounds: str, action: Literal["add", "remove"] = "add"
    ) -> str:
        """Put the firm on the list of serious violations, or take it off."""
        data = e.SeriousListChanged(
            list_code="SAMR-YZWFSX",
            action=action,
            grounds=grounds,
            doc_no="平市监列严" if action == "add" else "平市监移严",
            organ=CITY_AMR,
        )
        return self.write(Source.PUBLICITY, self.office(day), data)

    def indebted(
        self, day: dt.date, *, number: str, action: Literal["add", "delete"] = "add"
    ) -> str:
        """Let a court name the firm a dishonest debtor, or delete it."""
        data = e.JudicialRecord(case_no=number, action=action)
        return self.write(Source.COURT, self.office(day), data)

    def frozen(self, day: dt.date, *, share: float, released: dt.date | None) -> None:
        """Freeze a share of the equity; a court may release it later."""
        number = f"(2026)豫0422执{self.rng.randrange(100, 2000)}号"
        self.write(Source.COURT, self.office(day), e.EquityFrozen(case_no=number, share=share))
        if released is not None:
            data = e.EquityFrozen(case_no=number, share=share, status="released")
            self.write(Source.COURT, self.office(released), data)

    def represented(self, day: dt.date, *, barred_until: dt.date | None = None) -> str:
        """Change the legal representative, perhaps to one who may not serve."""
        new, old = self.person(), self.represented_by
        self.represented_by = new
        data = e.LegalRepChanged(
            new_person=new,
            old_person=old,
            barred=barred_until is not None,
            barred_until=barred_until,
        )
        return self.write(Source.REGISTRY, self.office(day), data)

    def shared(self, day: dt.date) -> str:
        """Change a shareholder: a stranger, or who represents the firm anyway."""
        after = self.rng.choice((0.1, 0.3, 0.51, 1.0))
        holder = self.rng.choice((self.person(), self.person(), self.represented_by))
        data = e.ShareholderChanged(holder=holder, before=0.0, after=after)
        return self.write(Source.REGISTRY, self.office(day), data)

    def moved(self, day: dt.date, *, to: str) -> str:
        """Move the firm within the county; what is written from now on happens there."""
        new = f"a-{self.rng.randrange(16**8):08x}"
        data = e.AddressChanged(
            new_region=to, old_region=self.place, new_address=new, old_address=self.address
        )
        self.place, self.address = to, new
        return self.write(Source.REGISTRY, self.office(day), data)
