"""Do settings come from where the operator put them, and are mistakes told where they stand?"""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from config import load
from config.load import (
    KNOWLEDGE,
    SECRETS,
    InvalidConfigError,
    _Quick,
    _Telling,
    environment_value,
    load_documents,
    load_scenarios,
    load_settings,
)
from config.schema import Settings


@pytest.fixture
def file(tmp_path):
    """Return how to write a file of settings; it returns the path."""

    def write(text, *, name="settings.yaml", encoding="utf-8"):
        """Write the text."""
        path = tmp_path / name
        path.write_text(text, encoding=encoding)
        return path

    return write


def test_nothing_set_is_the_defaults():
    """Without a file and a variable, settings are those that config/schema.py declares."""
    assert load_settings(None, {}) == Settings()


def test_the_shipped_file_is_valid():
    """The settings.yaml that operators copy loads as it stands."""
    settings = load_settings(KNOWLEDGE.parent / "settings.yaml", {})

    assert settings.kafka.partitions == 8


def test_the_environment_has_the_last_word(file):
    """A variable beats the file, the file beats the default; what neither names stays."""
    path = file("kafka:\n  bootstrap: file:9092\n  group: of-the-file\n")

    settings = load_settings(path, {"SANZAO_KAFKA__BOOTSTRAP": "variable:9092"})

    assert settings.kafka.bootstrap == "variable:9092"
    assert settings.kafka.group == "of-the-file"
    assert settings.kafka.partitions == Settings().kafka.partitions


def test_text_becomes_what_the_setting_is():
    """Variables are text; numbers and booleans among them are read as such."""
    settings = load_settings(
        None,
        {
            "SANZAO_KAFKA__PARTITIONS": "12",
            "SANZAO_KAFKA__IDEMPOTENT": "false",
            "SANZAO_REDIS__TIMEOUT_S": "2.5",
            "SANZAO_LOG_LEVEL": "DEBUG",
        },
    )

    assert (settings.kafka.partitions, settings.kafka.idempotent) == (12, False)
    assert (settings.redis.timeout_s, settings.log_level) == (2.5, "DEBUG")


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        pytest.param("410422", ("410422",), id="one"),
        pytest.param("410422, 410423", ("410422", "410423"), id="two"),
        pytest.param("", (), id="none"),
    ],
)
def test_a_list_is_written_with_commas(text, scope):
    """Every setting can be set by the environment, and a list is one."""
    settings = load_settings(None, {"SANZAO_SCOPE": text, "SANZAO_MODEL__MEMBERS": "newton,forest"})

    assert settings.scope == scope
    assert settings.model.members == ("newton", "forest")


def test_variables_of_others_are_left_alone():
    """Only SANZAO_ is ours; SANZAO_CONFIG names the file and is no setting."""
    environment = {"PATH": "/bin", "KAFKA__BOOTSTRAP": "x", "SANZAO_CONFIG": "/etc/sanzao.yaml"}

    assert load_settings(None, environment) == Settings()


@pytest.mark.parametrize(("section", "key"), sorted(SECRETS))
def test_a_secret_in_a_file_of_settings_is_refused(file, section, key):
    """A password in YAML does not load, and the message names the variable to use instead."""
    path = file(f"{section}:\n  {key}: hunter2\n")

    with pytest.raises(InvalidConfigError, match=f"{section}.{key} is a secret") as refusal:
        load_settings(path, {})

    assert f"SANZAO_{section.upper()}__{key.upper()}_FILE" in str(refusal.value)
    assert "hunter2" not in str(refusal.value)


def test_every_secret_is_a_setting():
    """The list of secrets names settings that there are, all the passwords among them."""
    sections = {name: getattr(Settings(), name) for name, _ in SECRETS}
    assert all(hasattr(sections[section], key) for section, key in SECRETS)
    named = {
        (section, key)
        for section in Settings.__struct_fields__
        for key in getattr(getattr(Settings(), section), "__struct_fields__", ())
        if key in {"password", "secret", "token"} or key.endswith("_secret")
    }
    assert named == SECRETS


