"""Does each authority stand where a warning would look for it?  Its region, its body, its height.

One that nothing finds is no hole: the matter goes to whoever is found instead, and they are told.
"""

import itertools
import re
from collections.abc import Iterator

from alerts.authority import Authority, AuthorityTree, Tier
from alerts.knowledge import Fault, repeated

_REGION = re.compile(r"[0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9}")
COUNTY_DIGITS = 6
_HEIGHT = list(Tier)


def misplaced(tree: AuthorityTree) -> Iterator[Fault]:
    """Yield what is wrong with the places of the authorities, one by one."""
    for name in repeated(authority.name for authority in tree.authorities):
        fact = f"two authorities are called {name}"
        yield Fault(tree.file, "authorities[].name", fact, _TWO_NAMES)
    for authority in tree.authorities:
        parent = tree.find(authority.parent) if authority.parent else None
        where = f"authorities[{authority.code}]"
        for key, fact, remedy in itertools.chain(
            _about_regions(authority, parent, tree), _about_body(authority, parent)
        ):
            yield Fault(tree.file, f"{where}.{key}", fact, remedy)


def _about_regions(
    authority: Authority, parent: Authority | None, tree: AuthorityTree
) -> Iterator[tuple[str, str, str]]:
    """Yield (key, fact, remedy) of regions that are none, or not this authority's."""
    for region in authority.regions:
        if not _REGION.fullmatch(region):
            yield "regions", f"{region!r} is no region", _DIGITS
        elif authority.tier in {Tier.COUNTY, Tier.STATION} and len(region) < COUNTY_DIGITS:
            yield "regions", f"{region} is larger than a county", _DIGITS
        elif parent and parent.regions and not region.startswith(parent.regions):
            fact = f"{region} lies outside {'、'.join(parent.regions)} of {parent.name}"
            yield "regions", fact, _OUTSIDE
        elif (
            parent
            and authority.tier is Tier.STATION
            and ((county := tree.at(region, Tier.COUNTY)) and county != parent)
        ):
            fact = f"{region} is governed by {county.code} {county.name}"
            yield "parent", fact, f"请写 {county.code}。make it the parent"
    if authority.tier is Tier.STATION and not authority.regions:
        yield "regions", "a station without a region is told nothing", _DIGITS


def _about_body(authority: Authority, parent: Authority | None) -> Iterator[tuple[str, str, str]]:
    """Yield (key, fact, remedy) of an authority that its body would not find."""
    if authority.regions and authority.domains:
        yield "domains", "an authority with regions has domains, too", _EITHER
    elif authority.domains or authority.tier is Tier.STATION:
        if parent is None:
            yield "parent", "a department or a station belongs to a body", _BODY
        elif (parent.domains and not parent.regions) or parent.tier is Tier.STATION:
            yield "parent", f"{parent.name} is no body", _BODY
    if authority.regions and parent and parent.regions and not _is_below(authority, parent):
        fact = f"{authority.tier} under {parent.name}, which is {parent.tier}, too, or lower"
        yield "tier", fact, _TIER


def _is_below(authority: Authority, parent: Authority) -> bool:
    return _HEIGHT.index(authority.tier) < _HEIGHT.index(parent.tier)


_DIGITS = (
    "区划代码：省2位、市4位、县6位、乡镇9位。"
    "write 2 digits (province), 4 (city), 6 (county) or 9 (township); a county has 6 at least"
)
_OUTSIDE = "请核对区划代码与上级。correct the region or the parent"
_EITHER = (
    "regions 写在局、所，domains 写在其股室。leave regions to the body, domains to its departments"
)
_BODY = "上级请写所属的局（有 regions 的机构）。name the body, the authority with regions"
_TIER = "请核对 tier：station、county、city、province。correct the tier or the parent"
_TWO_NAMES = "审批机关按名称查找，请写全称以区别。an approver is found by name; tell them apart"
