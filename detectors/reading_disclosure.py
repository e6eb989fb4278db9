"""What do disclosures, pledges, lists and permits state?  Facts of E15 to E26."""

import datetime as dt

from detectors import events as e
from detectors.facts import FactKind, hash_of
from detectors.permits import named
from detectors.stating import (
    NOTHING,
    Reading,
    document,
    ends,
    fact,
    moment,
    renews,
    years_after,
)

ABNORMAL_YEARS = 3  # 企业信息公示暂行条例 art. 17: after three years the serious list follows
_UNFILED, _UNREACHABLE = 1, 4  # the article's own numbers
_ANNUAL_REPORT = hash_of("annual report")


def annual_report(data: e.AnnualReportFiled, identity: int, at: int) -> Reading:
    """E15: the report of a year is there until the next one is asked for; was it all zero?"""
    superseded = moment(dt.date(data.year + 2, 7, 1))  # then the next year's must be there
    filed = fact(data, identity, at, FactKind.REPORT_FILED, "PUB", ref=data.year,
                 until=max(at, superseded), note=f"{data.year}年度")  # fmt: skip
    mark = renews(identity, at, FactKind.REPORT_ALL_ZERO, _ANNUAL_REPORT)
    if not data.all_zero:
        return Reading((filed,), (mark,))
    note = f"{data.year}年度年报全零申报"
    zero = fact(data, identity + 1, at, FactKind.REPORT_ALL_ZERO, "PUB", ref=_ANNUAL_REPORT,
                note=note)  # fmt: skip
    return Reading((filed, zero), (mark,))


def disclosure_corrected(data: e.DisclosureCorrected, identity: int, at: int) -> Reading:
    """E16: false where an authority found it so; a slip of one's own is none."""
    if not data.found_false:
        return NOTHING
    return Reading((
        fact(data, identity, at, FactKind.DISCLOSURE_FALSE, "PUB", note=data.field,
             ref=document(data.organ, data.doc_no)),
    ))  # fmt: skip


def instant_info(data: e.InstantInfo, identity: int, at: int) -> Reading:
    """E17: published, or found missing."""
    ref = hash_of("disclosure", data.item)
    if not data.missing:
        return Reading(marks=(ends(identity, at, FactKind.DISCLOSURE_DUE, ref),))
    due = moment(data.due, end=True)
    return Reading((
        fact(data, identity, at, FactKind.DISCLOSURE_DUE, "PUB", ref=ref, due=due, note=data.item),
    ))  # fmt: skip


def disclosure_ordered(data: e.DisclosureOrdered, identity: int, at: int) -> Reading:
    """E18: to be published by a day; the order takes the place of the general time limit."""
    ref = hash_of("disclosure", data.item)
    due = moment(data.due, end=True)
    stated = fact(data, identity, at, FactKind.DISCLOSURE_DUE, "PUB", ref=ref, due=due,
                  note=data.item)  # fmt: skip
    return Reading((stated,), (renews(identity, at, FactKind.DISCLOSURE_DUE, ref),))


def equity_pledged(data: e.EquityPledged, identity: int, at: int) -> Reading:
    """E19: a share of the equity, until released."""
    ref = hash_of("equity pledge", data.pledge_no)
    if data.status == "released":
        return Reading(marks=(ends(identity, at, FactKind.EQUITY_PLEDGED, ref),))
    return Reading((
        fact(data, identity, at, FactKind.EQUITY_PLEDGED, "REG", ref=ref, weight=data.share,
             note=f"出质比例{data.share:.0%}"),
    ))  # fmt: skip


def equity_frozen(data: e.EquityFrozen, identity: int, at: int) -> Reading:
    """E20: a share of the equity, until released or lapsed."""
    ref = hash_of(data.case_no)
    if data.status == "released":
        return Reading(marks=(ends(identity, at, FactKind.EQUITY_FROZEN, ref),))
    return Reading((
        fact(data, identity, at, FactKind.EQUITY_FROZEN, "EXT", ref=ref, weight=data.share,
             until=moment(data.to_on, end=True), note=f"冻结比例{data.share:.0%}"),
    ))  # fmt: skip


