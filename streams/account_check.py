"""Does the bureau's account with a carrier work, and if not, what is to be mended?

One specimen goes through the channels of the settings, past the outbox.
"""

from collections.abc import Iterator, Sequence

import aiohttp

from alerts.delivery import Cause, Delivered, Outcome, TryAgain, Way
from alerts.notification import Notification
from alerts.specimen import specimen_notification, specimen_text
from config.load import InvalidConfigError
from config.schema import Settings
from streams import clock
from streams.assembly import build_channels, build_wisdom
from streams.message_words import CAUSES

_SIGNATURE = (
    "短信签名未审核通过、已停用或不属于该账号：请在运营商后台核对，"
    "须与 sms_templates.yaml 的 signature 一致"
)
_KEY = "AccessKey 不存在或已停用：请核对 sms.access_key（SANZAO_SMS__ACCESS_KEY）"
_NOT_SIGNED = "AccessKey Secret 不对：请核对 sms.secret（SANZAO_SMS__SECRET）"
_VARIABLES = "变量与审核通过的模板不一致：请核对 sms_templates.yaml 的正文与后台模板逐字相同"
_PRODUCT = "账号未开通短信服务：请在运营商后台开通"
_SIGN_CODE = "签名编码无效或与账号不符：请核对 sms.sign_code（是编码，不是签名文字）"
_BY_CODE_OF_MAS = {  # those of alerts.channels.mas_codes
    "IllegalMac": "mac 校验不通过：请核对 sms.secret（SANZAO_SMS__SECRET）、sms.ec_name、"
    "sms.access_key，须与平台的接口密码、集团客户名称、接口用户名逐字一致",
    "InvalidUsrOrPwd": "用户名或密码错误：请核对 sms.ec_name、sms.access_key、sms.secret"
    "（SANZAO_SMS__SECRET）；平台要求请求中带接口密码的，设 sms.secret_in_body: true",
    "NOT_WHITE_IP": "本机出口地址不在白名单：请由移动公司登记",
    "IllegalSignId": _SIGN_CODE,
    "NoSignId": _SIGN_CODE,
    "InvalidMessage": "请求解析失败：请核对模板编号（sms_templates.yaml 的 code）、变量个数与顺序"
    "是否与审核通过的模板一致，以及 sms.secret_in_body",
    "HTTP 404": "地址不对：sms.endpoint 只写到 /sms/tmpsubmit 之前",
    "ClientConnectorCertificateError": "短信网关的证书不受信任：sms.endpoint 须与证书上的名称一致，"
    "自建的根证书须先装入本机",
}
# What to mend, by what the other side said; the codes are those of alerts.channels.aliyun_codes.
_BY_CODE = {
    "isv.SMS_SIGNATURE_ILLEGAL": _SIGNATURE,
    "isv.SMS_SIGN_ILLEGAL": _SIGNATURE,
    "isv.SIGN_NAME_ILLEGAL": _SIGNATURE,
    "isv.SMS_SIGNATURE_SCENE_ILLEGAL": "签名的适用场景与模板不符：请在运营商后台核对",
    "isv.SMS_TEMPLATE_ILLEGAL": "短信模板未审核通过或不属于该账号：请在运营商后台核对，"
    "须与 sms_templates.yaml 的 code 一致",
    "isv.TEMPLATE_MISSING_PARAMETERS": _VARIABLES,
    "isv.TEMPLATE_PARAMS_ILLEGAL": _VARIABLES,
    "InvalidAccessKeyId.NotFound": _KEY,
    "InvalidAccessKeyId.Inactive": _KEY,
    "SignatureDoesNotMatch": _NOT_SIGNED,
    "IncompleteSignature": _NOT_SIGNED,
    "isv.ACCOUNT_NOT_EXISTS": "运营商没有该账号：请核对 AccessKey 属于哪个账号",
    "isv.ACCOUNT_ABNORMAL": "账号异常：请联系运营商",
    "isp.RAM_PERMISSION_DENY": "该 AccessKey 无发送短信的权限：请在访问控制中授权",
    "isv.PRODUCT_UN_SUBSCRIPT": _PRODUCT,
    "isv.PRODUCT_UNSUBSCRIBE": _PRODUCT,
    "InvalidTimeStamp.Expired": "本机时钟偏差过大：请校时",
    **_BY_CODE_OF_MAS,
    "not offered by server": "邮件服务器不提供所要求的加密（STARTTLS）或登录方式："
    "请核对 email.tls 与 email.port（587 用 starttls，465 用 tls）",
    "TLS CERTIFICATE_VERIFY_FAILED": "邮件服务器的证书不受信任：email.host 须与证书上的名称一致，"
    "单位自建的根证书须先装入本机",
}
_ADDRESSES = {
    Way.SMS: "请核对 sms.endpoint（SANZAO_SMS__ENDPOINT）与防火墙",
    Way.EMAIL: "请核对 email.host、email.port（SANZAO_EMAIL__HOST、__PORT）与防火墙",
}
_BY_CAUSE = {
    (Way.EMAIL, Cause.AUTH): "请核对 email.username 与 email.password（SANZAO_EMAIL__PASSWORD，"
    "许多邮箱须用授权码）",
    (
        Way.EMAIL,
        Cause.MISCONFIGURED,
    ): "服务器不允许该发件人或不允许转发：请核对 email.sender 与登录账号",
    **{(way, Cause.UNREACHABLE): remedy for way, remedy in _ADDRESSES.items()},
    **{(way, Cause.TIMEOUT): remedy for way, remedy in _ADDRESSES.items()},
}
_TLS = "加密连接没有建立：请核对 email.tls 与 email.port（587 用 starttls，465 用 tls）"


