"""Is a surge told apart from a loud neighbour and from a loud year?"""

import pytest

from detectors.facts import Fact, FactKind
from detectors.functions import Burst
from detectors.surge import surge_severity
from tests import builders as b

BURST = Burst(at_least=5, many=20, some=0.5)


def complaints(number, *, day=-1.0, first=0, same=False):
    """Return complaints of one day, by as many people or by a single one."""
    return [
        Fact(first + n, FactKind.COMPLAINT, at=b.at(day), ref=-1 if same else first + n)
        for n in range(number)
    ]


def weekly(number):
    """Return so many complaints in each of the twelve weeks before."""
    return [
        one
        for week in range(1, 13)
        for one in complaints(number, day=-7 * week - 1, first=week * 1000)
    ]


def severity(facts):
    """Return the surge's severity now."""
    return surge_severity(facts, as_of=b.at(0), burst=BURST)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param([], 0.0, id="silence"),
        pytest.param(complaints(4), 0.0, id="four, too few for anything"),
        pytest.param(complaints(5), 0.5, id="five out of a clear sky"),
        pytest.param(complaints(14), 0.5, id="fourteen, not yet three times five"),
        pytest.param(complaints(15), 1.0, id="fifteen, three times the threshold"),
        pytest.param(complaints(50, same=True), 0.0, id="fifty of one complainant"),
        pytest.param(complaints(4) + complaints(50, same=True, first=90), 0.5,
                     id="one complainant counts once beside four others"),
        pytest.param(weekly(10) + complaints(10), 0.5, id="ten a week, and ten again"),
        pytest.param(weekly(10) + complaints(9), 0.0, id="ten a week, and nine"),
        pytest.param(weekly(10) + complaints(20), 1.0, id="twenty is many even for a busy shop"),
        pytest.param(complaints(5, day=-7), 0.0, id="a week ago to the second"),
        pytest.param(complaints(5, day=-6.999), 0.5, id="just within the week"),
        pytest.param(complaints(900, day=-92), 0.0, id="long ago"),
    ],
)  # fmt: skip
def test_a_surge_stands_out_from_the_enterprise_s_own_past(facts, expected):
    """A week counts against max(5, mean + 3 sigma) of its twelve weeks, by distinct matters."""
    assert severity(facts) == expected


def test_a_restless_past_raises_the_threshold():
    """Where weeks vary wildly, a week within three sigma is no surge."""
    restless = [
        one
        for week in range(1, 13)
        for one in complaints(0 if week % 2 else 12, day=-7 * week - 1, first=week * 1000)
    ]

    assert severity(restless + complaints(18)) == 0.0
