"""Does what sanzao publishes keep the contract that a downstream system reads?"""

import copy
import json
import re

import msgspec
import pytest
import yaml

from config.schema import Kafka
from detectors.schemas import DIALECT
from streams.topics import WARNING_TOPICS, Plan, Topic
from tests.interfaces import asyncapi, run, words
from tests.interfaces.channels import types_on
from tests.interfaces.schemas import INTERNAL, PUBLISHED, fields_of, schema_of, structs_of
from tests.json_schema import problems
from tests.regenerate import DOCS, published_files

TYPES = [*PUBLISHED, *INTERNAL]
FOLDER = DOCS / "schemas" / "published"
TOPICS = [pytest.param(topic, id=topic.value) for topic in Topic]
OURS = [topic for topic in Topic if types_on(topic)]
WITH_ENVELOPE = [topic for topic in OURS if topic.value not in INTERNAL]


def published(topic):
    """Return the records of a topic."""
    return [one for one in run.records() if one.topic is topic]


def as_json(record):
    """Return what a record says, as JSON; snapshots are msgpack."""
    if record.topic is Topic.SNAPSHOT:
        return json.loads(msgspec.json.encode(msgspec.msgpack.decode(record.value)))
    return record.said


def document():
    """Return the AsyncAPI document as a consumer reads it."""
    return yaml.safe_load((DOCS / "asyncapi.yaml").read_text(encoding="utf-8"))


def file_of(reference):
    """Return the schema that a payload refers to, from its file."""
    return json.loads((DOCS / reference).read_text(encoding="utf-8"))


def test_the_schema_files_equal_what_the_code_makes():
    """A changed struct changes its file, and a message that is gone takes its file with it."""
    assert {one.name: one.read_text("utf-8") for one in FOLDER.iterdir()} == published_files()


@pytest.mark.parametrize("type_", TYPES)
def test_a_schema_is_whole(type_):
    """A schema names its dialect and refers to nothing outside itself."""
    schema = schema_of(type_)
    references = set(re.findall(r'"\$ref": "([^"]*)"', json.dumps(schema)))

    assert schema["$schema"] == DIALECT
    assert references <= {f"#/$defs/{name}" for name in schema["$defs"]}


@pytest.mark.parametrize("topic", OURS)
def test_what_the_agents_publish_is_what_the_schema_says(topic):
    """Every record of the run keeps the schema of its type, by the file that others read."""
    told = published(topic)
    types = [topic.value] if topic.value in INTERNAL else [one.type for one in told]

    wrong = [
        (type_, what)
        for one, type_ in zip(told, types * len(told), strict=False)
        for what in problems(as_json(one), json.loads((FOLDER / f"{type_}.json").read_text()))
    ]

    assert told
    assert wrong == []


def test_every_message_is_published_in_the_run():
    """A type that nobody was seen to publish would have a schema that nothing holds."""
    assert {type_ for topic in Topic for type_ in types_on(topic)} == set(TYPES)


@pytest.mark.parametrize("type_", PUBLISHED)
def test_a_message_without_one_of_its_words_is_refused(type_):
    """Each field that is promised is asked for, in the envelope and in the data."""
    whole, schema = asyncapi.example(type_), schema_of(type_)
    promised = [name for name, always, _ in fields_of(PUBLISHED[type_]) if always]

    for name in promised:
        poorer = copy.deepcopy(whole)
        del poorer["data"][name]
        assert problems(poorer, schema), name
    for name in whole:
        assert problems({one: whole[one] for one in whole if one != name}, schema), name


@pytest.mark.parametrize("type_", PUBLISHED)
def test_a_later_field_breaks_nobody(type_):
    """The promise that fields may be added: a schema of today takes a message of tomorrow."""
    later = asyncapi.example(type_)
    later["data"]["of_tomorrow"] = 1

    assert problems(later | {"extension": "x"}, schema_of(type_)) == []


