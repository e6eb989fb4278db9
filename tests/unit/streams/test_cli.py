"""Does a person at a terminal get an answer, a status and, when it is their turn, a remedy?"""

import codecs
import datetime as dt
import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import msgspec
import pytest
import typer
from typer.testing import CliRunner

from config.load import KNOWLEDGE
from config.schema import Settings
from detectors import events as e
from streams.assembly import build_wisdom, calendar_complaint
from streams.cli import app
from streams.event_files import checked
from streams.terminal import DENIED, NOT_FOUND, USAGE
from tests import builders as b
from tests.world import code

ROOT = Path(__file__).parents[3]
TREE = typer.main.get_command(app)
LISTED = e.SeriousListChanged(list_code="L1", action="add")


@pytest.fixture
def told(monkeypatch):
    """Return how to run a command; it returns status, standard output and standard error."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("SANZAO_CONFIG", raising=False)

    def run(*words):
        """Run one command."""
        answer = CliRunner().invoke(app, [str(word) for word in words])
        if answer.exception and not isinstance(answer.exception, SystemExit):
            raise answer.exception
        return answer.exit_code, answer.stdout, answer.stderr

    return run


@pytest.fixture
def knowledge(tmp_path):
    """Return a copy of the shipped knowledge that a test may break."""
    return shutil.copytree(KNOWLEDGE, tmp_path / "knowledge")


def written(tmp_path, *lines):
    """Return a file of these lines."""
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path


@pytest.mark.parametrize(
    "words", [["check-config"], ["explain", "--help"], ["messages", "--help"]], ids=str
)
def test_a_command_that_learns_nothing_does_not_load_river(words):
    """It brings half of scientific Python: a second at each start, and eighty megabytes."""
    program = (
        "import sys; from streams.cli import app\n"
        "try: app(sys.argv[1:])\n"
        "finally: print([one for one in ('river', 'scipy', 'sklearn') if one in sys.modules])"
    )

    ran = subprocess.run(
        [sys.executable, "-c", program, *words],
        capture_output=True, text=True, check=True, cwd=ROOT,
    )  # fmt: skip

    assert ran.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("words", "remedy", "place"),
    [
        pytest.param(["--nope"], "没有这个选项", "--nope", id="an option of none"),
        pytest.param(["explain", "--nope"], "没有这个选项", "--nope", id="of a command"),
        pytest.param(["nope"], "没有这个命令", "'nope'", id="a command"),
        pytest.param(["messages", "nope"], "没有这个命令", "'nope'", id="of a group"),
        pytest.param(["explain"], "缺少必填的参数或选项", "'uscc'", id="an argument is missing"),
        pytest.param(["explain", "a", "b"], "参数多了", "(b)", id="one too many"),
        pytest.param(["demo", "--seed", "x"], "值不能用", "'--seed'", id="no number"),
        pytest.param(["messages", "list", "--state", "x"], "值不能用", "'--state'", id="no choice"),
        pytest.param(["warnings", "list", "--day", "x"], "值不能用", "'--day'", id="no day"),
        pytest.param(["messages", "test", "--phone", "1"], "值不能用", "不是手机号", id="our own"),
        pytest.param(["messages", "list", "--csv"], "是否要带值", "'--csv'", id="no value"),
    ],
)
def test_a_mistake_in_calling_a_command_is_told_in_chinese_first(told, words, remedy, place):
    """Status 2 and one line: what to correct, where the usage stands, then the place."""
    status, shown, complaint = told(*words)

    said, _, detail = complaint.partition("--help。")
    assert (status, shown, complaint.count("\n")) == (USAGE, "", 1)
    assert said.startswith("错误 / error: ")
    assert remedy in said
    assert place in detail


def test_a_group_without_a_command_shows_its_help(told):
    """Whoever asks for nothing is no maker of mistakes: the help has the commands."""
    _, shown, complaint = told("messages")

    assert "release" in shown + complaint
    assert "错误" not in shown + complaint


def test_the_check_shows_empty_seats_and_who_is_passed_over(told, knowledge):
    """Neither is a hole, for somebody else is told; an operator hears of both."""
    roster = knowledge / "authorities.yaml"
    text = roster.read_text(encoding="utf-8")
    roster.write_text(text.replace("verified: true", "verified: false", 1), encoding="utf-8")

    status, _, complaint = told("check-config", "--knowledge", knowledge)

    assert status == 0
    assert "叶县市场监督管理局水寨市场监督管理所 所长" in complaint
    assert (
        "is not verified and is passed over; 请电话核实后写 verified: true。ring them up"
        in complaint
    )


def test_without_a_command_the_help_is_shown(told):
    """Whoever types the bare name reads what there is, in Chinese and English."""
    _, shown, _ = told("--help")

    for command in ("worker", "demo", "publish", "explain", "check-config", "topics", "replay"):
        assert command in shown


def test_the_version_can_be_asked_for(told):
    """Whoever reports a fault can say of which version: the one that pyproject.toml names."""
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]

    status, shown, _ = told("--version")

    assert (status, shown.split()) == (0, [project["name"], project["version"]])


def test_the_shipped_knowledge_is_valid(told):
    """What is delivered passes its own check, and the check says what it saw."""
    status, shown, _ = told("check-config")

    assert status == 0
    assert "配置有效" in shown
    assert "rules=" in shown


def test_a_sample_is_never_called_ready(told):
    """The check of what is shipped names the sample, and the way that would reach somebody."""
    _, shown, complaint = told("check-config")

    assert "仍是示例，不能上线" in shown
    assert "authorities.yaml, sms_templates.yaml: sample: true" in complaint
    assert "https://dysmsapi.aliyuncs.com" in complaint


def test_a_county_is_asked_about_the_names_of_another(told, knowledge):
    """Where the roster alone was changed, signature and office are doubted by name."""
    roster = knowledge / "authorities.yaml"
    text = roster.read_text(encoding="utf-8").replace("叶县", "鲁山县")
    roster.write_text(text, encoding="utf-8")

    status, _, complaint = told("check-config", "--knowledge", knowledge)

    assert status == 0
    assert "signature: 【叶县市监】" in complaint


def commands(command, *words):
    """Yield every command and group, with the words that call it."""
    yield words, command
    for name, one in getattr(command, "commands", {}).items():
        yield from commands(one, *words, name)


@pytest.mark.parametrize(
    ("words", "command"), [pytest.param(*one, id=" ".join(one[0])) for one in commands(TREE)]
)
def test_no_help_text_is_cut_at_eighty_columns(told, monkeypatch, words, command):
    """A Chinese sentence has no spaces to break at; its end is often what it says."""
    monkeypatch.setenv("COLUMNS", "80")
    parts = [*command.params, *getattr(command, "commands", {}).values()]
    texts = [str(getattr(one, "help", None) or "") for one in (command, *parts)]

    _, shown, _ = told(*words, "--help")

    assert shown.count("…") == "".join(texts).count("…")
    assert all(len(text) == 0 or text[:4] in shown for text in texts)


def replaced(name, right, wrong):
    """Return how to break one document by replacing text in it."""

    def change(folder):
        """Break it."""
        text = (folder / name).read_text(encoding="utf-8")
        assert right in text
        (folder / name).write_text(text.replace(right, wrong), encoding="utf-8")

    return change


@pytest.mark.parametrize(
    ("breaks", "message"),
    [
        pytest.param(
            replaced("rules.yaml", "- id: W03", "- id: [W03"), "rules.yaml is no YAML",
            id="an editor's slip",
        ),
        pytest.param(
            replaced("rules.yaml", "measure: interview", "measure: scolding"), "scolding",
            id="a measure there is not",
        ),
        pytest.param(
            replaced("rules.yaml", "facts: [unreachable]", "facts: [unreachble]"), "unreachble",
            id="a misspelt fact",
        ),
        pytest.param(
            lambda folder: (folder / "authorities.yaml").unlink(), "authorities.yaml",
            id="a document is gone",
        ),
        pytest.param(
            replaced("ladder.yaml", "acknowledge_within: 4小时", "acknowledge_within: 快"),
            "'快' is no time limit", id="a time that is none",
        ),
        pytest.param(
            lambda folder: (folder / "calendar.yaml").unlink(), "calendar.yaml is missing",
            id="no calendar",
        ),
        pytest.param(
            replaced("calendar.yaml", "last: 2026-02-23", "last: 2026-02-13"),
            "years.2026.春节: ends (2026-02-13) before it begins", id="a holiday turned round",
        ),
        pytest.param(
            replaced("feeds.yaml", '"permit.*"', '"permits.*"'), "feeds.permits.events",
            id="a feed that could never speak",
        ),
        pytest.param(
            replaced("rules.yaml", "feed: permits", "feed: permitz"),
            "W06.feed: 'permitz' is no feed", id="a feed that a rule would wait for in vain",
        ),
        pytest.param(
            replaced("authorities.yaml", "duty_desk:", "duty_dsk:"),
            "knowledge/authorities.yaml: (top level)", id="a misspelt key of the roster",
        ),
        pytest.param(
            replaced("authorities.yaml", "domains: [SE]", "domains: [ES]"),
            "authorities[41-TS].domains: 'ES' is no domain", id="a domain there is not",
        ),
        pytest.param(
            replaced("authorities.yaml", 'regions: ["410422001"]', 'regions: ["41042201"]'),
            "authorities[410422001].regions: '41042201' is no region", id="a region there is not",
        ),
        pytest.param(
            replaced("ladder.yaml", "urgent: [W10", "urgent: [W99"),
            "knowledge/ladder.yaml: otherwise, urgent: W99 is no rule", id="a rule there is not",
        ),
        pytest.param(
            shutil.rmtree, "is no folder", id="no folder at all"
        ),
    ],
)  # fmt: skip
def test_broken_knowledge_is_told_by_file_and_place(told, knowledge, breaks, message):
    """A hole in the knowledge is status 2 and one message that names it, never a traceback."""
    breaks(knowledge)

    status, shown, complaint = told("check-config", "--knowledge", knowledge)

    assert status == USAGE
    assert shown == ""
    assert message in complaint
    assert "Traceback" not in complaint


def test_a_missing_year_is_a_warning_not_a_hole(told, knowledge):
    """Deadlines of a year without a table are estimates: the check passes, and says so."""
    folder = knowledge / "calendar.yaml"
    text = folder.read_text(encoding="utf-8")
    folder.write_text(text[: text.index("  2025:")], encoding="utf-8")

    status, shown, complaint = told("check-config", "--knowledge", knowledge)

    assert status == 0
    assert "配置有效" in shown
    assert "calendar.yaml 缺少" in complaint


@pytest.mark.parametrize(
    ("today", "said"),
    [
        pytest.param(dt.date(2026, 11, 30), "", id="November"),
        pytest.param(dt.date(2026, 12, 1), "缺少2027年的放假调休安排", id="December"),
        pytest.param(dt.date(2027, 12, 1), "缺少2027年、2028年的", id="a year later"),
    ],
)
def test_the_calendar_is_complained_of_from_december_on(today, said):
    """Next year's table is missed once its notice must be out."""
    complaint = calendar_complaint(build_wisdom(Settings()).desk.calendar, today)

    assert said in complaint
    assert bool(said) is bool(complaint)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        pytest.param("SANZAO_REDIS__URL", "127.0.0.1:6379/0", "SANZAO_REDIS__URL", id="no address"),
        pytest.param("SANZAO_SMS__ENDPOINT", "http://sms.example.com", "settings of email or sms",
                     id="texts in the clear"),
    ],
)  # fmt: skip
def test_what_could_not_start_does_not_pass_the_check(told, monkeypatch, name, value, said):
    """The clients that a worker makes at its start are made in the check, and ask nobody."""
    monkeypatch.setenv(name, value)

    status, shown, complaint = told("check-config")

    assert (status, shown) == (USAGE, "")
    assert said in complaint


