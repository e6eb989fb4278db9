"""What has an enterprise published, pledged and been permitted; which lists is it on?  E15-E26."""

import datetime as dt
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from detectors.payloads import (
    Count,
    DomainCode,
    Payload,
    Share,
    Text,
    Token,
    Year,
    Yuan,
    hold_to_its_word,
)


class AnnualReportFiled(Payload, frozen=True, kw_only=True):
    """E15 年报报送.  The figures stay at the source."""

    year: Year
    late: bool = False
    all_zero: bool = False
    headcount: Count = 0


class DisclosureCorrected(Payload, frozen=True, kw_only=True):
    """E16 公示更正.  ``found_false``: an authority found it false; a slip of one's own is none."""

    field: Text
    before: Text = ""
    after: Text = ""
    found_false: bool = False


class InstantInfo(Payload, frozen=True, kw_only=True):
    """E17 即时信息公示.  ``missing``: found unpublished; ``due``: 20 working days after forming."""

    needs: ClassVar[tuple[tuple[str, object, str], ...]] = (("missing", True, "due"),)

    item: Token
    formed_on: dt.date
    published_on: dt.date | None = None
    missing: bool = False
    due: dt.date | None = None

    def __post_init__(self) -> None:
        """Ask for the day on which what is missing fell due."""
        hold_to_its_word(self)


class DisclosureOrdered(Payload, frozen=True, kw_only=True):
    """E18 责令公示."""

    item: Token
    due: dt.date


class EquityPledged(Payload, frozen=True, kw_only=True):
    """E19 股权出质.  ``share`` is of the enterprise's whole equity; parties are hashes or codes."""

    pledge_no: Token
    share: Share
    amount: Yuan = 0.0
    pledgor: Token = ""
    pledgee: Token = ""
    status: Literal["registered", "released"] = "registered"


class EquityFrozen(Payload, frozen=True, kw_only=True):
    """E20 股权冻结."""

    case_no: Token
    share: Share
    status: Literal["frozen", "released"] = "frozen"
    court: Token = ""
    holder: Token = ""
    to_on: dt.date | None = None


class AssetPledged(Payload, frozen=True, kw_only=True):
    """E21 动产抵押、知识产权质押: known, and without points in the first release."""

    pledge_no: Token
    kind: Literal["chattel", "trademark", "patent", "copyright"]
    amount: Yuan = 0.0
    creditor: Token = ""
    status: Literal["registered", "released"] = "registered"


class AbnormalAdded(Payload, frozen=True, kw_only=True):
    """E22 列入经营异常名录.  Reasons: 1 年报 2 责令公示 3 隐瞒虚假 4 住所失联."""

    reason: Literal[1, 2, 3, 4]


class AbnormalRemoved(Payload, frozen=True, kw_only=True):
    """E23 移出经营异常名录."""

    reason: Literal[1, 2, 3, 4]


class SeriousListChanged(Payload, frozen=True, kw_only=True):
    """E24 严重违法失信名单 列入、移出.  ``kept_by``: market regulation, or another department."""

    list_code: Token
    action: Literal["add", "remove"]
    grounds: Text = ""
    kept_by: Literal["market", "other"] = "market"
    to_on: dt.date | None = None


class PermitGranted(Payload, frozen=True, kw_only=True):
    """E25 许可 准予、变更、延续.  ``organ`` is who issued it: 谁审批、谁监管."""

    permit_no: Token
    permit_type: Text
    domain: DomainCode
    valid_to: dt.date
    valid_from: dt.date | None = None
    scope: Annotated[str, Meta(max_length=2000)] = ""
    action: Literal["granted", "changed", "renewed"] = "granted"


class PermitEnded(Payload, frozen=True, kw_only=True):
    """E26 许可 注销、撤销、吊销、暂扣."""

    permit_no: Token
    kind: Literal["expired", "cancelled", "withdrawn", "revoked", "suspended"]
    domain: DomainCode = "REG"


TYPES: dict[str, type[Payload]] = {
    "disclosure.annual_report_filed.v1": AnnualReportFiled,
    "disclosure.corrected.v1": DisclosureCorrected,
    "disclosure.instant_published.v1": InstantInfo,
    "disclosure.order_issued.v1": DisclosureOrdered,
    "equity.pledge.v1": EquityPledged,
    "equity.freeze.v1": EquityFrozen,
    "asset.pledge.v1": AssetPledged,
    "list.abnormal_added.v1": AbnormalAdded,
    "list.abnormal_removed.v1": AbnormalRemoved,
    "list.serious_changed.v1": SeriousListChanged,
    "permit.granted_or_changed.v1": PermitGranted,
    "permit.ended.v1": PermitEnded,
}
