"""How do the parts come together?  The one place that knows all of them."""

import dataclasses
import datetime as dt
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import cast

import aiohttp
from redis.asyncio import Redis

from alerts.authority import AuthorityTree, parse_authorities
from alerts.channels.email import EmailChannel, SmtpAccount, Tls
from alerts.coverage import find_holes
from alerts.delivery import Channel, Way
from alerts.knowledge import Document, Fault
from alerts.knowledge import InvalidKnowledgeError as InvalidAlertsError
from alerts.known_codes import strange_codes
from alerts.ladder import Ladder, parse_ladder
from alerts.links import Links
from alerts.notification_log import NotificationLog
from alerts.pipeline import check_renderings
from alerts.rendering import TEMPLATE_NAMES, Renderer
from alerts.sms_text import SmsBook, parse_sms_book
from alerts.tree_shape import misplaced
from config.load import (
    KNOWLEDGE,
    InvalidConfigError,
    fingerprint,
    load_documents,
    load_history,
)
from config.schema import Settings
from detectors.documents import document
from detectors.events import event_types
from detectors.expertise import Expertise, compiled
from detectors.feeds import Feeds, InvalidFeedsError, parse_feeds
from detectors.functions import InvalidKnowledgeError
from detectors.knowledge_check import calendar_of, parse
from detectors.working_days import WorkingDays
from streams.feeds import FeedWatch
from streams.metrics import Metrics
from streams.progress import CatchUp, Progress
from streams.publisher import Publisher
from streams.redis_notification_log import RedisRows
from streams.same_redis import SameRedis
from streams.sms_carriers import SmsAccount, sms_account, sms_channel
from streams.store import WakeStore
from streams.survey import Surveyor
from streams.surveying import DailySurvey, DayClock, EventDays, WallDays
from streams.timers import DueClock, EventTime, Pace, Timers, WallTime

COUNTY_DIGITS = 6  # GB/T 2260
CALENDAR, FEEDS = "calendar.yaml", "feeds.yaml"
ALERT_DOCUMENTS = ("authorities.yaml", "ladder.yaml", "sms_templates.yaml")
NO_RULE = "请写 rules.yaml 中有的规则。name one of rules.yaml"


@dataclasses.dataclass(frozen=True, slots=True)
class Desk:
    """Everything that knows whom to tell, and how."""

    tree: AuthorityTree
    ladder: Ladder
    book: SmsBook
    renderer: Renderer
    calendar: WorkingDays


@dataclasses.dataclass(frozen=True, slots=True)
class Wisdom:
    """All knowledge of one version, checked: what decides, and who is told.

    ``content`` tells folders apart that carry one version number.
    """

    expertise: Expertise
    desk: Desk
    feeds: Feeds
    content: str = ""


def build_wisdom(settings: Settings) -> Wisdom:
    """Return the knowledge of the settings' folder, checked as a whole.

    Raises:
        config.load.InvalidConfigError: a document is no YAML.
        detectors.knowledge.InvalidKnowledgeError: the catalogue or the rules have a hole.
        alerts.knowledge.InvalidKnowledgeError: somebody would be forgotten.
    """
    folder = Path(settings.knowledge) if settings.knowledge else None
    documents = load_documents(folder)
    history = load_history(folder)
    expertise = build_expertise(documents, history)
    desk = build_desk(documents, settings)
    _check_names(expertise, desk)
    places = {region for one in desk.tree.authorities for region in one.regions}
    # A matter lies in a county or below; whole cities and provinces are no places.
    regions = sorted(place for place in places if len(place) >= COUNTY_DIGITS)
    holes = find_holes(desk.tree, desk.ladder, domains=expertise.knowledge.domains, regions=regions)
    if holes:
        raise InvalidAlertsError(holes)
    feeds = build_feeds(documents, desk.calendar)
    _check_feeds(expertise, feeds)
    return Wisdom(expertise, desk, feeds, fingerprint([documents, *history]))


