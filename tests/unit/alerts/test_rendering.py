"""A warning reads as an officer expects it, and carries nothing that it must not."""

import datetime as dt
import re
from html.parser import HTMLParser

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.delivery import Way
from alerts.knowledge import InvalidKnowledgeError
from alerts.links import Links, Ticket
from alerts.pipeline import check_renderings, plan_notifications, plan_regional
from alerts.rendering import NEUTRAL_MATTER, TEMPLATE_NAMES, Renderer, short_name
from alerts.responsibility import Matter, Role, resolve
from alerts.sms_text import units, why_forbidden
from alerts.specimen import lowered_specimen, specimen, specimen_cluster
from detectors.measure import Measure
from detectors.warning import CHINA, Reason, WarningStatus
from detectors.working_days import WorkingDays

LINKS = Links("not a secret of anybody's", base="https://desk.example.org")


@pytest.fixture
def read(tree, ladder, renderer):
    """Return what the lead (or another role) reads of a specimen with changes."""

    def rendered(measure=Measure.INSPECTION, status=WarningStatus.ISSUED, role=Role.LEAD, **more):
        warning = msgspec.structs.replace(specimen(measure, status), **more)
        duty = resolve(Matter.of(warning), tree=tree, ladder=ladder)
        recipient = next(one for one in duty.recipients if one.role is role)
        told_at = warning.issued_at
        return (
            renderer.sms(warning, duty, recipient, told_at=told_at),
            renderer.email(warning, duty, recipient, told_at=told_at),
        )

    return rendered


@pytest.fixture
def written(tree, ladder, book, sources):
    """Return the letter of one warning, and that of a list, by who has which place to sign."""

    def letters(**options):
        renderer = Renderer(book, sources, calendar=WorkingDays(), office="县局", **options)
        for is_batched in (False, True):
            one = msgspec.structs.replace(specimen(), batched=is_batched)
            planned = plan_notifications(
                one, tree=tree, ladder=ladder, renderer=renderer, now=one.issued_at
            ).notifications
            yield next(n.content for n in planned if n.way is Way.EMAIL)

    return letters


def test_a_red_warning_is_one_short_message(read):
    """The sample of the domain reference: number, level, enterprise, matter, limit."""
    sms, _ = read(enterprise="XX商场")

    assert sms.text == (
        "【叶县市监】红色预警41042220260701-0013：XX商场电梯检验不合格仍在用，"
        "请7月1日13:30前签收并报分管领导。"
    )
    assert (units(sms.text), sms.part_count) == (65, 1)


@pytest.mark.parametrize(
    "warning",
    [
        pytest.param(specimen(measure, status), id=f"{measure} {status}")
        for measure in Measure
        for status in WarningStatus
    ],
)
def test_every_short_message_fits_its_parts_and_says_nothing_forbidden(
    book, tree, ladder, renderer, warning
):
    """For every recipient of every measure and status the carrier's and our rules hold."""
    duty = resolve(Matter.of(warning), tree=tree, ladder=ladder)

    messages = [
        renderer.sms(warning, duty, recipient, told_at=warning.issued_at)
        for recipient in duty.recipients
    ]

    assert all(message.part_count <= book.max_parts for message in messages)
    assert all(why_forbidden(message.body) == () for message in messages)


@pytest.mark.parametrize(
    ("role", "template"),
    [(Role.LEAD, "inspection"), (Role.CO, "co"), (Role.COPY, "copy")],
)
def test_each_role_is_asked_for_what_it_can_do(read, book, role, template):
    """Who leads signs and acts, who helps signs, who is copied is only informed."""
    sms, letter = read(role=role)

    assert sms.template_code == book.templates[template].code
    assert ("无需签收" in letter.text) is (role is Role.COPY)


@pytest.mark.parametrize(
    ("undone", "why"),
    [
        pytest.param("复检合格", "复检合格", id="a re-test that passed"),
        pytest.param("", "数据源更正", id="nothing is known"),
    ],
)
def test_a_cancelled_warning_says_that_nothing_is_to_be_done_and_why(read, undone, why):
    """The official wording of a cancellation stands in SMS, text and page; the letter says why."""
    sms, letter = read(status=WarningStatus.CANCELLED, undone=undone)

    assert "已撤销，无需继续处置" in sms.body
    assert f"因{why}已撤销，无需继续处置" in letter.text
    assert f"因{why}已撤销，无需继续处置" in letter.html
    assert letter.subject.startswith("【已撤销·")


