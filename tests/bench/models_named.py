"""Did every outcome teach the model once, and does every decision name the model that spoke?"""

import collections
import dataclasses
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from detectors.card import RiskCard
from detectors.learned import Snapshot
from streams.codec import decode_data, decode_warning
from streams.topics import Topic
from tests.bench.comparison import ALERTS, Differences
from tests.bench.expected import Looks
from tests.bench.observed import Observed
from tests.bench.records import Planted


@dataclasses.dataclass(frozen=True, slots=True)
class Named:
    """Whether decisions name the model that spoke.

    Shapes:
        ``named`` decisions name a version that was published, ``silent`` ones name none where a
        model was there, ``unknown`` ones a version that nobody published.
    """

    named: int
    silent: int
    unknown: int


@dataclasses.dataclass(frozen=True, slots=True)
class Models:
    """How decisions named their models, and how many of the examples were learned."""

    named: Named
    examples: int
    learned: int

    @property
    def figures(self) -> dict[str, object]:
        """Return the figures to print."""
        return {
            "examples": self.examples,
            "learned": self.learned,
            "decisions_naming_their_model": self.named.named,
            "silent": self.named.silent,
        }


def naming(
    decisions: Sequence[tuple[str, str]], *, domains: Iterable[str], versions: Iterable[str]
) -> Named:
    """Return how many of the decisions (domain, version named) name their model.

    >>> naming([("SE", "SE-3"), ("SE", ""), ("", "")], domains=["SE"], versions=["SE-3"])
    Named(named=1, silent=1, unknown=0)
    """
    with_model, known = set(domains), set(versions)
    asked = [version for domain, version in decisions if domain in with_model]
    return Named(
        named=sum(version in known for version in asked),
        silent=sum(not version for version in asked),
        unknown=sum(bool(version) and version not in known for version in asked),
    )


def unlearned(observed: Observed, expected: Looks) -> int:
    """Return by how many examples the models differ from one look, one example."""
    learned = collections.Counter(
        {domain: snapshot.examples for domain, snapshot in observed.snapshots.items()}
    )
    more, fewer = learned - expected.outcomes, expected.outcomes - learned
    return more.total() + fewer.total()


def compare_models(
    records: Sequence[Planted],
    looked: Looks,
    places: Sequence[tuple[int, int]],
    observed: Observed,
    found: Differences,
    *,
    cut: int,
) -> Models:
    """Compare what was learned, and whether decisions behind ``cut`` name their model."""
    found.note("examples learned twice or not at all", range(unlearned(observed, looked)))
    published = [
        msgspec.msgpack.decode(record.value or b"", type=Snapshot)
        for record in observed.records[Topic.SNAPSHOT.value]
    ]
    by_place = {place: index for index, place in enumerate(places)}
    named = naming(
        _decisions(observed, looked.domains, by_place, records, cut),
        domains={snapshot.domain for snapshot in published},
        versions={snapshot.version for snapshot in published},
    )
    found.note("decision without its model", range(named.silent))
    found.note("decision with an unknown model", range(named.unknown))
    return Models(
        named=named,
        examples=looked.outcomes.total(),
        learned=sum(one.examples for one in observed.snapshots.values()),
    )


def _decisions(
    observed: Observed,
    domains: Sequence[str],
    places: Mapping[tuple[int, int], int],
    records: Sequence[Planted],
    cut: int,
) -> list[tuple[str, str]]:
    """Return domain and named version of each card and warning caused at or behind ``cut``."""
    found = []
    for record in observed.records[Topic.RISK.value]:
        identity = str(msgspec.json.decode(record.value or b"")["id"])
        _, _, partition, offset = identity.rsplit("/", 3)
        index = places[int(partition), int(offset)]
        if index >= cut:
            card = decode_data(record.value or b"", RiskCard)
            found.append((domains[index], card.model_version))
    causes = _causes(records)
    for topic in ALERTS:
        for record in observed.records[topic]:
            warning = decode_warning(record.value or b"")
            index = causes[warning.cause]
            if index >= cut:
                found.append((domains[index], warning.model_version))
    return found


def _causes(records: Sequence[Planted]) -> dict[str, int]:
    """Return the index of each event by the cause that a warning names."""
    found: dict[str, int] = {}
    for index, record in enumerate(records):
        if record.cause is None and record.value is not None:
            fields = msgspec.json.decode(record.value)
            found.setdefault(f"{fields['source']}/{fields['id']}", index)
    return found
