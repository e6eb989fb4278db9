"""What does an enterprise in trouble radiate to its neighbours?"""

import msgspec


class Trouble(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What an enterprise radiates, by its own facts alone.

    Shapes:
        ``severity`` is a step of the rules, so a signal is rare; ``product`` is that of the last
        failed sample.

    Units:
        Moments are event time in seconds.
    """

    severity: float = 0.0
    since: int = 0
    product: float = 0.0
    product_at: int = 0


CALM = Trouble()