@pytest.mark.parametrize("role", [Role.LEAD, Role.CO, Role.COPY])
def test_a_lowered_warning_says_what_stops_and_what_is_left(read, role):
    """The letter names the former measure, the one that stands, and what undid the rest."""
    warning = lowered_specimen(Measure.INTERVIEW)

    sms, letter = read(
        warning.measure, status=warning.status, told=warning.told, undone=warning.undone, role=role
    )

    assert "已降为橙色，原措施停止实施" in sms.body
    for page in (letter.text, letter.html):
        assert "因复检合格，" in page
        assert "措施由检查改为约谈（橙色）" in page
    assert ("尚未实施的检查请停止" in letter.text) is (role is not Role.COPY)


@pytest.mark.parametrize(
    ("measure", "what"), [(Measure.INSPECTION, "首次报告"), (Measure.INTERVIEW, "处置")]
)
def test_a_copy_gives_the_limit_of_the_original(read, measure, what):
    """Who leads and who gets a copy read one limit: within so many days, of the same thing."""
    _, original = read(measure)
    _, copy = read(measure, role=Role.COPY)

    for letter in (original, copy):
        lines = [line for line in letter.text.splitlines() if "签收、" in line or "在" in line]
        assert any(f"前）{what}" in line for line in lines)


def test_a_letter_says_everything_that_is_needed_to_act(read):
    """Number, level, measure, enterprise, code, matter, reasons, duty and limits are there."""
    _, letter = read()

    for needed in (
        "41042220260701-0013", "红色", "检查", "叶县样例商场有限公司", "91410422MA3X1A2B83",
        "电梯检验不合格仍在用", "平顶山市特种设备检验所 豫特检电〔2026〕0001号",
        "《特种设备安全法》第四十条",
        "县市场监督管理局特设股", "4小时", "5个工作日", "检查任务建议", "谁审批、谁监管",
        "办理要点：责令立即停止使用，下达特种设备安全监察指令书，整改后复检。",
        "不作为采取措施的依据", "https://sanzao.example.org/warnings/w-0013000000000000",
    ):  # fmt: skip
        assert needed in letter.text
        assert needed in letter.html


@pytest.mark.parametrize("measure", Measure)
def test_only_an_inspection_is_called_a_proposal(read, measure):
    """国办发〔2024〕54号 is quoted where an inspection is proposed, and nowhere else."""
    _, letter = read(measure)

    assert ("国办发〔2024〕54号" in letter.text) is (measure is Measure.INSPECTION)
    assert ("国办发〔2024〕54号" in letter.html) is (measure is Measure.INSPECTION)


def test_neither_class_nor_score_nor_probability_is_told(read):
    """The live class, the score and the learned probability stay behind the login."""
    sms, letter = read(learned_probability=0.8731)

    for text in (sms.text, letter.subject, letter.text, letter.html):
        assert "905" not in text
        assert "0.87" not in text
        assert not {"risk_class", "score"} & set(why_forbidden(text))


def test_people_in_reasons_are_masked(read):
    """A phone, an identity number and an informant's name do not leave the system."""
    told = "举报人张三（电话13812345678，证号410422199001011234）反映：后厨不洁"
    _, letter = read(reasons=(Reason(text=told, fact_id="f"),))

    for text in (letter.text, letter.html):
        assert "张三" not in text
        assert "13812345678" not in text
        assert "410422199001011234" not in text
        assert "后厨不洁" in text


def test_a_matter_that_must_not_be_said_becomes_neutral(read):
    """The message still goes out: only the forbidden words are replaced."""
    sms, _ = read(matter="举报人称信用等级为D")

    assert NEUTRAL_MATTER in sms.body


def test_an_enterprise_name_cannot_break_a_page(read):
    """What an enterprise is called is text, never markup."""
    _, letter = read(enterprise='<script>alert("x")</script>商行')

    assert "<script" not in letter.html
    assert "&lt;script&gt;" in letter.html


@given(name=st.text(max_size=200))
def test_no_enterprise_name_can_end_a_subject_line(tree, ladder, renderer, name):
    """Whatever the name, the subject is one line of bounded length."""
    warning = msgspec.structs.replace(specimen(), enterprise=name)
    duty = resolve(Matter.of(warning), tree=tree, ladder=ladder)

    letter = renderer.email(warning, duty, duty.recipients[0], told_at=warning.issued_at)
    subject = letter.subject

    assert subject.isprintable()
    assert units(subject) <= 120


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("", id="nothing"),
        pytest.param("58.com（中国）有限公司", id="a name that reads as a link"),
        pytest.param("\u200b\u202e", id="marks that nobody sees"),
    ],
)
def test_no_name_leaves_a_gap_in_a_short_message(read, name):
    """A carrier refuses an empty variable, and would refuse it until the message was given up."""
    sms, _ = read(enterprise=name, matter=name)

    assert all(sms.variables.values())


def test_an_unknown_approver_can_write_nothing_of_its_own(read):
    """What a source says of the approver stands in one line of the letter, nobody's phone in it."""
    _, letter = read(approver="某局\n\n五、请拨打13812345678")

    assert "审批机关“某局 五、请拨打138****5678”不在机构名录中，未抄送\n" in letter.text


