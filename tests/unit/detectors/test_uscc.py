"""Is a code told apart from a near miss?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.uscc import ALPHABET, InvalidUsccError, UsccStatus, status_of, synthetic

PILOT_CODES = ["91350100M0001TGQXM", "91350211M0000XUF46", "91350203M0001FUE2P",
               "91350203M0001QAY9B"]  # fmt: skip
SERIALS = st.integers(0, 31**9 - 1)


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("91350200776049653A", id="an enterprise of Xiamen"),
        pytest.param("91440101MA5CJQ4N59", id="an enterprise of Guangzhou"),
        pytest.param("91110108551385082Q", id="an enterprise of Beijing"),
        pytest.param("91440300708461136T", id="an enterprise of Shenzhen"),
        pytest.param("91350200MA2YJ1XR9G", id="a newer enterprise of Xiamen"),
        pytest.param("91410422MA3X1A2B83", id="Yexian, first"),
        pytest.param("91410422MA40ABCD1G", id="Yexian, second"),
        pytest.param("91410422MA9F7K3H8F", id="Yexian, third"),
        pytest.param("92410422MA45XYWT22", id="an individual business"),
        pytest.param("93410422MA46QRTU5M", id="a cooperative"),
    ],
)
def test_genuine_codes_are_valid(code):
    """Codes in use, whoever issued them, pass the check digit."""
    assert status_of(code) is UsccStatus.VALID


@pytest.mark.parametrize("code", PILOT_CODES)
def test_a_pilot_code_waits_for_a_person_until_a_register_vouches(code):
    """A genuine code with a wrong check digit is quarantined, and accepted once it is allowed."""
    vouched = frozenset({code})

    assert status_of(code) is UsccStatus.QUARANTINED
    assert status_of(code, allowed=vouched) is UsccStatus.ALLOWED


def test_vouching_for_one_code_lets_no_other_in():
    """The allow-list speaks of single codes, not of a kind of code."""
    assert status_of(PILOT_CODES[0], allowed=frozenset(PILOT_CODES[1:])) is UsccStatus.QUARANTINED


@pytest.mark.parametrize(
    ("code", "told"),
    [
        pytest.param("", r"has 0 characters.*asks for 18", id="empty"),
        pytest.param("91350200776049653", r"has 17 characters.*asks for 18", id="one short"),
        pytest.param("91350200776049653AA", r"has 19 characters.*asks for 18", id="one long"),
        pytest.param("9" * 500, r"has 500 characters", id="far too long"),
        pytest.param("I1350200776049653A", r"place 1: 'I'", id="a letter I in front"),
        pytest.param("9135020077604O653A", r"place 14: 'O'", id="a letter O in the middle"),
        pytest.param("91350200776049653a", r"place 18: 'a'", id="a small check letter"),
        pytest.param("91350200776049653Z", r"place 18: 'Z'", id="no such check letter"),
        pytest.param("９1350200776049653A", r"place 1: '９'", id="a full-width digit"),
        pytest.param("9135020077604965 A", r"place 17: ' '", id="a blank"),
    ],
)
def test_what_no_register_issued_is_refused_by_place(code, told):
    """Wrong length or alphabet is refused with what is wrong, where, and who mends it."""
    with pytest.raises(InvalidUsccError, match=told) as refusal:
        status_of(code)

    assert "correct it at the source" in str(refusal.value)


def test_a_refusal_does_not_repeat_a_flood():
    """The message quotes the beginning of a code only, however long the code is."""
    with pytest.raises(InvalidUsccError) as refusal:
        status_of("9" * 100_000)

    assert len(str(refusal.value)) < 200


@given(serial=SERIALS, office=st.sampled_from(["91410422", "92410403", "93419001"]))
def test_synthetic_codes_are_valid(serial, office):
    """Every serial number gives a valid code of the office asked for."""
    code = synthetic(serial, prefix=office)

    assert code.startswith(office)
    assert status_of(code) is UsccStatus.VALID


@given(one=SERIALS, other=SERIALS)
def test_synthetic_codes_differ(one, other):
    """Two serial numbers never share a code."""
    assert (synthetic(one) == synthetic(other)) == (one == other)


@given(serial=SERIALS, place=st.integers(0, 17), char=st.sampled_from(ALPHABET))
def test_one_wrong_character_is_never_valid(serial, place, char):
    """Any single substitution within the alphabet is found by the check digit."""
    code = synthetic(serial)
    mistyped = code[:place] + char + code[place + 1 :]

    assert (status_of(mistyped) is UsccStatus.VALID) == (mistyped == code)
