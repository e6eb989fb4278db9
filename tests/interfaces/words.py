"""What do the messages and their fields mean, in the words of whoever reads them downstream?"""

MESSAGES = {
    "risk.assessed.v1": "一户企业的实时风险卡片：分值、等级、构成和未了结的预警",
    "class.official.v1": "一户企业某月的官方等级及抽查比例；一经公布不再改变",
    "class.correction.v1": "对已冻结月份的更正记录：本应是什么等级；官方等级不动",
    "class.changed.v1": "实时等级变化；与官方等级无关",
    "warning.issued.v1": "预警发出，或同一预警改用另一措施",
    "warning.lowered.v1": "预警降级：部分事实已消除或撤销，改用较轻的措施",
    "warning.cancelled.v1": "预警撤销：来源撤回了所依据的事实，无须再处置",
    "warning.closed.v1": "预警关闭：事由已消除，或已由人办结",
    "warning.handled.v1": "有人对预警做了什么：签收、退回、反馈、办结等，一次一条，键各不相同",
    "cluster.warning.v1": "区域、行业风险预警（W28）",
    "notification.receipt.v1": "一条短信或邮件的一步回执：谁、为何、第几次、结果",
    "neighbour.bond.v1": "内部：一条关联关系的现状，发给其交汇点",
    "model.example.v1": "内部：学习样本（数组）。检查前的特征与检查结果",
    "model.snapshot.v1": "内部：某领域模型快照，msgpack 编码（此处为其 JSON 形式）",
}

ENVELOPE = {
    "id": "由起因推出；同一条消息重发时不变，据此去重",
    "type": "消息类型及版本",
    "subject": "所涉对象：统一社会信用代码；区域预警为“地区/行业门类”；回执为预警编号",
    "time": "事件时间（不是发送时间）",
    "data": "内容",
    "source": "固定为 urn:sanzao",
    "specversion": "CloudEvents 版本",
    "datacontenttype": "内容的媒体类型",
}

_COMMON = {
    "uscc": "统一社会信用代码",
    "enterprise": "企业名称；未知时为统一社会信用代码",
    "name": "企业名称；未知时为统一社会信用代码",
    "place": "事项所在地：GB/T 2260 六位，或加乡镇九位；未知为空",
    "domain": "监管领域代码（FOODS、SE 等）",
    "measure": "reminder 提醒、warning 警示、interview 约谈、inspection 检查（须人工确认）",
    "legal_basis": "法律依据",
    "knowledge_version": "作出判断的指标规则版本",
    "model_version": "模型版本；没有模型时为空",
    "catalogue_version": "指标版本；导入的为省局所写版本",
    "month": "月份，如 2026-06",
    "score": "风险分 0–1000，越高风险越大",
    "floor_cause": "直接判定的原因；没有为空",
    "rule": "规则编号（docs/indicators.md）",
}

