"""Does an enterprise under observation get reminders and no inspection, unless set off?"""

import copy

import pytest

from detectors import events as e
from detectors.functions import InvalidKnowledgeError
from detectors.measure import Measure, RiskClass
from detectors.observation import FILE, parse_observation, tempered
from detectors.state import Profile
from tests import builders as b

NEW = Profile(name="叶县云上", place="410422", industry="I6420", established=b.at(-200))


def parsed(change=None):
    """Return the shipped document, changed or not, as an observation."""
    documents = copy.deepcopy(b.documents())
    if change:
        change(documents[FILE])
    return parse_observation(documents, domains=b.expertise().knowledge.domains)


def measured(
    measure, *happenings, profile=NEW, domain="NET", risk_class="A", day=0, observation=None
):
    """Return what becomes of a measure for an enterprise to which these things happened."""
    enterprise = b.Enterprise()
    for number, data in enumerate(happenings):
        enterprise.has(data, day=-10 - number)
    return tempered(
        observation or parsed(),
        Measure(measure),
        uscc=b.USCC,
        profile=profile,
        facts=enterprise.state.facts,
        risk_class=RiskClass(risk_class),
        domain=domain,
        as_of=b.at(day),
    )


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        pytest.param("reminder", "reminder", id="a reminder goes out"),
        pytest.param("warning", "warning", id="a warning goes out"),
        pytest.param("interview", "reminder", id="an interview becomes a reminder"),
        pytest.param("inspection", "warning", id="an inspection becomes a warning"),
    ],
)
def test_under_observation(asked, given):
    """Case 15: reminders yes, inspection proposals no; what is changed says why."""
    found = measured(asked)

    assert found.measure is Measure(given)
    assert ("观察期" in found.why) is (asked != given)


@pytest.mark.parametrize(
    "trigger",
    [
        pytest.param(e.ReportVerified(ticket="T", verdict="true"), id="a report found true"),
        pytest.param(b.food_sample(), id="a failed sample"),
        pytest.param(e.EquipmentIncident(equipment="Q"), id="an accident"),
        pytest.param(e.SeriousListChanged(list_code="L", action="add"), id="a serious listing"),
    ],
)
def test_a_trigger_ends_the_mildness(trigger):
    """Case 15, the exception: what sets it off leaves the inspection as it was, and says so."""
    found = measured("inspection", trigger)

    assert found.measure is Measure.INSPECTION
    assert "触发" in found.why


def test_a_trigger_that_was_taken_back_never_was():
    """A report that its source revoked sets nothing off."""
    enterprise = b.Enterprise()
    report = e.ReportVerified(ticket="T", verdict="true")
    enterprise.has(report, day=-10, name="r")
    enterprise.takes_back("r", report, day=-5)

    found = tempered(
        parsed(), Measure.INSPECTION, uscc=b.USCC, profile=NEW, facts=enterprise.state.facts,
        risk_class=RiskClass.A, domain="NET", as_of=b.at(0),
    )  # fmt: skip

    assert found.measure is Measure.WARNING


def test_a_trigger_wears_off():
    """A year after the trigger the observation is mild again."""
    found = measured("inspection", e.ReportVerified(ticket="T", verdict="true"), day=356)

    assert found.measure is Measure.WARNING


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"domain": "SE"}, id="a lift"),
        pytest.param({"domain": "FOODS"}, id="food"),
        pytest.param({"domain": "DRUG"}, id="drugs"),
        pytest.param({"risk_class": "C"}, id="a class of higher risk"),
        pytest.param({"profile": Profile(industry="C1491")}, id="an industry of high risk"),
        pytest.param({"profile": Profile(industry="F5212")}, id="an old industry"),
        pytest.param({"profile": Profile()}, id="an industry nobody knows"),
        pytest.param({"day": 800}, id="after the last day"),
    ],
)
def test_who_is_not_spared(more):
    """High risk, other trades and other times: the measure stays what it was."""
    assert measured("inspection", **more).measure is Measure.INSPECTION


def test_an_industry_may_spare_its_young_alone():
    """With ``first_days`` a firm is observed while it is young, and one of unknown age never."""
    young = Profile(industry="I6513", established=b.at(-700))
    old = Profile(industry="I6513", established=b.at(-740))

    assert measured("inspection", profile=young).measure is Measure.WARNING
    assert measured("inspection", profile=old).measure is Measure.INSPECTION
    assert measured("inspection", profile=Profile(industry="I6513")).measure is Measure.INSPECTION


def test_one_enterprise_may_be_spared():
    """The bureau can put one enterprise under observation, in whatever ordinary trade."""
    spell = {
        "uscc": b.USCC, "name": "氢能示范项目", "from": b.on(-1).date(), "until": b.on(0).date(),
        "basis": "叶市监〔2026〕7号",
    }  # fmt: skip
    observation = parsed(lambda document: document["enterprises"].append(spell))
    old = Profile(industry="F5212")

    today = measured("inspection", profile=old, observation=observation)
    tomorrow = measured("inspection", profile=old, observation=observation, day=1)

    assert today.measure is Measure.WARNING
    assert "氢能示范项目" in today.why
    assert tomorrow.measure is Measure.INSPECTION


@pytest.mark.parametrize(
    ("change", "told"),
    [
        pytest.param(
            lambda d: d["softened"].update(interview="inspection"),
            "softened.interview: inspection is not milder", id="graver",
        ),
        pytest.param(
            lambda d: d["softened"].pop("inspection"), "softened: inspection is missing",
            id="inspections go on",
        ),
        pytest.param(lambda d: d["triggers"].append("x"), "triggers: 'x'", id="no such fact"),
        pytest.param(lambda d: d["never_in"].append("X"), "never_in: 'X'", id="no such domain"),
        pytest.param(
            lambda d: d["industries"][0].update(prefix="C1391"),
            "industries[0].prefix: C1391 lies in C13", id="high risk",
        ),
        pytest.param(
            lambda d: d["industries"][0].update(until=b.on(-900).date()),
            "industries[0]: until", id="ends before it begins",
        ),
        pytest.param(lambda d: d.update(at_most="E"), "at_most", id="no such class"),
    ],
)  # fmt: skip
def test_a_document_with_a_hole_does_not_load(change, told):
    """Every hole names file and key."""
    with pytest.raises(InvalidKnowledgeError) as refused:
        parsed(change)

    assert "observation.yaml" in str(refused.value)
    assert told in str(refused.value)


def test_a_missing_document_is_told():
    """Without the file nothing starts."""
    documents = {name: one for name, one in b.documents().items() if name != FILE}

    with pytest.raises(InvalidKnowledgeError, match=r"observation\.yaml is missing"):
        parse_observation(documents, domains=b.expertise().knowledge.domains)