def abnormal_added(data: e.AbnormalAdded, identity: int, at: int) -> Reading:
    """E22: on the list, in three years on the serious one; that it was there is remembered.

    For a missing annual report nothing more is asked of the firm than that it be filed.
    """
    ref = hash_of("abnormal", str(data.reason))
    three_years = years_after(at, ABNORMAL_YEARS)
    note = _REASONS[data.reason]
    facts = [
        fact(data, identity, at, _abnormal(data.reason), "PUB", ref=ref, due=three_years,
             note="" if data.reason == _UNREACHABLE else note),
        fact(data, identity + 1, at, FactKind.ABNORMAL_ENTRY, "PUB", until=three_years,
             ref=document(data.organ, data.doc_no), note=note),
    ]  # fmt: skip
    if data.reason == _UNFILED:
        facts.append(fact(data, identity + 2, at, FactKind.LISTED_UNFILED, "PUB", ref=ref))
    return Reading(tuple(facts))


def abnormal_removed(data: e.AbnormalRemoved, identity: int, at: int) -> Reading:
    """E23: off the list, for one reason."""
    ref = hash_of("abnormal", str(data.reason))
    marks = [ends(identity, at, _abnormal(data.reason), ref)]
    if data.reason == _UNFILED:
        marks.append(ends(identity, at, FactKind.LISTED_UNFILED, ref))
    if data.reason == _UNREACHABLE:
        marks.append(ends(identity, at, FactKind.UNREACHABLE_FOUND, ref))
    return Reading(marks=tuple(marks))


def serious_list(data: e.SeriousListChanged, identity: int, at: int) -> Reading:
    """E24: on or off a list of serious offenders, ours or another department's."""
    ours = data.kept_by == "market"
    kind = FactKind.SERIOUS_LISTED if ours else FactKind.SERIOUS_LISTED_ELSEWHERE
    ref = hash_of("serious", data.list_code)
    if data.action == "remove":
        return Reading(marks=(ends(identity, at, kind, ref),))
    return Reading((
        fact(data, identity, at, kind, "PUB" if ours else "EXT", ref=ref, note=data.grounds,
             until=moment(data.to_on, end=True)),
    ))  # fmt: skip


def permit_granted(data: e.PermitGranted, identity: int, at: int) -> Reading:
    """E25: valid to a day; a renewal takes the place of what was, and of a suspension.

    Where a form knows no more than the day of the grant, what ends a permit says the same second,
    and stays: a permit that was revoked must not come back by the order of two records.
    """
    ref = hash_of("permit", data.permit_no)
    stated = fact(data, identity, at, FactKind.PERMIT, data.domain, ref=ref,
                  due=moment(data.valid_to, end=True),
                  note=named(data.permit_type, data.permit_no))  # fmt: skip
    marks = (
        renews(identity, at, FactKind.PERMIT, ref),
        renews(identity, at, FactKind.PERMIT_ENDED, ref),
    )
    return Reading((stated,), marks)


def permit_ended(data: e.PermitEnded, identity: int, at: int) -> Reading:
    """E26: no longer valid, and not by lapse of time."""
    if data.kind == "expired":  # the countdown says so already, and goes on until it is renewed
        return NOTHING
    ref = hash_of("permit", data.permit_no)
    ended = fact(data, identity, at, FactKind.PERMIT_ENDED, data.domain, ref=ref,
                 note=named(_ENDINGS[data.kind], data.permit_no))  # fmt: skip
    return Reading((ended,), (ends(identity, at, FactKind.PERMIT, ref),))


_REASONS = {  # 企业信息公示暂行条例 art. 17; the fourth is a kind of its own
    1: "未按规定期限公示年度报告",
    2: "未按责令期限公示有关企业信息",
    3: "公示信息隐瞒真实情况、弄虚作假",
    4: "通过登记的住所无法联系",
}
_ENDINGS = {"cancelled": "注销", "withdrawn": "撤销", "revoked": "吊销", "suspended": "暂扣"}


def _abnormal(reason: int) -> FactKind:
    return FactKind.UNREACHABLE if reason == _UNREACHABLE else FactKind.ABNORMAL_LISTED
