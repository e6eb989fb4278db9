"""Does a bureau's own file become the events that it means, and is nothing lost on the way?"""

import csv
import datetime as dt
import io
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors import events as e
from detectors.facts import FactKind, hash_of
from detectors.reading import read
from detectors.uscc import synthetic
from streams.double_publicity import FileKind, Refused, UnreadableFileError, converted, event_id
from tests import builders as b

ORGAN, ORGAN_CODE = "叶县市场监督管理局", "11410422MB1234567X"
PENALTY = {
    "CF_XDR_MC": "叶县盐都商贸有限公司",
    "CF_XDR_LB": "法人及非法人组织",
    "CF_XDR_SHXYM": b.USCC,
    "CF_FRDB": "张三",
    "CF_FR_ZJHM": "410422198001011234",
    "CF_WSH": "叶市监处罚〔2026〕17号",
    "CF_WFXW": "经营超过保质期的食品",
    "CF_SY": "当事人经营超过保质期的酱油3瓶",
    "CF_YJ": "《中华人民共和国食品安全法》第五十四条第一款",
    "CF_CFLB": "罚款;没收违法所得、没收非法财物",
    "CF_NR": "没收违法所得320元，罚款5000元",
    "CF_NR_FK": "0.5",
    "CF_NR_WFFF": "0.032",
    "CF_NR_ZKDX": "",
    "CF_JDRQ": "2026/02/27",
    "CF_YXQ": "2099/12/31",
    "CF_GSJZQ": "2029/02/27",
    "CF_CFJG": ORGAN,
    "CF_CFJGDM": ORGAN_CODE,
    "CF_SJLY": ORGAN,
    "CF_SJLYDM": ORGAN_CODE,
    "BZ": "",
}
LICENCE = {
    "XK_XDR_MC": "叶县盐都商贸有限公司",
    "XK_XDR_LB": "法人及非法人组织",
    "XK_XDR_SHXYM": b.USCC,
    "XK_XKWS": "食品经营许可决定书",
    "XK_WSH": "叶审批食许〔2026〕88号",
    "XK_XKLB": "普通",
    "XK_XKZS": "食品经营许可证",
    "XK_XKBH": "JY14104220012345",
    "XK_NR": "预包装食品销售",
    "XK_JDRQ": "2026/03/02",
    "XK_YXQZ": "2026/03/02",
    "XK_YXQZI": "2031/03/01",
    "XK_XKJG": "叶县行政审批局",
    "XK_XKJGDM": "11410422MB7654321A",
    "XK_ZT": "1",
    "XK_LYDW": "叶县行政审批局",
    "XK_LYDWDM": "11410422MB7654321A",
}


def penalties(*changes):
    """Return a penalty file with one row for each set of changes to the sample row."""
    return table(*(PENALTY | one for one in changes or ({},)))


def table(*records):
    """Return records as CSV text; the first names the columns."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(records[0]), restval="")
    writer.writeheader()
    writer.writerows(records)
    return text.getvalue()


def made(text, kind=FileKind.PENALTY, *, encoding="utf-8-sig", source="urn:sgs"):
    """Return what a file becomes."""
    return list(converted(text.encode(encoding), kind, source=source, domain="CASE"))


def without(record, *columns):
    """Return a record of a form that lacks some columns."""
    return {name: value for name, value in record.items() if name not in columns}


def test_a_penalty_row_becomes_the_decision_it_reports():
    """Every column of the form that is no person's arrives where it belongs."""
    (event,) = made(penalties())

    assert (event.subject, event.source) == (b.USCC, "urn:sgs")
    assert event.time.isoformat() == "2026-02-27T00:00:00+08:00"
    assert event.data == e.PenaltyDecided(
        domain="FOODS",
        severity="general",
        amount=5000.0,
        confiscated=320.0,
        offence_kind="经营超过保质期的食品",
        kinds="罚款;没收违法所得、没收非法财物",
        grounds="当事人经营超过保质期的酱油3瓶",
        content="没收违法所得320元，罚款5000元",
        publication_end=dt.date(2029, 2, 27),
        doc_no="叶市监处罚〔2026〕17号",
        organ=ORGAN,
        place="410422",
        decided_at=dt.date(2026, 2, 27),
        legal_basis=("《中华人民共和国食品安全法》第五十四条第一款",),
        source_org=ORGAN_CODE,
        subject_name="叶县盐都商贸有限公司",
    )


