"""An authority that no warning would find is named, before somebody else is told instead."""

import copy

import pytest

from alerts.authority import parse_authorities
from alerts.tree_shape import misplaced
from tests import builders as b


def found_after(change):
    """Return what is found in the shipped roster after it was changed."""
    document = copy.deepcopy(b.documents()["authorities.yaml"])
    change({authority["code"]: authority for authority in document["authorities"]})
    return [str(fault) for fault in misplaced(parse_authorities(document, file="a.yaml"))]


def test_the_shipped_roster_stands_in_its_places():
    """What is delivered has every authority where it is looked for."""
    assert found_after(dict) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(
            lambda one: one["410422001"].update(regions=["41042201"]),
            "a.yaml: authorities[410422001].regions: '41042201' is no region", id="eight digits",
        ),
        pytest.param(
            lambda one: one["410422001"].update(regions=["410422００1"]),
            "authorities[410422001].regions: '410422００1' is no region", id="full-width digits",
        ),
        pytest.param(
            lambda one: one["410422001"].update(regions=["410421001"]),
            "410421001 lies outside 410422 of 叶县市场监督管理局", id="of the next county",
        ),
        pytest.param(
            lambda one: one["410422"].update(regions=["4104"]),
            "authorities[410422].regions: 4104 is larger than a county", id="a whole city",
        ),
        pytest.param(
            lambda one: one["410422001"].pop("regions"),
            "authorities[410422001].regions: a station without a region", id="no region",
        ),
        pytest.param(
            lambda one: one["410422001"].pop("parent"),
            "authorities[410422001].parent: a department or a station belongs", id="no body",
        ),
        pytest.param(
            lambda one: one["410422-TS"].pop("parent"),
            "authorities[410422-TS].parent: a department or a station belongs", id="of nobody",
        ),
        pytest.param(
            lambda one: one["410422001"].update(parent="4104"),
            "authorities[410422001].parent: 410422001 is governed by 410422", id="of the city",
        ),
        pytest.param(
            lambda one: one["410422-TS"].update(parent="410422-XY"),
            "authorities[410422-TS].parent: 叶县市场监督管理局信用监管股 is no body",
            id="under a department",
        ),
        pytest.param(
            lambda one: one["410422-TS"].update(parent="410422001"),
            "叶县市场监督管理局九龙市场监督管理所 is no body", id="under a station",
        ),
        pytest.param(
            lambda one: one["410422001"].update(tier="county"),
            "authorities[410422001].tier: county under 叶县市场监督管理局", id="a tier too high",
        ),
        pytest.param(
            lambda one: one["410422-SPJ"].update(regions=["410422999"], domains=["CASE"]),
            "authorities[410422-SPJ].domains: an authority with regions has domains", id="both",
        ),
        pytest.param(
            lambda one: one["410422-DJ"].update(name=one["410422-XY"]["name"]),
            "two authorities are called 叶县市场监督管理局信用监管股", id="one name for two",
        ),
    ],
)  # fmt: skip
def test_what_stands_where_nothing_finds_it_is_named(change, said):
    """One slip is one complaint, by file, authority and key."""
    (complaint,) = found_after(change)

    assert said in complaint
