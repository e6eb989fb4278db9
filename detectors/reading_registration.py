"""What does the register state?  Facts of E01 to E14."""

import datetime as dt
import math
from typing import get_args

from detectors import events as e
from detectors import reading_neighbours as ties
from detectors.facts import DAY_S, Fact, FactKind, Mark, hash_of
from detectors.payloads_registration import PermitDomain
from detectors.stating import NOTHING, Reading, document, ends, fact, moment, renews, years_after

# 国务院关于实施公司法注册资本登记管理制度的规定 (2024) art. 2: firms registered before 2024-07-01
# whose term reaches more than five years past 2027-07-01 adjust it by 2027-06-30; later firms
# have five years from the day of founding (公司法 art. 47).
NEW_COMPANY_LAW = dt.date(2024, 7, 1)
ADJUSTED_BY = dt.date(2027, 6, 30)
OLD_FIRMS_LATEST = dt.date(2032, 6, 30)
NEW_FIRMS_YEARS = 5
# Domain reference §8, B08: "after 60 d".
PERMIT_WITHIN_S = 60 * DAY_S
SIMPLE_NOTICE_S = 20 * DAY_S  # 市场主体登记管理条例实施细则 art. 49
GENERAL_NOTICE_S = 45 * DAY_S  # domain reference §12
SUSPENDED_YEARS = 3  # 市场主体登记管理条例 art. 30: not longer, whatever a record says
FALSE_REGISTRATION_YEARS = (
    3  # 市场主体登记管理条例 art. 40: the person answerable is barred so long
)
CAPITAL_FULL = 12.0  # a weight of one is a capital of 10**12 yuan

_CAPITAL = hash_of("capital")
_SUBSCRIPTION = hash_of("subscription")
_SCOPES = {domain: hash_of("scope", domain) for domain in get_args(PermitDomain)}
_ABNORMAL_UNREACHABLE = hash_of("abnormal", "4")


def capital_weight(yuan: float) -> float:
    """Return the size of a registered capital on a scale from 0 to 1, by orders of magnitude.

    >>> capital_weight(999_999)
    0.5
    """
    return min(1.0, math.log10(1.0 + yuan) / CAPITAL_FULL)


def established(data: e.Established, identity: int, at: int) -> Reading:
    """E01: the founding, and what the capital, its term and the scope say from the first day."""
    facts = [fact(data, identity, at, FactKind.ESTABLISHED, "REG")]
    if data.capital:
        facts.append(_capital(data, identity + 1, at, data.capital))
    if _is_too_long(data.subscribe_due, data.established_on):
        facts.append(_subscription(data, identity + 2, at))
    facts += _needed_permits(data, identity + 3, at, data.permit_domains)
    facts += ties.registration(data, identity + 7, at)
    return Reading(tuple(facts))


def basic_changed(data: e.BasicChanged, identity: int, at: int) -> Reading:
    """E02: a new name or industry; a new scope and the permits it asks for."""
    if data.field == "scope":
        facts = _needed_permits(data, identity, at, data.permit_domains)
        marks = [renews(identity, at, FactKind.SCOPE_NEEDS_PERMIT, ref) for ref in _SCOPES.values()]
        return Reading(tuple(facts), tuple(marks))
    kind = {"name": FactKind.NAME_CHANGED, "industry": FactKind.INDUSTRY_CHANGED}.get(data.field)
    if kind is None:
        return NOTHING
    return Reading((fact(data, identity, at, kind, "REG", note=data.after),))


def legal_rep_changed(data: e.LegalRepChanged, identity: int, at: int) -> Reading:
    """E03: a change; a barred person who comes, one who goes."""
    ref = document(data.organ, data.doc_no)
    facts = [
        fact(data, identity, at, FactKind.LEGAL_REP_CHANGED, "REG", ref=ref),
        ties.represented(data, identity + 1, at, data.new_person),
    ]
    if data.barred:
        facts.append(_barred(data, identity + 2, at, data.new_person, "法定代表人"))
    return Reading(tuple(facts), _gone(identity, at, data.old_person))


