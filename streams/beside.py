"""What runs beside the agents of a worker?  Tasks that look, carry and tell, until it stops."""

import asyncio
import datetime as dt
import functools
import logging
from collections.abc import Awaitable, Callable

import faust

from alerts.notification_log import LogUnreachableError
from detectors.warning import CHINA
from streams import clock
from streams.assembly import build_channels, build_daily_survey, build_timers, worker_name
from streams.chasing import build_chaser, is_chasing
from streams.courier import Courier, Receipt
from streams.heartbeat import beat
from streams.notifying import count_round, receipt_record
from streams.outage import Outage
from streams.parts import Parts
from streams.plans import build_surveyor
from streams.progress import FaustProgress
from streams.report_fetching import ReportFetcher
from streams.sms_carriers import report_source
from streams.store import StoreUnavailableError

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 0.5  # as often as offsets are committed
OUTBOX_EVERY_S = 15.0  # as often as a scrape
TIMERS = "timers"
Task = Callable[[faust.App, Parts], Awaitable[None]]


def add_tasks(app: faust.App, parts: Parts) -> None:
    """Let ``app`` run them all once it has started; what a role does not ask for ends at once."""
    tasks: tuple[Task, ...] = (
        heartbeat, look_at_redis, follow_model, carry_messages, watch_outbox, tell_deadlines,
        watch_feeds, survey_daily, chase, fetch_reports,
    )  # fmt: skip
    for task in tasks:
        app.task(_bound(task, app, parts))


def _bound(task: Task, app: faust.App, parts: Parts) -> Callable[[], Awaitable[None]]:
    async def run() -> None:
        await task(app, parts)

    run.__name__ = task.__name__
    return run


async def heartbeat(app: faust.App, parts: Parts) -> None:
    """Tell the watchdog what moves, until the worker stops."""
    await beat(
        lambda: app.should_stop, FaustProgress(app), watchdog=parts.watchdog, metrics=parts.metrics
    )


async def look_at_redis(app: faust.App, parts: Parts) -> None:
    """See every while that Redis lives: what it was told before is safe then."""
    while not app.should_stop:
        await parts.same_redis.look(parts.redis)
        await asyncio.sleep(LOOK_EVERY_S)


async def follow_model(app: faust.App, parts: Parts) -> None:
    """Take the newest scorers, as long as there is a model."""
    refused = 0
    outage = Outage(logger, "模型更新已恢复。model refreshed again")
    while not app.should_stop and parts.settings.model.mode == "live":
        try:
            if await parts.feed.refresh():
                parts.metrics.model_refused.inc(parts.feed.refused - refused)
                refused = parts.feed.refused
                for domain, snapshot in parts.feed.snapshots.items():
                    parts.metrics.model_examples.labels(domain).set(snapshot.examples)
                    parts.metrics.model_log_loss.labels(domain).set(snapshot.log_loss)
            outage.ended()
        except StoreUnavailableError as error:
            outage.began(
                "模型未能更新，沿用上一版。model not refreshed, the last one stays in use: %s",
                error,
            )
        await asyncio.sleep(parts.settings.model.refresh_s)


async def carry_messages(app: faust.App, parts: Parts) -> None:
    """Let the courier go its rounds."""
    notify = parts.settings.notify
    if not parts.settings.roles.notify:
        return
    assert parts.session is not None, "start() comes first"

    async def on_receipt(receipt: Receipt) -> None:
        """Publish what became of a message."""
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


async def watch_outbox(app: faust.App, parts: Parts) -> None:
    """Show what waits in the outbox, and let it forget what has expired."""
    outage = Outage(logger, "待发通知可以查看了。outbox looked at again")
    while parts.settings.roles.notify and not app.should_stop:
        try:
            parts.metrics.tell_outbox(await parts.log.backlog(clock.now()))
        except LogUnreachableError as error:
            parts.metrics.up.labels("redis").set(0)
            outage.began("暂时看不到待发通知。outbox not looked at: %s", error)
        else:
            outage.ended()
            parts.metrics.up.labels("redis").set(1)
        await asyncio.sleep(OUTBOX_EVERY_S)


async def tell_deadlines(app: faust.App, parts: Parts) -> None:
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


async def watch_feeds(app: faust.App, parts: Parts) -> None:
    """Say which feeds are silent, and whether a year's holidays are missing."""
    if not parts.settings.roles.assess:
        return
    outage = Outage(logger, "数据源恢复判断。feeds judged again")
    while not app.should_stop:
        now = clock.now()
        missing = parts.wisdom.desk.calendar.missing_on(now.astimezone(CHINA).date())
        parts.metrics.calendar_missing_year.set(bool(missing))
        try:
            await parts.feeds.report(parts.metrics, now=int(now.timestamp()))
        except StoreUnavailableError as error:
            parts.metrics.up.labels("redis").set(0)
            outage.began("暂不判断数据源是否按时。feeds not judged: %s", error)
        else:
            outage.ended()
            parts.metrics.up.labels("redis").set(1)
        await asyncio.sleep(parts.settings.timers.poll_s)


async def survey_daily(app: faust.App, parts: Parts) -> None:
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


async def chase(app: faust.App, parts: Parts) -> None:
    """Tell what nobody has signed for in time, where this worker owns the first partition."""
    if not (is_chasing(parts.settings) and parts.settings.roles.assess):
        return
    chaser = build_chaser(
        parts.settings,
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


async def fetch_reports(app: faust.App, parts: Parts) -> None:
    """Ask the carrier that pushes no delivery reports for them, where this worker tells people."""
    if not parts.settings.roles.notify:
        return
    assert parts.session is not None, "start() comes first"
    source = report_source(parts.settings, parts.session)
    if source is None:
        return
    fetcher = ReportFetcher(source, parts.log, metrics=parts.metrics, now=clock.now)
    await fetcher.run(lambda: app.should_stop, every_s=parts.settings.sms.reports_every_s)
