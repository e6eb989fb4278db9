"""What a person at a terminal does to a running bureau."""

import json
import socket

import pytest

from detectors import events as e
from streams.devstack.broker import embedded_broker
from streams.devstack.processes import free_port
from streams.keys import AUDIT
from streams.topics import Topic
from tests import builders as b
from tests.conftest import available

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


def written(folder, *lines):
    """Return a file of these lines."""
    path = folder / "events.jsonl"
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path


def line(uscc):
    """Return a line about an enterprise."""
    return e.encode(b.event(b.penalty("severe", doc_no="叶市监罚7号"), subject=uscc, name=uscc))


def test_a_file_is_published_and_explained(bureau, tmp_path):
    """Events of a file reach the states; ``explain`` then tells score, facts and documents."""
    usccs = bureau.firms(3)

    published = bureau.command("publish", written(tmp_path, *map(line, usccs)))
    bureau.await_states(usccs)
    explained = bureau.command("explain", usccs[0])
    as_json = bureau.command("explain", usccs[0], "--json")

    assert published.returncode == 0, published.stderr
    assert "published=3 invalid=0 topic=enterprise.event.v1" in published.stdout
    assert explained.returncode == 0, explained.stderr
    assert "叶市监罚7号" in explained.stdout
    assert "实时等级" in explained.stdout
    card = json.loads(as_json.stdout)["card"]
    assert card["uscc"] == usccs[0]
    assert card["risk_class"] == bureau.card(usccs[0])["class"]


def test_a_file_with_bad_lines_is_published_on_demand_only(bureau, tmp_path):
    """With one bad line nothing is published; --skip-invalid publishes the others."""
    refused, skipped = bureau.firms(2)
    first = bureau.command("publish", written(tmp_path, line(refused), b"{"))

    second = bureau.command("publish", written(tmp_path, line(skipped), b"{"), "--skip-invalid")

    assert (first.returncode, second.returncode) == (2, 0)
    assert "line 2: not_json" in first.stderr
    assert "published=1 invalid=1" in second.stdout
    bureau.await_states([skipped])
    assert bureau.raw_state(refused) is None
    log = bureau.keyed(Topic.EVENT, [skipped])
    assert {record.key for record in log} == {skipped.encode()}


def test_another_county_s_enterprise_is_refused_and_the_look_leaves_a_trace(bureau, tmp_path):
    """Case 20: a desk sees its own county; a look at another's is denied, and both are audited."""
    (uscc,) = bureau.firms(1)
    founded = e.encode(b.event(b.founded(), subject=uscc, name=f"{uscc}-founded"))
    bureau.command("publish", written(tmp_path, founded))
    bureau.await_states([uscc])
    desks = {county: tmp_path / f"{county}.yaml" for county in ("410422", "410423")}
    for county, file in desks.items():
        file.write_text(f'scope: ["{county}"]\n')

    own = bureau.command("explain", uscc, "--config", desks["410422"])
    foreign = bureau.command("explain", uscc, "--config", desks["410423"])

    trail = [fields for _, fields in bureau.store.xrevrange(AUDIT, count=2)]
    assert (own.returncode, foreign.returncode) == (0, 3)
    assert "不在本单位管辖范围" in foreign.stderr
    assert "实时等级" not in foreign.stdout
    assert [one[b"allowed"] for one in trail] == [b"false", b"true"]
    assert {one[b"uscc"] for one in trail} == {uscc.encode()}


def test_an_enterprise_nobody_knows_is_told(bureau):
    """Status 1 is an answer: nothing is known; it is no mistake of the caller."""
    answer = bureau.command("explain", bureau.firms(1)[0])

    assert answer.returncode == 1
    assert "没有该企业的事件" in answer.stderr


@pytest.mark.parametrize(
    ("words", "variable", "told"),
    [
        pytest.param(
            ("explain", b.USCC), {"SANZAO_REDIS__URL": "redis://127.0.0.1:{port}/0"},
            "Redis 没有应答", id="no Redis",
        ),
        pytest.param(
            ("classes", "survey"), {"SANZAO_KAFKA__BOOTSTRAP": "127.0.0.1:{port}"},
            "连不上 Kafka", id="no broker at the month's end",
        ),
        pytest.param(
            ("classes", "export", "--month", "2026-01"), {"SANZAO_KAFKA__PARTITIONS": "3"},
            "SANZAO_KAFKA__PARTITIONS=4", id="other partitions than the log has",
        ),
        pytest.param(
            ("worker",), {"SANZAO_KAFKA__PARTITIONS": "3"}, "分区数与主题不符",
            id="a worker that would look in the wrong places",
        ),
        pytest.param(
            ("topics", "create"), {"SANZAO_KAFKA__BOOTSTRAP": "127.0.0.1:{port}"},
            "check kafka.bootstrap", id="no broker",
        ),
        pytest.param(
            ("worker",), {"SANZAO_KAFKA__BOOTSTRP": "x{port}"}, "bootstrp", id="a misspelt setting"
        ),
    ],
)  # fmt: skip
def test_a_part_that_is_missing_is_told_with_the_remedy(running_bureau, words, variable, told):
    """Status 2 and one message without a traceback, whatever server is not there."""
    port = free_port()
    environment = {name: text.format(port=port) for name, text in variable.items()}

    answer = running_bureau.command(*words, **environment)

    assert answer.returncode == 2
    assert told in answer.stderr
    assert "Traceback" not in answer.stderr
    assert len(answer.stderr.splitlines()) == 1


