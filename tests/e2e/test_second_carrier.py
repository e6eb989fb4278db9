"""A bureau whose texts go by China Mobile's gateway tells the same people the same words."""

import pytest

from alerts.delivery import Cause, Way
from alerts.notification_row import RowState
from detectors import events as e
from streams.devstack.account import EC_NAME, SIGN_CODE
from streams.devstack.sms_faults import HANG
from streams.devstack.stack import fetch_json
from streams.replay import replay
from tests import builders as b
from tests.e2e.conftest import another_worker, until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

MAS = {
    "SMS__PROVIDER": "mas", "SMS__EC_NAME": EC_NAME, "SMS__SIGN_CODE": SIGN_CODE,
    "SMS__REPORTS_EVERY_S": "0.5", "SMS__TIMEOUT_S": "1",
}  # fmt: skip


@pytest.fixture(scope="module")
def moved(running_bureau):
    """Return the bureau while its worker has the other carrier, until the tests are over."""
    with another_worker(running_bureau, **MAS) as moved:
        yield moved


def texts_of_a_red_matter(bureau):
    """Let an enterprise be listed, and return the texts that its warning calls for."""
    (uscc,) = bureau.firms(1)
    happening = b.event(
        e.SeriousListChanged(list_code="L1", action="add", place="410422"),
        name=f"mas-{uscc}", subject=uscc,
    )  # fmt: skip
    expected = replay([e.encode(happening)], b.expertise(), now=b.on(1))
    bureau.publish(happening)
    return [one for one in bureau.notifications(expected.warnings) if one.way is Way.SMS]


def shown(bureau):
    """Return what the phone page shows of the other carrier, by number and words."""
    found = fetch_json(f"{bureau.stack.gateway.url}/api/messages")
    return {(one["phone"], one["content"]): one["biz_id"] for one in found if one["by_mas"]}


def test_a_warning_reaches_the_phones_by_the_other_carrier(moved):
    """The same text on each phone, and its receipt is fetched by the gateway's name for it."""
    texts = texts_of_a_red_matter(moved)
    expected = {one.id: (one.address, one.content.template_code) for one in texts}

    def arrived():
        """Return the rows, once each has its receipt."""
        rows = [moved.row(identity) for identity in expected]
        return rows if all(row and row.state is RowState.ARRIVED for row in rows) else None

    rows = until(arrived, what="a receipt of each text")

    assert rows
    said = shown(moved)
    for row in rows:
        about = row.notification
        assert said[about.address, about.content.text] == row.provider_id
    assert {row.id: (row.notification.address, row.notification.content.template_code)
            for row in rows} == expected  # fmt: skip


def test_a_text_whose_answer_is_lost_is_in_doubt_until_a_person_decides(moved):
    """The gateway accepted and never said so; it cannot be asked, and nothing goes by itself."""
    moved.breaks(moved.stack.gateway, sends=[HANG])
    ids = {one.id for one in texts_of_a_red_matter(moved)}

    def doubtful():
        """Return the row in doubt, once there is one."""
        rows = [moved.row(identity) for identity in ids]
        return next((one for one in rows if one and one.state is RowState.UNCERTAIN), None)

    row = until(doubtful, what="a text in doubt")

    listed = moved.command("messages", "list", "--state", "uncertain", COLUMNS="300")
    words = ("messages", "release", row.id, "--yes")
    refused = moved.command(*words, **settings())
    before = times_on_the_phone(moved, row)
    agreed = moved.command(*words, "--may-arrive-twice", **settings())
    until(lambda: moved.row(row.id).state is RowState.ARRIVED, what="the second copy")

    assert row.cause is Cause.CANNOT_ASK
    assert row.id in listed.stdout
    assert (refused.returncode, "可能收到两次" in refused.stdout) == (1, True)
    assert (agreed.returncode, "released=1" in agreed.stdout) == (0, True)
    assert (before, times_on_the_phone(moved, row)) == (1, 2)


def times_on_the_phone(bureau, row):
    """Return how often the person of a message got it."""
    sent = fetch_json(f"{bureau.stack.gateway.url}/api/messages")
    mine = (row.notification.address, row.notification.content.text)
    return [(one["phone"], one["content"]) for one in sent].count(mine)


def test_an_account_with_the_other_carrier_is_tried(bureau):
    """Accepted, or refused with what is to be mended in Chinese."""
    words = ("messages", "test", "--phone", "13800000000")

    good = bureau.command(*words, **settings())
    wrong = bureau.command(*words, **settings(SMS__SIGN_CODE="other"))

    assert (good.returncode, "短信网关已接收" in good.stdout) == (0, True), good.stderr
    assert (wrong.returncode, "请核对 sms.sign_code" in wrong.stderr) == (1, True)


def settings(**changes):
    """Return the environment of a command that has the other carrier."""
    return {f"SANZAO_{name}": value for name, value in (MAS | changes).items()}
