"""A roster is either sound, or refused with every fault named."""

import copy

import pytest

from alerts.authority import Tier, parse_authorities
from alerts.knowledge import InvalidKnowledgeError

SMALL = {
    "version": "1",
    "duty_desk": "410422-XY",
    "people": [{"id": "p1", "name": "王一", "phone": "13800001000", "verified": True}],
    "authorities": [
        {
            "code": "410422",
            "name": "叶县市场监督管理局",
            "short_name": "县局",
            "tier": "county",
            "regions": ["410422"],
        },
        {
            "code": "410422-XY",
            "name": "叶县市场监督管理局信用监管股",
            "short_name": "信用监管股",
            "tier": "county",
            "parent": "410422",
            "domains": ["PUB"],
            "seats": [{"post": "股长", "person": "p1"}],
        },
    ],
}


def with_change(change):
    """Return a small sound roster after ``change`` has spoiled it."""
    document = copy.deepcopy(SMALL)
    change(document)
    return document


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        pytest.param(
            lambda d: d["authorities"][1].update(parent="4199"),
            "authorities[410422-XY].parent: '4199' is no authority",
            id="unknown parent",
        ),
        pytest.param(
            lambda d: d["authorities"][0].update(parent="410422-XY"),
            "the tree runs in a circle",
            id="cycle",
        ),
        pytest.param(
            lambda d: d["authorities"].append(dict(d["authorities"][0], regions=[])),
            "authorities[410422].code: is there twice",
            id="duplicate code",
        ),
        pytest.param(
            lambda d: d["people"].append(dict(d["people"][0])),
            "people[p1].id: is there twice",
            id="duplicate person",
        ),
        pytest.param(
            lambda d: d["authorities"][1]["seats"][0].update(person="p9"),
            "'p9' is not among people",
            id="unknown person",
        ),
        pytest.param(
            lambda d: d.update(duty_desk="nowhere"),
            "duty_desk: 'nowhere' is no authority",
            id="no duty desk",
        ),
        pytest.param(
            lambda d: d["people"][0].update(verified=False),
            "duty_desk: nobody in 叶县市场监督管理局信用监管股 has a verified address",
            id="unverified phone at the duty desk",
        ),
        pytest.param(
            lambda d: d["authorities"].append(
                dict(d["authorities"][1], code="410422-X2", name="另一个信用股")
            ),
            "two departments of one body are in charge of 410422 PUB",
            id="domain claimed twice",
        ),
        pytest.param(
            lambda d: d["authorities"].append(
                dict(d["authorities"][0], code="410423", name="另一个县局")
            ),
            "two authorities govern county 410422",
            id="region claimed twice",
        ),
        pytest.param(
            lambda d: d["people"][0].update(phone="0375-12345"),
            "phone of p1",
            id="a phone that is no mobile",
        ),
        pytest.param(
            lambda d: d["people"][0].update(email="x@y\nBcc: z@w.org"),
            "is no address",
            id="an address with a line break",
        ),
        pytest.param(
            lambda d: d["authorities"][0].update(code=410422),
            "authorities[0].code: Expected `str`, got `int`; 请给值加上引号",
            id="unquoted code",
        ),
        pytest.param(
            lambda d: d["authorities"][0].update(teir="county"),
            "authorities[0]: Object contains unknown field `teir`",
            id="misspelt key",
        ),
    ],
)
def test_a_spoilt_roster_is_refused_with_file_key_and_remedy(spoil, said):
    """Whoever spoils the roster reads the file, the key, what is wrong and how to mend it."""
    with pytest.raises(InvalidKnowledgeError) as refused:
        parse_authorities(with_change(spoil), file="authorities.yaml")

    assert said in str(refused.value)
    assert all(line.startswith("authorities.yaml: ") for line in str(refused.value).splitlines())
    assert all(fault.remedy for fault in refused.value.faults)


def test_all_faults_are_named_at_once():
    """Two faults are two lines, so one round of editing mends both."""
    document = with_change(lambda d: d.update(duty_desk="nowhere"))
    document["authorities"][1]["parent"] = "4199"

    with pytest.raises(InvalidKnowledgeError) as refused:
        parse_authorities(document)

    assert len(refused.value.faults) == 2


def test_the_longest_region_governs(tree):
    """A township place finds its station, its county, its city and its province."""
    found = [tree.at("410422207", tier) for tier in Tier]

    assert [authority.code for authority in found] == ["410422207", "410422", "4104", "41"]


@pytest.mark.parametrize(
    ("place", "tier"),
    [
        pytest.param("410422", Tier.STATION, id="a county is no township"),
        pytest.param("410423001", Tier.COUNTY, id="the neighbour county is not ours"),
        pytest.param("", Tier.COUNTY, id="no place"),
        pytest.param("垃圾", Tier.PROVINCE, id="no code at all"),
    ],
)
def test_a_place_that_nobody_governs_is_nobodys(tree, place, tier):
    """What no region covers has no authority of that tier."""
    assert tree.at(place, tier) is None


def test_a_matter_climbs_through_departments_before_leaders(tree):
    """From an empty station a food matter goes to the county's food department first."""
    station = tree.find("410422208")

    way_up = [authority.code for authority in tree.who_steps_in(station, "FOODP")]

    assert way_up == [
        "410422208", "410422-SPSC", "410422", "4104-SPSC", "4104", "41-SPSC", "41",
    ]  # fmt: skip


def test_a_leader_answers_for_their_portfolio_before_the_head_of_the_bureau(tree):
    """分管 comes first, and the head of the bureau stands behind every domain."""
    posts = [seat.post for seat in tree.seats_for(tree.find("410422"), domain="SE")]

    assert posts == ["副局长", "局长"]


def test_a_body_is_found_from_its_department_station_or_itself(tree):
    """谁审批 asks which body issued a permit: a department speaks for its body."""
    bodies = {tree.body_of(tree.find(code)).code for code in ("410422-TS", "410422001", "410422")}

    assert bodies == {"410422"}


def test_the_shipped_county_is_invented(authorities_document):
    """No phone or mail address of the shipped roster can belong to anybody (RFC 2606)."""
    people = authorities_document["people"]

    assert all(person["phone"].startswith("1380000") for person in people)
    assert all(person["email"].endswith(".example.org") for person in people)
    assert len({person["phone"] for person in people}) == len(people)