def test_a_licence_row_becomes_the_permit_it_reports():
    """A permit has its number, its kind, its domain and its last day."""
    (event,) = made(table(LICENCE), FileKind.LICENCE)

    assert event.data == e.PermitGranted(
        permit_no="JY14104220012345",
        permit_type="食品经营许可证",
        domain="FOODS",
        valid_from=dt.date(2026, 3, 2),
        valid_to=dt.date(2031, 3, 1),
        scope="预包装食品销售",
        doc_no="叶审批食许〔2026〕88号",
        organ="叶县行政审批局",
        place="410422",
        decided_at=dt.date(2026, 3, 2),
        source_org="11410422MB7654321A",
        subject_name="叶县盐都商贸有限公司",
    )


def test_no_person_is_carried_over():
    """Names and numbers of persons stay in the file."""
    wire = e.encode(made(penalties())[0]).decode()

    assert "张三" not in wire
    assert "410422198001011234" not in wire


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk"])
@pytest.mark.parametrize("separator", [",", "\t"])
def test_every_export_is_read_alike(encoding, separator):
    """GBK and UTF-8, with and without a byte-order mark, commas and tabs."""
    text = penalties().replace(",", separator)

    assert made(text, encoding=encoding) == made(penalties())


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2026/07/01", "2026-07-01"),
        ("20260701", "2026-07-01"),
        ("2026-07-01", "2026-07-01"),
        ("2026/7/1", "2026-07-01"),
        ("2026.07.01", "2026-07-01"),
        ("2026年7月1日", "2026-07-01"),
        ("２０２６－０７－０１", "2026-07-01"),
        ("2026-07-01 00:00:00", "2026-07-01"),
        ("20260701093000", "2026-07-01"),
    ],
)
def test_a_day_is_read_however_it_is_written(written, day):
    """The forms of the ministries, of spreadsheets and of people are one day."""
    (event,) = made(penalties({"CF_JDRQ": written}))

    assert event.data.decided_at.isoformat() == day


@pytest.mark.parametrize(
    ("written", "yuan"),
    [
        pytest.param("0.5", 5000.0, id="case 4 of the domain reference"),
        pytest.param("1,200", 12_000_000.0, id="thousands apart"),
        pytest.param("０．５", 5000.0, id="full-width"),
        pytest.param("0.5万元", 5000.0, id="with its unit"),
        pytest.param("0.03", 300.0, id="no dust of binary fractions"),
        pytest.param("", 0.0, id="none"),
        pytest.param("/", 0.0, id="a stroke"),
    ],
)
def test_an_amount_is_in_units_of_ten_thousand(written, yuan):
    """CF_NR_FK is 万元; events are yuan."""
    (event,) = made(penalties({"CF_NR_FK": written}))

    assert event.data.amount == yuan


@given(fen=st.integers(0, 10**13))
def test_no_amount_gains_or_loses_a_fen(fen):
    """Whatever is written in 万元, to the fen, comes out as the same amount in yuan."""
    written = str(Decimal(fen) / 1_000_000)

    (event,) = made(penalties({"CF_NR_FK": written}))

    assert Decimal(str(event.data.amount)) == Decimal(fen) / 100


@pytest.mark.parametrize(
    ("kinds", "permit", "severity"),
    [
        ("警告", "", "minor"),
        ("通报批评", "", "minor"),
        ("警告;罚款", "", "general"),
        ("警告；没收违法所得", "", "general"),
        ("罚款;责令停产停业", "", "severe"),
        ("罚款；吊销许可证件；警告", "", "severe"),
        ("限制从业", "", "severe"),
        ("行政拘留", "", "severe"),
        ("其他", "", "general"),
        ("罚款", "食品经营许可证JY14104220012345", "severe"),
    ],
)
def test_the_heaviest_kind_decides(kinds, permit, severity):
    """Several kinds for one offence count by the heaviest; a permit withdrawn is severe."""
    (event,) = made(penalties({"CF_CFLB": kinds, "CF_NR_ZKDX": permit}))

    assert event.data.severity == severity