def test_the_check_says_what_is_hardly_meant(told, monkeypatch, knowledge):
    """No account for texts, no day of going live, one phone of two: told, and no hole."""
    monkeypatch.delenv("SANZAO_SMS__SECRET", raising=False)
    phones = re.findall(r'phone: "(1\d{10})"', (knowledge / "authorities.yaml").read_text("utf-8"))
    replaced("authorities.yaml", phones[1], phones[0])(knowledge)

    status, _, complaint = told("check-config", "--knowledge", knowledge)
    monkeypatch.setenv("SANZAO_ROLES__NOTIFY", "false")
    _, _, without_messages = told("check-config", "--knowledge", knowledge)

    assert status == 0
    for said in ("SANZAO_SMS__SECRET_FILE 未设置", "notify.since 未设置"):
        assert said in complaint
        assert said not in without_messages
    assert "的手机号相同" in complaint
    assert phones[0] not in complaint


def test_the_check_says_who_is_told_nothing(told, monkeypatch, knowledge):
    """A department that lost its domains, and a scope in which nobody is: told, and no hole."""
    monkeypatch.setenv("SANZAO_SCOPE", "410421")
    roster = knowledge / "authorities.yaml"
    text = roster.read_text(encoding="utf-8")
    before, mark, after = text.partition('code: "410422-TS"')
    assert mark
    roster.write_text(before + mark + after.replace("domains: [SE]", "domains: []", 1), "utf-8")

    status, _, complaint = told("check-config", "--knowledge", knowledge)

    assert status == 0
    assert "叶县市场监督管理局 is in charge of SE" in complaint
    assert "scope 中的 410421" in complaint


