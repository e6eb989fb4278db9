"""What stands against a firm when the register is handed over?

The stock of the years before: firms that came on a list and stayed on it, that were punished
within the year, that owe what a court awarded.  Only a firm that is out of order has any.
"""

import datetime as dt
from collections.abc import Callable

from streams.devstack.county_diary import A_DAY, RELAPSED, Diary
from streams.devstack.county_duties import Duties

CALM = 0.12  # above it a firm has troubles of its own
# Chosen so that the classes come near those of the two cities that publish theirs (the test of
# the shares names them): the chance of a burden, at a temper of 0 and with each unit of it.
BURDENED, BY_TEMPER, TWICE = 0.45, 0.6, 0.3
WITHIN_DAYS = 20


def burden(diary: Diary, duties: Duties) -> None:
    """Write down what a firm brings with it from before the opening: nothing, one thing, or two."""
    temper, rng = diary.firm.temper, diary.rng
    if temper < CALM or rng.random() >= BURDENED + BY_TEMPER * temper:
        return
    lays, shares = zip(*_BURDENS, strict=True)
    for lay in rng.choices(lays, shares, k=1 + (rng.random() < TWICE)):
        lay(diary, duties)


def _unreported(diary: Diary, duties: Duties) -> None:
    duties.listed(_some_day(diary), reason=1, stays=True)


def _unpublished(diary: Diary, duties: Duties) -> None:
    duties.listed(_some_day(diary), reason=2, stays=True)


def _unreachable(diary: Diary, duties: Duties) -> None:
    duties.listed(_some_day(diary), reason=4, stays=True)


def _punished(diary: Diary, _: Duties) -> None:
    diary.punished(_some_day(diary), severity="general")


def _gravely_punished(diary: Diary, _: Duties) -> None:
    diary.punished(_some_day(diary), severity="severe")


def _indebted(diary: Diary, _: Duties) -> None:
    number = f"(2025)豫0422执{diary.rng.randrange(1000, 2000)}号"
    diary.indebted(_some_day(diary), number=number)


def _dishonest(diary: Diary, _: Duties) -> None:
    diary.gravely_listed(_some_day(diary), grounds=RELAPSED)


def _some_day(diary: Diary) -> dt.date:
    return diary.span.opening + A_DAY * 3 + diary.days(0, WITHIN_DAYS)


_BURDENS: tuple[tuple[Callable[[Diary, Duties], None], int], ...] = (
    (_unreported, 38),
    (_unpublished, 12),
    (_unreachable, 20),
    (_punished, 16),
    (_gravely_punished, 9),
    (_indebted, 3),
    (_dishonest, 2),
)
