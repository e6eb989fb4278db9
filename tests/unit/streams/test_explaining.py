"""Can a person at a terminal read why an enterprise stands where it does?"""

import io
import math
import re

import msgspec
import pytest
from rich.console import Console

from detectors import events as e
from detectors.card import as_of_moment, risk_card
from detectors.counterfactual import way_back
from detectors.measure import RiskClass
from detectors.official import OfficialClass, Source, provisional
from detectors.state import EnterpriseState, Learned
from streams.explaining import (
    Found,
    arithmetic,
    card_in_words,
    official_in_words,
    way_back_in_words,
)
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
    assert "未结预警 00000020260304-" in text
    assert "2026-03-04）" in text
    assert "仅供内部预警" in text


def test_days_and_moments_are_those_of_beijing():
    """What happened at one in the morning of the 3rd is of the 3rd, here and in the number."""
    enterprise = b.Enterprise()
    enterprise.has(e.SeriousListChanged(list_code="L1", action="add"), day=13 / 24)

    text = printed(enterprise)

    assert "截至 2026-03-03 01:00（北京时间）" in text
    assert "20260303-" in text
    assert "2026-03-03）" in text
    assert "2026-03-02" not in text


def test_the_arithmetic_of_a_card_can_be_followed():
    """What a weightier line of its group stands for is marked, and left out of the product."""
    enterprise = b.Enterprise()
    enterprise.has(e.AbnormalAdded(reason=1))
    enterprise.has(e.AbnormalAdded(reason=4), day=1)
    enterprise.has(b.penalty(domain="QUAL"), day=1.1)
    enterprise.has(e.HonourGranted(kind="质量奖", valid_to=b.on(300).date()), day=1.2)
    card = risk_card(b.USCC, enterprise.state, b.expertise())
    assert not all(one.counted for one in card.contributions)

    told = arithmetic(card.contributions, card.score)

    factors, less = re.fullmatch(
        r"算式：1000×\(1－([0-9.×]+)\)－([0-9.]+)（加分项，合计有上限）.*", told
    ).groups()
    product = math.prod(float(one) for one in factors.split("×"))
    assert 1000 * (1 - product) - float(less) == pytest.approx(card.score, abs=0.2)
    assert f"{card.score:.1f}" in told
    assert "同组不计" in printed(enterprise)


def test_a_moment_in_the_past_knows_nothing_of_later():
    """Neither a warning that came later nor what the model says today belongs to it."""
    enterprise = b.Enterprise()
    enterprise.has(e.AbnormalAdded(reason=4), day=0)
    enterprise.has(e.SeriousListChanged(list_code="L1", action="add"), day=10)
    now = msgspec.structs.replace(
        enterprise.state, learned=Learned(0.5, "FOODS-9", enterprise.state.rule)
    )

    earlier = risk_card(b.USCC, as_of_moment(now, b.expertise(), b.at(5)), b.expertise())
    later = risk_card(b.USCC, as_of_moment(now, b.expertise(), b.at(15)), b.expertise())

    assert {one.rule for one in earlier.open_warnings} < {one.rule for one in later.open_warnings}
    assert (earlier.probability, earlier.model_version) == (None, "")
    assert earlier.score == earlier.rule_score
    assert (later.probability, later.model_version) == (0.5, "FOODS-9")


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