class Balance(HTMLParser):
    """Counts tags that stay open."""

    VOID = frozenset(("meta", "br", "!doctype"))

    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attrs):
        """Push."""
        del attrs
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        """Pop its own."""
        assert self.open.pop() == tag


@pytest.mark.parametrize("status", [WarningStatus.ISSUED, WarningStatus.CANCELLED])
def test_a_page_is_whole_and_asks_for_nothing(read, status):
    """Every tag is closed, styles are inline, and nothing is loaded from anywhere."""
    _, letter = read(status=status)

    balance = Balance()
    balance.feed(letter.html)

    assert balance.open == []
    assert not any(word in letter.html for word in ("<script", "<link", "<img", "src=", "@import"))


def test_the_pages_about_many_are_whole(tree, ladder, renderer):
    """The letters about a batch and about a region close every tag, and load nothing."""
    batched = msgspec.structs.replace(specimen(), batched=True)
    known = {"tree": tree, "ladder": ladder, "renderer": renderer, "now": batched.issued_at}
    told = (
        *plan_notifications(batched, **known).notifications,
        *plan_regional(specimen_cluster(), **known).notifications,
    )

    for page in [one.content.html for one in told if one.way is Way.EMAIL]:
        balance = Balance()
        balance.feed(page)

        assert balance.open == []
        assert not any(word in page for word in ("<script", "<link", "<img", "src=", "@import"))


def test_a_remark_stands_in_the_letter_and_not_in_the_text(read):
    """What else decided (an observation period) is said where there is room for it."""
    remark = "新产业观察期内，举报人王小明所述情形不作检查建议"
    sms, letter = read(remark=remark)
    _, plain = read()

    for text in (letter.text, letter.html):
        assert "新产业观察期内" in text
        assert "王小明" not in text
    assert "观察期" not in sms.body
    assert "说明：\n" not in plain.text


@pytest.mark.parametrize("name", TEMPLATE_NAMES)
def test_a_missing_template_is_named(book, sources, name):
    """Without one of its templates a renderer does not come into being."""
    fewer = {other: text for other, text in sources.items() if other != name}

    with pytest.raises(InvalidKnowledgeError, match=name):
        Renderer(book, fewer, calendar=WorkingDays(), office="县局")


@pytest.mark.parametrize(
    ("kind", "broken"),
    [
        ("cancelled", "{{ no_such_name }}"),
        ("issued", "{% if %}"),
        ("issued", "{% if remark %}{{ no_such_name }}{% endif %}"),
        ("batched", "{{ number | no_such_filter }}"),
        ("regional", "{{ no_such_name }}"),
    ],
)
def test_a_broken_template_is_found_at_load(tree, ladder, book, sources, *, kind, broken):
    """A specimen of everything is rendered before anything starts."""
    spoilt = Renderer(
        book,
        {**sources, f"email/{kind}.txt.j2": broken},
        calendar=WorkingDays(),
        office="县局",
    )

    with pytest.raises(InvalidKnowledgeError, match=kind):
        check_renderings(tree=tree, ladder=ladder, renderer=spoilt)


def test_the_shipped_templates_render(tree, ladder, renderer):
    """What ships, works."""
    check_renderings(tree=tree, ladder=ladder, renderer=renderer)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        pytest.param({}, "向值班台报告签收", id="neither: the desk"),
        pytest.param({"system_url": "https://oa.example.org"}, "登录系统签收", id="their system"),
        pytest.param({"links": LINKS}, "打开本通知的链接签收", id="our page"),
        pytest.param({"links": LINKS, "system_url": "https://oa.example.org"},
                     "打开本通知的链接签收", id="our page before theirs"),
    ],
)  # fmt: skip
def test_a_letter_promises_only_what_is_there(written, options, said):
    """It says where to sign, whether it is about one warning or a list of them."""
    for letter in written(**options):
        for text in (letter.text, letter.html):
            assert said in text.replace("</strong>", "")
            assert ("登录" in text) == (said == "登录系统签收")
        assert ("href" in letter.html) == (said != "向值班台报告签收")


def test_each_person_has_a_link_of_their_own(tree, ladder, book, sources):
    """The link of a mail is its reader's, under the office by which they were told."""
    renderer = Renderer(book, sources, calendar=WorkingDays(), office="县局", links=LINKS)
    duty = resolve(Matter.of(specimen()), tree=tree, ladder=ladder)

    for one in duty.recipients:
        letter = renderer.email(specimen(), duty, one, told_at=specimen().issued_at)
        (token,) = set(re.findall(r"https://desk\.example\.org/w/([\w.-]+)", letter.html))
        assert LINKS.read(token) == Ticket(
            warning_id=specimen().id, authority=one.authority.code, person=one.person.id
        )
        assert token in letter.text
        assert ("查看与签收" in letter.html) == (one.role is not Role.COPY)


