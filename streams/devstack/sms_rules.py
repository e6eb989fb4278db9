"""What does Alibaba Cloud's SMS service check, and what does it answer?

The rules of the stand-in gateway, without its server: the signature of a request, the business
checks in the order in which they fail, the text and its parts.  Nothing here reads a clock.

Source:
    Alibaba Cloud: "RPC signature mechanism"; Short Message Service, ``SendSms`` 2017-05-25 and
    its error codes.  The two published signature examples are unit tests.  The wording of the
    messages is ours where the service's own was not at hand.
"""

import base64
import datetime as dt
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import quote

import msgspec

from streams.devstack.processes import ServerError

API_VERSION = "2017-05-25"
UNITS_ALONE, UNITS_IN_A_CHAIN = 70, 67  # 140 bytes; a chained part gives 6 to its header
MAX_UNITS = 500
MAX_VARIABLE_UNITS = 35
MAX_NUMBERS = 1000

MOBILE = re.compile(r"(?:\+?86)?(1[3-9]\d{9})")
VARIABLE = re.compile(r"\$\{(\w+)\}")
LINK = re.compile(r"https?://|www\.|\.(?:com|cn|net)\b", re.IGNORECASE)

Parameters = Mapping[str, str]


class Mas(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The same customer at the other carrier, China Mobile's MAS; ``signs``: code to words.

    ``wants_secret``: this gateway wants the key in the request.
    """

    ec_name: str
    ap_id: str
    secret_key: str
    signs: dict[str, str]
    wants_secret: bool = False


class Dysms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The gateway's account: its key, what is registered, how soon and how surely it delivers.

    ``templates``: code to text with ``${variables}``.  ``people``: number to name, for the page.
    ``dead_numbers`` are accepted and then reported as failed, as a cancelled number is.
    ``daily_limit`` holds per number, signature and template in any 24 hours.
    ``clock_may_differ_s`` is the service's own quarter of an hour; a simulated clock needs more.
    ``mas`` lets the stand-in speak the protocol of the other carrier too, with these templates.
    """

    access_key_id: str
    access_key_secret: str
    signatures: frozenset[str]
    templates: dict[str, str]
    people: dict[str, str] = {}
    dead_numbers: frozenset[str] = frozenset()
    daily_limit: int = 50
    deliver_after_s: float = 0.5
    report_retry_s: float = 0.5
    clock_may_differ_s: float = 900.0
    mas: Mas | None = None

    @classmethod
    def load(cls, file: Path) -> Self:
        """Return the account that a JSON file describes.

        Raises:
            ServerError: the file cannot be read, or says something else.
        """
        try:
            return msgspec.json.decode(file.read_bytes(), type=cls)
        except (OSError, msgspec.DecodeError) as error:
            raise ServerError(f"{file} describes no SMS account: {error}; mend the file") from error


@dataclass(frozen=True, slots=True)
class Reply:
    """What the gateway says: a status of HTTP, a code, a message."""

    status: int
    code: str
    message: str


# HTTP 200 with a code that is not OK: the trap for whoever looks at the status alone.
BUSINESS = {
    "isv.BUSINESS_LIMIT_CONTROL": "触发天级流控",
    "isv.SMS_SIGNATURE_ILLEGAL": "短信签名不合法",
    "isv.SMS_TEMPLATE_ILLEGAL": "短信模板不合法",
    "isv.MOBILE_NUMBER_ILLEGAL": "非法手机号",
    "isv.MOBILE_COUNT_OVER_LIMIT": "手机号码数量超过限制",
    "isv.TEMPLATE_MISSING_PARAMETERS": "模板缺少变量",
    "isv.INVALID_JSON_PARAM": "参数格式错误，请修改为字符串值",
    "isv.PARAM_LENGTH_LIMIT": "参数超出长度限制",
    "isv.PARAM_NOT_SUPPORT_URL": "变量不支持传入URL",
    "isv.INVALID_PARAMETERS": "参数异常",
    "isv.OUT_OF_SERVICE": "业务停机",
    "isv.AMOUNT_NOT_ENOUGH": "账户余额不足",
    "isv.ACCOUNT_ABNORMAL": "账户异常",
    "isp.SYSTEM_ERROR": "系统错误，请稍后重试",
    "isp.RAM_PERMISSION_DENY": "RAM权限不足",
}

# Refused before the business looks at it: another status of HTTP.
GATEWAY = {
    "SignatureDoesNotMatch": (400, "Specified signature is not matched with our calculation."),
    "SignatureNonceUsed": (400, "Specified signature nonce was used already."),
    "InvalidTimeStamp.Expired": (400, "Specified time stamp or date value is expired."),
    "InvalidAccessKeyId.NotFound": (404, "Specified access key is not found."),
    "InvalidVersion": (404, "Specified parameter Version is not valid."),
    "InvalidAction.NotFound": (404, "Specified api is not found, please check your url."),
    "IncompleteSignature": (400, "The request signature does not conform to the standards."),
    "Throttling.User": (400, "Request was denied due to user flow control."),
    "ServiceUnavailable": (503, "The request has failed due to a temporary failure."),
    "InternalError": (500, "The request processing has failed due to some unknown error."),
}


def reply(code: str) -> Reply:
    """Return what the service says with ``code``.

    Raises:
        ValueError: no service says so.  Every ``isv.`` and ``isp.`` code passes: there are more
            than are written down here.
    """
    if code in GATEWAY:
        return Reply(GATEWAY[code][0], code, GATEWAY[code][1])
    if code == "OK" or code.startswith(("isv.", "isp.")):
        return Reply(200, code, BUSINESS.get(code, code))
    raise ValueError(f"code: the SMS service has none named {code!r}; use an isv. or isp. code")


def signature_of(parameters: Parameters, *, secret: str, method: str) -> str:
    """Return the signature that belongs to ``parameters``, all but ``Signature`` itself.

    Source:
        Alibaba Cloud, "RPC signature mechanism", version 1.0 (HMAC-SHA1).

    >>> signature_of({"A": "甲 *~"}, secret="s", method="POST")
    '+76PAWnJtxQ1JoMZB2ypcKRmm74='
    """
    pairs = sorted((name, value) for name, value in parameters.items() if name != "Signature")
    canonical = "&".join(f"{_escaped(name)}={_escaped(value)}" for name, value in pairs)
    text = f"{method}&{_escaped('/')}&{_escaped(canonical)}"
    digest = hmac.new(f"{secret}&".encode(), text.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def _escaped(text: str) -> str:
    """Return RFC 3986's form: all but letters, digits and ``-_.~`` escaped, a space as %20."""
    return quote(text, safe="-_.~")


def why_unauthentic(  # noqa: PLR0911 - one return a check, in the order of the checks
    parameters: Parameters,
    account: Dysms,
    *,
    method: str,
    now: dt.datetime,
    nonces: Iterable[str],
) -> str | None:
    """Return the code that refuses a request before its business is looked at, or None.

    ``nonces`` are those of the requests that were accepted while their moment still counts.
    """
    if parameters.get("AccessKeyId") != account.access_key_id:
        return "InvalidAccessKeyId.NotFound"
    if (
        parameters.get("SignatureMethod") != "HMAC-SHA1"
        or parameters.get("SignatureVersion") != "1.0"
        or not parameters.get("SignatureNonce")
    ):
        return "IncompleteSignature"
    said = _moment(parameters.get("Timestamp", ""))
    if said is None or abs((now - said).total_seconds()) > account.clock_may_differ_s:
        return "InvalidTimeStamp.Expired"
    right = signature_of(parameters, secret=account.access_key_secret, method=method)
    if not hmac.compare_digest(right.encode(), parameters.get("Signature", "").encode()):
        return "SignatureDoesNotMatch"
    if parameters["SignatureNonce"] in nonces:
        return "SignatureNonceUsed"
    if parameters.get("Version") != API_VERSION:
        return "InvalidVersion"
    return None


def _moment(text: str) -> dt.datetime | None:
    try:
        return dt.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=dt.UTC)
    except ValueError:
        return None


def numbers_of(parameters: Parameters) -> list[str] | None:
    """Return the eleven-digit numbers of a SendSms request, or None when one is illegal."""
    found = [MOBILE.fullmatch(word.strip()) for word in parameters["PhoneNumbers"].split(",")]
    return None if None in found else [match[1] for match in found if match]


def why_refused(  # noqa: PLR0911 - one return a check, in the order of the checks
    parameters: Parameters, account: Dysms
) -> str | None:
    """Return the business code that refuses a SendSms request, or None.

    The daily limit is not looked at: it needs the messages sent so far.
    """
    if not all(parameters.get(name) for name in ("PhoneNumbers", "SignName", "TemplateCode")):
        return "isv.INVALID_PARAMETERS"
    numbers = numbers_of(parameters)
    if numbers is None:
        return "isv.MOBILE_NUMBER_ILLEGAL"
    if len(numbers) > MAX_NUMBERS:
        return "isv.MOBILE_COUNT_OVER_LIMIT"
    if parameters["SignName"] not in account.signatures:
        return "isv.SMS_SIGNATURE_ILLEGAL"
    template = account.templates.get(parameters["TemplateCode"])
    if template is None:
        return "isv.SMS_TEMPLATE_ILLEGAL"
    variables = variables_of(parameters)
    if variables is None:
        return "isv.INVALID_JSON_PARAM"
    return _why_badly_filled(parameters["SignName"], template, variables)


def _why_badly_filled(signature: str, template: str, variables: dict[str, str]) -> str | None:
    wanted = VARIABLE.findall(template)
    if any(name not in variables for name in wanted):
        return "isv.TEMPLATE_MISSING_PARAMETERS"
    if utf16_units(full_text(signature, template, variables)) > MAX_UNITS:
        return "isv.PARAM_LENGTH_LIMIT"
    if any(utf16_units(variables[name]) > MAX_VARIABLE_UNITS for name in wanted):
        return "isv.PARAM_LENGTH_LIMIT"
    if any(LINK.search(variables[name]) for name in wanted):
        return "isv.PARAM_NOT_SUPPORT_URL"
    return None


def variables_of(parameters: Parameters) -> dict[str, str] | None:
    """Return the values for the template's variables, or None when they are no such JSON."""
    try:
        return msgspec.json.decode(parameters.get("TemplateParam") or "{}", type=dict[str, str])
    except msgspec.DecodeError:
        return None


def full_text(signature: str, template: str, variables: Mapping[str, str]) -> str:
    """Return what the phone shows.

    >>> full_text("叶县市监", "${name}：请签收。", {"name": "食品公司"})
    '【叶县市监】食品公司：请签收。'
    """
    return f"【{signature}】{VARIABLE.sub(lambda found: variables[found[1]], template)}"


def utf16_units(text: str) -> int:
    """Return the length that carriers count: a rare character beyond the BMP counts two.

    >>> utf16_units("𠮷野")
    3
    """
    return len(text.encode("utf-16-be")) // 2


def parts_of(text: str) -> int:
    """Return how many short messages carry ``text``, and how many are paid.

    >>> parts_of("一" * 70), parts_of("一" * 71), parts_of("一" * 160)
    (1, 2, 3)
    """
    units = utf16_units(text)
    return 1 if units <= UNITS_ALONE else -(-units // UNITS_IN_A_CHAIN)


def masked(phone: str) -> str:
    """Return a number as it may be shown.

    >>> masked("13812345678")
    '138****5678'
    """
    return f"{phone[:3]}****{phone[-4:]}"
