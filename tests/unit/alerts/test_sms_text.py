"""A short message is counted as the carrier counts it and says only what it may."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.knowledge import InvalidKnowledgeError
from alerts.sms_text import (
    NEEDED_TEMPLATES,
    PART_UNITS,
    Forbidden,
    cleaned,
    clipped,
    parse_sms_book,
    parts,
    units,
    why_forbidden,
)

RARE = "𠮷"  # U+20BB7: two UTF-16 units
SMALL = {
    "version": "1",
    "signature": "叶县市监",
    "max_parts": 1,
    "variables": {"number": 20},
    "templates": {
        name: {"code": f"SMS_{name}", "text": "预警${number}，登录系统查看。"}
        for name in NEEDED_TEMPLATES
    },
}


@pytest.mark.parametrize(
    ("text", "sizes"),
    [
        pytest.param("", [0], id="nothing"),
        pytest.param("字" * 70, [70], id="70 fit one message"),
        pytest.param("字" * 71, [67, 4], id="71 need two"),
        pytest.param("字" * 134, [67, 67], id="134 fill two"),
        pytest.param("字" * 135, [67, 67, 1], id="135 need three"),
        pytest.param("字" * 160, [67, 67, 26], id="the vendor's own example"),
        pytest.param("字" * 68 + RARE, [70], id="70 with a rare character, one message"),
        pytest.param("字" * 69 + RARE, [67, 4], id="71 with a rare character, two"),
        pytest.param("字" * 66 + RARE + "字" * 5, [66, 7], id="a pair never straddles parts"),
    ],
)
def test_parts_of_a_message(text, sizes):
    """Case 13: 70 units fit one message, else 67 a part, and a surrogate pair stays together."""
    counted = [units(part) for part in parts(text)]

    assert counted == sizes


@given(st.text(alphabet=st.sampled_from("字a" + RARE), max_size=300))
def test_parts_lose_nothing_and_fit(text):
    """The parts make up the text, and each fits a message and encodes on its own."""
    found = parts(text)

    assert "".join(found) == text
    assert all(units(part) <= (PART_UNITS if len(found) > 1 else 70) for part in found)
    assert all(len(part.encode("utf-16-be")) == 2 * units(part) for part in found)


@given(st.text(max_size=40), st.integers(min_value=1, max_value=20))
def test_clipping_keeps_within_the_limit(text, most):
    """A clipped value is within its limit, and a fitting one is left alone."""
    short = clipped(text, most)

    assert units(short) <= most
    assert short == text or units(text) > most


@given(st.text(max_size=60))
def test_a_cleaned_variable_carries_no_link_bracket_or_line_break(text):
    """Whatever an enterprise is called, the carrier finds nothing to refuse."""
    tidy = cleaned(text + " https://a.cn/x 【y】\n" + text)

    assert not {Forbidden.LINK, Forbidden.BRACKETS} & set(why_forbidden(tidy))
    assert "\n" not in tidy


@pytest.mark.parametrize(
    ("text", "what"),
    [
        pytest.param("企业信用等级为D，请关注", Forbidden.RISK_CLASS, id="class"),
        pytest.param("风险分类：C 级", Forbidden.RISK_CLASS, id="class after risk"),
        pytest.param("该户由B→C", Forbidden.RISK_CLASS, id="a change of class"),
        pytest.param("D级企业", Forbidden.RISK_CLASS, id="class before the noun"),
        pytest.param("风险评分905", Forbidden.SCORE, id="score"),
        pytest.param("现为 812 分", Forbidden.SCORE, id="points"),
        pytest.param("举报人称有异味", Forbidden.INFORMANT, id="informant"),
        pytest.param("法人410422199001011234", Forbidden.IDENTITY_NUMBER, id="id number"),
        pytest.param("请联系13812345678", Forbidden.PHONE, id="full phone"),
        pytest.param("见 HTTP://X.CN", Forbidden.LINK, id="link"),
        pytest.param("见www.example.org", Forbidden.LINK, id="link without scheme"),
        pytest.param("【重要】", Forbidden.BRACKETS, id="brackets"),
    ],
)
def test_what_a_message_never_says(text, what):
    """Class, score, informant, identity number, phone, link and brackets are found."""
    assert what in why_forbidden(text)


@pytest.mark.parametrize(
    "text",
    [
        "D级锅炉检验不合格",
        "A类压力容器超期未检",
        "信用风险等级上升",
        "风险分值上升",
        "30分钟内到场",
        "9时30分现场检查",
        "3分店食品抽检不合格",
        "投诉举报激增",
        "41042220260701-0013",
        "91410422MA3X1A2B83",
        "一年内多次受行政处罚",
    ],
)
def test_what_only_looks_alike_may_be_said(text):
    """Boiler grades, minutes, branch numbers and codes are no secrets."""
    assert why_forbidden(text) == ()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        pytest.param(
            lambda d: d["templates"].pop("cancelled"), "templates.cancelled", id="missing template"
        ),
        pytest.param(
            lambda d: d["templates"]["copy"].update(text="见https://x.cn${number}"),
            "says a link",
            id="a link",
        ),
        pytest.param(
            lambda d: d["templates"]["copy"].update(text="【急】${number}"),
            "says a brackets",
            id="brackets",
        ),
        pytest.param(
            lambda d: d["templates"]["copy"].update(text="${score}"), "uses ${score}", id="unknown"
        ),
        pytest.param(
            lambda d: d["variables"].update(score=5), "variables.score: is not known", id="score"
        ),
        pytest.param(
            lambda d: d["variables"].update(number=36),
            "may be 36 units long",
            id="too long a value",
        ),
        pytest.param(
            lambda d: d["templates"]["copy"].update(text="字" * 45 + "${number}"),
            "may need 2 parts",
            id="71 units in the worst case",
        ),
        pytest.param(lambda d: d.update(signature="【叶县】"), "is no signature", id="signature"),
    ],
)
def test_a_spoilt_template_is_refused(spoil, said):
    """What the carrier would refuse, or an officer must not read, does not load."""
    document = copy.deepcopy(SMALL)
    spoil(document)

    with pytest.raises(InvalidKnowledgeError) as refused:
        parse_sms_book(document)

    assert said in str(refused.value)


def test_seventy_units_in_the_worst_case_are_one_part():
    """Signature 6, fixed text 44 and a variable of 20 are exactly one message."""
    document = copy.deepcopy(SMALL)
    document["templates"]["copy"]["text"] = "字" * 44 + "${number}"

    assert parse_sms_book(document).templates["copy"].variables == ("number",)
