"""Can a bureau's file go through ``convert`` into ``publish`` as it is?"""

import pytest
import typer
from typer.testing import CliRunner

from detectors import events as e
from streams.cli_convert import USAGE, convert
from streams.event_files import checked
from tests import builders as b

HEAD = "CF_XDR_MC,CF_XDR_LB,CF_XDR_SHXYM,CF_WSH,CF_CFLB,CF_NR_FK,CF_JDRQ,CF_CFJG,CF_CFJGDM"
ROW = "甲公司,法人,{code},叶市监处罚〔2026〕{n}号,罚款,0.5,2026/02/27,叶县市监局,11410422MB1234567X"
FIRM, PERSON = "91410422MA3X1A2B83", "410422198001011234"


@pytest.fixture
def run():
    """Return how to run the command; it returns status, standard output and standard error."""
    app = typer.Typer()
    app.command()(convert)

    def told(*words):
        answer = CliRunner().invoke(app, [str(word) for word in words])
        return answer.exit_code, answer.stdout, answer.stderr

    return told


@pytest.fixture
def file(tmp_path):
    """Return a penalty file with two firms and a person."""
    path = tmp_path / "penalties.csv"
    lines = [HEAD, *(ROW.format(code=code, n=n) for n, code in enumerate([FIRM, PERSON, FIRM]))]
    path.write_text("\n".join(lines), encoding="gbk")
    return path


def test_what_is_converted_can_be_published(run, file):
    """Standard output is a file that `sanzao publish` takes without a complaint."""
    status, out, _ = run(file, "--kind", "penalty")

    lines, knowledge = out.encode().splitlines(), b.expertise().knowledge
    records, complaints = checked(lines, knowledge=lambda: knowledge, now=b.on(1))

    assert (status, complaints) == (0, [])
    assert [subject for subject, _ in records] == [FIRM, FIRM]
    assert e.decode(records[0][1]).source == "urn:shuanggongshi:penalty"


def test_what_is_refused_stands_on_standard_error(run, file):
    """Each refused row has its line and its reason, and the sum says how many."""
    _, out, told = run(file, "--kind", "penalty", "--source", "urn:yexian")

    assert "第3行 line 3: CF_XDR_SHXYM 填的是公民身份号码" in told
    assert "converted=2 refused=1 source=urn:yexian" in told
    assert PERSON not in told + out


def test_a_domain_can_be_given(run, file):
    """Where no law tells the domain, the command's does."""
    _, out, _ = run(file, "--kind", "penalty", "--domain", "EXT")

    assert e.decode(out.splitlines()[0].encode()).data.domain == "EXT"


def test_a_file_of_the_other_form_is_refused(run, file):
    """A penalty file is no licence file: status 2, and the columns that are missing."""
    status, out, told = run(file, "--kind", "licence")

    assert (status, out) == (USAGE, "")
    assert "columns missing: XK_WSH" in told


def test_a_file_that_is_not_there_is_told_plainly(run, tmp_path):
    """No traceback for a wrong path."""
    status, _, told = run(tmp_path / "none.csv", "--kind", "penalty")

    assert status == USAGE
    assert "none.csv" in told
