"""Which messages does a warning call for?  Responsibility, then wording; nothing is sent here."""

import datetime as dt
import functools
import itertools
from collections.abc import Callable, Iterator

import jinja2
import msgspec

from alerts.authority import AuthorityTree
from alerts.batched import plan_bundle
from alerts.clusters import duty_of, plan_cluster
from alerts.coverage import ways_to
from alerts.delivery import Way
from alerts.hours import Span, awake
from alerts.knowledge import Fault, InvalidKnowledgeError
from alerts.ladder import Ladder
from alerts.members import Member
from alerts.notification import About, Notification, message
from alerts.overdue import plan_overdue, told_above
from alerts.rendering import Renderer
from alerts.responsibility import Duty, Matter, Recipient, resolve
from alerts.specimen import (
    CLUSTER_LEVELS,
    awaited_specimen,
    lowered_specimen,
    specimen,
    specimen_cluster,
)
from detectors.clusters import ClusterWarning
from detectors.measure import Measure
from detectors.warning import EarlyWarning, WarningStatus

AT_ONCE = dt.timedelta(0)


class Plan(msgspec.Struct, frozen=True):
    """Who must act on a warning, and what they are told.

    ``change`` is the warning where it was lowered or has ended: its messages are for those alone
    who were told of it before.  ``told_at`` is from when people's limits run.
    """

    duty: Duty
    notifications: tuple[Notification, ...]
    change: EarlyWarning | None = None
    told_at: dt.datetime | None = None


def plan_notifications(
    warning: EarlyWarning,
    *,
    tree: AuthorityTree,
    ladder: Ladder,
    renderer: Renderer,
    now: dt.datetime,
    in_event_time: bool = False,
    batch_delay: dt.timedelta = AT_ONCE,
    quiet: Span | None = None,
    members: tuple[Member, ...] = (),
    chased: bool = False,
) -> Plan:
    """Return the duty and the messages, the one who acts first.

    Shapes:
        Pure and repeatable: the same warning gives the same ids, whatever ``now`` is.  All
        batched warnings of a rule, day, measure and station give the same ids; ``members`` are
        those known so far.  ``chased``: what has been taken back concerns those above, too, who may
        have been told that nobody signed.

    Units:
        Nothing is due within the ``quiet`` hours unless it is urgent, and people's limits run
        from when they are told: a limit that ran out before anybody heard of it is none.  A
        message about a batch waits for ``batch_delay``, while the list fills.  ``in_event_time``
        nothing else waits, and limits run from when it would have been told.
    """
    duty = resolve(Matter.of(warning), tree=tree, ladder=ladder)
    delay = batch_delay if warning.batched else AT_ONCE
    if duty.urgent:
        quiet = None
    due_at, told_at = _when(
        warning.at, now=now, delay=delay, quiet=quiet, in_event_time=in_event_time
    )
    if warning.batched:
        return Plan(
            duty,
            plan_bundle(
                warning, duty, renderer=renderer, now=now, due_at=due_at, told_at=told_at,
                members=members,
            ),
            told_at=told_at,
        )  # fmt: skip
    about = About(
        id=warning.id, number=warning.number, measure=warning.measure, status=warning.status,
        place=warning.place, uscc=warning.uscc, enterprise=warning.enterprise,
        revision=warning.revision,
    )  # fmt: skip
    planned = tuple(
        message(
            about, recipient, way,
            content=(renderer.sms if way is Way.SMS else renderer.email)(
                warning, duty, recipient, told_at=told_at
            ),
            now=now, due_at=due_at,
        )
        for recipient, way in _readers(warning, duty, tree=tree, ladder=ladder, chased=chased)
    )  # fmt: skip
    change = None if warning.status is WarningStatus.ISSUED else warning
    return Plan(duty, planned, change, told_at)


