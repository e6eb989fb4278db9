"""Which value does a settings file, a knowledge file or an event want where it was refused?"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from alerts.authority import Roster
from alerts.ladder import Ladder
from alerts.sms_text import SmsBook
from config.load import InvalidConfigError
from config.schema import Settings
from detectors import events, neighbour_rules, observation, organs, weights
from detectors.feeds import FeedsDocument
from detectors.knowledge import Indicator, Overlay, Rule
from detectors.knowledge_check import PROFESSIONAL, Head
from detectors.legal_lives import LegalLives
from detectors.regions_plan import RegionPlan
from detectors.sampling_plan import SamplingPlan
from detectors.scenario import InvalidScenarioError, Scenario
from detectors.working_days import CalendarDocument
from streams.shape_words import in_chinese

# By the file's name: from its type the permitted values are named.
KINDS: Mapping[str, Any] = {
    "authorities.yaml": Roster,
    "calendar.yaml": CalendarDocument,
    "feeds.yaml": FeedsDocument,
    "indicators.yaml": tuple[Indicator, ...],
    "knowledge.yaml": Head,
    "ladder.yaml": Ladder,
    neighbour_rules.FILE: neighbour_rules.NeighbourRules,
    observation.FILE: observation.Observation,
    organs.FILE: organs.OrganDocument,
    "regions.yaml": RegionPlan,
    "repair.yaml": LegalLives,
    "rules.yaml": tuple[Rule, ...],
    "sampling.yaml": SamplingPlan,
    "sms_templates.yaml": SmsBook,
    weights.FILE: weights.Weights,
}
_FILE = re.compile(r"(?P<folder>\w+/)?(?P<name>\w+\.yaml): ")
_TYPE = re.compile(r"\b[a-z_]+(?:\.[a-z_]+)*\.v\d+\b")
_FIELD = re.compile(r"\.?(\w+)")


def what_is_wanted(error: BaseException) -> str:
    """Return in Chinese which value is wanted, or "" where no value was of the wrong shape."""
    refused = next((one for one in _chain(error) if isinstance(one, msgspec.ValidationError)), None)
    if refused is None:
        return ""
    kind = _kind_of(error)
    example = _usual(str(refused)) if kind is Settings else None
    return in_chinese(str(refused), kind, example=example)


def of_event(error: events.InvalidEventError, raw: bytes) -> str:
    """Return in Chinese which value an event wants, or "" where none was of the wrong shape."""
    refused = error.__cause__
    if not isinstance(refused, msgspec.ValidationError):
        return ""
    try:
        said = msgspec.json.decode(raw, type=_Typed).type
    except msgspec.DecodeError:
        said = ""
    return in_chinese(str(refused), _event_kind(said))


class _Typed(msgspec.Struct):
    """What an event says of its type, however wrong the rest is."""

    type: str = ""


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what led to it."""
    one: BaseException | None = error
    while one is not None:
        yield one
        one = one.__cause__


def _kind_of(error: BaseException) -> Any:
    """Return the type of the document that an error is about, or None."""
    chain = list(_chain(error))
    if isinstance(error, InvalidConfigError):
        return Settings
    if any(isinstance(one, events.InvalidEventError) for one in chain):
        named = _TYPE.search(str(error))
        return _event_kind(named[0]) if named else None
    if isinstance(error, InvalidScenarioError):
        return tuple[Scenario, ...]
    file = _FILE.search(str(error))
    if file is None:
        return None
    return Overlay if file["folder"] == PROFESSIONAL else KINDS.get(file["name"])


def _event_kind(type_: str) -> type | None:
    return events.event_class(type_) if type_ in events.event_types() else None


def _usual(complaint: str) -> object:
    """Return what a setting is where nobody sets it, as an example of what would be taken."""
    _, _, path = complaint.partition(" - at `$")
    value: object = Settings()
    for field in _FIELD.findall(path):
        value = getattr(value, field, None)
    is_plain = isinstance(value, str | int | float) and not isinstance(value, bool)
    return value if is_plain else None
