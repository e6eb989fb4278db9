"""What does China Mobile's MAS (中国移动云MAS) check, and what does it answer?

The rules of the stand-in gateway's second protocol, without its server.

Source:
    General knowledge of the vendor's HTTP interface, as public clients use it.  Which code answers
    an unknown template or a wrong number of variables is not known: ``InvalidMessage`` here.
"""

import base64
import hashlib
import hmac
import re

import msgspec

from streams.devstack.sms_rules import VARIABLE, Dysms, Mas

SUBMIT, REPORT = "/sms/tmpsubmit", "/sms/report"
MAX_MOBILES = 5000
CODES = (
    "IllegalMac", "IllegalSignId", "InvalidMessage", "InvalidUsrOrPwd", "NoSignId",
    "TooManyMobiles", "InvalidMobile", "NOT_WHITE_IP",
)  # fmt: skip
_MOBILE = re.compile(r"1[3-9]\d{9}")


class Submission(msgspec.Struct, frozen=True, rename="camel"):
    """What a request says, field by field."""

    ec_name: str
    ap_id: str
    template_id: str
    mobiles: str
    params: str
    sign: str
    mac: str
    secret_key: str = ""
    add_serial: str = ""

    @property
    def numbers(self) -> list[str]:
        """Return to whom it goes."""
        return self.mobiles.split(",")

    @property
    def values(self) -> list[str] | None:
        """Return the values in the template's order, or None where they are no such JSON."""
        try:
            return msgspec.json.decode(self.params, type=list[str])
        except msgspec.DecodeError:
            return None


class Question(msgspec.Struct, frozen=True, rename="camel"):
    """Who asks for reports; the key itself travels."""

    ec_name: str
    ap_id: str
    secret_key: str


def asked_by(body: bytes) -> Question | None:
    """Return who asks; None where it is no JSON in Base64."""
    try:
        return msgspec.json.decode(base64.b64decode(body, validate=True), type=Question)
    except (ValueError, msgspec.DecodeError):
        return None


def read(body: bytes) -> Submission | None:
    """Return what a request says; None where it is no JSON in Base64."""
    try:
        return msgspec.json.decode(base64.b64decode(body, validate=True), type=Submission)
    except (ValueError, msgspec.DecodeError):
        return None


def why_refused(submission: Submission, account: Dysms, mas: Mas) -> str | None:
    """Return the code that refuses a request, or None."""
    return _why_unauthentic(submission, mas) or _why_unsendable(submission, account, mas)


def _why_unauthentic(submission: Submission, mas: Mas) -> str | None:
    if (submission.ec_name, submission.ap_id) != (mas.ec_name, mas.ap_id):
        return "InvalidUsrOrPwd"
    if mas.wants_secret and submission.secret_key != mas.secret_key:
        return "InvalidUsrOrPwd"
    right = mac_of(submission, secret_key=mas.secret_key)
    return None if hmac.compare_digest(right.encode(), submission.mac.encode()) else "IllegalMac"


def _why_unsendable(submission: Submission, account: Dysms, mas: Mas) -> str | None:
    if not submission.sign:
        return "NoSignId"
    if submission.sign not in mas.signs:
        return "IllegalSignId"
    if len(submission.numbers) > MAX_MOBILES:
        return "TooManyMobiles"
    if not all(_MOBILE.fullmatch(number) for number in submission.numbers):
        return "InvalidMobile"
    template = account.templates.get(submission.template_id)
    values = submission.values
    if template is None or values is None or len(values) != len(VARIABLE.findall(template)):
        return "InvalidMessage"
    return None


def variables_of(submission: Submission, account: Dysms) -> dict[str, str]:
    """Return the variables by the names that the template gives to their places."""
    names = VARIABLE.findall(account.templates[submission.template_id])
    return dict(zip(names, submission.values or (), strict=True))


def mac_of(submission: Submission, *, secret_key: str) -> str:
    """Return the MD5 that belongs to a request."""
    one = submission
    fields = [
        *(one.ec_name, one.ap_id, secret_key, one.template_id, one.mobiles, one.params),
        *(one.sign, one.add_serial),
    ]
    return hashlib.md5("".join(fields).encode(), usedforsecurity=False).hexdigest()