def test_plain_http_to_a_gateway_is_told_at_every_check(told, tmp_path):
    """Whoever said that no open network lies between is asked again each time; it is no fault."""
    path = tmp_path / "settings.yaml"
    path.write_text(
        "sms: {provider: mas, endpoint: 'http://10.1.2.3:5992', ec_name: 某局, sign_code: s1, "
        "access_key: ap, allow_http: true}",
        encoding="utf-8",
    )

    status, _, complaint = told("check-config", "--config", path)

    assert status == 0
    assert "警告 / warning: sms.allow_http：" in complaint


def test_a_broken_file_of_settings_is_told(told, tmp_path):
    """A misspelt key in the file is status 2, with file and key."""
    path = tmp_path / "settings.yaml"
    path.write_text("kafka: {bootstrp: x}", encoding="utf-8")

    status, _, complaint = told("check-config", "--config", path)

    assert status == USAGE
    assert "settings.yaml" in complaint
    assert "bootstrp" in complaint


def test_a_message_is_one_line_however_long(told, monkeypatch, tmp_path):
    """A path in a message is not cut in two: an operator copies it, a log collector greps it."""
    monkeypatch.setenv("COLUMNS", "40")
    path = tmp_path / ("long" * 20) / "events.jsonl"

    _, _, complaint = told("publish", path)

    assert str(path) in complaint


