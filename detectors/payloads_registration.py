"""What does the register tell of an enterprise?  E01 to E14.

Persons, addresses and agents are hashes that the source makes with its own salt; no name of a
person and no address stands in an event.
"""

import datetime as dt
from typing import Annotated, Literal

from msgspec import Meta

from detectors.payloads import END, Count, Industry, Payload, Place, Share, Text, Token, Yuan

# A firm's scope rarely asks for more than two permits; one event states at most eight facts.
PermitDomain = Literal["FOODP", "FOODS", "CATER", "DRUG", "SE", "QUAL", "MEAS", "TEST"]
Permits = Annotated[tuple[PermitDomain, ...], Meta(max_length=4)]


class Established(Payload, frozen=True, kw_only=True):
    """E01 设立登记.  ``permit_domains`` are the domains whose permit the scope asks for."""

    name: Text
    established_on: dt.date
    industry: Industry = ""
    capital: Yuan = 0.0
    ent_type: Token = ""
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}" + END)] = "CNY"
    subscribe_due: dt.date | None = None
    scope: Annotated[str, Meta(max_length=2000)] = ""
    permit_domains: Permits = ()
    address_hash: Token = ""
    legal_rep: Token = ""
    agent: Token = ""


class BasicChanged(Payload, frozen=True, kw_only=True):
    """E02 名称、类型、范围变更.  A new scope says again which permits it asks for."""

    field: Literal["name", "type", "scope", "industry"]
    after: Text
    before: Text = ""
    permit_domains: Permits = ()


class LegalRepChanged(Payload, frozen=True, kw_only=True):
    """E03 法定代表人变更.  Persons are hashes; ``barred`` says the new one may not serve."""

    new_person: Token
    old_person: Token = ""
    barred: bool = False
    barred_until: dt.date | None = None


class AddressChanged(Payload, frozen=True, kw_only=True):
    """E04 住所变更."""

    new_region: Place
    old_region: Place = ""
    new_address: Token = ""
    old_address: Token = ""
    address_type: Literal["", "domicile", "premises", "cluster", "mail"] = ""


class CapitalChanged(Payload, frozen=True, kw_only=True):
    """E05 注册资本变更.  ``due_on`` is the last day of the subscription."""

    after: Yuan
    before: Yuan = 0.0
    paid_in: Yuan = 0.0
    due_on: dt.date | None = None


class ShareholderChanged(Payload, frozen=True, kw_only=True):
    """E06 股东、股权变更."""

    holder: Token
    before: Share = 0.0
    after: Share = 0.0


class ExecutiveChanged(Payload, frozen=True, kw_only=True):
    """E07 董监高、备案变更.  Persons are hashes; ``barred`` says the person may not serve."""

    person: Token
    role: Literal["director", "supervisor", "manager", "food_safety", "quality", "other"]
    action: Literal["in", "out"]
    barred: bool = False
    barred_until: dt.date | None = None


class Deregistration(Payload, frozen=True, kw_only=True):
    """E08 注销 公示、受理、完成、终止.  Simple notices run 20 days, general ones 45.

    ``objections`` counts those filed so far; the first one ends the simple way.
    """

    kind: Literal["simple", "general"]
    stage: Literal["announced", "accepted", "completed", "terminated"]
    notice_from: dt.date | None = None
    notice_to: dt.date | None = None
    objections: Count = 0


class LicenceRevoked(Payload, frozen=True, kw_only=True):
    """E09 吊销营业执照、责令关闭、撤销登记."""

    kind: Literal["revoked", "ordered_closed", "cancelled"]
    reason: Text = ""


class SuspensionFiled(Payload, frozen=True, kw_only=True):
    """E10 歇业备案、恢复营业.  At most three years; the annual report is still due."""

    from_on: dt.date
    to_on: dt.date
    service_address: Token = ""
    ended_on: dt.date | None = None


class FalseRegistration(Payload, frozen=True, kw_only=True):
    """E11 撤销虚假登记.  The person answerable is a hash, barred until ``ban_until``."""

    items: Text
    responsible_person: Token = ""
    ban_until: dt.date | None = None


class BranchChanged(Payload, frozen=True, kw_only=True):
    """E12 分支机构变动."""

    branch: Token
    action: Literal["added", "removed"]


class CapitalReductionNotice(Payload, frozen=True, kw_only=True):
    """E13 减资公告: creditors have 45 days."""

    before: Yuan
    after: Yuan
    notice_from: dt.date | None = None
    creditors: Count = 0


class SpecialMark(Payload, frozen=True, kw_only=True):
    """E14 特别标注、另册管理."""

    kind: Text
    status: Literal["marked", "lifted"] = "marked"
    from_on: dt.date | None = None
    to_on: dt.date | None = None


TYPES: dict[str, type[Payload]] = {
    "registration.established.v1": Established,
    "registration.basic_changed.v1": BasicChanged,
    "registration.legal_rep_changed.v1": LegalRepChanged,
    "registration.address_changed.v1": AddressChanged,
    "registration.capital_changed.v1": CapitalChanged,
    "registration.shareholder_changed.v1": ShareholderChanged,
    "registration.executive_changed.v1": ExecutiveChanged,
    "registration.deregistration.v1": Deregistration,
    "registration.licence_revoked.v1": LicenceRevoked,
    "registration.suspension.v1": SuspensionFiled,
    "registration.cancelled_as_false.v1": FalseRegistration,
    "registration.branch_changed.v1": BranchChanged,
    "registration.capital_reduction_notice.v1": CapitalReductionNotice,
    "registration.special_mark.v1": SpecialMark,
}
