"""What does each error code of Alibaba Cloud's SMS service mean for the message?

Source:
    Alibaba Cloud, Short Message Service, error codes of ``SendSms`` and the common ones of its
    gateway; read 2026-07.  An unknown code is doubtful: better to ask than to send twice.
"""

import datetime as dt

from alerts.delivery import Cause, Refused, TryAgain

_HOUR = dt.timedelta(hours=1)
_HALF_HOUR = dt.timedelta(minutes=30)  # a person must pay, sign or approve something first
_MINUTE = dt.timedelta(minutes=1)

_REFUSED = {
    "isv.MOBILE_NUMBER_ILLEGAL": Cause.BAD_ADDRESS,
    "isv.PHONE_NUMBER_ILLEGAL": Cause.BAD_ADDRESS,
    "isv.MOBILE_COUNT_OVER_LIMIT": Cause.BAD_ADDRESS,
    "isv.BLACK_KEY_CONTROL_LIMIT": Cause.CONTENT_REJECTED,
    "isv.PARAM_LENGTH_LIMIT": Cause.CONTENT_REJECTED,
    "isv.PARAM_NOT_SUPPORT_URL": Cause.CONTENT_REJECTED,
    "isv.TEMPLATE_PARAMS_ILLEGAL": Cause.CONTENT_REJECTED,
    "isv.SMS_CONTENT_ILLEGAL": Cause.CONTENT_REJECTED,
    "isv.INVALID_JSON_PARAM": Cause.CONTENT_REJECTED,
}

_LATER = {
    "isv.BUSINESS_LIMIT_CONTROL": (Cause.RATE_LIMITED, _HOUR),
    "isv.DAY_LIMIT_CONTROL": (Cause.RATE_LIMITED, _HOUR),
    "isv.MONTH_LIMIT_CONTROL": (Cause.RATE_LIMITED, _HOUR),
    "Throttling": (Cause.RATE_LIMITED, _MINUTE),
    "Throttling.User": (Cause.RATE_LIMITED, _MINUTE),
    "Throttling.Api": (Cause.RATE_LIMITED, _MINUTE),
    "isv.OUT_OF_SERVICE": (Cause.NO_CREDIT, _HALF_HOUR),
    "isv.AMOUNT_NOT_ENOUGH": (Cause.NO_CREDIT, _HALF_HOUR),
    "isv.ACCOUNT_NOT_EXISTS": (Cause.AUTH, _HALF_HOUR),
    "isv.ACCOUNT_ABNORMAL": (Cause.AUTH, _HALF_HOUR),
    "isp.RAM_PERMISSION_DENY": (Cause.AUTH, _HALF_HOUR),
    "InvalidAccessKeyId.NotFound": (Cause.AUTH, _HALF_HOUR),
    "InvalidAccessKeyId.Inactive": (Cause.AUTH, _HALF_HOUR),
    "SignatureDoesNotMatch": (Cause.AUTH, _HALF_HOUR),
    "IncompleteSignature": (Cause.AUTH, _HALF_HOUR),
    "InvalidTimeStamp.Expired": (Cause.MISCONFIGURED, _MINUTE),  # our clock is off by 15 minutes
    "isv.SMS_SIGNATURE_ILLEGAL": (Cause.MISCONFIGURED, _HALF_HOUR),
    "isv.SMS_SIGN_ILLEGAL": (Cause.MISCONFIGURED, _HALF_HOUR),
    "isv.SIGN_NAME_ILLEGAL": (Cause.MISCONFIGURED, _HALF_HOUR),
    "isv.SMS_SIGNATURE_SCENE_ILLEGAL": (Cause.MISCONFIGURED, _HALF_HOUR),
    "isv.SMS_TEMPLATE_ILLEGAL": (Cause.MISCONFIGURED, _HALF_HOUR),
    "isv.TEMPLATE_MISSING_PARAMETERS": (Cause.MISCONFIGURED, _HALF_HOUR),
    "isv.INVALID_PARAMETERS": (Cause.MISCONFIGURED, _HALF_HOUR),
    "isv.PRODUCT_UN_SUBSCRIPT": (Cause.MISCONFIGURED, _HALF_HOUR),
    "isv.PRODUCT_UNSUBSCRIBE": (Cause.MISCONFIGURED, _HALF_HOUR),
    "InvalidVersion": (Cause.MISCONFIGURED, _HALF_HOUR),
    "InvalidAction.NotFound": (Cause.MISCONFIGURED, _HALF_HOUR),
}

# The service failed somewhere between taking the request and answering it.
_DOUBTFUL = {
    "isp.SYSTEM_ERROR": Cause.SERVER_ERROR,
    "isp.GATEWAY_ERROR": Cause.SERVER_ERROR,
    "ServiceUnavailable": Cause.SERVER_ERROR,
    "InternalError": Cause.SERVER_ERROR,
    "SignatureNonceUsed": Cause.SERVER_ERROR,  # a proxy repeated our request: one of the two won
}


def meaning_of(code: str) -> TryAgain | Refused:
    """Return what a code other than OK means.

    >>> meaning_of("isv.MOBILE_NUMBER_ILLEGAL").cause
    <Cause.BAD_ADDRESS: 'bad_address'>
    """
    detail = code[:60]
    if code in _REFUSED:
        return Refused(_REFUSED[code], detail)
    if code in _LATER:
        cause, after = _LATER[code]
        return TryAgain(cause, after, detail=detail)
    return TryAgain(_DOUBTFUL.get(code, Cause.UNEXPECTED), doubtful=True, detail=detail)
