"""What is the worker?  A Faust app, built by a function; nothing happens at import."""

import asyncio
import dataclasses
import datetime as dt
import functools
import logging
from collections.abc import Awaitable, Callable

import aiohttp
import faust
from aiohttp import web
from faust.exceptions import ConsumerNotStarted
from redis.asyncio import Redis
from redis.exceptions import RedisError

from alerts.notification_log import LogUnreachableError, NotificationLog
from config.schema import Settings
from detectors import experts, learned
from detectors.expertise import Expertise
from detectors.warning import CHINA
from streams import batch_transport, clock
from streams.agents import agent_of, collecting_agent_of, end_at_once
from streams.assembly import (
    Wisdom,
    build_channels,
    build_daily_survey,
    build_links,
    build_log,
    build_redis,
    build_timers,
    build_wisdom,
    worker_name,
)
from streams.assess import Assessor
from streams.audit import record
from streams.batch import Batch, RawBatch
from streams.chasing import build_chaser, is_chasing, quiet_hours
from streams.courier import Courier, Receipt
from streams.feeds import FeedWatch, RedisFeedLog
from streams.heartbeat import READS, beat
from streams.learning import LearningDesk, Lesson, ModelFeed, RedisSnapshots
from streams.metrics import Metrics
from streams.neighbourhood import NeighbourDesk, RedisJunctions
from streams.notifying import Notifier, count_round, receipt_record
from streams.official_desk import OfficialDesk
from streams.official_store import RedisOfficialStore
from streams.plans import Plans, build_plans, build_surveyor
from streams.progress import FaustProgress
from streams.publisher import KafkaPublisher, NotPublishedError, Outgoing, partition_of
from streams.redis_signatures import RedisSignatures
from streams.same_redis import EXIT_REPLACED, SameRedis
from streams.store import FencedError, RedisStore, StoreUnavailableError
from streams.topics import Topic
from streams.warning_lives import RedisLives
from streams.warning_page import WarningPage
from streams.watchdog import Watchdog
from streams.web import build_web

logger = logging.getLogger(__name__)

# A snapshot at the most five times a second a domain, whatever the rate of outcomes.
LEARN_PAUSE_S = 0.2
LOOK_EVERY_S = 0.5  # as often as offsets are committed
RETRY_S = 1.0
OUTBOX_EVERY_S = 15.0  # as often as a scrape
TIMERS = "timers"


@dataclasses.dataclass(slots=True)
class Parts:
    """Everything that one worker holds; opened by ``start``, closed by ``stop``."""

    settings: Settings
    wisdom: Wisdom
    plans: Plans
    epoch: int
    metrics: Metrics
    redis: Redis
    same_redis: SameRedis
    publisher: KafkaPublisher
    log: NotificationLog
    feed: ModelFeed
    learning: LearningDesk
    watchdog: Watchdog
    notifier: Notifier
    store: RedisStore
    feeds: FeedWatch
    lives: RedisLives
    session: aiohttp.ClientSession | None = None
    runner: web.AppRunner | None = None

    def expertise(self) -> Expertise:
        """Return the knowledge with the models of this moment."""
        if self.settings.model.mode == "none":
            return self.wisdom.expertise
        return self.wisdom.expertise.with_scorers(self.feed.scorers)


def build_parts(settings: Settings, *, epoch: int) -> Parts:
    """Return the parts of a worker; nothing is connected yet."""
    metrics = Metrics()
    same_redis = SameRedis(functools.partial(end_at_once, EXIT_REPLACED))
    redis = build_redis(settings, same=same_redis if settings.redis.same_server else None)
    publisher = KafkaPublisher(settings.kafka.bootstrap, idempotent=settings.kafka.idempotent)
    wisdom = build_wisdom(settings)
    metrics.knowledge.labels(wisdom.expertise.knowledge.version).set(1)
    snapshots = RedisSnapshots(redis)
    metrics.watch_feeds(wisdom.feeds.codes)
    is_wall = settings.timers.clock == "wall"
    since = settings.notify.since
    log = build_log(redis)
    watchdog = Watchdog(stalled_after_s=settings.watchdog.stalled_after_s)
    return Parts(
        settings=settings,
        wisdom=wisdom,
        plans=build_plans(settings, wisdom),
        epoch=epoch,
        metrics=metrics,
        redis=redis,
        same_redis=same_redis,
        publisher=publisher,
        log=log,
        feed=ModelFeed(snapshots),
        learning=LearningDesk(
            snapshots,
            members=settings.model.members,
            alive=lambda: watchdog.alive("learn"),
        ),
        watchdog=watchdog,
        notifier=Notifier(
            desk=wisdom.desk,
            log=log,
            publisher=publisher,
            metrics=metrics,
            now=clock.now,
            alive=lambda: watchdog.alive("notify"),
            in_event_time=not is_wall,
            since=clock.midnight(since) if since else None,
            batch_delay=dt.timedelta(seconds=settings.notify.batch_delay_s),
            quiet=quiet_hours(settings),
            signatures=RedisSignatures(redis) if is_chasing(settings) else None,
        ),
        store=RedisStore(redis),
        feeds=FeedWatch(wisdom.feeds, RedisFeedLog(redis), by="arrival" if is_wall else "event"),
        lives=RedisLives(redis),
    )


