"""What the worker does of itself about official months and regions, with real processes."""

import csv
import datetime as dt
import json

import pytest

from alerts.specimen import specimen_cluster
from detectors import events as e
from detectors.official import Month, Source
from detectors.warning import CHINA
from streams import clock
from streams.keys import MONTHS, SURVEYED, official_key
from streams.topics import Topic
from tests import builders as b
from tests.e2e.conftest import another_worker, until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]
TOWNS = [f"410422{n:03d}" for n in range(1, 6)]
NOW = clock.now().astimezone(CHINA)
LAST = NOW.replace(day=1, hour=12) - dt.timedelta(days=1)
MONTH = Month(LAST.year, LAST.month)


def happens(data, *, uscc, name, days_ago=1.0):
    """Return an event of the days before today."""
    moment = NOW - dt.timedelta(days=days_ago)
    return e.event_of(
        data,
        id=name,
        source=b.PROVINCE if isinstance(data, e.ClassOfMonth) else "urn:test:official",
        subject=uscc,
        time=moment,
    )


def result(uscc, risk_class, *, name, month=MONTH):
    """Return the province's word on a month, as it was published yesterday."""
    data = e.ClassOfMonth(period=str(month), risk_class=risk_class, model_version="豫2.0")
    return happens(data, uscc=uscc, name=name)


def on_topic(bureau, topic, wanted, *, least=1):
    """Return the records of a topic that are ``wanted``, once there are so many."""

    def theirs(records):
        """Return those that are asked for."""
        return [one for one in map(json.loads, [r.value for r in records]) if wanted(one)]

    return theirs(bureau.records(topic, lambda found: len(theirs(found)) >= least))


def test_a_result_on_the_log_is_official_although_the_worker_is_killed(bureau, tmp_path):
    """Published, killed, published again: one class, on the topic, in explain and in the export."""
    uscc, late = bureau.firms(2)
    opening = e.Established(
        name="叶县官方样例", established_on=dt.date(2015, 1, 1), place="410422001", industry="F5212"
    )
    earlier = Month.of(f"{LAST.replace(day=1) - dt.timedelta(days=1):%Y-%m}")
    bureau.publish(
        happens(opening, uscc=uscc, name=f"o-{uscc}", days_ago=90),
        result(uscc, "C", name=f"c-{uscc}"),
        result(late, "B", name=f"l-{late}", month=earlier),
    )
    bureau.worker.kill()
    bureau.open()
    bureau.publish(result(uscc, "C", name=f"again-{uscc}"), result(uscc, "A", name=f"other-{uscc}"))

    def corrections(record):
        """Return whether it is the correction of our firm."""
        return record["type"] == "class.correction.v1" and record["subject"] == uscc

    (correction, *repeats) = on_topic(bureau, Topic.CLASS, corrections)
    told = on_topic(
        bureau, Topic.CLASS,
        lambda one: one["type"] == "class.official.v1" and one["subject"] in {uscc, late}, least=2,
    )  # fmt: skip
    explained = bureau.command("explain", uscc)
    exported = bureau.command("classes", "export", "--month", MONTH, "--out", tmp_path)

    assert {one["id"]: one["data"]["class"] for one in told} == {
        f"official/{MONTH}/{uscc}/imported": "C", f"official/{earlier}/{late}/imported": "B",
    }  # fmt: skip
    assert (correction["data"]["official_class"], correction["data"]["would_be_class"]) == (
        "C", "A",
    )  # fmt: skip
    assert {one["id"] for one in repeats} <= {correction["id"]}
    assert f"{MONTH} 官方等级 C（省局导入）" in explained.stdout
    assert exported.returncode == 0, exported.stderr
    with (tmp_path / f"sampling-{MONTH}.csv").open(encoding="utf-8-sig", newline="") as lines:
        rows = [one for one in csv.DictReader(lines) if one["统一社会信用代码"] == uscc]
    assert {(one["信用风险等级"], one["等级来源"]) for one in rows} == {("C", "imported")}
    for key in (uscc, late):
        month = MONTH if key == uscc else earlier
        place = official_key(bureau.partition_of(key), str(month), Source.IMPORTED.value)
        assert bureau.store.hexists(place, key)
    assert bureau.store.hexists(MONTHS, f"{MONTH}/imported")


@pytest.fixture
def surveying(bureau):
    """Return the bureau with a worker that surveys at once, until the test is over."""
    with another_worker(
        bureau, ROLES__SURVEY="true", SURVEY__AFTER_MIDNIGHT_S="0",
        SURVEY__POLL_S="0.2", MODEL__MODE="none",
    ) as changed:  # fmt: skip
        yield changed


def test_a_rough_township_is_told_once_although_the_worker_is_killed(surveying):
    """Nobody runs a command: the county's section hears of it, once, whoever surveys again."""
    firms = surveying.firms(35 * len(TOWNS))
    happenings = []
    for number, uscc in enumerate(firms):
        town = TOWNS[number % len(TOWNS)]
        opening = e.Established(
            name=f"饭店{number}", established_on=dt.date(2015, 1, 1), industry="H6210", place=town
        )
        happenings.append(happens(opening, uscc=uscc, name=f"o-{uscc}", days_ago=400))
        if town == TOWNS[0] and number % 2:
            happenings.append(
                happens(b.penalty("severe"), uscc=uscc, name=f"p-{uscc}", days_ago=60)
            )
    surveying.publish(*happenings)
    surveying.await_states(firms)
    until(lambda: surveying.counted("sanzao_lag_events") == 0, what="the end of the log")
    # It surveyed as soon as the first firm was there; the day begins anew now, with all of them.
    until(lambda: surveying.store.get(SURVEYED), what="the first survey")
    surveying.store.delete(SURVEYED)

    def is_ours(record):
        """Return whether it is of the restaurants, and no other test's specimen."""
        return record["subject"].endswith("/H") and record["id"] != specimen_cluster().id

    # The day is noted when all of it is told: the week's matters, then the month's.
    until(lambda: surveying.store.get(SURVEYED), what="the day's note")
    first = on_topic(surveying, Topic.CLUSTER, is_ours)
    surveying.worker.kill()
    surveying.store.delete(SURVEYED)  # as if it had died before it could note the day
    surveying.open()
    until(lambda: surveying.store.get(SURVEYED), what="the second survey")
    again = on_topic(surveying, Topic.CLUSTER, is_ours, least=len(first))

    assert {one["data"]["place"] for one in first} == {"410422"}
    assert surveying.store.get(SURVEYED).decode() == f"{clock.now().astimezone(CHINA):%Y-%m-%d}"
    assert sorted(one["id"] for one in again) == sorted({one["id"] for one in first})
    assert surveying.counted("sanzao_survey_day_seconds") > 0
