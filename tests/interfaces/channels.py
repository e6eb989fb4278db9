"""What is each topic for, by what is it keyed, and how does a late consumer catch up?"""

import dataclasses

from config.schema import Kafka
from streams.topics import DAY_MS, Plan, Topic
from tests.interfaces import run
from tests.interfaces.schemas import INTERNAL, PUBLISHED


@dataclasses.dataclass(frozen=True)
class About:
    """A topic in the words of whoever reads it; ``partition`` says which partition a key is in."""

    what: str
    key: str
    partition: str
    late: str
    is_internal: bool = False


_AS_LOG = "与事件在事件日志中的分区同号"
_BY_KEY = "按键（murmur2，与 Java 客户端默认相同）"
_ONE = "只有一个分区"
_MEASURE = (
    "企业代码",
    _AS_LOG,
    "现状读 `warning.state.v1`；本主题只回放保留期内的历史",
)
ABOUT: dict[Topic, About] = {
    Topic.EVENT: About("输入：企业事件", "企业代码", _BY_KEY, "不供下游订阅"),
    Topic.DEAD: About(
        "不能成为事件的记录，原样保存，原因在消息头", "原记录的键", _ONE, "从头读，保留期内都在"
    ),
    Topic.QUARANTINE: About(
        "代码校验位不符、待人工核对的记录", "原记录的键", _ONE, "从头读，保留期内都在"
    ),
    Topic.RISK: About(
        "每户企业的最新风险卡片", "企业代码", _AS_LOG, "从头读：每户至少有最新一张"
    ),
    Topic.CLASS: About(
        "实时等级变化；每月官方等级及其更正",
        "企业代码",
        "实时变化：" + _AS_LOG + "；官方等级：" + _BY_KEY,
        "官方等级先取 `sanzao classes export` 的文件，再读本主题；实时等级取 `enterprise.risk.v1`",
    ),
    Topic.REMINDER: About("提醒", *_MEASURE),
    Topic.WARNING: About("警示", *_MEASURE),
    Topic.INTERVIEW: About("约谈", *_MEASURE),
    Topic.INSPECTION: About("检查（建议，须人工确认）", *_MEASURE),
    Topic.WARNING_STATE: About(
        "每条预警的最新状态；人对它的每次办理",
        "预警编号；办理记录为预警编号/事件（与该预警同一分区）",
        "按预警编号（murmur2，与 Java 客户端默认相同）",
        "从头读：每条预警至少有最新一条，办理记录全部都在",
    ),
    Topic.BOND: About(
        "关联关系的变化", "交汇点编号（散列）", _BY_KEY, "内部", is_internal=True
    ),
    Topic.EXAMPLE: About("学习样本", "领域代码", _BY_KEY, "内部", is_internal=True),
    Topic.SNAPSHOT: About("每个领域的最新模型", "领域代码", _BY_KEY, "内部", is_internal=True),
    Topic.NOTIFICATION: About(
        "短信、邮件的回执", "预警编号", _BY_KEY, "从头读，保留期内都在；更早的用 `sanzao messages`"
    ),
    Topic.CLUSTER: About(
        "区域、行业风险预警（W28）", "地区代码", _BY_KEY, "从头读，保留期内都在"
    ),
    Topic.EPOCH: About(
        "事件日志的纪元（整数文本）", "`enterprise.event.v1`", _ONE, "内部", is_internal=True
    ),
}  # fmt: skip


def shipped_plan() -> Plan:
    """Return the plan of the topics by the default settings."""
    kafka = Kafka()
    return Plan(kafka.partitions, kafka.replication, kafka.retention_days)


def types_on(topic: Topic) -> list[str]:
    """Return the published types that a topic carries, as the agents were seen to use it.

    The topics of the four measures carry the same.
    """
    alike = set(run.WARNING_TOPICS.values())
    alike = alike if topic in alike else {topic}
    seen = {one.type for one in run.records() if one.topic in alike and one.is_published}
    named = [type_ for type_ in PUBLISHED if type_ in seen]
    return named or [one for one in INTERNAL if one == topic]


def kept(topic: Topic) -> str:
    """Return in Chinese how long a topic keeps its records."""
    configs = shipped_plan().configs_of(topic)
    if configs["cleanup.policy"] == "compact":
        return "压缩：每个键保留最新一条，不过期"
    return f"{int(configs['retention.ms']) // DAY_MS} 天"
