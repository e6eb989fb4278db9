"""A regional warning reaches the department that acts, says why, and tells no member singly."""

import dataclasses

import msgspec
import pytest

from alerts.delivery import Way
from alerts.notification import notification_id
from alerts.pipeline import plan_regional
from alerts.responsibility import Role, Why
from alerts.sms_text import why_forbidden
from alerts.specimen import CLUSTER_LEVELS, specimen_cluster
from detectors.clusters import SECTIONS
from detectors.measure import Level, RiskClass

CATERING = "叶县市场监督管理局餐饮股"
ABOVE = "平顶山市市场监督管理局餐饮服务监督管理科"


@dataclasses.dataclass
class Told:
    """What a department reads."""

    text: object
    letter: object


@pytest.fixture
def plan(tree, ladder, renderer):
    """Return the plan for a regional warning."""

    def planned(warning, **more):
        return plan_regional(
            warning, tree=tree, ladder=ladder, renderer=renderer, now=warning.issued_at, **more
        )

    return planned


def told(plan, role=Role.LEAD):
    """Return what the one in a role reads."""
    by_way = {one.way: one.content for one in plan.notifications if one.role is role}
    return Told(by_way[Way.SMS], by_way[Way.EMAIL])


@pytest.mark.parametrize(
    ("level", "copies"),
    [
        pytest.param(Level.YELLOW, [], id="yellow"),
        pytest.param(Level.ORANGE, [], id="orange"),
        pytest.param(Level.RED, [ABOVE], id="red is copied one tier up"),
    ],
)
def test_who_hears_of_a_regional_warning(plan, level, copies):
    """The department in charge, by SMS and e-mail; of a red one the department above it too."""
    found = plan(specimen_cluster(level))

    assert found.duty.lead.name == CATERING
    assert [one.name for one in found.duty.copies] == copies
    assert [(one.authority, one.way) for one in found.notifications] == [
        (name, way) for name in (CATERING, *copies) for way in Way
    ]


def test_over_several_counties_the_city_acts_and_the_province_is_copied(plan):
    """The lowest authority that all members share leads; one tier above it is informed."""
    found = plan(specimen_cluster(Level.RED, place="4104"))

    assert found.duty.lead.name == ABOVE
    assert [one.short_name for one in found.duty.copies] == ["省局餐饮处"]
    assert "平顶山市住宿和餐饮业" in told(found).text.body


def test_a_place_that_nobody_governs_goes_to_the_duty_desk(plan, tree):
    """Nobody is no answer: the desk hears of it, and it is known as unrouted."""
    found = plan(specimen_cluster(Level.RED, place="510105"))

    assert not found.duty.is_routed
    assert found.duty.lead == tree.duty_desk
    assert [one.why for one in found.duty.parties] == [Why.UNROUTABLE_PLACE]
    assert "510105" in told(found).letter.text


def test_ids_follow_from_the_warning_alone(plan):
    """A warning read again says nothing new, even where the survey listed another member."""
    warning = specimen_cluster()
    fuller = msgspec.structs.replace(warning, member_count=9)

    first, again = plan(warning).notifications, plan(fuller).notifications

    assert [one.id for one in first] == [one.id for one in again]
    assert first[0].id == notification_id(
        warning_id=warning.id, measure=warning.measure, status=first[0].status,
        person_id=first[0].person_id, way=first[0].way,
    )  # fmt: skip


def test_the_letter_says_everything_that_is_needed_to_act(plan):
    """Region, industry, index, grounds, members, both limits, and that it is a proposal."""
    letter = told(plan(specimen_cluster())).letter

    for needed in (
        "叶县（410422）", "住宿和餐饮业（H）", "橙色", "2026-W27（最近7天）", "46.2",
        "高于同级上限38.0", "豫市监〔2022〕21号三（十）综合研判", "共6家，列出6家",
        "叶县样例饭店5号", "建议开展定向抽查（须经批准）", "3个工作日内（2026年7月6日24时前）",
        "10个工作日内（2026年7月15日24时前）", "区域行业风险研判处置方案", "国办发〔2024〕54号",
        "https://sanzao.example.org/clusters/c-0013000000000000",
    ):  # fmt: skip
        assert needed in letter.text
        assert needed in letter.html


def test_a_copy_is_informed_and_signs_nothing(plan):
    """Who is copied learns who leads and until when."""
    copy = told(plan(specimen_cluster(Level.RED)), Role.COPY)

    assert "由县局餐饮股牵头" in copy.text.body
    assert "无需签收" in copy.letter.text
    assert "无需签收" in copy.letter.html


def test_a_small_cell_shows_no_index(plan):
    """Where too few enterprises are, the index is not published."""
    letter = told(plan(msgspec.structs.replace(specimen_cluster(), index=None))).letter

    for text in (letter.text, letter.html):
        assert "企业数过少，不公布" in text
        assert "满分100" not in text


def test_a_letter_lists_fifty_members_at_most(plan):
    """The rest stand in the system; the letter says how many there are."""
    warning = specimen_cluster()
    many = tuple(msgspec.structs.replace(warning.members[0], name=f"饭店{n}号") for n in range(80))
    letter = told(plan(msgspec.structs.replace(warning, members=many, member_count=123))).letter

    for text in (letter.text, letter.html):
        assert "共123家，列出50家" in text
        assert "饭店49号" in text
        assert "饭店50号" not in text


@pytest.mark.parametrize("level", CLUSTER_LEVELS)
@pytest.mark.parametrize("industry", SECTIONS.values())
def test_a_short_message_fits_and_says_nothing_forbidden(plan, book, level, industry):
    """For every section and level: within the parts, no class, no number of an enterprise."""
    warning = msgspec.structs.replace(specimen_cluster(level), industry=industry)

    texts = [one.content for one in plan(warning).notifications if one.way is Way.SMS]

    for text in texts:
        assert text.part_count <= book.max_parts
        assert why_forbidden(text.body) == ()
        assert industry in text.body
        assert warning.members[0].uscc not in text.text


def test_a_members_class_is_told_to_nobody(plan):
    """A class stays behind the login: what is read is the same, whatever classes they are in."""
    warning = specimen_cluster()
    worse = tuple(msgspec.structs.replace(one, risk_class=RiskClass.D) for one in warning.members)

    first, other = told(plan(warning)), told(plan(msgspec.structs.replace(warning, members=worse)))

    assert first == other