def test_a_replay_says_what_would_have_happened(told, tmp_path):
    """Classes, measures and counts of a file, without a server."""
    file = written(tmp_path, e.encode(b.event(b.penalty())), e.encode(b.event(LISTED, day=1)), b"{")

    status, shown, complaint = told("replay", file, "--now", "2026-07-01")

    assert status == 0
    assert "等级 A=0 B=0 C=0 D=1" in shown
    assert "检查=1" in shown
    assert "events=3 deadlines=0 states=1 rejected=1" in shown
    assert "line 3: not_json" in complaint


def test_a_replay_of_other_knowledge_decides_otherwise(told, tmp_path, knowledge):
    """An analyst who changes a rule sees what it would have changed."""
    file = written(tmp_path, e.encode(b.event(LISTED)))
    replaced("rules.yaml", "facts: [serious_listed, serious_listed_elsewhere, ", "facts: [")(
        knowledge
    )

    _, before, _ = told("replay", file, "--now", "2026-07-01")
    _, after, _ = told("replay", file, "--now", "2026-07-01", "--knowledge", knowledge)

    assert "检查=1" in before
    assert "检查" not in after


def test_a_replay_counts_what_falls_due_up_to_its_last_event(told, tmp_path):
    """A firm that nothing more is heard of still misses its deadlines, up to the file's end."""
    other = e.encode(b.event(LISTED, day=100, subject=code(1), name="other"))
    file = written(tmp_path, e.encode(b.event(b.permit(days_left=60))), other)

    _, shown, _ = told("replay", file, "--now", "2027-07-01")
    _, cut, _ = told("replay", file, "--now", "2027-07-01", "--until", "2026-03-02")

    assert "deadlines=0 " in cut
    assert "提醒=1 检查=1\n" in cut
    assert "约谈=1" in shown


