"""Whoever stands in the roster and would be told nothing is shown to the operator."""

import copy

import pytest

from alerts.authority import parse_authorities
from alerts.unheard import unheard
from tests import builders as b

DOMAINS = tuple(b.documents()["knowledge.yaml"]["domains"])


def found_after(change):
    """Return what is found in the shipped roster after it was changed."""
    document = copy.deepcopy(b.documents()["authorities.yaml"])
    change({one["code"]: one for one in document["authorities"]} | {"people": document["people"]})
    tree = parse_authorities(document, file="a.yaml")
    return [str(fault) for fault in unheard(tree, domains=DOMAINS)]


def test_in_the_shipped_roster_everybody_is_told_something():
    """What is delivered raises no doubt of its own."""
    assert found_after(dict) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(
            lambda d: d["410422-XY"].update(domains=["PUB"]),
            ["a.yaml: authorities[410422]: no department of 叶县市场监督管理局 is in charge"],
            id="a domain of no department",
        ),
        pytest.param(
            lambda d: d["410422-TS"].pop("domains"),
            ["in charge of SE", "authorities[410422-TS]: 叶县市场监督管理局特设股 has neither"],
            id="a line forgotten",
        ),
        pytest.param(
            lambda d: d["410422-SPJ"].update(seats=[]),
            ["authorities[410422-SPJ].seats: nobody sits in", "people[yx-spj]"],
            id="no seat",
        ),
        pytest.param(
            lambda d: d["410422-TS"]["seats"].__setitem__(
                slice(None), [{"post": "股长", "person": "yx-ts", "domains": ["QUAL"]}]
            ),
            ["authorities[410422-TS].seats: no seat of", "people[yx-ts-2]"],
            id="a portfolio of another department",
        ),
        pytest.param(
            lambda d: d["410422"]["seats"][4].update(domains=["CASE"]),
            [],
            id="a leader for each domain",
        ),
        pytest.param(
            lambda d: (
                d["410422"]["seats"][4].update(domains=["CASE"]),
                d["410422"]["seats"][1].update(domains=["DRUG", "QUAL", "MEAS", "STD", "CERT"]),
            ),
            ["authorities[410422].seats: no seat of 叶县市场监督管理局 answers for SE, TEST"],
            id="a domain of no leader",
        ),
        pytest.param(
            lambda d: d["people"].append({"id": "new", "name": "新同事"}),
            ["people[new]: 新同事 sits nowhere"],
            id="a person without a post",
        ),
    ],
)  # fmt: skip
def test_who_would_be_told_nothing_is_named(change, said):
    """Each by file, key and what is missing, and nobody else."""
    complaints = found_after(change)

    assert len(complaints) == len(said)
    for complaint, part in zip(complaints, said, strict=True):
        assert part in complaint


def test_a_county_without_departments_is_no_slip():
    """A city's roster names its counties by their bodies alone: nothing is missing there."""

    def only_the_body(document):
        for code, one in document.items():
            if code.startswith("410422-") and code != "410422-SPJ":
                one["domains"], one["parent"] = [], ""

    assert found_after(only_the_body) == []
