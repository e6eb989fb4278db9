"""What is wrong with the shape of a file, said in Chinese: which value is wanted?

msgspec says it in a dozen English phrases, and of an enumeration it does not name the values.
Ours says it for whoever edits the file; msgspec's own sentence stands behind it, for searches.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from msgspec import inspect

_WHERE = re.compile(r"(?P<fact>.*?)(?: - at (?P<key>`key` in )?`\$?(?P<path>.*)`)?", re.DOTALL)
_STEP = re.compile(r"\.(?P<field>[^.\[\]]+)|\[(?P<item>[^\]]*)\]")
_ITEM = re.compile(r"\[(\d+)\]")  # msgspec counts from 0, people from 1
_TYPES = {
    "str": "文本",
    "int": "整数",
    "float": "数",
    "bool": "true 或 false",
    "null": "空（null）",
    "array": "列表",
    "object": "键与值",
    "date": "日期（如 2026-07-01）",
    "datetime": "带时区的时间（如 2026-07-01T09:00:00+08:00）",
}
_LEAST = {">=": "不能小于", "<=": "不能大于", ">": "须大于", "<": "须小于"}
_COUNTED = {"str": "个字符", "array": "项", "object": "项", "bytes": "个字节"}
# More than a person looks through: whoever wants them all finds them in the documentation.
MOST_NAMED = 40


def in_chinese(complaint: str, kind: Any = None, *, example: object = None) -> str:
    """Return msgspec's complaint in Chinese, or "" where it is not one of its phrases.

    ``kind`` is the type of the whole document: from it the permitted values and keys are named.
    ``example`` is a value that would be taken.

    >>> in_chinese("Object missing required field `name` - at `$.people[0]`")
    'people第1项：缺少必填的键 name'
    """
    found = _WHERE.fullmatch(complaint)
    assert found is not None, "it matches any text"
    path = found["path"] or ""
    for phrase, say in _PHRASES:
        match = phrase.fullmatch(found["fact"])
        if match:
            at = [] if kind is None else _at(kind, path, is_key=bool(found["key"]))
            said = say(match, at)
            where = _ITEM.sub(lambda item: f"第{int(item[1]) + 1}项", path.removeprefix("."))
            shown = f"（例如 {example}）" if example not in {None, ""} else ""
            return f"{where}：{said}{shown}" if where else f"{said}{shown}"
    return ""


def _missing(match: re.Match[str], _: list[inspect.Type]) -> str:
    return f"缺少必填的键 {match[1]}"


def _unknown(match: re.Match[str], at: list[inspect.Type]) -> str:
    fields = [
        f.encode_name for one in at if isinstance(one, inspect.StructType) for f in one.fields
    ]
    named = f"，可用的键：{'、'.join(fields)}" if 0 < len(fields) <= MOST_NAMED else ""
    return f"没有 {match[1]} 这个键，请核对拼写{named}"


def _no_member(match: re.Match[str], at: list[inspect.Type]) -> str:
    values = [str(value) for one in at for value in _values(one)]
    if 0 < len(values) <= MOST_NAMED:
        return f"不能写 {match[1]}，应为下列之一：{'、'.join(values)}"
    return f"不能写 {match[1]}，它不在允许的取值之内"


def _other_type(match: re.Match[str], _: list[inspect.Type]) -> str:
    wanted, got = match[1].split(" | "), match[2]
    said = f"应为{'或'.join(_TYPES.get(one, one) for one in wanted)}，写的是{_TYPES.get(got, got)}"
    return said + ("，请加上引号" if "str" in wanted and got in {"int", "float", "date"} else "")


def _of_length(match: re.Match[str], _: list[inspect.Type]) -> str:
    return f"{'至少' if match[2] == '>=' else '至多'} {match[3]} {_COUNTED[match[1]]}"


def _so_many(match: re.Match[str], _: list[inspect.Type]) -> str:
    most = {"at least length ": "至少", "at most length ": "至多", "length ": "应有"}[match[1]]
    got = f"，写了 {match[3]} 项" if match[3] else ""
    return f"{most} {match[2].replace(' to ', ' 至 ')} 项{got}"


def _not_matching(match: re.Match[str], _: list[inspect.Type]) -> str:
    # msgspec writes it as Python would, each backslash twice.
    return "格式不对，应符合 " + match[2].replace("\\\\", "\\")


def _plain(words: str) -> Callable[[re.Match[str], list[inspect.Type]], str]:
    return lambda match, _: match.expand(words)


_PHRASES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], list[inspect.Type]], str]], ...] = (
    (re.compile(r"Object missing required field `(.+)`"), _missing),
    (re.compile(r"Object contains unknown field `(.+)`"), _unknown),
    (re.compile(r"Invalid enum value (.+)", re.DOTALL), _no_member),
    (re.compile(r"Invalid value (.+)", re.DOTALL), _no_member),
    (re.compile(r"Expected `(.+)`, got `(.+)`"), _other_type),
    (re.compile(r"Expected `(str|array|object|bytes)` of length (>=|<=) (\d+)"), _of_length),
    (
        re.compile(
            r"Expected `array` of (at least length |at most length |length )"
            r"(\d+(?: to \d+)?)(?:, got (\d+))?"
        ),
        _so_many,
    ),
    (re.compile(r"Expected `str` matching regex (['\"])(.*)\1"), _not_matching),
    (
        re.compile(r"Expected `(?:int|float)` (>=|<=|>|<) (\S+)"),
        lambda match, _: f"{_LEAST[match[1]]} {match[2]}",
    ),
    (re.compile(r"Expected `\w+` that's a multiple of (\S+)"), _plain(r"须是 \1 的倍数")),
    (re.compile(r"Expected `\w+` with a timezone component"), _plain("时间须带时区，如 +08:00")),
    (re.compile(r"Expected `\w+` with no timezone component"), _plain("时间不带时区")),
    (re.compile(r"Invalid RFC3339 encoded date"), _plain("不是日期，写作 2026-07-01")),
    (
        re.compile(r"Invalid RFC3339 encoded datetime"),
        _plain("不是时间，写作 2026-07-01T09:00:00+08:00"),
    ),
    (re.compile(r"Invalid RFC3339 encoded time"), _plain("不是时刻，写作 09:00:00")),
    (re.compile(r"(?:Integer value|Number|Timestamp is) out of range"), _plain("数值过大")),
)  # fmt: skip


def _at(kind: Any, path: str, *, is_key: bool) -> list[inspect.Type]:
    """Return what may stand at a place of a document of ``kind``."""
    at = list(_members(inspect.type_info(kind)))
    for step in _STEP.finditer(path):
        at = [
            member
            for one in at
            for inner in _inside(one, step["field"])
            for member in _members(inner)
        ]
    if is_key:
        at = [m for one in at if isinstance(one, inspect.DictType) for m in _members(one.key_type)]
    return at


def _inside(one: inspect.Type, field: str | None) -> Iterator[inspect.Type]:
    """Yield what a field, or else any item, of ``one`` may be."""
    match one:
        case inspect.StructType() if field is not None:
            yield from (f.type for f in one.fields if f.encode_name == field)
        case inspect.DictType() if field is None:
            yield one.value_type
        case inspect.TupleType() if field is None:
            yield from one.item_types
        case inspect.CollectionType() if field is None:
            yield one.item_type
        case _:
            return


def _members(one: inspect.Type) -> Iterator[inspect.Type]:
    """Yield the types of which a union is made; of another type itself."""
    match one:
        case inspect.UnionType():
            for member in one.types:
                yield from _members(member)
        case inspect.Metadata():
            yield from _members(one.type)
        case _:
            yield one


def _values(one: inspect.Type) -> Iterator[object]:
    """Yield what a closed choice permits."""
    match one:
        case inspect.EnumType():
            yield from (member.value for member in one.cls)
        case inspect.LiteralType():
            yield from one.values
        case _:
            return