def test_a_replay_tells_the_neighbours(told, tmp_path):
    """What a listing means for a firm of the same person is part of what a version decides."""
    founded = [
        b.event(e.Established(name=f"甲{n}", established_on=b.on(-900).date(), legal_rep="h:p"),
                day=n / 10, subject=code(n), name=f"f{n}")
        for n in range(2)
    ]  # fmt: skip
    fined = b.event(b.penalty(domain="QUAL"), day=0.5, subject=code(1), name="fined")
    listed = b.event(LISTED, day=1, subject=code(0), name="listed")
    file = written(tmp_path, *(e.encode(one) for one in [*founded, fined, listed]))

    _, told_of, _ = told("replay", file, "--now", "2026-07-01")
    _, alone, _ = told("replay", file, "--now", "2026-07-01", "--no-neighbours")

    assert "warnings=2 " in alone
    assert "warnings=3 " in told_of


def test_a_difference_says_which_contents_are_compared(told, tmp_path, knowledge):
    """Under one version number the contents tell the two apart, and the analyst is warned."""
    file = written(tmp_path, e.encode(b.event(b.penalty())))
    _, same, _ = told("replay", file, "--now", "2026-07-01", "--diff", knowledge)
    replaced("knowledge.yaml", "c: 500", "c: 490")(knowledge)

    _, other, _ = told("replay", file, "--now", "2026-07-01", "--diff", knowledge)

    assert "两个目录内容相同" in same
    assert "版本号相同而内容不同" in other
    (head,) = [line for line in other.splitlines() if line.startswith("比较")]
    before, after = head.removeprefix("比较 knowledge ").split(" → ")
    assert before != after
    assert before.split("（")[0] == after.split("（")[0]


def test_a_difference_names_who_acts_by_each_ladder(told, tmp_path, knowledge):
    """A change of the ladder moves warnings from one authority to another, and that shows."""
    listed = e.SeriousListChanged(list_code="L1", action="add", place="410422001")
    file = written(tmp_path, e.encode(b.event(listed)))
    text = (knowledge / "ladder.yaml").read_text(encoding="utf-8")
    head, inspection = text.split("  inspection:\n")
    assert "lead: department" in inspection
    (knowledge / "ladder.yaml").write_text(
        head + "  inspection:\n" + inspection.replace("lead: department", "lead: station", 1),
        encoding="utf-8",
    )

    _, shown, _ = told("replay", file, "--now", "2026-07-01", "--diff", knowledge)

    assert re.search(r"所 +0 +1", shown)


@pytest.mark.parametrize(
    ("day", "said"),
    [
        pytest.param("2030-01-01", True, id="nothing is in force yet"),
        pytest.param("2026-01-01", False, id="in force already"),
    ],
)
def test_a_version_without_a_past_is_warned_of(told, tmp_path, knowledge, day, said):
    """New weights that are to hold from a day on decide all of the past where no history is."""
    file = written(tmp_path, e.encode(b.event(b.penalty())))
    replaced("knowledge.yaml", "effective_from: 2026-01-01", f"effective_from: {day}")(knowledge)

    _, _, checked = told("check-config", "--knowledge", knowledge)
    _, shown, _ = told("replay", file, "--now", "2026-07-01", "--diff", knowledge)

    assert [f"自 {day} 起施行" in text for text in (checked, shown)] == [said, said]


