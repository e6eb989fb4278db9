"""Is the wanted value named for the files that a county's own people edit?"""

import msgspec
import pytest

from alerts.authority import parse_authorities
from alerts.knowledge import Fault
from config.load import DOCUMENTS, InvalidConfigError, load_documents, load_settings
from detectors import events as e
from detectors.events import Cause, InvalidEventError
from detectors.knowledge_check import parse
from detectors.scenario import InvalidScenarioError, parse_scenarios
from streams.assembly import build_feeds
from streams.event_complaints import WORDS, complaint_of
from streams.mistake_words import KINDS, what_is_wanted
from streams.plain_words import in_plain_words
from tests import builders as b


def refused(act, *arguments):
    """Return the message that a person reads."""
    with pytest.raises(ValueError) as told:  # noqa: PT011 - every refusal of ours is one
        act(*arguments)
    return in_plain_words(told.value)


def test_every_document_has_its_type():
    """A file of a name that is read, but of no known type, could not name its values."""
    assert set(KINDS) == DOCUMENTS


@pytest.mark.parametrize("name", sorted(KINDS))
def test_the_type_is_that_of_the_shipped_file(name):
    """Values named from another type than the file is read as would mislead."""
    is_calendar = name == "calendar.yaml"

    assert msgspec.convert(load_documents()[name], KINDS[name], str_keys=is_calendar)


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        pytest.param(
            "SANZAO_MODEL__MODE", "on", "model.mode：不能写 'on'，应为下列之一：live、none（",
            id="a choice",
        ),
        pytest.param(
            "SANZAO_NOTIFY__QUIET_HOURS", "22时", "（例如 22:00-07:30）", id="a pattern"
        ),
        pytest.param("SANZAO_KAFKA__PARTITIONS", "many", "kafka.partitions：应为整数，写的是文本",
                     id="a number"),
        pytest.param("SANZAO_KAFKA__BOOTSTARP", "x", "没有 bootstarp 这个键，请核对拼写，可用的键："
                     "bootstrap、group", id="a misspelt key"),
    ],
)  # fmt: skip
def test_a_setting_says_what_it_may_be(name, text, told):
    """Permitted values, keys, and the usual value as an example."""
    assert told in refused(load_settings, None, {name: text})


def roster(change):
    """Return a changed roster of the shipped knowledge."""
    document = msgspec.convert(load_documents()["authorities.yaml"], dict)
    copy = msgspec.json.decode(msgspec.json.encode(document))
    change(copy)
    return copy


@pytest.mark.parametrize(
    ("change", "told"),
    [
        pytest.param(
            lambda d: d["authorities"][0].update(tier="所"),
            "authorities第1项.tier：不能写 '所'，应为下列之一：station、county、city、province",
            id="a tier in Chinese",
        ),
        pytest.param(
            lambda d: d["people"][1].update(phone=13800000000),
            "people第2项.phone：应为文本，写的是整数，请加上引号",
            id="an unquoted phone",
        ),
        pytest.param(
            lambda d: d["people"][0].update(phone="0375"),
            "手机号须为 1 开头的 11 位数字",
            id="no mobile number",
        ),
    ],
)
def test_a_roster_says_what_it_wants(change, told):
    """The file that each county writes anew names values, not expressions."""
    assert told in refused(parse_authorities, roster(change))


def test_a_rule_and_a_feed_say_what_they_want():
    """Of the catalogue and the feeds, too, through whatever error they are told by."""
    documents = load_documents()
    rules = msgspec.json.decode(msgspec.json.encode(documents["rules.yaml"]))
    rules[0]["tiers"][0]["measure"] = "约谈"
    feeds = msgspec.json.decode(msgspec.json.encode(documents["feeds.yaml"]))
    feeds["feeds"][0]["slo"] = "1日"
    calendar = b.expertise().knowledge.calendar

    of_rule = refused(parse, documents | {"rules.yaml": rules})
    of_feed = refused(build_feeds, documents | {"feeds.yaml": feeds}, calendar)

    assert "应为下列之一：reminder、warning、interview、inspection" in of_rule
    assert "没有 slo 这个键，请核对拼写，可用的键：code" in of_feed


def test_a_scenario_says_what_it_wants():
    """Both of the scenario itself, and of an event in it."""
    with pytest.raises(InvalidScenarioError) as told:
        parse_scenarios("a.yaml", [{"场景": "甲", "events": [], "expect": {"class": "A"}}])

    assert what_is_wanted(told.value) == "第1项.events：至少 1 项"


def test_an_event_says_what_it_wants():
    """A line of a file names the values of its own event type, the line and the cause."""
    right = msgspec.json.decode(e.encode(b.event(b.penalty())))
    raw = msgspec.json.encode(right | {"data": right["data"] | {"severity": "严重"}})
    with pytest.raises(InvalidEventError) as refusal:
        e.decode(raw)

    told = complaint_of(7, refusal.value, raw)

    assert told.startswith(
        "第7行：data.severity：不能写 '严重'，应为下列之一：general、minor、severe。line 7: "
    )


def test_each_cause_has_its_words():
    """Whatever the stream would refuse, its line begins in Chinese."""
    assert set(WORDS) == set(Cause)


def test_what_was_not_of_a_wrong_shape_is_left_alone():
    """An error with words of its own gets none of ours."""
    error = InvalidConfigError("redis.url is no address")

    assert what_is_wanted(error) == ""
    assert what_is_wanted(ValueError(str(Fault("a.yaml", "b", "c", "d")))) == ""
