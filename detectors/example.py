"""What does the model learn from?"""

import msgspec


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """An outcome, with the features as they stood before it.

    Shapes:
        ``features`` stands in the order of ``detectors.features.NAMES``.  ``epoch``,
        ``partition``, ``offset`` are the place of the event in the log.

    Units:
        ``at`` is event time in seconds; ``predicted`` the assessing worker's probability before
        the outcome, or -1.
    """

    id: str
    domain: str
    at: int
    features: list[float]
    category: str
    form: str
    found: bool
    features_version: int
    epoch: int = 0
    partition: int = 0
    offset: int = 0
    predicted: float = -1.0