def address_changed(data: e.AddressChanged, identity: int, at: int) -> Reading:
    """E04: a move; who has moved can be reached again."""
    moved = fact(data, identity, at, FactKind.ADDRESS_CHANGED, "REG", place=data.new_region,
                 ref=document(data.organ, data.doc_no))  # fmt: skip
    domicile = ties.domiciled(data, identity + 1, at, data.new_address)
    mark = ends(identity, at, FactKind.UNREACHABLE_FOUND, _ABNORMAL_UNREACHABLE)
    return Reading((moved, domicile), (mark,))


def capital_changed(data: e.CapitalChanged, identity: int, at: int) -> Reading:
    """E05: the capital as it now is, how much of it went, and whether its term is lawful."""
    facts = [_capital(data, identity, at, data.after)] if data.after else []
    cut = _cut(data, identity + 1, at, data.before, data.after)
    marks = [renews(identity, at, FactKind.CAPITAL, _CAPITAL)]
    if cut is not None:
        facts.append(cut)
        marks.append(renews(identity, at, FactKind.CAPITAL_CUT, cut.ref))  # its own notice
    if data.due_on is not None:
        marks.append(renews(identity, at, FactKind.SUBSCRIPTION_TOO_LONG, _SUBSCRIPTION))
        if data.due_on > OLD_FIRMS_LATEST:
            facts.append(_subscription(data, identity + 2, at))
    return Reading(tuple(facts), tuple(marks))


def shareholder_changed(data: e.ShareholderChanged, identity: int, at: int) -> Reading:
    """E06: a change, and who holds how much."""
    ref = document(data.organ, data.doc_no)
    changed = fact(data, identity, at, FactKind.SHAREHOLDER_CHANGED, "REG", ref=ref)
    return Reading((changed, ties.holding(data, identity + 1, at)))


def executive_changed(data: e.ExecutiveChanged, identity: int, at: int) -> Reading:
    """E07: a barred person who comes, one who goes."""
    if data.action == "out":
        return Reading(marks=_gone(identity, at, data.person))
    if not data.barred:
        return NOTHING
    return Reading((_barred(data, identity, at, data.person, _POSTS[data.role]),))


def deregistration(data: e.Deregistration, identity: int, at: int) -> Reading:
    """E08: announced, until it is completed or given up.

    An objection ends the simple way (市场主体登记管理条例 art. 33).
    """
    simple = data.kind == "simple"
    kind = FactKind.DEREGISTERING_SIMPLY if simple else FactKind.DEREGISTERING
    ref = hash_of("deregistration")
    if data.stage == "terminated" or (simple and data.objections):
        return Reading(marks=(ends(identity, at, kind, ref),))
    if data.stage == "completed":
        over = fact(data, identity, at, FactKind.DEREGISTERED, "REG", ref=ref)
        return Reading((over,), (ends(identity, at, kind, ref),))
    due = moment(data.notice_to, end=True) or (
        (moment(data.notice_from) or at) + (SIMPLE_NOTICE_S if simple else GENERAL_NOTICE_S)
    )
    stated = fact(data, identity, at, kind, "REG", ref=ref, due=due)
    return Reading((stated,), (renews(identity, at, kind, ref),))


def licence_revoked(data: e.LicenceRevoked, identity: int, at: int) -> Reading:
    """E09: the business licence is gone."""
    ref = hash_of("licence")
    return Reading((
        fact(data, identity, at, FactKind.LICENCE_REVOKED, "REG", ref=ref, note=data.reason),
    ))  # fmt: skip


def suspension(data: e.SuspensionFiled, identity: int, at: int) -> Reading:
    """E10: not trading, until a day, at most three years."""
    ref = hash_of("suspension")
    mark = renews(identity, at, FactKind.SUSPENDED, ref)
    if data.ended_on is not None:
        return Reading(marks=(ends(identity, at, FactKind.SUSPENDED, ref),))
    longest = years_after(moment(data.from_on), SUSPENDED_YEARS)
    until = min(moment(data.to_on, end=True), longest)
    stated = fact(data, identity, at, FactKind.SUSPENDED, "REG", ref=ref, until=until)
    return Reading((stated,), (mark,))


