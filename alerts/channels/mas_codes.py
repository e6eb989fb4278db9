"""What does each answer code of China Mobile's MAS (中国移动云MAS) mean for the message?

Source:
    General knowledge of the vendor's HTTP interface, as public clients use it; to be held against
    the county's own interface document.  An unknown code is doubtful, and of a message in doubt
    this gateway cannot be asked: it is listed for a person, not sent twice.
"""

import datetime as dt

from alerts.delivery import Cause, Refused, TryAgain

_HALF_HOUR = dt.timedelta(minutes=30)  # a person must mend an account, an address or a template

_REFUSED = {
    "InvalidMobile": Cause.BAD_ADDRESS,  # 手机号码无效
    "TooManyMobiles": Cause.BAD_ADDRESS,  # 手机号码过多
}

_LATER = {
    "IllegalMac": Cause.AUTH,  # mac 校验不通过：接口密码等与平台不一致
    "InvalidUsrOrPwd": Cause.AUTH,  # 用户名或密码错误
    "NOT_WHITE_IP": Cause.AUTH,  # 来源地址不在白名单
    "IllegalSignId": Cause.MISCONFIGURED,  # 无效的签名编码
    "NoSignId": Cause.MISCONFIGURED,  # 未匹配到签名
    "InvalidMessage": Cause.MISCONFIGURED,  # 请求解析失败
}


def meaning_of(code: str) -> TryAgain | Refused:
    """Return what a code other than success means.

    >>> meaning_of("NOT_WHITE_IP").cause
    <Cause.AUTH: 'auth'>
    """
    detail = code[:60]
    if code in _REFUSED:
        return Refused(_REFUSED[code], detail)
    if code in _LATER:
        return TryAgain(_LATER[code], _HALF_HOUR, detail=detail)
    return TryAgain(Cause.UNEXPECTED, doubtful=True, detail=detail)