def _readers(
    warning: EarlyWarning, duty: Duty, *, tree: AuthorityTree, ladder: Ladder, chased: bool
) -> Iterator[tuple[Recipient, Way]]:
    """Yield who is told, by which way.

    A cancellation is for all who were told by any measure, once, the gravest first; a lowering for
    those of the graver ones.  Where nothing was taken back nobody hears of it: people are told when
    they must act, not when they may rest.
    """
    if warning.status is WarningStatus.ISSUED:
        duties = [duty]
    elif warning.status is WarningStatus.CLOSED or (
        warning.status is WarningStatus.LOWERED and not warning.undone
    ):
        return
    else:
        is_lowered = warning.status is WarningStatus.LOWERED
        told = [
            msgspec.structs.replace(warning, measure=one)
            for one in reversed(warning.measures)
            if not is_lowered or one.rank > warning.measure.rank
        ]
        duties = [resolve(Matter.of(one), tree=tree, ladder=ladder) for one in told]
        if chased:
            duties += [
                msgspec.structs.replace(
                    duty, recipients=tuple(told_above(one, tree=tree, ladder=ladder))
                )
                for one in told
            ]
    met: set[str] = set()
    for one in duties:
        others = [each for each in one.recipients if each.person.id not in met]
        met |= {each.person.id for each in others}
        for recipient in others:
            for way in ways_to(recipient, one):
                yield recipient, way


def _when(
    issued_at: dt.datetime,
    *,
    now: dt.datetime,
    delay: dt.timedelta,
    quiet: Span | None,
    in_event_time: bool,
) -> tuple[dt.datetime, dt.datetime]:
    """Return from when a message may leave, and from when people's limits run."""
    if in_event_time:
        return now + delay, awake(issued_at, quiet)
    return awake(now + delay, quiet), awake(max(now, issued_at) + delay, quiet)


def plan_regional(
    warning: ClusterWarning,
    *,
    tree: AuthorityTree,
    ladder: Ladder,
    renderer: Renderer,
    now: dt.datetime,
    in_event_time: bool = False,
    quiet: Span | None = None,
) -> Plan:
    """Return the duty and the messages of a regional or industry warning.

    Units:
        As in ``plan_notifications``.
    """
    duty = duty_of(warning, tree=tree, ladder=ladder)
    due_at, told_at = _when(
        warning.issued_at, now=now, delay=AT_ONCE, quiet=quiet, in_event_time=in_event_time
    )
    planned = plan_cluster(
        warning, duty, tree=tree, renderer=renderer, now=now, due_at=due_at, told_at=told_at
    )
    return Plan(duty, planned)


def check_renderings(*, tree: AuthorityTree, ladder: Ladder, renderer: Renderer) -> None:
    """Render a specimen of everything that is ever said, so that a broken template fails at load.

    Raises:
        InvalidKnowledgeError: a template names what does not exist, or is no template.
    """
    for kind, plan in _specimens(tree, ladder, renderer):
        try:
            plan()
        except jinja2.TemplateError as error:
            where = f"alerts/templates/email/{kind}.*.j2"
            fault = Fault(where, "(template)", str(error), "请更正模板。correct the template")
            raise InvalidKnowledgeError([fault]) from error


def _specimens(
    tree: AuthorityTree, ladder: Ladder, renderer: Renderer
) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield which letter a specimen is told in, and how to plan it."""
    for measure in Measure:
        issued = specimen(measure)
        for kind, one in [
            *((status.value, specimen(measure, status)) for status in WarningStatus),
            ("lowered", lowered_specimen(measure)),
            ("issued", msgspec.structs.replace(issued, remark="新产业观察期内，以提醒为主")),
            ("batched", msgspec.structs.replace(issued, batched=True)),
        ]:
            yield kind, functools.partial(
                plan_notifications, one,
                tree=tree, ladder=ladder, renderer=renderer, now=one.issued_at,
            )  # fmt: skip
        for batched, returned in itertools.product((False, True), repeat=2):
            kind = "overdue_batched" if batched else "overdue"
            late = awaited_specimen(msgspec.structs.replace(issued, batched=batched))
            yield kind, functools.partial(
                plan_overdue, [late],
                tree=tree, ladder=ladder, renderer=renderer, now=late.look_at, returned=returned,
            )  # fmt: skip
    for cluster in map(specimen_cluster, CLUSTER_LEVELS):
        yield "regional", functools.partial(
            plan_regional, cluster,
            tree=tree, ladder=ladder, renderer=renderer, now=cluster.issued_at,
        )  # fmt: skip
