"""Does the model carry attention only, and the rules the legal weight?"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors import events as e
from detectors.example import Example
from detectors.learned import Scorer
from detectors.measure import RiskClass
from detectors.warning import EarlyWarning
from tests import builders as b
from tests import strategies

LOGITS = st.sampled_from([-9.0, -1.0, 0.0, 1.0, 9.0])
DOMAINS = ("QUAL", "FSAMP", "SE", "CONS")


def knowing(logit):
    """Return the shipped knowledge with a model that says one thing of everybody."""
    scorer = Scorer("M-1", logit, (0.0,) * 13, {})
    return b.expertise().with_scorers(dict.fromkeys(DOMAINS, scorer))


def verdicts(enterprise):
    """Return what the warnings ask for, without the score they quote."""
    return [
        (one.id, one.rule, one.measure, one.status, one.domain, one.reasons)
        for one in b.of_type(enterprise.effects, EarlyWarning)
    ]


@settings(max_examples=60)
@given(life=strategies.lives(most=10), logit=LOGITS)
def test_the_model_never_changes_a_rule_s_word(life, logit):
    """With any model, standing by rules and every warning are those of no model at all."""
    alone, beside = b.after(life), b.after(life, knowing(logit))

    assert beside.state.rule == alone.state.rule
    assert beside.open() == alone.open()
    assert verdicts(beside) == verdicts(alone)


@settings(max_examples=80)
@given(life=strategies.lives(least=3, most=12), logits=st.lists(LOGITS, min_size=12, max_size=12))
def test_the_model_lifts_by_one_class_at_the_most(life, logits):
    """With models that change their mind, the live class is the rules' or one worse."""
    enterprise = b.Enterprise()
    for happening, logit in zip(life, logits, strict=False):
        enterprise.knowing = knowing(logit)
        enterprise.meets(happening)

        lift = enterprise.state.learned.live.rank - enterprise.state.rule.rank
        assert lift in {0, 1}
        assert enterprise.state.learned.live.score >= enterprise.state.rule.score


def test_hysteresis_does_not_set_the_live_class_below_the_rules():
    """Falling from a lifted D, the live class does not pass the C in which the rules still wait."""
    enterprise = b.Enterprise(knowing(9.0))
    enterprise.has(e.AbnormalAdded(reason=4))
    enterprise.has(e.ReportVerified(ticket="R", verdict="true"))
    enterprise.has(b.inspection("refused"), name="refusal")
    assert enterprise.state.rule.risk_class is RiskClass.C
    assert enterprise.state.learned.live.risk_class is RiskClass.D
    enterprise.knowing = knowing(-9.0)
    enterprise.takes_back("refusal", b.inspection("refused"))

    enterprise.has(b.inspection("passed"), day=1.5)

    assert enterprise.state.rule.risk_class is RiskClass.C
    assert enterprise.state.learned.live.risk_class is RiskClass.C


@pytest.mark.parametrize(
    ("logit", "score", "risk_class"),
    [
        pytest.param(-9.0, 250.0, "B", id="the model sees nothing"),
        pytest.param(0.0, 325.0, "B", id="the model is of two minds"),
        pytest.param(9.0, 400.0, "B", id="the model is sure"),
    ],
)
def test_the_model_is_one_more_factor(logit, score, risk_class):
    """A probability p enters the product as 200 p points, and can be taken out again."""
    enterprise = b.Enterprise(knowing(logit))
    enterprise.has(b.inspection("passed"))

    enterprise.has(b.penalty("general"))

    assert enterprise.state.learned.live.score == pytest.approx(score, abs=0.1)
    assert enterprise.state.learned.live.risk_class == risk_class
    assert enterprise.state.rule.score == 250.0


def test_a_model_speaks_only_for_its_domain():
    """An enterprise that nobody has looked at in a model's domain is judged by rules alone."""
    enterprise = b.Enterprise(knowing(9.0))

    enterprise.has(b.penalty("general"))

    assert enterprise.state.learned.version == ""
    assert enterprise.state.learned.live == enterprise.state.rule


def test_without_its_model_a_decision_says_so():
    """When the models are gone, score and class fall back to the rules, marked by no version."""
    enterprise = b.Enterprise(knowing(9.0))
    enterprise.has(b.inspection("failed"))
    assert enterprise.state.learned.version == "M-1"
    enterprise.knowing = b.expertise()

    enterprise.has(b.penalty("minor"), day=1)

    assert (enterprise.state.learned.version, enterprise.state.learned.probability) == ("", -1.0)
    assert enterprise.state.learned.live == enterprise.state.rule


def test_a_look_is_asked_of_when_it_begins():
    """E28 asks, E29 of the same task answers: both examples name one look, the first no outcome."""
    enterprise = b.Enterprise()
    started = e.InspectionStarted(task="T1", domain="QUAL")
    result = e.InspectionResult(domain="QUAL", result="failed", task="T1")

    (question,) = b.of_type(enterprise.has(started), Example)
    (answer,) = b.of_type(enterprise.has(result, day=30), Example)

    assert question.found is None
    assert answer.found is True
    assert question.look == answer.look == f"{b.USCC}/QUAL/T1"
    assert enterprise.state.facts[0].at == b.at(30)