def specimens(
    settings: Settings, *, phone: str, email: str, template: str
) -> Iterator[Notification]:
    """Yield the test messages; each has an id of its own, or a mail server might drop the second.

    Raises:
        InvalidConfigError: there is no such template, or no key to the gateway.
    """
    now = clock.now()
    occasion = f"t-{now.isoformat()}"
    if phone:
        book = build_wisdom(settings).desk.book
        if template not in book.templates:
            known = "、".join(book.templates)
            raise InvalidConfigError(f"--template {template}: 没有该模板；现有：{known}")
        if not settings.sms.access_key or not settings.sms.secret:
            raise InvalidConfigError(
                "sms.access_key (SANZAO_SMS__ACCESS_KEY) or sms.secret (SANZAO_SMS__SECRET) is "
                "empty; enter the account of the gateway"
            )
        text = specimen_text(book, template)
        yield specimen_notification(now=now, address=phone, warning_id=occasion, text=text)
    if email:
        yield specimen_notification(Way.EMAIL, now=now, address=email, warning_id=occasion)


async def send(settings: Settings, messages: Sequence[Notification]) -> list[Outcome]:
    """Send test messages; no log knows of them, so nobody is asked before the hand-over."""

    async def go_ahead() -> bool:
        """Ask nobody."""
        return True

    async with aiohttp.ClientSession() as session:
        channels = build_channels(settings, session)
        return [
            await channels[one.way].send(one, now=clock.now(), hand_over=go_ahead)
            for one in messages
        ]


def answer(outcome: Outcome, way: Way) -> str:
    """Return what the other side said to a test message, and what is to be mended."""
    if isinstance(outcome, Delivered):
        where = "短信网关" if way is Way.SMS else "邮件服务器"
        look = "手机" if way is Way.SMS else "收件箱（包括垃圾邮件）"
        return f"{where}已接收（{outcome.provider_id}）。请再核对{look}是否收到"
    detail = outcome.detail
    remedy = _BY_CODE.get(detail) or (_TLS if detail.startswith("TLS ") else "")
    remedy = remedy or _BY_CAUSE.get((way, outcome.cause), "")
    said = CAUSES[outcome.cause] + (f"（{detail}）" if detail else "")
    is_doubtful = isinstance(outcome, TryAgain) and outcome.doubtful
    doubt = "；可能已经发出，请核对是否收到" if is_doubtful else ""
    return f"{said}{'。' + remedy if remedy else ''}{doubt}"