def build_app(parts: Parts, *, folder: str) -> faust.App:
    """Return the Faust app of a worker: four agents, and what runs beside them.

    ``folder`` is where Faust may write; nothing of ours is kept there.
    """
    settings = parts.settings
    kafka = settings.kafka
    batch_transport.register()
    app = faust.App(
        kafka.group + settings.roles.suffix,
        broker=f"{batch_transport.SCHEME}://{kafka.bootstrap.replace(',', ';')}",
        broker_session_timeout=kafka.session_timeout_s,
        broker_rebalance_timeout=kafka.rebalance_timeout_s,
        broker_heartbeat_interval=kafka.heartbeat_s,
        broker_commit_interval=kafka.commit_interval_s,
        broker_max_poll_records=kafka.max_poll_records,
        stream_buffer_maxsize=kafka.buffered_batches,
        consumer_auto_offset_reset="earliest",
        consumer_max_fetch_size=8 * 1024 * 1024,
        stream_wait_empty=False,
        store="memory://",
        datadir=folder,
        topic_disable_leader=True,
        topic_allow_declare=False,
        web_enabled=False,
        value_serializer="raw",
    )
    may_lose = dt.timedelta(seconds=settings.redis.may_lose_s)
    tuning = batch_transport.Tuning(commit_after=may_lose, vouched=lambda: parts.same_redis.vouched)
    batch_transport.tune(app, tuning if may_lose else batch_transport.Tuning())
    _add_agents(app, parts)
    beside = (
        _heartbeat, _look_at_redis, _follow_model, _carry_messages, _watch_outbox, _tell_deadlines,
        _watch_feeds, _survey_daily, _chase,
    )  # fmt: skip
    for task in beside:
        app.task(_bound(task, app, parts))
    return app


def _add_agents(app: faust.App, parts: Parts) -> None:
    settings = parts.settings

    def is_current(batch: Batch) -> bool:
        return batch_transport.is_current(app, batch)

    assessor = Assessor(
        store=parts.store,
        publisher=parts.publisher,
        official=OfficialDesk(
            official=RedisOfficialStore(parts.redis, partitions=settings.kafka.partitions),
            plan=parts.plans.sampling,
            partitions=settings.kafka.partitions,
        ),
        lives=parts.lives,
        expertise=parts.expertise,
        epoch=parts.epoch,
        partitions=settings.kafka.partitions,
        metrics=parts.metrics,
        now=clock.now,
        alive=lambda: parts.watchdog.alive("assess"),
        is_current=is_current,
        hear=parts.feeds.note,
    )
    parts.notifier.is_current = is_current
    if settings.roles.assess:
        events = app.topic(Topic.EVENT.value, schema=RawBatch())
        app.agent(events, name="assess")(agent_of("assess", assessor.digest))
    if settings.roles.learn and settings.model.mode == "live":
        examples = app.topic(Topic.EXAMPLE.value, schema=RawBatch())
        experts.load_river()
        learn = _learner(parts, is_current)
        app.agent(examples, name="learn")(
            collecting_agent_of("learn", learn, pause_s=LEARN_PAUSE_S)
        )
    if settings.roles.neighbours:
        desk = NeighbourDesk(
            store=RedisJunctions(parts.redis),
            publisher=parts.publisher,
            rules=parts.wisdom.expertise.knowledge.neighbours,
            epoch=parts.epoch,
            partitions=settings.kafka.partitions,
            metrics=parts.metrics,
            alive=lambda: parts.watchdog.alive("neighbours"),
            is_current=is_current,
        )
        bonds = app.topic(Topic.BOND.value, schema=RawBatch())
        app.agent(bonds, name="neighbours")(agent_of("neighbours", desk.digest))
    if settings.roles.notify:
        names = [topic.value for topic in READS["notify"]]
        warnings = app.topic(*names, schema=RawBatch())
        app.agent(warnings, name="notify")(agent_of("notify", parts.notifier.digest))