@pytest.mark.parametrize(("section", "key"), sorted(SECRETS))
def test_a_secret_comes_from_a_file(tmp_path, section, key):
    """_FILE names a file whose content is the secret, without the newline at its end."""
    secret = tmp_path / "secret"
    secret.write_text("p@ss=wörd, of more than 24 \n", encoding="utf-8")

    settings = load_settings(None, {f"SANZAO_{section}__{key}_FILE".upper(): str(secret)})

    assert getattr(getattr(settings, section), key) == "p@ss=wörd, of more than 24"


def test_a_secret_file_that_is_missing_is_told(tmp_path):
    """The variable and the path stand in the message."""
    missing = tmp_path / "nothing"

    with pytest.raises(InvalidConfigError, match=r"SANZAO_SMS__SECRET_FILE: .*nothing cannot be"):
        load_settings(None, {"SANZAO_SMS__SECRET_FILE": str(missing)})


def test_a_secret_file_that_is_no_text_is_told(tmp_path):
    """A key file mounted in the wrong place is a message, not a traceback."""
    binary = tmp_path / "key"
    binary.write_bytes(b"\x80\xff")

    with pytest.raises(InvalidConfigError, match=r"SANZAO_SMS__SECRET_FILE: .*UTF-8"):
        load_settings(None, {"SANZAO_SMS__SECRET_FILE": str(binary)})


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        pytest.param({"SANZAO_KAFKA__BOOTSTRP": "x"}, r"bootstrp.*\$\.kafka", id="a misspelt key"),
        pytest.param({"SANZAO_KAKFA__BOOTSTRAP": "x"}, "kakfa", id="a misspelt section"),
        pytest.param(
            {"SANZAO_KAFKA__PARTITIONS": "many"}, r"int.*\$\.kafka\.partitions", id="no number"
        ),
        pytest.param(
            {"SANZAO_KAFKA__PARTITIONS": "0"}, r">= 1.*\$\.kafka\.partitions", id="too few"
        ),
        pytest.param(
            {"SANZAO_EMAIL__TLS": "maybe"}, r"maybe.*\$\.email\.tls", id="a choice there is not"
        ),
        pytest.param({"SANZAO_KAFKA": "x"}, r"object.*\$\.kafka", id="a section as a value"),
        pytest.param(
            {"SANZAO_LOG_LEVEL": "INFO", "SANZAO_LOG_LEVEL__X": "y"}, "no section", id="no section"
        ),
        pytest.param({"SANZAO_NOTIFY__POLL_S": "-1"}, r"\$\.notify\.poll_s", id="a negative wait"),
        pytest.param({"SANZAO_SCOPE": "叶县"}, "scope: '叶县' 不是区划代码", id="a place by name"),
        pytest.param(
            {"SANZAO_SCOPE": "410421，410422"}, "scope: '410421，410422' 不是", id="a wide comma"
        ),
        pytest.param({"SANZAO_SCOPE": '"410421"'}, "scope: '\"410421\"' 不是", id="quotes"),
        pytest.param({"SANZAO_SCOPE": "41042"}, "scope: '41042' 不是", id="five digits"),
        pytest.param(
            {"SANZAO_SCOPE": "４１０４２２"}, "scope: '４１０４２２' 不是", id="wide digits"
        ),
        pytest.param(
            {"SANZAO_NOTIFY__SYSTEM_URL": "oa.bf.gov.cn/warnings"},
            r"\$\.notify\.system_url",
            id="an address without its scheme",
        ),
        pytest.param(
            {"SANZAO_NOTIFY__BATCH_DELAY_S": "1800000"},
            r"\$\.notify\.batch_delay_s",
            id="milliseconds",
        ),
        pytest.param(
            {"SANZAO_NOTIFY__LEASE_S": "10"}, "twice send_timeout_s", id="a lease too short"
        ),
        pytest.param({"SANZAO_EMAIL__SENDER": "yujing"}, r"\$\.email\.sender", id="no sender"),
        pytest.param(
            {"SANZAO_EMAIL__SENDER": "yujing＠lushan.gov.cn"}, r"\$\.email\.sender", id="a wide at"
        ),
        pytest.param(
            {"SANZAO_EMAIL__SENDER": "yujing@lushan,gov.cn"}, r"\$\.email\.sender", id="a comma"
        ),
        pytest.param({"SANZAO_KAFKA__GROUP": ""}, r"\$\.kafka\.group", id="no group"),
    ],
)
def test_a_wrong_variable_is_told_by_its_place(environment, told):
    """Unknown keys and wrong values are refused with the key, and where they came from."""
    with pytest.raises(InvalidConfigError, match=rf"(?si){told}"):
        load_settings(None, environment)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("kafka: {bootstrp: x}", r"bootstrp", id="a misspelt key"),
        pytest.param("kafak: {bootstrap: x}", r"kafak", id="a misspelt section"),
        pytest.param("kafka: {partitions: many}", r"\$\.kafka\.partitions", id="no number"),
        pytest.param("- kafka", "must be a mapping of sections", id="a list"),
        pytest.param("just words", "must be a mapping of sections", id="a sentence"),
        pytest.param("kafka: [1", "is no YAML", id="no YAML"),
        pytest.param("kafka: x", r"object.*\$\.kafka", id="a section as a value"),
        pytest.param("email: password", r"object.*\$\.email", id="a section that is a word"),
        pytest.param("email: 7", r"object.*\$\.email", id="a section that is a number"),
        pytest.param("7: x", "7", id="a key that is no text"),
        pytest.param("kafka: !!python/object:os.system {}", "is no YAML", id="a Python object"),
    ],
)
def test_a_wrong_file_is_told_by_file_and_place(file, text, told):
    """Whatever is wrong in the file, the message names the file and the key."""
    path = file(text)

    with pytest.raises(InvalidConfigError, match=rf"(?s)settings\.yaml.*{told}"):
        load_settings(path, {})


