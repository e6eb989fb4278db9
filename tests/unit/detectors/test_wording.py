"""Does a reason say what was found, by whom, and until when?"""

import pytest

from detectors import events as e
from detectors.facts import FactKind
from detectors.wording import fact_in_words
from tests import builders as b

DOMAINS = b.expertise().knowledge.domains


def said(data, kind):
    """Return the words for the fact of a kind that an event states."""
    enterprise = b.Enterprise()
    enterprise.has(data)
    (fact,) = [one for one in enterprise.state.facts if one.kind == kind]
    return fact_in_words(fact, DOMAINS)


@pytest.mark.parametrize(
    ("data", "kind", "words"),
    [
        pytest.param(
            e.InspectionResult(domain="CATER", result="failed", item="餐饮具消毒"),
            FactKind.INSPECTION_FAILED, "检查不合格（餐饮具消毒）", id="what was looked at",
        ),
        pytest.param(
            e.InspectionResult(domain="CATER", result="failed"),
            FactKind.INSPECTION_FAILED, f"检查不合格（{DOMAINS['CATER']}领域）",
            id="at least the domain",
        ),
        pytest.param(
            e.ReportVerified(ticket="T", verdict="true", domain="FOODS"),
            FactKind.REPORT_VERIFIED, f"举报查证属实（{DOMAINS['FOODS']}领域）",
            id="a report names its domain",
        ),
        pytest.param(
            e.AbnormalAdded(reason=1), FactKind.ABNORMAL_LISTED,
            "列入经营异常名录（未按规定期限公示年度报告）", id="for which reason it is listed",
        ),
        pytest.param(
            e.AbnormalAdded(reason=4), FactKind.UNREACHABLE,
            "通过登记的住所无法联系，列入经营异常名录", id="a reason is not said twice",
        ),
        pytest.param(
            e.ExecutiveChanged(person="p", role="food_safety", action="in", barred=True,
                               barred_until=b.on(40).date()),
            FactKind.BARRED_PERSON,
            f"受任职限制人员任职（任食品安全管理人员，限制期至{b.on(40).date()}）",
            id="in which post, until when",
        ),
        pytest.param(
            b.penalty("general", domain="QUAL", amount=5000.0, performed_due=b.on(9).date()),
            FactKind.PENALTY_DUE, f"行政处罚决定待履行（罚款5000元），期限{b.on(9).date()}",
            id="what is to be paid",
        ),
        pytest.param(
            e.JudicialRecord(case_no="（2026）豫0422执17号", action="add", court="叶县人民法院"),
            FactKind.JUDGMENT_DEBTOR, "列为失信被执行人（叶县人民法院 （2026）豫0422执17号）",
            id="which court, in which case",
        ),
    ],
)  # fmt: skip
def test_a_reason_says_what_the_source_knows(data, kind, words):
    """An officer reads item, finding, reason, post and limit, not the bare kind."""
    assert said(data, kind).endswith(words)


def test_a_notice_period_says_when_it_ends():
    """Within it an objection is possible; after it the firm is gone."""
    words = said(e.Deregistration(kind="simple", stage="announced"), FactKind.DEREGISTERING_SIMPLY)

    assert "，公告期至" in words
