"""What did the indicators say, all together?"""

import msgspec


class Assessment(msgspec.Struct, frozen=True, gc=False):
    """What the indicators said.

    Shapes:
        ``severities`` maps the indicator's place in the catalogue to a severity in (0, 1].

    Units:
        ``score`` is 0 to 1000; ``floor_rank`` the class that direct rules force, 0 to 3.
    """

    severities: dict[int, float]
    score: float
    floor_rank: int


NOTHING = Assessment({}, 0.0, 0)