def test_an_empty_file_replays_to_nothing(told, tmp_path):
    """No lines, no states, no mistake."""
    status, shown, _ = told("replay", written(tmp_path), "--now", "2026-07-01")

    assert status == 0
    assert "warnings=0" in shown


@pytest.mark.parametrize("command", ["publish", "replay"])
def test_a_file_that_is_missing_is_told(told, tmp_path, command):
    """Status 2, and the path in the message."""
    status, _, complaint = told(command, tmp_path / "gone.jsonl")

    assert status == USAGE
    assert "gone.jsonl" in complaint


def test_an_invalid_file_is_not_published_at_all(told, tmp_path):
    """Every bad line is told by number and cause; no broker is even asked."""
    good = e.encode(b.event(b.penalty()))
    future = json.loads(good) | {"type": "stock.price.v1"}
    file = written(tmp_path, good, b"{", b"", json.dumps(future).encode())

    status, shown, complaint = told("publish", file)

    assert status == USAGE
    assert shown == ""
    assert "line 2: not_json" in complaint
    assert "line 4: unknown_type" in complaint
    assert "2 行无效，未发布任何事件" in complaint


@pytest.mark.parametrize("command", ["publish", "replay"])
@pytest.mark.parametrize(
    ("raw", "said"),
    [
        pytest.param('{"说明": "处罚"}'.encode("gbk"), "请把事件文件另存为 UTF-8", id="GBK"),
        pytest.param("CF_XDR_MC\n甲店\n".encode("gbk"), "请先用 sanzao convert", id="penalties"),
        pytest.param("XK_XDR_MC\n甲店\n".encode("utf-8-sig"), "请先用 sanzao convert",
                     id="licences"),
        pytest.param(b'{\n"id": "1"}', "一个 JSON 不能分成几行", id="JSON over lines"),
    ],
)  # fmt: skip
def test_a_file_of_another_kind_says_what_to_do_with_it(told, tmp_path, command, raw, said):
    """The advice is that for this file: saved otherwise, converted, or written in one line."""
    file = written(tmp_path, raw)

    _, _, complaint = told(command, file)

    advice = [one for one in complaint.splitlines() if "events.jsonl" not in one]
    assert said in advice[0]
    assert "第1行" in complaint


def test_the_mark_that_windows_puts_before_a_file_is_no_mistake(told, tmp_path):
    """Who was told to save a file as UTF-8 often saves it with the mark."""
    file = written(tmp_path, codecs.BOM_UTF8 + e.encode(b.event(b.penalty())))

    status, shown, complaint = told("replay", file, "--now", "2026-07-01")

    assert (status, complaint) == (0, "")
    assert "rejected=0" in shown


def test_what_the_stream_would_refuse_is_not_published(told, tmp_path):
    """A wrong check digit, day, domain or sender is told before, not found in the dead letters."""
    wrong = b.USCC[:-1] + "9"
    good = json.loads(e.encode(b.event(b.penalty())))
    a_class = e.ClassOfMonth(period="2026-02", risk_class="D")
    foreign = json.loads(e.encode(b.event(a_class, source="urn:anybody")))
    lines = [
        good | {"subject": wrong},
        good | {"time": "2099-01-01T00:00:00Z"},
        good,
        good | {"data": good["data"] | {"domain": "FOOD"}},
        foreign,
    ]
    file = written(tmp_path, *(json.dumps(one).encode() for one in lines))

    status, shown, complaint = told("publish", file)

    assert (status, shown) == (USAGE, "")
    assert "line 1: quarantined_subject" in complaint
    assert wrong in complaint
    assert "line 2: future" in complaint
    assert "line 3" not in complaint
    assert "line 4: unknown_domain: `$.data.domain`: 'FOOD' is no domain; use one of" in complaint
    assert "line 5: foreign_source" in complaint