def _learner(
    parts: Parts, is_current: Callable[[Batch], bool]
) -> Callable[[list[Batch]], Awaitable[bool]]:
    async def learn(batches: list[Batch]) -> bool:
        raws = [record.value or b"" for batch in batches for record in batch.records]
        lesson: Lesson | None = None
        while all(is_current(batch) for batch in batches):
            try:
                # Learned again, it would be empty: the store knows these examples by now.
                lesson = lesson or await parts.learning.learn(raws)
                await parts.publisher.publish(
                    Outgoing(
                        Topic.SNAPSHOT.value,
                        partition_of(snapshot.domain, parts.settings.kafka.partitions),
                        snapshot.domain.encode(),
                        learned.encode(snapshot),
                    )
                    for snapshot in lesson.snapshots
                )
            except (StoreUnavailableError, FencedError, NotPublishedError) as error:
                part = "kafka" if isinstance(error, NotPublishedError) else "redis"
                parts.metrics.retries.labels(part).inc()
                await asyncio.sleep(RETRY_S)
                continue
            finally:
                parts.watchdog.alive("learn")
            _tell_lesson(parts, lesson)
            return True
        parts.learning.forget()
        return False

    return learn


def _tell_lesson(parts: Parts, lesson: Lesson) -> None:
    metrics = parts.metrics
    metrics.examples.inc(lesson.learned)
    metrics.examples_refused.inc(lesson.refused)
    metrics.examples_over_quota.inc(lesson.over_quota)
    health = parts.learning.health()
    for snapshot in lesson.snapshots:
        if snapshot.domain in health:
            metrics.tell_health(snapshot.domain, health[snapshot.domain])
        for expert, share in snapshot.shares.items():
            metrics.model_share.labels(snapshot.domain, expert).set(share)
    for domain in lesson.drifted:
        metrics.model_drift_alarms.labels(domain).inc()
        logger.warning(
            "the model of %s is surprised far more often than it expects: sources or inspections "
            "have changed; look at sanzao_model_quality, and at what its sources send", domain,
        )  # fmt: skip


def _bound(
    task: Callable[[faust.App, Parts], Awaitable[None]], app: faust.App, parts: Parts
) -> Callable[[], Awaitable[None]]:
    async def run() -> None:
        await task(app, parts)

    run.__name__ = task.__name__.lstrip("_")
    return run


async def _heartbeat(app: faust.App, parts: Parts) -> None:
    """Tell the watchdog what moves, until the worker stops."""
    await beat(
        lambda: app.should_stop, FaustProgress(app), watchdog=parts.watchdog, metrics=parts.metrics
    )


async def _look_at_redis(app: faust.App, parts: Parts) -> None:
    """See every while that Redis lives: what it was told before is safe then."""
    while not app.should_stop:
        await parts.same_redis.look(parts.redis)
        await asyncio.sleep(LOOK_EVERY_S)


async def _follow_model(app: faust.App, parts: Parts) -> None:
    """Take the newest scorers, as long as there is a model."""
    refused = 0
    while not app.should_stop and parts.settings.model.mode == "live":
        try:
            if await parts.feed.refresh():
                parts.metrics.model_refused.inc(parts.feed.refused - refused)
                refused = parts.feed.refused
                for domain, snapshot in parts.feed.snapshots.items():
                    parts.metrics.model_examples.labels(domain).set(snapshot.examples)
                    parts.metrics.model_log_loss.labels(domain).set(snapshot.log_loss)
        except StoreUnavailableError as error:
            logger.warning("model not refreshed, the last one stays in use: %s", error)
        await asyncio.sleep(parts.settings.model.refresh_s)


async def _carry_messages(app: faust.App, parts: Parts) -> None:
    """Let the courier go its rounds."""
    notify = parts.settings.notify
    if not parts.settings.roles.notify:
        return
    assert parts.session is not None, "start() comes first"

    async def on_receipt(receipt: Receipt) -> None:
        record = receipt_record(receipt, parts.settings.kafka.partitions)
        await parts.publisher.publish([record])

    courier = Courier(
        parts.log,
        build_channels(parts.settings, parts.session),
        clock=clock.now,
        worker=worker_name(),
        on_receipt=on_receipt,
        lease=dt.timedelta(seconds=notify.lease_s),
        send_timeout=dt.timedelta(seconds=notify.send_timeout_s),
        concurrency=notify.parallel,
    )
    await courier.run(
        lambda: app.should_stop,
        poll_s=notify.poll_s,
        after_round=functools.partial(count_round, parts.metrics),
    )


async def _watch_outbox(app: faust.App, parts: Parts) -> None:
    """Show what waits in the outbox, and let it forget what has expired."""
    while parts.settings.roles.notify and not app.should_stop:
        try:
            parts.metrics.tell_outbox(await parts.log.backlog(clock.now()))
        except LogUnreachableError as error:
            parts.metrics.up.labels("redis").set(0)
            logger.warning("outbox not looked at: %s", error)
        else:
            parts.metrics.up.labels("redis").set(1)
        await asyncio.sleep(OUTBOX_EVERY_S)