@pytest.mark.parametrize(
    ("basis", "kind", "organ", "domain"),
    [
        ("《食品安全法》第三十五条", "未取得食品生产许可", ORGAN, "FOODP"),
        ("《食品安全法》第五十六条", "餐饮具未清洗消毒", ORGAN, "CATER"),
        ("《广告法》第九条", "发布绝对化用语的食品广告", ORGAN, "AD"),
        ("《特种设备安全法》第四十条", "使用未经检验的电梯", ORGAN, "SE"),
        ("《价格法》第十三条", "不按规定明码标价", ORGAN, "PRICE"),
        ("《反不正当竞争法》第八条", "虚假宣传", ORGAN, "COMP"),
        ("《商标法》第五十七条", "销售侵权商品", ORGAN, "IPR"),
        ("《计量法》", "使用不合格计量器具", ORGAN, "MEAS"),
        ("《产品质量法》第四十九条", "", ORGAN, "QUAL"),
        ("", "", "河南省药品监督管理局", "DRUG"),
        ("《噪声污染防治法》", "施工噪声", "生态环境局", "CASE"),
    ],
)
def test_the_law_tells_the_domain(basis, kind, organ, domain):
    """The law before the facts, the facts before the fallback."""
    changes = {"CF_YJ": basis, "CF_WFXW": kind, "CF_SY": "", "CF_CFJG": organ}

    (event,) = made(penalties(changes))

    assert event.data.domain == domain


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        pytest.param({"CF_XDR_LB": "自然人"}, "a natural person", id="a person by its class"),
        pytest.param({"CF_XDR_SHXYM": ""}, "CF_XDR_SHXYM is empty", id="no code"),
        pytest.param({"CF_XDR_SHXYM": "", "CF_XDR_ZJHM": "410422198001011234"},
                     "a natural person", id="a person by its number"),
        pytest.param({"CF_XDR_SHXYM": "410422198001011234"}, "citizen's number",
                     id="a citizen's number for a code"),
        pytest.param({"CF_XDR_SHXYM": "410422000012345"}, "18 位，这里 15 位", id="an old number"),
        pytest.param({"CF_WSH": " "}, "CF_WSH is empty", id="no document"),
        pytest.param({"CF_JDRQ": ""}, "CF_JDRQ is empty", id="no day"),
        pytest.param({"CF_JDRQ": "2026-02-30"},
                     "CF_JDRQ: 日期请写如 2026-07-01。'2026-02-30' is no day",
                     id="a day that never was"),
        pytest.param({"CF_JDRQ": "202607"}, "is no day", id="a month"),
        pytest.param({"CF_JDRQ": "0026-07-01"}, "can not be the year", id="a slip in the year"),
        pytest.param({"CF_GSJZQ": "三年"}, "CF_GSJZQ: 日期请写如 2026-07-01。'三年'",
                     id="a term for a day"),
        pytest.param({"CF_NR_FK": "五千元"}, "is no amount", id="an amount in words"),
        pytest.param({"CF_NR_FK": "-1"}, "can not be an amount", id="a negative amount"),
        pytest.param({"CF_NR_FK": "NaN"}, "can not be an amount", id="not a number"),
        pytest.param({"CF_NR_FK": "1e99"}, "can not be an amount", id="an endless amount"),
        pytest.param({"CF_CFJG": ""}, "CF_CFJG/CF_XZJG is empty", id="no organ"),
        pytest.param({"CF_CFLB": "不予行政处罚"}, "no penalty was imposed", id="no penalty"),
        pytest.param({"CF_WSH": "长" * 130}, r"doc_no", id="a document number without end"),
    ],
)  # fmt: skip
def test_what_cannot_become_an_event_is_reported(changes, told):
    """A row that is refused is told with its line and reason; the others are converted."""
    first, second = made(penalties(changes, {"CF_WSH": "叶市监处罚〔2026〕18号"}))

    assert isinstance(first, Refused)
    assert first.line == 2
    assert told in first.reason
    assert second.data.doc_no == "叶市监处罚〔2026〕18号"


def test_a_reason_names_no_person():
    """What is put on a screen or into a log says nothing of the person refused."""
    (refused,) = made(penalties({"CF_XDR_SHXYM": "410422198001011234", "CF_XDR_MC": "张三"}))

    assert "410422198001011234" not in refused.reason
    assert "张三" not in refused.reason


