"""What is wrong with a line of an event file, for whoever made the file?"""

from collections.abc import Mapping

from detectors.events import Cause, InvalidEventError
from streams.mistake_words import of_event

NOT_UTF8 = "不是 UTF-8 编码"
WORDS: Mapping[Cause, str] = {
    Cause.TOO_LARGE: "事件过大，附件只写哈希",
    Cause.NOT_JSON: "不是完整的 JSON",
    Cause.INVALID: "字段不合要求",
    Cause.UNKNOWN_TYPE: "没有这种事件类型，可用的见 docs/events.md",
    Cause.INVALID_SUBJECT: "subject 不是统一社会信用代码",
    Cause.QUARANTINED_SUBJECT: "subject 的校验位不符；登记机关确有此码的，写入 knowledge.yaml 的 "
    "allowed_usccs",
    Cause.FUTURE: "时间在收到之后，请核对来源的日期与时钟",
    Cause.UNKNOWN_DOMAIN: "没有这个领域代码",
    Cause.FOREIGN_SOURCE: "这类事件不收这个来源（source）的",
    Cause.FOUR_EYES: "约谈须由另一人办结",
    Cause.CRASH: "程序出错，请报告",
}


def complaint_of(line: int, error: InvalidEventError, raw: bytes = b"") -> str:
    """Return which line is wrong and how in Chinese, then in the words of the dead letters.

    >>> complaint_of(2, InvalidEventError(Cause.NOT_JSON, "not JSON: truncated"), b"{")
    '第2行：不是完整的 JSON。line 2: not_json: not JSON: truncated'
    """
    said = of_event(error, raw) or WORDS[error.cause]
    if not is_utf8(raw):  # whatever else is wrong, the wrong letters are the cause
        said = NOT_UTF8
    if "`$.data.supersedes` is empty" in error.detail:
        said = "data.supersedes 为空，须写它所指事件的 id"
    return f"第{line}行：{said}。line {line}: {error.cause.value}: {error.detail}"


def is_utf8(raw: bytes) -> bool:
    """Whether bytes are text in UTF-8.

    >>> is_utf8("处罚".encode()), is_utf8("处罚".encode("gbk"))
    (True, False)
    """
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True