@pytest.mark.parametrize(
    "text", [pytest.param("", id="an empty file"), pytest.param("kafka:\n", id="an empty section")]
)
def test_what_is_empty_says_nothing(file, text):
    """An empty file, and a section with every line commented out, are the defaults."""
    path = file(text)

    assert load_settings(path, {}) == Settings()
    overlaid = load_settings(path, {"SANZAO_KAFKA__GROUP": "g"})
    assert overlaid.kafka.group == "g"


def test_a_file_that_is_missing_is_told(tmp_path):
    """A path that leads nowhere is named."""
    with pytest.raises(InvalidConfigError, match=r"gone\.yaml cannot be read"):
        load_settings(tmp_path / "gone.yaml", {})


def test_a_file_in_another_encoding_is_told(file):
    """A file saved in GBK, as Chinese Windows does, is a message and not a traceback."""
    path = file("notify: {office: 叶县市场监督管理局}", encoding="gbk")

    with pytest.raises(InvalidConfigError, match=r"settings\.yaml.*UTF-8"):
        load_settings(path, {})


@given(
    environment=st.dictionaries(
        st.from_regex(r"SANZAO_[A-Z_]{0,20}", fullmatch=True), st.text(max_size=10), max_size=3
    )
)
def test_any_environment_is_settings_or_one_message(environment):
    """Whatever stands in the environment, the operator gets settings or one plain message."""
    try:
        said = load_settings(None, environment)
    except InvalidConfigError as error:
        said = error

    assert isinstance(said, Settings | InvalidConfigError)