def test_lines_are_those_of_the_file():
    """A cell that runs over several lines, and empty rows, do not shift the count."""
    text = penalties({"CF_SY": "第一行\n第二行"}, {"CF_WSH": ""})
    head, rest = text.split("\r\n", 1)

    _, refused = made(f"{head}\r\n\r\n{rest}")

    assert refused.line == 5


def test_a_row_whose_cells_have_moved_is_not_trusted():
    """A comma outside quotes moves every later cell: better no event than a wrong one."""
    (refused,) = made(penalties().rstrip() + ",多余\r\n")

    assert "more cells than columns" in refused.reason


def test_the_same_decision_twice_in_a_file_is_reported():
    """A second row with one key would be skipped as a duplicate, and its kinds lost."""
    first, second = made(penalties({}, {"CF_WSH": "叶市监处罚[2026]17号", "CF_CFLB": "吊销许可证"}))

    assert first.data.severity == "general"
    assert second == Refused(3, second.reason)
    assert "line 2" in second.reason


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        pytest.param(b"", "columns missing", id="nothing"),
        pytest.param("名称,文号\n甲,1\n".encode(), "CF_WSH, CF_JDRQ", id="columns of its own"),
        pytest.param(b"\xff\xfe\x00\x81\xff", "UTF-8 nor GBK", id="a spreadsheet"),
        pytest.param(
            f'{penalties()}"{"x" * 200_000}'.encode(),
            "line 3: field larger",
            id="a quote that is never closed",
        ),
    ],
)
def test_a_file_of_another_kind_is_refused_whole(raw, told):
    """What is no such file says so, and what to do."""
    with pytest.raises(UnreadableFileError, match=told):
        list(converted(raw, FileKind.PENALTY, source="urn:sgs", domain="CASE"))


def test_the_older_penalty_form_is_read():
    """CF_CFLB1, CF_CFLB2, CF_XZJG, CF_JG and DFBM are the same things under older names."""
    old = without(PENALTY, "CF_CFLB", "CF_CFJG", "CF_CFJGDM", "CF_NR", "CF_SJLYDM") | {
        "CF_CFLB1": "罚款", "CF_CFLB2": "责令停产停业", "CF_XZJG": ORGAN, "CF_JG": "罚款5000元",
        "DFBM": "410422",
    }  # fmt: skip

    (event,) = made(table(old))

    assert (event.data.severity, event.data.organ, event.data.place) == ("severe", ORGAN, "410422")
    assert event.data.content == "罚款5000元"
    assert event.id == event_id(ORGAN, PENALTY["CF_WSH"], b.USCC)


def test_a_decision_marked_as_revoked_takes_itself_back():
    """CF_ZT 1 says that the decision no longer stands; 2 that it is contested."""
    (revoked,) = made(table(PENALTY | {"CF_ZT": "1"}))
    (contested,) = made(table(PENALTY | {"CF_ZT": "2"}))

    assert revoked.data.kind == "revoked"
    assert revoked.data.penalty_no == PENALTY["CF_WSH"]
    assert contested.data.contested


@pytest.mark.parametrize(
    ("changes", "ended"),
    [
        pytest.param({"XK_ZT": "2"}, "cancelled", id="not valid"),
        pytest.param({"XK_ZT": "注销"}, "cancelled", id="given back"),
        pytest.param({"XK_ZT": "吊销"}, "revoked", id="revoked"),
        pytest.param({"XK_ZT": "撤销"}, "withdrawn", id="withdrawn"),
    ],
)
def test_a_licence_that_is_no_longer_valid_ends(changes, ended):
    """The state column ends a permit."""
    (event,) = made(table(LICENCE | changes), FileKind.LICENCE)

    assert (event.data.permit_no, event.data.kind) == ("JY14104220012345", ended)


