"""谁审批、谁监管，谁主管、谁监管: every matter finds its people, and nobody is forgotten."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from alerts.responsibility import Matter, Role, Why, resolve
from alerts.specimen import specimen
from detectors.measure import Measure

DOMAINS = tuple(
    yaml.safe_load(
        (Path(__file__).parents[3] / "config/knowledge/knowledge.yaml").read_text("utf-8")
    )["domains"]
)


@pytest.fixture
def who(tree, ladder):
    """Return the duty for a matter, in short words."""

    def resolved(domain, measure, place, **more):
        matter = Matter(domain=domain, measure=measure, place=place, **more)
        return resolve(matter, tree=tree, ladder=ladder)

    return resolved


def short(authorities):
    """Return the short names of authorities."""
    return [authority.short_name for authority in authorities]


@pytest.mark.parametrize(
    ("measure", "lead", "co", "copies"),
    [
        pytest.param(Measure.REMINDER, "昆阳所", [], [], id="blue: the station"),
        pytest.param(
            Measure.WARNING, "昆阳所", ["县局食品经营股"], [], id="yellow: station and department"
        ),
        pytest.param(
            Measure.INTERVIEW,
            "县局食品经营股",
            ["县局信用监管股"],
            ["市局食品经营科"],
            id="orange: department with credit, city copied",
        ),
        pytest.param(
            Measure.INSPECTION,
            "县局食品经营股",
            ["县局"],
            ["市局食品经营科"],
            id="red: department and leader, city copied",
        ),
    ],
)
def test_a_food_shop_in_kunyang_climbs_the_ladder(who, measure, lead, co, copies):
    """Each measure goes where §4.2 of the domain reference sends it."""
    duty = who("FOODS", measure, "410422002")

    assert duty.lead.short_name == lead
    assert short(duty.co_handlers) == co
    assert short(duty.copies) == copies


@pytest.mark.parametrize(
    ("domain", "province"),
    [("FOODP", "省局食品生产处"), ("SE", "省局特设处"), ("DRUG", "省药监局")],
)
def test_red_in_food_equipment_and_drugs_goes_to_the_province_at_once(who, domain, province):
    """A red warning that may cost lives is copied to the province's department."""
    assert province in short(who(domain, Measure.INSPECTION, "410422001").copies)
    assert province not in short(who(domain, Measure.INTERVIEW, "410422001").copies)


@pytest.mark.parametrize("domain", ["REG", "AD", "CONS", "CASE"])
def test_what_the_founding_document_forgot_is_led_by_credit(who, domain):
    """Where 21号 names no department for measures, credit leads and the department helps."""
    duty = who(domain, Measure.INTERVIEW, "410422001")

    assert duty.lead.short_name == "县局信用监管股"
    assert duty.parties[0].why is Why.CREDIT_LEADS
    assert len(duty.co_handlers) == 1


def test_antitrust_is_the_provinces(who):
    """Only the province may enforce antitrust law: it leads even a reminder."""
    duty = who("ANTI", Measure.REMINDER, "410422001")

    assert duty.lead.short_name == "省局反垄断处"
    assert short(duty.co_handlers) == ["县局价监竞争股"]


def test_a_vacant_head_is_stood_in_for_by_the_deputy(who):
    """At 龙泉 the head's seat is empty: the deputy is told, and the reason says so."""
    (recipient,) = who("FOODS", Measure.REMINDER, "410422207").recipients

    assert (recipient.post, recipient.why) == ("副所长", Why.STAND_IN)


def test_an_empty_station_moves_up_the_tree(who):
    """At 水寨 nobody is in post: the county's department is told on the station's behalf."""
    duty = who("FOODS", Measure.REMINDER, "410422208")
    (recipient,) = duty.recipients

    assert duty.lead.short_name == "水寨所"
    assert recipient.authority.short_name == "县局食品经营股"
    assert recipient.for_party.short_name == "水寨所"
    assert recipient.why is Why.VACANCY_UP


def test_a_person_with_two_roles_is_told_once_in_the_weightier(who):
    """The department that steps in for 水寨 and handles with it hears of it once, as lead."""
    recipients = who("FOODS", Measure.WARNING, "410422208").recipients

    assert [recipient.role for recipient in recipients] == [Role.LEAD]


def test_a_place_known_to_the_county_only_goes_to_the_department(who):
    """Without a township there is no station: the department leads, and the reason says so."""
    duty = who("SE", Measure.REMINDER, "410422")

    assert duty.lead.short_name == "县局特设股"
    assert duty.parties[0].why is Why.NO_STATION


@pytest.mark.parametrize(
    ("domain", "place", "why"),
    [
        pytest.param("SE", "", Why.UNROUTABLE_PLACE, id="no place"),
        pytest.param("SE", "110101001", Why.UNROUTABLE_PLACE, id="another province"),
        pytest.param("SE", "410423001", Why.UNROUTABLE_PLACE, id="a county without roster"),
        pytest.param("GHOST", "410422001", Why.UNKNOWN_DOMAIN, id="unknown domain"),
    ],
)
def test_what_cannot_be_routed_goes_to_the_duty_desk(who, domain, place, why):
    """Never dropped: the duty desk hears of it, with the reason of its own."""
    duty = who(domain, Measure.WARNING, place)

    assert duty.lead.code == "410422-XY"
    assert duty.recipients[0].why is why
    assert not duty.is_routed


def test_the_same_body_that_approves_and_supervises_has_one_task(who):
    """A permit of the county bureau adds nobody to the county's own duty."""
    plain = who("FOODS", Measure.INTERVIEW, "410422002")

    own = who("FOODS", Measure.INTERVIEW, "410422002", approver="叶县市场监督管理局")

    assert own == plain


