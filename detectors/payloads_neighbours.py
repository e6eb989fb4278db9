"""What do junctions tell an enterprise of its neighbours?  T02 and T03; no source sends them."""

import datetime as dt
from typing import Literal

from detectors.payloads import Count, Payload, Share, Token

NeighbourRelation = Literal[
    "legal_rep", "holder", "branch", "head_office", "address", "supplier", "agent"
]
CrowdRelation = Literal["legal_rep", "agent", "address"]


class NeighbourTrouble(Payload, frozen=True, kw_only=True):
    """T02 关联企业风险: the trouble of an enterprise one step away begins or ends.

    It weighs ``severity`` (of the neighbour) times ``strength`` (of the tie, damped); ``until`` is
    the last day it counts where it ends by itself.
    """

    neighbour: Token
    relation: NeighbourRelation
    severity: Share
    strength: Share = 1.0
    until: dt.date | None = None
    ended: bool = False


class NeighbourDensity(Payload, frozen=True, kw_only=True):
    """T03 登记密度: many registrations by one person, agent or address, or many there now.

    ``window_days`` 0 means those that are there now; ``leads`` marks the registration that crossed
    the threshold, which stands for all of them.
    """

    relation: CrowdRelation
    count: Count
    window_days: Count = 0
    severity: Share = 1.0
    until: dt.date | None = None
    leads: bool = False
    ended: bool = False


TYPES: dict[str, type[Payload]] = {
    "neighbour.trouble.v1": NeighbourTrouble,
    "neighbour.density.v1": NeighbourDensity,
}
