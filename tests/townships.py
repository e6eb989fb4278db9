"""A county of restaurants, for the tests of who surveys it."""

import datetime as dt
import functools

import msgspec

from config.schema import Settings
from detectors import events as e
from detectors import state as states
from detectors.regions_plan import parse_regions
from detectors.uscc import synthetic
from streams.assembly import build_wisdom
from streams.codec import Envelope
from streams.publisher import MemoryPublisher, partition_of
from streams.region_store import MemoryRegionStore
from streams.state_scan import MemoryScan
from streams.store import MemoryStore
from streams.survey import Surveyor
from streams.topics import Topic
from tests import builders as b

PARTITIONS = 4
NOW = b.on(0)
TOWNS = [f"410422{n:03d}" for n in range(1, 6)]


@functools.cache
def _tree():
    return build_wisdom(Settings()).desk.tree


class County:
    """Townships of restaurants."""

    def __init__(self):
        """Begin with nobody."""
        self.store = MemoryStore()
        self.regions = MemoryRegionStore()
        self.publisher = MemoryPublisher()
        self.count = 0

    def opens(self, place, *happenings, industry="H6210"):
        """Let a restaurant open in a township; happenings are (day, payload)."""
        self.count += 1
        uscc = synthetic(self.count)
        enterprise = b.Enterprise()
        opening = e.Established(
            name=f"饭店{self.count}", established_on=dt.date(2015, 1, 1),
            industry=industry, place=place,
        )  # fmt: skip
        for day, data in ((-3000, opening), *happenings):
            enterprise.meets(b.event(data, day=day, subject=uscc))
        at = partition_of(uscc, PARTITIONS)
        self.store.states[at, uscc] = states.encode(enterprise.state)

    def fill(self, n=35, *, rough=()):
        """Fill every township; in a rough one every second restaurant was closed for a while."""
        for town in TOWNS:
            for number in range(n):
                bad = town in rough and number % 2
                self.opens(town, *([(-50, b.penalty("severe"))] * bool(bad)))

    def surveyor(self, publisher=None):
        """Return who surveys the county, and publishes there."""
        return Surveyor(
            store=self.store,
            scan=MemoryScan(self.store),
            regions=self.regions,
            publisher=publisher or self.publisher,
            expertise=b.expertise(),
            plan=parse_regions(b.documents()),
            sampling=b.sampling_plan(),
            tree=_tree(),
            partitions=PARTITIONS,
        )

    async def survey(self, now=NOW):
        """Survey the county."""
        return await self.surveyor().survey(now=now)

    def told(self):
        """Return what the topic carries."""
        return [
            msgspec.json.decode(one.value, type=Envelope)
            for one in self.publisher.to(Topic.CLUSTER.value)
        ]
