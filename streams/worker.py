"""How does a worker process begin and end?  Topics, epoch, app; SIGTERM ends it in seconds."""

import gc
import logging
import socket
import sys
import tempfile
from typing import Any

import faust

from config.schema import Settings
from streams.app import build_app, start, stop
from streams.parts import Parts, build_parts
from streams.publisher import check_publisher
from streams.sample_guard import check_sample
from streams.topics import (
    Plan,
    TopicsMissingError,
    check_partitions,
    create_topics,
    missing_topics,
    read_epoch,
)
from streams.whole_states import check_states, tell_of_silence

LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class _Worker(faust.Worker):
    """Faust's worker, which opens our parts before the app and closes them after it."""

    def __init__(self, app: faust.App, parts: Parts, **options: Any) -> None:
        super().__init__(app, **options)
        self._parts = parts
        self._app = app

    async def on_first_start(self) -> None:
        """Open the parts once the loop runs."""
        await start(self._parts, self._app)
        await super().on_first_start()

    async def on_shutdown(self) -> None:
        """Close the parts when the app has stopped."""
        await super().on_shutdown()
        await stop(self._parts)


def run_worker(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT; exits non-zero when the app crashes.

    Raises:
        OSError: the web port is taken.
        streams.sample_guard.SampleTellsRealPeopleError: the roster is a sample, the carrier real.
        TopicsMissingError: topics are missing and may not be created.
        streams.topics.BrokerUnreachableError: no broker answers.
        streams.broker_refusals.BrokerRefusedError: the broker takes nothing of us.
        streams.topics.PartitionsDifferError: the settings and the event log do not agree.
        streams.whole_states.StatesMissingError: Redis has nothing of what the log was read for.
    """
    logging.basicConfig(level=settings.log_level, format=LOG_FORMAT, stream=sys.stderr)
    for chatty in ("mode", "faust", "aiokafka"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, logging.root.level))
    # It is used at the start only, and what it says of a broker that is not there we say once.
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    check_port(settings.web.host, settings.web.port)
    epoch = prepare_topics(settings)
    check_publisher(settings.kafka.bootstrap, idempotent=settings.kafka.idempotent)
    tell_of_silence(settings)
    if settings.roles.assess:
        check_states(settings, epoch=epoch)
    parts = build_parts(settings, epoch=epoch)
    check_sample(settings, parts.wisdom.desk)
    # What was loaded stays for ever, and batches make garbage without cycles: the default would
    # look through everything thousands of times a minute (a tenth of the whole CPU, measured).
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)
    # Faust wants a folder of its own even where nothing is kept in it.
    folder = tempfile.TemporaryDirectory(prefix="sanzao-")
    app = build_app(parts, folder=folder.name)
    worker = _Worker(
        app, parts, loglevel=None, override_logging=False, redirect_stdouts=False,
        quiet=True,
    )  # fmt: skip
    with folder:
        worker.execute_from_commandline()


def check_port(host: str, port: int) -> None:
    """See that the web port is free, before anything is joined that would have to be left again.

    Raises:
        OSError: it is taken, or the address is not ours.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise OSError(
                error.errno, f"{error.strerror}: web.host and web.port are {host} and {port}"
            ) from error


def plan_of(settings: Settings) -> Plan:
    """Return how the topics are kept."""
    kafka = settings.kafka
    return Plan(
        partitions=kafka.partitions,
        replication=kafka.replication,
        retention_days=kafka.retention_days,
    )


def prepare_topics(settings: Settings) -> int:
    """See that the topics are there; return the epoch of the event log."""
    bootstrap = settings.kafka.bootstrap
    if settings.kafka.create_topics:
        create_topics(bootstrap, plan_of(settings))
    else:
        missing = missing_topics(bootstrap)
        if missing:
            raise TopicsMissingError(
                f"topics {', '.join(missing)} are missing at {bootstrap}; run 'sanzao topics "
                f"create' with an account that may, or set kafka.create_topics"
            )
    check_partitions(bootstrap, settings.kafka.partitions)
    return read_epoch(bootstrap)