def test_a_broker_that_refuses_is_not_said_to_be_silent(running_bureau):
    """The embedded broker knows no idempotent producers: the setting is named, no traceback."""
    if not running_bureau.is_embedded:
        pytest.skip("this broker knows idempotent producers")
    refused = {"SANZAO_KAFKA__IDEMPOTENT": "true", "SANZAO_WEB__PORT": "0"}

    answer = running_bureau.command("worker", **refused)

    assert answer.returncode == 2
    assert "Kafka 有应答但拒绝了请求" in answer.stderr
    assert "SANZAO_KAFKA__IDEMPOTENT" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_demo_that_cannot_start_says_which_part(running_bureau, tmp_path):
    """A Redis that was named and does not answer; a folder that is somebody's: one message each."""
    (tmp_path / "thesis.txt").touch()
    nowhere = f"redis://127.0.0.1:{free_port()}/0"

    ours = running_bureau.command("demo", "--short", "--folder", tmp_path)
    without = running_bureau.command(
        "demo", "--short", "--folder", tmp_path / "new", REDIS_URL=nowhere
    )

    assert (ours.returncode, without.returncode) == (2, 2)
    assert "不是演示的目录" in ours.stderr
    assert (tmp_path / "thesis.txt").exists()
    assert "the Redis that was named does not answer" in without.stderr
    assert "Traceback" not in ours.stderr + without.stderr


def test_a_web_port_that_is_taken_is_told_before_anything_is_joined(running_bureau):
    """A second worker on one machine hears of its port, not of a crashed app."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        answer = running_bureau.command("worker", SANZAO_WEB__PORT=str(port))

    assert answer.returncode == 2
    assert "端口已被占用" in answer.stderr
    assert str(port) in answer.stderr
    assert "Traceback" not in answer.stderr


@pytest.fixture
def bare_broker(running_bureau, tmp_path):
    """Return the settings that lead to a broker without any topic."""
    assert running_bureau.url
    with available(embedded_broker(tmp_path)) as broker:
        yield {
            "SANZAO_KAFKA__BOOTSTRAP": broker.bootstrap,
            "SANZAO_KAFKA__IDEMPOTENT": "false",
            "SANZAO_KAFKA__REPLICATION": "1",
        }


def test_topics_are_created_once(running_bureau, bare_broker):
    """A second ``topics create`` creates nothing and leaves the epoch as it is."""
    first = running_bureau.command("topics", "create", **bare_broker)
    second = running_bureau.command("topics", "create", **bare_broker)

    assert (first.returncode, second.returncode) == (0, 0), first.stderr
    assert first.stdout.startswith(f"created={len(Topic)} epoch=")
    assert second.stdout.startswith("created=0 epoch=")
    assert second.stdout.split()[1] == first.stdout.split()[1]


def test_a_worker_tells_no_sample_to_a_real_carrier(running_bureau):
    """With the shipped roster and a mail server elsewhere it ends with 2, and says which."""
    answer = running_bureau.command(
        "worker", SANZAO_EMAIL__HOST="smtp.example.net", SANZAO_WEB__PORT="0"
    )

    assert answer.returncode == 2
    assert "仍是附带的示例" in answer.stderr
    assert "email.host smtp.example.net" in answer.stderr


def test_a_worker_that_may_not_create_topics_says_what_is_missing(running_bureau, bare_broker):
    """Status 2, the topics by name, and the command that makes them; none is made by accident."""
    answer = running_bureau.command(
        "worker", **bare_broker, SANZAO_KAFKA__CREATE_TOPICS="false", SANZAO_WEB__PORT="0"
    )
    after = running_bureau.command("topics", "create", **bare_broker)

    assert answer.returncode == 2
    assert "enterprise.event.v1.dlq" in answer.stderr
    assert "sanzao topics create" in answer.stderr
    assert after.stdout.startswith(f"created={len(Topic)} ")
