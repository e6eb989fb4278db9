"""Is a roster that is nobody's noticed before a carrier takes it for real?"""

import pytest
import yaml

from alerts.authority import Person, parse_authorities
from alerts.sample import is_invented, leftovers, own_bodies, samples
from alerts.sms_text import parse_sms_book
from tests import builders as b

OWN = {"office": "", "sender": "yujing@lushan.gov.cn", "sender_name": "企业信用风险预警"}


def of_another_county(*, is_sample=False):
    """Return the shipped roster as somebody in a hurry makes it another county's."""
    text = yaml.safe_dump(b.documents()["authorities.yaml"], allow_unicode=True)
    roster = yaml.safe_load(text.replace("叶县", "鲁山县")) | {"sample": is_sample}
    return parse_authorities(roster)


def book(**changed):
    """Return the shipped templates with some of their keys changed."""
    return parse_sms_book(b.documents()["sms_templates.yaml"] | changed)


def places(tree, texts, **settings):
    """Return which keys an operator is asked about."""
    return [fault.key for fault in leftovers(tree, texts, **{**OWN, **settings})]


def test_what_is_shipped_is_marked():
    """People, numbers and template codes of the product are invented, and say so."""
    tree = parse_authorities(b.documents()["authorities.yaml"])

    assert samples(tree, book()) == ("authorities.yaml", "sms_templates.yaml")
    assert all(is_invented(person) for person in tree.people)


def test_a_document_without_the_line_is_real():
    """Nobody has to say that their own people are real."""
    assert samples(of_another_county(), book(sample=False)) == ()


def test_the_shipped_names_belong_together(tree):
    """The sample itself leaves no doubt."""
    shipped = {
        "office": "叶县市场监督管理局",
        "sender": "sanzao@yexian.example.org",
        "sender_name": "叶县市场监督管理局企业信用风险预警",
    }

    assert places(tree, book(), **shipped) == []


@pytest.mark.parametrize(
    ("changed", "asked"),
    [
        pytest.param({}, ["signature", "people"], id="the signature and the people"),
        pytest.param(
            {"office": "叶县市场监督管理局"}, ["signature", "notify.office", "people"],
            id="who signs",
        ),
        pytest.param(
            {"sender_name": "叶县市场监督管理局预警"},
            ["signature", "email.sender_name", "people"], id="in whose name mail comes",
        ),
        pytest.param(
            {"sender": "sanzao@yexian.example.org"}, ["signature", "email.sender", "people"],
            id="a mailbox that nobody has",
        ),
    ],
)  # fmt: skip
def test_what_is_left_of_the_other_county_is_named(changed, asked):
    """After a bare replacement of the county's name, each thing that stayed is told."""
    assert places(of_another_county(), book(), **changed) == asked


def test_the_county_that_entered_its_own_is_left_alone():
    """A signature is a short form of the name in its order; city and province may sign, too."""
    tree = of_another_county(is_sample=True)

    for signature in ("鲁山市监", "鲁山县市场监管局", "平顶山市监"):
        assert places(tree, book(signature=signature), office=own_bodies(tree)[1].name) == []
    assert places(tree, book(signature="市监鲁山")) == ["signature"]


@pytest.mark.parametrize(
    ("phone", "email", "invented"),
    [
        pytest.param("13800001234", "", True, id="a number of the sample"),
        pytest.param("13800101234", "", False, id="a number like it"),
        pytest.param("", "wang@lushan.example.com", True, id="a mailbox of RFC 2606"),
        pytest.param("", "wang@example.gov.cn", False, id="a bureau that is called so"),
        pytest.param("", "wang@myexample.org", False, id="a domain that ends so"),
    ],
)
def test_an_invented_address_is_known(phone, email, invented):
    """The sample's numbers and the reserved domains, and nothing beside them."""
    person = Person(id="p", name="王一", phone=phone, email=email)

    assert is_invented(person) is invented
