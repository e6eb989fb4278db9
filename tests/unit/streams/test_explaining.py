"""Can a person at a terminal read why an enterprise stands where it does?"""

import io

from rich.console import Console

from detectors import events as e
from detectors.card import risk_card
from detectors.state import EnterpriseState
from streams.explaining import card_in_words
from tests import builders as b


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