def _check_names(expertise: Expertise, desk: Desk) -> None:
    """Refuse a roster or a ladder that names what there is not, before holes are looked for."""
    known, ladder_file = expertise.knowledge, str(Path(desk.tree.file).with_name("ladder.yaml"))
    strange = desk.ladder.rules_named - {rule.id for rule in known.rules}
    faults = [
        *misplaced(desk.tree),
        *strange_codes(
            desk.tree,
            desk.ladder,
            domains=known.domains,
            families={rule.family for rule in known.rules},
            ladder_file=ladder_file,
        ),
        *(Fault(ladder_file, "otherwise, urgent", f"{rule} is no rule", NO_RULE)
          for rule in sorted(strange)),
    ]  # fmt: skip
    if faults:
        raise InvalidAlertsError(faults)


def _check_feeds(expertise: Expertise, feeds: Feeds) -> None:
    """Refuse a rule that waits for a feed there is not: it would take every silence for absence."""
    known: Expertise | None = expertise
    problems = []
    while known is not None:
        problems += [
            f"rules.yaml (version {known.knowledge.version}): {rule.id}.feed: {rule.feed!r} is no "
            f"feed; 请写 use one of {FEEDS}: {', '.join(feeds.codes)}"
            for rule in known.knowledge.rules
            if rule.feed and rule.feed not in feeds.codes
        ]
        known = known.earlier
    if problems:
        raise InvalidKnowledgeError("\n".join(problems))


def build_feeds(documents: Mapping[str, object], calendar: WorkingDays) -> Feeds:
    """Return the sources' feeds, from the documents."""
    try:
        return parse_feeds(
            document(documents, FEEDS), calendar=calendar, types=event_types(), file=FEEDS
        )
    except InvalidFeedsError as error:
        raise InvalidKnowledgeError(str(error)) from error


def build_expertise(
    documents: Mapping[str, object], history: Sequence[Mapping[str, object]] = ()
) -> Expertise:
    """Return what decides, with the versions that were in force before it (the newest first)."""
    earlier: Expertise | None = None
    for version in reversed([documents, *history]):
        earlier = compiled(parse(version), earlier=earlier)
    assert earlier is not None, "there is the present version at least"
    return earlier


def build_desk(documents: Mapping[str, object], settings: Settings) -> Desk:
    """Return whom to tell and how, from the documents."""
    missing = [name for name in ALERT_DOCUMENTS if not isinstance(documents.get(name), dict)]
    if missing:
        raise InvalidKnowledgeError(
            f"{missing[0]} is missing from the knowledge directory or no mapping; "
            f"缺少此文件，或不是键与值，请恢复。restore it"
        )
    authorities, ladder_document, sms = (
        cast("Document", documents[name]) for name in ALERT_DOCUMENTS
    )
    origin = Path(settings.knowledge) if settings.knowledge else KNOWLEDGE
    files = [str(origin / name) for name in ALERT_DOCUMENTS]
    tree = parse_authorities(authorities, file=files[0])
    ladder = parse_ladder(ladder_document, file=files[1])
    book = parse_sms_book(sms, file=files[2])
    calendar = calendar_of(documents)
    folder = resources.files("alerts").joinpath("templates")
    templates = {name: folder.joinpath(name).read_text(encoding="utf-8") for name in TEMPLATE_NAMES}
    renderer = Renderer(
        book,
        templates,
        calendar=calendar,
        office=settings.notify.office or tree.body_of(tree.duty_desk).name,
        system_url=settings.notify.system_url,
        links=build_links(settings),
    )
    check_renderings(tree=tree, ladder=ladder, renderer=renderer)
    return Desk(tree, ladder, book, renderer, calendar)


def build_links(settings: Settings) -> Links | None:
    """Return what seals the links to the page of a warning, or None where there is no page."""
    web = settings.web
    return Links(web.link_secret, base=web.public_url) if web.has_page else None


def build_redis(settings: Settings, *, same: SameRedis | None = None) -> Redis:
    """Return a Redis client; it connects when first used.

    With ``same`` every connection is asked first whether it is still the same server's.

    Raises:
        config.load.InvalidConfigError: the address is none.
    """
    timeout = settings.redis.timeout_s
    try:
        return Redis.from_url(
            settings.redis.url,
            socket_timeout=timeout,
            socket_connect_timeout=timeout,
            redis_connect_func=same.connected if same else None,
        )
    except ValueError as error:  # the address may hold a password: it is not shown
        raise InvalidConfigError(
            "redis.url (SANZAO_REDIS__URL) is no address of a Redis; write redis://HOST:PORT/0"
        ) from error


