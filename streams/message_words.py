"""How is a message to a person spoken of: where it stands, and what happened to it?

Words only; the states, steps and causes themselves are those of ``alerts``.
"""

import datetime as dt
from collections.abc import Iterator

from alerts.delivery import Cause, Way, masked
from alerts.notification_row import Entry, Row, RowState, Step
from alerts.rendering import one_line
from alerts.responsibility import Role
from detectors.warning import CHINA, EarlyWarning, WarningStatus

COLUMNS = (
    "消息编号", "预警编号", "企业名称", "收件人", "地址", "单位", "角色", "渠道", "状态", "次数",
    "最近原因", "起始时间",
)  # fmt: skip
COLUMNS_SHOWN = ("消息编号", "预警", "收件人", "状态", "最近原因")
STATES = {
    RowState.WAITING: "等待发送",
    RowState.CLAIMED: "正在发送",
    RowState.HANDED: "已交出，等待应答",
    RowState.ACCEPTED: "已被对方接收，尚无送达回执",
    RowState.ARRIVED: "已送达",
    RowState.FAILED: "未送达",
    RowState.REFUSED: "未发出，已停止重试",
    RowState.UNCERTAIN: "不确定是否送达",
    RowState.WITHDRAWN: "已收回（预警已撤销、消除或降级）",
}
STEPS = {
    Step.PLANNED: "生成通知",
    Step.CLAIMED: "开始发送",
    Step.TAKEN_OVER: "由另一进程接手",
    Step.HANDED: "交给对方",
    Step.ACCEPTED: "对方已接收",
    Step.RETRY: "未成功，稍后重试",
    Step.REFUSED: "停止重试",
    Step.UNCERTAIN: "不确定是否送达，不再自动发送",
    Step.ARRIVED: "回执：已送达",
    Step.FAILED: "回执：未送达",
    Step.LATE_REPORT: "迟到的回执，状态不变",
    Step.RELEASED: "人工决定重新发送",
    Step.WITHDRAWN: "预警已撤销、消除或降级，通知收回",
}
CAUSES = {
    Cause.UNREACHABLE: "连接不上或被对方断开",
    Cause.TIMEOUT: "对方没有按时应答",
    Cause.SERVER_ERROR: "对方系统故障",
    Cause.RATE_LIMITED: "超过发送频率限制",
    Cause.NO_CREDIT: "短信账户欠费或停用",
    Cause.AUTH: "账号、密钥或权限不被接受",
    Cause.MISCONFIGURED: "签名、模板、发件人或加密设置不符",
    Cause.BAD_ADDRESS: "号码或邮箱不存在",
    Cause.MAILBOX_FULL: "对方邮箱已满",
    Cause.CONTENT_REJECTED: "内容被拒收",
    Cause.HANDSET_UNREACHABLE: "手机关机、停机或不在服务区",
    Cause.LEASE_LOST: "已由另一进程接手",
    Cause.CANNOT_ASK: "无法向对方查询是否收到",
    Cause.GAVE_UP: "多日重试未成",
    Cause.NO_CHANNEL: "该渠道未启用",
    Cause.UNEXPECTED: "未预料的应答",
}


def line(row: Row) -> tuple[str, ...]:
    """Return a message as a line of a list; the address is masked."""
    about = row.notification
    since = about.created_at if row.is_open else row.history[-1].at
    return (
        row.id, about.warning_number, one_line(about.enterprise), one_line(about.person_name),
        masked(about.address), about.authority, about.role.label, about.way.label,
        standing(row), str(row.attempt), _last_cause(row), _moment(since),
    )  # fmt: skip


def shown(row: Row) -> tuple[str, ...]:
    """Return a line as a terminal has room for it."""
    told = dict(zip(COLUMNS, line(row), strict=True))
    return (
        told["消息编号"],
        f"{told['预警编号']} {told['企业名称']}",
        f"{whom(row)} {told['地址']}",
        f"{told['渠道']}{told['状态']}（{told['次数']}次），自 {told['起始时间']}",
        told["最近原因"],
    )


def whom(row: Row) -> str:
    """Return who is told, where they sit and what is asked of them."""
    about = row.notification
    return f"{one_line(about.person_name)}（{about.authority}，{about.role.label}）"


def story(row: Row) -> Iterator[str]:
    """Yield who was told what by which way, why just they, and each step with its time."""
    about = row.notification
    what = ("催办" if about.role is Role.LEAD else "督办") + "，" if about.overdue else ""
    yield f"{what}{about.way.label} → {whom(row)} {masked(about.address)}  {row.id}"
    yield f"  为何通知：{about.why.label}"
    yield f"  状态：{standing(row)}"
    yield from (f"  {_moment(entry.at)}  {_step(entry)}" for entry in row.history)


def standing(row: Row) -> str:
    """Return where a message stands; an accepted e-mail has no more to come."""
    if row.state is RowState.ACCEPTED and row.notification.way is Way.EMAIL:
        return "邮件服务器已接收（邮件没有送达回执，请查收件箱与垃圾邮件）"
    return STATES[row.state]


_CHANGES = {WarningStatus.CANCELLED: "，预警撤销", WarningStatus.LOWERED: "，预警降级"}


def headline(row: Row) -> str:
    """Return what a message is about."""
    about = row.notification
    whose = (
        f"{one_line(about.enterprise)}（{about.uscc}）" if about.uscc else "多家企业（名单或区域）"
    )
    change = "，逾期未签收" if about.overdue else _CHANGES.get(about.status, "")
    return f"预警 {about.warning_number}  {whose}  {about.measure.label}{change}"


def told_together(warning: EarlyWarning, bundle: str) -> str:
    """Return why a warning has no message of its own, and which one carried it."""
    whose = f"{one_line(warning.enterprise)}（{warning.uscc}）"
    return (
        f"预警 {warning.number}（{warning.id}）  {whose}属集中事项（{warning.rule} "
        f"{one_line(warning.matter)}），不单独通知，按现行名录并入 {bundle}"
    )


def _step(entry: Entry) -> str:
    """Return what happened, in which attempt, why, and by whom where a person decided."""
    attempt = f"（第{entry.attempt}次）" if entry.attempt else ""
    why = _cause(entry.cause, entry.detail) if entry.cause else entry.detail
    who = entry.by if entry.step is Step.RELEASED else ""
    return f"{STEPS[entry.step]}{attempt} {why}{who}".rstrip()


def _last_cause(row: Row) -> str:
    """Return why the message has not arrived, as far as anybody said."""
    told = (_cause(one.cause, one.detail) for one in reversed(row.history) if one.cause)
    return next(told, "")


def _cause(cause: Cause, detail: str) -> str:
    """Return a cause and what the other side said; of what was given up, the last cause."""
    behind = CAUSES[Cause(detail)] if cause is Cause.GAVE_UP and detail in set(Cause) else detail
    return f"{CAUSES[cause]}（{behind}）" if behind else CAUSES[cause]


def _moment(moment: dt.datetime) -> str:
    """Return a moment in China."""
    return f"{moment.astimezone(CHINA):%Y-%m-%d %H:%M:%S}"
