"""From the link in a mail to the life of its warning, with real processes."""

import datetime as dt
import json
import re
import urllib.error
import urllib.parse
import urllib.request

import pytest

from alerts.delivery import Way
from alerts.responsibility import Matter, Role, resolve
from detectors import events as e
from detectors.deadline import deadline_of
from detectors.warning import WarningStatus
from streams import clock
from streams.cli_handle import REFUSED
from streams.codec import decode_warning
from streams.devstack.stack import fetch_json
from streams.keys import AUDIT
from streams.topics import Topic
from tests import builders as b
from tests.e2e.conftest import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

LISTED = e.SeriousListChanged(list_code="L1", action="add", place="410422001")


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follow nothing: the answer itself is looked at."""

    def redirect_request(self, *_):
        """Stay."""
        return


def pressed(link, **form):
    """Press a button of the page; return the status."""
    opener = urllib.request.build_opener(_Stay)
    try:
        with opener.open(link, urllib.parse.urlencode(form).encode(), timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def mails_of(bureau, number):
    """Return the mails about a warning: address, and where the link leads."""
    found = {}
    for mail in fetch_json(f"{bureau.stack.mailbox.url}/api/messages"):
        links = re.findall(rf"{re.escape(bureau.url)}/w/[\w.-]+", mail["text"])
        if number in mail["subject"] and links:
            found[mail["to"][0]] = links[0]
    return found


def told_as(bureau, warning, role):
    """Return who is told of a warning in a role, by the roster."""
    duty = resolve(Matter.of(warning), tree=bureau.desk.tree, ladder=bureau.desk.ladder)
    return next(one.person for one in duty.recipients if one.role is role)


def acts_on(bureau, warning, least):
    """Return what ``warning.state.v1`` holds of people's acts on a warning."""

    def theirs(records):
        """Return the acts among the records."""
        return [one for one in records if one.key.startswith(warning.id.encode() + b"/")]

    records = bureau.records(Topic.WARNING_STATE, lambda found: len(theirs(found)) >= least)
    return [json.loads(one.value)["data"] for one in theirs(records)]


def test_a_warning_is_signed_for_by_its_link_and_closed_by_another(bureau, tmp_path):
    """A signature stands in the life of the warning; who handled it does not close it."""
    (firm,) = bureau.firms(1)
    days = (clock.now() - b.START) / dt.timedelta(days=1)
    bureau.publish(b.event(LISTED, day=days, name=f"sign-{firm}", subject=firm))
    bureau.await_states([firm])
    warning = decode_warning(bureau.keyed(Topic.INSPECTION, [firm])[0].value)
    mails = until(
        lambda: len(found := mails_of(bureau, warning.number)) >= 2 and found, what="two mails"
    )
    lead, co = (told_as(bureau, warning, role) for role in (Role.LEAD, Role.CO))
    link = mails[lead.email]

    status, page = bureau.page(link.removeprefix(bureau.url))
    signed = pressed(link, state="acknowledged", measure="inspection")
    reported = pressed(link, state="feedback", measure="inspection", note="已检查")
    closed_by_handler = pressed(link, state="closed", measure="inspection", outcome="rectified")
    acts = acts_on(bureau, warning, 2)

    assert status == 200
    assert warning.number in page
    assert (signed, reported, closed_by_handler) == (303, 303, 409)
    assert {(one["state"], one["actor"], one["warning_id"]) for one in acts} == {
        ("acknowledged", lead.id, warning.id), ("feedback", lead.id, warning.id),
    }  # fmt: skip

    file = tmp_path / "list.csv"
    listed = bureau.command("warnings", "list", "--place", "410422001", "--csv", file)
    handle = ("warnings", "handle", warning.number, "--state", "closed", "--outcome", "rectified")
    refused = bureau.command(*handle, "--by", lead.id)
    closed = bureau.command(*handle, "--by", co.id)

    assert listed.returncode == 0, listed.stderr
    assert any(warning.number in one and "已反馈" in one for one in file.read_text().splitlines())
    assert (refused.returncode, closed.returncode) == (REFUSED, 0), closed.stderr
    records = bureau.records(
        Topic.WARNING_STATE,
        lambda found: any(
            one.key == warning.id.encode()
            and decode_warning(one.value).status is WarningStatus.CLOSED
            for one in found
        ),
    )
    assert records
    assert acts_on(bureau, warning, 3)[-1]["actor"] == co.id
    trail = [text[b"command"].decode() for _, text in bureau.store.xrange(AUDIT)]
    assert f"page look {warning.id}" in trail
    assert f"page acknowledged {warning.id}" in trail


def test_a_batch_is_signed_for_by_its_link_and_each_handled_alone(bureau):
    """One press of the letter's page is a signature in the life of every warning on its list."""
    firms, july = bureau.firms(3), b.days_until(7, 1)
    born = e.Established(name="叶县乙公司", established_on=dt.date(2015, 1, 1), place="410422108")
    bureau.publish(*(b.event(born, name=f"born-{firm}", subject=firm) for firm in firms))
    bureau.await_states(firms)
    bureau.publish(*(deadline_of(firm, b.at(july)) for firm in firms))
    records = bureau.keyed(Topic.WARNING, firms)
    warnings = {one.uscc: one for one in (decode_warning(record.value) for record in records)}
    (mail,) = {one.id for one in bureau.notifications(warnings.values()) if one.way is Way.EMAIL}
    until(lambda: bureau.mails()[mail], what="the letter of the batch")
    told = bureau.row(mail).notification
    # Whoever was read after the letter had left is not on its list: what it says counts.
    names = [one.uscc for one in told.members]
    link = mails_of(bureau, told.warning_number)[told.address]

    _, before = bureau.page(link.removeprefix(bureau.url))
    signed = pressed(link, state="acknowledged", measure="warning")
    again = pressed(link, state="acknowledged", measure="warning")
    first = f"{link}/{names[0]}"
    reported = pressed(first, state="feedback", measure="warning", note="已补报")
    _, after = bureau.page(first.removeprefix(bureau.url))
    elsewhere = pressed(f"{link}/{b.USCC}", state="acknowledged", measure="warning")

    assert names
    assert set(names) <= set(firms)
    assert all(one in before for one in names)
    assert f"签收全部待签收的 {len(names)} 户" in before
    assert (signed, again, reported, elsewhere) == (303, 409, 303, 404)
    assert "已补报" in after
    for name in names:
        acts = acts_on(bureau, warnings[name], 2 if name == names[0] else 1)
        assert (acts[0]["state"], acts[0]["actor"]) == ("acknowledged", told.person_id)
    trail = [text[b"command"].decode() for _, text in bureau.store.xrange(AUDIT)]
    assert f"page look {told.warning_id}" in trail
    assert {f"page acknowledged {warnings[name].id}" for name in names} <= set(trail)