async def _tell_deadlines(app: faust.App, parts: Parts) -> None:
    """Tell what falls due, for the partitions that this worker assesses."""
    roles = parts.settings.roles
    if not (roles.timers and roles.assess):
        return
    timers = build_timers(
        parts.settings,
        store=parts.store,
        publisher=parts.publisher,
        progress=FaustProgress(app),
        feeds=parts.feeds,
        metrics=parts.metrics,
        now=clock.now,
        alive=lambda: parts.watchdog.alive(TIMERS),
    )
    try:
        await timers.run(lambda: app.should_stop)
    finally:
        parts.watchdog.excuse(TIMERS)


async def _watch_feeds(app: faust.App, parts: Parts) -> None:
    """Say which feeds are silent, and whether a year's holidays are missing."""
    if not parts.settings.roles.assess:
        return
    while not app.should_stop:
        now = clock.now()
        missing = parts.wisdom.desk.calendar.missing_on(now.astimezone(CHINA).date())
        parts.metrics.calendar_missing_year.set(bool(missing))
        try:
            await parts.feeds.report(parts.metrics, now=int(now.timestamp()))
        except StoreUnavailableError as error:
            parts.metrics.up.labels("redis").set(0)
            logger.warning("feeds not judged: %s", error)
        else:
            parts.metrics.up.labels("redis").set(1)
        await asyncio.sleep(parts.settings.timers.poll_s)


async def _survey_daily(app: faust.App, parts: Parts) -> None:
    """Survey regions and industries once a day, where this worker owns the first partition."""
    roles = parts.settings.roles
    if not (roles.survey and roles.assess):
        return
    surveyor = build_surveyor(
        parts.settings, parts.wisdom, parts.plans, redis=parts.redis, publisher=parts.publisher
    )
    daily = build_daily_survey(
        parts.settings,
        surveyor,
        store=parts.store,
        progress=FaustProgress(app),
        metrics=parts.metrics,
        now=clock.now,
    )
    await daily.run(lambda: app.should_stop)


async def _chase(app: faust.App, parts: Parts) -> None:
    """Tell what nobody has signed for in time, where this worker owns the first partition."""
    settings = parts.settings
    if not (is_chasing(settings) and settings.roles.assess):
        return
    chaser = build_chaser(
        settings,
        parts.wisdom.desk,
        redis=parts.redis,
        log=parts.log,
        lives=parts.lives,
        store=parts.store,
        publisher=parts.publisher,
        progress=FaustProgress(app),
        metrics=parts.metrics,
        now=clock.now,
    )
    await chaser.run(lambda: app.should_stop)


async def start(parts: Parts, app: faust.App) -> None:
    """Connect, and open the web port."""
    parts.session = aiohttp.ClientSession()
    await parts.publisher.start()

    async def ready() -> dict[str, bool]:
        """Return which parts answer."""
        return {
            "kafka": _has_partitions(app),
            "redis": await _pings(parts.redis),
        }

    site = build_web(
        metrics=parts.metrics,
        ready=ready,
        take_reports=parts.notifier.take_reports,
        warning_page=_warning_page(parts),
    )
    parts.runner = web.AppRunner(site, access_log=None)
    await parts.runner.setup()
    settings = parts.settings.web
    await web.TCPSite(parts.runner, settings.host, settings.port).start()
    parts.watchdog.start()


def _warning_page(parts: Parts) -> WarningPage | None:
    """Return the page of a warning, where the settings open it."""
    links = build_links(parts.settings)
    if links is None:
        if parts.settings.web.public_url or parts.settings.web.link_secret:
            logger.warning("web.public_url and web.link_secret go together: no page, no links")
        return None
    return WarningPage(
        links=links,
        log=parts.log,
        lives=parts.lives,
        store=parts.store,
        publisher=parts.publisher,
        tree=parts.wisdom.desk.tree,
        partitions=parts.settings.kafka.partitions,
        note=functools.partial(record, parts.redis),
        now=clock.now,
        in_event_time=parts.settings.timers.clock == "events",
    )


async def stop(parts: Parts) -> None:
    """Close what ``start`` opened; who watches is closed last, for any of them can hang."""
    if parts.runner is not None:
        await parts.runner.cleanup()
    await parts.publisher.stop()
    if parts.session is not None:
        await parts.session.close()
    await parts.redis.aclose()
    parts.watchdog.stop()


def _has_partitions(app: faust.App) -> bool:
    """Return whether the group has given this worker anything; not while it still starts."""
    try:
        return bool(app.consumer and app.consumer.assignment())
    except ConsumerNotStarted:
        return False


async def _pings(redis: Redis) -> bool:
    try:
        return bool(await redis.ping())
    except RedisError:
        return False
