"""Is this a Unified Social Credit Code (统一社会信用代码), and can we act on it?"""

import enum

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100-2015: no I O S V Z
_INDEX = {char: index for index, char in enumerate(ALPHABET)}
# GB 32100-2015 §4: the weight of place i is 3 to the power i-1, modulo 31.
_WEIGHTS = (*(pow(3, place, 31) for place in range(17)), 0)
LENGTH = 18


class UsccStatus(enum.Enum):
    """What a code is good for."""

    VALID = "valid"
    ALLOWED = "allowed"  # fails its check digit, yet a register vouches for it
    QUARANTINED = "quarantined"  # well-formed, check digit wrong: a person must look


class InvalidUsccError(ValueError):
    """A string can never be a USCC; the source that sent it must mend it."""


def check_character(body: str) -> str:
    """Return the check character of the first 17 characters; an 18th is only looked at.

    Raises:
        InvalidUsccError: a character is not in the alphabet of the standard.

    Source:
        GB 32100-2015: index = (31 - sum(C_i * W_i) mod 31) mod 31, W_i = 3^(i-1) mod 31.

    >>> check_character("91350200776049653")
    'A'
    """
    total = 0
    for place, char in enumerate(body):
        index = _INDEX.get(char)
        if index is None:
            raise InvalidUsccError(
                f"USCC place {place + 1}: {char!r} is not in the alphabet of GB 32100-2015 "
                f"(digits and capitals without I, O, S, V, Z); correct it at the source"
            )
        total += index * _WEIGHTS[place]
    return ALPHABET[(31 - total % 31) % 31]


def status_of(code: str, *, allowed: frozenset[str] = frozenset()) -> UsccStatus:
    """Return whether ``code`` may be acted on.

    Genuine codes from the pilot years fail their check digit, so a wrong digit is a reason to
    quarantine, never to drop; ``allowed`` holds the codes that a register has vouched for.

    Raises:
        InvalidUsccError: wrong length or alphabet: no register ever issued such a code.

    Source:
        GB 32100-2015 (structure and check character).

    >>> status_of("91350200776049653A")
    <UsccStatus.VALID: 'valid'>
    >>> status_of("91350100M0001TGQXM")
    <UsccStatus.QUARANTINED: 'quarantined'>
    >>> status_of("91350100M0001TGQXM", allowed=frozenset({"91350100M0001TGQXM"}))
    <UsccStatus.ALLOWED: 'allowed'>
    """
    if len(code) != LENGTH:
        raise InvalidUsccError(
            f"USCC {code[:40]!r} has {len(code)} characters, GB 32100-2015 asks for {LENGTH}; "
            f"correct it at the source"
        )
    expected = check_character(code)
    if code[17] == expected:
        return UsccStatus.VALID
    return UsccStatus.ALLOWED if code in allowed else UsccStatus.QUARANTINED


def synthetic(serial: int, *, prefix: str = "91410422") -> str:
    """Return a code with a right check digit for test data and simulations.

    Shapes:
        ``prefix`` is the first 8 places; ``serial`` fills places 9 to 17 in base 31.
        Places 9 to 11 come out as ``MA0`` onward only where ``serial`` says so.

    >>> synthetic(1)
    '914104220000000016'
    >>> status_of(synthetic(987_654_321)).value
    'valid'
    """
    digits = []
    for _ in range(17 - len(prefix)):
        serial, digit = divmod(serial, 31)
        digits.append(ALPHABET[digit])
    body = prefix + "".join(reversed(digits))
    return body + check_character(body)
