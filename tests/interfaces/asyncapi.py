"""How does AsyncAPI 3 describe all topics?  Made from the code: topics, plans, types, examples."""

import json
from typing import Any

import yaml

from detectors import events as e
from streams.topics import Topic
from tests.interfaces import run
from tests.interfaces.channels import ABOUT, kept, shipped_plan, types_on
from tests.interfaces.schemas import INTERNAL, PUBLISHED
from tests.interfaces.words import MESSAGES

FOLDER = "schemas/published"
BINDING = "0.5.0"
DEAD_LETTER = "dead.letter"
EPOCH = "log.epoch"
DESCRIPTION = (
    "sanzao 的全部 Kafka 主题，由代码生成；用法与承诺见 interfaces.md。"
    "投递：至少一次，按 CloudEvents 的 id 去重；同一键的记录在一个主题内有序，跨主题不保证顺序。"
    "分区数、副本数、保留期为默认设置（kafka.*），以部署为准。"
    "标有 x-internal 的主题只供各进程之间使用，不在约定之内。"
)
_HEADERS = {
    "sanzao-cause": {
        "type": "string",
        "enum": [cause.value for cause in e.Cause],
        "description": "为何不能成为事件",
    },
    "sanzao-detail": {"type": "string", "description": "说明：位置、事实、如何改"},
    "sanzao-topic": {"type": "string", "description": "原记录的主题"},
    "sanzao-partition": {"type": "string", "pattern": "^[0-9]+$", "description": "原分区"},
    "sanzao-offset": {"type": "string", "pattern": "^[0-9]+$", "description": "原位移"},
    "sanzao-cut": {
        "type": "string",
        "pattern": "^[0-9]+$",
        "description": "只在记录过大时：被截去的字节数，全文在原位置",
    },
}
HEADERS: dict[str, Any] = {
    "type": "object",
    "properties": _HEADERS,
    "required": [name for name in _HEADERS if name != "sanzao-cut"],
}


def document() -> dict[str, Any]:
    """Return the AsyncAPI document."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "sanzao",
            "version": "1.0.0",
            "description": DESCRIPTION,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {topic.value: _channel(topic) for topic in Topic},
        "operations": {
            f"{action}.{topic.value}": {
                "action": action,
                "channel": {"$ref": f"#/channels/{topic.value}"},
            }
            for topic in Topic
            for action in (["receive", "send"] if topic is Topic.EVENT else ["send"])
        },
        "components": {"messages": _messages()},
    }


def text() -> str:
    """Return the document as a file."""
    head = "# Made by tests/regenerate.py; do not edit.\n"
    return head + yaml.safe_dump(document(), allow_unicode=True, sort_keys=False, width=110)


def messages_on(topic: Topic) -> list[str]:
    """Return the messages of a topic, events and dead letters too."""
    if topic is Topic.EVENT:
        return list(e.event_types())
    if topic in {Topic.DEAD, Topic.QUARANTINE}:
        return [DEAD_LETTER]
    return [EPOCH] if topic is Topic.EPOCH else types_on(topic)


def _channel(topic: Topic) -> dict[str, Any]:
    about, plan = ABOUT[topic], shipped_plan()
    configs = plan.configs_of(topic)
    return {
        "address": topic.value,
        "title": about.what,
        "description": f"键：{about.key}。分区：{about.partition}。保留：{kept(topic)}。"
        f"后来的消费者：{about.late}。",
        **({"x-internal": True} if about.is_internal else {}),
        "messages": {
            type_: {"$ref": f"#/components/messages/{type_}"} for type_ in messages_on(topic)
        },
        "bindings": {
            "kafka": {
                "topic": topic.value,
                "partitions": plan.partitions_of(topic),
                "replicas": plan.replication,
                "topicConfiguration": {
                    name: [text] if name == "cleanup.policy" else int(text)
                    for name, text in sorted(configs.items())
                },
                "bindingVersion": BINDING,
            }
        },
    }


def _messages() -> dict[str, Any]:
    """Return every message: events, what is published, what stays inside, dead letters."""
    found: dict[str, Any] = {}
    for type_, payload in e.event_types().items():
        words = (payload.__doc__ or "").split("\n")[0]
        found[type_] = {"title": words, "payload": {"$ref": f"schemas/{type_}.json"}}
    for type_ in [*PUBLISHED, *INTERNAL]:
        found[type_] = {
            "title": MESSAGES[type_],
            "payload": {"$ref": f"{FOLDER}/{type_}.json"},
        }
        if type_ in PUBLISHED:
            found[type_]["examples"] = [{"name": "run", "payload": example(type_)}]
        if type_ == Topic.SNAPSHOT:
            found[type_]["contentType"] = "application/msgpack"
    found[DEAD_LETTER] = {
        "title": "原记录：键与内容原样，原因在消息头",
        "contentType": "application/octet-stream",
        "headers": HEADERS,
        "payload": {"description": "原记录的内容"},
    }
    found[EPOCH] = {
        "title": "事件日志重建的时刻，整数秒",
        "contentType": "text/plain",
        "payload": {"type": "string", "pattern": "^[0-9]+$"},
    }
    return found


def example(type_: str) -> Any:
    """Return a real message: the last that the agents published of a type."""
    told = [one.said for one in run.records() if one.is_published and one.type == type_]
    return json.loads(json.dumps(told[-1]))  # YAML would write aliases for what is shared
