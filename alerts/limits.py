"""Until when must a person act, and how is that written?"""

import datetime as dt

from alerts.hours import at_work
from alerts.responsibility import Duty
from detectors.warning import CHINA
from detectors.working_days import Deadline, Limit, LimitUnit, WorkingDays


class Limits:
    """The limits of duties, counted by one calendar."""

    def __init__(self, calendar: WorkingDays) -> None:
        self._calendar = calendar

    def of(self, duty: Duty, told_at: dt.datetime) -> tuple[Deadline, Deadline]:
        """Return until when the warning must be signed for and dealt with."""
        due = self._calendar.due
        return (
            due(duty.rung.acknowledge, self._begin(duty.rung.acknowledge, duty, told_at)),
            due(duty.rung.close, self._begin(duty.rung.close, duty, told_at)),
        )

    def _begin(self, limit: Limit, duty: Duty, told_at: dt.datetime) -> dt.datetime:
        """Return from when a limit runs: hours of what can wait begin when the office opens."""
        if limit.unit is not LimitUnit.HOURS:
            return told_at
        return at_work(told_at, duty.office, self._calendar)

    def in_words(self, duty: Duty, told_at: dt.datetime) -> dict[str, object]:
        """Return the limits as a letter states them: how long, and until when."""
        deadlines = self.of(duty, told_at)
        missing = sorted({year for one in deadlines for year in one.missing_years})
        return {
            "acknowledge": self._said(duty.rung.acknowledge, deadlines[0], duty, told_at),
            "close": self._said(duty.rung.close, deadlines[1], duty, told_at),
            "told_on": day_in_words(told_at),
            "missing_years": "、".join(f"{year}年" for year in missing),
        }

    def _said(self, limit: Limit, deadline: Deadline, duty: Duty, told_at: dt.datetime) -> str:
        """Return how long, from when where that is later, and until when."""
        begin = self._begin(limit, duty, told_at)
        since = f"自{in_words(begin)}起" if begin != told_at else ""
        return since + _limit_in_words(limit, deadline)


def short_date(deadline: Deadline) -> str:
    """Return until when, as a short message has room for it; the word 前 follows.

    >>> short_date(Deadline(dt.datetime(2026, 10, 10, tzinfo=CHINA)))
    '10月9日'
    >>> short_date(Deadline(dt.datetime(2026, 7, 1, 13, 30, tzinfo=CHINA)))
    '7月1日13:30'
    """
    day = f"{deadline.last_day.month}月{deadline.last_day.day}日"
    return day if deadline.is_midnight else f"{day}{deadline.at:%H:%M}"


def _limit_in_words(limit: Limit, deadline: Deadline) -> str:
    """Return how long and until when, as a letter states it."""
    return f"{limit}内（{by_when(deadline)}前）"


def by_when(deadline: Deadline) -> str:
    """Return until when, as a letter states it; the word 前 follows.

    >>> by_when(Deadline(dt.datetime(2026, 7, 7, tzinfo=CHINA)))
    '2026年7月6日24时'
    """
    day = deadline.last_day
    hour = "24时" if deadline.is_midnight else f"{deadline.at.hour}时{deadline.at.minute:02d}分"
    return f"{day.year}年{day.month}月{day.day}日{hour}"


def in_words(moment: dt.datetime) -> str:
    """Return a moment as a Chinese letter writes it; what a day brings at midnight has no hour.

    >>> in_words(dt.datetime(2026, 6, 30, 23, 5, tzinfo=dt.UTC))
    '2026年7月1日7时05分'
    >>> in_words(dt.datetime(2026, 6, 30, 16, tzinfo=dt.UTC))
    '2026年7月1日'
    """
    at = moment.astimezone(CHINA)
    hour = f"{at.hour}时{at.minute:02d}分" if at.time() != dt.time() else ""
    return day_in_words(moment) + hour


def day_in_words(moment: dt.datetime) -> str:
    """Return the day in China, as a letter is dated.

    >>> day_in_words(dt.datetime(2026, 6, 30, 16, tzinfo=dt.UTC))
    '2026年7月1日'
    """
    at = moment.astimezone(CHINA)
    return f"{at.year}年{at.month}月{at.day}日"
