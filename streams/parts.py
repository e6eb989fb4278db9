"""What does one worker hold?  Its parts, built from the settings; nothing is connected yet."""

import dataclasses
import datetime as dt
import functools

import aiohttp
from aiohttp import web
from redis.asyncio import Redis

from alerts.notification_log import NotificationLog
from config.schema import Settings
from detectors.expertise import Expertise
from streams import clock
from streams.agents import end_at_once
from streams.assembly import Wisdom, build_log, build_redis, build_wisdom
from streams.chasing import is_chasing, quiet_hours
from streams.feeds import FeedWatch, RedisFeedLog
from streams.learning import LearningDesk, ModelFeed, RedisSnapshots
from streams.metrics import Metrics
from streams.notifying import Notifier
from streams.plans import Plans, build_plans
from streams.publisher import KafkaPublisher
from streams.redis_signatures import RedisSignatures
from streams.same_redis import EXIT_REPLACED, SameRedis
from streams.store import RedisStore
from streams.warning_lives import RedisLives
from streams.watchdog import Watchdog


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