def test_the_older_licence_form_means_other_states():
    """In the older form 1 is revoked, not valid; its columns have older names."""
    old = without(LICENCE, "XK_XKJG", "XK_XKJGDM", "XK_YXQZI", "XK_XKBH") | {
        "XK_XZJG": "叶县行政审批局", "XK_JZQ": "2031/03/01", "XK_ZT": "0",
    }  # fmt: skip

    (granted,) = made(table(old), FileKind.LICENCE)
    (ended,) = made(table(old | {"XK_ZT": "1"}), FileKind.LICENCE)

    assert granted.data.valid_to == dt.date(2031, 3, 1)
    assert granted.data.permit_no == LICENCE["XK_WSH"]
    assert ended.data.kind == "withdrawn"


def test_a_licence_for_ever_has_the_last_day_of_the_form():
    """长期 is 2099-12-31; no day at all is refused."""
    text = table(LICENCE | {"XK_YXQZI": "长期"}, LICENCE | {"XK_YXQZI": "", "XK_WSH": "2号"})

    forever, refused = made(text, FileKind.LICENCE)

    assert forever.data.valid_to == dt.date(2099, 12, 31)
    assert "XK_YXQZI is empty" in refused.reason


@given(
    organ=st.text("0123456789ABCDEFGH", min_size=18, max_size=18),
    number=st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs"]), min_size=1, max_size=140),
    serial=st.integers(0, 31**9 - 1),
)
def test_a_key_follows_from_organ_document_and_subject_alone(organ, number, serial):
    """One decision has one key, that the envelope has room for; another subject has another."""
    subject, other = synthetic(serial), synthetic((serial + 1) % 31**9)

    key = event_id(organ, number, subject)

    assert key == event_id(organ, f" {number} ", subject)
    assert len(key) <= 120
    assert key != event_id(organ, number, other)
    assert key != event_id(organ, number + "之一", subject)


def test_two_feeds_of_one_decision_state_one_matter():
    """省平台 and 信用中国 write the brackets their own way, and mean one penalty and one permit."""
    (one,) = made(penalties(), source="urn:province")
    (other,) = made(penalties({"CF_WSH": "叶市监处罚[2026]17号"}), source="urn:creditchina")
    (mine,) = made(table(LICENCE), FileKind.LICENCE, source="urn:province")
    (theirs,) = made(table(LICENCE), FileKind.LICENCE, source="urn:creditchina")

    assert refs(one) == refs(other)
    assert refs(mine) == refs(theirs)


def refs(event):
    """Return what the facts of an event hang on, by kind."""
    facts = read(event, identity=hash_of(event.source, event.id), at=0).facts
    return {FactKind(fact.kind): fact.ref for fact in facts}


def test_one_decision_from_two_feeds_counts_once():
    """Case 5: score and frequency are those of one penalty."""
    (one,) = made(penalties(), source="urn:province")
    (other,) = made(penalties({"CF_WSH": "叶市监处罚[2026]17号"}), source="urn:creditchina")

    assert b.after([one, other]).state.rule.score == b.after([one]).state.rule.score


def test_one_permit_from_two_feeds_is_in_force():
    """Neither copy of a permit ends the other, though both say so of the same second."""
    (mine,) = made(table(LICENCE), FileKind.LICENCE, source="urn:province")
    (theirs,) = made(table(LICENCE), FileKind.LICENCE, source="urn:creditchina")

    state = b.after([mine, theirs]).state
    permits = [fact for fact in state.facts if fact.kind == FactKind.PERMIT]

    assert permits
    assert all(fact.counts_at(state.as_of) for fact in permits)


@pytest.mark.parametrize("in_order", [True, False], ids=["the grant first", "the revocation first"])
def test_a_permit_revoked_through_the_form_stays_revoked(in_order):
    """Grant and 吊销 bear the day of the grant: whichever is read first, a sale shows no permit."""
    (grant,) = made(table(LICENCE), FileKind.LICENCE)
    (revocation,) = made(table(LICENCE | {"XK_ZT": "吊销"}), FileKind.LICENCE)
    enterprise = b.after([grant, revocation] if in_order else [revocation, grant])
    assert grant.time == revocation.time

    sold = e.FoodSampled(sample_no="S1", verdict="passed")
    effects = enterprise.has(sold, day=9)

    in_force = {fact.kind for fact in enterprise.state.facts if fact.counts_at(b.at(9))}
    assert FactKind.PERMIT_ENDED in in_force
    assert FactKind.PERMIT not in in_force
    assert b.issued(effects, "W07")
