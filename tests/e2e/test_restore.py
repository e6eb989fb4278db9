"""Does a backup of Redis come back, and does a broken one change nothing?"""

import shutil
import subprocess
from pathlib import Path

import pytest
import redis

from streams.devstack.redis_server import local_redis
from tests.composed import ROOT
from tests.conftest import available

SCRIPT = ROOT / "config" / "redis" / "restore.sh"
TOOLS = ("redis-server", "redis-cli", "redis-check-rdb")
# redis-cli leaves its own mark of 40 bytes behind what it writes to standard output.
CUT = 50

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(
        not all(map(shutil.which, TOOLS)), reason=f"not all of {', '.join(TOOLS)} are on the PATH"
    ),
]


@pytest.fixture
def ours(tmp_path):
    """A Redis with an append-only file, of this test alone."""
    with available(local_redis(tmp_path / "redis")) as running:
        yield running


def backed_up(ours, path):
    """Back up as docs/going-live.md says."""
    port = ours.url.rpartition(":")[2].partition("/")[0]
    with path.open("wb") as file:
        subprocess.run(
            ["redis-cli", "-p", port, "--rdb", "-"], stdout=file, stderr=subprocess.PIPE, check=True
        )
    return path


def restored(backup, folder):
    """Run the script; return the finished process."""
    return subprocess.run(
        ["sh", SCRIPT, backup, folder], capture_output=True, text=True, timeout=60, check=False
    )


def test_a_backup_comes_back_with_its_append_only_file(ours, tmp_path):
    """The server starts as always and has what it had; what it held since lies beside it."""
    folder = ours.server.program.folder
    with redis.Redis.from_url(ours.url) as client:
        client.set("kept", "then")
        backup = backed_up(ours, tmp_path / "redis.rdb")
        client.set("kept", "later")
        client.set("new", "1")
    ours.server.stop()

    answer = restored(backup, folder)
    ours.server.start()

    assert answer.returncode == 0, answer.stderr
    assert "已恢复 1 个键" in answer.stdout
    with redis.Redis.from_url(ours.url) as client:
        assert client.get("kept") == b"then"
        assert client.get("new") is None
    kept = [path.name for path in next(folder.glob("before-restore-*")).iterdir()]
    assert ours.kept_in.name in kept


def test_a_broken_backup_changes_nothing(ours, tmp_path):
    """A file that was cut off is refused before anything is moved."""
    folder = ours.server.program.folder
    with redis.Redis.from_url(ours.url) as client:
        client.set("kept", "now")
        backup = backed_up(ours, tmp_path / "redis.rdb")
    ours.server.stop()
    backup.write_bytes(backup.read_bytes()[:-CUT])

    answer = restored(backup, folder)
    ours.server.start()

    assert answer.returncode == 1
    assert "备份已损坏" in answer.stderr
    assert not list(Path(folder).glob("before-restore-*"))
    with redis.Redis.from_url(ours.url) as client:
        assert client.get("kept") == b"now"
