"""Which tables of docs/interfaces.md are made from the code?"""

import json

from streams.topics import Topic
from tests.interfaces import run
from tests.interfaces.asyncapi import DEAD_LETTER, EPOCH, example, messages_on
from tests.interfaces.channels import ABOUT, kept
from tests.interfaces.schemas import INTERNAL, PUBLISHED, fields_of, structs_of
from tests.interfaces.words import ENVELOPE, MESSAGES


def tables() -> dict[str, str]:
    """Return the tables by the name that stands in their mark."""
    return {
        "topics": topic_table(),
        "messages": message_table(),
        "life": life_table(),
        "records": life_records(),
        "fields": field_tables(),
    }


def topic_table() -> str:
    """Return every topic: what it is for, its key, how long it keeps, how one catches up."""
    rows = [
        "| 主题 | 内容 | 键 | 分区 | 保留 | 后来的消费者 |",
        "|---|---|---|---|---|---|",
    ]
    for topic in Topic:
        about = ABOUT[topic]
        what = f"（内部）{about.what}" if about.is_internal else about.what
        cells = (f"`{topic.value}`", what, about.key, about.partition, kept(topic), about.late)
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows)


def message_table() -> str:
    """Return every message: on which topics, and an id as the agents made it."""
    rows = [
        "| 类型 `type` | 含义 | 主题 | `id` 示例 | `subject` 示例 |",
        "|---|---|---|---|---|",
    ]
    for type_ in PUBLISHED:
        on = " ".join(f"`{topic.value}`" for topic in Topic if type_ in messages_on(topic))
        one = example(type_)
        rows.append(
            f"| [`{type_}`](schemas/published/{type_}.json) | {MESSAGES[type_]} | {on} "
            f"| `{one['id']}` | `{one['subject']}` |"
        )
    for topic in Topic:
        for type_ in messages_on(topic):
            if type_ in {DEAD_LETTER, EPOCH} or type_ in INTERNAL:
                words = MESSAGES.get(type_, ABOUT[topic].what)
                rows.append(f"| – | {words} | `{topic.value}` | – | – |")
    return "\n".join(rows)


def life_table() -> str:
    """Return the lives of two warnings, record by record."""
    rows = [
        "| 日期与事由 | 主题 | `type` | `id` | `measure` | `status` |",
        "|---|---|---|---|---|---|",
    ]
    for step in run.life():
        what = step.what
        for one in step.records:
            said, data = one.said, one.said["data"]
            rows.append(
                f"| {what} | `{one.topic.value}` | `{said['type']}` | `{said['id']}` "
                f"| `{data['measure']}` | `{data.get('status') or data['state']}` |"
            )
            what = "〃"
        if not step.records:
            rows.append(f"| {what} | –（仍有事由，无消息） | | | | |")
    return "\n".join(rows)


def life_records() -> str:
    """Return one whole record of each type that a warning's life has."""
    parts, seen = [], set[str]()
    for step in run.life():
        for one in step.records:
            if one.type in seen:
                continue
            seen.add(one.type)
            whole = json.dumps(one.said, ensure_ascii=False, indent=1)
            parts.append(f"`{one.type}`，键 `{one.key}`：\n\n```json\n{whole}\n```")
    return "\n\n".join(parts)


def field_tables() -> str:
    """Return what each field of each message means; `?` where a record may lack it."""
    parts = ["信封（每条 CloudEvent 都有）：\n\n" + _table(_envelope())]
    shown: set[type] = set()
    for data in PUBLISHED.values():
        for struct in structs_of(data):
            if struct in shown:
                continue
            shown.add(struct)
            alike = "、".join(f"`{one}`" for one, other in PUBLISHED.items() if other is data)
            title = f"{alike} 的 `data`" if struct is data else f"其中的 {struct.__name__}"
            parts.append(f"{title}：\n\n" + _table(fields_of(struct)))
    return "\n\n".join(parts)


def _envelope() -> list[tuple[str, bool, str]]:
    return [(name, True, words) for name, words in ENVELOPE.items()]


def _table(fields: list[tuple[str, bool, str]]) -> str:
    rows = ["| 字段 | 含义 |", "|---|---|"]
    rows += [f"| `{name}`{'' if always else '?'} | {words} |" for name, always, words in fields]
    return "\n".join(rows)