def cancelled_as_false(data: e.FalseRegistration, identity: int, at: int) -> Reading:
    """E11: a registration that never should have been."""
    until = moment(data.ban_until, end=True) or years_after(at, FALSE_REGISTRATION_YEARS)
    return Reading((
        fact(data, identity, at, FactKind.FALSE_REGISTRATION, "REG", until=until,
             ref=hash_of("false registration", data.items), note=data.items),
    ))  # fmt: skip


def capital_reduction(data: e.CapitalReductionNotice, identity: int, at: int) -> Reading:
    """E13: a cut that is announced; the change itself will take its place."""
    cut = _cut(data, identity, at, data.before, data.after)
    return Reading((cut,)) if cut else NOTHING


def special_mark(data: e.SpecialMark, identity: int, at: int) -> Reading:
    """E14: marked by the registrar, until lifted."""
    ref = hash_of("special mark", data.kind)
    if data.status == "lifted":
        return Reading(marks=(ends(identity, at, FactKind.SPECIAL_MARK, ref),))
    until = moment(data.to_on, end=True)
    return Reading((
        fact(data, identity, at, FactKind.SPECIAL_MARK, "REG", ref=ref, until=until,
             note=data.kind),
    ))  # fmt: skip


def _capital(data: e.Payload, identity: int, at: int, yuan: float) -> Fact:
    return fact(data, identity, at, FactKind.CAPITAL, "REG", ref=_CAPITAL,
                weight=capital_weight(yuan), note=f"{yuan / 10_000:g}万元")  # fmt: skip


def _cut(data: e.Payload, identity: int, at: int, before: float, after: float) -> Fact | None:
    if after >= before:
        return None
    share = 1.0 - after / before
    return fact(data, identity, at, FactKind.CAPITAL_CUT, "REG", weight=share,
                ref=hash_of("capital cut", f"{after:.2f}"), note=f"减少{share:.0%}")  # fmt: skip


def _is_too_long(due: dt.date | None, established_on: dt.date) -> bool:
    if due is None:
        return False
    if established_on < NEW_COMPANY_LAW:
        return due > OLD_FIRMS_LATEST
    latest = years_after(moment(established_on), NEW_FIRMS_YEARS)
    return moment(due) > latest


def _subscription(data: e.Payload, identity: int, at: int) -> Fact:
    due = moment(ADJUSTED_BY, end=True)
    return fact(data, identity, at, FactKind.SUBSCRIPTION_TOO_LONG, "REG", ref=_SUBSCRIPTION,
                due=max(at, due))  # fmt: skip


def _needed_permits(
    data: e.Payload, identity: int, at: int, domains: tuple[PermitDomain, ...]
) -> list[Fact]:
    return [
        fact(data, identity + n, at, FactKind.SCOPE_NEEDS_PERMIT, domain, ref=_SCOPES[domain],
             due=at + PERMIT_WITHIN_S)
        for n, domain in enumerate(domains)
    ]  # fmt: skip


_POSTS = {
    "director": "董事",
    "supervisor": "监事",
    "manager": "经理",
    "food_safety": "食品安全管理人员",
    "quality": "质量管理人员",
    "other": "其他职务",
}


def _barred(
    data: e.LegalRepChanged | e.ExecutiveChanged, identity: int, at: int, person: str, post: str
) -> Fact:
    last = data.barred_until
    note = f"任{post}" + (f"，限制期至{last.isoformat()}" if last else "")
    return fact(data, identity, at, FactKind.BARRED_PERSON, "REG", until=moment(last, end=True),
                ref=hash_of("person", person), note=note)  # fmt: skip


def _gone(identity: int, at: int, person: str) -> tuple[Mark, ...]:
    if not person:
        return ()
    return (ends(identity, at, FactKind.BARRED_PERSON, hash_of("person", person)),)