def build_log(redis: Redis) -> NotificationLog:
    """Return the outbox and journal."""
    return NotificationLog(RedisRows(redis))


def build_channels(settings: Settings, session: aiohttp.ClientSession) -> dict[Way, Channel]:
    """Return the ways to people.

    Raises:
        config.load.InvalidConfigError: an account would send in the clear.
    """
    smtp, gateway = build_accounts(settings)
    return {Way.EMAIL: EmailChannel(smtp), Way.SMS: sms_channel(gateway, session)}


def build_accounts(settings: Settings) -> tuple[SmtpAccount, SmsAccount]:
    """Return the accounts with the carriers.

    Raises:
        config.load.InvalidConfigError: an account would send in the clear.
    """
    email = settings.email
    try:
        smtp = SmtpAccount(
            host=email.host,
            port=email.port,
            sender=email.sender,
            sender_name=email.sender_name,
            username=email.username,
            password=email.password,
            tls=Tls(email.tls),
            timeout=dt.timedelta(seconds=email.timeout_s),
        )
        gateway = sms_account(settings.sms)
    except ValueError as error:
        raise InvalidConfigError(f"settings of email or sms: {error}") from error
    return smtp, gateway


def build_timers(
    settings: Settings,
    *,
    store: WakeStore,
    publisher: Publisher,
    progress: Progress,
    feeds: FeedWatch,
    metrics: Metrics,
    now: Callable[[], dt.datetime],
    alive: Callable[[], None],
) -> Timers:
    """Return the task that tells deadlines, by the clock that the settings name."""
    chosen = settings.timers
    caught_up = CatchUp(progress, now)
    due_clock: DueClock = (
        WallTime(caught_up, lateness_s=chosen.lateness_s)
        if chosen.clock == "wall"
        else EventTime(store, lateness_s=chosen.lateness_s)
    )
    return Timers(
        store=store,
        publisher=publisher,
        progress=progress,
        clock=due_clock,
        caught_up=caught_up,
        unsure=feeds.unsure,
        metrics=metrics,
        now=now,
        alive=alive,
        pace=Pace(
            batch=chosen.batch,
            window=chosen.window,
            per_second=chosen.per_second,
            again_after_s=chosen.again_after_s,
            poll_s=chosen.poll_s,
        ),
    )


def build_daily_survey(
    settings: Settings,
    surveyor: Surveyor,
    *,
    store: WakeStore,
    progress: Progress,
    metrics: Metrics,
    now: Callable[[], dt.datetime],
) -> DailySurvey:
    """Return the task that surveys once a day, by the clock that the settings name."""
    days: DayClock = (
        WallDays(CatchUp(progress, now))
        if settings.timers.clock == "wall"
        else EventDays(store, partitions=settings.kafka.partitions)
    )
    return DailySurvey(
        surveyor=surveyor,
        regions=surveyor.regions,
        progress=progress,
        clock=days,
        metrics=metrics,
        after_midnight=dt.timedelta(seconds=settings.survey.after_midnight_s),
        poll_s=settings.survey.poll_s,
    )


def calendar_complaint(calendar: WorkingDays, today: dt.date) -> str:
    """Return what an operator must be told of the calendar, or "" for nothing."""
    missing = "、".join(f"{year}年" for year in calendar.missing_on(today))
    if not missing:
        return ""
    return (
        f"{CALENDAR} 缺少{missing}的放假调休安排：期限只按周一至周五推算，"
        "请按国务院办公厅通知补录。 Holidays of a year are missing; enter its notice."
    )


def unfounded(expertise: Expertise) -> str:
    """Return what an analyst must be told of a version before which there is none."""
    known = expertise.earliest.knowledge
    return (
        f"{known.version} 自 {known.effective_from} 起施行，history/ 中没有此前的版本："
        "此前的事件、此前的等级也全部按它判定。 No earlier version is in history/; this one "
        "decides all of the past too."
    )


def worker_name() -> str:
    """Return the name by which other workers know this one."""
    return f"{socket.gethostname()}-{os.getpid()}"