@pytest.mark.parametrize("topic", WITH_ENVELOPE)
def test_a_record_is_keyed_as_the_contract_says(topic):
    """By enterprise; a state and a receipt by warning, an act by itself; a region by its place."""
    keys = {
        Topic.WARNING_STATE: lambda said: said["data"].get("id") or said["id"],
        Topic.NOTIFICATION: lambda said: said["data"]["warning_id"],
        Topic.CLUSTER: lambda said: said["data"]["place"],
    }
    key_of = keys.get(topic, lambda said: said["subject"])

    assert [one.key for one in published(topic)] == [key_of(one.said) for one in published(topic)]


def test_one_message_stands_on_both_topics_under_one_id():
    """Who reads by measure and who reads by warning see the same record, not two of a kind."""
    by_measure = {one.said["id"]: one.value for topic in WARNING_TOPICS.values()
                  for one in published(topic)}  # fmt: skip
    by_warning = {one.said["id"]: one.value for one in published(Topic.WARNING_STATE)}

    assert by_measure
    assert by_measure.items() <= by_warning.items()


def test_no_two_messages_of_a_topic_share_an_id():
    """Whoever keeps each id and skips what is there loses nothing of a warning's life."""
    told = [one for step in run.life() for one in step.records]
    places = [(one.topic, one.said["id"]) for one in told]

    assert len(places) == len(set(places)) > 8


@pytest.mark.parametrize("type_", PUBLISHED)
def test_every_field_is_explained(type_):
    """What a field means is said in Chinese; ``meaning_of`` refuses one that nobody explained."""
    for struct in structs_of(PUBLISHED[type_]):
        assert all(meaning for _, _, meaning in fields_of(struct))


def test_nothing_is_explained_that_is_gone():
    """A field that was taken away takes its words with it."""
    there = {
        (struct.__name__, name)
        for data in PUBLISHED.values()
        for struct in structs_of(data)
        for name, _, _ in fields_of(struct)
    }

    assert words.unused() <= there


def test_the_document_is_what_the_code_makes():
    """docs/asyncapi.yaml is made by `python -m tests.regenerate`, and is not edited by hand."""
    assert (DOCS / "asyncapi.yaml").read_text(encoding="utf-8") == asyncapi.text()


@pytest.mark.parametrize("topic", TOPICS)
def test_every_topic_stands_in_the_document_with_its_plan(topic):
    """Partitions, replicas and what the broker is told to keep, as ``topics create`` makes them."""
    kafka = Kafka()
    plan = Plan(kafka.partitions, kafka.replication, kafka.retention_days)

    channel = document()["channels"][topic.value]

    told = channel["bindings"]["kafka"]
    assert channel["address"] == told["topic"] == topic.value
    assert (told["partitions"], told["replicas"]) == (plan.partitions_of(topic), plan.replication)
    assert plan.configs_of(topic) == {
        name: value[0] if isinstance(value, list) else str(value)
        for name, value in told["topicConfiguration"].items()
    }


def test_the_document_knows_no_topic_of_its_own():
    """A topic that is gone leaves the document."""
    assert set(document()["channels"]) == {topic.value for topic in Topic}


def test_every_reference_of_the_document_leads_somewhere():
    """Channels name messages that are there; payloads name schema files that are there."""
    said = document()
    messages = said["components"]["messages"]
    named = {
        one["$ref"] for channel in said["channels"].values() for one in channel["messages"].values()
    }
    files = {one["payload"]["$ref"] for one in messages.values() if "$ref" in one["payload"]}

    assert named == {f"#/components/messages/{name}" for name in messages}
    assert files == {str(file.relative_to(DOCS)) for file in (DOCS / "schemas").rglob("*.json")}


def test_the_examples_of_the_document_keep_their_schemas():
    """What a consumer copies from the document is what the schema file takes."""
    for name, message in document()["components"]["messages"].items():
        for example in message.get("examples", ()):
            assert problems(example["payload"], file_of(message["payload"]["$ref"])) == [], name


def test_dead_letters_carry_the_headers_of_the_document():
    """Their cause and their place stand in the headers; the record itself is untouched."""
    for topic in (Topic.DEAD, Topic.QUARANTINE):
        (letter,) = published(topic)
        assert problems(letter.headers, asyncapi.HEADERS) == []
        assert letter.headers["sanzao-topic"] == Topic.EVENT.value
        assert problems({}, asyncapi.HEADERS)
