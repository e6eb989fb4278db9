"""Does a hole in ``neighbours.yaml`` load?"""

import copy

import pytest

from detectors.functions import InvalidKnowledgeError
from detectors.knowledge_check import parse
from detectors.neighbour_rules import FILE
from tests import builders as b


def changed(path, value):
    """Return the shipped documents with one value of neighbours.yaml changed."""
    documents = copy.deepcopy(b.documents())
    place = documents[FILE]
    *parents, last = path
    for key in parents:
        place = place[key]
    place[last] = value
    return documents


def test_the_shipped_rules_load():
    """The shipped file is whole, and its first step of registrations is W22's threshold."""
    rules = parse(b.documents()).neighbours

    assert min(rules.registrations.steps) == 20
    assert rules.registrations.window_days == 30


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        pytest.param(["persons", "assessment"], " ", "persons.assessment", id="no assessment"),
        pytest.param(["damping"], 1.5, "damping", id="damping that amplifies"),
        pytest.param(["fan_out"], 500, "fan_out", id="more told than kept"),
        pytest.param(["trouble", 0, "severity"], 0.1, "gravest first", id="gravest not first"),
        pytest.param(["trouble", 1, "from_class"], "A", "A is no trouble", id="all in trouble"),
        pytest.param(["trouble", 1, "facts"], ["abnormal"], "'abnormal'", id="an unknown fact"),
        pytest.param(["product_trouble", "facts"], ["x"], "'x'", id="an unknown product fact"),
        pytest.param(["registrations", "steps"], {20: 1.0, 50: 0.5}, "weigh less", id="less"),
        pytest.param(["address_density", "steps"], {1: 0.5}, "from two on", id="a crowd of one"),
        pytest.param(["relations", "cousin"], {"weight": 1.0}, "cousin", id="an unknown relation"),
    ],
)
def test_a_hole_does_not_load(path, value, told):
    """A wrong value names its file and key."""
    with pytest.raises(InvalidKnowledgeError) as error:
        parse(changed(path, value))

    assert FILE in str(error.value)
    assert told in str(error.value)


def test_a_missing_file_is_named():
    """Without the file nothing loads."""
    documents = {name: one for name, one in b.documents().items() if name != FILE}

    with pytest.raises(InvalidKnowledgeError, match=FILE):
        parse(documents)
