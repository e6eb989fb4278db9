"""Which names are one organ's, and which are not?"""

import pytest

from detectors import events as e
from tests import builders as b

ORGANS = b.expertise().knowledge.terms.organs
COUNTY = "叶县市场监督管理局"


@pytest.mark.parametrize(
    "name",
    [
        "叶县市场监督管理局",
        "叶县市监局",
        "叶县市场监管局",
        "叶县 市场监督管理局",
        "叶县\u3000市监局",
        "平顶山市叶县市场监督管理局",
        "河南省叶县市场监督管理局",
        "河南省平顶山市叶县市监局",
        "叶县工商局",
        "叶县工商行政管理局",
        "叶县食品药品监督管理局",
    ],
)
def test_the_county_s_organ_has_one_name(name):
    """Short and former names, with the province and the city or without: one organ."""
    assert ORGANS.plain(name) == COUNTY


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("叶县市监局", "郏县市监局", id="two counties"),
        pytest.param("平顶山市市监局", "叶县市监局", id="city and county"),
        pytest.param("河南省市监局", "平顶山市市监局", id="province and city"),
        pytest.param("平顶山市新华区市监局", "石家庄市新华区市监局", id="districts of one name"),
        pytest.param("叶县市监局", "叶县公安局", id="two departments"),
        pytest.param("河南省药监局", "河南省市监局", id="drugs and market of the province"),
        pytest.param("叶县审批局", "叶县市监局", id="who approves and who supervises"),
    ],
)
def test_two_organs_stay_two(one, other):
    """A wrong merge would hide a decision: what only resembles is left apart."""
    assert ORGANS.plain(one) != ORGANS.plain(other)


@pytest.mark.parametrize("name", ["市场监督管理局", "执法大队", "甲", "河南省市场监督管理局"])
def test_a_name_that_nothing_speaks_of_stays_as_it_is(name):
    """Nothing is guessed."""
    assert ORGANS.plain(name) == name


def test_an_official_name_that_ends_like_a_short_one_is_not_lengthened():
    """行政审批局 ends in 审批局 and is official already."""
    assert ORGANS.plain("叶县行政审批局") == ORGANS.plain("叶县审批局") == "叶县行政审批局"


def test_made_up_names_fill_no_memory(monkeypatch):
    """A source that signs each record by another name costs time, not memory."""
    monkeypatch.setattr("detectors.organs.MOST_NAMES", 10)
    organs = type(ORGANS)(ORGANS.document)

    for n in range(100):
        organs.plain(f"第{n}局")

    assert len(organs._known) <= 10


def test_one_decision_signed_by_two_names_is_one_penalty():
    """Edge case 5 in full: 省平台 and 信用中国 name the organ in two ways; it counts once."""
    enterprise = b.Enterprise()
    enterprise.has(
        b.penalty("general", domain="CATER", doc_no="叶市监罚〔2026〕17号", organ="叶县市监局"),
        source="urn:henan",
    )

    effects = enterprise.has(
        b.penalty(
            "general", domain="CATER", doc_no="叶市监罚[2026] 17号", organ="河南省叶县市场监管局"
        ),
        source="urn:china",
    )

    assert enterprise.state.rule.score == 250.0
    assert b.issued(effects, "W13") == []


@pytest.mark.parametrize(
    "said",
    [
        e.PenaltyFollowed(
            penalty_no="17号", organ="叶县工商局", kind="revoked", on=b.on(1).date()
        ),
        e.ObjectionChanged(
            kind="reconsideration", status="decided", outcome="revoked", organ="叶县市监局",
            filed_on=b.on(1).date(), decision_no="17号",
        ),
    ],
    ids=["taken back", "annulled"],
)  # fmt: skip
def test_a_decision_is_spoken_of_by_another_name_of_its_organ(said):
    """E46 and E60 name a decision by organ and number, in their own way."""
    enterprise = b.Enterprise()
    enterprise.has(b.penalty("general", domain="QUAL", doc_no="17号", organ=COUNTY))

    enterprise.has(said, day=2)

    assert enterprise.state.rule.score == 0.0
