"""What concerns many is told once: the burst of a deadline, and a sign in a whole region."""

import csv
import io

import msgspec
import pytest

from alerts.batched import bundle_id
from alerts.delivery import Way
from alerts.pipeline import plan_regional
from alerts.responsibility import Matter, resolve
from alerts.specimen import specimen, specimen_cluster
from detectors.measure import Level, Measure
from streams import clock
from streams.assessed import warning_records
from streams.codec import envelope
from streams.keys import AUDIT
from streams.terminal import DENIED
from streams.topics import Topic
from tests.e2e.conftest import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


def missed(uscc, *, issued_at, place="410422105"):
    """Return the batched warning of an enterprise that has not filed."""
    return msgspec.structs.replace(
        specimen(Measure.WARNING), id=f"w-{uscc}", uscc=uscc, enterprise=f"叶县商店{uscc[-4:]}",
        rule="W02", matter="未按期报送2025年度年报", place=place, batched=True,
        issued_at=issued_at,
    )  # fmt: skip


def say(bureau, warnings):
    """Publish warnings as the assessing agent does."""
    for warning in warnings:
        for one in warning_records(warning, 0, bureau.stack.partitions):
            bureau.publish_to(Topic(one.topic), (one.key, one.value))


def test_five_that_missed_a_deadline_are_one_text_and_a_list_of_five(bureau, tmp_path):
    """The station's officer gets one text and one mail, and the list names all five."""
    now = clock.now()
    *firms, marker = bureau.firms(6)
    warnings = [missed(uscc, issued_at=now) for uscc in firms]
    later = missed(marker, issued_at=now, place="410422106")
    duty = resolve(Matter.of(warnings[0]), tree=bureau.desk.tree, ladder=bureau.desk.ladder)
    wanted = {one.way: one.id for one in bureau.notifications(warnings)}
    after = {one.id for one in bureau.notifications([later])}

    say(bureau, warnings)
    say(bureau, [later])
    # The other station's messages fall due last: whoever would be told again, has been by then.
    until(
        lambda: after | {*wanted.values()} <= {*bureau.texts(), *bureau.mails()},
        what="a text and a mail to each of two stations",
    )
    file = tmp_path / "list.csv"
    command = ("warnings", "list", "--rule", "W02", "--authority", duty.lead.code)
    written, shown = bureau.command(*command, "--csv", file), bureau.command(*command)

    assert len(bureau.notifications(warnings)) == 5 * len(wanted)
    assert bureau.row(wanted[Way.SMS]).notification.warning_id == bundle_id(warnings[0], duty)
    assert (bureau.texts()[wanted[Way.SMS]], bureau.mails()[wanted[Way.EMAIL]]) == (1, 1)
    assert written.returncode == 0, written.stderr
    _, *lines = csv.reader(io.StringIO(file.read_bytes().decode("utf-8-sig")))
    assert {line[1] for line in lines} == {one.uscc for one in warnings}
    said = bureau.row(wanted[Way.EMAIL]).notification
    assert {one.uscc for one in said.members} == {one.uscc for one in warnings}
    assert "共5户" in said.content.text
    assert "warnings=5" in shown.stdout
    why = bureau.command("messages", "why", warnings[3].id)
    assert f"并入 {bundle_id(warnings[0], duty)}" in why.stdout
    assert all(one in why.stdout for one in (warnings[3].uscc, *wanted.values()))
    other_county = tmp_path / "410423.yaml"
    other_county.write_text('scope: ["410423"]\n')
    elsewhere = bureau.command("messages", "why", warnings[3].id, "--config", other_county)
    assert (elsewhere.returncode, elsewhere.stdout) == (DENIED, "")
    elsewhere = bureau.command(*command, "--csv", file, SANZAO_SCOPE="410423")
    assert "rows=0" in elsewhere.stdout
    assert "另有 5 条不在本单位管辖范围" in elsewhere.stderr
    assert len(file.read_bytes().splitlines()) == 1
    trail = [fields[b"command"].decode() for _, fields in bureau.store.xrange(AUDIT)]
    assert sum(f"warnings list rule=W02 authority={duty.lead.code}" in one for one in trail) == 3


def test_a_sign_in_a_region_reaches_who_acts_and_who_is_above(bureau):
    """A red regional warning on ``cluster.v1`` becomes a text and a mail to each of the two."""
    warning = specimen_cluster(Level.RED)
    desk = bureau.desk
    value = envelope(
        "cluster.warning.v1", identity=warning.id, subject=warning.matter,
        time=warning.issued_at, data=warning,
    )  # fmt: skip
    told = plan_regional(
        warning, tree=desk.tree, ladder=desk.ladder, renderer=desk.renderer, now=warning.issued_at
    ).notifications
    texts = {one.id for one in told if one.way is Way.SMS}
    mails = {one.id for one in told if one.way is Way.EMAIL}

    bureau.publish_to(Topic.CLUSTER, *[(warning.place.encode(), value)] * 2)
    until(lambda: texts <= set(bureau.texts()) and mails <= set(bureau.mails()), what="messages")

    assert (len(texts), len(mails)) == (2, 2)
    sent, mailed = bureau.texts(), bureau.mails()
    assert {sent[one] for one in texts} | {mailed[one] for one in mails} == {1}