def test_without_a_system_url_a_letter_has_no_link(tree, ladder, book, sources):
    """A bureau without a web page for warnings gets words instead of a dead button."""
    plain = Renderer(book, sources, calendar=WorkingDays(), office="县局")
    duty = resolve(Matter.of(specimen()), tree=tree, ladder=ladder)

    letter = plain.email(specimen(), duty, duty.recipients[0], told_at=specimen().issued_at)

    assert "href" not in letter.html
    assert "登录" not in letter.text + letter.html
    assert "请联系县局值班台" in letter.text


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("叶县昆阳食品有限责任公司", "叶县昆阳食品公司"),
        ("惠民超市（个体工商户）", "惠民超市"),
        ("河南某某股份有限公司", "河南某某公司"),
        ("有家面馆", "有家面馆"),
    ],
)
def test_short_names_drop_the_legal_form(name, short):
    """The room of a short message is for what tells enterprises apart."""
    assert short_name(name) == short


def test_the_moment_is_chinas(read):
    """A warning of 16:30 UTC is dated the next day in China."""
    _, letter = read(issued_at=dt.datetime(2026, 7, 1, 16, 30, tzinfo=dt.UTC))

    assert "2026年7月2日0时30分" in letter.text


@pytest.mark.parametrize(
    ("measure", "said"),
    [
        pytest.param(Measure.REMINDER, "请10月13日前签收、11月3日前处置", id="blue"),
        pytest.param(Measure.WARNING, "请10月10日前签收、10月27日前处置", id="yellow"),
        pytest.param(Measure.INTERVIEW, "请10月8日前签收、10月20日前约谈处置", id="orange"),
        pytest.param(Measure.INSPECTION, "请9月30日19:30前签收", id="red"),
    ],
)
def test_a_short_message_says_the_day(read, measure, said):
    """Issued before the National Day of 2026, limits run over the holiday and its Saturday."""
    issued_at = dt.datetime(2026, 9, 30, 15, 30, tzinfo=CHINA)
    sms, _ = read(measure, issued_at=issued_at)

    assert said in sms.body


def test_a_letter_says_how_long_and_until_when(read):
    """The limit as the ladder has it, and the moment at which it runs out."""
    _, letter = read(issued_at=dt.datetime(2026, 2, 13, 9, tzinfo=CHINA))

    for text in (letter.text, letter.html):
        assert "4小时内（2026年2月13日13时00分前）" in text
        assert "5个工作日内（2026年2月27日24时前）" in text
        assert "推算" not in text


def test_a_letter_says_when_a_date_is_only_estimated(read):
    """A date in a year whose holidays are not known is not passed off as certain."""
    _, letter = read(issued_at=dt.datetime(2026, 12, 30, 9, tzinfo=CHINA))

    for text in (letter.text, letter.html):
        assert "尚未录入2027年的放假调休安排" in text


@pytest.mark.parametrize("measure", [Measure.REMINDER, Measure.WARNING, Measure.INTERVIEW])
def test_a_long_name_is_shortened_where_that_saves_a_second_part(read, measure):
    """A text of 70 units is one message; the number says which firm, whatever is left of it."""
    sms, _ = read(measure, enterprise="叶县常村玄圃春种植专业合作社", matter="信用风险等级显著上升")

    assert sms.part_count == 1
    assert "：常村玄圃春" in sms.body


@pytest.mark.parametrize("enterprise", ["XX商场", "叶县常村玄圃春种植专业合作社"])
@pytest.mark.parametrize("measure", list(Measure))
def test_variables_stand_in_the_order_of_the_template(read, book, measure, enterprise):
    """A carrier that knows them by their place alone reads the same text, a shortened name too."""
    sms, _ = read(measure, enterprise=enterprise)

    assert tuple(sms.variables) == book.templates[measure.value].variables


def test_limits_run_from_when_people_are_told(tree, ladder, renderer):
    """A matter that reaches us a week late does not reach people with its limit run out."""
    warning = specimen(Measure.REMINDER)
    week = dt.timedelta(days=7)
    plans = [
        plan_notifications(
            warning,
            tree=tree,
            ladder=ladder,
            renderer=renderer,
            now=now,
            in_event_time=in_event_time,
        )
        for now, in_event_time in [
            (warning.issued_at + week, False),
            (warning.issued_at + week, True),
            (warning.issued_at - week, False),
        ]
    ]

    late, in_event_time, early = (plan.notifications[0].content.body for plan in plans)

    assert "请7月15日前签收" in late
    assert "请7月8日前签收" in in_event_time
    assert "请7月8日前签收" in early
