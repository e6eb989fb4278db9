"""What does the amount of a fine make of a penalty?"""

import msgspec
import pytest

from detectors.expertise import compiled
from tests import builders as b

WEIGHTS = b.expertise().knowledge.terms.weights


@pytest.mark.parametrize(
    ("yuan", "weight"),
    [
        pytest.param(0.0, 1.0, id="none stated"),
        pytest.param(0.01, 0.6, id="the smallest"),
        pytest.param(9_999.99, 0.6, id="just under ten thousand"),
        pytest.param(10_000.0, 0.8, id="ten thousand"),
        pytest.param(99_999.99, 0.8, id="just under a hundred thousand"),
        pytest.param(100_000.0, 1.0, id="a hundred thousand"),
        pytest.param(1e12, 1.0, id="the largest"),
    ],
)
def test_a_fine_weighs_by_its_tier(yuan, weight):
    """Each amount has exactly one weight; a tier begins with its lower edge."""
    assert WEIGHTS.of_amount(yuan) == weight


@pytest.mark.parametrize(
    ("severity", "points"), [("general", 125.0), ("severe", 550.0), ("minor", 80.0)]
)
def test_the_tiers_are_the_knowledge_s(severity, points):
    """Another version weighs the same fine otherwise; only general penalties have tiers."""
    shipped = b.expertise().knowledge
    halved = msgspec.structs.replace(WEIGHTS.general_penalty[0], weight=0.5)
    weights = msgspec.structs.replace(
        WEIGHTS, general_penalty=(halved, *WEIGHTS.general_penalty[1:])
    )
    terms = msgspec.structs.replace(shipped.terms, weights=weights)
    enterprise = b.Enterprise(compiled(msgspec.structs.replace(shipped, terms=terms)))

    enterprise.has(b.penalty(severity, domain="QUAL", amount=5_000.0))

    assert enterprise.state.rule.score == points


def test_an_unsure_source_weighs_less_in_every_tier():
    """Confidence and amount are two reasons to weigh less, and both count."""
    enterprise = b.Enterprise()

    enterprise.has(b.penalty("general", domain="QUAL", amount=5_000.0, confidence=0.5))

    assert enterprise.state.rule.score == 75.0