def test_documents_come_by_name():
    """The shipped knowledge has a document for each of its files."""
    documents = load_documents()

    assert {"knowledge.yaml", "rules.yaml", "indicators.yaml", "ladder.yaml"} <= set(documents)
    assert documents == load_documents(KNOWLEDGE)


def test_a_knowledge_folder_that_is_none_is_told(tmp_path):
    """The folder is named, with what should be passed instead."""
    with pytest.raises(
        InvalidConfigError, match=r"gone is no folder; 请给出含 knowledge.yaml 的目录"
    ):
        load_documents(tmp_path / "gone")


def test_a_broken_document_is_told_with_line_and_column(tmp_path):
    """An editor's slip is found by the message alone."""
    (tmp_path / "rules.yaml").write_text("- id: W01\n  name: [\n", encoding="utf-8")

    with pytest.raises(InvalidConfigError, match=r"(?s)rules\.yaml is no YAML.*line 3, column 1"):
        load_documents(tmp_path)


def test_a_variable_of_somebody_else_is_asked_for_by_name(monkeypatch):
    """What is no setting of ours is read through the same door."""
    monkeypatch.setenv("REDIS_URL", "redis://there")
    monkeypatch.delenv("NOT_THERE", raising=False)

    assert environment_value("REDIS_URL") == "redis://there"
    assert environment_value("NOT_THERE") is None


def test_professional_catalogues_stand_under_their_path(tmp_path):
    """Documents of the sub-folder carry its name; scenarios, notes, hidden files are none."""
    for name in ("rules.yaml", "professional/toys.yaml", "tests/toys.yaml", "rules.yaml.bak",
                 ".old/rules.yaml"):  # fmt: skip
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text("{a: 1}", encoding="utf-8")

    assert set(load_documents(tmp_path)) == {"rules.yaml", "professional/toys.yaml"}
    assert load_scenarios(tmp_path) == {"toys.yaml": {"a": 1}}


def test_a_file_of_scenarios_is_read_alone(tmp_path):
    """A named file is read wherever it lies, and none of the folder's."""
    mine = tmp_path / "mine.yaml"
    mine.write_text("[1]", encoding="utf-8")

    assert load_scenarios(file=mine) == {"mine.yaml": [1]}


def test_a_folder_without_scenarios_is_told(tmp_path):
    """Nothing to run is a mistake: the folder is named."""
    with pytest.raises(InvalidConfigError, match=r"tests holds no scenarios"):
        load_scenarios(tmp_path)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        pytest.param("weigths.yaml", "weights.yaml", id="a misspelt document"),
        pytest.param("rules.yml", "rules.yaml", id="another ending"),
        pytest.param("proffessional/food.yaml", "professional/", id="a misspelt folder"),
        pytest.param("professional/food.yml", "NAME.yaml", id="another ending of a catalogue"),
        pytest.param("professional/old/food.yaml", "no folder", id="a folder too deep"),
        pytest.param("history/food.yaml", "history/VERSION/", id="a document of no version"),
        pytest.param("history/v1/weigths.yaml", "weights.yaml", id="a misspelt one of a version"),
        pytest.param("history/v1/history/v0/x", "professional/", id="a past within the past"),
    ],
)
def test_what_nothing_would_read_is_refused(tmp_path, name, told):
    """A misspelt name loses a whole catalogue in silence; it is named with what is read."""
    head = "{version: v1, effective_from: 2026-01-01}"
    for one, text in (("knowledge.yaml", head), ("history/v1/knowledge.yaml", head), (name, "1")):
        file = tmp_path / one
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    with pytest.raises(InvalidConfigError) as caught:
        load.load_history(tmp_path)

    assert told in str(caught.value)


