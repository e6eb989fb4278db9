"""One bureau for all tests: broker, Redis, mailbox, SMS gateway and a worker, as real processes."""

import collections
import contextlib
import itertools
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request

import msgspec
import pytest
import redis
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType
from prometheus_client.parser import text_string_to_metric_families

from alerts.notification_row import Row
from alerts.pipeline import plan_notifications
from config.schema import Settings
from detectors import events as e
from detectors import state as states
from detectors.uscc import synthetic
from streams.assembly import build_wisdom
from streams.devstack.broker import BrokerKind
from streams.devstack.processes import LOOPBACK
from streams.devstack.redis_server import local_redis
from streams.devstack.stack import fetch_json, running_stack
from streams.keys import card_prefix, state_prefix
from streams.publisher import partition_of
from streams.redis_notification_log import row_key
from streams.topics import Plan, Topic
from tests.conftest import available

LINKS_BY = "of this bureau of tests alone"
GROUP = "sanzao"
# A green run never waits so long; a machine with other work on its cores may.
PATIENCE_S = 60.0


def until(fact, *, within_s=PATIENCE_S, what="it"):
    """Wait until ``fact()`` is true, and return what it said."""
    deadline = time.monotonic() + within_s
    while not (said := fact()):
        assert time.monotonic() < deadline, f"{what} did not come about in {within_s:g} s"
        time.sleep(0.05)
    return said


