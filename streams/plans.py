"""Which plans stand beside the catalogue, and who surveys by them?

Sampling, observation and regions, checked together.
"""

import dataclasses
from pathlib import Path

from redis.asyncio import Redis

from config.load import load_documents
from config.schema import Settings
from detectors.observation import Observation, parse_observation
from detectors.regions_plan import RegionPlan, parse_regions
from detectors.sampling_plan import SamplingPlan, parse_sampling
from streams.assembly import Wisdom
from streams.publisher import Publisher
from streams.region_store import RedisRegionStore
from streams.state_scan import RedisScan
from streams.store import RedisStore
from streams.survey import Surveyor


@dataclasses.dataclass(frozen=True, slots=True)
class Plans:
    """What decides about classes, draws, observation and regions."""

    sampling: SamplingPlan
    observation: Observation
    regions: RegionPlan


def build_plans(settings: Settings, wisdom: Wisdom) -> Plans:
    """Return the plans of the settings' knowledge folder.

    Raises:
        detectors.knowledge.InvalidKnowledgeError: names file and key of what has a hole.
    """
    documents = load_documents(Path(settings.knowledge) if settings.knowledge else None)
    domains = wisdom.expertise.knowledge.domains
    places = sorted({region for one in wisdom.desk.tree.authorities for region in one.regions})
    return Plans(
        sampling=parse_sampling(documents, domains=domains, regions=places),
        observation=parse_observation(documents, domains=domains),
        regions=parse_regions(documents),
    )


def build_surveyor(
    settings: Settings, wisdom: Wisdom, plans: Plans, *, redis: Redis, publisher: Publisher
) -> Surveyor:
    """Return who surveys regions and industries, for the worker and for a person's command."""
    return Surveyor(
        store=RedisStore(redis),
        scan=RedisScan(redis),
        regions=RedisRegionStore(redis),
        publisher=publisher,
        expertise=wisdom.expertise,
        plan=plans.regions,
        sampling=plans.sampling,
        tree=wisdom.desk.tree,
        partitions=settings.kafka.partitions,
    )