def test_an_earlier_version_has_its_own_professional_catalogues(tmp_path):
    """A catalogue that a version holds is the one of then; the others are the newer ones."""
    for name, text in (
        ("knowledge.yaml", "{version: v2, effective_from: 2026-07-01}"),
        ("professional/food.yaml", "new"),
        ("professional/toys.yaml", "new"),
        ("history/v1/knowledge.yaml", "{version: v1, effective_from: 2025-01-01}"),
        ("history/v1/professional/food.yaml", "old"),
    ):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    (version,) = load.load_history(tmp_path)

    assert version["professional/food.yaml"] == "old"
    assert version["professional/toys.yaml"] == "new"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("- id: W01\n  points: 30\n  points: 900\n",
                     "第3行第3列 line 3, column 3: 键 'points' 写了两次", id="of a line"),
        pytest.param("a: {steps: {90: 1.0, 0: 0.5, 90: 0.0}}", "键 '90' 写了两次",
                     id="of steps"),
    ],
)  # fmt: skip
def test_a_key_that_stands_twice_is_told(tmp_path, text, told):
    """Of two the last would count, and nobody would hear of the first."""
    (tmp_path / "rules.yaml").write_text(text, encoding="utf-8")

    with pytest.raises(InvalidConfigError, match=told):
        load_documents(tmp_path)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("a: 1\nlive_from: 2026-06-31\n",
                     r"line 2, column 12: .*day .*: live_from: 2026-06-31", id="June has 30 days"),
        pytest.param("a: {first: 2026-10-32}", "line 1, column 12: .*first: 2026-10-32",
                     id="no month has 32"),
        pytest.param("days: [2026-01-01, 2026-13-01]", "line 1, column 20: .*month.*days:",
                     id="in a list"),
        pytest.param("at: 2026-01-01 25:00:00", "line 1, column 5: .*hour.*at:", id="an hour"),
    ],
)  # fmt: skip
def test_a_day_that_there_is_not_is_told_by_its_line(tmp_path, text, told):
    """YAML makes a day of what looks like one; the 31st of June is a message, no traceback."""
    (tmp_path / "feeds.yaml").write_text(text, encoding="utf-8")

    with pytest.raises(InvalidConfigError, match=rf"feeds\.yaml .*{told}"):
        load_documents(tmp_path)


def test_a_version_holds_what_was_other_then(tmp_path):
    """Documents that an earlier version does not hold are those of the next newer one."""
    (tmp_path / "knowledge.yaml").write_text("{version: v3, effective_from: 2026-07-01}")
    (tmp_path / "rules.yaml").write_text("[newest]")
    (tmp_path / "indicators.yaml").write_text("[newest]")
    for name, day in (("v1", "2025-01-01"), ("v2", "2026-01-01")):
        folder = tmp_path / "history" / name
        folder.mkdir(parents=True)
        (folder / "knowledge.yaml").write_text(f"{{version: {name}, effective_from: {day}}}")
    (tmp_path / "history" / "v2" / "rules.yaml").write_text("[second]")

    second, first = load.load_history(tmp_path)

    assert second["knowledge.yaml"]["version"] == "v2"
    assert first["knowledge.yaml"]["version"] == "v1"
    assert (second["rules.yaml"], first["rules.yaml"]) == (["second"], ["second"])
    assert first["indicators.yaml"] == ["newest"]


def test_a_version_without_its_day_is_refused(tmp_path):
    """Nobody would know which months it decides."""
    (tmp_path / "knowledge.yaml").write_text("{version: v2, effective_from: 2026-07-01}")
    folder = tmp_path / "history" / "v1"
    folder.mkdir(parents=True)
    (folder / "knowledge.yaml").write_text("{version: v1}")

    with pytest.raises(load.InvalidConfigError, match="effective_from"):
        load.load_history(tmp_path)


def test_both_readers_read_alike():
    """The fast reader and the one that shows the line give the same of every shipped file."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(KNOWLEDGE.rglob("*.yaml"))]

    assert len(texts) > 20
    for text in texts:
        quick, telling = (yaml.load(text, Loader=one) for one in (_Quick, _Telling))  # noqa: S506
        assert quick == telling
