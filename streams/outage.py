"""Has an outage been told?  Who asks five times a second says it once, and once when it is over."""

import logging


class Outage:
    """What one task knows of the part that it waits for.

    ``back`` is what is said when the part answers again.
    """

    def __init__(self, logger: logging.Logger, back: str) -> None:
        self._logger = logger
        self._back = back
        self._lasts = False

    def began(self, message: str, *particulars: object) -> None:
        """Say so, unless it was said of this outage already."""
        if not self._lasts:
            self._lasts = True
            self._logger.warning(message, *particulars)

    def ended(self) -> None:
        """Say that it is over, where there was one."""
        if self._lasts:
            self._lasts = False
            self._logger.warning(self._back)
