"""What is wrong, and how is it mended, in the words of whoever sits at the terminal?

The Chinese line says what to do; the message of the error itself says where.
"""

import errno
from collections.abc import Mapping

from alerts.knowledge import InvalidKnowledgeError as InvalidAlertsError
from alerts.notification_log import LogUnreachableError
from config.load import InvalidConfigError
from detectors.functions import InvalidKnowledgeError
from detectors.scenario import InvalidScenarioError
from detectors.state import IncompatibleStateError
from streams.broker_refusals import BrokerRefusedError
from streams.double_publicity import UnreadableFileError
from streams.mistake_words import what_is_wanted
from streams.month_end import MonthRefusedError
from streams.official_files import InvalidResultError
from streams.publisher import NotPublishedError
from streams.sample_guard import SampleTellsRealPeopleError
from streams.store import StoreUnavailableError
from streams.topics import BrokerUnreachableError, PartitionsDifferError, TopicsMissingError
from streams.whole_states import StatesMissingError

_NO_REDIS = "Redis 没有应答，请核对 redis.url（SANZAO_REDIS__URL），并确认 Redis 在运行"
_REMEDIES: Mapping[type[Exception], str] = {
    InvalidConfigError: "设置或文件不能用，请按所指的文件、变量和键更正",
    InvalidKnowledgeError: "知识目录有误，请按所指的文件和键更正，再运行 sanzao check-config",
    InvalidAlertsError: "知识目录有漏洞，请按所指的文件和键补全，再运行 sanzao check-config",
    SampleTellsRealPeopleError: "名录或短信模板仍是附带的示例，人员与电话均为虚构，未启动："
    "请换成本县的，再删除 sample: true 一行",
    InvalidScenarioError: "规则场景文件有误，请按所指的场景更正",
    BrokerRefusedError: "Kafka 有应答但拒绝了请求：请核对账号的权限；Kafka 不支持幂等生产者的，"
    "把 kafka.idempotent（SANZAO_KAFKA__IDEMPOTENT）改为 false",
    BrokerUnreachableError: "连不上 Kafka，请核对 kafka.bootstrap（SANZAO_KAFKA__BOOTSTRAP），"
    "并确认 Kafka 在运行",
    TopicsMissingError: "Kafka 中缺少主题，请用有权限的账号运行 sanzao topics create",
    PartitionsDifferError: "分区数与主题不符，请把 kafka.partitions 改为主题的实际分区数",
    StatesMissingError: "Redis 中没有已处理企业的状态：请恢复 Redis 的备份，或换一个 "
    "kafka.group 从头重读日志（见 docs/runbook.md“Redis 丢失或为空”）",
    NotPublishedError: "Kafka 没有确认收到，请恢复 Kafka 后再次执行；已发布的不会重复生效",
    StoreUnavailableError: _NO_REDIS,
    LogUnreachableError: _NO_REDIS,
    IncompatibleStateError: "Redis 中的状态由另一版本写入，请用原版本，或清空 Redis 后重放日志",
    MonthRefusedError: "未执行，官方月份未作任何改动",
    InvalidResultError: "省局结果文件有误，未导入任何一行，请按所指的行更正后重新导入",
    UnreadableFileError: "文件不能读，请按提示重新导出",
}
# What can be mended at the terminal; anything else is a fault of ours and keeps its traceback.
MENDABLE: tuple[type[Exception], ...] = (*_REMEDIES, OSError)
_SYSTEM = {
    errno.ENOENT: "找不到文件 {file}，请核对路径",
    errno.EACCES: "无权读写 {file}，请核对文件权限",
    errno.EPERM: "无权读写 {file}，请核对文件权限",
    errno.EISDIR: "{file} 是目录，请给出文件",
    errno.ENOTDIR: "{file} 的上级不是目录，请核对路径",
    errno.EEXIST: "{file} 已存在且不是目录，请换一个路径",
    errno.ENOSPC: "磁盘已满，请清理后重试",
    errno.EROFS: "{file} 所在磁盘只读，请换一个路径",
    errno.EADDRINUSE: "端口已被占用，请核对 web.port（SANZAO_WEB__PORT）",
}


def in_plain_words(error: Exception) -> str:
    """Return one message: what is wrong and how to mend it in Chinese, then the error itself.

    >>> in_plain_words(FileNotFoundError(2, "No such file", "events.jsonl")).split("。")[0]
    '找不到文件 events.jsonl，请核对路径'
    """
    for kind, remedy in _REMEDIES.items():
        if isinstance(error, kind):
            wanted = what_is_wanted(error)
            return f"{remedy}。{wanted}。{error}" if wanted else f"{remedy}。{error}"
    if isinstance(error, OSError) and error.errno in _SYSTEM:
        told = _SYSTEM[error.errno].format(file=error.filename or "文件")
        return f"{told}。{error}"
    return str(error)