_FIELDS = {
    "EarlyWarning": {
        "told": "迄今通知过的措施，发出时含本次",
        "revision": "同一措施、同一状态再次通知时区分前后；首次为空",
        "undone": "事实因何撤销，如处罚撤销、复检合格；没有为空",
        "changed_at": "事件时间：降级、撤销、关闭的时刻；发出时为空",
        "advice": "主办、协办单位要做的事",
        "permits": "企业持有有效许可的领域",
        "id": "预警编号，自发出到终结不变",
        "number": "供人引用的编号：县、日期、编号前四位",
        "status": "issued 发出、lowered 降级、cancelled 撤销、closed 关闭",
        "family": "规则族；同一企业、领域、规则族 30 日内的事由并入一条预警",
        "matter": "事由，20 字以内",
        "reasons": "事由所依据的事实，至多 5 条",
        "cause": "引起这条消息的事件：source/id",
        "issued_at": "事件时间：发出的时刻，终结后不变",
        "score": "其时的实时风险分 0–1000，越高风险越大",
        "risk_class": "其时的实时风险等级 A–D",
        "approver": "所涉许可的审批机关；不涉许可为空",
        "batched": "真：每个监管所每日一份清单，不逐户发消息",
        "remark": "措施因何减轻（观察期）；没有为空",
        "learned_probability": "模型估计的检查发现问题的可能性 0–1；没有模型时为 null",
    },
    "Handled": {
        "warning_id": "预警编号，同 EarlyWarning 的 id",
        "number": "供人引用的编号",
        "measure": "经办人所见的措施；此后加重的须另行签收",
        "state": "E58 的状态：acknowledged 签收、returned 退回、feedback 反馈、closed 办结等",
        "at": "经办时刻（事件时间）",
        "cause": "E58 事件：source/id",
        "actor": "经办人在名录中的代码；没有为空",
        "authority": "经办单位在名录中的代码；没有为空",
        "outcome": "办结方式；没有为空",
        "due": "约谈要求整改的期限；没有为 null",
        "note": "处置结果或退回理由；没有为空",
    },
    "Reason": {
        "text": "可供引用的中文表述",
        "fact_id": "事实编号",
        "organ": "作出决定的机关；没有为空",
        "doc_no": "文书号；没有为空",
    },
    "RiskCard": {
        "score": "实时风险分 0–1000（含模型部分）",
        "risk_class": "实时等级 A–D（含模型部分，至多高一级）",
        "rule_score": "仅按规则的风险分；预警只看它",
        "rule_class": "仅按规则的等级",
        "probability": "模型估计的检查发现问题的可能性 0–1；没有模型时为 null",
        "as_of": "卡片所反映的事件时间",
        "place": "企业所在地：GB/T 2260 六位，或加乡镇九位；未知为空",
        "contributions": "分值构成，最重的在前",
        "open_warnings": "未了结的预警",
    },
    "Contribution": {
        "counted": "是否计入乘积；false 表示同组中另有更重的一项代替它",
        "indicator": "指标编号；LEARNED 为模型部分",
        "name": "指标名称",
        "dimension": "所属维度",
        "points": "合成前的分值；负数为正向。直接判定为 0",
        "without": "去掉这一项后的风险分",
        "text": "中文说明",
        "fact_ids": "所依据的事实编号，至多 5 个",
        "doc_nos": "文书号",
        "basis": "法律依据；proposal 为本系统建议",
        "lapses": "何日起不再计分；未知为空",
    },
    "OpenMatter": {
        "id": "预警的内部编号",
        "number": "预警编号，如信函上所写",
        "opened": "发出时刻（事件时间）",
    },
    "ClassChanged": {
        "before": "原实时等级",
        "after": "现实时等级",
        "at": "变化的事件时间",
        "cause": "引起变化的事件：source/id",
    },
    "OfficialClass": {
        "class": "官方等级 A–D",
        "score": "风险分 0–1000；省局只给等级的为 null",
        "domain": "主领域代码",
        "ratio": "主领域的抽查比例 0–1",
        "place": "企业属地：GB/T 2260 六位，或加乡镇九位；未知为空",
        "industry": "行业代码（GB/T 4754）；未知为空",
        "source": "frozen 本系统冻结；imported 省局结果，两者都有时以此为准",
        "draws": "各领域的抽查比例，主领域在前",
    },
    "Draw": {
        "ratio": "抽查比例 0–1",
        "why": "依据",
        "due": "法定应查：yes 必查、no 否、unknown 无检查记录，须人工核对",
        "last_inspected": "最近检查日期；没有记录为 null",
        "rests_until": "此日前不重复检查同一项目；无此限制为 null",
    },
    "Correction": {
        "official_class": "官方等级；冻结时尚不知有此企业的为 null",
        "official_score": "官方风险分；没有为 null",
        "would_be_class": "本应的等级",
        "would_be_score": "本应的风险分；没有为 null",
    },
    "ClusterWarning": {
        "id": "由地区、行业、期间和级别推出",
        "level": "yellow 黄色、orange 橙色、red 红色",
        "place": "县六位代码；几个县同时出现的为市",
        "section": "行业门类（GB/T 4754）",
        "industry": "行业门类名称",
        "domain": "牵头领域代码",
        "span": "week 近七日、month 自然月",
        "period": "期间，如 2026-W27、2026-06",
        "index": "区域行业风险指数 0–100；不足 30 户的为 null",
        "enterprises": "企业户数；不足 30 户的为 0，不予公布",
        "signals": "发现了什么：水平、速度、聚集",
        "members": "所涉企业（列出，不再逐户通知）",
        "member_count": "所涉企业总数；members 可能只列其中一部分",
        "proposal": "建议措施，均须经批准",
        "ack_working_days": "签收时限，工作日",
        "plan_working_days": "报送处置方案时限，工作日",
        "issued_at": "事件时间：所查期间的最后时刻",
        "plan_version": "区域预警规则版本（regions.yaml）",
        "handler": "承办机构代码",
        "handler_name": "承办机构名称",
    },
    "ClusterMember": {"class": "期间末的等级 A–D，仅按规则"},
    "Receipt": {
        "id": "消息编号/第几次/步骤",
        "notification_id": "消息编号：一人、一预警、一措施、一状态、一方式为一条",
        "warning_id": "预警编号；批量清单、区域预警为其自身编号",
        "warning_number": "供人引用的编号",
        "status": "消息所告知的预警状态",
        "way": "方式：sms 短信、email 邮件",
        "person_id": "收件人编号",
        "authority": "收件人所在机构",
        "role": "收件人职责",
        "why": "为何是此人",
        "address": "号码或邮箱，已打码",
        "step": "这一步的结果",
        "attempt": "第几次尝试",
        "cause": "未成的原因；成功为 null",
        "detail": "说明；没有为空",
        "provider_id": "运营商或邮件服务器的编号；没有为空",
        "at": "这一步的时刻（墙上时钟）",
    },
}


def meaning_of(struct: str, field: str) -> str:
    """Return what a field of a published struct means.

    Raises:
        LookupError: nobody has said it; whoever adds a field says it here.
    """
    words = _FIELDS.get(struct, {}).get(field) or _COMMON.get(field)
    if words is None:
        raise LookupError(f"tests/interfaces/words.py: say what {struct}.{field} means")
    return words


def unused() -> set[tuple[str, str]]:
    """Return the fields that are explained here, by struct."""
    return {(struct, field) for struct, fields in _FIELDS.items() for field in fields}
