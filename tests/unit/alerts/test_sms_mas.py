"""What leaves for China Mobile's gateway is what its protocol says, and nothing by an open road."""

import base64
import hashlib
import json

import msgspec
import pytest

from alerts.channels.sms_mas import MasAccount, submission
from alerts.specimen import specimen_notification
from detectors.warning import CHINA
from tests import builders as b

HUSH = "hush"


def account(**changes):
    """Return an account with the gateway."""
    base = {
        "endpoint": "https://mas.example.org",
        "ec_name": "叶县市监局",
        "ap_id": "ap",
        "secret_key": HUSH,
        "sign_code": "s1",
    }
    return MasAccount(**(base | changes))


def sent(variables, **changes):
    """Return the fields of a request with these variables."""
    text = specimen_notification(now=b.on(1).astimezone(CHINA)).content
    text = msgspec.structs.replace(text, variables=variables)
    return json.loads(base64.b64decode(submission(account(**changes), text, mobile="13800000001")))


def test_the_variables_go_by_their_place():
    """One string, a compact array in the order of the variables, Chinese as it is."""
    assert sent({"z": "甲", "a": '乙"'})["params"] == '["甲","乙\\""]'


def test_the_mac_goes_over_all_fields_and_the_key_stays_at_home():
    """Lower-case hex MD5 in the vendor's order; the key is in the sum, not in the request."""
    found = sent({"a": "甲"}, add_serial="01")

    text = f'叶县市监局ap{HUSH}SMS_48010000113800000001["甲"]s101'
    assert found["mac"] == hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
    assert found["secretKey"] == ""
    assert set(found) == {
        *("ecName", "apId", "secretKey", "templateId", "mobiles", "params", "sign"),
        *("addSerial", "mac"),
    }


def test_a_gateway_that_wants_the_key_gets_the_same_mac():
    """The field is filled, the sum is the same."""
    plain, open_ = sent({"a": "甲"}), sent({"a": "甲"}, secret_in_body=True)

    assert open_["secretKey"] == HUSH
    assert open_["mac"] == plain["mac"]


@pytest.mark.parametrize(
    ("endpoint", "changes"),
    [
        pytest.param("http://10.1.2.3:5992", {}, id="in the clear"),
        pytest.param("10.1.2.3:5992", {"allow_http": True}, id="no address"),
        pytest.param("ftp://10.1.2.3", {"allow_http": True}, id="another protocol"),
        pytest.param("", {}, id="nothing"),
    ],
)
def test_names_of_enterprises_do_not_travel_over_an_open_network(endpoint, changes):
    """Plain HTTP needs an explicit word, and that word allows nothing else."""
    with pytest.raises(ValueError, match="https"):
        account(endpoint=endpoint, **changes)


@pytest.mark.parametrize(
    ("endpoint", "is_in_the_clear"),
    [
        pytest.param("http://10.1.2.3:5992", True, id="a network of government"),
        pytest.param("https://mas.example.org", False, id="TLS"),
        pytest.param("http://127.0.0.1:8090", False, id="this machine"),
    ],
)
def test_an_explicit_word_opens_plain_http_and_is_known_as_such(endpoint, is_in_the_clear):
    """What may be read along is told to the operator at every check."""
    assert account(endpoint=endpoint, allow_http=True).is_in_the_clear is is_in_the_clear


def test_a_secret_is_not_printed():
    """An account in a log or a traceback keeps its secret."""
    assert HUSH not in repr(account())
