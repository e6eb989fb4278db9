"""A domain that nothing knows is found, wherever roster or ladder name it."""

import copy

import pytest

from alerts.authority import parse_authorities
from alerts.known_codes import strange_codes
from alerts.ladder import parse_ladder
from tests import builders as b

DOMAINS = tuple(b.documents()["knowledge.yaml"]["domains"])
FAMILIES = {rule["family"] for rule in b.documents()["rules.yaml"]}


def found_after(change):
    """Return what is found in the shipped roster and ladder after both were changed."""
    documents = copy.deepcopy({n: b.documents()[n] for n in ("authorities.yaml", "ladder.yaml")})
    roster, ladder = documents["authorities.yaml"], documents["ladder.yaml"]
    change({one["code"]: one for one in roster["authorities"]} | {"ladder": ladder})
    tree = parse_authorities(roster, file="authorities.yaml")
    faults = strange_codes(
        tree, parse_ladder(ladder), domains=DOMAINS, families=FAMILIES, ladder_file="ladder.yaml"
    )
    return [str(fault) for fault in faults]


def test_the_shipped_roster_and_ladder_name_what_there_is():
    """What is delivered has no misspelt code."""
    assert found_after(dict) == []


@pytest.mark.parametrize(
    ("change", "where", "meant"),
    [
        pytest.param(
            lambda d: d["410422-TS"].update(domains=["ES"]),
            "authorities.yaml: authorities[410422-TS].domains: 'ES'", "did you mean SE?",
            id="two letters turned round",
        ),
        pytest.param(
            lambda d: d["410422-XY"].update(domains=["PUB", "EXTR"]),
            "authorities[410422-XY].domains: 'EXTR'", "did you mean EXT?", id="a letter more",
        ),
        pytest.param(
            lambda d: d["410422-TS"].update(domains=["se"]),
            "domains: 'se'", "did you mean SE?", id="small letters",
        ),
        pytest.param(
            lambda d: d["410422-TS"].update(domains=["特种设备"]),
            "domains: '特种设备'", "use one of: REG, PUB, FOODP", id="its name",
        ),
        pytest.param(
            lambda d: d["410422"]["seats"][0].update(domains=["FOOD"]),
            "authorities[410422].seats[副局长].domains: 'FOOD'", "FOODP", id="a portfolio",
        ),
        pytest.param(
            lambda d: d["ladder"].update(credit_domain="PBU"),
            "ladder.yaml: credit_domain: 'PBU'", "did you mean PUB?", id="the credit domain",
        ),
        pytest.param(
            lambda d: d["ladder"].update(credit_leads=["CON"]),
            "credit_leads: 'CON'", "CONS", id="where credit leads",
        ),
        pytest.param(
            lambda d: d["ladder"].update(province_leads=["ANIT"]),
            "province_leads: 'ANIT'", "did you mean ANTI?", id="where the province leads",
        ),
        pytest.param(
            lambda d: d["ladder"]["supervised_by"].update(FSAMP=["CATRE"]),
            "supervised_by.FSAMP: 'CATRE'", "did you mean CATER?", id="who supervises",
        ),
        pytest.param(
            lambda d: d["ladder"]["supervised_by"].update(DRUGS=["DRUG"]),
            "supervised_by: 'DRUGS'", "did you mean DRUG?", id="who is supervised",
        ),
        pytest.param(
            lambda d: d["ladder"]["measures"]["inspection"]["co_handlers_in"].update(ES=[]),
            "measures.inspection.co_handlers_in: 'ES'", "did you mean SE?", id="who goes there",
        ),
        pytest.param(
            lambda d: d["ladder"]["measures"]["inspection"]["copies_in"].update(DURG=[]),
            "measures.inspection.copies_in: 'DURG'", "did you mean DRUG?", id="who is copied",
        ),
        pytest.param(
            lambda d: d["ladder"].update(approver_leads=["permits"]),
            "approver_leads: 'permits' is no family", "did you mean permit?", id="a family",
        ),
    ],
)  # fmt: skip
def test_a_code_that_nothing_knows_is_named_with_what_was_meant(change, where, meant):
    """A typing slip is one complaint: file, key, code, and the nearest that there is."""
    (said,) = found_after(change)

    assert where in said
    assert meant in said
