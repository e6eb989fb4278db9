"""Which department acts on a regional or industry warning, and who is told?

The department in charge of the domain at the place that all its members share: a county's, or the
city's where several counties are concerned (谁主管、谁监管).
"""

import datetime as dt
from collections.abc import Iterator

import msgspec

from alerts.authority import Authority, AuthorityTree, Tier
from alerts.coverage import ways_to
from alerts.delivery import Way
from alerts.ladder import Ladder
from alerts.notification import About, Notification, message
from alerts.regional_wording import RegionalWording
from alerts.rendering import Renderer
from alerts.responsibility import Duty, Party, Role, Why, one_each, reach
from detectors.clusters import ClusterWarning
from detectors.measure import Level
from detectors.warning import warning_number

# GB/T 2260: province, city, county (townships belong to their county's departments).
_TIERS = {2: Tier.PROVINCE, 4: Tier.CITY, 6: Tier.COUNTY}
DOCUMENT = "区域行业风险研判处置方案"


def handler_of(*, domain: str, place: str, tree: AuthorityTree) -> Authority:
    """Return who acts: the department of the domain at a place, else the next above that has one.

    A county without a bureau of its own is its city's; a place that nobody governs goes to the
    duty desk, never to nobody.
    """
    body = _body_of(place, tree)
    if body is None:
        return tree.duty_desk
    return tree.department_at_or_above(body, domain) or body


def duty_of(warning: ClusterWarning, *, tree: AuthorityTree, ladder: Ladder) -> Duty:
    """Return who acts on a regional warning and, where it is red, who is copied above.

    Shapes:
        The limits are the warning's own (``regions.yaml``); the ways are those of its measure.
    """
    parties = tuple(_parties(warning, tree))
    rung = msgspec.structs.replace(
        ladder.rung(warning.measure),
        document=DOCUMENT,
        acknowledge_within=f"{warning.ack_working_days}个工作日",
        close_within=f"{warning.plan_working_days}个工作日",
    )
    recipients = one_each(reach(party, domain=warning.domain, tree=tree) for party in parties)
    return Duty(parties=parties, recipients=recipients, rung=rung)


def plan_cluster(
    warning: ClusterWarning,
    duty: Duty,
    *,
    tree: AuthorityTree,
    renderer: Renderer,
    now: dt.datetime,
    due_at: dt.datetime,
    told_at: dt.datetime,
) -> tuple[Notification, ...]:
    """Return the messages about a regional warning; the members are listed, not told of singly."""
    number = warning_number(warning.id, place=warning.place, issued_at=warning.issued_at)
    about = About(id=warning.id, number=number, measure=warning.measure, place=warning.place)
    wording = RegionalWording(
        warning=warning, number=number, region=region_name(warning.place, tree),
        duty=duty, renderer=renderer, told_at=told_at,
    )  # fmt: skip
    return tuple(
        message(
            about, recipient, way,
            content=wording.sms(recipient) if way is Way.SMS else wording.letter(recipient),
            now=now, due_at=due_at,
        )
        for recipient in duty.recipients
        for way in ways_to(recipient, duty)
    )  # fmt: skip


def region_name(place: str, tree: AuthorityTree) -> str:
    """Return what a place is called: as the body that governs it is named, else its code."""
    body = _body_of(place, tree)
    governs = body is not None and place in body.regions
    return body.name.removesuffix("市场监督管理局") if body and governs else place


def _parties(warning: ClusterWarning, tree: AuthorityTree) -> Iterator[Party]:
    """Yield who acts, then who is copied: one tier up, for red."""
    body = _body_of(warning.place, tree)
    handler = handler_of(domain=warning.domain, place=warning.place, tree=tree)
    if body is None:
        yield Party(handler, Role.LEAD, Why.UNROUTABLE_PLACE)
        return
    yield Party(handler, Role.LEAD, Why.PLACE if handler == body else Why.DOMAIN)
    above = next(tree.above(tree.body_of(handler)), None)
    if warning.level is Level.RED and above is not None:
        superior = tree.department(above, warning.domain) or above
        yield Party(superior, Role.COPY, Why.SUPERIOR)


def _body_of(place: str, tree: AuthorityTree) -> Authority | None:
    """Return the lowest body that governs a place."""
    for digits in sorted(_TIERS, reverse=True):
        body = tree.at(place[:digits], _TIERS[digits]) if len(place) >= digits else None
        if body is not None:
            return body
    return None