def test_another_approver_is_copied(who):
    """A permit of the province: the place handles, the province's department is copied."""
    duty = who("FOODP", Measure.WARNING, "410422002", approver="河南省市场监督管理局")

    assert duty.lead.short_name == "昆阳所"
    assert short(duty.copies) == ["省局食品生产处"]
    assert duty.parties[-1].why is Why.APPROVER


def test_an_approver_leads_where_its_permit_is_the_matter(who):
    """A permit that ran out is the approver's: it leads, the supervisor handles with it."""
    permit = {"approver": "410422-SPJ", "family": "permit"}

    duty = who("FOODS", Measure.WARNING, "410422002", **permit)

    assert duty.lead.short_name == "县审批局"
    assert short(duty.co_handlers) == ["昆阳所", "县局食品经营股"]


def test_an_approver_never_leads_an_inspection(who):
    """An approval bureau has no power to inspect: the supervisor leads, the bureau is copied."""
    permit = {"approver": "410422-SPJ", "family": "permit"}

    duty = who("FOODS", Measure.INSPECTION, "410422002", **permit)

    assert duty.lead.short_name == "县局食品经营股"
    assert "县审批局" in short(duty.copies)


def test_an_approver_that_nobody_knows_is_noted(who):
    """A name outside the roster cannot be copied, and the duty says so."""
    duty = who("FOODS", Measure.WARNING, "410422002", approver="某某局")

    assert duty.remarks == ("审批机关“某某局”不在机构名录中，未抄送",)


def test_the_summary_reads_as_officers_write_it(who):
    """The demo's column 责任单位 says role, authority and person."""
    summary = who("SE", Measure.INTERVIEW, "410422001").summary

    assert summary.startswith("主办 县局特设股（")
    assert "；协办 县局信用监管股（" in summary
    assert "；抄送 市局特设科（" in summary


def test_a_matter_is_taken_from_a_warning():
    """Responsibility reads seven fields of a warning and no others."""
    matter = Matter.of(specimen())

    assert matter == Matter(
        domain="SE", measure=Measure.INSPECTION, place="410422002", family="equipment", rule="W10"
    )


@pytest.mark.parametrize("measure", [Measure.INTERVIEW, Measure.INSPECTION])
def test_a_failed_sample_reaches_who_supervises_the_enterprise(who, measure):
    """Sampling supervises nobody: the department of the permit and the station act with it."""
    duty = who("FSAMP", measure, "410422002", permits=("FOODP", "REG"))

    assert duty.lead.short_name == "县局食品抽检股"
    assert {"县局食品生产股", "昆阳所"} <= set(short(duty.co_handlers))
    assert "县局餐饮股" not in short(duty.co_handlers)


def test_a_failed_sample_of_nobody_knows_whom_reaches_all_that_supervise_food(who):
    """Where no permit tells who supervises, nobody is left out."""
    duty = who("FSAMP", Measure.INSPECTION, "410422002")

    assert {"县局食品生产股", "县局食品经营股", "县局餐饮股"} <= set(short(duty.co_handlers))


def test_red_about_equipment_reaches_the_station_that_goes_there(who):
    """The station of the place goes to the machine: it acts with the department."""
    assert "昆阳所" in short(who("SE", Measure.INSPECTION, "410422002").co_handlers)


def test_who_issued_a_permit_does_not_interview_about_its_end(who):
    """Before the day the approval bureau leads; after it the supervisor does, and it is copied."""
    of_permit = {"family": "permit", "rule": "W06", "approver": "叶县行政审批服务局"}
    before = who("FOODS", Measure.WARNING, "410422002", **of_permit)
    after = who("FOODS", Measure.INTERVIEW, "410422002", **of_permit)

    assert before.lead.short_name == "县审批局"
    assert after.lead.short_name == "县局食品经营股"
    assert "县审批局" in short(after.copies)


@pytest.mark.parametrize(
    ("rule", "measure", "document"),
    [
        pytest.param("W20", Measure.WARNING, "信用风险警示函", id="a freeze by a court"),
        pytest.param("W25", Measure.WARNING, "信用风险警示函", id="a worse class"),
        pytest.param("W06", Measure.WARNING, "提醒敦促函", id="a permit that will run out"),
        pytest.param("W21", Measure.INSPECTION, "简易注销公告异议", id="a notice period"),
        pytest.param("W30", Measure.REMINDER, "", id="a score nobody is told of"),
        pytest.param("W23", Measure.WARNING, "整改通知书", id="what is to be put right"),
    ],
)
def test_the_document_fits_the_matter(who, rule, measure, document):
    """Nothing is to be put right where a court froze shares or a permit still runs."""
    assert who("PUB", measure, "410422002", rule=rule).rung.document == document


MATTERS = st.builds(
    Matter,
    domain=st.sampled_from([*DOMAINS, "GHOST", ""]),
    measure=st.sampled_from(Measure),
    place=st.one_of(
        st.sampled_from(["410422", "410422001", "410422208", "410422208001", "999999", ""]),
        st.text(max_size=12),
    ),
    approver=st.sampled_from(["", "41", "4104", "410422", "410422-SPJ", "某某局"]),
    family=st.sampled_from(["permit", "equipment", ""]),
)


@given(matter=MATTERS)
def test_whatever_happens_a_verified_person_is_told(tree, ladder, matter):
    """Any domain, measure, place, approver and family give one lead and a verified person."""
    duty = resolve(matter, tree=tree, ladder=ladder)

    assert [party.role for party in duty.parties].count(Role.LEAD) == 1
    assert duty.recipients
    assert duty.recipients[0].role is Role.LEAD
    assert all(recipient.person.is_reachable for recipient in duty.recipients)
    ids = [recipient.person.id for recipient in duty.recipients]
    assert len(ids) == len(set(ids))
