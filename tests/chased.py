"""A bureau in virtual time: it warns, people sign or do not, and what nobody signed is chased."""

import functools

from alerts.awaited import MemorySignatures
from alerts.delivery import MemoryChannel, Way
from alerts.notification_log import MemoryRows, NotificationLog
from config.schema import Settings
from detectors import events as e
from detectors import state as states
from detectors.handling import Handled
from detectors.state import EnterpriseState, OpenWarning
from detectors.warning import EarlyWarning
from streams.assembly import build_wisdom
from streams.assess import warning_records
from streams.chasing import SOURCE, Chaser
from streams.courier import Courier
from streams.metrics import Metrics
from streams.notifying import Notifier
from streams.progress import CatchUp, Reading
from streams.publisher import MemoryPublisher, partition_of
from streams.signing import About, Act, act_event
from streams.store import MemoryStore
from streams.surveying import WallDays
from streams.topics import Topic
from streams.warning_lives import MemoryLives
from tests import builders as b
from tests import shell

PARTITIONS = 4


@functools.cache
def desk():
    """Return the shipped roster, ladder and templates."""
    return build_wisdom(Settings()).desk


class Log:
    """The partitions of the event log that a worker owns, and how far it has read them."""

    def __init__(self):
        """Own all, read to their end."""
        self.owned, self.unread = list(range(PARTITIONS)), 0

    def partitions(self):
        """Return what is owned."""
        return list(self.owned)

    def reading(self, _partition):
        """Return how far a partition is read."""
        return Reading(end=10, done=10 - self.unread)


class Bureau:
    """One enterprise, its warnings, the outbox, and the task that chases."""

    def __init__(self, *, desk=None, quiet=None, since=None, signatures=None):
        """Begin at noon of a Monday."""
        self.desk = desk or globals()["desk"]()
        self.enterprise, self.now, self.log = b.Enterprise(), b.on(0), Log()
        self.rows, self.lives, self.store = MemoryRows(), MemoryLives(), MemoryStore()
        self.signatures = signatures or MemorySignatures()
        self.publisher, self.metrics = MemoryPublisher(), Metrics()
        self.taken, self.quiet = 0, quiet
        self.channels = {way: MemoryChannel() for way in Way}
        self.notifier = Notifier(
            desk=self.desk, log=NotificationLog(self.rows), publisher=self.publisher,
            metrics=self.metrics, now=lambda: self.now, since=since, quiet=quiet,
            signatures=self.signatures,
        )  # fmt: skip
        self.chaser = self.worker()

    def worker(self, log=None):
        """Return the chasing task of a worker."""
        log = log or self.log
        return Chaser(
            desk=self.desk, signatures=self.signatures, log=NotificationLog(self.rows),
            lives=self.lives, store=self.store, publisher=self.publisher, progress=log,
            clock=WallDays(CatchUp(log, lambda: self.now)), metrics=self.metrics,
            partitions=PARTITIONS, now=lambda: self.now, quiet=self.quiet, poll_s=0.01,
            sleep=self._nap,
        )  # fmt: skip

    async def has(self, data, *, day, name=""):
        """Let something happen, and people be told; return what was said of warnings."""
        self.now = max(self.now, b.on(day))
        return await self._take(self.enterprise.has(data, day=day, name=name))

    async def tell(self, *warnings):
        """Let the notifying agent read warnings of its topics."""
        for warning in warnings:
            for record in warning_records(warning, 0, PARTITIONS):
                if record.topic != Topic.WARNING_STATE:
                    arrival = shell.Arrival(record.value, key=record.key)
                    assert await self.notifier.digest(shell.batch(arrival, topic=record.topic))

    async def do(self, warning, state, *, by="p-1", authority="", note=""):
        """Let somebody do something with a warning now."""
        about = About(
            id=warning.id, uscc=warning.uscc, measure=warning.measure, domain=warning.domain
        )
        act = Act(state=state, actor=by, authority=authority, note=note)
        event = act_event(act, about, source="urn:test", at=self.now)
        return await self._take(self.enterprise.meets(event))

    def stands(self, *warnings):
        """Let other firms stand so that each has its warning open."""
        for one in warnings:
            opened = OpenWarning(
                id=one.id, number=one.number, domain=one.domain, family=one.family, rule=one.rule,
                measure=one.measure.rank, place=one.place, opened=b.at(0), last_hit=b.at(0),
                facts=[],
            )  # fmt: skip
            state = EnterpriseState(open_warnings=(opened,))
            place = partition_of(one.uscc, PARTITIONS), one.uscc
            self.store.states[place] = states.encode(state)

    async def sign(self, *warnings):
        """Let somebody sign for warnings of other firms."""
        await self.lives.note(
            Handled(
                warning_id=one.id, number=one.number, uscc=one.uscc, place=one.place,
                measure=one.measure, state="acknowledged", at=self.now, cause=f"test/{one.id}",
                actor="p-1",
            )
            for one in warnings
        )  # fmt: skip

    async def look(self, at=None):
        """Let the task look; return the messages that it planned anew."""
        self.now = at or self.now
        before = await self.chased()
        await self.chaser.chase_due()
        return {key: row for key, row in (await self.chased()).items() if key not in before}

    async def send(self):
        """Let the courier carry what is due; return how many messages came by each way."""

        async def drop(_):
            """Receipts are another test's."""

        courier = Courier(
            NotificationLog(self.rows), self.channels, clock=lambda: self.now, worker="w",
            on_receipt=drop,
        )  # fmt: skip
        await courier.deliver_due()
        return {way: len(channel.accepted) for way, channel in self.channels.items()}

    async def read(self):
        """Let the worker read what was said on the event log."""
        events = self.publisher.to(Topic.EVENT.value)
        fresh, self.taken = events[self.taken :], len(events)
        for one in fresh:
            await self._take(self.enterprise.meets(e.decode(one.value)))

    async def chased(self):
        """Return all messages that say that nobody signed, by id."""
        rows = await self.rows.unfinished(limit=10_000)
        return {row.id: row.notification for row in rows if row.notification.overdue}

    def escalations(self):
        """Return the ids of all E58 that said so, as often as they stand on the log."""
        events = [e.decode(one.value) for one in self.publisher.to(Topic.EVENT.value)]
        return [one.id for one in events if one.source == SOURCE]

    async def life(self, warning):
        """Return what stands in the life of a warning."""
        return [act.state for act in await self.lives.of(warning.id)]

    async def _take(self, effects):
        place = partition_of(b.USCC, PARTITIONS), b.USCC
        self.store.states[place] = states.encode(self.enterprise.state)
        await self.lives.note(b.of_type(effects, Handled))
        said = b.of_type(effects, EarlyWarning)
        await self.tell(*said)
        return said

    async def _nap(self, _seconds):
        return
