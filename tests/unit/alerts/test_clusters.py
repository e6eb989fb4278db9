"""Does a regional warning find the department of its domain at the place it is about?"""

import functools

import pytest

from alerts.authority import parse_authorities
from alerts.clusters import handler_of
from tests import builders as b


@functools.cache
def tree():
    """Return the shipped authorities."""
    return parse_authorities(b.documents()["authorities.yaml"])


@pytest.mark.parametrize(
    ("domain", "place", "expected"),
    [
        pytest.param("CATER", "410422", "叶县市场监督管理局餐饮股", id="a county's own"),
        pytest.param("CATER", "410422001", "叶县市场监督管理局餐饮股", id="a township's county"),
        pytest.param(
            "CATER", "4104", "平顶山市市场监督管理局餐饮服务监督管理科", id="over several counties"
        ),
        pytest.param(
            "CATER", "410499", "平顶山市市场监督管理局餐饮服务监督管理科",
            id="a county without a bureau",
        ),
        pytest.param("SE", "41", "河南省市场监督管理局特种设备安全监察处", id="over cities"),
        pytest.param("FISH", "410422", "叶县市场监督管理局", id="a domain nobody has"),
        pytest.param("CATER", "510105", "叶县市场监督管理局信用监管股", id="a place nobody has"),
        pytest.param("CATER", "", "叶县市场监督管理局信用监管股", id="no place"),
    ],
)  # fmt: skip
def test_who_acts_on_a_cluster(domain, place, expected):
    """The lowest authority that all members share and that has the domain; never nobody."""
    assert handler_of(domain=domain, place=place, tree=tree()).name == expected
