"""What does the model learn from?"""

from collections.abc import Mapping

import msgspec


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """A look: with the features as they stood before it, and its outcome once it is known.

    A question (``found`` is None) is asked when the look begins; the learner keeps it with what
    its experts say until the outcome of the same ``look`` comes.

    Shapes:
        ``features`` stands in the order of ``detectors.features.NAMES``.  ``epoch``,
        ``partition``, ``offset`` are the place of the event in the log.  ``look`` is shared by
        question and outcome; where it is empty, ``id`` stands for it.  ``subject`` is the
        enterprise, ``informant`` the hash of who reported it, ``inspector`` of who looks.

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
    found: bool | None
    features_version: int
    epoch: int = 0
    partition: int = 0
    offset: int = 0
    predicted: float = -1.0
    place: str = ""
    inspector: str = ""
    context: Mapping[str, float] = msgspec.field(default_factory=dict)
    look: str = ""
    subject: str = ""
    informant: str = ""