def test_a_code_that_a_register_vouches_for_is_published():
    """The check asks the knowledge, once; a file without events asks nobody."""
    vouched = "91350100M0001TGQXM"
    lines = [e.encode(b.event(b.penalty(), subject=one)) for one in (vouched, b.USCC)]
    asked = []

    def knowledge():
        """Return the shipped knowledge, with a code that a register vouches for."""
        asked.append(1)
        return msgspec.structs.replace(b.expertise().knowledge, allowed_usccs=frozenset({vouched}))

    records, complaints = checked(lines, knowledge=knowledge, now=b.on(1))
    nothing, _ = checked(
        [b"", b"  "], knowledge=lambda: pytest.fail("nobody need ask"), now=b.on(1)
    )

    assert ([subject for subject, _ in records], complaints) == ([vouched, b.USCC], [])
    assert (nothing, len(asked)) == ([], 1)


def test_the_sample_of_the_documents_can_be_copied(told, tmp_path):
    """It is an event in one line; spread over lines, the message says how it is to be written."""
    text = (KNOWLEDGE.parents[1] / "docs" / "events.md").read_text(encoding="utf-8")
    sample = text.split("```json\n")[1].split("```")[0].encode()
    spread = json.dumps(json.loads(sample), indent=1).encode()

    status, _, complaint = told("replay", written(tmp_path, sample), "--now", "2026-07-02")
    refused, _, hint = told("publish", written(tmp_path, spread))

    assert (status, complaint) == (0, "")
    assert refused == USAGE
    assert hint.count("每行一个事件") == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(("explain", "123"), "不是统一社会信用代码", id="too short a code"),
        pytest.param(("explain", "91410422ma3x1a2b83"), "不是统一社会信用代码", id="small letters"),
        pytest.param(("publish", "."), "是目录", id="a folder to publish"),
        pytest.param(("replay", "nowhere.jsonl"), "找不到文件 nowhere.jsonl", id="no file"),
        pytest.param(("rules", "test", "nowhere.yaml"), "cannot be read", id="no test"),
        pytest.param(("convert", "nowhere.csv", "--kind", "penalty"), "找不到文件", id="no CSV"),
        pytest.param(("classes", "freeze", "--month", "2026-6"), "2026-06", id="no month"),
        pytest.param(("warnings", "list", "--day", "yesterday"), "yesterday", id="no day"),
        pytest.param(("check-config", "--config", "no.yaml"), "no.yaml", id="no settings"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_before_anything_is_asked_of_a_server(told, words, said):
    """Status 2, what is wrong, no traceback; sockets are closed here, so nobody was asked."""
    status, shown, complaint = told(*words)

    assert (status, shown) == (USAGE, "")
    assert said in complaint
    assert "Traceback" not in complaint


def test_an_address_that_is_none_does_not_show_its_password(told, monkeypatch):
    """The setting is named, what it holds is not."""
    monkeypatch.setenv("SANZAO_REDIS__URL", "geheim@nowhere")

    status, _, complaint = told("explain", b.USCC)

    assert status == USAGE
    assert "SANZAO_REDIS__URL" in complaint
    assert "geheim" not in complaint


def test_a_file_without_one_event_is_a_mistake(told, tmp_path):
    """Whoever names the wrong file hears of it; one bad line among good ones is in the count."""
    wrong = written(tmp_path, b"a,b,c", b"{")

    assert told("replay", wrong)[0] == USAGE
    assert told("publish", wrong, "--skip-invalid")[0] == USAGE
    assert told("replay", written(tmp_path, b"{", e.encode(b.event(LISTED))))[0] == 0


def test_a_day_without_events_needs_no_broker(told, tmp_path):
    """An empty file is published at once: nothing, and no complaint."""
    status, shown, complaint = told("publish", written(tmp_path, b""))

    assert (status, complaint) == (0, "")
    assert "published=0" in shown


def test_statuses_tell_mistakes_from_absence():
    """A script can tell a wrong call (2) from an enterprise that nothing is known of (1)."""
    assert (NOT_FOUND, USAGE, DENIED) == (1, 2, 3)
