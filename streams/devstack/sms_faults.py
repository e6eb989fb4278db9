"""What does the SMS gateway do wrong on demand, whichever protocol it is spoken to in?"""

import msgspec

from streams.devstack import mas_rules
from streams.devstack import sms_rules as rules

HANG, BAD_GATEWAY = "hang", "bad-gateway"


class Faults(msgspec.Struct, forbid_unknown_fields=True):
    """What the gateway does wrong from now on; nothing by default.

    ``sends``: the answers to the next requests to send, in order: a code of ``sms_rules`` or
    ``mas_rules``, ``OK``, ``bad-gateway`` (a page in HTML, HTTP 502), or ``hang`` (the message is
    accepted, and the caller never hears of it).
    ``reports``: the fates of the next accepted messages: ``DELIVERED``, an error code of a
    carrier, or ``NEVER`` (no report comes).  ``slow_s``: seconds before every answer.
    """

    sends: list[str] = msgspec.field(default_factory=list)
    reports: list[str] = msgspec.field(default_factory=list)
    slow_s: float = 0.0

    def __post_init__(self) -> None:
        for code in self.sends:
            if code not in {HANG, BAD_GATEWAY, *mas_rules.CODES}:
                rules.reply(code)
