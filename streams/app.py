"""What is the worker?  A Faust app, built by a function; nothing happens at import.

``streams.parts`` says what it holds, ``streams.beside`` what runs beside its agents.
"""

import datetime as dt
import functools
import logging
from collections.abc import Callable

import aiohttp
import faust
from aiohttp import web
from faust.exceptions import ConsumerNotStarted
from redis.asyncio import Redis
from redis.exceptions import RedisError

from detectors import experts
from streams import batch_transport, clock
from streams.agents import agent_of, collecting_agent_of
from streams.assembly import build_links
from streams.assess import Assessor
from streams.audit import record
from streams.batch import Batch, RawBatch
from streams.beside import add_tasks
from streams.fetching import Tuning
from streams.heartbeat import READS
from streams.neighbourhood import NeighbourDesk, RedisJunctions
from streams.official_desk import OfficialDesk
from streams.official_store import RedisOfficialStore
from streams.parts import Parts
from streams.teaching import Teacher
from streams.topics import Topic
from streams.warning_cases import Cases
from streams.warning_page import WarningPage
from streams.web import build_web

logger = logging.getLogger(__name__)

# A snapshot at the most five times a second a domain, whatever the rate of outcomes.
LEARN_PAUSE_S = 0.2
IsCurrent = Callable[[Batch], bool]


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
    tuning = Tuning(
        commit_after=dt.timedelta(seconds=settings.redis.may_lose_s),
        vouched=lambda: parts.same_redis.vouched,
    )
    batch_transport.tune(app, tuning)
    _add_agents(app, parts)
    add_tasks(app, parts)
    return app


def _add_agents(app: faust.App, parts: Parts) -> None:
    roles = parts.settings.roles
    is_current = functools.partial(batch_transport.is_current, app)
    parts.notifier.is_current = is_current
    if roles.assess:
        events = app.topic(Topic.EVENT.value, schema=RawBatch())
        app.agent(events, name="assess")(agent_of("assess", _assessor(parts, is_current).digest))
    if roles.learn and parts.settings.model.mode == "live":
        examples = app.topic(Topic.EXAMPLE.value, schema=RawBatch())
        experts.load_river()
        learn = _teacher(parts, is_current).digest
        app.agent(examples, name="learn")(
            collecting_agent_of("learn", learn, pause_s=LEARN_PAUSE_S)
        )
    if roles.neighbours:
        bonds = app.topic(Topic.BOND.value, schema=RawBatch())
        meet = _neighbour_desk(parts, is_current).digest
        app.agent(bonds, name="neighbours")(agent_of("neighbours", meet))
    if roles.notify:
        names = [topic.value for topic in READS["notify"]]
        warnings = app.topic(*names, schema=RawBatch())
        app.agent(warnings, name="notify")(agent_of("notify", parts.notifier.digest))


def _assessor(parts: Parts, is_current: IsCurrent) -> Assessor:
    partitions = parts.settings.kafka.partitions
    return Assessor(
        store=parts.store,
        publisher=parts.publisher,
        official=OfficialDesk(
            official=RedisOfficialStore(parts.redis, partitions=partitions),
            plan=parts.plans.sampling,
            partitions=partitions,
        ),
        lives=parts.lives,
        expertise=parts.expertise,
        epoch=parts.epoch,
        partitions=partitions,
        metrics=parts.metrics,
        now=clock.now,
        alive=lambda: parts.watchdog.alive("assess"),
        is_current=is_current,
        hear=parts.feeds.note,
    )


def _teacher(parts: Parts, is_current: IsCurrent) -> Teacher:
    return Teacher(
        desk=parts.learning,
        publisher=parts.publisher,
        partitions=parts.settings.kafka.partitions,
        metrics=parts.metrics,
        alive=lambda: parts.watchdog.alive("learn"),
        is_current=is_current,
    )


def _neighbour_desk(parts: Parts, is_current: IsCurrent) -> NeighbourDesk:
    return NeighbourDesk(
        store=RedisJunctions(parts.redis),
        publisher=parts.publisher,
        rules=parts.wisdom.expertise.knowledge.neighbours,
        epoch=parts.epoch,
        partitions=parts.settings.kafka.partitions,
        metrics=parts.metrics,
        alive=lambda: parts.watchdog.alive("neighbours"),
        is_current=is_current,
    )


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
        cases=Cases(
            links=links,
            log=parts.log,
            lives=parts.lives,
            store=parts.store,
            tree=parts.wisdom.desk.tree,
            partitions=parts.settings.kafka.partitions,
        ),
        publisher=parts.publisher,
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
