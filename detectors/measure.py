"""Which four measures can a warning ask for, and which classes can an enterprise have?"""

import enum


class Level(enum.StrEnum):
    """The colour of a warning; no regulation fixes it for credit risk, so it is our choice."""

    BLUE = "blue"
    YELLOW = "yellow"
    ORANGE = "orange"
    RED = "red"

    @property
    def label(self) -> str:
        """Return the Chinese name, as officers read it.

        >>> Level.RED.label
        '红色'
        """
        return _LEVEL_LABELS[self]


class Measure(enum.StrEnum):
    """The four measures of 豫市监〔2022〕21号 三(九), mildest first.

    An inspection is a *proposal* that a person confirms (国办发〔2024〕54号).
    """

    REMINDER = "reminder"
    WARNING = "warning"
    INTERVIEW = "interview"
    INSPECTION = "inspection"

    @property
    def rank(self) -> int:
        """Return the gravity, 1 (reminder) to 4 (inspection).

        >>> Measure.INTERVIEW.rank
        3
        """
        return _RANKS[self]

    @property
    def label(self) -> str:
        """Return the official Chinese word of the measure.

        >>> Measure.INSPECTION.label
        '检查'
        """
        return _MEASURE_LABELS[self]

    @property
    def level(self) -> Level:
        """Return the colour that goes with the measure.

        >>> Measure.WARNING.level.label
        '黄色'
        """
        return _LEVELS[self]

    @staticmethod
    def of_rank(rank: int) -> "Measure":
        """Return the measure of a gravity.

        >>> Measure.of_rank(4)
        <Measure.INSPECTION: 'inspection'>
        """
        return _BY_RANK[rank]


class RiskClass(enum.StrEnum):
    """The credit-risk class of an enterprise: A low, B general, C higher, D high."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"

    @property
    def rank(self) -> int:
        """Return the order of risk, 0 (A) to 3 (D).

        >>> RiskClass.C.rank
        2
        """
        return "ABCD".index(self.value)


_RANKS = {measure: rank for rank, measure in enumerate(Measure, start=1)}
_BY_RANK = {rank: measure for measure, rank in _RANKS.items()}
_LEVELS = dict(zip(Measure, Level, strict=True))
_MEASURE_LABELS = dict(zip(Measure, ("提醒", "警示", "约谈", "检查"), strict=True))
_LEVEL_LABELS = dict(zip(Level, ("蓝色", "黄色", "橙色", "红色"), strict=True))
