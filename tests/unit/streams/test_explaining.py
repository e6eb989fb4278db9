"""Can a person at a terminal read why an enterprise stands where it does?"""

import io

import pytest
from rich.console import Console

from detectors import events as e
from detectors.card import as_of_moment, risk_card
from detectors.counterfactual import way_back
from detectors.measure import RiskClass
from detectors.official import OfficialClass, Source, provisional
from detectors.state import EnterpriseState
from streams.explaining import Found, card_in_words, official_in_words, way_back_in_words
from tests import builders as b


def official(source):
    """Return an official class of February."""
    return OfficialClass(
        uscc=b.USCC, name="甲", month="2026-02", risk_class=RiskClass.B, score=230.0,
        catalogue_version="2026.1", domain="PUB", ratio=0.02, place="410422001", industry="I64",
        source=Source(source),
    )  # fmt: skip


def printed(enterprise):
    """Return the card of an enterprise as a terminal of 200 columns shows it."""
    text = io.StringIO()
    card = risk_card(b.USCC, enterprise.state, b.expertise())
    Console(file=text, width=200).print(card_in_words(card))
    return text.getvalue()


def test_a_card_names_facts_documents_and_open_warnings():
    """The reader finds score, class, the fact in words, its document and what is open."""
    enterprise = b.Enterprise()
    enterprise.has(e.Established(name="叶县样例酒业", established_on=b.on(-400).date()))
    enterprise.has(b.penalty("severe", doc_no="叶市监罚〔2026〕7号"), day=1)
    enterprise.has(e.SeriousListChanged(list_code="L1", action="add"), day=2)

    text = printed(enterprise)

    assert "叶县样例酒业" in text
    assert b.USCC in text
    assert "实时等级 D" in text
    assert "叶市监罚〔2026〕7号" in text
    assert "未结预警 w-" in text
    assert "仅供内部预警" in text


def test_a_card_without_a_model_says_so():
    """Where no model has spoken, the card says none rather than nothing."""
    assert "模型版本 无" in printed(b.after([b.event(b.penalty())]))


def test_an_enterprise_without_a_name_shows_its_code():
    """Before the register has told a name, the code stands in its place."""
    enterprise = b.Enterprise()
    enterprise.state = EnterpriseState()

    assert printed(enterprise).startswith(b.USCC)


def read(*renderables):
    """Return what a terminal of 200 columns shows."""
    text = io.StringIO()
    console = Console(file=text, width=200)
    for one in renderables:
        console.print(one)
    return text.getvalue()


def test_the_way_back_is_told_step_by_step():
    """The reader finds what to do, from which day on, what remains, and what time alone brings."""
    enterprise = b.Enterprise()
    enterprise.has(b.penalty("severe", doc_no="叶市监罚〔2026〕7号"))
    way = way_back(enterprise.state, b.expertise())
    assert way is not None

    text = read(way_back_in_words(way))

    assert "信用修复建议" in text
    assert "叶市监罚〔2026〕7号" in text
    assert "2027-03-02起可办" in text
    assert "随时间回到B级" in text


def test_another_moment_has_its_own_facts():
    """Asked for a day before the second penalty, the card knows the first alone."""
    enterprise = b.Enterprise()
    enterprise.has(b.penalty("minor", domain="QUAL"), day=0, name="p0")
    enterprise.has(b.penalty("severe", domain="QUAL"), day=10, name="p1")

    earlier = as_of_moment(enterprise.state, b.expertise(), b.at(5))
    later = as_of_moment(enterprise.state, b.expertise(), b.at(3000))

    assert earlier.rule.risk_class is RiskClass.A
    assert enterprise.state.rule.rank >= RiskClass.C.rank
    assert later.rule.score == 0.0


@pytest.mark.parametrize(
    ("official", "text"),
    [
        pytest.param(None, "上月官方等级：未冻结、未导入", id="none"),
        pytest.param(official("imported"), "2026-02 官方等级 B（省局导入）", id="imported"),
        pytest.param(official("frozen"), "2026-02 官方等级 B（月末冻结）", id="frozen"),
    ],
)
def test_the_official_class_stands_beside_the_live_one(official, text):
    """Two classes, never mixed: the reader sees both, and where the official one is from."""
    enterprise = b.Enterprise()
    enterprise.has(e.SeriousListChanged(list_code="L1", action="add"))
    found = Found(
        card=risk_card(b.USCC, enterprise.state, b.expertise()),
        way_back=None,
        official=official,
        provisional=provisional(
            b.expertise().catalogue, enterprise.state.profile, enterprise.state.facts,
            official=official.risk_class if official else None, as_of=enterprise.state.as_of,
        ),
        model_reasons=(),
        partition=0,
    )  # fmt: skip

    told = read(official_in_words(found))

    assert text in told
    assert "暂定D级" in told
