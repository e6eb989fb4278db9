"""What a person at a terminal does at the month's end, on a real broker and a real Redis."""

import csv
import datetime as dt
import json

import pytest
import redis
from kafka import KafkaConsumer, TopicPartition
from typer.testing import CliRunner

from detectors import events as e
from detectors import state as states
from detectors.uscc import synthetic
from detectors.warning import CHINA
from streams import clock
from streams.cli_classes import classes
from streams.keys import state_prefix
from streams.publisher import partition_of
from streams.topics import Plan, Topic, create_topics
from tests import builders as b

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]
PARTITIONS = 8
CODES = [synthetic(number) for number in range(900_000, 900_006)]


def last_month():
    """Return the last complete month, as people write it, and a day within it."""
    end = clock.now().astimezone(CHINA).replace(day=1, hour=12) - dt.timedelta(days=1)
    return f"{end:%Y-%m}", end - dt.timedelta(days=5)


class Bureau:
    """A bureau's servers, and a person at its terminal."""

    def __init__(self, redis_url, bootstrap, folder):
        """Know the servers."""
        self.bootstrap = bootstrap
        self.folder = folder
        self.store = redis.Redis.from_url(redis_url)
        self.store.flushdb()
        self.environment = {
            "SANZAO_REDIS__URL": redis_url,
            "SANZAO_KAFKA__BOOTSTRAP": bootstrap,
            "SANZAO_KAFKA__PARTITIONS": str(PARTITIONS),
            "SANZAO_KAFKA__IDEMPOTENT": "false",
        }
        create_topics(bootstrap, Plan(partitions=PARTITIONS, replication=1, retention_days=400))

    def holds(self, uscc, *happenings):
        """Let Redis hold an enterprise to which these things happened: (moment, payload)."""
        enterprise = b.Enterprise()
        opening = e.Established(
            name=f"叶县{uscc[-4:]}", established_on=dt.date(2015, 1, 1), industry="F5212",
            place="410422001",
        )  # fmt: skip
        for moment, data in ((dt.datetime(2015, 1, 1, tzinfo=CHINA), opening), *happenings):
            day = (moment - b.START) / dt.timedelta(days=1)
            enterprise.meets(b.event(data, day=day, subject=uscc))
        key = state_prefix(partition_of(uscc, PARTITIONS)) + uscc
        self.store.set(key, states.encode(enterprise.state))

    def command(self, *arguments):
        """Run ``sanzao classes``."""
        texts = [str(one) for one in arguments]
        return CliRunner().invoke(classes, texts, env=self.environment)

    def published(self, topic, identities):
        """Return the records of a topic whose ids begin so."""
        consumer = KafkaConsumer(
            bootstrap_servers=self.bootstrap, auto_offset_reset="earliest",
            enable_auto_commit=False, group_id=None, consumer_timeout_ms=3000,
        )  # fmt: skip
        consumer.assign([TopicPartition(topic.value, one) for one in range(PARTITIONS)])
        consumer.seek_to_beginning()
        found = [json.loads(record.value) for record in consumer]
        consumer.close()
        return [one for one in found if one["id"].startswith(identities)]


@pytest.fixture
def bureau(own_redis, own_broker, tmp_path):
    """Return a bureau with six shops, of which one is on the serious list."""
    bureau = Bureau(own_redis.url, own_broker.bootstrap, tmp_path)
    month, day = last_month()
    for uscc in CODES:
        bureau.holds(uscc, (day, b.inspection("passed", domain="FOODS")))
    bureau.holds(CODES[0], (day, e.SeriousListChanged(list_code="L", action="add")))
    bureau.month = month
    yield bureau
    bureau.store.close()


def table(path):
    """Return the rows of a file under its headings."""
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def test_a_month_from_freeze_to_export_to_import(bureau):
    """Frozen, found unchanged, corrected beside, exported, and then the province's result wins."""
    month, folder = bureau.month, bureau.folder

    early = bureau.command("export", "--month", month, "--out", folder)
    frozen = bureau.command("freeze", "--month", month, "--out", folder)
    again = bureau.command("freeze", "--month", month, "--out", folder)
    exported = bureau.command("export", "--month", month, "--out", folder)

    assert early.exit_code == 2
    assert "neither frozen nor imported" in early.stderr
    assert frozen.exit_code == 0, frozen.output
    assert f"month={month} outcome=frozen enterprises=6" in frozen.stdout
    assert "outcome=unchanged" in again.stdout
    records = bureau.published(Topic.CLASS, f"official/{month}/")
    assert {one["subject"]: one["data"]["class"] for one in records} == {
        uscc: "D" if uscc == CODES[0] else "A" for uscc in CODES
    }
    shown = {row["统一社会信用代码"]: row for row in table(folder / f"classes-{month}.csv")}
    assert "严重违法失信" in shown[CODES[0]]["直接判定原因"]
    assert exported.exit_code == 0, exported.output
    drawn = table(folder / f"sampling-{month}.csv")
    assert len(drawn) == 12
    manifest = json.loads((folder / f"sampling-{month}.manifest.json").read_text("utf-8"))
    assert [one["rows"] for one in manifest["files"]] == [12, 12]

    _, day = last_month()
    bureau.holds(CODES[1], (day, b.penalty("severe")), (day, b.inspection(domain="FOODS")))
    corrected = bureau.command("freeze", "--month", month, "--out", folder)

    assert corrected.exit_code == 1
    assert "已冻结，未改动" in corrected.stderr
    (correction,) = bureau.published(Topic.CLASS, f"correction/{month}/")
    assert correction["subject"] == CODES[1]

    result = folder / "province.csv"
    result.write_text(f"统一社会信用代码,月份,等级\n{CODES[2]},{month},C\n", encoding="utf-8")
    imported = bureau.command("import", result, "--month", month, "--out", folder)
    final = bureau.command("export", "--month", month, "--out", folder)

    assert imported.exit_code == 0, imported.output
    assert "outcome=imported enterprises=1 differing=6" in imported.stdout
    assert "source=imported enterprises=1" in final.stdout
    assert len(table(folder / f"differences-{month}.csv")) == 6


def test_a_survey_from_the_terminal(bureau):
    """Six shops are too few for an index: counted, nothing published, nothing broken."""
    answer = bureau.command("survey")

    assert answer.exit_code == 0, answer.output
    assert "enterprises=6 cells=0 warnings=0 published=0" in answer.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        pytest.param(["freeze", "--month", "2026-6"], "is no month", id="no month"),
        pytest.param(["freeze", "--month", "2099-01"], "is not over", id="a month to come"),
        pytest.param(["import", "nowhere.csv", "--month", "2026-01"], "nowhere.csv", id="no file"),
    ],
)
def test_a_mistake_is_told_plainly(bureau, arguments, told):
    """One line that says what is wrong, and status 2."""
    answer = bureau.command(*arguments, "--out", bureau.folder)

    assert answer.exit_code == 2
    assert told in answer.stderr
    assert "Traceback" not in answer.output


def test_a_wrong_code_is_not_imported(bureau):
    """A file with a code that cannot be is refused as a whole."""
    path = bureau.folder / "result.csv"
    path.write_text(f"uscc,class,month\n91410422MA3X1A2B84,A,{bureau.month}\n", encoding="utf-8")

    answer = bureau.command("import", path, "--month", bureau.month, "--out", bureau.folder)

    assert answer.exit_code == 2
    assert "line 2" in answer.stderr
    assert bureau.published(Topic.CLASS, f"official/{bureau.month}/91410422MA3X1A2B84") == []