class Bureau:
    """The running bureau, as its people, its operators and its neighbours see it."""

    def __init__(self, stack, redis_process):
        """Know the servers; the worker is started by ``open``."""
        self.stack = stack
        self.redis_process = redis_process
        # Small batches, so that a fault meets the worker in the middle of its work.
        self.worker = self.worker_with(
            KAFKA__MAX_POLL_RECORDS="50", NOTIFY__BATCH_DELAY_S="1",
            WEB__PUBLIC_URL=self.url, WEB__LINK_SECRET=LINKS_BY,
        )  # fmt: skip
        self.store = redis.Redis.from_url(stack.redis_url)
        self.desk = build_wisdom(Settings()).desk
        self._serials = itertools.count(1)
        self._producer = KafkaProducer(
            bootstrap_servers=stack.broker.bootstrap,
            acks="all",
            enable_idempotence=not self.is_embedded,
            linger_ms=5,
        )

    @property
    def is_embedded(self):
        """Whether the broker is the embedded one."""
        return self.stack.broker.kind is BrokerKind.EMBEDDED

    @property
    def url(self):
        """Where the worker's pages are."""
        return f"http://{LOOPBACK}:{self.stack.report_port}"

    def worker_with(self, **settings):
        """Return a worker that can be started.

        The histories of these tests lie in the past: with timers each would go on by itself, and
        no state would stay what a replay says.  Who tests the timers sets ``ROLES__TIMERS``.
        """
        return self.stack.worker(**{"ROLES__TIMERS": "false", **settings})

    def open(self):
        """See that everything runs, whatever the last test did to it."""
        if not self.redis_process.server.is_alive:
            self.redis_process.server.start()
        if not self.worker.is_alive:
            self.worker.start()

    def close(self):
        """Hang up and send the worker home."""
        self._producer.close()
        self.store.close()
        self.worker.stop()

    def firms(self, count):
        """Return enterprises that no other test knows."""
        return [synthetic(next(self._serials)) for _ in range(count)]

    def publish(self, *happenings):
        """Let events happen, and wait for their receipts."""
        self.send(*((one.subject.encode(), e.encode(one), ()) for one in happenings))

    def send(self, *records):
        """Publish raw records of key, value and headers, and wait for their receipts."""
        receipts = [
            self._producer.send(Topic.EVENT.value, key=key, value=value, headers=list(headers))
            for key, value, headers in records
        ]
        for receipt in receipts:
            receipt.get(timeout=30)

    def publish_to(self, topic, *records):
        """Publish records of key and value to a topic of ours, and wait for their receipts."""
        for key, value in records:
            self._producer.send(topic.value, key=key, value=value).get(timeout=30)

    def raw_state(self, uscc):
        """Return what Redis holds of an enterprise, or None."""
        return self.store.get(state_prefix(self.partition_of(uscc)) + uscc)

    def state(self, uscc):
        """Return the stored state of an enterprise, its place in the log left out."""
        state = states.decode(self.raw_state(uscc))
        return msgspec.structs.replace(state, epoch=0, partition=0, offset=0)

    def card(self, uscc):
        """Return the readable card of an enterprise."""
        found = self.store.hgetall(card_prefix(self.partition_of(uscc)) + uscc)
        return {name.decode(): text.decode() for name, text in found.items()}

    def partition_of(self, uscc):
        """Return the partition of an enterprise."""
        return partition_of(uscc, self.stack.partitions)

    def await_states(self, usccs, *, within_s=PATIENCE_S):
        """Wait until each of these enterprises has a state."""
        until(
            lambda: all(self.raw_state(uscc) is not None for uscc in usccs),
            within_s=within_s,
            what="a state of each enterprise",
        )

    def records(self, topic, enough, *, within_s=PATIENCE_S):
        """Read a topic from its beginning until ``enough`` of it has come; return the records."""
        plan = Plan(partitions=self.stack.partitions, replication=1, retention_days=1)
        parts = [TopicPartition(topic.value, n) for n in range(plan.partitions_of(topic))]
        found = []
        consumer = KafkaConsumer(
            bootstrap_servers=self.stack.broker.bootstrap, group_id=None, enable_auto_commit=False,
            auto_offset_reset="earliest", fetch_max_wait_ms=100,
        )  # fmt: skip
        with contextlib.closing(consumer):
            consumer.assign(parts)
            consumer.seek_to_beginning()
            deadline = time.monotonic() + within_s
            while not enough(found):
                assert time.monotonic() < deadline, f"{topic}: {len(found)} records, not enough"
                for records in consumer.poll(timeout_ms=200).values():
                    found += records
        return found

    def keyed(self, topic, keys, *, least=1, within_s=PATIENCE_S):
        """Return the records of a topic under these keys, once there are ``least`` of them.

        There is one under each key then, at the least.
        """
        wanted = {key.encode() for key in keys}

        def theirs(records):
            """Return those under the keys."""
            return [record for record in records if record.key in wanted]

        return theirs(
            self.records(
                topic,
                lambda records: (
                    len(theirs(records)) >= least
                    and wanted <= {record.key for record in theirs(records)}
                ),
                within_s=within_s,
            )
        )

    def committed(self, group=GROUP):
        """Return the offsets of the event log that a group has committed."""
        with contextlib.closing(
            KafkaAdminClient(bootstrap_servers=self.stack.broker.bootstrap)
        ) as admin:
            found = admin.list_group_offsets(group)[group]
        return {tp.partition: one.offset for tp, one in found.items() if tp.topic == Topic.EVENT}

    def config_of(self, topic):
        """Return how the broker keeps a topic."""
        wanted = ConfigResource(ConfigResourceType.TOPIC, topic.value)
        with contextlib.closing(
            KafkaAdminClient(bootstrap_servers=self.stack.broker.bootstrap)
        ) as admin:
            ((_, named),) = admin.describe_configs([wanted]).items()
        return {name: one["value"] for name, one in named[topic.value].items()}

    def notifications(self, warnings):
        """Return the messages that warnings call for."""
        desk = self.desk
        return [
            notification
            for one in warnings
            for notification in plan_notifications(
                one, tree=desk.tree, ladder=desk.ladder, renderer=desk.renderer, now=one.issued_at
            ).notifications
        ]

    def mails(self):
        """Return how many mails came, by the id of the message."""
        found = fetch_json(f"{self.stack.mailbox.url}/api/messages")
        return collections.Counter(mail["headers"]["X-Sanzao-Notification"] for mail in found)

    def texts(self):
        """Return how many short messages came, by the id of the message."""
        found = fetch_json(f"{self.stack.gateway.url}/api/messages")
        return collections.Counter(message["out_id"] for message in found)

    def row(self, identity):
        """Return a message's row of the outbox, or None."""
        body = self.store.hget(row_key(identity), "body")
        return None if body is None else msgspec.msgpack.decode(body, type=Row)

    def breaks(self, server, **faults):
        """Tell the mailbox or the gateway what to do wrong from now on."""
        request = urllib.request.Request(  # noqa: S310 - loopback
            f"{server.url}/api/faults",
            data=json.dumps(faults).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - loopback
            assert answer.status == 200

    def page(self, path):
        """Return status and text of a page of the worker."""
        try:
            with urllib.request.urlopen(f"{self.url}{path}", timeout=10) as answer:  # noqa: S310
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def counted(self, name, **labels):
        """Return the value of a series of the worker."""
        _, text = self.page("/metrics")
        return sum(
            sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )

    def command(self, *words, **environment):
        """Run ``sanzao`` as a person in this bureau would; return the finished process."""
        return subprocess.run(
            [sys.executable, "-m", "streams.cli", *map(str, words)],
            env={**os.environ, **self.stack.environment(), "COLUMNS": "200", **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


@contextlib.contextmanager
def another_worker(bureau, **settings):
    """Put a worker with other settings in the place of the bureau's own for a while.

    The bureau's own comes back even after a test that failed: the next one shall find it.
    """
    bureau.open()
    own = bureau.worker
    own.stop()
    bureau.worker = bureau.worker_with(**settings)
    try:
        bureau.open()
        yield bureau
    finally:
        bureau.worker.stop()
        bureau.worker = own
        bureau.open()


@pytest.fixture(scope="session")
def running_bureau(request, tmp_path_factory):
    """Return the bureau, its worker not yet started."""
    with running(request, tmp_path_factory.mktemp("bureau")) as bureau:
        yield bureau


@pytest.fixture
def lone_bureau(request, tmp_path):
    """Return a bureau at work of which nothing is left for another test."""
    with running(request, tmp_path) as bureau:
        bureau.open()
        yield bureau


@contextlib.contextmanager
def running(request, folder):
    """Run a bureau with a broker, a Redis and gateways of its own."""
    kind = BrokerKind(request.config.getoption("--broker"))
    with (
        available(local_redis(folder / "redis")) as ours,
        available(running_stack(folder / "stack", kind=kind, redis_url=ours.url)) as stack,
    ):
        bureau = Bureau(stack, ours)
        yield bureau
        bureau.close()


@pytest.fixture
def bureau(running_bureau):
    """Return the bureau at work; a test may break what it likes."""
    running_bureau.open()
    yield running_bureau
    for server in (running_bureau.stack.mailbox, running_bureau.stack.gateway):
        running_bureau.breaks(server)
