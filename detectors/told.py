"""What does the province tell of an enterprise's class in a month (E57, or a line of its file)?"""

import msgspec

from detectors.events import ClassOfMonth, Op
from detectors.measure import RiskClass


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One result of the province, as E57 or a file tells it."""

    uscc: str
    month: str
    risk_class: RiskClass
    score: float | None = None
    version: str = ""


def told_of(uscc: str, data: ClassOfMonth) -> tuple[Told, ...]:
    """Return the result that an E57 tells, or nothing: an official month is never taken back.

    >>> told_of("91410422MA3X1A2B83", ClassOfMonth(period="2026-06", risk_class="C"))[0].risk_class
    <RiskClass.C: 'C'>
    """
    if data.op not in {Op.ADD, Op.UPDATE}:
        return ()
    return (
        Told(
            uscc=uscc,
            month=data.period,
            risk_class=RiskClass(data.risk_class),
            score=data.score,
            version=data.model_version,
        ),
    )
