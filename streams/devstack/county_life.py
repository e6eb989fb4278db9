"""What happens to a simulated firm from day to day, driven by a trouble that nobody sees?

Everything observed (findings, complaints, samples, cases, lists) follows one hidden number, so
the past of a firm tells of its future, and a model has something true to learn.  The weakness:
real trouble has more than one dimension, and real inspectors choose where they look.  So the
model has it easier here (prequential AUC .88) than with the genuine records of docs/benchmarks.md,
and every fifth look finds something, most of it slight.
"""

import datetime as dt
from collections.abc import Callable

from detectors import events as e
from streams.devstack.county_burden import burden
from streams.devstack.county_diary import A_DAY, RELAPSED, Diary, Problem, Reason, Severity, Source
from streams.devstack.county_duties import Duties
from streams.devstack.county_people import LICENSING, TOWNSHIPS

# The rates are chosen, not measured: with them 2,000 firms bring some hundred warnings in 60 days
# beside those of annual reports.  What years have left behind stands in county_burden.
QUIET = 0.25  # before we watch, harm is rarer: the register's burden stands for it
CAMPAIGN = 1.6  # summer: more looks than in spring
LOOKS = 0.016  # inspections a firm and day
SAMPLES = 0.008  # food samples, of firms that have foods
CHECKS = 0.010  # equipment inspections, of firms that have equipment
REPORTS = 0.0012  # 举报
CHANGES = 0.0006  # of the register: name, holder, address, each
HONOURS = 0.0002
# Harm a day, for a firm whose trouble is 1; it grows with the square of the trouble.
CASES = 0.0009
LISTINGS = 0.0004
SURGES = 0.00024
FREEZES = 0.0004
CHURNS = 0.0003
REFUSALS = 0.0001
DEBTS = 0.0001
GRAVE_LISTINGS = 0.0001

# What most findings weigh: a word on the spot, far from a case.
SLIGHT = (0.02, 0.03, 0.04, 0.05)
SETTLED_DAYS = 3  # nothing happens to a firm before the register names it
_MATTERS = ("价格", "质量", "服务态度", "退换货", "卫生")
_SCOPES = ("预包装食品销售", "日用百货销售", "餐饮服务", "信息技术咨询服务", "普通货物道路运输")
_PROBLEMS: tuple[Problem, ...] = ("physical", "physical", "", "pathogen", "illegal_additive")
_GROUNDS: tuple[Reason, ...] = (2, 3, 4, 4)
_SEVERITIES: tuple[Severity, ...] = ("minor", "general", "severe")
Act = Callable[[dt.date], None]


