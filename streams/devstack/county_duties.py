"""What does a simulated firm owe by a certain day, and does it do it in time?

Reports, permits, inspections of equipment, fines, things to be put right: who is in order does
them ahead, the careless late or never.  What is late is told by no event; time alone shows it.
The shares are chosen, not measured.
"""

import datetime as dt

from detectors import events as e
from streams.devstack.county_diary import A_DAY, DAYS_TO_PAY, Diary, Reason, Source
from streams.devstack.county_people import Permit

PERMIT_DAYS = 5 * 365
REMIND_DAYS = 90  # rule W06: who renews before it is not reminded
EQUIPMENT_DAYS = 365
APPLY_DAYS = 30  # rule W08, 特种设备安全法 art. 40: a month before
# What runs out before or soon after day 0 has been seen to on the register already.
SETTLED_AT_START_DAYS = 40


class Duties:
    """One firm's duties, written into its diary."""

    def __init__(self, diary: Diary) -> None:
        self._diary = diary
        self._firm = diary.firm
        self._rng = diary.rng
        self._is_listed = False

    def begin(self, first: dt.date) -> None:
        """Lay down what the firm does about its duties from its first day on record."""
        if self._firm.trade.permit is not None:
            self._permitted(self._firm.trade.permit, first)
        if self._firm.trade.equipment:
            self._equipped(first)
        if self._firm.established < self._diary.span.opening:
            self._annual_report(self._diary.span.start.year)

    def _is(self, probability: float) -> bool:
        return self._rng.random() < probability

    def _is_careless(self, base: float, slope: float) -> bool:
        """Return whether the firm lets a day pass: the square of its temper decides."""
        return self._is(base + slope * self._firm.temper * self._firm.temper)

    def _permitted(self, permit: Permit, first: dt.date) -> None:
        """Grant the permit of the trade; the careless renew it late, or never."""
        diary, span = self._diary, self._diary.span
        left = dt.timedelta(days=1 + self._rng.randrange(PERMIT_DAYS))
        valid_to = first + (left if first == span.opening else A_DAY * PERMIT_DAYS)
        number = f"{permit.series}{self._firm.number:07d}"
        ahead = self._rng.randint(REMIND_DAYS + 5, REMIND_DAYS + 120)
        if self._is(0.02 + 0.12 * self._firm.temper):
            ahead = self._rng.randint(-40, 80)
        renewal = valid_to - A_DAY * ahead
        if valid_to < span.start + A_DAY * SETTLED_AT_START_DAYS:
            valid_to, renewal = valid_to + A_DAY * PERMIT_DAYS, span.end
        self._granted(permit, number, first + diary.days(3, 5), valid_to)
        if first + A_DAY * 8 < renewal < span.end:
            self._granted(permit, number, renewal, valid_to + A_DAY * PERMIT_DAYS)

    def _granted(self, permit: Permit, number: str, day: dt.date, valid_to: dt.date) -> None:
        data = e.PermitGranted(
            permit_no=number,
            permit_type=permit.name,
            domain=permit.domain,
            valid_to=valid_to,
            organ=permit.organ,
            place=self._diary.place,
        )
        self._diary.write(Source.LICENSING, self._diary.office(day), data)

    def _equipped(self, first: dt.date) -> None:
        """Register the equipment with its next day, and have it looked at before, or after."""
        diary, trade = self._diary, self._firm.trade
        due = first + A_DAY * (1 + self._rng.randrange(EQUIPMENT_DAYS))
        if due < diary.span.start + A_DAY * SETTLED_AT_START_DAYS:
            due += A_DAY * EQUIPMENT_DAYS
        data = e.EquipmentRegistered(
            equipment=diary.equipment,
            kind=trade.equipment,
            public_place=trade.public_place,
            next_due=due,
            place=diary.place,
        )
        diary.write(Source.EQUIPMENT, diary.office(first + diary.days(3, 5)), data)
        ahead = self._rng.randint(APPLY_DAYS + 3, APPLY_DAYS + 25)
        if self._is_careless(0.03, 0.3):
            ahead = self._rng.randint(-45, 20)
        self.checked(due - A_DAY * ahead, passed=True)

    def checked(self, day: dt.date, *, passed: bool, in_use: bool = True) -> None:
        """Have the equipment looked at; the next look is due in a year."""
        self._diary.checked(
            day, passed=passed, in_use=in_use, next_due=day + A_DAY * EQUIPMENT_DAYS
        )

    def _annual_report(self, year: int) -> None:
        """File the report of last year between New Year and the end of June, late, or never."""
        diary, due = self._diary, dt.date(year, 6, 30)
        if self._is_careless(0.0, 0.02):
            self.listed(due + diary.days(3, 20), reason=1)
            return
        late = self._is_careless(0.002, 0.15)
        # Most are early: of two days in the half year, the earlier one.
        ahead = diary.days(0, 180)
        if self._is(0.8):
            ahead = max(ahead, diary.days(0, 180))
        day = due + diary.days(1, 12) if late else due - ahead
        # What was filed before the register was handed over comes with it.
        day = max(day, diary.span.opening + diary.days(1, 6))
        data = e.AnnualReportFiled(year=year - 1, late=late, all_zero=self._is_careless(0.0, 0.02))
        diary.write(Source.PUBLICITY, diary.daytime(day), data)

    def listed(self, day: dt.date, *, reason: Reason, stays: bool = False) -> None:
        """Put the firm on the abnormal list, once; half of those that may come off do."""
        if self._is_listed:
            return
        self._is_listed = True
        self._diary.listed(day, reason=reason)
        if not stays and self._is(0.5):
            self._diary.unlisted(day + self._diary.days(15, 60), reason=reason)

    def pays_after(self) -> int | None:
        """Return after how many days the firm pays a fine, None for never."""
        if not self._is_careless(0.03, 0.25):
            return self._rng.randint(1, DAYS_TO_PAY - 1)
        return self._rng.choice((None, DAYS_TO_PAY + 10, DAYS_TO_PAY + 40))

    def ordered(self, day: dt.date) -> None:
        """Order a slight fault to be put right; the careless are late, or do not do it."""
        diary, domain = self._diary, self._firm.trade.domain
        due = day + diary.days(10, 20)
        order = f"叶市监责改-{self._firm.number:05d}-{self._rng.randrange(10**4):04d}"
        data = e.RectificationOrdered(
            order=order,
            domain=domain,
            due=due,
            items=self._rng.choice(self._firm.trade.faults),
            place=diary.place,
        )
        diary.write(Source.SUPERVISION, diary.office(day), data)
        done = due - diary.days(3, 9)  # ahead of the weekend too
        if self._is_careless(0.02, 0.12):
            done = due + diary.days(2, 30)
        verified = e.RectifiedOrGraded(domain=domain, order=order, passed=True)
        diary.write(Source.SUPERVISION, diary.office(done), verified)