class Life:
    """One firm's life, written into its diary."""

    def __init__(self, diary: Diary) -> None:
        self._diary = diary
        self._firm = diary.firm
        self._rng = diary.rng
        self._temper = diary.firm.temper
        self._trouble = diary.firm.temper
        self._duties = Duties(diary)
        self._bound = sum(rate for rate, _ in self._chances(1.0, is_watched=True))

    def run(self) -> None:
        """Live from the opening to the end, one thing a day at the most."""
        span = self._diary.span
        first = max(span.opening, self._firm.established)
        self._founded(first)
        self._duties.begin(first)
        if self._firm.established < span.opening:
            burden(self._diary, self._duties)
        for number in range(SETTLED_DAYS, (span.end - first).days):
            if number % 7 == 0:
                self._drift()
            roll = self._rng.random()
            if roll >= self._bound:
                continue
            today = first + A_DAY * number
            for rate, act in self._chances(self._trouble, is_watched=today >= span.start):
                if roll < rate:
                    act(today)
                    break
                roll -= rate

    def _drift(self) -> None:
        """Let the trouble wander about the temper; now and then a firm goes bad, or mends."""
        roll = self._rng.random()
        if roll < 0.001:  # noqa: PLR2004 - one firm in fifty a year
            self._temper = max(self._temper, 0.75)
        elif roll > 0.99 and self._temper > 0.5:  # noqa: PLR2004 - two of five in a year
            self._temper = 0.15
        noise = self._temper * 0.1 * (self._rng.random() + self._rng.random() - 1.0)
        wandered = self._trouble + 0.25 * (self._temper - self._trouble) + noise
        self._trouble = min(1.0, max(0.0, wandered))

    def _chances(self, trouble: float, *, is_watched: bool) -> list[tuple[float, Act]]:
        """Return what may happen on a day, each with its probability."""
        trade = self._firm.trade
        season = CAMPAIGN if is_watched else 1.0
        harm = trouble * trouble * (1.0 if is_watched else QUIET)
        chances: list[tuple[float, Act]] = [
            (LOOKS * season * (1.0 + 2.0 * trouble), self._inspected),
            (trade.complaints * (0.4 + 4.0 * trouble), self._complained),
            (REPORTS * (1.0 + 4.0 * trouble), self._reported),
            (CHANGES, self._renamed),
            (CHANGES * (1.0 + 2.0 * trouble), self._shared),
            (CHANGES * 0.5, self._moved),
            (HONOURS * (1.0 - trouble), self._honoured),
            (CASES * harm, self._case),
            (LISTINGS * harm, self._listed),
            (SURGES * harm, self._surged),
            (FREEZES * harm, self._frozen),
            (CHURNS * harm, self._churned),
            (REFUSALS * harm, self._refused),
            (DEBTS * harm, self._debtor),
            (GRAVE_LISTINGS * harm, self._gravely_listed),
        ]
        if trade.foods:
            chances.append((SAMPLES * season, self._sampled))
        if trade.equipment:
            chances.append((CHECKS * season, self._checked))
        return chances

    def _is(self, probability: float) -> bool:
        return self._rng.random() < probability

    def _is_found(self, base: float, slope: float) -> bool:
        """Return whether a look finds a problem: the square of the trouble decides."""
        return self._is(base + slope * self._trouble * self._trouble)

    def _founded(self, day: dt.date) -> None:
        firm = self._firm
        data = e.Established(
            name=firm.name,
            established_on=firm.established,
            industry=firm.trade.industry,
            capital=float(self._rng.choice((50_000, 100_000, 500_000, 1_000_000, 5_000_000))),
            legal_rep=firm.legal_rep,
            address_hash=firm.address,
            agent=firm.agent,
            place=firm.place,
        )
        is_old = firm.established < self._diary.span.opening
        at = self._diary.early(day) if is_old else self._diary.office(day)
        self._diary.write(Source.REGISTRY, at, data)

    def _inspected(self, day: dt.date) -> None:
        if not self._is_found(0.004, 1.25):
            self._diary.inspected(day, weight=0.0)
            return
        is_grave = self._is(0.004 * self._trouble)
        weight = 0.6 if is_grave else self._rng.choice(SLIGHT)
        known = self._diary.inspected(day, weight=weight)
        if self._is(0.01):
            self._diary.inspected(day + self._diary.days(2, 9), weight=0.0, corrects=known)
        if is_grave:
            self._case(day + self._diary.days(2, 7))
        elif weight == SLIGHT[-1]:
            self._duties.ordered(day)

    def _refused(self, day: dt.date) -> None:
        self._diary.inspected(day, weight=1.0, refused=True)

    def _complained(self, day: dt.date) -> None:
        diary = self._diary
        diary.complained(day, person=diary.person(), matter=self._rng.choice(_MATTERS))

    def _surged(self, day: dt.date) -> None:
        self._diary.surged(day, people=self._rng.choice((6, 7, 8, 9, 11, 23)))

    def _reported(self, day: dt.date) -> None:
        is_true = self._is_found(0.002, 0.025)
        self._diary.reported(day, is_true=is_true)
        if is_true and self._is(0.3):
            self._case(day + self._diary.days(3, 10))

    def _case(self, day: dt.date) -> None:
        closes = day + self._diary.days(6, 30)
        if self._is(0.2):
            self._diary.case(day, closes=closes, severity=None)
            return
        (severity,) = self._rng.choices(_SEVERITIES, (50, 42, 8))
        known = self._diary.case(
            day, closes=closes, severity=severity, pays_after=self._duties.pays_after()
        )
        if self._is(0.08):
            self._diary.quashed(closes + self._diary.days(8, 30), known=known, severity=severity)
        elif self._is(0.06):
            self._diary.contested(closes + self._diary.days(2, 12), known=known)

    def _sampled(self, day: dt.date) -> None:
        diary = self._diary
        if not self._is_found(0.001, 0.08):
            diary.sampled(day, problem=None)
            return
        roll = self._rng.random()
        if roll < 0.85:  # noqa: PLR2004 - labels are the commonest fault
            diary.sampled(day, problem="label")
            return
        number = diary.sampled(day, problem=self._rng.choice(_PROBLEMS))
        if self._is(0.5):
            data = e.Reinspected(sample_no=number, passed=self._is(0.25))
            diary.write(Source.SAMPLING, diary.office(day + diary.days(6, 12)), data)
        if self._is(0.4):
            self._case(day + diary.days(8, 14))

    def _checked(self, day: dt.date) -> None:
        passed = not self._is_found(0.005, 0.5)
        in_use = not passed and self._is(0.03)
        self._duties.checked(day, passed=passed, in_use=in_use or passed)
        if not passed and self._is(0.7):
            self._duties.checked(day + self._diary.days(5, 15), passed=True)

    def _listed(self, day: dt.date) -> None:
        self._duties.listed(day, reason=self._rng.choice(_GROUNDS))

    def _gravely_listed(self, day: dt.date) -> None:
        self._diary.gravely_listed(day, grounds=RELAPSED)

    def _debtor(self, day: dt.date) -> None:
        number = f"(2026)豫0422执{self._rng.randrange(2000, 4000)}号"
        self._diary.indebted(day, number=number)

    def _frozen(self, day: dt.date) -> None:
        share = self._rng.choice((0.1, 0.2, 0.3, 0.6, 1.0))
        released = day + self._diary.days(20, 60) if self._is(0.4) else None
        self._diary.frozen(day, share=share, released=released)

    def _churned(self, day: dt.date) -> None:
        """Change the legal representative two or three times, now and then all else too."""
        for number in range(self._rng.choice((2, 2, 3))):
            self._diary.represented(day + self._diary.days(12 * number, 12 * number + 8))
        if self._is(0.25):
            self._diary.shared(day + self._diary.days(1, 20))
            self._diary.moved(day + self._diary.days(1, 20), to=self._elsewhere())

    def _elsewhere(self) -> str:
        return self._rng.choice([code for code in TOWNSHIPS if code != self._diary.place])

    def _renamed(self, day: dt.date) -> None:
        before, after = self._rng.sample(_SCOPES, 2)
        data = e.BasicChanged(field="scope", before=before, after=after, organ=LICENSING)
        self._diary.write(Source.REGISTRY, self._diary.office(day), data)

    def _shared(self, day: dt.date) -> None:
        self._diary.shared(day)

    def _moved(self, day: dt.date) -> None:
        self._diary.moved(day, to=self._elsewhere())

    def _honoured(self, day: dt.date) -> None:
        kind = self._rng.choice(("放心消费示范单位", "县长质量奖", "守合同重信用企业"))
        valid_to = day + dt.timedelta(days=730)
        data = e.HonourGranted(kind=kind, valid_to=valid_to)
        self._diary.write(Source.QUALITY, self._diary.office(day), data)
